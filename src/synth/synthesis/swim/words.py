"""What a count of directions says, and what it cannot say, in sentences that claim no more (rules 16, 23 and 24)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from synth.synthesis.swim.rows import Reported, Status
from synth.synthesis.swim.votes import Group, Vote

if TYPE_CHECKING:
    from synth.synthesis.swim.answer import SwimAnswer

#: What stands beside every change without a comparison group (rule 24).
UNCONTROLLED = (
    "There is no comparison group: regression to the mean, the natural course, other care and entry at the worst point "
    "can each push directions to one side."
)
NO_TEST = (
    "No test is made: without a comparison group regression to the mean alone can push directions to one side, so that "
    "half and half would not be a state of no effect."
)
TEST_MEANING = (
    "A small p value speaks against directions being even; it says nothing of the size of an effect in any study."
)


def number_of(count: int, one: str, several: str = "") -> str:
    """A count with its noun."""
    return f"{count} {one if count == 1 else several or one + 's'}"


def vote_sentences(vote: Vote) -> Iterator[str]:
    """What the count comes to, from the groups to what stands beside them."""
    things = ("study", "studies") if vote.kind == "comparison" else ("series", "series")
    if not vote.groups:
        yield f"No direction was seen in an eligible {things[0]}."
    else:
        yield _counted(vote, things)
        yield from _shared(vote)
        yield from _beyond_counts(vote)
    if vote.beside:
        sources = number_of(len(vote.beside), "source used for directions only", "sources used for directions only")
        yield f"Not counted: {sources} ({_listed(vote.beside)})."
    if vote.single_patients:
        single = number_of(len(vote.single_patients), "report of a single patient", "reports of single patients")
        yield f"Kept apart: {single} ({_listed(vote.single_patients)})."


def _counted(vote: Vote, things: tuple[str, str]) -> str:
    parts = [f"{vote.better} better", f"{vote.worse} worse"]
    rest = (
        (vote.no_change, "no change"),
        (vote.conflicting, "conflicting within"),
        (vote.unclear, "with no better end named"),
    )
    parts += [f"{count} {words}" for count, words in rest if count]
    seen = number_of(vote.studies, f"eligible {things[0]}", f"eligible {things[1]}")
    if len(vote.groups) == vote.studies:
        return f"Seen direction, {seen}: {', '.join(parts)}."
    return (
        f"Seen direction, {seen}, counted as {len(vote.groups)} because some can be of the same people: "
        f"{', '.join(parts)}."
    )


def _shared(vote: Vote) -> Iterator[str]:
    for group in vote.groups:
        if len(group.studies) > 1:
            yield f"{_and(group.studies)} can share people and count once ({group.verdict})."


def _beyond_counts(vote: Vote) -> Iterator[str]:
    if not vote.independence_known:
        yield "Which studies can share people was not examined: directions are counted, and nothing more."
        return
    share = vote.proportion
    if share is None:
        yield (
            f"With fewer than {vote.vote_from} independent directions towards better or worse, directions are counted, "
            "and nothing more: no share, no interval, no test."
        )
        return
    low, high = (f"{100 * limit:.1f}%" for limit in share.interval)
    yield (
        f"On the better side: {share.events} of {share.total} {share.unit_of_analysis}, {100 * share.estimate:.1f}% "
        f"(exact {100 * share.level:g}% interval {low} to {high})."
    )
    if vote.p_value is None:
        yield NO_TEST
    else:
        yield f"Exact sign test, two-sided: p = {vote.p_value:.3g}. {TEST_MEANING}"


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _listed(groups: Iterable[Group]) -> str:
    return "; ".join(str(item) for item in groups)


def limits_of(answer: SwimAnswer) -> Iterator[str]:
    """What limits this synthesis, as far as the data say it."""
    vote, rows = answer.vote, answer.rows
    yield "A direction says nothing of size: a small change counts like a large one, and five people like fifty."
    yield UNCONTROLLED
    yield from shared_limits(vote)
    yield from _silent(rows)
    instruments = dict.fromkeys(item.what for item in rows if item.verdict)
    if len(instruments) > 1:
        yield f"Directions of different instruments stand for one outcome ({', '.join(instruments)})."
    unnamed = dict.fromkeys(item.what for item in rows if item.verdict == "unclear")
    if unnamed:
        yield f"The protocol names no better end of {_and(tuple(unnamed))}."
    unstated = {item.study_id for item in rows if item.verdict and item.unit == "not stated"}
    if unstated:
        yield f"What n counts is not stated in {number_of(len(unstated), 'report')} with a direction."
    yield from _depth(rows)


def shared_limits(vote: Vote) -> Iterator[str]:
    """Limits that uncontrolled evidence and comparisons have in common."""
    if any(len(item.studies) > 1 for item in vote.groups):
        yield "Reports that can be of the same people count once; whether they are was not settled."
    if vote.k < vote.vote_from and vote.groups:
        yield f"{number_of(vote.k, 'independent direction')}: too few for a share or an interval."
    if vote.proportion is not None:
        yield (
            "The interval takes every study to have the same chance of a direction; studies of different size and "
            "effect do not (Nikolakopoulos 2020, Res Synth Methods 11:714-719)."
        )


def _silent(rows: Sequence[Reported]) -> Iterator[str]:
    eligible = {item.study_id for item in rows if item.role == "synthesis"}
    directed = {item.study_id for item in rows if item.role == "synthesis" and item.verdict}
    unseen = [
        item
        for item in rows
        if item.status is Status.NOT_SEEN and item.role == "synthesis" and item.study_id not in directed
    ]
    measured = {item.study_id for item in unseen if item.what}
    named = {item.study_id for item in unseen} - measured
    silent = len(eligible) - len(directed)
    if silent:
        known = [f"{len(measured)} of which measured it"] if measured else []
        known += [f"{len(named)} of which named it without a figure"] if named else []
        told = f", {' and '.join(known)}" if known else ""
        yield (
            f"{silent} of {number_of(len(eligible), 'eligible report')} gave no direction that was seen{told}. If "
            "results that went the other way were less often reported or seen, the count is lopsided."
        )


def _depth(rows: Sequence[Reported]) -> Iterator[str]:
    read = {item.study_id: item.seen_in for item in rows if item.verdict}
    partial = [study for study, depth in read.items() if "full text" not in depth]
    if partial:
        yield f"Of {number_of(len(read), 'report')} with a direction, {len(partial)} {_was(partial)} not read in full."


def _was(items: Sequence[str]) -> str:
    return "was" if len(items) == 1 else "were"
