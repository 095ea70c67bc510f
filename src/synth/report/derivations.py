"""How an interval that no paper prints was worked out, what it rests on, and what may not be said of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from synth.effects.continuous import CorrelationGrid
from synth.effects.reported import ReadingsOfP, StandardErrorReading
from synth.report.model import Block, Bullets, Column, Row, Run, Runs, Section, Table, runs
from synth.report.words import anchor, number, signed, span, study_run, true_minus
from synth.review import Review
from synth.synthesis.series import Series


def derivation_blocks(review: Review, item: Series) -> Iterator[Block]:
    """A folded section for a series whose standard error was derived; nothing for any other."""
    if item.effect is None or item.effect.interval is None or item.effect.derivation is None:
        return
    blocks: list[Block] = []
    if item.readings is not None:
        blocks += [_readings_table(review, item, item.readings), Bullets(tuple(_limits_of_reading(review, item)))]
    if item.grid is not None:
        blocks += [_grid_table(review, item, item.grid), Bullets(tuple(_limits_of_grid(review, item, item.grid)))]
    label = f"{study_run(item.study_id, review).text}, {item.instrument}"
    name = _anchor("derived", item)
    yield Section(f"How the interval was derived: {label}", name, tuple(blocks), folded=True)


def _anchor(kind: str, item: Series) -> str:
    months = "" if item.timepoint_months is None else f"{item.timepoint_months:g}"
    return anchor(kind, f"{item.study_id} {item.arm_id} {item.outcome} {item.instrument} {months}")


def _readings_table(review: Review, item: Series, readings: ReadingsOfP) -> Table:
    level = f"{100 * readings.level:g}%"
    columns = (
        Column("Reading of the p value", width=2.4),
        Column("Standard error", "right"),
        Column(f"Change ({level} interval)", width=1.6),
        Column("Interval over the rounding of p", width=1.6),
    )
    rows = (
        _reading_row(readings, readings.main, "main line: "),
        *(_reading_row(readings, reading, "") for reading in readings.alternatives),
    )
    printed = item.summary.p_value
    notes = (
        runs(
            f"From the printed p value {printed}, n = {item.summary.n} and the change {signed(readings.main.change)}. "
            f"{_named_test(item)} The reading assumes that {readings.main.derivation.assumption}. "
            f"{readings.main.derivation.source}."
        ),
    )
    caption = f"{study_run(item.study_id, review).text}, {item.instrument}: readings of the p value"
    return Table(caption, columns, rows, notes, _anchor("readings", item))


def _named_test(item: Series) -> str:
    if item.reported_test:
        return f"The source names the test: {item.reported_test}."
    return "The test is not named in what was read, so the main line is an assumption."


def _reading_row(readings: ReadingsOfP, reading: StandardErrorReading, prefix: str) -> Row:
    interval = reading.interval(readings.level)
    narrow, wide = reading.narrowest_interval(readings.level), reading.widest_interval(readings.level)
    limits = [*narrow, *wide]
    rounding = (
        "without limit"
        if any(math.isinf(limit) for limit in limits)
        else f"{span(*narrow)} at the narrowest, {span(*wide)} at the widest"
    )
    error = "-" if reading.standard_error is None else number(reading.standard_error, 2)
    shown = "none" if interval is None else f"{signed(reading.change)} ({span(*interval)})"
    return Row((runs(f"{prefix}{reading.test}"), runs(error), runs(shown), runs(rounding)))


def _limits_of_reading(review: Review, item: Series) -> Iterator[Runs]:
    assert item.readings is not None
    for test in item.readings.rank_tests:
        if test.excluded:
            yield runs(test.sentence)
    threshold = _threshold(review, item)
    if threshold is not None:
        yield runs(true_minus(item.readings.excludes(threshold).sentence), *_whose_threshold(review, item))


def _grid_table(review: Review, item: Series, grid: CorrelationGrid) -> Table:
    correlation = review.protocol.synthesis.correlation
    columns = (
        Column("Assumed correlation", "right"),
        Column("SD of the changes", "right"),
        Column("Standard error", "right"),
        Column(f"Change ({100 * grid.level:g}% interval)", width=1.8),
    )
    rows = tuple(
        Row(
            (
                runs(
                    Run(
                        number(line.correlation),
                        strong=correlation is not None and line.correlation == correlation.main,
                    )
                ),
                runs(number(line.sd_of_change, 1)),
                runs(number(line.standard_error, 2)),
                runs(f"{signed(grid.change)} ({span(*line.interval)})"),
            )
        )
        for line in grid.lines
    )
    reason = correlation.reason if correlation is not None else ""
    notes = (runs(f"The main line is in bold. {reason}"),)
    caption = f"{study_run(item.study_id, review).text}, {item.instrument}: the change over a grid of correlations"
    return Table(caption, columns, rows, notes, _anchor("grid", item))


def _limits_of_grid(review: Review, item: Series, grid: CorrelationGrid) -> Iterator[Runs]:
    if item.summary.unit_of_analysis == "not stated":
        yield runs("Whether the means are of patients or of hips is not stated, so n is uncertain too.")
    threshold = _threshold(review, item)
    if threshold is None:
        yield runs("No published important difference was read for this instrument.")
        return
    holding = [line for line in grid.lines if line.interval[0] <= threshold <= line.interval[1]]
    if holding:
        low, high = holding[0].interval
        yield runs(
            f"It may not be said that the interval excludes {number(threshold)}: at a correlation of "
            f"{number(holding[0].correlation)} it reaches from {span(low, high)}.",
            *_whose_threshold(review, item),
        )
    else:
        yield runs(
            f"At every correlation of the grid the interval excludes {number(threshold)}.",
            *_whose_threshold(review, item),
        )


def _threshold(review: Review, item: Series) -> float | None:
    instrument = review.protocol.instrument(item.instrument)
    if instrument.chosen is None or instrument.better is None:
        return None
    return instrument.chosen.value if instrument.better == "higher" else -instrument.chosen.value


def _whose_threshold(review: Review, item: Series) -> Runs:
    population = review.protocol.instrument(item.instrument).chosen_population
    return runs(
        " ",
        Run("That difference was published", link="#important-differences"),
        f" for {population}, and is one of single patients, not of means.",
    )
