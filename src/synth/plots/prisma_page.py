"""The page of a flow diagram: boxes in lanes, their side boxes, arrows and the bars that name the phases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from matplotlib.figure import Figure

from synth.plots import text
from synth.plots.canvas import Canvas
from synth.plots.style import (
    BACKGROUND,
    BLUE,
    GAP,
    HEADING_FILL,
    MARGIN,
    MUTED,
    PAGE_WIDTH,
    SMALL_SIZE,
    STRIPE,
    TEXT_SIZE,
    TITLE_SIZE,
    font,
)

_BAR = 17.0  # width of the bar that names a phase
_PADDING = 5.0
_ARROW = 15.0
_NOTE_WIDTH = 112.0
_NUMBER_GAP = 5.0
_BOX_WIDTH = 140.0  # most that a single long word may ask for


@dataclass(frozen=True, slots=True)
class Box:
    """A box before it has a place: a title, its count, and labelled counts below."""

    title: str
    parts: tuple[tuple[str, int], ...] = ()
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Lane:
    """A column of the diagram: boxes and side boxes by stage, or a note in place of them."""

    title: str
    main: Mapping[str, Box]
    side: Mapping[str, Box]
    note: str


@dataclass(frozen=True, slots=True)
class Row:
    """A stage and the phase to which it belongs."""

    stage: str
    phase: str


@dataclass(frozen=True, slots=True)
class _Span:
    """Left edge and widths of a lane, points; `side` is 0 for a lane without side boxes."""

    left: float
    main: float
    side: float

    @property
    def width(self) -> float:
        return self.main + (_ARROW + self.side if self.side else 0.0)

    @property
    def side_left(self) -> float:
        return self.left + self.main + _ARROW

    @property
    def center(self) -> float:
        return self.left + self.main / 2


@dataclass(frozen=True, slots=True)
class _Written:
    """The lines of a box: its title, then counts with their labels beside them."""

    title: tuple[str, ...]
    parts: tuple[tuple[int, tuple[str, ...]], ...] = ()
    number_width: float = 0.0
    bold: bool = True

    @property
    def height(self) -> float:
        parts = sum(len(lines) for _, lines in self.parts)
        return text.text_height(len(self.title), TEXT_SIZE) + text.text_height(parts, SMALL_SIZE) + 2 * _PADDING


def draw_flow(lanes: Sequence[Lane], included: Box, *, rows: Sequence[Row], title: str, notes: Sequence[str]) -> Figure:
    """The figure of a flow diagram, as tall as its boxes need."""
    spans = _spans(lanes)
    left, right = spans[0].left, spans[-1].left + spans[-1].width
    page_width = right + MARGIN
    titles = text.wrap(title, page_width - 2 * MARGIN, TITLE_SIZE, bold=True)
    footnotes = [text.wrap(note, page_width - 2 * MARGIN, SMALL_SIZE) for note in notes]
    head = _head_lines(lanes, spans)
    head_top = MARGIN + text.text_height(len(titles), TITLE_SIZE) + (5 if titles else 0)
    first = head_top + _head_height(head) + GAP
    tops, bottom = _row_tops(lanes, spans, rows, first)
    end = _written(included, right - left)
    end_height = max(end.height, _bar_height("Included"))
    notes_top = bottom + end_height + (6 if footnotes else 0)
    height = notes_top + sum(text.text_height(len(lines), SMALL_SIZE) for lines in footnotes) + MARGIN
    canvas = Canvas(page_width, height)
    canvas.text(titles, MARGIN, MARGIN, size=TITLE_SIZE, bold=True)
    for lines, span in zip(head, spans, strict=True):
        canvas.box(span.left, head_top, span.width, _head_height(head), fill=HEADING_FILL, label="heading")
        lines_top = head_top + (_head_height(head) - text.text_height(len(lines), SMALL_SIZE)) / 2
        canvas.text(lines, span.left + span.width / 2, lines_top, size=SMALL_SIZE, bold=True, align="center")
    for lane, span in zip(lanes, spans, strict=True):
        _draw_lane(canvas, lane, span, rows, tops, first, bottom)
    _draw_box(canvas, end, left, bottom, right - left, end_height, label="included", fill=HEADING_FILL)
    _draw_bars(canvas, rows, tops, bottom, end_height)
    for lines in footnotes:
        notes_top += canvas.text(lines, MARGIN, notes_top, size=SMALL_SIZE, color=MUTED)
    return canvas.figure


def _spans(lanes: Sequence[Lane]) -> tuple[_Span, ...]:
    """Boxes as wide as their longest word, with the rest of the page shared among them; notes are narrow."""
    left = MARGIN + _BAR + GAP
    room = PAGE_WIDTH - MARGIN - left - GAP * (len(lanes) - 1)
    needs = [_needs(lane) for lane in lanes]
    rest = max(room - sum(main + (_ARROW + side if side else 0.0) for main, side in needs), 0.0)
    growing = [lane for lane in lanes if lane.main] or lanes
    share = rest / sum(2 if lane.side else 1 for lane in growing)
    spans: list[_Span] = []
    for lane, (main, side) in zip(lanes, needs, strict=True):
        more = share if lane in growing else 0.0
        spans.append(_Span(left, main + more, side + more if side else 0.0))
        left += spans[-1].width + GAP
    return tuple(spans)


def _needs(lane: Lane) -> tuple[float, float]:
    """Least widths of the boxes and of the side boxes of a lane; 0 for no side boxes."""
    main = max((_least_width(box) for box in lane.main.values()), default=_NOTE_WIDTH)
    side = max((_least_width(box) for box in lane.side.values()), default=0.0)
    return min(main, _BOX_WIDTH), min(side, _BOX_WIDTH)


def _least_width(box: Box) -> float:
    numbers = _number_width(box)
    words = [text.text_width(word, TEXT_SIZE, bold=True) for word in _title(box).split(" ")]
    for label, _ in box.parts:
        words += [numbers + text.text_width(word, SMALL_SIZE) for word in text.printable(label).split(" ")]
    return max(words) + 2 * _PADDING + 0.1


def _title(box: Box) -> str:
    """The title with its count as (n = 47), which is never broken over two lines."""
    count = "" if box.count is None else f" (n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{box.count})"
    return text.printable(box.title) + count


def _number_width(box: Box) -> float:
    numbers = [text.text_width(str(count), SMALL_SIZE) for _, count in box.parts]
    return max(numbers) + _NUMBER_GAP if numbers else 0.0


def _head_lines(lanes: Sequence[Lane], spans: Sequence[_Span]) -> list[tuple[str, ...]]:
    return [
        text.wrap(lane.title, span.width - 2 * _PADDING, SMALL_SIZE, bold=True)
        for lane, span in zip(lanes, spans, strict=True)
    ]


def _head_height(head: Sequence[tuple[str, ...]]) -> float:
    return text.text_height(max(len(lines) for lines in head), SMALL_SIZE) + 8


def _written(box: Box, width: float) -> _Written:
    inner, numbers = width - 2 * _PADDING, _number_width(box)
    parts = tuple((count, text.wrap(label, inner - numbers, SMALL_SIZE)) for label, count in box.parts)
    return _Written(text.wrap(_title(box), inner, TEXT_SIZE, bold=True), parts, numbers)


def _row_tops(
    lanes: Sequence[Lane], spans: Sequence[_Span], rows: Sequence[Row], top: float
) -> tuple[dict[str, tuple[float, float]], float]:
    """Top and height of each row of boxes, and where the box of what is included begins."""
    tops: dict[str, tuple[float, float]] = {}
    first = top
    for row in rows:
        heights = [
            _written(boxes[row.stage], width).height
            for lane, span in zip(lanes, spans, strict=True)
            for boxes, width in ((lane.main, span.main), (lane.side, span.side))
            if row.stage in boxes
        ]
        # A phase of one stage must be as tall as its name, which stands upright beside it.
        alone = sum(other.phase == row.phase for other in rows) == 1
        height = max([*heights, _bar_height(row.phase) if alone else 0.0])
        tops[row.stage] = (top, height)
        top += height + _ARROW
    notes = [_note(lane, span).height + _ARROW for lane, span in zip(lanes, spans, strict=True) if lane.note]
    return tops, max([top, *(first + height for height in notes)])


def _note(lane: Lane, span: _Span) -> _Written:
    lines = text.wrap(lane.note, span.main - 2 * _PADDING, TEXT_SIZE)
    return _Written(lines, bold=False)


def _draw_lane(
    canvas: Canvas,
    lane: Lane,
    span: _Span,
    rows: Sequence[Row],
    tops: Mapping[str, tuple[float, float]],
    first: float,
    bottom: float,
) -> None:
    if lane.note:
        note = _note(lane, span)
        _draw_box(canvas, note, span.left, first, span.main, note.height, label="note", fill=STRIPE, dashed=True)
        return
    stages = [row.stage for row in rows if row.stage in lane.main]
    for index, stage in enumerate(stages):
        top, _ = tops[stage]
        box = _written(lane.main[stage], span.main)
        _draw_box(canvas, box, span.left, top, span.main, box.height, label=f"{stage} entered")
        after = tops[stages[index + 1]][0] if index + 1 < len(stages) else bottom
        canvas.arrow((span.center, span.center), (top + box.height, after), label=f"{stage} arrow")
        if stage in lane.side:
            side = _written(lane.side[stage], span.side)
            _draw_box(canvas, side, span.side_left, top, span.side, side.height, label=f"{stage} removed")
            middle = top + min(box.height, side.height) / 2
            canvas.arrow((span.left + span.main, span.side_left), (middle, middle), label=f"{stage} side arrow")


def _draw_box(
    canvas: Canvas,
    written: _Written,
    left: float,
    top: float,
    width: float,
    height: float,
    *,
    label: str,
    fill: str = BACKGROUND,
    dashed: bool = False,
) -> None:
    canvas.box(left, top, width, height, fill=fill, edge=MUTED if dashed else BLUE, dashed=dashed, label=label)
    top += _PADDING
    top += canvas.text(written.title, left + _PADDING, top, bold=written.bold)
    for count, lines in written.parts:
        labels = left + _PADDING + written.number_width
        canvas.text((str(count),), labels - _NUMBER_GAP, top, size=SMALL_SIZE, align="right")
        top += canvas.text(lines, labels, top, size=SMALL_SIZE)


def _bar_height(phase: str) -> float:
    return text.text_width(phase, SMALL_SIZE, bold=True) + 4


def _draw_bars(
    canvas: Canvas,
    rows: Sequence[Row],
    tops: Mapping[str, tuple[float, float]],
    bottom: float,
    end_height: float,
) -> None:
    """Bars at the left that name the phases."""
    bars = [(phase, [tops[row.stage] for row in group]) for phase, group in groupby(rows, key=lambda row: row.phase)]
    bars.append(("Included", [(bottom, end_height)]))
    for phase, places in bars:
        top, height = places[0][0], places[-1][0] + places[-1][1] - places[0][0]
        canvas.box(MARGIN, top, _BAR, height, fill=HEADING_FILL, label="phase")
        canvas.page.text(
            MARGIN + _BAR / 2,
            top + height / 2,
            phase,
            fontproperties=font(SMALL_SIZE, bold=True),
            rotation=90,
            rotation_mode="anchor",
            ha="center",
            va="center",
        )
