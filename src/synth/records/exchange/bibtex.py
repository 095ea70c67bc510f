"""BibTeX: read with nothing lost, and written. bibtexparser 2.1 parts the file into entries and the names of people.

What it leaves to its caller is done here: entries that it gives up are refused with their line instead of left out, as
is text between entries that looks like the rest of a broken one; strings joined by #, months, crossref; LaTeX.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares.names import InvalidNameError, parse_single_name_into_parts, split_multiple_persons_names
from bibtexparser.model import (
    Block,
    DuplicateBlockKeyBlock,
    DuplicateFieldKeyBlock,
    Entry,
    ImplicitComment,
    ParsingFailedBlock,
    String,
)

from synth.errors import FormatError
from synth.records.exchange.latex import to_latex, to_unicode
from synth.records.exchange.names import OTHERS, SUFFIXES, stands_for_others
from synth.records.exchange.types import FROM_BIBTEX, OTHER, TO_BIBTEX
from synth.records.reference import Date, More, Person, Reference, date_of, month_name, month_number, one_line

# Faults are raised; the parser need not print them too.
logging.getLogger("bibtexparser").addHandler(logging.NullHandler())

FORMAT = "bibtex"
START = re.compile(r"(?m)^[ \t]*@[A-Za-z]+[ \t]*[{(]")
# Braces, or an @ that begins a line as an entry does; addresses of mail, and comments without braces, are none.
_REST = re.compile(r"[{}]|(?m:^)[ \t]*@(?!comment\b)[A-Za-z]", re.IGNORECASE)
MONTHS = {month_name(number).lower(): month_name(number) for number in range(1, 13)}
_DAY_AND_MONTH = re.compile(r"(\d{1,2})[.\s]*([A-Za-z]+)\.?|([A-Za-z]+)\.?\s*(\d{1,2})")
_SUFFIXES = frozenset(suffix.lower() for suffix in (*SUFFIXES, "V", "VI"))
_REPEATED_AND = re.compile(r"\s(?:and\s+){2,}", re.IGNORECASE)
_AND_AT_ENDS = re.compile(r"^(?:and\s+)+|(?:\s+and)+$|^and$", re.IGNORECASE)
_ET_AL = re.compile(r",?(?<!\band) et\.? al[.,]*$", re.IGNORECASE)
# Names as other programs print them, in one list: Smith J., Doe K.
_LISTED_NAME = re.compile(r"([^\W\d_][^\W\d_'’ -]*(?:[ '’-][^\W\d_]+)*) ((?:[^\W\d_]\.?[ -]?){1,4})")
_ADDRESS = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)(?=10\.)", re.IGNORECASE)
_ESCAPE = re.compile(
    r"\{?\\(?P<name>textbackslash|textbraceleft|textbraceright|textasciitilde|textasciicircum)(?:\{\})?\}?"
    r"|\\(?P<sign>[%#&_$~^{}-])(?:\{\})?"
)
_NOT_INHERITED = frozenset(
    ("title", "crossref", "keywords", "doi", "url", "pmid", "pmcid", "isbn", "abstract", "pages")
)
#: Fields that hold several values, parted by commas or semicolons outside of braces.
LISTS = {
    "issn": "issns",
    "isbn": "isbns",
    "keywords": "keywords",
    "mesh": "headings",
    "language": "languages",
    "pubtype": "publication_types",
    "registration": "registrations",
}


def read_bibtex(text: str, file: str) -> tuple[Reference, ...]:
    """The references of a BibTeX file.

    Raises
    ------
    FormatError
        An entry that cannot be read, the rest of a broken one, a name or string that is none.
    """
    entries: list[tuple[Entry, dict[str, str]]] = []
    strings: dict[str, str] = dict(MONTHS)
    for block in parse_string(text, parse_stack=[]).blocks:
        whole = _whole(block, file)
        line = (block.start_line or 0) + 1
        if isinstance(whole, String):
            strings[whole.key.lower()] = _resolved(whole.value, strings, file, line)
        elif isinstance(whole, Entry):
            entries.append((whole, _fields(whole, strings, file, line)))
    by_key = {entry.key.lower(): fields for entry, fields in reversed(entries)}
    return tuple(_reference(entry, _inherited(fields, by_key), file) for entry, fields in entries)


def _whole(block: Block, file: str) -> Block:
    """The block, or the entry that is whole although its key stands twice.

    Raises
    ------
    FormatError
        A broken block.
    """
    line = (block.start_line or 0) + 1
    if isinstance(block, DuplicateBlockKeyBlock) and isinstance(block.ignore_error_block, Entry):
        return block.ignore_error_block
    if isinstance(block, DuplicateFieldKeyBlock):
        names = ", ".join(sorted(block.duplicate_keys))
        raise FormatError(file, line, f"{names}: this field stands twice in one entry; keep one")
    if isinstance(block, ParsingFailedBlock):
        reason = one_line(str(getattr(block.error, "abort_reason", block.error)))
        raise FormatError(file, line, f"the entry that begins here is broken: {reason}")
    if isinstance(block, ImplicitComment) and (found := _REST.search(block.comment)):
        line += block.comment.count("\n", 0, found.start())
        message = "text between entries that looks like a part of one; is a brace too much, or an @ or a { missing?"
        raise FormatError(file, line, message)
    return block


def _fields(entry: Entry, strings: dict[str, str], file: str, line: int) -> dict[str, str]:
    fields: dict[str, str] = {}
    for field in entry.fields:
        name = field.key.lower()
        if name in fields:
            raise FormatError(file, (field.start_line or line) + 1, f"{name}: this field stands twice in one entry")
        fields[name] = _resolved(field.value, strings, file, (field.start_line or 0) + 1)
    if not any(one_line(value) for value in fields.values()):
        raise FormatError(file, line, "an entry without any content; at least one field with a value is expected")
    return fields


def _resolved(value: str, strings: dict[str, str], file: str, line: int) -> str:
    """The text of a value: what stands in braces or quotes, strings by their name, all joined at #."""
    texts = []
    for part in map(str.strip, _split(value, "#")):
        inner = part[1:-1]
        if len(part) > 1 and part[0] + part[-1] in ("{}", '""'):
            if _depth(inner) != 0:
                raise FormatError(file, line, f"braces are not balanced in {one_line(part)[:60]!r}")
            texts.append(inner)
        elif re.fullmatch(r"[0-9]+", part):
            texts.append(part)
        elif part.lower() in strings:
            texts.append(strings[part.lower()])
        else:
            message = f"{one_line(part)[:60]!r} is no @string of this file; a value in braces or quotes is expected"
            raise FormatError(file, line, message)
    return "".join(texts)


def _depth(text: str) -> int:
    """Braces that stay open at the end; -1 where one is closed that was not opened."""
    depth = 0
    for sign in re.findall(r"(?<!\\)[{}]", text):
        depth += 1 if sign == "{" else -1
        if depth < 0:
            return depth
    return depth


def _split(text: str, signs: str) -> list[str]:
    """Parts of a text at signs that stand outside of braces and quotes."""
    parts, start, depth, quoted = [], 0, 0, False
    for found in re.finditer(rf'(?<!\\)[{{}}"{signs}]', text):
        sign = found[0]
        if sign in "{}":
            depth += 1 if sign == "{" else -1
        elif sign == '"' and signs == "#":
            quoted = not quoted if depth == 0 else quoted
        elif sign != '"' and depth == 0 and not quoted:
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def _inherited(fields: dict[str, str], by_key: dict[str, dict[str, str]]) -> dict[str, str]:
    """The fields with those of the entry that crossref names; without crossref where that entry is there."""
    parent = by_key.get(one_line(fields.get("crossref", "")).lower())
    if parent is None or parent is fields:
        return fields
    given = {name: value for name, value in parent.items() if name not in _NOT_INHERITED}
    if "title" in parent:
        given.setdefault("booktitle", parent["title"])
    return given | {name: value for name, value in fields.items() if name != "crossref"}


def _reference(entry: Entry, fields: dict[str, str], file: str) -> Reference:
    line = (entry.start_line or 0) + 1
    name = entry.entry_type.lower()
    kind = FROM_BIBTEX.get(name, OTHER)
    left = dict(fields)
    lists: dict[str, Any] = {field: _listed(left.pop(tag, "")) for tag, field in LISTS.items()}
    more = [More(FORMAT, "ENTRYTYPE", name)] if TO_BIBTEX[kind] != name else []
    return Reference(
        type=kind,
        id=entry.key or None,
        title=_text(left, "title"),
        original_title=_text(left, "origtitle"),
        authors=_people(left.pop("author", ""), file, line),
        editors=_people(left.pop("editor", ""), file, line),
        container_title=_text(left, *_containers(kind)),
        container_abbreviation=_text(left, "shortjournal"),
        date=_date(left),
        volume=_text(left, "volume"),
        issue=_text(left, "number", "issue"),
        pages=_pages(left),
        article_number=_text(left, "eid"),
        publisher=_text(left, "publisher", "institution", "school"),
        place=_text(left, "address", "location"),
        edition=_text(left, "edition"),
        doi=_ADDRESS.sub("", _verbatim(left.pop("doi", "")), count=1) or None,
        pmid=_text(left, "pmid"),
        pmcid=_text(left, "pmcid"),
        pii=_text(left, "pii"),
        accession=_text(left, "accession"),
        abstract=_text(left, "abstract"),
        urls=tuple(filter(None, map(_verbatim, _numbered(left, "url")))),
        notes=tuple(filter(None, map(_words, _numbered(left, "note")))),
        **lists,
        more=(*more, *(More(FORMAT, tag, one_line(value)) for tag, value in left.items() if one_line(value))),
    )


def _containers(kind: str) -> tuple[str, ...]:
    """Names of the field of the journal or book; the first is the one that is written."""
    names = ("journal", "journaltitle", "booktitle")
    return names[::-1] if kind in ("chapter", "paper-conference") else names


def _words(value: str) -> str:
    return one_line(to_unicode(value))


def _text(fields: dict[str, str], *names: str) -> str | None:
    """Take the first of these fields that is there."""
    name = next((name for name in names if one_line(fields.get(name, ""))), None)
    return (_words(fields.pop(name)) or None) if name else None


def _verbatim(value: str) -> str:
    """An address, in which only escapes are commands."""
    inner = one_line(value)
    while inner.startswith("{") and inner.endswith("}") and _depth(inner[1:-1]) == 0:
        inner = inner[1:-1]
    return _ESCAPE.sub(lambda found: found["sign"] or to_unicode(f"\\{found['name']}"), inner)


def _listed(value: str) -> tuple[str, ...]:
    return tuple(filter(None, map(_words, _split(value, ",;"))))


def _numbered(fields: dict[str, str], name: str) -> list[str]:
    """Take a field and those that continue it: note, note2, note3."""
    found = [fields.pop(name)] if name in fields else []
    while (following := f"{name}{len(found) + 1}") in fields and found:
        found.append(fields.pop(following))
    return found


def _pages(fields: dict[str, str]) -> str | None:
    value = fields.pop("pages", "")
    return _words(re.sub(r"(?<!-)---?(?!-)", "-", value)) or None


def _date(fields: dict[str, str]) -> Date | None:
    printed = _text(fields, "printeddate")
    parts = [text for name in ("year", "month", "day") if (text := _text(fields, name))]
    year = parts[0] if parts and re.fullmatch(r"[0-9]{4}", parts[0]) else None
    if printed:
        return Date(year=int(year) if year else None, literal=printed)
    if not parts:
        return date_of(_text(fields, "date") or "")
    if len(parts) == 2 and (both := _DAY_AND_MONTH.fullmatch(parts[1])):
        parts[1:] = [both[2], both[1]] if both[1] else [both[3], both[4]]
    if len(parts) > 1 and (number := month_number(parts[1])):
        parts[1] = month_name(number)
    return date_of(" ".join(parts))


def _people(value: str, file: str, line: int) -> tuple[Person, ...]:
    text = _AND_AT_ENDS.sub("", _REPEATED_AND.sub(" and ", one_line(value)))
    text = _ET_AL.sub(" and others", text)
    try:
        return tuple(person for name in split_multiple_persons_names(text) for person in _persons(name))
    except InvalidNameError as error:
        raise FormatError(file, line, one_line(str(error))) from error


def _persons(name: str) -> list[Person]:
    """The person of a name; several where it is a list of family names with initials and commas between."""
    if stands_for_others(name):
        return [OTHERS]
    if name.startswith("{") and name.endswith("}") and _depth(name[1:-1]) == 0:
        return [Person(literal=_words(name))]
    if listed := _listed_names(name):
        return listed
    named = [part.strip() for part in _split(name, ",")]
    if len(named) == 3 and not _is_suffix(named[1]):
        if not _is_suffix(named[2]) or named[2].startswith("{"):
            return [Person(literal=_words(name))]
        name = ", ".join((named[0], named[2], named[1]))
    parts = parse_single_name_into_parts(name, strict=True)
    family, given, suffix = (_joined(words) for words in ([*parts.von, *parts.last], parts.first, parts.jr))
    return [Person(family=family, given=given, suffix=suffix) if family else Person(literal=_words(name))]


def _listed_names(name: str) -> list[Person]:
    """People of "Smith J., Doe K."; none where a part between commas is anything but a family name with initials."""
    found = [_LISTED_NAME.fullmatch(part.strip()) for part in _split(to_unicode(name), ",")]
    if len(found) < 2 or "{" in name:
        return []
    listed = [(parts[1], parts[2].strip()) for parts in found if parts and parts[2].isupper()]
    return [Person(family=family, given=given) for family, given in listed] if len(listed) == len(found) else []


def _is_suffix(text: str) -> bool:
    """Whether the part between two commas is one: Jr, III; in braces its writer says so."""
    return text.startswith("{") or text.rstrip(".").lower() in _SUFFIXES


def _joined(words: Iterable[str]) -> str | None:
    return _words(" ".join(words)) or None


def latex_name(person: Person, family: str) -> str:
    """The name as BibTeX takes it apart again: Family, Suffix, Given; a group in braces."""
    if person.literal == OTHERS.literal:
        return "others"
    alone = person.given if not family else None
    if person.literal is not None or not family:
        return f"{{{to_latex(one_line(person.literal or alone or ''))}}}"
    parts = [family, *([person.suffix] if person.suffix else []), person.given or ""]
    if len(parts) == 2 and not parts[1] and re.fullmatch(r"[^\W\d_]+", family) and family.lower() not in _WORDS:
        return family
    written = [_part(part) for part in parts]
    if len(parts) == 3 and not _is_suffix(written[1]):
        written[1] = f"{{{written[1]}}}"
    return ", ".join(written) if not _listed_names(", ".join(written)) else ", ".join(f"{{{part}}}" for part in written)


_WORDS = ("and", "others")


def _part(text: str) -> str:
    # Without braces bibtexparser loses the backslash of a sign that a name begins with.
    latex = re.sub(r"\\([$&%#_])", r"{\\\1}", to_latex(one_line(text)))
    return f"{{{latex}}}" if not latex or re.search(r",|\band\b", latex, re.IGNORECASE) else latex
