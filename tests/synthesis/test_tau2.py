"""Between-study variance: against an independent search, and laws that need no reference."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from synth.errors import MethodError
from synth.synthesis.tau2 import estimate_tau2

METHODS = ("REML", "DL", "PM", "ML", "EB", "HE", "HS", "HSk", "SJ", "PMM")
REFERENCE = json.loads((Path(__file__).parent.parent / "reference" / "metafor_random_effects.json").read_text())
CASES = {case["name"]: case for case in REFERENCE["cases"]}

study = st.tuples(st.floats(-5, 5), st.floats(-3, 1).map(lambda exponent: 10**exponent))
studies = st.lists(study, min_size=2, max_size=12).map(lambda pairs: tuple(np.array(pairs).T))


def cochran_q(y, v, tau2=0.0):
    """The generalised Q statistic, written out."""
    w = 1 / (v + tau2)
    return float(np.sum(w * (y - np.sum(w * y) / np.sum(w)) ** 2))


def restricted_log_likelihood(y, v, tau2):
    """Without its constant, written out."""
    w = 1 / (v + tau2)
    return 0.5 * float(np.sum(np.log(w)) - np.log(np.sum(w))) - 0.5 * cochran_q(y, v, tau2)


def close(value, expected, v):
    """Equal to a relative 1e-7 of the larger of tau2 and the median variance."""
    return abs(value - expected) <= 1e-7 * max(expected, float(np.median(v)))


@settings(deadline=None)
@given(studies)
def test_reml_is_the_global_maximum(data):
    y, v = data
    tau2 = estimate_tau2(y, v)
    best = restricted_log_likelihood(y, v, tau2)
    upper = 10 * float(np.var(y) + np.max(v))
    searched = [0.0, *np.geomspace(1e-6 * float(np.min(v)), upper, 2000).tolist()]
    assert max(restricted_log_likelihood(y, v, other) for other in searched) <= best + 1e-9


@pytest.mark.parametrize(
    ("y", "v", "inside"),
    [
        # Invented: one precise study, others far off it and imprecise; found by searching random data for two maxima.
        ([0.4, 0.3, -5.1, 4.7], [0.18, 0.02, 2.61, 28.65], True),
        ([-2.1, -1.4, -6.1, 1.9], [0.24, 0.47, 3.59, 6.53], True),
        ([-2.2, 5.9, -2.1], [0.11, 10.59, 0.3], False),
    ],
)
def test_reml_takes_the_higher_of_two_maxima(y, v, inside):
    y, v = np.array(y), np.array(v)
    grid = [0.0, *np.geomspace(1e-4, 200, 4000).tolist()]
    likelihood = np.array([-np.inf] + [restricted_log_likelihood(y, v, tau2) for tau2 in grid] + [-np.inf])
    peaks = np.flatnonzero((likelihood[1:-1] > likelihood[:-2]) & (likelihood[1:-1] > likelihood[2:]))
    assert len(peaks) == 2
    assert peaks[0] == 0
    tau2 = estimate_tau2(y, v)
    assert (tau2 > 0) is inside
    assert tau2 == pytest.approx(grid[max(peaks, key=lambda peak: likelihood[peak + 1])], rel=0.01)


@settings(deadline=None)
@given(studies)
def test_paule_mandel_solves_its_equation(data):
    y, v = data
    tau2 = estimate_tau2(y, v, "PM")
    if tau2 > 0:
        assert cochran_q(y, v, tau2) == pytest.approx(len(y) - 1, rel=1e-8)
    else:
        assert cochran_q(y, v) <= len(y) - 1


@pytest.mark.parametrize("name", ["uni-bcgRR-PM-z", "edge-k3-REML-knha"])
def test_paule_mandel_matches_statsmodels(name):
    # Fixed data: where rounding carries its iteration past the root, statsmodels gives 0 instead.
    inputs = CASES[name]["inputs"]
    y, v = np.array(inputs["yi"]), np.array(inputs["vi"])
    theirs = combine_effects(y, v, method_re="iterated").tau2
    assert theirs > 0
    assert estimate_tau2(y, v, "PM") == pytest.approx(theirs, rel=1e-5)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of statsmodels, whose tau2 may be negative
@settings(deadline=None)
@given(studies)
def test_dersimonian_laird_is_truncated_at_zero(data):
    y, v = data
    theirs = combine_effects(y, v, method_re="chi2").tau2  # not truncated
    assert close(estimate_tau2(y, v, "DL"), max(theirs, 0.0), v)


@settings(deadline=None)
@given(studies, st.sampled_from(METHODS), st.randoms(use_true_random=False))
def test_the_order_of_studies_is_irrelevant(data, method, random):
    y, v = data
    order = list(range(len(y)))
    random.shuffle(order)
    assert close(estimate_tau2(y[order], v[order], method), estimate_tau2(y, v, method), v)


@settings(deadline=None)
@given(studies, st.sampled_from(METHODS), st.sampled_from([1e-6, 0.01, 37.0, 1e6]), st.floats(-100, 100))
def test_units_and_origin_are_irrelevant(data, method, factor, origin):
    y, v = data
    scaled = estimate_tau2(factor * (y + origin), factor**2 * v, method) / factor**2
    assert close(scaled, estimate_tau2(y, v, method), v)


@settings(deadline=None)
@given(studies, st.sampled_from(METHODS))
def test_the_sign_of_the_effects_is_irrelevant(data, method):
    y, v = data
    assert close(estimate_tau2(-y, v, method), estimate_tau2(y, v, method), v)


@pytest.mark.parametrize("method", METHODS)
def test_estimates_that_agree_have_no_variance_between_them(method):
    assert estimate_tau2([1.0, 1.0, 1.0], [0.1, 0.2, 0.3], method) == 0
    if method != "SJ":  # which is above 0 wherever estimates differ at all
        assert estimate_tau2([1.0, 1.1, 0.9], [0.5, 0.5, 0.5], method) == 0


@pytest.mark.parametrize("method", METHODS)
def test_equal_variances_have_a_closed_form(method):
    y = np.array([0.0, 1.0, 2.0, 5.0])
    squares = float(np.sum((y - y.mean()) ** 2))
    crude = squares / 4
    closed = {
        "ML": crude - 0.5,
        "HS": crude - 0.5,
        "HSk": squares / 3 - 0.5,
        "SJ": crude * squares / 3 / (0.5 + crude),
        # The median of chi-squared with 3 degrees of freedom, from tables.
        "PMM": squares / 2.36597388437534 - 0.5,
    }
    assert estimate_tau2(y, np.full(4, 0.5), method) == pytest.approx(closed.get(method, squares / 3 - 0.5), rel=1e-12)


@pytest.mark.parametrize(
    ("y", "v", "reason"),
    [
        ([1.0], [0.1], "k = 1"),
        ([], [], "k = 0"),
        ([1.0, 2.0], [0.1], "2 estimates and 1 variances"),
        ([[1.0, 2.0]], [[0.1, 0.1]], "one column is expected"),
        ([1.0, float("nan")], [0.1, 0.1], "study 2: the estimate is nan"),
        ([1.0, 2.0], [0.1, -0.1], r"study 2: the variance is -0\.1"),
        ([1.0, 2.0], [0.0, 0.1], r"study 1: the variance is 0\.0"),
        ([1.0, 2.0], [0.1, float("inf")], "study 2: the variance is inf"),
    ],
)
def test_impossible_input_is_refused(y, v, reason):
    with pytest.raises(MethodError, match=reason):
        estimate_tau2(y, v)


def test_unknown_methods_are_refused():
    with pytest.raises(MethodError, match="one of REML, DL, PM, ML, EB"):
        estimate_tau2([1.0, 2.0], [0.1, 0.1], "MAD")
    with pytest.raises(MethodError, match="weights are expected"):
        estimate_tau2([1.0, 2.0], [0.1, 0.1], "GENQ")
