"""Fits to subsets of studies: each one is the fit that these studies alone give."""

from __future__ import annotations

import time

import numpy as np
import pytest

from synth.errors import MethodError
from synth.synthesis import common_effect, meta_regression, random_effects
from synth.synthesis.bayes import bayesian_random_effects
from synth.synthesis.gosh import ALL_UP_TO, SUBSETS, gosh
from synth.synthesis.priors import half_normal

# Invented: six studies that agree and one that does not, with unequal variances.
ESTIMATES = [0.10, 0.25, 0.18, 0.02, 0.31, 0.15, 1.40]
VARIANCES = [0.04, 0.02, 0.05, 0.03, 0.06, 0.01, 0.02]
NAMES = ["A", "B", "C", "D", "E", "F", "outlier"]


def model(method="DL", k=7, **options):
    if method == "common":
        return common_effect(ESTIMATES[:k], VARIANCES[:k], labels=NAMES[:k], **options)
    return random_effects(ESTIMATES[:k], VARIANCES[:k], labels=NAMES[:k], method=method, **options)


@pytest.mark.parametrize("method", ["common", "DL", "REML", "PM", "SJ"])
def test_each_subset_is_the_fit_of_its_studies(method):
    whole = model(method)
    result = gosh(whole)
    assert result.exact
    assert result.subsets == result.possible == 2**7 - 1
    assert len({tuple(row) for row in result.included.tolist()}) == 127
    for row in range(0, 127, 5):
        inside = np.flatnonzero(result.included[row])
        y, v = np.array(ESTIMATES)[inside], np.array(VARIANCES)[inside]
        alone = common_effect(y, v) if method == "common" else random_effects(y, v, method=method)
        assert result.estimates[row] == pytest.approx(alone.estimate, rel=1e-9)
        assert result.tau2[row] == pytest.approx(alone.tau2, rel=1e-8, abs=1e-12)
        assert result.q_e[row] == pytest.approx(alone.q_e, rel=1e-9, abs=1e-12)
        assert result.i2[row] == pytest.approx(alone.i2, rel=1e-8, abs=1e-12)
        assert result.h2[row] == pytest.approx(alone.h2, rel=1e-8)


def test_the_last_subset_is_the_whole_model():
    whole = model("REML")
    result = gosh(whole)
    assert result.sizes[-1] == 7
    assert result.estimates[-1] == pytest.approx(whole.estimate, rel=1e-10)
    assert result.i2[-1] == pytest.approx(whole.i2, rel=1e-9)


def test_subsets_of_one_study_are_the_estimates_and_have_no_heterogeneity():
    result = gosh(model())
    single = result.sizes == 1
    assert sorted(result.estimates[single]) == pytest.approx(sorted(ESTIMATES))
    assert (result.i2[single] == 0).all()
    assert (result.h2[single] == 1).all()
    assert any("7 subsets of no more than 1 study" in mark for mark in result.marks)


def test_own_weights_and_a_given_tau2_are_kept():
    own = [1.0, 2.0, 1.0, 1.0, 3.0, 1.0, 1.0]
    result = gosh(model(weights=own))
    pair = np.flatnonzero((result.included == [True, True] + [False] * 5).all(axis=1))
    assert result.estimates[pair] == pytest.approx([(0.10 + 2 * 0.25) / 3])
    assert gosh(model(tau2=0.3)).tau2 == pytest.approx(np.full(127, 0.3))


def test_a_subset_in_which_every_weight_is_zero_has_no_fit():
    result = gosh(model(weights=[0.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]))
    assert result.without_fit == 1
    assert result.subsets == 126
    assert any("1 subsets are left out" in mark for mark in result.marks)


def test_subsets_that_do_not_tell_the_coefficients_apart_are_left_out_and_counted():
    fitted = meta_regression(ESTIMATES, VARIANCES, {"group": ["a", "a", "a", "b", "b", "b", "b"]}, method="DL")
    result = gosh(fitted)
    # Only subsets with both groups: (2**3 - 1) * (2**4 - 1).
    assert result.subsets == 7 * 15
    assert result.without_fit == 127 - 105
    assert result.sizes.min() == 2
    assert result.coefficient(fitted.names[1])[-1] == pytest.approx(float(fitted.beta[1]))
    with pytest.raises(MethodError, match="has no one effect"):
        _ = result.estimates
    with pytest.raises(MethodError, match="'latitude': one of"):
        result.coefficient("latitude")


def test_the_outlier_parts_the_subsets():
    result = gosh(model("common"))
    table = result.by_study()
    assert table["explained"].idxmax() == "outlier"
    has = result.has("outlier")
    assert has.sum() == 64
    assert table.loc["outlier", "estimate_with"] == pytest.approx(np.median(result.estimates[has]))
    assert table.loc["outlier", "i2_without"] == pytest.approx(np.median(result.i2[~has]))
    # The share of variance between two groups, computed by the law of total variance.
    inner = 64 / 127 * result.estimates[has].var() + 63 / 127 * result.estimates[~has].var()
    assert table.loc["outlier", "explained"] == pytest.approx(1 - inner / result.estimates.var())


def test_the_table_names_the_studies_of_each_subset():
    table = gosh(model(k=3)).table()
    assert list(table.index) == ["1", "2", "1 2", "3", "1 3", "2 3", "1 2 3"]
    assert list(table["studies"]) == [1, 1, 2, 1, 2, 2, 3]


def test_random_subsets_repeat_with_their_seed_and_each_study_is_in_half_of_them():
    drawn = gosh(model(), subsets=100, seed=7)
    assert not drawn.exact
    assert drawn.subsets == 100
    np.testing.assert_array_equal(drawn.included, gosh(model(), subsets=100, seed=7).included)
    assert (drawn.included != gosh(model(), subsets=100, seed=8).included).any()
    assert drawn.included.any(axis=1).all()
    many = gosh(random_effects(np.linspace(0, 1, 25), np.full(25, 0.1), method="DL"), seed=1)
    assert many.subsets == SUBSETS
    # Five standard errors of a share of 1/2.
    assert np.abs(many.included.mean(axis=0) - 0.5).max() < 5 * 0.5 / np.sqrt(SUBSETS)
    assert f"{SUBSETS:,} random subsets of {2**25 - 1:,} (seed 1)" in many.marks


def test_more_subsets_than_there_are_means_all_of_them():
    result = gosh(model(k=4), subsets=1000)
    assert result.exact
    assert result.subsets == 15
    assert result.seed is None


@pytest.mark.parametrize("k", [1, 2])
def test_fewer_than_three_studies_are_refused_with_the_reason(k):
    with pytest.raises(MethodError, match=f"k = {k}: .*at least 3 studies"):
        gosh(model(k=k))


def test_bad_input_is_refused():
    with pytest.raises(MethodError, match="3 studies for 2 coefficients"):
        gosh(meta_regression(ESTIMATES[:3], VARIANCES[:3], {"x": [1, 2, 3]}))
    with pytest.raises(MethodError, match="B: the sampling variance is 0"):
        gosh(random_effects([0.1, 0.5, 0.9], [0.1, 0, 0.1], labels=["A", "B", "C"], method="HE"))
    big = random_effects(np.linspace(0, 1, ALL_UP_TO + 1), np.full(ALL_UP_TO + 1, 0.1), method="DL")
    with pytest.raises(MethodError, match="seed = None"):
        gosh(big)
    for subsets in (0, -3, 2.5, True):
        with pytest.raises(MethodError, match="subsets = "):
            gosh(model(), subsets=subsets)
    with pytest.raises(MethodError, match="no more than 4,000,000 are expected"):
        gosh(random_effects(np.linspace(0, 1, 23), np.full(23, 0.1), method="DL"), subsets=5_000_000, seed=1)
    result = gosh(model("common"))
    with pytest.raises(MethodError, match="tau2 of a common-effect model"):
        result.heterogeneity("tau2")
    with pytest.raises(MethodError, match="heterogeneity 'I2'"):
        result.heterogeneity("I2")
    with pytest.raises(MethodError, match="study 'Z' is not in the model"):
        result.has("Z")
    with pytest.raises(MethodError, match="stands for 2 studies"):
        gosh(random_effects([0.1, 0.2, 0.3], [1, 1, 1], labels=["A", "A", "B"])).has("A")


def test_marks_and_words():
    few = gosh(model(k=3))
    assert few.marks[0] == "only 3 studies: 7 subsets show no more than the studies themselves"
    assert "all 127 subsets of the 7 studies" in gosh(model()).explain()
    assert "100 random (seed 7) subsets" in gosh(model(), subsets=100, seed=7).explain()


def test_a_fit_of_a_subset_takes_a_fifth_of_a_fit_by_itself_or_less():
    rng = np.random.default_rng(3)
    v = rng.uniform(0.02, 0.3, 14)
    whole = random_effects(rng.normal(0, 0.5, 14), v, method="REML")
    start = time.perf_counter()
    result = gosh(whole)
    together = (time.perf_counter() - start) / result.subsets
    start = time.perf_counter()
    for _ in range(100):
        random_effects(whole.estimates, v, method="REML")
    assert together < (time.perf_counter() - start) / 100 / 5


@pytest.mark.parametrize("kind", ["Bayesian", "subsets", "nothing"])
def test_what_is_no_univariate_model_is_refused(kind):
    prior = half_normal(0.5, reason="invented")
    given = {
        "Bayesian": lambda: bayesian_random_effects(ESTIMATES, VARIANCES, prior=prior),
        "subsets": lambda: gosh(model()),
        "nothing": lambda: None,
    }
    with pytest.raises(MethodError, match=r"subsets of studies: a fitted model \(MetaAnalysis\) is expected, not "):
        gosh(given[kind]())
