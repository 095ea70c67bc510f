"""What is written is read by programs that share no code with ours: rispy, Bio.Medline, bibtexparser, CSL's rules."""

from __future__ import annotations

import io
import json
from typing import Any

import bibtexparser
import rispy
from Bio import Medline
from exchange_references import references
from hypothesis import given, settings
from hypothesis import strategies as st
from pylatexenc.latex2text import LatexNodes2Text

from synth.records.exchange import write_references
from synth.records.exchange.latex import to_unicode
from synth.records.exchange.types import CSL_TYPES
from synth.records.reference import Date, Person, Reference, one_line

INVENTED = (
    Reference(
        type="article-journal",
        title="Pain & 50% of {hips} in Wales: a_b \\ trial",
        authors=(Person(family="Müller", given="Jörg A"), Person(literal="The Hip, Group"), Person(family="Ng")),
        container_title="Invented Journal",
        date=Date(year=2015, month=3, day=1),
        volume="12 Suppl 1",
        pages="471-7",
        doi="10.1000/a_b<c>",
        pmid="12345",
        issns=("1234-5678", "8765-4321"),
        urls=("https://example.org/a;b?c=d%20e", "https://example.org/2"),
        abstract="AIM: one.\nRESULTS: two.",
        keywords=("Hip, left", "pain; chronic"),
    ),
    Reference(type="book", title="Second", authors=(Person(family="de la Cruz", given="Ana", suffix="Jr"),)),
)
LISTED = st.lists(references("ris"), min_size=1, max_size=3)


def read_by_rispy(found: list[Reference] | tuple[Reference, ...]) -> list[dict[str, Any]]:
    return rispy.loads(write_references(found, "ris"))


def test_rispy_reads_what_we_write():
    first, second = read_by_rispy(INVENTED)
    assert first["type_of_reference"] == "JOUR"
    assert first["title"] == INVENTED[0].title
    assert first["authors"] == ["Müller, Jörg A", "The Hip,, Group", "Ng,"]
    assert first["secondary_title"] == "Invented Journal"
    assert (first["year"], first["date"]) == ("2015", "2015/03/01/")
    assert (first["start_page"], first["end_page"], first["volume"]) == ("471", "7", "12 Suppl 1")
    assert (first["doi"], first["accession_number"]) == ("10.1000/a_b<c>", "12345")
    assert first["abstract"] == "AIM: one. RESULTS: two."
    assert first["keywords"] == ["Hip, left", "pain; chronic"]
    # rispy parts addresses at semicolons.
    assert ";".join(first["urls"]) == ";".join(INVENTED[0].urls)
    assert second["authors"] == ["de la Cruz, Ana, Jr"]


@settings(max_examples=40)
@given(LISTED)
def test_rispy_finds_each_record_and_title(found: list[Reference]):
    read = read_by_rispy(found)
    # rispy strips every kind of blank at the ends.
    for field in ("title", "doi"):
        values = [getattr(reference, field) for reference in found]
        assert [record.get(field) for record in read] == [value and value.strip() for value in values]
    assert [record.get("notes", []) != [] for record in read] == [bool(reference.notes) for reference in found]


def test_medline_reads_what_we_write():
    first, second = Medline.parse(io.StringIO(write_references(INVENTED, "nbib")))
    assert (first["PMID"], first["TI"]) == ("12345", INVENTED[0].title)
    assert first["FAU"] == ["Müller, Jörg A", "Ng"]
    assert first["AU"] == ["Müller JA", "Ng"]
    assert first["CN"] == ["The Hip, Group"]
    assert (first["DP"], first["PG"], first["JT"]) == ("2015 Mar 1", "471-7", "Invented Journal")
    assert first["AID"] == ["10.1000/a_b<c> [doi]"]
    assert first["OT"] == ["Hip, left", "pain; chronic"]
    assert (second["BTI"], second["FAU"]) == (["Second"], ["de la Cruz, Ana Jr"])


@settings(max_examples=40)
@given(st.lists(references("nbib"), min_size=1, max_size=3))
def test_medline_finds_each_record_and_value(found: list[Reference]):
    read = list(Medline.parse(io.StringIO(write_references(found, "nbib"), newline="\n")))
    assert len(read) == len(found)
    for record, reference in zip(read, found, strict=True):
        # Bio.Medline strips every kind of blank at the end of a line.
        assert record.get("OT", []) == [word.rstrip() for word in reference.keywords]
        assert record.get("MH", []) == [heading.rstrip() for heading in reference.headings]
        assert record.get("AB", "") == (reference.abstract or "").rstrip()


def test_bibtexparser_reads_what_we_write():
    library = bibtexparser.parse_string(write_references(INVENTED, "bibtex"))
    assert library.failed_blocks == []
    first, second = library.entries
    assert (first.key, second.key) == ("muller2015", "delacruz")
    assert first["author"] == "Müller, Jörg A and {The Hip, Group} and Ng"
    assert (
        first["title"]
        == r"Pain \& 50\% of {\textbraceleft}hips{\textbraceright} in {Wales:} a\_b {\textbackslash} trial"
    )
    assert (first["year"], first["month"], first["pages"]) == ("2015", "mar", "471--7")
    assert first["keywords"] == "{Hip, left}, {pain; chronic}"
    assert first["url"] == INVENTED[0].urls[0]
    assert second.entry_type == "book"


@settings(max_examples=40)
@given(st.lists(references("bibtex"), min_size=1, max_size=3))
def test_bibtexparser_finds_each_entry(found: list[Reference]):
    text = write_references(found, "bibtex")
    library = bibtexparser.parse_string(text)
    assert library.failed_blocks == []
    assert library.comments == []
    assert len(library.entries) == len(found)
    assert len({entry.key.lower() for entry in library.entries}) == len(found)
    # Braces are balanced for BibTeX, which counts escaped ones too.
    for line in text.split("\n"):
        assert line.count("{") == line.count("}") or line.startswith(("@", "}"))


TEXTS = (
    "title",
    "container-title",
    "DOI",
    "PMID",
    "PMCID",
    "ISSN",
    "ISBN",
    "URL",
    "abstract",
    "keyword",
    "note",
    "genre",
)


@settings(max_examples=60)
@given(st.lists(references("csl-json"), min_size=1, max_size=3))
def test_csl_keeps_to_its_rules(found: list[Reference]):
    items = json.loads(write_references(found, "csl-json"))
    assert len({item["id"] for item in items}) == len(items) == len(found)
    for item in items:
        assert item["type"] in CSL_TYPES
        assert all(isinstance(item[name], str) for name in TEXTS if name in item)
        for person in [*item.get("author", []), *item.get("editor", [])]:
            assert person
            assert all(isinstance(text, str) and text for text in person.values())
            assert set(person) <= {"family", "given", "suffix", "literal", "non-dropping-particle", "dropping-particle"}
        for parts in item.get("issued", {}).get("date-parts", []):
            assert 1 <= len(parts) <= 3
            assert all(type(part) is int for part in parts)
        assert isinstance(item.get("custom", {}), dict)


def test_csl_of_a_plain_reference_needs_nothing_of_our_own():
    (item,) = json.loads(write_references([INVENTED[1]], "csl-json"))
    assert item == {
        "id": "delacruz",
        "type": "book",
        "title": "Second",
        "author": [{"family": "de la Cruz", "given": "Ana", "suffix": "Jr"}],
    }
    assert one_line(" a\n b ") == "a b"


# Why RIS, MEDLINE and LaTeX are read by code of our own: what the libraries leave out without a word.


def test_rispy_leaves_out_what_we_keep_or_refuse():
    def titles(text: str) -> list[str]:
        return [record.get("title", "") for record in rispy.loads(text)]

    record = "TY  - JOUR\nTI  - a\nER  - \n"
    assert titles(record + "TY  - JOUR\nTI  - cut\n") == ["a"]
    assert titles("\ufeff" + record) == []
    assert titles("left over\n" + record) == ["a"]
    assert titles("TY  - JOUR\nTI  - a\nTI  - b\nER  - \n") == ["a"]
    assert rispy.loads("TY  - JOUR\nUR  - x;y\nER  - \n")[0]["urls"] == ["x", "y"]


def test_medline_mixes_up_what_we_keep_apart():
    text = "PMID- 1\nLID - x [doi]\nLID - y [pii]\nOT  - a long\n      keyword\nPMID- 2\nAU  - A\nAD  - b\nAU  - C\n"
    (record,) = Medline.parse(io.StringIO(text))
    assert (record["PMID"], record["LID"]) == ("1 2", "x [doi] y [pii]")
    assert record["OT"] == ["a long", "keyword"]
    assert (record["AU"], record["AD"]) == (["A", "C"], ["b"])


def test_pylatexenc_drops_what_we_keep():
    decode = LatexNodes2Text().latex_to_text
    assert decode("50% of all") == "50"
    assert decode(r"C:\temp x") == "C:x"
    assert to_unicode(r"50% of all in C:\temp x") == r"50% of all in C:\temp x"
