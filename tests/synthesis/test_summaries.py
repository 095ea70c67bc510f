"""Every result of the engine has the same ways to be shown. The studies are invented."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synth.synthesis import random_effects
from synth.synthesis.bayes import bayesian_random_effects
from synth.synthesis.beta_binomial import beta_binomial
from synth.synthesis.glmm import proportion_glmm
from synth.synthesis.gosh import gosh
from synth.synthesis.location_scale import location_scale
from synth.synthesis.multilevel import Intercept, multilevel
from synth.synthesis.priors import half_normal
from synth.synthesis.robust import cluster_robust
from synth.synthesis.selection import step_selection

Y = [0.10, 0.50, 0.30, -0.20, 0.80, 0.40, 0.60, 0.00, 0.20, 0.35, 0.9]
V = [0.02, 0.05, 0.11, 0.04, 0.20, 0.03, 0.08, 0.06, 0.01, 0.07, 0.03]
UNIT = list("AABBCCDDEEF")
EVENTS, TOTALS = [1, 3, 9, 2, 16], [12, 9, 20, 31, 44]
RESULTS = {
    "random effects": lambda: random_effects(Y, V),
    "Bayesian": lambda: bayesian_random_effects(Y, V, prior=half_normal(0.5, reason="invented")),
    "multilevel": lambda: multilevel(Y, V, random=Intercept("unit"), columns={"unit": UNIT}),
    "robust": lambda: cluster_robust(random_effects(Y, V), UNIT),
    "selection": lambda: step_selection(Y, V),
    "location-scale": lambda: location_scale(Y, V, scale={"dose": np.arange(11.0)}),
    "mixed model": lambda: proportion_glmm(EVENTS, TOTALS),
    "beta-binomial": lambda: beta_binomial(EVENTS, TOTALS),
    "subsets": lambda: gosh(random_effects(Y, V)),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_shows_itself_in_every_way(name):
    result = RESULTS[name]()
    assert len(result.summary()) == 1
    assert len(result.summary().columns) >= 4
    assert len(result.table()) >= 1
    assert len(result.explain().split()) > 15
    assert all(mark.strip() for mark in result.marks)
    assert result._repr_html_().startswith("<")
    assert type(result).__name__ in repr(result)
    again = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert again["marks"] == list(result.marks)


@pytest.mark.parametrize("name", ["robust", "selection", "location-scale", "subsets"])
def test_the_row_holds_the_single_numbers_of_the_result(name):
    result = RESULTS[name]()
    single = {key: value for key, value in result.to_dict().items() if not isinstance(value, list | dict)}
    assert result.summary().to_dict("records") == [single]
    assert any(isinstance(value, float) for value in single.values())
