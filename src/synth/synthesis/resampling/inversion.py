"""Confidence intervals from permutation tests: the values that the test would not reject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synth.effects.intervals import Interval, check_level, critical_value
from synth.errors import MethodError
from synth.synthesis.resampling.arrangements import arrangements_of
from synth.synthesis.resampling.null import null_of

if TYPE_CHECKING:
    from synth.synthesis.resampling.permutation import PermutationResult

#: A limit is found to this share of the standard error.
_CLOSE = 1e-4
#: Times that the distance from the estimate is doubled before a limit counts as infinite: a million standard errors.
_DOUBLINGS = 20


def interval(result: PermutationResult, coefficient: str | None, level: float) -> Interval:
    """Limits of a coefficient (see `PermutationResult.interval`)."""
    check_level(level)
    model, index = result.model, _index(result, coefficient)
    smallest = float(result.smallest_p[index])
    # A p value is a ratio of counts, and 1 - 0.95 is not quite 0.05.
    alpha = (1 - level) * (1 + 1e-9)
    if smallest > alpha:
        raise MethodError(
            f"permutation interval of {100 * level:g}% level: the smallest p value that {model.k} studies can give is "
            f"{smallest:.3g}; more studies or permutations, or a lower level, are expected"
        )
    estimate, error = float(model.beta[index]), float(model.standard_errors[index])
    if not error > 0:
        raise MethodError("permutation interval: the standard error is 0; estimates that differ are expected")

    def rejected(value: float) -> bool:
        shifted = model.estimates - value * model.moderators.columns[:, index]
        null = null_of(
            model,
            arrangements_of(model, shifted),
            exact=result.exact,
            permutations=result.permutations,
            seed=result.seed,
        )
        return float(null.p_values[index]) <= alpha

    first = critical_value(level) * error
    limits = []
    for side in (-1.0, 1.0):
        inside, outside = 0.0, first
        for _ in range(_DOUBLINGS):
            if rejected(estimate + side * outside):
                break
            inside, outside = outside, 2 * outside
        else:
            limits.append(side * float("inf"))
            continue
        while outside - inside > _CLOSE * error:
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if rejected(estimate + side * middle) else (middle, outside)
        limits.append(estimate + side * outside)
    return limits[0], limits[1]


def _index(result: PermutationResult, coefficient: str | None) -> int:
    names = result.model.names
    if coefficient is None and not result.model.has_moderators:
        return 0
    if coefficient not in names:
        raise MethodError(f"coefficient {coefficient!r}: one of {', '.join(names)} is expected")
    return names.index(coefficient)
