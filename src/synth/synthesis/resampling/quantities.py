"""Numbers of a fit by name, for many fits at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from synth.synthesis.fitting import Fits, Test, factor_of
from synth.synthesis.linear import FloatArray

if TYPE_CHECKING:
    from synth.synthesis.models import MetaAnalysis

#: A number of each fit, shape (B,), from B fits.
Quantity = Callable[[Fits], FloatArray]


def quantities_of(model: MetaAnalysis) -> dict[str, Quantity]:
    """Everything that a fit of this model estimates, by name.

    A model without moderators has "estimate" and "standard_error"; with moderators, coefficients go by their names and
    standard errors by "standard_error: " and the name. Then "tau2" and "tau" where tau2 is estimated, "i2" (a share),
    "h2", "q_e" and "s2w" (the Hartung-Knapp factor).
    """
    found: dict[str, Quantity] = {}
    if model.has_moderators:
        for index, name in enumerate(model.names):
            found[name] = _coefficient(index)
        for index, name in enumerate(model.names):
            found[f"standard_error: {name}"] = _standard_error(index, model.test)
    else:
        found["estimate"], found["standard_error"] = _coefficient(0), _standard_error(0, model.test)
    common = model.method == "common"
    if not common and model.fixed_tau2 is None:
        found["tau2"], found["tau"] = _tau2, _tau
    found["i2"], found["h2"] = (_common_i2, _common_h2) if common else (_i2, _h2)
    found["q_e"], found["s2w"] = _q_e, _s2w
    return found


def _coefficient(index: int) -> Quantity:
    return lambda fits: fits.beta[:, index]


def _standard_error(index: int, test: Test) -> Quantity:
    def errors(fits: Fits) -> FloatArray:
        return np.asarray(np.sqrt(np.maximum(fits.covariance[:, index, index] * factor_of(fits, test), 0.0)))

    return errors


def _tau2(fits: Fits) -> FloatArray:
    return fits.tau2


def _tau(fits: Fits) -> FloatArray:
    return np.asarray(np.sqrt(fits.tau2))


def _i2(fits: Fits) -> FloatArray:
    return np.where(fits.k > fits.p, fits.tau2 / _above_0(fits.tau2 + fits.typical_variance), 0.0)


def _h2(fits: Fits) -> FloatArray:
    return np.where(fits.k > fits.p, fits.tau2 / _above_0(fits.typical_variance) + 1, 1.0)


def _common_i2(fits: Fits) -> FloatArray:
    return np.maximum(0.0, (fits.q_e - (fits.k - fits.p)) / _above_0(fits.q_e))


def _common_h2(fits: Fits) -> FloatArray:
    return np.where(fits.k > fits.p, fits.q_e / _above_0(fits.k - fits.p), 1.0)


def _above_0(values: FloatArray) -> FloatArray:
    """Denominators; where they are 0 there is nothing to tell apart, and the numerator is 0 too. NaN stays NaN."""
    return np.where(values == 0, 1.0, values)


def _q_e(fits: Fits) -> FloatArray:
    return fits.q_e


def _s2w(fits: Fits) -> FloatArray:
    return fits.s2w
