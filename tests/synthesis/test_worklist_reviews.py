"""The work-lists of both real reviews."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from case_patterns import real

from synth.review import Review
from synth.synthesis.ladder import Rung
from synth.synthesis.worklist import Kind, Task, WorkList, worklist
from synth.synthesis.worklist.pieces import OF_SILENT


@cache
def tasks(name: str, repository: Path) -> tuple[Review, WorkList]:
    review = real(name, repository)
    return review, worklist(review.protocol, review.synthesis, review.extraction, review.records)


def one(found: WorkList, study: str, kind: Kind, instrument: str = "") -> Task:
    (task,) = (item for item in found.of_study(study) if (item.kind, item.instrument) == (kind, instrument))
    return task


def test_ifi_a_pool_of_hip_function_hangs_on_five_pieces(repository: Path) -> None:
    _, found = tasks("ifi", repository)
    after = one(found, "wilson2016", Kind.AFTER, "mHHS")
    assert (after.rung, after.alone, after.together) == (Rung.SWIM, Rung.SWIM, Rung.POOLED)
    assert set(after.others) == {
        "SD or standard error of the change of wilson2016",
        "whether n counts patients or hips of docwirelti",
        "authors, centre and period of docwirelti",
        "authors, centre and period of hatem2015",
    }
    assert "DOI:10.1093/jhps/hnw006 (https://doi.org/10.1093/jhps/hnw006)" in after.where
    assert "only the abstract was read, and what was read was cut short" in after.where
    lifting = [task.study_id for task in found.lifting[:5]]
    assert set(lifting) == {"docwirelti", "hatem2015", "wilson2016"}


def test_ifi_each_missing_score_of_the_notes_is_a_task(repository: Path) -> None:
    _, found = tasks("ifi", repository)
    for study, instrument in (("wilson2016", "mHHS"), ("aguilerabohorquez2020", "mHHS"), ("rbo2024", "HHS")):
        assert one(found, study, Kind.AFTER, instrument).together is not None
    asked = {(task.study_id, task.outcome): task.kind for task in found if task.kind in OF_SILENT and task.study_id}
    for study, function, pain in (
        ("zhang2022", Kind.NAMED, Kind.OUTCOME),
        ("koreamed1050519", Kind.NAMED, Kind.OUTCOME),
        ("reais2020", Kind.NAMED_BARE, Kind.NAMED_BARE),
        ("jo2015", Kind.BARE, Kind.BARE),
    ):
        assert (asked[study, "hip function"], asked[study, "pain"]) == (function, pain)
    assert asked["aguilerabohorquez2020", "pain"] is Kind.NAMED
    # Counted in wilson2016, and so not unknown.
    assert asked["wilson2016", "hip function"] is Kind.OUTCOME
    counted = [task for task in found.of_study("wilson2016") if (task.procedure, task.outcome) == ("injection", "pain")]
    assert [task.kind for task in counted] == [Kind.NAMED]
    assert one(found, "aguilerabohorquez2020", Kind.NUMBER, "mHHS").missing == "the number analysed (mHHS)"
    assert one(found, "hatem2015", Kind.TEST, "VAS").why.endswith("paired t test.")
    assert one(found, "docwirelti", Kind.CORRELATION, "ODI").rung is None
    assert one(found, "aaosvideo2021", Kind.SOURCE, "VAS").alone is Rung.SWIM


def test_ifi_open_and_osteotomy_take_three_series(repository: Path) -> None:
    _, found = tasks("ifi", repository)
    for procedure in ("open", "osteotomy"):
        new = [task for task in found.of_procedure(procedure) if task.kind is Kind.SERIES]
        assert [(task.rung, task.alone, task.together, len(task.others)) for task in new] == [
            (Rung.NOTHING, Rung.POOLED, Rung.POOLED, 0)
        ] * 2
        assert {task.missing.split(" with ")[0] for task in new} == {"three independent series"}


def test_ifi_every_number_in_a_text_is_of_the_evidence(repository: Path) -> None:
    review, found = tasks("ifi", repository)
    known = {item.id for item in review.records}
    counts = {str(number) for number in range(1, 16)}
    for task in found:
        texts = (task.missing, task.why, task.unlocks)
        for text in texts:
            bare = re.sub("|".join(sorted(known, key=len, reverse=True)), "", text)
            bare = re.sub("iHOT-12|iHOT-33", "", bare)
            assert set(re.findall(r"\d+(?:\.\d+)?", bare)) <= counts, text


def test_ifi_every_study_has_its_full_text_to_read(repository: Path) -> None:
    review, found = tasks("ifi", repository)
    eligible = {name for name, standing in review.synthesis.roles.items() if standing.role == "synthesis"}
    assert {task.study_id for task in found if task.kind is Kind.FULL_TEXT} == eligible


def test_ifi_order_is_by_main_question_then_rung(repository: Path) -> None:
    review, found = tasks("ifi", repository)
    bare = {"reais2020", "jo2015", "andersonnd", "duke1579476", "corrales2017", "gabrielli2022", "suren2018"}
    keys = [(not task.main, task.highest < 0, task.study_id in bare, -task.highest) for task in found]
    assert keys == sorted(keys)
    assert {task.study_id for task in found if task.kind in (Kind.BARE, Kind.NAMED_BARE)} == bare
    # Wherever a report may not have measured the outcome, that is said.
    doubtful = [piece for task in found for piece in task.others if any(f"of {name}," in piece for name in bare)]
    assert all("if " in piece for piece in doubtful)
    again = worklist(review.protocol, review.synthesis, review.extraction, review.records)
    assert again.table().equals(found.table())


def test_bcg_has_no_answer_to_lift(repository: Path) -> None:
    _, found = tasks("bcg", repository)
    assert not found.lifting
    assert {task.kind for task in found} <= {
        Kind.PATIENTS,
        Kind.ENROLLED,
        Kind.HARMS,
        Kind.DENOMINATOR,
        Kind.FACTS,
        Kind.FULL_TEXT,
    }
    assert not [task for task in found if task.kind is Kind.COMPARISON]
