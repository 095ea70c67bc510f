"""Laws that leave-one-out, cumulative analysis, influence and residuals keep, on invented studies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from laws_of_models import METHODS, TESTS, fitted, studies

from synth.synthesis.diagnostics import baujat, cumulative, influence, leave_one_out, standardised_residuals

each_model = pytest.mark.parametrize("moderated", [False, True], ids=["mean", "moderators"])
each_method = pytest.mark.parametrize("method", METHODS)
each_test = pytest.mark.parametrize("test", TESTS)
each_data = pytest.mark.parametrize("heterogeneity", [1.0, 0.0], ids=["heterogeneous", "homogeneous"])
# Power of the data's unit, and whether the sign turns with the arms: -1 it does, 0 low and high change places.
REFITS = {"estimate": (1, -1), "standard_error": (1, 1), "statistic": (0, -1), "p_value": (0, 1)} | {
    "low": (1, 0),
    "high": (1, 0),
    "q_e": (0, 1),
    "q_e_p": (0, 1),
    "tau2": (2, 1),
    "i2": (0, 1),
    "h2": (0, 1),
}
INFLUENCE = {"rstudent": (0, -1), "dffits": (0, -1), "dfbetas": (0, -1), "cooks_distance": (0, 1)} | {
    "covariance_ratio": (0, 1),
    "tau2_deleted": (2, 1),
    "q_e_deleted": (0, 1),
    "hat": (0, 1),
    "weight": (0, 1),
}
RESIDUALS = {"residual": (1, -1), "standard_error": (1, 1), "z": (0, -1)}
BAUJAT = {"contribution": (0, 1), "influence": (0, 1)}


def everything(model: Any) -> list[tuple[str, int, int, np.ndarray]]:
    """Name, power of the unit, turn of the sign and values of all that the diagnostics say, a row for each study."""
    parts = [(leave_one_out(model), REFITS), (influence(model), INFLUENCE), (baujat(model), BAUJAT)]
    parts += [(standardised_residuals(model, kind), RESIDUALS) for kind in ("internal", "external")]
    return [
        (f"{type(part).__name__}.{name}", power, turn, getattr(part, name))
        for part, names in parts
        for name, (power, turn) in names.items()
    ]


def close(actual: Any, expected: Any, name: str, rtol: float = 1e-8, unit: float = 1.0) -> None:
    np.testing.assert_allclose(actual, expected, rtol=rtol, atol=1e-11 * unit, err_msg=name)


@each_data
@each_model
@each_test
@each_method
def test_a_row_is_the_model_of_the_other_studies(method, test, moderated, heterogeneity):
    data = studies(12, heterogeneity)
    rows = leave_one_out(fitted(data, method, test, moderated))
    for study in range(12):
        others = fitted(data.rows(np.arange(12) != study), method, test, moderated)
        own = {"estimate": others.beta, "standard_error": others.standard_errors, "p_value": others.p_values}
        own |= {"low": others.low, "high": others.high, "statistic": others.statistics, "k": others.k}
        own |= {name: getattr(others, name) for name in ("tau2", "q_e", "q_e_p", "i2", "h2")}
        for name, value in own.items():
            expected = value if moderated or np.ndim(value) == 0 else value[0]
            close(getattr(rows, name)[study], expected, f"{name} without {study}")


@each_model
@each_method
def test_another_unit_changes_nothing_but_the_unit(method, moderated):
    data = studies(12)
    plain = everything(fitted(data, method, "hartung-knapp", moderated))
    for scale in (1e-8, 1e-6, 1e6, 1e8):
        scaled = data.changed(y=data.y * scale, v=data.v * scale**2)
        found = everything(fitted(scaled, method, "hartung-knapp", moderated))
        for (name, power, _, actual), (_, _, _, expected) in zip(found, plain, strict=True):
            close(actual, expected * scale**power, name, unit=scale**power)


@each_model
@each_method
def test_the_order_of_studies_changes_nothing(method, moderated):
    data, order = studies(12), np.random.default_rng(1).permutation(12)
    plain = everything(fitted(data, method, "t", moderated))
    found = everything(fitted(data.rows(order), method, "t", moderated))
    for (name, _, _, actual), (_, _, _, expected) in zip(found, plain, strict=True):
        close(actual, expected[order], name)


@each_model
@each_method
def test_swapping_the_arms_turns_the_sign_and_nothing_else(method, moderated):
    data = studies(12)
    plain = everything(fitted(data, method, "hartung-knapp", moderated))
    found = everything(fitted(data.changed(y=-data.y), method, "hartung-knapp", moderated))
    swapped = {"Refits.low": "Refits.high", "Refits.high": "Refits.low"}
    by_name = {name: values for name, _, _, values in plain}
    for name, _, turn, actual in found:
        expected = -by_name[swapped[name]] if turn == 0 else None
        if expected is not None:
            close(actual, expected, name)
    for (name, _, turn, actual), (_, _, _, expected) in zip(found, plain, strict=True):
        if turn:
            close(actual, turn * expected, name)


@each_test
@each_method
def test_each_row_of_a_cumulative_analysis_is_the_model_so_far(method, test):
    data = studies(9)
    rows = cumulative(fitted(data, method, test))
    for number in range(1, 10):
        so_far = fitted(data.rows(slice(0, number)), method, test)
        for name, value in {"estimate": so_far.estimate, "low": so_far.low[0], "tau2": so_far.tau2}.items():
            close(getattr(rows, name)[number - 1], value, f"{name} of {number}")
    newest_first = cumulative(fitted(data, method, test), order=-np.arange(9))
    close(newest_first.estimate[-1], rows.estimate[-1], "the whole")
    np.testing.assert_array_equal(newest_first.order, np.arange(9)[::-1])


@each_data
@each_model
@each_method
def test_sums_that_are_known(method, moderated, heterogeneity):
    model = fitted(studies(12, heterogeneity), method, "normal", moderated)
    found = influence(model)
    close(found.hat.sum(), model.p, "hat values sum to the coefficients", rtol=1e-11)
    close(found.weight.sum(), 1.0, "weights sum to 1", rtol=1e-12)
    close(found.tau2_deleted, leave_one_out(model).tau2, "tau2 without each study")
    if method == "common":
        close(baujat(model).contribution.sum(), model.q_e, "contributions sum to Q", rtol=1e-11)
        squares = standardised_residuals(model).z ** 2 * (1 - found.hat)
        close(squares.sum(), model.q_e, "internal residuals give Q back", rtol=1e-10)


@each_method
def test_a_study_like_no_other_is_found(method):
    data = studies(12)
    model = fitted(data.changed(y=np.where(np.arange(12) == 7, 25.0, data.y)), method)
    found = influence(model)
    assert np.argmax(np.abs(found.rstudent)) == 7
    assert found.influential[7]
    assert leave_one_out(model).q_e[7] < model.q_e / 2


@each_model
@pytest.mark.parametrize("method", [method for method in METHODS if method != "GENQ"])  # whose weights stay as given
def test_influence_is_what_the_models_without_each_study_say(method, moderated):
    """The definitions of Viechtbauer and Cheung (2010), from one refit after the other."""
    data = studies(12)
    model = fitted(data, method, moderated=moderated)
    found, columns = influence(model), model.moderators.columns
    for study in range(12):
        kept = np.arange(12) != study
        others = fitted(data.rows(kept), method, moderated=moderated)
        change, row = model.beta - others.beta, columns[study]
        weights = 1 / (data.v + others.tau2)
        both = np.linalg.inv(columns.T * weights @ columns)  # all studies at the tau2 of the others
        spread = data.v[study] + others.tau2 + row @ others.covariance @ row
        close(found.rstudent[study], (data.y[study] - row @ others.beta) / np.sqrt(spread), "rstudent")
        close(found.dfbetas[study], change / np.sqrt(np.diag(both)), "dfbetas")
        close(found.cooks_distance[study], change @ np.linalg.solve(model.covariance, change), "Cook's distance")
        ratio = np.linalg.det(others.covariance) / np.linalg.det(model.covariance)
        close(found.covariance_ratio[study], ratio, "covariance ratio")
        leverage = row @ model.covariance @ row
        hat = leverage / (data.v[study] + model.tau2)
        close(found.hat[study], hat, "hat")
        close(found.dffits[study], row @ change / np.sqrt(hat * (data.v[study] + others.tau2)), "dffits")
