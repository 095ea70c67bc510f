"""Radial plots: points, band and arc are those of the model, and rays meet the arc at the estimates."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from chart_reading import SIZES, invented, lines, names_drawn, points, table_points, vertices

from synth.errors import MethodError
from synth.plots import Drawing
from synth.plots.radial import radial
from synth.synthesis import common_effect, meta_regression, random_effects
from synth.synthesis.meta_analysis import MetaAnalysis

NORMAL_95 = 1.959963984540054  # two-sided, scipy 1.17


def _common(k: int = 12) -> MetaAnalysis:
    studies = invented(k)
    return common_effect(studies.estimates, studies.variances, labels=studies.labels)


@pytest.mark.parametrize("k", SIZES)
@pytest.mark.parametrize("long_names", [False, True])
def test_words_are_readable(k: int, long_names: bool, assert_readable: Callable[[Drawing], None]) -> None:
    studies = invented(k, long_names=long_names)
    drawing = radial(studies.model(), measure="OR", title="Invented trials")
    assert_readable(drawing)
    assert len(points(drawing)) == k


@pytest.mark.parametrize("random", [False, True])
def test_points_are_estimates_over_their_errors(random: bool) -> None:
    model = invented(12).model() if random else _common()
    assert (model.tau2 > 0) == random
    drawing = radial(model, measure="RR")
    errors = np.sqrt(model.variances + model.tau2)
    rows = drawing.data().query("kind == 'study'")
    assert rows["label"].tolist() == list(model.labels)
    assert rows["x"].to_numpy() == pytest.approx(1 / errors)
    assert rows["y"].to_numpy() == pytest.approx(model.estimates / errors)
    assert rows["natural"].to_numpy() == pytest.approx(np.exp(model.estimates))
    for label, x, y in zip(rows["label"], rows["x"], rows["y"], strict=True):
        assert points(drawing)[label] == (x, y)
    assert ("(tau²) in them" in drawing.alt_text()) == random


def _on_page(drawing: Drawing, spots: np.ndarray) -> np.ndarray:
    """Pixels from the origin of the plot."""
    transform = drawing.axes[0].transData
    return transform.transform(spots) - transform.transform((0.0, 0.0))


def test_rays_through_the_points_meet_the_arc_at_the_estimates() -> None:
    model = _common()
    drawing = radial(model, measure="OR")
    data = drawing.data()
    radii = np.hypot(*_on_page(drawing, vertices(drawing, "arc arc")).T)
    assert radii == pytest.approx(radii[0])
    ticks = data.query("kind == 'arc tick'").drop_duplicates("label")
    assert len(ticks) > 2
    for label, x, y, estimate, natural in ticks[["label", "x", "y", "estimate", "natural"]].to_numpy().tolist():
        assert y / x == pytest.approx(estimate)
        assert math.exp(estimate) == pytest.approx(natural)
        assert float(label) == pytest.approx(natural)
        assert np.hypot(*_on_page(drawing, np.array([x, y]))) == pytest.approx(radii[0])
        assert label in names_drawn(drawing).split("\n")


@pytest.mark.parametrize("k", SIZES)
def test_points_lie_inside_the_arc(k: int) -> None:
    drawing = radial(_common(k), measure="OR")
    radius = np.hypot(*_on_page(drawing, vertices(drawing, "arc arc"))[0])
    inside = drawing.data().query("kind == 'study' and beyond_axis == ''")[["x", "y"]].to_numpy(dtype=float)
    assert len(inside)
    assert (np.hypot(*_on_page(drawing, inside).T) < radius).all()


def test_summary_band_and_interval_are_those_of_the_model() -> None:
    model = _common()
    drawing = radial(model, measure="OR")
    (start, end) = vertices(drawing, "summary summary")
    assert start.tolist() == [0, 0]
    assert end[1] / end[0] == pytest.approx(model.estimate)
    for side, sign in (("lower", -1), ("upper", 1)):
        edge = vertices(drawing, f"band {side} side")
        assert edge[:, 1] == pytest.approx(model.estimate * edge[:, 0] + sign * NORMAL_95)
        assert np.array_equal(edge, table_points(drawing.data(), "band", f"{side} side"))
    interval = vertices(drawing, "summary interval summary interval")
    slopes = interval[:, 1] / interval[:, 0]
    assert (slopes.min(), slopes.max()) == pytest.approx(model.interval)
    null = vertices(drawing, "line of no effect no effect")
    assert null[:, 1].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("k", "name"), [(1, "The one study"), (2, "Common effect")])
def test_the_line_is_called_what_it_is(k: int, name: str) -> None:
    model = _common(k)
    low, high = np.exp(model.interval)
    words = f"{name}: {math.exp(model.estimate):.2f} [95% CI {low:.2f} to {high:.2f}]"
    assert words in names_drawn(radial(model, measure="OR"))


def test_every_line_is_in_the_data() -> None:
    drawing = radial(_common(), measure="OR")
    data = drawing.data()
    for label in lines(drawing):
        if not label.startswith("study "):
            rows = data[(data["kind"] + " " + data["label"]) == label]
            assert np.array_equal(rows[["x", "y"]].to_numpy(dtype=float), vertices(drawing, label))


def test_an_interval_wider_than_the_arc_is_told_of() -> None:
    model = invented(2).model()
    drawing = radial(model, measure="OR")
    assert "The interval of the summary goes on beyond the arc." in drawing.alt_text()
    assert "beyond the arc" not in radial(_common(), measure="OR").alt_text()
    arc = vertices(drawing, "arc arc")
    interval = vertices(drawing, "summary interval summary interval")
    assert interval[0] == pytest.approx(arc[0])
    assert interval[-1] == pytest.approx(arc[-1])


def test_estimates_far_from_zero_are_counted_from_the_summary(assert_readable: Callable[[Drawing], None]) -> None:
    model = random_effects([50.0, 52.0, 51.0, 53.5], [1.0, 1.0, 2.0, 1.5])
    drawing = radial(model, measure="MD")
    errors = np.sqrt(model.variances + model.tau2)
    rows = drawing.data().query("kind == 'study'")
    assert rows["y"].to_numpy() == pytest.approx((model.estimates - model.estimate) / errors)
    assert "(estimate − summary)" in names_drawn(drawing)
    tick = drawing.data().query("kind == 'arc tick'").iloc[0]
    assert tick["y"] / tick["x"] == pytest.approx(tick["estimate"] - model.estimate)
    assert "line of no effect" not in set(drawing.data()["kind"])
    assert_readable(drawing)


@pytest.mark.parametrize("centred", [True, False])
def test_the_centre_may_be_chosen(centred: bool) -> None:
    model = _common()
    rows = radial(model, measure="OR", centred=centred).data().query("kind == 'study'")
    shift = model.estimate if centred else 0.0
    assert rows["y"].to_numpy() == pytest.approx((model.estimates - shift) / np.sqrt(model.variances))


def test_a_measure_without_no_effect_is_counted_from_the_summary() -> None:
    model = _common()
    rows = radial(model, measure="PLO").data().query("kind == 'study'")
    assert rows["y"].to_numpy() == pytest.approx((model.estimates - model.estimate) / np.sqrt(model.variances))


def test_names_are_those_outside_the_band() -> None:
    model = _common(60)
    off = np.abs(model.estimates - model.estimate) / np.sqrt(model.variances)
    outside = [model.labels[index] for index in np.argsort(-off) if off[index] > NORMAL_95]
    assert len(outside) > 3
    shown = set(names_drawn(radial(model, measure="OR", named=3)).split("\n"))
    assert {name for name in model.labels if name in shown} <= set(outside[:3])
    assert outside[0] in shown
    everyone = set(names_drawn(radial(model, measure="OR", named=60)).split("\n"))
    assert {name for name in model.labels if name in everyone} <= set(outside)
    assert f"{60 - len(outside)} of 60 lie inside the 95% band" in radial(model, measure="OR").alt_text()


def test_a_far_estimate_does_not_flatten_the_rest() -> None:
    studies = invented(12)
    studies.estimates[5] = 40.0
    drawing = radial(common_effect(studies.estimates, studies.variances, labels=studies.labels), measure="OR")
    far = drawing.data().query("beyond_axis != ''")
    assert far["label"].tolist() == ["Invented 6"]
    assert "Arrow: the point lies beyond the axis (Invented 6)." in drawing.alt_text()


@pytest.mark.parametrize("test", ["hartung-knapp", "normal"])
def test_studies_that_agree_exactly_have_an_arc(test: str, assert_readable: Callable[[Drawing], None]) -> None:
    model = random_effects([0.0, 0.0], [0.1, 0.1], test=test)  # type: ignore[arg-type]
    assert_readable(radial(model, measure="OR"))


@pytest.mark.parametrize("measure", ["OR", "PLO", "PFT", "ZCOR", "MD"])
def test_arcs_of_all_scales_are_readable(measure: str, assert_readable: Callable[[Drawing], None]) -> None:
    assert_readable(radial(invented(12).model(), measure=measure))


def test_bytes_are_the_same_each_time() -> None:
    assert radial(_common(), measure="OR").svg() == radial(_common(), measure="OR").svg()


def test_what_has_no_one_line_is_refused() -> None:
    with pytest.raises(MethodError, match="without moderators"):
        radial(meta_regression([0.1, 0.2, 0.4], [0.1, 0.1, 0.1], {"year": [1, 2, 3]}))
    with pytest.raises(MethodError, match="MetaAnalysis"):
        radial(None)  # type: ignore[arg-type]
    with pytest.raises(MethodError, match="named"):
        radial(_common(), named=1.5)  # type: ignore[arg-type]
