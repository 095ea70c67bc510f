"""The checks of a pool as tables for people, on the natural scale."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import pandas as pd

from synth.display import TextTable
from synth.effects.intervals import Interval
from synth.effects.measures import MEASURES
from synth.synthesis.ladder import POOL_FROM
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.model_tables import p_text
from synth.synthesis.small_study import TrimAndFill
from synth.synthesis.small_study.rank import RankTest
from synth.synthesis.subgroups import Subgroups

if TYPE_CHECKING:
    from synth.synthesis.sensitivity import PoolChecks
    from synth.synthesis.sensitivity_fits import ModeratorCheck, SmallStudyTest

#: Why nothing stands beside the pool of two studies (rule 13 of the methods).
TWO_ONLY = "Two estimates: their pool is a check beside the two, and nothing is checked further."

#: What a relation between studies is.
ACROSS_STUDIES = "A relation across studies is an observation and no comparison within them."


def decimals_of(measure: str) -> int:
    """Decimals that a reader needs of a natural value: ratios 2, differences of shares 3, changes of scores 1."""
    if MEASURES[measure].scale == "log":
        return 2
    return 3 if MEASURES[measure].kind in ("two-group counts", "one-group counts") else 1


def natural_text(measure: str, estimate: float | None, interval: Interval | None, decimals: int | None = None) -> str:
    """An estimate with its interval on the natural scale, or "none"."""
    if estimate is None:
        return "none"
    digits = decimals_of(measure) if decimals is None else decimals
    convert = MEASURES[measure].natural
    text = fixed(convert(estimate), digits)
    if interval is None:
        return f"{text} (no interval)"
    return f"{text} ({fixed(convert(interval[0]), digits)} to {fixed(convert(interval[1]), digits)})"


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals, never minus zero."""
    text = f"{value:.{decimals}f}"
    return text.lstrip("-") if float(text) == 0 else text


def variance_text(value: float) -> str:
    """A between-study variance: four decimals, one where it is large, two figures where it is very small."""
    if value == 0 or value >= 0.001:
        return f"{value:.4f}" if value < 100 else f"{value:.1f}"
    return f"{value:.{1 - math.floor(math.log10(value))}f}"


def effect_name(checks: PoolChecks) -> str:
    """Heading of a column of effects: measure, unit and level."""
    pooled = checks.pooled
    unit = f", {pooled.unit}" if pooled.unit else ""
    return f"{MEASURES[pooled.measure].label}{unit} ({100 * pooled.level:g}% interval)"


def pools(found: Iterable[PoolChecks]) -> TextTable:
    """One row a pool."""
    rows = [
        {
            "pool": item.label,
            "k": str(item.pooled.k),
            "standing": item.pooled.standing,
            "summary": f"{MEASURES[item.pooled.measure].label} "
            + natural_text(item.pooled.measure, item.pooled.estimate, item.pooled.interval),
            "method": item.pooled.method,
        }
        for item in found
    ]
    return TextTable(pd.DataFrame(rows), "Pools", "Nothing is pooled; the ladder says why.")


def alternatives(checks: PoolChecks) -> TextTable:
    """The summary under each method, and its range without single studies."""
    caption = f"{checks.label}: sensitivity of the pooled result (planned: {checks.pooled.method})"
    return TextTable(pd.DataFrame(list(alternative_rows(checks))), caption, TWO_ONLY)


def alternative_rows(checks: PoolChecks) -> Iterator[dict[str, str]]:
    """Rows of the table of alternatives: analysis, k, effect, tau2."""
    measure, effect = checks.pooled.measure, effect_name(checks)
    for item in checks.alternatives:
        shown = natural_text(measure, item.estimate, item.interval)
        tau2 = "-" if item.tau2 is None else variance_text(item.tau2)
        analysis = f"{item.name} ({item.note})" if item.note else item.name
        yield {"analysis": analysis, "k": str(item.k), effect: shown, "tau2": tau2}
    if checks.extremes is None or checks.leave_one_out is None:
        return
    tau2s = dict(zip(checks.leave_one_out.labels, checks.leave_one_out.tau2.tolist(), strict=True))
    for which, out in zip(("lowest", "highest"), checks.extremes, strict=True):
        yield {
            "analysis": f"One study left out, {which}: without {out.study}",
            "k": str(checks.pooled.k - 1),
            effect: natural_text(measure, out.estimate, out.interval),
            "tau2": variance_text(tau2s[out.study]),
        }


def studies(checks: PoolChecks) -> TextTable:
    """The summary without each study, and which are influential."""
    found, influence = checks.leave_one_out, checks.influence
    caption = f"{checks.label}: each study left out"
    if found is None or influence is None:
        return TextTable(pd.DataFrame(), caption, TWO_ONLY)
    effect = effect_name(checks)
    rows = []
    for row, name in enumerate(found.labels):
        interval = float(found.low[row]), float(found.high[row])
        given = found.estimate[row] == found.estimate[row]
        rows.append(
            {
                "without": name,
                effect: natural_text(checks.pooled.measure, float(found.estimate[row]), interval) if given else "none",
                "tau2": variance_text(float(found.tau2[row])) if given else "none",
                "weight": f"{100 * float(influence.weight[row]):.1f}%",
                "residual without it": f"{float(influence.rstudent[row]):.2f}",
                "Cook's distance": f"{float(influence.cooks_distance[row]):.2f}",
                "influential": "yes" if influence.influential[row] else "no",
                "remark": found.row_marks[row] or "none",
            }
        )
    criteria = "; ".join(influence.criteria)
    return TextTable(pd.DataFrame(rows), f"{caption} (influential by any of: {criteria})", TWO_ONLY)


def small_study(checks: PoolChecks) -> TextTable:
    """The tests for small-study effects, or why there are none."""
    found = checks.small_study
    rows = [
        {"test": name, "result": test_text(checks, test), "p": _p_of(test), "how": test.method}
        for name, test in found.tests.items()
    ]
    rows += [{"test": name, "result": f"not made: {why}", "p": "-", "how": "-"} for name, why in found.not_made]
    return TextTable(pd.DataFrame(rows), f"{checks.label}: small-study effects", found.reason)


def _p_of(test: SmallStudyTest) -> str:
    return (
        (p_text(test.k0_p) if test.k0_p is not None else "-") if isinstance(test, TrimAndFill) else p_text(test.p_value)
    )


def test_text(checks: PoolChecks, test: SmallStudyTest) -> str:
    """The number of a test, in a few words."""
    if isinstance(test, TrimAndFill):
        measure = checks.pooled.measure
        if test.k0 == 0:
            return "none missing"
        filled = natural_text(measure, test.model.estimate, test.model.interval)
        return f"{test.k0} missing on the {test.side}, with mirror images {filled}"
    if isinstance(test, RankTest):
        return f"tau {fixed(test.tau, 2)}"
    return f"t {fixed(test.statistic, 2)}"


def moderators(checks: PoolChecks) -> TextTable:
    """The pool by characteristics of its studies, or why not."""
    caption = f"{checks.label}: by characteristics of studies. {ACROSS_STUDIES}"
    rows = [row for item in checks.moderators for row in _moderator_rows(checks, item)]
    return TextTable(pd.DataFrame(rows), caption, "The protocol names no characteristic to relate pools to.")


def _moderator_rows(checks: PoolChecks, item: ModeratorCheck) -> Iterator[dict[str, str]]:
    name, effect = item.moderator.label, effect_name(checks)
    result = item.result
    base = {"characteristic": name, "part": "-", "k": "-", effect: "none", "p": "-", "remarks": item.reason or "none"}
    if result is None:
        yield base
    elif isinstance(result, MetaAnalysis):
        r2 = "" if result.r2 is None else f"R2 {100 * result.r2:.0f}%"
        remarks = "; ".join(filter(None, [item.reason, r2, *result.marks])) or "none"
        yield base | {
            "part": f"per unit ({item.moderator.unit})" if item.moderator.unit else "per unit",
            "k": str(result.k),
            effect: slope_text(checks, result),
            "p": p_text(float(result.p_values[-1])),
            "remarks": remarks,
        }
    else:
        yield from _group_rows(checks, result, base)


def _group_rows(checks: PoolChecks, result: Subgroups, base: dict[str, str]) -> Iterator[dict[str, str]]:
    p = "-" if result.q_between_p is None else p_text(result.q_between_p)
    yield base | {"part": "between groups", "k": str(sum(model.k for model in result.models.values())), "p": p}
    assert result.joint is not None  # groups share one tau2
    # The interval of the joint model, whose tau2 and standard error all studies inform.
    fitted = result.joint.predict({"group": list(result.models)})
    assert fitted.low is not None
    assert fitted.high is not None
    limits = zip(fitted.low.tolist(), fitted.high.tolist(), strict=True)
    for (group, model), interval in zip(result.models.items(), limits, strict=True):
        few = "for sensitivity only" if model.k < POOL_FROM else "none"
        shown = natural_text(checks.pooled.measure, model.estimate, interval)
        yield base | {"part": group, "k": str(model.k), effect_name(checks): shown, "remarks": few}


def slope_text(checks: PoolChecks, result: MetaAnalysis) -> str:
    """What one unit more of the moderator goes with: a factor for ratios, else a difference."""
    digits = decimals_of(checks.pooled.measure) + 1
    interval = float(result.low[-1]), float(result.high[-1])
    return natural_text(checks.pooled.measure, float(result.beta[-1]), interval, digits)


def methods(checks: PoolChecks) -> TextTable:
    """How the pool and each check were computed, with references."""
    told = [("pool", checks.model.explain())]
    told += [(item.method, item.explain()) for item in checks.stratified]
    told += [(name, test.explain()) for name, test in checks.small_study.tests.items()]
    told += [(item.moderator.label, _related(item.result)) for item in checks.moderators if item.result is not None]
    rows = [{"part": name, "how, in words for a methods section": " ".join(text.split())} for name, text in told]
    return TextTable(pd.DataFrame(rows), f"{checks.label}: methods")


def _related(result: MetaAnalysis | Subgroups) -> str:
    if isinstance(result, MetaAnalysis):
        return result.explain()
    assert result.joint is not None  # groups share one tau2
    return f"{len(result.models)} groups of studies share one between-study variance. {result.joint.explain()}"
