"""The one summary effect of a fitted model, which a model with moderators does not have."""

from __future__ import annotations

from typing import ClassVar, Protocol

from synth.errors import MethodError
from synth.synthesis.linear import FloatArray


class _Fitted(Protocol):
    """What a result gives of its coefficients, each with shape (p,), the intercept first."""

    _instead: ClassVar[str]
    _moderated: ClassVar[str]

    @property
    def beta(self) -> FloatArray: ...
    @property
    def standard_errors(self) -> FloatArray: ...
    @property
    def low(self) -> FloatArray: ...
    @property
    def high(self) -> FloatArray: ...
    @property
    def p_values(self) -> FloatArray: ...
    @property
    def has_moderators(self) -> bool: ...


def only_intercept(model: _Fitted, what: str) -> None:
    """Refuse a number of the summary effect where there is none.

    Raises
    ------
    MethodError
        If the model has moderators.
    """
    if model.has_moderators:
        raise MethodError(f"a model with {model._moderated} has no one {what}; {model._instead}")


class OneEffect:
    """The numbers of the summary effect; each raises a MethodError where the model has moderators."""

    #: What to use where there are moderators.
    _instead: ClassVar[str] = "use beta, or predict() at chosen values"
    #: Of what a model has more than an intercept then.
    _moderated: ClassVar[str] = "moderators"

    @property
    def estimate(self: _Fitted) -> float:
        """The summary effect of a model without moderators, on the analysis scale.

        Raises
        ------
        MethodError
            If the model has moderators: it has no one effect.
        """
        only_intercept(self, "estimate")
        return float(self.beta[0])

    @property
    def standard_error(self: _Fitted) -> float:
        """Of the summary effect (MethodError as for `estimate`)."""
        only_intercept(self, "standard error")
        return float(self.standard_errors[0])

    @property
    def interval(self: _Fitted) -> tuple[float, float]:
        """Confidence interval of the summary effect (MethodError as for `estimate`)."""
        only_intercept(self, "interval")
        return float(self.low[0]), float(self.high[0])

    @property
    def p_value(self: _Fitted) -> float:
        """Two-sided p value of the summary effect (MethodError as for `estimate`)."""
        only_intercept(self, "p value")
        return float(self.p_values[0])
