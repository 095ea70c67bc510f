"""Records by year of publication, as bars."""

from __future__ import annotations

import pandas as pd

from synth.errors import MethodError
from synth.plots.canvas import Canvas
from synth.plots.drawing import Drawing
from synth.plots.style import BLUE, GAP, MARGIN, MUTED, PAGE_WIDTH, SMALL_SIZE, TEXT_SIZE, drawing_settings

_HEIGHT, _BARS, _WIDEST = 150.0, 104.0, 26.0
#: Points for each digit of a number above its bar; where bars are too narrow for it only the highest has its number.
_DIGIT = 6.5


def years_plot(counts: pd.DataFrame, title: str) -> Drawing:
    """Bars of the number of records in each year, years without records included; what has no year stands last.

    Parameters
    ----------
    counts : pandas.DataFrame
        Columns year (text: a year, or what stands for none) and records (whole numbers above 0).
    title : str
        What is counted, such as "Hits".

    Returns
    -------
    Drawing
        Its data have a line for each bar: year and records.

    Raises
    ------
    MethodError
        If there are no records.
    """
    if counts.empty:
        raise MethodError(f"{title}: no records, so there is nothing to draw")
    bars = _bars(counts)
    with drawing_settings():
        canvas = Canvas(PAGE_WIDTH, _HEIGHT)
        _draw(canvas, bars)
    return Drawing(
        canvas.figure,
        title=f"{title} by year",
        alt_text=_alt_text(counts, title),
        data=pd.DataFrame(bars, columns=["year", "records"]),
    )


def _bars(counts: pd.DataFrame) -> list[tuple[str, int]]:
    """Each year from the first to the last with its number, and after them what has no year."""
    number = dict(zip(counts["year"].astype(str), counts["records"].astype(int), strict=True))
    years = sorted(int(name) for name in number if name.isdecimal())
    spread = [(str(year), number.get(str(year), 0)) for year in range(years[0], years[-1] + 1)] if years else []
    return spread + [(name, count) for name, count in number.items() if not name.isdecimal()]


def _draw(canvas: Canvas, bars: list[tuple[str, int]]) -> None:
    top, step = MARGIN + SMALL_SIZE + 4, (PAGE_WIDTH - 2 * MARGIN) / len(bars)
    width = min(step * 0.72, _WIDEST)
    highest = max(count for _, count in bars)
    every = max(1, -(-len(bars) * 34 // int(PAGE_WIDTH - 2 * MARGIN)))
    base = top + _BARS
    canvas.line((MARGIN, PAGE_WIDTH - MARGIN), (base, base))
    for place, (name, count) in enumerate(bars):
        middle = MARGIN + step * (place + 0.5)
        height = _BARS * count / highest
        if count:
            fill = BLUE if name.isdecimal() else MUTED
            canvas.box(middle - width / 2, base - height, width, height, fill=fill, label=f"{name}: {count}")
        if count and (step >= _DIGIT * len(f"{count:,}") or count == highest):
            canvas.text([f"{count:,}"], middle, base - height - SMALL_SIZE - 3, size=SMALL_SIZE, align="center")
        if not name.isdecimal() or (len(bars) - 1 - place) % every == 0:
            canvas.text([name], middle, base + GAP / 2, size=min(TEXT_SIZE, SMALL_SIZE), color=MUTED, align="center")


def _alt_text(counts: pd.DataFrame, title: str) -> str:
    total = int(counts["records"].sum())
    told = ", ".join(f"{year}: {count}" for year, count in zip(counts["year"], counts["records"], strict=True))
    return f"{title} by year of publication, {total} in all. {told}."
