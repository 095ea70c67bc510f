"""The review object: stages on first use, dates, labels, and what a notebook shows."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

import synth
from synth.errors import MethodError, ParameterError, ReviewNotFoundError
from synth.records import Record
from synth.review import Review


@pytest.fixture(scope="module", params=["ifi", "bcg"])
def review(request: pytest.FixtureRequest, repository: Path) -> Review:
    return synth.open_review(request.param, root=repository)


@pytest.mark.parametrize(
    "as_of",
    [
        "",
        "today",
        "2026-13-01",
        "2026-11-31",
        "20261201",
        "2026-W49-1",
        "2026-12-01T00:00",
        "01.12.2026",
        " 2026-12-01",
        20261201,
        date(2026, 12, 1),
        True,
    ],
)
def test_as_of_that_is_no_date_is_refused(repository: Path, as_of: object) -> None:
    with pytest.raises(ParameterError, match=re.escape(f"as_of: {as_of!r} is no date; a date such as 2026-11-2")):
        synth.open_review("ifi", root=repository, as_of=as_of)  # type: ignore[arg-type]


def test_as_of_before_the_evidence_is_refused(repository: Path) -> None:
    day = synth.open_review("ifi", root=repository).evidence_date
    before = date.fromordinal(date.fromisoformat(day).toordinal() - 1).isoformat()
    with pytest.raises(ParameterError, match=f"as_of: {before} lies before the evidence date {day}"):
        synth.open_review("ifi", root=repository, as_of=before)


@pytest.mark.parametrize("as_of", ["2026-11-23", "2026-12-01", "2031-01-01"])
def test_as_of_from_the_evidence_date_on(repository: Path, as_of: str) -> None:
    assert synth.open_review("ifi", root=repository, as_of=as_of).as_of == as_of


@pytest.mark.parametrize("name", ["", "../ifi", "IFI", "ifi/..", "nothing", "."])
def test_a_review_that_is_not_there_is_refused(repository: Path, name: str) -> None:
    with pytest.raises(ReviewNotFoundError):
        synth.open_review(name, root=repository)


def test_stages_are_computed_once(review: Review) -> None:
    for stage in ("synthesis", "certainty", "quantities", "changes"):
        assert getattr(review, stage) is getattr(review, stage)


@pytest.mark.parametrize(
    "stage", ["searches", "records", "screening", "extraction", "synthesis", "certainty", "changes"]
)
def test_every_stage_shows_itself_in_a_notebook(review: Review, stage: str) -> None:
    shown = getattr(review, stage)
    page = shown._repr_html_()
    assert page.startswith("<")
    assert "nan" not in re.sub("<[^>]*>", " ", page).split()
    assert " object at 0x" not in repr(shown)


def test_a_study_is_called_as_its_record(repository: Path) -> None:
    review = synth.open_review("ifi", root=repository)
    assert review.record_of("wilson2016").short == "Wilson 2016"
    with pytest.raises(KeyError):
        review.record_of("nobody1900")


def test_forest_of_an_answer_without_estimates_is_refused(repository: Path) -> None:
    review = synth.open_review("ifi", root=repository)
    with pytest.raises(MethodError, match="there is nothing to draw"):
        review.forest(review.synthesis.answer("open", "pain"))


def test_forest_of_bcg_has_a_row_for_each_trial(repository: Path) -> None:
    review = synth.open_review("bcg", root=repository)
    (drawing,) = review.forests()
    drawn = drawing.data()
    assert len(drawn[drawn["kind"] == "row"]) == 13
    assert len(drawn[drawn["kind"] == "summary"]) == 1


def test_derived_intervals_are_marked_and_warned_of_in_the_forest(repository: Path) -> None:
    (drawing,) = synth.open_review("ifi", root=repository).forests()
    text = drawing.alt_text()
    assert "standard error derived from the printed p value" in text
    assert "arthroscopic treatment of femoroacetabular impingement" in text
    assert "that one lies clear of the dashed line shows nothing by itself" in text
    assert "Not pooled: that the patients are the same people cannot be excluded" in text
    assert "hatem2015" not in text


def test_studies_of_one_short_name_are_told_apart_in_pictures(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Record, "short", property(lambda record: "Smith 2015" if record.year < 1960 else record.id))
    review = synth.open_review("bcg", root=repository)
    line, groups = review.pictures("characteristics")
    names = groups.data().query("kind == 'row'")["label"].tolist()
    assert len(set(names)) == len(names) == 13
    assert "Smith 2015 (aronson1948)" in names
    assert line.title.startswith("Bubble")
