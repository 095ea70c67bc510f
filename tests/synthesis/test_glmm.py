"""Generalised linear mixed models: what they answer, what they leave out, what they refuse, and how they say it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.errors import MethodError
from synth.synthesis.glmm import odds_ratio_glmm, proportion_glmm, rate_glmm, rate_ratio_glmm
from synth.synthesis.glmm.fit import separating

# Invented counts.
EVENTS, TOTALS, TIMES = [3, 0, 12, 7, 20, 1], [20, 11, 40, 9, 55, 30], [120.5, 60.0, 300.0, 41.0, 510.0, 222.0]
A, N1, C, N2 = [9, 0, 9, 1, 30, 3], [25, 14, 38, 20, 60, 33], [5, 3, 12, 5, 15, 6], [24, 15, 41, 18, 57, 30]
YEARS = [1990, 1994, 2001, 2005, 2011, 2020]
ARMS = [(odds_ratio_glmm, model) for model in ("UM.FS", "UM.RS", "CM.AL", "CM.EL")]
ARMS += [(rate_ratio_glmm, model) for model in ("UM.FS", "UM.RS", "CM.EL")]


def said(fit, part):
    return any(part in mark for mark in fit.marks)


def test_a_common_proportion_is_that_of_all_participants_together():
    fit = proportion_glmm(EVENTS, TOTALS, method="common")
    x, n = sum(EVENTS), sum(TOTALS)
    assert fit.estimate == pytest.approx(math.log(x / (n - x)), abs=1e-12)
    assert fit.standard_error == pytest.approx(math.sqrt(1 / x + 1 / (n - x)), rel=1e-9)
    assert (fit.tau2, fit.i2, fit.h2) == (0, 0, 1)
    assert fit.natural().estimates[0] == pytest.approx(x / n, abs=1e-12)
    assert fit.natural().prediction_low is None


def test_a_common_rate_is_that_of_all_times_together():
    fit = rate_glmm(EVENTS, TIMES, method="common")
    assert fit.natural().estimates[0] == pytest.approx(sum(EVENTS) / sum(TIMES), rel=1e-12)
    assert fit.standard_error == pytest.approx(1 / math.sqrt(sum(EVENTS)), rel=1e-9)


def test_heterogeneity_is_tested_against_an_effect_for_every_study():
    fit = proportion_glmm(EVENTS, TOTALS, method="common")
    x, n = np.array(EVENTS, float), np.array(TOTALS, float)
    p = x.sum() / n.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        deviance = 2 * np.nansum([x * np.log(x / n / p), (n - x) * np.log((n - x) / n / (1 - p))])
    assert fit.q_lrt == pytest.approx(deviance, rel=1e-10)
    inside = (x > 0) & (x < n)
    y, w = np.log(x[inside] / (n - x)[inside]), (x * (n - x) / n)[inside]
    assert fit.q_wald == pytest.approx(float(w @ (y - w @ y / w.sum()) ** 2), rel=1e-10)
    assert fit.q_df == 5
    assert 0 < fit.q_lrt_p < 0.01
    assert proportion_glmm(EVENTS, TOTALS).q_lrt == pytest.approx(fit.q_lrt, rel=1e-12)


def test_criteria_count_every_parameter():
    one = proportion_glmm(EVENTS, TOTALS).fit_statistics()["ML"]
    assert one.parameters == 2
    assert one.aic == pytest.approx(4 - 2 * one.log_likelihood)
    assert one.bic == pytest.approx(2 * math.log(6) - 2 * one.log_likelihood)
    assert odds_ratio_glmm(A, N1, C, N2).fit_statistics()["ML"].parameters == 6 + 2
    assert odds_ratio_glmm(A, N1, C, N2, method="common").fit_statistics()["ML"].parameters == 6 + 1
    assert odds_ratio_glmm(A, N1, C, N2, model="UM.RS").fit_statistics()["ML"].parameters == 4
    fit = proportion_glmm(EVENTS, TOTALS, method="common")
    assert fit.fit_statistics()["ML"].deviance == pytest.approx(fit.q_lrt, rel=1e-10)


def test_unconditional_and_conditional_rates_have_one_common_ratio():
    one, other = (rate_ratio_glmm(A, N1, C, N2, model=model, method="common") for model in ("UM.FS", "CM.EL"))
    assert one.estimate == pytest.approx(other.estimate, abs=1e-11)
    assert one.standard_error == pytest.approx(other.standard_error, rel=1e-9)
    assert one.q_lrt == pytest.approx(other.q_lrt, rel=1e-9)
    assert one.q_wald == pytest.approx(other.q_wald, rel=1e-9)


@pytest.mark.parametrize(("fit", "model"), ARMS)
def test_exchanged_arms_change_the_sign_and_nothing_else(fit, model):
    one = fit(A, N1, C, N2, model=model, test="t")
    other = fit(C, N2, A, N1, model=model, test="t")
    # Normally distributed constants are those of the control arms, which an exchange makes others.
    if model != "UM.RS":
        assert other.estimate == pytest.approx(-one.estimate, abs=1e-7)
        assert other.tau2 == pytest.approx(one.tau2, abs=1e-6)
        assert other.q_lrt == pytest.approx(one.q_lrt, rel=1e-9)
    assert (
        one.log_likelihood >= fit(A, N1, C, N2, model=model, method="common", points=one.points).log_likelihood - 1e-9
    )
    assert one.degrees_of_freedom == 5


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 30)), min_size=2, max_size=7))
def test_a_variance_never_lowers_the_likelihood_and_nothing_is_wrong_in_silence(studies):
    events, totals = [x for x, _ in studies], [x + rest for x, rest in studies]
    if not any(events) or all(x in (0, n) for x, n in zip(events, totals, strict=True)):
        with pytest.raises(MethodError):
            proportion_glmm(events, totals)
        return
    fit = proportion_glmm(events, totals)
    common = proportion_glmm(events, totals, method="common")
    assert fit.log_likelihood >= common.log_likelihood - 1e-9
    assert fit.converged
    assert fit.standard_error > 0
    assert fit.log_likelihood <= fit.saturated_log_likelihood + 1e-6
    json.dumps(fit.to_dict(), allow_nan=False)


def test_agreeing_studies_have_a_variance_of_0_and_say_so():
    fit = proportion_glmm([5, 10, 15, 20, 25], [10, 20, 30, 40, 50])
    assert fit.tau2 == 0
    assert fit.estimate == pytest.approx(0, abs=1e-9)
    assert said(fit, "estimated as 0")
    assert fit.study_effects().estimates == pytest.approx(np.zeros(5), abs=1e-9)


def test_intervals_follow_from_the_estimate():
    fit = proportion_glmm(EVENTS, TOTALS, test="t", level=0.9)
    from scipy import stats

    critical = stats.t(5).isf(0.05)
    low, high = fit.interval
    assert high - fit.estimate == pytest.approx(critical * fit.standard_error, rel=1e-9)
    assert fit.statistic == pytest.approx(fit.estimate / fit.standard_error, rel=1e-12)
    assert fit.p_value == pytest.approx(2 * stats.t(5).sf(abs(fit.statistic)), rel=1e-9)
    shown = fit.predict()
    width = critical * math.sqrt(fit.standard_error**2 + fit.tau2)
    assert shown.prediction_high[0] - fit.estimate == pytest.approx(width, rel=1e-9)
    natural = fit.natural()
    assert natural.low[0] == pytest.approx(1 / (1 + math.exp(-low)), rel=1e-12)
    assert natural.scale == "proportion"
    assert rate_ratio_glmm(A, N1, C, N2).natural().scale == "rate ratio"
    assert natural.table().shape == (1, 5)


def test_a_moderator_in_any_unit_gives_the_same_fit():
    plain = proportion_glmm(EVENTS, TOTALS, moderators={"year": YEARS})
    shifted = proportion_glmm(EVENTS, TOTALS, moderators={"year": [(year - 2000) / 10 for year in YEARS]})
    assert plain.log_likelihood == pytest.approx(shifted.log_likelihood, abs=1e-9)
    assert plain.beta[1] * 10 == pytest.approx(shifted.beta[1], rel=1e-6)
    assert plain.q_m == pytest.approx(shifted.q_m, rel=1e-6)
    at = plain.predict({"year": [2000]})
    assert at.estimates[0] == pytest.approx(shifted.beta[0], rel=1e-6)
    assert len(plain.predict().estimates) == 6
    assert plain.q_df == 4
    assert "related to year" in plain.explain()
    with pytest.raises(MethodError, match="no one estimate"):
        _ = plain.estimate


def test_a_category_gives_the_proportions_of_its_groups():
    group = ["x", "x", "x", "y", "y", "y"]
    fit = proportion_glmm(EVENTS, TOTALS, moderators={"group": group}, method="common")
    natural = fit.natural({"group": ["x", "y"]})
    assert natural.estimates == pytest.approx([15 / 71, 28 / 94], abs=1e-10)


def test_studies_without_a_figure_or_without_information_are_left_out_and_named():
    fit = odds_ratio_glmm(
        [*A, 0, None, 9], [*N1, 10, 10, 9], [*C, 0, 2, 8], [*N2, 10, 10, 8], labels=[*"abcdef", "none", "gap", "all"]
    )
    plain = odds_ratio_glmm(A, N1, C, N2)
    assert fit.k == plain.k == 6
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-12)
    assert fit.missing == ("gap",)
    assert fit.uninformative == ("none", "all")
    assert said(fit, "a figure is missing: gap")
    assert said(fit, "nobody, or everybody, has the event: none, all")
    rates = rate_ratio_glmm([*A, 0], [*N1, 10], [*C, 0], [*N2, 10])
    assert rates.uninformative == ("study 7",)
    one = proportion_glmm([math.nan, *EVENTS], [4, *TOTALS], moderators={"year": [2021, *YEARS]})
    assert one.k == 6
    assert one.beta == pytest.approx(proportion_glmm(EVENTS, TOTALS, moderators={"year": YEARS}).beta, rel=1e-9)


def test_few_studies_are_marked():
    assert said(proportion_glmm([3], [9]), "one study: nothing is pooled, and tau2 is taken as 0")
    single = proportion_glmm([3], [9])
    assert single.estimate == pytest.approx(math.log(0.5), abs=1e-12)
    assert (single.q_df, single.q_lrt, single.q_lrt_p, single.i2) == (0, 0.0, 1.0, None)
    assert said(proportion_glmm([3, 8], [9, 10]), "two studies: for sensitivity only")
    assert said(proportion_glmm([3, 8, 2], [9, 10, 12]), "only 3 studies")
    assert "prediction_low" not in proportion_glmm([3, 8], [9, 10]).summary()
    assert said(proportion_glmm([3], [9], test="t"), "no degrees of freedom are left for t")


def test_too_few_points_are_marked_with_what_more_would_give():
    fit = proportion_glmm([0, 1, 0, 9, 0, 1], [9, 9, 9, 10, 9, 3], points=1)
    assert said(fit, "1 point of the quadrature is few")
    assert fit.finer.moved
    assert fit.finer.points == 25
    assert fit.finer.tau2 == pytest.approx(proportion_glmm([0, 1, 0, 9, 0, 1], [9, 9, 9, 10, 9, 3], points=25).tau2)
    assert not proportion_glmm(EVENTS, TOTALS, points=40).finer.moved
    assert proportion_glmm(EVENTS, TOTALS, method="common").finer is None


def test_the_approximation_for_rare_events_is_marked_where_they_are_not_rare():
    assert said(odds_ratio_glmm(A, N1, C, N2, model="CM.AL"), "stands on events being rare")
    many = [100 * n for n in N1]
    assert not said(odds_ratio_glmm(A, many, C, many, model="CM.AL"), "rare")


@pytest.mark.parametrize(
    ("events", "totals", "message"),
    [
        ([0, 0, 0], [9, 8, 7], r"no study has an event \(0 of 24\).*exact intervals \(Clopper-Pearson\)"),
        ([9, 8, 7], [9, 8, 7], "every participant has the event"),
        ([0], [9], "no study has an event"),
        ([0, 8, 0], [9, 8, 7], "every study is at one end"),
        ([1, 2.5, 3], [9, 8, 7], "study 2: 2.5 is no whole number"),
        ([1, 2, 3], [9, 8.5, 7], "study 2: 8.5 is no whole number"),
        ([1, -2, 3], [9, 8, 7], "study 2: -2 events of 8"),
        ([1, 9, 3], [9, 8, 7], "study 2: 9 events of 8"),
        ([1, 0, 3], [9, 0, 7], "study 2: 0 events of 0"),
        ([1, 2], [9, 8, 7], "2 events and 3 totals"),
        ([], [], "k = 0"),
        ([math.nan], [9], "no study has both"),
        (["many"], [9], "a column of numbers is expected"),
        ([1, 2, math.inf], [9, 8, 7], "study 3: inf events of 7"),
    ],
)
def test_impossible_proportions_are_refused_in_words(events, totals, message):
    with pytest.raises(MethodError, match=message):
        proportion_glmm(events, totals)


def test_a_common_effect_of_studies_at_both_ends_is_one():
    assert proportion_glmm([0, 8, 0], [9, 8, 7], method="common").natural().estimates[0] == pytest.approx(8 / 24)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: rate_glmm([0, 0], [9.0, 8.0]), r"no study has an event \(0 in a time of 17\).*exact Poisson"),
        (lambda: rate_glmm([1, 2], [9.0, 0.0]), "study 2: 2 events in a time of 0"),
        (lambda: rate_glmm([1, 2.5], [9.0, 8.0]), "study 2: 2.5 is no whole number"),
        (lambda: odds_ratio_glmm([0, 0], [9, 9], [2, 1], [9, 9]), "the events are all in one arm"),
        (lambda: rate_ratio_glmm([0, 0], [9, 9], [2, 1], [9, 9]), "the events are all in one arm"),
        (lambda: rate_ratio_glmm([0, 0], [9, 9], [2, 1], [9, 9], model="UM.RS"), "the events are all in one arm"),
        (lambda: odds_ratio_glmm([0, 0], [9, 9], [0, 0], [9, 9]), "nothing says anything of a ratio"),
        (lambda: odds_ratio_glmm([0, 2], [9, 9], [1, 0], [9, 9]), "every study is at one end"),
        (lambda: odds_ratio_glmm([1.5, 2], [9, 9], [1, 0], [9, 9]), "study 1: 1.5 is no whole number"),
        (lambda: odds_ratio_glmm([10, 2], [9, 9], [1, 0], [9, 9]), "study 1"),
        (lambda: odds_ratio_glmm([1], [9], [2], [9], model="UM.RS"), "UM.RS with one study"),
        (lambda: odds_ratio_glmm(A, N1, C, N2, model="RS"), "model 'RS': one of UM.FS"),
        (lambda: rate_ratio_glmm(A, N1, C, N2, model="CM.AL"), "model 'CM.AL': one of UM.FS, UM.RS, CM.EL"),
        (lambda: odds_ratio_glmm([2e5], [1e6], [2e5], [1e6], model="CM.EL"), "too many to sum over"),
        (lambda: proportion_glmm(EVENTS, TOTALS, method="REML"), "method 'REML'"),
        (lambda: proportion_glmm(EVENTS, TOTALS, test="z"), "test 'z'"),
        (lambda: proportion_glmm(EVENTS, TOTALS, level=95), "confidence level 95"),
        (lambda: proportion_glmm(EVENTS, TOTALS, points=0), "points 0"),
        (lambda: proportion_glmm(EVENTS, TOTALS, points=2.0), "points 2.0"),
        (lambda: proportion_glmm(EVENTS, TOTALS, labels=["a"]), "1 names for 6 studies"),
        (lambda: proportion_glmm(EVENTS, TOTALS, moderators={"year": [1, 2]}), "2 values for 6 studies"),
        (lambda: proportion_glmm(EVENTS, TOTALS, moderators={"one": [1] * 6}), "'one' follows from"),
        (
            lambda: proportion_glmm([2, 3], [9, 9], moderators={"y": [1, 2], "z": [1, 0]}),
            "2 studies and 3 coefficients",
        ),
        (lambda: proportion_glmm(EVENTS, TOTALS, method="common").study_effects(), "the same in every study"),
    ],
)
def test_what_cannot_be_is_refused_in_words(call, message):
    with pytest.raises(MethodError, match=message):
        call()


def test_moderators_that_separate_the_studies_are_named():
    events, totals, group = [0, 0, 0, 3, 4, 2], [9, 8, 7, 9, 8, 7], ["no", "no", "no", "yes", "yes", "yes"]
    with pytest.raises(MethodError, match=r"group.* part the studies without events"):
        proportion_glmm(events, totals, moderators={"group": group})
    assert proportion_glmm([1, *events[1:]], totals, moderators={"group": group}).converged
    with pytest.raises(MethodError, match="part the studies"):
        odds_ratio_glmm([0, 0, 3, 4], [9] * 4, [1, 2, 1, 2], [9] * 4, moderators={"dose": [0, 0, 1, 1]})


def test_separation_is_a_direction_in_which_no_row_is_held():
    columns = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    assert separating(columns, np.array([0.0, 0.0, -1.0])) is None
    assert separating(columns, np.array([0.0, np.nan, -1.0])) is not None
    assert separating(columns, np.array([-1.0, -1.0, 1.0])) is not None
    assert separating(columns, np.array([-1.0, 1.0, -1.0])) is None


def test_a_fitted_model_shows_itself():
    fit = odds_ratio_glmm(A, N1, C, N2, labels=["<a>", *"bcdef"])
    assert repr(fit).startswith("GlmmResult(OR UM.FS, random effects (ML), k = 6, ")
    page = fit._repr_html_()
    assert "Odds ratio of the median study" in page
    assert "Q-LRT(5)" in page
    assert list(fit.table().index) == ["intercept"]
    row = fit.summary().iloc[0]
    assert row["odds_ratio"] == pytest.approx(math.exp(fit.estimate))
    assert row["k"] == 6
    text = json.dumps(fit.to_dict(), allow_nan=False)
    assert json.loads(text)["tau2"] == pytest.approx(fit.tau2)
    assert "Stijnen" in odds_ratio_glmm(A, N1, C, N2, model="CM.EL").explain()
    assert "adaptive Gauss-Hermite quadrature with 7 points" in fit.explain()
    assert "Laplace" in odds_ratio_glmm(A, N1, C, N2, model="UM.RS").explain()
    assert fit.study_effects().labels == ("<a>", *"bcdef")


@pytest.mark.parametrize(("fit", "model"), ARMS)
def test_every_model_gives_a_whole_result(fit, model):
    found = fit(A, N1, C, N2, model=model)
    assert found.converged
    assert (found.sigma2 is not None) == (model == "UM.RS")
    assert found.q_wald > 0
    assert found.q_lrt > 0
    assert found.log_likelihood < found.saturated_log_likelihood
    assert 0 <= found.i2 < 1
    json.dumps(found.to_dict(), allow_nan=False)
    assert found.explain()


def test_large_counts_meet_the_normal_approximation():
    from synth.synthesis import random_effects

    totals = np.array([40000, 90000, 30000, 65000, 52000])
    events = np.array([4100, 8800, 3300, 5900, 5600])
    y, v = np.log(events / (totals - events)), 1 / events + 1 / (totals - events)
    normal = random_effects(y, v, method="ML", test="normal")
    fit = proportion_glmm(events, totals)
    assert fit.estimate == pytest.approx(normal.estimate, abs=1e-4)
    assert fit.tau2 == pytest.approx(normal.tau2, rel=5e-3)
    assert fit.standard_error == pytest.approx(normal.standard_error, rel=5e-3)


def test_a_normal_test_of_few_studies_is_marked():
    assert said(proportion_glmm(EVENTS, TOTALS), "with 6 studies they are too sharp")
    assert not said(proportion_glmm(EVENTS, TOTALS, test="t"), "too sharp")
    assert not said(proportion_glmm(EVENTS, TOTALS, method="common"), "too sharp")
    assert said(odds_ratio_glmm(A, N1, C, N2), "too sharp")
    assert said(rate_glmm([3, 0, 12, 7, 20, 1, 4, 9, 3], [30.0] * 9), "with 9 studies they are too sharp")
    assert not said(rate_glmm([3, 0, 12, 7, 20, 1, 4, 9, 3, 5], [30.0] * 10), "too sharp")


@pytest.mark.parametrize("k", [1, 2])
def test_one_or_two_studies_have_no_prediction_interval_anywhere(k):
    fit = proportion_glmm([3, 8][:k], [9, 10][:k])
    for found in (fit.predict(), fit.natural()):
        assert found.prediction_low is None
        assert found.prediction_high is None
    assert "prediction_low" not in fit.summary()
    assert "; prediction interval" not in fit._repr_html_()
    assert "prediction interval adds" not in fit.explain()
    assert proportion_glmm(EVENTS[:3], TOTALS[:3]).predict().prediction_low is not None


@pytest.mark.parametrize("method", ["ML", "common"])
def test_proportions_of_one_or_two_series_name_the_rule(method):
    for k in (1, 2):
        assert said(proportion_glmm([3, 8][:k], [9, 10][:k], method=method), "pooled from three series on")
    assert not said(proportion_glmm([3, 8, 2], [9, 10, 12], method=method), "three series")
    assert not said(rate_glmm([3, 8], [9.0, 10.0], method=method), "three series")


@pytest.mark.parametrize(
    ("moderators", "message"),
    [
        ([1, 2, 3, 4, 5, 6], "of type list: a mapping"),
        (np.arange(6), "of type ndarray: a mapping"),
        ({"x": 5}, "'x': a column with one value for each of 6 studies"),
        ({"x": "abcdef"}, "'x': a column with one value"),
        ({"x": np.ones((6, 2))}, "'x': a column with one value"),
    ],
)
def test_moderators_that_are_no_columns_are_refused(moderators, message):
    with pytest.raises(MethodError, match=message):
        proportion_glmm(EVENTS, TOTALS, moderators=moderators)


def test_points_are_any_whole_number():
    assert proportion_glmm(EVENTS, TOTALS, points=np.int64(5)).points == 5
    json.dumps(proportion_glmm(EVENTS, TOTALS, points=np.int64(5)).to_dict())
    assert proportion_glmm(EVENTS, TOTALS, moderators={}).p == 1


def test_a_result_has_the_names_of_the_other_models():
    fit = proportion_glmm(EVENTS, TOTALS, moderators={"year": YEARS}, test="t")
    table = fit.table()
    names = {"standard_errors": "standard_error", "statistics": "statistic", "p_values": "p_value"}
    for name, column in (names | {"low": "low", "high": "high"}).items():
        assert getattr(fit, name).tolist() == table[column].tolist()
    assert fit.low[1] < fit.beta[1] < fit.high[1]
    assert fit.statistics == pytest.approx(fit.beta / fit.standard_errors)
    assert fit.to_dict()["fit_statistics"]["ML"]["parameters"] == 3
    assert list(fit.fit_statistics()) == ["ML"]


@pytest.mark.parametrize("size", [1e-90, 1e90])
def test_no_unit_of_a_moderator_moves_the_joint_test(size):
    square = [(year - 2000) ** 2 for year in YEARS]
    plain = proportion_glmm(EVENTS, TOTALS, moderators={"year": YEARS, "square": square}, method="common")
    columns = {"year": [year - 2000 for year in YEARS], "square": [size * item for item in square]}
    other = proportion_glmm(EVENTS, TOTALS, moderators=columns, method="common")
    assert other.q_m == pytest.approx(plain.q_m, rel=1e-6)
