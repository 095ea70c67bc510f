"""Every field of the real files: equal in the XML, in Bio.Entrez.read and in our records; the comparison can fail."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pubmed_compare
import pytest
from pubmed_compare import ALLOWED, Report, compare_file, compare_with, originals, unpacked
from pubmed_invented import ARTICLE, BOOK, DELETED, article, whole

from synth.errors import FormatError
from synth.records.pubmed import Deletion, Marked, PubmedRecord
from synth.records.pubmed_xml import parse_pubmed

#: Files that hold records: how many, how many deletions, and what may differ there.
FILES: dict[str, tuple[int, int, set[str]]] = {
    "articles_and_books_retractionof.xml": (4, 0, {"default", "elsewhere"}),
    "baseline26n1334_30.xml.gz": (30, 0, {"address"}),
    "biopython_pubmed1.xml": (2, 0, set()),
    "biopython_pubmed2.xml": (2, 0, set()),
    "biopython_pubmed4.xml": (1, 0, set()),
    "biopython_pubmed5.xml": (1, 0, set()),
    "biopython_pubmed6.xml": (1, 0, set()),
    "biopython_pubmed7.xml": (1, 0, set()),
    "efetch_example_article_book_2013.xml": (2, 0, {"address", "default"}),
    "markup_collective.xml": (1, 0, set()),
    "metapub_35649368_erratumin.xml": (1, 0, set()),
    "metapub_36987902_vernacular.xml": (1, 0, set()),
    "metapub_38534005_collective_structured.xml": (1, 0, set()),
    "metapub_38833988_erratumfor.xml": (1, 0, set()),
    "mixed_5.xml": (5, 0, set()),
    "no_rows_minimal.xml": (2, 0, {"address"}),
    "no_title_vernacular.xml": (1, 0, set()),
    "pubmed20n0014_selection_a.xml.gz": (600, 0, {"address"}),
    "pubmed21n1298_selection_a.xml.gz": (1068, 0, set()),
    "pubmed_result_208_and_6_books.xml": (214, 0, {"default"}),
    "retracted_2011dtd.xml": (1, 0, {"address", "default"}),
    "sr_project_106.xml": (106, 0, {"address", "default"}),
    "update22n1115_eoc_deletecitation.xml": (3, 34, set()),
}
#: Files that hold none: what is said of them.
NO_RECORDS = {
    "biopython_einfo1.xml": "a reply of the E-utilities (eInfoResult), not records",
    "biopython_elink1.xml": "a reply of the E-utilities (eLinkResult), not records",
    "biopython_elink2.xml": "a reply of the E-utilities (eLinkResult), not records",
    "biopython_elink7.xml": "a reply of the E-utilities (eLinkResult), not records",
    "biopython_epost1.xml": "a reply of the E-utilities (ePostResult), not records",
    "biopython_epost2.xml": "(ePostResult) that says 'Invalid db name specified: nothing', not records",
    "biopython_epost3.xml": "(ePostResult) that says 'Empty ID list; Nothing to store', not records",
    "biopython_esearch1.xml": "a reply of the E-utilities (eSearchResult), not records",
    "biopython_esearch2.xml": "a reply of the E-utilities (eSearchResult), not records",
    "biopython_esearch3.xml": "a reply of the E-utilities (eSearchResult), not records",
    "biopython_espell.xml": "a reply of the E-utilities (eSpellResult), not records",
    "biopython_esummary1.xml": "a reply of the E-utilities (eSummaryResult), not records",
    "biopython_journals.xml": "<SerialsSet>, not records",
    "biopython_pubmed3.html": "an HTML page",
    "bytes_repr_broken_20.xml": "a text in quotation marks, as Python prints bytes",
    "eutils_einfo.error.xml": "(eInfoResult) that says 'Can not retrieve DbInfo for db=fleegle', not records",
    "eutils_einfo.pubmed.xml": "a reply of the E-utilities (eInfoResult), not records",
    "eutils_einfo.xml": "a reply of the E-utilities (eInfoResult), not records",
    "eutils_esearch.baderror.xml": "(eSearchResult) that says 'Invalid db name specified: fleegle', not records",
    "eutils_esearch.error.xml": "a reply of the E-utilities (eSearchResult), not records",
    "eutils_esearch.pubmed.xml": "a reply of the E-utilities (eSearchResult), not records",
    "eutils_esummary.error.xml": "(eSummaryResult) that says 'Invalid db name specified: fleegle', not records",
    "eutils_esummary.pubmed.xml": "a reply of the E-utilities (eSummaryResult), not records",
}


def read(path: Path) -> list[PubmedRecord | Deletion]:
    return list(parse_pubmed(io.BytesIO(unpacked(path)), path.name))


def test_every_shared_file_is_in_one_list(shared: Path) -> None:
    there = {path.name for path in (shared / "pubmed-xml").iterdir()} - {"README.md"}
    assert there == FILES.keys() | NO_RECORDS.keys()


LONG = {"pubmed21n1298_selection_a.xml.gz", "pubmed20n0014_selection_a.xml.gz"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] if n in LONG else []) for n in FILES])
def test_equal_to_the_xml_and_to_bio_entrez(shared: Path, name: str) -> None:
    path = shared / "pubmed-xml" / name
    records, deletions, allowed = FILES[name]
    ours = read(path)
    assert sum(isinstance(item, PubmedRecord) for item in ours) == records
    assert sum(isinstance(item, Deletion) for item in ours) == deletions
    report = compare_file(unpacked(path), name, ours)
    assert report.differences == []
    assert set(report.allowed) == allowed
    assert report.leaves > 4 * records


@pytest.mark.parametrize("name", NO_RECORDS)
def test_what_is_no_file_of_records_is_named(shared: Path, name: str) -> None:
    with pytest.raises(FormatError) as caught:
        read(shared / "pubmed-xml" / name)
    assert str(caught.value).startswith(f"{name}:")
    assert NO_RECORDS[name] in str(caught.value)


def test_the_only_unknown_element_is_the_affiliation_of_an_old_example(shared: Path) -> None:
    others = {
        (name, item.path)
        for name in FILES
        for record in read(shared / "pubmed-xml" / name)
        if isinstance(record, PubmedRecord)
        for item in record.other
    }
    assert others == {("efetch_example_article_book_2013.xml", "MedlineCitation/Article/Affiliation")}


Change = Callable[[object], PubmedRecord]
#: Fields that follow from others, which are compared themselves.
DERIVED = {"kind", "status", "doi", "pmcid"}


def mutants(record: PubmedRecord) -> Iterator[tuple[str, PubmedRecord]]:
    """A record with one text changed, one optional value gone, or one item of a list gone; each with its name."""

    def visit(value: object, path: str, put: Change) -> Iterator[tuple[str, PubmedRecord]]:
        if isinstance(value, str):
            yield path, put(f"{value}x")
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                before, after = value[:index], value[index + 1 :]
                yield f"{path}[{index}] gone", put((*before, *after))
                yield from visit(item, f"{path}[{index}]", partial(_in_tuple, put, before, after))
            if len(value) > 1:
                yield f"{path} turned round", put(value[::-1])
        elif isinstance(value, msgspec.Struct):
            yield from parts(value, path, put)

    def parts(value: msgspec.Struct, path: str, put: Change) -> Iterator[tuple[str, PubmedRecord]]:
        for field in msgspec.structs.fields(value):
            inner = getattr(value, field.name)
            if isinstance(value, PubmedRecord) and field.name in DERIVED:
                continue
            if isinstance(value, Marked) and field.name == "text":
                continue  # the markup holds the words too
            change = partial(_in_struct, put, value, field.name)
            if not field.required and inner is not None and inner != ():
                yield f"{path}.{field.name} gone", change(field.default)
            yield from visit(inner, f"{path}.{field.name}", change)

    return visit(record, "record", lambda new: new)  # type: ignore[arg-type,return-value]


def _in_tuple(put: Change, before: tuple[object, ...], after: tuple[object, ...], new: object) -> PubmedRecord:
    return put((*before, new, *after))


def _in_struct(put: Change, value: msgspec.Struct, name: str, new: object) -> PubmedRecord:
    return put(msgspec.structs.replace(value, **{name: new}))


@pytest.mark.slow
@pytest.mark.parametrize(("source", "least"), [(ARTICLE, 450), (BOOK, 280)], ids=["article", "book"])
def test_the_comparison_sees_every_change(source: str, least: int) -> None:
    data = whole(source)
    (record,) = parse_pubmed(io.BytesIO(data), "invented")
    assert isinstance(record, PubmedRecord)
    assert record.other == ()
    theirs = originals(data, Report())
    report = Report()
    compare_with(theirs, [record], report)
    assert report.differences == []
    count = 0
    for name, mutant in mutants(record):
        report = Report()
        compare_with(theirs, [mutant], report)
        seen = {line.split(":")[0] for line in report.differences}
        assert "XML" in seen, name
        assert "Bio" in seen or report.allowed["default"], name
        count += 1
    assert count >= least


def test_the_invented_records_have_every_field() -> None:
    records = [next(parse_pubmed(io.BytesIO(whole(source)), "invented")) for source in (ARTICLE, BOOK)]
    empty = {
        name
        for name in PubmedRecord.__struct_fields__
        if all(getattr(record, name) in (None, ()) for record in records)
    }
    assert empty == {"date_created", "other"}  # which today's DTD does not have


def test_records_too_few_or_too_many_are_seen() -> None:
    data = whole(ARTICLE, BOOK, DELETED)
    ours = list(parse_pubmed(io.BytesIO(data), "invented"))
    assert compare_file(data, "invented", ours).differences == []
    for fewer in (ours[1:], ours[:1] + ours[2:], ours[:-1], [*ours, ours[0]], [*ours, ours[-1]]):
        differences = compare_file(data, "invented", fewer).differences
        assert {line.split(":")[0] for line in differences} == {"XML", "Bio"}


def test_the_command_line_fails_on_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "invented.xml"
    path.write_bytes(whole(ARTICLE, BOOK))
    monkeypatch.setattr("sys.argv", ["pubmed_compare.py", str(path)])
    assert pubmed_compare.main() == 0
    assert "invented.xml: 2 records" in capsys.readouterr().out
    record = next(parse_pubmed(io.BytesIO(path.read_bytes()), "invented"))
    monkeypatch.setattr(pubmed_compare, "parse_pubmed", lambda *_: iter([record]))
    assert pubmed_compare.main() == 1
    assert "XML: 1 PubmedBookArticle, ours 0" in capsys.readouterr().out


def test_every_allowed_difference_has_a_reason() -> None:
    assert all(len(reason) > 40 for reason in ALLOWED.values())
    with pytest.raises(AssertionError):
        Report().allow("no such reason")


OLD = {
    "newer DTD": whole(ARTICLE).replace(b"pubmed_250101", b"pubmed_990101"),
    "no DTD": whole(ARTICLE, head=""),
    "not in the DTD": whole(article("<Article><NewElement>1</NewElement></Article><Invented/>")),
}


@pytest.mark.parametrize("reason", OLD)
def test_bio_entrez_is_helped_where_it_refuses(reason: str) -> None:
    report = compare_file(OLD[reason], "invented")
    assert report.differences == []
    assert report.allowed[reason]


OLDER_DTD = (
    '<?xml version="1.0"?>\n<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2009//EN" '
    '"http://www.ncbi.nlm.nih.gov/entrez/query/DTD/pubmed_090101.dtd">\n'
)


def test_old_spellings_are_equal_but_for_their_names() -> None:
    inside = (
        "<Article><AuthorList><Author><LastName>Old</LastName><Affiliation>There</Affiliation></Author></AuthorList>"
        "</Article><CommentsCorrections><RetractionIn><RefSource>J</RefSource><PMID>2</PMID></RetractionIn>"
        "</CommentsCorrections>"
    )
    data = whole(article(inside), head=OLDER_DTD)
    report = compare_file(data, "invented")
    assert report.differences == []
    assert {"affiliation", "relation"} <= set(report.allowed)
    (record,) = parse_pubmed(io.BytesIO(data), "invented")
    assert isinstance(record, PubmedRecord)
    assert record.status == "retracted"
