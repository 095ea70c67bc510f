"""A model fitted without each study in turn, in time that grows with k and not with its square.

Taking a study out takes its own term out of the sums that a fit is made of (`weighted_sums`). Where that would cost
digits, because the study holds nearly all of the weight or of the squared residuals, and where tau2 has several
candidates, the study is left out of the data and the model fitted afresh.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtri

from synth.errors import MethodError
from synth.synthesis.fitted import check_fitted
from synth.synthesis.fitting import Fits, Method, fit_data
from synth.synthesis.linear import BoolArray, Data, FloatArray, IntArray, as_floats, basis_of, data_of, einsum
from synth.synthesis.roots import falling_roots
from synth.synthesis.tau2 import crude_variance
from synth.synthesis.weighted_sums import (
    BLOCK,
    Solved,
    Studies,
    SumsOverTau2,
    hat_diagonal,
    own_sums,
    solved,
    studies_of,
    sums_over,
    sums_with,
)

if TYPE_CHECKING:
    from synth.synthesis.models import MetaAnalysis

#: A study with more leverage, or with more of the squared residuals than leaves this share to the others, is left out
#: of the data and not taken off the sums: few digits are what taking off may cost.
_SHARE_LEFT = 1e-2
#: What an orthonormal column of the others must keep of its squared length, or the coefficients are not estimable.
_ESTIMABLE = 1e-13


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Problem:
    """What is fitted again without each study.

    Attributes
    ----------
    data : Data
        One data set without counts.
    columns : ndarray, shape (k, p)
        Of the model, as given.
    method : Method
    weights : ndarray, shape (k,), or None
        The analyst's own.
    fixed_tau2 : float or None
        In units of the estimates squared.
    tau2 : float
        Of the model with all studies, in units of the data.
    """

    data: Data
    columns: FloatArray
    method: Method
    weights: FloatArray | None
    fixed_tau2: float | None
    tau2: float

    @property
    def k(self) -> int:
        """Studies."""
        return len(self.columns)

    @property
    def p(self) -> int:
        """Coefficients."""
        return int(self.columns.shape[1])


def problem_of(model: MetaAnalysis) -> Problem:
    """What a fitted model says of its fits without each study."""
    check_fitted(model, "what hangs on each study")
    return Problem(
        data=model.data_set,
        columns=model.moderators.columns,
        method=model.method,
        weights=model.own_weights,
        fixed_tau2=model.fixed_tau2,
        tau2=model.tau2 / model.data_set.unit**2,
    )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Deletions:
    """Fits without each study.

    Attributes
    ----------
    fits : Fits
        Row i is the fit without study i; NaN where it cannot be made.
    reasons : dict of int to str
        Why it cannot be made, by study.
    covariance_of_all : ndarray, shape (k, p, p)
        Model-based covariance of the coefficients of all studies at the tau2 found without study i.
    """

    fits: Fits
    reasons: dict[int, str]
    covariance_of_all: FloatArray


def deletions(problem: Problem) -> Deletions:
    """Fit the model without each study.

    Raises
    ------
    MethodError
        If there is one study only.
    """
    if problem.k < 2:
        raise MethodError("k = 1: nothing is left without the study; at least 2 studies are expected")
    reasons = _inestimable(problem)
    rows = np.setdiff1d(np.arange(problem.k), np.fromiter(reasons, dtype=np.intp, count=len(reasons)))
    fits = nothing_fitted(np.full(problem.k, problem.k - 1.0), problem.p)
    afresh = rows
    if np.all(problem.data.v > 0):
        afresh = np.setdiff1d(rows, _take_off(problem, rows, fits))
    _fit_afresh(problem, afresh, fits, reasons)
    return Deletions(fits=fits, reasons=reasons, covariance_of_all=_covariance_of_all(problem, fits.tau2))


def _inestimable(problem: Problem) -> dict[int, str]:
    """Studies without which the coefficients are not estimable."""
    if problem.k - 1 < problem.p:
        return dict.fromkeys(range(problem.k), f"{problem.k - 1} studies are left for {problem.p} coefficients")
    kept = 1 - _plain_leverages(problem)
    reason = "a coefficient is not estimable from the studies left"
    reasons = dict.fromkeys(np.flatnonzero(kept <= _ESTIMABLE).tolist(), reason)
    if problem.weights is not None and np.count_nonzero(problem.weights) <= problem.p:
        reasons |= dict.fromkeys(np.flatnonzero(problem.weights).tolist(), "every weight left is 0")
    return reasons


def _plain_leverages(problem: Problem) -> FloatArray:
    basis = problem.data.basis
    if problem.p == 1:
        squares = basis.rows[:, 0] ** 2
        return as_floats(squares / squares.sum())
    return as_floats((basis.rows**2).sum(axis=1))


def _take_off(problem: Problem, rows: IntArray, fits: Fits) -> IntArray:
    """Fit without each of `rows` by taking its term off the sums; return those with which this went well."""
    # Whatever overflows or vanishes here is looked at below, and fitted afresh.
    with np.errstate(all="ignore"):
        try:
            studies = studies_of(problem.data, problem.tau2)
            easy = rows[_light(problem, studies)[rows]]
            found, good = _from_sums(problem, studies, easy)
        except MethodError:
            return rows[:0]
        good &= usable(found) & np.isfinite(found.q_e + found.typical_variance)
    _put(fits, easy[good], _take(found, good))
    return easy[good]


def usable(fits: Fits) -> BoolArray:
    """Fits whose numbers are numbers, and whose variances are not negative, shape (B,)."""
    numbers = [fits.beta.sum(axis=-1), fits.covariance.sum(axis=(-2, -1)), fits.tau2, fits.s2w]
    result: BoolArray = np.isfinite(np.stack(numbers)).all(axis=0)
    return result & (einsum("bii->bi", fits.covariance) >= 0).all(axis=-1)


def _light(problem: Problem, studies: Studies) -> BoolArray:
    """Studies whose term can be taken off every sum that the model needs."""
    light = 1 - _plain_leverages(problem) > _SHARE_LEFT
    for tau2 in {0.0, problem.tau2}:
        light &= 1 - hat_diagonal(studies, 1 / (studies.v + tau2)) > _SHARE_LEFT
    if problem.weights is not None:
        light &= 1 - hat_diagonal(studies, problem.weights) > _SHARE_LEFT
    return light


def nothing_fitted(k: FloatArray, p: int) -> Fits:
    """Fits, all of them NaN, to these numbers of studies."""
    size = len(k)
    return Fits(
        beta=np.full((size, p), np.nan),
        covariance=np.full((size, p, p), np.nan),
        tau2=np.full(size, np.nan),
        s2w=np.full(size, np.nan),
        q_e=np.full(size, np.nan),
        typical_variance=np.full(size, np.nan),
        k=k,
        converged=np.ones(size, dtype=bool),
    )


def _put(fits: Fits, rows: IntArray, found: Fits) -> None:
    for field in fields(Fits):
        getattr(fits, field.name)[rows] = getattr(found, field.name)


def _take(fits: Fits, which: BoolArray) -> Fits:
    return Fits(**{field.name: getattr(fits, field.name)[which] for field in fields(Fits)})


def fit_checked(data: Data, method: Method, weights: FloatArray | None, tau2: FloatArray | None) -> Fits:
    """`fit_data` of data sets that may be past all fitting.

    Raises
    ------
    MethodError
        If the numbers lie too far apart for a fit, or every weight is 0.
    """
    if weights is not None and not weights.any():
        raise MethodError("every weight left is 0")
    with np.errstate(all="ignore"):
        fits = fit_data(data, method, weights=weights, tau2=tau2)
    if not usable(fits).all():
        raise MethodError("the variances or weights lie too far apart for a fit")
    fits.typical_variance[~np.isfinite(fits.typical_variance)] = np.nan
    return fits


def _fit_afresh(problem: Problem, rows: IntArray, fits: Fits, reasons: dict[int, str]) -> None:
    """Leave studies out of the data one by one; there are few such studies."""
    for row in rows.tolist():
        try:
            found = _fit_others(problem, np.arange(problem.k) != row)
        except MethodError as error:
            reasons[row] = str(error)
        else:
            _put(fits, np.array([row]), found)


def _fit_others(problem: Problem, others: BoolArray) -> Fits:
    data, unit = problem.data, problem.data.unit
    if not data.v[0, others].any():
        raise MethodError("every sampling variance left is 0")
    estimates = (data.y[0] + data.basis.expand(data.removed[None, :])[0]) * unit
    basis = basis_of(problem.columns[others], [str(number) for number in range(1, problem.p + 1)])
    rest = data_of(estimates[others], data.v[0, others] * unit**2, basis)
    weights = None if problem.weights is None else problem.weights[others]
    fixed = None if problem.fixed_tau2 is None else np.array([problem.fixed_tau2])
    return fit_checked(rest, problem.method, weights, fixed)


# From sums ------------------------------------------------------------------------------------------------------------


def _from_sums(problem: Problem, studies: Studies, rows: IntArray) -> tuple[Fits, BoolArray]:
    """Fits without each of `rows`, and which of them can be used."""
    common = _Common(studies, rows)
    tau2, good, converged = _tau2_without(problem, common)
    good &= np.isfinite(tau2)
    tau2 = np.where(good, tau2, 0.0)
    good &= common.share_left(common.without_heterogeneity.q, 1 / studies.v) | (common.k == problem.p)
    fits, share_left = _fits(problem, common, tau2, converged)
    return fits, good & (share_left > _SHARE_LEFT)


class _Common:
    """The studies taken out and what several steps need of them."""

    def __init__(self, studies: Studies, rows: IntArray) -> None:
        self.studies, self.rows = studies, rows
        self.k = studies.k - 1
        self.v = studies.v[rows]
        self.without_heterogeneity = self.by_weights(1 / studies.v)

    def by_weights(self, weights: FloatArray) -> Solved:
        """Least squares without each study by weights of shape (k,)."""
        sums = sums_with(self.studies, weights[None, :])
        return solved(sums - own_sums(self.studies, self.rows, weights[self.rows]), self.studies.p)

    def at(self, sums: SumsOverTau2, tau2: FloatArray, which: IntArray | slice = slice(None)) -> Solved:
        """Least squares without each study at its own between-study variance."""
        own = own_sums(self.studies, self.rows[which], 1 / (self.v[which] + tau2))
        return solved(sums.at(tau2) - own, self.studies.p)

    def share_left(self, q: FloatArray, weights: FloatArray) -> BoolArray:
        """Whether enough of the sum of squares is left for its digits."""
        kept: BoolArray = q > _SHARE_LEFT**2 * float(weights @ self.studies.residuals**2)
        return kept


def _tau2_without(problem: Problem, common: _Common) -> tuple[FloatArray, BoolArray, BoolArray]:
    """tau2 without each study in units of the data, which of them can be used, and whether they converged."""
    size, method = len(common.rows), problem.method
    values, good, converged = np.zeros(size), np.ones(size, dtype=bool), np.ones(size, dtype=bool)
    if problem.fixed_tau2 is not None:
        values += problem.fixed_tau2 / problem.data.unit**2
    elif method != "common" and common.k > problem.p and size:
        if method in _CLOSED:
            estimates, good = _CLOSED[method](problem, common)
            values = np.maximum(estimates, 0.0)
        else:
            values, good, converged = _iterated(problem, common)
    return values, good, converged


def _dersimonian_laird(problem: Problem, common: _Common) -> tuple[FloatArray, BoolArray]:
    fit = common.without_heterogeneity
    return (fit.q - (common.k - problem.p)) / fit.trace_p, np.ones(len(common.rows), dtype=bool)


def _hunter_schmidt(problem: Problem, common: _Common) -> tuple[FloatArray, BoolArray]:
    fit = common.without_heterogeneity
    factor = common.k / (common.k - problem.p) if problem.method == "HSk" else 1.0
    return (factor * fit.q - common.k) / fit.totals[:, 0], np.ones(len(common.rows), dtype=bool)


def _moment(problem: Problem, common: _Common) -> tuple[FloatArray, BoolArray]:
    studies, rows, p = common.studies, common.rows, problem.p
    own = problem.method == "GENQ" and problem.weights is not None
    weights = problem.weights if own and problem.weights is not None else np.ones(studies.k)
    fit = common.by_weights(weights)
    by_variance = _sums_without(studies, rows, weights * weights * studies.v)[:, 1:].reshape(-1, p + 1, p + 1)
    total = float(weights @ studies.v) - weights[rows] * common.v
    expected = total - einsum("bij,bji->b", fit.inverse, by_variance[:, :p, :p])
    return (fit.q - expected) / fit.trace_p, common.share_left(fit.q, weights)


def _sums_without(studies: Studies, rows: IntArray, weights: FloatArray) -> FloatArray:
    """Sums of features by one column of weights without each study, shape (B, m)."""
    without: FloatArray = weights @ studies.features - weights[rows, None] * studies.features[rows]
    return without


def _sidik_jonkman(problem: Problem, common: _Common) -> tuple[FloatArray, BoolArray]:
    data, k = problem.data, common.k
    estimates = data.y[0] + data.basis.expand(data.removed[None, :])[0]
    distances = (estimates - estimates.mean())[common.rows]
    whole = float(crude_variance(data)[0])
    start = np.maximum((whole * (k + 1) - distances**2 * ((k + 1) / k)) / k, 0.0)
    good = start > _SHARE_LEFT**2 * whole
    start = np.where(start > 0, start, 1.0)
    fit = common.at(sums_over(common.studies, float(start.min()), float(start.max())), start)
    return start * fit.q / (k - problem.p), good


_CLOSED: dict[str, Callable[[Problem, _Common], tuple[FloatArray, BoolArray]]] = {
    "DL": _dersimonian_laird,
    "HE": _moment,
    "HS": _hunter_schmidt,
    "HSk": _hunter_schmidt,
    "SJ": _sidik_jonkman,
    "GENQ": _moment,
}


def _score_of(problem: Problem, common: _Common) -> Callable[[Solved], tuple[FloatArray, FloatArray]]:
    """The function of tau2 whose root is the estimate, and its derivative, from solved sums."""
    degrees = common.k - problem.p
    if problem.method == "REML":
        return lambda fit: (fit.second - fit.trace_p, fit.trace_pp - 2 * fit.third)
    if problem.method == "ML":
        return lambda fit: (fit.second - fit.totals[:, 0], fit.totals[:, 1] - 2 * fit.third)
    target = float(chdtri(degrees, 0.5)) if problem.method == "PMM" else float(degrees)
    return lambda fit: (fit.q - target, -fit.second)


def _highest_tau2(problem: Problem, common: _Common) -> float:
    """From where on every function of `_score_of` is negative.

    With the unweighted residual sum of squares s2 * m the score of a likelihood is at most m times
    s2 / (min v + tau2)**2 - 1 / (max v + tau2), and the generalised Q statistic at most s2 * m / tau2.
    """
    largest = float(common.by_weights(np.ones(common.studies.k)).q.max())
    degrees = common.k - (problem.p if problem.method == "REML" else 0)
    if problem.method in ("REML", "ML"):
        s2 = largest / degrees
        upper = (s2 + np.hypot(s2, 2 * np.sqrt(s2 * common.studies.v.max()))) / 2
    else:
        degrees = common.k - problem.p
        upper = largest / (chdtri(degrees, 0.5) if problem.method == "PMM" else degrees)
    return max(float(upper) * (1 + 1e-9), float(common.studies.v.min()))


def _iterated(problem: Problem, common: _Common) -> tuple[FloatArray, BoolArray, BoolArray]:
    sums = sums_over(common.studies, 0.0, _highest_tau2(problem, common))
    score = _score_of(problem, common)
    heights = _scan(sums, common, score)
    falls = (heights[:-1] > 0) & (heights[1:] <= 0)
    candidates = falls.sum(axis=0) + (heights[0] <= 0)
    values, converged = np.zeros(len(common.rows)), np.ones(len(common.rows), dtype=bool)
    single = np.flatnonzero((candidates == 1) & (heights[0] > 0))
    if single.size:
        place = np.argmax(falls[:, single], axis=0)
        low, high = sums.tau2[place], sums.tau2[place + 1]
        above, below = heights[place, single], heights[place + 1, single]
        start = low + (high - low) * above / (above - below)

        def functions(points: FloatArray, which: IntArray) -> tuple[FloatArray, FloatArray]:
            return score(common.at(sums, points, single[which]))

        unit = np.full(single.size, sums.smallest)
        values[single], converged[single] = falling_roots(functions, start, low, high, unit)
    return values, candidates == 1, converged


def _scan(sums: SumsOverTau2, common: _Common, score: Callable[[Solved], tuple[FloatArray, FloatArray]]) -> FloatArray:
    """The score without each study at every tau2 of the exact sums, shape (n, B)."""
    tau2, size = sums.tau2, len(common.rows)
    exact = sums.values / ((tau2 + sums.smallest)[:, None] ** np.arange(1, 4))[:, :, None]
    heights = np.empty((len(tau2), size))
    step = max(1, BLOCK // (len(tau2) * exact[0].size))
    for start in range(0, size, step):
        rows = common.rows[start : start + step]
        weights = 1 / (common.studies.v[rows] + tau2[:, None])
        own = own_sums(common.studies, np.tile(rows, len(tau2)), weights.ravel())
        fit = solved(np.repeat(exact, len(rows), axis=0) - own, common.studies.p)
        heights[:, start : start + step] = score(fit)[0].reshape(len(tau2), -1)
    # The last tau2 lies where the score is negative by its bound; rounding must not leave a bracket open.
    heights[-1] = np.minimum(heights[-1], 0.0)
    return heights


def _fits(problem: Problem, common: _Common, tau2: FloatArray, converged: BoolArray) -> tuple[Fits, FloatArray]:
    """The fits, and how much of the weight on its fitted value each study leaves to the others."""
    data, studies, p = problem.data, common.studies, problem.p
    unit, residual_df = data.unit, common.k - p
    sums = sums_over(studies, float(tau2.min(initial=np.inf)), float(tau2.max(initial=0.0))) if len(tau2) else None
    fit = common.without_heterogeneity if sums is None else common.at(sums, tau2)
    gamma, covariance, q = fit.gamma, fit.inverse, fit.q
    if problem.weights is not None:
        own = common.by_weights(problem.weights)
        gamma = own.gamma
        middle = _middle(studies, problem.weights, tau2, common.rows)
        covariance = own.inverse @ middle @ own.inverse
    plain = common.without_heterogeneity
    nothing = np.zeros(len(tau2))
    columns = studies.rows[common.rows]
    share_left = 1 / (1 + einsum("ki,kij,kj->k", columns, fit.inverse, columns) / (common.v + tau2))
    fits = Fits(
        beta=data.basis.coefficients(gamma + studies.gamma + data.removed) * unit,
        covariance=data.basis.covariance(covariance) * unit**2,
        tau2=tau2 * unit**2,
        s2w=q / residual_df if residual_df else nothing + 1,
        q_e=plain.q if residual_df else nothing,
        typical_variance=residual_df / plain.trace_p * unit**2 if residual_df else nothing,
        k=np.full(len(tau2), float(common.k)),
        converged=converged,
    )
    return fits, share_left


def _middle(studies: Studies, weights: FloatArray, tau2: FloatArray, rows: IntArray | None) -> FloatArray:
    """Products of columns by weights**2 * (v + tau2), shape (B, p, p), without `rows` where given."""
    p, squares = studies.p, weights * weights
    parts = np.stack([squares * studies.v, squares]) @ studies.features
    constant, slope = parts[0], parts[1]
    if rows is not None:
        constant = _sums_without(studies, rows, squares * studies.v)
        slope = _sums_without(studies, rows, squares)
    whole = constant + tau2[:, None] * slope
    return as_floats(whole[:, 1:].reshape(-1, p + 1, p + 1)[:, :p, :p])


def _covariance_of_all(problem: Problem, tau2: FloatArray) -> FloatArray:
    """Model-based covariance of the coefficients of all studies at each tau2 (in units of the estimates squared)."""
    data = problem.data
    covariance = np.full((problem.k, problem.p, problem.p), np.nan)
    rows = np.flatnonzero(np.isfinite(tau2))
    values = tau2[rows] / data.unit**2
    if not rows.size:
        return covariance
    studies = Studies(data.basis.rows, data.y[0], data.v[0], np.zeros(problem.p))
    # Sums of squared and cubed weights, of which nothing is used here, may overflow.
    with np.errstate(over="ignore", invalid="ignore"):
        covariance[rows] = data.basis.covariance(_inverses(problem, studies, values)) * data.unit**2
    return covariance


def _inverses(problem: Problem, studies: Studies, tau2: FloatArray) -> FloatArray:
    """Model-based covariances in the basis at each tau2, shape (n, p, p)."""
    if problem.weights is not None:
        inverse = solved(sums_with(studies, problem.weights[None, :]), problem.p).inverse
        return inverse @ _middle(studies, problem.weights, tau2, None) @ inverse
    if np.all(studies.v > 0):
        return solved(sums_over(studies, float(tau2.min()), float(tau2.max())).at(tau2), problem.p).inverse
    return _covariances_by_studies(studies, tau2)


def _covariances_by_studies(studies: Studies, tau2: FloatArray) -> FloatArray:
    """As `_covariance_of_all` beside a sampling variance of 0, where no smooth function of tau2 is at hand."""
    found = np.full((len(tau2), studies.p, studies.p), np.nan)
    positive = np.flatnonzero(tau2 > 0)
    step = max(1, BLOCK // studies.k)
    for start in range(0, positive.size, step):
        block = positive[start : start + step]
        found[block] = solved(sums_with(studies, 1 / (tau2[block, None] + studies.v)), studies.p).inverse
    return found
