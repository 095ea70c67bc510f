"""What is done with cells without events, as an explicit rule."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np

from synth.effects.columns import BoolArray, Columns, FloatArray, Kind
from synth.errors import MethodError

Where = Literal["only0", "all", "if0all", "none"]


@dataclass(frozen=True, slots=True)
class ZeroCells:
    """A rule for cells without events.

    Attributes
    ----------
    add : float
        Added to each cell (to the number of events only where the data are rates); 1/2 is usual.
    to : {"only0", "all", "if0all", "none"}
        To studies with an empty cell; to all studies; to all studies if any has an empty cell; to none.
    drop00 : bool
        Whether studies without events in both groups, or with nothing but events in both, are left out. They are named
        with their reason, never dropped in silence. For matched pairs: no event, or nothing but events, in any pair.

    Raises
    ------
    MethodError
        If `add` is negative or not finite, or `to` is unknown.

    References
    ----------
    Sweeting, Sutton and Lambert 2004, Statistics in Medicine 23:1351-1375, on what to add.
    """

    add: float = 0.5
    to: Where = "only0"
    drop00: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.add) and self.add >= 0):
            raise MethodError(f"zero cells: {self.add} cannot be added; a finite number from 0 is expected")
        if self.to not in get_args(Where):
            raise MethodError(f"zero cells: to {self.to!r}; one of {', '.join(get_args(Where))} is expected")

    def __str__(self) -> str:
        where = {
            "only0": "of studies with an empty cell",
            "all": "of all studies",
            "if0all": "of all studies if any study has an empty cell",
        }
        text = f"{self.add:g} added to the cells {where[self.to]}" if self.add and self.to in where else "nothing added"
        return text + ("; studies without, or with nothing but, events in both groups left out" * self.drop00)


@dataclass(frozen=True, slots=True)
class _Table:
    """How counts of one kind are laid out.

    `cells` lists what must not be 0, `shares` how often the number added enters each column, `same` marks the studies
    that say nothing of a difference, `added` is the mark of a corrected study.
    """

    cells: Callable[[Columns], list[FloatArray]]
    shares: dict[str, int]
    same: Callable[[Columns], BoolArray] | None
    added: str


def _two_groups(c: Columns) -> list[FloatArray]:
    events, controls = c["events_treated"], c["events_control"]
    return [events, c["total_treated"] - events, controls, c["total_control"] - controls]


def _same_in_groups(c: Columns) -> BoolArray:
    a, b, x, y = _two_groups(c)
    return np.asarray(((a == 0) & (x == 0)) | ((b == 0) & (y == 0)))


def _same_in_pairs(c: Columns) -> BoolArray:
    unequal = c["pairs_treated_only"] + c["pairs_control_only"]
    return np.asarray((c["pairs_both"] + unequal == 0) | (c["pairs_neither"] + unequal == 0))


def _no_events(c: Columns) -> BoolArray:
    return np.asarray((c["events_treated"] == 0) & (c["events_control"] == 0))


_PAIRS: Final = ("pairs_both", "pairs_treated_only", "pairs_control_only", "pairs_neither")
_TABLES: Final[dict[Kind, _Table]] = {
    "two-group counts": _Table(
        _two_groups,
        {"events_treated": 1, "total_treated": 2, "events_control": 1, "total_control": 2},
        _same_in_groups,
        "was added to each cell",
    ),
    "matched pairs": _Table(
        lambda c: [c[name] for name in _PAIRS], dict.fromkeys(_PAIRS, 1), _same_in_pairs, "was added to each cell"
    ),
    "one-group counts": _Table(
        lambda c: [c["events"], c["total"] - c["events"]],
        {"events": 1, "total": 2},
        None,
        "was added to those with and to those without the event",
    ),
    "two-group rates": _Table(
        lambda c: [c["events_treated"], c["events_control"]],
        {"events_treated": 1, "events_control": 1},
        _no_events,
        "was added to the events of each group",
    ),
    "one-group rates": _Table(lambda c: [c["events"]], {"events": 1}, None, "was added to the events"),
}


@dataclass(frozen=True, slots=True)
class Corrected:
    """Columns after a rule was applied.

    Attributes
    ----------
    columns : mapping of str to ndarray, shape (k,)
        With the number added; NaN for studies left out.
    added, dropped : ndarray of bool, shape (k,)
        Which studies were corrected, and which left out.
    mark : str
        What to show beside a corrected study.
    """

    columns: Columns
    added: BoolArray
    dropped: BoolArray
    mark: str


def apply_rule(kind: Kind, columns: Columns, rule: ZeroCells | None) -> Corrected:
    """Apply a rule for empty cells to the counts; without one they stay as they are.

    Parameters
    ----------
    kind : str
        Kind of data.
    columns : mapping of str to ndarray, shape (k,)
        Checked counts; NaN where missing.
    rule : ZeroCells or None
        None adds nothing and leaves nothing out.

    Raises
    ------
    MethodError
        If there is a rule and the data have no cells.
    """
    k = len(next(iter(columns.values())))
    none = np.zeros(k, dtype=np.bool_)
    if rule is None:
        return Corrected(columns, none, none, "")
    if (table := _TABLES.get(kind)) is None:
        raise MethodError(f"a rule for empty cells belongs to counts; {kind} have none")
    dropped = table.same(columns) if rule.drop00 and table.same is not None else none
    empty = np.logical_or.reduce([cell == 0 for cell in table.cells(columns)]) & ~dropped
    everywhere = rule.to == "all" or (rule.to == "if0all" and bool(empty.any()))
    added = ~dropped if everywhere else empty if rule.to == "only0" else none
    if rule.add == 0:
        added = none
    corrected = {
        name: np.where(dropped, np.nan, column + rule.add * table.shares.get(name, 0) * added)
        for name, column in columns.items()
    }
    return Corrected(corrected, added, dropped, f"{rule.add:g} {table.added}")


def empty_cell(kind: Kind, columns: Columns, row: int) -> str:
    """Why the counts of a study may not give an estimate: which cell is empty. Empty text if none is."""
    table = _TABLES.get(kind)
    figures = {name: column[row : row + 1] for name, column in columns.items()}
    if table is None or not any((cell == 0).all() for cell in table.cells(figures)):
        return ""
    if kind == "matched pairs":
        names = [name.removeprefix("pairs_").replace("_", " ") for name in _PAIRS if figures[name][0] == 0]
        return f"no pairs of a kind ({', '.join(names)})"
    empty = [bool((cell == 0).all()) for cell in table.cells(figures)]
    if kind == "one-group counts":
        return "no events" if empty[0] else "every participant has the event"
    if kind == "one-group rates":
        return "no events"
    without = empty[::2] if kind == "two-group counts" else empty
    unit = "arm" if kind == "two-group counts" else "group"
    if any(without):
        return f"no events in {_which(without, unit)}"
    return f"every participant of {_which(empty[1::2], unit, both='both')} has the event"


def _which(flags: list[bool], unit: str, both: str = "either") -> str:
    if all(flags):
        return f"both {unit}s" if both == "both" else f"either {unit}"
    return f"the {'treated' if flags[0] else 'control'} {unit}"
