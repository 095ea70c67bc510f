"""Combine p values of studies that compare; a single-arm answer is refused, with the reason (rule 16)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from synth.effects.estimate import Effect
from synth.effects.intervals import is_number
from synth.errors import MethodError
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.ladder import Answer
from synth.synthesis.outcome_answers import OutcomeAnswer
from synth.synthesis.p_values.methods import CombiningMethod, check_method, combined
from synth.synthesis.p_values.one_sided import (
    NOT_SINGLE_ARMS,
    OneSidedP,
    check_comparative,
    check_independent,
    one_sided_p_values,
)
from synth.synthesis.p_values.result import CombinedP, Side
from synth.synthesis.proportions import ProportionAnswer
from synth.synthesis.series import Series

_SINGLE_ARMS = (Answer, OutcomeAnswer, ProportionAnswer, Series)
#: Below this p value in both directions of one method the studies speak against each other.
_SMALL = 0.05


def combine_p_values(
    evidence: ComparisonAnswer | Sequence[OneSidedP],
    *,
    method: CombiningMethod = "fisher",
    towards: Side = "better",
    weights: Sequence[float] | None = None,
) -> CombinedP:
    """One p value from those of independent studies that compare two groups.

    Where effects can be pooled, the pool is the answer; this is for studies of which p values are all there is. Each p
    value is one-sided: without a direction two small ones may speak against each other.

    Parameters
    ----------
    evidence : ComparisonAnswer or sequence of OneSidedP
        A planned comparison, or p values towards the treated side being better (`one_sided_printed` for printed ones).
    method : {"fisher", "stouffer", "edgington", "pearson"}
        Different methods weigh a single small p value differently; show another beside it.
    towards : {"better", "worse"}
        The side whose p values are combined.
    weights : sequence of float, optional
        One a study, above 0, for Stouffer's method; roots of the sizes are usual (Zaykin 2011).

    Returns
    -------
    CombinedP
        Of bounds such as "<0.001" only the limits are known, and no p value is given (rule 5).

    Raises
    ------
    MethodError
        If the evidence compares nothing, studies are not independent or fewer than two, or an argument is unknown.
    """
    check_method(method)
    if towards not in ("better", "worse"):
        raise MethodError(f"towards {towards!r}: better or worse is expected")
    found = _p_values(evidence)
    check_independent(found)
    own_weights = _weights(weights, found, method)
    studies = found if towards == "better" else tuple(item.opposite for item in found)
    statistic, p = _exactly(studies, method, own_weights)
    _, opposite = _exactly([item.opposite for item in studies], method, own_weights)
    limits = sorted(_at_limit(studies, method, own_weights, end) for end in (0, 1))
    marks = tuple(_marks(studies, p, opposite, evidence))
    return CombinedP(
        method=method,
        towards=towards,
        studies=studies,
        weights=own_weights if method == "stouffer" else (),
        statistic=statistic,
        p_value=p,
        interval=(limits[0], limits[1]),
        opposite=opposite,
        marks=marks,
    )


def _p_values(evidence: object) -> tuple[OneSidedP, ...]:
    if isinstance(evidence, ComparisonAnswer):
        return one_sided_p_values(evidence)
    items = evidence if isinstance(evidence, list | tuple) else (evidence,)
    for item in items:
        if isinstance(item, _SINGLE_ARMS):
            raise MethodError(f"an answer of single arms was given. {NOT_SINGLE_ARMS}")
        if isinstance(item, Effect):
            check_comparative(item)
    if not items or not all(isinstance(item, OneSidedP) for item in items):
        kinds = ", ".join(dict.fromkeys(type(item).__name__ for item in items)) or "nothing"
        raise MethodError(f"p values of {kinds}: a ComparisonAnswer, or a list of OneSidedP, is expected")
    return tuple(item for item in items if isinstance(item, OneSidedP))


def _weights(
    weights: Sequence[float] | None, studies: Sequence[OneSidedP], method: CombiningMethod
) -> tuple[float, ...]:
    if weights is None:
        return (1.0,) * len(studies)
    if method != "stouffer":
        raise MethodError(f"weights are of Stouffer's method; {method} has none")
    if len(weights) != len(studies):
        raise MethodError(f"{len(weights)} weights for {len(studies)} studies: one for each is expected")
    for item, weight in zip(studies, weights, strict=True):
        if not is_number(weight) or weight <= 0:
            raise MethodError(f"{item.study_id}: weight {weight!r}; a finite number above 0 is expected")
    return tuple(float(weight) for weight in weights)


def _exactly(
    studies: Sequence[OneSidedP], method: CombiningMethod, weights: Sequence[float]
) -> tuple[float | None, float | None]:
    """Statistic and p value, where none of the p values is only a bound."""
    pairs = [(item.p, item.q) for item in studies if item.p is not None and item.q is not None]
    if len(pairs) < len(studies):
        return None, None
    return combined([p for p, _ in pairs], [q for _, q in pairs], method, weights)


def _at_limit(studies: Sequence[OneSidedP], method: CombiningMethod, weights: Sequence[float], end: int) -> float:
    """The combined p value at the lowest (0) or highest (1) p of every study: each method rises in each of them."""
    pairs = [item.limits[end] for item in studies]
    return combined([p for p, _ in pairs], [q for _, q in pairs], method, weights)[1]


def _marks(studies: Sequence[OneSidedP], p: float | None, opposite: float | None, evidence: object) -> Iterator[str]:
    bounds = [item.study_id for item in studies if item.is_bound]
    if bounds:
        yield f"a bound and no p value was printed: {', '.join(bounds)}; a bound is never taken as the p value itself"
    if isinstance(evidence, ComparisonAnswer):
        yield "the methods take p values to come from continuous tests; those of counts are approximations"
        if evidence.pooled is not None and not evidence.sensitivity_only:
            yield "the effects themselves are pooled: that pool is the answer, and this p value adds nothing to it"
    if p is not None and opposite is not None and max(p, opposite) < _SMALL:
        yield "combined p values are small towards both sides: the studies speak against each other"
