"""Generalised linear mixed models computed once more, by code that owes nothing to the package.

lme4 solves for the modes of the random effects to 1e-7 of a sum of squares, and takes second derivatives of what comes
out by differences of 1e-4: standard errors can be off by a percent (with `tolPwrss=1e-11` they are not). Where ours and
metafor's differ by more than the tolerance, the same likelihood - the same approximation with as many points, or the
exact integral for CM.EL - is therefore computed here: whether it has a maximum, to which side, how curved, and that it
is not higher at metafor's estimates.
Here are plain differences and sums; nothing of the package is imported.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

FloatArray = NDArray[np.float64]
Likelihood = Callable[[FloatArray], float]

NODES = 7
GRID = np.linspace(-9.0, 9.0, 1201)
DIFFERENCE = 1e-3


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of k studies: events and participants, or times, of one group or of a treated and a control arm."""

    x: FloatArray
    size: FloatArray
    binomial: bool
    columns: FloatArray

    @property
    def k(self) -> int:
        """Studies."""
        return len(self.x)


def informative(counts: Counts) -> Counts:
    """Without the studies that say nothing of a ratio, or lack a figure."""
    kept = ~np.isnan(counts.x + counts.size).any(axis=1)
    if counts.x.shape[1] == 2:
        kept &= counts.x.sum(axis=1) > 0
        if counts.binomial:
            kept &= (counts.x < counts.size).any(axis=1)
    return Counts(counts.x[kept], counts.size[kept], counts.binomial, counts.columns[kept])


def log_mass(x: FloatArray, size: FloatArray, eta: FloatArray, binomial: bool) -> FloatArray:
    """Logarithm of the probability of counts at log odds, or at log rates."""
    if binomial:
        constant = special.gammaln(size + 1) - special.gammaln(x + 1) - special.gammaln(size - x + 1)
        return constant - x * np.logaddexp(0, -eta) - (size - x) * np.logaddexp(0, eta)
    mean = size * np.exp(eta)
    return special.xlogy(x, mean) - mean - special.gammaln(x + 1)


def slope_and_weight(x: FloatArray, size: FloatArray, eta: FloatArray, binomial: bool) -> tuple[FloatArray, FloatArray]:
    """First derivative of the log probability and minus the second."""
    if binomial:
        share = special.expit(eta)
        return x - size * share, size * share * (1 - share)
    mean = size * np.exp(eta)
    return x - mean, mean


def with_one_effect(counts: Counts, eta: FloatArray, loadings: FloatArray, points: int) -> FloatArray:
    """Log-likelihood of each study by adaptive Gauss-Hermite quadrature; eta (k, R), loadings (R,)."""
    if not np.abs(loadings).any():
        return log_mass(counts.x, counts.size, eta, counts.binomial).sum(axis=1)
    mode, longest = np.zeros(counts.k), 1 / np.abs(loadings).max()
    for _ in range(400):
        slope, weight = slope_and_weight(counts.x, counts.size, eta + mode[:, None] * loadings, counts.binomial)
        step = (slope @ loadings - mode) / (1 + weight @ loadings**2)
        mode = mode + np.clip(step, -longest, longest)
        if np.abs(step).max() < 1e-13:
            break
    _, weight = slope_and_weight(counts.x, counts.size, eta + mode[:, None] * loadings, counts.binomial)
    scale = 1 / np.sqrt(1 + weight @ loadings**2)
    nodes, weights = np.polynomial.hermite.hermgauss(points)
    terms = np.empty((counts.k, points))
    for place, (node, node_weight) in enumerate(zip(nodes, weights, strict=True)):
        effect = mode + math.sqrt(2) * scale * node
        inside = log_mass(counts.x, counts.size, eta + effect[:, None] * loadings, counts.binomial).sum(axis=1)
        terms[:, place] = inside - effect**2 / 2 + node**2 + math.log(node_weight)
    return special.logsumexp(terms, axis=1) + np.log(scale) - math.log(math.pi) / 2


def by_laplace(counts: Counts, eta: FloatArray, sigma: float, tau: float) -> FloatArray:
    """Log-likelihood of each study by Laplace's approximation with two random effects."""
    found = np.empty(counts.k)
    loadings = np.array([[sigma, tau / 2], [sigma, -tau / 2]])
    for study in range(counts.k):
        x, size, fixed = counts.x[study], counts.size[study], eta[study]
        effects = np.zeros(2)
        for _ in range(100):
            slope, weight = slope_and_weight(x, size, fixed + loadings @ effects, counts.binomial)
            curvature = np.eye(2) + loadings.T @ np.diag(weight) @ loadings
            step = np.linalg.solve(curvature, loadings.T @ slope - effects)
            effects = effects + step * min(1.0, 1.0 / max(np.abs(loadings @ step).max(), 1e-300))
            if np.abs(step).max() < 1e-12:
                break
        _, weight = slope_and_weight(x, size, fixed + loadings @ effects, counts.binomial)
        curvature = np.eye(2) + loadings.T @ np.diag(weight) @ loadings
        inside = log_mass(x, size, fixed + loadings @ effects, counts.binomial).sum() - effects @ effects / 2
        found[study] = inside - math.log(np.linalg.det(curvature)) / 2
    return found


def exactly(counts: Counts, effects: FloatArray, tau: float) -> FloatArray:
    """Log-likelihood of each table given its margins, integrated over a grid far finer than any of its features."""
    found = np.empty(counts.k)
    grid = GRID if tau else np.zeros(1)
    heights = stats.norm.logpdf(grid) + math.log(GRID[1] - GRID[0]) if tau else np.zeros(1)
    for study in range(counts.k):
        (x, c), (n1, n2) = counts.x[study], counts.size[study]
        support = np.arange(max(0.0, x + c - n2), min(n1, x + c) + 1)
        ways = log_choose(n1, support) + log_choose(n2, x + c - support)
        predictors = effects[study] + tau * grid
        whole = special.logsumexp(ways[:, None] + support[:, None] * predictors, axis=0)
        own = log_choose(n1, np.array(x)) + log_choose(n2, np.array(c)) + x * predictors
        found[study] = special.logsumexp(own - whole + heights)
    return found


def log_choose(n: float, x: FloatArray) -> FloatArray:
    """Logarithm of binomial coefficients."""
    return special.gammaln(n + 1) - special.gammaln(x + 1) - special.gammaln(n - x + 1)


def likelihood(counts: Counts, model: str | None, random: bool) -> Likelihood:
    """The log-likelihood of coefficients, then the constant (UM.RS), then standard deviations: sigma (UM.RS), tau.

    The constants of the studies (UM.FS) are maximised out.
    """
    p = counts.columns.shape[1]

    def value(parameters: FloatArray) -> float:
        effects = counts.columns @ parameters[:p]
        tau = float(parameters[-1]) if random else 0.0
        if model is None:
            return float(with_one_effect(counts, effects[:, None], np.array([tau]), NODES).sum())
        if model == "UM.FS":
            return float(constants_out(counts, effects, tau).sum())
        if model == "UM.RS":
            eta = np.column_stack([effects, np.zeros(counts.k)]) + parameters[p]
            if random:
                return float(by_laplace(counts, eta, float(parameters[p + 1]), tau).sum())
            return float(with_one_effect(counts, eta, np.full(2, parameters[p + 1]), NODES).sum())
        if model == "CM.EL" and counts.binomial:
            return float(exactly(counts, effects, tau).sum())
        eta = effects + np.log(counts.size[:, 0] / counts.size[:, 1])
        arms = Counts(counts.x[:, :1], counts.x.sum(axis=1, keepdims=True), True, counts.columns)
        return float(with_one_effect(arms, eta[:, None], np.array([tau]), NODES).sum())

    return value


def constants_out(counts: Counts, effects: FloatArray, tau: float) -> FloatArray:
    """The log-likelihood of each study at the constant of its own that makes it largest."""

    def at(constants: FloatArray) -> FloatArray:
        eta = np.column_stack([effects + constants, constants])
        return with_one_effect(counts, eta, np.array([tau / 2, -tau / 2]), NODES)

    rate = (counts.x.sum(axis=1) + 0.5) / (counts.size.sum(axis=1) + 1)
    constants = (special.logit(rate) if counts.binomial else np.log(rate)) - effects / 2
    for _ in range(60):
        below, here, above = at(constants - DIFFERENCE), at(constants), at(constants + DIFFERENCE)
        second = np.minimum((above - 2 * here + below) / DIFFERENCE**2, -1e-3)
        step = np.clip(-(above - below) / (2 * DIFFERENCE) / second, -1, 1)
        constants = constants + step
        if np.abs(step).max() < 1e-9:
            break
    return at(constants)


def hessian(value: Likelihood, point: FloatArray) -> FloatArray:
    """Second derivatives by differences of two widths, of which the error of the wider is taken off."""

    def differences(width: float) -> FloatArray:
        size = len(point)
        steps = width * np.eye(size)
        found = np.empty((size, size))
        for i in range(size):
            for j in range(i + 1):
                corners = (
                    value(point + steps[i] + steps[j])
                    - value(point + steps[i] - steps[j])
                    - value(point - steps[i] + steps[j])
                    + value(point - steps[i] - steps[j])
                )
                found[i, j] = found[j, i] = corners / (4 * width**2)
        return found

    return (4 * differences(2e-3) - differences(4e-3)) / 3


@dataclass(frozen=True, slots=True)
class Found:
    """What follows from a maximum found here: coefficients with their covariance, variances, the log-likelihood."""

    beta: FloatArray
    covariance: FloatArray
    tau2: float
    sigma2: float
    log_likelihood: float

    @property
    def errors(self) -> FloatArray:
        """Standard errors of the coefficients."""
        return np.sqrt(np.diag(self.covariance))


def maximum(counts: Counts, model: str | None, random: bool, start: FloatArray) -> Found:
    """The maximum next to a start, by Newton's steps on differences; a start that is one stays where it is."""
    value = likelihood(counts, model, random)
    p = counts.columns.shape[1]
    # A variance of 0 is a boundary, and stays one.
    moving = np.ones(len(start), dtype=bool)
    first = p + (model == "UM.RS")
    moving[first:] = np.abs(start[first:]) > 1e-4

    def part(values: FloatArray) -> float:
        whole = np.where(moving, start, 0.0)
        whole[moving] = values
        return value(whole)

    point = start[moving]
    for _ in range(20):
        slope = (optimize.approx_fprime(point, part, 1e-5) + optimize.approx_fprime(point, part, -1e-5)) / 2
        second = hessian(part, point)
        step = np.linalg.solve(second, -slope)
        point = point + np.clip(step, -0.2, 0.2)
        if np.abs(step).max() < 1e-7:
            break
    whole = np.where(moving, start, 0.0)
    whole[moving] = point
    covariance = np.linalg.inv(-second)[:p, :p]
    tau2 = float(whole[-1] ** 2) if random else 0.0
    sigma2 = float(whole[p + 1] ** 2) if model == "UM.RS" else 0.0
    return Found(whole[:p], covariance, tau2, sigma2, part(point))


def starts(counts: Counts, model: str | None, random: bool, beta: FloatArray, sigma2: float, tau2: float) -> FloatArray:
    """Parameters of `likelihood` from estimates, the constant of UM.RS from the controls as a whole."""
    parts = [beta]
    if model == "UM.RS":
        rate = (counts.x[:, 1].sum() + 0.5) / (counts.size[:, 1].sum() + 1)
        parts.append(np.array([special.logit(rate) if counts.binomial else np.log(rate), math.sqrt(sigma2)]))
    if random:
        parts.append(np.array([math.sqrt(tau2)]))
    return np.concatenate(parts)


def wald_between(counts: Counts, points: int) -> float:
    """The Wald-type statistic of heterogeneity of model UM.RS: a treated effect for every study, and a sigma.

    A treated row without events, or with nothing else, has an effect without limit and no weight.
    """
    full = counts.x == counts.size if counts.binomial else np.zeros(counts.x.shape, dtype=bool)
    free = ~((counts.x == 0) | full)[:, 0]
    rate = (counts.x + 0.5) / (counts.size + 1)
    crude = special.logit(rate) if counts.binomial else np.log(rate)
    where = np.flatnonzero(free)

    def value(parameters: FloatArray) -> float:
        eta = np.full(counts.x.shape, parameters[0])
        eta[where, 0] += parameters[2:]
        total = 0.0
        for chosen, arms in ((free, [0, 1]), (~free, [1])):
            if chosen.any():
                some = Counts(counts.x[chosen][:, arms], counts.size[chosen][:, arms], counts.binomial, counts.columns)
                total += with_one_effect(some, eta[chosen][:, arms], np.full(len(arms), parameters[1]), points).sum()
        return float(total)

    start = np.concatenate([[crude[:, 1].mean(), crude[:, 1].std()], crude[where, 0] - crude[where, 1]])
    point = optimize.minimize(lambda at: -value(at), start, method="BFGS", options={"gtol": 1e-5}).x
    for _ in range(4):
        slope = (optimize.approx_fprime(point, value, 1e-5) + optimize.approx_fprime(point, value, -1e-5)) / 2
        point = point + np.linalg.solve(hessian(value, point), -slope)
    weights = np.linalg.inv(np.linalg.inv(-hessian(value, point))[2:, 2:])
    root = np.linalg.cholesky(weights).T
    y, columns = root @ point[2:], root @ counts.columns[where]
    residuals = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    return float(residuals @ residuals)


def wald_exact(counts: Counts) -> float:
    """The Wald-type statistic of heterogeneity of exact conditional odds ratios, each by itself, with its information.

    A table with as few or as many treated events as its margins allow has no weight.
    """
    effects, weights, kept = [], [], []
    for study in range(counts.k):
        (x, c), (n1, n2) = counts.x[study], counts.size[study]
        support = np.arange(max(0.0, x + c - n2), min(n1, x + c) + 1)
        if not support[0] < x < support[-1]:
            continue
        ways = log_choose(n1, support) + log_choose(n2, x + c - support)

        def mean(effect: float, ways: FloatArray = ways, support: FloatArray = support) -> float:
            return float(special.softmax(ways + support * effect) @ support)

        effect = optimize.brentq(lambda at, x=x, mean=mean: mean(at) - x, -60.0, 60.0, xtol=1e-13)
        effects.append(effect)
        weights.append(float(special.softmax(ways + support * effect) @ (support - x) ** 2))
        kept.append(study)
    if not kept:
        return 0.0
    root = np.sqrt(weights)
    y, columns = root * np.array(effects), root[:, None] * counts.columns[kept]
    residuals = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    return float(residuals @ residuals)


def wald_closed(counts: Counts, conditional: bool) -> float:
    """The Wald-type statistic of heterogeneity where every study's own estimate has a closed form."""
    rest = counts.size - counts.x if counts.binomial else np.full(counts.x.shape, np.inf)
    if conditional:
        cells = counts.x
        effects = np.log(np.maximum(counts.x[:, 0], 0.1) / np.maximum(counts.x[:, 1], 0.1))
        effects = effects - np.log(counts.size[:, 0] / counts.size[:, 1])
    else:
        cells = np.column_stack([counts.x, rest])
        per = rest if counts.binomial else counts.size
        arms = np.log(np.maximum(counts.x, 0.1) / np.maximum(per, 0.1))
        effects = arms[:, 0] - (arms[:, 1] if arms.shape[1] == 2 else 0.0)
    kept = (cells > 0).all(axis=1)
    if not kept.any():
        return 0.0
    root = 1 / np.sqrt((1 / cells[kept]).sum(axis=1))
    y, columns = root * effects[kept], root[:, None] * counts.columns[kept]
    residuals = y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]
    return float(residuals @ residuals)
