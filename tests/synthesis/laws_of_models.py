"""Invented studies, and every number of a fitted model with the power of the data's unit that it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from synth.synthesis import MetaAnalysis, meta_regression

METHODS = ("common", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ")
TESTS = ("normal", "t", "hartung-knapp", "hartung-knapp-guarded")
# Power of the unit: estimates in centimetres are 100 times those in metres, variances 10,000 times.
POWERS = {
    0: "statistics p_values q_e q_e_p q_m q_m_p i2 h2 r2 s2w weights",
    1: "beta standard_errors low high tau fitted",
    2: "tau2 tau2_se covariance typical_variance",
}


@dataclass(frozen=True)
class Studies:
    """Estimates, variances, one number and one category for each study, and the analyst's own weights."""

    y: np.ndarray
    v: np.ndarray
    dose: np.ndarray
    group: np.ndarray
    weights: np.ndarray

    def changed(self, **columns: Any) -> Studies:
        return Studies(**{**vars(self), **columns})

    def rows(self, which: Any) -> Studies:
        return Studies(**{name: column[which] for name, column in vars(self).items()})


def studies(k: int, heterogeneity: float = 1.0, seed: int = 4) -> Studies:
    """`k` invented studies; without heterogeneity their estimates vary less than their variances allow for."""
    draw = np.random.default_rng([seed, k])
    v = draw.uniform(0.02, 0.6, k)
    y = 0.4 + np.sqrt(v) * draw.normal(size=k) * (1.0 if heterogeneity else 0.1) + heterogeneity * draw.normal(size=k)
    group = np.array(["a", "b", "c"])[np.arange(k) % 3]
    return Studies(y, v, draw.normal(size=k), group, draw.uniform(0.5, 2.0, k))


def fitted(
    data: Studies, method: str = "REML", test: str = "normal", moderated: bool = False, **options: Any
) -> MetaAnalysis:
    """The model of these studies, with both moderators or none."""
    columns = {"dose": data.dose, "group": data.group} if moderated else {}
    weights = data.weights if method == "GENQ" else None
    return meta_regression(data.y, data.v, columns, method=method, test=test, weights=weights, **options)


def numbers(model: MetaAnalysis) -> dict[str, tuple[int, Any]]:
    """Every number of a model and of what follows from it, with its power of the unit; None where it has none."""
    found = {name: (power, getattr(model, name)) for power, names in POWERS.items() for name in names.split()}
    for kind in ("model", "riley"):
        prediction = model.predict(prediction_method=kind)
        found[f"prediction, {kind}"] = (1, prediction.prediction_low)
    if model.method != "common":
        found["blup"] = (1, model.blup().estimates)
        interval = model.tau2_interval()
        found |= {"interval of tau2": (2, interval.tau2), "interval of I2": (0, interval.i2)}
    return found


def assert_same(actual: MetaAnalysis, expected: MetaAnalysis, unit: float = 1.0, rtol: float = 1e-9) -> None:
    """All numbers of the first are those of the second in another unit."""
    wanted = numbers(expected)
    size = float(np.sqrt(np.median(expected.variances)))
    for name, (power, value) in numbers(actual).items():
        target = wanted[name][1]
        if target is None or value is None:
            assert value is target, name
            continue
        # What is nothing but rounding around 0 is compared with the size of the data, and shares with 1.
        target, floor = np.asarray(target) * unit**power, (size * unit) ** power
        np.testing.assert_allclose(value, target, rtol=rtol, atol=1e-11 * floor, err_msg=name)
