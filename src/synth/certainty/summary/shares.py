"""Shares of people with an event after a procedure: n of N with exact intervals, events in the source's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synth.certainty.summary.words import counted, counted_series, inside, percent, share
from synth.synthesis.counts import Count
from synth.synthesis.proportions import ProportionAnswer


def count_words(item: Count) -> str:
    """Events of a total, its share with the exact interval or the reason why it has none, and the study."""
    behind = f" ({item.patients} patients)" if item.patients else ""
    rate = f", {item.reason}" if item.proportion is None else f", {share(item.proportion)}"
    return f"{item.events} of {item.total} {item.unit_of_analysis}{behind}{rate}, {item.study_id}"


def counted_sentences(counts: Sequence[Count], about: str) -> Iterator[str]:
    """A sentence an event: in how many of how many it was counted."""
    for event in dict.fromkeys(item.event for item in counts):
        shown = "; ".join(count_words(item) for item in counts if item.event == event)
        yield f"Counted after {inside(about)}: “{event}” {shown}."


def share_sentences(shares: Sequence[ProportionAnswer], about: str) -> Iterator[str]:
    """A sentence for each event and unit, and one for its pool where there is one."""
    for item in shares:
        eligible = [count for count in item.counts if count.role == "synthesis"]
        if not eligible:
            continue
        yield from counted_sentences(eligible, about)
        if item.pooled is not None:
            estimate, (low, high) = item.pooled
            flag = " With so few series the spread between them is hardly known." if item.standing != "plain" else ""
            yield (
                f"The pooled share of “{item.event}” is {percent(estimate)} ({percent(low)} to {percent(high)}; "
                f"{counted_series(item.k)}).{flag}"
            )
        if item.not_reported:
            count = len(item.not_reported)
            yield f"{counted(count, 'other report')} {'does' if count == 1 else 'do'} not report on it."
