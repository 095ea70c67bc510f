"""Adapters of what is done with a model study by study: leave1out(), cumul(), influence(), baujat(), permutest()."""

from __future__ import annotations

from reference_cases import Case
from reference_compare import NotOfferedError, Outputs, Share
from reference_inputs import known_arguments, known_inputs, numbers, studies
from reference_models import FIT_ARGUMENTS, FIT_INPUTS, fit_of

from synth.synthesis import diagnostics
from synth.synthesis.influence import influence as influence_set
from synth.synthesis.resampling import permutation_test


def leave1out(case: Case) -> Outputs:
    """leave1out()."""
    known_arguments(case, *FIT_ARGUMENTS)
    known_inputs(case, FIT_INPUTS)
    return _refits(diagnostics.leave_one_out(fit_of(case)))


def cumul(case: Case) -> Outputs:
    """cumul(), studies added by rising order_value."""
    known_arguments(case, *FIT_ARGUMENTS)
    known_inputs(case, {*FIT_INPUTS, "order_value"})
    data = studies(case)
    found = diagnostics.cumulative(fit_of(case), numbers(data.pick(case.inputs["order_value"])))
    return {"order": lambda: data.kept[found.order] + 1, **_refits(found)}


def _refits(found: diagnostics.Refits) -> Outputs:
    return {
        "estimate": lambda: found.estimate,
        "se": lambda: found.standard_error,
        "zval": lambda: found.statistic,
        "tval": lambda: found.statistic,
        "pval": lambda: found.p_value,
        "ci.lb": lambda: found.low,
        "ci.ub": lambda: found.high,
        "Q": lambda: found.q_e,
        "Qp": lambda: found.q_e_p,
        "tau2": lambda: found.tau2,
        "I2": lambda: 100 * found.i2,
        "H2": lambda: found.h2,
    }


def influence(case: Case) -> Outputs:
    """influence()."""
    known_arguments(case, *FIT_ARGUMENTS)
    known_inputs(case, FIT_INPUTS)
    found = influence_set(fit_of(case))
    return {
        "rstudent": lambda: found.rstudent,
        "dffits": lambda: found.dffits,
        "cook.d": lambda: found.cooks_distance,
        "cov.r": lambda: found.covariance_ratio,
        "tau2.del": lambda: found.tau2_deleted,
        "QE.del": lambda: found.q_e_deleted,
        "hat": lambda: found.hat,
        "weight": lambda: 100 * found.weight,
        "dfbetas": lambda: found.dfbetas[:, 0] if found.dfbetas.shape[1] == 1 else found.dfbetas,
        "is_influential": lambda: found.influential,
    }


def baujat(case: Case) -> Outputs:
    """baujat()."""
    known_arguments(case, *FIT_ARGUMENTS)
    known_inputs(case, FIT_INPUTS)
    found = diagnostics.baujat(fit_of(case))
    return {"x": lambda: found.contribution, "y": lambda: found.influence}


def permutation(case: Case) -> Outputs:
    """permutest(exact=TRUE)."""
    known_arguments(case, *FIT_ARGUMENTS, "exact")
    known_inputs(case, FIT_INPUTS)
    if case.spec.get("exact") is not True:
        raise NotOfferedError("a permutation test by chance draws: metafor's own draws cannot be repeated")
    found = permutation_test(fit_of(case), exact=True)
    total = found.arrangements
    return {
        "pval": lambda: [Share(float(p_value), total) for p_value in found.p_values],
        "QMp": lambda: Share(found.q_m_p, total),
        "n_iter": lambda: None,
    }
