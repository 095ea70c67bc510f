"""Whole files and rows that are wrong, through the real command: the exact place, exit code 1, nothing written."""

from __future__ import annotations

import pytest
from review_copy import ReviewCopy

STUDIES, ARMS, OUTCOMES = "extraction/studies.csv", "extraction/arms.csv", "extraction/outcomes.csv"
EVENTS, CASES, CORRECTIONS = "extraction/events.csv", "extraction/cases.csv", "extraction/corrections.csv"
RECORDS, DECISIONS = "records/records.jsonl", "screening/decisions/software-a.csv"
MANIFEST = "search/2026-11-22-public-pages/manifest.json"
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

    ifi.set_record("Diagnosis and 2-Year Outcomes", "<script>alert('x')</script> & Outcomes")
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
