"""Rows of judgements, and what the two pictures of them share: checks, the key of domains, words and table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from synth.errors import MethodError
from synth.plots import text
from synth.plots.canvas import Canvas
from synth.plots.forest.checks import texts
from synth.plots.forest.panel import NOT_JUDGED, Judgement, JudgementPanel, RowJudgements, check_panel, samples
from synth.plots.style import MARGIN, SMALL_SIZE

OVERALL: Final = "Overall"
"""Heading of the judgement of a row as a whole."""
_KEY_GAP: Final = 14.0  # points between the two columns of the key
_KEY_COLUMNS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedRow:
    """One study, or one result of a study, with what was judged of it.

    Attributes
    ----------
    label : str
        Name of the row.
    judgements : mapping of str to Judgement
        By heading of the panel's domains; a domain that is missing was not judged.
    overall : Judgement or None
        Of the row as a whole; None where the tool has no rule for one.
    group : str
        Sub-heading under which the row stands; groups keep the order in which they first come.
    """

    label: str
    judgements: RowJudgements
    overall: Judgement | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """Headings with the names of their domains, in columns: lines of each, and the room that they take."""

    columns: tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]
    heading: float
    width: float

    @property
    def height(self) -> float:
        """Points."""
        lines = (sum(len(words) for _, words in column) for column in self.columns)
        return text.text_height(max(lines, default=0), SMALL_SIZE)

    def draw(self, canvas: Canvas, top: float) -> None:
        """Below `top`, from the left margin."""
        for place, column in enumerate(self.columns):
            left, below = MARGIN + place * (self.width + _KEY_GAP), top
            for heading, words in column:
                canvas.text((heading,), left, below, size=SMALL_SIZE, bold=True)
                below += canvas.text(words, left + self.heading, below, size=SMALL_SIZE)


def check_rows(rows: object, panel: object, plot: str) -> tuple[JudgedRow, ...]:
    """The rows, those of one group together.

    Raises
    ------
    MethodError
        If there is no row or no panel, a row is none, has no label, or is judged in a domain that the panel lacks; if
        one look stands for two judgements.
    """
    if not isinstance(panel, JudgementPanel):
        raise MethodError(f"{plot}: the panel is {panel!r}; a JudgementPanel is expected")
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise MethodError(f"{plot}: rows {rows!r}; a list of JudgedRow is expected")
    for place, row in enumerate(rows, start=1):
        if not isinstance(row, JudgedRow):
            raise MethodError(f"{plot}: row number {place} is {row!r}; a JudgedRow is expected")
        _check_row(row, f"{plot}: row number {place}")
    if not rows:
        raise MethodError(f"{plot}: no row; at least one study that was judged is expected")
    heading = next(iter(panel.domains))
    given = [(f"row {row.label!r}", row.judgements) for row in rows]
    # The overall judgement is held against the others under any heading: one look has one meaning in all columns.
    given += [(f"row {row.label!r}", {heading: row.overall}) for row in rows if row.overall]
    check_panel(panel, given, plot=plot)
    if OVERALL in panel.domains.values():
        raise MethodError(f"{plot}: a domain is called {OVERALL!r}, as the judgement of the whole row is")
    groups = dict.fromkeys(row.group for row in rows)
    return tuple(row for group in groups for row in rows if row.group == group)


def _check_row(row: JudgedRow, name: str) -> None:
    for part, words in (("label", row.label), ("group", row.group)):
        if not isinstance(words, str):
            raise MethodError(f"{name} has the {part} {words!r}; a text is expected")
    if not row.label.strip():
        raise MethodError(f"{name} has no label")
    judged: object = row.judgements
    if not isinstance(judged, Mapping) or not all(isinstance(found, Judgement) for found in judged.values()):
        raise MethodError(f"{name} ({row.label}) has the judgements {judged!r}; a Judgement by heading is expected")
    if row.overall is not None and not isinstance(row.overall, Judgement):
        raise MethodError(f"{name} ({row.label}) has the overall judgement {row.overall!r}; a Judgement is expected")


def check_words(plot: str, words: Mapping[str, object], notes: object) -> tuple[str, ...]:
    """The notes, where every option is a text.

    Raises
    ------
    MethodError
        If one is not.
    """
    for name, given in words.items():
        if not isinstance(given, str):
            raise MethodError(f"{plot}: {name} is {given!r}; a text is expected")
    return texts("notes", notes)


def has_overall(rows: Sequence[JudgedRow]) -> bool:
    """Whether any row was judged as a whole."""
    return any(row.overall is not None for row in rows)


def overall_of(row: JudgedRow) -> Judgement:
    """Judgement of the whole row; `NOT_JUDGED` where there is none."""
    return row.overall or NOT_JUDGED


def shown_in(rows: Sequence[JudgedRow], panel: JudgementPanel) -> tuple[Judgement, ...]:
    """Every judgement that the rows show, from good to poor, then those that settle nothing."""
    heading = next(iter(panel.domains))
    whole = [{heading: overall_of(row)} for row in rows] if has_overall(rows) else []
    # A panel of one domain, so that nothing is added for domains that the overall judgement does not have.
    alone = JudgementPanel(title=panel.title, domains={heading: panel.domains[heading]})
    found = dict.fromkeys((*samples(panel, (row.judgements for row in rows)), *samples(alone, whole)))
    return samples(alone, ({heading: judgement} for judgement in found))


def check_meanings(plot: str, meanings: object) -> dict[str, str]:
    """What words of the legend mean, by the words.

    Raises
    ------
    MethodError
        If it is no mapping of texts.
    """
    if isinstance(meanings, Mapping):
        found = dict(meanings)
        if all(isinstance(said, str) for said in (*found, *found.values())):
            return found
    raise MethodError(f"{plot}: meanings {meanings!r}; a text by the words of a judgement is expected")


def with_meanings(found: Sequence[Judgement], meanings: Mapping[str, str]) -> tuple[Judgement, ...]:
    """Judgements as the legend shows them, with what their words mean where that is not plain."""
    return tuple(
        replace(item, words=f"{item.words} ({meanings[item.words]})") if item.words in meanings else item
        for item in found
    )


def meanings_in_words(found: Sequence[Judgement], meanings: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each judgement that is shown and whose words are not plain."""
    yield from (f"“{item.words}” means: {meanings[item.words]}." for item in found if item.words in meanings)


def key_of(panel: JudgementPanel, width: float) -> Key:
    """The key in columns that fit a width, points; entries run down the columns."""
    columns = _KEY_COLUMNS if len(panel.domains) > _KEY_COLUMNS else 1
    each = (width - (columns - 1) * _KEY_GAP) / columns
    heading = text.widest(tuple(map(text.printable, panel.domains)), SMALL_SIZE, bold=True) + 4
    entries = [
        (text.printable(short), text.wrap(words, each - heading, SMALL_SIZE)) for short, words in panel.domains.items()
    ]
    length = -(-len(entries) // columns)
    return Key(tuple(tuple(entries[start : start + length]) for start in range(0, len(entries), length)), heading, each)


def counted_words(found: Sequence[Judgement]) -> str:
    """How often each judgement was given: "3 low, 1 high"; the order is that of their tones."""
    order = samples(JudgementPanel(title="x", domains={"x": "x"}), ({"x": judgement} for judgement in found))
    return ", ".join(f"{list(found).count(judgement)} {judgement.words}" for judgement in order)


def domains_in_words(rows: Sequence[JudgedRow], panel: JudgementPanel) -> Iterator[str]:
    """A sentence for each domain, and one for the whole."""
    for heading, words in panel.domains.items():
        yield f"{heading} ({words}): {counted_words([panel.of(row.judgements)[heading] for row in rows])}."
    if has_overall(rows):
        yield f"{OVERALL}: {counted_words([overall_of(row) for row in rows])}."


def cell_records(rows: Sequence[JudgedRow], panel: JudgementPanel) -> pd.DataFrame:
    """One line for each cell: the rows from top to bottom, each from left to right."""
    records = []
    for row in rows:
        cells = [("judgement", heading, panel.domains[heading], found) for heading, found in _cells(row, panel)]
        cells += [("overall", OVERALL, "", overall_of(row))] if has_overall(rows) else []
        for kind, heading, domain, found in cells:
            records.append(
                {
                    "kind": kind,
                    "group": row.group,
                    "label": row.label,
                    "heading": heading,
                    "domain": domain,
                    "judgement": found.words,
                    "symbol": found.symbol,
                    "tone": found.tone,
                    "possible": ", ".join(found.possible),
                }
            )
    return pd.DataFrame.from_records(records).astype(str)


def _cells(row: JudgedRow, panel: JudgementPanel) -> Iterator[tuple[str, Judgement]]:
    yield from panel.of(row.judgements).items()
