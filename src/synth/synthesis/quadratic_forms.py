"""Distribution of weighted sums of independent chi-squared variables with one degree of freedom each."""

from __future__ import annotations

import numpy as np
from scipy.integrate import quad
from scipy.special import gammainc

from synth.errors import MethodError
from synth.synthesis.linear import FloatArray

#: Terms of Ruben's series before the integral is taken instead: the series is slow where the weights differ much.
_MOST_TERMS = 4000
_PRECISION = 1e-13
#: Two sums along the contour that agree to this are taken.
_AGREEMENT = 1e-9


def distribution_function(weights: FloatArray, value: float) -> float:
    """Probability that a sum of weighted chi-squared variables is at most `value`.

    Parameters
    ----------
    weights : ndarray, shape (m,)
        Above 0.
    value : float

    Returns
    -------
    float

    Raises
    ------
    MethodError
        If neither the series nor the integral reaches its precision.

    References
    ----------
    Ruben 1962, Ann Math Stat 33:542-570, for the series of chi-squared distributions; Talbot's contour for the inverse
    Laplace transform where weights lie far apart; Imhof 1961, Biometrika 48:419-426, for the integral.
    """
    if value <= 0:
        return 0.0
    probability = _series(weights, value)
    if probability is None:
        probability = _contour(weights, value)
    return _integral(weights, value) if probability is None else probability


def _series(weights: FloatArray, value: float) -> float | None:
    """Ruben's mixture of chi-squared distributions with all coefficients positive; None where it is too slow."""
    m, beta = len(weights), float(np.min(weights))
    ratios = 1 - beta / weights
    log_first = 0.5 * float(np.sum(np.log(beta / weights)))
    if log_first < -600:
        return None
    coefficients = np.empty(_MOST_TERMS)
    coefficients[0] = np.exp(log_first)
    moments = np.empty(_MOST_TERMS)
    powers = np.ones(m)
    total, left = coefficients[0] * float(gammainc(m / 2, value / (2 * beta))), 1 - coefficients[0]
    for j in range(1, _MOST_TERMS):
        powers *= ratios
        moments[j - 1] = 0.5 * float(np.sum(powers))
        coefficients[j] = float(coefficients[:j] @ moments[j - 1 :: -1][:j]) / j
        term = float(gammainc(m / 2 + j, value / (2 * beta)))
        total += coefficients[j] * term
        left -= coefficients[j]
        # What is left of the coefficients times a factor that only falls.
        if left * term < _PRECISION:
            return float(total)
    return None


def _contour(weights: FloatArray, value: float) -> float | None:
    """The inverse Laplace transform along Talbot's contour; None where two numbers of nodes do not agree.

    The transform, the product of (1 + 2 w z)**-0.5 over z, has its singularities on the negative real axis alone, which
    the contour goes around; the error falls geometrically with the nodes. Any contour of this kind gives the integral;
    its constants decide only how fast, and the agreement of two sums says whether it was fast enough.
    """
    fewer, more = _contour_sum(weights, value, 32), _contour_sum(weights, value, 44)
    return min(max(more, 0.0), 1.0) if abs(fewer - more) < _AGREEMENT else None


def _contour_sum(weights: FloatArray, value: float, nodes: int) -> float:
    angles = (2 * np.arange(nodes) + 1) * np.pi / nodes - np.pi
    bend = 0.6407
    scale = nodes / value
    z = scale * (0.5017 * angles / np.tan(bend * angles) - 0.6122 + 0.2645j * angles)
    slope = scale * (0.5017 / np.tan(bend * angles) - 0.5017 * bend * angles / np.sin(bend * angles) ** 2 + 0.2645j)
    # Root by root, so that each has its cut on the negative axis; as logarithms, so that many do not underflow.
    log_transform = -0.5 * np.sum(np.log(1 + 2 * weights[:, None] * z), axis=0)
    return float(np.real(np.sum(np.exp(z * value + log_transform) / z * slope) / (1j * nodes)))


def _integral(weights: FloatArray, value: float) -> float:
    """Imhof's inversion of the characteristic function."""
    scaled = weights / np.max(weights)
    x = value / float(np.max(weights))

    def integrand(u: float) -> float:
        angle = 0.5 * float(np.sum(np.arctan(scaled * u))) - 0.5 * x * u
        log_modulus = 0.25 * float(np.sum(np.log1p((scaled * u) ** 2)))
        return float(np.sin(angle) * np.exp(-log_modulus) / u) if u > 0 else 0.5 * (float(np.sum(scaled)) - x)

    answer = quad(integrand, 0, np.inf, limit=2000, epsabs=1e-12, epsrel=1e-12, full_output=1)
    if not answer[1] < 1e-8:
        raise MethodError("the distribution of the weighted Q statistic could not be computed to 1e-8")
    return 0.5 - float(answer[0]) / np.pi
