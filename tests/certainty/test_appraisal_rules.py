"""The answers on risk of bias in ifi follow one rule for each item, told in docs/evidence-files.md, for every study."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

SERIES, REPORTS = "jbi-case-series", "jbi-case-reports"
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def tables(repository: Path) -> dict[str, Rows]:
    """Rows of each table of the review, by its name."""
    folder = repository / "evidence" / "ifi"
    found: dict[str, Rows] = {}
    for path in (*sorted(folder.glob("extraction/*.csv")), folder / "certainty" / "risk_of_bias.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = list(csv.DictReader(file))
    return found


def said(tables: dict[str, Rows], tool: str, item: str, answer: str) -> set[str]:
    """The studies with an answer to an item."""
    rows = tables["risk_of_bias"]
    return {row["study_id"] for row in rows if (row["tool"], row["item"], row["answer"]) == (tool, item, answer)}


def studies(tables: dict[str, Rows], design: str) -> set[str]:
    return {row["study_id"] for row in tables["studies"] if row["design"] == design}


def test_demographics_of_a_series_are_a_yes_where_number_age_and_sex_fit_each_other(tables: dict[str, Rows]) -> None:
    given: set[str] = set()
    clashing: set[str] = set()
    for arm in tables["arms"]:
        aged, sexed = arm["age_mean"] or arm["age_min"], arm["n_female"] or arm["n_male"]
        if arm["study_id"] in studies(tables, "case series") and arm["n_patients"] and aged and sexed:
            both = arm["n_female"] and arm["n_male"]
            fits = not both or int(arm["n_female"]) + int(arm["n_male"]) == int(arm["n_patients"])
            (given if fits else clashing).add(arm["study_id"])
    assert said(tables, SERIES, "6", "yes") == given == {"aguilerabohorquez2020", "aaosvideo2021"}
    assert said(tables, SERIES, "6", "unclear") == clashing == {"wilson2016"}
    assert not said(tables, SERIES, "6", "no")


def test_outcomes_of_a_series_are_a_yes_where_figures_before_and_after_have_a_time(tables: dict[str, Rows]) -> None:
    given = {
        row["study_id"]
        for row in tables["outcomes"]
        if row["baseline_mean"] and row["followup_mean"] and row["timepoint_months"]
    } & studies(tables, "case series")
    assert said(tables, SERIES, "8", "yes") == given == {"docwirelti", "hatem2015", "aaosvideo2021", "kim2016"}
    assert not said(tables, SERIES, "8", "no")


def test_who_was_enrolled_does_not_tell_whether_all_eligible_patients_were(tables: dict[str, Rows]) -> None:
    assert said(tables, SERIES, "5", "unclear") == {row["study_id"] for row in tables["studies"] if row["enrolled"]}
    assert not said(tables, SERIES, "5", "yes") | said(tables, SERIES, "5", "no")


def test_demographics_of_cases_are_a_yes_where_age_and_sex_of_each_patient_are_given(tables: dict[str, Rows]) -> None:
    given = set()
    for arm in tables["arms"]:
        cases = [row for row in tables["cases"] if row["study_id"] == arm["study_id"] and row["age"] and row["sex"]]
        if arm["study_id"] in studies(tables, "case report") and arm["n_patients"] == str(len(cases)):
            given.add(arm["study_id"])
    assert said(tables, REPORTS, "1", "yes") == given
    assert len(given) == 7


def test_the_state_after_treatment_is_a_yes_where_a_score_and_its_time_are_given(tables: dict[str, Rows]) -> None:
    given = {row["study_id"] for row in tables["cases"] if row["followup"] and row["timepoint_months"]}
    assert said(tables, REPORTS, "6", "yes") == given == {"gonzalesfarrell2022"}


def test_every_answer_is_by_software_from_what_was_read(tables: dict[str, Rows]) -> None:
    rows = tables["risk_of_bias"]
    assert {row["reviewer"] for row in rows} == {"software-a"}
    assert {row["seen_in"] for row in rows} <= {"primary abstract", "article opening"}
    assert {(row["tool"], row["item"]) for row in rows} == {
        *((SERIES, item) for item in "568"),
        *((REPORTS, item) for item in "16"),
    }
