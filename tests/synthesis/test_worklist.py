"""What is missing of each study and which rung it unlocks, over invented evidence and both reviews."""

from __future__ import annotations

from dataclasses import replace

import pytest
from case_patterns import Invented, Listed, protocol_with, review_of, single
from evidence_patterns import Event, Row

from synth.extraction import Extraction
from synth.synthesis.answers import synthesise
from synth.synthesis.ladder import Rung
from synth.synthesis.worklist import Kind, Task, WorkList, worklist, world

FULL = Row("ash", change_sd=5)
ELM = Row("elm", after=65, change_sd=6)
OAK = Row("oak", after=63, change_sd=7)
BANNED = ("improve", "reduce", "relie", "effective", "safe", "significan", "most patients")


def tasks_of(review: Invented) -> WorkList:
    return worklist(review.protocol, review.synthesis, review.extraction, review.records)


def of(*rows: Row, events: tuple[Event, ...] = (), cases: tuple[Listed, ...] = (), **plan: object) -> WorkList:
    protocol = protocol_with(synthesis={**_SYNTHESIS, **plan}) if plan else protocol_with()
    return tasks_of(review_of(*rows, events=events, cases=cases, protocol=protocol))


_SYNTHESIS = protocol_with().synthesis.model_dump(mode="json", exclude_none=True, exclude={"ladder"})


def one(found: WorkList, kind: Kind, study: str = "ash", procedure: str = "knot") -> Task:
    (task,) = (item for item in found if (item.kind, item.study_id, item.procedure) == (kind, study, procedure))
    return task


# Name, rows, kind, study, rung now, alone, together, how many others.
UNLOCKS = [
    ("after", [Row("ash", after="")], Kind.AFTER, "ash", Rung.UNUSABLE, Rung.DESCRIBED, Rung.ONE_SERIES, 1),
    ("before", [Row("ash", before="")], Kind.BEFORE, "ash", Rung.DESCRIBED, Rung.DESCRIBED, Rung.ONE_SERIES, 1),
    (
        "both",
        [Row("ash", before="", after="", direction="higher")],
        Kind.SCORES,
        "ash",
        Rung.UNUSABLE,
        Rung.DESCRIBED,
        Rung.ONE_SERIES,
        1,
    ),
    ("spread", [Row("ash")], Kind.SPREAD, "ash", Rung.DESCRIBED, Rung.ONE_SERIES, Rung.ONE_SERIES, 0),
    ("number", [Row("ash", n="")], Kind.NUMBER, "ash", Rung.DESCRIBED, Rung.DESCRIBED, Rung.ONE_SERIES, 1),
    (
        "unit of one of three",
        [FULL, ELM, Row("oak", after=63, change_sd=7, unit="not stated")],
        Kind.UNIT,
        "oak",
        Rung.SWIM,
        Rung.POOLED,
        Rung.POOLED,
        0,
    ),
    (
        "unit of one of two",
        [FULL, Row("elm", after=65, change_sd=6, unit="not stated")],
        Kind.UNIT,
        "elm",
        Rung.SWIM,
        Rung.SIDE_BY_SIDE,
        Rung.SIDE_BY_SIDE,
        0,
    ),
    (
        "figures of hips",
        [FULL, ELM, Row("oak", after=63, change_sd=7, unit="hips", hips=12)],
        Kind.PER_PATIENT,
        "oak",
        Rung.SWIM,
        Rung.POOLED,
        Rung.POOLED,
        0,
    ),
    (
        "authors of one",
        [FULL, ELM, Row("oak", after=63, change_sd=7, authors=())],
        Kind.AUTHORS,
        "oak",
        Rung.SWIM,
        Rung.POOLED,
        Rung.POOLED,
        0,
    ),
    (
        "authors of two",
        [FULL, Row("elm", change_sd=6, authors=()), Row("oak", change_sd=7, authors=("Oak B", "et al"))],
        Kind.AUTHORS,
        "elm",
        Rung.SWIM,
        Rung.SWIM,
        Rung.POOLED,
        1,
    ),
    (
        "shared author",
        [Row("ash", change_sd=5, authors=("Fir B",)), Row("elm", change_sd=6, authors=("Fir B",)), OAK],
        Kind.SHARED,
        "ash",
        Rung.SWIM,
        Rung.POOLED,
        Rung.POOLED,
        0,
    ),
    (
        "one centre",
        [Row("ash", change_sd=5, centre="Harbour"), Row("elm", change_sd=6, centre="Harbour"), OAK],
        Kind.SHARED,
        "ash",
        Rung.SWIM,
        Rung.POOLED,
        Rung.POOLED,
        0,
    ),
    (
        "another source",
        [FULL, ELM, Row("oak", after=63, change_sd=7, level="video abstract")],
        Kind.SOURCE,
        "oak",
        Rung.SIDE_BY_SIDE,
        Rung.POOLED,
        Rung.POOLED,
        0,
    ),
    (
        "another source with an SD",
        [FULL, ELM, Row("oak", after=63, level="video abstract")],
        Kind.SOURCE,
        "oak",
        Rung.SIDE_BY_SIDE,
        Rung.SIDE_BY_SIDE,
        Rung.POOLED,
        1,
    ),
    ("a patient", [single("ash", after="")], Kind.AFTER, "ash", Rung.UNUSABLE, Rung.CASES, Rung.CASES, 0),
]


@pytest.mark.parametrize(
    ("rows", "kind", "study", "now", "alone", "together", "others"),
    [item[1:] for item in UNLOCKS],
    ids=[item[0] for item in UNLOCKS],
)
def test_a_piece_unlocks_its_rung(
    rows: list[Row], kind: Kind, study: str, now: Rung, alone: Rung, together: Rung, others: int
) -> None:
    task = one(of(*rows), kind, study)
    assert (task.rung, task.alone, task.together, len(task.others)) == (now, alone, together, others)


def test_a_report_without_the_outcome_is_asked_whether_it_measured_it() -> None:
    found = of(FULL, ELM, Row("oak", instrument="delay", before="", after=3))
    # A row of another instrument is a row of the outcome: the report did measure it.
    assert not [task for task in found if task.kind is Kind.OUTCOME]
    rows = (FULL, ELM, Row("oak"))
    plan = protocol_with(
        outcomes=[
            {"id": "comfort", "label": "Comfort", "role": "main", "instruments": ["scale"]},
            {"id": "grip", "label": "Grip", "role": "main", "instruments": ["rule"]},
        ]
    )
    found = tasks_of(review_of(*rows, protocol=plan))
    asked = [task for task in found if task.kind is Kind.OUTCOME]
    assert [(task.outcome, task.study_id) for task in asked] == [("grip", "ash"), ("grip", "elm"), ("grip", "oak")]
    assert (asked[0].rung, asked[0].alone, asked[0].together) == (Rung.NOTHING, Rung.ONE_SERIES, Rung.POOLED)
    assert asked[0].others == (
        "scores and the SD of the change of elm, if it was measured",
        "scores and the SD of the change of oak, if it was measured",
    )


TWO_OUTCOMES = [
    {"id": "comfort", "label": "Comfort", "role": "main", "instruments": ["scale"]},
    {"id": "grip", "label": "Grip", "role": "main", "instruments": ["rule"]},
]
#: A report of which neither a number of patients nor any figure was seen; the outcome is none of the protocol.
BARE = Row("yew", n="", patients="", before="", after="", cells={"outcome": "elsewhere"})


def bare_beside(*rows: Row, named: str = "", events: tuple[Event, ...] = (), bare: Row = BARE) -> WorkList:
    """A review with a bare report, whose row of outcomes.csv is taken out, and what it names."""
    review = review_of(*rows, bare, protocol=protocol_with(outcomes=TWO_OUTCOMES), events=events)
    tables = dict(review.extraction.tables)
    whole = tables["outcomes"].text
    kept = whole["study_id"] != bare.study
    lines = tuple(line for line, keep in zip(tables["outcomes"].lines, kept, strict=True) if keep)
    tables["outcomes"] = replace(tables["outcomes"], text=whole[kept].reset_index(drop=True), lines=lines)
    studies = tables["studies"].text.copy()
    studies.loc[studies["study_id"] == bare.study, "outcomes_named"] = named
    tables["studies"] = replace(tables["studies"], text=studies)
    extraction = Extraction.of(tables)
    synthesis = synthesise(review.protocol, extraction, review.records)
    return worklist(review.protocol, synthesis, extraction, review.records)


def test_a_report_without_patients_and_figures_comes_last_with_its_condition() -> None:
    found = list(bare_beside(FULL, ELM, Row("oak", after="")))
    lifting = [task for task in found if task.main and task.highest >= 0]
    last = [task.study_id == "yew" for task in lifting]
    assert last == sorted(last)
    assert sum(last) == 2
    assert not last[0]
    bare = [task for task in found if task.kind is Kind.BARE]
    assert [(task.study_id, task.outcome) for task in bare] == [("yew", "comfort"), ("yew", "grip")]
    assert bare[0].missing.startswith("whether patients were followed and the outcome was measured; if so,")
    assert bare[0].unlocks.endswith("If it was measured by scale, in more than one patient.")
    # One with patients is asked for before it, wherever a set can be made without it.
    grip = next(task for task in found if task.outcome == "grip" and task.study_id == "ash")
    assert "yew" not in " ".join(grip.others)
    few = next(task for task in bare_beside(FULL, ELM) if task.outcome == "grip" and task.study_id == "ash")
    assert few.others[-1] == (
        "number of patients, scores and the SD of the change of yew, if patients were followed and it was measured"
    )


@pytest.mark.parametrize("named", ["", "grip"])
def test_a_set_takes_reports_with_patients_before_those_without(named: str) -> None:
    """The bare report comes first by its name, so that only the reason for which it is doubted can put it last."""
    found = bare_beside(FULL, ELM, Row("oak"), named=named, bare=replace(BARE, study="acorn"))
    task = next(task for task in found if task.outcome == "grip" and task.study_id == "ash")
    assert [piece.split(" of ")[-1].split(",")[0] for piece in task.others] == ["elm", "oak"]


def test_a_report_with_a_count_or_a_size_is_not_bare() -> None:
    assert not [task for task in bare_beside(FULL, events=(Event("yew", "rested", 1, 3),)) if task.kind is Kind.BARE]
    sized = review_of(replace(BARE, hips=4), protocol=protocol_with(outcomes=TWO_OUTCOMES))
    assert not [task for task in tasks_of(sized) if task.kind is Kind.BARE]


def test_a_report_that_names_the_outcome_is_asked_for_scores_and_not_whether_it_measured_it() -> None:
    found = [task for task in bare_beside(FULL, named="grip") if task.study_id == "yew" and task.outcome]
    assert [(task.outcome, task.kind) for task in found] == [("grip", Kind.NAMED_BARE), ("comfort", Kind.BARE)]
    assert "whether" not in found[0].missing
    assert found[0].why.startswith("The report names the outcome")
    review = review_of(FULL, single("elm"), protocol=protocol_with(outcomes=TWO_OUTCOMES))
    studies = review.extraction.studies
    studies["outcomes_named"] = "grip"
    asked = {task.study_id: task for task in tasks_of(review) if task.outcome == "grip" and task.study_id}
    assert {study: task.kind for study, task in asked.items()} == {"ash": Kind.NAMED, "elm": Kind.NAMED_CASE}
    assert (asked["elm"].alone, asked["elm"].gain) == (Rung.CASES, "If it was measured.")


def test_a_count_of_the_outcome_names_it() -> None:
    """A share of people who reached something was seen: nobody may say that nothing of the outcome was."""
    rows = (FULL, replace(BARE, study="oak", patients=10))
    review = review_of(*rows, events=(Event("oak", "content", 3, 10),), protocol=protocol_with(outcomes=TWO_OUTCOMES))
    asked = {(task.study_id, task.outcome): task.kind for task in tasks_of(review) if task.study_id == "oak"}
    assert (asked["oak", "comfort"], asked["oak", "grip"]) == (Kind.NAMED, Kind.OUTCOME)


def test_a_report_of_one_patient_is_asked_for_that_patient() -> None:
    plan = protocol_with(
        outcomes=[
            {"id": "comfort", "label": "Comfort", "role": "main", "instruments": ["scale"]},
            {"id": "grip", "label": "Grip", "role": "main", "instruments": ["rule"]},
        ]
    )
    found = tasks_of(review_of(single("ash"), protocol=plan))
    task = one(found, Kind.CASE)
    assert (task.outcome, task.rung, task.alone, task.together) == ("grip", Rung.NOTHING, Rung.CASES, Rung.CASES)
    assert task.gain == "If it was measured."
    assert not [item for item in found if item.kind is Kind.ENROLLED]


@pytest.mark.parametrize(
    ("rows", "missing", "alone", "others"),
    [
        ((), "three independent series", Rung.POOLED, 0),
        ((FULL,), "two independent series", Rung.POOLED, 0),
        ((FULL, ELM), "another independent series", Rung.POOLED, 0),
        ((FULL, Row("elm", change_sd=6, authors=())), "another independent series", Rung.SWIM, 1),
    ],
)
def test_how_many_further_series_a_pool_takes(rows: tuple[Row, ...], missing: str, alone: Rung, others: int) -> None:
    task = one(of(*rows), Kind.SERIES, "")
    assert (task.alone, task.together, len(task.others)) == (alone, Rung.POOLED, others)
    assert task.missing.startswith(f"{missing} with an SD or standard error of the change")
    one_series, several = "If its patients are nobody else's.", "If no patient is in two of them or in another report."
    assert task.gain == (one_series if missing.startswith("another") else several)


def test_a_stricter_protocol_asks_for_more_series() -> None:
    found = of(FULL, ELM, ladder={"pool_from": 5, "reason": "Invented."})
    task = one(found, Kind.SERIES, "")
    assert (task.alone, task.others) == (Rung.POOLED, ())
    assert task.missing == "three independent series with an SD or standard error of the change (scale)"
    found = of(FULL, ELM, ladder={"pool_from": 14, "plain_from": 14, "reason": "Invented."})
    assert one(found, Kind.SERIES, "").missing.startswith("12 independent series with")


def test_where_studies_say_that_they_share_patients_nothing_is_asked_and_nothing_unlocked() -> None:
    rows = (Row("ash", change_sd=5, overlaps="elm/A1"), Row("elm", change_sd=6, overlaps="ash/A1"), OAK)
    found = of(*rows).of_procedure("knot")
    assert not [task for task in found if task.kind in (Kind.SHARED, Kind.SERIES)]
    assert not [task for task in found if task.highest >= 0]


def test_where_the_protocol_trusts_declarations_no_author_is_asked_for() -> None:
    rows = (Row("ash", change_sd=5, authors=()), ELM)
    assert [task.study_id for task in of(*rows) if task.kind is Kind.AUTHORS] == ["ash"]
    assert not [task for task in of(*rows, overlap="declared") if task.kind is Kind.AUTHORS]


def test_a_study_alone_is_not_asked_for_its_authors() -> None:
    assert not [task for task in of(Row("ash", authors=())) if task.kind is Kind.AUTHORS]


def test_a_source_that_no_report_could_mend_is_not_asked_for() -> None:
    found = of(Row("ash", disease="tightness"), Row("elm", hip="wooden"))
    assert not [task for task in found if task.study_id]


def test_a_time_is_asked_for_no_score_before() -> None:
    found = of(Row("ash", instrument="delay", before="", after=3))
    assert not [task for task in found if task.kind in (Kind.BEFORE, Kind.SPREAD)]


@pytest.mark.parametrize(
    ("row", "kind", "asked"),
    [
        (Row("ash", p=".01"), Kind.TEST, True),
        (Row("ash", p=".01", test="paired t test"), Kind.TEST, False),
        (Row("ash", sd=9), Kind.CORRELATION, True),
        (FULL, Kind.CORRELATION, False),
    ],
)
def test_an_interval_that_rests_on_an_assumption_asks_for_what_replaces_it(row: Row, kind: Kind, asked: bool) -> None:
    found = [task for task in of(row) if task.kind is kind]
    assert bool(found) is asked
    assert all(task.unlocks == "No higher rung: an interval without that assumption." for task in found)


def test_what_is_missing_of_the_study_itself() -> None:
    found = of(Row("ash", patients="", change_sd=5), events=(Event("ash", "content", 3, 10, unit="not stated"),))
    assert one(found, Kind.PATIENTS).gain.startswith("No higher rung")
    assert one(found, Kind.ENROLLED).gain == "No higher rung: the share that was analysed."
    assert one(found, Kind.DENOMINATOR).missing == "what the total of the count counts (content: 3 of 10)"
    assert "centre" in one(found, Kind.FACTS).missing
    assert not [task for task in found if task.kind is Kind.FULL_TEXT]


def test_harms_are_asked_for_unless_someone_looked_for_any() -> None:
    assert not [task for task in of(FULL, events=(Event("ash", "any", 0, 10),)) if task.kind is Kind.HARMS]
    task = one(of(FULL, events=(Event("ash", "tear", 1, 10),)), Kind.HARMS)
    assert task.missing.endswith("(seen so far: tear)")


@pytest.mark.parametrize(
    ("looked", "words"),
    [
        (0, "study 1 of this procedure that has one. 2 more independent ones with one definition"),
        (1, "study 2 of this procedure that has one. 1 more independent one with one definition"),
        (2, "study 3 of this procedure that has one. From 3 independent ones with one definition"),
    ],
)
def test_what_one_more_report_on_harms_gives(looked: int, words: str) -> None:
    names = ("elm", "oak")[:looked]
    rows = (FULL, *(Row(name, change_sd=6) for name in names))
    task = one(of(*rows, events=tuple(Event(name, "any", 1, 10) for name in names)), Kind.HARMS)
    assert words in task.unlocks


def test_a_single_patient_gives_no_rate_of_harms() -> None:
    assert one(of(single("ash")), Kind.HARMS).unlocks.startswith("No rate: a single patient.")


def test_a_main_procedure_without_comparison_asks_for_one() -> None:
    asked = [task.procedure for task in of(FULL) if task.kind is Kind.COMPARISON]
    assert asked == ["knot", "bow"]


def test_the_order_main_outcomes_first_then_what_unlocks_most_then_what_exists() -> None:
    plan = protocol_with(
        outcomes=[
            {"id": "grip", "label": "Grip", "role": "other", "instruments": ["rule"]},
            {"id": "comfort", "label": "Comfort", "role": "main", "instruments": ["scale"]},
        ]
    )
    found = list(tasks_of(review_of(FULL, ELM, Row("oak", after=""), protocol=plan)))
    keys = [(not task.main, -task.highest, task.kind in (Kind.SERIES, Kind.OUTCOME)) for task in found]
    assert keys == sorted(keys)
    assert (found[0].study_id, found[0].kind, found[0].together) == ("oak", Kind.AFTER, Rung.POOLED)


def test_placeholders_change_nothing_that_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (FULL, Row("elm", after=""), Row("oak", n="", authors=()), Row("fir", level="video abstract"))
    before = of(*rows).table()
    monkeypatch.setattr(world, "_CHANGE", 77.25)
    monkeypatch.setattr(world, "_ERROR", 3.5)
    monkeypatch.setattr(world, "_SIZE", 432)
    monkeypatch.setattr(world, "_NEW", "someone-else")
    assert of(*rows).table().equals(before)


def test_no_placeholder_and_no_claim_stands_in_any_text() -> None:
    rows = (FULL, Row("elm", after=""), Row("oak", n="", authors=()), Row("fir", level="video abstract"))
    told = of(*rows).table().to_string().lower()
    assert "placeholder" not in told
    assert "not-yet-found" not in told
    assert not [word for word in BANNED if word in told]


def test_where_a_piece_may_be_found() -> None:
    task = one(of(Row("ash", after="")), Kind.AFTER)
    assert task.where == (
        "Full text and supplement: no DOI, PMID or PMCID was seen. So far the full text was read: DOI:10.0000/invented."
    )


def test_table_and_page() -> None:
    found = of(FULL, Row("elm", after=""))
    assert len(found.table()) == len(found) == len(list(found))
    assert {task.study_id for task in found.of_study("elm")} == {"elm"}
    assert {task.procedure for task in found.of_procedure("bow")} == {"bow"}
    assert len(found.show(lifting_only=True).frame) == len(found.lifting) < len(found)
    assert "scores after treatment (scale)" in found._repr_html_()
    assert repr(found) == f"WorkList({len(found)} tasks, {len(found.lifting)} lift an answer)"
    assert repr(WorkList(()).show()) == "Nothing is missing."


def test_unlocks_of_a_task_in_words() -> None:
    found = of(FULL, Row("elm", after=""))
    task = one(found, Kind.AFTER, "elm")
    assert task.unlocks == (
        "Alone: synthesis without meta-analysis. With 1 more: series side by side. "
        "They are: SD or standard error of the change of elm."
    )
    assert one(found, Kind.SPREAD, "elm").unlocks.startswith(
        "Alone: no higher rung than now (one series). With 1 more:"
    )
