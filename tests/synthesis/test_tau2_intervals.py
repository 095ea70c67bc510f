"""Intervals and standard errors of the between-study variance: the equations that define them, and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from textbook import (
    DOSE,
    LINE,
    ONE,
    WEIGHTS,
    V,
    Y,
    generalised_q,
    log_likelihood,
    projection,
    restricted_log_likelihood,
)

from synth.errors import MethodError
from synth.synthesis import common_effect, meta_regression, random_effects

CASES = [({}, ONE), ({"dose": DOSE}, LINE)]
# Invented: more heterogeneity than in the studies of the textbook, so that lower limits are above 0.
FAR = 3 * Y


def model_of(moderators, method="REML", y=FAR, **options):
    weights = WEIGHTS if method == "GENQ" else None
    return meta_regression(y, V, moderators, method=method, weights=weights, **options)


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(("moderators", "x"), CASES)
def test_q_profile_limits_solve_their_equations(moderators, x, level):
    found = model_of(moderators).tau2_interval(level=level)
    degrees = 9 - x.shape[1]
    low, high = found.tau2
    assert low > 0
    assert generalised_q(FAR, V, x, low) == pytest.approx(stats.chi2.ppf((1 + level) / 2, degrees), rel=1e-8)
    assert generalised_q(FAR, V, x, high) == pytest.approx(stats.chi2.ppf((1 - level) / 2, degrees), rel=1e-8)
    assert (found.method, found.level, found.empty) == ("q-profile", level, False)


def test_what_follows_from_the_limits():
    model = model_of({})
    found = model.tau2_interval()
    typical = model.typical_variance
    for index in (0, 1):
        tau2 = found.tau2[index]
        assert found.tau[index] == pytest.approx(np.sqrt(tau2), rel=1e-14)
        assert found.i2[index] == pytest.approx(tau2 / (tau2 + typical), rel=1e-13)
        assert found.h2[index] == pytest.approx(1 + tau2 / typical, rel=1e-13)
    assert found.tau2[0] < model.tau2 < found.tau2[1]
    assert found.level == model.level == 0.95


def test_a_lower_limit_of_zero():
    found = random_effects(Y / 2, V).tau2_interval()
    assert generalised_q(Y / 2, V, ONE, 0.0) < stats.chi2.ppf(0.975, 8)
    assert (found.tau2[0], found.i2[0], found.h2[0], found.empty) == (0.0, 0.0, 1.0, False)
    assert found.tau2[1] > 0


@pytest.mark.parametrize(
    ("method", "interval"),
    [("REML", "q-profile"), ("DL", "generalised-q"), ("HE", "generalised-q")],
)
def test_estimates_more_alike_than_chance_have_an_empty_interval(method, interval):
    y = 0.5 + 0.01 * Y
    assert generalised_q(y, V, ONE, 0.0) < stats.chi2.ppf(0.025, 8)
    found = random_effects(y, V, method=method).tau2_interval(interval)
    assert found.empty
    assert (found.tau2, found.i2, found.h2) == ((0.0, 0.0), (0.0, 0.0), (1.0, 1.0))


def chance_below(q, x, a, total):
    """Of a quadratic form in normal estimates of variances `total`, by simulation from its eigenvalues."""
    root = np.sqrt(total)
    eigenvalues = np.linalg.eigvalsh(root[:, None] * projection(x, a) * root)[x.shape[1] :]
    draws = np.random.default_rng(20_26).chisquare(1, (400_000, len(eigenvalues)))
    return float(np.mean(draws @ eigenvalues <= q))


@pytest.mark.parametrize(("moderators", "x"), CASES)
@pytest.mark.parametrize(("method", "a"), [("DL", 1 / V), ("HE", np.ones(9)), ("GENQ", WEIGHTS)])
def test_generalised_q_limits_by_simulation(method, a, moderators, x):
    found = model_of(moderators, method).tau2_interval("generalised-q")
    q = float(FAR @ projection(x, a) @ FAR)
    for limit, chance in zip(found.tau2, (0.975, 0.025), strict=True):
        below = chance_below(q, x, a, V + limit)
        # Five standard errors of 400,000 draws.
        assert below == pytest.approx(chance, abs=5 * np.sqrt(0.975 * 0.025 / 4e5)) or (limit == 0 and below < chance)
    assert found.tau2[1] > found.tau2[0] >= 0


@pytest.mark.parametrize("method", ["DL", "HE"])
def test_with_equal_variances_the_limits_have_a_closed_form(method):
    model = random_effects(FAR, np.full(9, 0.2), method=method)
    squares = float(np.sum((FAR - FAR.mean()) ** 2))
    expected = [squares / stats.chi2.ppf(chance, 8) - 0.2 for chance in (0.975, 0.025)]
    assert model.tau2_interval("generalised-q").tau2 == pytest.approx(expected, rel=1e-8)
    assert model.tau2_interval("q-profile").tau2 == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize(("moderators", "x"), CASES)
@pytest.mark.parametrize(("method", "height"), [("ML", log_likelihood), ("REML", restricted_log_likelihood)])
def test_profile_likelihood_limits_lie_as_far_below_the_top(method, height, moderators, x, level):
    model = model_of(moderators, method)
    found = model.tau2_interval("profile-likelihood", level)
    top = height(FAR, V, x, model.tau2)
    for limit in found.tau2:
        assert limit > 0
        assert top - height(FAR, V, x, limit) == pytest.approx(stats.chi2.ppf(level, 1) / 2, rel=1e-7)
    assert found.tau2[0] < model.tau2 < found.tau2[1]


def test_profile_likelihood_from_an_estimate_of_zero():
    model = random_effects(Y / 3, V)
    assert model.tau2 == 0
    low, high = model.tau2_interval("profile-likelihood").tau2
    top = restricted_log_likelihood(Y / 3, V, ONE, 0.0)
    assert low == 0
    assert top - restricted_log_likelihood(Y / 3, V, ONE, high) == pytest.approx(stats.chi2.ppf(0.95, 1) / 2, rel=1e-7)


@pytest.mark.parametrize(
    ("model", "method", "said"),
    [
        (random_effects(Y, V), "wald", "interval of tau2 'wald': one of q-profile, generalised-q, profile-likelihood"),
        (random_effects(Y, V), "generalised-q", "method GENQ, DL or HE is expected, not REML"),
        (random_effects(Y, V, method="DL"), "profile-likelihood", "method ML or REML is expected, not DL"),
        (common_effect(Y, V), "q-profile", "tau2 was not estimated, so it has no interval"),
        (random_effects(Y, V, tau2=0.1), "q-profile", "tau2 was not estimated, so it has no interval"),
        (random_effects(Y[:1], V[:1]), "q-profile", "k = 1 with 1 coefficients: tau2 needs more studies"),
    ],
)
def test_intervals_that_are_refused(model, method, said):
    with pytest.raises(MethodError, match=said):
        model.tau2_interval(method)
    with pytest.raises(MethodError, match="confidence level 95"):
        random_effects(Y, V).tau2_interval(level=95)


def test_beside_a_sampling_variance_of_zero():
    found = random_effects([0.1, 0.9, -0.4, 0.6], [0.0, 0.05, 0.1, 0.02], method="PM").tau2_interval()
    assert found.tau2[1] > found.tau2[0] > 0
    assert np.isnan(found.i2).all()
    assert np.isnan(found.h2).all()


def test_two_studies_have_an_interval():
    found = random_effects([0.0, 3.0], [0.1, 0.2]).tau2_interval()
    # One squared difference over its variance has chi-squared with one degree of freedom.
    expected = [max(0.0, (9 / stats.chi2.ppf(chance, 1) - 0.3) / 2) for chance in (0.975, 0.025)]
    assert found.tau2 == pytest.approx(expected, rel=1e-9)


def test_coverage_of_the_q_profile_interval():
    draw = np.random.default_rng(51)
    inside = 0
    for _ in range(600):
        y = draw.normal(0.3, np.sqrt(V + 0.2))
        low, high = random_effects(y, V, method="DL").tau2_interval().tau2
        inside += low <= 0.2 <= high
    # Exact for normal estimates: four standard errors around 0.95.
    assert abs(inside / 600 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 600)


@pytest.mark.parametrize(("moderators", "x"), CASES)
def test_standard_errors_of_tau2(moderators, x):
    k, p = x.shape
    for method in ("ML", "REML", "EB", "PM", "DL", "HE", "GENQ", "HS", "HSk"):
        model = model_of(moderators, method)
        assert model.tau2 > 0
        total = V + model.tau2
        at_root = projection(x, 1 / total)
        a = {"HE": np.ones(9), "GENQ": WEIGHTS}.get(method, 1 / V)
        form = projection(x, a)
        spread = np.trace(form @ np.diag(total) @ form @ np.diag(total))
        divisor = {"HS": np.sum(1 / V), "HSk": np.sum(1 / V) * (k - p) / k}.get(method, np.trace(form))
        expected = {
            "ML": np.sqrt(2 / np.sum(total**-2.0)),
            "REML": np.sqrt(2 / np.trace(at_root @ at_root)),
            "EB": np.sqrt(2 * k**2 / (k - p)) / np.sum(1 / total),
            "PM": np.sqrt(2 * k**2 / (k - p)) / np.sum(1 / total),
        }.get(method, np.sqrt(2 * spread) / divisor)
        assert model.tau2_se == pytest.approx(expected, rel=1e-8), method


def test_no_standard_error_where_nothing_was_estimated():
    assert common_effect(Y, V).tau2_se is None
    assert random_effects(Y[:1], V[:1]).tau2_se is None
