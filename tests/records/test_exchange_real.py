"""Every record of the shared PubMed XML as a reference, written in each format and read back."""

from __future__ import annotations

import gzip
import io
from functools import cache
from pathlib import Path

import msgspec
import pytest

from synth.errors import FormatError
from synth.records.exchange import FORMATS, HOLDS, read_references, write_references
from synth.records.exchange.names import without_commas
from synth.records.exchange.nbib import RELATED
from synth.records.pubmed import PubmedRecord, plain
from synth.records.pubmed_xml import parse_pubmed
from synth.records.reference import Person, Reference, one_line, reference_of, short_name

pytestmark = pytest.mark.slow


@cache
def records_of(folder: Path) -> tuple[PubmedRecord, ...]:
    """All records of the files that are PubMed XML."""
    found: list[PubmedRecord] = []
    for path in sorted(folder.glob("*.xml*")):
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        try:
            read = list(parse_pubmed(io.BytesIO(data), path.name))
        except FormatError:
            continue
        found += [record for record in read if isinstance(record, PubmedRecord)]
    return tuple(found)


@pytest.fixture(scope="module")
def records(shared: Path) -> tuple[PubmedRecord, ...]:
    found = records_of(shared / "pubmed-xml")
    assert len(found) > 2_000
    return found


def held(reference: Reference, name: str) -> Reference:
    """What is left of a reference in that format, by what `HOLDS` says of it."""
    holding = HOLDS[name]
    known = {field: getattr(reference, field) for field in holding.fields}
    if name == "ris":
        known["keywords"] = (*reference.keywords, *reference.headings)
    if name == "nbib":
        known["related"] = tuple(item for item in reference.related if item.type in RELATED.values())
    if name in ("ris", "nbib", "bibtex"):
        several = holding.several_lines
        known["abstract"] = reference.abstract if "abstract" in several else one_line(reference.abstract or "") or None
        known["authors"] = tuple(held_person(person, name) for person in reference.authors)
        known["editors"] = tuple(held_person(person, name, editor=True) for person in reference.editors)
    return Reference(**known)


def held_person(person: Person, name: str, *, editor: bool = False) -> Person:
    fields = {field: getattr(person, field) for field in HOLDS[name].persons}
    found = Person(**fields)
    if name == "nbib" and editor:
        found = msgspec.structs.replace(found, affiliations=(), identifiers=())
    if name in ("ris", "nbib") and found.family:
        found = msgspec.structs.replace(found, family=without_commas(found.family))
    if name == "ris":
        parts = {field: without_commas(getattr(found, field)) or None for field in ("given", "suffix")}
        found = msgspec.structs.replace(found, **parts)
        if " " in (found.family or "") and not found.given and not found.suffix:
            found = Person(literal=found.family)
    return msgspec.structs.replace(found, short=None) if found.short == short_name(found) else found


@pytest.mark.parametrize("name", FORMATS)
def test_every_real_record_comes_back_from_each_format(records: tuple[PubmedRecord, ...], name: str):
    references = [reference_of(record) for record in records]
    back = read_references(write_references(references, name).encode(), f"real.{name}")
    assert len(back) == len(references)
    different = [
        (reference.pmid, field, getattr(expected, field), getattr(found, field))
        for reference, found in zip(references, back, strict=True)
        for expected in [held(reference, name)]
        for field in Reference.__struct_fields__
        if field != "id" and getattr(expected, field) != getattr(found, field)
    ]
    assert different[:5] == []


def test_no_word_of_a_real_record_is_left_out(records: tuple[PubmedRecord, ...]):
    for record in records:
        reference = reference_of(record)
        assert reference.pmid == record.pmid
        assert len(reference.authors) == len(record.authors) or record.kind == "book"
        assert len(reference.headings) == len(record.mesh)
        assert bool(reference.title) == bool(record.title and plain(record.title.text).strip()) or record.book
        assert (reference.abstract is None) == (record.abstract is None or not record.abstract.parts)
        assert (reference.date is None) == (
            record.journal is None and (record.book is None or not record.book.pub_date)
        )


def test_keys_of_real_records_are_unique_and_plain(records: tuple[PubmedRecord, ...]):
    references = [reference_of(record) for record in records]
    back = read_references(write_references(references, "bibtex").encode(), "real.bib")
    keys = [reference.id or "" for reference in back]
    assert len({key.lower() for key in keys}) == len(keys)
    assert all(key.isascii() and key.isalnum() for key in keys)
