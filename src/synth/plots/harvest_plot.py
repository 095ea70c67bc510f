"""Harvest plots: a bar for each study in the column of what it found, also for those that showed nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import pandas as pd

from synth.errors import MethodError
from synth.plots import text
from synth.plots.canvas import Canvas
from synth.plots.chart.page import draw_above, surroundings_of
from synth.plots.chart.points import STUDIES_IN_WORDS, counted, headline, inside_sentence, joined
from synth.plots.drawing import Drawing
from synth.plots.effect_direction_page import Sample, draw_legend, legend_height
from synth.plots.effect_direction_rows import (
    SHOWN,
    DirectionCell,
    DirectionRow,
    cells_of,
    counted_words,
    record_of,
    size_words,
    symbols_of,
)
from synth.plots.harvest_plot_page import (
    MOST_FILLS,
    Bars,
    PanelOfBars,
    draw_key,
    draw_panel,
    draw_shape,
    key_height,
    key_lines,
    panel_height,
    step_height,
    tones_of,
    widths_of,
)
from synth.plots.style import MARGIN, MUTED, PAGE_WIDTH, SMALL_SIZE, drawing_settings

__all__ = ["DirectionRow", "harvest_plot"]

_UNSEEN: Final = ("measured but not seen", "not mentioned")
_MOST_HEIGHTS: Final = 5
_LISTED: Final = 12
_DATA: Final = [
    "kind", "outcome", "label", "number", "column", "status", "direction", "shows", "height", "step", "fill",
    "instruments", "n", "unit", "design", "depth", "mark",
]  # fmt: skip


def harvest_plot(
    rows: Sequence[DirectionRow],
    *,
    heights: Sequence[str],
    height_label: str,
    fills: Sequence[str] = (),
    fill_label: str = "",
    columns: tuple[str, str, str] = ("worse", "no clear change", "better"),
    title: str = "",
    notes: Sequence[str] = (),
) -> Drawing:
    """A panel for each outcome, with a bar for each study in the column of the direction that it shows.

    Parameters
    ----------
    rows : sequence of DirectionRow
        A row for each study and outcome, or for each instrument: a study has one bar for an outcome, in the middle
        column where its instruments differ.
    heights : sequence of str
        What a bar can be high for, from low to high; each row has one of them. Only their order has a meaning.
    height_label : str
        Of what they are steps: "Read".
    fills : sequence of str
        What a bar can be filled for, the fullest first; each row has one of them, but for outcomes of which nothing was
        seen, and where there are none.
    fill_label : str
        Of what they are: "Instrument".
    columns : (str, str, str)
        Heads of the columns for worse, neither, and better.
    title : str
        Heading inside the picture.
    notes : sequence of str
        Lines below it.

    Returns
    -------
    Drawing
        Its data have a line for each study and outcome.

    Raises
    ------
    MethodError
        If there is nothing to draw, a row is not possible or has a height or fill that is none of those, or an option
        is out of range.

    Notes
    -----
    As in the first harvest plot: a matrix of outcomes and findings, a mark for each study in each row, the height of a
    bar for one property of the study and its tone for another. The two columns for what was not seen, the stems of
    single patients and the numbers with a key are this package's own. Significance places no bar.

    References
    ----------
    Ogilvie et al. 2008, BMC Med Res Methodol 8:8, doi:10.1186/1471-2288-8-8: abstract
    (pmc.ncbi.nlm.nih.gov/articles/PMC2270283) and the legend of figure 2
    (bmcmedresmethodol.biomedcentral.com/articles/10.1186/1471-2288-8-8/figures/2) read.
    """
    heading = headline("Harvest plot", title, "")[1].removesuffix(".")
    cells = cells_of(rows)
    _check_steps("heights", heights, _MOST_HEIGHTS, least=1)
    _check_steps("fills", fills, MOST_FILLS, least=0)
    for name, label, wanted in (("height_label", height_label, True), ("fill_label", fill_label, bool(fills))):
        _check_label(name, label, wanted)
    _check_heads(columns)
    for cell in cells:
        _check_cell(cell, heights, fills)
    placed = [cell for cell in cells if _column(cell) is not None]
    bars = _bars(cells, heights, fills)
    panels = [_panel(outcome, placed, bars) for outcome in dict.fromkeys(cell.outcome for cell in cells)]
    heads = (*columns, *_UNSEEN)
    symbols = symbols_of(cells)
    told = [*_marks(symbols), *_remarks(cells, columns), *notes]
    samples = list(_samples(placed, heights, height_label, fills, fill_label))
    entries = _key(cells, bars.numbers)
    with drawing_settings():
        canvas = _draw(panels, heads, bars, samples, entries, title, told)
    data = pd.DataFrame([_record(cell, heads, bars) for cell in cells]).reindex(columns=_DATA)
    return Drawing(
        canvas.figure,
        title=text.printable(heading),
        alt_text=_alt_text(cells, heads, heading, height_label, heights, told),
        data=data,
    )


def _check_steps(name: str, given: object, most: int, *, least: int) -> None:
    words = list(given) if isinstance(given, list | tuple) else []
    fine = all(isinstance(word, str) and text.printable(word) for word in words) and len(set(words)) == len(words)
    if not fine or not least <= len(words) <= most or not isinstance(given, list | tuple):
        raise MethodError(f"{name} {given!r}: {least} to {most} different words are expected")


def _check_label(name: str, label: object, wanted: bool) -> None:
    if not isinstance(label, str) or (wanted and not text.printable(label)):
        raise MethodError(f"{name} {label!r}: words for the legend are expected")


def _check_heads(columns: object) -> None:
    heads = columns if isinstance(columns, tuple) else ()
    if len(heads) != 3 or not all(isinstance(word, str) and text.printable(word) for word in heads):
        raise MethodError(f"columns {columns!r}: three heads are expected, for worse, neither and better")


def _check_cell(cell: DirectionCell, heights: Sequence[str], fills: Sequence[str]) -> None:
    none = () if fills and cell.status in SHOWN else ("",)
    for name, known in (("height", heights), ("fill", (*fills, *none))):
        found = {getattr(row, name) for row in cell.rows}
        if len(found) > 1 or not found <= set(known):
            said = ", ".join(sorted(map(repr, found)))
            raise MethodError(
                f"row {cell.label!r}, outcome {cell.outcome!r}: {name} {said}; one of {', '.join(map(repr, known))} is "
                "expected, the same for all its instruments"
            )


def _column(cell: DirectionCell) -> int | None:
    """Place of the column of a cell; None where it has a figure and neither better nor worse can be said of it."""
    if cell.status not in SHOWN:
        return 3 + _UNSEEN.index(cell.status)
    places = {"worse": 0, "no clear change": 1, "mixed": 1, "better": 2}
    return places.get(cell.verdict)


def _bars(cells: Sequence[DirectionCell], heights: Sequence[str], fills: Sequence[str]) -> Bars:
    symbols = symbols_of(cells)
    labels = sorted(dict.fromkeys(cell.label for cell in cells), key=lambda label: _is_single(label, cells))
    return Bars(
        steps={word: place + 1 for place, word in enumerate(heights)},
        tones=tones_of(fills),
        numbers={label: place + 1 for place, label in enumerate(labels)},
        signs={(cell.label, cell.outcome): "".join(symbols[mark] for mark in cell.marks) for cell in cells},
    )


def _is_single(label: str, cells: Sequence[DirectionCell]) -> bool:
    return next(cell.single_patient for cell in cells if cell.label == label)


def _panel(outcome: str, cells: Sequence[DirectionCell], bars: Bars) -> PanelOfBars:
    """Cells of an outcome by column: series before single patients, high bars first."""
    own = [cell for cell in cells if cell.outcome == outcome]
    own.sort(key=lambda cell: (cell.single_patient, -bars.steps[cell.words_of("height")], bars.numbers[cell.label]))
    columns = tuple(tuple(cell for cell in own if _column(cell) == place) for place in range(3 + len(_UNSEEN)))
    return PanelOfBars(text.wrap(outcome, PAGE_WIDTH - 2 * MARGIN - 4, SMALL_SIZE, bold=True), columns)


def _key(cells: Sequence[DirectionCell], numbers: Mapping[str, int]) -> list[tuple[int, str]]:
    """What each number stands for: the study and how many it followed."""
    sizes: dict[str, dict[str, None]] = {}
    for cell in cells:
        sizes.setdefault(cell.label, {})[size_words(cell)] = None
    entries = []
    for label, number in numbers.items():
        known = [words for words in sizes[label] if words != "n not seen"] or ["n not seen"]
        entries.append((number, f"{label}: {', '.join(known)}"))
    return entries


def _draw(
    panels: Sequence[PanelOfBars],
    heads: Sequence[str],
    bars: Bars,
    samples: Sequence[Sample],
    entries: Sequence[tuple[int, str]],
    title: str,
    notes: Sequence[str],
) -> Canvas:
    inner = PAGE_WIDTH - 2 * MARGIN
    around = surroundings_of(PAGE_WIDTH, title=title, x_label="", y_label="", legend=(), notes=notes)
    widths, key = widths_of(panels, heads, bars), key_lines(entries)
    small = text.text_height(sum(map(len, around.notes)), SMALL_SIZE)
    top = around.above
    height = top + sum(panel_height(panel, heads, widths, bars) for panel in panels)
    canvas = Canvas(PAGE_WIDTH, height + legend_height(samples, inner) + 6 + key_height(key) + 6 + small + MARGIN)
    draw_above(canvas, around)
    for panel in panels:
        top = draw_panel(canvas, panel, heads, widths, bars, top)
    top = draw_legend(canvas, samples, MARGIN, top, inner) + 6
    top = draw_key(canvas, key, top) + 6
    for lines in around.notes:
        top += canvas.text(lines, MARGIN, top, size=SMALL_SIZE, color=MUTED)
    return canvas


def _samples(
    cells: Sequence[DirectionCell], heights: Sequence[str], height_label: str, fills: Sequence[str], fill_label: str
) -> Iterator[Sample]:
    """The legend: heights in their order, fills, and what is apart from a series with a direction."""
    low = step_height(len(heights))
    for place, word in enumerate(heights):
        high = (place + 1) * low
        words = f"height, {inside_sentence(height_label)}: {word}" if place == 0 else word
        yield Sample(partial(_sample, height=high), words, room=12.0, height=high)
    for place, (word, tone) in enumerate(tones_of(fills).items()):
        if word:
            words = f"fill, {inside_sentence(fill_label)}: {word}" if place == 0 else word
            yield Sample(partial(_sample, height=low, tone=tone), words, room=12.0)
    if any(cell.single_patient for cell in cells):
        high = min(2, len(heights)) * low
        yield Sample(partial(_sample, height=high, single=True), "single patient", room=12.0, height=high)
    if any(cell.status in _UNSEEN for cell in cells):
        yield Sample(partial(_sample, height=low, unseen=True), "dashed: no result of the outcome was seen", room=12.0)


def _sample(
    canvas: Canvas,
    x: float,
    y: float,
    *,
    height: float,
    tone: float = 1.0,
    single: bool = False,
    unseen: bool = False,
) -> None:
    draw_shape(canvas, x, y + height / 2, height=height, tone=tone, single=single, unseen=unseen)


def _marks(symbols: Mapping[str, str]) -> Iterator[str]:
    for mark, symbol in symbols.items():
        yield f"{symbol} {mark}{'' if mark.endswith('.') else '.'}"


def _remarks(cells: Sequence[DirectionCell], columns: Sequence[str]) -> Iterator[str]:
    mixed = [f"{cell.label} ({cell.outcome})" for cell in cells if cell.verdict == "mixed"]
    if mixed:
        yield f"Under {columns[1]} because directions differ: {_listed(mixed)}."
    unplaced = [f"{cell.label} ({cell.outcome})" for cell in cells if _column(cell) is None]
    if unplaced:
        yield (
            "No bar, because a figure was seen and it cannot be said whether it is better or worse: "
            f"{_listed(unplaced)}."
        )
    yield (
        "A bar stands where the seen direction puts it. Nothing was tested, heights have an order and no size, and a "
        "direction is no size of an effect."
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def _record(cell: DirectionCell, heads: Sequence[str], bars: Bars) -> dict[str, object]:
    place = _column(cell)
    return {
        **record_of(cell),
        "number": bars.numbers[cell.label],
        "column": "" if place is None else heads[place],
        "height": cell.words_of("height"),
        "step": bars.steps[cell.words_of("height")],
        "fill": cell.words_of("fill"),
    }


def _alt_text(
    cells: Sequence[DirectionCell],
    heads: Sequence[str],
    heading: str,
    height_label: str,
    heights: Sequence[str],
    notes: Sequence[str],
) -> str:
    studies = len({cell.label for cell in cells})
    said = [f"{heading}. {counted(studies, 'study', 'studies')}. {height_label}, from low to high: "
            f"{', '.join(heights)}."]  # fmt: skip
    for outcome in dict.fromkeys(cell.outcome for cell in cells):
        parts = []
        for place, head in enumerate(heads):
            some = [cell for cell in cells if cell.outcome == outcome and _column(cell) == place]
            parts.append(f"{head} {counted_words(some)}{_named(some) if studies <= STUDIES_IN_WORDS else ''}")
        said.append(f"{outcome}: {'; '.join(parts)}.")
    if studies > STUDIES_IN_WORDS:
        said.append("The table of the figure gives each study.")
    return joined([*said, *notes])


def _named(cells: Sequence[DirectionCell]) -> str:
    """Each study with its number and what its bar is high and filled for."""
    named = [
        f"{cell.label} ({', '.join(filter(None, [size_words(cell), cell.words_of('height'), cell.words_of('fill')]))})"
        for cell in cells
    ]
    return f": {', '.join(named)}" if named else ""
