"""How many people stand behind a row: by what was counted, and as upper bounds where some may be counted twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from synth.certainty.summary.words import NOT_SEEN, counted
from synth.extraction.overlap import Overlap

if TYPE_CHECKING:
    import pandas as pd

#: Study and arm.
Arm = tuple[str, str]

# An arm that counts in several units stands in the first of these; they are never added to one another.
_FIRST = {"patients": 0, "hips": 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Units analysed.

    Attributes
    ----------
    by_unit : tuple of (str, int)
        What was counted and how many; units are never added to one another (rule 8 of the methods).
    at_most : bool
        Whether some may be counted twice (rule 12 of the methods).
    unseen : int
        Arms whose number was not seen.
    series : int
        Studies' arms that count.
    reports : int
        Studies of which only arms with single patients count.
    single_arms : int
        Those arms; they are among `series`.
    single_people : int
        Single patients in them.
    """

    by_unit: tuple[tuple[str, int], ...]
    at_most: bool
    unseen: int
    series: int
    reports: int = 0
    single_arms: int = 0
    single_people: int = 0

    def text(self, one: str = "series", many: str = "series") -> str:
        """Numbers by unit, and the number of series; single patients are no series, so their reports stand apart."""
        limit = "at most " if self.at_most else ""
        shown = [f"{limit}{_of_unit(number, unit)}" for unit, number in self.by_unit]
        if self.unseen:
            shown.append(f"n {NOT_SEEN} in {self.unseen}")
        told = "; ".join(shown) or "none"
        behind = [counted(self.series - self.single_arms, one, many)] if self.series > self.single_arms else []
        if self.reports:
            patients = "a single patient" if self.single_people == 1 else "single patients"
            behind.append(counted(self.reports, f"report of {patients}", f"reports of {patients}"))
        return f"{told} ({', '.join(behind) or counted(0, one, many)})"


def _of_unit(number: int, unit: str) -> str:
    return f"{number:,} (unit not stated)" if unit == "not stated" else counted(number, unit.removesuffix("s"))


def people_of(
    counted_in: Iterable[tuple[str, str, int | None, str]],
    arms: pd.DataFrame,
    overlaps: Sequence[Overlap],
    *,
    single: Collection[Arm] = (),
) -> People:
    """Units of some arms, each arm once: its largest number, in patients where they were counted, else hips.

    Parameters
    ----------
    counted_in : iterable of (str, str, int or None, str)
        Study, arm, n and what n counts; an arm may come several times (instruments, time points).
    arms : DataFrame
        Rows of arms.csv; of the arms of a study that declare an overlap with one another only the largest counts.
    overlaps : sequence of Overlap
        Pairs of studies whose people may be the same.
    single : collection of (str, str), optional
        Arms of which only single patients are known.
    """
    found: dict[Arm, dict[str, int]] = {}
    for study, arm, n, unit in counted_in:
        units = found.setdefault((study, arm), {})
        if n is not None:
            units[unit] = max(n, units.get(unit, 0))
    sizes = {arm: _size(units) for arm, units in found.items()}
    kept = _apart(sizes, _declared(arms))
    by_unit: dict[str, int] = {}
    for own in kept:
        unit, n = sizes[own]
        if unit:
            by_unit[unit] = by_unit.get(unit, 0) + n
    studies = {study for study, _ in kept}
    doubtful = any(pair.first in studies and pair.second in studies for pair in overlaps)
    unseen = sum(not sizes[own][0] for own in kept)
    alone = [own for own in kept if own in single]
    return People(
        by_unit=tuple(by_unit.items()),
        at_most=doubtful,
        unseen=unseen,
        series=len(kept),
        reports=len({study for study, _ in alone}),
        single_arms=len(alone),
        single_people=sum(sizes[own][1] for own in alone),
    )


def _size(units: dict[str, int]) -> tuple[str, int]:
    """The unit in which an arm stands, and its number; an empty unit where no number was seen."""
    if not units:
        return "", 0
    unit = min(units, key=lambda name: _FIRST.get(name, len(_FIRST)))
    return unit, units[unit]


def _declared(arms: pd.DataFrame) -> dict[Arm, set[Arm]]:
    """Arms of the same study with which an arm declares to overlap."""
    found: dict[Arm, set[Arm]] = {}
    for _, row in arms.iterrows():
        arm = (str(row["study_id"]), str(row["arm_id"]))
        for name in str(row["overlaps_with"]).split():
            study, _, other = name.partition("/")
            if study == arm[0]:
                found.setdefault(arm, set()).add((study, other))
    return found


def _apart(sizes: dict[Arm, tuple[str, int]], declared: dict[Arm, set[Arm]]) -> list[Arm]:
    """The arms without those whose people a larger arm of the study holds too, in the order given."""
    taken: set[Arm] = set()
    for arm in sorted(sizes, key=lambda item: -sizes[item][1]):
        if not declared.get(arm, set()) & taken:
            taken.add(arm)
    return [arm for arm in sizes if arm in taken]
