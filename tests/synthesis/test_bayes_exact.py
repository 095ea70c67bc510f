"""The Bayesian model against closed forms, published figures and laws that it has to keep."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.stats as st
from scipy.integrate import quad
from scipy.optimize import brentq

from synth.synthesis.bayes import BayesianMetaAnalysis, bayesian_random_effects
from synth.synthesis.models import random_effects
from synth.synthesis.priors import Prior, half_cauchy, half_normal, half_t, log_normal, log_t, uniform

# Invented estimates and variances.
Y = np.array([0.12, 0.83, -0.31, 0.44, 0.29])
V = np.array([0.04, 0.11, 0.07, 0.02, 0.3])
PRIORS = [half_normal(0.5), half_cauchy(0.5), half_t(0.4, 3), uniform(2), log_normal(-1, 0.8), log_t(-1.5, 1, 5)]
NAMES = [prior.words() for prior in PRIORS]
by_prior = pytest.mark.parametrize("prior", PRIORS, ids=NAMES)


@pytest.mark.parametrize("mean_prior", [None, (1.0, 0.2)])
def test_a_tau_that_is_all_but_known_gives_the_normal_distributions_of_the_textbook(mean_prior: Any) -> None:
    tau = 0.37
    model = bayesian_random_effects(Y, V, prior=log_normal(math.log(tau), 1e-5), mean_prior=mean_prior)
    weights = 1 / (V + tau**2)
    precision, top = weights.sum(), (weights * Y).sum()
    if mean_prior is not None:
        precision, top = precision + mean_prior[1] ** -2, top + mean_prior[0] * mean_prior[1] ** -2
    mean, spread = top / precision, precision**-0.5
    law = st.norm(mean, spread)
    assert model.mu.mean == pytest.approx(mean, rel=1e-8)
    assert model.mu.sd == pytest.approx(spread, rel=1e-8)
    assert model.mu.interval() == pytest.approx(law.interval(0.95), rel=1e-8)
    assert model.mu.mode == pytest.approx(mean, rel=1e-8)
    assert model.predictive.sd == pytest.approx(math.hypot(spread, tau), rel=1e-8)
    assert model.probability_beyond(0.5).mu == pytest.approx(law.sf(0.5), rel=1e-7)
    kept = tau**2 / (V + tau**2)
    for index, effect in enumerate(model.shrinkage().effects):
        assert effect.mean == pytest.approx(kept[index] * Y[index] + (1 - kept[index]) * mean, rel=1e-7)
        expected = math.sqrt(kept[index] * V[index] + (1 - kept[index]) ** 2 * spread**2)
        assert effect.sd == pytest.approx(expected, rel=1e-7)
    assert model.tau.median == pytest.approx(tau, rel=1e-8)


def test_a_tau_known_agrees_with_the_classical_model() -> None:
    classical = random_effects(Y, V, tau2=0.25, test="normal")
    model = bayesian_random_effects(Y, V, prior=log_normal(math.log(0.5), 1e-5), interval="central")
    assert model.mu.mean == pytest.approx(classical.estimate, rel=1e-8)
    assert model.mu.interval() == pytest.approx(classical.interval, rel=1e-7)


@by_prior
def test_one_study_leaves_the_prior_of_tau_as_it_is(prior: Prior) -> None:
    model = bayesian_random_effects([0.7], [0.09], prior=prior)
    shares = np.array([0.001, 0.1, 0.5, 0.9, 0.999])
    tau = prior.quantile(shares)
    assert model.tau.quantile(shares) == pytest.approx(tau, rel=1e-8)
    assert model.tau.cdf(tau) == pytest.approx(shares, rel=1e-8)
    assert model.tau.density(tau) == pytest.approx(prior.density(tau), rel=1e-9)


def test_one_study_moments_are_those_of_the_prior() -> None:
    v, scale = 0.09, 0.5
    model = bayesian_random_effects([0.7], [v], prior=half_normal(scale))
    assert model.tau.mean == pytest.approx(scale * math.sqrt(2 / math.pi), rel=1e-10)
    assert model.tau.sd == pytest.approx(scale * math.sqrt(1 - 2 / math.pi), rel=1e-10)
    # Given tau, mu is normal about the estimate with variance v + tau2, a new study with v + 2 tau2.
    assert model.mu.mean == pytest.approx(0.7, rel=1e-12)
    assert model.mu.sd == pytest.approx(math.sqrt(v + scale**2), rel=1e-10)
    assert model.predictive.sd == pytest.approx(math.sqrt(v + 2 * scale**2), rel=1e-10)
    assert model.shrinkage().effects[0].mean == pytest.approx(0.7, rel=1e-12)
    assert model.shrinkage().effects[0].sd == pytest.approx(math.sqrt(v), rel=1e-10)
    heavy = bayesian_random_effects([0.7], [v], prior=half_t(scale, 2.01))
    # Mean and variance of a folded t, whose second moment lies almost wholly in the far tail.
    mean = 2 * scale * math.sqrt(2.01) * math.gamma(1.505) / (math.sqrt(math.pi) * math.gamma(1.005) * 1.01)
    assert heavy.tau.mean == pytest.approx(mean, rel=1e-10)
    assert heavy.tau.sd == pytest.approx(math.sqrt(scale**2 * 2.01 / 0.01 - mean**2), rel=1e-9)
    assert heavy.mu.sd == pytest.approx(math.sqrt(v + scale**2 * 2.01 / 0.01), rel=1e-9)
    wide = bayesian_random_effects([0.7], [v], prior=log_normal(-1, 1.8))
    assert wide.mu.sd == pytest.approx(math.sqrt(v + math.exp(-2 + 2 * 1.8**2)), rel=1e-9)


def test_one_study_and_a_half_cauchy_prior_by_an_integral_of_its_own() -> None:
    model = bayesian_random_effects([0.7], [0.09], prior=half_cauchy(0.5))
    law = st.halfcauchy(scale=0.5)
    for difference in (0.9, 3.0, 50.0):
        expected = quad(
            lambda p, x=difference: st.norm.sf((x - 0.7) / math.sqrt(0.09 + law.ppf(p) ** 2)), 0, 1, epsabs=1e-12
        )[0]
        assert model.probability_beyond(difference).mu == pytest.approx(expected, abs=1e-9)


def test_equal_variances_and_a_uniform_prior_by_an_integral_of_its_own() -> None:
    # With equal variances mu given tau is normal about the plain mean, with variance (v + tau2) / k.
    y, v = np.array([1.0, 2.5, 0.2, 1.9]), 0.16
    k, squares = len(y), float(((y - y.mean()) ** 2).sum())
    model = bayesian_random_effects(y, np.full(k, v), prior=uniform(3))

    def likelihood(tau: float) -> float:
        return (v + tau**2) ** (-(k - 1) / 2) * math.exp(-squares / (2 * (v + tau**2)))

    total = quad(likelihood, 0, 3, epsabs=0, epsrel=1e-12)[0]
    assert float(model.tau.cdf(0.8)) == pytest.approx(quad(likelihood, 0, 0.8, epsrel=1e-12)[0] / total, rel=1e-9)
    beyond = quad(
        lambda tau: likelihood(tau) * st.norm.sf((2 - y.mean()) / math.sqrt((v + tau**2) / k)), 0, 3, epsrel=1e-12
    )[0]
    assert model.probability_beyond(2).mu == pytest.approx(beyond / total, rel=1e-9)
    assert model.mu.median == pytest.approx(y.mean(), rel=1e-12)


# Estimates, standard errors and results of the eight schools as printed in the vignette "An introduction to
# meta-analysis using the bayesmeta package" of the R package bayesmeta (data of Rubin 1981), with a half-Cauchy prior
# of scale 25 for tau and a normal(0, 50) prior for the mean.
SCHOOLS = dict(
    zip(
        "ABCDEFGH",
        zip(
            (28.39, 7.94, -2.75, 6.82, -0.64, 0.63, 18.01, 12.16),
            (14.9, 10.2, 16.3, 11.0, 9.4, 11.4, 10.4, 17.6),
            strict=True,
        ),
        strict=True,
    )
)


@pytest.fixture(scope="module")
def schools() -> BayesianMetaAnalysis:
    y, errors = np.array(list(SCHOOLS.values())).T
    return bayesian_random_effects(y, errors**2, prior=half_cauchy(25), mean_prior=(0, 50), labels=list(SCHOOLS))


def test_tau_of_the_eight_schools_is_that_of_bayesmeta(schools: BayesianMetaAnalysis) -> None:
    tau = schools.tau
    assert tau.median == pytest.approx(4.758539, abs=1e-6)
    assert tau.mean == pytest.approx(5.884511, abs=1e-6)
    assert tau.sd == pytest.approx(4.869904, abs=1e-6)
    assert tau.mode == 0.0
    assert tau.interval() == pytest.approx((0.0, 15.165894), abs=1e-5)
    assert tau.interval(kind="central") == pytest.approx((0.2199559, 18.0531718), abs=1e-6)


def test_mean_and_shrinkage_of_the_eight_schools_are_near_those_of_bayesmeta(schools: BayesianMetaAnalysis) -> None:
    # There the mixture over tau is thinned out, so that three digits are those of the model.
    mu = schools.mu
    assert mu.mode == pytest.approx(7.929503, abs=1e-3)
    assert mu.median == pytest.approx(7.962961, abs=1e-3)
    assert mu.mean == pytest.approx(7.985729, abs=1e-3)
    assert mu.sd == pytest.approx(4.995762, abs=1e-3)
    assert mu.interval() == pytest.approx((-1.823353, 17.824562), abs=3e-3)
    assert schools.probability_beyond(0).mu == pytest.approx(0.9487521, abs=2e-5)
    assert float(mu.quantile(0.95)) == pytest.approx(16.11009, abs=1e-3)
    printed = {
        "A": (8.845856, 10.093581, 11.095255, 7.901084, -3.209562, 28.169723),
        "G": (8.933348, 9.786985, 10.336032, 6.631039, -2.138807, 24.230908),
        "H": (8.023126, 8.266594, 8.474644, 7.456906, -6.528854, 24.110315),
    }
    table = schools.shrinkage().table()
    for label, figures in printed.items():
        row = table.loc[label, ["mode", "median", "mean", "sd", "low", "high"]]
        assert row.to_numpy() == pytest.approx(figures, abs=0.04)


@by_prior
@pytest.mark.parametrize("factor", [1e-3, 7.3])
def test_multiplying_data_and_prior_multiplies_the_result(prior: Prior, factor: float) -> None:
    first = bayesian_random_effects(Y, V, prior=prior)
    second = bayesian_random_effects(factor * Y, factor**2 * V, prior=prior.scaled(factor))
    for name in ("mu", "tau", "predictive"):
        one, other = getattr(first, name), getattr(second, name)
        assert other.median == pytest.approx(factor * one.median, rel=1e-8)
        assert np.array(other.interval()) == pytest.approx(factor * np.array(one.interval()), rel=1e-7)
        if math.isfinite(one.sd):
            assert (other.mean, other.sd) == pytest.approx((factor * one.mean, factor * one.sd), rel=1e-8)


def test_moving_and_mirroring_the_data_moves_and_mirrors_the_result() -> None:
    first = bayesian_random_effects(Y, V, prior=half_cauchy(0.5))
    moved = bayesian_random_effects(Y + 1e4, V, prior=half_cauchy(0.5))
    mirrored = bayesian_random_effects(-Y, V, prior=half_cauchy(0.5))
    low, high = first.mu.interval()
    assert moved.mu.interval() == pytest.approx((1e4 + low, 1e4 + high), abs=1e-7)
    assert moved.tau.median == pytest.approx(first.tau.median, rel=1e-9)
    assert mirrored.mu.interval() == pytest.approx((-high, -low), abs=1e-9)
    assert mirrored.probability_beyond(-0.2, "below").predictive == pytest.approx(
        first.probability_beyond(0.2).predictive, abs=1e-12
    )


def test_the_order_of_studies_is_of_no_account() -> None:
    order = [3, 0, 4, 1, 2]
    first = bayesian_random_effects(Y, V, prior=half_normal(0.5))
    second = bayesian_random_effects(Y[order], V[order], prior=half_normal(0.5))
    assert second.mu.median == pytest.approx(first.mu.median, rel=1e-10)
    effects = first.shrinkage().effects
    for place, index in enumerate(order):
        assert second.shrinkage().effects[place].median == pytest.approx(effects[index].median, rel=1e-9)


@by_prior
def test_a_shortest_interval_is_no_longer_than_any_other(prior: Prior) -> None:
    model = bayesian_random_effects(Y, V, prior=prior)
    for posterior in (model.mu, model.tau, model.predictive):
        low, high = posterior.interval(0.9)
        below = np.linspace(1e-9, 0.1 - 1e-9, 400)
        lengths = posterior.quantile(below + 0.9) - posterior.quantile(below)
        assert high - low <= lengths.min() + 1e-9
        assert lengths.min() - (high - low) < 2e-3 * (high - low)
        assert float(posterior.cdf(high) - posterior.cdf(low)) == pytest.approx(0.9, abs=1e-9)


@by_prior
def test_densities_are_derivatives_and_quantiles_inverses(prior: Prior) -> None:
    model = bayesian_random_effects(Y, V, prior=prior)
    for posterior in (model.mu, model.tau, model.predictive, model.shrinkage().effects[2]):
        x = posterior.quantile(np.array([0.05, 0.3, 0.8]))
        step = 1e-4 * (x[2] - x[0])
        slope = (posterior.cdf(x + step) - posterior.cdf(x - step)) / (2 * step)
        assert slope == pytest.approx(posterior.density(x), rel=1e-5)
        assert posterior.cdf(x) + posterior.survival(x) == pytest.approx(np.ones(3), abs=1e-12)


def test_the_mode_is_where_the_density_is_highest() -> None:
    model = bayesian_random_effects([0.0, 1.5, 3.5, 2.2], [0.05, 0.05, 0.1, 0.1], prior=half_cauchy(0.5))
    for posterior in (model.mu, model.tau, model.predictive):
        assert posterior.mode > 0
        peak = float(posterior.density(posterior.mode))
        around = posterior.density(np.linspace(posterior.quantile(0.001), posterior.quantile(0.999), 2001))
        assert peak >= around.max() * (1 - 1e-12)
    end = bayesian_random_effects([0.0, 15.0, 30.0], [0.1, 0.1, 0.1], prior=uniform(1))
    assert end.tau.mode == pytest.approx(1.0, abs=1e-9)
    assert end.tau.interval()[1] == pytest.approx(1.0, abs=1e-9)


def test_joint_density_is_the_density_of_tau_spread_over_mu() -> None:
    model = bayesian_random_effects(Y, V, prior=half_normal(0.5))
    mu = np.linspace(-6, 6, 4001)
    joint = model.joint_density(mu, [0.1, 0.5])
    assert joint.shape == (4001, 2)
    assert joint.sum(axis=0) * (mu[1] - mu[0]) == pytest.approx(model.tau.density([0.1, 0.5]), rel=1e-9)


def test_conflicting_studies_give_a_posterior_with_two_peaks_and_say_so() -> None:
    # Invented: two precise studies at 0 beside four imprecise ones at 3. Without tau the mean is 0, with it about 2.
    y, v = np.array([0.0, 0.0, 3.0, 3.0, 3.0, 3.0]), np.array([1e-4, 1e-4, 1.0, 1.0, 1.0, 1.0])
    model = bayesian_random_effects(y, v, prior=log_t(-2, 1.3, 5))
    assert any("several peaks" in mark for mark in model.marks)
    heights = model.mu.density(np.linspace(-3, 5, 16001))
    assert ((heights[1:-1] > heights[:-2]) & (heights[1:-1] > heights[2:])).sum() == 2
    below = np.linspace(1e-6, 0.5 - 1e-6, 2000)
    low, high = model.mu.interval(0.5)
    assert high - low <= (model.mu.quantile(below + 0.5) - model.mu.quantile(below)).min() + 1e-7
    assert float(model.mu.density(model.mu.mode)) >= heights.max() * (1 - 1e-9)
    plain = bayesian_random_effects(Y, V, prior=log_t(-2, 1.3, 5))
    assert not any("several peaks" in mark for mark in plain.marks)


@pytest.mark.parametrize("share", [1e-9, 0.013, 0.97])
def test_quantiles_of_a_mixture_solve_its_equation(share: float) -> None:
    model = bayesian_random_effects(Y, V, prior=half_cauchy(0.5))
    root = brentq(lambda x: float(model.mu.cdf(x)) - share, -1e10, 1e10, xtol=1e-12, rtol=1e-14)
    assert float(model.mu.quantile(share)) == pytest.approx(root, rel=1e-6 if share < 1e-6 else 1e-9)
