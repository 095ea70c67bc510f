"""BibTeX as it is written: Unicode as it stands, signs with a meaning in LaTeX as commands, capitals of titles kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from synth.records.exchange.bibtex import FORMAT, LISTS, latex_name
from synth.records.exchange.latex import protected, to_latex
from synth.records.exchange.types import OTHER, TO_BIBTEX
from synth.records.reference import Date, Person, Reference, month_name, one_line, whole_family

#: Keys that every BibTeX takes.
KEY = re.compile(r"[A-Za-z0-9_:./+-]+")
_ADDRESS = {"\\": r"{\textbackslash}", "{": r"{\textbraceleft}", "}": r"{\textbraceright}"}
_ADDRESS_ESCAPES = str.maketrans(_ADDRESS)


def write_bibtex(reference: Reference, key: str) -> str:
    """One entry of BibTeX, and an empty line."""
    own = [(item.tag, item.value) for item in reference.more if item.format == FORMAT]
    kind = next((value for tag, value in own if tag == "ENTRYTYPE"), TO_BIBTEX.get(reference.type, TO_BIBTEX[OTHER]))
    fields = [*_fields(reference), *((tag, f"{{{value}}}") for tag, value in own if tag != "ENTRYTYPE")]
    return "\n".join([f"@{kind}{{{key},", *(f"  {name} = {value}," for name, value in fields), "}", "", ""])


def _fields(reference: Reference) -> Iterator[tuple[str, str]]:
    book = reference.type in ("chapter", "paper-conference")
    texts = {
        "origtitle": reference.original_title,
        "shortjournal": reference.container_abbreviation,
        "volume": reference.volume,
        "number": reference.issue,
        "eid": reference.article_number,
        "publisher": reference.publisher,
        "address": reference.place,
        "edition": reference.edition,
        "pmid": reference.pmid,
        "pmcid": reference.pmcid,
        "pii": reference.pii,
        "accession": reference.accession,
        "abstract": reference.abstract,
        **_numbered("note", reference.notes),
    }
    addresses = {"doi": reference.doi, **_numbered("url", reference.urls)}
    yield from _braced("title", protected(one_line(reference.title or "")))
    for name, people in (("author", reference.authors), ("editor", reference.editors)):
        yield from _braced(name, " and ".join(_names(people)))
    container = one_line(reference.container_title or "")
    yield from _braced("booktitle" if book else "journal", protected(container) if book else to_latex(container))
    yield from _date(reference.date)
    yield from _braced("pages", _pages(reference.pages or ""))
    for name, text in texts.items():
        yield from _braced(name, to_latex(one_line(text or "")))
    for name, text in addresses.items():
        yield from _braced(name, one_line(text or "").translate(_ADDRESS_ESCAPES))
    for name, field in LISTS.items():
        yield from _braced(name, ", ".join(_listed(getattr(reference, field))))


def _braced(name: str, latex: str) -> Iterator[tuple[str, str]]:
    if latex:
        yield name, f"{{{latex}}}"


def _numbered(name: str, texts: Iterable[str]) -> dict[str, str]:
    return {f"{name}{number if number > 1 else ''}": text for number, text in enumerate(texts, 1)}


def _names(people: Iterable[Person]) -> Iterator[str]:
    for person in people:
        if one_line(f"{whole_family(person)}{person.given or ''}{person.literal or ''}"):
            yield latex_name(person, one_line(whole_family(person)))


def _pages(pages: str) -> str:
    """Pages with the two hyphens that LaTeX prints as a dash."""
    text = one_line(pages)
    return to_latex(text) if "--" in text else to_latex(text).replace("-", "--")


def _listed(texts: Iterable[str]) -> Iterator[str]:
    """Values of a list; one that holds a comma or semicolon stands in braces."""
    for text in texts:
        latex = to_latex(one_line(text))
        if latex:
            yield f"{{{latex}}}" if re.search("[,;]", latex) else latex


def _date(date: Date | None) -> Iterator[tuple[str, str]]:
    if date is None:
        return
    if date.year:
        yield "year", f"{{{date.year:04d}}}"
    if date.literal:
        yield "printeddate", f"{{{to_latex(one_line(date.literal))}}}"
    elif date.month:
        yield "month", month_name(date.month).lower()
        if date.day:
            yield "day", f"{{{date.day}}}"
    elif date.season:
        yield "month", f"{{{date.season}}}"
