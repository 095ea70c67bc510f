"""CSL-JSON: read with nothing lost, and written with nothing left out.

What the variables of CSL cannot hold stands in `custom`, which CSL keeps for such use, under the name `synth`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, NoReturn

import msgspec

from synth.errors import FormatError
from synth.records.exchange.types import CSL_TYPES, OTHER
from synth.records.reference import SEASONS, Date, More, Person, Reference, date_of

FORMAT = "csl-json"
#: CSL takes any text as an id.
ID = re.compile(r"(?s).+")
OWN = "synth"
# Field of Reference, then the variables of CSL that hold it; the first is the one that is written.
_TEXTS = {
    "title": ("title",),
    "original_title": ("original-title",),
    "container_title": ("container-title",),
    "container_abbreviation": ("container-title-short", "journalAbbreviation"),
    "volume": ("volume",),
    "issue": ("issue",),
    "pages": ("page",),
    "article_number": ("number", "article-number"),
    "publisher": ("publisher",),
    "place": ("publisher-place",),
    "edition": ("edition",),
    "doi": ("DOI",),
    "pmid": ("PMID",),
    "pmcid": ("PMCID",),
    "abstract": ("abstract",),
    "accession": ("archive_location",),
}
#: Variables of CSL that no field takes; each of them says that an object is a reference.
_OTHERS = frozenset(
    (
        *("annote", "archive", "archive_collection", "archive-place", "authority", "call-number", "categories"),
        *("chair", "chapter-number", "citation-key", "citation-label", "citation-number", "collection-editor"),
        *("collection-number", "collection-title", "compiler", "composer", "container-author", "contributor"),
        *("curator", "dimensions", "director", "division", "editorial-director", "event", "event-date", "event-place"),
        *("event-title", "executive-producer", "first-reference-note-number", "guest", "host", "illustrator"),
        *("interviewer", "jurisdiction", "locator", "medium", "narrator", "number-of-pages", "number-of-volumes"),
        *("organizer", "original-author", "original-date", "original-publisher", "original-publisher-place"),
        *("page-first", "part-number", "part-title", "performer", "printing-number", "producer", "recipient"),
        *("references", "reviewed-author", "reviewed-genre", "reviewed-title", "scale", "script-writer", "section"),
        *("series-creator", "shortTitle", "source", "status", "submitted", "supplement-number", "title-short"),
        *("translator", "version", "volume-title", "volume-title-short", "year-suffix", "accessed", "available-date"),
        *("author", "editor", "issued", "custom"),
    )
)
# The sign that parts the values, and those that may part them in files of others.
_LISTS = {
    "issns": ("ISSN", ", ", "[,;]"),
    "isbns": ("ISBN", ", ", "[,;]"),
    "urls": ("URL", " ", r"\s"),
    "keywords": ("keyword", "; ", ","),
    "languages": ("language", ", ", "[,;]"),
    "publication_types": ("genre", "; ", ";"),
    "notes": ("note", "\n\n", "\n\n"),
}
_NAME_PARTS = {
    "family": "family",
    "given": "given",
    "suffix": "suffix",
    "literal": "literal",
    "particle": "non-dropping-particle",
    "dropping_particle": "dropping-particle",
}
_VARIABLES = frozenset(
    (*_OTHERS, *(name for names in _TEXTS.values() for name in names), *(name for name, _, _ in _LISTS.values()))
)
_NUMBERED_SEASONS = dict(enumerate(("Spring", "Summer", "Autumn", "Winter"), 1))


def read_csl(text: str, file: str) -> tuple[Reference, ...]:
    """The references of a CSL-JSON file: a list of items, one item, or an object with `items`.

    Raises
    ------
    FormatError
        What is no JSON, with its line; an item that is none, with its number.
    """
    found = _json(text, file)
    if isinstance(found, dict):
        _refuse_replies(found, file)
        found = found["items"] if isinstance(found.get("items"), list) else [found]
    return tuple(_item(item, f"{file}: item {number}") for number, item in enumerate(found, 1))


def _refuse_replies(found: dict[str, Any], file: str) -> None:
    """Refuse what programs give in place of references."""
    if isinstance(found.get("message"), dict):
        raise FormatError(file, 0, "a reply of Crossref, no CSL-JSON; its message (or message.items) holds the items")
    error = found.get("error") or found.get("errors")
    if error and not _VARIABLES & found.keys():
        raise FormatError(file, 0, f"an error in place of references: {_dumped(error)[:200]}")


def _json(text: str, file: str) -> Any:
    def no_number(name: str) -> NoReturn:
        raise FormatError(file, 0, f"{name} is no JSON; a number is expected")

    def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise FormatError(file, 0, f"the key {twice!r} stands twice in one object; keep one")
        return found

    try:
        return json.loads(text, parse_constant=no_number, object_pairs_hook=each_once)
    except json.JSONDecodeError as error:
        raise FormatError(file, error.lineno, f"not JSON: {error.msg} (column {error.colno})") from error
    except (RecursionError, ValueError) as error:
        raise FormatError(file, 0, f"JSON that no list of references is: {error}") from error


def _item(item: Any, place: str) -> Reference:
    if not isinstance(item, dict):
        raise FormatError(place, 0, f"an object with the variables of CSL is expected, not {str(item)[:40]!r}")
    custom = item.get("custom")
    own = custom.pop(OWN, None) if isinstance(custom, dict) else None
    content = {name: value for name, value in item.items() if name not in ("id", "type") and value not in ("", [], {})}
    if not content and not own:
        raise FormatError(place, 0, "an item without any content; at least one variable beside id and type is expected")
    if not own and not _VARIABLES & content.keys():
        message = (
            f"no variable of CSL among {', '.join(map(repr, content))[:80]}; title, author or DOI, say, is expected"
        )
        raise FormatError(place, 0, message)
    try:
        _dumped(item).encode()
    except UnicodeEncodeError as error:
        raise FormatError(place, 0, "half of a character (a lone surrogate) in a text; take it out") from error
    reference = _from_variables(item, place)
    if own is None:
        return reference
    try:
        return msgspec.convert({**msgspec.to_builtins(reference), **own}, Reference, strict=True)
    except (msgspec.ValidationError, TypeError) as error:
        raise FormatError(place, 0, f"custom.{OWN} is not what this program writes there: {error}") from error


def _from_variables(item: dict[str, Any], place: str) -> Reference:
    left = dict(item)
    kind = left.pop("type", OTHER)
    identity = left.pop("id", None)
    fields: dict[str, Any] = {field: _text(left, *names) for field, names in _TEXTS.items()}
    fields |= {field: _list(left, name, parted) for field, (name, _, parted) in _LISTS.items()}
    fields |= {field: _people(left, name, place) for field, name in (("authors", "author"), ("editors", "editor"))}
    date = _date(left)
    known = isinstance(kind, str) and kind in CSL_TYPES
    if not known:
        left["type"] = kind
    if not left.get("custom", True):
        del left["custom"]
    return Reference(
        type=kind if known else OTHER,
        id=str(identity) if identity not in (None, "") else None,
        date=date,
        **fields,
        more=tuple(More(FORMAT, name, _dumped(value)) for name, value in left.items()),
    )


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(value: Any) -> str | None:
    """Text, or a number as text; None for what a variable of text is not."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(left: dict[str, Any], *names: str) -> str | None:
    """Take the first of these variables that holds text."""
    for name in names:
        text = _plain(left.get(name))
        if text is not None:
            del left[name]
            return text or None
    return None


def _list(left: dict[str, Any], name: str, parted: str) -> tuple[str, ...]:
    value = left.get(name)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        del left[name]
        return tuple(filter(None, value))
    text = _text(left, name)
    parted = ";" if text and ";" in text else parted
    return tuple(part for found in re.split(parted, text or "") if (part := found.strip(" \t\n")))


def _people(left: dict[str, Any], name: str, place: str) -> tuple[Person, ...]:
    """Take the names; where one holds more than its parts, all of them are left as well."""
    found = left.get(name, [])
    if not isinstance(found, list) or not all(isinstance(person, dict) for person in found):
        raise FormatError(place, 0, f"{name}: a list of objects with family and given, or literal, is expected")
    whole = all(
        part in _NAME_PARTS.values() and isinstance(text, str) for person in found for part, text in person.items()
    )
    if whole:
        left.pop(name, None)
    parts: list[dict[str, Any]] = [
        {field: _named(person, part) for field, part in _NAME_PARTS.items()} for person in found
    ]
    return tuple(person for values in parts if (person := Person(**values)) != Person())


def _named(person: dict[str, Any], part: str) -> str | None:
    text = person.get(part)
    return text or None if isinstance(text, str) else None


def _date(left: dict[str, Any]) -> Date | None:
    """Take the date of publication; where it says more than one day, it is left as well."""
    issued = left.pop("issued", None)
    if not isinstance(issued, dict):
        left |= {} if issued in (None, "") else {"issued": issued}
        return None
    parts = issued.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts and isinstance(parts[0], list) else []
    numbers = [int(part) if re.fullmatch(r"[0-9]{1,4}", str(part)) else 0 for part in first]
    year, month, day = [*numbers, 0, 0, 0][:3]
    literal = next((text for name in ("literal", "raw") if isinstance(text := issued.get(name), str) and text), None)
    season = issued.get("season")
    season = _NUMBERED_SEASONS.get(int(season)) if str(season) in "1234" and season else season
    known = Date(
        year=year or None,
        month=month if year and 1 <= month <= 12 else None,
        day=day if year and 1 <= month <= 12 and 1 <= day <= 31 else None,
        season=season if season in SEASONS and not month else None,
        literal=literal,
    )
    date = date_of(literal) if literal and known == Date(literal=literal) else known
    if _issued(known) != issued:
        left["issued"] = issued
    return date if date != Date() else None


def _issued(date: Date) -> dict[str, Any]:
    parts = [part for part in (date.year, date.month, date.day) if part]
    season = next((number for number, name in _NUMBERED_SEASONS.items() if name == date.season), None)
    found: dict[str, Any] = {"date-parts": [parts]} if parts else {}
    found |= {"season": season} if season else {}
    return found | ({"literal": date.literal} if date.literal else {})


def write_csl(references: Sequence[Reference], ids: Sequence[str]) -> str:
    """A CSL-JSON file."""
    items = [_written(reference, name) for reference, name in zip(references, ids, strict=True)]
    return json.dumps(items, ensure_ascii=False, indent=2) + "\n"


def _written(reference: Reference, identity: str) -> dict[str, Any]:
    item: dict[str, Any] = {"id": identity, "type": reference.type if reference.type in CSL_TYPES else OTHER}
    item |= {names[0]: text for field, names in _TEXTS.items() if (text := getattr(reference, field))}
    item |= {
        name: sign.join(found) for field, (name, sign, _) in _LISTS.items() if (found := getattr(reference, field))
    }
    for name, people in (("author", reference.authors), ("editor", reference.editors)):
        item |= {name: [_name(person) for person in people]} if people else {}
    if reference.date:
        item["issued"] = _issued(reference.date)
    item |= {extra.tag: json.loads(extra.value) for extra in reference.more if extra.format == FORMAT}
    held = msgspec.to_builtins(_from_variables(json.loads(json.dumps(item)), ""))
    whole = msgspec.to_builtins(reference)
    own = {field: value for field, value in whole.items() if field != "id" and held.get(field) != value}
    # What CSL's variables say and the reference does not: reading must not bring it in.
    own |= {field: None if field in _NONE else () for field in held.keys() - whole.keys() - {"id", "type"}}
    if own:
        custom = item.get("custom")
        item["custom"] = {**(custom if isinstance(custom, dict) else {}), OWN: own}
    return item


_NONE = frozenset((*_TEXTS, "date"))


def _name(person: Person) -> dict[str, str]:
    return {part: text for field, part in _NAME_PARTS.items() if (text := getattr(person, field))}
