"""Our side of the benchmark of the statistics engine: public calls with their whole results, in this environment."""

from __future__ import annotations

from functools import partial

from synthesis_data import (
    HOMOGENEOUS,
    KINDS,
    OMITTED,
    PERMUTED,
    RESAMPLED,
    RESAMPLES,
    SEED,
    SIZES,
    effects,
    moderated,
    outline,
    spread,
)
from synthesis_worker import Prepare, Way, serve

from synth.synthesis import meta_regression, random_effects
from synth.synthesis.diagnostics import Refits, leave_one_out
from synth.synthesis.resampling import BootstrapResult, PermutationResult, bootstrap, permutation_test
from synth.synthesis.resampling.bootstrap import Kind
from synth.synthesis.tau2 import Tau2Method


def main() -> None:
    """Serve our ways."""
    ways: dict[str, Prepare] = {f"reml-{k}": partial(reml, k) for k in (*SIZES, HOMOGENEOUS, 1_000_000)}
    for k, name in ((OMITTED, ""), (4 * OMITTED, f"-{4 * OMITTED}")):
        ways[f"loo-reml{name}"] = partial(left_out, "REML", k)
        ways[f"loo-dl{name}"] = partial(left_out, "DL", k)
    for kind in KINDS:
        ways[f"bootstrap-{kind}"] = partial(resampled, kind)
    for k in PERMUTED:
        ways[f"permutations-{k}"] = partial(permuted, k)
    serve(ways)


def reml(k: int) -> Way:
    """REML with what a reader needs: estimate, standard error, interval, p value, tau2."""
    y, v = effects(k)

    def run() -> tuple[float, float, tuple[float, float], float, float]:
        model = random_effects(y, v, method="REML", test="normal")
        return model.estimate, model.standard_error, model.interval, model.p_value, model.tau2

    def facts(result: tuple[float, float, tuple[float, float], float, float]) -> dict[str, float]:
        estimate, error, (low, high), _, tau2 = result
        return {
            "tau2": tau2,
            "estimate": estimate,
            "standard error": error,
            "lower limit": low,
            "upper limit": high,
        }

    return Way(run, facts)


def left_out(method: Tau2Method, k: int) -> Way:
    """The whole table of a leave-one-out analysis, the model itself included."""
    y, v = effects(k)

    def run() -> Refits:
        return leave_one_out(random_effects(y, v, method=method, test="normal"))

    return Way(run, lambda found: outline(found.estimate, found.tau2))


def resampled(kind: Kind) -> Way:
    """All resamples and the interval that they give, the model itself included."""
    y, v = effects(RESAMPLED)

    def run() -> tuple[BootstrapResult, tuple[float, float]]:
        model = random_effects(y, v, method="DL", test="normal")
        found = bootstrap(model, seed=SEED, resamples=RESAMPLES, kind=kind)
        return found, found.interval("estimate")

    return Way(run, lambda result: spread(result[0].values("estimate"), result[0].values("tau2")))


def permuted(k: int) -> Way:
    """Permutation test of a meta-regression on one moderator, the model itself included."""
    y, v, moderator = moderated(k)

    def run() -> PermutationResult:
        model = meta_regression(y, v, {"moderator": moderator}, method="DL", test="normal")
        return permutation_test(model, exact=False, permutations=RESAMPLES, seed=SEED)

    return Way(run, lambda found: {"p of the moderator": float(found.p_values[-1])})


if __name__ == "__main__":
    main()
