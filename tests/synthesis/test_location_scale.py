"""Location-scale models, against their likelihood in full and against models that they contain. Data are invented."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from synth.errors import MethodError
from synth.synthesis import common_effect, meta_regression, random_effects
from synth.synthesis.location_scale import LocationScale, location_scale
from synth.synthesis.location_scale.fit import Likelihood

RNG = np.random.default_rng(12)
K = 40
V = RNG.uniform(0.01, 0.1, K)
DOSE = RNG.uniform(0, 2, K)
KIND = np.array(["cohort", "trial"])[(np.arange(K) % 3 == 0).astype(int)]
TAU2 = np.exp(-2.5 + 0.8 * DOSE)
Y = RNG.normal(0.2 + 0.3 * DOSE, np.sqrt(V + TAU2))


def height_in_full(y: np.ndarray, tau2: np.ndarray, X: np.ndarray, restricted: bool) -> float:
    """The log-likelihood with k by k matrices, as the papers define it."""
    M = np.diag(V[: len(y)] + tau2)
    inverse = np.linalg.inv(M)
    information = X.T @ inverse @ X
    beta = np.linalg.solve(information, X.T @ inverse @ y)
    rest = y - X @ beta
    value = stats.multivariate_normal(np.zeros(len(y)), M).logpdf(rest)
    if not restricted:
        return float(value)
    p = X.shape[1]
    own = np.linalg.slogdet(X.T @ X)[1] - np.linalg.slogdet(information)[1] + p * np.log(2 * np.pi)
    return float(value + own / 2)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("link", ["log", "identity"])
@pytest.mark.parametrize("moderated", [True, False])
def test_height_and_estimates_are_those_of_the_definition(method: str, link: str, moderated: bool) -> None:
    location = {"dose": DOSE} if moderated else None
    found = location_scale(Y, V, location=location, scale={"dose": DOSE}, link=link, method=method)
    X = np.column_stack([np.ones(K), DOSE]) if moderated else np.ones((K, 1))
    predictor = found.alpha[0] + found.alpha[1] * DOSE
    tau2 = np.exp(predictor) if link == "log" else predictor
    assert found.tau2 == pytest.approx(tau2, rel=1e-10)
    top = height_in_full(Y, tau2, X, method == "REML")
    assert found.log_likelihood == pytest.approx(top, abs=1e-9)
    for step in ([1e-3, 0], [-1e-3, 0], [0, 1e-3], [0, -1e-3], [1e-3, -1e-3]):
        moved = predictor + step[0] + step[1] * DOSE
        if link == "identity" and moved.min() < 0:
            continue
        assert height_in_full(Y, np.exp(moved) if link == "log" else moved, X, method == "REML") < top
    weights = 1 / (V + tau2)
    information = X.T @ (weights[:, None] * X)
    assert found.beta == pytest.approx(np.linalg.solve(information, X.T @ (weights * Y)), rel=1e-10)
    assert found.covariance == pytest.approx(np.linalg.inv(information), rel=1e-9)
    assert found.converged


@pytest.mark.parametrize("restricted", [True, False])
@pytest.mark.parametrize("link", ["log", "identity"])
def test_slopes_and_curvature_are_those_of_differences(restricted: bool, link: str) -> None:
    design, scale = (np.linalg.qr(np.column_stack([np.ones(K), column]))[0] for column in (DOSE, DOSE**2))
    likelihood = Likelihood(Y, V, design, scale, link, restricted)
    point = scale.T @ (np.full(K, -1.5) + 0.2 * DOSE if link == "log" else np.full(K, 0.2) + 0.05 * DOSE)
    gradient, curvature = likelihood.derivatives(point)
    step = 1e-5
    for place, unit in enumerate(np.eye(2) * step):
        slope = (likelihood.height(point + unit) - likelihood.height(point - unit)) / (2 * step)
        assert gradient[place] == pytest.approx(slope, rel=1e-6)
        bend = (likelihood.derivatives(point + unit)[0] - likelihood.derivatives(point - unit)[0]) / (2 * step)
        assert curvature[place] == pytest.approx(bend, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("link", ["log", "identity"])
def test_without_scale_columns_it_is_the_plain_model(method: str, link: str) -> None:
    found = location_scale(Y, V, location={"dose": DOSE}, link=link, method=method, test="normal")
    plain = meta_regression(Y, V, {"dose": DOSE}, method=method, test="normal")
    assert found.tau2 == pytest.approx(np.full(K, plain.tau2), rel=1e-6)
    assert found.beta == pytest.approx(plain.beta, rel=1e-7)
    assert found.standard_errors == pytest.approx(plain.standard_errors, rel=1e-7)
    assert found.p_values == pytest.approx(plain.p_values, rel=1e-6)
    assert found.location_test.statistic == pytest.approx(plain.q_m, rel=1e-6)
    criteria = plain.fit_statistics()[method]
    assert found.log_likelihood == pytest.approx(criteria.log_likelihood, abs=1e-9)
    assert (found.aic, found.bic) == pytest.approx((criteria.aic, criteria.bic), abs=1e-8)
    assert (found.q_e, found.q_e_df, found.q_e_p) == pytest.approx((plain.q_e, plain.q_e_df, plain.q_e_p), rel=1e-9)


def test_a_category_in_both_parts_is_a_model_for_each_group() -> None:
    # By maximum likelihood the groups share nothing.
    found = location_scale(Y, V, location={"kind": KIND}, scale={"kind": KIND}, method="ML")
    for place, kind in enumerate(("cohort", "trial")):
        rows = kind == KIND
        alone = random_effects(Y[rows], V[rows], method="ML", test="normal")
        assert np.exp(found.alpha[0] + place * found.alpha[1]) == pytest.approx(alone.tau2, rel=1e-6)
        assert found.beta[0] + place * found.beta[1] == pytest.approx(alone.estimate, rel=1e-6)
    identity = location_scale(Y, V, location={"kind": KIND}, scale={"kind": KIND}, method="ML", link="identity")
    assert identity.tau2 == pytest.approx(found.tau2, rel=1e-5)
    assert identity.log_likelihood == pytest.approx(found.log_likelihood, abs=1e-8)


def test_t_has_the_degrees_of_freedom_of_each_part() -> None:
    columns = {"dose": DOSE, "square": DOSE**2}
    found = location_scale(Y, V, location={"dose": DOSE}, scale=columns)
    t = found.alpha / found.alpha_standard_errors
    assert found.alpha_inference.p_values == pytest.approx(2 * stats.t.sf(abs(t), K - 3), rel=1e-9)
    assert found.p_values == pytest.approx(2 * stats.t.sf(abs(found.statistics), K - 2), rel=1e-9)
    part = found.alpha_covariance[1:, 1:]
    square = found.alpha[1:] @ np.linalg.solve(part, found.alpha[1:])
    assert (found.scale_test.df1, found.scale_test.df2) == (2, K - 3)
    assert found.scale_test.statistic == pytest.approx(square / 2, rel=1e-9)
    assert found.scale_test.p_value == pytest.approx(stats.f.sf(square / 2, 2, K - 3), rel=1e-8)
    normal = location_scale(Y, V, location={"dose": DOSE}, scale=columns, test="normal")
    assert normal.scale_test.df2 is None
    assert normal.scale_test.p_value == pytest.approx(stats.chi2.sf(square, 2), rel=1e-6)
    assert found.high - found.low == pytest.approx(2 * stats.t.ppf(0.975, K - 2) * found.standard_errors, rel=1e-9)


def test_the_unit_moves_the_intercept_of_the_logarithm_alone() -> None:
    plain = location_scale(Y, V, location={"dose": DOSE}, scale={"dose": DOSE})
    other = location_scale(100 * Y, 1e4 * V, location={"dose": DOSE}, scale={"dose": DOSE})
    assert other.alpha - plain.alpha == pytest.approx([2 * np.log(100), 0], abs=1e-6)
    assert other.alpha_standard_errors == pytest.approx(plain.alpha_standard_errors, rel=1e-6)
    assert other.beta == pytest.approx(100 * plain.beta, rel=1e-7)


def test_neither_order_nor_the_zero_of_a_column_matters() -> None:
    order = np.random.default_rng(4).permutation(K)
    plain = location_scale(Y, V, location={"dose": DOSE}, scale={"dose": DOSE})
    moved = location_scale(Y[order], V[order], location={"dose": DOSE[order]}, scale={"dose": 2000 + DOSE[order]})
    assert moved.alpha[1] == pytest.approx(plain.alpha[1], rel=1e-6)
    assert moved.alpha_standard_errors[1] == pytest.approx(plain.alpha_standard_errors[1], rel=1e-5)
    assert moved.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    assert moved.tau2 == pytest.approx(plain.tau2[order], rel=1e-6)


def test_a_scale_without_intercept_depends_on_the_unit_and_says_so() -> None:
    found = location_scale(Y, V, scale={"trial": (KIND == "trial").astype(float)}, scale_intercept=False)
    assert found.tau2[KIND == "cohort"] == pytest.approx(1.0)
    assert any("the scale has no intercept" in mark for mark in found.marks)
    full = location_scale(Y, V, scale={"kind": KIND}, scale_intercept=False)
    assert full.scale_names == ("kind: cohort", "kind: trial")
    assert not any("no intercept" in mark for mark in full.marks)


def quiet() -> tuple[np.ndarray, np.ndarray]:
    """Estimates of which those of cohorts do not differ more than by chance."""
    rng = np.random.default_rng(6)
    return np.where(KIND == "cohort", 0.2 + 0.01 * rng.normal(size=K), rng.normal(0.2, 0.6, K)), np.full(K, 0.04)


def test_a_group_without_heterogeneity_is_told() -> None:
    y, v = quiet()
    logarithm = location_scale(y, v, scale={"kind": KIND})
    assert logarithm.tau2[KIND == "cohort"].max() < 1e-6
    assert any("the logarithm runs away" in mark for mark in logarithm.marks)
    line = location_scale(y, v, scale={"kind": KIND}, link="identity")
    assert line.tau2[KIND == "cohort"].max() == pytest.approx(0, abs=1e-9)
    assert any("on its bound, for 26 of 40" in mark for mark in line.marks)
    assert line.alpha[1] == pytest.approx(logarithm.tau2[KIND == "trial"][0], rel=1e-5)
    assert line.tau2_at({"kind": "cohort"})[0] == pytest.approx(0, abs=1e-12)
    assert np.isnan(line.alpha_standard_errors[0])
    assert np.isfinite(line.alpha_standard_errors[1])


def test_no_heterogeneity_at_all_is_a_common_effect() -> None:
    y = 0.2 + 0.01 * np.random.default_rng(6).normal(size=K)
    found = location_scale(y, V, scale={"dose": DOSE}, link="identity", test="normal")
    plain = common_effect(y, V)
    assert found.tau2 == pytest.approx(np.zeros(K), abs=1e-9)
    assert found.beta[0] == pytest.approx(plain.estimate, rel=1e-7)
    assert found.standard_errors[0] == pytest.approx(plain.standard_error, rel=1e-6)
    assert np.isnan(found.alpha_standard_errors).all()
    assert found.scale_test.statistic is None
    assert any("no standard errors" in mark for mark in found.marks)


def test_few_studies_are_marked() -> None:
    found = location_scale(Y[:9], V[:9], scale={"dose": DOSE[:9]})
    assert any("9 studies for 2 scale and 1 location" in mark for mark in found.marks)
    assert not any("studies for" in mark for mark in location_scale(Y, V, scale={"dose": DOSE}).marks)


def test_the_variance_at_chosen_values() -> None:
    found = location_scale(Y, V, scale={"dose": DOSE})
    assert found.tau2_at({"dose": [0.0, 2.0]}) == pytest.approx(
        np.exp(found.alpha[0] + found.alpha[1] * np.array([0.0, 2.0]))
    )
    line = location_scale(Y, V, scale={"dose": DOSE}, link="identity")
    assert line.tau2_at({"dose": 1.0})[0] == pytest.approx(line.alpha.sum())
    with pytest.raises(MethodError, match="tau2 below 0"):
        line.tau2_at({"dose": -1e3 if line.alpha[1] > 0 else 1e3})
    with pytest.raises(MethodError, match="expected are those of the model"):
        found.tau2_at({"year": 1.0})


def test_a_result_is_shown_as_a_table_a_dictionary_and_words() -> None:
    found: LocationScale = location_scale(Y, V, location={"a<b": DOSE}, scale={"kind": KIND}, level=0.9)
    table = found.table()
    assert table.loc[("scale", "kind: trial"), "estimate"] == found.alpha[1]
    assert table.loc[("location", "a<b"), "standard_error"] == found.standard_errors[1]
    stored = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert stored["alpha"] == found.alpha.tolist()
    assert stored["scale_test"]["p_value"] == found.scale_test.p_value
    assert len(stored["tau2"]) == K
    assert "90% level" in found.explain()
    assert "the logarithm of the between-study variance with kind" in found.explain()
    assert repr(found).startswith("LocationScale(REML, log link, k = 40, location: intercept, a<b; scale: intercept")
    page = found._repr_html_()
    assert "location: a&lt;b" in page
    assert "tau2 from" in page
    held = location_scale(*quiet(), scale={"kind": KIND}, link="identity", method="ML", test="normal")
    json.dumps(held.to_dict(), allow_nan=False)
    assert "is 0, on its bound" in held._repr_html_()
    assert "maximum likelihood" in held.explain()
    assert found.labels[0] == "study 1"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"link": "sqrt"}, "link 'sqrt'"),
        ({"method": "DL"}, "method 'DL'"),
        ({"test": "hartung-knapp"}, "test 'hartung-knapp'"),
        ({"level": 95}, "level"),
        ({"scale": {"dose": DOSE[:3]}}, "3 values for 40"),
        ({"scale": {"dose": [None, *DOSE[1:]]}}, "study 1 has no value"),
        ({"scale": {"dose": DOSE, "twice": 2 * DOSE}}, "follows from the columns before it"),
        ({"location": {"dose": np.ones(K)}}, "follows from the columns before it"),
        ({"scale_intercept": False}, "scale: neither intercept nor moderators"),
        ({"intercept": False}, "location: neither intercept nor moderators"),
        ({"labels": ["a"]}, "1 names for 40"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        location_scale(Y, V, **options)


@pytest.mark.parametrize(
    ("y", "v", "words"),
    [
        ([], [], "k = 0"),
        ([0.5], [0.01], "1 studies for 1 location and 1 scale"),
        ([0.5, float("inf")], [0.01, 0.01], "study 2: the estimate is inf"),
        ([0.5, 0.1, 0.2], [0.01, 0.0, 0.1], "study 2: the variance is 0"),
        ([0.5, 0.1, 0.2], [0.01, -1, 0.1], "study 2: the variance is -1"),
    ],
)
def test_studies_that_do_not_do_are_refused(y: list[float], v: list[float], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        location_scale(y, v)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize("link", ["log", "identity"])
@pytest.mark.parametrize("seed", range(4))
def test_no_unit_of_the_estimates_makes_another_fit(method: str, link: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    v, x = rng.uniform(0.02, 0.5, 8), rng.normal(0, 1, 8)
    y = rng.normal(0.5, np.sqrt(v + 0.15))
    plain = location_scale(y, v, scale={"x": x}, link=link, method=method)
    seen = 8 - (method == "REML")
    for unit in (1e-6, 1e-2, 3.0, 1e6):
        other = location_scale(unit * y, unit**2 * v, scale={"x": x}, link=link, method=method)
        assert other.converged == plain.converged
        assert other.log_likelihood + seen * np.log(unit) == pytest.approx(plain.log_likelihood, abs=1e-7)
        assert other.tau2 / unit**2 == pytest.approx(plain.tau2, rel=1e-4, abs=1e-8)
        assert other.beta / unit == pytest.approx(plain.beta, rel=1e-5)
        assert other.standard_errors / unit == pytest.approx(plain.standard_errors, rel=1e-5)
        moved = np.array([2 * np.log(unit), 0]) if link == "log" else 0.0
        size = 1.0 if link == "log" else unit**2
        assert (other.alpha - moved) / size == pytest.approx(plain.alpha, rel=1e-4, abs=1e-6)
        assert other.alpha_standard_errors / size == pytest.approx(plain.alpha_standard_errors, rel=1e-4, nan_ok=True)
        tests = [np.array(model.scale_test.statistic, dtype=float) for model in (other, plain)]
        assert tests[0] == pytest.approx(tests[1], rel=1e-4, abs=1e-9, nan_ok=True)


def test_a_logarithm_without_intercept_is_one_of_the_unit_given() -> None:
    # Where its columns are 0 tau2 is 1 in the unit of the data, however the fit is done.
    column = (KIND == "trial").astype(float)
    found = location_scale(100 * Y, 1e4 * V, scale={"trial": column}, scale_intercept=False)
    assert found.tau2[KIND == "cohort"] == pytest.approx(1.0)
    assert found.tau2[KIND == "trial"] == pytest.approx(np.exp(found.alpha[0]))


def test_a_search_beyond_the_bound_of_a_variance_has_a_slope() -> None:
    likelihood = Likelihood(Y, V, np.ones((K, 1)) / np.sqrt(K), np.ones((K, 1)) / np.sqrt(K), "identity", True)
    gradient, curvature = likelihood.derivatives(np.array([-1e3]))
    assert np.isfinite(gradient).all()
    assert np.isfinite(curvature).all()


@pytest.mark.parametrize("link", ["log", "identity"])
@pytest.mark.parametrize("size", [1e-9, 1e9])
def test_no_unit_of_a_moderator_loses_a_test(link: str, size: float) -> None:
    square = DOSE**2
    plain = location_scale(Y, V, location={"d": DOSE, "s": square}, scale={"d": DOSE, "s": square}, link=link)
    columns = {"d": size * DOSE, "s": square}
    other = location_scale(Y, V, location=columns, scale=columns, link=link)
    assert plain.scale_test.statistic is not None
    assert other.location_test.statistic == pytest.approx(plain.location_test.statistic, rel=1e-6)
    assert other.scale_test.statistic == pytest.approx(plain.scale_test.statistic, rel=1e-5)
    assert other.alpha_standard_errors[1] * size == pytest.approx(plain.alpha_standard_errors[1], rel=1e-5)
    assert np.isfinite(other.alpha_standard_errors).all()


def test_a_model_with_a_scale_alone_has_one_effect() -> None:
    found = location_scale(Y, V, scale={"dose": DOSE})
    one = (found.estimate, found.standard_error, found.p_value, *found.interval)
    assert one == (found.beta[0], found.standard_errors[0], found.p_values[0], found.low[0], found.high[0])
    several = location_scale(Y, V, location={"dose": DOSE})
    for name in ("estimate", "standard_error", "interval", "p_value"):
        with pytest.raises(MethodError, match="moderators of the mean has no one"):
            getattr(several, name)


@pytest.mark.parametrize("dose", [1e9, -1e9, 1e308])
def test_a_variance_beyond_all_numbers_is_refused(dose: float) -> None:
    found = location_scale(Y, V, scale={"dose": DOSE})
    with pytest.raises(MethodError, match="logarithms of tau2 up to"):
        found.tau2_at({"dose": [dose]})
