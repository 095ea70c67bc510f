"""The quadrature against a grid a hundred times finer, on random data sets (all invented)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from bayes_grid import Grid, grid_prior, mixture_cdf, mixture_density, mixture_moments

from synth.synthesis import priors
from synth.synthesis.bayes import BayesianMetaAnalysis, Posterior, bayesian_random_effects

SHARES = (0.001, 0.025, 0.5, 0.9)
TOLERANCE = 1e-6
FAMILIES = ("half_normal", "half_cauchy", "half_t", "uniform", "log_normal", "log_t")


@dataclass
class Case:
    """A data set with its priors."""

    y: Any
    v: Any
    family: str
    numbers: tuple[float, ...]
    mean_prior: tuple[float, float] | None

    @property
    def prior(self) -> priors.Prior:
        numbers = (*self.numbers, 5) if self.family == "log_t" else self.numbers
        return getattr(priors, self.family)(*numbers)

    @property
    def rate(self) -> float:
        """How fast the mean of tau2 is reached: below 0.5 it needs more than a grid holds."""
        return len(self.y) - (self.mean_prior is None) + self.prior.tail - 2

    def fit(self) -> BayesianMetaAnalysis:
        return bayesian_random_effects(self.y, self.v, prior=self.prior, mean_prior=self.mean_prior)

    def grid(self) -> Grid:
        return Grid(self.y, self.v, grid_prior(self.family, *self.numbers), self.mean_prior)


def random_case(seed: int, most: int = 20, far: float = 1.0) -> Case:
    """1 to `most` studies, a scale of any size, tau from nothing to a hundred standard errors."""
    rng = np.random.default_rng(seed)
    k, unit = int(rng.integers(1, most + 1)), 10 ** rng.uniform(-2, 2)
    apart = 10 ** rng.uniform(-3 * far, 3 * far, k) if rng.random() < 0.6 else rng.uniform(0.5, 2, k)
    v = unit**2 * apart
    tau = 0.0 if rng.random() < 0.2 else unit * 10 ** rng.uniform(-2 * far, 2 * far)
    y = np.full(k, 1.5 * unit) if rng.random() < 0.1 else rng.normal(3 * unit, np.sqrt(v + tau**2))
    family = FAMILIES[seed % len(FAMILIES)]
    scale = unit * 10 ** rng.uniform(-2 * far, 2 * far)
    numbers = {
        "half_normal": (scale,),
        "half_cauchy": (scale,),
        "half_t": (scale, float(rng.uniform(1, 10))),
        "uniform": (3 * scale,),
        "log_normal": (float(np.log(scale)), float(rng.uniform(0.2, 2))),
        "log_t": (float(np.log(scale)), float(rng.uniform(0.3, 1.5))),
    }[family]
    mean_prior = (float(rng.normal(0, unit)), float(unit * 10 ** rng.uniform(-1, 2))) if rng.random() < 0.5 else None
    return Case(y, v, family, numbers, mean_prior)


def check_tau(case: Case, model: BayesianMetaAnalysis, grid: Grid) -> None:
    tau = model.tau
    places = tau.quantile(SHARES)
    for share, place in zip(SHARES, places, strict=True):
        assert grid.cdf_of_tau(place) == pytest.approx(share, abs=TOLERANCE)
        assert float(tau.cdf(place)) == pytest.approx(share, abs=TOLERANCE)
    assert tau.density(places) == pytest.approx(grid.density_of_tau(places), rel=TOLERANCE)
    low, high = tau.interval()
    inside = grid.cdf_of_tau(high) - (grid.cdf_of_tau(low) if low > 0 else 0.0)
    assert inside == pytest.approx(0.95, abs=TOLERANCE)
    weights, values = np.append(grid.mass.ravel(), grid.lump), np.append(grid.tau.ravel(), 0.0)
    mean = float((weights * values).sum())
    if case.rate > -0.5:
        assert tau.mean == pytest.approx(mean, rel=TOLERANCE)
    if case.rate > 0.5:
        spread = float(np.sqrt((weights * (values - mean) ** 2).sum()))
        assert tau.sd == pytest.approx(spread, rel=TOLERANCE)


def check_effect(posterior: Posterior, parts: Any, *, sd: bool) -> None:
    places = posterior.quantile(SHARES)
    width = float(posterior.quantile(0.9) - posterior.quantile(0.1))
    for share, place in zip(SHARES, places, strict=True):
        assert mixture_cdf(parts, place) == pytest.approx(share, abs=TOLERANCE)
        assert float(posterior.cdf(place)) == pytest.approx(share, abs=TOLERANCE)
        assert float(posterior.survival(place)) == pytest.approx(1 - share, abs=TOLERANCE)
        assert float(posterior.density(place)) * width == pytest.approx(
            mixture_density(parts, place) * width, abs=TOLERANCE
        )
    low, high = posterior.interval()
    assert mixture_cdf(parts, high) - mixture_cdf(parts, low) == pytest.approx(0.95, abs=TOLERANCE)
    heights = [mixture_density(parts, low) * width, mixture_density(parts, high) * width]
    assert heights[0] == pytest.approx(heights[1], abs=TOLERANCE)
    mean, spread = mixture_moments(parts)
    if np.isfinite(posterior.mean):
        assert (posterior.mean - mean) / width == pytest.approx(0, abs=TOLERANCE)
    if sd:
        assert posterior.sd == pytest.approx(spread, rel=TOLERANCE)


def check(case: Case) -> None:
    model, grid = case.fit(), case.grid()
    check_tau(case, model, grid)
    enough = case.rate > 0.5
    check_effect(model.mu, grid.components("mu"), sd=enough or case.mean_prior is not None)
    check_effect(model.predictive, grid.components("predictive"), sd=enough)
    last = len(case.y) - 1
    check_effect(model.shrinkage().effects[last], grid.components("study", last), sd=True)
    difference = float(np.median(case.y))
    beyond = model.probability_beyond(difference, "below")
    assert beyond.mu == pytest.approx(mixture_cdf(grid.components("mu"), difference), abs=TOLERANCE)
    assert beyond.predictive == pytest.approx(mixture_cdf(grid.components("predictive"), difference), abs=TOLERANCE)


@pytest.mark.parametrize("block", range(10))
def test_a_hundred_random_data_sets_agree_with_the_grid(block: int) -> None:
    for seed in range(10 * block, 10 * block + 10):
        check(random_case(seed))


@pytest.mark.soak
@pytest.mark.parametrize("block", range(10))
def test_a_thousand_random_data_sets_agree_with_the_grid(block: int) -> None:
    for seed in range(1_000 + 100 * block, 1_100 + 100 * block):
        check(random_case(seed))


@pytest.mark.soak
def test_random_data_sets_with_extreme_ratios_agree_with_the_grid() -> None:
    for seed in range(100):
        check(random_case(seed, most=60, far=2.0))


EXTREMES = {
    "variances a millionth of each other": Case(
        np.array([0.0, 3.0, -2.0]), np.array([1e-6, 1.0, 1.0]), "half_cauchy", (1.0,), None
    ),
    "all estimates equal": Case(np.full(6, 0.7), np.geomspace(0.01, 10, 6), "half_normal", (0.5,), None),
    "tau far above every standard error": Case(
        np.array([-90.0, 40.0, 120.0, 3.0]), np.full(4, 1e-4), "half_cauchy", (0.1,), None
    ),
    "uniform with a far end": Case(np.array([0.1, 0.4, 0.2]), np.array([0.1, 0.2, 0.1]), "uniform", (1e5,), None),
    "uniform that cuts the likelihood off": Case(
        np.array([0.0, 5.0, 9.0]), np.array([0.1, 0.1, 0.1]), "uniform", (0.5,), None
    ),
    "prior far below the data": Case(
        np.array([0.0, 0.5, 0.1, 0.3]), np.array([0.1, 0.3, 0.2, 0.1]), "half_normal", (1e-9,), None
    ),
    "prior against the data": Case(
        np.array([0.0, 400.0, -300.0]), np.array([0.01, 0.01, 0.02]), "half_normal", (0.05,), None
    ),
    "sixty studies": Case(np.sin(np.arange(60.0)) * 2, np.geomspace(0.001, 5, 60), "half_t", (1.0, 4.0), (0.0, 10.0)),
    "one study and a normal mean": Case(np.array([2.0]), np.array([0.5]), "half_cauchy", (0.5,), (0.0, 1.0)),
    "a mean that is nearly known": Case(
        np.array([1.0, 1.5]), np.array([0.2, 0.3]), "log_normal", (-1.0, 0.8), (1.0, 1e-6)
    ),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_data_agree_with_the_grid(name: str) -> None:
    check(EXTREMES[name])
