"""The cloud of all subsets: every subset is in a mark, and every mark stands where the table says."""

from __future__ import annotations

import numpy as np
import pytest
from panel_artists import lines_of, place

from synth.errors import MethodError
from synth.plots.gosh_plot import gosh_plot
from synth.synthesis import common_effect, meta_regression, random_effects
from synth.synthesis.gosh import gosh


def studies(k, method="DL", far=2.5):
    """Invented: k studies that agree, but for the last one."""
    rng = np.random.default_rng(11)
    v = rng.uniform(0.02, 0.2, k)
    y = rng.normal(0.2, 0.05, k) + rng.normal(0, np.sqrt(v))
    y[-1] = far
    labels = [f"Invented {number}" for number in range(1, k)] + ["A Collaborative Group With a Long Name"]
    if method == "common":
        return common_effect(y, v, labels=labels)
    return random_effects(y, v, labels=labels, method=method)


OUTLIER = "A Collaborative Group With a Long Name"


def clouds(drawing):
    lines = lines_of(drawing)
    return {name: line for name, line in lines.items() if name.startswith("subsets group")}


@pytest.mark.parametrize("k", [3, 5, 9])
def test_few_subsets_have_a_point_each(k):
    result = gosh(studies(k, "common"))
    drawing = gosh_plot(result, study=OUTLIER)
    data = drawing.data()
    points = data[data["part"] == "subsets"]
    assert len(points) == result.subsets
    inside = points["beyond_axis"] == ""
    drawn = sorted(map(tuple, np.concatenate([line.get_xydata() for line in clouds(drawing).values()]).tolist()))
    assert drawn == sorted(zip(points["x"], points["y"], strict=True))
    values = set(result.estimates.tolist())
    assert set(points[inside]["x"]) <= values
    assert sorted(points["y"]) == pytest.approx(sorted(100 * result.i2))
    with_study = points["group"] == f"subsets with {OUTLIER}"
    assert with_study.sum() == result.has(OUTLIER).sum()


@pytest.mark.parametrize("study", [None, OUTLIER])
def test_many_subsets_are_counted_in_cells(study):
    result = gosh(studies(12))
    drawing = gosh_plot(result, study=study)
    data = drawing.data()
    cells = data[data["part"] == "subsets"]
    assert cells["subsets"].sum() == result.subsets == 4095
    assert len(cells) < 1000
    drawn = sum(len(line.get_xdata()) for line in clouds(drawing).values())
    assert drawn == len(cells)
    places = np.concatenate([line.get_xydata() for line in clouds(drawing).values()])
    np.testing.assert_array_equal(places, cells[["x", "y"]].to_numpy())
    if study is not None:
        counted = cells.groupby("group")["subsets"].sum()
        assert counted[f"subsets with {OUTLIER}"] == 2**11
        assert counted[f"subsets without {OUTLIER}"] == 2**11 - 1


def test_a_cell_holds_the_subsets_that_lie_in_it():
    result = gosh(studies(11, "common"))
    data = gosh_plot(result).data()
    cells = data[(data["part"] == "subsets") & (data["beyond_axis"] == "")].reset_index(drop=True)
    xs, ys = np.sort(cells["x"].unique()), np.sort(cells["y"].unique())
    width, height = np.diff(xs).min(), np.diff(ys).min()
    cell = cells.iloc[cells["subsets"].argmax()]
    here = (np.abs(result.estimates - cell["x"]) <= width / 2 * (1 + 1e-9)) & (
        np.abs(100 * result.i2 - cell["y"]) <= height / 2 * (1 + 1e-9)
    )
    assert here.sum() == cell["subsets"]


def test_marks_grow_with_each_power_of_ten():
    drawing = gosh_plot(gosh(studies(14)))
    sizes = {}
    for name, line in clouds(drawing).items():
        _, _, group, _, size_class, _, beyond = name.split()
        assert group == "0"
        if beyond == "0":
            sizes[int(size_class)] = line.get_markersize()
    assert len(sizes) >= 3
    assert sorted(sizes.values()) == [sizes[key] for key in sorted(sizes)]


def test_both_histograms_count_the_subsets():
    result = gosh(studies(10))
    drawing = gosh_plot(result, study=OUTLIER, heterogeneity="q_e")
    data = drawing.data()
    inside = result.subsets - data.loc[(data["part"] == "subsets") & (data["beyond_axis"] != ""), "subsets"].sum()
    for part, letter, low, high in (
        ("histogram of estimates", "x", "x", "x_high"),
        ("histogram of heterogeneity", "y", "y", "y_high"),
    ):
        bars = data[data["part"] == part]
        assert bars["subsets"].sum() == inside
        values = result.estimates if letter == "x" else result.q_e
        tall = bars.iloc[bars["subsets"].argmax()]
        group = result.has(OUTLIER) == (tall["group"] == f"subsets with {OUTLIER}")
        assert ((values[group] >= tall[low]) & (values[group] < tall[high])).sum() == pytest.approx(
            tall["subsets"], abs=1 if tall[high] >= values.max() else 0
        )
        drawn = [
            patch
            for axes in drawing.figure.axes
            for patch in axes.patches
            if str(patch.get_label()).startswith(f"histogram {letter}")
        ]
        lengths = [patch.get_height() if letter == "x" else patch.get_width() for patch in drawn]
        np.testing.assert_allclose(np.array(lengths) / sum(lengths), bars["subsets"] / bars["subsets"].sum())


def test_h2_below_1_is_on_the_axis():
    result = gosh(common_effect([0.1, 0.11, 0.12, 0.5], [1.0, 1.0, 1.0, 0.1]))
    assert result.h2.min() < 0.5
    drawing = gosh_plot(result, heterogeneity="h2")
    assert drawing.axes[0].get_ylim()[0] == 0
    assert drawing.data().query("part == 'subsets'")["y"].min() == result.h2.min()


def test_all_studies_together_have_a_mark_of_their_own():
    model = studies(6)
    drawing = gosh_plot(gosh(model))
    row = drawing.data().iloc[0]
    assert (row["part"], row["x"], row["y"]) == ("all studies", model.estimate, pytest.approx(100 * model.i2))
    assert place(lines_of(drawing)["all studies"]) == (row["x"], row["y"])


def test_ratios_stand_on_a_logarithmic_axis():
    model = studies(6, far=0.9)
    drawing = gosh_plot(gosh(model), log_scale=True, effect_label="Risk ratio")
    assert drawing.axes[0].get_xscale() == "log"
    assert drawing.data()["x"].iloc[0] == pytest.approx(np.exp(model.estimate))


def test_a_far_outlier_does_not_squeeze_the_cloud():
    result = gosh(studies(12, "common", far=60))
    drawing = gosh_plot(result)
    low, high = drawing.axes[0].get_xlim()
    assert high < 40
    assert low > -40
    outside = drawing.data().query("beyond_axis != ''")
    assert set(outside["beyond_axis"]) == {"right"}
    assert (outside["x"] == high).all()
    told = int(outside["subsets"].sum())
    assert told == (result.estimates > high).sum()
    assert f"{told} subset{' lies' if told == 1 else 's lie'} beyond the axis" in drawing.alt_text()


@pytest.mark.parametrize(("k", "heterogeneity"), [(3, "i2"), (12, "h2"), (12, "tau2"), (60, "q_e"), (60, "i2")])
def test_pictures_are_readable_small_and_repeat(k, heterogeneity, assert_readable):
    result = gosh(studies(k), subsets=5000, seed=1)
    drawing = gosh_plot(result, heterogeneity=heterogeneity, study=OUTLIER, title="Invented studies")
    assert_readable(drawing)
    picture = drawing.svg()
    assert picture == gosh_plot(result, heterogeneity=heterogeneity, study=OUTLIER, title="Invented studies").svg()
    assert len(picture) < 300_000


def test_equal_estimates_have_a_picture_too(assert_readable):
    drawing = gosh_plot(gosh(random_effects([0.5] * 4, [0.1, 0.2, 0.1, 0.3])), heterogeneity="tau2")
    assert set(drawing.data().query("part == 'subsets'")["y"]) == {0.0}
    assert_readable(drawing)


def test_a_moderator_s_coefficient_can_be_shown():
    model = meta_regression([0.1, 0.3, 0.2, 0.5, 0.8, 0.4], [0.1] * 6, {"dose": [1, 2, 3, 4, 5, 6]}, method="DL")
    result = gosh(model)
    drawing = gosh_plot(result, coefficient="dose", effect_label="Slope")
    assert drawing.data().query("part == 'subsets'")["subsets"].sum() == result.subsets == 63 - 6
    with pytest.raises(MethodError, match="no one effect"):
        gosh_plot(result)


def test_words_and_refusals():
    result = gosh(studies(4, "common"))
    alt = gosh_plot(result, study=OUTLIER, notes=["A note of the analyst."]).alt_text()
    assert alt.startswith("GOSH plot of all 15 subsets of 4 studies: Estimate across, I² (%) upright.")
    assert f"Median of subsets with {OUTLIER}:" in alt
    assert "A note of the analyst. Only 4 studies" in alt
    assert "are no test." in alt
    with pytest.raises(MethodError, match="study 'Nobody'"):
        gosh_plot(result, study="Nobody")
    with pytest.raises(MethodError, match="tau2 of a common-effect model"):
        gosh_plot(result, heterogeneity="tau2")


def test_what_is_no_result_of_gosh_is_refused():
    with pytest.raises(MethodError, match=r"the result of gosh\(model\) is expected, not NoneType"):
        gosh_plot(None)
