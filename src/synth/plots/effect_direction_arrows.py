"""The signs of an effect direction plot: arrows by direction, size and status, and signs where nothing was seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from matplotlib.patches import Polygon

from synth.plots import text
from synth.plots.canvas import Canvas
from synth.plots.effect_direction_rows import DirectionCell, Verdict
from synth.plots.style import BACKGROUND, BLUE, LINE_SPACING, MUTED, SMALL_SIZE, TEXT, VERMILLION

Point = tuple[float, float]

#: Height of an arrow in points: one patient, and three classes of size.
SIDES: Final = (8.0, 10.0, 14.0, 19.0)
_COLOURS: Final[dict[Verdict, str]] = {
    "better": BLUE,
    "worse": VERMILLION,
    "no clear change": MUTED,
    "mixed": TEXT,
}
_WIDTH, _SHAFT, _HEAD = 0.86, 0.36, 0.52  # of an arrow's height
_SQUARE: Final = 12.0
UNSEEN: Final = "?"
SILENT: Final = text.NOTHING


def size_class(n: int | None, single_patient: bool, sizes: tuple[int, int]) -> int:
    """Place in `SIDES`: one patient, below the first bound or not seen, up to the second, above it."""
    if single_patient:
        return 0
    return 1 if n is None or n < sizes[0] else 2 if n <= sizes[1] else 3


def _up(side: float) -> list[Point]:
    """An arrow that points up, around its middle; y grows downwards."""
    half, shaft, neck = side * _WIDTH / 2, side * _SHAFT / 2, -side / 2 + side * _HEAD
    return [
        (0, -side / 2), (half, neck), (shaft, neck), (shaft, side / 2), (-shaft, side / 2), (-shaft, neck),
        (-half, neck),
    ]  # fmt: skip


def _sideways(side: float) -> list[Point]:
    """An arrow with heads at its left and right ends."""
    end, half, shaft, neck = side * 0.62, side * 0.36, side * 0.13, side * 0.18
    right = [(neck, -shaft), (neck, -half), (end, 0.0), (neck, half), (neck, shaft)]
    return [*right, *((-x, y) for x, y in reversed(right))]


def shapes_of(verdict: Verdict, side: float) -> list[list[Point]]:
    """Outlines of the arrow of a direction, around its middle.

    Parameters
    ----------
    verdict : str
        "better" points up, "worse" down, "no clear change" to both sides; "mixed" is an arrow up beside one down.
    side : float
        Height, points.
    """
    if verdict == "no clear change":
        return [_sideways(side)]
    if verdict == "mixed":
        part = _up(side)
        aside = side * 0.5
        return [[(x - aside, y) for x, y in part], [(x + aside, -y) for x, y in part]]
    return [_up(side) if verdict == "better" else [(x, -y) for x, y in _up(side)]]


def draw_arrow(canvas: Canvas, verdict: Verdict, side: float, x: float, y: float, *, hollow: bool, label: str) -> float:
    """An arrow around a point of the page; returns how far it reaches to the right of it, points."""
    colour = _COLOURS[verdict]
    reach = 0.0
    for outline in shapes_of(verdict, side):
        points = [(x + across, y + down) for across, down in outline]
        patch = Polygon(points, closed=True, facecolor=BACKGROUND if hollow else colour, edgecolor=colour)
        patch.set(linewidth=1.1, clip_on=False, label=label)
        canvas.page.add_patch(patch)
        reach = max(reach, *(across for across, _ in outline))
    return reach


def draw_words(canvas: Canvas, words: str, x: float, y: float, *, colour: str = MUTED) -> None:
    """A word or sign around a point of the page."""
    canvas.text((words,), x, y - SMALL_SIZE * LINE_SPACING / 2, size=SMALL_SIZE, color=colour, align="center")


def draw_unseen(canvas: Canvas, x: float, y: float, *, label: str) -> None:
    """The sign of an outcome that was measured and not seen: a question mark in a dashed square."""
    half = _SQUARE / 2
    canvas.box(x - half, y - half, _SQUARE, _SQUARE, edge=MUTED, dashed=True, label=label)
    draw_words(canvas, UNSEEN, x, y, colour=TEXT)


def draw_sign(canvas: Canvas, cell: DirectionCell, x: float, y: float, sizes: tuple[int, int]) -> None:
    """What a cell shows, around a point of the page; the number of its instruments stands below at the right."""
    name = f"{cell.label} | {cell.outcome}"
    if cell.status == "not mentioned":
        draw_words(canvas, SILENT, x, y)
    elif cell.status == "measured but not seen":
        draw_unseen(canvas, x, y, label=f"unseen {name}")
    elif cell.verdict in _COLOURS:
        side = SIDES[size_class(cell.n, cell.single_patient, sizes)]
        hollow = cell.status == "direction only"
        label = f"arrow {cell.verdict} {name}"
        reach = draw_arrow(canvas, cell.verdict, side, x, y, hollow=hollow, label=label)
        if cell.count > 1:
            canvas.text((str(cell.count),), x + reach + 1.5, y - 1, size=SMALL_SIZE, color=TEXT)
    else:
        draw_words(canvas, cell.verdict or "figure", x, y, colour=TEXT)


def signs_used(cells: Sequence[DirectionCell]) -> tuple[Verdict, ...]:
    """Directions that an arrow shows, in the order of the legend."""
    shown = {cell.verdict for cell in cells}
    return tuple(verdict for verdict in _COLOURS if verdict in shown)
