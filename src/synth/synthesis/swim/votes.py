"""Directions counted over independent series: each group of people once, and never by a p value (rule 16).

Sources, as far as they could be read. Directions are counted whatever the size and the significance of the results, and
a sign test asks whether they are even (Cochrane Handbook 5.0.0, section 9.4.11, handbook-5-1.cochrane.org); counting by
significance is unacceptable (Handbook 6.3, key points of chapter 12, training.cochrane.org/handbook/archive/v6.3).
Significance has no part in making one direction of several results of a study either (Hilton Boon and Thomson 2021, Res
Synth Methods 12:29-33, abstract, eprints.gla.ac.uk/223430). Studies of different size do not have one probability of a
direction, as the binomial distribution has it (Nikolakopoulos 2020, Res Synth Methods 11:714-719, abstract).

Choices made here, each the stricter one: results of the same people count once and only where all agree; from before to
after there is no test; the interval is the exact one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from synth.effects.intervals import check_level
from synth.effects.proportions import Proportion, exact_proportion
from synth.effects.reported.printed import check_count
from synth.errors import MethodError
from synth.extraction.overlap import Overlap
from synth.synthesis.swim.rows import Reported, Verdict

#: Independent series from which directions are more than counted; a protocol may only be stricter (rule 16).
VOTE_FROM = 5

Kind = Literal["uncontrolled", "comparison"]


@dataclass(frozen=True)
class Group:
    """Studies that can share people, or one study by itself, with the one direction that they count for.

    Attributes
    ----------
    studies : tuple of str
        Sorted.
    verdict : str
        better, worse or no change where all their directions agree; conflicting where they do not; unclear where the
        protocol names no better end of any instrument.
    by_study : tuple of (str, str)
        Verdict of each study.
    overlaps : tuple of Overlap
        Why the studies count as one.
    """

    studies: tuple[str, ...]
    verdict: Verdict
    by_study: tuple[tuple[str, Verdict], ...]
    overlaps: tuple[Overlap, ...] = ()

    def __str__(self) -> str:
        return f"{' with '.join(self.studies)}: {self.verdict}"


@dataclass(frozen=True, kw_only=True)
class Vote:
    """Seen directions, counted.

    Attributes
    ----------
    kind : {"uncontrolled", "comparison"}
    groups : tuple of Group
        Independent groups of eligible series; a conflicting one counts for neither side.
    beside : tuple of Group
        Sources used for directions only. They are not counted: whether they share people with a series is not known.
    single_patients : tuple of Group
        Kept apart from series.
    vote_from : int
        Groups towards better or worse from which there is a share with an interval.
    level : float
        Of the interval, a proportion.
    independence_known : bool
        Whether it was examined which studies can share people.
    """

    kind: Kind
    groups: tuple[Group, ...]
    beside: tuple[Group, ...] = ()
    single_patients: tuple[Group, ...] = ()
    vote_from: int = VOTE_FROM
    level: float = 0.95
    independence_known: bool = True

    def __post_init__(self) -> None:
        check_level(self.level)
        if self.vote_from < VOTE_FROM:
            raise MethodError(f"vote_from = {self.vote_from}: at least {VOTE_FROM} is expected (rule 16)")

    def count(self, verdict: Verdict) -> int:
        """Independent groups with that verdict."""
        return sum(item.verdict == verdict for item in self.groups)

    @property
    def better(self) -> int:
        """Groups whose directions are all towards the better end."""
        return self.count("better")

    @property
    def worse(self) -> int:
        """Groups whose directions are all towards the worse end."""
        return self.count("worse")

    @property
    def no_change(self) -> int:
        """Groups in which nothing changed either way."""
        return self.count("no change")

    @property
    def conflicting(self) -> int:
        """Groups whose directions disagree."""
        return self.count("conflicting")

    @property
    def unclear(self) -> int:
        """Groups with a direction of which the protocol does not say whether it is better."""
        return self.count("unclear")

    @property
    def k(self) -> int:
        """Groups towards better or worse: what a share can be made of."""
        return self.better + self.worse

    @property
    def studies(self) -> int:
        """Eligible studies with a direction, before those that can share people are taken together."""
        return sum(len(item.studies) for item in self.groups)

    @property
    def proportion(self) -> Proportion | None:
        """Share of groups on the better side, with its exact interval; None below `vote_from` groups."""
        if self.k < self.vote_from or not self.independence_known:
            return None
        unit = "independent studies" if self.kind == "comparison" else "independent series"
        return exact_proportion(self.better, self.k, level=self.level, unit_of_analysis=unit)

    @property
    def p_value(self) -> float | None:
        """Two-sided exact sign test, of comparisons alone; None below `vote_from` groups and without a comparison.

        From before to after, regression to the mean alone pushes directions to one side: half and half is then no
        state of no effect, and a test of it would reject nothing of interest (rules 16 and 24).
        """
        if self.kind == "uncontrolled" or self.proportion is None:
            return None
        return sign_test(self.better, self.k)


def sign_test(better: int, k: int) -> float:
    """Two-sided exact p value of the hypothesis that either direction is equally likely in each study.

    Parameters
    ----------
    better, k : int
        Studies in one direction, and studies in either; those without a direction are left out beforehand.

    Returns
    -------
    float
        Twice the binomial probability of a split at least as uneven on this side; at most 1.

    Raises
    ------
    MethodError
        If the counts are impossible.
    """
    k = check_count(k, 1, "k, studies in either direction")
    better = check_count(better, 0, "better")
    if better > k:
        raise MethodError(f"sign test of {better} of {k}: at most {k} studies can have one direction")
    fewer = min(better, k - better)
    return min(1.0, 2 * sum(math.comb(k, index) for index in range(fewer + 1)) / (1 << k))


def together(verdicts: Iterable[Verdict]) -> Verdict:
    """The one verdict of several results of the same people: what all agree on, or conflicting.

    Results without a direction say nothing, and one of which the better end is not known says nothing against one of
    which it is.
    """
    found = {item for item in verdicts if item}
    known = found - {"unclear"}
    if not known:
        return "unclear" if found else ""
    return known.pop() if len(known) == 1 else "conflicting"


def vote_of(
    rows: Iterable[Reported],
    overlaps: Iterable[Overlap],
    *,
    kind: Kind = "uncontrolled",
    vote_from: int = VOTE_FROM,
    level: float = 0.95,
    independence_known: bool = True,
) -> Vote:
    """Count the directions of a direction table.

    Several instruments, times and arms of one study count once; so do studies that can share people, also where only
    a third study links them.

    Parameters
    ----------
    rows : iterable of Reported
    overlaps : iterable of Overlap
        Pairs of studies that can share people; those of studies without a direction link nothing.
    kind : {"uncontrolled", "comparison"}
    vote_from : int
        Groups from which there is a share; at least 5.
    level : float
        Of its interval, a proportion.
    independence_known : bool
        False where nobody looked for shared people: then directions are counted and nothing more.

    Raises
    ------
    MethodError
        If `vote_from` or the level is out of range.
    """
    seen = [item for item in rows if item.verdict]
    eligible = [item for item in seen if item.role == "synthesis"]
    series = _by_study(item for item in eligible if not item.single_patient)
    return Vote(
        kind=kind,
        groups=tuple(_groups(series, tuple(overlaps))),
        beside=tuple(_groups(_by_study(item for item in seen if item.role != "synthesis"), ())),
        single_patients=tuple(_groups(_by_study(item for item in eligible if item.single_patient), ())),
        vote_from=vote_from,
        level=level,
        independence_known=independence_known,
    )


def _by_study(rows: Iterable[Reported]) -> dict[str, Verdict]:
    found: dict[str, list[Verdict]] = {}
    for item in rows:
        found.setdefault(item.study_id, []).append(item.verdict)
    return {study: together(verdicts) for study, verdicts in sorted(found.items())}


def _groups(verdicts: Mapping[str, Verdict], overlaps: tuple[Overlap, ...]) -> Iterator[Group]:
    """Studies joined by overlaps, in the order of their first study."""
    links = [pair for pair in overlaps if pair.first in verdicts and pair.second in verdicts]
    group_of = {study: {study} for study in verdicts}
    for pair in links:
        joined = group_of[pair.first] | group_of[pair.second]
        for study in joined:
            group_of[study] = joined
    for study in verdicts:
        members = tuple(sorted(group_of[study]))
        if study == members[0]:
            own = tuple(pair for pair in links if pair.first in members)
            yield Group(members, together(verdicts[name] for name in members), _each(verdicts, members), own)


def _each(verdicts: Mapping[str, Verdict], members: tuple[str, ...]) -> tuple[tuple[str, Verdict], ...]:
    return tuple((name, verdicts[name]) for name in members)
