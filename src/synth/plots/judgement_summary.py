"""Summaries of judgements: for each domain a bar of the share of studies, or of weight, with each judgement."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import pandas as pd

from synth.effects.intervals import is_number
from synth.errors import MethodError
from synth.plots import text
from synth.plots.canvas import Canvas
from synth.plots.chart.points import counted, joined
from synth.plots.drawing import Drawing
from synth.plots.forest.panel import LOOKS, Judgement, JudgementPanel, draw_ground, draw_samples, sample_lines
from synth.plots.judged_rows import (
    OVERALL,
    JudgedRow,
    check_meanings,
    check_rows,
    check_words,
    has_overall,
    meanings_in_words,
    overall_of,
    shown_in,
    with_meanings,
)
from synth.plots.style import GAP, MARGIN, MUTED, PAGE_WIDTH, RULE, SMALL_SIZE, TEXT, TITLE_SIZE, drawing_settings

__all__ = ["judgement_summary"]

_PLOT: Final = "Summary of judgements"
_LABEL_WIDTHS: Final = (90.0, 170.0)
_BAR: Final = 15.0  # height of a bar, points
_GAP: Final = 2.0  # between a bar and its words
_BETWEEN: Final = 8.0
_APART: Final = 8.0  # more room above the bar of the whole
_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_SAMPLE_HEIGHT: Final = 16.0
_SLACK: Final = 5.0  # room around words inside a part of a bar, points


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a bar: a judgement with how many rows, and which shares of rows and of weight, have it."""

    judgement: Judgement
    count: int
    of_rows: float
    of_weight: float | None
    start: float

    @property
    def share(self) -> float:
        """What its length shows."""
        return self.of_rows if self.of_weight is None else self.of_weight

    @property
    def words(self) -> str:
        """For the line below the bar."""
        if self.of_weight is None:
            return f"{self.count} {self.judgement.words}"
        return f"{self.judgement.words} {_percent(self.of_weight)} ({self.count})"


@dataclass(frozen=True, slots=True)
class _Bar:
    """A bar with its parts from good to poor, and its words broken to fit."""

    heading: str
    domain: str
    parts: tuple[_Part, ...]
    label: tuple[str, ...]
    words: tuple[str, ...]
    top: float

    @property
    def height(self) -> float:
        below = _BAR + _GAP + text.text_height(len(self.words), SMALL_SIZE)
        return max(below, text.text_height(len(self.label), SMALL_SIZE)) + _BETWEEN


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    title: tuple[str, ...]
    bars: tuple[_Bar, ...]
    left: float
    axis: str
    samples: tuple[tuple[Judgement, ...], ...]
    notes: tuple[tuple[str, ...], ...]

    @property
    def width(self) -> float:
        """Of the longest bar, points."""
        return PAGE_WIDTH - MARGIN - GAP - self.left

    @property
    def bars_top(self) -> float:
        return MARGIN + text.text_height(len(self.title), TITLE_SIZE) + 6

    @property
    def axis_top(self) -> float:
        return self.bars_top + self.bars[-1].top + self.bars[-1].height

    @property
    def height(self) -> float:
        axis = 4 + text.text_height(2, SMALL_SIZE) + 6
        notes = text.text_height(sum(map(len, self.notes)), SMALL_SIZE) + (4 if self.notes else 0)
        return self.axis_top + axis + len(self.samples) * _SAMPLE_HEIGHT + notes + MARGIN


def judgement_summary(
    rows: Sequence[JudgedRow],
    panel: JudgementPanel,
    *,
    weights: Sequence[float] | None = None,
    title: str = "",
    notes: Sequence[str] = (),
    meanings: Mapping[str, str] = MappingProxyType({}),
    counts: tuple[str, str] = ("study", "studies"),
) -> Drawing:
    """How judgements share out in each domain, as stacked bars with the counts below them.

    Parameters
    ----------
    rows : sequence of JudgedRow
    panel : JudgementPanel
        What was judged; the judgement of the whole, where rows have one, is a bar set apart.
    weights : sequence of float, optional
        Of each row, at least 0, in any unit; bars then show shares of their sum, and the title says so. A row outside
        the pool has the weight 0.
    title : str
        Heading inside the picture, such as the tool; what the bars show is added to it.
    meanings : mapping of str to str
        What words of a judgement mean where that is not plain, by the words; the legend says it.
    notes : sequence of str
        Lines below the plot.
    counts : (str, str)
        What one row is, and several are.

    Returns
    -------
    Drawing
        Its data have a line for each part of a bar: count, share of rows, share of weight.

    Raises
    ------
    MethodError
        As for `traffic_light`; if there is not one weight a row, or a weight is no number, below 0, or none above 0.

    Notes
    -----
    The form is that of robvis' summary plot (github.com/mcguinlu/robvis, R/rob_summary.R, read as stored), whose bars
    carry no numbers, and are weighted by default without a word on the picture.
    """
    remarks = check_words(_PLOT.lower(), {"title": title, "one": counts[0], "several": counts[1]}, notes)
    found = check_rows(rows, panel, _PLOT.lower())
    given = None if weights is None else _weights(rows, found, weights)
    many = counted(len(found), *counts)
    shows = f"share of {many}" if given is None else f"share of weight ({many})"
    heading = f"{title or panel.title}: {shows}"
    meant = check_meanings(_PLOT.lower(), meanings)
    page = _page(found, panel, given, heading, shows, remarks, meant)
    with drawing_settings():
        canvas = Canvas(PAGE_WIDTH, page.height)
        _draw(canvas, page)
    meant_words = meanings_in_words(shown_in(found, panel), meant)
    words = joined([f"{_PLOT}. {heading}.", *_in_words(page.bars, len(found)), *meant_words, *remarks])
    return Drawing(canvas.figure, title=text.printable(f"{_PLOT}: {heading}"), alt_text=words, data=_data(page.bars))


def _weights(rows: Sequence[JudgedRow], ordered: Sequence[JudgedRow], weights: object) -> tuple[float, ...]:
    """Shares of the sum, in the order in which the rows stand."""
    name = _PLOT.lower()
    if not isinstance(weights, Sequence) or isinstance(weights, str) or len(weights) != len(rows):
        raise MethodError(f"{name}: weights {weights!r}; {len(rows)} are expected, one a row")
    for row, weight in zip(rows, weights, strict=True):
        if not is_number(weight) or weight < 0:
            raise MethodError(f"{name}: {row.label!r} has the weight {weight!r}; a number of at least 0 is expected")
    total = math.fsum(weights)
    if total <= 0:
        raise MethodError(f"{name}: every weight is 0; one above 0 is expected")
    shares = {id(row): float(weight) / total for row, weight in zip(rows, weights, strict=True)}
    return tuple(shares[id(row)] for row in ordered)


def _page(
    rows: Sequence[JudgedRow],
    panel: JudgementPanel,
    weights: Sequence[float] | None,
    heading: str,
    shows: str,
    notes: Sequence[str],
    meanings: Mapping[str, str],
) -> _Page:
    inner = PAGE_WIDTH - 2 * MARGIN
    names = {short: f"{short} {words}" for short, words in panel.domains.items()} | (
        {OVERALL: OVERALL} if has_overall(rows) else {}
    )
    wished = max(text.text_width(text.printable(name), SMALL_SIZE) for name in names.values())
    label = min(max(wished, _LABEL_WIDTHS[0]), _LABEL_WIDTHS[1])
    left = MARGIN + label + GAP
    bars: list[_Bar] = []
    top = 0.0
    for short, name in names.items():
        whole = short == OVERALL and short not in panel.domains
        given = [overall_of(row) if whole else panel.of(row.judgements)[short] for row in rows]
        parts = tuple(_parts(given, shown_in(rows, panel), weights))
        words = _broken([part.words for part in parts], PAGE_WIDTH - MARGIN - GAP - left)
        lines = text.wrap(name, label, SMALL_SIZE, bold=whole)
        top += _APART if whole else 0.0
        bars.append(_Bar(short, "" if whole else panel.domains[short], parts, lines, words, top))
        top += bars[-1].height
    return _Page(
        title=text.wrap(heading, inner, TITLE_SIZE, bold=True),
        bars=tuple(bars),
        left=left,
        axis=f"{shows[:1].upper()}{shows[1:]}",
        samples=sample_lines(with_meanings(shown_in(rows, panel), meanings), inner),
        notes=tuple(text.wrap(note, inner, SMALL_SIZE) for note in notes if note),
    )


def _parts(given: Sequence[Judgement], order: Sequence[Judgement], weights: Sequence[float] | None) -> Iterator[_Part]:
    start = 0.0
    for judgement in order:
        rows = [index for index, found in enumerate(given) if found == judgement]
        if not rows:
            continue
        of_weight = None if weights is None else math.fsum(weights[index] for index in rows)
        part = _Part(judgement, len(rows), len(rows) / len(given), of_weight, start)
        start += part.share
        yield part


def _broken(parts: Sequence[str], width: float) -> tuple[str, ...]:
    """Parts with commas between them; a line ends inside a part only where the part is wider than a line."""
    ended = [f"{part}," for part in parts[:-1]] + list(parts[-1:])
    return text.wrap(" ".join(text.together(part, width, SMALL_SIZE) for part in ended), width, SMALL_SIZE)


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _in_words(bars: Sequence[_Bar], k: int) -> Iterator[str]:
    for bar in bars:
        parts = []
        for part in bar.parts:
            size = f"{part.count} of {k}, {_percent(part.of_rows)}"
            weight = "" if part.of_weight is None else f"{_percent(part.of_weight)} of the weight, "
            parts.append(f"{part.judgement.words} {weight}{size}")
        yield f"{bar.heading}{f' ({bar.domain})' if bar.domain else ''}: {'; '.join(parts)}."


def _data(bars: Sequence[_Bar]) -> pd.DataFrame:
    records = [
        {
            "kind": "bar" if bar.domain else "overall",
            "heading": bar.heading,
            "domain": bar.domain,
            "judgement": part.judgement.words,
            "symbol": part.judgement.symbol,
            "tone": part.judgement.tone,
            "count": part.count,
            "share_of_rows": part.of_rows,
            "share_of_weight": math.nan if part.of_weight is None else part.of_weight,
            "from": part.start,
            "to": part.start + part.share,
        }
        for bar in bars
        for part in bar.parts
    ]
    return pd.DataFrame.from_records(records)


def _draw(canvas: Canvas, page: _Page) -> None:
    canvas.text(page.title, MARGIN, MARGIN, size=TITLE_SIZE, bold=True)
    for tick in _TICKS:
        x = page.left + tick * page.width
        canvas.line((x, x), (page.axis_top, page.axis_top + 3), color=TEXT, label="tick")
        top = page.axis_top + 4
        canvas.text((f"{100 * tick:g}%",), x, top, size=SMALL_SIZE, align="center")
    canvas.line((page.left, page.left + page.width), (page.axis_top, page.axis_top), color=TEXT, label="axis")
    axis = text.wrap(page.axis, page.width + GAP, SMALL_SIZE, max_lines=1)
    top = page.axis_top + 4 + text.text_height(1, SMALL_SIZE)
    canvas.text(axis, page.left + page.width / 2, top, size=SMALL_SIZE, color=MUTED, align="center")
    for bar in page.bars:
        _draw_bar(canvas, page, bar)
    top += text.text_height(1, SMALL_SIZE) + 6
    top += draw_samples(canvas, page.samples, MARGIN, top, width=PAGE_WIDTH - 2 * MARGIN, height=_SAMPLE_HEIGHT)
    top += 4
    for lines in page.notes:
        top += canvas.text(lines, MARGIN, top, size=SMALL_SIZE, color=MUTED)


def _draw_bar(canvas: Canvas, page: _Page, bar: _Bar) -> None:
    top = page.bars_top + bar.top
    whole = not bar.domain
    if whole:
        ys = (top - _APART / 2 - _BETWEEN / 2, top - _APART / 2 - _BETWEEN / 2)
        canvas.line((MARGIN, PAGE_WIDTH - MARGIN), ys, color=RULE, label="overall rule")
    canvas.text(bar.label, MARGIN, top + 1, size=SMALL_SIZE, bold=whole)
    for part in bar.parts:
        if part.share > 0:
            _draw_part(canvas, page, bar, part, top + _BAR / 2)
    canvas.text(bar.words, page.left, top + _BAR + _GAP, size=SMALL_SIZE, color=TEXT)


def _draw_part(canvas: Canvas, page: _Page, bar: _Bar, part: _Part, middle: float) -> None:
    found, left, width = part.judgement, page.left + part.start * page.width, part.share * page.width
    label = f"bar {bar.heading}: {found.words}"
    strip = draw_ground(canvas, found, left, middle, width=width, height=_BAR, label=label)
    symbol = text.printable(found.symbol)
    for words in (f"{symbol} {part.count}", symbol):
        if text.text_width(words, SMALL_SIZE, bold=True) + _SLACK <= width:
            top = middle - strip / 2 - text.text_height(1, SMALL_SIZE) / 2
            colour = LOOKS[found.tone][1]
            canvas.text((words,), left + width / 2, top, size=SMALL_SIZE, bold=True, color=colour, align="center")
            return
