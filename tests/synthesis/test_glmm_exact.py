"""The mixed models against integrals computed by brute force, with code that shares nothing with the package's."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from synth.synthesis.glmm import odds_ratio_glmm, proportion_glmm, rate_glmm, rate_ratio_glmm

# A grid of the standard normal distribution far finer and wider than what is integrated over it.
GRID = np.linspace(-8.5, 8.5, 851)
HEIGHTS = stats.norm.pdf(GRID) * (GRID[1] - GRID[0])
# Invented counts, some of them at the end of what is possible.
EVENTS, TOTALS = [3, 0, 12, 7, 20, 1], [20, 11, 40, 9, 55, 30]
TIMES = [120.5, 60.0, 300.0, 41.0, 510.0, 222.0]
TREATED, CONTROL = ([9, 0, 9, 1, 30, 3], [25, 14, 38, 20, 60, 33]), ([5, 3, 12, 5, 15, 6], [24, 15, 41, 18, 57, 30])


def marginal(mass, effects, tau):
    """Sum over studies of the log of the integral of `mass(study, effect)` over a normal distribution of effects."""
    return sum(float(np.log(np.sum(HEIGHTS * mass(i, effects + tau * GRID)))) for i in range(len(EVENTS)))


def expit(values):
    return 1 / (1 + np.exp(-values))


def highest(log_likelihood, start):
    """A maximum by a simplex: slow, and without derivatives."""
    found = optimize.minimize(
        lambda at: -log_likelihood(at),
        start,
        method="Nelder-Mead",
        options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000},
    )
    return found.x, -found.fun


def curvature_error(log_likelihood, point):
    """Standard error of the first parameter, by differences of the log-likelihood."""
    size, step = len(point), 1e-3
    second = np.empty((size, size))
    unit = step * np.eye(size)
    for i in range(size):
        for j in range(size):
            at = [point + a * unit[i] + b * unit[j] for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))]
            second[i, j] = np.dot([1, -1, -1, 1], [log_likelihood(place) for place in at]) / (4 * step**2)
    return float(np.sqrt(np.linalg.inv(-second)[0, 0]))


def agrees(fit, log_likelihood, start):
    (mu, tau, *_), height = highest(log_likelihood, start)
    assert fit.estimate == pytest.approx(mu, abs=2e-6)
    assert fit.tau == pytest.approx(abs(tau), abs=5e-6)
    assert fit.tau > 0.4
    assert fit.log_likelihood == pytest.approx(height, abs=1e-8)
    assert fit.standard_error == pytest.approx(curvature_error(log_likelihood, np.array([mu, tau])), rel=1e-4)


def test_proportions_are_the_maximum_of_the_brute_force_likelihood():
    def log_likelihood(at):
        return marginal(lambda i, effect: stats.binom.pmf(EVENTS[i], TOTALS[i], expit(effect)), *at)

    agrees(proportion_glmm(EVENTS, TOTALS, points=40), log_likelihood, [-1.0, 1.0])


def test_rates_are_the_maximum_of_the_brute_force_likelihood():
    def log_likelihood(at):
        return marginal(lambda i, effect: stats.poisson.pmf(EVENTS[i], TIMES[i] * np.exp(effect)), *at)

    agrees(rate_glmm(EVENTS, TIMES, points=40), log_likelihood, [-3.0, 1.0])


def test_exact_conditional_odds_ratios_are_the_maximum_of_the_brute_force_likelihood():
    (a, n1), (c, n2) = TREATED, CONTROL

    def mass(i, effect):
        law = stats.nchypergeom_fisher(n1[i] + n2[i], a[i] + c[i], n1[i], np.exp(effect))
        return law.pmf(a[i])

    def log_likelihood(at):
        return marginal(mass, *at)

    fit = odds_ratio_glmm(a, n1, c, n2, model="CM.EL")
    assert fit.tau > 0.4
    assert fit.log_likelihood == pytest.approx(log_likelihood([fit.estimate, fit.tau]), abs=1e-8)
    for shift in ([0.02, 0.0], [-0.02, 0.0], [0.0, 0.02], [0.02, -0.02]):
        assert log_likelihood(np.add([fit.estimate, fit.tau], shift)) < fit.log_likelihood


@pytest.mark.parametrize("model", ["CM.AL", "CM.EL"])
def test_conditional_binomial_models_are_the_maximum_of_the_brute_force_likelihood(model):
    (a, n1), (c, n2) = TREATED, CONTROL

    def log_likelihood(at):
        share = [n1[i] / n2[i] for i in range(len(a))]
        return marginal(lambda i, effect: stats.binom.pmf(a[i], a[i] + c[i], expit(effect + np.log(share[i]))), *at)

    # A rate ratio with these person-times has the likelihood that the approximation gives the odds ratio.
    fit = odds_ratio_glmm if model == "CM.AL" else rate_ratio_glmm
    agrees(fit(a, n1, c, n2, model=model, points=40), log_likelihood, [-0.6, 0.3])


@pytest.mark.parametrize("kind", ["odds", "rates"])
def test_a_constant_for_every_study_is_at_the_maximum_of_the_brute_force_likelihood(kind):
    (a, n1), (c, n2) = TREATED, CONTROL
    fit = (odds_ratio_glmm if kind == "odds" else rate_ratio_glmm)(a, n1, c, n2, points=40)

    def study(i, constant, mu, tau):
        effect = mu + tau * GRID
        if kind == "odds":
            one = stats.binom.pmf(a[i], n1[i], expit(constant + mu + tau * GRID / 2))
            two = stats.binom.pmf(c[i], n2[i], expit(constant - tau * GRID / 2))
        else:
            one = stats.poisson.pmf(a[i], n1[i] * np.exp(constant + (effect + mu) / 2))
            two = stats.poisson.pmf(c[i], n2[i] * np.exp(constant - (effect - mu) / 2))
        return -np.log(np.sum(HEIGHTS * one * two))

    def log_likelihood(at):
        found = [
            optimize.minimize_scalar(
                lambda constant, i=i: study(i, constant, *at),
                bounds=(-4.0, 1.0),
                method="bounded",
                options={"xatol": 1e-9},
            )
            for i in range(len(a))
        ]
        return -sum(item.fun for item in found)

    here = [fit.estimate, fit.tau]
    assert fit.tau > 0.4
    assert fit.log_likelihood == pytest.approx(log_likelihood(here), abs=1e-7)
    for shift in ([0.03, 0.0], [-0.03, 0.0], [0.0, 0.03], [0.03, 0.03]):
        assert log_likelihood(np.add(here, shift)) < fit.log_likelihood


def test_normally_distributed_constants_are_at_the_maximum_of_the_brute_force_likelihood():
    (a, n1), (c, n2) = TREATED, CONTROL
    fit = odds_ratio_glmm(a, n1, c, n2, model="UM.RS", points=11)
    constant = float(fit.fit.maximum.shared[-1])
    coarse = np.linspace(-7.5, 7.5, 201)
    heights = np.multiply.outer(stats.norm.pdf(coarse), stats.norm.pdf(coarse)) * (coarse[1] - coarse[0]) ** 2
    u, v = np.meshgrid(coarse, coarse, indexing="ij")

    def log_likelihood(at):
        mu, tau, alpha, sigma = at
        total = 0.0
        for i in range(len(a)):
            one = stats.binom.pmf(a[i], n1[i], expit(alpha + mu + sigma * u + tau * v / 2))
            two = stats.binom.pmf(c[i], n2[i], expit(alpha + sigma * u - tau * v / 2))
            total += np.log(np.sum(heights * one * two))
        return float(total)

    assert min(fit.tau2, fit.sigma2) > 0.2
    here = np.array([fit.estimate, fit.tau, constant, np.sqrt(fit.sigma2)])
    assert fit.log_likelihood == pytest.approx(log_likelihood(here), abs=1e-5)
    for shift in np.concatenate([0.05 * np.eye(4), -0.05 * np.eye(4)]):
        assert log_likelihood(here + shift) < fit.log_likelihood


def test_more_points_come_nearer_to_the_exact_integral():
    exact = proportion_glmm(EVENTS, TOTALS, points=60)
    distances = [abs(proportion_glmm(EVENTS, TOTALS, points=points).tau2 - exact.tau2) for points in (3, 7, 15, 25)]
    assert distances == sorted(distances, reverse=True)
    assert distances[0] > 1e-3
    assert distances[-1] < 1e-6


def test_a_prediction_interval_holds_the_effects_of_the_studies_given_their_counts():
    fit = proportion_glmm(EVENTS, TOTALS, points=40)
    shown = fit.study_effects()
    for i, (mean, error) in enumerate(zip(shown.estimates, shown.standard_errors, strict=True)):
        effect = fit.estimate + fit.tau * GRID
        weights = HEIGHTS * stats.binom.pmf(EVENTS[i], TOTALS[i], expit(effect))
        weights /= weights.sum()
        expected = float(weights @ effect)
        assert mean == pytest.approx(expected, abs=1e-7)
        assert error == pytest.approx(float(np.sqrt(weights @ (effect - expected) ** 2)), abs=1e-7)
