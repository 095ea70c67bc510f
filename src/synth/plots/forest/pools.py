"""What fitted models of every kind pooled, in one form, for the summaries of a forest plot."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, runtime_checkable

from synth.effects.measures import measure_of
from synth.errors import MethodError
from synth.plots.axis import Interval
from synth.plots.forest.rows import ForestSummary
from synth.plots.forest.scale import ForestScale
from synth.plots.text import plain
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.model_tables import p_text

_TESTS: Final = {
    "normal": "",
    "t": "t test",
    "hartung-knapp": "Hartung-Knapp",
    "hartung-knapp-guarded": "Hartung-Knapp (guarded)",
}
_SENSITIVITY: Final = "Sensitivity only: "
# Names by class, and the measure of those that pool natural values, so that a plot need not load every engine.
_NAMES: Final = {
    "BetaBinomial": "Beta-binomial model",
    "GlmmResult": "Generalised linear mixed model",
    "MultilevelAnalysis": "Multilevel model",
    "StratifiedEffect": "Common effect",
}
_MEASURES: Final = {"BetaBinomial": "PR"}
#: Measures that estimate the same as another, by a formula of their own.
_SAME: Final = {"PETO": "OR", "MPPETO": "MPORC"}
#: Classes whose k counts estimates, of which a study may have several.
_COUNT_ESTIMATES: Final = ("MultilevelAnalysis",)


@runtime_checkable
class PosteriorQuantity(Protocol):
    """A quantity with a posterior distribution."""

    @property
    def median(self) -> float:
        """Of the posterior."""

    def interval(self) -> Interval:
        """Credible interval."""


@runtime_checkable
class BayesianPool(Protocol):
    """A Bayesian model: the mean effect, and the effect in a new study."""

    @property
    def mu(self) -> PosteriorQuantity:
        """Mean effect."""

    @property
    def predictive(self) -> PosteriorQuantity:
        """Effect in a new study."""


@runtime_checkable
class FrequentistPool(Protocol):
    """Any other model with one pooled effect: a generalised linear mixed model, a multilevel one, Mantel-Haenszel."""

    @property
    def estimate(self) -> float | None:
        """Pooled effect; None where it is not defined."""

    @property
    def interval(self) -> Interval | None:
        """Confidence interval."""


#: What can be a summary of a forest plot.
Pool = MetaAnalysis | BayesianPool | FrequentistPool


@dataclass(frozen=True, slots=True, kw_only=True)
class PooledResult:
    """A pooled result on its scale of analysis, with what stands beside it.

    Attributes
    ----------
    name : str
        What it is, for readers: "Random effects".
    method : str
        How it was computed: "REML, Hartung-Knapp"; empty where there is no more to say.
    measure : str
        Code of the effect measure; empty where the model does not say.
    k : int or None
        Studies; None where the model does not say.
    level : float or None
        Of the intervals; None where the model does not say.
    estimate : float
    interval, prediction : tuple of float or None
    details : tuple of str
        Parts of the small print.
    marks : tuple of str
        What the result stands on.
    counted : str
        What k counts, if not studies.
    """

    name: str
    method: str
    k: int | None
    level: float | None
    estimate: float
    interval: Interval | None
    prediction: Interval | None
    details: tuple[str, ...]
    marks: tuple[str, ...]
    measure: str = ""
    counted: str = ""

    @property
    def full_name(self) -> str:
        """With the method, by which two results of one name differ."""
        return f"{self.name} ({self.method})" if self.method else self.name

    def on(self, scale: ForestScale, *, label: str = "", group: str = "") -> ForestSummary:
        """As a summary on the scale of a plot; two studies are a sensitivity analysis and get no more.

        Raises
        ------
        MethodError
            If the result is of another measure than the plot.
        """
        own = self._scale(scale)
        few = self.k is not None and self.k <= 2
        size = "" if self.k is None else f"{self.counted or 'k'} = {self.k}"
        differs = own.measure.scale not in (scale.measure.scale, "identity")
        other = f"pooled on the {own.measure.scale} scale" if differs else ""
        parts = [part for part in (self.method, size, other, *(() if few else self.details)) if part]
        return ForestSummary(
            label=f"{_SENSITIVITY if few else ''}{label or self.name}",
            estimate=own.shown(self.estimate),
            interval=own.interval(self.interval),
            prediction=None if few else own.interval(self.prediction),
            group=group,
            details=("; ".join(parts),) if parts else (),
        )

    def _scale(self, scale: ForestScale) -> ForestScale:
        """The plot's scale, or the one by which the result's own measure comes to the same natural values."""
        if not self.measure or scale.measure.code in ("GEN", self.measure):
            return scale
        own = measure_of(self.measure)
        kinds = [measure_of(_SAME.get(code, code)).label for code in (self.measure, scale.measure.code)]
        alike = kinds[0] == kinds[1] and (scale.natural or own.scale == scale.measure.scale)
        if not alike:
            raise MethodError(
                f"forest plot: {self.name} pools {own.label} ({self.measure}), the plot shows {scale.label}; the same "
                "values are expected"
            )
        return replace(scale, measure=own)


def pooled(model: object) -> PooledResult:
    """What a model pooled, on its scale of analysis.

    Raises
    ------
    MethodError
        If it pools nothing, has moderators, or is no model.
    """
    if isinstance(model, MetaAnalysis):
        found = _univariate(model)
    elif isinstance(model, BayesianPool):
        found = _bayesian(model)
    elif isinstance(model, FrequentistPool):
        found = _frequentist(model)
    else:
        raise MethodError(f"forest plot: a fitted model is expected as a summary, not {type(model).__name__}")
    if found.k is not None and found.k < 2:
        raise MethodError(f"{found.name}: one study is not pooled; its own row shows it")
    return found


def kind_of(model: MetaAnalysis) -> str:
    """What a univariate model is called."""
    return "Common effect" if model.method == "common" else "Random effects"


def method_of(model: MetaAnalysis) -> str:
    """How a univariate model was fitted: "REML, Hartung-Knapp (guarded)"."""
    words = [] if model.method == "common" else [str(model.method)]
    if model.fixed_tau2 is not None:
        words = ["τ² given"]
    words += [_TESTS[model.test]] if _TESTS[model.test] else []
    words += ["own weights"] if model.own_weights is not None else []
    return ", ".join(words)


def heterogeneity(model: MetaAnalysis) -> tuple[str, ...]:
    """Tau2, I2 and Q with its p value; what is not defined is left out."""
    parts = [] if model.method == "common" else [f"τ² = {_three(model.tau2)}"]
    parts += [] if model.i2 is None else [_share(model.i2)]
    if model.q_e is not None and model.q_e_p is not None:
        p = p_text(model.q_e_p)
        parts.append(f"Q({model.q_e_df}) = {_three(model.q_e)}, p {p if p.startswith('<') else f'= {p}'}")
    return tuple(parts)


def _share(i2: float) -> str:
    return f"I² = {100 * i2:.1f}%"


def _three(value: float) -> str:
    """A number in three figures, or as many as stand before the point and one more."""
    return plain(float(f"{value:.3g}")) if value < 100 else f"{value:.1f}"


def _univariate(model: MetaAnalysis) -> PooledResult:
    if model.has_moderators:
        raise MethodError(
            "a model with moderators has no one summary; draw what it predicts at chosen values (summaries_predicted)"
        )
    return PooledResult(
        name=kind_of(model),
        method=method_of(model),
        k=model.k,
        level=model.level,
        estimate=model.estimate,
        interval=_pair(model.interval),
        prediction=_first_prediction(model.predict()) if model.k > 2 else None,
        details=heterogeneity(model),
        marks=model.marks,
    )


def _bayesian(model: BayesianPool) -> PooledResult:
    extra: Any = model
    tau: Any = getattr(extra, "tau", None)
    # Not among the details: the prior is named for two studies too.
    prior = f"; prior of τ: {extra.prior.words()}" if hasattr(extra, "prior") else ""
    return PooledResult(
        name="Bayesian",
        method=f"posterior median, credible interval{prior}",
        k=_whole(extra),
        level=getattr(extra, "level", None),
        estimate=float(model.mu.median),
        interval=_pair(model.mu.interval()),
        prediction=_pair(model.predictive.interval()),
        details=(f"τ = {_three(float(tau.median))} (median)",) if isinstance(tau, PosteriorQuantity) else (),
        marks=tuple(getattr(extra, "marks", ())),
    )


def _frequentist(model: FrequentistPool) -> PooledResult:
    extra: Any = model
    name, variant = type(model).__name__, getattr(extra, "model", None)
    measure = _MEASURES.get(name, str(getattr(extra, "measure", "")))
    if name == "StratifiedEffect":
        variant = "Peto" if measure == "PETO" else "Mantel-Haenszel"
    estimate = model.estimate
    if estimate is None or not math.isfinite(estimate):
        raise MethodError(f"forest plot: {_NAMES.get(name, name)} has no estimate; there is nothing to draw")
    tau2, i2 = getattr(extra, "tau2", None), getattr(extra, "i2", None)
    details = [f"τ² = {_three(tau2)}"] if isinstance(tau2, float) else []
    details += [_share(i2)] if isinstance(i2, float) else []
    prediction, why = _prediction_of(extra)
    return PooledResult(
        name=_NAMES.get(name, name),
        method=variant if isinstance(variant, str) else "",
        measure=measure,
        k=_whole(extra),
        counted="estimates" if name in _COUNT_ESTIMATES else "",
        level=getattr(extra, "level", None),
        estimate=float(estimate),
        interval=None if model.interval is None else _pair(model.interval),
        prediction=prediction,
        details=tuple(details),
        marks=(*getattr(extra, "marks", ()), *why),
    )


def _prediction_of(model: Any) -> tuple[Interval | None, tuple[str, ...]]:
    """The prediction interval of a model, and why there is none where it refuses one."""
    if hasattr(model, "prediction"):
        return None if model.prediction is None else _pair(model.prediction), ()
    if not hasattr(model, "predict"):
        return None, ()
    try:
        return _first_prediction(model.predict()), ()
    except MethodError as error:
        return None, (f"no prediction interval: {error}",)


def _first_prediction(found: Any) -> Interval | None:
    """The prediction interval of the first row of predictions."""
    if found.prediction_low is None or found.prediction_high is None:
        return None
    return _pair((found.prediction_low[0], found.prediction_high[0]))


def _pair(limits: Interval) -> Interval | None:
    low, high = float(limits[0]), float(limits[1])
    return None if math.isnan(low) or math.isnan(high) else (low, high)


def _whole(model: Any) -> int | None:
    k = getattr(model, "k", None)
    return None if k is None else int(k)
