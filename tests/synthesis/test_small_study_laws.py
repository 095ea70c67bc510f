"""Laws of small-study methods: mirror images, order, unit, too few studies, bad input, what is shown."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.errors import MethodError
from synth.synthesis.models import MetaAnalysis, common_effect, meta_regression, random_effects
from synth.synthesis.small_study import (
    egger_test,
    excess_significance,
    fail_safe_n,
    harbord_test,
    henmi_copas,
    peters_test,
    rank_test,
    regression_test,
    trim_and_fill,
)

OPPOSITE = {"left": "right", "right": "left"}
COUNTS = ([4, 6, 3, 62], [123, 306, 231, 1361], [11, 29, 11, 248], [139, 303, 220, 1290])  # invented
SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed: int, least: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Invented studies without ties."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(least, 25))
    return rng.standard_t(3, k) * 0.7 + 0.2, rng.exponential(size=k) ** 2 + 0.01


def fitted(y: np.ndarray, v: np.ndarray, seed: int) -> MetaAnalysis:
    return common_effect(y, v) if seed % 2 else random_effects(y, v, method="DL", test="normal")


@settings(max_examples=60, deadline=None)
@given(seed=SEEDS, estimator=st.sampled_from(["L0", "R0"]), factor=st.sampled_from([1e-6, 0.3, 1e6]))
def test_trim_and_fill_follows_mirror_order_and_unit(seed: int, estimator: Any, factor: float) -> None:
    y, v = drawn(seed)
    found = trim_and_fill(fitted(y, v, seed), estimator)
    mirrored = trim_and_fill(fitted(-y, v, seed), estimator)
    assert (mirrored.k0, mirrored.side) == (found.k0, OPPOSITE[found.side])
    assert mirrored.filled_estimates == pytest.approx([-value for value in found.filled_estimates], rel=1e-9)
    order = np.random.default_rng(seed).permutation(len(y))
    shuffled = trim_and_fill(fitted(y[order], v[order], seed), estimator)
    scaled = trim_and_fill(fitted(y * factor, v * factor**2, seed), estimator)
    assert (shuffled.k0, scaled.k0) == (found.k0, found.k0)
    assert shuffled.model.estimate == pytest.approx(found.model.estimate, rel=1e-9, abs=1e-12)
    assert scaled.model.estimate == pytest.approx(found.model.estimate * factor, rel=1e-9, abs=1e-12 * factor)


@settings(max_examples=40, deadline=None)
@given(seed=SEEDS, factor=st.sampled_from([1e-6, 0.3, 1e6]))
def test_tests_and_intervals_follow_mirror_order_and_unit(seed: int, factor: float) -> None:
    y, v = drawn(seed)
    order = np.random.default_rng(seed).permutation(len(y))
    found = numbers(fitted(y, v, seed))
    assert numbers(fitted(y[order], v[order], seed)) == pytest.approx(found, rel=1e-7, abs=1e-12)
    assert numbers(fitted(y * factor, v * factor**2, seed)) == pytest.approx(found, rel=1e-7, abs=1e-12)
    signs = np.array([-1, 1, -1, 1, -1, 1, 1, 1, 1, -1])
    assert numbers(fitted(-y, v, seed)) == pytest.approx(signs * found, rel=1e-7, abs=1e-12)


def numbers(model: MetaAnalysis) -> np.ndarray:
    """Quantities without a unit: first those of the regression and the rank test, the deviate of Henmi-Copas last."""
    mixed, classic, rank = regression_test(model), egger_test(model), rank_test(model)
    excess, robust = excess_significance(model.estimates, model.variances), henmi_copas(model)
    rosenthal = fail_safe_n(model.estimates, model.variances)
    values = [mixed.statistic, mixed.p_value, classic.statistic, classic.p_value, rank.tau, rank.p_value]
    values += [excess.expected, excess.exact_p_value or 0, float(rosenthal.number or 0)]
    return np.array([*values, robust.estimate / robust.standard_error])


def test_a_symmetric_funnel_lacks_nothing() -> None:
    model = common_effect([-2.0, -1.0, 0.0, 1.0, 2.0], [0.5, 0.2, 0.1, 0.2, 0.5])
    for estimator in ("L0", "R0", "Q0"):
        found = trim_and_fill(model, estimator, "left")
        assert (found.k0, found.filled_estimates) == (0, ())


@pytest.mark.parametrize("shift", [0.1, 0.7, 1.1, 3.3, 12.7, 100.1, 1e3 + 0.1])
def test_rounding_of_the_centre_does_not_make_a_middle_study_asymmetric(shift: float) -> None:
    for middle in (shift, -shift):
        model = common_effect([middle - 0.3, middle, middle + 0.3], [0.2, 0.1, 0.2])
        assert [trim_and_fill(model, "L0", side).k0 for side in ("left", "right")] == [0, 0]


def test_filling_back_what_was_taken_from_a_symmetric_funnel() -> None:
    y = np.concatenate([-np.linspace(0.1, 2, 15), np.linspace(0.1, 2, 15)])
    v = np.tile(np.linspace(0.01, 0.4, 15), 2)
    keep = np.argsort(y)[4:]
    found = trim_and_fill(common_effect(y[keep], v[keep]), "R0")
    assert (found.side, found.k0) == ("left", 3)
    assert found.model.estimate < found.original.estimate


@pytest.mark.parametrize("k", [3, 9, 10])
def test_fewer_than_ten_studies_are_marked_and_computed(k: int) -> None:
    rng = np.random.default_rng(k)
    model = random_effects(rng.normal(size=k), rng.exponential(size=k) + 0.1)
    results = [egger_test(model), rank_test(model), trim_and_fill(model)]
    results += [excess_significance(model.estimates, model.variances), fail_safe_n(model.estimates, model.variances)]
    for result in results:
        assert any("below 10" in mark for mark in result.marks) == (k < 10)
    assert any("only 3" in mark for mark in henmi_copas(model).marks) == (k == 3)


THREE = common_effect([0.1, 0.5, 0.9], [0.1, 0.2, 0.3], labels=["a", "b", "c"])
EQUAL = common_effect([0.1, 0.5, 0.9], [0.1, 0.1, 0.1])
ONE, TWO = common_effect([0.1], [0.1]), random_effects([0.1, 0.7], [0.1, 0.2])
SLOPED = meta_regression([0.1, 0.5, 0.9, 0.2], [0.1, 0.2, 0.3, 0.4], {"dose": [1.0, 2.0, 3.0, 5.0]})
ANY: Any = None
REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: regression_test(THREE, kind="median"), "kind"),  # type: ignore[arg-type]
    (lambda: regression_test(THREE, predictor="size"), "predictor"),  # type: ignore[arg-type]
    (lambda: regression_test(THREE, predictor="sample size"), "sample_sizes"),
    (lambda: regression_test(THREE, predictor="sample size", sample_sizes=[1, 2]), "2 sample sizes for 3"),
    (lambda: regression_test(THREE, predictor="sample size", sample_sizes=[1, 0, 2]), "b: the sample size"),
    (lambda: regression_test(EQUAL), "in every study"),
    (lambda: regression_test(ONE), "at least 3"),
    (lambda: regression_test(TWO), "at least 3"),
    (lambda: egger_test(TWO), "at least 3"),
    (lambda: rank_test(ONE), "at least 2"),
    (lambda: rank_test(TWO, exact=False), "at least 3"),
    (lambda: rank_test(EQUAL), "all 3 variances are equal"),
    (lambda: rank_test(SLOPED), "without moderators"),
    (lambda: trim_and_fill(SLOPED), "without moderators"),
    (lambda: trim_and_fill(ONE), "at least 2"),
    (lambda: trim_and_fill(EQUAL), "give a side"),
    (lambda: trim_and_fill(THREE, "M0"), "estimator"),  # type: ignore[arg-type]
    (lambda: trim_and_fill(THREE, side="up"), "side"),  # type: ignore[arg-type]
    (lambda: henmi_copas(SLOPED), "without moderators"),
    (lambda: henmi_copas(ONE), "at least 2"),
    (lambda: fail_safe_n([0.1], [0.1], kind="Fisher"), "kind"),  # type: ignore[arg-type]
    (lambda: fail_safe_n([0.1], [0.1], alpha=5), "alpha"),
    (lambda: fail_safe_n([0.1], [0.1], alpha=0.6), "one-sided"),
    (lambda: fail_safe_n([0.1], [0.1], target=0.1), "target"),
    (lambda: fail_safe_n([], []), "no study"),
    (lambda: fail_safe_n([0.1], [-0.1]), "study 1"),
    (lambda: excess_significance([], []), "no study"),
    (lambda: excess_significance([0.1], [0.1], alpha=0), "alpha"),
    (lambda: excess_significance([0.1], [0.1], tau2=-1), "tau2"),
    (lambda: excess_significance([0.1], [float("nan")], labels=("x",)), "x: the variance"),
    (lambda: peters_test([1, 2], [9, 9], [2, 3], [8, 8]), "at least 3"),
    (lambda: peters_test([1, 2, 3], [9, 9, 9], [2, 3, 3], [8, 8, 8]), "same size"),
    (lambda: harbord_test([0, 0, 1, 2], [9, 9, 9, 8], [0, 0, 1, 3], [8, 8, 8, 9]), "at least 3"),
]


@pytest.mark.parametrize(("call", "words"), REFUSED)
def test_bad_input_is_refused_in_words(call: Callable[[], object], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        call()


def test_an_undefined_q0_is_refused() -> None:
    y = np.array([-0.3, -0.2, 5.0, 6.0, 7.0, 8.0, 9.0])
    model = common_effect(y, [0.001, 0.001, 2.0, 3.0, 4.0, 5.0, 6.0])
    with pytest.raises(MethodError, match="Q0 is not defined"):
        trim_and_fill(model, "Q0", "left")


def test_zero_variances_are_refused_by_name() -> None:
    model = random_effects([0.1, 0.5, 0.9], [0.1, 0.0, 0.3], labels=["a", "b", "c"], method="HE")
    for method in (regression_test, henmi_copas):
        with pytest.raises(MethodError, match="b: the variance is 0"):
            method(model)
    with pytest.raises(MethodError, match="variance is 0"):
        rank_test(model)


def test_weights_too_far_apart_for_doubles_are_refused() -> None:
    model = common_effect([-139.0, -38.4, -138.3], [0.010000031885413692, 1.0000002571104408e30, 0.010000200215018514])
    with pytest.raises(MethodError, match="outweighs"):
        egger_test(model)
    lone = common_effect([0.3, 0.1, 0.9], [1e-40, 1.0, 2.0])
    assert henmi_copas(lone).estimate == pytest.approx(0.3)
    critical = [henmi_copas(common_effect([0.3, 5.1, 9.9], [v, 1.0, 2.0])).critical_value for v in (1e-12, 1e-15)]
    assert critical[1] == pytest.approx(critical[0], rel=1e-5)


SHOWN: list[Callable[[], Any]] = [
    lambda: egger_test(THREE),
    lambda: regression_test(random_effects([0.1, 0.5, 0.9], [0.1, 0.2, 0.3]), predictor="variance"),
    lambda: rank_test(THREE),
    lambda: trim_and_fill(THREE),
    lambda: fail_safe_n([0.1, 0.5], [0.1, 0.2]),
    lambda: fail_safe_n([0.1, 0.5], [0.1, 0.2], kind="Orwin"),
    lambda: excess_significance([0.1, 0.5], [0.1, 0.2], labels=("<b>", "c"), tau2=0.1),
    lambda: henmi_copas(THREE),
    lambda: peters_test(*COUNTS),
    lambda: harbord_test(*COUNTS),
]


@pytest.mark.parametrize("make", SHOWN)
def test_results_are_shown(make: Callable[[], Any]) -> None:
    result = make()
    summary, page, words = result.summary(), result._repr_html_(), result.explain()
    assert len(summary) == 1
    assert summary["k"][0] == result.k
    assert summary["method"][0] == result.method
    assert len(result.table()) >= 2
    assert set(result.to_dict()) >= {"k", "method", "marks"}
    assert all(f"<li>{html.escape(mark)}</li>" in page for mark in result.marks)
    assert words.count("\n\n") == 1
    assert words.split("\n\n")[1].strip().endswith(".")
