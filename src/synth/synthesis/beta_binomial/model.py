"""Beta-binomial model of proportions: the mean of a beta distribution of true proportions, by maximum likelihood."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaincinv, chdtrc

from synth.effects.intervals import Interval, check_level, critical_value
from synth.effects.proportions import count_arrays, proportion_intervals
from synth.errors import MethodError
from synth.synthesis.beta_binomial.likelihood import Likelihood
from synth.synthesis.beta_binomial.profiles import Top, highest, mean_limits, rho_limits
from synth.synthesis.explanations import PLAIN_FROM
from synth.synthesis.linear import FloatArray
from synth.synthesis.studies import study_names

if TYPE_CHECKING:
    import pandas as pd

#: Largest total: beyond it a log-likelihood is so large that its differences lose the digits of a test.
_LARGEST = 1e9
#: What is left of a Newton step, in squared standard errors, at a maximum.
_STILL = 1e-10
#: Counts that an error message lists.
_LISTED = 4
_POOLED_FROM = "proportions are pooled from three series on"


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class BetaBinomial:
    """A fitted beta-binomial model.

    Every study has its own true proportion, drawn from a beta distribution with mean `estimate` and variance
    ``rho * estimate * (1 - estimate)``; `rho` is also the correlation of two members of one study.

    Attributes
    ----------
    events, totals : ndarray, shape (k,)
        As given.
    study_labels : tuple of str or None
        As given; `labels` has a name for every study.
    level : float
        Of the intervals, a proportion.
    top : Top
        Mean, overdispersion and log-likelihood at the maximum, and whatever other maxima there are.
    likelihood : Likelihood
        Of the counts.
    """

    events: FloatArray
    totals: FloatArray
    study_labels: tuple[str, ...] | None
    level: float
    top: Top
    likelihood: Likelihood

    @property
    def k(self) -> int:
        """Studies."""
        return len(self.events)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A name for each study."""
        return study_names(self.study_labels, self.k)

    @property
    def estimate(self) -> float:
        """Mean of the true proportions, from 0 to 1."""
        return self.top.mean

    @property
    def rho(self) -> float:
        """Overdispersion, from 0 (the binomial distribution) to below 1."""
        return self.top.rho

    @property
    def shapes(self) -> tuple[float, float] | None:
        """Both parameters of the beta distribution; None where the overdispersion is 0."""
        if self.rho == 0:
            return None
        precision = (1 - self.rho) / self.rho
        return self.estimate * precision, (1 - self.estimate) * precision

    @cached_property
    def interval(self) -> Interval:
        """Profile-likelihood interval of the mean, proportions from 0 to 1."""
        step = self._logit_error or 1.0
        return mean_limits(self.likelihood, self.top, self._target, step)

    @cached_property
    def rho_interval(self) -> Interval:
        """Profile-likelihood interval of the overdispersion; its lower limit is 0 where 0 is compatible."""
        return rho_limits(self.likelihood, self.top, self._target)

    @property
    def _target(self) -> float:
        return self.top.height - critical_value(self.level) ** 2 / 2

    @property
    def logit(self) -> float:
        """Log odds of the mean."""
        return math.log(self.estimate) - math.log1p(-self.estimate)

    @property
    def logit_standard_error(self) -> float:
        """Of `logit`, from the observed information; at rho = 0 as if rho were known to be 0.

        Raises
        ------
        MethodError
            If the information has no inverse.
        """
        if self._logit_error is None:
            raise MethodError("beta-binomial: the likelihood is flat at its maximum, so there is no standard error")
        return self._logit_error

    @cached_property
    def _logit_error(self) -> float | None:
        information = -self.likelihood.curvature(self.estimate, self.rho)
        free = information[:1, :1] if self.rho == 0 else information
        determinant = float(np.linalg.det(free / np.abs(free).max()))
        if not (free[0, 0] > 0 and determinant > 0):
            return None
        variance = float(np.linalg.inv(free)[0, 0])
        return math.sqrt(variance) / (self.estimate * (1 - self.estimate))

    @property
    def wald_interval(self) -> Interval:
        """Normal interval of the log odds, as proportions (MethodError as for `logit_standard_error`)."""
        margin = critical_value(self.level) * self.logit_standard_error
        low, high = (1 / (1 + math.exp(-limit)) for limit in (self.logit - margin, self.logit + margin))
        return low, high

    @cached_property
    def prediction(self) -> Interval | None:
        """Quantiles of the fitted beta distribution: where the true proportion of a new study lies.

        The estimates are taken as known, so that the range is too narrow, by much where studies are few. None at k = 2,
        and where the overdispersion is estimated as 0, as a range without width would say what is not known.
        """
        if self.k == 2 or self.shapes is None:
            return None
        tail = (1 - self.level) / 2
        return float(betaincinv(*self.shapes, tail)), float(betaincinv(*self.shapes, 1 - tail))

    @property
    def log_likelihood(self) -> float:
        """At the maximum, with the binomial coefficients."""
        return self.top.height

    @cached_property
    def binomial_log_likelihood(self) -> float:
        """Of the binomial model, one proportion for all studies, at its maximum."""
        share = np.array([np.sum(self.events) / np.sum(self.totals)])
        return float(self.likelihood.at(share, np.zeros(1)).value[0])

    @property
    def aic(self) -> float:
        """Akaike's criterion, with two parameters."""
        return 2 * (2 - self.log_likelihood)

    @property
    def likelihood_ratio(self) -> float:
        """Twice what the overdispersion adds to the log-likelihood of the binomial model; 0 where rho is 0."""
        return 0.0 if self.rho == 0 else max(2 * (self.log_likelihood - self.binomial_log_likelihood), 0.0)

    @property
    def likelihood_ratio_p(self) -> float:
        """P value of `likelihood_ratio`: half that of chi-squared with 1 degree of freedom: rho ends at 0."""
        return 1.0 if self.rho == 0 else float(chdtrc(1, self.likelihood_ratio)) / 2

    @cached_property
    def converged(self) -> bool:
        """Whether a further Newton step would move nothing."""
        height = self.likelihood.at(np.array([self.estimate]), np.array([self.rho]))
        slopes = np.array([height.by_mean[0], height.by_rho[0]])
        information = -self.likelihood.curvature(self.estimate, self.rho)
        if self.rho == 0:
            return bool(slopes[0] ** 2 <= _STILL * information[0, 0] and slopes[1] <= 0)
        try:
            step = np.linalg.solve(information, slopes)
        except np.linalg.LinAlgError:
            return False
        return bool(0 <= slopes @ step <= _STILL)

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result, where the method stands on little."""
        found = []
        if self.k == 2:
            found.append(f"two studies: for sensitivity only, beside both results; {_POOLED_FROM}")
        elif self.k < PLAIN_FROM:
            found.append(f"only {self.k} studies: the overdispersion and both intervals are uncertain")
        if self.rho == 0:
            found.append(
                "the overdispersion is 0, at the end of its range: the proportions differ no more than by chance, "
                "which few studies cannot tell from a small spread"
            )
        if len(self.top.peaks) > 1:
            found.append(
                f"the likelihood has {len(self.top.peaks)} maxima: the highest is shown, and the interval reaches over "
                "all that are compatible with the counts"
            )
        if self._logit_error is None:
            found.append("the likelihood is flat at its maximum: there is no Wald interval")
        if not self.converged:
            found.append("the maximum was not found to the last digits: the best point is shown")
        return tuple(found)

    def natural(self) -> tuple[float, Interval, Interval | None]:
        """Mean, interval and prediction interval as proportions, which they are on already."""
        return self.estimate, self.interval, self.prediction

    def summary(self) -> pd.DataFrame:
        """One row for people."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        low, high = self.interval
        row = {"k": self.k, "events": int(self.events.sum()), "total": int(self.totals.sum())}
        numbers = {"estimate": self.estimate, "low": low, "high": high, "rho": self.rho}
        tests = {"likelihood_ratio": self.likelihood_ratio, "likelihood_ratio_p": self.likelihood_ratio_p}
        return pd.DataFrame([row | numbers | tests])

    def table(self) -> pd.DataFrame:
        """One row a study: counts, proportion and exact interval."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        low, high = proportion_intervals(self.events, self.totals, level=self.level)
        columns = {"events": self.events.astype(int), "total": self.totals.astype(int)}
        return pd.DataFrame(
            columns | {"proportion": self.events / self.totals, "low": low, "high": high},
            index=pd.Index(self.labels, name="study"),
        )

    def to_dict(self) -> dict[str, Any]:
        """Every result by name, in numbers, texts and lists that JSON holds."""
        names = (
            "k level estimate interval rho rho_interval shapes logit prediction log_likelihood "
            "binomial_log_likelihood aic likelihood_ratio likelihood_ratio_p converged"
        )
        result: dict[str, Any] = {name: _plain(getattr(self, name)) for name in names.split()}
        known = self._logit_error is not None
        result["logit_standard_error"] = self._logit_error
        result["wald_interval"] = _plain(self.wald_interval) if known else None
        result |= {"events": self.events.astype(int).tolist(), "totals": self.totals.astype(int).tolist()}
        return result | {"labels": list(self.labels), "marks": list(self.marks)}

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        spread = (
            "The overdispersion was estimated as 0."
            if self.rho == 0
            else f"The overdispersion rho was estimated as {self.rho:.3g}."
        )
        return (
            f"The proportions of {self.k} studies were summarised by a beta-binomial model: counts are binomial, and "
            "the true proportions of the studies follow a beta distribution (Young-Xu and Chan 2008, BMC Med Res "
            "Methodol 8:58). Mean and overdispersion were estimated by maximum likelihood; nothing was added to any "
            f"count. {spread} Intervals are of {100 * self.level:g}% level, from the profile likelihood. The "
            "likelihood ratio test against one binomial proportion takes half the chi-squared p value with 1 degree of "
            "freedom, because the overdispersion cannot be below 0. The summary is the mean of the studies' "
            "proportions, which is not the median that a logistic model with a normal random effect transforms back to."
        )

    def __repr__(self) -> str:
        low, high = self.interval
        shown = f"{100 * self.estimate:.1f}% [{100 * low:.1f}%, {100 * high:.1f}%]"
        return f"BetaBinomial(k = {self.k}, mean proportion {shown}, rho = {self.rho:.3g})"

    def _repr_html_(self) -> str:
        p = self.likelihood_ratio_p
        test = f"chi-squared = {self.likelihood_ratio:.2f}, p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
        marks = "".join(f"<li>{html.escape(mark)}</li>" for mark in self.marks)
        text = f"<p>{html.escape(repr(self))}; against one binomial proportion: {html.escape(test)}.</p>"
        return f"{text}<ul>{marks}</ul>" if marks else text


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def beta_binomial(
    events: ArrayLike, totals: ArrayLike, *, labels: Sequence[str] | None = None, level: float = 0.95
) -> BetaBinomial:
    """Mean of the true proportions of studies, which follow a beta distribution.

    Parameters
    ----------
    events, totals : array_like, shape (k,)
        Whole numbers of independent studies with one unit of analysis, k at least 2.
    labels : sequence of str, optional
        Names of the studies.
    level : float
        Confidence level, a proportion.

    Returns
    -------
    BetaBinomial
        With k = 2 marked as for sensitivity only, k = 3 and 4 as few studies.

    Raises
    ------
    MethodError
        If a count is impossible (the study is named), there are fewer than two studies, or the counts determine no
        mean or no overdispersion: no event, an event in all, none or all in every study, or one member a study. What
        stands instead are the exact intervals (`synth.effects.proportions.proportion_intervals`).

    References
    ----------
    Young-Xu and Chan 2008, BMC Med Res Methodol 8:58.
    """
    check_level(level)
    x, n = count_arrays(events, totals, labels)
    _check_determined(x, n, study_names(labels, len(x)), level)
    likelihood = Likelihood.of(x, n)
    return BetaBinomial(
        events=x,
        totals=n,
        study_labels=None if labels is None else tuple(map(str, labels)),
        level=level,
        top=highest(likelihood),
        likelihood=likelihood,
    )


def _check_determined(x: FloatArray, n: FloatArray, names: tuple[str, ...], level: float) -> None:
    if not len(x):
        raise MethodError("k = 0: there is no count; at least two studies are expected")
    reason = ""
    if len(x) == 1:
        reason = f"k = 1: one study has no spread between studies, and {_POOLED_FROM}"
    elif not x.any():
        reason = "no event in any study: there is no mean proportion to estimate"
    elif (x == n).all():
        reason = "an event in everyone of every study: there is no mean proportion to estimate"
    elif n.max() == 1:
        reason = "one member in each study: the spread between studies cannot be told from that within"
    elif ((x == 0) | (x == n)).all():
        reason = "none or all in every study: the overdispersion runs to its end, 1, and the mean has no interval"
    if reason:
        raise MethodError(f"{reason}; the exact interval of each study stands: {_exact_list(x, n, names, level)}")
    if n.max() > _LARGEST:
        raise MethodError(f"{names[int(np.argmax(n))]}: a total of {n.max():g}; at most {_LARGEST:g} is expected")


def _exact_list(x: FloatArray, n: FloatArray, names: tuple[str, ...], level: float) -> str:
    low, high = proportion_intervals(x, n, level=level)
    rows = list(zip(names, x, n, low, high, strict=True))[:_LISTED]
    shown = [f"{name} {e:g} of {t:g} ({100 * a:.1f}% to {100 * b:.1f}%)" for name, e, t, a, b in rows]
    return ", ".join(shown) + (f" and {len(x) - _LISTED} more" if len(x) > _LISTED else "")
