"""Funnel plots: points, region, contours, filled studies and regression line are those of the engine."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from chart_reading import SIZES, Studies, invented, lines, names_drawn, points, table_points, vertices
from matplotlib.collections import PolyCollection

from synth.effects.intervals import critical_value
from synth.errors import MethodError
from synth.plots import Drawing
from synth.plots.funnel import funnel
from synth.plots.funnel_lines import SizeName
from synth.synthesis import common_effect, meta_regression, random_effects
from synth.synthesis.diagnostics import standardised_residuals
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.small_study import egger_test, regression_test, trim_and_fill

NORMAL = {0.9: 1.6448536269514722, 0.95: 1.959963984540054, 0.99: 2.5758293035489004}  # two-sided, scipy 1.17


def _asymmetric() -> MetaAnalysis:
    """Invented studies, the small ones with larger effects."""
    errors = np.array([0.08, 0.1, 0.12, 0.2, 0.22, 0.3, 0.34, 0.4, 0.45, 0.5, 0.55, 0.6])
    estimates = -0.1 - 1.6 * errors + np.array([0.25, -0.05, -0.3, -0.1, 0.1, 0.02, -0.07, 0.1, -0.1, 0.05, 0.2, -0.2])
    return random_effects(estimates, errors**2, labels=[f"Invented {n + 1}" for n in range(12)])


@pytest.mark.parametrize("k", SIZES)
@pytest.mark.parametrize("long_names", [False, True])
def test_words_are_readable(k: int, long_names: bool, assert_readable: Callable[[Drawing], None]) -> None:
    studies = invented(k, long_names=long_names)
    drawing = funnel(studies.model(), measure="OR", title="Invented trials")
    assert_readable(drawing)
    assert len(points(drawing)) == k


def test_points_are_the_studies_and_equal_the_data() -> None:
    model = invented(12).model()
    drawing = funnel(model, measure="RR")
    data = drawing.data()
    shown = points(drawing)
    studies = data[data["kind"] == "study"]
    assert studies["label"].tolist() == list(model.labels)
    assert studies["x"].tolist() == model.estimates.tolist()
    assert studies["standard_error"].to_numpy() == pytest.approx(np.sqrt(model.variances))
    assert studies["natural"].to_numpy() == pytest.approx(np.exp(model.estimates))
    assert (studies["beyond_axis"] == "").all()
    for label, x, y in zip(studies["label"], studies["x"], studies["y"], strict=True):
        assert shown[label] == (x, y)


@pytest.mark.parametrize(
    ("y", "label"),
    [
        ("standard error", "Standard error"),
        ("variance", "Sampling variance"),
        ("precision", "Precision (1 / standard error)"),
        ("inverse variance", "1 / sampling variance"),
    ],
)
def test_each_size_has_its_axis_and_region(y: SizeName, label: str, assert_readable: Callable[[Drawing], None]) -> None:
    model = _asymmetric()
    drawing = funnel(model, measure="SMD", y=y)
    errors = np.sqrt(model.variances)
    wanted = {"standard error": errors, "variance": errors**2, "precision": 1 / errors, "inverse variance": errors**-2}
    assert [place[1] for place in points(drawing).values()] == pytest.approx(wanted[y])
    assert label in names_drawn(drawing)
    upper = vertices(drawing, "pseudo region upper side")
    as_error = {"standard error": 1.0, "variance": 0.5, "precision": -1.0, "inverse variance": -0.5}
    assert upper[:, 0] == pytest.approx(model.estimate + NORMAL[0.95] * upper[:, 1] ** as_error[y])
    # Large studies are at the top: the axis of errors runs downwards.
    bottom, top = drawing.axes[0].get_ylim()
    assert (bottom > top) == (y in ("standard error", "variance"))
    assert_readable(drawing)


def test_the_region_may_hold_the_variance_between_studies() -> None:
    model = _asymmetric()
    drawing = funnel(model, region_with_tau2=True)
    lower = vertices(drawing, "pseudo region lower side")
    assert model.tau2 > 0.01
    assert lower[:, 0] == pytest.approx(model.estimate - NORMAL[0.95] * np.sqrt(lower[:, 1] ** 2 + model.tau2))
    assert "with tau²" in names_drawn(drawing)


def test_the_region_has_the_level_of_the_model() -> None:
    studies = invented(12)
    model = random_effects(studies.estimates, studies.variances, level=0.9)
    upper = vertices(funnel(model), "pseudo region upper side")
    assert upper[:, 0] == pytest.approx(model.estimate + NORMAL[0.9] * upper[:, 1])


def test_contours_are_those_of_p_values_around_no_effect() -> None:
    drawing = funnel(_asymmetric(), measure="OR")
    data = drawing.data()
    for level, critical in NORMAL.items():
        assert critical_value(level) == pytest.approx(critical, abs=1e-12)
        for side, sign in (("lower", -1), ("upper", 1)):
            drawn = table_points(data, "contour", f"{level:g}, {side} side")
            assert drawn[:, 0] == pytest.approx(sign * critical * drawn[:, 1])
    areas = [area for area in drawing.axes[0].collections if isinstance(area, PolyCollection)]
    assert [area.get_label() for area in areas] == ["contours", "contour 0.99", "contour 0.95", "contour 0.9"]
    shades = [tuple(area.get_facecolor()[0]) for area in sorted(areas, key=lambda area: area.get_zorder())]
    assert len(set(shades)) == 4
    assert shades[-1] == (1.0, 1.0, 1.0, 1.0)
    greys = sorted(0.299 * red + 0.587 * green + 0.114 * blue for red, green, blue, _ in shades)
    assert np.diff(greys).min() > 0.07, "in print without colour two shades look alike"
    for level in (0.9, 0.95, 0.99):
        for side in ("lower", "upper"):
            edge = lines(drawing)[f"edge {level:g} {side}"]
            assert edge.get_xydata() == pytest.approx(
                table_points(drawing.data(), "contour", f"{level:g}, {side} side")
            )
            assert edge.get_linewidth() < 1
    # Beside the white middle the darkest, and lighter outwards.
    assert [sum(shade) for shade in shades[:3]] == sorted((sum(shade) for shade in shades[:3]), reverse=True)
    assert all(words in names_drawn(drawing) for words in ("p ≥ 0.1", "0.05 ≤ p < 0.1", "0.01 ≤ p < 0.05", "p < 0.01"))


def test_a_contour_area_is_what_the_data_say() -> None:
    drawing = funnel(_asymmetric(), measure="OR", contours=(0.95,))
    (_, area) = drawing.axes[0].collections
    corners = area.get_paths()[0].vertices
    for label in ("0.95, lower side", "0.95, upper side"):
        for x, y in table_points(drawing.data(), "contour", label):
            gaps = np.hypot(corners[:, 0] - x, corners[:, 1] - y)
            assert gaps.min() < 1e-9


@pytest.mark.parametrize(
    ("measure", "options"),
    [("PLO", {}), ("OR", {"contours": ()}), ("OR", {"y": "sample size", "sample_sizes": range(10, 22)})],
)
def test_there_are_no_contours_where_they_mean_nothing(measure: str, options: dict[str, object]) -> None:
    drawing = funnel(_asymmetric(), measure=measure, **options)  # type: ignore[arg-type]
    assert not drawing.axes[0].collections
    assert "contour" not in set(drawing.data()["kind"])
    assert "p < " not in names_drawn(drawing)


def test_summary_and_no_effect_are_lines_with_their_natural_values() -> None:
    model = _asymmetric()
    drawing = funnel(model, measure="OR")
    words = f"Summary: {math.exp(model.estimate):.2f}"
    assert vertices(drawing, f"summary {words}")[:, 0].tolist() == [model.estimate] * 2
    assert vertices(drawing, "line of no effect No effect: 1")[:, 0].tolist() == [0.0, 0.0]
    assert words in names_drawn(drawing)
    assert words in drawing.alt_text()
    for kind, label in (("summary", words), ("line of no effect", "No effect: 1")):
        assert np.array_equal(table_points(drawing.data(), kind), vertices(drawing, f"{kind} {label}"))


def test_axis_labels_are_natural_values() -> None:
    axes = funnel(_asymmetric(), measure="OR").axes[0]
    ticks = zip(axes.get_xticks(), axes.get_xticklabels(), strict=True)
    assert len(axes.get_xticks()) > 2
    assert all(math.exp(at) == pytest.approx(float(label.get_text())) for at, label in ticks)


def test_filled_studies_are_hollow_and_from_trim_and_fill(assert_readable: Callable[[Drawing], None]) -> None:
    model = _asymmetric()
    filled = trim_and_fill(model)
    assert filled.k0 > 0
    drawing = funnel(model, measure="OR", trim_fill=filled)
    rows = drawing.data().query("kind == 'filled study'")
    assert rows["x"].tolist() == list(filled.filled_estimates)
    assert rows["standard_error"].to_numpy() == pytest.approx(np.sqrt(filled.filled_variances))
    hollow = {label for label, line in lines(drawing).items() if line.get_markerfacecolor() == "#ffffff"}
    assert hollow == {f"study filled {number + 1}" for number in range(filled.k0)}
    for label, x, y in zip(rows["label"], rows["x"], rows["y"], strict=True):
        assert points(drawing)[label] == (x, y)
    adjusted = table_points(drawing.data(), "summary with filled studies")
    assert adjusted[:, 0].tolist() == [filled.model.estimate] * 2
    assert "mirror images" in names_drawn(drawing)
    assert_readable(drawing)


def test_nothing_filled_adds_nothing() -> None:
    studies = Studies(np.array([-0.2, 0.0, 0.2]), np.array([0.04, 0.01, 0.04]), ["A", "B", "C"])
    model = studies.model()
    filled = trim_and_fill(model, side="left")
    assert filled.k0 == 0
    assert funnel(model, trim_fill=filled).data().equals(funnel(model).data())


@pytest.mark.parametrize("y", ["standard error", "precision"])
@pytest.mark.parametrize("predictor", ["standard error", "variance"])
def test_the_regression_line_is_that_of_the_test(y: SizeName, predictor: str) -> None:
    model = _asymmetric()
    test = regression_test(model, kind="classic", predictor=predictor)  # type: ignore[arg-type]
    drawing = funnel(model, measure="OR", regression=test, y=y)
    (label,) = [label for label in lines(drawing) if label.startswith("regression ")]
    drawn = vertices(drawing, label)
    error = drawn[:, 1] if y == "standard error" else 1 / drawn[:, 1]
    size = error if predictor == "standard error" else error**2
    assert test.limit_estimate is not None
    assert drawn[:, 0] == pytest.approx(test.limit_estimate + test.slope * size)
    assert np.array_equal(drawn, table_points(drawing.data(), "regression"))
    p = "p < 0.001" if test.p_value < 0.001 else f"p = {test.p_value:.3f}"
    name = "Egger's regression" if predictor == "standard error" else "Regression"
    assert f"{name} on the {predictor}, {p}" in names_drawn(drawing)


@pytest.mark.parametrize(("k", "told"), [(9, True), (10, False)])
def test_few_studies_are_told_of(k: int, told: bool) -> None:
    drawing = funnel(invented(k).model(), measure="OR")
    assert ("asymmetry cannot be judged" in names_drawn(drawing).replace("\n", " ")) == told
    assert ("asymmetry cannot be judged" in drawing.alt_text()) == told


def test_marks_of_the_model_stand_below() -> None:
    assert "Two studies: for sensitivity only" in names_drawn(funnel(invented(2).model()))


def test_a_far_study_is_an_arrow_and_told_of(assert_readable: Callable[[Drawing], None]) -> None:
    studies = invented(12)
    studies.variances[3], studies.estimates[5] = 25.0, 9.0
    drawing = funnel(studies.model(), measure="OR")
    far = drawing.data().query("beyond_axis != ''").set_index("label")
    assert {"Invented 4", "Invented 6"} <= set(far.index)
    assert far.loc["Invented 4", "y"] == 5.0
    assert "below" in far.loc["Invented 4", "beyond_axis"]
    assert far.loc["Invented 6", "beyond_axis"] == "right"
    assert drawing.axes[0].get_ylim()[0] < 2.5
    assert points(drawing)["Invented 6 arrow"][0] == drawing.axes[0].get_xlim()[1]
    assert "Arrow: the point lies beyond the axis (Invented 4" in drawing.alt_text()
    assert_readable(drawing)


def test_no_effect_far_away_is_told_of_and_not_drawn() -> None:
    model = random_effects([50.0, 52.0, 51.0], [1.0, 1.0, 2.0])
    drawing = funnel(model, measure="MD")
    assert "line of no effect" not in set(drawing.data()["kind"])
    assert "No effect (0) lies beyond the axis." in drawing.alt_text()


def test_names_are_those_outside_the_region() -> None:
    model = _asymmetric()
    z = np.abs(model.estimates - model.estimate) / np.sqrt(model.variances)
    outside = {model.labels[index] for index in np.flatnonzero(z > NORMAL[0.95])}
    assert 0 < len(outside) < 8
    shown = set(names_drawn(funnel(model)).split("\n"))
    assert {name for name in model.labels if name in shown} == outside
    assert f"{12 - len(outside)} of 12 lie inside the pseudo 95% region" in funnel(model).alt_text()
    assert not set(names_drawn(funnel(model, named=0)).split("\n")) & set(model.labels)


def test_residuals_stand_for_a_model_with_moderators(assert_readable: Callable[[Drawing], None]) -> None:
    base = _asymmetric()
    model = meta_regression(base.estimates, base.variances, {"year": list(range(12))}, labels=base.labels)
    residuals = standardised_residuals(model)
    drawing = funnel(model, measure="OR")
    rows = drawing.data().query("kind == 'study'")
    assert rows["x"].to_numpy() == pytest.approx(residuals.residual)
    assert rows["y"].to_numpy() == pytest.approx(residuals.standard_error)
    assert "contour" not in set(drawing.data()["kind"])
    assert "Residual from the model (odds ratio, log scale)" in names_drawn(drawing)
    assert_readable(drawing)


def test_sample_sizes_have_neither_region_nor_contours() -> None:
    model = _asymmetric()
    sizes = np.linspace(400, 20, 12)
    drawing = funnel(model, measure="OR", y="sample size", sample_sizes=sizes)
    assert [place[1] for place in points(drawing).values()] == sizes.tolist()
    assert set(drawing.data()["kind"]) == {"study", "summary", "line of no effect"}
    assert "neither a region of sampling error nor a contour" in drawing.alt_text()


def test_studies_without_estimate_are_named() -> None:
    drawing = funnel(invented(3).model(), not_drawn={"Invented 4": "no standard deviation"})
    assert "Not drawn: Invented 4 (no standard deviation)." in names_drawn(drawing)


def test_the_words_list_few_studies_and_point_to_the_table_for_many() -> None:
    few, many = funnel(invented(3).model(), measure="OR"), funnel(invented(60).model(), measure="OR")
    assert "Invented 3: " in few.alt_text()
    assert "The table of the figure gives each study." in many.alt_text()
    assert few.alt_text().startswith("Funnel plot. Odds ratio (log scale) against standard error, k = 3.")


def test_the_line_in_the_middle_is_called_what_it_is() -> None:
    studies, one = invented(12), invented(1).model()
    assert "Common effect: " in names_drawn(funnel(common_effect(studies.estimates, studies.variances)))
    assert "Summary: " in names_drawn(funnel(studies.model()))
    assert "The one study: " in names_drawn(funnel(one))
    assert "Summary" not in funnel(one).alt_text()


def test_bytes_are_the_same_each_time() -> None:
    model = _asymmetric()
    assert funnel(model, measure="OR").svg() == funnel(model, measure="OR").svg()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": "size"}, "y = 'size'"),
        ({"measure": "XX"}, "measure 'XX'"),
        ({"named": -1}, "named"),
        ({"contours": (0.9, 0.9)}, "different levels"),
        ({"contours": (95,)}, "between 0 and 1"),
        ({"contours": 0.95}, r"contours = 0\.95: a sequence"),
        ({"contours": None}, "contours = None: a sequence"),
        ({"trim_fill": "x"}, "trim_fill = 'x': the result of trim_and_fill"),
        ({"regression": "x"}, "regression = 'x': the result of regression_test"),
        ({"contours": (95,), "measure": "PLO"}, "between 0 and 1"),
        ({"contours": (0.5, 0.6, 0.7, 0.8, 0.9)}, "at most 4"),
        ({"y": "sample size"}, "sample_sizes, one for each study"),
        ({"sample_sizes": [1] * 12}, "y='sample size'"),
        ({"y": "sample size", "sample_sizes": [1] * 3}, "3 sample sizes for 12"),
        ({"y": "sample size", "sample_sizes": [5] * 11 + [0]}, "Invented 12: the sample size is 0"),
    ],
)
def test_impossible_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        funnel(_asymmetric(), **options)  # type: ignore[arg-type]


def test_tests_of_other_studies_are_refused() -> None:
    model, other = _asymmetric(), invented(11).model()
    same_k = random_effects(model.estimates + 1, model.variances)
    for options in (
        {"trim_fill": trim_and_fill(other)},
        {"trim_fill": trim_and_fill(same_k)},
        {"regression": egger_test(other)},
        {"regression": regression_test(model, predictor="sample size", sample_sizes=range(10, 22))},
        {"regression": egger_test(model), "y": "sample size", "sample_sizes": range(10, 22)},
        {"trim_fill": trim_and_fill(model), "y": "sample size", "sample_sizes": range(10, 22)},
    ):
        with pytest.raises(MethodError, match="expected"):
            funnel(model, **options)  # type: ignore[arg-type]


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(MethodError, match=r"MetaAnalysis.*not list"):
        funnel([0.1, 0.2])  # type: ignore[arg-type]
    exact = random_effects([0.1, 0.2, 0.3], [0.1, 0.0, 0.1], tau2=0.05, labels=["A", "B", "C"])
    with pytest.raises(MethodError, match="B: the variance is 0"):
        funnel(exact)
    with pytest.raises(MethodError, match="no residual"):
        funnel(meta_regression([0.1, 0.2], [0.1, 0.1], {"year": [1, 2]}))
