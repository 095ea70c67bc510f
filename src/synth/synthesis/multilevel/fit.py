"""The highest maximum of the likelihood of a multilevel model.

Several starts are climbed, the best end is polished by Newton's method, and every variance at 0 and every correlation
at its end is checked: if the likelihood rises from there into the range, the climb goes on.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

from synth.errors import MethodError
from synth.synthesis.linear import BoolArray, FloatArray, as_floats
from synth.synthesis.multilevel.likelihood import Likelihood, Slopes, Solved

#: Variance in the data's unit that cannot be told from 0.
NOTHING = 1e-9
#: Slope of the likelihood by a variance, for each estimate, above which 0 is no maximum.
_RISES = 1e-7
#: Expected rise of the likelihood by one more Newton step, below which there is nothing to gain.
_DONE = 1e-10
#: Share of the largest curvature below which a direction counts as flat.
_FLAT = 1e-9
#: Largest derivative at the end of a climb that counts as a maximum, though a lower one.
_LEVEL = 1e-2
_NEWTON_STEPS, _CLIMBS, _CHECKS = 30, 4, 6
#: Estimates, in a block or in all, from which fewer starts are looked at.
_LARGE = 300
#: Further starts of models with several variances in a structure, and the seed that scatters them.
_SCATTERED, _SEED = 8, 20
#: What is far below any likelihood: where there is none.
_NO_HEIGHT = 1e15


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where the likelihood is highest.

    Attributes
    ----------
    x : ndarray
        Parameters of `Likelihood`, those held included.
    height : float
        Log-likelihood but for a constant, in the data's unit.
    solved : Solved
    converged : bool
        Whether the derivatives are 0 but for rounding, or point out of the range.
    flat : bool
        Whether the likelihood does not change along some direction, so that components cannot be told apart.
    others : int
        Lower maxima met on the way.
    """

    x: FloatArray
    height: float
    solved: Solved
    converged: bool
    flat: bool
    others: int = 0


class Climb:
    """The likelihood as a function of the parameters that are free.

    Parameters
    ----------
    likelihood : Likelihood
    held : ndarray, shape (count,)
        Values of the parameters that are held; NaN for those that are free.
    """

    def __init__(self, likelihood: Likelihood, held: FloatArray) -> None:
        self.likelihood, self.held = likelihood, held
        self.free: BoolArray = np.isnan(held)

    def whole(self, part: FloatArray) -> FloatArray:
        """All parameters."""
        x = self.held.copy()
        x[self.free] = part
        return x

    def value(self, part: FloatArray) -> tuple[float, FloatArray]:
        """Log-likelihood and its gradient by the free parameters."""
        height, gradient = self.likelihood.value(self.whole(part))
        return height, gradient[self.free]

    def up(self, start: FloatArray, tolerance: float) -> FloatArray:
        """The end of a climb from a start."""

        def depth(part: FloatArray) -> tuple[float, FloatArray]:
            height, gradient = self.value(part)
            return (-height, -gradient) if math.isfinite(height) else (_NO_HEIGHT, gradient)

        found = minimize(depth, start, jac=True, method="BFGS", options={"gtol": tolerance, "maxiter": 300})
        return as_floats(found.x)

    def curvature(self, part: FloatArray) -> FloatArray:
        """Second derivatives, negated, by central differences of the exact gradient."""
        size = len(part)
        rows = np.zeros((size, size))
        for index in range(size):
            step = np.zeros(size)
            step[index] = 1e-5 * max(1.0, abs(float(part[index])))
            rows[index] = (self.value(part - step)[1] - self.value(part + step)[1]) / (2 * step[index])
        return as_floats((rows + rows.T) / 2)

    def polish(self, part: FloatArray) -> tuple[FloatArray, bool, bool]:
        """The maximum near a point to the last digits, whether it is one, and whether it is flat."""
        height, gradient = self.value(part)
        flat = False
        for _ in range(_NEWTON_STEPS):
            values, vectors = np.linalg.eigh(self.curvature(part))
            largest = max(float(np.abs(values).max()), 1e-300)
            flat = bool((np.abs(values) < _FLAT * largest).any())
            sizes = np.maximum(np.abs(values), _FLAT * largest)
            along = vectors.T @ gradient
            # Along a flat direction the gradient is rounding, and a step would lead anywhere.
            along = np.where((np.abs(values) < _FLAT * largest) & (np.abs(along) < 1e-6), 0.0, along)
            step = vectors @ (along / sizes)
            gain = float(gradient @ step)
            if gain < _DONE and values.min() > -_FLAT * largest:
                # One last step doubles the digits.
                last, slope = self.value(part + step)
                better = last >= height - 1e-9 and np.abs(slope).max() <= np.abs(gradient).max()
                return (part + step if better else part), True, flat
            taken = self._shorten(part, step, height)
            if taken is None:
                return part, gain < math.sqrt(_DONE), flat
            part, height, gradient = taken
        return part, False, flat

    def _shorten(
        self, part: FloatArray, step: FloatArray, height: float
    ) -> tuple[FloatArray, float, FloatArray] | None:
        for _ in range(30):
            found, gradient = self.value(part + step)
            if found > height - 1e-12 * abs(height):
                return part + step, found, gradient
            step = step / 2
        return None


def maximise(likelihood: Likelihood, held: FloatArray) -> Maximum:
    """The highest maximum of the likelihood.

    Parameters
    ----------
    likelihood : Likelihood
    held : ndarray, shape (count,)
        Values of parameters that are held; NaN for those that are free.

    Raises
    ------
    MethodError
        If the marginal covariance is nowhere positive definite.
    """
    climb = Climb(likelihood, held)
    if not climb.free.any():
        return _at(climb, np.zeros(0), converged=True, flat=False)
    ends = sorted((climb.up(start, 1e-3) for start in _starts(climb)), key=lambda end: -climb.value(end)[0])
    best = _checked(climb, ends[0])
    found = [climb.value(end) for end in ends]
    lower = [height for height, slope in found if height < best.height - 1e-2 and np.abs(slope).max() < _LEVEL]
    return replace(best, others=len({round(height, 2) for height in lower if math.isfinite(height)}))


def highest_near(likelihood: Likelihood, held: FloatArray, near: Iterable[FloatArray]) -> Maximum:
    """The highest of the maxima near some points, its height to the last digits and its place to half of them."""
    climb = Climb(likelihood, held)
    if not climb.free.any():
        return _at(climb, np.zeros(0), converged=True, flat=False)
    ends = [climb.up(start[climb.free], 1e-6) for start in near]
    best = _at(climb, max(ends, key=lambda end: climb.value(end)[0]), converged=True, flat=False)
    for start in list(_rising(climb, best)):
        following = _at(climb, climb.up(start, 1e-6), converged=True, flat=False)
        best = following if following.height > best.height else best
    return best


def _checked(climb: Climb, end: FloatArray) -> Maximum:
    """The maximum near a point, or where the likelihood rises from it at the end of a range, the one beyond."""
    part, converged, flat = climb.polish(end)
    best = _at(climb, part, converged=converged, flat=flat)
    for _ in range(_CHECKS):
        restarts = list(_rising(climb, best))
        if not restarts:
            return _settled(climb, best)
        found = max((climb.up(start, 1e-4) for start in restarts), key=lambda start: climb.value(start)[0])
        part, converged, flat = climb.polish(found)
        following = _at(climb, part, converged=converged, flat=flat)
        if following.height < best.height + 1e-9:
            return _settled(climb, best)
        best = following
    return replace(_settled(climb, best), converged=False)


def _at(climb: Climb, part: FloatArray, *, converged: bool, flat: bool) -> Maximum:
    x = climb.whole(part)
    solved = climb.likelihood.at(x)
    if solved is None:
        raise MethodError(
            "the covariance of the estimates that the model implies is not positive definite; other values of the "
            "components that are held are expected"
        )
    return Maximum(x, climb.likelihood.height(solved), solved, converged, flat)


def _settled(climb: Climb, best: Maximum) -> Maximum:
    """Variances that cannot be told from 0 set to 0, where that costs nothing."""
    x = best.x.copy()
    for index in _deviations(climb.likelihood):
        size = x[index] ** (4 if _is_root(climb.likelihood, index) else 2)
        if climb.free[index] and 0 < size < NOTHING:
            x[index] = 0.0
    if np.array_equal(x, best.x):
        return best
    solved = climb.likelihood.at(x)
    if solved is None or climb.likelihood.height(solved) < best.height - 1e-7:
        return best
    return replace(best, x=x, solved=solved, height=climb.likelihood.height(solved))


def _deviations(likelihood: Likelihood) -> list[int]:
    """Places of the standard deviations among the parameters."""
    places, start = list(range(likelihood.levels)), likelihood.levels
    for item in likelihood.structures:
        places.extend(range(start, start + item.deviations))
        start += item.count
    return places


def _is_root(likelihood: Likelihood, index: int) -> bool:
    start = likelihood.levels
    for item in likelihood.structures:
        if start <= index < start + item.deviations:
            return item.structure.kind in ("HCS", "HAR")
        start += item.count
    return False


def _rising(climb: Climb, best: Maximum) -> Iterable[FloatArray]:
    """Points inside the range from where a maximum at its end is left, for each way up."""
    likelihood = climb.likelihood
    slopes = likelihood.slopes(best.solved)
    least = _RISES * likelihood.data.n
    for index in range(likelihood.levels):
        if climb.free[index] and best.x[index] ** 2 < 1e-3 and slopes.sigma2[index] > least:
            x = best.x.copy()
            x[index] = 0.3
            if best.x[index] ** 2 < NOTHING:
                yield x[climb.free]
    start = likelihood.levels
    for place, item in enumerate(likelihood.structures):
        own = slice(start, start + item.count)
        for part in _ways_up(likelihood, best, slopes, place, least):
            x = np.where(climb.free, best.x, climb.held)
            x[own] = np.where(climb.free[own], part, best.x[own])
            if climb.free[own].any():
                yield x[climb.free]
        start += item.count


def _ways_up(likelihood: Likelihood, best: Maximum, slopes: Slopes, place: int, least: float) -> Iterable[FloatArray]:
    """Parameters of one structure a little off its end of the range, where the likelihood rises towards them."""
    item, slope = likelihood.structures[place], slopes.covariances[place]
    _, parts = likelihood.parts(best.x)
    covariance = item.covariance(parts[place])
    if item.structure.kind == "UN":
        values, vectors = np.linalg.eigh(slope)
        if values[-1] > least:
            yield _from_covariance(item, covariance + 0.1 * np.outer(vectors[:, -1], vectors[:, -1]))
        return
    tau2, rho = item.natural(parts[place])
    for level in np.flatnonzero(tau2 < NOTHING).tolist():
        correlations = (0.0, 0.95, 0.95 * item.structure.least) if item.angles else (0.0,)
        for correlation in correlations:
            raised = tau2.copy()
            raised[level] = 0.1
            yield item.working(raised, np.full(len(rho), correlation))
    if item.angles and abs(float(np.cos(parts[place][item.deviations]))) < 1e-4:
        middle = (1 + item.structure.least) / 2
        yield item.working(tau2, 0.9 * rho + 0.1 * middle)


def _from_covariance(item: object, covariance: FloatArray) -> FloatArray:
    from synth.synthesis.multilevel.structures import Parameters

    assert isinstance(item, Parameters)
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    scale = np.where(spread > 0, spread, 1.0)
    correlation = np.clip(covariance / scale[:, None] / scale, -1.0, 1.0)
    columns, rows = np.triu_indices(len(spread), 1)
    return item.working(spread**2, as_floats(correlation[rows, columns]))


def _starts(climb: Climb) -> list[FloatArray]:
    """The most promising points of a grid: the best of all, and the best of each way to share the heterogeneity."""
    likelihood = climb.likelihood
    terms = likelihood.levels + len(likelihood.structures)
    large = max(batch.rows.shape[1] for batch in likelihood.data.batches) > _LARGE
    sizes = (0.3, 1.0) if large else (0.03, 0.2, 0.6, 1.5, 10.0)
    correlations = (0.5,) if large or not any(item.angles for item in likelihood.structures) else (0.5, 0.0, 0.9, -0.4)
    whole = _crude(likelihood)
    best: dict[int, tuple[float, FloatArray]] = {}
    ways = range(-1, terms if terms > 1 else 0)
    for way, size, correlation in itertools.product(ways, sizes, correlations):
        shares = np.full(terms, 1.0 / terms if way < 0 else 0.02)
        if way >= 0:
            shares[way] = 1.0
        start = _start(climb, shares * size * whole, correlation)
        solved = likelihood.at(climb.whole(start))
        height = -math.inf if solved is None else likelihood.height(solved)
        if way not in best or height > best[way][0]:
            best[way] = (height, start)
    ranked = sorted(best.values(), key=lambda found: -found[0])
    return [start for _, start in ranked[:_CLIMBS]] + _scattered(climb, whole)


def _scattered(climb: Climb, whole: float) -> list[FloatArray]:
    """Points anywhere in the range, the same ones each time, where a model has so many variances that maxima hide."""
    structures = climb.likelihood.structures
    if max((item.structure.variances for item in structures), default=1) < 2:
        return []
    draw = np.random.default_rng(_SEED)
    count = _SCATTERED if climb.likelihood.data.n < _LARGE else 2
    points = []
    for _ in range(count):
        x = [np.sqrt(whole * np.exp(draw.normal(scale=1.5, size=climb.likelihood.levels)))]
        for item in structures:
            tau2 = whole * np.exp(draw.normal(scale=1.5, size=item.deviations))
            working = item.working(tau2, np.zeros(item.structure.correlations))
            working[item.deviations :] = draw.uniform(-1.4, 1.4, item.angles)
            x.append(working)
        points.append(np.concatenate(x)[climb.free])
    return points


def _start(climb: Climb, variances: FloatArray, correlation: float) -> FloatArray:
    likelihood = climb.likelihood
    parts = [np.sqrt(variances[: likelihood.levels])]
    for item, variance in zip(likelihood.structures, variances[likelihood.levels :].tolist(), strict=True):
        rho = np.full(item.structure.correlations, correlation)
        if item.structure.kind == "UN":
            rho = np.maximum(rho, -0.4 / max(item.structure.inner.size - 1, 1))
        elif item.structure.correlations:
            rho = np.maximum(rho, 0.8 * item.structure.least)
        parts.append(item.working(np.full(item.deviations, variance), rho))
    return np.concatenate(parts)[climb.free]


def _crude(likelihood: Likelihood) -> float:
    """Variance of what the columns leave, less the mean sampling variance, in the data's unit."""
    squares = sum(float(np.sum(batch.y**2)) for batch in likelihood.data.batches)
    sampling = sum(float(np.einsum("bii->", batch.v)) for batch in likelihood.data.batches)
    left = max(likelihood.data.n - likelihood.data.p, 1)
    return max(squares / left - sampling / likelihood.data.n, 0.1 * squares / left, 1e-3)
