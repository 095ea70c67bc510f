"""Adapters of the stratified methods: rma.mh() and rma.peto()."""

from __future__ import annotations

from collections.abc import Callable

from reference_cases import Case
from reference_compare import NotOfferedError, Outputs
from reference_inputs import known_arguments, known_inputs, level_of, numbers
from reference_models import percent

from synth.synthesis.stratified import mantel_haenszel as pooled_tables
from synth.synthesis.stratified import mantel_haenszel_rates as pooled_rates
from synth.synthesis.stratified import peto as one_step
from synth.synthesis.stratified_result import StratifiedEffect

TABLE, RATES = ("ai", "bi", "ci", "di"), ("x1i", "t1i", "x2i", "t2i")
# One half added to the tables with a zero for the study estimates in Q, nothing for the pooled estimate.
HALVES = {"add": ("c(1/2,0)", [0.5, 0]), "to": ("c('only0','none')", ["only0", "none"])}


def mantel_haenszel(case: Case) -> Outputs:
    """rma.mh()."""
    known_arguments(case, "correct", "level", "add", "to")
    for argument, usual in HALVES.items():
        if argument in case.spec and case.spec[argument] not in usual:
            raise NotOfferedError(f"{argument}={case.spec[argument]!r}: one half is added to the study estimates only")
    asked = {"level": level_of(case), "continuity_correction": case.spec.get("correct") is not False}
    if case.measure in {"OR", "RR", "RD"}:
        known_inputs(case, TABLE)
        return _outputs(pooled_tables(*_arms(case), measure=case.measure, **asked))
    if case.measure in {"IRR", "IRD"}:
        known_inputs(case, RATES)
        return _outputs(pooled_rates(*(numbers(case.inputs[name]) for name in RATES), measure=case.measure, **asked))
    raise NotOfferedError(f"measure {case.measure}")


def peto(case: Case) -> Outputs:
    """rma.peto()."""
    known_arguments(case, "level")
    known_inputs(case, TABLE)
    return _outputs(one_step(*_arms(case), level=level_of(case)))


def _arms(case: Case) -> tuple[object, ...]:
    a, b, c, d = (numbers(case.inputs[name]) for name in TABLE)
    return a, a + b, c, c + d


def _outputs(found: StratifiedEffect) -> dict[str, Callable[[], object]]:
    interval = found.interval or (None, None)
    values: dict[str, object] = {
        "k": found.k,
        "beta": found.estimate,
        "se": found.standard_error,
        "zval": found.z,
        "pval": found.p_value,
        "ci.lb": interval[0],
        "ci.ub": interval[1],
        "QE": found.q_e,
        "QEp": found.q_e_p,
        "I2": percent(found.i2),
        "H2": found.h2,
        "MH": found.cmh,
        "MHp": found.cmh_p,
        "BD": found.breslow_day,
        "BDp": found.breslow_day_p,
        "TA": found.tarone,
        "TAp": found.tarone_p,
    }
    return {name: lambda value=value: value for name, value in values.items()}
