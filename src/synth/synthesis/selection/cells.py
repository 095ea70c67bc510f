"""Integrals of a selection function over what a study might have found.

A study whose p value is p is seen with a chance in proportion to w(p). What is seen of a study with mean mu and
variance s2 = v + tau2 then has the density w(p(x)) N(x; mu, s2) / A, with A the integral of the numerator. p depends on
x / sqrt(v) alone, so the real line is cut once into cells for all studies: intervals on which w is constant, whose
integrals are known, and points of Gauss-Legendre quadrature where w is smooth. Derivatives of A by mu and tau2 are
integrals of w times Hermite polynomials of (x - mu) / s, over the same cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import erf, ndtr, ndtri

from synth.synthesis.linear import FloatArray, IntArray, as_floats

#: Points of each panel, and the width of a panel in standard errors: a normal density is nowhere narrower than one
#: standard error, and no weight much steeper than p to the power of 100.
_POINTS, _WIDTH = 12, 0.5
#: Ratio of the ends of a panel near p = 1 of a two-sided p value, where 1 - p goes with |z|.
_RATIO = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The real line of z = x / sqrt(v), cut into pieces with one weight each.

    Attributes
    ----------
    low, high : ndarray, shape (c,)
        Ends of the pieces of constant weight.
    points, widths : ndarray, shape (q,)
        Quadrature points, and what each stands for.
    log_p, log_rest : ndarray, shape (c + q,)
        Logarithms of p and of 1 - p of each piece and then of each point, within the bounds of p.
    steps : ndarray of int, shape (c,)
        For a step function the interval of p in which each piece lies.
    """

    low: FloatArray
    high: FloatArray
    points: FloatArray
    widths: FloatArray
    log_p: FloatArray
    log_rest: FloatArray
    steps: IntArray

    def moments(self, mu: FloatArray, s2: FloatArray, v: FloatArray, degrees: int) -> FloatArray:
        """Integrals of each Hermite polynomial times the normal density.

        Parameters
        ----------
        mu, s2, v : ndarray, shape (k,)
            Mean, variance and sampling variance of each study.
        degrees : int
            How many polynomials, from that of degree 0: 3 for first derivatives, 5 for second ones.

        Returns
        -------
        ndarray, shape (degrees, k, c + q)
        """
        s, root = np.sqrt(s2), np.sqrt(v)
        result = np.empty((degrees, len(mu), len(self.low) + len(self.points)))
        scale, centre = (root / s)[:, None], (mu / s)[:, None]
        result[:, :, : len(self.low)] = _between(self.low * scale - centre, self.high * scale - centre, degrees)
        if len(self.points):
            u = self.points * scale - centre
            density = np.exp(-(u**2) / 2) * (scale / np.sqrt(2 * np.pi)) * self.widths
            result[:, :, len(self.low) :] = _hermite(u, density, degrees)
        return result


def _hermite(u: FloatArray, density: FloatArray, degrees: int) -> FloatArray:
    """Hermite polynomials times a density, each from the two before it."""
    result = np.empty((degrees, *u.shape))
    result[0] = density
    if degrees > 1:
        result[1] = u * density
    for degree in range(2, degrees):
        result[degree] = u * result[degree - 1] - (degree - 1) * result[degree - 2]
    return result


def _between(low: FloatArray, high: FloatArray, degrees: int) -> FloatArray:
    """Integrals of Hermite polynomials times the standard normal density from `low` to `high`."""
    # Tails are subtracted on the side where they are small, and so keep their digits.
    upper = low > 0
    mass = ndtr(np.where(upper, -low, high)) - ndtr(np.where(upper, -high, low))
    edges = []
    for end in (low, high):
        finite = np.where(np.isfinite(end), end, 0.0)
        density = np.where(np.isfinite(end), np.exp(-(finite**2) / 2) / np.sqrt(2 * np.pi), 0.0)
        edges.append(_hermite(finite, density, degrees - 1))
    return np.concatenate([mass[None], edges[0] - edges[1]])


def step_cells(steps: Sequence[float], *, two_sided: bool) -> Cells:
    """Cells of a step function.

    Parameters
    ----------
    steps : sequence of float
        Upper ends of the intervals of p, rising, the last of them 1.
    two_sided : bool
        Whether p is two-sided, else small for large estimates.
    """
    ends = np.array([0.0, *steps])
    if two_sided:
        # From p = 1 at z = 0 outwards.
        z = -ndtri(ends / 2)
        z[-1] = 0.0
        low, high = np.concatenate([z[1:], -z[:-1]]), np.concatenate([z[:-1], -z[1:]])
        place = np.concatenate([np.arange(len(steps))] * 2)
    else:
        z = -ndtri(ends)
        low, high, place = z[1:], z[:-1], np.arange(len(steps))
    nothing = np.empty(0)
    return Cells(low, high, nothing, nothing, np.zeros(len(low)), np.zeros(len(low)), place)


def smooth_cells(smallest: float, *, two_sided: bool) -> Cells:
    """Cells of a weight that is smooth in p.

    Parameters
    ----------
    smallest : float
        p below it counts as it, and above 1 less it as 1 less it.
    two_sided : bool
    """
    if two_sided:
        far, near = -float(ndtri(smallest / 2)), float(ndtri(0.5 + smallest / 2))
        graded = np.exp(np.linspace(np.log(near), np.log(_WIDTH), int(np.log(_WIDTH / near) / np.log(_RATIO)) + 2))
        outer = np.linspace(_WIDTH, far, int((far - _WIDTH) / _WIDTH) + 2)
        points, widths = _panels(np.concatenate([graded, outer[1:]]))
        points, widths = np.concatenate([points, -points]), np.concatenate([widths, widths])
        low, high = np.array([-np.inf, -near, far]), np.array([-far, near, np.inf])
        at = np.array([far, near, far])
    else:
        far = -float(ndtri(smallest))
        points, widths = _panels(np.linspace(-far, far, int(2 * far / _WIDTH) + 2))
        low, high = np.array([-np.inf, far]), np.array([-far, np.inf])
        at = np.array([-far, far])
    log_p, log_rest = logs_of_p(np.concatenate([at, points]), two_sided=two_sided, smallest=smallest)
    return Cells(low, high, points, widths, log_p, log_rest, np.empty(0, dtype=np.intp))


def _panels(edges: FloatArray) -> tuple[FloatArray, FloatArray]:
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    half = np.diff(edges)[:, None] / 2
    middle = (edges[1:] + edges[:-1])[:, None] / 2
    return as_floats((middle + half * nodes).ravel()), as_floats((half * weights).ravel())


def logs_of_p(z: FloatArray, *, two_sided: bool, smallest: float) -> tuple[FloatArray, FloatArray]:
    """Logarithms of p and of 1 - p, with p from `smallest` to 1 less it."""
    p, rest = p_values(z, two_sided=two_sided), ndtr(z)
    if two_sided:
        rest = erf(np.abs(z) / np.sqrt(2))
    within = [
        np.where(other < smallest, 1 - smallest, np.maximum(one, smallest)) for one, other in ((p, rest), (rest, p))
    ]
    return as_floats(np.log(within[0])), as_floats(np.log(within[1]))


def p_values(z: FloatArray, *, two_sided: bool) -> FloatArray:
    """P values of z statistics: two-sided, or small for large z."""
    return as_floats(2 * ndtr(-np.abs(z)) if two_sided else ndtr(-z))
