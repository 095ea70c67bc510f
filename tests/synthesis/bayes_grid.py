"""The normal-normal hierarchical model on a fine grid of tau, in plain numpy: what the quadrature is held against.

Nothing of `synth.synthesis` is used here: priors are those of scipy.stats, and every sum is written out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.stats as st
from scipy.special import ndtr

PANELS = 10_000  # with 4 nodes each: a hundred times the nodes of the quadrature
_X, _W = np.polynomial.legendre.leggauss(4)


@dataclass
class GridPrior:
    """A prior of tau: log density and distribution function, with its scale, its upper end and its right tail."""

    log_density: Any
    cdf: Any
    scale: float
    upper: float = np.inf
    reach: float = 12.0


def grid_prior(family: str, first: float, second: float = 0.0) -> GridPrior:
    """By the names of `synth.synthesis.priors`, with the same parameters."""
    if family == "half_normal":
        return _frozen(st.halfnorm(scale=first), first)
    if family == "half_cauchy":
        return _frozen(st.halfcauchy(scale=first), first, reach=42.0)
    if family == "half_t":
        t = st.t(second, scale=first)
        return GridPrior(lambda tau: np.log(2) + t.logpdf(tau), lambda tau: 2 * t.cdf(tau) - 1, first, reach=42.0)
    if family == "uniform":
        return _frozen(st.uniform(0, first), first, upper=first)
    if family == "log_normal":
        centre = np.exp(first)
        return _frozen(st.lognorm(second, scale=centre), centre, reach=10 * second + 2 * second**2 + 3)
    t = st.t(5, loc=first, scale=second)
    # It falls as the sixth power of log(tau) only.
    return GridPrior(
        lambda tau: t.logpdf(np.log(tau)) - np.log(tau), lambda tau: t.cdf(np.log(tau)), np.exp(first), reach=320.0
    )


def _frozen(law: Any, scale: float, upper: float = np.inf, reach: float = 12.0) -> GridPrior:
    return GridPrior(law.logpdf, law.cdf, scale, upper, reach)


class Grid:
    """Posterior of one data set on a grid of log(tau); below the grid the likelihood is that of tau = 0."""

    def __init__(self, y: Any, v: Any, prior: GridPrior, mean_prior: tuple[float, float] | None = None) -> None:
        self.y, self.v, self.prior, self.mean_prior = np.asarray(y, float), np.asarray(v, float), prior, mean_prior
        smallest, far = self.v.min(), np.sqrt(self.v.max()) + np.ptp(self.y)
        if mean_prior is not None:
            smallest = min(smallest, mean_prior[1] ** 2)
            far += np.abs(self.y - mean_prior[0]).max()
        self.low = np.log(min(1e-9 * np.sqrt(smallest), 1e-12 * prior.scale))
        first = max(min(0.5 * np.log(smallest), np.log(prior.scale)) - 4, self.low)
        last = max(np.log(far), np.log(prior.scale)) + 4
        high = min(max(np.log(far), np.log(prior.scale)) + prior.reach, np.log(prior.upper))
        cuts = [
            np.linspace(self.low, min(first, high), PANELS // 10),
            np.linspace(first, min(last, high), PANELS * 7 // 10),
        ]
        if high > last:
            cuts.append(np.linspace(last, high, PANELS * 2 // 10))
        edges = np.unique(np.concatenate(cuts)[np.concatenate(cuts) <= high])
        self._fill(edges)
        inside = np.flatnonzero(self.mass.max(axis=1) > 1e-60)
        if self.lump < 1e-60 and len(inside) < 2_000:
            # All of it in a few panels: a data set that leaves tau little room.
            last_panel = min(inside[-1] + 2, len(edges) - 1)
            self._fill(np.linspace(edges[max(inside[0] - 1, 0)], edges[last_panel], PANELS))

    def _fill(self, edges: Any) -> None:
        self.edges = edges
        half = np.diff(edges)[:, None] / 2
        z = (edges[:-1, None] + half) + half * _X
        self.tau = np.exp(z)
        log_likelihood, self.m, self.s2 = self.given(self.tau)
        at_zero, self.m0, self.s20 = self.given(np.zeros(1))
        with np.errstate(divide="ignore"):
            logs = self.prior.log_density(self.tau) + z + log_likelihood
            lump = np.log(self.prior.cdf(np.exp(edges[0]))) + at_zero[0]
        top = logs.max()
        mass = np.exp(logs - top) * half * _W
        # Under the first panel the likelihood is that of 0, unless the panels were moved to where all of it lies.
        lump_mass = np.exp(lump - top) if edges[0] == self.low else 0.0
        if lump > top + 700 and edges[0] == self.low:
            mass, lump_mass, top = np.zeros_like(mass), 1.0, lump
        total = mass.sum() + lump_mass
        self.mass, self.lump = mass / total, float(lump_mass / total)
        self.log_total = np.log(total) + top
        self.cdf_at_edges = self.lump + np.concatenate([[0.0], np.cumsum(self.mass.sum(axis=1))])

    def given(self, tau: Any) -> tuple[Any, Any, Any]:
        """Log-likelihood with the mean integrated out, and mean and variance of the mean, for each tau."""
        precision, first = np.zeros_like(tau), np.zeros_like(tau)
        centre = self.y.mean()
        if self.mean_prior is not None:
            precision += self.mean_prior[1] ** -2
            first += (self.mean_prior[0] - centre) * self.mean_prior[1] ** -2
        for y, v in zip(self.y, self.v, strict=True):
            precision = precision + 1 / (v + tau**2)
            first = first + (y - centre) / (v + tau**2)
        mean = first / precision + centre
        log_likelihood = -0.5 * np.log(precision)
        for y, v in zip(self.y, self.v, strict=True):
            log_likelihood = log_likelihood - 0.5 * np.log(v + tau**2) - 0.5 * (y - mean) ** 2 / (v + tau**2)
        if self.mean_prior is not None:
            log_likelihood = log_likelihood - 0.5 * ((mean - self.mean_prior[0]) / self.mean_prior[1]) ** 2
        return log_likelihood, mean, 1 / precision

    def components(self, kind: str, study: int = 0) -> tuple[Any, Any, Any]:
        """Weights, means and standard deviations of the mixture for "mu", "predictive" or "study"."""
        weights = np.append(self.mass.ravel(), self.lump)
        tau2 = np.append(self.tau.ravel() ** 2, 0.0)
        mean, variance = np.append(self.m.ravel(), self.m0), np.append(self.s2.ravel(), self.s20)
        if kind == "predictive":
            variance = variance + tau2
        if kind == "study":
            kept = tau2 / (self.v[study] + tau2)
            mean = kept * self.y[study] + (1 - kept) * mean
            variance = kept * self.v[study] + (1 - kept) ** 2 * variance
        keep = weights > 0
        return weights[keep], mean[keep], np.sqrt(variance[keep])

    def cdf_of_tau(self, tau: float) -> float:
        """By a grid of its own, that ends at tau."""
        if np.log(tau) <= self.edges[0]:
            return float(self.lump * self.prior.cdf(tau) / self.prior.cdf(np.exp(self.low)))
        place = np.searchsorted(self.edges, np.log(tau)) - 1
        start, half = self.edges[place], (np.log(tau) - self.edges[place]) / 2
        z = start + half + half * _X
        with np.errstate(divide="ignore"):
            logs = self.prior.log_density(np.exp(z)) + z + self.given(np.exp(z))[0] - self.log_total
        return float(self.cdf_at_edges[place] + (np.exp(logs) * half * _W).sum())

    def density_of_tau(self, tau: Any) -> Any:
        """Prior times likelihood over their integral."""
        return np.exp(self.prior.log_density(tau) + self.given(np.asarray(tau))[0] - self.log_total)


def mixture_cdf(parts: tuple[Any, Any, Any], x: float) -> float:
    """Distribution function of a mixture of normal distributions."""
    weights, means, deviations = parts
    return float((weights * ndtr((x - means) / deviations)).sum())


def mixture_density(parts: tuple[Any, Any, Any], x: float) -> float:
    """Density of a mixture of normal distributions."""
    weights, means, deviations = parts
    return float((weights * np.exp(-0.5 * ((x - means) / deviations) ** 2) / deviations).sum() / np.sqrt(2 * np.pi))


def mixture_moments(parts: tuple[Any, Any, Any]) -> tuple[float, float]:
    """Mean and standard deviation of a mixture of normal distributions."""
    weights, means, deviations = parts
    mean = (weights * means).sum()
    return float(mean), float(np.sqrt((weights * (deviations**2 + (means - mean) ** 2)).sum()))
