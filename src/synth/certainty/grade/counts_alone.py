"""Counts of two arms that give no effect: what was seen, and why nothing was computed from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synth.certainty.grade.making import inside
from synth.effects.binary import TwoArmCounts
from synth.synthesis.comparisons import ComparisonAnswer


def no_effect_computed(answer: ComparisonAnswer) -> str:
    """That no effect was computed and why, as a clause without a full stop."""
    return f"no effect was computed, because {why_no_effect(answer)}"


def why_no_effect(answer: ComparisonAnswer) -> str:
    """Why counts of a comparison give no effect, as a clause."""
    if not any(pair.events_treated or pair.events_control for pair in answer.counts):
        return "nobody had the event in any arm"
    if answer.comparison.zero_cells is None:
        return "the protocol has no rule for empty cells"
    return "the rule of the protocol for empty cells gives them none"


def counts_seen(answer: ComparisonAnswer, treated: str, control: str) -> str:
    """The counts of all studies of a comparison in a sentence, arms of one side added up.

    Parameters
    ----------
    answer : ComparisonAnswer
        With at least one study.
    treated, control : str
        The procedures, for readers.
    """
    sides = (inside(treated), inside(control))
    units = dict.fromkeys(pair.unit_of_analysis for pair in answer.counts)
    told = [_sums([pair for pair in answer.counts if pair.unit_of_analysis == unit], unit, sides) for unit in units]
    k = len(answer.counts)
    added = "" if k == 1 else " (arms of one side added up)"
    return (
        f"Counts of {k} {'study' if k == 1 else 'studies'} were seen: {inside(answer.comparison.label)} in "
        f"{'; '.join(told)}{added}."
    )


def _sums(counts: Sequence[TwoArmCounts], unit: str, sides: tuple[str, str]) -> str:
    """Units of analysis are never added to one another (rule 8 of the methods)."""
    treated, control = (
        f"{sum(getattr(pair, f'events_{side}') for pair in counts)} of "
        f"{sum(getattr(pair, f'total_{side}') for pair in counts):,}"
        for side in ("treated", "control")
    )
    what = "" if unit == "patients" else " (unit not stated)" if unit == "not stated" else f" {unit}"
    return f"{treated}{what} with {sides[0]} and {control}{what} with {sides[1]}"


def without_effect_notes(answer: ComparisonAnswer) -> Iterator[str]:
    """A footnote that names the studies whose counts give no effect, and why; nothing where every study has one."""
    if answer.without_effect:
        named = "; ".join(f"{study}: {reason}" for study, reason in answer.without_effect)
        yield (
            f"Studies that compare the two and give no effect, because {why_no_effect(answer)}: {named}. Their people "
            "and the risks of their comparison arms are counted here."
        )
