"""Parametric and nonparametric bootstrap of everything that a model estimates."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from synth.effects.intervals import Interval, check_level
from synth.errors import MethodError
from synth.synthesis.fitting import Fits
from synth.synthesis.linear import BoolArray, Data, FloatArray
from synth.synthesis.resampling import bootstrap_words, intervals, tables
from synth.synthesis.resampling.blocks import blocks_of, chosen, estimable, joined, multiplied, refit, refit_in_blocks
from synth.synthesis.resampling.draws import check_number, drawn_counts, generator_of
from synth.synthesis.resampling.quantities import Quantity, quantities_of

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.models import MetaAnalysis

Kind = Literal["parametric", "nonparametric"]
IntervalKind = Literal["percentile", "basic", "normal", "bca"]

#: Resamples at which the share of them beyond a 2.5 % limit has a Monte Carlo standard error of
#: sqrt(0.025 * 0.975 / 10,000) = 0.16 percentage points: small beside what any of the intervals promises.
RESAMPLES = 10_000
#: The one that assumes no more than the model itself, and that few studies do not leave without different resamples.
DEFAULT_KIND: Kind = "parametric"
#: The resampled values' own quantiles: they follow any change of scale and never leave the range of the quantity.
DEFAULT_INTERVAL: IntervalKind = "percentile"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BootstrapResult:
    """Fits of a model to resampled data.

    Attributes
    ----------
    model : MetaAnalysis
        The fit to the data themselves.
    kind : str
        "parametric" or "nonparametric".
    resamples : int
        As asked for; `fits` has fewer where some could not be fitted.
    seed : int
    level : float
        Of the intervals, a proportion.
    fits : Fits
        The model's fit to each resample, B of them.
    not_estimable : int
        Resamples whose studies do not tell the coefficients apart, or to no digit, which are left out of `fits`.
    not_converged : int
        Resamples in which the iteration for tau2 did not end, which are left out of `fits`.
    """

    model: MetaAnalysis
    kind: Kind
    resamples: int
    seed: int
    level: float
    fits: Fits
    not_estimable: int
    not_converged: int

    @cached_property
    def quantities(self) -> dict[str, Quantity]:
        """Functions of the fits by the names that `interval` and the others take."""
        return quantities_of(self.model)

    @property
    def fitted(self) -> int:
        """Resamples that `fits` holds."""
        return len(self.fits.k)

    @property
    def distinct(self) -> int | None:
        """Different resamples that there are, C(2k - 1, k); None for the parametric bootstrap, which has no limit."""
        k = self.model.k
        return math.comb(2 * k - 1, k) if self.kind == "nonparametric" else None

    def values(self, quantity: str | Quantity = "estimate") -> FloatArray:
        """A quantity in each resample, shape (B,).

        Parameters
        ----------
        quantity : str or callable
            A name in `quantities`, or a function that takes `Fits` of B data sets and returns B numbers.

        Raises
        ------
        MethodError
            If the name is unknown, or the function does not return a finite number for each fit.
        """
        return self._of(quantity, self.fits)

    def observed(self, quantity: str | Quantity = "estimate") -> float:
        """A quantity of the model itself."""
        return float(self._of(quantity, self.model.fits)[0])

    def bias(self, quantity: str | Quantity = "estimate") -> float:
        """Mean of the resampled values less the observed one."""
        return float(self.values(quantity).mean()) - self.observed(quantity)

    def standard_error(self, quantity: str | Quantity = "estimate") -> float:
        """Standard deviation of the resampled values; NaN of one value."""
        return intervals.standard_error(self.values(quantity))

    def interval(
        self,
        quantity: str | Quantity = "estimate",
        kind: IntervalKind = DEFAULT_INTERVAL,
        *,
        level: float | None = None,
    ) -> Interval:
        """Confidence interval of a quantity.

        Parameters
        ----------
        quantity : str or callable
            As for `values`.
        kind : {"percentile", "basic", "normal", "bca"}
            "bca" (bias-corrected and accelerated) goes with the nonparametric bootstrap, because its acceleration
            comes from leaving out each study in turn.
        level : float, optional
            A proportion; the result's own where not given.

        Raises
        ------
        MethodError
            As for `values`; if the kind does not go with the bootstrap, or there are too few resamples for the level.

        References
        ----------
        Efron and Tibshirani 1993, An Introduction to the Bootstrap; Davison and Hinkley 1997, Bootstrap Methods and
        their Application; Efron 1987, J Am Stat Assoc 82:171-185 (BCa).
        """
        if kind not in get_args(IntervalKind):
            raise MethodError(f"interval {kind!r}: one of {', '.join(get_args(IntervalKind))} is expected")
        level = self.level if level is None else level
        check_level(level)
        values, observed = self.values(quantity), self.observed(quantity)
        if kind == "percentile":
            return intervals.percentile(values, level)
        if kind == "basic":
            return intervals.basic(values, observed, level)
        if kind == "normal":
            if len(values) < 2:
                raise MethodError("1 resampled value has no standard error: at least 2 are expected")
            return intervals.normal(values, observed, level)
        return intervals.bias_corrected(values, observed, self._of(quantity, self._jackknife), level)

    @cached_property
    def _jackknife(self) -> Fits:
        if self.kind == "parametric":
            raise MethodError("BCa with the parametric bootstrap: 'percentile', 'basic' or 'normal' is expected")
        return leave_one_out(self.model)

    def _of(self, quantity: str | Quantity, fits: Fits) -> FloatArray:
        function = quantity if callable(quantity) else self.quantities.get(str(quantity))
        if function is None:
            raise MethodError(f"quantity {quantity!r}: one of {', '.join(self.quantities)}, or a function, is expected")
        name = quantity if isinstance(quantity, str) else getattr(quantity, "__name__", "quantity")
        return intervals.checked(lambda: function(fits), name, len(fits.k))

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result, where it stands on little."""
        return bootstrap_words.marks(self)

    def summary(self) -> pd.DataFrame:
        """One row a quantity: observed value, bias, standard error, percentile interval."""
        return tables.bootstrap_summary(self)

    def table(self) -> pd.DataFrame:
        """One row a resample that was fitted, one column a quantity."""
        return tables.bootstrap_table(self)

    def to_dict(self) -> dict[str, Any]:
        """Choices, counts, marks and the summary by name, in numbers, texts and lists that JSON holds."""
        return tables.bootstrap_dict(self)

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        return bootstrap_words.explain(self)

    def __repr__(self) -> str:
        return f"BootstrapResult({self.kind}, {self.fitted:,} resamples, k = {self.model.k}, seed = {self.seed})"

    def _repr_html_(self) -> str:
        return tables.bootstrap_html(self)


def bootstrap(
    model: MetaAnalysis,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    kind: Kind = DEFAULT_KIND,
    level: float | None = None,
) -> BootstrapResult:
    """Fit a model again to resampled data.

    Parameters
    ----------
    model : MetaAnalysis
        More studies than coefficients, and at least two; sampling variances above 0.
    seed : int
        Of the random numbers (PCG64), from 0: the same seed gives the same resamples.
    resamples : int
        At least 1; intervals need more, and say how many.
    kind : {"parametric", "nonparametric"}
        New estimates from the fitted normal model, with variances v + tau2 around the fitted values; or the studies
        themselves, as many, drawn with replacement together with their variances and moderators.
    level : float, optional
        Of the intervals, a proportion; the model's own where not given.

    Returns
    -------
    BootstrapResult

    Raises
    ------
    MethodError
        If an option is out of range, there are too few studies, a sampling variance is 0, or no resample could be
        fitted.

    References
    ----------
    Efron and Tibshirani 1993, An Introduction to the Bootstrap; Van den Noortgate and Onghena 2005, Behav Res Methods
    37:11-22 (in meta-analysis).
    """
    if kind not in get_args(Kind):
        raise MethodError(f"bootstrap {kind!r}: one of {', '.join(get_args(Kind))} is expected")
    check_number(resamples, "resamples")
    level = model.level if level is None else level
    check_level(level)
    random = generator_of(seed, "bootstrap")
    _check_studies(model)
    fits, not_estimable = (_parametric if kind == "parametric" else _nonparametric)(model, int(resamples), random)
    known: BoolArray = np.asarray(np.isfinite(fits.beta).all(axis=1))
    if not known.all():
        fits, not_estimable = chosen(fits, known), not_estimable + int(np.count_nonzero(~known))
    return BootstrapResult(
        model=model,
        kind=kind,
        resamples=int(resamples),
        seed=int(seed),
        level=level,
        fits=_ended(fits, model),
        not_estimable=not_estimable,
        not_converged=int(np.count_nonzero(~fits.converged)),
    )


def _ended(fits: Fits, model: MetaAnalysis) -> Fits:
    ended = fits.converged
    if not ended.any():
        raise MethodError(f"no resample could be fitted: more studies than these {model.k} are expected")
    return fits if ended.all() else chosen(fits, ended)


def _check_studies(model: MetaAnalysis) -> None:
    needed = max(2, model.p + 1)
    if model.k < needed:
        raise MethodError(
            f"bootstrap of {model.k} studies and {model.p} coefficients: at least {needed} studies are expected, or "
            "there is nothing to resample"
        )
    if not np.all(model.variances > 0):
        study = model.labels[int(np.argmin(model.variances))]
        raise MethodError(f"bootstrap: {study} has a sampling variance of 0; variances above 0 are expected")


def _parametric(model: MetaAnalysis, resamples: int, random: np.random.Generator) -> tuple[Fits, int]:
    data = model.data_set
    # In the units of the data, what was taken off the estimates stays off the new ones.
    centre = model.fitted / data.unit - data.basis.rows @ data.removed
    spread = np.sqrt(model.variances + model.tau2) / data.unit

    def drawn(start: int, stop: int) -> Data:
        y = random.standard_normal((stop - start, model.k))
        y *= spread
        y += centre
        return replace(data, y=y, k=np.full(stop - start, float(model.k)))

    return refit_in_blocks(model, resamples, drawn), 0


def _nonparametric(model: MetaAnalysis, resamples: int, random: np.random.Generator) -> tuple[Fits, int]:
    """Each study as often as it is drawn; resamples that do not tell the coefficients apart are not fitted."""
    parts, left_out = [], 0
    for start, stop in blocks_of(model, resamples):
        counts = drawn_counts(random, stop - start, model.k)
        good: BoolArray = estimable(model, counts)
        left_out += int(np.count_nonzero(~good))
        if good.any():
            parts.append(refit(model, multiplied(model, counts if good.all() else counts[good])))
    if not parts:
        raise MethodError(
            f"none of {resamples} resamples tells the {model.p} coefficients apart: more studies than these "
            f"{model.k}, or fewer moderators, are expected"
        )
    return joined(parts), left_out


def leave_one_out(model: MetaAnalysis) -> Fits:
    """The model without each study in turn, which the acceleration of BCa comes from.

    Raises
    ------
    MethodError
        If the others do not tell the coefficients apart without a study, which is named.
    """

    def without(start: int, stop: int) -> Data:
        counts = np.ones((stop - start, model.k))
        counts[np.arange(stop - start), np.arange(start, stop)] = 0.0
        good = estimable(model, counts)
        if not good.all():
            study = model.labels[start + int(np.argmin(good))]
            raise MethodError(f"BCa: without {study} the coefficients cannot be told apart; another kind is expected")
        return multiplied(model, counts)

    return refit_in_blocks(model, model.k, without)
