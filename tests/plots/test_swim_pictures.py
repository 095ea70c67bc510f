"""Pictures of a synthesis without meta-analysis: every report and outcome, read as the direction table reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from direction_rows import patches

import synth
from synth.errors import MethodError
from synth.extraction.named import outcomes_named
from synth.plots.swim_pictures import direction_rows_of, directions_of, harvest_of
from synth.synthesis.swim import Status, swim_of

#: What words of SwimAnswer are in the pictures.
VERDICTS = {"no change": "no clear change", "conflicting": "mixed"}
BANNED = ("improve", "reduce", "relieve", "effective", "safe", "significant", "most patients")


@pytest.fixture(scope="module")
def answers():
    """Every answer of the review of case reports and small series, by procedure."""
    found = {}
    for swim in swim_of(synth.open_review("ifi").synthesis):
        found.setdefault(swim.procedure, []).append(swim)
    return found


@pytest.fixture(scope="module")
def names(answers):
    """A name for each study."""
    return {item.study_id: f"Study {item.study_id}" for swims in answers.values() for s in swims for item in s.rows}


def test_every_report_has_a_place_for_every_outcome_and_reads_as_in_the_table(answers, names):
    checked = 0
    for swims in answers.values():
        data = directions_of(swims, names).data().set_index(["label", "outcome"])
        assert data.index.is_unique
        for swim in swims:
            studies = swim.direction_rows(names)
            for row in studies:
                both = sum(other.study_id == row.study_id for other in studies) > 1
                label = f"{row.label} (single patient)" if both and row.single_patient else row.label
                shown = data.loc[(label, swim.outcome_label)]
                expected = VERDICTS.get(row.verdict, row.verdict)
                assert shown["shows"] == expected or (expected == "unclear" and shown["shows"] in ("higher", "lower"))
                if not row.verdict:
                    assert shown["status"] == row.status.value
                checked += 1
    assert checked > 100


def test_bars_and_counts_of_directions_agree(answers, names):
    seen = 0
    for swims in answers.values():
        drawing = harvest_of(swims, names)
        if drawing is None:
            assert not any(item.verdict in ("better", "worse", "no change") for s in swims for item in s.rows)
            continue
        data = drawing.data()
        for swim in swims:
            rows = swim.harvest_rows(names)
            for verdict in ("better", "worse"):
                drawn = data[(data["outcome"] == swim.outcome_label) & (data["column"] == verdict)]
                assert len(drawn) == sum(row.verdict == verdict for row in rows)
                seen += len(drawn)
    assert seen > 0


def test_outcomes_that_nobody_mentions_are_seen_as_such(answers, names):
    for swims in answers.values():
        data = directions_of(swims, names).data()
        for swim in swims:
            silent = {names[study] for study, status in swim.statuses.items() if status.value == "not mentioned"}
            own = data[(data["outcome"] == swim.outcome_label) & (data["status"] == "not mentioned")]
            assert set(own["label"].str.removesuffix(" (single patient)")) == silent


def test_sources_for_directions_only_carry_a_mark(answers, names):
    marked = [
        (names[item.study_id], item.mark)
        for swims in answers.values()
        for swim in swims
        for item in swim.rows
        if item.role == "direction only"
    ]
    assert marked
    told = " ".join(directions_of(swims, names).alt_text() for swims in answers.values())
    assert all(f"used for directions only: {mark}" in told for _, mark in marked)


def test_a_figure_of_a_source_for_directions_only_is_not_called_words(answers, names):
    """The video gives figures: it says nothing in words only."""
    rows = [row for row in direction_rows_of(answers["endoscopic"], names) if row.fill]
    assert {row.fill for row in rows if row.label == names["aaosvideo2021"]} == {"direction only"}
    assert "in words only" not in {row.fill for row in rows}
    drawing = harvest_of(answers["endoscopic"], names)
    shown = " ".join(text.get_text() for text in drawing.figure.axes[0].texts)
    assert "direction only" in shown
    for told in (shown, drawing.alt_text(), directions_of(answers["endoscopic"], names).alt_text()):
        assert "words only" not in told


def test_a_direction_in_words_is_called_so(answers, names):
    """The same lines, as if nothing but words had been seen in one report and in the video."""
    swim = next(item for item in answers["endoscopic"] if item.outcome == "hip function")
    worded = {"hatem2015", "aaosvideo2021"}
    rows = tuple(
        replace(item, status=Status.DIRECTION, detail="in words") if item.study_id in worded else item
        for item in swim.rows
    )
    fills = {row.label: row.fill for row in direction_rows_of([replace(swim, rows=rows)], names) if row.fill}
    assert fills == {
        names["docwirelti"]: "figure",
        names["hatem2015"]: "in words only",
        names["aaosvideo2021"]: "in words only",
    }
    assert "(5 patients, abstract, in words only)" in harvest_of([replace(swim, rows=rows)], names).alt_text()


def test_reports_without_a_number_of_patients_are_reports_and_no_series(answers, names):
    for drawing in (directions_of(answers["endoscopic"], names), harvest_of(answers["endoscopic"], names)):
        data = drawing.data()
        assert set(data.loc[data["label"] == names["jo2015"], "kind"]) == {"report"}
        assert " series" not in drawing.alt_text().replace("without a comparison group", "")
    assert "reports, 2 single patients" in directions_of(answers["endoscopic"], names).alt_text()


def test_an_outcome_that_is_named_is_drawn_as_not_seen(names):
    review = synth.open_review("ifi")
    swims = swim_of(review.synthesis, named=outcomes_named(review.extraction.studies))
    endoscopic = [item for item in swims if item.procedure == "endoscopic"]
    data = directions_of(endoscopic, names).data().set_index(["label", "outcome"])
    assert data.loc[(names["zhang2022"], "Hip function"), "sign"] == "measured but not seen"
    assert data.loc[(names["zhang2022"], "Pain"), "sign"] == "not mentioned"
    unseen = harvest_of(endoscopic, names).data().set_index(["label", "outcome"])
    assert unseen.loc[(names["reais2020"], "Pain"), "column"] == "measured but not seen"


def test_words_of_uncontrolled_evidence_claim_nothing(answers, names):
    for swims in answers.values():
        for drawing in (directions_of(swims, names), harvest_of(swims, names)):
            if drawing is None:
                continue
            shown = " ".join(text.get_text() for text in drawing.figure.axes[0].texts).lower()
            assert not [word for word in BANNED if word in shown or word in drawing.alt_text().lower()]
            assert "without a comparison group" in drawing.alt_text()


def test_a_procedure_without_a_direction_has_no_bars_and_one_without_reports_no_picture(answers, names):
    bare = {procedure: swims for procedure, swims in answers.items() if not any(s.seen for s in swims)}
    assert bare
    for swims in bare.values():
        assert harvest_of(swims, names) is None
        assert not patches(directions_of(swims, names), "arrow ")
    assert directions_of([], names) is None
    assert harvest_of([], names) is None


def test_they_are_readable(answers, names, assert_readable):
    swims = answers["endoscopic"]
    assert_readable(directions_of(swims, names))
    assert_readable(harvest_of(swims, names))


def test_two_procedures_and_other_things_are_refused(answers, names):
    first, second = list(answers.values())[:2]
    with pytest.raises(MethodError, match=r"procedures .*, .*; one at a time"):
        direction_rows_of([*first, *second], names)
    with pytest.raises(MethodError, match="a SwimAnswer is expected, not str"):
        directions_of(["endoscopic"], names)
