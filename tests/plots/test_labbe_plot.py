"""L'Abbé plots: shares of events, and curves that are the pooled effect at each share."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from chart_reading import SIZES, lines, names_drawn, points, table_points, vertices

from synth.effects.compute import effect_sizes
from synth.errors import MethodError
from synth.plots import Drawing
from synth.plots.labbe import LabbeMeasure, labbe
from synth.synthesis import meta_regression, random_effects
from synth.synthesis.linear import FloatArray
from synth.synthesis.stratified import mantel_haenszel, peto

Counts = tuple[FloatArray, FloatArray, FloatArray, FloatArray]


def _counts(k: int) -> Counts:
    """Invented counts: treated with the event and in all, control with the event and in all."""
    random = np.random.default_rng(k)
    treated, control = random.integers(15, 300, k), random.integers(15, 300, k)
    share = random.uniform(0.05, 0.8, k)
    events = random.binomial(treated, 0.7 * share), random.binomial(control, share)
    return tuple(column.astype(float) for column in (events[0], treated, events[1], control))  # type: ignore[return-value]


def _labels(k: int, *, long_names: bool = False) -> list[str]:
    name = "Invented trial with a very long name, several authors and places, number" if long_names else "Invented"
    return [f"{name} {number + 1}" for number in range(k)]


@pytest.mark.parametrize("k", SIZES)
@pytest.mark.parametrize("long_names", [False, True])
def test_words_are_readable(k: int, long_names: bool, assert_readable: Callable[[Drawing], None]) -> None:
    counts, labels = _counts(k), _labels(k, long_names=long_names)
    pooled = mantel_haenszel(*counts, measure="OR", labels=labels)
    drawing = labbe(pooled, *counts, labels=labels, title="Invented trials")
    assert_readable(drawing)
    assert len(points(drawing)) == k


def test_points_are_the_shares_of_events() -> None:
    counts, labels = _counts(12), _labels(12)
    pooled = mantel_haenszel(*counts, measure="RR", labels=labels)
    drawing = labbe(pooled, *counts, labels=labels)
    rows = drawing.data().query("kind == 'study'")
    treated, n_treated, control, n_control = counts
    assert rows["x"].tolist() == (control / n_control).tolist()
    assert rows["y"].tolist() == (treated / n_treated).tolist()
    assert rows["events_treated"].tolist() == treated.tolist()
    assert rows["total_control"].tolist() == n_control.tolist()
    assert rows["weight"].tolist() == list(pooled.weights or ())
    for label, x, y in zip(rows["label"], rows["x"], rows["y"], strict=True):
        assert points(drawing)[label] == (x, y)


def _ratio_of_odds(control: FloatArray, treated: FloatArray) -> FloatArray:
    return treated / (1 - treated) / (control / (1 - control))


@pytest.mark.parametrize("measure", ["OR", "RR", "RD", "PETO"])
def test_curves_have_the_pooled_effect_everywhere(measure: LabbeMeasure) -> None:
    counts = _counts(12)
    pooled = peto(*counts) if measure == "PETO" else mantel_haenszel(*counts, measure=measure)
    assert pooled.interval is not None
    drawing = labbe(pooled, *counts)
    effects = {"pooled effect pooled effect": pooled.estimate}
    effects |= {f"interval {side} limit": end for side, end in zip(("lower", "upper"), pooled.interval, strict=True)}
    for label, effect in effects.items():
        assert effect is not None
        control, treated = vertices(drawing, label)[1:-1].T
        seen = np.isfinite(treated)
        assert seen.sum() > 50
        control, treated = control[seen], treated[seen]
        if measure == "RD":
            assert treated - control == pytest.approx(effect)
        elif measure == "RR":
            assert treated / control == pytest.approx(math.exp(effect))
        else:
            assert _ratio_of_odds(control, treated) == pytest.approx(math.exp(effect))
        kind = "pooled effect" if label.startswith("pooled") else "interval"
        drawn = vertices(drawing, label)
        rows = table_points(drawing.data(), kind, label.removeprefix(f"{kind} "))
        assert np.array_equal(rows, drawn[np.isfinite(drawn[:, 1])])


def test_the_line_of_equal_shares_is_the_diagonal() -> None:
    counts = _counts(12)
    drawing = labbe(mantel_haenszel(*counts, measure="OR"), *counts)
    line = vertices(drawing, "equal shares equal shares")
    assert line[:, 0].tolist() == line[:, 1].tolist() == list(drawing.axes[0].get_xlim())
    assert drawing.axes[0].get_xlim() == drawing.axes[0].get_ylim()
    box = drawing.axes[0].get_window_extent()
    assert box.width == pytest.approx(box.height)


def test_a_curve_ends_where_shares_end() -> None:
    counts = (np.array([90.0]), np.array([100.0]), np.array([50.0]), np.array([100.0]))
    drawing = labbe(mantel_haenszel(*counts, measure="RR"), *counts)
    curve = vertices(drawing, "pooled effect pooled effect")
    ends = curve[np.isfinite(curve[:, 1])]
    assert ends[:, 1].max() <= 1
    assert ends[:, 0].max() == pytest.approx(1 / 1.8, abs=0.02)
    assert drawing.data().query("kind == 'pooled effect'")["y"].notna().all()


def test_a_model_of_estimates_has_its_measure_told() -> None:
    counts, labels = _counts(12), _labels(12)
    names = ("events_treated", "total_treated", "events_control", "total_control")
    found = effect_sizes("RR", labels=labels, **dict(zip(names, counts, strict=True)))
    model = random_effects(found.estimates, found.variances, labels=labels)
    drawing = labbe(model, *counts, labels=labels, measure="RR")
    low, high = np.exp(model.interval)
    words = f"Risk ratio {math.exp(model.estimate):.2f} [95% CI {low:.2f} to {high:.2f}]"
    assert words in names_drawn(drawing)
    assert words in drawing.alt_text()
    assert drawing.data().query("kind == 'study'")["weight"].tolist() == model.weights.tolist()


@pytest.mark.parametrize("size", ["weight", "participants"])
def test_areas_show_what_is_asked(size: str) -> None:
    counts, labels = _counts(12), _labels(12)
    pooled = mantel_haenszel(*counts, measure="OR", labels=labels)
    drawing = labbe(pooled, *counts, labels=labels, size=size)  # type: ignore[arg-type]
    amount = np.array(pooled.weights) if size == "weight" else counts[1] + counts[3]
    sides = np.array([lines(drawing)[f"study {label}"].get_markersize() for label in labels])
    wanted = sides.max() * np.sqrt(amount / amount.max())
    assert sides == pytest.approx(np.maximum(wanted, 5.0))
    # Small ones lie on top of large ones.
    orders = [lines(drawing)[f"study {label}"].get_zorder() for label in labels]
    assert np.argsort(orders).tolist() == np.argsort(-amount, kind="stable").tolist()


def test_a_study_that_is_not_pooled_is_hollow_and_told_of(assert_readable: Callable[[Drawing], None]) -> None:
    counts, labels = _counts(3), _labels(3)
    pooled = mantel_haenszel(*(column[:2] for column in counts), measure="OR", labels=labels[:2])
    drawing = labbe(pooled, *counts, labels=labels)
    hollow = [label for label, line in lines(drawing).items() if line.get_markerfacecolor() == "#ffffff"]
    assert hollow == ["study Invented 3"]
    assert "Hollow: without weight in the pooled effect (Invented 3)." in names_drawn(drawing)
    assert_readable(drawing)


def test_missing_counts_are_named() -> None:
    counts, labels = _counts(3), _labels(3)
    counts[0][1] = np.nan
    pooled = mantel_haenszel(*counts, measure="OR", labels=labels)
    drawing = labbe(pooled, *counts, labels=labels)
    assert set(points(drawing)) == {"Invented 1", "Invented 3"}
    assert "Not drawn: Invented 2 (a count is missing)." in names_drawn(drawing)


def test_the_words_count_on_which_side_studies_lie() -> None:
    counts = (np.array([1.0, 9, 5]), np.full(3, 10.0), np.array([5.0, 5, 5]), np.full(3, 10.0))
    words = labbe(mantel_haenszel(*counts, measure="RD"), *counts, treated="vaccinated", control="not").alt_text()
    assert "Lower in the vaccinated arm: 1; higher: 1; equal: 1." in words
    assert "study 1: 1 of 10 (10.0%) against 5 of 10 (50.0%)" in words


@pytest.mark.parametrize(("events", "total"), [(0.0, 10.0), (10.0, 10.0)])
def test_shares_of_none_and_of_all_are_drawn(events: float, total: float) -> None:
    counts = (np.full(2, events), np.full(2, total), np.full(2, events), np.full(2, total))
    drawing = labbe(random_effects([0.1, 0.2], [0.1, 0.1]), *counts, measure="RD")
    assert list(points(drawing).values()) == [(events / total, events / total)] * 2
    low, high = drawing.axes[0].get_xlim()
    assert low <= events / total <= high


def test_logarithmic_axes_leave_out_shares_of_none(assert_readable: Callable[[Drawing], None]) -> None:
    counts, labels = _counts(12), _labels(12)
    counts[0][3] = 0.0
    pooled = mantel_haenszel(*counts, measure="RR", labels=labels)
    drawing = labbe(pooled, *counts, labels=labels, log=True)
    assert set(points(drawing)) == set(labels) - {"Invented 4"}
    assert "Not drawn: Invented 4 (a logarithmic axis has no share of 0)." in names_drawn(drawing)
    assert drawing.axes[0].get_xscale() == drawing.axes[0].get_yscale() == "log"
    assert "control (log scale)" in names_drawn(drawing)
    control, treated = vertices(drawing, "pooled effect pooled effect").T
    assert pooled.estimate is not None
    assert treated / control == pytest.approx(math.exp(pooled.estimate))
    weights = [weight for label, weight in zip(labels, pooled.weights or (), strict=True) if label != "Invented 4"]
    assert drawing.data().query("kind == 'study'")["weight"].tolist() == weights
    assert_readable(drawing)
    with pytest.raises(MethodError, match="events in both arms"):
        labbe(pooled, 0 * counts[0], *counts[1:], labels=labels, log=True)


def test_bytes_are_the_same_each_time() -> None:
    counts = _counts(12)
    pooled = mantel_haenszel(*counts, measure="OR")
    assert labbe(pooled, *counts).svg() == labbe(pooled, *counts).svg()


_MODEL = random_effects([0.1, 0.2, 0.3], [0.1, 0.1, 0.1])


@pytest.mark.parametrize(
    ("result", "options", "message"),
    [
        (_MODEL, {"measure": "MD"}, "measure 'MD'"),
        (_MODEL, {}, "measure None"),
        (_MODEL, {"measure": "OR", "size": "area"}, "size 'area'"),
        (_MODEL, {"measure": "OR", "named": 0.5}, "named"),
        (_MODEL, {"measure": "OR", "labels": ["A", "B", "C"]}, "study 1: the result has this study"),
        (_MODEL, {"measure": "OR", "labels": ["A", "A", "C"]}, "A: two studies of the counts"),
        ("pooled", {"measure": "OR"}, "not str"),
        (meta_regression([0.1, 0.2, 0.4], [0.1] * 3, {"x": [1, 2, 3]}), {"measure": "OR"}, "moderators"),
        (mantel_haenszel(*_counts(3), measure="OR"), {"measure": "RR"}, "has pooled 'OR'"),
    ],
)
def test_what_does_not_fit_is_refused(result: object, options: dict[str, object], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        labbe(result, *_counts(3), **options)  # type: ignore[arg-type]


def test_an_effect_that_is_not_defined_is_refused() -> None:
    counts = (np.zeros(2), np.full(2, 10.0), np.zeros(2), np.full(2, 10.0))
    with pytest.raises(MethodError, match="pooled OR is not defined"):
        labbe(mantel_haenszel(*counts, measure="OR"), *counts)


def test_the_title_tells_what_was_pooled() -> None:
    counts, labels = _counts(3), _labels(3)
    pooled = mantel_haenszel(*counts, measure="OR", labels=labels)
    drawing = labbe(pooled, *counts, labels=labels, about="Tuberculosis")
    assert drawing.title == "L'Abbé plot: Tuberculosis"
    assert drawing.alt_text().startswith("L'Abbé plot: Tuberculosis. ")
    assert "Tuberculosis" not in names_drawn(drawing)


def test_arms_have_a_small_letter_inside_sentences_unless_they_are_abbreviations() -> None:
    counts, labels = _counts(3), _labels(3)
    pooled = mantel_haenszel(*counts, measure="OR", labels=labels)
    drawing = labbe(pooled, *counts, labels=labels, treated="BCG vaccination", control="No BCG vaccination")
    assert "in the BCG vaccination arm against that in the no BCG vaccination arm" in drawing.alt_text()
    assert "more frequent in the BCG vaccination arm" in names_drawn(drawing)
    assert "Share with the event, no BCG vaccination" in (*names_drawn(drawing).split("\n"),)
    other = labbe(pooled, *counts, labels=labels, treated="X-ray", control="Placebo").alt_text()
    assert "in the X-ray arm against that in the placebo arm" in other
