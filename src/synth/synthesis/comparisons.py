"""Planned comparisons of two arms within studies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from synth.effects.binary import TwoArmCounts, two_arm_effect, two_arm_effects
from synth.effects.estimate import Effect
from synth.effects.zero_cells import ZeroCells
from synth.errors import MethodError, ZeroCellError
from synth.extraction import Extraction
from synth.extraction.eligibility import Standing
from synth.extraction.overlap import Overlap, possible_overlaps
from synth.protocol import Comparison, Protocol
from synth.records import Records
from synth.synthesis.ladder import PLAIN_FROM
from synth.synthesis.pooling import pool_random_effects
from synth.synthesis.results import PooledEffect


@dataclass(frozen=True)
class ComparisonAnswer:
    """One planned comparison with the studies that have both arms.

    Attributes
    ----------
    comparison : Comparison
        As planned.
    counts : tuple of TwoArmCounts
        One a study, in the order of studies.csv.
    effects : tuple of Effect
        Treated against control, by the measure of the plan (ratios as logarithms); a corrected study has a mark.
    pooled : PooledEffect or None
        None with fewer than two studies, where studies may share patients, and where empty cells leave a study
        without an effect and the protocol has no rule for that.
    sensitivity_only : bool
        Whether the pool is a sensitivity analysis (two studies).
    reason : str
        Why there is a pool, or none.
    overlaps : tuple of Overlap
        Pairs of these studies whose patients may be the same.
    without_effect : tuple of (str, str)
        Study and reason, for each study of `counts` that has no effect.
    """

    comparison: Comparison
    counts: tuple[TwoArmCounts, ...]
    effects: tuple[Effect, ...]
    pooled: PooledEffect | None
    sensitivity_only: bool
    reason: str
    overlaps: tuple[Overlap, ...] = ()
    without_effect: tuple[tuple[str, str], ...] = ()

    @property
    def by_study(self) -> tuple[tuple[TwoArmCounts, Effect | None, str], ...]:
        """Counts of each study with its effect, or with the reason why it has none."""
        effects = {effect.study_id: effect for effect in self.effects}
        why = dict(self.without_effect)
        return tuple((pair, effects.get(pair.study_id), why.get(pair.study_id, "")) for pair in self.counts)


def compare(
    comparison: Comparison,
    extraction: Extraction,
    records: Records,
    protocol: Protocol,
    roles: Mapping[str, Standing],
) -> ComparisonAnswer:
    """Effects of a planned comparison and their pool.

    Raises
    ------
    MethodError
        If a study has several arms of one side with the event (the protocol must say which one counts), counts
        different things in its two arms, or counts an event on which inclusion depended.
    """
    counts = tuple(_counts(comparison, extraction, roles))
    level, rules = protocol.synthesis.level, protocol.synthesis.ladder
    found = _effects(comparison, counts, level)

    def answer(reason: str, pooled: PooledEffect | None = None, overlaps: tuple[Overlap, ...] = ()) -> ComparisonAnswer:
        only = pooled is not None and pooled.k < rules.pool_from
        said = " ".join(filter(None, [reason, found.said]))
        return ComparisonAnswer(comparison, counts, found.effects, pooled, only, said, overlaps, found.without)

    k = len(found.effects)
    if k < 2 and not found.refused:
        return answer(f"{k or 'No'} {'study compares' if k == 1 else 'studies compare'} the two. Nothing is pooled.")
    if found.refused:
        return answer(found.refused)
    arms = extraction.arms[extraction.arms["study_id"].isin([effect.study_id for effect in found.effects])]
    trust = protocol.synthesis.overlap == "declared"
    overlaps = tuple(possible_overlaps(arms, extraction.studies, records, trust_declared=trust))
    if overlaps:
        pairs = "; ".join(str(pair) for pair in overlaps)
        reason = f"Not pooled: that the patients are the same people cannot be excluded ({pairs})."
        return answer(reason, overlaps=overlaps)
    plan = protocol.synthesis
    pooled = pool_random_effects(found.effects, tau2=plan.tau2, interval=plan.interval, level=level)
    reason = f"{k} independent studies with both arms."
    if rules.pool_from <= k < rules.plain_from:
        fewer = "five" if rules.plain_from == PLAIN_FROM else str(rules.plain_from)
        reason += f" With fewer than {fewer} the spread between studies is hardly known."
    return answer(reason, pooled)


class _Found(NamedTuple):
    """Effects, the studies without one, what is said of empty cells, and why there is no pool because of them."""

    effects: tuple[Effect, ...]
    without: tuple[tuple[str, str], ...] = ()
    said: str = ""
    refused: str = ""


def _effects(comparison: Comparison, counts: tuple[TwoArmCounts, ...], level: float) -> _Found:
    plan = comparison.zero_cells
    if len(counts) > 1 and not any(pair.events_treated or pair.events_control for pair in counts):
        # Rule 14 of the methods: a correction alone would make the whole result.
        why = tuple((pair.study_id, "no events in either arm") for pair in counts)
        refused = "Not pooled: nobody had the event in any arm of any study; nothing is added to such counts."
        return _Found((), why, refused=refused)
    if plan is None:
        return _one_by_one(comparison.measure, counts, level, _ASKED)
    rule = ZeroCells(plan.add, plan.to, plan.drop00)
    told = f"Empty cells, by the rule of the protocol: {rule}. {plan.reason}"
    try:
        found = two_arm_effects(counts, measure=comparison.measure, level=level, zero_cells=rule)
    except ZeroCellError:
        return _one_by_one(comparison.measure, counts, level, f"The rule of the protocol ({rule}) does not cover that.")
    out = tuple((study, reason.removeprefix("left out: ")) for study, reason in found.left_out)
    names = "; ".join(f"{study}: {reason}" for study, reason in out)
    touched = bool(out) or any(effect.marks for effect in found.effects)
    said = " ".join(filter(None, [told if touched else "", f"Left out: {names}." if names else ""]))
    return _Found(found.effects, out, said)


_ASKED = (
    "The protocol says nothing of empty cells: give this comparison zero_cells (what is added to which cells, which "
    "studies are left out, and why)."
)


def _one_by_one(measure: str, counts: Sequence[TwoArmCounts], level: float, asked: str) -> _Found:
    """The effects that need no correction; a study without one keeps all from being pooled."""
    effects, without = [], []
    for pair in counts:
        try:
            effects.append(two_arm_effect(pair, measure=measure, level=level))
        except ZeroCellError as error:
            without.append((pair.study_id, str(error).removeprefix(f"{pair.study_id}: ").split(";")[0]))
    names = "; ".join(f"{study}: {reason}" for study, reason in without)
    return _Found(tuple(effects), tuple(without), refused=f"Not pooled ({names}). {asked}" if without else "")


def _counts(comparison: Comparison, extraction: Extraction, roles: Mapping[str, Standing]) -> Iterator[TwoArmCounts]:
    for study in map(str, extraction.studies["study_id"]):
        if roles[study].role != "synthesis":
            continue
        treated = _arm(extraction, study, comparison.treated, comparison.event)
        control = _arm(extraction, study, comparison.control, comparison.event)
        if treated is not None and control is not None:
            yield _pair(study, treated, control)


def _arm(extraction: Extraction, study: str, procedure: str, event: str) -> pd.Series | None:
    arms = extraction.arms
    ids = arms[(arms["study_id"] == study) & (arms["procedure"] == procedure)]["arm_id"]
    events = extraction.events
    found = events[(events["study_id"] == study) & events["arm_id"].isin(ids) & (events["event"] == event)]
    if len(found) > 1:
        raise MethodError(f"{study}: {len(found)} arms of {procedure!r} count {event!r}; one is expected")
    return None if found.empty else found.iloc[0]


def _pair(study: str, treated: pd.Series, control: pd.Series) -> TwoArmCounts:
    units = [str(arm["unit_of_analysis"]) or "not stated" for arm in (treated, control)]
    if units[0] != units[1]:
        raise MethodError(f"{study}: one arm counts {units[0]}, the other {units[1]}; they are never compared")
    if "yes" in (treated["conditioned_on_inclusion"], control["conditioned_on_inclusion"]):
        raise MethodError(f"{study}: who was included depended on the event, so the counts have no rate to compare")
    return TwoArmCounts(
        study_id=study,
        events_treated=int(treated["events"]),
        total_treated=int(treated["total"]),
        events_control=int(control["events"]),
        total_control=int(control["total"]),
        unit_of_analysis=units[0],
        rows=(str(treated["row"]), str(control["row"])),
    )
