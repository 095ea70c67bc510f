"""Integrals over tau in the normal-normal model, for many data sets at once.

Given tau, the mean is normal and everything about it is known in closed form; what is left is one integral over tau.
It is taken over z = log(tau) by Gauss-Legendre panels that are halved until the last Legendre coefficients of the
integrands are rounding. Where tau is so small that it changes no variance to sixteen digits, the likelihood is
constant, and the mass there is the prior's own. All numbers here are in a unit of the caller's in which the sampling
variances are about 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre

from synth.synthesis.linear import BoolArray, FloatArray, IntArray, as_floats
from synth.synthesis.priors.distributions import Prior

#: Nodes of a panel, and what turns values at them into Legendre coefficients of the polynomial through them.
NODES = 16
_X, WEIGHTS = legendre.leggauss(NODES)
TO_COEFFICIENTS: FloatArray = as_floats(
    (legendre.legvander(_X, NODES - 1) * WEIGHTS[:, None]) * (np.arange(NODES) + 0.5)
)
#: Share of the smallest variance below which a tau2 counts as 0.
_NOTHING = 1e-16
#: Share of the prior's scale below which tau adds nothing to its own mean.
_FAR_BELOW = 1e-10
#: Logarithm of the error of a panel, as a share of the integral, that is left as it is.
_LOG_ERROR = float(np.log(1e-12))
#: Logarithm of the share of the integral below which a panel is dropped.
_DROPPED = -46.0
#: Halvings of a first panel: enough for a prior, or a likelihood, a millionth wide.
_DEPTH = 32
#: Panels of a data set that are still to be halved, above which it is given up.
_MOST = 300
#: Units of log(tau) beyond data and prior in which a power tail of at least 1 falls below 1e-17.
_TAIL = 40.0
#: Ends of the first panels to the right of where anything happens; a log-t tail goes the whole way.
_STEPS = np.array([0.0, 1.5, 4.0, 8.0, 14.0, 22.0, 32.0, _TAIL, 60.0, 90.0, 130.0, 190.0, 260.0, 330.0])
#: Numbers in one array of the likelihood (studies times nodes).
_CHUNK = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Sets:
    """Data sets of one k, with the prior of the mean; estimates from a centre of each set's own.

    Attributes
    ----------
    estimates, variances : ndarray, shape (k, B)
    mean : ndarray, shape (B,)
        Of the normal prior of the mean; 0 where it is uniform.
    precision : float
        Of that prior; 0 where it is uniform.
    """

    estimates: FloatArray
    variances: FloatArray
    mean: FloatArray
    precision: float

    @property
    def k(self) -> int:
        """Studies of a data set."""
        return len(self.estimates)

    @property
    def smallest(self) -> FloatArray:
        """Smallest variance that tau2 is added to, shape (B,)."""
        smallest = self.variances.min(axis=0)
        return as_floats(np.minimum(smallest, 1 / self.precision) if self.precision > 0 else smallest)

    @property
    def largest(self) -> FloatArray:
        """Largest standard error or distance between estimates, or from the prior's mean, shape (B,)."""
        far = np.ptp(self.estimates, axis=0)
        if self.precision > 0:
            far = np.maximum(far, np.max(np.abs(self.estimates - self.mean), axis=0))
        return as_floats(np.maximum(far, np.sqrt(self.variances.max(axis=0))))


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """What is known given tau: arrays of the shape of tau."""

    log_likelihood: FloatArray
    mean: FloatArray
    variance: FloatArray


def given_tau(sets: Sets, which: IntArray, tau: FloatArray) -> Given:
    """Marginal likelihood, and the normal distribution of the mean, at values of tau.

    Parameters
    ----------
    sets : Sets
    which : ndarray of int, shape (P,)
        The data set of each row of tau.
    tau : ndarray, shape (P, n)
    """
    rows = max(1, _CHUNK // (sets.k * tau.shape[1]))
    if len(which) > rows:
        parts = [given_tau(sets, which[i : i + rows], tau[i : i + rows]) for i in range(0, len(which), rows)]
        return Given(
            np.concatenate([part.log_likelihood for part in parts]),
            np.concatenate([part.mean for part in parts]),
            np.concatenate([part.variance for part in parts]),
        )
    y, v, centre = sets.estimates[:, which, None], sets.variances[:, which, None], sets.mean[which, None]
    weights = 1.0 / (v + np.square(tau))
    precision = weights.sum(axis=0) + sets.precision
    mean = ((weights * y).sum(axis=0) + sets.precision * centre) / precision
    distance = (weights * np.square(y - mean)).sum(axis=0) + sets.precision * np.square(mean - centre)
    likelihood = 0.5 * (np.log(weights).sum(axis=0) - distance - np.log(precision))
    return Given(as_floats(likelihood), as_floats(mean), as_floats(1.0 / precision))


@dataclass(frozen=True, slots=True, eq=False)
class Panels:
    """Panels of z with what was computed at their nodes; P panels in the order of data set and z.

    Attributes
    ----------
    which : ndarray of int, shape (P,)
        The data set.
    start, end : ndarray, shape (P,)
        Of the panel, in z.
    z, log_posterior, mean, variance : ndarray, shape (P, NODES)
        Logarithm of tau; of the density of z but for a constant; the mean given tau and its variance.
    """

    which: IntArray
    start: FloatArray
    end: FloatArray
    z: FloatArray
    log_posterior: FloatArray
    mean: FloatArray
    variance: FloatArray

    @property
    def half(self) -> FloatArray:
        """Half lengths."""
        return as_floats((self.end - self.start) / 2)

    def pick(self, chosen: BoolArray | IntArray) -> Panels:
        """Some of the panels."""
        return Panels(
            self.which[chosen],
            self.start[chosen],
            self.end[chosen],
            self.z[chosen],
            self.log_posterior[chosen],
            self.mean[chosen],
            self.variance[chosen],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Quadrature:
    """The posterior of tau of every data set.

    Attributes
    ----------
    panels : Panels
        What lies above `edge`.
    edge : ndarray, shape (B,)
        The tau below which the likelihood is constant.
    log_lump : ndarray, shape (B,)
        Logarithm of the mass below it, but for the same constant as the panels.
    at_zero : Given
        At tau = 0, arrays of shape (B,).
    converged : ndarray of bool, shape (B,)
        Whether every panel was accurate.
    """

    panels: Panels
    edge: FloatArray
    log_lump: FloatArray
    at_zero: Given
    converged: BoolArray


def moments_of(k: int, prior: Prior, precision: float) -> tuple[float, bool]:
    """Up to which order tau has moments, and whether that order itself is one of them.

    The posterior falls as the prior times tau to the -(k - 1), or to the -k with a normal prior of the mean. A log-t
    prior falls as 1 / tau times a power of the logarithm, which leaves the last order finite. The same orders hold for
    a new study's effect and, with a uniform prior of the mean, for the mean itself.
    """
    return k - (precision == 0) + prior.tail, prior.family == "log-t"


def has_moment(k: int, prior: Prior, precision: float, order: int) -> bool:
    """Whether tau has this moment (see `moments_of`)."""
    last, included = moments_of(k, prior, precision)
    return order < last or (included and order == last)


def quadrature(sets: Sets, prior: Prior) -> Quadrature:
    """Panels that hold the posterior of tau, and its moments where they exist, to about twelve digits."""
    count = sets.estimates.shape[1]
    # Below the prior's own scale too, so that tau counts as 0 there.
    edge = as_floats(np.minimum(np.sqrt(_NOTHING * sets.smallest), _FAR_BELOW * np.exp(prior.log_centre)))
    everyone = np.arange(count)
    zero = given_tau(sets, everyone, np.zeros((count, 1)))
    at_zero = Given(zero.log_likelihood[:, 0], zero.mean[:, 0], zero.variance[:, 0])
    with np.errstate(divide="ignore"):
        log_lump = np.log(prior.cdf(edge)) + at_zero.log_likelihood
    order = 2 if has_moment(sets.k, prior, sets.precision, 2) else int(has_moment(sets.k, prior, sets.precision, 1))
    which, start, end = _first_panels(sets, prior, np.log(edge))
    held = np.full((2, count), -np.inf)
    held[0] = log_lump
    done: list[Panels] = []
    converged = np.ones(count, dtype=bool)
    for _ in range(_DEPTH):
        panels = _evaluate(sets, prior, which, start, end)
        keep, good = _judge(panels, held, order, _noise(panels, sets.k))
        done.append(panels.pick(keep & good))
        again = keep & ~good
        if not again.any():
            break
        if again.sum() > _MOST * count:
            done.append(panels.pick(again))
            converged[panels.which[again]] = False
            break
        middle = (start[again] + end[again]) / 2
        which = np.repeat(which[again], 2)
        start, end = _pairs(start[again], middle), _pairs(middle, end[again])
    else:
        done.append(_evaluate(sets, prior, which, start, end))
        converged[which] = False
    return Quadrature(_in_order(done), edge, log_lump, at_zero, converged)


def _pairs(first: FloatArray, second: FloatArray) -> FloatArray:
    return as_floats(np.stack([first, second], axis=1).ravel())


def _first_panels(sets: Sets, prior: Prior, low: FloatArray) -> tuple[IntArray, FloatArray, FloatArray]:
    """Short panels where data and prior have their scales, longer ones beside; up to the end of the prior."""
    small, large = 0.5 * np.log(sets.variances.min(axis=0)), np.log(sets.largest)
    first = np.maximum(np.minimum(small, prior.log_centre) - 2.0, low)
    last = np.maximum(np.maximum(large, prior.log_centre) + 2.0, first)
    parts = [_cut(low, first, 5.0), _cut(first, last, 1.5)]
    steps = _STEPS[: 1 + int(np.searchsorted(_STEPS, _reach(prior)))]
    everyone = np.repeat(np.arange(sets.estimates.shape[1]), len(steps) - 1)
    parts.append((everyone, _flat(last, steps[:-1]), _flat(last, steps[1:])))
    which, start, end = (np.concatenate(column) for column in zip(*parts, strict=True))
    if prior.family == "uniform":
        end = np.minimum(end, prior.log_centre)
    inside = start < end
    return which[inside], start[inside], end[inside]


def _reach(prior: Prior) -> float:
    """How far above data and prior anything is left, in log(tau)."""
    if prior.family == "log-normal":
        # The second moment lies twice the variance of the logarithm above the median.
        return max(8.0, 2 * prior.scale**2 + 9 * prior.scale)
    if prior.tail == 0:
        return float(_STEPS[-1])
    return _TAIL if np.isfinite(prior.tail) else 8.0


def _flat(last: FloatArray, steps: FloatArray) -> FloatArray:
    return as_floats((last[:, None] + steps).ravel())


def _cut(first: FloatArray, last: FloatArray, length: float) -> tuple[IntArray, FloatArray, FloatArray]:
    """Equal panels of at most this length, as many as each data set needs."""
    counts = np.ceil((last - first) / length).astype(int)
    which = np.repeat(np.arange(len(first)), counts)
    number = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
    step = np.repeat((last - first) / np.maximum(counts, 1), counts)
    start = first[which] + number * step
    return which, as_floats(start), as_floats(start + step)


def _evaluate(sets: Sets, prior: Prior, which: IntArray, start: FloatArray, end: FloatArray) -> Panels:
    z = (start + end)[:, None] / 2 + (end - start)[:, None] / 2 * _X
    tau = np.exp(z)
    given = given_tau(sets, which, tau)
    log_posterior = prior.log_density(tau) + z + given.log_likelihood
    return Panels(which, start, end, as_floats(z), as_floats(log_posterior), given.mean, given.variance)


def _judge(panels: Panels, held: FloatArray, order: int, noise: FloatArray) -> tuple[BoolArray, BoolArray]:
    """Which panels hold anything, and which of them are accurate.

    Three integrands are judged: the density of z, the density times the normal density of the mean given tau (whose
    centre moves with tau), and the density times the highest power of tau that has an integral. Panels are compared
    with the largest of those beside them and of those held already, whose logarithms of both integrals are in `held`
    and are updated there; not with a panel that was halved, because a peak that is narrower than the distance of its
    nodes looks larger or smaller in it than it is.
    """
    top = panels.log_posterior.max(axis=1)
    floor = np.where(np.isfinite(top), top, 0.0)
    values = np.exp(panels.log_posterior - floor[:, None])
    # The power in the units of the panel's own start, so that nothing overflows.
    values_of_power = values * np.exp(order * (panels.z - panels.start[:, None]))
    shift = floor + order * panels.start
    with np.errstate(divide="ignore"):
        logs = np.log(panels.half * (values @ WEIGHTS)) + floor
        powers = np.log(panels.half * (values_of_power @ WEIGHTS)) + shift
    totals = held.copy()
    np.maximum.at(totals[0], panels.which, logs)
    np.maximum.at(totals[1], panels.which, powers)
    total, total_of_power = totals[:, panels.which]
    keep = (logs - total > _DROPPED) | (powers - total_of_power > _DROPPED)
    good = _error(panels, values, noise) + floor - total < _LOG_ERROR
    good &= _error(panels, values * _density_of_mean(panels), noise) + floor - total < _LOG_ERROR
    good &= _error(panels, values_of_power, noise) + shift - total_of_power < _LOG_ERROR
    np.maximum.at(held[0], panels.which[keep & good], logs[keep & good])
    np.maximum.at(held[1], panels.which[keep & good], powers[keep & good])
    return keep, good


def _noise(panels: Panels, k: int) -> FloatArray:
    """What the logarithm is rounded to, and with it every value: halving a panel does not help against that.

    Sums over k studies of terms of about 1 are rounded too, where they cancel as well.
    """
    size = np.abs(panels.log_posterior.max(axis=1))
    return as_floats(4e-15 + 4e-16 * (np.where(np.isfinite(size), size, 0.0) + k) * (1 + np.sqrt(k) / 8))


def _density_of_mean(panels: Panels) -> FloatArray:
    """The normal density of the mean given tau, at its own centre in the middle of the panel; 1 there."""
    middle = panels.mean[:, NODES // 2, None]
    height = np.exp(-0.5 * np.square(panels.mean - middle) / panels.variance)
    return as_floats(height * np.sqrt(panels.variance[:, NODES // 2, None] / panels.variance))


def _error(panels: Panels, integrand: FloatArray, noise: FloatArray) -> FloatArray:
    """Logarithm of the last Legendre coefficients of the integrand, less what is rounding."""
    last = np.abs(integrand @ TO_COEFFICIENTS[:, -3:]).max(axis=1)
    with np.errstate(divide="ignore"):
        return as_floats(np.log(np.maximum(last - noise * np.abs(integrand).max(axis=1), 0.0) * panels.half))


def _in_order(done: list[Panels]) -> Panels:
    fields = ("which", "start", "end", "z", "log_posterior", "mean", "variance")
    together = Panels(*(np.concatenate([getattr(part, name) for part in done]) for name in fields))
    return together.pick(np.lexsort((together.start, together.which)))
