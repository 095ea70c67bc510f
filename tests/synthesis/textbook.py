"""Textbook formulas of meta-analysis with dense matrices, written apart from the package, and invented studies."""

from __future__ import annotations

import numpy as np
from scipy import linalg, optimize, stats

# Invented: nine studies with one number and one category each.
Y = np.array([0.12, 0.55, -0.31, 0.9, 0.47, 1.4, -0.05, 0.66, 0.25])
V = np.array([0.02, 0.11, 0.05, 0.2, 0.03, 0.4, 0.07, 0.09, 0.015])
DOSE = np.array([1.0, 2.5, 0.5, 4.0, 2.0, 5.0, 1.5, 3.0, 2.2])
GROUP = np.array(["b", "a", "b", "c", "a", "c", "b", "a", "c"])
WEIGHTS = np.array([1.0, 2.0, 1.5, 0.5, 2.5, 1.0, 3.0, 2.0, 1.2])
ONE = np.ones((9, 1))
LINE = np.column_stack([np.ones(9), DOSE])
DUMMIES = np.column_stack([np.ones(9), GROUP == "b", GROUP == "c"]).astype(float)


def projection(x, w):
    """P = W - W X (X' W X)^-1 X' W."""
    weights = np.diag(w)
    return weights - weights @ x @ np.linalg.inv(x.T @ weights @ x) @ x.T @ weights


def generalised_q(y, v, x, tau2):
    """The weighted residual sum of squares at a between-study variance."""
    return float(y @ projection(x, 1 / (v + tau2)) @ y)


def log_likelihood(y, v, x, tau2):
    """At the coefficients that maximise it."""
    w = 1 / (v + tau2)
    fitted = x @ np.linalg.solve(x.T @ (w[:, None] * x), x.T @ (w * y))
    return float(stats.norm.logpdf(y, fitted, np.sqrt(v + tau2)).sum())


def restricted_log_likelihood(y, v, x, tau2):
    """Density of the contrasts of the estimates that do not depend on the coefficients."""
    contrasts = linalg.null_space(x.T)
    spread = contrasts.T @ np.diag(v + tau2) @ contrasts
    return float(stats.multivariate_normal.logpdf(contrasts.T @ y, cov=spread))


def highest(height):
    """Where a function of tau2 from 0 to 20 is highest, to about nine digits."""
    grid = np.concatenate([[0.0], np.geomspace(1e-6, 20, 400)])
    best = int(np.argmax([height(point) for point in grid]))
    if best == 0:
        return 0.0
    low, high = grid[best - 1], grid[min(best + 1, 400)]
    options = {"xatol": 1e-12}
    return float(
        optimize.minimize_scalar(lambda tau2: -height(tau2), bounds=(low, high), method="bounded", options=options).x
    )


def by_moments(y, v, x, a):
    """The quadratic form with weights `a`, less what it is expected to be at tau2 = 0, over its slope."""
    p = projection(x, a)
    return (float(y @ p @ y) - float(np.trace(p @ np.diag(v)))) / float(np.trace(p))


def where_q_is(y, v, x, target):
    """tau2 at which the generalised Q statistic is `target`."""
    if generalised_q(y, v, x, 0.0) <= target:
        return 0.0
    return optimize.brentq(lambda tau2: generalised_q(y, v, x, tau2) - target, 0.0, 1e4, xtol=1e-14, rtol=1e-13)


def tau2_of(method, y, v, x, a=None):
    """The estimators, each from its own definition."""
    k, p = x.shape
    q, total = generalised_q(y, v, x, 0.0), float(np.sum(1 / v))
    start = float(np.var(y))
    found = {
        "DL": lambda: by_moments(y, v, x, 1 / v),
        "HE": lambda: by_moments(y, v, x, np.ones(k)),
        "GENQ": lambda: by_moments(y, v, x, a),
        "HS": lambda: (q - k) / total,
        "HSk": lambda: (q * k / (k - p) - k) / total,
        "SJ": lambda: float(y @ projection(x, 1 / (v / start + 1)) @ y) / (k - p),
        "ML": lambda: highest(lambda tau2: log_likelihood(y, v, x, tau2)),
        "REML": lambda: highest(lambda tau2: restricted_log_likelihood(y, v, x, tau2)),
        "PM": lambda: where_q_is(y, v, x, k - p),
        "EB": lambda: where_q_is(y, v, x, k - p),
        "PMM": lambda: where_q_is(y, v, x, float(stats.chi2.median(k - p))),
    }[method]()
    return max(0.0, found)


def coefficients(y, v, x, tau2, a=None):
    """Coefficients and their model-based covariance, by weights 1 / (v + tau2) or weights `a`."""
    w = 1 / (v + tau2) if a is None else a
    solve = np.linalg.inv(x.T @ np.diag(w) @ x) @ x.T @ np.diag(w)
    return solve @ y, solve @ np.diag(v + tau2) @ solve.T
