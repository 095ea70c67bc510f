"""Every number of a review under its name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from synth.display import html_table
from synth.effects.estimate import MEASURES, Effect
from synth.effects.intervals import Interval
from synth.provenance import slug
from synth.quantities import Quantities, Quantity
from synth.screening import Flow
from synth.synthesis.answers import Synthesis
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.counts import Count
from synth.synthesis.ladder import Answer
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.results import PooledEffect
from synth.synthesis.sensitivity import PoolChecks
from synth.synthesis.sensitivity_fits import ModeratorCheck
from synth.synthesis.series import Series
from synth.synthesis.small_study import TrimAndFill

#: Two builds of the same libraries may differ in the last digits of an iterative result; more than this is a change.
ITERATIVE_TOLERANCE = 1e-6


@dataclass(frozen=True, repr=False)
class Changes:
    """What is new against the last recorded release.

    Attributes
    ----------
    quantities : Quantities
        Of the evidence as it stands.
    """

    quantities: Quantities

    def table(self) -> pd.DataFrame:
        """One row a quantity: name, value, interval, unit, method, rows."""
        rows = [
            {
                "quantity": item.name,
                "value": "not seen" if item.value is None else f"{item.value:.6g}",
                "interval": "" if item.interval is None else f"{item.interval[0]:.6g} to {item.interval[1]:.6g}",
                "unit": item.unit,
                "method": item.method,
                "rows": ", ".join(item.rows),
            }
            for item in self.quantities
        ]
        return pd.DataFrame(rows, columns=["quantity", "value", "interval", "unit", "method", "rows"])

    def summary(self) -> str:
        """In a sentence: this is the first release, and what it holds."""
        return f"No earlier release is recorded: this is the first. It holds {len(self.quantities)} named quantities."

    def __repr__(self) -> str:
        return f"Changes(first release, {len(self.quantities)} quantities)"

    def _repr_html_(self) -> str:
        return f"<p>{self.summary()}</p>" + html_table(self.table(), "Quantities of this release")


def named_quantities(review: str, synthesis: Synthesis, flow: Flow) -> Quantities:
    """All quantities of a review, each under a name of its own."""
    return Quantities(
        [
            *_flow(review, flow),
            *_studied(review, synthesis),
            *(item for answer in synthesis for item in _answer(review, synthesis, answer)),
            *(item for count in synthesis.counts for item in _count(review, synthesis, count)),
            *(item for comparison in synthesis.comparisons for item in _comparison(review, synthesis, comparison)),
        ]
    )


def _flow(review: str, flow: Flow) -> Iterator[Quantity]:
    boxes = (
        ("from_databases", flow.from_databases),
        ("from_other_methods", flow.from_other_methods),
        *((slug(reason), count) for reason, count in flow.removed),
        ("not_retrieved", flow.not_retrieved),
        ("assessed", flow.assessed),
        ("included", flow.included),
    )
    for name, value in boxes:
        yield Quantity(name=f"{review}/flow/{name}", value=float(value), unit="reports", method="counted")
    for reason, value in flow.excluded:
        name = f"{review}/flow/excluded/{slug(reason)}"
        yield Quantity(name=name, value=float(value), unit="reports", method="counted")


def _studied(review: str, synthesis: Synthesis) -> Iterator[Quantity]:
    for procedure, studied in synthesis.studied.items():
        yield Quantity(
            name=f"{review}/{slug(procedure)}/studies",
            value=float(studied.arms["study_id"].nunique()),
            unit="studies",
            method="counted",
            rows=tuple(studied.arms["row"]),
        )
        for unit, total in (("patients", studied.patients), ("hips", studied.hips)):
            bound = ", an upper bound because overlap cannot be excluded" if total.at_most else ""
            yield Quantity(
                name=f"{review}/{slug(procedure)}/{unit}",
                value=float(total.stated) if total.arms_stating else None,
                unit=unit,
                method=f"sum over the arms that state it{bound}",
                rows=total.rows,
            )


def _answer(review: str, synthesis: Synthesis, answer: Answer) -> Iterator[Quantity]:
    base = f"{review}/{slug(answer.procedure)}/{slug(answer.outcome)}/{slug(answer.instrument)}"
    for item in answer.series:
        yield from _series(base, item)
    if answer.pooled is not None:
        yield from _pooled(f"{base}/change", answer.pooled, _rows(answer.estimates))
        yield from _checks(f"{base}/change/pooled", synthesis.pools.of(answer), _rows(answer.estimates))


def _series(base: str, item: Series) -> Iterator[Quantity]:
    whose = f"{item.study_id}_{slug(item.arm_id)}" + ("" if item.role == "synthesis" else f"/{slug(item.role)}")
    moment = "" if item.timepoint_months is None else f"/{item.timepoint_months:g}_months"
    for name, value in _printed(item):
        if value is not None:
            unit = item.summary.unit_of_analysis if name == "n" else item.summary.unit
            yield Quantity(
                name=f"{base}/{name}/{whose}{moment}", value=value, unit=unit, method="as printed", rows=(item.row,)
            )
    if item.effect is not None:
        yield _effect(f"{base}/change/{whose}{moment}", item.effect)


def _printed(item: Series) -> Iterator[tuple[str, float | None]]:
    summary = item.summary
    yield "n", None if summary.n is None else float(summary.n)
    for moment, mean, sd, limits in (
        ("before", summary.baseline_mean, summary.baseline_sd, item.baseline_range),
        ("after", summary.followup_mean, summary.followup_sd, item.followup_range),
    ):
        yield moment, mean
        yield f"{moment}_sd", sd
        yield f"{moment}_lowest", None if limits is None else limits[0]
        yield f"{moment}_highest", None if limits is None else limits[1]


def _effect(name: str, effect: Effect) -> Quantity:
    scale = MEASURES[effect.measure].label
    unit = effect.unit or (f"log {scale}" if effect.scale == "log" else scale)
    derived = effect.derivation.method if effect.derivation and effect.standard_error is not None else ""
    return Quantity(
        name=name,
        value=effect.estimate,
        interval=effect.interval,
        level=effect.level if effect.interval else None,
        unit=unit,
        method="; ".join(filter(None, [scale, derived, *effect.marks])),
        rows=effect.rows,
        tolerance=ITERATIVE_TOLERANCE if derived else 0.0,
    )


def _count(review: str, synthesis: Synthesis, count: Count) -> Iterator[Quantity]:
    procedure = synthesis.arm_procedures[(count.study_id, count.arm_id)]
    role = "" if count.role == "synthesis" else f"/{slug(count.role)}"
    base = f"{review}/{slug(procedure)}/event/{slug(count.event)}/{count.study_id}_{slug(count.arm_id)}{role}"
    unit = count.unit_of_analysis
    yield Quantity(name=f"{base}/events", value=float(count.events), unit=unit, method="as printed", rows=(count.row,))
    yield Quantity(name=f"{base}/total", value=float(count.total), unit=unit, method="as printed", rows=(count.row,))
    for name, proportion in (("proportion", count.proportion), ("proportion_by_patient", count.by_patient)):
        if proportion is not None:
            yield Quantity(
                name=f"{base}/{name}",
                value=proportion.estimate,
                interval=proportion.interval,
                level=proportion.level,
                unit=f"proportion of {proportion.unit_of_analysis}",
                method="Clopper-Pearson interval",
                rows=(count.row,),
                tolerance=1e-9,
            )


def _comparison(review: str, synthesis: Synthesis, item: ComparisonAnswer) -> Iterator[Quantity]:
    scale = "log_" if MEASURES[item.comparison.measure].scale == "log" else ""
    base = f"{review}/{slug(item.comparison.id)}/{scale}{item.comparison.measure.lower()}"
    for effect in item.effects:
        yield _effect(f"{base}/{effect.study_id}", effect)
    if item.pooled is not None:
        yield from _pooled(base, item.pooled, _rows(item.effects))
        yield from _checks(f"{base}/pooled", synthesis.pools.of(item), _rows(item.effects))


def _rows(effects: tuple[Effect, ...]) -> tuple[str, ...]:
    return tuple(row for effect in effects for row in effect.rows)


def _pooled(base: str, pooled: PooledEffect, rows: tuple[str, ...]) -> Iterator[Quantity]:
    unit = _unit(pooled)
    limits = pooled.tau2_interval
    known = limits if limits is not None and math.isfinite(limits[1]) else None
    parts: list[tuple[str, float | None, tuple[float, float] | None, str]] = [
        ("pooled", pooled.estimate, pooled.interval, unit),
        ("pooled/standard_error", pooled.standard_error, None, unit),
        ("pooled/prediction", pooled.estimate, pooled.prediction, unit),
        ("pooled/tau2", pooled.tau2, known, f"{unit}, squared"),
        ("pooled/i2", pooled.i2, None, "proportion"),
        ("pooled/k", float(pooled.k), None, "studies"),
    ]
    for name, value, interval, part_unit in parts:
        yield Quantity(
            name=f"{base}/{name}",
            value=value,
            interval=interval,
            level=pooled.level if interval else None,
            unit=part_unit,
            method=pooled.method,
            rows=rows,
            tolerance=0.0 if name.endswith("/k") else ITERATIVE_TOLERANCE,
        )


def _unit(pooled: PooledEffect) -> str:
    measure = MEASURES[pooled.measure]
    return pooled.unit or (f"log {measure.label}" if measure.scale == "log" else measure.label)


def _checks(base: str, checks: PoolChecks, rows: tuple[str, ...]) -> Iterator[Quantity]:
    """What the pool would be otherwise: other methods, a study left out, small-study effects, moderators."""
    for name, value, interval, unit, method in _checked(checks):
        yield Quantity(
            name=f"{base}/{name}",
            value=value,
            interval=interval,
            level=checks.pooled.level if interval else None,
            unit=unit,
            method=method,
            rows=rows,
            tolerance=ITERATIVE_TOLERANCE,
        )


_Part = tuple[str, float | None, Interval | None, str, str]


def _checked(checks: PoolChecks) -> Iterator[_Part]:
    unit = _unit(checks.pooled)
    for item in checks.alternatives[1:]:
        yield f"otherwise/{item.key}", item.estimate, item.interval, unit, item.name
    for which, out in zip(("lowest", "highest"), checks.extremes or (), strict=False):
        yield f"one_left_out/{which}", out.estimate, out.interval, unit, f"without {out.study}, {checks.pooled.method}"
    for name, test in checks.small_study.tests.items():
        if isinstance(test, TrimAndFill):
            yield "trim_and_fill", test.model.estimate, test.model.interval, unit, f"{test.method}, {test.k0} added"
        else:
            yield f"small_study/{slug(name)}_p", test.p_value, None, "p value", test.method
    for check in checks.moderators:
        yield from _moderator(check, unit)


def _moderator(check: ModeratorCheck, unit: str) -> Iterator[_Part]:
    name, result = f"moderator/{slug(check.moderator.column)}", check.result
    if isinstance(result, MetaAnalysis):
        interval = float(result.low[-1]), float(result.high[-1])
        per = f"{unit} per {check.moderator.unit or 'unit'}"
        yield name, float(result.beta[-1]), interval, per, f"meta-regression, {result.method}, {result.test}"
    elif result is not None and result.q_between_p is not None:
        yield f"{name}_p", result.q_between_p, None, "p value", "test between groups with one tau2"
