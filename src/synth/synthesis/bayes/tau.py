"""The posterior of tau, of many data sets at once: distribution function, quantiles and shortest intervals.

Between the nodes of a panel the density of z = log(tau) is the polynomial through them, so that probabilities are
integrals of polynomials. Below the first panel the posterior is the prior but for a factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.synthesis.bayes.quadrature import NODES, TO_COEFFICIENTS, WEIGHTS, Quadrature
from synth.synthesis.linear import FloatArray, IntArray, as_floats, einsum
from synth.synthesis.priors.distributions import Prior

#: Places of an interval that are tried before the best of them is refined.
_PLACES = 21
#: Steps of a search inside a panel, or between two places.
_STEPS = 60
#: More than the range of z: it keeps the panels of one data set apart from those of the next.
_APART = 1000.0


@dataclass(frozen=True, slots=True, eq=False)
class TauPosteriors:
    """Posterior distributions of tau, in the unit of the quadrature.

    Attributes
    ----------
    prior : Prior
    log_total : ndarray, shape (B,)
        Logarithm of the marginal likelihood, but for a constant.
    edge, lump, share : ndarray, shape (B,)
        The tau below which the likelihood is constant; the posterior and the prior probability there.
    which : ndarray of int, shape (P,)
        Data set of each panel.
    start, half : ndarray, shape (P,)
        Where a panel starts in z, and half its length.
    coefficients : ndarray, shape (P, NODES)
        Legendre coefficients of the density of z.
    before, mass : ndarray, shape (P,)
        Probability below the panel, and in it.
    """

    prior: Prior
    log_total: FloatArray
    edge: FloatArray
    lump: FloatArray
    share: FloatArray
    which: IntArray
    start: FloatArray
    half: FloatArray
    coefficients: FloatArray
    before: FloatArray
    mass: FloatArray

    def cdf(self, rows: IntArray, tau: FloatArray) -> FloatArray:
        """Probability of at most tau, of the data set in `rows`."""
        result = self.lump[rows] * self._prior_share(rows, np.minimum(tau, self.edge[rows]))
        above = np.flatnonzero(tau > self.edge[rows])
        if len(above) and len(self.which):
            result[above] = self._cdf_above(rows[above], np.log(tau[above]))
        return result

    def _prior_share(self, rows: IntArray, tau: FloatArray) -> FloatArray:
        whole = self.share[rows]
        return as_floats(np.where(whole > 0, self.prior.cdf(tau) / np.where(whole > 0, whole, 1.0), 1.0))

    def _cdf_above(self, rows: IntArray, z: FloatArray) -> FloatArray:
        place = np.searchsorted(self.which * _APART + self.start, rows * _APART + z, side="right") - 1
        panel = np.clip(place, 0, None)
        own = (place >= 0) & (self.which[panel] == rows)
        x = np.clip((z - self.start[panel]) / self.half[panel] - 1.0, -1.0, 1.0)
        inside = self.before[panel] + self.half[panel] * _integral(self.coefficients[panel], x, _basis(x))
        return as_floats(np.where(own, np.minimum(inside, 1.0), self.lump[rows]))

    def log_density(self, rows: IntArray, tau: FloatArray) -> FloatArray:
        """Logarithm of the density, by the polynomials; good to the accuracy of the panels."""
        result = np.full(len(rows), -np.inf)
        low = (tau <= self.edge[rows]) & (self.share[rows] > 0)
        if low.any():
            with np.errstate(divide="ignore"):
                factor = np.log(self.lump[rows[low]]) - np.log(self.share[rows[low]])
                result[low] = self.prior.log_density(tau[low]) + factor
        above = np.flatnonzero(tau > self.edge[rows])
        if len(above) and len(self.which):
            z = np.log(tau[above])
            place = np.searchsorted(self.which * _APART + self.start, rows[above] * _APART + z, side="right") - 1
            panel = np.clip(place, 0, None)
            x = (z - self.start[panel]) / self.half[panel] - 1.0
            own = (place >= 0) & (self.which[panel] == rows[above]) & (x <= 1 + 1e-9)
            height = _series(self.coefficients[panel], _basis(np.clip(x, -1.0, 1.0)))
            with np.errstate(divide="ignore"):
                result[above] = np.where(own, np.log(np.maximum(height, 0.0)) - z, -np.inf)
        return result

    def quantile(self, rows: IntArray, p: FloatArray) -> FloatArray:
        """The tau with this probability below it."""
        low = p <= self.lump[rows]
        share = np.where(low, p, 0.0) / np.where(self.lump[rows] > 0, self.lump[rows], 1.0)
        result = self.prior.quantile(np.minimum(share * self.share[rows], 1.0))
        high = np.flatnonzero(~low)
        if len(high):
            result[high] = np.exp(self._z_above(rows[high], p[high]))
        return result

    def _z_above(self, rows: IntArray, p: FloatArray) -> FloatArray:
        place = np.searchsorted(2.0 * self.which + self.before, 2.0 * rows + p, side="right") - 1
        first = np.searchsorted(self.which, rows)
        panel = np.maximum(place, first)
        half = self.half[panel]
        target = np.clip(p - self.before[panel], 0.0, self.mass[panel]) / half
        x = _solved(self.coefficients[panel], target)
        return as_floats(self.start[panel] + half * (x + 1.0))

    def shortest(self, level: float) -> tuple[FloatArray, FloatArray]:
        """The shortest interval of each data set with this probability.

        The best of many places is refined to where both ends have the same density; an interval at the start of the
        distribution begins at 0, one at its end is the last.
        """
        count = len(self.lump)
        everyone = np.arange(count)
        shares = (1 - level) * np.linspace(0.0, 1.0, _PLACES) ** 2
        many = np.repeat(everyone, _PLACES)
        below = np.tile(shares, count)
        last = self._last(level)
        ends = self.quantile(many, np.minimum(below + level, last[many])).reshape(count, -1)
        lengths = ends - self.quantile(many, below).reshape(count, -1)
        best = lengths.argmin(axis=1)
        low = shares[np.maximum(best - 1, 0)]
        high = np.minimum(shares[np.minimum(best + 1, _PLACES - 1)], last - level)
        below = np.zeros(count)
        inner = np.flatnonzero((best > 0) | (self._unequal(everyone, shares[1] * np.ones(count), level) < 0))
        if len(inner):
            below[inner] = self._refined(inner, low[inner], high[inner], level)
        return self.quantile(everyone, below), self.quantile(everyone, np.minimum(below + level, last))

    def _last(self, level: float) -> FloatArray:
        """The highest probability with a quantile: 1 where the prior has an end, else a little less."""
        top = 1.0 if self.prior.family == "uniform" else 1.0 - 1e-12 * (1 - level)
        return np.full(len(self.lump), top)

    def _unequal(self, rows: IntArray, below: FloatArray, level: float) -> FloatArray:
        """Log density at the lower end of an interval over that at its upper end, within 50 of 0."""
        first = self.log_density(rows, self.quantile(rows, below))
        second = self.log_density(rows, self.quantile(rows, np.minimum(below + level, 1.0)))
        with np.errstate(invalid="ignore"):
            difference = first - second
        return as_floats(np.clip(np.nan_to_num(difference, nan=0.0, posinf=50.0, neginf=-50.0), -50.0, 50.0))

    def _refined(self, rows: IntArray, low: FloatArray, high: FloatArray, level: float) -> FloatArray:
        """The probability below the interval whose ends have the same density: Illinois steps inside a bracket."""
        first, second = self._unequal(rows, low, level), self._unequal(rows, high, level)
        root = np.where(first >= 0, low, high)
        active = np.flatnonzero((first < 0) & (second > 0))
        a, b, f_a, f_b = low[active], high[active], first[active], second[active]
        side = np.zeros(len(active))
        for step in range(_STEPS):
            if not len(active):
                break
            # Every third step halves the bracket, whatever the function looks like.
            x = (a + b) / 2 if step % 3 == 2 else (a * f_b - b * f_a) / (f_b - f_a)
            f = self._unequal(rows[active], x, level)
            root[active] = x
            up = f >= 0
            f_a, f_b = np.where(up & (side > 0), f_a / 2, f_a), np.where(~up & (side < 0), f_b / 2, f_b)
            a, b = np.where(up, a, x), np.where(up, x, b)
            f_a, f_b = np.where(up, f_a, f), np.where(up, f, f_b)
            side = np.where(up, 1.0, -1.0)
            left = (np.abs(f) > 1e-12) & (b - a > 1e-15)
            active, side = active[left], side[left]
            a, b, f_a, f_b = a[left], b[left], f_a[left], f_b[left]
        return root

    def mode(self) -> FloatArray:
        """Where the density is highest; 0 where it falls from there on."""
        count = len(self.lump)
        everyone = np.arange(count)
        shares = np.concatenate([np.geomspace(1e-9, 0.01, 30), np.linspace(0.02, 0.995, 80), [0.999]])
        many = np.repeat(everyone, len(shares))
        places = self.quantile(many, np.tile(shares, count))
        heights = self.log_density(many, places).reshape(count, -1)
        places = places.reshape(count, -1)
        best = heights.argmax(axis=1)
        at_zero = self.log_density(everyone, np.zeros(count))
        low = np.where(best > 0, places[everyone, np.maximum(best - 1, 0)], 0.0)
        high = places[everyone, np.minimum(best + 1, len(shares) - 1)]
        if self.prior.family == "uniform":
            high = np.where(best == len(shares) - 1, self.prior.scale, high)
        found = self._climbed(everyone, low, high)
        return as_floats(np.where(at_zero >= self.log_density(everyone, found) - 1e-12, 0.0, found))

    def _climbed(self, rows: IntArray, low: FloatArray, high: FloatArray) -> FloatArray:
        """The highest density between two places, by the golden section."""
        golden = (np.sqrt(5.0) - 1) / 2
        low, high = low.copy(), high.copy()
        for _ in range(_STEPS):
            first, second = high - golden * (high - low), low + golden * (high - low)
            left = self.log_density(rows, first) >= self.log_density(rows, second)
            high = np.where(left, second, high)
            low = np.where(left, low, first)
        if self.prior.family == "uniform":
            low = np.where(high == self.prior.scale, high, low)
        return as_floats((low + high) / 2)


def tau_posteriors(found: Quadrature, prior: Prior) -> TauPosteriors:
    """The posterior of tau from the panels of a quadrature."""
    panels = found.panels
    count = len(found.edge)
    top = found.log_lump.copy()
    peaks = panels.log_posterior.max(axis=1)
    np.maximum.at(top, panels.which, peaks)
    values = np.exp(panels.log_posterior - top[panels.which, None])
    mass = panels.half * (values @ WEIGHTS)
    lump = np.exp(found.log_lump - top)
    total = lump + np.bincount(panels.which, mass, minlength=count)
    norm = total[panels.which]
    mass = mass / norm
    lump = lump / total
    return TauPosteriors(
        prior=prior,
        log_total=as_floats(np.log(total) + top),
        edge=found.edge,
        lump=as_floats(lump),
        share=prior.cdf(found.edge),
        which=panels.which,
        start=panels.start,
        half=panels.half,
        coefficients=as_floats((values / norm[:, None]) @ TO_COEFFICIENTS),
        before=_sums_before(mass, panels.which, lump),
        mass=as_floats(mass),
    )


def padded(values: FloatArray, which: IntArray, count: int, fill: float = 0.0) -> FloatArray:
    """Values of panels, shape (P, ...), as one row a data set, shape (B, most panels, ...)."""
    counts = np.bincount(which, minlength=count)
    place = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    rows = np.full((count, int(counts.max(initial=0)), *values.shape[1:]), fill)
    rows[which, place] = values
    return rows


def _sums_before(mass: FloatArray, which: IntArray, lump: FloatArray) -> FloatArray:
    """Probability below each panel, summed within each data set."""
    rows = padded(mass, which, len(lump))
    counts = np.bincount(which, minlength=len(lump))
    place = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    before = lump[:, None] + np.cumsum(rows, axis=1) - rows
    return as_floats(before[which, place])


def _basis(x: FloatArray) -> FloatArray:
    """Legendre polynomials up to the order NODES at x, shape (NODES + 1, n)."""
    values = np.empty((NODES + 1, len(x)))
    values[0], values[1] = 1.0, x
    for order in range(1, NODES):
        values[order + 1] = ((2 * order + 1) * x * values[order] - order * values[order - 1]) / (order + 1)
    return values


#: The integral of a Legendre polynomial is the difference of its neighbours over this.
_DIVISOR = 2.0 * np.arange(1, NODES) + 1.0


def _series(coefficients: FloatArray, basis: FloatArray) -> FloatArray:
    return einsum("nj,jn->n", coefficients, basis[:NODES])


def _integral(coefficients: FloatArray, x: FloatArray, basis: FloatArray) -> FloatArray:
    """Integral from -1 to x of the series in each row."""
    steps = (basis[2:] - basis[:-2]) / _DIVISOR[:, None]
    return as_floats(coefficients[:, 0] * (x + 1.0) + einsum("nj,jn->n", coefficients[:, 1:], steps))


def _solved(coefficients: FloatArray, target: FloatArray) -> FloatArray:
    """The x from -1 to 1 up to which each series has this integral: Newton's steps inside a bracket."""
    low, high = np.full(len(target), -1.0), np.full(len(target), 1.0)
    whole = 2.0 * coefficients[:, 0]
    x = np.clip(2.0 * target / np.where(whole > 0, whole, 1.0) - 1.0, -1.0, 1.0)
    for _ in range(_STEPS):
        basis = _basis(x)
        beyond = _integral(coefficients, x, basis) - target
        height = _series(coefficients, basis)
        high, low = np.where(beyond > 0, x, high), np.where(beyond > 0, low, x)
        with np.errstate(divide="ignore", invalid="ignore"):
            new = x - beyond / height
        new = np.where((new >= low) & (new <= high), new, (low + high) / 2)
        moved = np.abs(new - x).max(initial=0.0)
        x = new
        if moved < 1e-15:
            break
    return as_floats(x)
