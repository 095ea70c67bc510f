"""Rows of plots of directions: one study and outcome each, checked, and several instruments as one cell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Final, Literal, get_args

from synth.errors import MethodError
from synth.plots.text import printable

Status = Literal["figure", "direction only", "measured but not seen", "not mentioned"]
"""How an outcome was reported, as far as it was seen; the first two have something to show."""
Direction = Literal["higher", "lower", "no clear change", "mixed", ""]
Verdict = Literal["better", "worse", "no clear change", "mixed", "higher", "lower", "unclear", ""]
"""A direction read with what is better.

Where that is not known "higher" and "lower", or "unclear" where instruments differ in that; "" where none was seen.
"""

SHOWN: Final = ("figure", "direction only")
_SYMBOLS: Final = "†‡§¶"


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectionRow:
    """The direction that one study shows for one outcome by one instrument or more.

    Attributes
    ----------
    label : str
        The study, or the arm of a study; rows of one label stand together.
    outcome : str
    status : {"figure", "direction only", "measured but not seen", "not mentioned"}
        A figure was seen; a direction only, in words or of a source used for nothing else; the text says that it was
        measured, or names it; the text says nothing of it.
    direction : {"higher", "lower", "no clear change", "mixed", ""}
        Of the value after against before, or with against without; empty where none was seen.
    better : {"higher", "lower"} or None
        Which of them is better; None where that is not known.
    n : int or None
        How many were followed; None where that was not seen.
    unit : str
        What `n` counts: "patients", "hips".
    single_patient : bool
        One patient's own course, and no series.
    design, depth : str
        Of the study, and how far its text was read, in words.
    instruments : tuple of str
        By what the outcome was measured.
    mark : str
        What a reader must know of this row; a sign leads to it. Empty for none.
    height, fill : str
        One of the words that a harvest plot was given for its heights and fills.

    Raises
    ------
    MethodError
        If a text is missing, a word is none of these, or two of them cannot go together; the row is named.
    """

    label: str
    outcome: str
    status: Status
    direction: Direction = ""
    better: Literal["higher", "lower"] | None = None
    n: int | None = None
    unit: str = "patients"
    single_patient: bool = False
    design: str = ""
    depth: str = ""
    instruments: tuple[str, ...] = ()
    mark: str = ""
    height: str = ""
    fill: str = ""

    def __post_init__(self) -> None:
        for problem in (*_wrong_texts(self), *_wrong_words(self), *_wrong_numbers(self)):
            raise MethodError(f"row {self.label!r}, outcome {self.outcome!r}: {problem}")

    @property
    def verdict(self) -> Verdict:
        """The direction read with what is better."""
        if self.direction == "higher" or self.direction == "lower":
            return self.direction if self.better is None else "better" if self.direction == self.better else "worse"
        return self.direction


@dataclass(frozen=True, slots=True)
class DirectionCell:
    """What one study shows for one outcome, over all its instruments.

    Attributes
    ----------
    rows : tuple of DirectionRow
        At least one, all of one label and outcome.
    """

    rows: tuple[DirectionRow, ...]

    @property
    def label(self) -> str:
        """The study."""
        return self.rows[0].label

    @property
    def outcome(self) -> str:
        """The outcome."""
        return self.rows[0].outcome

    @property
    def single_patient(self) -> bool:
        """Whether it is one patient's own course."""
        return self.rows[0].single_patient

    @property
    def status(self) -> Status:
        """The fullest status of the rows with a direction, or of all where none has one."""
        return min((row.status for row in self.directed or self.rows), key=get_args(Status).index)

    @property
    def directed(self) -> tuple[DirectionRow, ...]:
        """Rows with a direction."""
        return tuple(row for row in self.rows if row.direction)

    @property
    def verdict(self) -> Verdict:
        """The one direction that all its instruments show; "mixed" where they differ.

        An instrument of which it is not known what is better says nothing against one of which it is.
        """
        found = {row.verdict for row in self.directed}
        known = found - {"higher", "lower"}
        if known:
            return known.pop() if len(known) == 1 else "mixed"
        return "" if not found else found.pop() if len(found) == 1 else "unclear"

    @property
    def instruments(self) -> tuple[str, ...]:
        """By what the shown direction was measured."""
        shown = self.directed or self.rows
        return tuple(dict.fromkeys(name for row in shown for name in row.instruments))

    @property
    def count(self) -> int:
        """How many instruments show a direction; a row that names none counts as one."""
        named = {name for row in self.directed for name in row.instruments}
        return len(named) + sum(not row.instruments for row in self.directed)

    @property
    def n(self) -> int | None:
        """The largest number behind its directions, or of its rows where it has none."""
        return max((row.n for row in self.directed or self.rows if row.n is not None), default=None)

    @property
    def unit(self) -> str:
        """What `n` counts."""
        return next((row.unit for row in self.directed or self.rows if row.n == self.n), self.rows[0].unit)

    @property
    def marks(self) -> tuple[str, ...]:
        """The remarks of its rows."""
        return tuple(dict.fromkeys(row.mark for row in self.rows if row.mark))

    @property
    def kind(self) -> str:
        """Single patient, or report: one that gives no number of patients is not known to be a series."""
        return "single patient" if self.single_patient else "report"

    def words_of(self, name: str) -> str:
        """One of design, depth, height and fill: what its rows say, each once."""
        return "; ".join(dict.fromkeys(filter(None, (getattr(row, name) for row in self.rows))))


def cells_of(rows: Sequence[DirectionRow]) -> tuple[DirectionCell, ...]:
    """Rows of one study and outcome as one cell, in the order in which they first come.

    Instruments are condensed by one rule: all that show a direction must show the same one, else the cell is mixed.

    Raises
    ------
    MethodError
        If there is no row, one is no DirectionRow, or rows of one label are both a series and a single patient.
    """
    if not rows:
        raise MethodError("no study and no outcome: there is nothing to draw")
    found: dict[tuple[str, str], list[DirectionRow]] = {}
    kinds: dict[str, bool] = {}
    for row in rows:
        if not isinstance(row, DirectionRow):
            raise MethodError(f"{row!r}: a DirectionRow is expected")
        if kinds.setdefault(row.label, row.single_patient) is not row.single_patient:
            raise MethodError(f"row {row.label!r}: a series and a single patient; a label for each is expected")
        found.setdefault((row.label, row.outcome), []).append(row)
    return tuple(DirectionCell(tuple(some)) for some in found.values())


def symbols_of(cells: Iterable[DirectionCell]) -> dict[str, str]:
    """The sign of each remark: daggers, and numbers where these run out."""
    marks = dict.fromkeys(mark for cell in cells for mark in cell.marks)
    return {mark: _SYMBOLS[place] if place < len(_SYMBOLS) else f"({place + 1})" for place, mark in enumerate(marks)}


def size_words(cell: DirectionCell) -> str:
    """How many were followed, in words."""
    if cell.single_patient:
        return "one patient"
    return "n not seen" if cell.n is None else f"{cell.n} {cell.unit}".strip()


def counted_words(cells: Sequence[DirectionCell]) -> str:
    """How many of some cells are single patients, and how many other reports: "3 reports, 1 single patient"."""
    cases = sum(cell.single_patient for cell in cells)
    counts = ((len(cells) - cases, "report"), (cases, "single patient"))
    parts = (f"{count} {word}{'' if count == 1 else 's'}" if count else "" for count, word in counts)
    return ", ".join(filter(None, parts)) or "none"


def record_of(cell: DirectionCell) -> dict[str, object]:
    """A cell as a line of the table of what is drawn."""
    return {
        "kind": cell.kind,
        "outcome": cell.outcome,
        "label": cell.label,
        "status": cell.status,
        "direction": "; ".join(dict.fromkeys(row.direction for row in cell.directed)),
        "shows": cell.verdict,
        "instruments": "; ".join(cell.instruments),
        "instruments_shown": cell.count,
        "n": cell.n,
        "unit": cell.unit,
        "design": cell.words_of("design"),
        "depth": cell.words_of("depth"),
        "mark": " ".join(cell.marks),
    }


def _wrong_texts(row: DirectionRow) -> Iterator[str]:
    for name in ("label", "outcome", "unit", "design", "depth", "mark", "height", "fill"):
        value = getattr(row, name)
        if not isinstance(value, str):
            yield f"{name} {value!r}; a text is expected"
        elif name in ("label", "outcome") and not printable(value):
            yield f"{name} is empty; a text is expected"
    given: object = row.instruments
    if not isinstance(given, tuple) or not all(isinstance(name, str) and name for name in given):
        yield f"instruments {row.instruments!r}; a tuple of names is expected"


def _wrong_words(row: DirectionRow) -> Iterator[str]:
    if row.status not in get_args(Status):
        yield f"status {row.status!r}; one of {', '.join(get_args(Status))} is expected"
    if row.direction not in get_args(Direction):
        yield f"direction {row.direction!r}; one of {', '.join(filter(None, get_args(Direction)))} is expected, or none"
    if row.better not in ("higher", "lower", None):
        yield f"better {row.better!r}; 'higher', 'lower' or None is expected"
    if row.status not in SHOWN and row.direction:
        yield f"{row.status}, and a direction ({row.direction}); none is expected"
    if row.status == "direction only" and not row.direction:
        yield "direction only, and no direction; one is expected"


def _wrong_numbers(row: DirectionRow) -> Iterator[str]:
    single: object = row.single_patient
    number: object = row.n
    if not isinstance(single, bool):
        yield f"single_patient {single!r}; True or False is expected"
    if number is None:
        return
    if isinstance(number, bool) or not isinstance(number, Integral) or int(number) < 1:
        yield f"n = {number!r}; a whole number from 1 is expected"
    elif single and number != 1:
        yield f"one patient and n = {number}; n = 1 is expected"
