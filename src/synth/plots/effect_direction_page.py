"""Where everything stands on a page of directions: columns measured by what they hold, tables below one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Final, Literal

from synth.plots import text
from synth.plots.canvas import Align, Canvas
from synth.plots.effect_direction_rows import DirectionCell, size_words
from synth.plots.style import HEADING_FILL, LINE_SPACING, MARGIN, MUTED, PAGE_WIDTH, SMALL_SIZE, STRIPE, TEXT

_GAP: Final = 7.0  # points between two columns
_WIDEST: Final = {"Study": 124.0, "Design": 74.0, "Read": 62.0, "n": 54.0}
_COMPACT: Final = 186.0  # the one column of words where design, depth and number stand below the name
_LINES: Final = 2  # of a name, and of the other words of a study
_NARROWEST, _ROOMY = 40.0, 92.0  # of an outcome, points
_HEADING_LINES: Final = 4
_REPEATED: Final = 20  # studies after which the heads stand once more
_BETWEEN: Final = 12.0  # points between two blocks
_ROW: Final = 23.0
_PAD: Final = 3.0
_SAMPLE: Final = 26.0

#: Draws a sample around a point of the page.
Sampler = Callable[[Canvas, float, float], None]


@dataclass(frozen=True, slots=True)
class Line:
    """A study in the table: the words of its columns, in lines, what stands below its name, and its cells."""

    label: str
    words: tuple[tuple[str, ...], ...]
    details: tuple[str, ...]
    cells: dict[str, DirectionCell]

    @property
    def height(self) -> float:
        """Points."""
        most = max(len(self.words[0]) + len(self.details), *map(len, self.words))
        return max(_ROW, text.text_height(most, SMALL_SIZE) + 2 * _PAD)


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of words with their widths, and the outcomes of each block with the width of one.

    Attributes
    ----------
    names : tuple of str
        Heads of the columns of words.
    widths : tuple of float
        Points.
    groups : tuple of (str, tuple of Line)
        Heading and studies; the heading may be empty.
    blocks : tuple of tuple of str
        Outcomes that stand beside one another.
    pitch : float
        Room of an outcome, points.
    heads : dict
        Head of each outcome, in lines.
    letters : dict
        The outcome of each letter, where letters stand in place of names.
    """

    names: tuple[str, ...]
    widths: tuple[float, ...]
    groups: tuple[tuple[str, tuple[Line, ...]], ...]
    blocks: tuple[tuple[str, ...], ...]
    pitch: float
    heads: dict[str, tuple[str, ...]]
    letters: dict[str, str]

    @property
    def left(self) -> float:
        """Where the outcomes begin, points of the page."""
        return MARGIN + sum(self.widths) + _GAP * len(self.widths)

    @property
    def height(self) -> float:
        """Of all blocks, points."""
        parts = sum(height for block in self.blocks for _, _, height in self.parts(block))
        return parts + _BETWEEN * (len(self.blocks) - 1) + len(self.blocks)

    def parts(self, block: Sequence[str]) -> Iterator[tuple[Literal["heads", "strip", "line"], Line | str, float]]:
        """What stands below one another in a block, with its height: heads come again after so many studies."""
        heads = text.text_height(max(len(self.heads[outcome]) for outcome in block), SMALL_SIZE) + 2 * _PAD
        since = _REPEATED
        for heading, lines in self.groups:
            if since >= _REPEATED:
                yield "heads", "", heads
                since = 0
            if heading:
                yield "strip", heading, SMALL_SIZE * LINE_SPACING + 2 * _PAD
            for line in lines:
                if since >= _REPEATED:
                    yield "heads", "", heads
                    since = 0
                yield "line", line, line.height
                since += 1


def table_of(cells: Sequence[DirectionCell], outcomes: Sequence[str], names: Mapping[str, str]) -> Table:
    """The table that the cells make on a page.

    Design, depth and number have columns of their own as far as all outcomes then fit beside them; else they stand
    below the name of the study.

    Parameters
    ----------
    cells : sequence of DirectionCell
    outcomes : sequence of str
        In the order of the columns.
    names : mapping of str to str
        What is written for each label, with its signs.
    """
    studies: dict[str, dict[str, DirectionCell]] = {}
    for cell in cells:
        studies.setdefault(cell.label, {})[cell.outcome] = cell
    words = {label: _words(names[label], tuple(found.values())) for label, found in studies.items()}
    columns = [name for name in _WIDEST if any(some[name] for some in words.values())]
    widths = [_width(name, [some[name] for some in words.values()]) for name in columns]
    compact = _room(widths) < _NARROWEST * len(outcomes)
    if compact:
        below = [_below(some) for some in words.values()]
        columns, widths = ["Study"], [min(_COMPACT, max(_widest([some["Study"] for some in words.values()] + below)))]
    lines = [_line(label, words[label], columns, widths, found, compact=compact) for label, found in studies.items()]
    blocks = _blocks(outcomes, max(1, int(_room(widths) // _NARROWEST)))
    pitch = min(_ROOMY, _room(widths) / max(len(block) for block in blocks))
    return Table(tuple(columns), tuple(widths), _groups(lines), blocks, pitch, *_heads(outcomes, pitch))


def _groups(lines: Sequence[Line]) -> tuple[tuple[str, tuple[Line, ...]], ...]:
    """Reports, and single patients apart from them under a heading of their own."""
    cases = tuple(line for line in lines if all(cell.single_patient for cell in line.cells.values()))
    reports = tuple(line for line in lines if line not in cases)
    found = (("Reports" if cases else "", reports), ("Single patients", cases))
    return tuple((heading, some) for heading, some in found if some)


def _words(name: str, cells: Sequence[DirectionCell]) -> dict[str, str]:
    """Study, design, depth and number; what differs between outcomes is listed."""
    sizes = tuple(dict.fromkeys(size_words(cell) for cell in cells))
    known = [words for words in sizes if words != "n not seen"]
    single = all(cell.single_patient for cell in cells)
    design, depth = (
        "; ".join(dict.fromkeys(filter(None, (cell.words_of(part) for cell in cells)))) for part in ("design", "depth")
    )
    return {"Study": name, "Design": design, "Read": depth, "n": "1" if single else ", ".join(known) or "not seen"}


def _below(words: Mapping[str, str]) -> str:
    """Design, depth and number as one line below the name of the study."""
    number = {"1": "one patient", "not seen": "n not seen"}.get(words["n"], f"n = {words['n']}")
    parts = filter(None, (words["Design"], words["Read"], number))
    return "; ".join(text.together(part, _COMPACT / 2, SMALL_SIZE) for part in parts)


def _widest(words: Sequence[str]) -> list[float]:
    return [text.text_width(word, SMALL_SIZE) for word in words]


def _width(name: str, words: Sequence[str]) -> float:
    """Of a column: what its longest text needs, and no more than the column may have."""
    return min(_WIDEST[name], max(*_widest(words), text.text_width(name, SMALL_SIZE, bold=True)))


def _room(widths: Sequence[float]) -> float:
    """What columns of words leave for outcomes, points."""
    return PAGE_WIDTH - 2 * MARGIN - sum(widths) - _GAP * len(widths)


def _line(
    label: str,
    words: Mapping[str, str],
    columns: Sequence[str],
    widths: Sequence[float],
    cells: dict[str, DirectionCell],
    *,
    compact: bool,
) -> Line:
    broken = tuple(
        text.shortened(words[name], width, SMALL_SIZE, max_lines=_LINES)
        for name, width in zip(columns, widths, strict=True)
    )
    details = text.shortened(_below(words), widths[0], SMALL_SIZE, max_lines=_LINES) if compact else ()
    return Line(label, broken, details, cells)


def _blocks(outcomes: Sequence[str], most: int) -> tuple[tuple[str, ...], ...]:
    """Outcomes in blocks of the same length, as far as that goes."""
    number = -(-len(outcomes) // most)
    each = -(-len(outcomes) // number)
    return tuple(tuple(outcomes[start : start + each]) for start in range(0, len(outcomes), each))


def _heads(outcomes: Sequence[str], pitch: float) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Names of outcomes in lines above their columns; letters for all where one does not fit without a broken word."""
    room = pitch - 4
    heads = {outcome: text.wrap(outcome, room, SMALL_SIZE, bold=True) for outcome in outcomes}
    words = (word for outcome in outcomes for word in text.printable(outcome).split(" "))
    whole = all(text.text_width(word, SMALL_SIZE, bold=True) <= room for word in words)
    if whole and max(map(len, heads.values())) <= _HEADING_LINES:
        return heads, {}
    letters = {_letter(place): outcome for place, outcome in enumerate(outcomes)}
    return {outcome: (letter,) for letter, outcome in letters.items()}, letters


def _letter(place: int) -> str:
    return ascii_uppercase[place] if place < len(ascii_uppercase) else str(place + 1)


def draw_table(canvas: Canvas, table: Table, top: float, draw: Callable[[DirectionCell, float, float], None]) -> float:
    """The table below `top`; returns where it ends, points of the page.

    Parameters
    ----------
    draw : callable
        Draws a cell around a point of the page.
    """
    for place, block in enumerate(table.blocks):
        top += _BETWEEN if place else 0.0
        index = 0
        for kind, what, height in table.parts(block):
            if isinstance(what, Line):
                _draw_line(canvas, table, block, what, top, striped=index % 2 == 1, draw=draw)
            elif kind == "strip":
                canvas.box(MARGIN, top, canvas.width - 2 * MARGIN, height, fill=HEADING_FILL, label="strip")
                canvas.text((what,), MARGIN + 2, top + _PAD, size=SMALL_SIZE, bold=True)
            else:
                _draw_heads(canvas, table, block, top + height)
            index = index + 1 if isinstance(what, Line) else 0
            top += height
        canvas.line((MARGIN, canvas.width - MARGIN), (top, top), label="foot")
        top += 1
    return top


def _draw_heads(canvas: Canvas, table: Table, block: Sequence[str], end: float) -> None:
    bottom = end - _PAD
    x = MARGIN
    for name, width in zip(table.names, table.widths, strict=True):
        place = _place(name, x, width, bottom - text.text_height(1, SMALL_SIZE))
        canvas.text((name,), *place, size=SMALL_SIZE, bold=True, align=_align(name))
        x += width + _GAP
    for index, outcome in enumerate(block):
        lines = table.heads[outcome]
        middle = table.left + (index + 0.5) * table.pitch
        start = bottom - text.text_height(len(lines), SMALL_SIZE)
        canvas.text(lines, middle, start, size=SMALL_SIZE, bold=True, align="center")
    canvas.line((MARGIN, canvas.width - MARGIN), (end, end), color=TEXT, label="head")


def _align(name: str) -> Align:
    return "right" if name == "n" else "left"


def _place(name: str, left: float, width: float, top: float) -> tuple[float, float]:
    return (left + width if _align(name) == "right" else left), top


def _draw_line(
    canvas: Canvas,
    table: Table,
    block: Sequence[str],
    line: Line,
    top: float,
    *,
    striped: bool,
    draw: Callable[[DirectionCell, float, float], None],
) -> None:
    if striped:
        canvas.box(MARGIN, top, canvas.width - 2 * MARGIN, line.height, fill=STRIPE, label="stripe")
    middle = top + line.height / 2
    x = MARGIN
    for name, lines, width in zip(table.names, line.words, table.widths, strict=True):
        below = line.details if name == "Study" else ()
        start = middle - text.text_height(len(lines) + len(below), SMALL_SIZE) / 2
        colour = TEXT if name in ("Study", "n") else MUTED
        height = canvas.text(lines, *_place(name, x, width, start), size=SMALL_SIZE, color=colour, align=_align(name))
        canvas.text(below, x, start + height, size=SMALL_SIZE, color=MUTED)
        x += width + _GAP
    for place, outcome in enumerate(block):
        if outcome in line.cells:
            draw(line.cells[outcome], table.left + (place + 0.5) * table.pitch, middle)


@dataclass(frozen=True, slots=True)
class Sample:
    """An entry of the legend: what draws its sample, its words, and the width and height that the sample needs."""

    draw: Sampler
    words: str
    room: float = _SAMPLE
    height: float = 0.0


def legend_height(samples: Sequence[Sample], width: float) -> float:
    """Points that the legend takes."""
    return sum(_row_height(row) for row in _flow(samples, width))


def draw_legend(canvas: Canvas, samples: Sequence[Sample], left: float, top: float, width: float) -> float:
    """Samples with their words beside one another, in rows that fit; returns where it ends, points of the page."""
    for row in _flow(samples, width):
        height = _row_height(row)
        for sample, lines, x in row:
            sample.draw(canvas, left + x + sample.room / 2, top + height / 2)
            start = top + (height - text.text_height(len(lines), SMALL_SIZE)) / 2
            canvas.text(lines, left + x + sample.room + 3, start, size=SMALL_SIZE)
        top += height
    return top


def _row_height(row: Sequence[tuple[Sample, tuple[str, ...], float]]) -> float:
    needed = (max(sample.height + 4, text.text_height(len(lines), SMALL_SIZE) + 2) for sample, lines, _ in row)
    return max(_ROW - 2, *needed)


def _flow(samples: Sequence[Sample], width: float) -> list[list[tuple[Sample, tuple[str, ...], float]]]:
    rows: list[list[tuple[Sample, tuple[str, ...], float]]] = []
    x = width + 1.0
    for sample in samples:
        lines = text.wrap(sample.words, width - sample.room - 3, SMALL_SIZE)
        needed = sample.room + 3 + text.widest(lines, SMALL_SIZE)
        if x + needed > width:
            rows.append([])
            x = 0.0
        rows[-1].append((sample, lines, x))
        x += needed + 12
    return rows
