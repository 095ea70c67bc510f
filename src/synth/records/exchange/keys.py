"""Keys of references: one each, the same each time."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from synth.records.reference import Reference, whole_family

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def keys_of(references: Sequence[Reference], allowed: re.Pattern[str]) -> list[str]:
    """One key a reference: the id that its source gave it where that is allowed and free, else surname and year.

    Two keys never differ in capitals alone. A key that is taken gets a letter: wilson2016, wilson2016b, wilson2016c.
    """
    wished = [reference.id if reference.id and allowed.fullmatch(reference.id) else None for reference in references]
    taken = {key.lower() for key in wished if key is not None}
    first: set[str] = set()
    keys = []
    for reference, wish in zip(references, wished, strict=True):
        key = wish or _surname_and_year(reference)
        if wish is None or key.lower() in first:
            key = next(candidate for candidate in _lettered(key) if candidate.lower() not in taken)
            taken.add(key.lower())
        first.add(key.lower())
        keys.append(key)
    return keys


def _surname_and_year(reference: Reference) -> str:
    people = (*reference.authors, *reference.editors)
    name = (whole_family(people[0]) or people[0].literal or "") if people else ""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss").replace("ø", "o").replace("ł", "l"))
    letters = re.sub(r"[^a-z]", "", plain.encode("ascii", "ignore").decode().lower())
    year = reference.date.year if reference.date else None
    return f"{letters[:24] or 'anonymous'}{year or ''}"


def _lettered(base: str) -> Iterator[str]:
    yield base
    number = 1
    while True:
        number += 1
        letters, rest = "", number
        while rest:
            rest, place = divmod(rest - 1, len(_LETTERS))
            letters = _LETTERS[place] + letters
        yield f"{base}{letters}"
