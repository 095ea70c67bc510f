"""Planned comparisons of two arms within studies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from synth.effects.binary import TwoArmCounts, risk_ratio_effect
from synth.effects.estimate import Effect
from synth.errors import MethodError
from synth.extraction import Extraction
from synth.extraction.eligibility import Standing
from synth.extraction.overlap import Overlap, possible_overlaps
from synth.protocol import Comparison, Protocol
from synth.records import Records
from synth.synthesis.ladder import PLAIN_FROM, POOL_FROM
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
        Log risk ratios, treated over control.
    pooled : PooledEffect or None
        None with fewer than two studies, and where studies may share patients.
    sensitivity_only : bool
        Whether the pool is a sensitivity analysis (two studies).
    reason : str
        Why there is a pool, or none.
    overlaps : tuple of Overlap
        Pairs of these studies whose patients may be the same.
    """

    comparison: Comparison
    counts: tuple[TwoArmCounts, ...]
    effects: tuple[Effect, ...]
    pooled: PooledEffect | None
    sensitivity_only: bool
    reason: str
    overlaps: tuple[Overlap, ...] = ()


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
    counts = []
    for study in extraction.studies["study_id"]:
        if roles[str(study)].role != "synthesis":
            continue
        treated = _arm(extraction, str(study), comparison.treated, comparison.event)
        control = _arm(extraction, str(study), comparison.control, comparison.event)
        if treated is not None and control is not None:
            counts.append(_pair(str(study), treated, control))
    level = protocol.synthesis.level
    effects = tuple(risk_ratio_effect(pair, level=level) for pair in counts)
    if len(effects) < 2:
        reason = f"{len(effects) or 'No'} {'study compares' if len(effects) == 1 else 'studies compare'} the two."
        return ComparisonAnswer(comparison, tuple(counts), effects, None, False, f"{reason} Nothing is pooled.")
    arms = extraction.arms[extraction.arms["study_id"].isin([pair.study_id for pair in counts])]
    trust = protocol.synthesis.overlap == "declared"
    overlaps = tuple(possible_overlaps(arms, extraction.studies, records, trust_declared=trust))
    if overlaps:
        pairs = "; ".join(str(pair) for pair in overlaps)
        reason = f"Not pooled: that the patients are the same people cannot be excluded ({pairs})."
        return ComparisonAnswer(comparison, tuple(counts), effects, None, False, reason, overlaps)
    pooled = pool_random_effects(effects, level=level)
    reason = f"{len(effects)} independent studies with both arms."
    if POOL_FROM <= len(effects) < PLAIN_FROM:
        reason += " With fewer than five the spread between studies is hardly known."
    return ComparisonAnswer(comparison, tuple(counts), effects, pooled, len(effects) < POOL_FROM, reason)


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
