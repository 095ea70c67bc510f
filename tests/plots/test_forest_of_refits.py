"""Leave-one-out and cumulative forests show the refits, a line for the full model, and what the rows stand on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from forest_artists import artists, assert_forest_shows_its_data, words_of, xs

from synth.errors import MethodError
from synth.plots import Drawing, ReferenceLine
from synth.plots.forest.of_refits import cumulative_forest, leave_one_out_forest
from synth.synthesis.diagnostics import Refits, cumulative, leave_one_out
from synth.synthesis.meta_analysis import MetaAnalysis
from synth.synthesis.models import common_effect, meta_regression, random_effects

Check = Callable[[Drawing], None]
Draw = Callable[..., Drawing]


def fitted(k: int, **options: Any) -> MetaAnalysis:
    """A model of invented log ratios."""
    index = np.arange(k)
    y, v = -0.5 + 0.6 * np.sin(1.7 * index), 0.03 + 0.04 * (3 * index % 7)
    return random_effects(y, v, labels=[f"Invented {i + 1}" for i in range(k)], **options)


def both(model: MetaAnalysis) -> list[tuple[Draw, Refits]]:
    return [(leave_one_out_forest, leave_one_out(model)), (cumulative_forest, cumulative(model))]


@pytest.mark.parametrize("k", [2, 3, 12, 60])
def test_rows_are_the_refits_and_the_line_is_the_full_model(k: int, assert_readable: Check) -> None:
    model = fitted(k)
    for draw, refits in both(model):
        drawing = draw(refits, model, measure="RR", show=("k", "tau2", "i2", "p") if k < 60 else ())
        assert_readable(drawing)
        assert_forest_shows_its_data(drawing)
        data = drawing.data()
        rows = data[data["kind"] == "row"]
        assert rows["label"].tolist() == list(refits.labels)
        for column, values in (("estimate", refits.estimate), ("lower", refits.low), ("upper", refits.high)):
            np.testing.assert_allclose(rows[column].astype(float), np.exp(values))
        pairs = zip(refits.k.tolist(), refits.row_marks, strict=True)
        assert rows["mark"].tolist() == ["two studies: for sensitivity only" if n == 2 else mark for n, mark in pairs]
        full = float(np.exp(model.estimate))
        assert xs(artists(drawing)["reference line 0"][0]) == [full, full]
        assert f"{full:.2f}: summary of all {k} studies" in words_of(drawing)
        assert f"{full:.2f}: summary of all {k} studies" in drawing.alt_text()
        assert data[data["kind"] == "summary"]["estimate"].tolist() == [full]


def test_a_cumulative_forest_of_one_study_is_that_study(assert_readable: Check) -> None:
    model = fitted(1)
    drawing = cumulative_forest(cumulative(model), model, measure="RR")
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    assert drawing.data()["kind"].tolist() == ["row", "line of no effect", "reference line"]


def test_columns_leave_out_what_means_nothing() -> None:
    model = fitted(5)
    refits = cumulative(model, order=[5, 4, 3, 2, 1])
    rows = cumulative_forest(refits, model, show=("k", "tau2", "i2", "p")).data().query("kind == 'row'")
    assert rows["label"].tolist() == [f"Invented {i}" for i in (5, 4, 3, 2, 1)]
    assert rows["k"].tolist() == ["1", "2", "3", "4", "5"]
    assert [bool(cell) for cell in rows["τ²"]] == [False, True, True, True, True]
    assert [bool(cell) for cell in rows["I²"]] == [False, False, True, True, True]
    assert float(rows["τ²"].tolist()[4]) == pytest.approx(model.tau2, abs=5.1e-4)
    assert len({len(cell) for cell in rows["τ²"] if cell}) == 1  # with the same decimals
    assert rows["I²"].tolist()[4] == f"{100 * model.i2:.1f}%"
    assert rows["p"].tolist()[4] == f"{model.p_value:.3f}"


def test_a_small_p_value_is_a_bound() -> None:
    model = common_effect([1.0, 1.2, 0.9], [0.01, 0.02, 0.01])
    rows = leave_one_out_forest(leave_one_out(model), model, show=("p",)).data().query("kind == 'row'")
    assert rows["p"].tolist() == ["<0.001"] * 3


def test_rows_without_a_fit_are_named_and_explained(assert_readable: Check) -> None:
    model = random_effects([0.5, 0.7, 0.9], [0.0, 0.0, 0.1], tau2=0.2)
    refits = cumulative(model)
    assert np.isnan(refits.estimate[0])
    drawing = cumulative_forest(refits, model, show=("tau2",))
    assert_readable(drawing)
    assert_forest_shows_its_data(drawing)
    first = drawing.data().iloc[0]
    assert np.isnan(first["estimate"])
    assert first["mark"] == refits.row_marks[0] != ""
    assert drawing.data().iloc[1]["mark"] == refits.row_marks[1] != ""  # two studies without a fit are no pool
    assert first["τ²"] == ""


def test_what_the_refits_stand_on_is_said() -> None:
    model = fitted(4)
    drawings = [draw(refits, model, measure="RR", notes=["A note."]) for draw, refits in both(model)]
    assert "the summary of all the studies but the one that it names" in words_of(drawings[0])
    assert "Intervals and p values are not adjusted for looking again" in words_of(drawings[1])
    assert "Study left out" in words_of(drawings[0])
    assert "Study added" in words_of(drawings[1])
    assert all(words_of(drawing).endswith("A note.") for drawing in drawings)
    own = leave_one_out_forest(
        leave_one_out(model), model, natural=False, label_title="Without", reference_lines=[ReferenceLine(0.2, "other")]
    )
    assert "Without" in words_of(own)
    lines = own.data().query("kind == 'reference line'")["label"].tolist()
    assert lines == ["summary of all 4 studies", "other"]


def test_what_the_model_stands_on_is_said_too() -> None:
    model = random_effects([0.1, 0.5, 0.2], [0.1, 0.0, 0.2], tau2=0.3)
    few = fitted(2)
    assert model.marks
    assert few.marks
    for own in (model, few):
        for draw, refits in both(own):
            drawing = draw(refits, own, notes=["A note."])
            for mark in own.marks:
                sentence = f"Random effects: {mark}."
                assert sentence in words_of(drawing)
                assert sentence in drawing.alt_text()


def test_pools_of_two_studies_are_for_sensitivity_only() -> None:
    model = fitted(3)
    for (draw, refits), twos in zip(both(model), ([0, 1, 2], [1]), strict=True):
        drawing = draw(refits, model, measure="RR")
        rows = drawing.data().query("kind == 'row'")
        assert [i for i, mark in enumerate(rows["mark"]) if "two studies: for sensitivity only" in mark] == twos
        assert "two studies: for sensitivity only" in words_of(drawing)


def test_the_kind_is_named_and_rows_are_not_counted_as_studies() -> None:
    model = fitted(5)
    for (draw, refits), kind in zip(both(model), ("Leave-one-out", "Cumulative"), strict=True):
        drawing = draw(refits, model, measure="RR")
        assert drawing.title == f"{kind}: Risk ratio"
        assert draw(refits, model, measure="RR", title="Own").title == f"{kind}: Own"
        assert drawing.alt_text().startswith(f"{kind}: forest plot. Risk ratio (log scale), 5 rows, 5 with a 95% int")
        assert "summary of all 5 studies" in drawing.alt_text()


def test_a_note_by_itself_is_refused() -> None:
    model = fitted(3)
    with pytest.raises(MethodError, match=r"notes 'A note\.'; several texts are expected"):
        leave_one_out_forest(leave_one_out(model), model, notes="A note.")


def test_the_line_of_the_full_model_has_the_decimals_of_the_plot() -> None:
    model = random_effects([1e-7, 3e-7, 2e-7, 2e-7], [1e-14, 2e-14, 1e-14, 3e-14])
    drawing = leave_one_out_forest(leave_one_out(model), model)
    pool = drawing.data().query("kind == 'summary'")["text"].item()
    assert "×10⁻⁷" in pool
    assert f"{pool.split(' [')[0]}: summary of all 4 studies" in words_of(drawing)


def test_a_symbol_at_the_start_of_a_mark_stays_as_it_is() -> None:
    model = fitted(2)
    words = words_of(leave_one_out_forest(leave_one_out(model), model))
    assert "k is too small for leave-one-out" in words
    assert "K is" not in words


@pytest.mark.parametrize(
    ("refits", "options", "message"),
    [
        (lambda m: cumulative(m), {}, "leave-one-out refits are expected, not refits of the kind 'cumulative'"),
        (lambda m: m, {}, "leave-one-out refits are expected, not MetaAnalysis"),
        (lambda _: leave_one_out(fitted(5)), {}, "the refits are not of this model"),
        (lambda _: leave_one_out(fitted(4, test="normal")), {}, "the refits are not of this model"),
        (lambda _: leave_one_out(fitted(4, level=0.9)), {}, "the refits are not of this model"),
        (lambda m: leave_one_out(m), {"show": ("q",)}, "column 'q'; one of k, tau2, i2, p"),
        (lambda m: leave_one_out(m), {"measure": "PFT"}, "sizes are needed"),
    ],
)
def test_other_refits_are_refused(
    refits: Callable[[MetaAnalysis], Refits], options: dict[str, Any], message: str
) -> None:
    model = fitted(4)
    with pytest.raises(MethodError, match=message):
        leave_one_out_forest(refits(model), model, **options)


def test_a_cumulative_forest_of_other_estimates_is_refused() -> None:
    labels = ["a", "b", "c"]
    one, other = (random_effects(y, [0.1, 0.1, 0.2], labels=labels) for y in ([0.1, 0.2, 0.4], [0.1, 0.2, 0.5]))
    with pytest.raises(MethodError, match="the refits are not of this model"):
        cumulative_forest(cumulative(other), one)


def test_refits_of_a_regression_and_other_models_are_refused() -> None:
    model = meta_regression([0.1, 0.4, 0.2, 0.8, 0.3], [0.1] * 5, {"dose": [1.0, 2.0, 3.0, 4.0, 6.0]})
    with pytest.raises(MethodError, match="several coefficients and no one summary"):
        leave_one_out_forest(leave_one_out(model), model)
    with pytest.raises(MethodError, match="the model that was refitted is expected"):
        leave_one_out_forest(leave_one_out(fitted(4)), None)  # type: ignore[arg-type]
