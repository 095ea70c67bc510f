"""Files of other programs: what is read of them, and what is refused with its place. All data are invented."""

from __future__ import annotations

import codecs
import gzip
import json
from pathlib import Path

import pytest

from synth.errors import FormatError, ParameterError
from synth.records.exchange import FORMATS, HOLDS, read_references, write_references
from synth.records.reference import Date, More, Person, Reference, date_of, printed, short_name

RIS = "TY  - JOUR\nTI  - Ünder\nAU  - Smith, J\nER  - \n"


def one(text: str | bytes) -> Reference:
    (found,) = read_references(text.encode() if isinstance(text, str) else text, "x")
    return found


def told(text: str | bytes) -> str:
    with pytest.raises(FormatError) as refused:
        read_references(text.encode() if isinstance(text, str) else text, "x")
    return str(refused.value)


@pytest.mark.parametrize(
    "data",
    [
        RIS.encode(),
        RIS.replace("\n", "\r\n").encode(),
        RIS.replace("\n", "\r").encode(),
        codecs.BOM_UTF8 + RIS.encode(),
        RIS.encode("utf-16"),
        gzip.compress(RIS.encode()),
        f'Provider: x\nContent: text/plain; charset="windows-1252"\n\n{RIS}'.encode("cp1252"),
        RIS.encode() + b"\x1a",
        b"\n\n" + RIS.encode(),
        RIS.rstrip().encode(),
    ],
)
def test_bytes_of_many_kinds_are_the_same_reference(data: bytes):
    expected = Reference(type="article-journal", title="Ünder", authors=(Person(family="Smith", given="J"),))
    assert one(data) == expected


def test_latin_1_is_not_guessed():
    assert told(RIS.encode("latin-1")).startswith("x:2: byte 0xdc is not UTF-8; save the file as UTF-8, or name its")


FAULTS = {
    "": "x: the file is empty; RIS, NBIB (MEDLINE), BibTeX, CSL-JSON or PubMed XML is expected, plain or in gzip",
    "some words": "x: the format is not known (it begins with 'some words'); RIS, ",
    "TY  - JOUR\nER  - \n": "x:1: a record without any content; at least one tag with a value is expected",
    "TY  - JOUR\nTI  - a\n": "x:1: the record that begins here has no end ('ER  - '); is the file whole?",
    "TY  - JOUR\nTI  - a\nTY  - JOUR\nER  - \n": "x:3: a record begins, but that of line 1 has no end ('ER  - ')",
    "TI  - a\nER  - \n": "x:1: 'TI - a' is in no record; 'TY  - ' is expected first",
    f"{RIS}left over\n": "x:5: 'left over' is in no record; 'TY  - ' is expected first",
    "TY  - JOUR\nTI  - a\nAU - Smith, J\nER  - \n": "x:3: 'AU - Smith, J' is almost a tag; two letters, two blanks",
    "TY  - JOUR\nwords\nTI  - a\nER  - \n": "x:2: 'words' follows line 1 (TY) and continues nothing",
    "TY  - JOUR\nTI  - a\x00b\nER  - \n": "x:2: control character U+0000 in ",
    "PMID- 1\nTI  - a\nwords\n": "x:3: 'words' is no tag ('TI  - ') and continues none (six blanks before it)",
    "PMID- \n": "x:1: a record without any content; at least one tag with a value is expected",
    "      a\nPMID- 1\n": "x:1: 'a' continues nothing; a tag is expected first",
    "@article{a,\n title = {b},\n": "x:1: the entry that begins here is broken: Unexpectedly reached end of file.",
    "@article{a,\n title = {b}}\n\n@book{c,\n title {d}}\n": "x:4: the entry that begins here is broken: ",
    "@article{a,\n title = {b},\n title = {c}}\n": "x:1: title: this field stands twice in one entry; keep one",
    "@article{a,\n title = {b},\n Title = {c}}\n": "x:3: title: this field stands twice in one entry",
    "@article{a,\n title = b}\n": "x:2: 'b' is no @string of this file; a value in braces or quotes is expected",
    "@article{a, title = {b}}}\nauthor = {x}}\n": "x:1: text between entries that looks like a part of one; is a brace",
    "@article{a, title = {b}}\n\narticle{c, title = {d}}\n": "x:3: text between entries that looks like a part of one",
    "@article{a,\n}\n": "x:1: an entry without any content; at least one field with a value is expected",
    "@article{a,\n author = {a, b, c, d}}\n": "x:1: Cannot split the following name",
    "[{]": "x:1: not JSON: ",
    "[\n{'a'}]": "x:2: not JSON: ",
    '[{"id": "a"}]': "x: item 1: an item without any content; at least one variable beside id and type is expected",
    '[{"title": "a"}, 3]': "x: item 2: an object with the variables of CSL is expected, not '3'",
    '[{"title": "a", "title": "b"}]': "x: the key 'title' stands twice in one object; keep one",
    '[{"title": "a", "author": "b"}]': "x: item 1: author: a list of objects with family and given, or literal, is",
    '[{"title": NaN}]': "x: NaN is no JSON; a number is expected",
    "[" * 100_000: "x: JSON that no list of references is: ",
    "<html><body>busy</body></html>": "x",
}


@pytest.mark.parametrize("text", FAULTS, ids=lambda text: text[:40])
def test_a_fault_is_told_with_its_place(text: str):
    assert told(text).startswith(FAULTS[text])


def test_damaged_gzip():
    data = gzip.compress(RIS.encode() * 100)
    assert told(data[: len(data) // 2]).startswith("x: damaged gzip (")
    assert told(data[:-8] + bytes(8)).startswith("x: damaged gzip (")


def test_every_cut_of_a_ris_file_is_seen():
    whole = RIS * 2
    for end in range(1, len(whole) - 1):
        cut = whole.encode()[:end]
        if cut.rstrip().endswith(b"ER  -"):
            continue
        with pytest.raises(FormatError):
            read_references(cut, "x")


def test_nothing_of_a_ris_record_is_lost():
    text = (
        "TY  - EJOUR\nT1  - First\nTI  - Second\nJF  - Journal\nJO  - J.\nU1  - one\nU1  - two\n"
        "SN  - 1234-5678 (Print)\n"
        "PY  - 2015///Spring\nDA  - 2014/05/06/\nAN  - 77\nDB  - Embase\nDO  - https://doi.org/10.1000/X\nVL  -12\n"
        "KW  - a\nb\nN2  - one\n  two  \n\nthree\nAB  - four\nER  - \n"
    )
    found = one(text)
    assert (found.type, found.title, found.container_title) == ("article-journal", "Second", "Journal")
    assert (found.container_abbreviation, found.volume, found.doi, found.accession) == ("J.", "12", "10.1000/X", "77")
    assert found.date == Date(year=2015, season="Spring")
    assert (found.keywords, found.issns, found.abstract) == (("a", "b"), ("1234-5678",), "four")
    assert [(item.tag, item.value) for item in found.more] == [
        *(("TY", "EJOUR"), ("T1", "First"), ("U1", "one"), ("U1", "two"), ("SN", "1234-5678 (Print)")),
        *(("DA", "2014/05/06/"), ("DB", "Embase"), ("N2", "one\ntwo\nthree")),
    ]
    assert one(write_references([found], "ris")) == found


def test_an_old_medline_record():
    text = (
        "PMID- 1\nTI  - A title that is\n      continued\nAD  - First place\nAU  - van Berg JA Jr\nFAU - Cruz, Ana\n"
        "AU  - Cruz A\nAUID- ORCID: 0\nAD  - Place 2\nCN  - Group\nDP  - 1998 Dec-1999 Jan\nLID - 10.1000/x [doi]\n"
        "LID - S1 [pii]\nAID - 10.1000/x [doi]\nIS  - 1234-5678 (Print)\nMH  - Hip/*surgery\nPMID- 2\nTI  - Next\n"
    )
    first, second = read_references(text.encode(), "x")
    assert first.title == "A title that is continued"
    assert first.authors == (
        Person(family="van Berg", given="JA", suffix="Jr", short="van Berg JA Jr", affiliations=("First place",)),
        Person(family="Cruz", given="Ana", identifiers=("ORCID: 0",), affiliations=("Place 2",)),
        Person(literal="Group"),
    )
    assert first.date == Date(year=1998, literal="1998 Dec-1999 Jan")
    assert (first.doi, first.pii, first.issns, first.headings) == ("10.1000/x", "S1", ("1234-5678",), ("Hip/*surgery",))
    assert (second.pmid, second.title) == ("2", "Next")


BIB = r"""Comments between entries are none of our business, 50% or not.
@comment{ignored}
@string{jo = "Journal of " # {Inv.}}
@inproceedings{a1, crossref = {proc}, title = {The {DNA} of \'{E}coles --- a {\alpha}-test}, pages = "12--15",
  author = {{World Group} and M\"{u}ller, J{\"o}rg and Ludwig van Beethoven and King, Jr, Martin and others},
  month = mar, year = 2015, keywords = {one, {two, three}; four}, file = {a_b\x{c}}}
@article(b1, title = {Costs of $5 and 10\%: CO$_2$ at 10$^{-3}$}, journal = jo # { X}, year = "in press", note = {a, b})
@proceedings{proc, title = {Proceedings {X}}, editor = {Ng, B}, year = 2014, publisher = {P \& Q}}
@misc{b1, title = {The same key}}
"""


def test_bibtex_as_people_write_it():
    first, second, third, fourth = read_references(BIB.encode(), "x")
    assert first.title == "The DNA of École\u0073 — a α-test"
    assert first.authors == (
        Person(literal="World Group"),
        Person(family="Müller", given="Jörg"),
        Person(family="van Beethoven", given="Ludwig"),
        Person(family="King", given="Martin", suffix="Jr"),
        Person(literal="et al."),
    )
    assert (first.container_title, first.publisher, first.editors) == ("Proceedings X", "P & Q", third.editors)
    assert (first.date, first.pages) == (Date(year=2015, month=3), "12-15")
    assert first.keywords == ("one", "two, three", "four")
    assert first.more == (More("bibtex", "file", r"a_b\x{c}"),)
    assert second.title == "Costs of $5 and 10%: CO₂ at 10⁻³"
    assert (second.container_title, second.notes) == ("Journal of Inv. X", ("a, b",))
    assert second.date == Date(literal="in press")
    assert (third.type, third.editors) == ("book", (Person(family="Ng", given="B"),))
    assert (second.id, fourth.id, fourth.title) == ("b1", "b1", "The same key")
    keys = [reference.id for reference in read_references(write_references([second, fourth], "bibtex").encode(), "x")]
    assert keys == ["b1", "b1b"]


def test_csl_as_other_programs_write_it():
    item = {
        "id": 7,
        "type": "posted-content",
        "title": "T",
        "volume": 12,
        "ISSN": ["1234-5678"],
        "keyword": "a, b",
        "author": [{"family": "Berg", "non-dropping-particle": "van den", "comma-suffix": True}],
        "issued": {"date-parts": [["2015", 3], [2015, 4]]},
        "custom": {"own": 1},
        "container-title": ["Crossref"],
    }
    found = one(json.dumps({"items": [item]}))
    assert (found.id, found.type, found.volume, found.issns) == ("7", "document", "12", ("1234-5678",))
    assert found.authors == (Person(family="Berg", particle="van den"),)
    assert (found.keywords, found.date) == (("a", "b"), Date(year=2015, month=3))
    written = json.loads(write_references([found], "csl-json"))[0]
    for name in ("type", "author", "issued", "container-title"):
        assert written[name] == item[name]
    assert written["custom"]["own"] == 1
    assert one(json.dumps([written])) == found


def test_keys_are_surname_year_and_letter():
    people = {"Wilson": 27, "Ødegård": 1, "漢": 1, "O'Neill-Smith": 1}
    found = [
        Reference(title="t", authors=(Person(family=name),), date=Date(year=2016))
        for name, count in people.items()
        for _ in range(count)
    ]
    text = write_references([*found, Reference(title="t"), Reference(id="wilson2016", title="t")], "bibtex")
    keys = [reference.id for reference in read_references(text.encode(), "x")]
    assert keys[:3] == ["wilson2016b", "wilson2016c", "wilson2016d"]
    assert keys[25:] == [
        *("wilson2016aa", "wilson2016ab", "degard2016", "anonymous2016", "oneillsmith2016", "anonymous", "wilson2016"),
    ]


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "csl-json"])
@pytest.mark.parametrize("sign", ["\x00", "\x02", "\x1b", "\x7f", "\ud800"])
def test_control_characters_are_refused(name: str, sign: str):
    with pytest.raises(FormatError, match=f"reference 2 as {name}:.*control character U\\+{ord(sign):04X}"):
        write_references([Reference(title="a"), Reference(title=f"a{sign}b")], name)


def test_csl_holds_control_characters_and_refuses_half_a_character():
    found = Reference(id="a", title="a\x00b")
    assert one(write_references([found], "csl-json")) == found
    with pytest.raises(FormatError, match="half of a character"):
        write_references([Reference(title="\ud800")], "csl-json")


@pytest.mark.parametrize("name", ["ris", "nbib"])
def test_a_reference_that_a_format_cannot_hold_is_refused(name: str):
    lost = Reference(urls=("https://example.org",)) if name == "nbib" else Reference(pii="S1")
    with pytest.raises(FormatError, match=f"reference 1 as {name}: nothing of it can be held by this format"):
        write_references([lost], name)


def test_no_references_are_no_fault():
    assert [write_references([], name) for name in FORMATS] == ["", "", "", "[]\n"]
    assert read_references(b"[]", "x") == ()
    with pytest.raises(ParameterError, match="'endnote' is no format; one of ris, nbib, bibtex, csl-json is expected"):
        write_references([], "endnote")


@pytest.mark.parametrize("name", FORMATS)
def test_limits_are_told(name: str):
    assert HOLDS[name].limits
    assert HOLDS[name].fields <= set(Reference.__struct_fields__)
    assert HOLDS[name].persons <= set(Person.__struct_fields__)


DATES = {
    "2015": Date(year=2015),
    "2015 Mar": Date(year=2015, month=3),
    "2015 Sept 1": Date(year=2015, month=9, day=1),
    "2015-03-01": Date(year=2015, month=3, day=1),
    "2015 Spring": Date(year=2015, season="Spring"),
    "2015 Mar-Apr": Date(year=2015, literal="2015 Mar-Apr"),
    "2015/13/01": Date(year=2015, literal="2015/13/01"),
    "15": Date(literal="15"),
    "20155": Date(literal="20155"),
    "0000": Date(literal="0000"),
}


@pytest.mark.parametrize("text", DATES)
def test_dates(text: str):
    assert date_of(text) == DATES[text]
    assert date_of(printed(DATES[text])) == DATES[text]


def test_short_names():
    assert short_name(Person(family="Smith-Jones", given="Mary-Ann ö", suffix="3rd")) == "Smith-Jones MAÖ 3rd"


def test_pubmed_xml_is_read_as_references(shared: Path):
    data = (shared / "pubmed-xml" / "update22n1115_eoc_deletecitation.xml").read_bytes()
    found = read_references(data, "x")
    assert len(found) == 3
    assert found == read_references(gzip.compress(data), "x")
    assert all(reference.type == "article-journal" and reference.pmid for reference in found)
