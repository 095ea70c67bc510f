"""Generalised linear mixed models of counts: from data to likelihoods, fits and tests of heterogeneity."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from synth.errors import MethodError
from synth.synthesis.fitting import wald_p
from synth.synthesis.glmm.data import GlmmData
from synth.synthesis.glmm.fit import Maximum, highest, maximise, separating
from synth.synthesis.glmm.likelihood import Problem
from synth.synthesis.glmm.rows import BinomialRows, HypergeometricRows, PoissonRows, Rows
from synth.synthesis.linear import Basis, FloatArray, basis_of
from synth.synthesis.moderators import Moderators

GlmmModel = Literal["UM.FS", "UM.RS", "CM.AL", "CM.EL"]
GlmmMethod = Literal["ML", "common"]

#: Most events that the sum over all tables with the margins of one may run over.
_LONGEST_SUPPORT = 100_000
#: A moderator's share in a direction of separation below which it takes no part.
_NO_PART = 1e-9
#: Logarithm of a mean that is 0 in doubles.
_NOTHING = -1e6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fit:
    """A fitted model, its common-effect counterpart and the saturated one, in the basis of the moderators.

    Attributes
    ----------
    maximum : Maximum
        Of the model asked for.
    common : Maximum
        Of the same model without variance between the effects of studies.
    saturated_log_likelihood : float or None
        With an effect of its own for every study; None where there is no maximum.
    q_wald : float or None
        Wald-type test of heterogeneity.
    q_lrt : float or None
        Likelihood-ratio test of heterogeneity.
    """

    maximum: Maximum
    common: Maximum
    saturated_log_likelihood: float | None
    q_wald: float | None
    q_lrt: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Design:
    """One likelihood for one data set: what a model is made of.

    Attributes
    ----------
    data : GlmmData
    model : str or None
        None for one group.
    moderators : Moderators
    basis : Basis
    points : int
    """

    data: GlmmData
    model: GlmmModel | None
    moderators: Moderators
    basis: Basis
    points: int

    @property
    def conditional(self) -> bool:
        """Whether the events of both arms together are taken as given."""
        return self.model in ("CM.AL", "CM.EL")

    @property
    def one_row(self) -> bool:
        """Whether a study has one row."""
        return self.model is None or self.conditional

    def rows(self) -> Rows:
        """The counts as rows."""
        data = self.data
        if not self.conditional:
            return BinomialRows(data.x, data.size) if data.binomial else PoissonRows(data.x)
        x, t = data.x[:, :1], data.x.sum(axis=1, keepdims=True)
        if self.model == "CM.AL" or not data.binomial:
            return BinomialRows(x, t)
        rows = HypergeometricRows(x, data.size[:, :1], data.size[:, 1:], t)
        longest = int(np.argmax(rows.length))
        if rows.length[longest, 0] > _LONGEST_SUPPORT:
            raise MethodError(
                f"{data.labels[longest]}: {rows.length[longest, 0]:g} tables have its margins, too many to sum over; "
                "model 'UM.FS', which hardly differs for counts of this size, is expected"
            )
        return rows

    def offset(self) -> FloatArray:
        """Logarithms of times, or of the ratio of the arms' sizes, shape (k, R)."""
        data = self.data
        if self.conditional:
            exact = self.model == "CM.EL" and data.binomial
            return np.zeros((data.k, 1)) if exact else np.log(data.size[:, :1]) - np.log(data.size[:, 1:])
        return np.zeros_like(data.x) if data.binomial else np.log(data.size)

    def problem(self, random: bool) -> Problem:
        """The likelihood, with or without variance between the effects of studies."""
        k = self.data.k
        shared = self.basis.rows[:, None, :] * (np.ones((1, 1, 1)) if self.one_row else _arms(1.0, 0.0)[None, :, None])
        loadings = np.ones((1, 1)) if self.one_row else _arms(0.5, -0.5)[:, None]
        own = None
        if self.model == "UM.FS":
            own = _arms(1.0, 1.0)
        if not random:
            loadings = loadings[:, :0]
        if self.model == "UM.RS":
            shared = np.concatenate([shared, np.ones((k, 2, 1))], axis=2)
            loadings = np.concatenate([np.ones((2, 1)), loadings], axis=1)
        return Problem(
            rows=self.rows(),
            offset=self.offset(),
            shared=shared,
            loadings=loadings,
            own=own,
            free=np.ones(k, dtype=bool),
            points=self.points,
        )

    def signs(self) -> FloatArray:
        """1 where a study's effect rises for ever, -1 where it falls, 0 where it has an estimate, shape (k,)."""
        data = self.data
        none = data.x == 0
        full = data.x == data.size if data.binomial else np.zeros_like(none)
        if data.x.shape[1] == 1:
            return np.where(none[:, 0], -1.0, np.where(full[:, 0], 1.0, 0.0))
        if self.model == "CM.AL":
            full = np.zeros_like(none)
        low, high = none[:, 0] | full[:, 1], none[:, 1] | full[:, 0]
        return np.where(low, -1.0, np.where(high, 1.0, 0.0))


def _arms(treated: float, control: float) -> FloatArray:
    return np.array([treated, control])


def design_of(data: GlmmData, model: GlmmModel | None, moderators: Moderators, points: int) -> Design:
    """The parts of a model.

    Raises
    ------
    MethodError
        If a moderator follows from the others, or there are fewer studies than coefficients.
    """
    basis = basis_of(moderators.columns, moderators.names)
    return Design(data=data, model=model, moderators=moderators, basis=basis, points=points)


def refuse_without_maximum(design: Design, method: GlmmMethod) -> None:
    """Refuse counts for which the likelihood has no maximum.

    Raises
    ------
    MethodError
        If no study has events, every study has nothing else, or moderators separate the studies with from those
        without; or if a variance between studies is asked for of studies that are all at one end.
    """
    signs = design.signs()
    data = design.data
    if design.model == "UM.RS":
        columns, ends = _rows_by_arm(design)
    else:
        columns, ends = design.basis.rows, signs
    direction = separating(columns, ends)
    if direction is not None:
        raise MethodError(_why_separated(design, direction))
    if method == "ML" and data.k > design.basis.p and not (ends == 0).any():
        raise MethodError(
            "every study is at one end, some without events and some with nothing else: the likelihood rises for ever "
            "with the variance between studies; exact intervals of the studies' own counts are expected"
        )


def _rows_by_arm(design: Design) -> tuple[FloatArray, FloatArray]:
    """Columns and ends of the rows of a model in which the control rows share a constant."""
    data = design.data
    full = data.x == data.size if data.binomial else np.zeros(data.x.shape, dtype=bool)
    ends = np.where(data.x == 0, -1.0, np.where(full, 1.0, 0.0))
    rows = design.basis.rows
    treated = np.concatenate([rows, np.ones((data.k, 1))], axis=1)
    control = np.concatenate([np.zeros_like(rows), np.ones((data.k, 1))], axis=1)
    return np.concatenate([treated, control]), ends.T.ravel()


def _why_separated(design: Design, direction: FloatArray) -> str:
    data, p = design.data, design.basis.p
    if not design.moderators.codings:
        if data.measure in ("PLO", "IRLN"):
            count = (
                f"{data.x.sum():g} of {data.size.sum():g}" if data.binomial else f"0 in a time of {data.size.sum():g}"
            )
            which = "no study has an event" if not data.x.any() else "every participant has the event"
            exact = "exact intervals (Clopper-Pearson) are" if data.binomial else "an exact Poisson interval is"
            return f"{which} ({count}): there is no estimate on the log scale; {exact} expected"
        return (
            "the events are all in one arm, or its participants all have the event: the ratio has no finite estimate; "
            "exact intervals of the arms' own counts are expected"
        )
    slopes = design.basis.coefficients(direction[None, :p])[0] * np.ptp(design.moderators.columns, axis=0)
    # The intercept, which has no range, is named by no one.
    taking = [name for name, slope in zip(design.moderators.names, slopes, strict=True) if abs(slope) > _NO_PART]
    return (
        f"moderators {', '.join(taking) or 'together'} part the studies without events from those with events (or with "
        "nothing else), so that a coefficient has no finite estimate; fewer or coarser moderators are expected"
    )


def fit_design(design: Design, method: GlmmMethod) -> Fit:
    """Fit a model, its common-effect counterpart and the saturated one.

    Raises
    ------
    MethodError
        If a likelihood has no maximum.
    """
    refuse_without_maximum(design, method)
    common = _common(design)
    maximum = common
    if method == "ML" and design.data.k > design.basis.p:
        maximum = _with_variance(design, common)
    saturated, q_wald = _saturated(design)
    q_lrt = None if saturated is None else max(0.0, 2 * (saturated - common.log_likelihood))
    if design.data.k == design.basis.p:
        q_wald, q_lrt = 0.0, 0.0
    return Fit(maximum=maximum, common=common, saturated_log_likelihood=saturated, q_wald=q_wald, q_lrt=q_lrt)


def _common(design: Design) -> Maximum:
    problem = design.problem(random=False)
    return highest(problem, _start(problem))


def _start(problem: Problem) -> FloatArray:
    """Predictors of 0 for the effects, and the arms' own shares for the studies' own coefficients."""
    start = np.zeros(problem.size)
    eta, information, _ = problem.rows.saturated()
    eta = np.where(information > 0, eta, 0.0) - problem.offset
    weight = np.maximum(information, 0.1)
    if problem.own is not None:
        start[problem.m + problem.q :] = (weight * eta).sum(axis=1) / weight.sum(axis=1)
    elif problem.m:
        columns = problem.shared.reshape(-1, problem.m)
        root = np.sqrt(weight).reshape(-1, 1)
        start[: problem.m] = np.linalg.lstsq(root * columns, root[:, 0] * eta.ravel(), rcond=None)[0]
    return start


def _with_variance(design: Design, common: Maximum) -> Maximum:
    problem = design.problem(random=True)
    extra = problem.q - common.problem.q
    place = common.problem.m + common.problem.q
    start = np.insert(common.parameters, [place] * extra, 0.0)
    best = highest(problem, start)
    # No model with a variance is worse than the one without.
    return best if best.log_likelihood >= common.log_likelihood else maximise(problem, start, _variances(problem))


def _variances(problem: Problem) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    held = np.zeros(problem.size, dtype=bool)
    held[problem.m + problem.q - 1] = True
    return held


def _saturated(design: Design) -> tuple[float | None, float | None]:
    """Log-likelihood with an effect of its own for every study, and the Wald-type test that these are one line."""
    if design.model == "UM.RS":
        return _saturated_with_random_constant(design)
    eta, information, fit = design.rows().saturated()
    eta = eta - design.offset()
    if design.one_row:
        effects, weights = eta[:, 0], information[:, 0]
    else:
        both = (information > 0).all(axis=1)
        effects = eta[:, 0] - eta[:, 1]
        weights = np.where(both, 1 / (1 / np.where(both, information.T, 1.0)).sum(axis=0), 0.0)
    return float(fit.sum()), _residual(effects, np.diag(weights), design.basis.rows)


def _residual(effects: FloatArray, weights: FloatArray, columns: FloatArray) -> float:
    """Least weighted sum of squares around a line, with a matrix of weights."""
    said = np.diag(weights) > 0
    if not said.any():
        return 0.0
    root = np.linalg.cholesky(weights[np.ix_(said, said)]).T
    y, x = root @ effects[said], root @ columns[said]
    residuals = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float(residuals @ residuals)


def _saturated_with_random_constant(design: Design) -> tuple[float | None, float | None]:
    """The same where the control rows have a distribution: the model is fitted, a treated row at one end left out."""
    data = design.data
    full = data.x == data.size if data.binomial else np.zeros(data.x.shape, dtype=bool)
    free = ~((data.x == 0) | full)[:, 0]
    problem = design.problem(random=False)
    silent = np.where(free, 1.0, 0.0)
    offset = problem.offset.copy()
    if data.binomial:
        x, size = data.x.copy(), data.size.copy()
        x[:, 0] *= silent
        size[:, 0] *= silent
        rows: Rows = BinomialRows(x, size)
    else:
        # A mean of next to nothing explains no event for certain.
        offset[~free, 0] = _NOTHING
        rows = PoissonRows(data.x)
    problem = replace(problem, rows=rows, offset=offset, shared=np.ones((data.k, 2, 1)), own=_arms(1.0, 0.0), free=free)
    start = np.zeros(problem.size)
    eta, information, _ = design.rows().saturated()
    eta = np.where(information > 0, eta - design.offset(), 0.0)
    start[0] = (information[:, 1] * eta[:, 1]).sum() / max(float(information[:, 1].sum()), 1e-300)
    start[problem.m + problem.q :] = np.where(free, eta[:, 0] - start[0], 0.0)
    try:
        found = highest(problem, start)
    except MethodError:
        return None, None
    return found.log_likelihood, _wald_of_own(found, free, design.basis.rows)


def _wald_of_own(found: Maximum, free: np.ndarray[tuple[int], np.dtype[np.bool_]], columns: FloatArray) -> float | None:
    """The test that the own coefficients lie on one line, the shared parameters' uncertainty allowed for."""
    if not found.converged:
        return None
    common = found.problem.m + found.problem.q
    first, own = slice(0, common), slice(common, None)
    information = found.information
    across = information[own, first]
    left = information[own, own] - across @ np.linalg.solve(information[first, first], across.T)
    left = np.where(np.outer(free, free), left, 0.0)
    return _residual(found.parameters[own], left, columns)


def heterogeneity_p(statistic: float | None, df: int) -> float | None:
    """Chi-squared p value; 1 without degrees of freedom."""
    if statistic is None:
        return None
    return wald_p(statistic, df, np.inf) if df > 0 else 1.0


def typical_variance(design: Design) -> float | None:
    """Typical sampling variance of the studies' own estimates; None where there are as many coefficients."""
    weights = 1 / design.data.sampling_variances
    rows = design.basis.rows
    k, p = rows.shape
    if k == p:
        return None
    inner = rows.T @ (weights[:, None] * rows)
    trace = weights.sum() - np.trace(np.linalg.solve(inner, rows.T @ (weights[:, None] ** 2 * rows)))
    return float((k - p) / trace)
