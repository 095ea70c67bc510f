"""Leave-one-out, cumulative analysis and Baujat's axes: metafor's values, and fits to the studies that are left.

The studies here are invented, but for those of `metafor_cases.json`.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from synth.errors import MethodError
from synth.synthesis.diagnostics import baujat, cumulative, influence, leave_one_out
from synth.synthesis.models import common_effect, meta_regression, random_effects
from synth.synthesis.subgroups import subgroups

CASES = json.loads((Path(__file__).parents[1] / "reference" / "metafor_cases.json").read_text(encoding="utf-8"))
METHODS = ("DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ", "common")
TESTS = {"z": "normal", "knha": "hartung-knapp"}
COLUMNS = {"estimate": "estimate", "se": "standard_error", "zval": "statistic", "pval": "p_value", "ci.lb": "low"} | {
    "ci.ub": "high",
    "Q": "q_e",
    "Qp": "q_e_p",
    "tau2": "tau2",
    "H2": "h2",
}


def of_kind(kind):
    return [pytest.param(case, id=case["name"]) for case in CASES if case["kind"] == kind]


def model_of(case):
    spec, inputs = case["spec"], case["inputs"]
    test = TESTS[spec["test"]]
    if spec["method"] == "FE":
        return common_effect(inputs["yi"], inputs["vi"], test=test)
    return random_effects(inputs["yi"], inputs["vi"], method=spec["method"], test=test)


def invented(k, seed=0, spread=1.0):
    rng = np.random.default_rng(seed)
    v = 0.1 * np.exp(rng.normal(0, spread, k))
    return rng.normal(1, 1, k) * np.sqrt(v + 0.1), v


def fit(y, v, method, moderators=None, weights=None, **options):
    weights = 1 / (v + 0.3) if method == "GENQ" else weights
    if moderators:
        return meta_regression(y, v, moderators, method=method, weights=weights, **options)
    if method == "common":
        return common_effect(y, v, weights=weights, **options)
    return random_effects(y, v, method=method, weights=weights, **options)


def without(y, v, method, row, moderators=None, weights=None, **options):
    """A model of the other studies, fitted for itself."""
    rest = np.arange(len(y)) != row
    kept = {name: np.asarray(values)[rest] for name, values in (moderators or {}).items()}
    own = None if weights is None else weights[rest]
    return fit(y[rest], v[rest], method, kept, own, **options)


def assert_rows_are_fits(rows, y, v, method, which, **options):
    for row in which:
        alone = without(y, v, method, row, **options)
        for name in ("q_e", "tau2", "i2", "h2", "q_e_p"):
            np.testing.assert_allclose(
                getattr(rows, name)[row], getattr(alone, name), rtol=1e-9, atol=1e-12, err_msg=name
            )
        np.testing.assert_allclose(np.atleast_1d(rows.estimate[row]), alone.beta, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(np.atleast_1d(rows.low[row]), alone.low, rtol=1e-9, atol=1e-11)
        np.testing.assert_allclose(np.atleast_1d(rows.p_value[row]), alone.p_values, rtol=1e-8, atol=1e-300)


@pytest.mark.parametrize("case", of_kind("leave1out") + of_kind("cumul"))
def test_refits_are_those_of_metafor(case):
    model = model_of(case)
    leave = case["kind"] == "leave1out"
    found = leave_one_out(model) if leave else cumulative(model, case["inputs"]["order_value"])
    tolerance = 1e-9 if case["spec"]["method"] in ("FE", "DL") else 1e-7
    wanted = {name: column for name, column in COLUMNS.items() if name in case["outputs"]}
    for name, column in wanted.items():
        np.testing.assert_allclose(
            getattr(found, column), case["outputs"][name], rtol=tolerance, atol=1e-13, err_msg=name
        )
    np.testing.assert_allclose(100 * found.i2, case["outputs"]["I2"], rtol=tolerance, atol=1e-10)
    if not leave:
        assert (found.order + 1).tolist() == case["outputs"]["order"]


@pytest.mark.parametrize("case", of_kind("baujat"))
def test_the_axes_are_those_of_metafor(case):
    found = baujat(model_of(case))
    np.testing.assert_allclose(found.contribution, case["outputs"]["x"], rtol=1e-9)
    np.testing.assert_allclose(found.influence, case["outputs"]["y"], rtol=1e-8)


@pytest.mark.parametrize("test", ["normal", "hartung-knapp-guarded"])
@pytest.mark.parametrize("method", METHODS)
def test_many_studies_left_out_one_by_one(method, test):
    y, v = invented(150, seed=1)
    rows = leave_one_out(fit(y, v, method, test=test))
    assert_rows_are_fits(rows, y, v, method, range(0, 150, 15), test=test)


@pytest.mark.parametrize("method", METHODS)
def test_moderators_that_differ_by_little(method):
    y, v = invented(40, seed=2)
    moderators = {"year": np.arange(1980.0, 2020.0), "group": np.array(["a", "b", "c", "d"] * 10)}
    rows = leave_one_out(fit(y, v, method, moderators))
    assert rows.estimate.shape == (40, 5)
    for row in range(0, 40, 7):
        alone = without(y, v, method, row, moderators)
        errors = np.abs(rows.estimate[row] - alone.beta) / alone.standard_errors
        assert errors.max() < 1e-9
        np.testing.assert_allclose(rows.tau2[row], alone.tau2, rtol=1e-8, atol=1e-11)
        np.testing.assert_allclose(rows.standard_error[row], alone.standard_errors, rtol=1e-8)


@pytest.mark.parametrize("method", METHODS)
def test_a_study_that_outweighs_all_others_and_one_that_lies_far_off(method):
    y, v = invented(12, seed=3)
    v[4] = 1e-7
    y[9] = 1e5
    rows = leave_one_out(fit(y, v, method))
    assert_rows_are_fits(rows, y, v, method, [4, 9])
    near = fit(y, v, method)
    assert rows.tau2[9] <= near.tau2 * (1 + 1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("k", [2, 3])
def test_hardly_any_studies(k, method):
    y, v = invented(k, seed=k)
    rows = leave_one_out(fit(y, v, method))
    assert_rows_are_fits(rows, y, v, method, range(k))
    assert rows.k.tolist() == [k - 1] * k
    if k == 2:
        assert rows.tau2.tolist() == [0.0, 0.0]
        assert set(rows.row_marks) == {"one study: nothing is pooled, and tau2 is taken as 0"}
        assert "k is too small for leave-one-out" in rows.marks[0]


@pytest.mark.parametrize("method", METHODS)
def test_estimates_that_agree(method):
    rows = leave_one_out(fit(np.full(6, 0.3), np.array([0.1, 0.2, 0.3, 0.1, 0.2, 0.5]), method, test="normal"))
    np.testing.assert_allclose(rows.estimate, 0.3, rtol=1e-14)
    assert np.all(rows.tau2 < 1e-12)
    assert np.all(rows.q_e < 1e-20)


def test_given_tau2_and_own_weights_stay():
    y, v = invented(20, seed=4)
    weights = np.linspace(1, 3, 20)
    rows = leave_one_out(fit(y, v, "REML", weights=weights, test="normal"))
    assert_rows_are_fits(rows, y, v, "REML", range(0, 20, 3), weights=weights, test="normal")
    rows = leave_one_out(fit(y, v, "REML", tau2=0.4, test="hartung-knapp"))
    assert_rows_are_fits(rows, y, v, "REML", range(0, 20, 3), tau2=0.4, test="hartung-knapp")
    assert set(rows.tau2) == {0.4}


def test_a_study_with_a_category_to_itself_cannot_be_left_out():
    y, v = invented(6, seed=5)
    rows = leave_one_out(fit(y, v, "REML", {"group": ["a", "a", "a", "b", "b", "c"]}))
    assert np.isnan(rows.estimate[5]).all()
    assert np.isnan(rows.tau2[5])
    assert rows.row_marks[5] == "a coefficient is not estimable from the studies left"
    assert np.isfinite(rows.estimate[:5]).all()
    assert "rows without a fit: 6" in rows.marks


def test_a_variance_of_zero_is_fitted_around():
    y, v = np.array([0.1, 0.9, 0.4, 1.2]), np.array([0.02, 0.0, 0.03, 0.05])
    rows = leave_one_out(random_effects(y, v, method="REML", test="normal"))
    assert_rows_are_fits(rows, y, v, "REML", [1], test="normal")
    rest = random_effects(y[1:], v[1:], method="REML", test="normal")
    np.testing.assert_allclose([rows.estimate[0], rows.tau2[0]], [rest.estimate, rest.tau2], rtol=1e-9)
    assert np.isnan(rows.q_e[0])
    assert np.isnan(rows.i2[0])


def test_the_only_positive_variance_left_out_is_marked():
    rows = leave_one_out(random_effects([0.1, 0.9, 0.5], [0.02, 0.0, 0.0], method="REML", test="normal"))
    assert rows.row_marks[0] == "every sampling variance left is 0"
    assert np.isnan(rows.estimate[0])


@pytest.mark.parametrize("method", ["ML", "REML"])
def test_the_highest_of_two_maxima_is_found(method):
    # Four precise estimates that agree beside four scattered ones: the likelihood has a second maximum.
    y = np.array([0.0, 0.01, 0.02, 0.01, 2.0, -2.0, 1.6, -1.8])
    v = np.array([1e-3] * 4 + [0.5, 0.5, 0.4, 0.4])
    rows = leave_one_out(random_effects(y, v, method=method, test="normal"))
    for row in range(8):
        rest = np.arange(8) != row
        grid = np.concatenate([[0.0], np.geomspace(1e-6, 20, 4000)])
        heights = [log_likelihood(y[rest], v[rest], tau2, method) for tau2 in grid]
        slopes = np.sign(np.diff(heights))
        assert np.count_nonzero((slopes[:-1] > 0) & (slopes[1:] < 0)) + (slopes[0] < 0) == 2
        assert log_likelihood(y[rest], v[rest], rows.tau2[row], method) >= max(heights)
        assert abs(rows.tau2[row] - grid[np.argmax(heights)]) < 0.005 * rows.tau2[row] + 1e-6


def log_likelihood(y, v, tau2, method):
    w = 1 / (v + tau2)
    mean = (w * y).sum() / w.sum()
    penalty = np.log(w.sum()) if method == "REML" else 0.0
    return 0.5 * (np.log(w).sum() - penalty - (w * (y - mean) ** 2).sum())


def test_one_study_cannot_be_left_out():
    model = random_effects([0.1], [0.2])
    with pytest.raises(MethodError, match="nothing is left"):
        leave_one_out(model)


def test_memory_grows_with_k_and_time_stays_small():
    y, v = invented(4000, seed=6)
    model = random_effects(y, v, method="DL", test="normal")
    leave_one_out(model)
    tracemalloc.start()
    started = time.perf_counter()
    leave_one_out(model)
    seconds = time.perf_counter() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6, "k * k doubles would be 128 MB"
    assert seconds < 5


def test_a_hundred_thousand_studies():
    y, v = invented(100_000, seed=7)
    rows = leave_one_out(random_effects(y, v, method="DL", test="normal"))
    assert_rows_are_fits(rows, y, v, "DL", [0, 99_999], test="normal")


def test_cumulative_rows_are_fits_to_the_first_studies():
    y, v = invented(15, seed=8)
    year = np.array([3, 1, 2, 2, 1] * 3)
    rows = cumulative(random_effects(y, v, method="PM", test="hartung-knapp"), year)
    assert rows.order.tolist() == np.argsort(year, kind="stable").tolist()
    for size in range(1, 16):
        first = rows.order[:size]
        alone = random_effects(y[first], v[first], method="PM", test="hartung-knapp")
        found = [rows.estimate[size - 1], rows.low[size - 1], rows.tau2[size - 1], rows.q_e[size - 1]]
        np.testing.assert_allclose(found, [alone.estimate, alone.low[0], alone.tau2, alone.q_e], rtol=1e-9, atol=1e-12)
    assert rows.k.tolist() == list(range(1, 16))
    assert rows.row_marks[0] == "one study: nothing is pooled, and tau2 is taken as 0"
    assert "not adjusted for looking again" in rows.marks[0]


def test_cumulative_in_many_blocks():
    y, v = invented(900, seed=9)
    rows = cumulative(random_effects(y, v, method="DL", test="normal"))
    for size in (1, 2, 145, 146, 147, 900):
        alone = random_effects(y[:size], v[:size], method="DL", test="normal")
        np.testing.assert_allclose(rows.estimate[size - 1], alone.estimate, rtol=1e-10)
        np.testing.assert_allclose(rows.tau2[size - 1], alone.tau2, rtol=1e-10)


def test_the_order_of_a_cumulative_analysis():
    model = random_effects([0.1, 0.2, 0.3], [0.1, 0.1, 0.1], labels=["a", "b", "c"])
    assert cumulative(model).labels == ("a", "b", "c")
    assert cumulative(model, [2, 0, 1]).labels == ("b", "c", "a")
    assert cumulative(model, index=[2, 0, 1]).labels == ("c", "a", "b")
    for wrong in ({"order": [1, 2]}, {"order": [1, np.nan, 2]}, {"index": [0, 0, 1]}, {"index": [1, 2, 3]}):
        with pytest.raises(MethodError, match=r"order|index"):
            cumulative(model, **wrong)
    with pytest.raises(MethodError, match="both given"):
        cumulative(model, [1, 2, 3], index=[0, 1, 2])
    with pytest.raises(MethodError, match="without moderators"):
        cumulative(meta_regression([0.1, 0.2, 0.4], [0.1, 0.1, 0.1], {"x": [1.0, 2.0, 4.0]}))


def test_a_start_that_cannot_be_fitted_is_marked():
    model = random_effects([0.5, 0.1, 0.9], [0.0, 0.02, 0.1], method="REML", test="normal")
    rows = cumulative(model)
    assert "0" in rows.row_marks[0]
    assert np.isnan(rows.estimate[0])
    assert rows.estimate[2] == pytest.approx(model.estimate)


def test_tables_dictionaries_and_pages():
    model = random_effects([0.1, 0.9, 0.4], [0.1, 0.2, 0.1], labels=["<b>Ann</b>", "Bo", "Cy"])
    rows = leave_one_out(model)
    table = rows.table()
    assert list(table.index) == ["<b>Ann</b>", "Bo", "Cy"]
    np.testing.assert_array_equal(table["estimate"], rows.estimate)
    assert json.loads(json.dumps(rows.to_dict()))["estimate"] == rows.estimate.tolist()
    page = rows._repr_html_()
    assert "&lt;b&gt;Ann&lt;/b&gt;" in page
    assert "<b>" not in page
    assert list(baujat(model).table().columns) == ["contribution", "influence"]
    regression = meta_regression([0.1, 0.9, 0.4, 0.6], [0.1, 0.2, 0.1, 0.2], {"x": [1.0, 2.0, 4.0, 3.0]})
    assert "estimate[x]" in leave_one_out(regression).table().columns


def test_a_long_table_is_cut_in_a_notebook_and_says_so():
    y, v = invented(130, seed=10)
    page = leave_one_out(random_effects(y, v))._repr_html_()
    assert page.count("<tr>") == 101
    assert "100 of 130 rows are shown" in page


@pytest.mark.parametrize("ask", [leave_one_out, cumulative, influence, baujat])
def test_what_is_no_fitted_model_is_refused_by_name(ask):
    groups = subgroups([0.1, 0.3, 0.2, 0.5], [0.02, 0.03, 0.04, 0.05], ["a", "a", "b", "b"])
    with pytest.raises(MethodError, match=r"a fitted model \(MetaAnalysis\) is expected, not Subgroups"):
        ask(groups)


def test_rows_without_i2_are_named_beside_the_table():
    variances = [2.4e-13, 39.0, 350.0, 1.5e6, 6.4e-10, 7.1e14, 7.6e-3, 3.0e-6, 5.5e-2, 607.0, 1.3e5, 2.0e6]
    effects = [0.24, 0.37, 0.01, -0.09, -1.06, -0.57, 0.48, 1.18, 0.84, 0.41, -2.16, 0.22]
    year = [2022, 2009, 2009, 2006, 2023, 2025, 2007, 2025, 2019, 2017, 2001, 1991]
    found = leave_one_out(meta_regression(effects, variances, {"year": year}, method="ML", test="normal"))
    lost = [str(row + 1) for row in np.flatnonzero(np.isnan(found.i2))]
    assert lost
    assert f"rows without I2 and H2: {', '.join(lost)}" in found.marks
