"""Panels of influence: each measure of each study stands in its panel, cut-offs are dashed."""

from __future__ import annotations

import numpy as np
import pytest
from panel_artists import lines_of, place, words
from scipy.stats import chi2

from synth.errors import MethodError
from synth.plots.influence_panel import influence_panel
from synth.synthesis import common_effect, meta_regression, random_effects
from synth.synthesis.influence import influence

MEASURES = ["rstudent", "dffits", "cooks_distance", "covariance_ratio", "tau2_deleted", "q_e_deleted", "hat", "weight"]


def studies(k, **options):
    """Invented: the last study lies apart, and one has a very large variance."""
    rng = np.random.default_rng(4)
    v = rng.uniform(0.02, 0.2, k)
    y = rng.normal(0.2, 0.05, k) + rng.normal(0, np.sqrt(v))
    y[-1] = 3.0
    v[k // 2] = 40.0 if k > 2 else v[k // 2]
    names = [f"Invented {number}" for number in range(1, k)] + ["A Collaborative Group With a Very Long Name 2001"]
    return random_effects(y, v, labels=names, **options)


@pytest.mark.parametrize("k", [3, 12])
def test_every_value_is_a_point_in_its_panel(k):
    model = studies(k)
    result, drawing = influence(model), influence_panel(model)
    lines, data = lines_of(drawing), drawing.data()
    points = data[data["part"] == "point"]
    assert len(points) == 8 * k
    for name in MEASURES:
        values = getattr(result, name)
        for number in range(1, k + 1):
            x, y = place(lines[f"{name} {number}"])
            row = points[(points["measure"] == name) & (points["number"] == number)].iloc[0]
            assert (x, y) == (number, row["value"]) == (number, values[number - 1])
            assert row["study"] == model.labels[number - 1]
            assert row["influential"] == result.influential[number - 1]


def test_cut_offs_are_those_of_the_measures():
    model = studies(12)
    result, lines = influence(model), influence_panel(model).data().query("part == 'cut-off'")
    found = lines.groupby("measure")["value"].apply(list).to_dict()
    assert found["rstudent"] == pytest.approx([-1.959964, 1.959964])
    assert found["dffits"] == [-result.dffits_limit, result.dffits_limit]
    assert found["hat"] == [result.hat_limit]
    # Beyond the cut-off of Cook's distance is what the criterion calls influential.
    assert found["cooks_distance"] == pytest.approx([chi2.median(1)])
    assert set(found) == {"rstudent", "dffits", "cooks_distance", "hat"}
    drawn = [line for axes in influence_panel(model).axes for line in axes.lines if "cut-off" in str(line.get_label())]
    assert sorted(float(line.get_ydata()[0]) for line in drawn) == sorted(lines["value"])
    assert all(line.is_dashed() for line in drawn)


def test_what_no_influence_would_be_is_a_line():
    model = studies(12)
    neutral = influence_panel(model).data().query("part == 'no influence'").set_index("measure")["value"]
    assert neutral["tau2_deleted"] == model.tau2
    assert neutral["q_e_deleted"] == model.q_e
    assert neutral["covariance_ratio"] == 1
    assert neutral["hat"] == neutral["weight"] == pytest.approx(1 / 12)


def test_influential_studies_have_another_shape_a_stripe_and_their_name():
    model = studies(12)
    assert influence(model).influential.tolist() == [False] * 11 + [True]
    drawing = influence_panel(model)
    lines = lines_of(drawing)
    assert {lines[f"{name} 12"].get_marker() for name in MEASURES} == {"D"}
    assert {lines[f"{name} 1"].get_marker() for name in MEASURES} == {"o"}
    shown = words(drawing).replace("\N{NO-BREAK SPACE}", " ")
    assert "12 A Collaborative Group With a Very Long Name 2001 (influential)" in shown
    stripes = [area for axes in drawing.axes for area in axes.collections if area.get_label() == "stripe 12"]
    assert len(stripes) == 8


def test_studies_without_values_leave_gaps_and_are_named():
    model = meta_regression([0.1, 0.5, 0.3, 0.9, 0.4], [0.1] * 5, {"group": ["a", "a", "a", "a", "b"]})
    drawing = influence_panel(model)
    lines = lines_of(drawing)
    assert "dffits 5" not in lines
    assert "weight 5" in lines
    assert np.isnan(drawing.data().query("measure == 'dffits' and number == 5")["value"].iloc[0])
    assert "No values for study 5" in drawing.alt_text()


def test_infinite_values_are_arrows_at_the_edge():
    # Without the third study the others agree exactly, so that their Hartung-Knapp standard error is 0.
    model = random_effects([0.5, 0.5, 0.9], [0.1, 0.1, 0.1], test="hartung-knapp")
    result = influence(model)
    assert np.isinf(result.dffits).any()
    drawing = influence_panel(model)
    data = drawing.data().query("measure == 'dffits' and beyond_axis != ''")
    assert data["beyond_axis"].tolist() == ["above" if value > 0 else "below" for value in data["value"]]
    lines = lines_of(drawing)
    panel = lines["neutral dffits"].axes
    for row in data.itertuples():
        end = panel.get_ylim()[1 if row.value > 0 else 0]
        assert place(lines[f"dffits {row.number} arrow"]) == (row.number, end)


@pytest.mark.parametrize("k", [2, 3, 12, 60])
def test_pictures_are_readable_and_repeat(k, assert_readable):
    drawing = influence_panel(studies(k), title="Invented studies", notes=["A note."])
    assert_readable(drawing)
    if k == 3:
        assert drawing.svg() == influence_panel(studies(k), title="Invented studies", notes=["A note."]).svg()
    ticks = [label.get_text() for axes in drawing.axes for label in axes.get_xticklabels() if label.get_text()]
    assert str(k) in ticks


def test_a_cut_off_that_cannot_be_reached_is_not_drawn_but_told():
    drawing = influence_panel(studies(3))
    assert "hat" not in drawing.data().query("part == 'cut-off'")["measure"].tolist()
    assert "k is too small for the cut-off of hat values" in drawing.alt_text()


def test_common_effect_models_and_words():
    model = common_effect([0.1, 0.3, 0.2, 1.9], [0.1, 0.2, 0.1, 0.1], labels=["A", "B", "C", "D"])
    alt = influence_panel(model).alt_text()
    assert alt.startswith("Influence of 4 studies by 8 measures")
    assert influence(model).influential.tolist() == [True, False, True, True]
    assert ": A, C, D. Studentised residual (cut-off 1.96): −2.14 (A) to 4.6 (D)." in alt
    assert "τ² without the study (with all: 0): 0 (A) to 0 (A)." in alt


@pytest.mark.parametrize("seed", range(12))
def test_every_panel_has_a_scale_that_can_be_read(seed):
    rng = np.random.default_rng(seed)
    v = rng.uniform(0.01, 0.5, 10) * 10.0 ** rng.integers(-3, 3)
    drawing = influence_panel(random_effects(rng.normal(0, np.sqrt(v)), v))
    for name in MEASURES:
        panel = lines_of(drawing)[f"line {name}"].axes
        ticks = [label.get_text() for label in panel.get_yticklabels()]
        low, high = panel.get_ylim()
        assert len(set(ticks)) > 1, name
        assert all(low <= tick <= high for tick in panel.get_yticks())
        values = np.asarray(lines_of(drawing)[f"line {name}"].get_ydata(), dtype=float)
        assert np.nanmin(values) >= low
        assert np.nanmax(values) <= high


def test_what_was_pooled_is_in_title_and_words_and_one_degree_is_one():
    drawing = influence_panel(studies(12), about="Pain, operation against none")
    assert drawing.title == "Influence of each study: Pain, operation against none"
    assert "by 8 measures (Pain, operation against none), one panel each" in drawing.alt_text()
    assert "Pain, operation" not in words(drawing)
    assert influence_panel(studies(12), title="T").title == "T"
    assert "chi-squared with 1 degree of freedom" in drawing.alt_text()
    rows = [0.1, 0.5, 0.3, 0.9, 0.4, 0.2]
    two = influence_panel(meta_regression(rows, [0.1] * 6, {"x": [1, 2, 3, 4, 5, 7]})).alt_text()
    assert "chi-squared with 2 degrees of freedom" in two


def test_what_is_no_model_is_refused():
    with pytest.raises(MethodError, match="influence panel: a fitted model"):
        influence_panel(None)
    with pytest.raises(MethodError, match="about None: a text"):
        influence_panel(studies(3), about=None)


def test_one_study_and_models_that_cannot_lose_one_are_refused():
    with pytest.raises(MethodError, match="k = 1"):
        influence_panel(random_effects([0.1], [0.1]))
    with pytest.raises(MethodError, match="no study can be left out"):
        influence_panel(meta_regression([0.1, 0.5], [0.1, 0.1], {"x": [1, 2]}))
