"""P values of every hypothesised effect, of each study and of the pool: all confidence intervals in one curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level
from synth.errors import MethodError
from synth.synthesis.fitting import critical_values, two_sided
from synth.synthesis.linear import FloatArray
from synth.synthesis.studies import column

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.models import MetaAnalysis


@dataclass(frozen=True, slots=True, kw_only=True)
class PValueFunction:
    """The two-sided p value of each hypothesised effect.

    Attributes
    ----------
    label : str
        Of the study, or of the coefficient.
    estimate, standard_error : float
        On the analysis scale; the standard error is above 0.
    degrees_of_freedom : int or None
        Of the t distribution; None means the normal distribution.
    """

    label: str
    estimate: float
    standard_error: float
    degrees_of_freedom: int | None

    def p(self, effects: ArrayLike) -> FloatArray:
        """P values of hypothesised effects, shape (n,) for a column of n.

        Raises
        ------
        MethodError
            If the effects are no column of finite numbers.
        """
        values = column(effects, "effects")
        if not np.isfinite(values).all():
            raise MethodError("effects: finite numbers are expected")
        with np.errstate(over="ignore"):  # beyond the largest double the p value is 0
            distances = (values - self.estimate) / self.standard_error
        return two_sided(distances, self._degrees(len(values)))

    def interval(self, level: float) -> tuple[float, float]:
        """The effects whose p value is above 1 - level: the confidence interval.

        Raises
        ------
        MethodError
            If the level is no proportion between 0 and 1.
        """
        check_level(level)
        margin = float(critical_values(self._degrees(1), level)[0]) * self.standard_error
        return self.estimate - margin, self.estimate + margin

    def _degrees(self, size: int) -> FloatArray:
        return np.full(size, np.inf if self.degrees_of_freedom is None else float(self.degrees_of_freedom))


@dataclass(frozen=True, slots=True, kw_only=True)
class PValueFunctions:
    """Curves of a model: those of its studies, and of one of its coefficients.

    Attributes
    ----------
    studies : tuple of PValueFunction
        By the normal distribution, whatever the test of the model; empty for a model with moderators and for one
        study.
    pool : PValueFunction
        By the distribution of the model's own test. Of one study nothing is pooled: this is then its curve, with its
        name, by the normal distribution.
    marks : tuple of str
        Those of the model, and studies without a curve.
    one_study : bool
        Whether there is one study and no pool.
    """

    studies: tuple[PValueFunction, ...]
    pool: PValueFunction
    marks: tuple[str, ...]
    one_study: bool = False

    def table(self, effects: Sequence[float]) -> pd.DataFrame:
        """P values, one row a hypothesised effect and one column a curve, the pool last."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        curves = (*self.studies, self.pool)
        values = np.column_stack([curve.p(effects) for curve in curves])
        return pd.DataFrame(values, index=pd.Index(effects, name="effect"), columns=[curve.label for curve in curves])

    def intervals(self, levels: Sequence[float] = (0.5, 0.8, 0.95)) -> pd.DataFrame:
        """Confidence intervals, one row a curve and level."""
        import pandas as pd

        rows = [
            (curve.label, level, *curve.interval(level)) for curve in (*self.studies, self.pool) for level in levels
        ]
        return pd.DataFrame(rows, columns=["curve", "level", "low", "high"])


def p_value_functions(model: MetaAnalysis, coefficient: str | None = None) -> PValueFunctions:
    """The p-value functions of a model.

    Parameters
    ----------
    model : MetaAnalysis
    coefficient : str, optional
        Its name in a model with moderators; the summary effect where not given.

    Returns
    -------
    PValueFunctions

    Raises
    ------
    MethodError
        If there is no such coefficient, several and none is named, or its standard error is 0, which says nothing of
        the uncertainty.

    References
    ----------
    Infanger and Schmidt-Trucksäss 2019, Stat Med 38:4189-4197.
    """
    names = model.names
    if coefficient is None and model.has_moderators:
        raise MethodError(f"a model with moderators has no one effect; one of {', '.join(names)} is expected")
    if coefficient is not None and coefficient not in names:
        raise MethodError(f"coefficient {coefficient!r}: one of {', '.join(names)} is expected")
    place = 0 if coefficient is None else names.index(coefficient)
    error = float(model.standard_errors[place])
    if not error > 0:
        raise MethodError(
            "the standard error is 0: every p value but one would be 0; estimates that differ are expected"
        )
    if model.k == 1 and not model.has_moderators:
        (study,) = _studies(model)
        return PValueFunctions(studies=(), pool=study, marks=model.marks, one_study=True)
    pool = PValueFunction(
        label="pool" if not model.has_moderators else names[place],
        estimate=float(model.beta[place]),
        standard_error=error,
        degrees_of_freedom=model.degrees_of_freedom,
    )
    if model.has_moderators:
        return PValueFunctions(studies=(), pool=pool, marks=model.marks)
    without = [label for label, variance in zip(model.labels, model.variances, strict=True) if not variance > 0]
    told = (f"no curve of {', '.join(without)}: the sampling variance is 0",) if without else ()
    return PValueFunctions(studies=_studies(model), pool=pool, marks=(*model.marks, *told))


def _studies(model: MetaAnalysis) -> tuple[PValueFunction, ...]:
    return tuple(
        PValueFunction(
            label=label, estimate=float(estimate), standard_error=float(np.sqrt(variance)), degrees_of_freedom=None
        )
        for label, estimate, variance in zip(model.labels, model.estimates, model.variances, strict=True)
        if variance > 0
    )
