"""P-value functions as drawn: the curves, the limits of the intervals and the p values of the lines."""

from __future__ import annotations

import numpy as np
import pytest
from panel_artists import lines_of, place, words

from synth.errors import MethodError
from synth.plots import ReferenceLine
from synth.plots.p_value_plot import p_value_plot
from synth.synthesis import common_effect, meta_regression, random_effects
from synth.synthesis.p_value_function import p_value_functions

IMPORTANT = ReferenceLine(0.5, "important difference")


def model(k, wide=True, **options):
    """Invented: k studies, one of them with a very wide interval."""
    rng = np.random.default_rng(2)
    v = rng.uniform(0.02, 0.2, k)
    y = rng.normal(0.3, 0.1, k) + rng.normal(0, np.sqrt(v))
    if wide and k > 1:
        v[k // 2] = 60.0
    names = [f"Invented {number}" for number in range(1, k)] + ["A Collaborative Group With a Long Name"]
    return random_effects(y, v, labels=names, **options)


def drawn(fitted, **options):
    options = {"effect_label": "Mean difference", "null_value": 0.0, "reference_lines": [IMPORTANT], **options}
    return p_value_plot(p_value_functions(fitted), **options)


def test_one_study_has_its_own_curve_and_no_pool():
    fitted = model(1)
    drawing = drawn(fitted)
    name = "A Collaborative Group With a Long Name"
    assert set(drawing.data().query("part == 'curve'")["label"]) == {name}
    assert sum(label.startswith("curve") for label in lines_of(drawing)) == 1
    alt = drawing.alt_text()
    assert alt.startswith(f"P-value function of {name}: Mean difference across")
    assert f"no effect (0): p = {fitted.p_value:.3g} for {name}." in alt
    assert f"Distribution of {name}: normal." in alt
    assert "pool" not in f"{alt} {words(drawing)}".replace("nothing is pooled", "")


@pytest.mark.parametrize("other", [None, model(3)])
def test_what_is_no_set_of_curves_is_refused(other):
    with pytest.raises(MethodError, match=rf"p_value_functions\(model\) is expected, not {type(other).__name__}"):
        p_value_plot(other, effect_label="x", null_value=0.0)


@pytest.mark.parametrize("k", [1, 2, 3, 12])
def test_every_point_of_every_curve_is_drawn_and_is_its_p_value(k):
    curves = p_value_functions(model(k))
    drawing = drawn(model(k))
    lines, data = lines_of(drawing), drawing.data()
    for curve in (*curves.studies, curves.pool):
        rows = data[(data["part"] == "curve") & (data["label"] == curve.label)]
        np.testing.assert_array_equal(lines[f"curve {curve.label}"].get_xydata(), rows[["effect", "p"]].to_numpy())
        np.testing.assert_array_equal(rows["p"], curve.p(rows["effect"].to_numpy()))
        assert rows["p"].max() == 1
        assert (rows["beyond_axis"] == "").all()


def test_limits_stand_on_the_curve_at_their_level():
    fitted = model(5)
    lines, data = lines_of(drawn(fitted)), drawn(fitted).data()
    low, high = fitted.interval
    limits = data[data["part"] == "limit"].set_index("label")
    assert limits.loc["low 95%", "effect"] == pytest.approx(low)
    assert limits.loc["high 95%", "effect"] == pytest.approx(high)
    pool = p_value_functions(fitted).pool
    for level in (0.5, 0.8, 0.95):
        for end in ("low", "high"):
            name = f"{end} {100 * level:g}%"
            if limits.loc[name, "beyond_axis"]:
                assert f"limit {level:g} {end} arrow" in lines
                continue
            effect, p = place(lines[f"limit {level:g} {end}"])
            assert (effect, p) == (limits.loc[name, "effect"], pytest.approx(1 - level))
            assert pool.p([effect])[0] == pytest.approx(p)


def test_lines_have_the_p_value_of_the_pool_in_words():
    fitted = model(4)
    drawing = drawn(fitted)
    data = drawing.data().query("part == 'line'")
    assert data["effect"].tolist() == [0, 0.5]
    assert f"no effect (0): p = {fitted.p_value:.3g} for the pool" in drawing.alt_text()
    lines = lines_of(drawing)
    assert lines["important difference"].get_xdata()[0] == 0.5
    assert lines["important difference"].is_dashed()
    tiny = common_effect([5.0, 5.1], [0.01, 0.01])
    assert "p < 0.001 for the pool" in drawn(tiny).alt_text()


def test_ratios_stand_on_a_logarithmic_axis():
    fitted = model(5, wide=False)
    drawing = drawn(fitted, log_scale=True, null_value=1, reference_lines=[ReferenceLine(1.25, "important")])
    assert drawing.axes[0].get_xscale() == "log"
    limits = drawing.data().query("part == 'limit'").set_index("label")["effect"]
    assert limits["high 95%"] == pytest.approx(np.exp(fitted.interval[1]))
    p = p_value_functions(fitted).pool.p([np.log(1.25)])[0]
    assert f"important (1.25): p = {p:.3g}" in drawing.alt_text()


def test_a_logarithmic_p_axis_ends_at_a_thousandth():
    drawing = drawn(model(4), p_scale="log")
    assert drawing.axes[0].get_yscale() == "log"
    assert drawing.axes[0].get_ylim()[0] == 0.001


def test_a_wide_study_does_not_squeeze_the_others_and_is_named():
    drawing = drawn(model(5))
    low, high = drawing.axes[0].get_xlim()
    assert high - low < 15
    assert "Wider than shown: the 95% interval of 1 study (Invented 3)." in drawing.alt_text()


def test_values_far_beside_everything_else_are_told_and_not_reached():
    drawing = drawn(common_effect([500.0, 500.2, 500.4], [0.01, 0.02, 0.01]))
    assert drawing.axes[0].get_xlim()[0] > 490
    assert "Beyond the axis, to the left: no effect." in drawing.alt_text()
    assert "Beyond the axis, to the left: important difference." in drawing.alt_text()
    assert "no effect" not in lines_of(drawing)
    assert drawing.data().query("part == 'line'")["beyond_axis"].tolist() == ["left", "left"]
    far = common_effect([0.1, 0.2, 0.3, 0.2, 0.1, 90.0], [0.01] * 5 + [4.0], labels=list("ABCDEF"))
    drawing = drawn(far)
    assert drawing.axes[0].get_xlim()[1] < 20
    assert "Estimates beyond the axis: F." in drawing.alt_text()


def test_marks_and_distributions_are_told():
    assert "t with 1 degree of freedom; of the studies: normal" in drawn(model(2)).alt_text()
    assert "Two studies: for sensitivity only" in drawn(model(2)).alt_text()
    assert "Distribution of the pool: normal" in drawn(common_effect([0.1, 0.2], [0.1, 0.1])).alt_text()


def test_many_studies_have_no_names_at_their_curves():
    assert "Invented 1" in words(drawn(model(3)))
    drawing = drawn(model(12))
    assert "Invented 1" not in words(drawing)
    assert "The 12 studies are not named" in drawing.alt_text()


def test_the_pool_alone_and_a_coefficient():
    assert set(drawn(model(4), studies=False).data().query("part == 'curve'")["label"]) == {"pool"}
    fitted = meta_regression([0.1, 0.5, 0.3, 0.9], [0.1] * 4, {"dose": [1, 2, 3, 4]})
    drawing = p_value_plot(p_value_functions(fitted, "dose"), effect_label="Slope", null_value=None)
    assert set(drawing.data()["part"]) == {"curve", "limit"}
    assert "P-value function of the dose: Slope across" in drawing.alt_text()


@pytest.mark.parametrize(
    ("k", "p_scale"), [(1, "linear"), (2, "linear"), (3, "log"), (6, "log"), (6, "linear"), (12, "log"), (60, "linear")]
)
def test_pictures_are_readable_and_repeat(k, p_scale, assert_readable):
    drawing = drawn(model(k), p_scale=p_scale, title="Invented studies", notes=["A note."])
    assert_readable(drawing)
    assert drawing.svg() == drawn(model(k), p_scale=p_scale, title="Invented studies", notes=["A note."]).svg()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p_scale": "logit"}, "p_scale 'logit'"),
        ({"levels": []}, "at least one confidence level"),
        ({"levels": [95]}, "95"),
        ({"levels": [0.9999]}, "at most 0.999"),
        ({"null_value": np.nan}, "no effect at nan"),
        ({"log_scale": True}, "no effect at 0.0: a value above 0"),
        ({"reference_lines": [ReferenceLine(np.inf, "far")]}, "far at inf"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(MethodError, match=message):
        drawn(model(3), **options)
