"""Bad input, file by file, through the real command: the exact place and sentence, exit code 1, nothing written."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from review_copy import ReviewCopy

STUDIES, ARMS, OUTCOMES = "extraction/studies.csv", "extraction/arms.csv", "extraction/outcomes.csv"
EVENTS, CASES, CORRECTIONS = "extraction/events.csv", "extraction/cases.csv", "extraction/corrections.csv"
RECORDS, DECISIONS = "records/records.jsonl", "screening/decisions/software-a.csv"
MANIFEST = "search/2026-11-22-public-pages/manifest.json"
NUMBER = "a number such as 12 or 0.5 (a point, no unit, at most 15 digits)"
HATEM_MHHS = "hatem2015,A1,hip function"

# A change of the review `ifi`, which gives back every fault that is expected, sorted as printed.
Case = Callable[[ReviewCopy], list[str]]


def one_cell(file: str, start: str, column: str, cell: str, message: str) -> Case:
    """One changed cell, one fault at its line and column."""

    def change(review: ReviewCopy) -> list[str]:
        line = review.set(file, start, **{column: cell})
        return [f"{file}:{line}: {column}: {message}"]

    return change


# An invented interval, which is no fault by itself.
INTERVAL = {"change_mean": "42.9", "change_low": "18.8", "change_high": "67.0", "change_level": "95"}
TOGETHER = "is empty; all or none of change_low, change_high, change_level is expected"
LEVEL = "is no level in percent; 50 to below 100 is expected, such as 95"


def one_cell_of_interval(column: str, cell: str, message: str) -> Case:
    """One changed cell of the invented interval of a change, one fault at its line and column."""

    def change(review: ReviewCopy) -> list[str]:
        review.set(OUTCOMES, HATEM_MHHS, **INTERVAL)
        assert review.validate().faults == []
        return one_cell(OUTCOMES, HATEM_MHHS, column, cell, message)(review)

    return change


@pytest.mark.parametrize("column", ["change_low", "change_high", "change_level"])
def test_a_part_of_an_interval_alone_names_what_is_missing(ifi: ReviewCopy, column: str):
    line = ifi.set(OUTCOMES, HATEM_MHHS, **{column: INTERVAL[column]})
    missing = sorted({"change_low", "change_high", "change_level"} - {column})
    assert ifi.validate().faults == [f"{OUTCOMES}:{line}: {name}: {TOGETHER}" for name in missing]


#: What a cell of outcomes that are named without a figure may hold, as a message tells it.
NAMED = (
    "ids of its outcomes (hip function, pain, low back disability, time to return to sport, ischiofemoral space, "
    "gait), each once, several with ; between, are expected"
)
ONE_CELL: dict[str, Case] = {
    "a named outcome that the protocol does not have": one_cell(
        STUDIES,
        "zhang2022",
        "outcomes_named",
        "pain; sleep",
        f"'sleep' is not in the outcomes of protocol.yml; {NAMED}",
    ),
    "a named outcome with a comma behind it": one_cell(
        STUDIES,
        "zhang2022",
        "outcomes_named",
        "pain, gait",
        f"'pain, gait' is not in the outcomes of protocol.yml; {NAMED}",
    ),
    "a named outcome that is empty": one_cell(
        STUDIES, "zhang2022", "outcomes_named", "pain;", f"'' is not in the outcomes of protocol.yml; {NAMED}"
    ),
    "a named outcome that stands there twice": one_cell(
        STUDIES, "zhang2022", "outcomes_named", "pain; gait; pain", f"'pain' stands there 2 times; {NAMED}"
    ),
    "text in a number column": one_cell(
        ARMS, "hatem2015,A1", "age_mean", "about 40", f"'about 40': {NUMBER}, not below 0 is expected"
    ),
    "text in a whole number column": one_cell(
        ARMS,
        "hatem2015,A1",
        "n_patients",
        "five",
        "'five': a whole number (at most 15 digits), not below 0 is expected",
    ),
    "an exponent": one_cell(OUTCOMES, HATEM_MHHS, "baseline_mean", "1e400", f"'1e400': {NUMBER} is expected"),
    "nan": one_cell(OUTCOMES, HATEM_MHHS, "change_mean", "nan", f"'nan': {NUMBER} is expected"),
    "a comma for the point": one_cell(OUTCOMES, HATEM_MHHS, "baseline_mean", "51,3", f"'51,3': {NUMBER} is expected"),
    "digits of another script": one_cell(
        ARMS, "hatem2015,A1", "n_patients", "٥", "'٥': a whole number (at most 15 digits), not below 0 is expected"
    ),
    "more digits than a float holds": one_cell(
        ARMS, "hatem2015,A1", "age_mean", "4" * 16, f"'{'4' * 16}': {NUMBER}, not below 0 is expected"
    ),
    "a very long cell is cut in the message": one_cell(
        OUTCOMES,
        HATEM_MHHS,
        "baseline_mean",
        "x" * 5_000,
        f"'{'x' * 79}... (5002 characters): {NUMBER} is expected",
    ),
    "unknown procedure": one_cell(
        ARMS,
        "hatem2015,A1",
        "procedure",
        "arthroscopy",
        "'arthroscopy' is not in the procedures of protocol.yml; "
        "use one of its names (conservative, endoscopic, injection, open, osteotomy) or add it there",
    ),
    "events above total": one_cell(
        EVENTS, "kim2016,A1,satisfied", "events", "15", "'15' is above total; at most total is expected"
    ),
    "no total": one_cell(
        EVENTS,
        "kim2016,A1,satisfied",
        "total",
        "",
        "is empty; a whole number (at most 15 digits), not below 1 is expected",
    ),
    "SD below 0": one_cell(
        OUTCOMES, "kim2016,A1,pain", "baseline_sd", "-2.3", f"'-2.3': {NUMBER}, not below 0 is expected"
    ),
    "mean below its minimum": one_cell(
        OUTCOMES,
        HATEM_MHHS,
        "baseline_mean",
        "34",
        "'34' is below baseline_min; baseline_min <= baseline_mean <= baseline_max is expected",
    ),
    "mean above its maximum": one_cell(
        OUTCOMES,
        "hatem2015,A1,pain",
        "followup_mean",
        "4.5",
        "'4.5' is above followup_max; followup_min <= followup_mean <= followup_max is expected",
    ),
    "ends out of order": one_cell(
        OUTCOMES,
        HATEM_MHHS,
        "baseline_min",
        "80",
        "'80' is above baseline_max; baseline_min <= baseline_max is expected",
    ),
    "follow-up outside its range": one_cell(
        ARMS,
        "hatem2015,A1",
        "followup_mean_months",
        "31",
        "'31' is above followup_max_months; "
        "followup_min_months <= followup_mean_months <= followup_max_months is expected",
    ),
    "more women than patients": one_cell(
        ARMS, "wilson2016,A1", "n_female", "8", "'8' is above n_patients; at most n_patients is expected"
    ),
    "a score outside its instrument": one_cell(
        OUTCOMES, HATEM_MHHS, "followup_max", "101", "101 is outside the range of mHHS; 0 to 100 is expected"
    ),
    "a single patient's score outside its instrument": one_cell(
        CASES, "gonzalesfarrell2022,A1", "baseline", "-1", "-1 is outside the range of ODI; 0 to 100 is expected"
    ),
    "a change wider than its instrument": one_cell(
        OUTCOMES,
        "hatem2015,A1,pain",
        "change_mean",
        "-10.5",
        "a change of -10.5 does not fit into the range of VAS, 0 to 10",
    ),
    "an interval of a change without its lower limit": one_cell_of_interval("change_low", "", TOGETHER),
    "an interval of a change without its upper limit": one_cell_of_interval("change_high", "", TOGETHER),
    "an interval of a change without its level": one_cell_of_interval("change_level", "", TOGETHER),
    "text for a limit of a change": one_cell_of_interval("change_low", "<9", f"'<9': {NUMBER} is expected"),
    "limits of a change out of order": one_cell_of_interval(
        "change_low", "67.1", "'67.1' is above change_high; change_low <= change_high is expected"
    ),
    "a change below its interval": one_cell_of_interval(
        "change_mean",
        "18.7",
        "'18.7' is below change_low; change_low <= change_mean <= change_high is expected",
    ),
    "a change above its interval": one_cell_of_interval(
        "change_mean",
        "67.1",
        "'67.1' is above change_high; change_low <= change_mean <= change_high is expected",
    ),
    "a level as a proportion": one_cell_of_interval("change_level", "0.95", f"'0.95' {LEVEL}"),
    "a level of everything": one_cell_of_interval("change_level", "100", f"'100' {LEVEL}"),
    "n above the patients of the arm": one_cell(
        OUTCOMES, HATEM_MHHS, "n", "6", "6 is more than the patients of the arm, or enrolled; at most 5 is expected"
    ),
    "hips above the hips of the arm": one_cell(
        OUTCOMES,
        "aguilerabohorquez2020,A1,ischiofemoral space",
        "n",
        "17",
        "17 is more than the hips of the arm, or enrolled; at most 16 is expected",
    ),
    "a total above those enrolled": one_cell(
        EVENTS,
        "docwirelti,A1,lost",
        "total",
        "31",
        "31 is more than the patients of the arm, or enrolled; at most 30 is expected",
    ),
    "number without source": one_cell(
        EVENTS,
        "hatem2015,A1",
        "source",
        "",
        "is empty; PMID:..., DOI:..., an address or a full citation is expected",
    ),
    "number without locator": one_cell(
        OUTCOMES,
        HATEM_MHHS,
        "locator",
        "",
        'is empty; the place in the source, such as "abstract" or "table 2", is expected',
    ),
    "an identifier that is none": one_cell(
        EVENTS,
        "hatem2015,A1",
        "source",
        "PMID:27583151x",
        "'PMID:27583151x' is no identifier or address; write PMID:12345678, DOI:10.1000/x or https://...",
    ),
    "unknown reading depth": one_cell(
        ARMS,
        "hatem2015,A1",
        "seen_in",
        "abstract",
        "'abstract': one of: primary full text, article opening, primary abstract, secondary review, "
        "secondary data set is expected",
    ),
    "unknown extractor": one_cell(
        ARMS,
        "hatem2015,A1",
        "extracted_by",
        "nobody",
        "'nobody' is not in the people of protocol.yml; use one of its names (software-a, software-b) or add it there",
    ),
    "unknown instrument": one_cell(
        OUTCOMES,
        HATEM_MHHS,
        "instrument",
        "mhhs",
        "'mhhs' is not in the instruments of protocol.yml; use one of its names "
        "(HHS, ODI, VAS, foot progression angle, iHOT-12, iHOT-33, ischiofemoral space, mHHS, pain score, "
        "time to return to sport) or add it there",
    ),
    "an instrument of another outcome": one_cell(
        OUTCOMES,
        HATEM_MHHS,
        "instrument",
        "ODI",
        "'ODI' does not measure 'hip function' in protocol.yml; expected: mHHS, HHS, iHOT-12, iHOT-33",
    ),
    "unknown event": one_cell(
        EVENTS,
        "hatem2015,A1",
        "event",
        "complications",
        "'complications' is not in the events of protocol.yml; use one of its names or add it there",
    ),
    "id without study": one_cell(
        CASES,
        "reaca2016,A1",
        "study_id",
        "reaca2017",
        "'reaca2017' is not in extraction/studies.csv; use one of its names or add it there",
    ),
    "id without arm": one_cell(
        CASES,
        "reaca2016,A1",
        "arm_id",
        "A9",
        "study 'reaca2016' has no arm 'A9' in extraction/arms.csv; add the arm or correct the id",
    ),
    "an arm id with a space": one_cell(
        CASES, "reaca2016,A1", "arm_id", "A 1", "'A 1': the id of an arm: letters, digits, - and _ is expected"
    ),
    "a study whose record is not there": one_cell(
        STUDIES,
        "hatem2015",
        "record_id",
        "hatem2016",
        "'hatem2016' is not in records/records.jsonl; use one of its names or add it there",
    ),
    "a decision that is none": one_cell(
        DECISIONS, "suren2018", "decision", "maybe", "'maybe': one of: include, exclude, not retrieved is expected"
    ),
    "exclusion without reason": one_cell(DECISIONS, "kim2016", "reason", "", "is empty; 'exclude' needs a reason"),
    "a day that the calendar lacks": one_cell(
        DECISIONS, "kim2016", "date", "2026-02-31", "'2026-02-31': a date such as 2026-11-22 is expected"
    ),
    "a date in another form": one_cell(
        DECISIONS, "kim2016", "date", "20261122", "'20261122': a date such as 2026-11-22 is expected"
    ),
    "an overlap with itself": one_cell(
        ARMS,
        "hatem2015,A1",
        "overlaps_with",
        "hatem2015/A1",
        "'hatem2015/A1' is no other arm of this file; write study_id/arm_id, several with spaces between",
    ),
    "an overlap with an arm that is not there": one_cell(
        ARMS,
        "hatem2015,A1",
        "overlaps_with",
        "wilson2016",
        "'wilson2016' is no other arm of this file; write study_id/arm_id, several with spaces between",
    ),
    "an overlap declared from one side": one_cell(
        ARMS,
        "hatem2015,A1",
        "overlaps_with",
        "wilson2016/A1",
        "wilson2016/A1 does not name hatem2015/A1 in return; an overlap is declared from both sides",
    ),
}


@pytest.mark.parametrize("name", ONE_CELL)
def test_one_wrong_cell_is_one_fault_at_its_place(ifi: ReviewCopy, name: str):
    expected = ONE_CELL[name](ifi)
    ended = ifi.validate()
    assert (ended.faults, ended.code) == (expected, 1)
    assert ended.out.splitlines()[-1].startswith("evidence/ifi: 1 fault, ")


def test_the_committed_evidence_has_no_fault(ifi: ReviewCopy):
    for review in ("ifi", "bcg"):
        ended = ifi.validate(review)
        assert (ended.faults, ended.code) == ([], 0)


def test_a_mean_that_is_its_own_minimum_is_no_fault_whatever_its_spread(ifi: ReviewCopy):
    """Rounded means lie on the end of a range, and a follow-up of 1 +/- 1 years has one at 12 months."""
    ifi.set(ARMS, "hatem2015,A1", followup_mean_months="24")
    ifi.set(ARMS, "aguilerabohorquez2020,A1", age_mean="34.4", age_sd="40", age_min="34.4")
    assert ifi.validate().faults == []


def test_several_outcomes_can_be_named(ifi: ReviewCopy):
    ifi.set(STUDIES, "zhang2022", outcomes_named="hip function;pain ; gait")
    assert ifi.validate().faults == []
