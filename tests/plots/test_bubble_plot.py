"""Bubble plots: line and bands are the model's predictions, areas its weights."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from chart_reading import SIZES, invented, lines, names_drawn, points, vertices
from matplotlib.collections import PolyCollection

from synth.errors import MethodError
from synth.plots import Drawing
from synth.plots.bubble import bubble
from synth.synthesis import meta_regression, random_effects
from synth.synthesis.fitting import Method
from synth.synthesis.meta_analysis import MetaAnalysis

ARMS = ("both", "left", "right")


def _dose(k: int) -> list[float]:
    return np.random.default_rng(k).uniform(0, 100, k).tolist()


def _model(k: int = 12, *, long_names: bool = False, method: Method = "REML") -> MetaAnalysis:
    studies = invented(k, long_names=long_names)
    return meta_regression(
        studies.estimates, studies.variances, {"dose": _dose(k)}, labels=studies.labels, method=method
    )


def _category(k: int = 12, *, intercept: bool = True) -> MetaAnalysis:
    studies = invented(k)
    arms = [ARMS[index % 3] for index in range(k)]
    return meta_regression(
        studies.estimates, studies.variances, {"arm": arms}, labels=studies.labels, intercept=intercept
    )


@pytest.mark.parametrize("k", SIZES[1:])
@pytest.mark.parametrize("long_names", [False, True])
def test_words_are_readable(k: int, long_names: bool, assert_readable: Callable[[Drawing], None]) -> None:
    drawing = bubble(_model(k, long_names=long_names), measure="OR", title="Invented trials")
    assert_readable(drawing)
    assert len(points(drawing)) == k


def test_points_are_the_studies_by_their_moderator() -> None:
    model = _model()
    drawing = bubble(model, measure="RR")
    rows = drawing.data().query("kind == 'study'")
    assert rows["label"].tolist() == list(model.labels)
    assert rows["x"].tolist() == _dose(12)
    assert rows["y"].tolist() == model.estimates.tolist()
    assert rows["natural"].to_numpy() == pytest.approx(np.exp(model.estimates))
    assert rows["weight"].tolist() == model.weights.tolist()
    for label, x, y in zip(rows["label"], rows["x"], rows["y"], strict=True):
        assert points(drawing)[label] == (x, y)


def test_areas_show_the_weights() -> None:
    model = _model()
    sides = np.array([lines(bubble(model))[f"study {label}"].get_markersize() for label in model.labels])
    assert sides == pytest.approx(np.maximum(sides.max() * np.sqrt(model.weights / model.weights.max()), 5.0))


@pytest.mark.parametrize("method", ["REML", "common"])
def test_line_and_bands_are_the_predictions(method: Method) -> None:
    model = _model(method=method)
    drawing = bubble(model, measure="OR")
    line = vertices(drawing, "line ")
    assert (line[0, 0], line[-1, 0]) == (min(_dose(12)), max(_dose(12)))
    wanted = model.predict({"dose": line[:, 0]})
    assert line[:, 1] == pytest.approx(wanted.estimates)
    rows = drawing.data().query("kind == 'line'")
    assert np.array_equal(rows[["x", "y"]].to_numpy(), line)
    assert rows["low"].to_numpy() == pytest.approx(wanted.low)
    assert rows["high"].to_numpy() == pytest.approx(wanted.high)
    (band,) = [area for area in drawing.axes[0].collections if isinstance(area, PolyCollection)]
    corners = band.get_paths()[0].vertices
    bottom, top = drawing.axes[0].get_ylim()
    for x, low, high in rows[["x", "low", "high"]].to_numpy():
        for end in (low, high):
            assert np.hypot(corners[:, 0] - x, corners[:, 1] - np.clip(end, bottom, top)).min() < 1e-9
    if method == "common":
        assert rows["prediction_low"].isna().all()
        assert "prediction" not in names_drawn(drawing)
        return
    for side, column in (("lower", wanted.prediction_low), ("upper", wanted.prediction_high)):
        assert vertices(drawing, f"prediction {side} ")[:, 1] == pytest.approx(column)


def test_the_line_is_natural_in_words() -> None:
    model = _model()
    words = bubble(model, measure="OR", moderator_label="Dose, mg").alt_text()
    ends = model.predict({"dose": [min(_dose(12)), max(_dose(12))]})
    assert ends.low is not None
    assert ends.high is not None
    for estimate, low, high in zip(ends.estimates, ends.low, ends.high, strict=True):
        assert f"{math.exp(estimate):.2f} [95% CI {math.exp(low):.2f} to {math.exp(high):.2f}]" in words
    assert "Odds ratio (log scale) against Dose, mg, k = 12." in words


@pytest.mark.parametrize("intercept", [True, False])
def test_categories_have_means_and_intervals(intercept: bool, assert_readable: Callable[[Drawing], None]) -> None:
    model = _category(intercept=intercept)
    drawing = bubble(model, measure="OR")
    wanted = model.predict({"arm": list(ARMS)})
    rows = drawing.data().query("kind == 'line'")
    assert rows["moderator"].tolist() == list(ARMS)
    assert rows["x"].tolist() == [0, 1, 2]
    assert rows["y"].to_numpy() == pytest.approx(wanted.estimates)
    assert rows["low"].to_numpy() == pytest.approx(wanted.low)
    assert rows["prediction_high"].to_numpy() == pytest.approx(wanted.prediction_high)
    for place, level in enumerate(ARMS):
        mean = vertices(drawing, f"line {level}")
        assert mean[:, 1] == pytest.approx(wanted.estimates[place])
        assert mean[:, 0].mean() == pytest.approx(place)
    assert [label.get_text() for label in drawing.axes[0].get_xticklabels()] == list(ARMS)
    assert_readable(drawing)


def test_studies_of_a_category_stand_side_by_side() -> None:
    model = _category(60)
    rows = bubble(model).data().query("kind == 'study'")
    assert rows["moderator"].tolist() == [ARMS[index % 3] for index in range(60)]
    places = np.array([ARMS.index(level) for level in rows["moderator"]])
    assert (np.abs(rows["x"].to_numpy() - places) < 0.4).all()
    for level in ARMS:
        members = rows[rows["moderator"] == level]
        assert members["x"].is_unique
        assert members["x"].mean() == pytest.approx(ARMS.index(level), abs=0.02)


def test_long_categories_are_numbered(assert_readable: Callable[[Drawing], None]) -> None:
    studies = invented(60)
    levels = [f"a category with a long name {index % 8}" for index in range(60)]
    model = meta_regression(studies.estimates, studies.variances, {"place": levels}, labels=studies.labels)
    drawing = bubble(model, measure="OR")
    ticks = [label.get_text() for label in drawing.axes[0].get_xticklabels()]
    assert ticks == [str(number) for number in range(1, 9)]
    assert "8: a category with a long name 7." in names_drawn(drawing).replace("\n", " ")
    assert_readable(drawing)


def _two() -> MetaAnalysis:
    studies = invented(12)
    arms = ["left"] * 3 + ["right"] * 5 + ["both"] * 4
    return meta_regression(
        studies.estimates, studies.variances, {"dose": _dose(12), "arm": arms}, labels=studies.labels
    )


def test_other_moderators_are_held(assert_readable: Callable[[Drawing], None]) -> None:
    model = _two()
    by_dose, by_arm = bubble(model, "dose"), bubble(model, "arm")
    line = vertices(by_dose, "line ")
    assert line[:, 1] == pytest.approx(model.predict({"dose": line[:, 0], "arm": "right"}).estimates)
    assert "Other moderators are held: arm at right" in names_drawn(by_dose)
    mean = float(np.mean(_dose(12)))
    means = by_arm.data().query("kind == 'line'")["y"].to_numpy()
    assert means == pytest.approx(model.predict({"arm": list(ARMS), "dose": mean}).estimates)
    assert f"dose at {mean:.4g}" in names_drawn(by_arm)
    assert_readable(by_dose)
    assert_readable(by_arm)


def test_other_moderators_may_be_set() -> None:
    model = _two()
    line = vertices(bubble(model, "dose", at={"arm": "left"}), "line ")
    assert line[:, 1] == pytest.approx(model.predict({"dose": line[:, 0], "arm": "left"}).estimates)


@pytest.mark.parametrize("k", [2, 3])
def test_few_studies_have_no_prediction_and_their_marks(k: int) -> None:
    drawing = bubble(_model(k), measure="OR")
    assert ("prediction_low" in drawing.data().query("kind == 'line'").dropna(axis=1).columns) == (k == 3)
    mark = "As many coefficients as studies" if k == 2 else "Only 3 studies"
    assert mark in names_drawn(drawing)


def test_a_band_or_a_study_beyond_the_axis_is_told_of(assert_readable: Callable[[Drawing], None]) -> None:
    studies = invented(12)
    studies.estimates[5], studies.variances[5] = 19.0, 400.0
    model = meta_regression(studies.estimates, studies.variances, {"dose": _dose(12)}, labels=studies.labels)
    drawing = bubble(model, measure="OR")
    far = drawing.data().query("beyond_axis != ''")
    assert far["label"].tolist() == ["Invented 6"]
    assert far["beyond_axis"].tolist() == ["above"]
    assert "Arrow: the point lies beyond the axis (Invented 6)." in drawing.alt_text()
    assert points(drawing)["Invented 6 arrow"][1] == drawing.axes[0].get_ylim()[1]
    assert_readable(drawing)
    assert "A band goes on beyond the axis." in bubble(_model(3), measure="OR").alt_text()
    assert "A band goes on" not in bubble(_model(12, method="common"), measure="OR").alt_text()


@pytest.mark.parametrize(("measure", "value"), [("OR", "1"), ("MD", "0"), ("PLO", None)])
def test_no_effect_has_its_line(measure: str, value: str | None) -> None:
    drawing = bubble(_model(), measure=measure)
    rows = drawing.data().query("kind == 'line of no effect'")
    assert len(rows) == (0 if value is None else 1)
    if value is not None:
        assert vertices(drawing, "no effect")[:, 1].tolist() == [rows["y"].iloc[0]] * 2 == [0.0, 0.0]
        assert f"No effect: {value}" in names_drawn(drawing)


def test_the_furthest_from_the_line_are_named() -> None:
    model = _model(12)
    assert (bubble(model).data()["beyond_axis"] == "").all()
    off = np.abs(model.estimates - model.fitted) / np.sqrt(model.variances + model.tau2)
    shown = set(names_drawn(bubble(model, named=1)).split("\n"))
    assert [label for label in model.labels if label in shown] == [model.labels[int(np.argmax(off))]]


def test_bytes_are_the_same_each_time() -> None:
    assert bubble(_model(), measure="OR").svg() == bubble(_model(), measure="OR").svg()


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (random_effects([0.1, 0.2], [0.1, 0.1]), {}, "no moderator"),
        (_two(), {}, "name of one is expected: dose, arm"),
        (_two(), {"moderator": "year"}, "moderator 'year'.*dose, arm"),
        (_two(), {"moderator": "dose", "at": {"dose": 3}}, "at: 'dose'"),
        (_two(), {"moderator": "dose", "at": {"arm": "none"}}, "no study has 'none'"),
        (_model(), {"at": {"arm": "left"}}, "other moderators of the model: none"),
        (_model(), {"measure": "XX"}, "measure 'XX'"),
        (_model(), {"named": -1}, "named"),
        (3, {}, "not int"),
    ],
)
def test_what_does_not_fit_is_refused(model: object, options: dict[str, object], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        bubble(model, **options)  # type: ignore[arg-type]


def test_a_relation_across_studies_is_no_comparison() -> None:
    for model in (_model(), _category()):
        drawing = bubble(model)
        told = "A relation across studies is an observation, and no comparison within them."
        assert told in names_drawn(drawing)
        assert told in drawing.alt_text()


def test_the_title_tells_what_stands_against_what() -> None:
    drawing = bubble(_model(), measure="OR", moderator_label="Dose, mg")
    assert drawing.title == "Bubble plot: Odds ratio (log scale) against Dose, mg"
    assert drawing.alt_text().count("against Dose, mg") == 1
    about = bubble(_model(), about="Pain and dose")
    assert about.title == "Bubble plot: Pain and dose"
    assert about.alt_text().startswith("Bubble plot: Pain and dose. ")
    assert "Pain and dose" not in names_drawn(about)
