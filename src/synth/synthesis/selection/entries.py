"""Selection models: what a mean would be if studies were seen by their p values.

They answer "what if", not "what is": with few studies the data hardly tell one selection from another, and the result
belongs beside the plain model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from synth.effects.intervals import check_level, is_number
from synth.errors import MethodError
from synth.synthesis.fitting import critical_values, two_sided
from synth.synthesis.linear import BoolArray, FloatArray, IntArray, as_floats
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.model_tables import one_row
from synth.synthesis.models import DEFAULT_LEVEL, common_effect, meta_regression, random_effects
from synth.synthesis.one_effect import OneEffect
from synth.synthesis.selection import shown as selection_shown
from synth.synthesis.selection.cells import logs_of_p, p_values, smooth_cells, step_cells
from synth.synthesis.selection.fit import Maximum, Problem, maximise
from synth.synthesis.selection.likelihood import Beta, Likelihood, Steps, Weighting

if TYPE_CHECKING:
    import pandas as pd

Alternative = Literal["greater", "less", "two-sided"]
Selection = Literal["step", "beta"]
Columns = Mapping[str, Sequence[object] | ArrayLike]

#: Bounds of the parameters: weights beyond them are no selection that anybody would call one, but a likelihood that
#: rises without end. Those of metafor's manual.
_LOWEST, _HIGHEST = 1e-5, 100.0
#: p values below it count as it, and above 1 less it as 1 less it, since a beta weight may be infinite at 0 and 1
#: (after Citkowicz and Vevea 2017, by metafor's manual).
SMALLEST_P = 1e-5
#: Smallest eigenvalue of minus the second derivatives, with a diagonal of ones, that is told from 0.
_DEFINITE = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class SelectionModel(OneEffect):
    """A fitted selection model; its summary effect (`estimate` and what belongs to it) is the mean before selection.

    Attributes
    ----------
    unselected : MetaAnalysis
        The same model without selection, by maximum likelihood.
    selection : {"step", "beta"}
    alternative : {"greater", "less", "two-sided"}
        Which p values are meant: small for large estimates, for small ones, or for either.
    steps : tuple of float
        Upper ends of the intervals of p, the last of them 1; empty for the beta function.
    counts : ndarray of int
        Studies in each interval; empty for the beta function.
    level : float
        Of the intervals, a proportion.
    beta : ndarray, shape (p,)
        Coefficients in the population before selection.
    covariance : ndarray, shape (p, p)
        Of the coefficients; NaN where the second derivatives give none.
    tau2 : float
        Between-study variance before selection.
    tau2_se : float or None
        None where tau2 is 0 or given by the model, or the second derivatives give none.
    delta : ndarray, shape (d,)
        Weights of the intervals relative to the first, or the two parameters of the beta function.
    delta_se : ndarray, shape (d,)
        NaN where a parameter was not estimated, lies on its bound, or has no variance.
    estimated : ndarray of bool, shape (d,)
        Which deltas were estimated.
    log_likelihood : float
    maximum : Maximum
        How it was found.
    """

    _instead: ClassVar[str] = "use beta"

    unselected: MetaAnalysis
    selection: Selection
    alternative: Alternative
    steps: tuple[float, ...]
    counts: IntArray
    level: float
    beta: FloatArray
    covariance: FloatArray
    tau2: float
    tau2_se: float | None
    delta: FloatArray
    delta_se: FloatArray
    estimated: BoolArray
    log_likelihood: float
    maximum: Maximum

    @property
    def k(self) -> int:
        """Studies."""
        return self.unselected.k

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.unselected.names

    @property
    def delta_names(self) -> tuple[str, ...]:
        """Names of the deltas: intervals of p, or places in the beta function."""
        if self.selection == "beta":
            return ("delta 1 (power of p, plus 1)", "delta 2 (power of 1 - p, plus 1)")
        ends = (0.0, *self.steps)
        return tuple(f"{low:g} < p <= {high:g}" for low, high in pairwise(ends))

    @property
    def p_of_studies(self) -> FloatArray:
        """P value of each study that selection goes by, shape (k,)."""
        return _p_of(self.unselected.estimates, self.unselected.variances, self.alternative)

    @property
    def standard_errors(self) -> FloatArray:
        """Of the coefficients, shape (p,); NaN where there are none."""
        return as_floats(np.sqrt(np.diag(self.covariance)))

    @property
    def statistics(self) -> FloatArray:
        """Z of each coefficient against 0, shape (p,)."""
        return as_floats(self.beta / self.standard_errors)

    @property
    def p_values(self) -> FloatArray:
        """Two-sided, shape (p,)."""
        return two_sided(self.statistics, np.array(np.inf))

    @property
    def low(self) -> FloatArray:
        """Lower limits of the coefficients, shape (p,)."""
        return as_floats(self.beta - critical_values(np.array(np.inf), self.level) * self.standard_errors)

    @property
    def high(self) -> FloatArray:
        """Upper limits of the coefficients, shape (p,)."""
        return as_floats(self.beta + critical_values(np.array(np.inf), self.level) * self.standard_errors)

    @property
    def has_moderators(self) -> bool:
        """Whether there is anything but an intercept."""
        return bool(self.unselected.moderators.codings)

    @property
    def lr_statistic(self) -> float:
        """Likelihood-ratio statistic of no selection (all deltas 1)."""
        return max(0.0, 2 * (self.log_likelihood - self._height_without))

    @property
    def _height_without(self) -> float:
        return float(self.unselected.fit_statistics()["ML"].log_likelihood)

    @property
    def lr_df(self) -> int:
        """Deltas that were estimated."""
        return int(np.count_nonzero(self.estimated))

    @property
    def lr_p(self) -> float | None:
        """Chi-squared p value of `lr_statistic`; None where every delta was given."""
        return float(chdtrc(self.lr_df, self.lr_statistic)) if self.lr_df else None

    @property
    def converged(self) -> bool:
        """Whether the likelihood is flat where the search ended."""
        return self.maximum.converged

    def weight_of(self, p: ArrayLike) -> FloatArray:
        """Relative chance of being seen at p values, by the fitted function.

        Raises
        ------
        MethodError
            If a value is not from 0 to 1.
        """
        try:
            values = np.asarray(p, dtype=float)
        except (TypeError, ValueError) as error:
            raise MethodError(f"p values {p!r}: numbers from 0 to 1 are expected") from error
        if not ((values >= 0) & (values <= 1)).all():
            raise MethodError("p values: numbers from 0 to 1 are expected")
        if self.selection == "step":
            return as_floats(self.delta[np.searchsorted(self.steps, values, side="left")])
        inside = np.clip(values, SMALLEST_P, 1 - SMALLEST_P)
        return as_floats(inside ** (self.delta[0] - 1) * (1 - inside) ** (self.delta[1] - 1))

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result, where the method stands on little."""
        return selection_shown.marks(self)

    def summary(self) -> pd.DataFrame:
        """One row: what was fitted, and every single number of it."""
        return one_row(self.to_dict())

    def table(self) -> pd.DataFrame:
        """One row a coefficient, tau2 and delta: estimate, standard error, interval of the coefficients."""
        return selection_shown.table(self)

    def to_dict(self) -> dict[str, Any]:
        """Every result by name, in numbers, texts and lists that JSON holds."""
        return selection_shown.to_dict(self)

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        return selection_shown.explain(self)

    def __repr__(self) -> str:
        return selection_shown.line(self)

    def _repr_html_(self) -> str:
        return selection_shown.html_of(self)


def step_selection(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    steps: Sequence[float] = (0.025,),
    alternative: Alternative = "greater",
    fixed: Sequence[float | None] | None = None,
    moderators: Columns | None = None,
    intercept: bool = True,
    method: Literal["ML", "common"] = "ML",
    level: float = DEFAULT_LEVEL,
    labels: Sequence[str] | None = None,
) -> SelectionModel:
    """Selection model whose weights are constant in intervals of p; with one step the three-parameter model.

    Parameters
    ----------
    estimates, variances : array_like, shape (k,)
        Independent estimates on one analysis scale, and their sampling variances, above 0.
    steps : sequence of float
        Ends of the intervals, above 0 and at most 1; 1 is added. Under "greater" and "less" p is one-sided, so that
        0.025 stands for a two-sided 0.05 in that direction.
    alternative : {"greater", "less", "two-sided"}
        Which p values studies were seen by: of large estimates, of small ones, or of either.
    fixed : sequence of float or None, optional
        Weights of the intervals that are assumed and not estimated, None for those to estimate; the first is 1.
    moderators, intercept, level, labels
        As for `meta_regression`.
    method : {"ML", "common"}
        Whether there is a between-study variance.

    Returns
    -------
    SelectionModel

    Raises
    ------
    MethodError
        If a number is out of range, no study lies in an interval whose weight is to be estimated (it is not known
        then), or there are fewer studies than parameters.

    References
    ----------
    Hedges 1992, Stat Sci 7:246-255; Vevea and Hedges 1995, Psychometrika 60:419-435; weights that are assumed: Vevea
    and Woods 2005, Psychol Methods 10:428-443.
    """
    plain = _unselected(estimates, variances, moderators, intercept, method, level, labels)
    _check_alternative(alternative)
    ends = _steps(steps)
    known = _known(fixed, len(ends))
    p = _p_of(plain.estimates, plain.variances, alternative)
    places = np.searchsorted(ends, p, side="left")
    counts = np.bincount(places, minlength=len(ends))
    _check_intervals(ends, counts, known)
    weighting = Steps(step_cells(ends.tolist(), two_sided=alternative == "two-sided"), places)
    starts = [np.ones(len(ends)), np.full(len(ends), 0.3), np.linspace(1, 0.1, len(ends)), np.full(len(ends), 3.0)]
    parts: dict[str, Any] = {"selection": "step", "steps": tuple(ends.tolist()), "counts": counts}
    return _fitted(plain, weighting, known, starts, alternative, parts)


def beta_selection(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    alternative: Alternative = "greater",
    fixed: Sequence[float | None] | None = None,
    moderators: Columns | None = None,
    intercept: bool = True,
    method: Literal["ML", "common"] = "ML",
    level: float = DEFAULT_LEVEL,
    labels: Sequence[str] | None = None,
) -> SelectionModel:
    """Selection model with weights p^(a - 1) (1 - p)^(b - 1), with a and b the two deltas.

    Parameters and errors are those of `step_selection`, without steps; p values closer to 0 or 1 than 1e-5 count as
    1e-5 from there.

    References
    ----------
    Citkowicz and Vevea 2017, Psychol Methods 22:28-41.
    """
    plain = _unselected(estimates, variances, moderators, intercept, method, level, labels)
    _check_alternative(alternative)
    known = _known(fixed, 2, first=None)
    sides = alternative == "two-sided"
    z = plain.estimates / np.sqrt(plain.variances) * (-1 if alternative == "less" else 1)
    logs = np.stack(logs_of_p(z, two_sided=sides, smallest=SMALLEST_P), axis=1)
    weighting = Beta(smooth_cells(SMALLEST_P, two_sided=sides), logs)
    starts = [np.array(start) for start in ((1.0, 1.0), (0.7, 1.5), (1.5, 1.0), (0.5, 0.5))]
    parts: dict[str, Any] = {"selection": "beta", "steps": (), "counts": np.empty(0, dtype=np.intp)}
    return _fitted(plain, weighting, known, starts, alternative, parts)


def _unselected(
    estimates: ArrayLike,
    variances: ArrayLike,
    moderators: Columns | None,
    intercept: bool,
    method: Literal["ML", "common"],
    level: float,
    labels: Sequence[str] | None,
) -> MetaAnalysis:
    check_level(level)
    if method not in ("ML", "common"):
        raise MethodError(f"method {method!r}: 'ML' or 'common' is expected")
    options: dict[str, Any] = {"test": "normal", "level": level, "labels": labels}
    if moderators or not intercept:
        given = moderators or {}
        plain = meta_regression(estimates, variances, given, intercept=intercept, method=method, **options)
    elif method == "common":
        plain = common_effect(estimates, variances, **options)
    else:
        plain = random_effects(estimates, variances, method="ML", **options)
    if not (plain.variances > 0).all():
        name = plain.labels[int(np.argmin(plain.variances))]
        raise MethodError(f"{name}: the variance is 0 and so there is no p value; a variance above 0 is expected")
    return plain


def _check_alternative(alternative: str) -> None:
    if alternative not in get_args(Alternative):
        raise MethodError(f"alternative {alternative!r}: one of {', '.join(get_args(Alternative))} is expected")


def _p_of(y: FloatArray, v: FloatArray, alternative: Alternative) -> FloatArray:
    z = y / np.sqrt(v)
    return p_values(as_floats(-z if alternative == "less" else z), two_sided=alternative == "two-sided")


def _steps(steps: object) -> FloatArray:
    given = [steps] if is_number(steps) else _items(steps)
    if not given or not all(is_number(value) and 0 < value <= 1 for value in given):
        raise MethodError(f"steps {steps!r}: numbers above 0 and at most 1 are expected")
    ends = np.unique(np.array([*given, 1.0], dtype=float))
    if len(ends) < 2:
        raise MethodError("steps [1]: one interval has nothing to be compared with; a step below 1 is expected")
    return ends


def _items(given: object) -> list[Any]:
    """What is in a column; nothing where there is none."""
    return list(given) if isinstance(given, Iterable) and not isinstance(given, str) else []


def _known(fixed: Sequence[float | None] | None, size: int, first: float | None = 1.0) -> FloatArray:
    """Values of the deltas that are given, NaN for those to estimate."""
    given = _items(fixed)
    if fixed is not None and not given:
        raise MethodError(f"fixed weights {fixed!r}: {size} are expected, with None for those to estimate")
    values: list[Any] = given or [None] * size
    if len(values) != size:
        raise MethodError(f"{len(values)} fixed weights; {size} are expected, with None for those to estimate")
    if first is not None:
        if values[0] is not None and values[0] != first:
            raise MethodError(
                f"the first fixed weight is {values[0]!r}; 1 is expected, to which the others are relative"
            )
        values[0] = first
    for value in values:
        if value is not None and not (is_number(value) and 0 < value <= _HIGHEST):
            raise MethodError(f"fixed weight {value!r}: a number above 0 and at most {_HIGHEST:g} is expected")
    return np.array([np.nan if value is None else float(value) for value in values])


def _check_intervals(ends: FloatArray, counts: IntArray, known: FloatArray) -> None:
    for place, count in enumerate(counts.tolist()):
        # The first interval is what the others are compared with.
        if not count and (np.isnan(known[place]) or (place == 0 and np.isnan(known).any())):
            low = ends[place - 1] if place else 0.0
            raise MethodError(
                f"no study has a p value above {low:g} and up to {ends[place]:g}: the weight of that interval cannot "
                "be estimated; other steps, or a fixed weight, are expected"
            )


def _fitted(
    plain: MetaAnalysis,
    weighting: Weighting,
    known: FloatArray,
    deltas: Sequence[FloatArray],
    alternative: Alternative,
    parts: Mapping[str, Any],
) -> SelectionModel:
    unit, sign = plain.data_set.unit, -1.0 if alternative == "less" else 1.0
    y, v = sign * plain.estimates / unit, plain.variances / unit**2
    common = plain.method == "common"
    free = np.concatenate([np.ones(plain.p, bool), [not common], np.isnan(known)])
    if np.count_nonzero(free) > plain.k:
        raise MethodError(
            f"{plain.k} studies and {np.count_nonzero(free)} parameters: at least as many studies are expected"
        )
    fixed = np.concatenate([np.zeros(plain.p + 1), np.where(np.isnan(known), 1.0, known)])
    rows = plain.basis.rows
    bounds = np.full(len(known), _LOWEST), np.full(len(known), _HIGHEST)
    problem = Problem(
        likelihood=Likelihood(y, v, rows, weighting), free=free, fixed=fixed, lowest=bounds[0], highest=bounds[1]
    )
    gamma, tau2 = sign * (plain.basis.triangle @ plain.beta) / unit, plain.tau2 / unit**2
    shrunk = [(1.0, tau2), (0.3, tau2 + 1.0), (0.0, tau2), (1.3, tau2 + 0.3)]
    starts = [
        np.concatenate([share * gamma, [start], delta]) for (share, start), delta in zip(shrunk, deltas, strict=True)
    ]
    found = maximise(problem, starts)
    covariance = _covariance(found)
    p = plain.p
    return SelectionModel(
        unselected=plain,
        alternative=alternative,
        level=plain.level,
        beta=sign * plain.basis.coefficients(found.point[None, :p])[0] * unit,
        covariance=plain.basis.covariance(covariance[None, :p, :p])[0] * unit**2,
        tau2=float(found.point[p]) * unit**2,
        tau2_se=_number(np.sqrt(covariance[p, p]) * unit**2),
        delta=found.point[p + 1 :],
        delta_se=as_floats(np.sqrt(np.diag(covariance)[p + 1 :])),
        estimated=free[p + 1 :],
        log_likelihood=found.value.height - plain.k * float(np.log(unit)),
        maximum=found,
        **parts,
    )


def _covariance(found: Maximum) -> FloatArray:
    """Inverse of minus the second derivatives by the inner parameters; NaN for the others, and where there is none."""
    size = len(found.point)
    result = np.full((size, size), np.nan)
    inner = np.flatnonzero(found.inner)
    information = -found.value.curvature[np.ix_(inner, inner)]
    diagonal = np.diag(information)
    if not (found.converged and np.isfinite(information).all() and (diagonal > 0).all()):
        return result
    scale = np.sqrt(diagonal)
    if not np.linalg.eigvalsh(information / np.outer(scale, scale))[0] > _DEFINITE:
        return result
    result[np.ix_(inner, inner)] = np.linalg.inv(information / np.outer(scale, scale)) / np.outer(scale, scale)
    return result


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
