"""What can be asked of a fitted model, and of tables of counts, chosen at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from fuzzed_figures import figure
from fuzzed_studies import BAD_LEVELS, DAMAGES, LEVELS, Draw, one_of, pick

from synth.synthesis import MetaAnalysis, diagnostics, small_study, stratified
from synth.synthesis.resampling import bootstrap, permutation_test


def seeded(draw: Draw) -> dict[str, Any]:
    return {"seed": one_of(draw, (1, 2**40), (None, -1, 1.5, "1", True))}


def of_tau2(model: MetaAnalysis, draw: Draw) -> Any:
    method = one_of(draw, ("q-profile", "generalised-q", "profile-likelihood"), ("", None, 2, ["q-profile"]))
    return model.tau2_interval(method, level=one_of(draw, LEVELS, BAD_LEVELS))


def predicted(model: MetaAnalysis, draw: Draw) -> Any:
    new = {name: draw.normal(size=3) * 10.0 ** draw.integers(-3, 9) for name in ("m0", "m1", "m2")[: draw.integers(4)]}
    values = one_of(draw, (new, None), (3, "m0", [1.0], {"m0": None}, {"m0": "a"}, {"m0": [np.nan]}))
    kind = one_of(draw, ("model", "riley"), ("", None, ["model"]))
    return model.predict(values, prediction_method=kind, level=one_of(draw, LEVELS, BAD_LEVELS))


def tested(model: MetaAnalysis, draw: Draw) -> Any:
    if draw.random() < 0.5:
        rows = draw.integers(-1, 2, (int(draw.integers(1, 3)), model.p)) * 10.0 ** draw.integers(-200, 200)
        return model.wald_test(combinations=one_of(draw, (rows,), ("x", [], [[np.nan]], 1.0)))
    return model.wald_test(one_of(draw, ([0], None, list(model.names)), (["m9"], [99], 3.5, "m0", [None], [])))


def booted(model: MetaAnalysis, draw: Draw) -> Any:
    kind = one_of(draw, ("parametric", "nonparametric"), ("", None))
    found = bootstrap(model, **seeded(draw), resamples=one_of(draw, (60,), (0, 1.5, None, "9")), kind=kind)
    quantity = pick(draw, tuple(found.quantities))
    interval = pick(draw, ("percentile", "basic", "normal", "bca", ""))
    return found.values(quantity), found.interval(quantity, interval, level=0.9), found.marks


def permuted(model: MetaAnalysis, draw: Draw) -> Any:
    number = one_of(draw, (40,), (0, None, "9", 1.5))
    found = permutation_test(model, exact=pick(draw, (False, False, None)), permutations=number, **seeded(draw))
    assert (found.p_values > 0).all()
    assert (found.p_values <= 1).all()
    return found.p_values, found.statistics, found.q_m, found.q_m_p


def regressed(model: MetaAnalysis, draw: Draw) -> Any:
    size = ("sample size", "inverse sample size", "root sample size", "inverse root sample size")
    predictor = one_of(draw, ("standard error", "variance", *size), ("", None, ["variance"]))
    sizes = one_of(
        draw, (draw.integers(5, 500, model.k), None), ([1], "n", np.zeros(model.k), np.full(model.k, np.nan))
    )
    kind = one_of(draw, ("mixed", "classic"), ("", None))
    return small_study.regression_test(model, kind=kind, predictor=predictor, sample_sizes=sizes)


def counted_safe(model: MetaAnalysis, draw: Draw) -> Any:
    kind = one_of(draw, ("Rosenthal", "Orwin", "Rosenberg"), ("", None))
    alpha = one_of(draw, (0.05,), (0, 1, np.nan, "0.05", None))
    target = one_of(draw, (None, 0.1), (0.0, np.nan, np.inf, "x"))
    return small_study.fail_safe_n(model.estimates, model.variances, kind=kind, alpha=alpha, target=target)


def excess(model: MetaAnalysis, draw: Draw) -> Any:
    theta = one_of(draw, (None, 0.3), (np.nan, np.inf, "x"))
    tau2 = one_of(draw, (0.0, 0.1), (-1.0, np.nan, None))
    return small_study.excess_significance(model.estimates, model.variances, theta=theta, tau2=tau2)


PLAIN: dict[str, Callable[[MetaAnalysis], Any]] = {
    "leave-one-out": diagnostics.leave_one_out,
    "influence": diagnostics.influence,
    "internal residuals": diagnostics.standardised_residuals,
    "baujat": diagnostics.baujat,
    "blup": MetaAnalysis.blup,
    "vif": MetaAnalysis.vif,
    "criteria": MetaAnalysis.fit_statistics,
    "rank": small_study.rank_test,
    "henmi-copas": small_study.henmi_copas,
}
WITH_OPTIONS: dict[str, Callable[[MetaAnalysis, Draw], Any]] = {
    "cumulative": lambda model, draw: diagnostics.cumulative(model, one_of(draw, (None,), ("x", [1.0], [np.nan]))),
    "external residuals": lambda model, draw: diagnostics.standardised_residuals(
        model, one_of(draw, ("external",), ("", None, ["external"]))
    ),
    "interval of tau2": of_tau2,
    "prediction": predicted,
    "Wald test": tested,
    "bootstrap": booted,
    "permutation": permuted,
    "egger": lambda model, draw: small_study.egger_test(model, kind=one_of(draw, ("classic", "mixed"), ("", None))),
    "regression": regressed,
    "trim and fill": lambda model, draw: small_study.trim_and_fill(
        model, one_of(draw, ("L0", "R0", "Q0"), ("", None)), one_of(draw, (None, "left", "right"), ("", 1))
    ),
    "fail-safe": counted_safe,
    "excess": excess,
}
QUESTIONS = (*PLAIN, *WITH_OPTIONS)


def answer(question: str, model: MetaAnalysis, draw: Draw) -> Any:
    """What the engine says to that question."""
    return PLAIN[question](model) if question in PLAIN else WITH_OPTIONS[question](model, draw)


def count_columns(draw: Draw, times: bool) -> list[Any]:
    """Two arms of k studies, with one column made wrong now and then."""
    k = int(draw.integers(0, 9))
    totals = "person_time" if times else "total"
    columns = [figure(draw, name, k) for name in ("events", totals, "events", totals)]
    if draw.random() < 0.2:
        columns[0] = columns[0] * 0
    if draw.random() < 0.3:
        part = int(draw.integers(4))
        columns[part] = pick(draw, DAMAGES)(draw, columns[part])
    return columns


def of_counts(draw: Draw) -> Any:
    """A pooled effect or a test of asymmetry of tables of counts."""
    level = one_of(draw, LEVELS, BAD_LEVELS)
    kind = int(draw.integers(5))
    columns = count_columns(draw, times=kind == 1)
    if kind == 0:
        measure = one_of(draw, ("OR", "RR", "RD"), ("", None, 3, ["OR"]))
        return stratified.mantel_haenszel(*columns, measure=measure, level=level)
    if kind == 1:
        return stratified.mantel_haenszel_rates(
            *columns, measure=one_of(draw, ("IRR", "IRD"), ("", ["IRR"])), level=level
        )
    if kind == 2:
        return stratified.peto(*columns, level=level)
    return (small_study.peters_test if kind == 3 else small_study.harbord_test)(*columns)
