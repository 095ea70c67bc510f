"""Intervals of variances and correlations: the profile likelihood falls by the same at both ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dense_multilevel import invented
from scipy import stats

from synth.errors import MethodError
from synth.synthesis import random_effects
from synth.synthesis.multilevel import Intercept, Nested, Structured, multilevel
from synth.synthesis.multilevel import intervals as multilevel_intervals
from synth.synthesis.multilevel.fit import highest_near
from synth.synthesis.multilevel.intervals import interval_of

DATA = invented(10)
PAIRS = DATA.picked(DATA.columns["outcome"] < 2)
DROP = stats.chi2.ppf(0.95, 1) / 2


def fit(random, **options):
    # Structures with a variance for each outcome, of two outcomes: four take as long as all the rest.
    data = PAIRS if "HCS" in str(random) else DATA
    return multilevel(data.y, data.v, random=random, columns=data.columns, **options)


def held(model, random, position, value, **options):
    """The model with one component held, by `fixed`."""
    component = model.components[position]
    lists = {}
    for kind in ("sigma2", "tau2", "rho"):
        count = len(getattr(model, kind))
        lists[kind] = [None] * count
    lists[component.kind][component.index] = value
    return fit(random, fixed=lists, **options)


@pytest.mark.parametrize("method", ["REML", "ML"])
@pytest.mark.parametrize(
    "random",
    [
        Nested("study", "row"),
        Structured("outcome", "study", "HCS"),
        [Structured("month", "study", "CAR"), Intercept("country")],
    ],
    ids=["nested", "HCS", "CAR"],
)
def test_the_likelihood_falls_to_the_limit(random, method):
    model = fit(random, method=method)
    found = model.component_intervals()
    assert len(found) == len(model.components)
    for position, interval in enumerate(found):
        assert interval.low <= interval.estimate <= interval.high
        ends = {"rho": (model.random.structures[0].least, 1.0)} if model.random.structures else {}
        for limit in (interval.low, interval.high):
            if limit in ends.get(interval.kind, (0.0, np.inf)):
                continue
            fallen = model.log_likelihood - held(model, random, position, limit, method=method).log_likelihood
            assert fallen == pytest.approx(DROP, abs=1e-6), interval


def test_a_limit_on_a_lower_maximum_is_searched_again(monkeypatch):
    model = fit(Nested("study", "row"))
    right = interval_of(model, model.components[0], 0.95)

    def lower(likelihood, held, near):
        found = highest_near(likelihood, held, near)
        return replace(found, height=found.height - 0.3)

    monkeypatch.setattr(multilevel_intervals, "highest_near", lower)
    again = interval_of(model, model.components[0], 0.95)
    np.testing.assert_allclose((again.low, again.high), (right.low, right.high), rtol=1e-6)


def test_correlations_of_unstructured_pairs_are_held_one_by_one():
    data = invented(20, seed=6)
    random = Structured("outcome", "study", "UN")
    model = multilevel(data.y, data.v, random=random, columns=data.columns)
    fixed = [None] * 6
    fixed[4] = 0.2
    other = multilevel(data.y, data.v, random=random, columns=data.columns, fixed={"rho": fixed})
    assert other.rho[4] == 0.2
    spread = np.sqrt(np.diag(other.effect_covariances[0]))
    assert other.effect_covariances[0][3, 1] / (spread[3] * spread[1]) == pytest.approx(0.2, abs=1e-9)
    assert other.log_likelihood < model.log_likelihood
    # The names of the correlations go by columns of the lower triangle.
    names = [item.name for item in model.components if item.kind == "rho"]
    assert names[0].endswith("0, 1")
    assert names[3].endswith("1, 2")
    assert names[4].endswith("1, 3")


def test_one_level_has_the_interval_of_the_random_effects_model():
    v = np.diag(DATA.v)
    model = multilevel(DATA.y, v, random=Intercept("row"), columns=DATA.columns)
    other = random_effects(DATA.y, v, method="REML").tau2_interval("profile-likelihood")
    found = model.component_intervals()[0]
    np.testing.assert_allclose((found.low, found.high), other.tau2, rtol=1e-7)
    wider = model.component_intervals(level=0.99)[0]
    assert wider.low <= found.low
    assert wider.high > found.high
    with pytest.raises(MethodError, match="level"):
        model.component_intervals(level=95)
