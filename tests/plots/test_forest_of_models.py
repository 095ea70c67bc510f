"""Forest plots of fitted models show the model's own numbers, name what they stand on, and refuse what does not fit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from forest_artists import assert_forest_shows_its_data, cells_of, words_of

from synth.effects.intervals import critical_value
from synth.errors import MethodError
from synth.plots import Drawing, ForestSummary, ReferenceLine
from synth.plots.forest.of_models import forest_of_model, forest_of_subgroups
from synth.plots.forest.panel import Judgement, JudgementPanel
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.models import common_effect, meta_regression, random_effects
from synth.synthesis.subgroups import Subgroups, subgroups

Check = Callable[[Drawing], None]
PANEL = JudgementPanel(title="Risk of bias", domains={"D1": "randomisation"})


def invented(k: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Invented log risk ratios, their variances and names."""
    index = np.arange(k)
    return -0.5 + 0.6 * np.sin(1.7 * index), 0.03 + 0.04 * (3 * index % 7), [f"Invented {i + 1}" for i in range(k)]


def fitted(k: int, **options: Any) -> MetaAnalysis:
    y, v, labels = invented(k)
    return random_effects(y, v, labels=labels, **options)


def common(k: int, **options: Any) -> MetaAnalysis:
    y, v, labels = invented(k)
    return common_effect(y, v, labels=labels, **options)


def grouped(k: int, **options: Any) -> Subgroups:
    y, v, labels = invented(k)
    return subgroups(y, v, ["a", "b", "b"] * (k // 3) + ["a"] * (k % 3), labels=labels, **options)


@pytest.mark.parametrize("k", [1, 2, 3, 12, 60])
def test_rows_and_summary_are_the_models_numbers(k: int, assert_readable: Check) -> None:
    y, v, labels = invented(k)
    model = fitted(k)
    drawing = forest_of_model(model, measure="RR", left_label="fewer", right_label="more")
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    data = drawing.data()
    rows, pools = data[data["kind"] == "row"], data[data["kind"] == "summary"]
    margin = critical_value(0.95) * np.sqrt(v)
    assert rows["label"].tolist() == labels
    np.testing.assert_allclose(rows["estimate"], np.exp(y))
    np.testing.assert_allclose(rows["lower"], np.exp(y - margin))
    np.testing.assert_allclose(rows["upper"], np.exp(y + margin))
    assert data[data["kind"] == "line of no effect"]["estimate"].tolist() == [1.0]
    assert drawing.axes[0].get_xscale() == "log"
    if k == 1:
        assert pools.empty
        assert rows["weight"].isna().all()
        assert "one study: nothing is pooled" in words_of(drawing)
        return
    np.testing.assert_allclose(rows["weight"], model.weights)
    assert pools[["estimate", "lower", "upper"]].to_numpy()[0] == pytest.approx(
        np.exp([model.estimate, *model.interval])
    )
    if k > 2:
        found = model.predict()
        limits = [float(found.prediction_low[0]), float(found.prediction_high[0])]
        drawn = pools[["prediction_lower", "prediction_upper"]].to_numpy()[0]
        assert drawn == pytest.approx(np.exp(limits))


def test_two_studies_are_a_sensitivity_analysis_without_heterogeneity() -> None:
    drawing = forest_of_model(fitted(2), measure="RR", summaries=[common(2)])
    data = drawing.data()
    pools = data[data["kind"] == "summary"]
    assert pools["label"].tolist() == ["Sensitivity only: Random effects", "Sensitivity only: Common effect"]
    assert pools["prediction_lower"].isna().all()
    small = data[data["kind"] == "small print"]["label"].tolist()
    assert small == ["REML, Hartung-Knapp (guarded); k = 2", "k = 2"]
    for absent in ("I²", "Q(", "prediction interval: "):
        assert absent not in drawing.alt_text()
    assert "two studies: for sensitivity only" in words_of(drawing)


def test_the_small_print_is_the_models_heterogeneity() -> None:
    model = fitted(12, test="normal")
    drawing = forest_of_model(model, measure="RR")
    small = drawing.data().query("kind == 'small print'")["label"].tolist()
    q = f"Q(11) = {model.q_e:.1f}, p = {model.q_e_p:.3f}"
    assert small == [f"REML; k = 12; τ² = {model.tau2:.3g}; I² = {100 * model.i2:.1f}%; {q}"]
    common_small = forest_of_model(common(12), measure="RR").data().query("kind == 'small print'")["label"].tolist()
    assert common_small[0].startswith("k = 12; I² = ")
    assert "only 3 studies" in words_of(forest_of_model(fitted(3), measure="RR"))


@pytest.mark.parametrize(
    ("measure", "natural", "label", "null_value", "scale"),
    [
        ("GEN", True, "Estimate", 0.0, "linear"),
        ("MD", True, "Mean difference", 0.0, "linear"),
        ("OR", True, "Odds ratio", 1.0, "log"),
        ("OR", False, "Odds ratio, log scale", 0.0, "linear"),
        ("ZCOR", True, "Correlation", 0.0, "linear"),
        ("PLO", True, "Proportion", None, "linear"),
        ("PLO", False, "Proportion, logit scale", None, "linear"),
        ("IRS", True, "Incidence rate", None, "linear"),
    ],
)
def test_the_measure_gives_name_axis_and_no_effect(
    measure: str, natural: bool, label: str, null_value: float | None, scale: str
) -> None:
    drawing = forest_of_model(fitted(5), measure=measure, natural=natural)
    data = drawing.data()
    assert drawing.title == f"Forest plot: {label}"
    assert drawing.axes[0].get_xscale() == scale
    assert data[data["kind"] == "line of no effect"]["estimate"].tolist() == (
        [] if null_value is None else [null_value]
    )
    assert forest_of_model(fitted(5), effect_label="Own name").title == "Forest plot: Own name"


def test_values_go_back_by_the_measures_own_way() -> None:
    model = fitted(5)
    row = forest_of_model(model, measure="PLO").data().iloc[0]
    assert row["estimate"] == pytest.approx(1 / (1 + math.exp(-model.estimates[0])))
    assert forest_of_model(model, measure="ZCOR").data()["estimate"][0] == pytest.approx(math.tanh(model.estimates[0]))


def test_freeman_tukey_goes_back_with_sizes() -> None:
    from synth.effects.transforms import freeman_tukey, inverse_freeman_tukey_harmonic

    sizes = [10.0, 20.0, 40.0, 30.0]
    values = np.array(
        [float(freeman_tukey(share, size)) for share, size in zip([0.1, 0.2, 0.15, 0.3], sizes, strict=True)]
    )
    model = random_effects(values, 1 / (4 * np.array(sizes) + 2))
    data = forest_of_model(model, measure="PFT", sizes=sizes).data()
    assert data["estimate"][:4].tolist() == pytest.approx([0.1, 0.2, 0.15, 0.3])
    assert data["estimate"][4] == pytest.approx(float(inverse_freeman_tukey_harmonic(model.estimate, sizes)))
    with pytest.raises(MethodError, match="sizes are needed for the way back"):
        forest_of_model(model, measure="PFT")
    with pytest.raises(MethodError, match="for 4 studies: one for each"):
        forest_of_model(model, measure="PFT", sizes=[1.0])
    with pytest.raises(MethodError, match="finite numbers above 0"):
        forest_of_model(model, measure="PFT", sizes=[1.0, 2.0, 3.0, 0.0])
    assert forest_of_model(model, measure="PFT", natural=False).data()["estimate"][0] == values[0]


def test_columns_marks_judgements_and_missing_studies(assert_readable: Check) -> None:
    model = fitted(3)
    low = Judgement("low risk", "+", "good")
    drawing = forest_of_model(
        model,
        measure="RR",
        columns={
            "n": [30, 41, math.nan],
            "Arm": {"Invented 2": "both", "Unseen 2001": "one"},
            "Year": [1990.0, 2000, None],
        },
        order=[2, 0, 1],
        marks={"Invented 3": "derived from the p value"},
        not_estimated={"Unseen 2001": "no figure printed"},
        panel=PANEL,
        judgements={"Invented 1": {"D1": low}, "Unseen 2001": {"D1": low}},
        notes=["Invented data."],
        title="Title",
        reference_lines=[ReferenceLine(0.8, "invented")],
    )
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    rows = drawing.data().query("kind == 'row'")
    assert rows["label"].tolist() == ["Invented 3", "Invented 1", "Invented 2", "Unseen 2001"]
    assert rows["n"].tolist() == ["", "30", "41", ""]
    assert rows["Arm"].tolist() == ["", "", "both", "one"]
    assert rows["Year"].tolist() == ["", "1990", "2000", ""]
    assert rows["mark"].tolist() == ["derived from the p value", "", "", "no figure printed"]
    assert rows["Risk of bias: D1"].tolist() == ["not judged", "low risk", "not judged", "low risk"]
    assert rows["estimate"].isna().tolist() == [False, False, False, True]
    assert len(cells_of(drawing)) == 4
    assert words_of(drawing).endswith("Invented data.")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "XX"}, "measure 'XX'; one of"),
        ({"columns": {"n": [1, 2]}}, "column 'n' has 2 cells for 3 studies"),
        ({"columns": {"n": {"Nobody": 1}}}, "column 'n' of 'Nobody', which is no study of the plot"),
        ({"marks": {"Nobody": "x"}}, "marks of 'Nobody'"),
        ({"judgements": {"Nobody": {}}}, "judgements of 'Nobody'"),
        ({"judgements": {"Invented 1": {"D1": Judgement("low", "+", "good")}}}, "has judgements; a panel"),
        ({"order": [0, 1]}, "every number from 0 to 2 once"),
        ({"order": [0, 1, 1.5]}, "every number from 0 to 2 once"),
        ({"order": [0, 1, 3]}, "every number from 0 to 2 once"),
        ({"summaries": [3.0]}, "a fitted model is expected as a summary, not float"),
        ({"summaries": {"One": fitted(1)}}, "one study is not pooled"),
        ({"summaries": [fitted(3, level=0.9)]}, "intervals of 90%, the plot shows 95%"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        forest_of_model(fitted(3), **options)


def test_only_a_model_is_drawn() -> None:
    with pytest.raises(MethodError, match="a fitted model \\(MetaAnalysis\\) is expected, not dict"):
        forest_of_model({})  # type: ignore[arg-type]


def test_several_models_are_told_apart(assert_readable: Check) -> None:
    others = [
        common(12),
        fitted(12, method="DL", test="normal"),
        ForestSummary(label="By hand", estimate=1.0, interval=None),
    ]
    drawing = forest_of_model(fitted(12), measure="RR", summaries=others)
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    pools = drawing.data().query("kind == 'summary'")
    assert pools["label"].tolist() == [
        "Random effects (REML, Hartung-Knapp (guarded))", "Common effect", "Random effects (DL)", "By hand",
    ]  # fmt: skip
    assert pools["estimate"].tolist()[:3] == pytest.approx([math.exp(m.estimate) for m in (fitted(12), *others[:2])])
    named = forest_of_model(fitted(3), label="Main", measure="RR", summaries={"Fixed": common(3)})
    assert named.data().query("kind == 'summary'")["label"].tolist() == ["Main", "Fixed"]
    assert "Main: only 3 studies" in words_of(named)


def test_a_model_with_moderators_has_rows_and_what_it_predicts(assert_readable: Check) -> None:
    from synth.plots.forest.summaries import summaries_predicted, summary_of

    y, v, labels = invented(12)
    model = meta_regression(y, v, {"dose": np.arange(12.0)}, labels=labels)
    found = model.predict({"dose": [0.0, 10.0]})
    drawing = forest_of_model(
        model, measure="RR", summaries=summaries_predicted(found, ["Dose 0", "Dose 10"], measure="RR")
    )
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    pools = drawing.data().query("kind == 'summary'")
    assert pools["estimate"].tolist() == pytest.approx(np.exp(found.estimates))
    assert pools["prediction_lower"].tolist() == pytest.approx(np.exp(found.prediction_low))
    assert "relates effects to dose: there is no one summary" in words_of(drawing)
    assert drawing.data()["weight"].isna().all()
    with pytest.raises(MethodError, match="with moderators has no one summary"):
        summary_of(model)
    with pytest.raises(MethodError, match="1 labels for 2 predictions"):
        summaries_predicted(found, ["Dose 0"])
    with pytest.raises(MethodError, match=r"studies' own effects"):
        summaries_predicted(fitted(3).blup(), measure="RR")
    plain = summaries_predicted(found, ["a", "b"], intervals_for_new_studies=False)
    assert [summary.prediction for summary in plain] == [None, None]


@pytest.mark.parametrize("k", [3, 12, 60])
@pytest.mark.parametrize("tau2", ["separate", "common"])
def test_subgroups_have_their_summaries_and_the_test_between_them(k: int, tau2: str, assert_readable: Check) -> None:
    result = grouped(k, tau2=tau2)
    drawing = forest_of_subgroups(result, measure="RR", columns={"n": {"Invented 1": 30}})
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    data = drawing.data()
    for group, model in result.models.items():
        own = data[data["group"] == group]
        rows, pool = own[own["kind"] == "row"], own[own["kind"] == "summary"]
        assert rows["label"].tolist() == list(model.labels)
        if model.k == 1:
            assert pool.empty
            continue
        assert rows["weight"].sum() == pytest.approx(1.0)
        assert pool["estimate"].tolist() == pytest.approx([math.exp(model.estimate)])
        limits = model.interval
        if result.joint is not None:
            joint = result.joint.predict({"group": [group]})
            limits = joint.low[0], joint.high[0]
        assert pool[["lower", "upper"]].to_numpy()[0] == pytest.approx(np.exp(limits))
    closing = data.query("kind == 'small print'")["label"].tolist()[-1].replace("\N{NO-BREAK SPACE}", " ")
    name = "Q(1)" if result.q_between_df2 is None else f"F(1, {result.q_between_df2})"
    assert closing.startswith(f"Difference between subgroups: {name} = {result.q_between:.2f}, p ")
    assert "an observation across studies, not a comparison within them" in words_of(drawing)
    assert "Weights are shares within each subgroup." in words_of(drawing)


def test_subgroups_with_an_overall_model_share_its_weights(assert_readable: Check) -> None:
    model = fitted(12)
    drawing = forest_of_subgroups(grouped(12), overall=model, measure="RR", summaries={"Fixed": common(12)})
    assert_readable(drawing)
    data = drawing.data()
    shown = data.query("kind == 'row'").set_index("label")["weight"].to_dict()
    assert shown == pytest.approx(dict(zip(model.labels, model.weights, strict=True)))
    ends = data.query("kind == 'summary' and group == ''")
    assert ends["label"].tolist() == ["All studies, random effects", "Fixed"]
    assert "Weights are shares of all studies." in words_of(drawing)


def test_a_test_between_subgroups_that_cannot_be_given_is_told() -> None:
    result = subgroups([1.0, 1.0, 2.0, 2.5], [0.1, 0.1, 0.1, 0.2], ["a", "a", "b", "b"], test="hartung-knapp")
    assert result.q_between is None
    drawing = forest_of_subgroups(result)
    assert "No test between subgroups: a mean has a standard error of 0" in drawing.data()["label"].tolist()


def test_what_is_no_subgroups_is_refused() -> None:
    with pytest.raises(MethodError, match="a result of subgroups\\(\\) is expected, not MetaAnalysis"):
        forest_of_subgroups(fitted(3))  # type: ignore[arg-type]
    with pytest.raises(MethodError, match="the overall model is of other studies"):
        forest_of_subgroups(grouped(12), overall=fitted(11))
    with pytest.raises(MethodError, match="columns by study are expected"):
        forest_of_subgroups(grouped(3), columns={"n": [1, 2, 3]})  # type: ignore[dict-item]
    with pytest.raises(MethodError, match="sizes are needed"):
        forest_of_subgroups(grouped(12), measure="PFT")
    with pytest.raises(MethodError, match="marks of 'Nobody'"):
        forest_of_subgroups(grouped(12), marks={"Nobody": "x"})


def test_beside_a_sampling_variance_of_zero_no_i2_is_shown() -> None:
    model = random_effects([0.1, 0.2, 0.9], [0.0, 0.1, 0.2], tau2=0.1)
    drawing = forest_of_model(model)
    assert_forest_shows_its_data(drawing)
    data = drawing.data()
    assert data["lower"][0] == data["upper"][0] == 0.1
    small = data.query("kind == 'small print'")["label"].tolist()
    assert small == ["τ² given, Hartung-Knapp (guarded); k = 3; τ² = 0.1"]


def test_a_note_by_itself_is_refused() -> None:
    model = random_effects([0.1, 0.4, 0.2], [0.1, 0.1, 0.2])
    with pytest.raises(MethodError, match=r"notes 'A note\.'; several texts are expected"):
        forest_of_model(model, notes="A note.")
    groups = subgroups([0.1, 0.4, 0.2, 0.3], [0.1, 0.1, 0.2, 0.1], ["a", "a", "b", "b"])
    with pytest.raises(MethodError, match=r"notes 'A note\.'; several texts are expected"):
        forest_of_subgroups(groups, notes="A note.")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"columns": ["n"]}, r"columns \['n'\]; a mapping is expected"),
        ({"columns": {"n": 3}}, "column 'n' is 3; a cell for each study"),
        ({"columns": {"n": "abc"}}, "column 'n' is 'abc'; a cell for each study"),
        ({"marks": ["a"]}, r"marks \['a'\]; a mapping is expected"),
        ({"not_estimated": {"x": None}}, "row 'x' has the mark None; a text is expected"),
        ({"title": None}, "title is None; a text is expected"),
    ],
)
def test_options_of_another_type_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        forest_of_model(random_effects([0.1, 0.4, 0.2], [0.1, 0.1, 0.2]), **options)
