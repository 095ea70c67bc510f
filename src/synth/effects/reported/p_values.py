"""From a printed p value to a standard error, with everything that this rests on.

A p value and a number of patients give a standard error only together with a test. The paper rarely names it, so
the main reading (a paired t test) is never shown alone: beside it stand the range that the rounding of the p value
allows, the same p value read as an unpaired t test, and the rank tests that could not have given it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from synth.effects.intervals import Interval, confidence_interval, critical_value_of_p, figure
from synth.effects.reported.derivation import Derivation
from synth.errors import MethodError

Relation = Literal["=", "<", ">"]

_PRINTED_P = re.compile(
    r"(?:[pP]\s*)?(?P<relation>[=<>])?\s*(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]-[0-9]+)?)", re.ASCII
)
#: Up to this size of a group the number of arrangements is counted; above it its logarithm does.
_EXACT_ARRANGEMENTS = 500
_STEPS_FROM_P = (
    "Cochrane Handbook for Systematic Reviews of Interventions 5.1, sections 7.7.3.3 (from a p value through t to a "
    "standard error) and 16.1.3.2 (the same for changes from baseline)"
)


@dataclass(frozen=True, slots=True)
class PrintedP:
    """A p value as a paper prints it.

    Attributes
    ----------
    text : str
        As printed, without surrounding blanks.
    relation : {"=", "<", ">"}
        "=" where none is printed.
    value : float
        The printed number.
    low, high : float
        The p values that the text allows. "=": ``low <= p < high``, half a unit of the last printed digit to either
        side; "<": ``0 <= p < high``; ">": ``low < p <= 1``.
    """

    text: str
    relation: Relation
    value: float
    low: float
    high: float

    @property
    def is_bound(self) -> bool:
        """True where the text gives a limit and no value: "<", ">", and a printed zero such as 0.000."""
        return self.relation != "=" or self.value == 0


def parse_printed_p(text: str) -> PrintedP:
    """Read a p value as printed: ``.003``, ``0.003``, ``=0.04``, ``< .001``, ``>0.05``, ``P = 1.2e-4``.

    Parameters
    ----------
    text : str
        One p value. A leading "p" is allowed.

    Returns
    -------
    PrintedP

    Raises
    ------
    MethodError
        If the text is not one p value with a decimal point, or its number lies above 1.
    """
    stripped = text.strip()
    if "," in stripped:
        raise MethodError(
            f"p value {text!r}: a comma may stand for a decimal point or part two numbers; a point is expected"
        )
    match = _PRINTED_P.fullmatch(stripped)
    if match is None:
        raise MethodError(f"p value {text!r}: expected a number such as .003, alone or after one of = < >")
    number = Decimal(match["number"])
    if number > 1:
        raise MethodError(f"p value {text!r}: a number from 0 to 1 is expected")
    value = float(number)
    if match["relation"] == "<":
        return PrintedP(stripped, "<", value, 0.0, value)
    if match["relation"] == ">":
        return PrintedP(stripped, ">", value, value, 1.0)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # the pattern admits neither NaN nor infinity
    half_unit = Decimal(5).scaleb(exponent - 1)
    low, high = max(number - half_unit, Decimal(0)), min(number + half_unit, Decimal(1))
    return PrintedP(stripped, "=", value, float(low), float(high))


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardErrorReading:
    """The standard error of a mean change under one reading of the printed p value.

    Attributes
    ----------
    test : str
        The test that the reading assumes.
    change : float
        Mean change, raw points.
    standard_error : float or None
        Same unit. None where the p value is only a bound.
    degrees_of_freedom : int
        Of the t interval around the change.
    derivation : Derivation
        Inputs, assumption, and the range of the standard error.
    """

    test: str
    change: float
    standard_error: float | None
    degrees_of_freedom: int
    derivation: Derivation

    @property
    def is_bound(self) -> bool:
        """True where the p value bounds the standard error and gives none."""
        return self.standard_error is None

    def interval(self, level: float) -> Interval | None:
        """Confidence interval of the change; None where the p value is only a bound."""
        if self.standard_error is None:
            return None
        return confidence_interval(self.change, self.standard_error, level, self.degrees_of_freedom)

    def narrowest_interval(self, level: float) -> Interval:
        """The interval at the smallest standard error that the printed text allows."""
        smallest, _ = self.derivation.rounding_range
        return confidence_interval(self.change, smallest, level, self.degrees_of_freedom)

    def widest_interval(self, level: float) -> Interval:
        """The interval at the largest standard error that the printed text allows; infinite where it sets no limit."""
        _, largest = self.derivation.rounding_range
        return confidence_interval(self.change, largest, level, self.degrees_of_freedom)


def standard_error_from_paired_p(change: float, p: PrintedP, n: int) -> StandardErrorReading:
    """Standard error of a mean change from the p value of a paired t test.

    The t distribution with n - 1 degrees of freedom is inverted; the normal one would overstate the standard error.

    Parameters
    ----------
    change : float
        Mean change, raw points; not 0.
    p : PrintedP
        Taken as two-sided.
    n : int
        Pairs (patients, or hips where these are the unit); at least 2.

    Returns
    -------
    StandardErrorReading
        Without a standard error where `p` is a bound; the bound is the end of the derivation's range.

    Raises
    ------
    MethodError
        If the change is 0 or not finite, n is below 2, or p is printed as 1.

    References
    ----------
    Cochrane Handbook for Systematic Reviews of Interventions 5.1, sections 7.7.3.3 and 16.1.3.2.
    """
    _check_change(change, p, n)
    assumption = "the p value is two-sided and comes from a paired t test on all patients counted in n"
    return _reading("paired t test", change, p, n, test_df=n - 1, interval_df=n - 1, factor=1.0, assumption=assumption)


def standard_error_from_unpaired_p(
    change: float, p: PrintedP, n: int, correlation: float | None = None
) -> StandardErrorReading:
    """Standard error of a mean change where the p value is read as one of Student's unpaired t test.

    Without a correlation both the test and the interval treat the scores before and after as two independent groups
    (2n - 2 degrees of freedom). Welch's degrees of freedom lie between n - 1 and 2n - 2, so his test stands between
    this reading and the paired one. With a correlation the authors ran the unpaired test on scores that are paired:
    the standard error of the change is smaller by the factor sqrt(1 - correlation), its interval has n - 1 degrees
    of freedom.

    Parameters
    ----------
    change, p, n
        As for `standard_error_from_paired_p`.
    correlation : float, optional
        Between the scores before and after; above -1 and below 1.

    Raises
    ------
    MethodError
        As for `standard_error_from_paired_p`, or if the correlation is out of range.

    Notes
    -----
    With SDs s1, s2 the factor is sqrt(1 - 2 r s1 s2 / (s1**2 + s2**2)), which for r > 0 is smallest, sqrt(1 - r),
    where the SDs are equal.
    """
    _check_change(change, p, n)
    if correlation is None:
        assumption = "the p value is two-sided and comes from Student's unpaired t test, as if these were two groups"
        return _reading("unpaired t test", change, p, n, 2 * n - 2, 2 * n - 2, 1.0, assumption)
    check_correlation(correlation)
    assumption = (
        f"the p value is two-sided and comes from an unpaired t test run on paired scores that correlate with "
        f"{correlation:g} and have equal SDs before and after"
    )
    test = f"unpaired t test on paired scores, correlation {correlation:g}"
    return _reading(test, change, p, n, 2 * n - 2, n - 1, math.sqrt(1 - correlation), assumption)


def check_correlation(correlation: float) -> None:
    """Refuse a correlation that is not strictly between -1 and 1.

    Raises
    ------
    MethodError
        If it is not.
    """
    if not -1 < correlation < 1:
        raise MethodError(f"correlation {correlation}: a number above -1 and below 1 is expected")


def _check_change(change: float, p: PrintedP, n: int) -> None:
    if n < 2:
        raise MethodError(f"n = {n}: a p value of a change needs at least 2 patients")
    if not math.isfinite(change):
        raise MethodError(f"change {change}: a finite number is expected")
    if change == 0:
        raise MethodError("a change of 0 has t = 0 for every standard error, so its p value gives none")
    if p.relation == "=" and p.value == 1:
        raise MethodError(f"p value {p.text!r}: t is about 0, so no standard error follows from it")


def _reading(
    test: str,
    change: float,
    p: PrintedP,
    n: int,
    test_df: int,
    interval_df: int,
    factor: float,
    assumption: str,
) -> StandardErrorReading:
    def standard_error(probability: float) -> float:
        statistic = critical_value_of_p(probability, test_df)
        return factor * abs(change) / statistic if statistic > 0 else math.inf

    value = None if p.is_bound else standard_error(p.value)
    derivation = Derivation(
        quantity="standard error",
        value=value,
        rounding_range=(standard_error(p.low), standard_error(p.high)),
        method=f"standard error of the change from its p value, {test}, {test_df} degrees of freedom",
        inputs=(("mean change", change), ("p value", p.text), ("n", n)),
        assumption=assumption,
        source=_STEPS_FROM_P,
        mark="standard error derived from the printed p value",
    )
    return StandardErrorReading(
        test=test,
        change=change,
        standard_error=value,
        degrees_of_freedom=interval_df,
        derivation=derivation,
    )


@dataclass(frozen=True, slots=True)
class RankTest:
    """Whether an exact rank test could have given a printed p value.

    Attributes
    ----------
    name : str
        The test.
    n : int
        Pairs, or patients in each of two groups of one size.
    smallest_p : float
        Smallest two-sided p value that the exact test can reach at that n, with or without ties.
    excluded : bool
        True where every p value that the printed text allows is smaller.
    sentence : str
        The same in words.
    """

    name: str
    n: int
    smallest_p: float
    excluded: bool
    sentence: str


def rank_tests(p: PrintedP, n: int) -> tuple[RankTest, ...]:
    """The exact Wilcoxon signed-rank and Mann-Whitney tests, each with its smallest p value at n.

    All 2**n signs, or all ways to split 2n scores into two groups of n, are equally likely under the null
    hypothesis; the most extreme result and its mirror image are two of them.

    Parameters
    ----------
    p : PrintedP
        The p value to be explained.
    n : int
        Pairs; for the Mann-Whitney test the size of each group.

    Raises
    ------
    MethodError
        If n is below 1.

    Notes
    -----
    Exact tests only: a normal approximation can print smaller p values than the exact test can reach.
    """
    if n < 1:
        raise MethodError(f"n = {n}: at least 1 patient is expected")
    smallest = {"Wilcoxon signed-rank test": math.ldexp(2, -n), "Mann-Whitney test": _smallest_of_two_groups(n)}
    return tuple(_rank_test(name, p, n, smallest_p) for name, smallest_p in smallest.items())


def _smallest_of_two_groups(n: int) -> float:
    if n <= _EXACT_ARRANGEMENTS:
        return 2 / math.comb(2 * n, n)
    return 2 * math.exp(2 * math.lgamma(n + 1) - math.lgamma(2 * n + 1))


def _rank_test(name: str, p: PrintedP, n: int, smallest_p: float) -> RankTest:
    excluded = smallest_p >= p.high and p.relation != ">"
    verdict = "cannot have given" if excluded else "could have given"
    sentence = f"An exact {name} {verdict} the printed p value {p.text}: at n = {n} its smallest is {smallest_p:.3g}."
    return RankTest(name, n, smallest_p, excluded, sentence)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdCheck:
    """Whether it may be said that an interval excludes a threshold.

    Attributes
    ----------
    threshold : float
        In the unit of the change.
    holds : bool
        True where the threshold lies outside the interval under every reading, over the whole rounding.
    holds_as_printed : bool
        The same for the main reading at the printed p value alone. Never enough to say so.
    failing : tuple of (str, Interval)
        The readings whose widest interval holds the threshold.
    sentence : str
        The same in words.
    """

    threshold: float
    holds: bool
    holds_as_printed: bool
    failing: tuple[tuple[str, Interval], ...]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingsOfP:
    """Everything that a printed p value may mean for the interval of a mean change.

    Attributes
    ----------
    main : StandardErrorReading
        The paired t test.
    alternatives : tuple of StandardErrorReading
        The unpaired t test, then the unpaired test on paired scores for each correlation.
    rank_tests : tuple of RankTest
        Each with whether it is excluded.
    level : float
        Of all intervals.
    """

    main: StandardErrorReading
    alternatives: tuple[StandardErrorReading, ...]
    rank_tests: tuple[RankTest, ...]
    level: float

    @property
    def interval(self) -> Interval | None:
        """Interval of the main reading at the printed p value; None where that is a bound."""
        return self.main.interval(self.level)

    def excludes(self, threshold: float) -> ThresholdCheck:
        """Whether every reading, over the whole rounding of the p value, keeps the interval off the threshold.

        Parameters
        ----------
        threshold : float
            In the unit of the change and with its sign: -2 for a fall by 2 points.
        """
        readings = (self.main, *self.alternatives)
        widest = ((reading.test, reading.widest_interval(self.level)) for reading in readings)
        failing = tuple((test, limits) for test, limits in widest if limits[0] <= threshold <= limits[1])
        printed = self.interval
        return ThresholdCheck(
            threshold=threshold,
            holds=not failing,
            holds_as_printed=printed is not None and not printed[0] <= threshold <= printed[1],
            failing=failing,
            sentence=_threshold_sentence(threshold, failing),
        )


def _threshold_sentence(threshold: float, failing: tuple[tuple[str, Interval], ...]) -> str:
    if not failing:
        return f"Under every reading of the p value the interval excludes {threshold:g}."
    test, (low, high) = failing[0]
    limits = "is without limits" if math.isinf(low) else f"can reach from {figure(low)} to {figure(high)}"
    return f"It may not be said that the interval excludes {threshold:g}: under the {test}, it {limits}."


def readings_of_p(change: float, p: PrintedP, n: int, *, correlations: Sequence[float], level: float) -> ReadingsOfP:
    """All readings of a printed p value: paired, unpaired, unpaired on paired scores, and the rank tests.

    Parameters
    ----------
    change, p, n
        As for `standard_error_from_paired_p`.
    correlations : sequence of float
        The protocol's grid; may be empty.
    level : float
        Confidence level as a proportion.

    Raises
    ------
    MethodError
        As for the readings themselves.
    """
    grid = (standard_error_from_unpaired_p(change, p, n, correlation) for correlation in correlations)
    return ReadingsOfP(
        main=standard_error_from_paired_p(change, p, n),
        alternatives=(standard_error_from_unpaired_p(change, p, n), *grid),
        rank_tests=rank_tests(p, n),
        level=level,
    )
