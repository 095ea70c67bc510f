"""The page of a forest plot: headings, text columns, axis, direction words, legend and notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator, NullLocator

from synth.plots import text
from synth.plots.axis import ValueAxis
from synth.plots.canvas import Canvas
from synth.plots.forest.panel import (
    Judgement,
    JudgementPanel,
    draw_cells,
    draw_headings,
    draw_samples,
    sample_lines,
    samples,
)
from synth.plots.forest.rows import ForestRow, ForestSummary, ReferenceLine
from synth.plots.forest.table import Column, PlacedLine, Table
from synth.plots.style import (
    GAP,
    HEADING_FILL,
    LINE_SPACING,
    MARGIN,
    MUTED,
    REFERENCE_COLOURS,
    REFERENCE_DASHES,
    RULE,
    SMALL_SIZE,
    STRIPE,
    TEXT,
    TEXT_SIZE,
    TITLE_SIZE,
    font,
)

_TICK_LENGTH = 3.5
_SAMPLE_WIDTH = 26.0
_SAMPLE_HEIGHT = 16.0  # a line of the panel's legend, points
_STRIPED_FROM = 5  # lines; fewer need no help for the eye
_GRID = "#d9dee3"  # as light as it can be and still be followed down a long plot


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that stands on the page of a forest plot, before it has a place."""

    table: Table
    axis: ValueAxis
    title: str
    effect_label: str
    directions: tuple[str, str]
    null_value: float | None
    reference_lines: tuple[ReferenceLine, ...]
    marks: Mapping[str, str]
    remarks: str
    notes: tuple[str, ...]
    panel: JudgementPanel | None = None

    @property
    def rows(self) -> tuple[ForestRow, ...]:
        """In the order in which they stand."""
        sources = (placed.line.source for placed in self.table.lines)
        return tuple(source for source in sources if isinstance(source, ForestRow))


@dataclass(frozen=True, slots=True)
class _Footer:
    """Lines of text below the axis, broken to fit the page."""

    directions: tuple[tuple[str, ...], tuple[str, ...]]
    effect: tuple[str, ...]
    legend: tuple[tuple[str | ReferenceLine, tuple[str, ...]], ...]
    notes: tuple[tuple[str, ...], ...]
    samples: tuple[tuple[Judgement, ...], ...]

    @property
    def height(self) -> float:
        """Points."""
        directions = max(len(lines) for lines in self.directions)
        small = directions + sum(len(lines) for _, lines in self.legend) + sum(len(lines) for lines in self.notes)
        gaps = (3.0 if directions else 0.0) + (5.0 if self.legend or self.notes or self.samples else 0.0)
        words = text.text_height(small, SMALL_SIZE) + text.text_height(len(self.effect), TEXT_SIZE)
        return words + gaps + len(self.samples) * _SAMPLE_HEIGHT


def draw_page(page: Page) -> tuple[Figure, Axes]:
    """The figure with everything but the marks, and the axes that the marks go on (y: points below the first row)."""
    table = page.table
    inner = table.width - 2 * MARGIN
    title = text.wrap(page.title, inner, TITLE_SIZE, bold=True)
    heading_height = _heading_height(page)
    top = MARGIN + text.text_height(len(title), TITLE_SIZE) + (5 if title else 0)
    tick_height = _TICK_LENGTH + SMALL_SIZE * LINE_SPACING + 2
    rows_top = top + heading_height + 2 + (tick_height + 1 if table.density.compact else 0.0)
    axis_top = rows_top + table.height + 3
    footer_top = axis_top + tick_height
    footer = _footer(page, inner)
    canvas = Canvas(table.width, footer_top + footer.height + MARGIN)
    canvas.text(title, MARGIN, MARGIN, size=TITLE_SIZE, bold=True)
    _draw_headings(canvas, page, top, heading_height)
    _draw_lines(canvas, page, rows_top)
    axes = canvas.axes(table.plot.left, rows_top, table.plot.width, table.height + 3)
    _draw_axis(axes, page)
    _draw_footer(canvas, page, footer, footer_top)
    return canvas.figure, axes


def _headings(table: Table) -> list[Column]:
    """The columns with a heading; that of the label comes first."""
    return [table.label, *table.columns, table.estimate, *([table.weight] if table.weight else [])]


def _under_heading(page: Page, column: Column) -> int:
    """Lines of small print that stand between the heading of a column and the first row."""
    table = page.table
    if column is table.label:
        return len(table.label_note) + (1 if page.panel and table.panel_below else 0)
    return 1 if column is table.panel else 0


def _heading_height(page: Page) -> float:
    table = page.table
    columns = [*_headings(table), *([table.panel] if table.panel else [])]
    lines = max(len(column.heading) + _under_heading(page, column) for column in columns)
    return text.text_height(lines, SMALL_SIZE) + 6


def _draw_headings(canvas: Canvas, page: Page, top: float, height: float) -> None:
    table, panel = page.table, page.panel
    columns, bottom = _headings(table), top + height - 3
    canvas.box(MARGIN / 2, top, canvas.width - MARGIN, height, fill=HEADING_FILL)
    for column in columns:
        left = column is table.label or not (column.numeric or column in columns[-2:])
        lines_top = bottom - text.text_height(len(column.heading) + _under_heading(page, column), SMALL_SIZE)
        x = column.left if left else column.right
        canvas.text(column.heading, x, lines_top, size=SMALL_SIZE, bold=True, align="left" if left else "right")
    letters = text.text_height(1, SMALL_SIZE)
    note_bottom = bottom - (letters if table.panel_below else 0.0)
    note_top = note_bottom - text.text_height(len(table.label_note), SMALL_SIZE)
    canvas.text(table.label_note, table.label.left, note_top, size=SMALL_SIZE, color=MUTED)
    if panel and table.panel:
        draw_headings(canvas, panel, table.panel.left, bottom - letters)
        title_top = bottom - letters - text.text_height(len(table.panel.heading), SMALL_SIZE)
        canvas.text(table.panel.heading, table.panel.left, title_top, size=SMALL_SIZE, bold=True)


def _draw_lines(canvas: Canvas, page: Page, top: float) -> None:
    table = page.table
    striped = len(table.lines) >= _STRIPED_FROM
    for index, placed in enumerate(table.lines):
        if striped and index % 2 and placed.line.kind == "row":
            canvas.box(MARGIN / 2, top + placed.top, canvas.width - MARGIN, placed.height, fill=STRIPE)
    for above, placed in zip((None, *table.lines), table.lines, strict=False):
        if above and placed.line.kind == "summary" and (above.line.kind == "row" or _leaves_group(above, placed)):
            ys = (top + placed.top, top + placed.top)
            canvas.line((MARGIN / 2, canvas.width - MARGIN / 2), ys, label="rule")
        _draw_words(canvas, table, placed, top)
    rows = [placed for placed in table.lines if isinstance(placed.line.source, ForestRow)]
    for index, placed in enumerate(rows):
        _draw_judgements(canvas, page, placed, top, index)


def _leaves_group(above: PlacedLine, below: PlacedLine) -> bool:
    """Whether the summaries of the last group end, and those of all rows begin."""
    sources = above.line.source, below.line.source
    groups = [source.group for source in sources if isinstance(source, ForestSummary)]
    return len(groups) == 2 and groups[0] != groups[1]


def _draw_words(canvas: Canvas, table: Table, placed: PlacedLine, top: float) -> None:
    line, middle, size = placed.line, top + placed.middle, table.density.size
    label_top = top + _label_top(table, placed)
    label_top += canvas.text(placed.label, table.label.left, label_top, size=size, bold=line.bold) + placed.strip
    canvas.text(placed.detail, table.label.left, label_top, size=SMALL_SIZE, color=MUTED)
    for column, cell in zip(table.columns, placed.cells, strict=False):
        x = column.right if column.numeric else column.left
        cell_top = middle - text.text_height(len(cell), size) / 2
        canvas.text(cell, x, cell_top, size=size, align="right" if column.numeric else "left")
    estimate_top = middle - text.text_height(len(placed.estimate), size) / 2
    canvas.text(placed.estimate, table.estimate.right, estimate_top, size=size, bold=line.bold, align="right")
    one_line_top = middle - text.text_height(1, size) / 2
    if line.mark:
        canvas.text((line.mark,), table.estimate.right + 2, one_line_top, size=size)
    if line.weight and table.weight:
        canvas.text((line.weight,), table.weight.right, one_line_top, size=size, align="right")


def _label_top(table: Table, placed: PlacedLine) -> float:
    """Top of the label's words, which with their small print stand in the middle of the line."""
    words = text.text_height(len(placed.label), table.density.size) + text.text_height(len(placed.detail), SMALL_SIZE)
    return placed.middle - (words + placed.strip) / 2


def _draw_judgements(canvas: Canvas, page: Page, placed: PlacedLine, top: float, index: int) -> None:
    table, source = page.table, placed.line.source
    if page.panel is None or table.panel is None or not isinstance(source, ForestRow):
        return
    middle = placed.middle
    if table.panel_below:
        words = text.text_height(len(placed.label), table.density.size)
        middle = _label_top(table, placed) + words + placed.strip / 2
    draw_cells(canvas, page.panel, source.judgements, table.panel.left, top + middle, index=index)


def _draw_axis(axes: Axes, page: Page) -> None:
    axis, height = page.axis, page.table.height + 3
    if axis.log:
        axes.set_xscale("log")
    axes.set_xlim(axis.lower, axis.upper)
    axes.set_ylim(height, 0)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.spines["bottom"].set(color=TEXT, linewidth=0.8)
    ticks = axis.ticks()
    axes.xaxis.set_major_locator(FixedLocator(list(ticks)))
    axes.xaxis.set_major_formatter(FixedFormatter([text.plain(tick) for tick in ticks]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(NullLocator())
    axes.tick_params(axis="x", length=_TICK_LENGTH, width=0.8, color=TEXT, pad=2, labelcolor=TEXT)
    if page.table.density.compact:
        _help_the_eye(axes)
    for label in axes.get_xticklabels(which="both"):
        label.set_fontproperties(font(SMALL_SIZE))
    if page.null_value is not None:
        axes.axvline(page.null_value, color=RULE, linewidth=0.9, zorder=1).set_label("line of no effect")
    for index, reference in enumerate(page.reference_lines):
        colour, dashes = _reference_look(index)
        line = axes.axvline(reference.value, color=colour, linewidth=1.1, zorder=1.5)
        line.set_dashes(list(dashes))
        line.set_label(f"reference line {index}")


def _help_the_eye(axes: Axes) -> None:
    """The axis once more above the rows, and its ticks as light lines between the two."""
    axes.tick_params(axis="x", top=True, labeltop=True)
    axes.spines["top"].set(visible=True, color=TEXT, linewidth=0.8)
    axes.grid(axis="x", color=_GRID, linewidth=0.7)
    axes.set_axisbelow(True)


def _reference_look(index: int) -> tuple[str, tuple[float, ...]]:
    """Colour and dashes of a reference line; twelve pairs before one comes again."""
    return REFERENCE_COLOURS[index % len(REFERENCE_COLOURS)], REFERENCE_DASHES[index % len(REFERENCE_DASHES)]


def _anchor(page: Page) -> float:
    """Where the direction words meet: at the line of no effect, else in the middle of the plot."""
    share = 0.5 if page.null_value is None else page.axis.fraction(page.null_value)
    return page.table.plot.left + share * page.table.plot.width


def _footer(page: Page, inner: float) -> _Footer:
    left, right = page.directions
    anchor, half = _anchor(page), GAP / 2
    sides = (
        text.wrap(f"← {left}" if left else "", anchor - half - MARGIN, SMALL_SIZE),
        text.wrap(f"{right} →" if right else "", page.table.width - MARGIN - anchor - half, SMALL_SIZE),
    )
    legend: list[tuple[str | ReferenceLine, str]] = [(symbol, mark) for mark, symbol in page.marks.items()]
    legend += [(line, line.legend) for line in page.reference_lines]
    wrapped = tuple((sample, text.wrap(words, inner - _SAMPLE_WIDTH, SMALL_SIZE)) for sample, words in legend)
    panel = page.panel
    words = (panel.legend if panel else "", page.remarks, *page.notes)
    notes = tuple(text.wrap(note, inner, SMALL_SIZE) for note in words if note)
    cells = sample_lines(samples(panel, (row.judgements for row in page.rows)), inner) if panel else ()
    return _Footer(sides, text.wrap(page.effect_label, inner, TEXT_SIZE), wrapped, notes, cells)


def _draw_footer(canvas: Canvas, page: Page, footer: _Footer, top: float) -> None:
    anchor, (left, right) = _anchor(page), footer.directions
    height = canvas.text(left, anchor - GAP / 2, top, size=SMALL_SIZE, color=MUTED, align="right")
    height = max(height, canvas.text(right, anchor + GAP / 2, top, size=SMALL_SIZE, color=MUTED))
    top += height + 3 if height else 0
    for line in footer.effect:
        half = text.text_width(line, TEXT_SIZE) / 2
        middle = page.table.plot.left + page.table.plot.width / 2
        x = min(max(middle, MARGIN + half), canvas.width - MARGIN - half)
        top += canvas.text((line,), x, top, align="center")
    top += 5 if footer.legend or footer.notes or footer.samples else 0
    for sample, lines in footer.legend:
        _draw_sample(canvas, page, sample, top)
        top += canvas.text(lines, MARGIN + _SAMPLE_WIDTH, top, size=SMALL_SIZE)
    width = canvas.width - 2 * MARGIN
    top += draw_samples(canvas, footer.samples, MARGIN, top, width=width, height=_SAMPLE_HEIGHT)
    for lines in footer.notes:
        top += canvas.text(lines, MARGIN, top, size=SMALL_SIZE, color=MUTED)


def _draw_sample(canvas: Canvas, page: Page, sample: str | ReferenceLine, top: float) -> None:
    if isinstance(sample, str):
        canvas.text((sample,), MARGIN, top, size=SMALL_SIZE)
        return
    colour, dashes = _reference_look(page.reference_lines.index(sample))
    y = top + SMALL_SIZE * LINE_SPACING / 2
    canvas.line((MARGIN, MARGIN + _SAMPLE_WIDTH - 6), (y, y), color=colour, width=1.1, dashes=dashes, label="sample")
