"""Multilevel models with dense matrices, written apart from the package, and invented data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg, stats


@dataclass(frozen=True)
class Rows:
    """Estimates, sampling covariance and columns of invented studies."""

    y: np.ndarray
    v: np.ndarray
    columns: dict[str, np.ndarray]

    def picked(self, which: Any) -> Rows:
        columns = {name: column[which] for name, column in self.columns.items()}
        return Rows(self.y[which], self.v[np.ix_(which, which)], columns)


def invented(studies: int = 8, seed: int = 3, spread: float = 0.4, correlation: float = 0.4) -> Rows:
    """Studies with two to four outcomes, whose sampling errors are correlated."""
    draw = np.random.default_rng([seed, studies])
    sizes = draw.integers(2, 5, studies)
    study = np.repeat(np.arange(studies), sizes)
    n = len(study)
    outcome = np.concatenate([np.sort(draw.permutation(4)[:size]) for size in sizes])
    error = draw.uniform(0.1, 0.3, n)
    v = np.where(study[:, None] == study, correlation, 0.0)
    np.fill_diagonal(v, 1.0)
    v = v * error[:, None] * error
    y = 0.5 + spread * draw.normal(size=studies)[study] + spread / 2 * draw.normal(size=n)
    y = y + np.linalg.cholesky(v) @ draw.normal(size=n)
    columns = {"study": study, "outcome": outcome, "row": np.arange(n), "country": draw.integers(0, 3, n)}
    return Rows(y, v, {**columns, "dose": draw.normal(size=n), "month": outcome**2 * 3.0})


def same(column: np.ndarray) -> np.ndarray:
    """1 where two estimates have one value."""
    return (column[:, None] == column).astype(float)


def restricted_height(y: np.ndarray, total: np.ndarray, x: np.ndarray) -> float:
    """Density of the contrasts that do not depend on the coefficients, times the root of |X'X| as metafor has it."""
    contrasts = linalg.null_space(x.T)
    return float(stats.multivariate_normal.logpdf(contrasts.T @ y, cov=contrasts.T @ total @ contrasts))


def height(y: np.ndarray, total: np.ndarray, x: np.ndarray) -> float:
    """Log-likelihood at the coefficients that are highest."""
    beta, _ = coefficients(y, total, x)
    return float(stats.multivariate_normal.logpdf(y, mean=x @ beta, cov=total))


def coefficients(y: np.ndarray, total: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Generalised least squares: coefficients and their covariance."""
    inverse = np.linalg.inv(total)
    covariance = np.linalg.inv(x.T @ inverse @ x)
    return covariance @ x.T @ inverse @ y, covariance


def structured(data: Rows, tau2: np.ndarray, correlation: np.ndarray, inner: str = "outcome") -> np.ndarray:
    """Covariance of effects of the levels of `inner` within studies, from standard deviations and correlations."""
    spread = np.sqrt(tau2)
    whole = spread[:, None] * correlation * spread
    codes = np.unique(data.columns[inner], return_inverse=True)[1]
    return whole[codes[:, None], codes] * same(data.columns["study"])
