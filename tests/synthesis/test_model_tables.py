"""Tables, dictionaries and pages of a model hold its numbers, all of them, and what callers named is escaped."""

from __future__ import annotations

import json

import numpy as np
import pytest
from textbook import DOSE, GROUP, V, Y

from synth.effects.intervals import figure
from synth.synthesis import MetaAnalysis, common_effect, meta_regression, random_effects
from synth.synthesis.model_tables import heterogeneity, p_text

LABELS = ["<script>alert(1)</script>", *"bcdefghi"]
# What `to_dict` need not repeat: the way in, or what stands there under another name.
ELSEWHERE = {
    *("basis", "factor", "has_moderators"),
    *("estimate", "standard_error", "interval", "p_value"),  # of the intercept, in beta and its fellows
}


def test_the_table_holds_the_coefficients():
    model = meta_regression(Y, V, {"dose": DOSE, "group": GROUP})
    table = model.table()
    assert table.index.tolist() == ["intercept", "dose", "group: b", "group: c"]
    for column, values in (
        ("estimate", model.beta),
        ("standard_error", model.standard_errors),
        ("statistic", model.statistics),
        ("p_value", model.p_values),
        ("low", model.low),
        ("high", model.high),
    ):
        np.testing.assert_array_equal(table[column], values)
    assert table["degrees_of_freedom"].tolist() == [5] * 4


def test_the_summary_of_a_mean():
    model = random_effects(Y, V)
    (row,) = model.summary().to_dict("records")
    assert (row["estimate"], row["low"], row["high"], row["p_value"]) == (
        model.estimate,
        *model.interval,
        model.p_value,
    )
    assert (row["prediction_low"], row["prediction_high"]) == (
        model.predict().prediction_low[0],
        model.predict().prediction_high[0],
    )
    assert (row["tau2"], row["i2"], row["h2"], row["q_e"], row["q_e_p"]) == (
        model.tau2,
        model.i2,
        model.h2,
        model.q_e,
        model.q_e_p,
    )
    assert (row["k"], row["method"], row["test"]) == (9, "REML", "hartung-knapp-guarded")


def test_the_summary_of_two_studies_shows_neither_i2_nor_a_prediction():
    (row,) = random_effects(Y[:2], V[:2]).summary().to_dict("records")
    assert (row["i2"], row["h2"]) == (None, None)
    assert "prediction_low" not in row
    assert "I2 is not shown for two studies or one" in heterogeneity(random_effects(Y[:2], V[:2]))


def test_the_summary_of_a_regression_and_of_a_common_effect():
    model = meta_regression(Y, V, {"dose": DOSE})
    (row,) = model.summary().to_dict("records")
    assert (row["q_m"], row["q_m_p"], row["r2"]) == (model.q_m, model.q_m_p, model.r2)
    assert "estimate" not in row
    (row,) = common_effect(Y, V).summary().to_dict("records")
    assert "prediction_low" not in row


def public_results():
    """Names of attributes that hold a number, a text or several of them."""
    names = [name for name in vars(MetaAnalysis) if not name.startswith("_")]
    return {name for name in names if not callable(getattr(MetaAnalysis, name))} - ELSEWHERE


@pytest.mark.parametrize(
    "model",
    [
        random_effects(Y, V, labels=LABELS),
        meta_regression(Y, V, {"dose": DOSE, "group": GROUP}, tau2=0.1, weights="equal"),
        common_effect(Y, V),
        random_effects(Y[:1], V[:1]),
        random_effects([0.3] * 3, [0.1] * 3, test="hartung-knapp"),
        random_effects(Y, np.where(V == 0.2, 0.0, V)),
        meta_regression(Y[:3], V[:3], {"dose": DOSE[:3], "square": DOSE[:3] ** 2}),
    ],
    ids=["mean", "regression", "common", "one", "agree", "zero", "exact"],
)
def test_the_dictionary_has_every_result_and_is_json(model):
    record = json.loads(json.dumps(model.to_dict(), allow_nan=False))
    assert public_results() >= {"beta", "tau2", "i2", "q_m_p", "marks", "converged", "labels"}
    assert public_results() - set(record) == set()
    assert {"estimates", "variances", "method", "test", "level", "fixed_tau2"} <= set(record)
    for name in ("k", "p", "tau2", "tau2_se", "i2", "h2", "r2", "q_e", "q_e_df", "q_e_p", "q_m", "q_m_p", "converged"):
        assert record[name] == getattr(model, name), name
    for name in ("beta", "standard_errors", "low", "high", "p_values", "weights", "estimates"):
        assert record[name] == getattr(model, name).tolist(), name
    assert record["labels"] == list(model.labels)
    assert record["marks"] == list(model.marks)
    assert set(record["fit_statistics"]["REML"]) == {
        *("log_likelihood", "deviance", "aic", "bic", "aicc", "parameters")
    }


def test_what_json_has_no_number_for():
    assert random_effects([0.3] * 3, [0.1] * 3, test="hartung-knapp").to_dict()["statistics"] == ["infinity"]
    assert random_effects([-0.3] * 3, [0.1] * 3, test="hartung-knapp").to_dict()["statistics"] == ["-infinity"]


def test_one_line():
    common = common_effect(Y, V)
    assert repr(random_effects([1.0, 3.0], [1.0, 1.0], test="normal", method="DL")) == (
        f"MetaAnalysis(random effects (DL), k = 2, {figure(2.0)} [{figure(0.04004)}, {figure(3.95996)}])"
    )
    assert repr(common_effect(Y, V)).startswith(f"MetaAnalysis(common effect, k = 9, {figure(common.estimate)} [")
    assert repr(meta_regression(Y, V, {"dose": DOSE})) == "MetaAnalysis(random effects (REML), k = 9, moderators: dose)"
    assert "moderators: dose)" in repr(meta_regression(Y, V, {"dose": DOSE}, intercept=False))


def test_a_page_escapes_names():
    page = meta_regression(Y, V, {"<script>": GROUP}, labels=LABELS)._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;: b" in page
    assert page.count("<tr>") == page.count("</tr>") == 4  # the head and three coefficients
    blup = random_effects(Y, V, labels=LABELS).blup()
    assert "<script" not in blup._repr_html_()


def test_a_page_shows_numbers_and_marks():
    model = random_effects([1.0, 3.0, 2.5], [1.0, 1.0, 0.5], test="normal", level=0.9)
    page = model._repr_html_()
    assert "90% interval" in page
    assert ">z<" in page
    assert f">{figure(model.estimate)}<" in page
    assert f">{figure(model.low[0])} to {figure(model.high[0])}<" in page
    assert "only 3 studies" in page
    assert ">t<" in random_effects(Y, V)._repr_html_()


def test_heterogeneity_in_a_sentence():
    model = random_effects(Y, V)
    text = heterogeneity(model)
    assert text.startswith(f"tau2 = {model.tau2:.4g} (tau = {model.tau:.4g}); I2 = {100 * model.i2:.1f}%; Q(8) = ")
    assert "tau2" not in heterogeneity(common_effect(Y, V))
    zero = random_effects(Y, np.where(V == 0.2, 0.0, V))
    assert "I2 and Q are not defined beside a sampling variance of 0" in heterogeneity(zero)


@pytest.mark.parametrize(
    ("p", "text"), [(0.0, "< 0.001"), (0.0009999, "< 0.001"), (0.001, "0.001"), (0.04951, "0.050"), (1.0, "1.000")]
)
def test_p_values(p, text):
    assert p_text(p) == text
    assert p_text(float("nan")) == ""
