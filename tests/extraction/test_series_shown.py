"""Who was in each arm, as a notebook shows it: an empty cell says that it was not seen. Figures are invented."""

from __future__ import annotations

import pandas as pd
import pytest

from synth.extraction.named import outcomes_in, outcomes_named
from synth.extraction.show import figures_as_printed, series_as_described
from synth.schemas import ARMS, OUTCOMES, STUDIES

BLANK = "not seen"


def shown(arm: dict[str, str], study: dict[str, str]) -> dict[str, str]:
    arms = pd.DataFrame([{name: arm.get(name, "") for name in ARMS.headings}], dtype=str)
    studies = pd.DataFrame([{name: study.get(name, "") for name in STUDIES.headings}], dtype=str)
    return series_as_described(arms, studies).iloc[0].to_dict()


ARM = {"study_id": "ash", "arm_id": "A1", "locator": "table 1", "seen_in": "primary full text"}


def test_nothing_seen_says_so_everywhere() -> None:
    row = shown(ARM, {"study_id": "ash"})
    assert row.pop("study") == "ash/A1"
    assert row.pop("place") == "table 1 (primary full text)"
    assert set(row.values()) == {BLANK}


@pytest.mark.parametrize(
    ("arm", "column", "text"),
    [
        ({"age_mean": "40", "age_sd": "5", "age_min": "30", "age_max": "50"}, "age", "40 (SD 5, 30 to 50)"),
        ({"age_mean": "40"}, "age", "40"),
        ({"age_min": "30", "age_max": "50"}, "age", "30 to 50"),
        ({"followup_min_months": "6", "followup_max_months": "12"}, "follow-up, months", "6 to 12"),
        ({"age_min": "30"}, "age", "from 30"),
        ({"age_max": "50"}, "age", "to 50"),
        ({"age_mean": "40", "age_min": "30"}, "age", "40 (from 30)"),
        ({"followup_mean_months": "12", "followup_min_months": "12"}, "follow-up, months", "12 (from 12)"),
        ({"age_mean": "40", "age_sd": "5", "age_max": "50"}, "age", "40 (SD 5, to 50)"),
        ({"n_patients": "1", "n_female": "1"}, "women, men", "1, 0"),
        ({"n_patients": "1", "n_female": "0"}, "women, men", "0, 1"),
        ({"n_patients": "1", "n_male": "1"}, "women, men", "0, 1"),
        ({"n_patients": "1"}, "women, men", BLANK),
        ({"n_patients": "2", "n_female": "1"}, "women, men", f"1, {BLANK}"),
        ({"n_female": "1"}, "women, men", f"1, {BLANK}"),
        ({"n_patients": "7"}, "patients, hips", f"7, {BLANK}"),
        ({"n_female": "5", "n_male": "1"}, "women, men", "5, 1"),
        ({"earlier_surgery": "an operation"}, "earlier surgery", "an operation"),
        ({"co_procedures": "another"}, "co-procedures", "another"),
        ({"diagnostic_criteria": "a test"}, "diagnostic criteria", "a test"),
    ],
)
def test_what_was_seen_stands_as_written(arm: dict[str, str], column: str, text: str) -> None:
    assert shown({**ARM, **arm}, {"study_id": "ash"})[column] == text


def test_enrolment_and_selection_come_from_the_study() -> None:
    study = {"study_id": "ash", "analysed": "24", "enrolled": "30", "selection": "consecutive", "design": "case series"}
    row = shown(ARM, study)
    assert (row["analysed, enrolled"], row["selection"], row["design"]) == ("24, 30", "consecutive", "case series")


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ({"baseline_mean": "40", "baseline_min": "30"}, "40 (from 30)"),
        ({"baseline_max": "50"}, "mean not seen (to 50)"),
        ({"baseline_min": "30", "baseline_max": "50"}, "mean not seen (30 to 50)"),
        ({}, BLANK),
    ],
)
def test_one_end_of_a_range_of_scores_stands_alone(cells: dict[str, str], text: str) -> None:
    frame = pd.DataFrame([{name: cells.get(name, "") for name in OUTCOMES.headings}], dtype=str)
    assert figures_as_printed(frame).iloc[0]["before"] == text


def test_outcomes_that_a_report_names_are_read_from_one_cell() -> None:
    assert outcomes_in("") == outcomes_in("  ") == ()
    assert outcomes_in("pain; hip function") == ("pain", "hip function")
    studies = pd.DataFrame({"study_id": ["ash", "elm"], "outcomes_named": ["pain", ""]})
    assert outcomes_named(studies) == {"ash": ("pain",)}
