"""Whether what was handed over is a fitted model."""

from __future__ import annotations

from synth.errors import MethodError


def check_fitted(model: object, what: str) -> None:
    """Refuse what is no fitted univariate model.

    Parameters
    ----------
    model : object
    what : str
        What was asked for, for the message.

    Raises
    ------
    MethodError
        If it is none; a set of subgroups, say, holds several.
    """
    from synth.synthesis.meta_analysis import MetaAnalysis  # here, because the model's own methods come through here

    if not isinstance(model, MetaAnalysis):
        raise MethodError(f"{what}: a fitted model (MetaAnalysis) is expected, not {type(model).__name__}")
