"""Quantile estimation (McGrath et al. 2020): the distribution whose quantiles come closest to the printed ones.

Normal, log-normal, gamma, Weibull and beta distributions are fitted by least squares of the quantiles; the closest one
gives mean and SD. All but the beta family have a scale that follows in closed form, so that only one parameter is
sought, over its whole range and not from a starting value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammaincinv, gammaln, ndtri

from synth.errors import MethodError

Floats = NDArray[np.float64]

_POINTS, _ZOOMS = 241, 14
#: Bounds of the shape parameters, wide enough that a fit lies at none of them unless a family degenerates.
_SHAPES = {"log-normal": (1e-4, 10.0), "gamma": (1e-2, 1e6), "weibull": (5e-2, 1e4)}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantileFit:
    """The distribution that came closest.

    Attributes
    ----------
    family : str
        "normal", "log-normal", "gamma", "weibull" or "beta".
    parameters : tuple of float
        Mean and SD (normal), of the logarithms (log-normal), shape and scale (gamma, Weibull), both shapes (beta).
    mean, sd : float
        Of the distribution, in the unit of the quantiles.
    distances : tuple of (str, float)
        Sum of squared differences of the quantiles for each family that was fitted.
    """

    family: str
    parameters: tuple[float, float]
    mean: float
    sd: float
    distances: tuple[tuple[str, float], ...]


def fit_quantiles(quantiles: Floats, probabilities: Floats) -> QuantileFit:
    """Fit the candidate distributions to quantiles and take the closest.

    Parameters
    ----------
    quantiles : array of shape (m,)
        Rising, finite, not all equal.
    probabilities : array of shape (m,)
        Strictly between 0 and 1, rising.

    Returns
    -------
    QuantileFit
        With a negative quantile only the normal distribution is fitted; the beta distribution only where all lie from
        0 to 1.

    Raises
    ------
    MethodError
        If the quantiles are equal, out of order or not finite, or no family has a finite mean and SD.

    Notes
    -----
    The fits have no bounds that depend on the unit, so that data in other units give the same result in these; the R
    package estmeansd, by the method's authors, bounds some parameters and can stop there.

    References
    ----------
    McGrath, Zhao, Steele, Thombs, Benedetti and the DEPRESSD Collaboration (2020), Statistical Methods in Medical
    Research 29:2520-2537.
    """
    if not np.isfinite(quantiles).all() or (np.diff(quantiles) < 0).any():
        raise MethodError(f"quantiles {quantiles.tolist()}: finite numbers in rising order are expected")
    if quantiles[0] == quantiles[-1]:
        raise MethodError(f"quantiles {quantiles.tolist()}: all are equal, so no distribution can be fitted")
    unit = float(np.abs(quantiles).max())
    scaled = quantiles / unit
    fits = [_normal(scaled, probabilities, unit)]
    if quantiles[0] >= 0:
        fits += [_profile(name, scaled, probabilities, unit) for name in _SHAPES]
        if quantiles[-1] <= 1:
            fits.append(_beta(quantiles, probabilities))
    usable = [fit for fit in fits if np.isfinite(fit.mean) and np.isfinite(fit.sd) and fit.sd > 0]
    if not usable:
        raise MethodError(f"quantiles {quantiles.tolist()}: no distribution with a finite mean and SD fits them")
    best = min(usable, key=lambda fit: fit.distances[0][1])
    return QuantileFit(
        family=best.family,
        parameters=best.parameters,
        mean=best.mean,
        sd=best.sd,
        distances=tuple(fit.distances[0] for fit in usable),
    )


def _fit(family: str, parameters: tuple[float, float], moments: tuple[float, float], distance: float) -> QuantileFit:
    return QuantileFit(
        family=family, parameters=parameters, mean=moments[0], sd=moments[1], distances=((family, distance),)
    )


def _normal(quantiles: Floats, probabilities: Floats, unit: float) -> QuantileFit:
    """Least squares in closed form: the quantiles on the normal scores."""
    scores = ndtri(probabilities)
    slope = float(((scores - scores.mean()) @ (quantiles - quantiles.mean())) / ((scores - scores.mean()) ** 2).sum())
    mean = float(quantiles.mean() - slope * scores.mean())
    distance = float(((mean + slope * scores - quantiles) ** 2).sum()) * unit**2
    return _fit("normal", (mean * unit, slope * unit), (mean * unit, slope * unit), distance)


def _standard_quantiles(family: str, shapes: Floats, probabilities: Floats) -> Floats:
    """Quantiles at scale 1, a row for each shape."""
    shape = shapes[:, None]
    if family == "log-normal":
        return np.asarray(np.exp(shape * ndtri(probabilities)))
    if family == "gamma":
        return np.asarray(gammaincinv(shape, probabilities))
    return np.asarray((-np.log1p(-probabilities)) ** (1 / shape))


def _profile(family: str, quantiles: Floats, probabilities: Floats, unit: float) -> QuantileFit:
    """Least squares over the shape, with the scale that is best for each shape in closed form."""

    def of_shapes(logs: Floats) -> tuple[Floats, Floats]:
        standard = _standard_quantiles(family, np.exp(logs), probabilities)
        scale = (standard @ quantiles) / (standard**2).sum(axis=1)
        return ((scale[:, None] * standard - quantiles) ** 2).sum(axis=1), scale

    low, high = _SHAPES[family]
    log_shape, distance, scale = _zoom(of_shapes, float(np.log(low)), float(np.log(high)))
    shape = float(np.exp(log_shape))
    moments = _moments(family, shape, scale * unit)
    first = float(np.log(scale * unit)) if family == "log-normal" else shape
    second = shape if family == "log-normal" else scale * unit
    return _fit(family, (first, second), moments, distance * unit**2)


def _zoom(of_points: Callable[[Floats], tuple[Floats, Floats]], low: float, high: float) -> tuple[float, float, float]:
    """Lowest point of a function on a grid that closes in around it; the point, its value and its scale."""
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):  # absurd shapes lose anyway
        for _ in range(_ZOOMS):
            grid = np.linspace(low, high, _POINTS)
            values, scales = of_points(grid)
            values = np.where(np.isfinite(values), values, np.inf)
            best = int(np.argmin(values))
            step = (high - low) / (_POINTS - 1)
            low, high = max(grid[best] - 2 * step, low), min(grid[best] + 2 * step, high)
    return float(grid[best]), float(values[best]), float(scales[best])


def _moments(family: str, shape: float, scale: float) -> tuple[float, float]:
    """Mean and SD of a fitted distribution; infinite where they overflow."""
    with np.errstate(over="ignore"):
        if family == "log-normal":
            mean = float(scale * np.exp(np.float64(shape**2 / 2)))
            return mean, float(mean * np.sqrt(np.expm1(np.float64(shape**2))))
        if family == "gamma":
            return shape * scale, float(np.sqrt(shape)) * scale
        log_first, log_second = float(gammaln(1 + 1 / shape)), float(gammaln(1 + 2 / shape))
        mean = float(scale * np.exp(np.float64(log_first)))
        # log of E[x^2] / E[x]^2 keeps its digits for large shapes, where both moments are nearly 1.
        return mean, float(mean * np.sqrt(np.expm1(np.float64(log_second - 2 * log_first))))


def _beta(quantiles: Floats, probabilities: Floats) -> QuantileFit:
    from scipy.optimize import minimize  # here, so that importing the effects stays cheap

    def distance(logs: Floats) -> float:
        with np.errstate(over="ignore", under="ignore"):
            a, b = np.exp(np.clip(logs, -7.0, 14.0))
            fitted = betaincinv(a, b, probabilities)
        return float(((fitted - quantiles) ** 2).sum()) if np.isfinite(fitted).all() else np.inf

    centre = min(max(float(np.median(quantiles)), 0.01), 0.99)
    spread = max(float(quantiles[-1] - quantiles[0]) / 3, 1e-4)
    size = max(centre * (1 - centre) / spread**2 - 1, 0.5)
    start = np.log([centre * size, (1 - centre) * size])
    found = minimize(distance, start, method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-20, "maxiter": 2000})
    a, b = (float(shape) for shape in np.exp(np.clip(found.x, -7.0, 14.0)))
    sd = float(np.sqrt(a * b / (a + b + 1))) / (a + b)
    return _fit("beta", (a, b), (a / (a + b), sd), float(found.fun))
