"""The forest of an answer: one unit on an axis, arms told apart, and why nothing is pooled. The rows are invented."""

from __future__ import annotations

from dataclasses import replace

import synth
from synth.plots.answers import forest_of


def parts():
    review = synth.open_review("ifi")
    return review, review.synthesis.answer("endoscopic", "hip function")


def drawn(review, answer):
    return forest_of(answer, review.protocol, {item.study_id: f"Name of {item.study_id}" for item in answer.series})


def with_changes(answer, change):
    return replace(answer, series=tuple(change(item) if item.effect is not None else item for item in answer.series))


def test_a_series_in_another_unit_is_named_and_not_drawn():
    review, answer = parts()
    last = answer.changes[-1]
    other = with_changes(
        answer, lambda item: replace(item, summary=replace(item.summary, unit="%")) if item is last else item
    )
    drawing = drawn(review, other)
    rows = drawing.data().query("kind == 'row'")["label"].tolist()
    assert rows == [f"Name of {item.study_id}" for item in answer.changes[:-1]]
    assert f"Not drawn, in another unit: Name of {last.study_id} (%)." in drawing.alt_text()


def test_two_arms_of_a_study_are_told_apart():
    review, answer = parts()
    twice = replace(answer, series=(*answer.changes, replace(answer.changes[0], arm_id="A9")))
    rows = drawn(review, twice).data().query("kind == 'row'")["label"].tolist()
    first = answer.changes[0]
    assert f"Name of {first.study_id} ({first.arm_id})" in rows
    assert f"Name of {first.study_id} (A9)" in rows


def test_the_reason_why_nothing_is_pooled_stands_below_with_names():
    review, answer = parts()
    text = drawn(review, answer).alt_text()
    assert "Not pooled: that the patients are the same people cannot be excluded (Name of docwirelti and" in text
    assert "anchor-based (12 months); in: arthroscopic treatment" in text
