"""The synthesis of a review: sums that keep what is unknown, roles, and answers by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from evidence_patterns import Event, Row, evidence, protocol, synthesis_of

import synth
from synth.errors import MethodError
from synth.extraction.eligibility import standing
from synth.synthesis.answers import synthesise


@pytest.fixture(scope="module")
def ifi(repository: Path):
    return synth.open_review("ifi", root=repository).synthesis


def test_rule_12_sums_of_groups_that_may_overlap_are_upper_bounds(ifi) -> None:
    assert str(ifi.studied["endoscopic"].patients) == "at most 61 in the 9 of 14 groups that state it"
    assert str(ifi.studied["open"].patients) == "not stated"


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([Row("ash", patients=4)], "4"),
        ([Row("ash", patients=4), Row("elm", patients=5)], "9"),
        ([Row("ash", patients=4), Row("elm", patients="")], "4 in the 1 of 2 groups that state it"),
        ([Row("ash", patients=""), Row("elm", patients="")], "not stated"),
        ([Row("ash", patients=4, authors=()), Row("elm", patients=5)], "at most 9"),
        ([Row("ash", patients=4, authors=()), Row("elm", patients="")], "4 in the 1 of 2 groups that state it"),
        # Arms of one study that share patients count once, those that do not are added.
        ([Row("ash", patients=4, overlaps="ash/A2"), Row("ash", arm="A2", patients=6, overlaps="ash/A1")], "6"),
        ([Row("ash", patients=4), Row("ash", arm="A2", patients=6)], "10"),
        ([Row("ash", patients=4), Row("elm", patients=5, disease="tightness")], "4"),
        ([Row("ash", patients=4), Row("elm", patients=5, level="video abstract")], "4"),
    ],
)
def test_patients_of_a_procedure(rows: list[Row], expected: str) -> None:
    assert str(synthesis_of(*rows).studied["knot"].patients) == expected


def test_rule_19_roles_of_ifi(ifi) -> None:
    roles = {study: item.role for study, item in ifi.roles.items()}
    annex = {study for study, role in roles.items() if role == "annex"}
    assert annex == {"ganz2013", "johnson1977", "lerch2022", "kim2016", "ishiind"}
    assert {study for study, role in roles.items() if role == "direction only"} == {"aaosvideo2021"}


@pytest.mark.parametrize(
    ("cells", "role", "reason"),
    [
        ({}, "synthesis", "meets every criterion"),
        ({"disease": ""}, "annex", "disease not stated"),
        ({"disease": "tightness"}, "annex", "related population: tightness"),
        ({"hip": "wooden"}, "annex", "hip wooden"),
        ({"hip": "native"}, "synthesis", "meets"),
        ({"source_level": "video abstract"}, "direction only", "video abstract"),
        ({"source_level": "meeting abstract"}, "annex", "meeting abstract"),
        # Disease and hip are judged before the source: a film of another disease gives no direction either.
        ({"disease": "tightness", "source_level": "video abstract"}, "annex", "related population"),
    ],
)
def test_rule_19_disease_hip_and_source_are_judged_apart(cells: dict[str, str], role: str, reason: str) -> None:
    study = {"disease": "looseness", "hip": "", "source_level": "journal article", **cells}
    found = standing(study, protocol().eligibility)  # type: ignore[arg-type]
    assert found.role == role
    assert reason in found.reason


def test_rule_20_marks_of_docwirelti(repository: Path, ifi) -> None:
    studies = synth.open_review("ifi", root=repository).extraction.studies.set_index("study_id")
    study = studies.loc["docwirelti"]
    assert (study["enrolled"], study["analysed"], study["selection"]) == (30, 24, "patients with low back pain")
    assert ifi.roles["docwirelti"].role == "synthesis"
    series = ifi.answer("endoscopic", "hip function", "mHHS").changes
    assert {item.study_id: item.summary.unit_of_analysis for item in series}["docwirelti"] == "not stated"


def test_an_answer_that_is_not_there_is_named_with_those_that_are(ifi) -> None:
    with pytest.raises(
        MethodError, match=r"0 answers for endoscopic / mood / any instrument; there are: endoscopic / "
    ):
        ifi.answer("endoscopic", "mood")
    with pytest.raises(MethodError, match="no comparison 'mood' is planned; there are: none"):
        ifi.comparison("mood")


def test_the_instrument_with_estimates_is_meant_where_none_is_named(ifi) -> None:
    assert ifi.answer("endoscopic", "hip function").instrument == "mHHS"


def test_comparator_arms_have_no_answers_of_their_own() -> None:
    synthesis = synthesis_of(Row("ash", procedure="none", sd=5), events=[Event("ash", "tear", 1, 8)])
    assert {item.procedure for item in synthesis} == {"knot", "bow"}
    assert [item.event for item in synthesis.counts_of("none")] == ["tear"]


def test_no_evidence_at_all_gives_empty_answers() -> None:
    extraction, records = evidence()
    synthesis = synthesise(protocol(), extraction, records)
    assert [str(item.rung) for item in synthesis] == ["nothing extracted", "nothing extracted"]
    assert (synthesis.counts, str(synthesis.studied["knot"].patients)) == ((), "not stated")
    assert repr(synthesis.show_changes()) == "No change from before to after was extracted."
    assert repr(synthesis.show_counts()) == "No count was extracted."
