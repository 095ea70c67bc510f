"""Ioannidis and Trikalinos' test for an excess of significant findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import bdtrc, chdtrc, ndtr, ndtri

from synth.effects.intervals import check_alpha, is_number
from synth.errors import MethodError
from synth.synthesis.linear import BoolArray, FloatArray
from synth.synthesis.small_study.shown import Cell, Shown
from synth.synthesis.small_study.sources import how_many, paragraph, too_few
from synth.synthesis.studies import study_arrays, study_names

#: Studies up to which the exact distribution, which takes time in the square of k, is computed.
EXACT_UP_TO = 5000


@dataclass(frozen=True, kw_only=True)
class ExcessSignificance(Shown):
    """Observed against expected significant studies.

    Attributes
    ----------
    observed : int
        Studies that are significant at level alpha, two-sided.
    expected : float
        Sum of the studies' powers.
    ratio : float
        Observed over expected.
    chi_squared : float or None
        Pearson's statistic; None where every study has a power of 1.
    chi_squared_p_value, binomial_p_value, exact_p_value : float or None
        One-sided, of an excess: by chi-squared with 1 degree of freedom, by the binomial distribution with the mean
        power, by the distribution of a sum of trials with unequal powers (not computed beyond 5000 studies).
    theta : float
        Effect at which the power was computed.
    tau2 : float
        Variance of the true effects around it.
    alpha : float
    powers : tuple of float
    significant : tuple of bool
    studies : tuple of str
    """

    observed: int
    expected: float
    ratio: float
    chi_squared: float | None
    chi_squared_p_value: float | None
    binomial_p_value: float
    exact_p_value: float | None
    theta: float
    tau2: float
    alpha: float
    powers: tuple[float, ...]
    significant: tuple[bool, ...]
    studies: tuple[str, ...]

    def _row(self) -> dict[str, Cell]:
        row: dict[str, Cell] = {"k": self.k, "observed": self.observed, "expected": self.expected, "ratio": self.ratio}
        row |= {"chi_squared": self.chi_squared, "chi_squared_p_value": self.chi_squared_p_value}
        row |= {"binomial_p_value": self.binomial_p_value, "exact_p_value": self.exact_p_value}
        return row | {"theta": self.theta, "tau2": self.tau2, "alpha": self.alpha}

    def _columns(self) -> dict[str, list[Cell]]:
        return {"study": list(self.studies), "power": list(self.powers), "significant": list(self.significant)}

    def explain(self) -> str:
        """A paragraph for the methods section, with its references."""
        around = f" with a between-study variance of {self.tau2:g}" if self.tau2 else ""
        sentences = [
            f"An excess of significant findings in {how_many(self.k)} was tested by the method of Ioannidis and "
            "Trikalinos (2007): the number of studies significant at a two-sided level of "
            f"{self.alpha:g} against the sum of their powers at an effect of {self.theta:.4g}{around}, one-sided, by "
            "chi-squared, by the binomial distribution with the mean power, and by the exact distribution with unequal "
            "powers (Francis 2013).",
            "An excess may come from selective publication or reporting, or from a wrong assumption on the effect.",
        ]
        return paragraph(sentences, "ioannidis", "francis")


def excess_significance(
    estimates: ArrayLike,
    variances: ArrayLike,
    *,
    alpha: float = 0.05,
    theta: float | None = None,
    tau2: float = 0.0,
    labels: Sequence[str] | None = None,
) -> ExcessSignificance:
    """Test whether more studies are significant than their power makes likely.

    Parameters
    ----------
    estimates, variances : array_like, shape (k,)
        On the analysis scale, where no effect is 0.
    alpha : float
        Two-sided significance level of the studies' Wald tests.
    theta : float, optional
        True effect; the common-effect mean where not given.
    tau2 : float
        Variance of the true effects around it; the power is then the mean over their normal distribution.
    labels : sequence of str, optional
        Names of the studies.

    Returns
    -------
    ExcessSignificance

    Raises
    ------
    MethodError
        If there is no study, a figure is impossible, or alpha is no probability.

    References
    ----------
    Ioannidis and Trikalinos 2007, Clin Trials 4:245-253. Francis 2013, J Math Psychol 57:153-169, for the exact test.
    """
    y, v = study_arrays(estimates, variances, labels)
    _check(len(y), alpha, theta, tau2)
    weights = v.min() / v
    effect = float((weights * y).sum() / weights.sum()) if theta is None else float(theta)
    return _result(y, v, effect, float(tau2), float(alpha), study_names(labels, len(y)))


def _check(k: int, alpha: float, theta: float | None, tau2: float) -> None:
    if not k:
        raise MethodError("no study: at least 1 is expected")
    check_alpha(alpha)
    if not is_number(tau2) or tau2 < 0 or not (theta is None or is_number(theta)):
        raise MethodError(f"theta = {theta!r}, tau2 = {tau2!r}: finite numbers, and tau2 of at least 0, are expected")


def _result(
    y: FloatArray, v: FloatArray, theta: float, tau2: float, alpha: float, studies: tuple[str, ...]
) -> ExcessSignificance:
    k, powers = len(y), power(v, theta, tau2, alpha)
    with np.errstate(over="ignore"):  # an infinite statistic is beyond every critical value
        significant: BoolArray = np.abs(y) / np.sqrt(v) >= -ndtri(alpha / 2)
    observed, expected = int(significant.sum()), float(powers.sum())
    if not expected > 0:
        raise MethodError(f"alpha = {alpha:g}: no study has any power at that level; a larger alpha is expected")
    statistic, chi_squared_p = _pearson(observed, expected, k)
    beyond = (f"more than {EXACT_UP_TO} studies: the exact p value is not computed",) if k > EXACT_UP_TO else ()
    return ExcessSignificance(
        k=k,
        method="test of excess significance, one-sided",
        marks=(*too_few(k), *beyond),
        observed=observed,
        expected=expected,
        ratio=observed / expected,
        chi_squared=statistic,
        chi_squared_p_value=chi_squared_p,
        binomial_p_value=float(bdtrc(observed - 1, k, expected / k)) if observed else 1.0,
        exact_p_value=at_least(observed, powers) if k <= EXACT_UP_TO else None,
        theta=theta,
        tau2=tau2,
        alpha=alpha,
        powers=tuple(powers.tolist()),
        significant=tuple(significant.tolist()),
        studies=studies,
    )


def power(variances: FloatArray, theta: float, tau2: float, alpha: float) -> FloatArray:
    """Power of two-sided Wald tests of no effect where true effects are normal around theta, shape (k,)."""
    critical = -float(ndtri(alpha / 2)) * np.sqrt(variances)
    spread = np.sqrt(variances + tau2)
    with np.errstate(over="ignore"):  # of an effect at infinity the power is 1
        result: FloatArray = ndtr((theta - critical) / spread) + ndtr((-theta - critical) / spread)
    return np.minimum(result, 1.0)


def at_least(observed: int, powers: FloatArray) -> float:
    """Probability that at least this many of independent trials succeed.

    Parameters
    ----------
    observed : int
    powers : ndarray, shape (k,)
        Probability of each trial.
    """
    # Entry j is the chance of j successes so far; the last gathers everything from `observed` on, so that a small tail
    # is a sum of small terms.
    chances = np.zeros(observed + 1)
    chances[0] = 1.0
    for p in powers.tolist():
        last = chances[-1]
        chances[1:] = chances[1:] * (1 - p) + chances[:-1] * p
        chances[0] *= 1 - p
        chances[-1] += last * p
    return min(1.0, float(chances[-1])) if observed else 1.0


def _pearson(observed: int, expected: float, k: int) -> tuple[float | None, float | None]:
    if not 0 < expected < k:
        return None, None
    statistic = (observed - expected) ** 2 / expected + (observed - expected) ** 2 / (k - expected)
    half = float(chdtrc(1, statistic)) / 2
    return statistic, half if observed > expected else 1 - half
