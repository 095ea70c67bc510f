"""Multilevel models of one, two and more independent units, and input in odd forms. All data are invented."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synth.errors import MethodError
from synth.synthesis import random_effects
from synth.synthesis.aggregation import aggregate
from synth.synthesis.clusters import clusters_of
from synth.synthesis.multilevel import Intercept, MultilevelAnalysis, Nested, Structured, multilevel

Y = np.array([0.1, 0.5, 0.9, 0.3, 0.2, 0.7, 1.1, 0.4])
V = np.array([0.1, 0.2, 0.1, 0.3, 0.2, 0.1, 0.1, 0.1])
TWO = "two studies: for sensitivity only, beside both results; I2 and a prediction interval would mean nothing"


def of_studies(studies: list[object], **options: object) -> MultilevelAnalysis:
    columns = {"study": studies, "row": range(len(studies))}
    return multilevel(Y, V, random=Nested("study", "row"), columns=columns, **options)


def test_one_study_pools_nothing() -> None:
    model = of_studies(["a"] * 8)
    assert model.k_units == 1
    assert "one study: nothing is pooled" in model.marks
    assert model.i2 is None
    assert model.predict().prediction_low is None


def test_two_studies_have_a_pool_for_sensitivity_only() -> None:
    model = of_studies(list("aaaabbbb"))
    assert model.k_units == model.to_dict()["k_units"] == model.summary().loc[0, "k_units"] == 2
    assert TWO in model.marks
    assert TWO in random_effects(Y[:2], V[:2]).marks
    assert TWO in model._repr_html_()
    found = model.predict()
    assert (model.i2, found.prediction_low, found.prediction_high) == (None, None, None)
    assert found.low is not None
    assert model.to_dict()["i2"] is None


def test_from_three_studies_spread_is_shown() -> None:
    model = of_studies(list("aaabbbcc"))
    assert model.k_units == 3
    assert not any("one study" in mark or "two studies" in mark for mark in model.marks)
    assert set(model.i2) == {"study", "study/row", "total"}
    found = model.predict()
    assert found.prediction_low[0] < found.low[0]


def test_units_are_what_shares_an_effect_or_a_sampling_error() -> None:
    alone = multilevel(Y, V)
    assert alone.k_units == 8
    tied = np.diag(V)
    tied[0, 1] = tied[1, 0] = 0.05
    assert multilevel(Y, tied).k_units == 7
    both = Structured("row", "study", "CS")
    assert multilevel(Y, V, random=both, columns={"study": list("aabbccdd"), "row": [1, 2] * 4}).k_units == 4


def test_crossed_effects_tie_all_estimates_and_leave_the_groups_of_the_coarser() -> None:
    columns = {"study": list("aabbccdd"), "site": list("pqrpqrpq")}
    model = multilevel(Y, V, random=[Intercept("study"), Intercept("site")], columns=columns)
    assert model.k_units == 3
    assert model.predict().prediction_low is not None


MIXED = [11, 11.0, "11", 12, "12", np.float64(12), np.int64(13), 13.0]


@pytest.mark.parametrize("studies", [MIXED, pd.Series(MIXED, dtype=object), np.array(MIXED, dtype=object)])
def test_a_study_named_by_a_number_and_a_text_is_one_study(studies: object) -> None:
    model = multilevel(Y, V, random=Intercept("study"), columns={"study": studies})
    assert model.levels == {"study": 3}
    assert model.random.levels[0].labels == clusters_of(studies, 8).names == ("11", "12", "13")
    plain = multilevel(Y, V, random=Intercept("study"), columns={"study": list("aaabbbcc")})
    assert model.estimate == pytest.approx(plain.estimate, rel=1e-12)


def test_columns_may_be_a_data_frame() -> None:
    frame = pd.DataFrame({"study": list("aabbccdd"), "row": range(8), 7: 1.0})
    model = multilevel(Y, V, random=Nested("study", "row"), columns=frame)
    assert model.estimate == of_studies(list("aabbccdd")).estimate
    with pytest.raises(MethodError, match="no such column; study, row, 7 given"):
        multilevel(Y, V, random=Intercept("centre"), columns=frame)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"random": None}, r"random None.*\(\) for no effects"),
        ({"random": 3}, "random 3"),
        ({"random": Intercept("study"), "columns": ["a"] * 8}, "columns .* a mapping"),
        ({"random": Intercept("study"), "columns": 5}, "columns 5: a mapping"),
        ({"fixed": {"sigma2": 0.1}}, "fixed sigma2 = 0.1: a list"),
        ({"fixed": {"sigma2": "a"}}, "fixed sigma2 = 'a': a list"),
        ({"fixed": {"sigma2": ["a"]}}, "fixed sigma2 = 'a': a number from 0"),
        ({"fixed": {"sigma2": [True]}}, "fixed sigma2 = True: a number from 0"),
        ({"fixed": {"sigma2": [np.nan]}}, "fixed sigma2 = nan: a number from 0"),
        ({"fixed": [0.1]}, r"fixed \[0.1\]: a mapping"),
        ({"columns": {"study": [np.inf, *range(7)]}}, "'study', estimate 1: inf; a finite number"),
        ({"columns": {"study": [*range(7), -np.inf]}}, "'study', estimate 8: -inf; a finite number"),
    ],
)
def test_options_of_another_form_are_refused(options: dict[str, object], words: str) -> None:
    whole = {"random": Intercept("study"), "columns": {"study": list("aabbccdd")}} | options
    with pytest.raises(MethodError, match=words):
        multilevel(Y, V, **whole)


def test_fixed_components_may_be_numbers_of_numpy() -> None:
    model = multilevel(
        Y, V, random=Intercept("s"), columns={"s": range(8)}, fixed={"sigma2": np.array([0.5], dtype=np.float32)}
    )
    assert model.sigma2.tolist() == [0.5]


@pytest.mark.parametrize(
    "variances", [[1e-17, 1, 1], [1e-20, 1, 1, 1e20], [1e-14, 1, 1], [1e-30, 1e-15, 1, 1], [0.1, 0.2, 0.7]]
)
def test_the_typical_variance_keeps_its_digits_beside_an_estimate_that_outweighs_all(variances: list[float]) -> None:
    y = np.arange(1.0, len(variances) + 1)
    model = multilevel(y, variances, random=Intercept("study"), columns={"study": range(len(y))})
    pool = random_effects(y, variances, test="normal")
    assert model.typical_variance == pytest.approx(pool.typical_variance, rel=1e-9)
    assert model.i2["total"] == pytest.approx(pool.i2, rel=1e-6)
    marked = any("outweighs all the others" in mark for mark in model.marks)
    assert marked == (variances[0] < 1e-10)


def test_a_typical_variance_without_digits_is_none_and_marked() -> None:
    y, v = np.arange(1.0, 5), np.diag([1e-20, 1.0, 1.0, 1.0])
    v[1, 2] = v[2, 1] = 0.1
    model = multilevel(y, v, random=Intercept("study"), columns={"study": range(4)})
    assert (model.typical_variance, model.i2) == (None, None)
    assert any("I2 is not defined to any digits" in mark for mark in model.marks)
    assert model.to_dict()["typical_variance"] is None


@pytest.mark.parametrize("correlation", [0.5, np.float32(0.5), np.float64(0.5)])
def test_an_assumed_correlation_is_named_whatever_number_it_is(correlation: float) -> None:
    found = aggregate(Y, V, list("aabbccdd"), correlation=correlation)
    assert "correlated by 0.5." in found.assumed
    assert found.marks == ("the correlation 0.5 within clusters is assumed: other values belong beside this one",)


def test_correlations_of_clusters_are_found_by_any_form_of_their_name() -> None:
    clusters = [11, 11, 12, 12, 13, 13, 14, 14]
    texts = aggregate(Y, V, clusters, correlation={"11": 0.1, "12": 0.2, "13": 0.3, "14": 0.4})
    numbers = aggregate(Y, V, clusters, correlation={11.0: 0.1, 12: 0.2, "13": 0.3, 14.0: 0.4})
    assert numbers.variances.tolist() == texts.variances.tolist()
