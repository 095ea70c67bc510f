"""Which groups of patients may be the same people, and how many patients there are at most.

Overlap that cannot be excluded blocks adding patients and pooling (rule 12 of the methods): declared overlaps, the same
study, a shared author, and authors that were not seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from synth.records import Record, Records
from synth.records.record import ET_AL, surname


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two studies that may share patients, and why that cannot be excluded."""

    first: str
    second: str
    reason: str

    def __str__(self) -> str:
        return f"{self.first} and {self.second}: {self.reason}"


def _surnames(record: Record) -> set[str]:
    return {surname(author).lower() for author in record.authors if author != ET_AL}


def _between(first: Record, second: Record) -> str:
    unseen = [record.id for record in (first, second) if not record.authors]
    if unseen:
        return f"the authors of {' and '.join(unseen)} were not seen"
    shared = sorted(_surnames(first) & _surnames(second))
    return f"a shared author name ({', '.join(name.title() for name in shared)})" if shared else ""


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
    record_of = dict(zip(studies["study_id"], studies["record_id"], strict=True))
    found = []
    for first, second in combinations(sorted(set(arms["study_id"])), 2):
        reason = "declared" if frozenset((first, second)) in declared else ""
        if not reason and not trust_declared:
            reason = _between(records[record_of[first]], records[record_of[second]])
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
        silent = self.arms - self.arms_stating
        return f"{number} ({silent} of {self.arms} do not state it)" if silent else number


def add_up(arms: pd.DataFrame, column: str, overlaps: Iterable[Overlap]) -> Total:
    """The sum of a count over arms, of each study's largest arm only where its own arms overlap."""
    own = arms["overlaps_with"].map(lambda cell: bool(str(cell)))
    kept = arms.sort_values(column, ascending=False, kind="stable")
    kept = kept[~(kept.duplicated("study_id") & own.loc[kept.index])].sort_index()
    seen = kept[kept[column].notna()]
    studies = set(seen["study_id"])
    doubtful = any(overlap.first in studies and overlap.second in studies for overlap in overlaps)
    return Total(int(seen[column].sum()), len(seen), len(kept), doubtful, tuple(seen["row"]))
