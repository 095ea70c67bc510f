"""Adapters of effects: escalc(), transf(), back-transformed predictions, conv.fivenum() and conv.wald()."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
from reference_cases import Case, number
from reference_compare import NotOfferedError, Outputs
from reference_inputs import FloatArray, known_arguments, known_inputs, level_of, listed, numbers
from reference_models import fit_of, predicted
from reference_rules import VARIANCE_ALONE

from synth.effects.compute import effect_sizes
from synth.effects.measures import MEASURES
from synth.effects.reported.quantiles import moments_from_quantiles
from synth.effects.reported.wald import wald as wald_variances
from synth.effects.sizes import EffectSizes, Inference
from synth.effects.transforms import TRANSFORMATIONS
from synth.effects.zero_cells import ZeroCells

# Columns of each kind of data by metafor's argument names; a sum of two where metafor asks for the rest of a group.
Columns = Mapping[str, tuple[str, ...]]
TWO_COUNTS: Columns = {
    "events_treated": ("ai",),
    "total_treated": ("ai", "bi"),
    "events_control": ("ci",),
    "total_control": ("ci", "di"),
}
TOTALS_GIVEN: Columns = {**TWO_COUNTS, "total_treated": ("n1i",), "total_control": ("n2i",)}
ONE_COUNT: Columns = {"events": ("xi",), "total": ("ni",)}
WITH_FAILURES: Columns = {"events": ("xi",), "total": ("xi", "mi")}
OF_KIND: Mapping[str, Columns] = {
    "two-group counts": TWO_COUNTS,
    "matched pairs": {
        "pairs_both": ("ai",),
        "pairs_treated_only": ("bi",),
        "pairs_control_only": ("ci",),
        "pairs_neither": ("di",),
    },
    "two-group means": {
        "mean_treated": ("m1i",),
        "sd_treated": ("sd1i",),
        "n_treated": ("n1i",),
        "mean_control": ("m2i",),
        "sd_control": ("sd2i",),
        "n_control": ("n2i",),
    },
    "one-group means": {"mean": ("mi",), "sd": ("sdi",), "n": ("ni",)},
    "one-group counts": ONE_COUNT,
    "one-group rates": {"events": ("xi",), "person_time": ("ti",)},
    # metafor's first occasion is the one that the second is taken from.
    "change in one group": {
        "mean_after": ("m1i",),
        "sd_after": ("sd1i",),
        "mean_before": ("m2i",),
        "sd_before": ("sd2i",),
        "n": ("ni",),
        "correlation": ("ri",),
    },
    "two-group rates": {
        "events_treated": ("x1i",),
        "person_time_treated": ("t1i",),
        "events_control": ("x2i",),
        "person_time_control": ("t2i",),
    },
    "correlations": {"correlation": ("ri",), "n": ("ni",)},
    "estimates": {"estimate": ("yi",), "sampling_variance": ("vi",)},
}
COUNTED = frozenset({"two-group counts", "matched pairs", "one-group counts", "one-group rates", "two-group rates"})
# metafor standardises by sd1i, and passes the SD before the treatment there.
STANDARDISED_BY_FIRST = frozenset({"SMCR", "SMCRH"})
# Defined for empty cells as they are: what metafor adds is 0 unless a case says another number.
NOTHING_ADDED = frozenset({"AS", "PAS", "PFT", "IRS", "IRFT", "IRSD"})
FIVE_NUMBERS = dict.fromkeys(("default", "luo/wan/shi", "luo/wan/shi (default)"), "luo-wan-shi")
DISTRIBUTIONS = {"norm": "normal", "lnorm": "log-normal"}
# What stands behind a pooled value whose way back needs to know it.
SIZES_BEHIND = {"ipft": "ni", "ipft.hm": "ni", "iirft": "ti"}
WALD_TRANSFORMS = {"log": "log", "qlogis": "logit", "transf.logit": "logit", "atanh": "atanh", "transf.rtoz": "atanh"}


def escalc(case: Case) -> Outputs:
    """escalc() and summary() of it."""
    known_arguments(case, "add", "to", "drop00", "correct", "vtype", "level")
    found = _effect_sizes(case)

    @cache
    def inference() -> Inference:
        return found.inference(level_of(case))

    return {
        "yi": lambda: found.estimates,
        "vi": lambda: _beside_estimates(case, "vi", found.variances),
        "sei": lambda: _beside_estimates(case, "sei", inference().standard_errors),
        "zi": lambda: inference().z,
        "pval": lambda: inference().p,
        "ci.lb": lambda: inference().low,
        "ci.ub": lambda: inference().high,
    }


def _beside_estimates(case: Case, name: str, values: FloatArray) -> list[float | Callable[[], object]]:
    """Values of an output; not compared are those that metafor has for rows without an estimate (VARIANCE_ALONE)."""

    def not_compared() -> object:
        raise NotOfferedError(VARIANCE_ALONE)

    estimates, theirs = listed(case.outputs.get("yi")), listed(case.outputs.get(name))
    if not len(estimates) == len(theirs) == len(values):
        return list(values.tolist())
    alone = [number(y) is None and number(other) is not None for y, other in zip(estimates, theirs, strict=True)]
    return [not_compared if without else value for value, without in zip(values.tolist(), alone, strict=True)]


def _effect_sizes(case: Case) -> EffectSizes:
    if case.measure not in MEASURES:
        raise NotOfferedError(f"measure {case.measure}")
    measure = MEASURES[case.measure]
    places = dict(_columns(case, measure.kind))
    if measure.code in STANDARDISED_BY_FIRST:
        places["sd_before"], places["sd_after"] = places["sd_after"], places["sd_before"]
    columns = {name: _sum(case, places[name]) for name in measure.columns}
    known_inputs(case, {name for names in places.values() for name in names})
    variance = case.spec.get("vtype")
    if variance is not None and variance not in measure.variances:
        raise NotOfferedError(f"variance {variance} of {case.measure}")
    return effect_sizes(
        case.measure,
        zero_cells=_rule(case, measure.kind),
        correct=False if case.spec.get("correct") is False else None,
        variance=None if variance is None else str(variance),
        unusable="mark",
        **columns,
    )


def _columns(case: Case, kind: str) -> Columns:
    if kind == "two-group counts" and "n1i" in case.inputs:
        return TOTALS_GIVEN
    if kind == "one-group counts" and "ni" not in case.inputs:
        return WITH_FAILURES
    return OF_KIND[kind]


def _sum(case: Case, names: Sequence[str]) -> FloatArray:
    return np.sum([numbers(case.inputs.get(name)) for name in names], axis=0)


def _rule(case: Case, kind: str) -> ZeroCells | None:
    if kind not in COUNTED:
        return None
    add = number(case.spec.get("add", 0.0 if case.measure in NOTHING_ADDED else 0.5))
    to = str(case.spec.get("to", "only0"))
    if add is None or to not in {"only0", "all", "if0all", "none"}:
        raise NotOfferedError(f"add={case.spec.get('add')!r}, to={to!r}")
    return ZeroCells(add=add, to=to, drop00=case.spec.get("drop00") is True)


def transform(case: Case) -> Outputs:
    """transf.*(): the measure names the function."""
    known_arguments(case)
    known_inputs(case, {"x", "ni", "ti", "pc"})
    function = _transformation(case.measure)
    sizes = [numbers(case.inputs[name]) for name in ("ni", "ti", "pc") if name in case.inputs]
    return {"y": lambda: function(numbers(case.inputs["x"]), *sizes)}


def _transformation(name: str) -> Callable[..., FloatArray]:
    bare = name.removeprefix("transf.")
    if bare not in TRANSFORMATIONS:
        raise NotOfferedError(f"transformation {bare}")
    return TRANSFORMATIONS[bare]


def backtransform(case: Case) -> Outputs:
    """predict(transf=...) of a model of effects that are computed first."""
    known_arguments(case, "method", "test", "level", "transf", "ni", "add", "to", "vtype", "correct")
    name = str(case.spec.get("transf"))
    function = _transformation(name)
    behind = SIZES_BEHIND.get(name.removeprefix("transf."))
    sizes = [numbers(case.inputs[behind])] if behind else []
    effects = _effect_sizes(case)
    pooled = {"yi": effects.estimates[effects.usable].tolist(), "vi": effects.variances[effects.usable].tolist()}
    found = predicted(fit_of(replace(case, inputs=pooled)).predict())
    outputs: dict[str, Callable[[], object]] = {"se": lambda: [None]}
    for column in ("pred", "ci.lb", "ci.ub", "pi.lb", "pi.ub"):
        outputs[column] = lambda column=column: function(found[column], *sizes)
    return outputs


def five_numbers(case: Case) -> Outputs:
    """conv.fivenum(); the cases keep studies whose figures are skewed unless they say `test`."""
    known_arguments(case, "method", "dist", "transf", "test")
    known_inputs(case, {"min", "q1", "median", "q3", "max", "n"})
    method, distribution = str(case.spec.get("method", "default")), str(case.spec.get("dist", "norm"))
    if method not in FIVE_NUMBERS or distribution not in DISTRIBUTIONS:
        raise NotOfferedError(f"conv.fivenum with method {method} and distribution {distribution}")
    names = {"minimum": "min", "q1": "q1", "median": "median", "q3": "q3", "maximum": "max", "n": "n"}
    given = {ours: numbers(case.inputs[theirs]) for ours, theirs in names.items() if theirs in case.inputs}
    found = moments_from_quantiles(
        **given,
        method=FIVE_NUMBERS[method],
        distribution=DISTRIBUTIONS[distribution],
        back_transform=case.spec.get("transf") is not False,
        leave_out_skewed=case.spec.get("test") is True,
    )
    return {"mean": lambda: found.mean, "sd": lambda: found.sd}


def wald(case: Case) -> Outputs:
    """conv.wald()."""
    known_arguments(case, "level", "transf", "check")
    names = {"estimate": "out", "low": "ci.lb", "high": "ci.ub", "z": "zval", "p": "pval", "n": "n"}
    known_inputs(case, set(names.values()))
    given = {ours: numbers(case.inputs[theirs]) for ours, theirs in names.items() if theirs in case.inputs}
    asked = case.spec.get("transf")
    if asked is not None and str(asked) not in WALD_TRANSFORMS:
        raise NotOfferedError(f"conv.wald with transf {asked}")
    found = wald_variances(
        **given, level=level_of(case), transform=None if asked is None else WALD_TRANSFORMS[str(asked)]
    )
    return {"yi": lambda: found.yi, "vi": lambda: found.vi}
