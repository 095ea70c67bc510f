"""What is shown of a pool: the summary, what it would be otherwise, and how it was computed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from synth.effects.estimate import MEASURES
from synth.report.model import Block, Column, Paragraph, Row, Run, Table, runs
from synth.report.words import (
    inside,
    listing,
    number,
    percent,
    span,
    true_minus,
    with_labels,
)
from synth.review import Review
from synth.synthesis.bayesian_checks import bayesian_rows
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.ladder import Answer
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.model_tables import p_text
from synth.synthesis.results import PooledEffect
from synth.synthesis.sensitivity import PoolChecks
from synth.synthesis.sensitivity_fits import ModeratorCheck
from synth.synthesis.sensitivity_tables import (
    TWO_ONLY,
    alternative_rows,
    decimals_of,
    effect_name,
    slope_text,
    test_text,
    variance_text,
)
from synth.synthesis.small_study import TrimAndFill

_TWO = "not given for two studies"


def pool_blocks(review: Review, checks: PoolChecks, name: str) -> Iterator[Block]:
    """The summary with its checks.

    Parameters
    ----------
    review : Review
        For labels.
    checks : PoolChecks
    name : str
        What its anchors end with.
    """
    yield _summary(checks, f"pool-{name}")
    yield Paragraph(runs(true_minus(_bayesian(checks))))
    if not checks.enough:
        yield Paragraph(runs(TWO_ONLY))
        return
    yield _sensitivity(review, checks, f"sensitivity-{name}")
    sentences = " ".join(filter(None, [_small_study(checks), _moderators(checks)]))
    yield Paragraph(runs(true_minus(with_labels(sentences, review))))
    yield Paragraph(runs(Run("Method.", strong=True), " ", checks.model.explain()))


def _summary(checks: PoolChecks, anchor: str) -> Table:
    rows = tuple(Row((runs(name), runs(value))) for name, value in _summary_rows(checks.pooled))
    log = MEASURES[checks.pooled.measure].scale == "log"
    scale = "The log scale is the natural logarithm; its standard error is the model's, before the "
    note = scale if log else "The standard error is the model's, before the "
    notes = (runs(f"{note}Hartung-Knapp adjustment."),)
    columns = (Column("Result", width=1.6), Column("Value", width=2.4))
    kind = ", a sensitivity analysis beside the two" if not checks.enough else ""
    return Table(f"{checks.label}: pooled result{kind}", columns, rows, notes, anchor)


def _summary_rows(pooled: PooledEffect) -> Iterator[tuple[str, str]]:
    measure, digits = MEASURES[pooled.measure], decimals_of(pooled.measure)
    estimate, interval, prediction = pooled.natural()
    level, unit = f"{100 * pooled.level:g}%", f", {pooled.unit}" if pooled.unit else ""
    yield "Studies", str(pooled.k)
    summary = f"{number(estimate, digits)} ({span(*interval, digits)})"
    yield f"Pooled {measure.label}{unit} ({level} confidence interval)", summary
    yield f"{level} prediction interval", _TWO if prediction is None else span(*prediction, digits)
    if measure.scale == "log":
        logarithm = f"{number(pooled.estimate, 4)} ({pooled.standard_error:.4f})"
        yield f"Pooled log {measure.label} (standard error)", logarithm
    else:
        yield "Standard error", f"{pooled.standard_error:.4f}"
    yield "Hartung-Knapp standard error", f"{pooled.standard_error_hartung_knapp:.4f}"
    yield "Between-study variance, tau2", variance_text(pooled.tau2)
    yield f"{level} interval of tau2, by Q-profile", _tau2_limits(pooled)
    yield "Share of variation between studies, I2", _TWO if pooled.i2 is None else percent(pooled.i2)
    yield "Method", pooled.method


def _bayesian(checks: PoolChecks) -> str:
    """The Bayesian analysis in a sentence or two, or why there is none."""
    found = checks.bayesian
    if not found.fits:
        return found.reason
    told = []
    for fit, row in zip(found.fits, bayesian_rows(checks), strict=True):
        told.append(
            f"with the prior {fit.name}, {row[effect_name(checks)]}, tau {row['tau']}, probability of "
            f"{found.target.words} {row[f'probability of {found.target.words}']}"
        )
    return f"Bayesian random effects (medians and credible intervals): {'; '.join(told)}. {found.reason}"


def _tau2_limits(pooled: PooledEffect) -> str:
    if pooled.tau2_interval is None:
        return _TWO
    low, high = pooled.tau2_interval
    if high == 0:
        return "0 alone: the estimates differ less than chance makes them"
    upper = variance_text(high) if math.isfinite(high) else "no upper limit"
    return f"{variance_text(low)} to {upper}"


def _sensitivity(review: Review, checks: PoolChecks, anchor: str) -> Table:
    columns = (
        Column("Analysis", width=2.4),
        Column(effect_name(checks).capitalize(), width=1.4),
        Column("tau2", "right", 0.7),
    )
    rows = tuple(
        Row(tuple(runs(true_minus(with_labels(cell, review))) for name, cell in row.items() if name != "k"))
        for row in alternative_rows(checks)
    )
    note = runs(with_labels(_influential(checks), review))
    return Table(f"{checks.label}: sensitivity of the pooled result", columns, rows, (note,), anchor)


def _influential(checks: PoolChecks) -> str:
    names = listing(checks.influential)
    which = f"Influential: {names}" if names else "No study is influential"
    return f"{which} (DFFITS, Cook's distance, hat values and DFBETAS, with the limits that the notebook gives)."


def _small_study(checks: PoolChecks) -> str:
    found = checks.small_study
    if found.reason:
        return found.reason
    told = []
    for name, test in found.tests.items():
        p = "" if isinstance(test, TrimAndFill) else f", p {_compared(test.p_value)}"
        told.append(f"{name} {test_text(checks, test)}{p}")
    told += [f"{name} not made ({why})" for name, why in found.not_made]
    return f"Small-study effects: {'; '.join(told)}."


def _compared(p: float) -> str:
    text = p_text(p)
    return text if text.startswith("<") else f"= {text}"


def _moderators(checks: PoolChecks) -> str:
    if not checks.moderators:
        return ""
    told = "; ".join(_moderator(checks, item) for item in checks.moderators)
    return f"By characteristics of studies, which is an observation and no comparison within them: {told}."


def _moderator(checks: PoolChecks, item: ModeratorCheck) -> str:
    name, result = inside(item.moderator.label), item.result
    if result is None:
        return f"{name}, not analysed ({item.reason})"
    left_out = f" ({item.reason})" if item.reason else ""
    if isinstance(result, MetaAnalysis):
        unit = f" ({item.moderator.unit})" if item.moderator.unit else ""
        what = "ratio" if MEASURES[checks.pooled.measure].scale == "log" else "difference"
        p = _compared(float(result.p_values[-1]))
        return f"{name}{unit}, {what} per unit {slope_text(checks, result)}, p {p}{left_out}"
    p = "not defined" if result.q_between_p is None else _compared(result.q_between_p)
    return f"{name}, between {len(result.models)} groups p {p}{left_out}"


def judgement_blocks(review: Review, answer: Answer | ComparisonAnswer, name: str) -> Iterator[Block]:
    """The pool without the studies that may be worse, and with them, by each tool for risk of bias."""
    found = review.pool_by_judgement(answer)
    for index, item in enumerate(found, start=1):
        frame = item.show().frame
        columns = tuple(Column(str(heading), width=_JUDGED.get(str(heading), 1.0)) for heading in frame.columns)
        rows = tuple(Row(tuple(runs(true_minus(str(cell))) for cell in line)) for line in frame.to_numpy())
        notes = tuple(runs(with_labels(true_minus(sentence), review)) for sentence in (item.words[0], item.words[-1]))
        caption = f"{item.label}: the pool by {item.judged}"
        yield Table(caption, columns, rows, notes, f"by-judgement-{name}-{index}")


#: Columns of the table of pools by judgement that hold words are wider.
_JUDGED = {"studies": 2.2, "remarks": 2.0, "k": 0.5, "weight": 0.7}
