"""The albatross plot of a planned comparison; single arms are refused, since nothing is compared in them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import fmean

from synth.effects.binary import TwoArmCounts
from synth.effects.estimate import Effect
from synth.errors import MethodError
from synth.plots.albatross import AlbatrossPoint, albatross
from synth.plots.albatross_contours import RATIOS
from synth.plots.chart.points import inside_sentence
from synth.plots.drawing import Drawing
from synth.protocol import Protocol
from synth.synthesis.comparisons import ComparisonAnswer

__all__ = ["albatross_of"]

_SMALLEST_P = 1e-290


def albatross_of(answer: object, protocol: Protocol, names: Mapping[str, str]) -> Drawing | None:
    """The albatross plot of a planned comparison of two arms.

    Parameters
    ----------
    answer : ComparisonAnswer
        By risk ratio or odds ratio. Nothing else is taken: an answer of single arms has no two groups.
    protocol : Protocol
        For the names of the arms.
    names : mapping of str to str
        What to call each study, by study id.

    Returns
    -------
    Drawing or None
        None where no study has events and others in both arms. Studies stand at their effective numbers, for the mean
        baseline risk and groups of the same size; their p values are those of Wald's test of the counts.

    Raises
    ------
    MethodError
        If it is no comparison of two arms (rule 16 of the methods: p values of changes from before to after are never
        combined and never drawn so), or a measure without known contours.
    """
    if not isinstance(answer, ComparisonAnswer):
        raise MethodError(
            f"albatross plot: a ComparisonAnswer is expected, not {type(answer).__name__}; its contours are effects "
            "between two groups, and single arms have none: the p value of a change from before to after is no test of "
            "what was done (rule 16)"
        )
    plan = answer.comparison
    if plan.measure not in RATIOS:
        raise MethodError(f"albatross plot of {plan.id}: measure {plan.measure}; contours are known for OR and RR")
    points, left_out = [], {}
    for pair, effect, why in answer.by_study:
        name = names[pair.study_id]
        if effect is None or effect.standard_error is None or not _filled(pair):
            left_out[name] = inside_sentence(why) or "an arm in which nobody or everybody had the event"
            continue
        points.append(_point(name, pair, effect))
    if not points:
        return None
    treated = inside_sentence(protocol.procedure(plan.treated).label)
    risks = [point.baseline_risk for point in points if point.baseline_risk is not None]
    return albatross(
        points,
        measure="OR" if plan.measure == "OR" else "RR",
        baseline_risk=fmean(risks),
        effective=True,
        sides=(f"risk lower after {treated}", "risk higher"),
        about=plan.label,
        notes=(
            "p values were computed from the counts, by Wald's test; the effects themselves are in the forest plot.",
        ),
        not_drawn=left_out,
    )


def _filled(pair: TwoArmCounts) -> bool:
    """Whether both arms have people with the event and people without: no correction makes the p value."""
    return 0 < pair.events_treated < pair.total_treated and 0 < pair.events_control < pair.total_control


def _point(name: str, pair: TwoArmCounts, effect: Effect) -> AlbatrossPoint:
    assert effect.standard_error is not None  # the caller leaves those out
    p = math.erfc(abs(effect.estimate) / effect.standard_error / math.sqrt(2))
    return AlbatrossPoint(
        label=name,
        n_treated=pair.total_treated,
        n_control=pair.total_control,
        p=max(p, _SMALLEST_P),
        bound="below" if p < _SMALLEST_P else "",
        direction="lower" if effect.estimate < 0 else "higher",
        baseline_risk=pair.events_control / pair.total_control,
    )
