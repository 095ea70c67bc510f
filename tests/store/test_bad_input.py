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


ONE_CELL: dict[str, Case] = {
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


FILES = (STUDIES, ARMS, OUTCOMES, EVENTS, RECORDS, "protocol.yml")


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_one_fault(ifi: ReviewCopy, file: str):
    ifi.path(file).unlink()
    ended = ifi.validate()
    assert (ended.faults, ended.code) == ([f"{file}: this file is missing"], 1)


def test_a_missing_half_of_the_audit_is_one_fault(ifi: ReviewCopy):
    ifi.path("audit/article.yml").unlink()
    assert ifi.validate().faults == ["audit/article.yml: this file is missing; claims.yml needs it beside it"]


def test_missing_decisions_are_one_fault(ifi: ReviewCopy):
    ifi.path(DECISIONS).unlink()
    message = "no CSV file of a reviewer; one is expected, such as screening/decisions/software-a.csv"
    assert ifi.validate().faults == [f"screening/decisions/: {message}"]


def test_a_missing_manifest_is_one_fault(ifi: ReviewCopy):
    ifi.path(MANIFEST).unlink()
    message = "no manifest.json in any folder of search/; say there how the records were found"
    assert ifi.validate().faults == [f"search/: {message}"]


@pytest.mark.parametrize("file", [*FILES, DECISIONS, MANIFEST, CASES, CORRECTIONS, "audit/claims.yml"])
def test_a_folder_in_place_of_a_file_is_one_fault(ifi: ReviewCopy, file: str):
    ifi.path(file).unlink(missing_ok=True)
    ifi.path(file).mkdir()
    assert ifi.validate().faults == [f"{file}: is no file; a file is expected, not a folder or a device"]


def test_a_link_that_leads_nowhere_is_a_missing_file(ifi: ReviewCopy):
    ifi.path(CORRECTIONS).symlink_to(ifi.path("extraction/nowhere.csv"))
    assert ifi.validate().faults == [f"{CORRECTIONS}: this file is missing"]


@pytest.mark.parametrize("file", [*FILES, DECISIONS, "audit/article.yml"])
def test_bytes_that_are_not_utf8_are_one_fault_on_their_line(ifi: ReviewCopy, file: str):
    lines = ifi.path(file).read_bytes().split(b"\n")
    lines[2] += b" Bohorqu\xe9z"
    ifi.write(file, b"\n".join(lines))
    assert ifi.validate().faults == [f"{file}:3: byte 0xe9 is not UTF-8; save the file as UTF-8"]


@pytest.mark.parametrize("file", [STUDIES, ARMS, OUTCOMES, EVENTS, CASES, DECISIONS])
@pytest.mark.parametrize("content", ["", "\n \n"])
def test_an_empty_table_says_which_heading_is_expected(ifi: ReviewCopy, file: str, content: str):
    heading = ifi.text(file).split("\n")[0]
    ifi.write(file, content)
    assert ifi.validate().faults == [f"{file}: is empty; a heading is expected: {heading}"]


def test_empty_records_are_one_fault(ifi: ReviewCopy):
    ifi.write(RECORDS, "")
    assert ifi.validate().faults == [f"{RECORDS}: is empty; one record a line is expected"]


@pytest.mark.parametrize("file", ["protocol.yml", "audit/article.yml", "audit/claims.yml"])
def test_an_empty_yaml_file_is_one_fault(ifi: ReviewCopy, file: str):
    ifi.write(file, "# nothing\n")
    assert ifi.validate().faults == [f"{file}:1: a mapping of keys to values is expected"]


def test_a_wrong_heading_names_each_column(ifi: ReviewCopy):
    ifi.replace(ARMS, "n_patients", "patients")
    expected = ifi.text(ARMS).split("\n")[0].replace(",patients,", ",n_patients,")
    assert ifi.validate().faults == [
        f"{ARMS}:1: n_patients: this column is missing from the heading",
        f"{ARMS}:1: patients: unknown column; expected are: {expected}",
    ]


def test_a_column_that_stands_twice(ifi: ReviewCopy):
    ifi.replace(ARMS, "n_patients,n_hips", "n_hips,n_hips")
    assert ifi.validate().faults == [
        f"{ARMS}:1: n_hips: this column stands twice in the heading; keep one",
        f"{ARMS}:1: n_patients: this column is missing from the heading",
    ]


def test_semicolons_for_commas_are_one_fault(ifi: ReviewCopy):
    ifi.write(ARMS, ifi.text(ARMS).replace(",", ";"))
    message = "the cells are parted by ';'; commas are expected: save the file as CSV"
    assert ifi.validate().faults == [f"{ARMS}:1: {message}"]


def test_a_column_of_studies_that_no_moderator_declares(ifi: ReviewCopy):
    lines = ifi.text(STUDIES).rstrip("\n").split("\n")
    ifi.write(STUDIES, "\n".join([lines[0] + ",latitude", *(f"{line}," for line in lines[1:]), ""]))
    message = "unknown column; declare it under moderators in protocol.yml or remove it"
    assert ifi.validate().faults == [f"{STUDIES}:1: latitude: {message}"]


def test_a_column_without_a_name(ifi: ReviewCopy):
    lines = ifi.text(STUDIES).rstrip("\n").split("\n")
    ifi.write(STUDIES, "\n".join(f"{line}," for line in lines) + "\n")
    assert ifi.validate().faults == [f"{STUDIES}:1: (no name): unknown column; expected are: {lines[0]}"]


def test_a_moderator_whose_column_is_missing_and_one_with_text_for_a_number(bcg: ReviewCopy):
    line = bcg.set(STUDIES, "aronson1948", latitude="44 N")
    other = bcg.set(STUDIES, "hart1977", latitude="inf")
    bcg.replace("protocol.yml", "column: trial,", "column: ward,")
    assert bcg.validate().faults == [
        f"{STUDIES}:1: trial: unknown column; declare it under moderators in protocol.yml or remove it",
        f"{STUDIES}:1: ward: this column is missing; protocol.yml declares it under moderators",
        f"{STUDIES}:{line}: latitude: '44 N': a number such as 12 or 0.5 is expected",
        f"{STUDIES}:{other}: latitude: 'inf': a number such as 12 or 0.5 is expected",
    ]


def test_a_row_with_too_few_and_one_with_too_many_cells(ifi: ReviewCopy):
    short, long = ifi.append(CASES, "rbo2024,A1,patient 5"), ifi.append(CASES, "," * 20)
    assert ifi.validate().faults == [
        f"{CASES}:{short}: the row has 3 of 14 cells; one for each heading is expected",
        f"{CASES}:{long}: the row has 21 of 14 cells; one for each heading is expected",
    ]


def test_a_quotation_mark_that_is_never_closed_is_reported_where_it_opens(ifi: ReviewCopy):
    line = ifi.line(ARMS, "hatem2015,A1")
    ifi.replace(ARMS, "hatem2015,A1,endoscopic,", 'hatem2015,A1,endoscopic,"')
    message = "not CSV: a quotation mark opens in this row and is never closed"
    ended = ifi.validate()
    # The next quoted cell may close the mark; then the row is broken there.
    assert ended.faults == [f"{ARMS}:{line}: {message}"] or ended.faults[0].startswith(f"{ARMS}:")
    assert len(ended.faults) == 1


def test_an_open_quotation_mark_in_the_last_row(ifi: ReviewCopy):
    line = ifi.append(CASES, 'rbo2024,A1,"patient 5')
    message = "not CSV: a quotation mark opens in this row and is never closed"
    assert ifi.validate().faults == [f"{CASES}:{line}: {message}"]


def test_a_character_that_cannot_be_printed(ifi: ReviewCopy):
    line = ifi.line(ARMS, "hatem2015,A1")
    ifi.replace(ARMS, "hatem2015,A1,endoscopic,endoscopic partial", "hatem2015,A1,endoscopic,endo\0scopic partial")
    message = "holds the character U+0000, which cannot be printed; remove it"
    assert ifi.validate().faults == [f"{ARMS}:{line}: {message}"]


@pytest.mark.parametrize("escape", ["\\u0000", "\\ud800", "\\u001b"])
def test_an_escaped_character_that_cannot_be_printed(ifi: ReviewCopy, escape: str):
    line = ifi.line(RECORDS, '{"id": "hatem2015"')
    ifi.replace(RECORDS, "Diagnosis and 2-Year", f"Diagnosis{escape} and 2-Year")
    ifi.replace("protocol.yml", "title: Treatment of ischiofemoral impingement", f'title: "Treatment{escape}"')
    code = f"U+{escape[2:].upper()}"
    message = f"holds the character {code}, which cannot be printed; remove it"
    assert ifi.validate().faults == [f"protocol.yml:4: title: {message}", f"{RECORDS}:{line}: {message}"]


def test_a_quoted_cell_with_line_breaks_does_not_shift_the_places_below_it(ifi: ReviewCopy):
    first = ifi.set(ARMS, "docwirelti,A1", note="one", n_hips="x")
    ifi.replace(ARMS, ",one,", ',"one\ntwo\r\nthree",')
    line = ifi.set(ARMS, "suren2018,A1", n_hips="x")
    assert line > first + 2
    message = "'x': a whole number (at most 15 digits), not below 0 is expected"
    assert ifi.validate().faults == [f"{ARMS}:{place}: n_hips: {message}" for place in (first, line)]


def test_blank_lines_do_not_shift_the_places_below_them(ifi: ReviewCopy):
    ifi.write(STUDIES, "\n\n" + ifi.text(STUDIES).replace("study_id,record_id", "record_id,study_ids"))
    assert ifi.validate().faults[0].startswith(f"{STUDIES}:3: study_id: this column is missing")


@pytest.mark.parametrize("form", ["CRLF", "byte order mark", "blank lines", "no line end"])
def test_other_forms_of_text_files_are_read_alike(ifi: ReviewCopy, form: str):
    for path in sorted(path for path in ifi.path("").rglob("*") if path.is_file()):
        content = path.read_bytes()
        if form == "CRLF":
            content = content.replace(b"\n", b"\r\n")
        elif form == "byte order mark":
            content = b"\xef\xbb\xbf" + content
        elif form == "blank lines" and path.suffix == ".csv":
            content = content.replace(b"\n", b"\n\n")
        elif form == "no line end":
            content = content.rstrip(b"\n")
        path.write_bytes(content)
    assert ifi.validate().faults == []
    line = ifi.line(ARMS, "suren2018,A1")
    ifi.replace(ARMS, "suren2018,A1,osteotomy", "suren2018,A1,osteotomie")
    assert [fault.split(": ")[0] for fault in ifi.validate().faults] == [f"{ARMS}:{line}"]


def test_a_duplicate_arm_names_the_first(ifi: ReviewCopy):
    first = ifi.line(ARMS, "suren2018,A1")
    second = ifi.append(ARMS, ifi.text(ARMS).split("\n")[first - 1])
    message = f"suren2018/A1 stands on line {first} already; each study_id + arm_id stands once"
    assert ifi.validate().faults == [f"{ARMS}:{second}: arm_id: {message}"]


def test_a_duplicate_whose_time_is_written_otherwise(ifi: ReviewCopy):
    first = ifi.line(OUTCOMES, "aaosvideo2021,A1,hip")
    text = ifi.text(OUTCOMES).split("\n")[first - 1]
    second = ifi.append(OUTCOMES, text.replace(",10,13,", ",10.0,13,"))
    message = f"aaosvideo2021/A1/hip function/mHHS/10.0 stands on line {first} already"
    assert ifi.validate().faults == [
        f"{OUTCOMES}:{second}: timepoint_months: {message}; "
        "each study_id + arm_id + outcome + instrument + timepoint_months stands once"
    ]


def test_cells_that_a_spreadsheet_takes_for_formulas_are_kept_as_text(ifi: ReviewCopy):
    from synth.review import Review

    formulas = {"technique": '=HYPERLINK("http://example.org","x")', "note": "@SUM(1+1)", "locator": "+1-1"}
    line = ifi.set(ARMS, "suren2018,A1", **formulas)
    assert ifi.validate().code == 0
    arms = Review("ifi", ifi.root).extraction.arms.set_index("row")
    assert {name: arms.loc[f"arms.csv:{line}", name] for name in formulas} == formulas


def test_markup_in_a_title_is_kept_as_text_and_escaped_on_a_page(ifi: ReviewCopy):
    from synth.review import Review

    ifi.replace(RECORDS, "Diagnosis and 2-Year Outcomes", "<script>alert('x')</script> & Outcomes")
    assert ifi.validate().code == 0
    records = Review("ifi", ifi.root).records
    assert records["hatem2015"].title.startswith("<script>alert('x')</script> & Outcomes")
    page = records._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt; &amp; Outcomes" in page


@pytest.mark.parametrize(
    "name", ["../ifi", "ifi/../bcg", "/etc", "", ".", "IFI", "ifi ", "1fi", "éfi", "ifi\n", "a" * 65, "C:\\ifi", "~"]
)
def test_a_name_that_cannot_be_one(ifi: ReviewCopy, name: str):
    ended = ifi.validate(name)
    expected = "small letters, digits, - and _ are expected, a letter first, at most 64 in all"
    assert ended.err == f"{name!r} cannot be the name of a review; {expected}\n"
    assert (ended.out, ended.code) == ("", 1)


def test_a_very_long_name_is_cut_in_the_message(ifi: ReviewCopy):
    ended = ifi.validate("a" * 10_000)
    assert ended.code == 1
    assert ended.err.startswith(f"'{'a' * 79}... (10002 characters) cannot be the name of a review; ")


def test_a_review_that_is_not_there(ifi: ReviewCopy):
    ended = ifi.validate("ift")
    assert (ended.err, ended.code) == ("no review 'ift' in evidence/; there are: bcg, ifi\n", 1)


def test_a_folder_that_is_no_review(ifi: ReviewCopy):
    (ifi.root / "evidence" / "empty").mkdir()
    assert ifi.validate("empty").faults[0] == "extraction/arms.csv: this file is missing"
    assert "protocol.yml: this file is missing" in ifi.validate("empty").faults


@pytest.mark.parametrize(
    "file", ["extraction/correction.csv", "extraction/Arms.CSV", "audit/claim.yml", "search/manifest.json", "x.yaml"]
)
def test_a_file_that_nothing_reads_is_a_fault(ifi: ReviewCopy, file: str):
    ifi.write(file, "table,key\n")
    message = "nothing reads this file; correct its name (docs/evidence-files.md) or remove it"
    assert ifi.validate().faults == [f"{file}: {message}"]


def test_notes_and_hidden_files_beside_the_evidence_are_left_alone(ifi: ReviewCopy):
    for file in ("README.md", ".notes.yml", "extraction/.~lock.arms.csv", ".backup/arms.csv"):
        ifi.write(file, "of no matter")
    assert ifi.validate().code == 0


def test_a_citation_in_words_is_a_warning(ifi: ReviewCopy):
    line = ifi.set(EVENTS, "hatem2015,A1", source="Example A. An invented report. 2001")
    ended = ifi.validate()
    assert (ended.faults, ended.code) == ([], 0)
    message = "no PMID, DOI or address; readers cannot follow a citation in words"
    assert f"{EVENTS}:{line}: source: {message}" in ended.warnings


def test_an_included_record_without_a_study_is_a_warning(ifi: ReviewCopy):
    for file in (STUDIES, ARMS):
        ifi.write(file, "".join(line for line in ifi.text(file).splitlines(True) if not line.startswith("zhang2022,")))
    ended = ifi.validate()
    assert (ended.faults, ended.code) == ([], 0)
    assert f"{STUDIES}: record_id: 'zhang2022' was included, but no study of it is here yet" in ended.warnings


def test_hips_counted_as_patients(ifi: ReviewCopy):
    line = ifi.set(OUTCOMES, "aguilerabohorquez2020,A1,ischiofemoral space", unit_of_analysis="patients")
    message = "16 is more than the patients of the arm, or enrolled; at most 13 is expected"
    assert ifi.validate().faults == [f"{OUTCOMES}:{line}: n: {message}"]


def test_a_decision_that_does_not_agree_with_the_study(ifi: ReviewCopy):
    ifi.set(DECISIONS, "suren2018", decision="exclude", reason="an invented reason")
    line = ifi.line(STUDIES, "suren2018")
    message = "by its cells this study belongs to: synthesis; but the decision on 'suren2018' is 'exclude'"
    assert ifi.validate().faults == [f"{STUDIES}:{line}: study_id: {message}"]


def test_decisions_on_an_unknown_record_twice_on_one_and_none_on_another(ifi: ReviewCopy):
    unknown = ifi.set(DECISIONS, "wu2022", record_id="wu2032")
    first = ifi.line(DECISIONS, "hatem2015")
    second = ifi.append(DECISIONS, "hatem2015,eligibility,include,,2026-11-24")
    twice = f"hatem2015/eligibility stands on line {first} already; each record_id + stage stands once"
    lost = "'wu2032' is not in records/records.jsonl; correct the id or add the record"
    assert ifi.validate().faults == [
        "screening/decisions/: wu2022: no decision on this record; each record needs a fate",
        f"{DECISIONS}:{unknown}: record_id: {lost}",
        f"{DECISIONS}:{second}: stage: {twice}",
    ]


def test_two_reviewers_who_decide_differently(ifi: ReviewCopy):
    heading = ifi.text(DECISIONS).split("\n")[0]
    file = "screening/decisions/software-b.csv"
    ifi.write(file, f"{heading}\nhatem2015,eligibility,exclude,an invented reason,2026-11-23\n")
    message = "hatem2015: reviewers decided exclude and include; settle it"
    assert f"screening/decisions/: {message}" in ifi.validate().faults


def test_a_reviewer_who_is_not_among_the_people(ifi: ReviewCopy):
    file = "screening/decisions/software-c.csv"
    ifi.write(file, ifi.text(DECISIONS))
    message = "the reviewer 'software-c' is not among the people of protocol.yml"
    assert ifi.validate().faults == [f"{file}: {message}; name the file after one of them or add it there"]
