"""The nine items of SWiM, each with how this synthesis meets it, in words worked out from the data and the protocol.

What the items ask for was read in summaries of the guideline (Campbell et al. 2020, BMJ 368:l6890; its abstract, and
the page on it at study.space); the topics are our own words, and what is not met is said to be not met.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from synth.display import TextTable
from synth.synthesis.swim.differences import differences_of
from synth.synthesis.swim.words import NO_TEST, number_of

if TYPE_CHECKING:
    from synth.protocol import Protocol
    from synth.synthesis.swim.answer import SwimAnswer

#: Where the guideline stands.
SWIM_SOURCE = "Campbell et al. 2020, BMJ 368:l6890"
SWIM_LINK = "https://doi.org/10.1136/bmj.l6890"

Met = Literal["met", "in part", "not met", "nothing to report"]

TOPICS = {
    1: "Groups of studies",
    2: "Common metric",
    3: "Method, and why no pool",
    4: "Which results count",
    5: "Differences between studies",
    6: "Certainty",
    7: "How results are shown",
    8: "What was found",
    9: "Limits of the synthesis",
}


@dataclass(frozen=True)
class SwimItem:
    """One item of the list.

    Attributes
    ----------
    number : int
        1 to 9, as in the guideline.
    topic : str
        Our own label.
    met : str
        met, in part, not met, or nothing to report.
    how : str
        In words, from the data and the protocol.
    where : tuple of str
        Keys of the report's sections.
    """

    number: int
    topic: str
    met: Met
    how: str
    where: tuple[str, ...]


def items_of(protocol: Protocol, swims: Sequence[SwimAnswer], *, certainty: str = "") -> tuple[SwimItem, ...]:
    """The nine items for some or all outcomes of a review.

    Parameters
    ----------
    protocol : Protocol
    swims : sequence of SwimAnswer
        The outcomes that the list is about.
    certainty : str, optional
        How certainty was rated, in a sentence or two; without it item 6 is not met.
    """
    tables = tuple(dict.fromkeys(f"swim-{item.procedure}" for item in swims))
    found = (
        (*_groups(protocol, swims), ("methods",)),
        (*_metric(swims), ("swim",)),
        (*_method(protocol, swims), ("swim", *tables)),
        (*_priority(), ("swim",)),
        (*_differences(swims), tables),
        (*_certainty(certainty), ("certainty",)),
        (*_shown(), tables),
        (*_results(swims), tables),
        (*_limits(swims), tables),
    )
    return tuple(
        SwimItem(number, TOPICS[number], met, how, where) for number, (met, how, where) in enumerate(found, start=1)
    )


def checklist(swims: Sequence[SwimAnswer], *, certainty: str = "") -> tuple[SwimItem, ...]:
    """The nine items for a whole review; empty where the protocol has no outcome.

    Parameters
    ----------
    swims : sequence of SwimAnswer
        All of one review.
    certainty : str, optional
        As for `items_of`.
    """
    return items_of(swims[0].protocol, swims, certainty=certainty) if swims else ()


def show_items(items: Sequence[SwimItem]) -> TextTable:
    """The list as text, for a notebook."""
    import pandas as pd  # here, so that importing the synthesis stays cheap

    rows = [
        {
            "item": str(item.number),
            "topic": item.topic,
            "met": item.met,
            "how": item.how,
            "where": ", ".join(item.where),
        }
        for item in items
    ]
    return TextTable(pd.DataFrame(rows), f"The nine items of SWiM ({SWIM_SOURCE})", "No outcome to report on.")


def _groups(protocol: Protocol, swims: Sequence[SwimAnswer]) -> tuple[Met, str]:
    procedures = number_of(len({item.procedure for item in swims}), "procedure")
    outcomes = number_of(len({item.outcome for item in swims}), "outcome")
    how = (
        f"By procedure and outcome of the protocol ({procedures}, {outcomes}). Series, single patients and sources "
        f"used for directions only stand apart. Who is eligible: {protocol.eligibility.reason}"
    )
    if not protocol.standing.post_hoc:
        return "met", how
    return "in part", f"{how} The groups were set after the data had been seen, so no change from a plan can be shown."


def _metric(swims: Sequence[SwimAnswer]) -> tuple[Met, str]:
    named: dict[str, str] = {}
    for item in swims:
        for name in item.protocol.outcome(item.outcome).instruments:
            named[name] = item.protocol.instrument(name).better or ""
    better = ", ".join(f"{name}: {end}" for name, end in named.items() if end)
    without = ", ".join(name for name, end in named.items() if not end)
    parts = ["The direction of the change from before to after. Nothing is transformed or standardised."]
    parts += [f"The better end of each instrument: {better}."] if better else []
    parts += [f"No better end is named for {without}: a direction of these reads as unclear."] if without else []
    parts += ["A share of people who reached something has no direction."]
    return "met", " ".join(parts)


def _method(protocol: Protocol, swims: Sequence[SwimAnswer]) -> tuple[Met, str]:
    least = protocol.synthesis.ladder.vote_from
    how = (
        "Directions are counted over independent series, never by a p value. Reports that can be of the same people, "
        "and several instruments, times and arms of one report, count once, and only where they agree. From "
        f"{least} independent directions towards better or worse: the share on the better side with its exact interval "
        f"({100 * protocol.synthesis.level:g}%). Below: counts only. {NO_TEST}"
    )
    directed = [item for item in swims if item.vote.groups]
    if not directed:
        return "met", f"{how} No outcome has a direction in an eligible series."
    if len(directed) == 1:
        return "met", f"{how} {directed[0].reason}"
    return "met", f"{how} Why there is no pool, or what it leaves out, stands with each outcome ({_names(directed)})."


def _priority() -> tuple[Met, str]:
    return "met", (
        "No result is preferred: every eligible report is listed. Only series of eligible reports are counted; single "
        "patients and sources used for directions only are listed and not counted. Size, design and risk of bias give "
        "no result more weight."
    )


def _differences(swims: Sequence[SwimAnswer]) -> tuple[Met, str]:
    several = [item for item in swims if item.vote.studies > 1]
    if not several:
        return "nothing to report", "No outcome has directions of two series that could differ."
    split = [item for item in several if item.vote.conflicting or (item.vote.better and item.vote.worse)]
    told = [f"Directions differ for {_names(split)}." if split else "Directions do not differ."]
    told += [_differing(item) for item in several]
    told.append("Instrument, n, time, design and depth of reading stand beside each direction.")
    return "in part", " ".join(told)


def _differing(item: SwimAnswer) -> str:
    """In what the series of one outcome differ, and that it was not investigated."""
    differ = differences_of(item.rows) or "no difference in n, time, instrument or size was seen"
    if len(item.vote.groups) == 1:
        return f"{_name(item)}: {differ}; not investigated, because the series can be of the same people."
    return f"{_name(item)}: {differ}; directions were not related to them by any analysis."


def _certainty(certainty: str) -> tuple[Met, str]:
    return ("met", certainty) if certainty else ("not met", "The certainty of these findings was not rated.")


def _shown() -> tuple[Met, str]:
    return "met", (
        "A direction table for each outcome, an effect direction plot and a harvest plot. Order: eligible series, "
        "sources used for directions only, single patients; in each by what was reported, then the largest n first."
    )


def _results(swims: Sequence[SwimAnswer]) -> tuple[Met, str]:
    return "met", " ".join(_findings(swims)) or "No direction was seen."


def _findings(swims: Sequence[SwimAnswer]) -> Iterator[str]:
    silent = [item for item in swims if not item.seen]
    for item in swims:
        if item.seen:
            yield f"{_name(item)}: {' '.join(item.sentences)}"
            studies = [str(group) for group in item.vote.groups]
            if studies:
                yield f"From {'; '.join(studies)}."
    if silent and len(swims) > 1:
        yield f"No direction was seen for {len(silent)} of {len(swims)} pairs of a procedure and an outcome."


def _limits(swims: Sequence[SwimAnswer]) -> tuple[Met, str]:
    directed = [item for item in swims if item.seen]
    if not directed:
        return "nothing to report", "There is no direction whose limits could be told."
    common = [limit for limit in directed[0].limits if all(limit in item.limits for item in directed)]
    more = "" if len(directed) == 1 else " The others stand with each outcome."
    return "met", " ".join(common) + more


def _name(item: SwimAnswer) -> str:
    return f"{item.procedure_label}, {item.outcome_label.lower()}"


def _names(swims: Sequence[SwimAnswer]) -> str:
    return "; ".join(_name(item) for item in swims)
