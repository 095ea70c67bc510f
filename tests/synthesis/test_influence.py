"""Influence of studies and standardised residuals: metafor's values, and the definitions spelt out with matrices.

The studies here are invented, but for those of `metafor_cases.json`.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

from synth.errors import MethodError
from synth.synthesis.diagnostics import leave_one_out
from synth.synthesis.influence import hat_values, influence, standardised_residuals
from synth.synthesis.models import common_effect, meta_regression, random_effects
from synth.synthesis.weighted_sums import studies_of, sums_over, sums_with

CASES = json.loads((Path(__file__).parents[1] / "reference" / "metafor_cases.json").read_text(encoding="utf-8"))
TESTS = {"z": "normal", "knha": "hartung-knapp"}
COLUMNS = {"rstudent": "rstudent", "dffits": "dffits", "cook.d": "cooks_distance", "cov.r": "covariance_ratio"} | {
    "tau2.del": "tau2_deleted",
    "QE.del": "q_e_deleted",
    "hat": "hat",
}


def of_kind(kind):
    return [pytest.param(case, id=case["name"]) for case in CASES if case["kind"] == kind]


def model_of(case):
    spec, inputs = case["spec"], case["inputs"]
    options = {"test": TESTS[spec["test"]]}
    if spec["method"] == "FE":
        return common_effect(inputs["yi"], inputs["vi"], **options)
    if "mods" in inputs:
        return meta_regression(inputs["yi"], inputs["vi"], inputs["mods"], method=spec["method"], **options)
    return random_effects(inputs["yi"], inputs["vi"], method=spec["method"], **options)


def invented(seed=0, k=14):
    rng = np.random.default_rng(seed)
    v = 0.1 * np.exp(rng.normal(0, 1, k))
    return rng.normal(1, 1, k) * np.sqrt(v + 0.2), v, {"x": rng.normal(size=k), "g": np.array(["a", "b"] * (k // 2))}


@pytest.mark.parametrize("case", of_kind("influence"))
def test_influence_is_that_of_metafor(case):
    found = influence(model_of(case))
    tolerance = 1e-9 if case["spec"]["method"] in ("FE", "DL") else 1e-7
    for name, column in COLUMNS.items():
        np.testing.assert_allclose(
            getattr(found, column), case["outputs"][name], rtol=tolerance, atol=1e-13, err_msg=name
        )
    np.testing.assert_allclose(100 * found.weight, case["outputs"]["weight"], rtol=tolerance)
    np.testing.assert_allclose(found.dfbetas[:, 0], case["outputs"]["dfbetas"], rtol=tolerance, atol=1e-13)
    assert found.influential.tolist() == case["outputs"]["is_influential"]


@pytest.mark.parametrize("case", of_kind("regression_tests"))
def test_residuals_and_influence_beside_moderators_are_those_of_metafor(case):
    model, outputs = model_of(case), case["outputs"]
    for kind, name in (("internal", "rstandard"), ("external", "rstudent")):
        found = standardised_residuals(model, kind)
        np.testing.assert_allclose(found.residual, outputs[name]["resid"], rtol=1e-7)
        np.testing.assert_allclose(found.standard_error, outputs[name]["se"], rtol=1e-7)
        np.testing.assert_allclose(found.z, outputs[name]["z"], rtol=1e-7)
    found = influence(model)
    np.testing.assert_allclose(found.cooks_distance, outputs["cooks.distance"], rtol=1e-7)
    np.testing.assert_allclose(found.hat, outputs["hatvalues"], rtol=1e-7)
    for name, values in zip(model.names, found.dfbetas.T, strict=True):
        np.testing.assert_allclose(values, outputs["dfbetas"]["intrcpt" if name == "intercept" else name], rtol=1e-7)


def by_definition(model, alone, row):
    """DFFITS, Cook's distance, covariance ratio and DFBETAS of one study, with whole matrices."""
    x, total = model.moderators.columns, model.variances + alone.tau2
    own = model.own_weights
    a = np.diag(1 / (model.variances + model.tau2) if own is None else own)
    bread = np.linalg.inv(x.T @ a @ x)
    hat = x @ bread @ x.T @ a
    if own is None:
        of_all = np.linalg.inv(x.T @ np.diag(1 / total) @ x)
        spread = hat[row, row] * total[row]
    else:
        of_all = bread @ x.T @ a @ np.diag(total) @ a @ x @ bread
        spread = (hat @ np.diag(total) @ hat.T)[row, row]
    change = model.beta - alone.beta
    return (
        x[row] @ change / np.sqrt(alone.factor * spread),
        change @ np.linalg.inv(model.covariance) @ change,
        np.linalg.det(alone.covariance) / np.linalg.det(model.covariance),
        change / np.sqrt(alone.factor * np.diagonal(of_all)),
    )


@pytest.mark.parametrize("own", [False, True], ids=["inverse-variance", "own weights"])
@pytest.mark.parametrize("test", ["normal", "t", "hartung-knapp", "hartung-knapp-guarded"])
@pytest.mark.parametrize("method", ["common", "DL", "REML", "PM", "SJ"])
def test_influence_by_its_definitions(method, test, own):
    y, v, moderators = invented(seed=3)
    weights = np.linspace(1, 2, len(y)) if own else None
    model = meta_regression(y, v, moderators, method=method, test=test, weights=weights)
    found = influence(model)
    for row in range(0, len(y), 3):
        rest = np.arange(len(y)) != row
        kept = {name: values[rest] for name, values in moderators.items()}
        part = None if weights is None else weights[rest]
        alone = meta_regression(y[rest], v[rest], kept, method=method, test=test, weights=part)
        dffits, cook, ratio, dfbetas = by_definition(model, alone, row)
        np.testing.assert_allclose(found.dffits[row], dffits, rtol=1e-8)
        np.testing.assert_allclose(found.cooks_distance[row], cook, rtol=1e-8)
        np.testing.assert_allclose(found.covariance_ratio[row], ratio, rtol=1e-8)
        np.testing.assert_allclose(found.dfbetas[row], dfbetas, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("own", [False, True], ids=["inverse-variance", "own weights"])
def test_internal_residuals_by_their_definition(own):
    y, v, moderators = invented(seed=4)
    weights = np.linspace(1, 2, len(y)) if own else None
    model = meta_regression(y, v, moderators, test="hartung-knapp", weights=weights)
    x, total = model.moderators.columns, np.diag(v + model.tau2)
    a = np.linalg.inv(total) if weights is None else np.diag(weights)
    left = np.eye(len(y)) - x @ np.linalg.inv(x.T @ a @ x) @ x.T @ a
    found = standardised_residuals(model)
    np.testing.assert_allclose(found.residual, left @ y, rtol=1e-9)
    np.testing.assert_allclose(found.standard_error, np.sqrt(np.diagonal(left @ total @ left.T)), rtol=1e-9)
    np.testing.assert_allclose(hat_values(model), 1 - np.diagonal(left), rtol=1e-9)


def test_external_residuals_by_their_definition():
    y, v, _ = invented(seed=5)
    model = random_effects(y, v, method="DL", test="hartung-knapp")
    found = standardised_residuals(model, "external")
    for row in range(len(y)):
        rest = np.arange(len(y)) != row
        alone = random_effects(y[rest], v[rest], method="DL", test="hartung-knapp")
        variance = alone.factor * (v[row] + alone.tau2) + alone.standard_error**2
        assert found.z[row] == pytest.approx((y[row] - alone.estimate) / np.sqrt(variance), rel=1e-9)


def test_the_criteria_are_stated_and_applied():
    y, v, _ = invented(seed=6)
    y[3] += 8
    found = influence(random_effects(y, v, test="normal"))
    k = len(y)
    expected = np.abs(found.dffits) > 3 * np.sqrt(1 / (k - 1))
    expected |= chi2.cdf(found.cooks_distance, 1) > 0.5
    expected |= found.hat > 3 / k
    expected |= np.abs(found.dfbetas[:, 0]) > 1
    assert found.influential.tolist() == expected.tolist()
    assert found.influential[3]
    assert not found.influential.all()
    assert found.hat_limit == 3 / k
    assert found.criteria[0] == f"DFFITS beyond 3 sqrt(p / (k - p)) = {3 * np.sqrt(1 / (k - 1)):.4g}"
    assert found.marks == ()


def test_cooks_distance_alone_can_make_a_study_influential():
    only = 0
    for seed in range(40):
        y, v, _ = invented(seed=seed, k=6)
        found = influence(random_effects(y, v, test="normal"))
        cook = chi2.cdf(found.cooks_distance, 1) > 0.5
        others = (np.abs(found.dffits) > found.dffits_limit) | (found.hat > found.hat_limit)
        others |= np.abs(found.dfbetas[:, 0]) > 1
        assert found.influential.tolist() == (cook | others).tolist()
        only += np.count_nonzero(cook & ~others)
    assert only > 3


def test_a_category_of_one_study_has_no_residual_and_no_influence():
    y, v, _ = invented(seed=10, k=8)
    moderators = {"g": ["a"] * 7 + ["b"], "year": np.arange(1990.0, 1998.0)}
    model = meta_regression(y, v, moderators, labels=list("LMNOPQRS"))
    inside, found = standardised_residuals(model), influence(model)
    assert np.isnan(inside.z[7])
    assert inside.standard_error[7] == 0
    assert "no standardised residual of S" in inside.marks[0]
    assert found.hat[7] == 1
    assert np.isnan([found.rstudent[7], found.dffits[7], found.cooks_distance[7], found.tau2_deleted[7]]).all()
    assert np.isfinite([found.rstudent[:7], found.dffits[:7], found.cooks_distance[:7]]).all()
    assert "no values for S: a coefficient is not estimable from the studies left" in found.marks
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["dffits"][7] is None
    assert found.hat_limit == 9 / 8
    assert not found.influential[7], "no hat value is above this cut-off"


def test_a_hat_value_of_one_is_one_whatever_the_rounding():
    for seed in range(8):
        y, v, _ = invented(seed=seed, k=8)
        moderators = {"g": ["b"] + ["a"] * 7, "year": np.arange(1990.0, 1998.0)}
        assert hat_values(meta_regression(y, v, moderators))[0] == 1


def test_own_weights_that_leave_no_fit_are_an_error_or_a_mark():
    y, v, _ = invented(seed=1, k=4)
    far = np.array([-0.132, -0.172, 0.186]) + 1e5
    found = leave_one_out(random_effects(far, [0.01, 0.01, 0.01], method="GENQ", weights=[1.0, 0.0, 2.0]))
    assert [bool(mark) for mark in found.row_marks] == [True, False, True]
    found = leave_one_out(random_effects(y[:3], v[:3], method="GENQ", weights=[1.0, 0.0, 2.0]))
    assert [bool(mark) for mark in found.row_marks] == [True, False, True]
    assert np.isnan(found.estimate).tolist() == [True, False, True]
    with pytest.raises(MethodError, match="outweighs"):
        hat_values(meta_regression(y, v, {"x": [1.0, 2.0, 1.0, 2.0]}, weights=[0.0, 1e5, 0.0, 1.0], tau2=0.1))


def test_few_studies_are_marked():
    two = influence(random_effects([0.1, 0.9], [0.02, 0.05]))
    assert "as many coefficients are left as studies" in two.marks[0]
    assert "k is too small for the cut-off of hat values: 3 p / k is 1.5" in two.marks[1]
    assert two.tau2_deleted.tolist() == [0.0, 0.0]
    with pytest.raises(MethodError, match="nothing is left"):
        influence(random_effects([0.1], [0.02]))
    with pytest.raises(MethodError, match="'internal' or 'external'"):
        standardised_residuals(random_effects([0.1, 0.9], [0.02, 0.05]), "studentised")


def test_influence_does_not_depend_on_the_unit_or_the_origin():
    y, v, moderators = invented(seed=7)
    plain = influence(meta_regression(y, v, moderators))
    moved = influence(meta_regression(1e6 * (y + 3), 1e12 * v, moderators | {"x": moderators["x"] + 2000}))
    np.testing.assert_allclose(moved.cooks_distance, plain.cooks_distance, rtol=1e-6)
    np.testing.assert_allclose(moved.rstudent, plain.rstudent, rtol=1e-7)
    np.testing.assert_allclose(moved.tau2_deleted, 1e12 * plain.tau2_deleted, rtol=1e-7)


def test_sums_between_the_exact_ones_are_exact_too():
    y, v, moderators = invented(seed=8, k=40)
    v[0] *= 1e-4
    model = meta_regression(y, v, moderators)
    studies = studies_of(model.data_set, 0.5)
    sums = sums_over(studies, 0.0, 300.0)
    tau2 = np.concatenate([[0.0, 300.0], np.geomspace(1e-7, 299, 500), sums.tau2[1:4]])
    exact = sums_with(studies, 1 / (tau2[:, None] + studies.v))
    # The sums of w, w**2 and w**3 themselves, and the others beside the largest they could be.
    size = np.einsum(
        "bjk,km->bjm", (1 / (tau2[:, None] + studies.v))[:, None, :] ** [[1], [2], [3]], abs(studies.features)
    )
    assert (np.abs(sums.at(tau2) - exact) / size).max() < 1e-13


def test_tables_dictionaries_and_pages():
    y, v, moderators = invented(seed=9)
    found = influence(meta_regression(y, v, moderators))
    table = found.table()
    assert {"rstudent", "dfbetas[intercept]", "dfbetas[x]", "influential"} <= set(table.columns)
    np.testing.assert_array_equal(table["dfbetas[x]"], found.dfbetas[:, 1])
    assert json.loads(json.dumps(found.to_dict()))["hat"] == found.hat.tolist()
    assert "DFFITS beyond" in found._repr_html_()
    assert standardised_residuals(meta_regression(y, v, moderators)).table().shape == (14, 3)
