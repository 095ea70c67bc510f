"""Baujat plots: the numbers of the engine, named from the outside in."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from chart_reading import SIZES, invented, names_drawn, points

from synth.errors import MethodError
from synth.plots import Drawing
from synth.plots.baujat import baujat
from synth.synthesis import common_effect, diagnostics, meta_regression, random_effects


@pytest.mark.parametrize("k", SIZES[1:])
@pytest.mark.parametrize("long_names", [False, True])
def test_words_are_readable(k: int, long_names: bool, assert_readable: Callable[[Drawing], None]) -> None:
    drawing = baujat(invented(k, long_names=long_names).model(), title="Invented trials")
    assert_readable(drawing)
    assert len(points(drawing)) == k


@pytest.mark.parametrize("kind", ["random", "common", "moderators"])
def test_points_are_those_of_the_diagnostics(kind: str) -> None:
    studies = invented(12)
    given = (studies.estimates, studies.variances)
    if kind == "moderators":
        model = meta_regression(*given, {"year": list(range(12))}, labels=studies.labels)
    else:
        model = (random_effects if kind == "random" else common_effect)(*given, labels=studies.labels)
    found = diagnostics.baujat(model)
    drawing = baujat(model)
    data = drawing.data()
    assert data["label"].tolist() == list(model.labels)
    assert data["x"].tolist() == found.contribution.tolist()
    assert data["y"].tolist() == found.influence.tolist()
    drawn = {label.removesuffix(" arrow"): place for label, place in points(drawing).items()}
    for label, x, y, aside in zip(data["label"], data["x"], data["y"], data["beyond_axis"], strict=True):
        assert aside or drawn[label] == (x, y)
    words = {"random": "squared Pearson residual", "common": "share of Q", "moderators": "its fitted value"}
    assert words[kind] in names_drawn(drawing)


def test_the_outermost_are_named_first() -> None:
    model = invented(60).model()
    found = diagnostics.baujat(model)
    shown = set(names_drawn(baujat(model, named=2)).split("\n"))
    named = [label for label in model.labels if label in shown]
    share = (found.contribution / found.contribution.max()) ** 2 + (found.influence / found.influence.max()) ** 2
    assert set(named) == {model.labels[index] for index in np.argsort(-share)[:2]}


def test_the_words_tell_who_stands_out() -> None:
    model = invented(60).model()
    found = diagnostics.baujat(model)
    words = baujat(model).alt_text()
    for values, what in ((found.contribution, "contributions"), (found.influence, "influences")):
        first = model.labels[int(np.argmax(values))]
        assert f"Greatest {what}: {first} " in words


def test_one_study_that_dwarfs_all_is_an_arrow(assert_readable: Callable[[Drawing], None]) -> None:
    studies = invented(12)
    studies.estimates[5], studies.variances[5] = 40.0, 0.5
    drawing = baujat(common_effect(studies.estimates, studies.variances, labels=studies.labels))
    far = drawing.data().query("beyond_axis != ''")
    assert far["label"].tolist() == ["Invented 6"]
    right, top = drawing.axes[0].get_xlim()[1], drawing.axes[0].get_ylim()[1]
    assert right < far["x"].iloc[0] or top < far["y"].iloc[0]
    assert "Arrow: the point lies beyond the axis (Invented 6)." in names_drawn(drawing)
    assert_readable(drawing)


def test_studies_that_agree_exactly_stand_in_the_corner() -> None:
    data = baujat(random_effects([0.5, 0.5, 0.5], [0.1, 0.1, 0.1])).data()
    assert data["x"].tolist() == pytest.approx([0.0] * 3)
    assert data["y"].tolist() == pytest.approx([0.0] * 3)


def test_a_study_without_influence_is_named_and_not_drawn() -> None:
    # Without D the other three agree exactly, so that their Hartung-Knapp variance is 0.
    model = random_effects(
        [0.2, 0.2, 0.2, 0.9], [0.1, 0.1, 0.1, 0.1], labels=list("ABCD"), test="hartung-knapp", method="DL"
    )
    drawing = baujat(model)
    assert drawing.data()["label"].tolist() == ["A", "B", "C"]
    assert "Not drawn: D (contribution or influence is not defined)." in drawing.alt_text()


def test_marks_and_missing_studies_stand_below() -> None:
    drawing = baujat(invented(2).model(), not_drawn={"Invented 3": "no variance"}, notes=["A note."])
    shown = names_drawn(drawing)
    assert "k is too small for leave-one-out" in shown
    assert "Not drawn: Invented 3 (no variance)." in shown
    assert "A note." in shown


def test_bytes_are_the_same_each_time() -> None:
    model = invented(12).model()
    assert baujat(model).svg() == baujat(model).svg()


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(MethodError, match="at least 2 studies"):
        baujat(invented(1).model())
    with pytest.raises(MethodError, match="MetaAnalysis"):
        baujat({})  # type: ignore[arg-type]
    with pytest.raises(MethodError, match="no study has both"):
        baujat(meta_regression([0.1, 0.2], [0.1, 0.1], {"year": [1, 2]}))
    with pytest.raises(MethodError, match="named"):
        baujat(invented(3).model(), named=-2)


def test_what_was_pooled_is_in_title_and_words() -> None:
    model = invented(12).model()
    drawing = baujat(model, about="Pain, operation against none")
    assert drawing.title == "Baujat plot: Pain, operation against none"
    assert drawing.alt_text().startswith("Baujat plot: Pain, operation against none. Contribution")
    assert "Pain, operation" not in names_drawn(drawing)
    both = baujat(model, title="Trials", about="pain")
    assert both.title == "Trials: pain"
    assert both.alt_text().startswith("Baujat plot: Trials; pain. ")
    assert baujat(model).title == "Baujat plot"
    with pytest.raises(MethodError, match="about 3: a text"):
        baujat(model, about=3)  # type: ignore[arg-type]
