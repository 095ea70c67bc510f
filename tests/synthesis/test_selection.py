"""Selection models, against their likelihood written out and integrated adaptively. Data are invented but for one set.

The estimates of environmental smoke and lung cancer (Hackshaw 1998) are those of the reference cases.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr, ndtri

from synth.errors import MethodError
from synth.synthesis import common_effect, random_effects
from synth.synthesis.selection import SelectionModel, beta_selection, step_selection
from synth.synthesis.selection.cells import smooth_cells, step_cells
from synth.synthesis.selection.likelihood import Beta, Likelihood, Steps

CASES = Path(__file__).parents[1] / "reference" / "metafor_cases.json"
RNG = np.random.default_rng(20)
V = RNG.uniform(0.02, 0.2, 24)
Y = RNG.normal(0.25, np.sqrt(V + 0.05))
AGE = RNG.uniform(20, 60, 24)
SIDES = ("greater", "less", "two-sided")
NEAR = float(ndtri(0.5 + 0.5e-5))
HALF = [0.0, *(NEAR * 4.0**power for power in range(8)), 0.5, 1.5, 2.5, -float(ndtri(1e-5)), -float(ndtri(5e-6)), 9]
EDGES = sorted({sign * edge for edge in HALF for sign in (1, -1)})


def smoke() -> tuple[np.ndarray, np.ndarray]:
    cases = json.loads(CASES.read_text(encoding="utf-8"))
    inputs = next(case for case in cases if case["name"] == "selmodel-hackshaw-stepfun")["inputs"]
    return np.array(inputs["yi"]), np.array(inputs["vi"])


def p_of(z: float, side: str) -> float:
    return float({"greater": ndtr(-z), "less": ndtr(z), "two-sided": 2 * ndtr(-abs(z))}[side])


def density(z: float) -> float:
    return math.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def in_full(weight: Callable[[float], float], found: SelectionModel, side: str, steps: tuple[float, ...] = ()) -> float:
    """The log-likelihood with every integral by adaptive quadrature between the kinks of the weight."""
    kinks = [-float(ndtri(step / 2 if side == "two-sided" else step)) for step in steps]
    edges = sorted({*EDGES, *kinks, *np.negative(kinks).tolist()})
    total = 0.0
    for y, v in zip(found.unselected.estimates, found.unselected.variances, strict=True):
        scale, centre = math.sqrt(v / (v + found.tau2)), float(found.beta[0]) / math.sqrt(v + found.tau2)

        def seen(z: float, scale: float = scale, centre: float = centre) -> float:
            return weight(p_of(z, side)) * density(z * scale - centre) * scale

        area = sum(quad(seen, low, high, epsabs=0, epsrel=1e-10)[0] for low, high in pairwise(edges))
        # Beyond 9 standard errors the weight is constant.
        area += sum(weight(p_of(end, side)) * ndtr(np.sign(end) * centre - 9 * scale) for end in (-9.0, 9.0))
        z = y / math.sqrt(v)
        total += math.log(weight(p_of(z, side)) * density(z * scale - centre) * scale / math.sqrt(v) / area)
    return total


def stepped(ends: tuple[float, ...], delta: tuple[float, ...]) -> Callable[[float], float]:
    return lambda p: delta[min(int(np.searchsorted(ends, p, side="left")), len(delta) - 1)]


def beta_weight(delta: np.ndarray) -> Callable[[float], float]:
    def weight(p: float) -> float:
        inside = min(max(p, 1e-5), 1 - 1e-5)
        return inside ** (delta[0] - 1) * (1 - inside) ** (delta[1] - 1)

    return weight


@pytest.mark.parametrize("side", SIDES)
def test_the_height_of_a_step_function_is_that_of_its_definition(side: str) -> None:
    found = step_selection(Y[:8], V[:8], steps=(0.05, 0.4), alternative=side, fixed=(1, 0.7, 0.2))
    expected = in_full(stepped((0.05, 0.4), (1, 0.7, 0.2)), found, side, (0.05, 0.4))
    assert found.log_likelihood == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("delta", [(0.6, 1.8), (2.5, 0.4)])
def test_the_height_of_a_beta_function_is_that_of_its_definition(side: str, delta: tuple[float, float]) -> None:
    found = beta_selection(Y[:8], V[:8], alternative=side, fixed=delta)
    assert found.log_likelihood == pytest.approx(in_full(beta_weight(np.array(delta)), found, side), abs=1e-8)
    assert found.delta.tolist() == list(delta)


@pytest.mark.parametrize("side", ["greater", "two-sided"])
@pytest.mark.parametrize("kind", ["step", "beta"])
def test_slopes_and_curvature_are_those_of_differences(side: str, kind: str) -> None:
    design = np.column_stack([np.ones(24), (AGE - 40) / 10])
    two_sided = side == "two-sided"
    z = Y / np.sqrt(V)
    p = np.array([p_of(value, side) for value in z])
    if kind == "step":
        ends = np.array([0.05, 0.4, 1.0])
        weighting = Steps(step_cells(ends.tolist(), two_sided=two_sided), np.searchsorted(ends, p))
        point = np.array([0.3, -0.1, 0.06, 1.2, 0.6, 0.3])
    else:
        inside = np.clip(p, 1e-5, 1 - 1e-5)
        weighting = Beta(smooth_cells(1e-5, two_sided=two_sided), np.log(np.stack([inside, 1 - inside], axis=1)))
        point = np.array([0.3, -0.1, 0.06, 0.7, 1.6])
    likelihood = Likelihood(Y, V, design, weighting)

    def at(values: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        value = likelihood.at(values[:2], float(values[2]), values[3:])
        return value.height, value.gradient, value.curvature

    step = 1e-5
    _, gradient, curvature = at(point)
    for place, unit in enumerate(np.eye(len(point)) * step):
        above, below = at(point + unit), at(point - unit)
        assert gradient[place] == pytest.approx((above[0] - below[0]) / (2 * step), rel=1e-6, abs=1e-7)
        assert curvature[place] == pytest.approx((above[1] - below[1]) / (2 * step), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("side", SIDES)
def test_no_selection_is_the_plain_model(side: str) -> None:
    plain = random_effects(Y, V, method="ML", test="normal")
    for found in (
        step_selection(Y, V, steps=(0.05, 0.5), alternative=side, fixed=(1, 1, 1)),
        beta_selection(Y, V, alternative=side, fixed=(1, 1)),
    ):
        assert found.beta[0] == pytest.approx(plain.estimate, rel=1e-7)
        assert found.tau2 == pytest.approx(plain.tau2, rel=1e-6)
        assert found.log_likelihood == pytest.approx(plain.fit_statistics()["ML"].log_likelihood, abs=1e-9)
        assert (found.lr_statistic, found.lr_df, found.lr_p) == (pytest.approx(0, abs=1e-8), 0, None)
        assert any("given and not estimated" in mark for mark in found.marks)


def test_a_common_effect_has_no_variance_between_studies() -> None:
    found = step_selection(Y, V, method="common")
    assert found.tau2 == 0
    assert found.tau2_se is None
    assert not any("tau2" in mark for mark in found.marks)
    assert found.unselected.estimate == common_effect(Y, V).estimate
    information = -found.maximum.value.curvature
    assert np.isfinite(found.standard_errors).all()
    assert information.shape == (4, 4)


def test_the_estimates_that_metafors_own_tests_state_are_found() -> None:
    # metafor's tests/testthat/test_misc_selmodel.r, as printed: steps .05, .10, .50 on dat.hackshaw1998.
    y, v = smoke()
    found = step_selection(y, v, steps=(0.05, 0.10, 0.50, 1.00))
    assert found.delta == pytest.approx([1, 2.422079, 0.977543, 0.396713], abs=2e-4)
    assert found.delta_se[1:] == pytest.approx([1.66085, 0.820387, 0.469235], abs=2e-4)
    assert found.lr_statistic == pytest.approx(7.066137, abs=1e-5)
    assert found.lr_df == 3
    assert found.tau2 == pytest.approx(0.03071325, abs=1e-5)
    assert np.isnan(found.delta_se[0])
    assert found.counts.tolist() == [7, 8, 16, 6]


def alike(one: SelectionModel, other: SelectionModel, factor: float = 1.0) -> None:
    assert one.beta == pytest.approx(factor * other.beta, rel=1e-5, abs=1e-7)
    assert one.standard_errors == pytest.approx(abs(factor) * other.standard_errors, rel=1e-5)
    assert one.tau2 == pytest.approx(factor**2 * other.tau2, rel=1e-5)
    assert one.delta == pytest.approx(other.delta, rel=1e-5)
    assert one.lr_statistic == pytest.approx(other.lr_statistic, abs=1e-7)


def fits(y: np.ndarray, v: np.ndarray, side: str, **options: object) -> list[SelectionModel]:
    return [
        step_selection(y, v, steps=(0.1,), alternative=side, **options),
        beta_selection(y, v, alternative=side, **options),
    ]


def test_mirrored_estimates_have_the_mirrored_result() -> None:
    y, v = smoke()
    for one, other in zip(fits(y, v, "greater"), fits(-y, v, "less"), strict=True):
        alike(one, other, -1)
        assert one.p_of_studies == pytest.approx(other.p_of_studies, rel=1e-12)
    for one, other in zip(fits(y, v, "two-sided"), fits(-y, v, "two-sided"), strict=True):
        alike(one, other, -1)


def test_neither_order_nor_unit_matters() -> None:
    y, v = smoke()
    order = np.random.default_rng(1).permutation(len(y))
    for one, other in zip(fits(1e3 * y[order], 1e6 * v[order], "greater"), fits(y, v, "greater"), strict=True):
        alike(one, other, 1e3)


def test_the_zero_of_a_moderator_does_not_matter() -> None:
    y, v = smoke()
    year = 1981.0 + np.arange(len(y)) % 17
    plain = step_selection(y, v, moderators={"year": year})
    moved = step_selection(y, v, moderators={"year": (year - 1990) / 10})
    assert moved.beta[1] == pytest.approx(10 * plain.beta[1], rel=1e-5)
    assert moved.standard_errors[1] == pytest.approx(10 * plain.standard_errors[1], rel=1e-5)
    assert moved.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)
    without = step_selection(y, v, moderators={"year": year - 1990}, intercept=False)
    assert without.names == ("year",)
    assert without.log_likelihood <= plain.log_likelihood + 1e-9


def test_what_was_selected_is_found_again() -> None:
    rng = np.random.default_rng(3)
    v = rng.uniform(0.02, 0.3, 6_000)
    y = rng.normal(0.2, np.sqrt(v + 0.04))
    p = ndtr(-y / np.sqrt(v))
    seen = rng.uniform(size=len(y)) < np.where(p <= 0.025, 1.0, np.where(p <= 0.5, 0.6, 0.2))
    found = step_selection(y[seen], v[seen], steps=(0.025, 0.5))
    plain = random_effects(y[seen], v[seen], method="ML")
    assert abs(found.beta[0] - 0.2) < 3 * found.standard_errors[0]
    assert plain.estimate > 0.2 + 5 * plain.standard_error
    assert abs(found.delta[1:] - [0.6, 0.2]).max() < 3 * found.delta_se[1:].max()
    assert abs(found.tau2 - 0.04) < 3 * found.tau2_se
    assert found.lr_p < 1e-6
    assert found.marks == ()


def test_an_interval_without_a_study_is_refused_unless_its_weight_is_given() -> None:
    y, v = np.array([0.5, 0.6, 0.4, 0.7]), np.full(4, 0.01)
    with pytest.raises(MethodError, match=r"no study has a p value above 0\.025 and up to 1"):
        step_selection(y, v)
    found = step_selection(y, v, fixed=(1, 0.5))
    assert found.delta.tolist() == [1, 0.5]
    with pytest.raises(MethodError, match=r"above 0 and up to 0\.025"):
        step_selection(-y, v, steps=(0.025,))


def test_few_studies_and_thin_intervals_are_marked() -> None:
    y, v = np.array([0.5, 0.1, 0.05, 0.4, 0.3, -0.1]), np.full(6, 0.02)
    found = step_selection(y, v)
    assert any("only 6 studies" in mark for mark in found.marks)
    assert found.counts.tolist() == [3, 3]
    thin = step_selection(y, v, steps=(0.025, 0.7))
    assert "0.7 < p <= 1: 1 study for its weight" in thin.marks
    first = step_selection([0.5, *y[1:3], 0.2, 0.1, -0.1], v)
    assert any(mark.startswith("0 < p <= 0.025: 1 of the studies") for mark in first.marks)


def test_tau2_on_its_bound_is_told_and_taken_as_known() -> None:
    y, v = np.array([0.21, 0.2, 0.19, 0.22, 0.18, 0.2, 0.3, 0.1, 0.2, 0.24, 0.16]), np.full(11, 0.01)
    found = step_selection(y, v)
    assert found.tau2 == 0
    assert found.tau2_se is None
    assert any("tau2 is 0, on its bound" in mark for mark in found.marks)
    assert np.isfinite(found.standard_errors).all()


def test_a_weight_that_runs_away_is_told() -> None:
    # Every estimate but one lies just beyond the step.
    v = np.full(15, 0.01)
    y = np.array([0.3, *np.linspace(0.17, 0.195, 14)])
    found = step_selection(y, v)
    assert found.delta[1] == pytest.approx(100.0)
    assert any("on the bound" in mark and "0.025 < p <= 1" in mark for mark in found.marks)
    assert np.isnan(found.delta_se[1])


def test_two_maxima_are_told() -> None:
    found = beta_selection(*smoke())
    assert found.converged
    assert any("more than one maximum" in mark for mark in found.marks)


def test_weights_are_those_of_the_function() -> None:
    step = step_selection(Y, V, steps=(0.05, 0.4), fixed=(1, 0.7, 0.2))
    assert step.weight_of([0.0, 0.05, 0.050001, 0.4, 0.5, 1.0]).tolist() == [1, 1, 0.7, 0.7, 0.2, 0.2]
    beta = beta_selection(Y, V, fixed=(0.5, 2.0))
    assert beta.weight_of([0.25, 0.0]) == pytest.approx([0.25**-0.5 * 0.75, 1e-5**-0.5 * (1 - 1e-5)])
    with pytest.raises(MethodError, match="from 0 to 1"):
        step.weight_of([1.1])


def test_a_result_is_shown_as_a_table_a_dictionary_and_words() -> None:
    y, v = smoke()
    found = step_selection(y, v, moderators={"x<y": np.arange(37.0)}, level=0.9)
    table = found.table()
    assert table.loc["x<y", "estimate"] == found.beta[1]
    assert table.loc["0.025 < p <= 1", "standard_error"] == found.delta_se[1]
    assert found.high[1] - found.low[1] == pytest.approx(2 * 1.6448536 * found.standard_errors[1], rel=1e-6)
    stored = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert stored["delta"] == found.delta.tolist()
    assert stored["delta_se"][0] is None
    assert stored["counts"] == found.counts.tolist()
    assert "step-function selection model" in found.explain()
    assert "90% level" in found.explain()
    page = found._repr_html_()
    assert "x&lt;y" in page
    assert "No selection: chi-squared(1)" in page
    assert repr(found) == "SelectionModel(step, greater, k = 37, coefficients: intercept, x<y)"
    beta = beta_selection(Y, V)
    assert repr(beta).startswith("SelectionModel(beta, greater, k = 24, ")
    assert "beta selection model" in beta.explain()
    assert beta.delta_names[0].startswith("delta 1")
    assert "assumed beforehand" in step_selection(Y, V, fixed=(1, 0.5)).explain()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": ()}, "numbers above 0"),
        ({"steps": (0.0, 0.5)}, "numbers above 0"),
        ({"steps": (0.5, 1.5)}, "numbers above 0"),
        ({"steps": ("a",)}, "numbers above 0"),
        ({"steps": (1.0,)}, "a step below 1"),
        ({"alternative": "two.sided"}, "alternative 'two.sided'"),
        ({"method": "REML"}, "'ML' or 'common'"),
        ({"level": 95}, "level"),
        ({"fixed": (1,)}, "1 fixed weights; 2"),
        ({"fixed": (0.5, None)}, "the first fixed weight"),
        ({"fixed": (1, 0.0)}, "fixed weight 0.0"),
        ({"fixed": (1, 500)}, "fixed weight 500"),
        ({"moderators": {"x": [1.0]}}, "1 values for 24"),
        ({"labels": ["a"]}, "1 names for 24"),
        ({"intercept": False}, "no coefficient"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        step_selection(Y, V, **options)


@pytest.mark.parametrize(
    ("y", "v", "words"),
    [
        ([], [], "k = 0"),
        ([0.5], [0.01], "no study has a p value"),
        ([0.5, 0.1], [0.01, 0.01], "2 studies and 3 parameters"),
        ([0.5, float("nan")], [0.01, 0.01], "study 2: the estimate is nan"),
        ([0.5, 0.1], [0.01, -1.0], "study 2: the variance is -1"),
        ([0.5, 0.1, 0.3], [0.01, 0.0, 0.02], "study 2: the variance is 0"),
    ],
)
def test_studies_that_do_not_do_are_refused(y: list[float], v: list[float], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        step_selection(y, v)


def test_too_few_studies_for_a_beta_function_are_refused() -> None:
    with pytest.raises(MethodError, match="3 studies and 4 parameters"):
        beta_selection([0.5, 0.1, 0.2], [0.01, 0.02, 0.03])
    with pytest.raises(MethodError, match="2 are expected"):
        beta_selection(Y, V, fixed=(1, 1, 1))


def test_a_model_without_moderators_has_one_effect() -> None:
    found = step_selection(Y, V)
    one = (found.estimate, found.standard_error, found.p_value, *found.interval)
    assert one == (found.beta[0], found.standard_errors[0], found.p_values[0], found.low[0], found.high[0])
    several = step_selection(Y, V, moderators={"x": np.arange(24.0)})
    for name in ("estimate", "standard_error", "interval", "p_value"):
        with pytest.raises(MethodError, match="no one"):
            getattr(several, name)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"steps": None}, "steps None: numbers above 0"),
        ({"steps": "0.5"}, "steps '0.5': numbers above 0"),
        ({"fixed": 5}, "fixed weights 5: 2 are expected"),
        ({"fixed": "ab"}, "fixed weights 'ab': 2 are expected"),
    ],
)
def test_options_of_another_form_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        step_selection(Y, V, **options)


@pytest.mark.parametrize("p", ["a", None, [[0.1], [0.2, 0.3]]])
def test_weights_of_what_is_no_p_value_are_refused(p: object) -> None:
    with pytest.raises(MethodError, match="numbers from 0 to 1"):
        step_selection(Y, V).weight_of(p)


def test_a_weight_above_1_is_told_as_the_opposite_of_what_is_meant() -> None:
    y, v = smoke()
    found = step_selection(y, v, steps=(0.05, 0.10, 0.50))
    told = [mark for mark in found.marks if "opposite of the selection meant" in mark]
    assert found.delta[1] > 1 > found.delta[2]
    assert [mark.split(":")[0] for mark in told] == ["0.05 < p <= 0.1"]
    given = step_selection(y, v, fixed=(1, 2.0))
    assert not any("opposite" in mark for mark in given.marks)
