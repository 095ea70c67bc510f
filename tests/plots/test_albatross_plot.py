"""Albatross plots: contours against formulas and tests worked out apart from them, bounds as bounds, no single arms."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest
from chart_reading import lines, points, vertices
from direction_rows import HOSTILE, LONG_NAME
from scipy import stats

import synth
from synth.errors import MethodError
from synth.plots.albatross import AlbatrossPoint, albatross
from synth.plots.albatross_comparison import albatross_of
from synth.plots.albatross_contours import Setting, contour_sizes, deviate, effective_number
from synth.plots.albatross_points import own_setting
from synth.synthesis.comparisons import ComparisonAnswer

# Every study here is invented, but for those of the bcg review.
NORMAL = NormalDist()
RATIOS = (0.25, 0.5, 1.0, 1.7, 4.0)


def two_sided(z):
    return 2 * NORMAL.cdf(-abs(z))


def study(label="A 2001", **changes):
    given = {"n_treated": 60, "n_control": 50, "p": 0.03, "direction": "lower"}
    return AlbatrossPoint(label=label, **{**given, **changes})


def invented(k):
    """So many invented studies with and without bounds; the same each time."""
    random = np.random.default_rng(k)
    found = []
    for index in range(k):
        n = int(random.integers(8, 400))
        z = float(random.normal(-1.5, 1.5))
        p, bound, direction = max(two_sided(z), 1e-12), "", "lower" if z < 0 else "higher"
        if index % 7 == 3:
            p, bound = 0.001, "below"
        if index % 7 == 5:
            p, bound, direction = 0.05, "above", "" if index % 2 else direction
        label = LONG_NAME if index == 1 else f"Invented {2000 + index}"
        found.append(
            study(label, n_treated=n, n_control=n + index, p=p, bound=bound, direction=direction, group="ab"[index % 2])
        )
    return found


# The contours against formulas that were read elsewhere, and against variances written down anew.


@pytest.mark.parametrize("effect", [-1.4, -0.3, 0.2, 0.9])
@pytest.mark.parametrize("p", [0.6, 0.04, 1e-5])
def test_smd_contours_are_those_of_the_r_package_metap(effect, p):
    # R package metap, R/docontours.R (github.com/cran/metap), smd2n; its p is one-sided.
    expected = stats.norm.ppf(p / 2) ** 2 * (8 + effect**2) / (2 * effect**2)
    assert Setting(measure="SMD").participants(effect, p) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("r", RATIOS)
@pytest.mark.parametrize("b", [0.02, 0.3, 0.7])
@pytest.mark.parametrize("ratio", [0.2, 0.8, 1.3])
def test_contours_of_ratios_are_those_of_the_stata_command(r, b, ratio):
    # albatross.ado: program_or, and ALBA_adjustment_rr, whose "1 + RR (...)" is that of the variance.
    z2, log2 = stats.norm.ppf(0.01 / 2) ** 2, math.log(ratio) ** 2
    odds = (r + 1) * ((1 - b + ratio * b) ** 2 + r * ratio) * z2 / (r * ratio * b * (1 - b) * log2)
    risk = (r + 1) * (1 + ratio * (r - b - r * b)) * z2 / (r * ratio * b * log2)
    for measure, expected in (("OR", odds), ("RR", risk)):
        setting = Setting(measure=measure, ratio=r, baseline_risk=b)
        assert setting.participants(math.log(ratio), 0.01) == pytest.approx(expected, rel=1e-12)
    # program_rr draws its contours with "r + RR (...)": the same for groups of one size alone.
    drawn = (r + 1) * (r + ratio * (r - b - r * b)) * z2 / (r * ratio * b * log2)
    assert math.isclose(drawn, risk, rel_tol=1e-12) is (r == 1.0)


@pytest.mark.parametrize("r", RATIOS)
def test_variances_are_those_of_groups_of_these_sizes(r):
    n2 = 1000.0 / (1 + r)
    n1 = 1000.0 - n2
    b, ratio, spread, d = 0.2, 1.6, 7.5, 0.6
    odds = ratio * b / (1 - b)
    for measure, effect, variance, options in (
        ("SMD", d, 1 / n1 + 1 / n2 + d**2 / 2000, {}),
        ("MD", 3.0, spread**2 * (1 / n1 + 1 / n2), {"standard_deviation": spread}),
        ("RR", math.log(ratio), 1 / (n1 * ratio * b) - 1 / n1 + 1 / (n2 * b) - 1 / n2, {"baseline_risk": b}),
        (
            "OR",
            math.log(ratio),
            sum(1 / (n * risk) + 1 / (n * (1 - risk)) for n, risk in ((n1, odds / (1 + odds)), (n2, b))),
            {"baseline_risk": b},
        ),
    ):
        setting = Setting(measure=measure, ratio=r, **options)
        assert setting.unit_variance(effect) / 1000 == pytest.approx(variance, rel=1e-12)


@pytest.mark.parametrize(("a", "n1", "c", "n2"), [(12, 140, 30, 70), (45, 90, 40, 100), (3, 400, 9, 380)])
@pytest.mark.parametrize("measure", ["OR", "RR"])
def test_walds_p_of_a_table_gives_back_its_ratio(a, n1, c, n2, measure):
    risks = a / n1, c / n2
    if measure == "OR":
        effect = math.log(risks[0] / (1 - risks[0]) / (risks[1] / (1 - risks[1])))
        error = math.sqrt(1 / a + 1 / (n1 - a) + 1 / c + 1 / (n2 - c))
    else:
        effect = math.log(risks[0] / risks[1])
        error = math.sqrt(1 / a - 1 / n1 + 1 / c - 1 / n2)
    setting = Setting(measure=measure, ratio=n1 / n2, baseline_risk=risks[1])
    found = setting.implied(n1 + n2, two_sided(effect / error), 1 if effect > 0 else -1)
    assert found == pytest.approx(effect, abs=1e-8)


@pytest.mark.parametrize(("a", "n1", "c", "n2"), [(30, 200, 44, 200), (61, 300, 90, 310), (150, 500, 118, 490)])
def test_the_p_of_a_chi_squared_test_gives_the_ratio_within_a_tenth(a, n1, c, n2):
    p = stats.chi2_contingency([[a, n1 - a], [c, n2 - c]], correction=False).pvalue
    sign = 1 if a / n1 > c / n2 else -1
    odds, risk = math.log(a * (n2 - c) / (c * (n1 - a))), math.log(a * n2 / (c * n1))
    for measure, effect in (("OR", odds), ("RR", risk)):
        setting = Setting(measure=measure, ratio=n1 / n2, baseline_risk=c / n2)
        assert setting.implied(n1 + n2, float(p), sign) == pytest.approx(effect, rel=0.1)


@pytest.mark.parametrize(("n1", "n2", "tolerance"), [(8, 8, 0.1), (30, 25, 0.03), (200, 150, 0.005)])
@pytest.mark.parametrize("d", [-0.9, 0.5])
def test_the_p_of_a_t_test_gives_the_standardised_difference(n1, n2, d, tolerance):
    # The contour is a large-sample one: with few participants a t test has a larger p than the normal deviate.
    p = float(stats.ttest_ind_from_stats(d * 4, 4, n1, 0.0, 4, n2).pvalue)
    found = Setting(measure="SMD", ratio=n1 / n2).implied(n1 + n2, p, 1 if d > 0 else -1)
    assert found == pytest.approx(d, rel=tolerance)


@pytest.mark.parametrize("measure", ["SMD", "MD", "OR", "RR"])
@pytest.mark.parametrize("sign", [-1, 1])
def test_implied_effects_lie_on_their_contour(measure, sign):
    options = {"OR": {"baseline_risk": 0.2}, "RR": {"baseline_risk": 0.2}, "MD": {"standard_deviation": 9.0}}
    setting = Setting(measure=measure, ratio=1.4, **options.get(measure, {}))
    for n in (400, 5000):
        for p in (0.9, 0.2, 0.01):
            assert setting.participants(setting.implied(n, p, sign), p) == pytest.approx(n, rel=1e-6)
    assert setting.implied(100, 1.0, sign) == 0.0


def test_a_p_value_that_no_effect_has_in_so_few_gives_none():
    assert math.isnan(Setting(measure="OR", baseline_risk=0.5).implied(10, 1e-6, 1))
    assert math.isnan(Setting(measure="RR", baseline_risk=0.9).implied(40, 1e-9, 1))
    assert math.isnan(Setting(measure="SMD").implied(10, 1e-9, 1))


def test_the_effective_number_of_smd_is_that_of_the_stata_command():
    # albatross.ado, ALBA_adjustment_smd.
    n, p, r, s = 137, 0.013, 2.5, 1.25
    z2 = stats.norm.ppf(p / 2) ** 2
    expected = ((s + 1) ** 2 * (2 * r * n - r * z2) + s * z2 * (r + 1) ** 2) / (2 * s * (r + 1) ** 2)
    own, common = Setting(measure="SMD", ratio=r), Setting(measure="SMD", ratio=s)
    assert effective_number(n, p, 1, own, common) == pytest.approx(expected, rel=1e-9)
    assert effective_number(n, 1.0, 1, own, common) == n
    assert effective_number(n, p, 1, common, common) == pytest.approx(n)


def test_contours_are_half_once_and_one_and_a_half_times_the_median_effect():
    assert contour_sizes(Setting(measure="SMD"), [0.6, -0.8, 1.4, math.nan]) == (0.4, 0.8, 1.2)
    assert contour_sizes(Setting(measure="SMD"), [0.02]) == (0.1, 0.25, 0.5)
    assert contour_sizes(Setting(measure="MD", standard_deviation=10), []) == (1.0, 2.5, 5.0)
    found = contour_sizes(Setting(measure="OR", baseline_risk=0.1), [math.log(4), -math.log(4)])
    assert found == (2.0, 4.0, 8.0)


# The picture.


def test_a_study_lies_on_the_contour_of_its_effect():
    n, d = 240, -0.45
    p = two_sided(d / math.sqrt(Setting(measure="SMD").unit_variance(d) / n))
    drawing = albatross([study(n_treated=120, n_control=120, p=p)], measure="SMD", contours=(0.45,))
    x, y = points(drawing)["A 2001"]
    contour = vertices(drawing, "contour −0.45")
    assert np.interp(x, contour[::-1, 0], contour[::-1, 1]) == pytest.approx(y, rel=1e-3)
    data = drawing.data().set_index("label")
    assert data.loc["A 2001", "implied"] == pytest.approx(d, abs=1e-9)


def test_axes_are_the_powers_of_ten_of_p_and_the_squared_logarithm_of_participants():
    drawing = albatross([study(p=0.01), study("B", p=0.1, direction="higher")], measure="SMD")
    found = points(drawing)
    assert found["A 2001"] == pytest.approx((-2.0, math.log10(110) ** 2))
    assert found["B"] == pytest.approx((1.0, math.log10(110) ** 2))
    axes = drawing.axes[0]
    assert axes.get_xlim()[0] == -axes.get_xlim()[1]
    ticks = {tick.get_text(): at for tick, at in zip(axes.get_xticklabels(), axes.get_xticks(), strict=True)}
    assert ticks["1"] == 0.0
    assert "0.05" not in ticks  # no p value is a border


@pytest.mark.parametrize(("side", "sign"), [("lower", -1), ("higher", 1)])
def test_a_p_below_a_bound_is_an_open_line_and_no_point(side, sign):
    drawing = albatross([study(), study("B", p=0.001, bound="below", direction=side)], measure="SMD")
    assert set(points(drawing)) == {"A 2001"}
    xs = lines(drawing)["bound B"].get_xdata()
    assert xs[0] == pytest.approx(3.0 * sign)
    assert xs[1] == sign * drawing.axes[0].get_xlim()[1]
    assert lines(drawing)["open end of B"].get_marker() == {-1: "<", 1: ">"}[sign]
    row = drawing.data().set_index("label").loc["B"]
    assert (row["kind"], row["p_is"]) == ("bound", "below")
    assert math.isnan(row["implied"])
    assert f"B: 60 and 50, p < 0.001, {side}" in drawing.alt_text()


def test_a_p_above_a_bound_reaches_to_the_middle_or_to_both_sides():
    above = study("B", p=0.05, bound="above")
    drawing = albatross([study(), above, replace(above, label="C", direction="")], measure="SMD")
    edge = -math.log10(0.05)
    assert lines(drawing)["bound B"].get_xdata().tolist() == pytest.approx([0.0, -edge])
    assert lines(drawing)["bound C"].get_xdata().tolist() == pytest.approx([-edge, edge])
    assert "open end of B" not in lines(drawing)
    assert "C: 60 and 50, p > 0.05, direction not seen" in drawing.alt_text()


def test_bounds_do_not_choose_the_contours():
    exact = albatross([study()], measure="SMD").data()
    bounded = albatross([study(), study("B", p=1e-9, bound="below")], measure="SMD").data()
    sizes = [sorted(set(data["contour"].dropna())) for data in (exact, bounded)]
    assert sizes[0] == sizes[1]


def test_effective_numbers_move_a_study_onto_the_contour_of_its_effect():
    own = study(n_treated=300, n_control=60, p=0.02, baseline_risk=0.35)
    plain = albatross([own], measure="RR", baseline_risk=0.1, contours=(2,))
    moved = albatross([own], measure="RR", baseline_risk=0.1, contours=(2,), effective=True)
    common = Setting(measure="RR", baseline_risk=0.1)
    row = moved.data().set_index("label").loc["A 2001"]
    effect = own_setting(own, common).implied(360, 0.02, -1)
    assert row["implied"] == pytest.approx(math.exp(effect))
    assert row["participants"] == pytest.approx(common.participants(effect, 0.02))
    assert plain.data().set_index("label").loc["A 2001", "participants"] == 360
    assert row["participants"] != pytest.approx(360, rel=0.1)


def test_a_contour_that_would_need_a_risk_above_one_is_not_drawn_and_is_named():
    drawing = albatross([study()], measure="RR", baseline_risk=0.6, contours=(1.5, 2))
    labels = {name for name in lines(drawing) if name.startswith("contour")}
    assert labels == {"contour 0.67", "contour 1.50", "contour 0.50"}
    assert "No contour at the right for 2.00" in drawing.alt_text()


def test_contours_of_ratios_below_one_are_no_mirror_images():
    both = [study(n_treated=10, n_control=10), study("B", n_treated=100, n_control=100)]
    drawing = albatross(both, measure="RR", baseline_risk=0.3, contours=(2,))
    left, right = (vertices(drawing, f"contour {words}") for words in ("0.50", "2.00"))
    at = 1.0
    there = np.interp(at, right[:, 0], right[:, 1])
    here = np.interp(at, -left[:, 0], left[:, 1])
    assert abs(there - here) > 0.1
    for y, ratio in ((here, 0.5), (there, 2.0)):
        expected = Setting(measure="RR", baseline_risk=0.3).participants(math.log(ratio), 0.1)
        assert 10 ** math.sqrt(y) == pytest.approx(expected, rel=0.01)


def test_groups_have_markers_of_their_own():
    drawing = albatross([study(group="trial"), study("B", group="cohort")], measure="SMD")
    markers = {lines(drawing)[f"study {name}"].get_marker() for name in ("A 2001", "B")}
    assert len(markers) == 2


def test_words_name_formula_assumptions_and_every_number():
    drawing = albatross([study()], measure="OR", baseline_risk=0.25, title="Pain", sides=("less", "more"))
    alt = drawing.alt_text()
    assert alt.startswith("Albatross plot: Pain. 1 study: p value against number of participants.")
    assert "Left (less): 1; right (more): 0; direction not seen: 0." in alt
    assert "with 1 treated to 1 control participant and a risk of 0.25 in the control group" in alt
    assert "A 2001: 60 and 50, p = 0.03, lower, implied odds ratio" in alt
    assert f"odds ratio {drawing.data()['implied'][0]:.3g}" in alt


@pytest.mark.parametrize("k", [1, 3, 12, 60])
def test_it_is_readable(k, assert_readable):
    drawing = albatross(invented(k), measure="SMD", title="Invented comparison", notes=["Invented data."])
    assert_readable(drawing)
    assert len(drawing.data().query("kind != 'contour'")) == k


def test_it_is_the_same_each_time():
    assert albatross(invented(12), measure="SMD").svg() == albatross(invented(12), measure="SMD").svg()


def test_hostile_words_are_drawn_as_words(assert_readable):
    given = [study(name, group="" if place else name, p=0.001 + place / 10) for place, name in enumerate(HOSTILE)]
    drawing = albatross(given, measure="SMD", title=HOSTILE[1], sides=(HOSTILE[0], HOSTILE[1]), notes=HOSTILE)
    assert_readable(drawing)
    assert b"<b>" not in drawing.svg()


def test_the_smallest_p_values_of_a_machine_are_drawn():
    drawing = albatross([study(p=1e-300), study("B", p=1e-299)], measure="SMD")
    assert len(drawing.data().query("kind == 'study'")) == 2


# What is refused.


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"label": ""}, "label ''"),
        ({"n_treated": 0}, "n_treated = 0"),
        ({"n_control": 2.5}, "n_control = 2.5"),
        ({"p": 0.0}, "p = 0.0; .*a bound"),
        ({"p": 1.2}, "p = 1.2"),
        ({"p": True}, "p = True"),
        ({"direction": ""}, "no direction"),
        ({"direction": "", "bound": "below"}, "no direction"),
        ({"direction": "left"}, "direction 'left'"),
        ({"bound": "<"}, "bound '<'"),
        ({"baseline_risk": 1.0}, "baseline_risk = 1.0"),
        ({"group": None}, "group None"),
    ],
)
def test_an_impossible_study_is_refused_with_its_name(changes, message):
    with pytest.raises(MethodError, match=f"albatross plot, study .*{message}"):
        study(**{"label": "A 2001", **changes})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "RD"}, "contours are known for SMD, MD, OR, RR"),
        ({"measure": "OR"}, "baseline_risk None: one is expected for OR"),
        ({"measure": "SMD", "baseline_risk": 0.2}, "none is expected for SMD"),
        ({"measure": "RR", "baseline_risk": 1.0}, "between 0 and 1"),
        ({"measure": "MD"}, "standard_deviation None: one is"),
        ({"measure": "MD", "standard_deviation": 0}, "between 0 and infinity"),
        ({"measure": "SMD", "ratio": 0}, "ratio 0"),
        ({"measure": "SMD", "ratio": math.inf}, "ratio inf"),
        ({"measure": "SMD", "contours": ()}, "contours"),
        ({"measure": "SMD", "contours": (0.0,)}, "sizes above 0"),
        ({"measure": "OR", "baseline_risk": 0.1, "contours": (0.5,)}, "sizes above 1"),
        ({"measure": "SMD", "contours": (1, 2, 3, 4, 5)}, "one to 4"),
        ({"measure": "SMD", "sides": ("left",)}, "sides"),
        ({"measure": "SMD", "named": -1}, "named"),
    ],
)
def test_impossible_options_are_refused(options, message):
    with pytest.raises(MethodError, match=message):
        albatross([study()], **options)


def test_studies_that_cannot_be_drawn_together_are_refused():
    with pytest.raises(MethodError, match="no study"):
        albatross([], measure="SMD")
    with pytest.raises(MethodError, match="two studies are called 'A 2001'"):
        albatross([study(), study()], measure="SMD")
    with pytest.raises(MethodError, match="6 groups"):
        albatross([study(str(place), group=str(place)) for place in range(6)], measure="SMD")
    with pytest.raises(MethodError, match="SMD has none"):
        albatross([study(baseline_risk=0.2)], measure="SMD")
    with pytest.raises(MethodError, match="an AlbatrossPoint is expected"):
        albatross([0.03], measure="SMD")
    hopeless = study(n_treated=5, n_control=5, p=1e-6)
    with pytest.raises(MethodError, match="effective=False"):
        albatross([hopeless], measure="OR", baseline_risk=0.5, effective=True)
    both = albatross([hopeless, study("B")], measure="OR", baseline_risk=0.5, effective=True)
    assert "Not drawn: A 2001 (no effective number of participants)." in both.alt_text()


@pytest.fixture(scope="module")
def bcg():
    """The review of two-arm trials."""
    return synth.open_review("bcg")


def test_single_arms_have_no_albatross_plot():
    review = synth.open_review("ifi")
    for answer in review.synthesis.answers[:3]:
        with pytest.raises(MethodError, match=r"single arms have none: .* no test of what was done \(rule 16\)"):
            albatross_of(answer, review.protocol, {})
    with pytest.raises(MethodError, match="not tuple"):
        albatross_of(review.synthesis.answers, review.protocol, {})


def test_a_measure_without_known_contours_is_refused(bcg):
    (answer,) = bcg.synthesis.comparisons
    other = replace(answer, comparison=answer.comparison.model_copy(update={"measure": "RD"}))
    with pytest.raises(MethodError, match="measure RD; contours are known for OR and RR"):
        albatross_of(other, bcg.protocol, {})


def test_each_trial_of_bcg_lies_on_the_contour_of_its_own_risk_ratio(bcg):
    (answer,) = bcg.synthesis.comparisons
    assert isinstance(answer, ComparisonAnswer)
    names = {pair.study_id: pair.study_id.title() for pair in answer.counts}
    drawing = albatross_of(answer, bcg.protocol, names)
    data = drawing.data().query("kind == 'study'").set_index("label")
    assert len(data) == 13
    risk = np.mean([pair.events_control / pair.total_control for pair in answer.counts])
    common = Setting(measure="RR", baseline_risk=float(risk))
    for pair in answer.counts:
        ratio = pair.events_treated * pair.total_control / (pair.events_control * pair.total_treated)
        row = data.loc[names[pair.study_id]]
        assert row["implied"] == pytest.approx(ratio, rel=1e-9)
        assert row["participants"] == pytest.approx(common.participants(math.log(ratio), row["p"]), rel=1e-9)
        assert math.copysign(1, row["x"]) == math.copysign(1, ratio - 1)
        error = math.sqrt(
            1 / pair.events_treated - 1 / pair.total_treated + 1 / pair.events_control - 1 / pair.total_control
        )
        assert deviate(row["p"]) == pytest.approx(abs(math.log(ratio)) / error, rel=1e-9)


def test_trials_without_events_in_an_arm_are_named_and_not_drawn(bcg):
    (answer,) = bcg.synthesis.comparisons
    empty = replace(answer.counts[0], events_treated=0)
    changed = replace(answer, counts=(empty, *answer.counts[1:]))
    drawing = albatross_of(changed, bcg.protocol, {pair.study_id: pair.study_id for pair in answer.counts})
    assert f"Not drawn: {empty.study_id} (an arm in which nobody or everybody had the event)" in drawing.alt_text()
    nothing = replace(answer, counts=(), effects=())
    assert albatross_of(nothing, bcg.protocol, {}) is None
