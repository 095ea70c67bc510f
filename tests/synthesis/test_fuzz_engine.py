"""Invented inputs, most of them bad: each gives a result or a clear refusal, and no NaN in silence.

The inputs of the ordinary run are the same each time. `make soak` takes a hundred times as many, other ones each time;
a failure names the numbers from which its inputs are drawn again.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest
from fuzzed_figures import figures
from fuzzed_follow_ups import QUESTIONS, answer, of_counts
from fuzzed_outcomes import assert_marked, outcomes
from fuzzed_studies import Fuzzed, fuzzed
from laws_of_models import POWERS

from synth.effects.compute import effect_sizes
from synth.errors import MethodError
from synth.synthesis import MetaAnalysis, common_effect, meta_regression, random_effects

BATCH, BATCHES = 500, 20  # 10,000 analyses and as many effect sizes
SOAK_BATCH, SOAK_BATCHES = 10_000, 100  # 1,000,000
SHOWN = 16  # one in so many is shown too, because tables and paragraphs take as long as ten fits
NUMBERS = tuple(name for names in POWERS.values() for name in names.split())


def model_of(given: Fuzzed) -> MetaAnalysis:
    """The analysis that a caller would ask for."""
    options: dict[str, Any] = {"test": given.test, "level": given.level, "weights": given.weights}
    if isinstance(given.moderators, dict) and not given.moderators:
        if isinstance(given.method, str) and given.method == "common":
            return common_effect(given.estimates, given.variances, **options)
        return random_effects(given.estimates, given.variances, method=given.method, **options)
    return meta_regression(given.estimates, given.variances, given.moderators, method=given.method, **options)


def fit(seed: int) -> None:
    model = model_of(fuzzed(seed))
    for name in NUMBERS:
        assert_marked(getattr(model, name), model.marks, name)
    assert np.isfinite([*model.beta, model.tau2]).all()
    assert (model.low <= model.beta).all()
    assert (model.beta <= model.high).all()
    assert model.tau2 >= 0
    assert model.converged or model.marks
    if seed % SHOWN == 0:
        show(model)


def show(model: MetaAnalysis) -> None:
    assert len(model.explain()) > 40
    assert model._repr_html_().count("<tr>") >= 2
    assert model.to_dict()["k"] == model.k
    assert len(model.table()) == model.p
    assert len(model.summary()) == 1
    for kind in ("model", "riley"):
        prediction = model.predict(prediction_method=kind)
        assert_marked(prediction, model.marks, "prediction")


def measure(seed: int) -> None:
    code, given = figures(seed)
    found = effect_sizes(code, **given)
    for row, (estimate, variance) in enumerate(zip(found.estimates, found.variances, strict=True)):
        assert (np.isfinite(estimate) and np.isfinite(variance) and variance > 0) or found.marks[row], f"row {row}"
    assert_marked(found.inference(), (not found.usable.all(), *found.not_usable.values()))
    if seed % SHOWN == 0:
        assert len(found.to_effects()) == found.usable.sum()
        assert len(found.table()) == found.k == len(found.to_dict()["labels"])
        assert found._repr_html_().count("<tr>") == found.k + 1


def follow_up(seed: int) -> None:
    model = model_of(fuzzed(seed))
    question = QUESTIONS[seed % len(QUESTIONS)]
    try:
        found = answer(question, model, np.random.default_rng(seed))
    except MethodError:
        raise
    except Exception as error:
        error.add_note(question)
        raise
    assert_marked(found, (*getattr(found, "marks", ()), *model.marks), question)


def count(seed: int) -> None:
    found = of_counts(np.random.default_rng(seed))
    assert_marked(found, found.marks)


RUNS = {"models": fit, "effect sizes": measure, "follow-ups": follow_up, "counts": count}
SHARES = {"models": 1, "effect sizes": 1, "follow-ups": 5, "counts": 5}  # one input in so many
each_kind = pytest.mark.parametrize("kind", RUNS)


def check(kind: str, start: int, inputs: int) -> None:
    found = outcomes(RUNS[kind], range(start, start + inputs))
    # Were all refused, or none, the inputs would test nothing.
    assert min(found["results"], found["refused"]) > inputs / 6, found


@each_kind
@pytest.mark.parametrize("batch", range(BATCHES))
def test_a_result_or_a_clear_refusal(kind, batch):
    inputs = BATCH // SHARES[kind]
    check(kind, batch * inputs, inputs)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@each_kind
@pytest.mark.parametrize("batch", range(SOAK_BATCHES))
def test_a_million_results_or_clear_refusals(kind, batch):
    check(kind, int.from_bytes(os.urandom(6)), SOAK_BATCH // SHARES[kind])
