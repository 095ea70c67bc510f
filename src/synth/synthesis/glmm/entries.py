"""Generalised linear mixed models: the counts themselves are modelled, and no half is added to a zero.

One group: proportions by the binomial-normal model on the logit scale, rates by the Poisson-normal one on the log
scale. Two arms: odds ratios and rate ratios, unconditional or given the events of both arms. The names of the models
are those of metafor's `rma.glmm`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from synth.effects.intervals import check_level
from synth.errors import MethodError
from synth.synthesis.glmm.data import GlmmData, one_group, two_arms
from synth.synthesis.glmm.models import GlmmMethod, GlmmModel, design_of, fit_design
from synth.synthesis.glmm.result import GlmmResult

__all__ = ["GlmmResult", "odds_ratio_glmm", "proportion_glmm", "rate_glmm", "rate_ratio_glmm"]

GlmmTest = Literal["normal", "t"]
Columns = Mapping[str, Sequence[object] | ArrayLike]

#: Points of the quadrature where none are asked for: metafor's (`nAGQ`), so that its numbers are met; Laplace's
#: approximation for the two random effects of UM.RS. CM.EL, which metafor integrates to a tolerance, has more.
POINTS, POINTS_OF_TWO, POINTS_EXACT = 7, 1, 41
#: Most points: more of them add rounding and no digits.
_MOST_POINTS = 100


def proportion_glmm(
    events: ArrayLike,
    totals: ArrayLike,
    *,
    method: GlmmMethod = "ML",
    moderators: Columns | None = None,
    test: GlmmTest = "normal",
    level: float = 0.95,
    labels: Sequence[str] | None = None,
    points: int | None = None,
) -> GlmmResult:
    """Binomial-normal model of proportions on the logit scale.

    Parameters
    ----------
    events, totals : array_like, shape (k,)
        Whole numbers: participants with the event, and all of them. A study with a missing figure is left out, marked.
    method : {"ML", "common"}
        Maximum likelihood with normally distributed log odds of the studies, or one log odds for all.
    moderators : mapping of str to column, optional
        As for `meta_regression`; a value for each study given.
    test : {"normal", "t"}
        Distribution of tests and intervals; t has k - p degrees of freedom.
    level : float
        Confidence level, a proportion.
    labels : sequence of str, optional
        Names of the studies.
    points : int, optional
        Of the adaptive Gauss-Hermite quadrature; 7 where not given, and the result is marked where more would move it.

    Returns
    -------
    GlmmResult
        On the logit scale; `natural()` gives proportions.

    Raises
    ------
    MethodError
        If a figure is not possible (the study is named), an option is unknown, or the likelihood has no maximum: no
        study has an event, or all have nothing else, or moderators separate the studies.

    References
    ----------
    Stijnen, Hamza and Ozdemir 2010, Stat Med 29:3046-3067.
    """
    data = one_group("PLO", events, totals, labels)
    return _fitted(data, None, method, moderators, test, level, points, _count(events))


def rate_glmm(
    events: ArrayLike,
    times: ArrayLike,
    *,
    method: GlmmMethod = "ML",
    moderators: Columns | None = None,
    test: GlmmTest = "normal",
    level: float = 0.95,
    labels: Sequence[str] | None = None,
    points: int | None = None,
) -> GlmmResult:
    """Poisson-normal model of rates on the log scale.

    Parameters
    ----------
    events, times : array_like, shape (k,)
        Events, whole numbers, and person-time at risk, in one unit for all studies.
    method, moderators, test, level, labels, points
        As for `proportion_glmm`.

    Returns
    -------
    GlmmResult
        On the log scale; `natural()` gives rates.

    Raises
    ------
    MethodError
        As for `proportion_glmm`.

    References
    ----------
    Stijnen, Hamza and Ozdemir 2010, Stat Med 29:3046-3067.
    """
    data = one_group("IRLN", events, times, labels)
    return _fitted(data, None, method, moderators, test, level, points, _count(events))


def odds_ratio_glmm(
    events_treated: ArrayLike,
    totals_treated: ArrayLike,
    events_control: ArrayLike,
    totals_control: ArrayLike,
    *,
    model: GlmmModel = "UM.FS",
    method: GlmmMethod = "ML",
    moderators: Columns | None = None,
    test: GlmmTest = "normal",
    level: float = 0.95,
    labels: Sequence[str] | None = None,
    points: int | None = None,
) -> GlmmResult:
    """Generalised linear mixed model of the log odds ratio.

    Parameters
    ----------
    events_treated, totals_treated, events_control, totals_control : array_like, shape (k,)
        Whole numbers. Studies with a missing count, and those in which nobody or everybody has the event, are left
        out, marked.
    model : {"UM.FS", "UM.RS", "CM.AL", "CM.EL"}
        A constant for every study, normally distributed constants, or the events of both arms taken as given: by the
        binomial approximation for rare events, or exactly (non-central hypergeometric).
    method, moderators, test, level, labels
        As for `proportion_glmm`.
    points : int, optional
        As for `proportion_glmm`; where not given 1 (Laplace) for UM.RS with "ML", and 41 for CM.EL.

    Returns
    -------
    GlmmResult
        On the log scale; `natural()` gives odds ratios.

    Raises
    ------
    MethodError
        As for `proportion_glmm`; for UM.RS with one study.

    References
    ----------
    Turner et al. 2000, Stat Med 19:3417-3432 (unconditional); Stijnen, Hamza and Ozdemir 2010, Stat Med 29:3046-3067
    (conditional); Jackson et al. 2018, Stat Med 37:1059-1085 (compared).
    """
    _check_model(model, get_args(GlmmModel))
    data = two_arms("OR", events_treated, totals_treated, events_control, totals_control, labels)
    return _fitted(data, model, method, moderators, test, level, points, _count(events_treated))


def rate_ratio_glmm(
    events_treated: ArrayLike,
    times_treated: ArrayLike,
    events_control: ArrayLike,
    times_control: ArrayLike,
    *,
    model: GlmmModel = "UM.FS",
    method: GlmmMethod = "ML",
    moderators: Columns | None = None,
    test: GlmmTest = "normal",
    level: float = 0.95,
    labels: Sequence[str] | None = None,
    points: int | None = None,
) -> GlmmResult:
    """Generalised linear mixed model of the log rate ratio.

    Parameters
    ----------
    events_treated, times_treated, events_control, times_control : array_like, shape (k,)
        Events, whole numbers, and person-times in one unit. Studies with a missing figure, and those without an event
        in either arm, are left out, marked.
    model : {"UM.FS", "UM.RS", "CM.EL"}
        A constant for every study, normally distributed constants, or the events of both arms taken as given, which
        leaves a binomial distribution.
    method, moderators, test, level, labels, points
        As for `odds_ratio_glmm`; CM.EL has 7 points here.

    Returns
    -------
    GlmmResult
        On the log scale; `natural()` gives rate ratios.

    Raises
    ------
    MethodError
        As for `odds_ratio_glmm`.

    References
    ----------
    Stijnen, Hamza and Ozdemir 2010, Stat Med 29:3046-3067.
    """
    _check_model(model, ("UM.FS", "UM.RS", "CM.EL"))
    data = two_arms("IRR", events_treated, times_treated, events_control, times_control, labels)
    return _fitted(data, model, method, moderators, test, level, points, _count(events_treated))


def _check_model(model: object, offered: tuple[str, ...]) -> None:
    if model not in offered:
        raise MethodError(f"model {model!r}: one of {', '.join(offered)} is expected")


def _count(column: ArrayLike) -> int:
    """Studies given; what is no column has been refused before."""
    return int(np.size(np.asarray(column)))


def _fitted(
    data: GlmmData,
    model: GlmmModel | None,
    method: GlmmMethod,
    moderators: Columns | None,
    test: GlmmTest,
    level: float,
    points: int | None,
    given: int,
) -> GlmmResult:
    check_level(level)
    for what, value, offered in (("method", method, get_args(GlmmMethod)), ("test", test, get_args(GlmmTest))):
        if value not in offered:
            raise MethodError(f"{what} {value!r}: one of {', '.join(offered)} is expected")
    if model == "UM.RS" and data.k == 1:
        raise MethodError("model UM.RS with one study: a distribution of constants needs several; UM.FS is expected")
    columns = data.moderators(moderators, given)
    design = design_of(data, model, columns, _points(points, data, model, method))
    return GlmmResult(design=design, fit=fit_design(design, method), method=method, test=test, level=level)


def _points(points: object, data: GlmmData, model: GlmmModel | None, method: GlmmMethod) -> int:
    if points is None:
        if model == "CM.EL" and data.binomial:
            return POINTS_EXACT
        return POINTS_OF_TWO if model == "UM.RS" and method == "ML" else POINTS
    if isinstance(points, bool) or not isinstance(points, int | np.integer) or not 1 <= points <= _MOST_POINTS:
        raise MethodError(f"points {points!r}: a whole number from 1 to {_MOST_POINTS} is expected")
    return int(points)
