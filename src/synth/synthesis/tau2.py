"""Between-study variance of a random-effects model.

The letters are those of the literature: `y` are k estimates, `v` their sampling variances, `w` weights
1 / (v + tau2), all of shape (k,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from synth.errors import MethodError

FloatArray = NDArray[np.float64]
Tau2Method = Literal["REML", "DL", "PM"]

#: Points at which the restricted score is looked at before its roots are bracketed.
_GRID = 64


def study_arrays(
    estimates: ArrayLike, variances: ArrayLike, labels: Sequence[str] | None = None
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Estimates and variances as arrays of one length, checked, with a name for each study.

    Parameters
    ----------
    estimates, variances : array_like, shape (k,)
        On one scale.
    labels : sequence of str, optional
        Names of the studies; "study 1" and so on where not given.

    Raises
    ------
    MethodError
        If the lengths differ, a number is not finite, or a variance is not above 0; the study is named.
    """
    y, v = np.asarray(estimates, dtype=float), np.asarray(variances, dtype=float)
    if y.ndim != 1 or y.shape != v.shape:
        raise MethodError(f"estimates {y.shape} and variances {v.shape}: two columns of one length are expected")
    names = tuple(labels) if labels is not None else tuple(f"study {number}" for number in range(1, len(y) + 1))
    if len(names) != len(y):
        raise MethodError(f"{len(names)} names for {len(y)} estimates: one name for each is expected")
    for name, estimate, variance in zip(names, y.tolist(), v.tolist(), strict=True):
        if not np.isfinite(estimate):
            raise MethodError(f"{name}: the estimate is {estimate}; a finite number is expected")
        if not (np.isfinite(variance) and variance > 0):
            raise MethodError(f"{name}: the variance is {variance}; a finite number above 0 is expected")
    return y, v, names


def estimate_tau2(estimates: ArrayLike, variances: ArrayLike, method: Tau2Method = "REML") -> float:
    """Between-study variance.

    Parameters
    ----------
    estimates, variances : array_like, shape (k,)
        At least two, on one scale.
    method : {"REML", "DL", "PM"}
        Restricted maximum likelihood; DerSimonian-Laird, truncated at 0; Paule-Mandel.

    Returns
    -------
    float
        In squared units of the estimates; 0 where the estimates vary no more than their variances explain.

    Raises
    ------
    MethodError
        If there are fewer than two estimates, a number is out of range, or the method is unknown.

    References
    ----------
    Viechtbauer 2005, J Educ Behav Stat 30:261-293 (REML); DerSimonian and Laird 1986, Control Clin Trials 7:177-188;
    Paule and Mandel 1982, J Res Natl Bur Stand 87:377-385.
    """
    y, v, _ = study_arrays(estimates, variances)
    if len(y) < 2:
        raise MethodError(f"k = {len(y)}: a between-study variance needs at least 2 estimates")
    if method not in _ESTIMATORS:
        raise MethodError(f"tau2 method {method!r}: one of {', '.join(_ESTIMATORS)} is expected")
    # In units of the median variance and around the median estimate, no result depends on the unit of the data.
    scale = float(np.median(v))
    return scale * _ESTIMATORS[method]((y - np.median(y)) / np.sqrt(scale), v / scale)


def weighted_mean(y: FloatArray, w: FloatArray) -> float:
    """Mean of `y` with weights `w`."""
    return float(np.sum(w * y) / np.sum(w))


def cochran_q(y: FloatArray, v: FloatArray, tau2: float = 0.0) -> float:
    """Weighted sum of squared deviations from the weighted mean; Cochran's Q where `tau2` is 0."""
    w = 1 / (v + tau2)
    return float(np.sum(w * (y - weighted_mean(y, w)) ** 2))


def restricted_log_likelihood(y: FloatArray, v: FloatArray, tau2: float) -> float:
    """Restricted log-likelihood of `tau2`, without its constant."""
    w = 1 / (v + tau2)
    return 0.5 * float(np.sum(np.log(w)) - np.log(np.sum(w))) - 0.5 * cochran_q(y, v, tau2)


def _restricted_score(tau2: float, y: FloatArray, v: FloatArray) -> float:
    """Twice the derivative of the restricted log-likelihood."""
    w = 1 / (v + tau2)
    residuals = y - weighted_mean(y, w)
    return float(np.sum((w * residuals) ** 2) - np.sum(w) + np.sum(w**2) / np.sum(w))


def _upper_bound(y: FloatArray, v: FloatArray) -> float:
    """A tau2 from which on the restricted score is negative.

    With s2 the sample variance of y, the score is at most (k - 1) times s2 / (min v + tau2)**2 - 1 / (max v + tau2),
    so it is negative where tau2**2 > s2 * (tau2 + max v).
    """
    s2 = float(np.var(y, ddof=1))
    return (s2 + float(np.hypot(s2, 2 * np.sqrt(s2 * np.max(v))))) / 2


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return float(brentq(function, low, high, xtol=1e-15, rtol=4 * np.finfo(float).eps, maxiter=500))


def _reml(y: FloatArray, v: FloatArray) -> float:
    """The global maximum: the restricted likelihood can have several, and one of them at 0."""
    upper = _upper_bound(y, v)
    if upper == 0:
        return 0.0

    def score(tau2: float) -> float:
        return _restricted_score(tau2, y, v)

    # Below the smallest variance the score is nearly straight, so the grid need not reach far under it.
    lowest = 1e-3 * min(float(np.min(v)), upper)
    grid = [0.0, *np.geomspace(lowest, upper, _GRID).tolist()]
    scores = [score(tau2) for tau2 in grid]
    maxima = [0.0] if scores[0] <= 0 else []
    for low, high, score_low, score_high in zip(grid, grid[1:], scores, scores[1:], strict=False):
        if score_low > 0 >= score_high:
            maxima.append(_root(score, low, high))
    return max(maxima, key=lambda tau2: restricted_log_likelihood(y, v, tau2))


def _dersimonian_laird(y: FloatArray, v: FloatArray) -> float:
    w = 1 / v
    excess = cochran_q(y, v) - (len(y) - 1)
    return max(0.0, excess / float(np.sum(w) - np.sum(w**2) / np.sum(w)))


def _paule_mandel(y: FloatArray, v: FloatArray) -> float:
    """The generalised Q falls with tau2, so there is one root at most; at s2 it is at most k - 1."""

    def excess(tau2: float) -> float:
        return cochran_q(y, v, tau2) - (len(y) - 1)

    upper = float(np.var(y, ddof=1))
    if excess(0.0) <= 0 or excess(upper) >= 0:
        return 0.0 if excess(0.0) <= 0 else upper
    return _root(excess, 0.0, upper)


_ESTIMATORS: dict[str, Callable[[FloatArray, FloatArray], float]] = {
    "REML": _reml,
    "DL": _dersimonian_laird,
    "PM": _paule_mandel,
}
