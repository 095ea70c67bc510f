"""Regression tests for small-study effects in 2x2 tables, where a log odds ratio and its standard error go together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from synth.errors import MethodError
from synth.synthesis.linear import BoolArray, FloatArray
from synth.synthesis.small_study.regression import line_through
from synth.synthesis.small_study.shown import Cell, Shown
from synth.synthesis.small_study.sources import how_many, paragraph, too_few
from synth.synthesis.stratified_tables import CountTables, read_counts
from synth.synthesis.stratified_tests import deviations
from synth.synthesis.stratified_words import listed

_LEVEL = 0.95  # no interval is shown, but a fit asks for a level


@dataclass(frozen=True, kw_only=True)
class CountRegressionTest(Shown):
    """Peters' or Harbord's test.

    Attributes
    ----------
    name : {"Peters", "Harbord"}
    bias, standard_error : float
        Peters: slope of the log odds ratio on 1 / participants. Harbord: slope of Z / V on 1 / sqrt(V), which is the
        intercept of Z / sqrt(V) on sqrt(V).
    statistic, p_value : float
        t of `bias`, two-sided.
    degrees_of_freedom : int
        k - 2.
    limit_estimate : float
        Log odds ratio in a study without end.
    studies : tuple of str
        Those that entered.
    left_out : tuple of str
        Studies in which nobody or everybody has the event: they say nothing on the odds ratio.
    missing : tuple of str
        Studies with a missing count.
    """

    name: str
    bias: float
    standard_error: float
    statistic: float
    p_value: float
    degrees_of_freedom: int
    limit_estimate: float
    studies: tuple[str, ...]
    left_out: tuple[str, ...]
    missing: tuple[str, ...]

    def _row(self) -> dict[str, Cell]:
        row: dict[str, Cell] = {"test": self.name, "k": self.k, "bias": self.bias}
        row |= {"standard_error": self.standard_error, "statistic": self.statistic}
        row |= {"degrees_of_freedom": self.degrees_of_freedom, "p_value": self.p_value}
        return row | {"limit_estimate": self.limit_estimate}

    def explain(self) -> str:
        """A paragraph for the methods section, with its references."""
        sentences = [f"Small-study effects on the odds ratio in {how_many(self.k)} were tested by {self.method}."]
        if self.left_out:
            sentences.append(f"Studies in which nobody or everybody has the event ({len(self.left_out)}) are left out.")
        sentences.append("Fewer than 10 studies are too few for such a test (Sterne et al. 2011).")
        return paragraph(sentences, self.name.lower(), "sterne")


def peters_test(
    events_treated: ArrayLike,
    total_treated: ArrayLike,
    events_control: ArrayLike,
    total_control: ArrayLike,
    *,
    labels: Sequence[str] | None = None,
) -> CountRegressionTest:
    """Peters' test: log odds ratios against 1 / participants.

    Weights are (1 / (events in both arms) + 1 / (participants without) )^-1, which do not depend on the odds ratio; the
    dispersion is estimated and the test is a t test. One half is added to the cells of tables with a zero for their
    log odds ratios; the weights use the counts as given.

    Parameters
    ----------
    events_treated, total_treated, events_control, total_control : array_like, shape (k,)
        Participants with the event, and all of them. A study with a missing count (NaN or None) is left out.
    labels : sequence of str, optional
        Names of the studies.

    Raises
    ------
    MethodError
        If counts are impossible, fewer than three studies say anything, or all have the same number of participants.

    References
    ----------
    Peters et al. 2006, JAMA 295:676-680.
    """
    tables = read_counts(events_treated, total_treated, events_control, total_control, labels)
    use = _usable(tables)
    a, b, c, d = tables.halved()
    with_event, without = tables.a + tables.c, tables.b + tables.d
    method = (
        "Peters' test, a regression of log odds ratios on the inverse of the number of participants, weighted by the "
        "inverse variance of the average event rate's log odds"
    )
    estimates = (np.log(a) - np.log(b) - np.log(c) + np.log(d))[use]
    variances = 1 / with_event[use] + 1 / without[use]
    halved = int((tables.zero_cells & use).sum())
    marks = (f"one half was added to the counts of {halved} studies with a zero for their log odds ratios",)
    return _result(
        "Peters", method, tables, use, (estimates, variances, 1 / tables.total[use]), marks if halved else ()
    )


def harbord_test(
    events_treated: ArrayLike,
    total_treated: ArrayLike,
    events_control: ArrayLike,
    total_control: ArrayLike,
    *,
    labels: Sequence[str] | None = None,
) -> CountRegressionTest:
    """Harbord's test: the score of the log odds ratio against its information.

    Z is the events of the treated arm less those expected without an effect, V their hypergeometric variance. Z /
    sqrt(V) is regressed on sqrt(V); the intercept is the bias, the dispersion is estimated and the test is a t test.
    No correction is needed where a cell is 0.

    Parameters
    ----------
    events_treated, total_treated, events_control, total_control : array_like, shape (k,)
        Participants with the event, and all of them. A study with a missing count (NaN or None) is left out.
    labels : sequence of str, optional
        Names of the studies.

    Raises
    ------
    MethodError
        If counts are impossible, fewer than three studies say anything, or all have the same information.

    References
    ----------
    Harbord, Egger and Sterne 2006, Stat Med 25:3443-3457.
    """
    tables = read_counts(events_treated, total_treated, events_control, total_control, labels)
    use = _usable(tables)
    score, information = deviations(tables.a[use], tables.b[use], tables.c[use], tables.d[use])
    method = "Harbord's test, a regression of efficient scores over the root of their information on that root"
    numbers = (score / information, 1 / information, 1 / np.sqrt(information))
    return _result("Harbord", method, tables, use, numbers, ())


def _usable(tables: CountTables) -> BoolArray:
    use = tables.informative
    if int(use.sum()) < 3:
        raise MethodError(
            f"{int(use.sum())} studies in which some participants have the event and some have not: at least 3 are "
            "expected"
        )
    return use


def _result(
    name: str,
    method: str,
    tables: CountTables,
    use: BoolArray,
    numbers: tuple[FloatArray, FloatArray, FloatArray],
    further: tuple[str, ...],
) -> CountRegressionTest:
    estimates, variances, values = numbers
    if values.min() == values.max():
        raise MethodError(f"{name}: all studies have the same size; studies of different size are expected")
    fits, inference = line_through(estimates, variances, values, "size", _LEVEL)
    studies = tuple(study for study, used in zip(tables.studies, use, strict=True) if used)
    left_out = tuple(study for study, used in zip(tables.studies, use, strict=True) if not used)
    marks = [*too_few(len(studies)), *further]
    if left_out:
        marks.append(f"left out, because nobody or everybody has the event: {listed(left_out)}")
    if tables.missing:
        marks.append(f"left out, because a figure is missing: {listed(tables.missing)}")
    return CountRegressionTest(
        k=len(studies),
        method=method,
        marks=tuple(marks),
        name=name,
        bias=float(fits.beta[0, 1]),
        standard_error=float(inference.standard_errors[0, 1]),
        statistic=float(inference.statistics[0, 1]),
        p_value=float(inference.p_values[0, 1]),
        degrees_of_freedom=len(studies) - 2,
        limit_estimate=float(fits.beta[0, 0]),
        studies=studies,
        left_out=left_out,
        missing=tables.missing,
    )
