"""The adapter of rma.mv: what it reads from a case, what it refuses, and that a wrong value is seen."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from reference_cases import Case
from reference_kinds import ADAPTERS
from reference_multilevel import BELOW_RANGE, REASON, log_likelihood
from reference_run import FAILED, NOT_OFFERED, PASSED, run_case

# Invented: four studies of two outcomes.
INPUTS = {
    "yi": [0.1, 0.4, 0.9, 1.2, -0.2, 0.3, 0.5, 0.4],
    "vi": [0.02, 0.03, 0.04, 0.02, 0.03, 0.05, 0.02, 0.03],
    "study": [1, 1, 2, 2, 3, 3, 4, 4],
    "outcome": ["a", "b"] * 4,
    "dose": [1, 2, 3, 4, 5, 6, 7, 9],
}


def case(outputs=None, inputs=None, **spec) -> Case:
    spec = {"random": "~1|study/outcome", "method": "REML", "test": "z", "dfs": "residual"} | spec
    return Case("invented", "rma.mv", inputs={**INPUTS, **(inputs or {})}, spec=spec, outputs=outputs or {})


def outputs_of(**spec):
    return ADAPTERS["rma.mv"](case(**spec))


@pytest.mark.parametrize(
    ("random", "components"),
    [
        ("~1|study/outcome", ["study", "study/outcome"]),
        ("~ 1 | study", ["study"]),
        (["~1|study", "~1|outcome"], ["study", "outcome"]),
        ("list(~1|study, ~1|outcome)", ["study", "outcome"]),
    ],
)
def test_formulas_of_levels(random, components):
    assert len(outputs_of(random=random)["sigma2"]()) == len(components)
    assert set(outputs_of(random=random)["ranef"]()) == set(components)


def test_structures_and_a_second_one():
    found = outputs_of(random=["~factor(outcome)|study", "~1|dose"], struct="UN")
    assert (len(found["tau2"]()), len(found["rho"]()), len(found["sigma2"]())) == (2, 1, 1)
    second = outputs_of(random=["~outcome|study", "~study|outcome"], struct=["HCS", "ID"])
    assert (len(second["tau2"]()), len(second["gamma2"]())) == (2, 1)


def test_moderators_are_read_and_named():
    found = outputs_of(mods="dose - mean(dose)")
    assert found["coef_names"]() == ["intrcpt", "I(dose - mean(dose))"]
    plain = outputs_of(mods="~ dose - 1")
    assert plain["coef_names"]() == ["dose"]


@pytest.mark.parametrize(
    ("spec", "inputs", "reason"),
    [
        ({"mods": "log(dose)"}, {}, r"moderators log\(dose\)"),
        ({"R": [[1.0]]}, {}, "argument R"),
        ({}, {"W": [1.0] * 8}, "input W"),
        ({"method": "EE"}, {}, "method EE"),
        ({"test": "knha"}, {}, "test knha"),
        ({"dfs": [3, 4]}, {}, "degrees of freedom"),
        ({"random": "~outcome|study/dose"}, {}, "random effects ~outcome|study/dose"),
        ({"random": "~1|cut(dose,2)"}, {}, "random effects of"),
    ],
)
def test_what_is_not_known_is_not_offered(spec, inputs, reason):
    result = run_case(case(inputs=inputs, **spec), ADAPTERS)
    assert result.status == NOT_OFFERED
    assert reason.replace("\\", "") in result.reason


def test_a_wrong_value_fails_and_a_right_one_passes():
    found = outputs_of()
    right = {name: np.asarray(found[name]()).tolist() for name in ("beta", "sigma2", "ll", "QE")}
    assert run_case(case(outputs=right), ADAPTERS).status == PASSED
    for name in right:
        wrong = copy.deepcopy(right)
        wrong[name] = [value * 1.001 for value in wrong[name]] if isinstance(wrong[name], list) else wrong[name] + 1e-3
        assert run_case(case(outputs=wrong), ADAPTERS).status == FAILED, name


def test_a_lower_maximum_and_an_impossible_correlation_are_told():
    sigma2 = [2.0, 0.5]
    there = outputs_of(sigma2=sigma2)
    lower = {"sigma2": sigma2, "ll": float(there["ll"]()), "beta": np.asarray(there["beta"]()).tolist()}
    assert lower["ll"] < float(outputs_of()["ll"]()) - 0.1
    assert run_case(case(outputs=lower), ADAPTERS).reason == REASON
    # A likelihood that is not that of the printed components proves nothing.
    for unproved in (lower | {"ll": lower["ll"] - 1}, {name: lower[name] for name in ("ll", "beta")}):
        assert run_case(case(outputs=unproved), ADAPTERS).status == FAILED
    three = {"study": [1, 1, 1, 2, 2, 2, 3, 3], "outcome": ["a", "b", "c", "a", "b", "c", "a", "b"]}
    impossible = case(outputs={"rho": -0.7}, inputs=three, random="~outcome|study", struct="CS")
    assert run_case(impossible, ADAPTERS).reason == BELOW_RANGE


def test_the_likelihood_computed_apart_is_the_density_of_normal_estimates():
    y, total = np.array([0.3, -0.2]), np.array([[0.5, 0.1], [0.1, 0.4]])
    x = np.ones((2, 1))
    contrast = (y[0] - y[1]) / np.sqrt(2)
    variance = (0.5 + 0.4 - 0.2) / 2
    restricted = -0.5 * (np.log(2 * np.pi * variance) + contrast**2 / variance)
    assert log_likelihood(y, total, x, restricted=True) == pytest.approx(restricted, abs=1e-12)
    weights = np.linalg.solve(total, x[:, 0])
    left = y - weights @ y / weights.sum()
    full = -0.5 * (2 * np.log(2 * np.pi) + np.log(np.linalg.det(total)) + left @ np.linalg.solve(total, left))
    assert log_likelihood(y, total, x, restricted=False) == pytest.approx(full, abs=1e-12)
