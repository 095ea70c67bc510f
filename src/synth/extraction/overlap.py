"""Which groups of patients may be the same people, and how many patients there are at most.

Overlap that cannot be excluded blocks adding patients and pooling (rule 12 of the methods): declared overlaps, a shared
author, authors that were not all seen, and one centre at times that do not exclude it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from synth.records import Record, Records
from synth.records.record import ET_AL, surname

DECLARED, SHARED_AUTHOR, SAME_CENTRE = "declared", "a shared author name", "the same centre"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two studies that may share patients, and why that cannot be excluded."""

    first: str
    second: str
    reason: str

    def __str__(self) -> str:
        return f"{self.first} and {self.second}: {self.reason}"

    @property
    def kind(self) -> str:
        """The reason without names, for counting."""
        if self.reason == DECLARED:
            return "declared"
        if self.reason.startswith(SHARED_AUTHOR):
            return "a shared author"
        return "one centre" if self.reason.startswith(SAME_CENTRE) else "authors not all seen"


def _surnames(record: Record) -> set[str]:
    return {surname(author).lower() for author in record.authors if author != ET_AL}


def _between(first: Record, second: Record) -> str:
    unseen = [record.id for record in (first, second) if not record.authors]
    if unseen:
        return f"the authors of {' and '.join(unseen)} were not seen"
    shared = sorted(_surnames(first) & _surnames(second))
    if shared:
        return f"{SHARED_AUTHOR} ({', '.join(name.title() for name in shared)})"
    in_part = [record.id for record in (first, second) if ET_AL in record.authors]
    return f"only some authors of {' and '.join(in_part)} were seen" if in_part else ""


def _years(study: pd.Series) -> tuple[int, int] | None:
    """First and last year of recruitment, where both were seen."""
    found = [re.search(r"\b\d{4}\b", str(study[name])) for name in ("recruited_from", "recruited_to")]
    years = [int(match.group()) for match in found if match]
    return (years[0], years[1]) if len(years) == 2 else None


def _same_place(first: pd.Series, second: pd.Series) -> str:
    centre = str(first["centre"]).strip()
    if not centre or centre.casefold() != str(second["centre"]).strip().casefold():
        return ""
    one, other = _years(first), _years(second)
    if one is not None and other is not None and (one[1] < other[0] or other[1] < one[0]):
        return ""
    return f"{SAME_CENTRE} ({centre}), at times that were not seen to be apart"


def possible_overlaps(
    arms: pd.DataFrame, studies: pd.DataFrame, records: Records, *, trust_declared: bool
) -> list[Overlap]:
    """Pairs of studies, among those of the given arms, whose patients may be the same.

    Parameters
    ----------
    arms, studies : DataFrame
        Rows of the extraction tables.
    records : Records
        For the authors.
    trust_declared : bool
        Take the arms' own declarations as complete (the protocol says why).

    Returns
    -------
    list of Overlap
        Sorted by study id; empty where every pair is independent as far as the rule can tell.
    """
    declared = {
        frozenset((str(arm["study_id"]), other.split("/")[0]))
        for _, arm in arms.iterrows()
        for other in str(arm["overlaps_with"]).split()
    }
    study_of = {str(study["study_id"]): study for _, study in studies.iterrows()}
    found = []
    for first, second in combinations(sorted(set(arms["study_id"])), 2):
        reason = DECLARED if frozenset((first, second)) in declared else ""
        if not reason and not trust_declared:
            one, other = study_of[first], study_of[second]
            reason = _between(records[str(one["record_id"])], records[str(other["record_id"])])
            reason = reason or _same_place(one, other)
        if reason:
            found.append(Overlap(first, second, reason))
    return found


@dataclass(frozen=True, slots=True)
class Total:
    """A sum over arms that keeps what is unknown.

    Attributes
    ----------
    stated : int
        Sum of the numbers that were seen.
    arms_stating, arms : int
        How many arms give one, of how many.
    at_most : bool
        Whether overlap that cannot be excluded makes the sum an upper bound of the stated numbers.
    rows : tuple of str
        The rows added up.
    """

    stated: int
    arms_stating: int
    arms: int
    at_most: bool
    rows: tuple[str, ...]

    def __str__(self) -> str:
        if not self.arms_stating:
            return "not stated"
        number = f"at most {self.stated}" if self.at_most and self.arms_stating > 1 else str(self.stated)
        if self.arms_stating == self.arms:
            return number
        return f"{number} in the {self.arms_stating} of {self.arms} groups that state it"


def add_up(arms: pd.DataFrame, column: str, overlaps: Iterable[Overlap]) -> Total:
    """The sum of a count over arms; of the arms of a study that overlap with one another only the largest counts."""
    largest_first = arms.sort_values(column, ascending=False, kind="stable")
    dropped: list[object] = []
    taken: set[str] = set()
    for index, arm in largest_first.iterrows():
        name = f"{arm['study_id']}/{arm['arm_id']}"
        within = {other for other in str(arm["overlaps_with"]).split() if other.split("/")[0] == arm["study_id"]}
        if within & taken:
            dropped.append(index)
        else:
            taken.add(name)
    kept = arms.drop(index=dropped)
    seen = kept[kept[column].notna()]
    studies = set(seen["study_id"])
    doubtful = any(overlap.first in studies and overlap.second in studies for overlap in overlaps)
    return Total(int(seen[column].sum()), len(seen), len(kept), doubtful, tuple(seen["row"]))
