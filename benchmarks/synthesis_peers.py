"""The peers' side of the benchmark of the statistics engine: PyMARE and statsmodels. Runs in .venv-bench.

Each way is what a user of the peer would write, with everything outside the method itself (data, imports) left out.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from pymare import Dataset
from pymare.estimators import DerSimonianLaird, VarianceBasedLikelihoodEstimator
from statsmodels.stats.meta_analysis import combine_effects
from synthesis_data import (
    HOMOGENEOUS,
    KINDS,
    OMITTED,
    PERMUTED,
    RESAMPLED,
    RESAMPLES,
    SEED,
    SIZES,
    Array,
    effects,
    moderated,
    outline,
    spread,
)
from synthesis_worker import Prepare, Way, serve

WALD = "wald"  # PyMARE's name of the test with normal quantiles, which is the one that ours is timed with


def main() -> None:
    """Serve the ways of both peers."""
    ways: dict[str, Prepare] = {}
    for k in (HOMOGENEOUS, *SIZES):
        ways[f"pymare-reml-{k}"] = partial(pymare_reml, k)
        ways[f"pymare-fit-{k}"] = partial(pymare_fit, k)
    for k in PERMUTED:
        ways[f"pymare-permutations-{k}"] = partial(pymare_permutations, k)
    ways["pymare-loo-reml"] = pymare_loo_reml
    ways["statsmodels-loo-dl"] = statsmodels_loo_dl
    for kind in KINDS:
        ways[f"statsmodels-bootstrap-{kind}"] = partial(statsmodels_bootstrap, kind)
        ways[f"pymare-bootstrap-{kind}"] = partial(pymare_bootstrap, kind)
    serve(ways)


def pymare_reml(k: int) -> Way:
    """REML with what a reader needs: estimate, standard error, interval, p value, tau2."""
    y, v = effects(k)

    def run() -> tuple[dict[str, Array], Any]:
        estimator = VarianceBasedLikelihoodEstimator(method="REML", small_sample_correction=WALD)
        results = estimator.fit_dataset(Dataset(y, v)).summary()
        return results.get_fe_stats(), results.tau2

    def facts(result: tuple[dict[str, Array], Any]) -> dict[str, float]:
        stats, tau2 = result
        names = {"estimate": "est", "standard error": "se", "lower limit": "ci_l", "upper limit": "ci_u"}
        return {"tau2": item(tau2)} | {name: item(stats[key]) for name, key in names.items()}

    return Way(run, facts)


def pymare_fit(k: int) -> Way:
    """REML by the estimator's `fit` on arrays: coefficients, their covariance and tau2, no interval and no p value."""
    y, v = effects(k)
    column, variances, design = y[:, None], v[:, None], np.ones((k, 1))

    def run() -> dict[str, Any]:
        estimator = VarianceBasedLikelihoodEstimator(method="REML", small_sample_correction=WALD)
        return dict(estimator.fit(column, variances, design).params_)

    return Way(run, lambda found: {"tau2": item(found["tau2"]), "estimate": item(found["fe_params"])})


def pymare_loo_reml() -> Way:
    """One REML fit for each study left out."""
    y, v = effects(OMITTED)
    design = np.ones((OMITTED - 1, 1))

    def run() -> tuple[Array, Array]:
        found = []
        for study in range(OMITTED):
            estimator = VarianceBasedLikelihoodEstimator(method="REML", small_sample_correction=WALD)
            kept = estimator.fit(np.delete(y, study)[:, None], np.delete(v, study)[:, None], design).params_
            found.append((item(kept["fe_params"]), item(kept["tau2"])))
        estimates, tau2 = np.array(found).T
        return estimates, tau2

    return Way(run, lambda found: outline(*found))


def statsmodels_loo_dl() -> Way:
    """One DerSimonian-Laird fit for each study left out."""
    y, v = effects(OMITTED)

    def run() -> tuple[Array, Array]:
        found = []
        for study in range(OMITTED):
            kept = combine_effects(np.delete(y, study), np.delete(v, study), method_re="dl")
            found.append((kept.mean_effect_re, kept.tau2))
        estimates, tau2 = np.array(found).T
        return estimates, tau2

    return Way(run, lambda found: outline(*found))


def statsmodels_bootstrap(kind: str) -> Way:
    """One DerSimonian-Laird fit for each resample, and the percentile interval."""
    y, v = effects(RESAMPLED)
    whole = combine_effects(y, v, method_re="dl")

    def run() -> tuple[Array, Array, Array]:
        resamples = zip(*rearranged(kind, y, v, whole.mean_effect_re, whole.tau2), strict=True)
        found = [combine_effects(one, variances, method_re="dl") for one, variances in resamples]
        estimates = np.array([one.mean_effect_re for one in found])
        return estimates, np.array([one.tau2 for one in found]), np.quantile(estimates, [0.025, 0.975])

    return Way(run, lambda found: spread(*found[:2]))


def pymare_bootstrap(kind: str) -> Way:
    """All resamples as the columns of one fit, which PyMARE is made for, and the percentile interval."""
    y, v = effects(RESAMPLED)
    whole = DerSimonianLaird(small_sample_correction=WALD).fit(y, v, np.ones((RESAMPLED, 1))).params_
    estimate, tau2 = item(whole["fe_params"]), item(whole["tau2"])

    def run() -> tuple[Array, Array, Array]:
        resamples, variances = rearranged(kind, y, v, estimate, tau2)
        estimator = DerSimonianLaird(small_sample_correction=WALD)
        found = estimator.fit(resamples.T, variances.T, np.ones((RESAMPLED, 1))).params_
        estimates = np.ravel(found["fe_params"])
        return estimates, np.ravel(found["tau2"]), np.quantile(estimates, [0.025, 0.975])

    return Way(run, lambda found: spread(*found[:2]))


def rearranged(kind: str, y: Array, v: Array, estimate: float, tau2: float) -> tuple[Array, Array]:
    """Estimates and variances of each resample: studies drawn with replacement, or drawn from the fitted model."""
    draws = np.random.default_rng(SEED)
    if kind == "nonparametric":
        rows = draws.integers(0, RESAMPLED, (RESAMPLES, RESAMPLED))
        return y[rows], v[rows]
    resamples = estimate + np.sqrt(v + tau2) * draws.standard_normal((RESAMPLES, RESAMPLED))
    return resamples, np.tile(v, (RESAMPLES, 1))


def pymare_permutations(k: int) -> Way:
    """Permutation test of a meta-regression on one moderator."""
    y, v, moderator = moderated(k)

    def run() -> Array:
        estimator = DerSimonianLaird(small_sample_correction=WALD)
        fitted = estimator.fit_dataset(Dataset(y, v, X=moderator, X_names=["moderator"]))
        found: Array = fitted.summary().permutation_test(RESAMPLES).perm_p["fe_p"]
        return found

    return Way(run, lambda found: {"p of the moderator": float(found[-1, 0])})


def item(values: Any) -> float:
    """The one number in an array."""
    return float(np.ravel(values)[0])


if __name__ == "__main__":
    main()
