"""Faults planted in an invented article and its invented claims, and what the rules make of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.audit import Article, Audit, CitationStatus, Claims, check, open_audit
from synth.errors import EvidenceError, Fault
from synth.yamltext import YamlText, parse_yaml, typed

ARTICLE = """\
title: An invented article
last_updated: "2025-01-02"
read_on: "2025-02-03"
numbering: Numbers are positions in printed order.
sections:
  - {id: start, title: Start, cites: [1, 2]}
  - {id: middle, title: Middle, cites: [3, 5]}
references:
  - {position: 1, kind: publication, title: Invented trial, year: 2001, record_id: invented2001}
  - {position: 2, kind: own text, title: Invented overview}
  - {position: 3, kind: other topic, title: Invented other matter}
  - {position: 4, kind: publication, title: Invented series, record_id: invented2002}
  - {position: 5, kind: not printed, inferred_record_id: invented2003, note: The words match.}
"""
CLAIMS = """\
checked_on: "2025-02-03"
claims:
  - id: "1"
    section: start
    restated: Invented claim one.
    cites: [1]
    citation: resolves
    support: supported
    finding: Invented finding one.
    basis: [{record: invented2001, locator: abstract}]
  - id: 2a
    section: start
    restated: Invented claim two.
    cites: [1, 2]
    citation: supported elsewhere than cited
    support: partly supported
    finding: Invented finding two.
    basis: [{record: invented2002, locator: table 1}]
  - id: 2b
    section: middle
    restated: Invented claim three.
    cites: [5]
    citation: dangling
    support: not confirmed
    finding: Invented finding three.
    basis: []
  - id: "3"
    section: middle
    restated: Invented claim four.
    cites: []
    citation: uncited
    support: no source found
    finding: Invented finding four.
    basis: []
"""
RECORDS = {"invented2001", "invented2002", "invented2003"}


def sources(article: str = ARTICLE, claims: str = CLAIMS) -> tuple[YamlText, YamlText]:
    return parse_yaml(article, "audit/article.yml"), parse_yaml(claims, "audit/claims.yml")


def faults_of(article: str = ARTICLE, claims: str = CLAIMS) -> tuple[Fault, ...]:
    with pytest.raises(EvidenceError) as raised:
        open_audit(*sources(article, claims), RECORDS)
    return raised.value.faults


def planted(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1, f"{old!r} must stand once to be replaced"
    return text.replace(old, new)


def line_of(text: str, part: str) -> int:
    """Number of the last line that holds this part."""
    return max(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def test_sound_files_have_no_faults():
    article, claims = sources()
    models = typed(Article, article), typed(Claims, claims)
    assert check(*models, RECORDS, article_source=article, claims_source=claims) == []
    assert len(open_audit(article, claims, RECORDS).claims) == 4


def test_dangling_and_never_cited_are_found_by_rule():
    article = typed(Article, sources()[0])
    assert article.cited_numbers == (1, 2, 3, 5)
    assert article.dangling_numbers == (5,)
    assert article.never_cited == (4,)
    assert [article.status_of(number) for number in (1, 2, 3, 4, 5, 99)] == [
        CitationStatus.RESOLVES,
        CitationStatus.NOT_A_PUBLICATION,
        CitationStatus.OFF_TOPIC,
        CitationStatus.RESOLVES,
        CitationStatus.DANGLING,
        CitationStatus.DANGLING,
    ]


def test_a_number_dangles_without_an_entry_that_says_so():
    without = "".join(line for line in ARTICLE.splitlines(keepends=True) if "not printed" not in line)
    audit = open_audit(*sources(without), RECORDS)
    assert audit.article is not None
    assert audit.article.dangling_numbers == (5,)
    last = audit.references_table().iloc[-1]
    assert (last["number"], last["kind"], last["status"], last["claims"]) == ("[5]", "not printed", "dangling", "2b")


def test_a_number_stops_dangling_once_it_is_printed():
    printed = planted(
        ARTICLE,
        "kind: not printed, inferred_record_id: invented2003, note: The words match.",
        "kind: publication, title: Invented late entry",
    )
    (fault,) = faults_of(printed)
    assert "claim 2b: recorded as 'dangling', but the printed list gives [5] no record held" in fault.message
    assert typed(Article, sources(printed)[0]).dangling_numbers == ()


@pytest.mark.parametrize(
    ("old", "new", "column", "message"),
    [
        ("id: 2b", "id: 2a", "claims.2.id", "'2a' stands twice"),
        ("section: start\n    restated: Invented claim one", "section: nowhere\n    restated: Invented claim one",
         "claims.0.section", "claim 1: the article has no section 'nowhere'; it has start, middle"),
        ("cites: [5]", "cites: [5, 4]", "claims.2.cites.1", "section 'middle' does not cite [4]; it cites [3], [5]"),
        ("cites: [1, 2]", "cites: [1, 2, 1]", "claims.1.cites.2", "1 stands twice"),
        ("record: invented2002", "record: elsewhere1999", "claims.1.basis.0.record",
         "no record has the id 'elsewhere1999'"),
        ("citation: dangling", "citation: resolves", "claims.2.citation",
         "claim 2b: recorded as 'resolves', but the printed list gives [5] dangling"),
        ("citation: dangling", "citation: off topic", "claims.2.citation", "the printed list gives [5] dangling"),
        ("citation: dangling", "citation: uncited", "claims.2.citation", "the printed list gives [5] dangling"),
        ("citation: dangling\n    support: not confirmed\n    finding: Invented finding three.\n    basis: []",
         "citation: supported elsewhere than cited\n    support: supported\n    finding: Invented.\n"
         "    basis: [{record: invented2002, locator: page 1}]",
         "claims.2.citation", "the printed list gives [5] dangling"),
        ("citation: uncited", "citation: resolves", "claims.3.citation", "it cites nothing; 'uncited' is expected"),
        ("citation: uncited", "citation: supported elsewhere than cited", "claims.3.citation", "it cites nothing"),
        ("citation: supported elsewhere than cited", "citation: resolves", "claims.1.citation",
         "the printed list gives [1] resolves; [2] not a publication"),
        ("record: invented2002, locator: table 1", "record: invented2001, locator: table 1", "claims.1.citation",
         "needs support by a record that the claim does not cite"),
        ("support: partly supported", "support: not confirmed", "claims.1.citation", "needs support by a record"),
        ("record: invented2001", "record: invented2002", "claims.0.citation",
         "the support is in none of the cited records; 'supported elsewhere than cited' is expected"),
        ("basis: [{record: invented2001, locator: abstract}]", "basis: []", "claims.0.basis",
         "claim 1: 'supported' needs at least one source that was read"),
        ("finding: Invented finding four.\n    basis: []",
         "finding: Invented finding four.\n    basis: [{record: invented2001, locator: abstract}]",
         "claims.3.basis", "claim 3: 'no source found', yet a source is named"),
    ],
)  # fmt: skip
def test_planted_fault_in_the_claims(old, new, column, message):
    text = planted(CLAIMS, old, new)
    matching = [fault for fault in faults_of(claims=text) if fault.column == column]
    assert len(matching) == 1
    assert message in matching[0].message
    assert matching[0].file == "audit/claims.yml"
    assert matching[0].line == parse_yaml(text, "audit/claims.yml").line_of(_path(column))


@pytest.mark.parametrize(
    ("old", "new", "column", "message"),
    [
        ("id: middle", "id: start", "sections.1.id", "'start' stands twice"),
        ("cites: [1, 2]", "cites: [1, 2, 2]", "sections.0.cites.2", "2 stands twice"),
        ("position: 4", "position: 3", "references.3.position", "3 stands twice"),
        ("position: 4", "position: 7", "references.3.position", "position 7 is beyond the 4 printed entries"),
        ("position: 5", "position: 6", "references.4.position", "[6] is noted as not printed, yet no section cites it"),
        ("record_id: invented2002", "record_id: none1999", "references.3.record_id", "no record has the id 'none1999'"),
        ("inferred_record_id: invented2003", "inferred_record_id: none1999", "references.4.inferred_record_id",
         "no record has the id 'none1999'"),
        ("kind: not printed", "kind: not printed, title: Shown", "references.4", "not printed has no title"),
        (", note: The words match.", "", "references.4", "needs a note that gives the ground"),
        ("kind: own text, title: Invented overview", "kind: own text", "references.1",
         "a printed entry needs its title"),
        ("title: Invented overview", "title: Invented overview, record_id: invented2003", "references.1",
         "a publisher's own text is no publication"),
        ("title: Invented other matter", "title: Other, inferred_record_id: invented2003", "references.2",
         "use record_id"),
    ],
)  # fmt: skip
def test_planted_fault_in_the_article(old, new, column, message):
    text = planted(ARTICLE, old, new)
    matching = [fault for fault in faults_of(article=text) if fault.column == column]
    assert len(matching) == 1
    assert message in matching[0].message
    assert (matching[0].file, matching[0].line) == ("audit/article.yml", line_of(text, new or "position: 5"))


@pytest.mark.parametrize(
    ("old", "new", "column", "message"),
    [
        ("section: start\n    restated: Invented claim one", "sektion: start\n    restated: Invented claim one",
         "claims.0.sektion", "unknown key"),
        ('  - id: "1"\n    section: start\n', '  - id: "1"\n', "claims.0.section", "this key is missing"),
        ("cites: [5]", "cites: [five]", "claims.2.cites.0", "valid integer (found 'five')"),
        ("cites: [5]", "cites: [true]", "claims.2.cites.0", "valid integer (found True)"),
        ("cites: [5]", "cites: ['5']", "claims.2.cites.0", "valid integer (found '5')"),
        ("cites: [5]", "cites: [0]", "claims.2.cites.0", "greater than or equal to 1 (found 0)"),
        ("cites: [5]", "cites: 5", "claims.2.cites", "(found 5)"),
        ("citation: dangling", "citation: lost", "claims.2.citation", "'dangling'"),
        ("support: not confirmed", "support: 'false'", "claims.2.support", "'not confirmed'"),
        ("finding: Invented finding three.", "finding: '  '", "claims.2.finding", "at least 1 character"),
        ("finding: Invented finding three.", "finding: 3", "claims.2.finding", "valid string (found 3)"),
        ('id: "1"', "id: Öne", "claims.0.id", "should match pattern"),
        ('checked_on: "2025-02-03"', 'checked_on: "2025-02-30"', "checked_on", "(found '2025-02-30')"),
        ('checked_on: "2025-02-03"', "checked_on: 20250203", "checked_on", "valid string"),
    ],
)  # fmt: skip
def test_ill_typed_claims_name_line_and_key(old, new, column, message):
    text = planted(CLAIMS, old, new)
    (fault,) = (fault for fault in faults_of(claims=text) if fault.column == column)
    assert fault.file == "audit/claims.yml"
    assert message in fault.message
    assert fault.line == parse_yaml(text, "audit/claims.yml").line_of(_path(column))


def test_a_fault_reads_as_file_line_key_and_what_is_expected():
    text = planted(CLAIMS, "citation: dangling", "citation: resolves")
    (fault,) = faults_of(claims=text)
    assert str(fault) == (
        "audit/claims.yml:23: claims.2.citation: claim 2b: recorded as 'resolves', "
        "but the printed list gives [5] dangling"
    )
    assert text.splitlines()[22] == "    citation: resolves"


def test_ill_typed_keys_of_both_files_are_reported_at_once():
    faults = faults_of(
        planted(ARTICLE, "read_on:", "red_on:"), planted(CLAIMS, "support: not confirmed", "support: unsure")
    )
    assert [(fault.file, fault.line, fault.column) for fault in faults] == [
        ("audit/article.yml", 1, "read_on"),
        ("audit/article.yml", 3, "red_on"),
        ("audit/claims.yml", line_of(CLAIMS, "support: not confirmed"), "claims.2.support"),
    ]


def test_an_empty_list_of_claims_is_a_fault():
    (fault,) = faults_of(claims='checked_on: "2025-02-03"\nclaims: []\n')
    assert (fault.line, fault.column) == (2, "claims")


@pytest.mark.parametrize(("kept", "missing"), [(0, "audit/claims.yml"), (1, "audit/article.yml")])
def test_one_file_without_the_other_is_a_fault(kept, missing):
    given_sources = [source if place == kept else None for place, source in enumerate(sources())]
    with pytest.raises(EvidenceError) as raised:
        open_audit(*given_sources, RECORDS)
    (fault,) = raised.value.faults
    assert (fault.file, fault.line) == (missing, 0)
    assert "this file is missing" in fault.message


def test_faults_are_sorted_whatever_the_order_of_records():
    text = planted(CLAIMS, "record: invented2001", "record: elsewhere1999")
    article, claims = sources(claims=text)
    models = typed(Article, article), typed(Claims, claims)
    orders = [
        check(*models, order, article_source=article, claims_source=claims)
        for order in (sorted(RECORDS), sorted(RECORDS, reverse=True), RECORDS)
    ]
    assert orders[0] == orders[1] == orders[2]
    assert [(fault.line, fault.column) for fault in orders[0]] == [
        (7, "claims.0.citation"),
        (10, "claims.0.basis.0.record"),
    ]


# A line is dropped, doubled, indented or written on: the answer is an audit, or faults with a place.
@settings(max_examples=150, deadline=None)
@given(
    which=st.sampled_from(["article", "claims"]),
    line=st.integers(0, 40),
    edit=st.sampled_from(["drop", "double", "indent", "text"]),
    text=st.text(max_size=20),
)
def test_damaged_files_give_an_audit_or_faults_with_a_place(which, line, edit, text):
    lines = (ARTICLE if which == "article" else CLAIMS).splitlines()
    line %= len(lines)
    lines[line : line + 1] = {
        "drop": [],
        "double": [lines[line]] * 2,
        "indent": [f"  {lines[line]}"],
        "text": [f"{lines[line]}{text}"],
    }[edit]
    damaged = "\n".join(lines) + "\n"
    article, claims = (damaged, CLAIMS) if which == "article" else (ARTICLE, damaged)
    outcome = _audit_or_faults(article, claims)
    if isinstance(outcome, Audit):
        assert len(outcome.table()) == len(outcome.claims) > 0
    else:
        assert outcome
        assert all(fault.file.startswith("audit/") and fault.message for fault in outcome)


def _audit_or_faults(article: str, claims: str) -> Audit | tuple[Fault, ...]:
    try:
        return open_audit(*sources(article, claims), RECORDS)
    except EvidenceError as error:
        return error.faults


def _path(column: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in column.split("."))
