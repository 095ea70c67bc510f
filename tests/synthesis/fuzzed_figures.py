"""Invented figures of studies for each effect measure, many of them impossible."""

from __future__ import annotations

from typing import Any

import numpy as np
from fuzzed_studies import DAMAGES, Draw, one_of, wrong_shape

from synth.effects.measures import MEASURES

SOME_MEASURES = tuple(MEASURES)
BAD_MEASURES = ("rr", "", None, 7, ["RR"])
BAD_VARIANCES = ("XX", "", 3, ["LS"])


def figures(seed: int) -> tuple[str, dict[str, Any]]:
    """A measure with all further arguments of `effect_sizes`, from one number."""
    draw = np.random.default_rng(seed)
    measure = one_of(draw, SOME_MEASURES, BAD_MEASURES)
    known = MEASURES.get(measure) if isinstance(measure, str) else None
    names = known.columns if known else ("events", "total")
    k = int(draw.choice([0, 1, 2, 3, 5, 8], p=[0.03, 0.2, 0.2, 0.2, 0.2, 0.17]))
    columns: dict[str, Any] = {name: figure(draw, name, k) for name in names}
    if draw.random() < 0.3:
        part = names[draw.integers(len(names))]
        damage = (*DAMAGES, dropped, extreme, wrong_shape)[draw.integers(len(DAMAGES) + 3)]
        columns[part] = damage(draw, columns[part])
        if columns[part] is DROP:
            del columns[part]
    variances = known.variances if known else ("LS",)
    options: dict[str, Any] = {"unusable": one_of(draw, ("mark", "refuse"), ("", None, 1))}
    if draw.random() < 0.5:
        options["variance"] = one_of(draw, variances, BAD_VARIANCES)
    if draw.random() < 0.3:
        options["correct"] = bool(draw.integers(2))
    return measure, columns | options


DROP = object()


def figure(draw: Draw, name: str, k: int) -> Any:
    """A column that is mostly possible, by what its name says."""
    if name.startswith("total") or name in ("n", "n_treated", "n_control"):
        return draw.integers(1, 12, k) + (0 if draw.random() < 0.2 else 10)
    if name.startswith(("events", "pairs")):
        return draw.integers(0, 9, k)
    if name == "correlation":
        return draw.uniform(-1.0, 1.0, k) if draw.random() < 0.9 else draw.choice([-1.0, 0.0, 1.0], k)
    if name.startswith(("sd", "person_time", "sampling", "standard")):
        return draw.uniform(0.0, 3.0, k)
    return draw.normal(size=k) * 10.0 ** draw.integers(-2, 4)


def dropped(draw: Draw, values: Any) -> Any:
    return DROP


def extreme(draw: Draw, values: Any) -> Any:
    items = [float(item) for item in values]
    return [item * 10.0 ** draw.choice([-300, -16, 8, 16, 300]) for item in items]
