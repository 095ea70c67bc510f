"""The beta-binomial model against brute force, other software and its own laws. Data are invented but for bcg."""

from __future__ import annotations

import csv
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from synth.errors import MethodError
from synth.synthesis.beta_binomial import BetaBinomial, beta_binomial
from synth.synthesis.beta_binomial import profiles as beta_binomial_profiles
from synth.synthesis.beta_binomial.likelihood import Likelihood, rising_sums

SPREAD = ([1, 9, 0, 14, 5, 3], [12, 15, 8, 40, 6, 31])
ALIKE = ([1, 2, 1], [10, 20, 10])
MANY = ([2, 0, 5, 11, 1, 7, 3, 9, 0, 4], [9, 14, 22, 16, 30, 12, 45, 60, 5, 11])


def height(events, totals, mean: float, rho: float) -> float:
    """The log-likelihood by scipy's distribution."""
    if rho == 0:
        return float(stats.binom.logpmf(events, totals, mean).sum())
    left = (1 - rho) / rho
    return float(stats.betabinom.logpmf(events, totals, mean * left, (1 - mean) * left).sum())


def brute_force(events, totals) -> tuple[float, float, float]:
    """Mean, overdispersion and log-likelihood at the best of a search by values alone from several starts."""

    def loss(at: np.ndarray) -> float:
        return -height(events, totals, 1 / (1 + math.exp(-at[0])), 1 / (1 + math.exp(-at[1])))

    options = {"xatol": 1e-11, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000}
    found = [
        optimize.minimize(loss, (logit, spread), method="Nelder-Mead", options=options)
        for logit in (-2.0, 1.0)
        for spread in (-3.0, 0.0)
    ]
    best = min(found, key=lambda item: item.fun)
    return 1 / (1 + math.exp(-best.x[0])), 1 / (1 + math.exp(-best.x[1])), -best.fun


@pytest.mark.parametrize("first", [1e-6, 1e-3, 0.4])
@pytest.mark.parametrize("step", [0.0, 1e-18, 1e-9, 1e-4, 0.2, 1 - 1e-8])
@pytest.mark.parametrize("factors", [0, 1, 31, 32, 33, 900])
def test_sums_over_factors_keep_their_digits(first: float, step: float, factors: int) -> None:
    sums = rising_sums(np.array([first]), np.array([step]), np.array([float(factors), 1.0]))
    terms = [first + j * step for j in range(factors)]
    expected = (
        [math.log(term) for term in terms],
        [1 / term for term in terms],
        [j / term for j, term in enumerate(terms)],
    )
    for found, parts in zip(sums, expected, strict=True):
        size = math.fsum(map(abs, parts))
        assert float(found[0, 0]) == pytest.approx(math.fsum(parts), abs=4e-15 * size)


@pytest.mark.parametrize("rho", [0.0, 1e-9, 0.01, 0.3, 0.95])
@pytest.mark.parametrize("mean", [0.02, 0.4, 0.9])
def test_likelihood_is_that_of_scipy(mean: float, rho: float) -> None:
    for events, totals in (SPREAD, MANY, ([40, 900], [4000, 1500])):
        likelihood = Likelihood.of(np.array(events, float), np.array(totals, float))
        found = likelihood.at(np.array([mean]), np.array([rho]))
        # scipy's gamma functions lose digits where the overdispersion is small.
        close = 1e-5 if 0 < rho < 1e-6 else 1e-11
        assert float(found.value[0]) == pytest.approx(height(events, totals, mean, rho), rel=close, abs=close)


@pytest.mark.parametrize("rho", [1e-6, 0.05, 0.6])
def test_slopes_are_those_of_the_likelihood(rho: float) -> None:
    likelihood = Likelihood.of(np.array(MANY[0], float), np.array(MANY[1], float))
    step = 1e-7
    means, rhos = np.array([0.3 - step, 0.3 + step, 0.3, 0.3]), np.array([rho, rho, rho - step, rho + step])
    values = likelihood.at(means, rhos).value
    found = likelihood.at(np.array([0.3]), np.array([rho]))
    assert float(found.by_mean[0]) == pytest.approx((values[1] - values[0]) / (2 * step), rel=1e-5)
    assert float(found.by_rho[0]) == pytest.approx((values[3] - values[2]) / (2 * step), rel=1e-5)


@pytest.mark.parametrize("data", [SPREAD, MANY, ([30, 12, 55], [40, 41, 60])])
def test_fit_is_that_of_brute_force(data) -> None:
    model = beta_binomial(*data)
    mean, rho, best = brute_force(*data)
    assert model.log_likelihood == pytest.approx(best, abs=1e-9)
    assert (model.estimate, model.rho) == pytest.approx((mean, rho), abs=2e-6)
    assert model.converged


# R package VGAM 1.1-7, vglm(cbind(x, n - x) ~ 1, betabinomial(zero = NULL)), on the arms of evidence/bcg.
VGAM = {
    "vaccinated": (0.0170006192, 0.0237373201, -65.4026047856),
    "control": (0.0452733682, 0.0746892668, -74.7494592988),
}


def bcg(repository: Path, arm: str) -> tuple[list[int], list[int]]:
    with (repository / "evidence/bcg/extraction/events.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["arm_id"] == arm]
    return [int(row["events"]) for row in rows], [int(row["total"]) for row in rows]


@pytest.mark.parametrize("arm", sorted(VGAM))
def test_fit_is_that_of_vgam(repository: Path, arm: str) -> None:
    model = beta_binomial(*bcg(repository, arm))
    mean, rho, best = VGAM[arm]
    assert (model.estimate, model.rho) == pytest.approx((mean, rho), abs=5e-8)
    assert model.log_likelihood == pytest.approx(best, abs=1e-9)


def best_over_rho(events, totals, mean: float) -> float:
    """Highest log-likelihood at a mean by scipy's distribution: over a fine grid, then within it."""
    grid = [0.0, *np.geomspace(1e-5, 0.999, 150)]
    heights = [height(events, totals, mean, rho) for rho in grid]
    place = int(np.argmax(heights))
    if place == 0:
        return heights[0]
    bounds = (grid[place - 1], grid[min(place + 1, len(grid) - 1)])
    found = optimize.minimize_scalar(
        lambda rho: -height(events, totals, mean, rho), bounds=bounds, method="bounded", options={"xatol": 1e-10}
    )
    return -float(found.fun)


@pytest.mark.parametrize(("data", "level"), [(SPREAD, 0.95), (SPREAD, 0.8), (ALIKE, 0.95), (MANY, 0.99)])
def test_interval_ends_where_the_profile_has_fallen_by_half_a_chi_squared(data, level: float) -> None:
    model = beta_binomial(*data, level=level)
    fall = stats.chi2.ppf(level, 1) / 2
    assert model.interval[0] < model.estimate < model.interval[1]
    for limit in model.interval:
        assert model.log_likelihood - best_over_rho(*data, limit) == pytest.approx(fall, abs=2e-6)


@pytest.mark.parametrize("data", [SPREAD, ALIKE, MANY])
def test_interval_of_rho_ends_where_its_profile_has_fallen(data) -> None:
    model = beta_binomial(*data)
    fall = stats.chi2.ppf(0.95, 1) / 2

    def depth(rho: float) -> float:
        found = optimize.minimize_scalar(lambda mean: -height(*data, mean, rho), bounds=(0, 1), method="bounded")
        return model.log_likelihood + float(found.fun)

    low, high = model.rho_interval
    assert depth(high) == pytest.approx(fall, abs=1e-5)
    assert depth(low) == pytest.approx(fall, abs=1e-5) if low > 0 else depth(0.0) <= fall
    assert (low == 0) == (depth(0.0) <= fall)


@pytest.mark.parametrize("data", [SPREAD, ALIKE])
def test_limits_close_on_the_estimate_where_the_level_is_nothing(data) -> None:
    model = beta_binomial(*data, level=1e-14)
    assert model.interval == pytest.approx((model.estimate, model.estimate), abs=1e-6)
    assert model.rho_interval == pytest.approx((model.rho, model.rho), abs=1e-6)
    wide = beta_binomial(*data, level=1 - 1e-9)
    assert 0 < wide.interval[0] < model.estimate / 3
    assert wide.rho_interval[1] < 1


def test_limits_close_on_the_estimate_although_rounding_hides_it() -> None:
    # The grid's own value at the maximum lies a rounding error below it here.
    model = beta_binomial([6, 23, 24, 3, 0, 4], [6, 31, 33, 21, 14, 8], level=1e-16)
    assert model.rho_interval == pytest.approx((model.rho, model.rho), abs=1e-6)


def test_wald_interval_rests_on_the_curvature_of_the_log_odds() -> None:
    model = beta_binomial(*MANY)

    def at(logit: float, rho: float) -> float:
        return height(*MANY, 1 / (1 + math.exp(-logit)), rho)

    step, centre, rho = 1e-4, model.logit, model.rho
    here = at(centre, rho)
    curves = [
        (at(centre + step, rho) + at(centre - step, rho) - 2 * here) / step**2,
        (at(centre, rho + step) + at(centre, rho - step) - 2 * here) / step**2,
        sum(sign * at(centre + a, rho + b) for a, b, sign in _corners(step)) / (4 * step**2),
    ]
    information = -np.array([[curves[0], curves[2]], [curves[2], curves[1]]])
    error = math.sqrt(np.linalg.inv(information)[0, 0])
    assert model.logit_standard_error == pytest.approx(error, rel=1e-5)
    ends = [1 / (1 + math.exp(-(centre + sign * stats.norm.ppf(0.975) * error))) for sign in (-1, 1)]
    assert model.wald_interval == pytest.approx(ends, rel=1e-5)


def _corners(step: float):
    return [(step, step, 1), (-step, -step, 1), (step, -step, -1), (-step, step, -1)]


def test_without_spread_it_is_the_binomial_model_and_says_so() -> None:
    model = beta_binomial(*ALIKE)
    assert (model.rho, model.shapes, model.estimate) == (0, None, pytest.approx(0.1))
    assert (model.likelihood_ratio, model.likelihood_ratio_p) == (0, 1)
    assert model.log_likelihood == pytest.approx(stats.binom.logpmf(*ALIKE, 0.1).sum())
    assert model.logit_standard_error == pytest.approx(1 / math.sqrt(40 * 0.1 * 0.9))
    assert model.rho_interval[0] == 0
    assert model.prediction is None
    assert any("the overdispersion is 0, at the end of its range" in mark for mark in model.marks)
    # The binomial's own interval would leave out what a spread that few studies cannot exclude adds.
    low, high = model.interval
    target = model.log_likelihood - stats.chi2.ppf(0.95, 1) / 2
    assert height(*ALIKE, low, 0) <= target + 1e-9
    assert height(*ALIKE, high, 0) < target - 0.1


def test_likelihood_ratio_has_half_a_chi_squared() -> None:
    model = beta_binomial(*SPREAD)
    share = sum(SPREAD[0]) / sum(SPREAD[1])
    statistic = 2 * (model.log_likelihood - stats.binom.logpmf(*SPREAD, share).sum())
    assert model.likelihood_ratio == pytest.approx(statistic, abs=1e-9)
    assert model.likelihood_ratio_p == pytest.approx(stats.chi2.sf(statistic, 1) / 2, rel=1e-9)
    assert model.aic == pytest.approx(4 - 2 * model.log_likelihood)


def test_prediction_is_the_fitted_beta_distribution_from_three_studies_on() -> None:
    model = beta_binomial(*SPREAD, level=0.9)
    assert model.shapes is not None
    assert model.shapes[0] / sum(model.shapes) == pytest.approx(model.estimate)
    assert 1 / (1 + sum(model.shapes)) == pytest.approx(model.rho)
    assert model.prediction == pytest.approx(stats.beta.interval(0.9, *model.shapes))
    assert model.natural() == (model.estimate, model.interval, model.prediction)
    assert beta_binomial([1, 8], [10, 11]).prediction is None


studies = st.integers(1, 40).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total)))


def fitted(pairs) -> BetaBinomial:
    events, totals = (list(column) for column in zip(*pairs, strict=True))
    try:
        return beta_binomial(events, totals)
    except MethodError as error:
        assume("the exact interval of each study stands" not in str(error))
        raise


@settings(deadline=None, max_examples=40)
@given(st.lists(studies, min_size=2, max_size=7), st.floats(0.01, 0.99), st.floats(0, 0.95))
def test_no_point_is_higher(pairs, mean: float, rho: float) -> None:
    model = fitted(pairs)
    likelihood = model.likelihood.at(np.array([mean]), np.array([rho]))
    assert float(likelihood.value[0]) <= model.log_likelihood + 1e-9
    assert model.converged


@settings(deadline=None, max_examples=5)
@given(st.lists(studies, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_order_and_the_name_of_the_event_do_not_matter(pairs, random) -> None:
    model = fitted(pairs)
    shuffled = random.sample(pairs, len(pairs))
    again, mirrored = fitted(shuffled), fitted([(total - events, total) for events, total in pairs])
    assert again.interval == pytest.approx(model.interval, abs=1e-8)
    assert (1 - mirrored.estimate, mirrored.rho) == pytest.approx((model.estimate, model.rho), abs=1e-7)
    assert [1 - limit for limit in mirrored.interval[::-1]] == pytest.approx(model.interval, abs=1e-7)


def test_large_totals_are_fitted() -> None:
    model = beta_binomial([30, 400_000, 1_000], [40_000, 9_000_000, 700_000])
    assert model.converged
    assert model.estimate == pytest.approx(brute_force([30, 400_000, 1_000], [40_000, 9_000_000, 700_000])[0], rel=1e-4)


@pytest.mark.parametrize(
    ("events", "totals", "message"),
    [
        ([], [], "k = 0"),
        (
            [3],
            [8],
            r"k = 1: one study has no spread.*, and proportions are pooled from three series on; the exact.*: ash 3 of",
        ),
        ([0, 0], [5, 8], r"no event in any study.*ash 0 of 5 \(0.0% to 52.2%\), elm 0 of 8 \(0.0% to 36.9%\)$"),
        ([5, 8], [5, 8], r"an event in everyone of every study.*ash 5 of 5 \(47.8% to 100.0%\)"),
        ([0, 8], [5, 8], "none or all in every study"),
        ([1, 0], [1, 1], "one member in each study"),
        ([0] * 6, [5] * 6, "and 2 more$"),
        ([6, 1], [5, 8], "ash: 6 of 5"),
        ([1, 2], [5, 2e9], "elm: a total of 2e"),
    ],
)
def test_counts_that_determine_nothing_are_refused_with_what_stands_instead(events, totals, message: str) -> None:
    labels = ["ash", "elm", "fir", "oak", "yew", "box"][: len(events)]
    with pytest.raises(MethodError, match=message):
        beta_binomial(events, totals, labels=labels)


@pytest.mark.parametrize("level", [0, 1, 95, float("nan")])
def test_levels_are_proportions(level: float) -> None:
    with pytest.raises(MethodError, match=r"such as 0\.95"):
        beta_binomial(*SPREAD, level=level)


@pytest.mark.parametrize(
    ("k", "mark"), [(2, "for sensitivity only"), (3, "only 3 studies"), (4, "only 4 studies"), (5, None)]
)
def test_few_studies_are_marked(k: int, mark: str | None) -> None:
    model = beta_binomial([1, 9, 2, 14, 5][:k], [12, 15, 18, 40, 6][:k])
    assert bool(model.marks) == (mark is not None)
    assert mark is None or mark in model.marks[0]


def test_a_best_point_that_is_no_maximum_is_marked() -> None:
    model = beta_binomial(*MANY)
    off = BetaBinomial(
        events=model.events,
        totals=model.totals,
        study_labels=None,
        level=0.95,
        top=model.top._replace(mean=model.estimate + 0.01),
        likelihood=model.likelihood,
    )
    assert model.marks == ()
    assert not off.converged
    assert off.marks == ("the maximum was not found to the last digits: the best point is shown",)


# Two maxima: the one at an overdispersion of 0 is the higher one; the other is; and with means between the two that
# are not compatible with the counts.
TWO_PEAKS = [([1, 99, 10], [2, 100, 10]), ([1, 1, 0], [3, 400, 2]), ([1, 1, 2, 400, 2, 400], [2, 3, 2, 4000, 2, 4000])]


@pytest.mark.parametrize("data", TWO_PEAKS)
def test_of_several_maxima_the_highest_is_taken_and_the_interval_spans_them(data) -> None:
    model = beta_binomial(*data)
    assert len(model.top.peaks) == 2
    assert any(mark.startswith("the likelihood has 2 maxima: the highest is shown") for mark in model.marks)
    means, fall = np.linspace(1e-4, 1 - 1e-4, 400), stats.chi2.ppf(0.95, 1) / 2
    profile = stats.binom.logpmf(*np.array(data)[:, :, None], means).sum(axis=0)
    for left in 1 / np.geomspace(1e-4, 0.99, 40) - 1:
        spread = stats.betabinom.logpmf(*np.array(data)[:, :, None], means * left, (1 - means) * left).sum(axis=0)
        profile = np.maximum(profile, spread)
    assert profile.max() <= model.log_likelihood + 1e-9
    inside = means[profile > model.log_likelihood - fall + 0.02]
    assert model.interval[0] <= inside.min()
    assert model.interval[1] >= inside.max()
    for limit in model.interval:
        assert model.log_likelihood - best_over_rho(*data, limit) == pytest.approx(fall, abs=2e-6)


def test_a_search_without_maximum_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beta_binomial_profiles, "rho_grid", lambda _: np.array([0.0, 1e-6]))
    with pytest.raises(MethodError, match="no maximum below 1"):
        beta_binomial(*SPREAD)


def test_every_result_is_shown() -> None:
    model = beta_binomial(*ALIKE, labels=["ash", "elm", "<yew>"])
    shown = model.to_dict()
    assert json.loads(json.dumps(shown)) == shown
    assert (shown["estimate"], shown["rho"], shown["shapes"]) == (model.estimate, 0, None)
    assert shown["interval"] == list(model.interval)
    assert shown["wald_interval"] == list(model.wald_interval)
    assert shown["labels"] == ["ash", "elm", "<yew>"]
    assert shown["marks"] == list(model.marks)
    assert list(model.table().index) == ["ash", "elm", "<yew>"]
    assert model.table()["high"].tolist() == pytest.approx(stats.beta.ppf(0.975, [2, 3, 2], [9, 18, 9]))
    assert model.summary().loc[0, ["k", "events", "total"]].tolist() == [3, 4, 40]
    low, high = (100 * limit for limit in model.interval)
    assert repr(model) == f"BetaBinomial(k = 3, mean proportion 10.0% [{low:.1f}%, {high:.1f}%], rho = 0)"
    assert "p = 1.000" in model._repr_html_()
    assert "<li>only 3 studies" in model._repr_html_()


def test_the_methods_paragraph_says_what_was_done() -> None:
    found = beta_binomial(*SPREAD, level=0.9).explain()
    assert "of 6 studies" in found
    assert re.search(r"rho was estimated as 0\.\d", found)
    assert "90% level" in found
    assert "nothing was added to any count" in found
    assert "estimated as 0." in beta_binomial(*ALIKE).explain()


def test_importing_it_loads_no_tables_and_no_distributions() -> None:
    code = (
        "import sys, synth.synthesis.beta_binomial; print([name for name in ('pandas', 'scipy.stats', 'matplotlib') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_two_series_are_told_from_how_many_on_proportions_are_pooled() -> None:
    mark = beta_binomial([1, 3], [12, 9]).marks[0]
    assert mark == (
        "two studies: for sensitivity only, beside both results; proportions are pooled from three series on"
    )
    assert "pooled from" not in " ".join(beta_binomial([1, 3, 9], [12, 9, 20]).marks)
