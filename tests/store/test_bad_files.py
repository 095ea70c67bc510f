"""Bad files other than tables, faults in several files at once, corrections, and the refusals of `synth report`."""

from __future__ import annotations

import json
import re

import pytest
from review_copy import ReviewCopy

from synth.pipeline import job
from synth.review import Review

STUDIES, ARMS, OUTCOMES = "extraction/studies.csv", "extraction/arms.csv", "extraction/outcomes.csv"
EVENTS, CORRECTIONS = "extraction/events.csv", "extraction/corrections.csv"
RECORDS, DECISIONS, PROTOCOL = "records/records.jsonl", "screening/decisions/software-a.csv", "protocol.yml"
MANIFEST = "search/2026-11-22-public-pages/manifest.json"
SNAPSHOT = "search/2026-11-22-public-pages/records.jsonl"
UNKNOWN_KEY = "unknown key; remove it or correct its spelling (docs/evidence-files.md lists the keys)"


def fault_at(review: ReviewCopy, file: str, old: str, new: str, column: str, message: str) -> None:
    """Replace a text and expect one fault, on the line on which the new text ends."""
    review.replace(file, old, new)
    text = review.text(file)
    line = text.count("\n", 0, text.index(new) + len(new)) + 1
    ended = review.validate()
    assert (ended.faults, ended.code) == ([f"{file}:{line}:{f' {column}:' if column else ''} {message}"], 1)


YAML_FAULTS = {
    "an unknown key": ("review: ifi", "review: ifi\ntitel: x", "titel", UNKNOWN_KEY),
    "an unknown key deep inside": (
        "label: Hip function,",
        "label: Hip function, unit: points,",
        "outcomes.0.unit",
        UNKNOWN_KEY,
    ),
    "malformed": (
        "title: Treatment of ischiofemoral impingement",
        "title: Treatment: ischiofemoral impingement",
        "",
        "not YAML: mapping values are not allowed here",
    ),
    "a character that cannot be printed": (
        "title: Treatment of",
        "title: Treatment \x1b of",
        "",
        "holds the character U+001B, which cannot be printed; remove it",
    ),
    "a key that stands twice": (
        "review: ifi",
        "review: ifi\nreview: ifi",
        "review",
        "this key stands twice; keep one",
    ),
    "an alias": (
        "review: ifi",
        "review: &name ifi\nalias: *name",
        "*name",
        "aliases are not used here; write the value out",
    ),
    "a merge key": (
        "review: ifi",
        "review: ifi\n<<: {a: 1}",
        "<<",
        "merge keys are not used here; write the values out",
    ),
    "a tag": ("review: ifi", "review: !!str ifi", "", "tags such as !!int are not used here; write the value alone"),
    "an unsafe tag": (
        "review: ifi",
        "review: !!python/object/apply:os.getcwd []",
        "",
        "tags such as !!int are not used here; write the value alone",
    ),
    "deep nesting": (
        "review: ifi",
        f"review: {'[' * 5_000}",
        "",
        "nested more than 20 deep; no file of a review is",
    ),
    "a tabulator": (
        "question:\n  text",
        "question:\n\ttext",
        "",
        "not YAML: while scanning for the next token, found character '\\t' that cannot start any token",
    ),
    "the name of another review": (
        "review: ifi",
        "review: bcg",
        "review",
        "names 'bcg', but the folder is 'ifi'; they must be equal",
    ),
    "octal": (
        "- value: 20.0",
        "- value: 020",
        "instruments.0.thresholds.0.value",
        "Input should be a valid number (found '020')",
    ),
    "no number": (
        "level: 0.95",
        "level: .nan",
        "synthesis.level",
        "Input should be a valid number (found '.nan')",
    ),
    "no for false": (
        "post_hoc: true",
        "post_hoc: yes",
        "standing.post_hoc",
        "Input should be a valid boolean (found 'yes')",
    ),
    "a day that the calendar lacks": (
        "written: 2026-11-23",
        "written: 2026-11-31",
        "standing.written",
        "a date such as 2026-11-22 is expected (day is out of range for month) (found '2026-11-31')",
    ),
    "an id that stands twice": (
        "{id: conservative, label: Non-operative care, role: context}",
        "{id: conservative, label: Non-operative care, role: context}\n  - {id: open, label: Again, role: context}",
        "procedures.5.id",
        "'open' stands twice; each stands once",
    ),
    "a procedure that is not there": (
        "label: Injection, procedures: [injection]",
        "label: Injection, procedures: [injektion]",
        "steps.1.procedures.0",
        "'injektion' is no procedure of this protocol; "
        "expected one of: conservative, endoscopic, injection, open, osteotomy",
    ),
    "a Bayesian analysis of nothing": (
        "  level: 0.95",
        "  level: 0.95\n  bayesian:\n    - {of: mood, prior: {distribution: half-normal, scale: 1}, reason: invented}",
        "synthesis.bayesian.0.of",
        "'mood' is no comparison or instrument of this protocol; expected one of: HHS, ODI, VAS, "
        "foot progression angle, iHOT-12, iHOT-33, ischiofemoral space, mHHS, pain score, time to return to sport",
    ),
    "a prior lent from another measure": (
        "  level: 0.95",
        "  level: 0.95\n  bayesian:\n    - {of: mHHS, prior: {distribution: empirical, measure: SMD}, reason: x}",
        "synthesis.bayesian.0.prior",
        "is a published prior for SMD, but 'mHHS' is a change of scores; none is lent",
    ),
    "a prior without its scale": (
        "  level: 0.95",
        "  level: 0.95\n  bayesian:\n    - {of: mHHS, prior: {distribution: half-normal}, reason: invented}",
        "synthesis.bayesian.0.prior",
        "half-normal needs scale: scale is missing",
    ),
    "a moderator of a usual column": (
        "review: ifi",
        "review: ifi\nmoderators:\n  - {column: design, label: Design, kind: text}",
        "moderators.0.column",
        "'design' is a column already; give the moderator a name of its own",
    ),
}


@pytest.mark.parametrize("name", YAML_FAULTS)
def test_a_fault_of_the_protocol_names_line_and_key(ifi: ReviewCopy, name: str):
    fault_at(ifi, PROTOCOL, *YAML_FAULTS[name])


def test_a_missing_key(ifi: ReviewCopy):
    ifi.replace(PROTOCOL, "title: Treatment of ischiofemoral impingement\n", "")
    assert ifi.validate().faults == [f"{PROTOCOL}:2: title: this key is missing and needed"]


def test_a_chosen_value_that_is_not_published(ifi: ReviewCopy):
    ifi.replace(PROTOCOL, "    chosen:\n      value: 20.0", "    chosen:\n      value: 21.0")
    line = ifi.line(PROTOCOL, "  - id: mHHS")
    message = "chosen is not one of the thresholds; give the value and source of one of them"
    assert ifi.validate().faults == [f"{PROTOCOL}:{line}: instruments.0: {message}"]


def test_a_threshold_without_source(ifi: ReviewCopy):
    line = ifi.line(PROTOCOL, '        source: "PMID:40516096"')
    ifi.replace(PROTOCOL, '        source: "PMID:40516096"', '        source: " "')
    message = "is empty; at least 1 character is expected (found ' ')"
    assert ifi.validate().faults == [f"{PROTOCOL}:{line}: instruments.0.thresholds.1.source: {message}"]


RECORD = '"id": "hatem2015"'
JSON_FAULTS = {
    "malformed": (f"{{{RECORD},", f"{{{RECORD}", "", "not JSON: Expecting ',' delimiter"),
    "a key that stands twice": (f"{{{RECORD},", f"{{{RECORD}, {RECORD},", "", "the key 'id' stands twice; keep one"),
    "an unknown key": (f"{{{RECORD},", f'{{{RECORD}, "abstract": "x",', "abstract", UNKNOWN_KEY),
    "nested without end": (
        f"{{{RECORD},",
        f'{{{RECORD}, "x": {"[" * 100_000}',
        "",
        "nested too deep; no file of a review is",
    ),
}


@pytest.mark.parametrize("name", JSON_FAULTS)
def test_a_fault_of_a_record_names_its_line(ifi: ReviewCopy, name: str):
    fault_at(ifi, RECORDS, *JSON_FAULTS[name])


RECORD_KEYS = {
    "pmid": ("27583151x", "the digits of a PMID are expected, such as 12345678 (found '27583151x')"),
    "doi": (
        "https://doi.org/10.1093/x",
        "a DOI such as 10.1000/182 is expected, without an address before it (found 'https://doi.org/10.1093/x')",
    ),
    "year": ("2016", "Input should be a valid integer (found '2016')"),
    "title": ("", "is empty; text is expected, or null where nothing was seen (found '')"),
    "seen_on": (
        "2026-02-30",
        "a date such as 2026-11-22 is expected (day is out of range for month) (found '2026-02-30')",
    ),
    "status": ("fine", None),
    "authors": ("Wilson MD", None),
}


@pytest.mark.parametrize("key", RECORD_KEYS)
def test_a_wrong_key_of_a_record_is_named(ifi: ReviewCopy, key: str):
    line = ifi.line(RECORDS, '{"id": "wilson2016"')
    lines = ifi.text(RECORDS).split("\n")
    value, message = RECORD_KEYS[key]
    lines[line - 1] = json.dumps(json.loads(lines[line - 1]) | {key: value}, ensure_ascii=False)
    ifi.write(RECORDS, "\n".join(lines))
    (fault,) = ifi.validate().faults
    assert fault.startswith(f"{RECORDS}:{line}: {key}: ")
    assert message is None or fault == f"{RECORDS}:{line}: {key}: {message}"


def test_records_out_of_order_and_twice(ifi: ReviewCopy):
    lines = ifi.text(RECORDS).rstrip("\n").split("\n")
    ifi.write(RECORDS, "\n".join([lines[1], lines[0], *lines[2:], lines[-1], ""]))
    first, second, last = (json.loads(lines[index])["id"] for index in (0, 1, -1))
    order = "records are sorted by id, each once"
    assert ifi.validate().faults == [
        f"{RECORDS}:2: id: {first!r} comes after {second!r}; {order}",
        f"{RECORDS}:{len(lines) + 1}: id: {last!r} comes after {last!r}; {order}",
    ]


def test_one_report_under_two_ids(ifi: ReviewCopy):
    line = ifi.line(RECORDS, '{"id": "wu2022"')
    ifi.replace(RECORDS, '"pmid": "36611431"', '"pmid": "27583151"')
    message = "27583151 is the pmid of 'wilson2016' already; a report has one record"
    assert ifi.validate().faults == [f"{RECORDS}:{line}: pmid: {message}"]


def test_a_manifest_that_promises_a_record_which_is_not_there(ifi: ReviewCopy):
    ifi.replace(MANIFEST, '"held": 47', '"held": 48')
    ifi.replace(MANIFEST, '"zhang2022"', '"zhang2022",\n  "zz2099"')
    assert ifi.validate().faults == [f"{MANIFEST}: promises zz2099, which {SNAPSHOT} does not hold"]


def test_a_record_of_a_snapshot_that_is_missing_among_the_records(ifi: ReviewCopy):
    lines = ifi.text(RECORDS).split("\n")
    ifi.write(RECORDS, "\n".join(line for line in lines if '"id": "andersonnd"' not in line))
    message = "'andersonnd' is not in records/records.jsonl; run synth search, which writes it anew"
    assert f"{MANIFEST}: record_ids: {message}" in ifi.validate().faults


def test_a_snapshot_that_was_changed(ifi: ReviewCopy):
    ifi.replace(SNAPSHOT, "Diagnosis and 2-Year Outcomes", "Diagnosis and 3-Year Outcomes")
    (fault,) = ifi.validate().faults
    assert re.fullmatch(
        rf"{SNAPSHOT}: its sha256 is [0-9a-f]{{64}}, the manifest beside it says [0-9a-f]{{64}}: one of them was "
        "changed; a correction by hand changes both",
        fault,
    )


def test_a_record_that_is_not_what_the_snapshots_give(ifi: ReviewCopy):
    line = ifi.line(RECORDS, '{"id": "hatem2015"')
    ifi.replace(RECORDS, "Diagnosis and 2-Year Outcomes", "Diagnosis and 3-Year Outcomes")
    message = "title: differs from the snapshots in search/ (title); correct it there, then run synth search"
    assert ifi.validate().faults == [f"{RECORDS}:{line}: {message}"]


def test_a_record_that_no_manifest_holds(ifi: ReviewCopy):
    ifi.replace(MANIFEST, '"held": 47', '"held": 46')
    ifi.replace(MANIFEST, ',\n  "zhang2022"', "")
    assert ifi.validate().faults == [f"{SNAPSHOT}: holds zhang2022, which the manifest beside it does not promise"]


def test_a_record_that_no_snapshot_holds(ifi: ReviewCopy):
    line = ifi.text(RECORDS).count("\n") + 1
    last = ifi.text(RECORDS).rstrip("\n").split("\n")[-1]
    ifi.write(RECORDS, ifi.text(RECORDS) + last.replace("zhang2022", "zz2099").replace("10.3389", "10.9999") + "\n")
    faults = ifi.validate().faults
    assert (
        f"{RECORDS}:{line}: id: no manifest of search/ holds 'zz2099'; run synth search, which writes it anew" in faults
    )


def test_a_record_that_claims_a_search_which_was_not_run(ifi: ReviewCopy):
    line = ifi.line(RECORDS, '{"id": "zhang2022"')
    lines = ifi.text(RECORDS).split("\n")
    lines[line - 1] = lines[line - 1].replace('"found_by": "other methods"', '"found_by": "database search"')
    ifi.write(RECORDS, "\n".join(lines))
    message = "'database search', but its manifest says 'other methods'; the two must agree"
    assert ifi.validate().faults == [f"{RECORDS}:{line}: found_by: {message}"]


MANIFEST_FAULTS = {
    "held": ('"held": 47', '"held": 46', "", "held says 46, record_ids holds 47; the two must be equal"),
    "a record twice": (
        '"wilson2016"',
        '"wilson2016",\n  "wilson2016"',
        "",
        "record_ids: wilson2016 more than once; each record is held once",
    ),
    "a search without query": ('"other methods"', '"database search"', "", "a database search needs strategies"),
    "date": ('"2026-11-22"', '"22.11.2026"', "date", "a date such as 2026-11-22 is expected (found '22.11.2026')"),
    "a date as seconds": ('"2026-11-22"', "0", "date", "a date such as 2026-11-22 is expected (found 0)"),
}


@pytest.mark.parametrize("name", MANIFEST_FAULTS)
def test_a_fault_of_a_manifest(ifi: ReviewCopy, name: str):
    old, new, column, message = MANIFEST_FAULTS[name]
    ifi.replace(MANIFEST, old, new)
    line = 3 if column else 1
    place = f"{MANIFEST}:{line}:{f' {column}:' if column else ''}"
    assert ifi.validate().faults == [f"{place} {message}"]


def test_faults_of_several_files_come_at_once_sorted_and_each_once(ifi: ReviewCopy):
    arm = ifi.set(ARMS, "hatem2015,A1", n_patients="five", age_mean="-1")
    event = ifi.set(EVENTS, "kim2016,A1,satisfied", events="15", source="")
    decision = ifi.set(DECISIONS, "kim2016", date="2026-13-01")
    ifi.replace(MANIFEST, '"held": 47', '"held": 46')
    ifi.replace("audit/claims.yml", 'checked_on: "2026-11-22"', 'checked_on: "yesterday"')
    ifi.replace(PROTOCOL, "review: ifi", "review: ifi\ntitel: x")
    ended = ifi.validate()
    places = [re.match(r"(.+?):(?:(\d+):)?(?: (\S+):)? ", fault) for fault in ended.faults]
    assert [(place[1], int(place[2] or 0), place[3]) for place in places if place] == [
        ("audit/claims.yml", 7, "checked_on"),
        (ARMS, arm, "age_mean"),
        (ARMS, arm, "n_patients"),
        (EVENTS, event, "events"),
        (EVENTS, event, "source"),
        (PROTOCOL, 4, "titel"),
        (DECISIONS, decision, "date"),
        (MANIFEST, 1, None),
    ]
    assert ended.code == 1
    assert ended.out.splitlines()[-1].startswith("evidence/ifi: 8 faults, ")


@pytest.mark.parametrize("file", [STUDIES, ARMS, RECORDS, PROTOCOL, DECISIONS, MANIFEST, "audit/article.yml"])
def test_one_unreadable_file_does_not_accuse_the_others(ifi: ReviewCopy, file: str):
    ifi.write(file, b"\xff\xfe")
    event = ifi.set(EVENTS, "kim2016,A1,satisfied", events="15")
    assert sorted(fault.split(": ")[0] for fault in ifi.validate().faults) == sorted([f"{file}:1", f"{EVENTS}:{event}"])


def test_one_broken_record_does_not_accuse_the_others(ifi: ReviewCopy):
    line = ifi.line(RECORDS, '{"id": "gabrielli2022"')
    ifi.replace(RECORDS, '"pmid": "35936857"', '"pmid": 35936857')
    message = "Input should be a valid string (found 35936857)"
    assert ifi.validate().faults == [f"{RECORDS}:{line}: pmid: {message}"]


FIX = "table,key,column,was,use,reason,source\n"


def test_a_correction_that_fits_is_made_and_the_file_stays_as_it_is(ifi: ReviewCopy):
    before = ifi.text(ARMS)
    ifi.write(CORRECTIONS, FIX + "arms,hatem2015/A1,n_patients,5,6,an invented misprint,PMID:1\n")
    assert ifi.validate().code == 0
    extraction = Review("ifi", ifi.root).extraction
    row = extraction.arms[extraction.arms["study_id"] == "hatem2015"].iloc[0]
    assert (row["n_patients"], ifi.text(ARMS)) == (6.0, before)
    assert (extraction.arms["study_id"] != "hatem2015").sum() == len(extraction.arms) - 1


def test_a_correction_mends_what_the_source_misprints(ifi: ReviewCopy):
    line = ifi.set(EVENTS, "kim2016,A1,satisfied", events="41")
    assert ifi.validate().faults == [f"{EVENTS}:{line}: events: '41' is above total; at most total is expected"]
    ifi.write(CORRECTIONS, FIX + "events,kim2016/A1/satisfied,events,41,10,digits of an invented misprint,PMID:1\n")
    assert ifi.validate().faults == []


CORRECTION_FAULTS = {
    "no longer there": (
        "arms,hatem2015/A1,n_patients,7,6,reason,PMID:1",
        "was: extraction/arms.csv now holds '5'; the fix replaces '7': check the source again",
    ),
    "no such row": (
        "arms,hatem2015/A2,n_patients,5,6,reason,PMID:1",
        "key: 0 rows of extraction/arms.csv have the key 'hatem2015/A2'; one is expected",
    ),
    "no such column": (
        "arms,hatem2015/A1,patients,5,6,reason,PMID:1",
        "column: extraction/arms.csv has no column 'patients'",
    ),
    "no such table": (
        "arm,hatem2015/A1,n_patients,5,6,reason,PMID:1",
        "table: 'arm': one of: studies, arms, outcomes, events, cases is expected",
    ),
    "no reason": (
        "arms,hatem2015/A1,n_patients,5,6,,PMID:1",
        "reason: is empty; why the source is wrong and how that is known is expected",
    ),
    "nothing changed": (
        "arms,hatem2015/A1,n_patients,5,5,reason,PMID:1",
        "use: is what the cell holds already; a fix changes it",
    ),
    "text brought into a number column": (
        "arms,hatem2015/A1,n_patients,5,six,reason,PMID:1",
        "use: 'six': a whole number (at most 15 digits), not below 0 is expected",
    ),
    "a procedure that is not there": (
        "arms,hatem2015/A1,procedure,endoscopic,magic,reason,PMID:1",
        "use: 'magic' is not in the procedures of protocol.yml; "
        "use one of its names (conservative, endoscopic, injection, open, osteotomy) or add it there",
    ),
}


@pytest.mark.parametrize("name", CORRECTION_FAULTS)
def test_a_correction_that_does_not_fit(ifi: ReviewCopy, name: str):
    row, message = CORRECTION_FAULTS[name]
    ifi.write(CORRECTIONS, f"{FIX}{row}\n")
    assert ifi.validate().faults == [f"{CORRECTIONS}:2: {message}"]


# What `synth report` says of the same inputs: a few in processes of their own, the rest by the function that it calls.


def test_report_refuses_a_fault_before_any_kernel_starts(ifi: ReviewCopy):
    line = ifi.set(ARMS, "hatem2015,A1", n_patients="five")
    ended = ifi.run("report", "ifi")
    message = "'five': a whole number (at most 15 digits), not below 0 is expected"
    assert ended.code == 1
    assert ended.err.endswith(
        f"{ARMS}:{line}: n_patients: {message}\n1 fault in the files of the review; nothing was run\n"
    )
    assert ended.out == ""
    assert "Traceback" not in ended.err


def test_report_refuses_a_name_with_dots(ifi: ReviewCopy):
    ended = ifi.run("report", "../ifi")
    assert ended.code == 1
    assert "'../ifi' cannot be the name of a review" in ended.err
    assert "Traceback" not in ended.err


def test_validate_in_a_process_of_its_own(ifi: ReviewCopy):
    ifi.write(PROTOCOL, b"\xff")
    ended = ifi.run("validate", "ifi")
    assert ended.faults == [f"{PROTOCOL}:1: byte 0xff is not UTF-8; save the file as UTF-8"]
    assert (ended.err, ended.code) == ("", 1)
    assert ifi.run("validate", "bcg").code == 0
    outside = ifi.run("validate", "a/../ifi")
    assert (outside.out, outside.code) == ("", 1)


SPOILED = {
    ARMS: ("hatem2015,A1,endoscopic", "hatem2015,A1,arthroscopy"),
    PROTOCOL: ("review: ifi", "review: ifi\ntitel: x"),
    RECORDS: ('"pmid": "27583151"', '"pmid": 27583151'),
    MANIFEST: ('"held": 47', '"held": 46'),
    "audit/claims.yml": ('checked_on: "2026-11-22"', "checked_on: yesterday"),
    EVENTS: ("kim2016,A1,satisfied,10,", "kim2016,A1,satisfied,15,"),
}


@pytest.mark.parametrize("file", SPOILED)
def test_the_check_of_report_gives_the_faults_of_validate(ifi: ReviewCopy, file: str):
    ifi.replace(file, *SPOILED[file])
    expected, before = ifi.validate().faults, ifi.tree()
    answer = ifi.root.parent / f"{ifi.root.name}-answer.json"
    assert job.check(str(ifi.root), "ifi", None, str(answer)) == 1
    told = json.loads(answer.read_text(encoding="utf-8"))
    assert (told["kind"], told["message"].splitlines()) == ("EvidenceError", expected)
    assert [fault["file"] for fault in told["faults"]] == [fault.split(":")[0] for fault in expected]
    assert ifi.tree() == before


def test_the_check_of_report_passes_where_there_is_no_fault(ifi: ReviewCopy):
    answer = ifi.root.parent / f"{ifi.root.name}-answer.json"
    assert job.check(str(ifi.root), "ifi", None, str(answer)) == 0
    assert not answer.exists()
