"""Effect direction plots: the direction that each study shows for each outcome, and which it does not show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

import pandas as pd

from synth.errors import MethodError
from synth.plots import text
from synth.plots.canvas import Canvas
from synth.plots.chart.page import draw_above, surroundings_of
from synth.plots.chart.points import STUDIES_IN_WORDS, counted, headline, inside_sentence, joined
from synth.plots.drawing import Drawing
from synth.plots.effect_direction_arrows import (
    SIDES,
    SILENT,
    draw_arrow,
    draw_sign,
    draw_unseen,
    draw_words,
    signs_used,
    size_class,
)
from synth.plots.effect_direction_page import (
    Sample,
    Table,
    draw_legend,
    draw_table,
    legend_height,
    table_of,
)
from synth.plots.effect_direction_rows import (
    SHOWN,
    DirectionCell,
    DirectionRow,
    Verdict,
    cells_of,
    counted_words,
    record_of,
    size_words,
    symbols_of,
)
from synth.plots.style import MARGIN, MUTED, PAGE_WIDTH, SMALL_SIZE, drawing_settings

__all__ = ["DirectionRow", "effect_direction_plot"]

_WORDS: Final[dict[Verdict, str]] = {
    "better": "better",
    "worse": "worse",
    "no clear change": "no clear change",
    "mixed": "mixed",
}
_SIZE_WORDS: Final = ("one patient", "n below {0}, or not seen", "n {0} to {1}", "n above {1}")
_COLUMNS: Final = [
    "kind", "outcome", "label", "status", "direction", "shows", "sign", "size", "instruments", "instruments_shown",
    "n", "unit", "design", "depth", "mark",
]  # fmt: skip


def effect_direction_plot(
    rows: Sequence[DirectionRow],
    *,
    outcomes: Sequence[str] | None = None,
    sizes: tuple[int, int] = (50, 300),
    title: str = "",
    notes: Sequence[str] = (),
) -> Drawing:
    """A table of studies and outcomes with an arrow for each direction, and a sign for each way of not showing one.

    Parameters
    ----------
    rows : sequence of DirectionRow
        A row for each study and outcome, or for each instrument; instruments of one outcome are condensed to one
        arrow with their number, and to a mixed one where they differ.
    outcomes : sequence of str, optional
        Order of the columns; by default that in which they come.
    sizes : (int, int)
        Bounds of the classes of n: below the first, up to the second, above it.
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
        If there is nothing to draw, a row is not possible, an outcome has no row or no column, or the bounds are none.

    Notes
    -----
    Arrows up, down and sideways, and three sizes of them with these bounds, as in the key of a published plot of this
    kind; the size of an arrow is that of the study and not of its effect. Significance enters nowhere. That a figure is
    filled and a stated direction hollow, the two signs for what was not shown, the rule that all instruments must agree
    and their number beside the arrow are this package's own.

    References
    ----------
    Thomson and Thomas 2013, doi:10.1002/jrsm.1060: abstract and heads of its figure read (onlinelibrary.wiley.com;
    ai-bt.com/si.php?db=pubmed&id=23795209). Boon and Thomson 2021, doi:10.1002/jrsm.1458: abstract read
    (eprints.gla.ac.uk/223430). Key of arrows and sizes: table 1 of doi:10.1136/bmjresp-2022-001199
    (pmc.ncbi.nlm.nih.gov/articles/PMC9204450/table/T1).
    """
    heading = headline("Effect direction plot", title, "")[1].removesuffix(".")
    cells = cells_of(rows)
    ordered = _outcomes(cells, outcomes)
    _check_sizes(sizes)
    symbols = symbols_of(cells)
    table = table_of(cells, ordered, _names(cells, symbols))
    told = [*_marks(symbols), *_remarks(cells, ordered), *notes]
    with drawing_settings():
        canvas = _draw(table, cells, title, told, sizes)
    data = pd.DataFrame([_record(cell, sizes) for cell in cells]).reindex(columns=_COLUMNS)
    return Drawing(
        canvas.figure,
        title=text.printable(heading),
        alt_text=_alt_text(cells, ordered, heading, told),
        data=data,
    )


def _outcomes(cells: Sequence[DirectionCell], wanted: Sequence[str] | None) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(cell.outcome for cell in cells))
    if wanted is None:
        return found
    if isinstance(wanted, str) or sorted(wanted) != sorted(found):
        raise MethodError(f"outcomes {wanted!r}: those of the rows are expected, each once ({', '.join(found)})")
    return tuple(wanted)


def _check_sizes(sizes: object) -> None:
    whole = isinstance(sizes, tuple) and len(sizes) == 2 and all(type(bound) is int for bound in sizes)
    if not (whole and isinstance(sizes, tuple) and 1 < sizes[0] <= sizes[1]):
        raise MethodError(f"sizes {sizes!r}: two whole numbers above 1, the smaller one first, are expected")


def _names(cells: Sequence[DirectionCell], symbols: dict[str, str]) -> dict[str, str]:
    """Each label with the signs of its remarks."""
    marks: dict[str, dict[str, None]] = {}
    for cell in cells:
        marks.setdefault(cell.label, {}).update(dict.fromkeys(symbols[mark] for mark in cell.marks))
    return {label: f"{label}{''.join(found)}" for label, found in marks.items()}


def _draw(
    table: Table, cells: Sequence[DirectionCell], title: str, notes: Sequence[str], sizes: tuple[int, int]
) -> Canvas:
    inner = PAGE_WIDTH - 2 * MARGIN
    key = "; ".join(f"{letter}\N{NO-BREAK SPACE}{outcome}" for letter, outcome in table.letters.items())
    around = surroundings_of(PAGE_WIDTH, title=title, x_label="", y_label=key, legend=(), notes=notes)
    samples = list(_samples(cells, sizes))
    small = text.text_height(sum(map(len, around.notes)), SMALL_SIZE)
    top = around.above - (0 if key else 6)
    canvas = Canvas(PAGE_WIDTH, top + table.height + 8 + legend_height(samples, inner) + 6 + small + MARGIN)
    draw_above(canvas, around)
    end = draw_table(canvas, table, top, lambda cell, x, y: draw_sign(canvas, cell, x, y, sizes))
    end = draw_legend(canvas, samples, MARGIN, end + 8, inner) + 6
    for lines in around.notes:
        end += canvas.text(lines, MARGIN, end, size=SMALL_SIZE, color=MUTED)
    return canvas


def _samples(cells: Sequence[DirectionCell], sizes: tuple[int, int]) -> Iterator[Sample]:
    """The legend: directions, what fills them, sizes, and signs of what was not shown, as far as they are used."""
    drawn = [cell for cell in cells if cell.verdict in _WORDS]
    for verdict in signs_used(cells):
        yield Sample(partial(_arrow, verdict, SIDES[2], False), _WORDS[verdict])
    statuses = {cell.status for cell in drawn}
    if statuses:
        shown = signs_used(cells)[0]
        for status, hollow, words in (
            ("figure", False, "filled: figure seen"),
            ("direction only", True, "hollow: direction only"),
        ):
            if status in statuses:
                yield Sample(partial(_arrow, shown, SIDES[2], hollow), words)
        used = sorted({size_class(cell.n, cell.single_patient, sizes) for cell in drawn})
        for place in used:
            yield Sample(partial(_arrow, shown, SIDES[place], False), _SIZE_WORDS[place].format(*sizes))
    if any(cell.status == "measured but not seen" for cell in cells):
        yield Sample(lambda canvas, x, y: draw_unseen(canvas, x, y, label="sample"), "measured but not seen")
    if any(cell.status == "not mentioned" for cell in cells):
        yield Sample(lambda canvas, x, y: draw_words(canvas, SILENT, x, y), "not mentioned")


def _arrow(verdict: Verdict, side: float, hollow: bool, canvas: Canvas, x: float, y: float) -> None:
    draw_arrow(canvas, verdict, side, x, y, hollow=hollow, label="sample")


def _marks(symbols: dict[str, str]) -> Iterator[str]:
    for mark, symbol in symbols.items():
        yield f"{symbol} {mark}{'' if mark.endswith('.') else '.'}"


def _remarks(cells: Sequence[DirectionCell], outcomes: Sequence[str]) -> Iterator[str]:
    if any(cell.count > 1 for cell in cells):
        yield "Number beside an arrow: so many instruments show that direction; a mixed pair of arrows: they differ."
    if any(cell.verdict in ("higher", "lower", "unclear") for cell in cells):
        yield "Higher, lower or unclear: what is better is not known for the instrument."
    if any(cell.status in SHOWN and not cell.verdict for cell in cells):
        yield "The word figure: a figure was seen, and no direction."
    if len({cell.label for cell in cells}) * len(outcomes) > len(cells):
        yield "An empty place: nothing is recorded of that study and outcome."
    yield (
        "Arrows show a direction that was seen, and their size how many were followed. Nothing was tested, and a "
        "direction is no size of an effect."
    )


def _record(cell: DirectionCell, sizes: tuple[int, int]) -> dict[str, object]:
    """A cell with what was drawn for it."""
    if cell.status not in SHOWN:
        return {**record_of(cell), "sign": cell.status, "size": ""}
    if cell.verdict not in _WORDS:
        return {**record_of(cell), "sign": f"word: {cell.verdict or 'figure'}", "size": ""}
    filled = "hollow arrow" if cell.status == "direction only" else "filled arrow"
    size = _SIZE_WORDS[size_class(cell.n, cell.single_patient, sizes)].format(*sizes)
    return {**record_of(cell), "sign": filled, "size": size}


def _alt_text(cells: Sequence[DirectionCell], outcomes: Sequence[str], heading: str, notes: Sequence[str]) -> str:
    studies = len({cell.label for cell in cells})
    said = [f"{heading}. {counted(studies, 'study', 'studies')}, {counted(len(outcomes), 'outcome', 'outcomes')}."]
    for outcome in outcomes:
        some = [cell for cell in cells if cell.outcome == outcome]
        groups: dict[str, list[DirectionCell]] = {}
        for cell in some:
            groups.setdefault(_shown_words(cell), []).append(cell)
        parts = [_group_words(words, found, brief=studies > STUDIES_IN_WORDS) for words, found in groups.items()]
        said.append(f"{outcome}: {'; '.join(parts)}.")
    if studies > STUDIES_IN_WORDS:
        said.append("The table of the figure gives each study.")
    return joined([*said, *notes])


def _shown_words(cell: DirectionCell) -> str:
    if cell.status not in SHOWN:
        return cell.status
    words = _WORDS.get(cell.verdict, cell.verdict or "figure without a direction")
    return words if cell.status == "figure" else f"{words} (direction only)"


def _group_words(words: str, cells: Sequence[DirectionCell], *, brief: bool) -> str:
    """How many show it, and which: with their numbers and instruments."""
    if brief:
        return f"{words} {counted_words(cells)}"
    named = []
    for cell in cells:
        details = ", ".join(filter(None, [size_words(cell), inside_sentence(", ".join(cell.instruments))]))
        named.append(f"{cell.label} ({details})")
    return f"{words} {counted_words(cells)}: {', '.join(named)}"
