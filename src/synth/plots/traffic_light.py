"""Traffic-light plots: a cell for each study and domain, filled, with a symbol, and with words in the legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypedDict

from synth.plots import text
from synth.plots.canvas import Canvas
from synth.plots.chart.points import STUDIES_IN_WORDS, counted, joined
from synth.plots.drawing import Drawing
from synth.plots.forest.panel import Judgement, JudgementPanel, draw_cell, draw_samples, sample_lines
from synth.plots.forest.table import COMPACT_FROM
from synth.plots.judged_rows import (
    OVERALL,
    JudgedRow,
    Key,
    cell_records,
    check_meanings,
    check_rows,
    check_words,
    domains_in_words,
    has_overall,
    key_of,
    meanings_in_words,
    overall_of,
    shown_in,
    with_meanings,
)
from synth.plots.style import (
    GAP,
    HEADING_FILL,
    MARGIN,
    MUTED,
    PAGE_WIDTH,
    RULE,
    SMALL_SIZE,
    STRIPE,
    TEXT_SIZE,
    TITLE_SIZE,
    drawing_settings,
)

__all__ = ["JudgedRow", "traffic_light"]

_PLOT: Final = "Traffic-light plot"
_LABEL_WIDTHS: Final = (84.0, 136.0, 210.0)  # least, enough where other parts need room, and most
_LABEL_LINES: Final = 3
_PITCH: Final = 26.0  # from one column of cells to the next where there is room, points
_CELL_RATIO: Final = 1.3  # of a cell's width to its height at the most, so that two characters fit
_APART: Final = 4.0
_ROUNDING: Final = 0.5  # so that words fit room that was made for them
_BETWEEN: Final = 2.5  # least room between two cells, points
_WORDS: Final = 150.0  # most room for the overall judgement in words, points
_CELL_GAP: Final = 5.0  # between a cell and the words beside it
_SAMPLE_HEIGHT: Final = 16.0
_STRIPED_FROM: Final = 5
_HEADING: Final = text.text_height(1, SMALL_SIZE) + 6


@dataclass(frozen=True, slots=True)
class _Density:
    """Sides of the cells, room around a row's words, and size of words, points."""

    side: float
    padding: float
    size: float
    compact: bool


_ROOMY: Final = _Density(16.0, 5.0, TEXT_SIZE, compact=False)
_COMPACT: Final = _Density(13.0, 2.5, SMALL_SIZE, compact=True)


class _Look(TypedDict):
    """Of a cell: its sides and the size of its symbol, points."""

    width: float
    height: float
    size: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """Where the columns stand, points from the left edge of the page."""

    width: float
    label: float
    cells: float
    pitch: float
    cell: float
    """Width of a cell."""
    overall: float | None
    words: float
    """Room for the overall judgement in words; 0 where there is none."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A row, or the sub-heading of a group, with its words broken to fit."""

    row: JudgedRow | None
    words: tuple[str, ...]
    overall: tuple[str, ...]
    top: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    panel: JudgementPanel
    columns: _Columns
    density: _Density
    lines: tuple[_Line, ...]
    title: tuple[str, ...]
    label_title: str
    key: Key
    samples: tuple[tuple[Judgement, ...], ...]
    notes: tuple[tuple[str, ...], ...]

    @property
    def rows_height(self) -> float:
        return self.lines[-1].top + self.lines[-1].height

    @property
    def title_height(self) -> float:
        return text.text_height(len(self.title), TITLE_SIZE) + (5 if self.title else 0)

    @property
    def foot_height(self) -> float:
        notes = text.text_height(sum(map(len, self.notes)), SMALL_SIZE)
        again = _HEADING if self.density.compact else 0.0
        return again + 6 + len(self.samples) * _SAMPLE_HEIGHT + 4 + self.key.height + (4 if notes else 0) + notes

    @property
    def height(self) -> float:
        return MARGIN + self.title_height + _HEADING + self.rows_height + self.foot_height + MARGIN


def traffic_light(
    rows: Sequence[JudgedRow],
    panel: JudgementPanel,
    *,
    title: str = "",
    label_title: str = "Study",
    notes: Sequence[str] = (),
    meanings: Mapping[str, str] = MappingProxyType({}),
) -> Drawing:
    """A traffic-light plot, as tall as its rows need.

    From 25 rows on the rows stand closer, and the headings are below them too.

    Parameters
    ----------
    rows : sequence of JudgedRow
        In drawing order; rows of one group are brought together.
    panel : JudgementPanel
        What was judged: domains of a tool, or its items. The page grows where more columns do not fit.
    title : str
        Heading inside the picture, such as the tool; leave it out where the page gives a caption.
    label_title : str
        Heading of the first column.
    meanings : mapping of str to str
        What words of a judgement mean where that is not plain, by the words; the legend says it.
    notes : sequence of str
        Lines below the plot, such as who judged.

    Returns
    -------
    Drawing
        Its data have a line for each cell. An overall judgement stands in a column set apart, in words too where there
        is room; without any there is no such column.

    Raises
    ------
    MethodError
        If there is no row, a row is judged in a domain that the panel lacks, one look stands for two judgements, or an
        argument is of another type than expected.

    Notes
    -----
    The symbols of levels (see `synth.plots.risk_of_bias`) are those that users of robvis know. Its plot
    (github.com/mcguinlu/robvis, R/helpers.R, read as stored) takes fixed templates of tools, and leaves the size of
    cells and page to its user, which is why issues there tell of overlaps and cut labels; here both follow the rows.
    """
    remarks = check_words(_PLOT.lower(), {"title": title, "label_title": label_title}, notes)
    found = check_rows(rows, panel, _PLOT.lower())
    meant = check_meanings(_PLOT.lower(), meanings)
    page = _page(found, panel, title, label_title, remarks, meant)
    with drawing_settings():
        canvas = Canvas(page.columns.width, page.height)
        _draw(canvas, page)
    heading = f"{_PLOT}: {title or panel.title}"
    words = _alt_text(found, panel, heading, (*meanings_in_words(shown_in(found, panel), meant), *remarks))
    return Drawing(canvas.figure, title=text.printable(heading), alt_text=words, data=cell_records(found, panel))


def _alt_text(rows: Sequence[JudgedRow], panel: JudgementPanel, heading: str, notes: Sequence[str]) -> str:
    said = [f"{heading}.", f"{counted(len(rows), 'row', 'rows')}, {counted(len(panel.domains), 'column', 'columns')}."]
    said += domains_in_words(rows, panel)
    if len(rows) > STUDIES_IN_WORDS:
        return joined([*said, "The table of the figure gives each row.", *notes])
    for row in rows:
        parts = [f"{short} {found.words}" for short, found in panel.of(row.judgements).items()]
        parts += [f"{OVERALL.lower()} {overall_of(row).words}"] if has_overall(rows) else []
        said.append(f"{row.label}{f' ({row.group})' if row.group else ''}: {'; '.join(parts)}.")
    return joined([*said, *notes])


def _page(
    rows: Sequence[JudgedRow],
    panel: JudgementPanel,
    title: str,
    label_title: str,
    notes: Sequence[str],
    meanings: Mapping[str, str],
) -> _Page:
    density = _COMPACT if len(rows) >= COMPACT_FROM else _ROOMY
    columns = _columns(rows, panel, density)
    inner = columns.width - 2 * MARGIN
    return _Page(
        panel=panel,
        columns=columns,
        density=density,
        lines=_lines(rows, columns, density),
        title=text.wrap(title, inner, TITLE_SIZE, bold=True),
        label_title=text.wrap(label_title, columns.label, SMALL_SIZE, bold=True, max_lines=1)[0] if label_title else "",
        key=key_of(panel, inner),
        samples=sample_lines(with_meanings(shown_in(rows, panel), meanings), inner),
        notes=tuple(text.wrap(note, inner, SMALL_SIZE) for note in notes if note),
    )


def _columns(rows: Sequence[JudgedRow], panel: JudgementPanel, density: _Density) -> _Columns:
    """Widths that fit the page: each part shrinks in turn; where all are at their least, the page grows."""
    overall = max(text.text_width(OVERALL, SMALL_SIZE, bold=True), density.side) if has_overall(rows) else 0.0
    apart = overall + 2 * GAP if overall else 0.0
    label, words, cells = _allotted(
        PAGE_WIDTH - 2 * MARGIN - GAP - apart,
        label=max(text.text_width(text.printable(row.label), density.size) for row in rows),
        words=_words_range(rows, density, overall),
        cells=_cells_range(panel, density),
    )
    left = MARGIN + label + GAP
    pitch = cells / len(panel.domains)
    return _Columns(
        width=max(PAGE_WIDTH, left + cells + apart + words + MARGIN),
        label=label,
        cells=left,
        pitch=pitch,
        cell=min(max(density.side, pitch - _APART), _CELL_RATIO * density.side),
        overall=left + cells + GAP if overall else None,
        words=overall + words - _CELL_RATIO * density.side - _CELL_GAP if words else 0.0,
    )


def _allotted(
    room: float, *, label: float, words: tuple[float, float], cells: tuple[float, float]
) -> tuple[float, float, float]:
    """Widths of the labels, of the overall judgement in words and of all cells, points."""
    least, enough, most = _LABEL_WIDTHS
    wished = min(max(label, least), most)
    if wished + words[1] + cells[1] > room:
        wished = max(min(wished, enough), room - words[1] - cells[1])
    said = min(words[1], max(words[0], room - wished - cells[1]))
    if wished + said + cells[0] > room:
        wished = max(least, room - said - cells[0])
    if wished + said + cells[0] > room:
        said, wished = 0.0, max(least, min(label, room - cells[0]))
    return wished, said, max(cells[0], min(cells[1], room - wished - said))


def _cells_range(panel: JudgementPanel, density: _Density) -> tuple[float, float]:
    """Least and most room for the cells of a row, points."""
    heading = text.widest(tuple(map(text.printable, panel.domains)), SMALL_SIZE, bold=True)
    least = max(density.side, heading) + _BETWEEN
    return least * len(panel.domains), max(least, _PITCH) * len(panel.domains)


def _words_range(rows: Sequence[JudgedRow], density: _Density, overall: float) -> tuple[float, float]:
    """Least and most room that the overall judgement in words needs beyond its heading; 0 without one, points."""
    if not overall:
        return 0.0, 0.0
    beside = _CELL_RATIO * density.side + _CELL_GAP - overall
    said = {text.printable(overall_of(row).words) for row in rows}
    wished = max(text.text_width(words, density.size) for words in said) + _ROUNDING
    longest = max(text.text_width(word, density.size) for words in said for word in words.split(" ")) + _ROUNDING
    return max(0.0, beside + min(longest, _WORDS)), max(0.0, beside + min(wished, _WORDS))


def _lines(rows: Sequence[JudgedRow], columns: _Columns, density: _Density) -> tuple[_Line, ...]:
    lines: list[_Line] = []
    top, group = 0.0, ""
    for row in rows:
        if row.group != group:
            group = row.group
            end = columns.width - MARGIN if columns.overall is None else columns.overall - GAP / 2
            words = text.wrap(group, end - MARGIN, density.size, bold=True)
            height = text.text_height(len(words), density.size) + density.padding + 3
            lines.append(_Line(None, words, (), top, height))
            top += height
        words = text.shortened(row.label, columns.label, density.size, max_lines=_LABEL_LINES)
        said = text.wrap(overall_of(row).words, columns.words, density.size) if columns.words else ()
        most = max(text.text_height(max(len(words), len(said)), density.size), density.side)
        lines.append(_Line(row, words, said, top, most + density.padding))
        top += most + density.padding
    return tuple(lines)


def _draw(canvas: Canvas, page: _Page) -> None:
    canvas.text(page.title, MARGIN, MARGIN, size=TITLE_SIZE, bold=True)
    top = MARGIN + page.title_height
    rows_top = top + _HEADING
    _draw_headings(canvas, page, top)
    _draw_rows(canvas, page, rows_top)
    top = rows_top + page.rows_height
    if page.density.compact:
        _draw_headings(canvas, page, top)
        top += _HEADING
    top += 6
    inner = page.columns.width - 2 * MARGIN
    top += draw_samples(canvas, page.samples, MARGIN, top, width=inner, height=_SAMPLE_HEIGHT) + 4
    page.key.draw(canvas, top)
    top += page.key.height + 4
    for lines in page.notes:
        top += canvas.text(lines, MARGIN, top, size=SMALL_SIZE, color=MUTED)


def _draw_headings(canvas: Canvas, page: _Page, top: float) -> None:
    columns = page.columns
    canvas.box(MARGIN / 2, top, columns.width - MARGIN, _HEADING, fill=HEADING_FILL)
    words = top + 3
    canvas.text((page.label_title,), MARGIN, words, size=SMALL_SIZE, bold=True)
    for place, heading in enumerate(page.panel.domains):
        middle = columns.cells + (place + 0.5) * columns.pitch
        canvas.text((text.printable(heading),), middle, words, size=SMALL_SIZE, bold=True, align="center")
    if columns.overall is not None:
        canvas.text((OVERALL,), columns.overall + GAP, words, size=SMALL_SIZE, bold=True)


def _draw_rows(canvas: Canvas, page: _Page, top: float) -> None:
    columns, density = page.columns, page.density
    rows = [line for line in page.lines if line.row is not None]
    for index, line in enumerate(rows):
        if len(rows) >= _STRIPED_FROM and index % 2:
            canvas.box(MARGIN / 2, top + line.top, columns.width - MARGIN, line.height, fill=STRIPE)
    for line in page.lines:
        bold = line.row is None
        words_top = top + line.top + (line.height - text.text_height(len(line.words), density.size)) / 2
        canvas.text(line.words, MARGIN, words_top, size=density.size, bold=bold)
    for index, line in enumerate(rows):
        _draw_cells(canvas, page, line, top + line.top + line.height / 2, index)
    if columns.overall is not None:
        x = columns.overall
        canvas.line((x, x), (top, top + page.rows_height), color=RULE, label="overall rule")


def _draw_cells(canvas: Canvas, page: _Page, line: _Line, middle: float, index: int) -> None:
    assert line.row is not None
    columns, density = page.columns, page.density
    look: _Look = {"width": columns.cell, "height": density.side, "size": density.size}
    for place, (heading, found) in enumerate(page.panel.of(line.row.judgements).items()):
        left = columns.cells + place * columns.pitch + (columns.pitch - columns.cell) / 2
        draw_cell(canvas, found, left, middle, label=f"judgement {index} {heading}", **look)
    if columns.overall is None:
        return
    left = columns.overall + GAP
    draw_cell(canvas, overall_of(line.row), left, middle, label=f"overall {index}", **look)
    words_top = middle - text.text_height(len(line.overall), density.size) / 2
    canvas.text(line.overall, left + columns.cell + _CELL_GAP, words_top, size=density.size)
