"""Names of persons as "Family, Given, Suffix"."""

from __future__ import annotations

import re

from synth.records.reference import Person, one_line, whole_family

#: How a list of authors ends that goes on.
OTHERS = Person(literal="et al.")
_OTHERS = re.compile(r"(?:et\.? al|and others|others)[.,]*", re.IGNORECASE)
#: Suffixes that MEDLINE prints after the given name.
SUFFIXES = ("Jr", "Sr", "1st", "2nd", "3rd", "4th", "5th", "6th", "II", "III", "IV")


def stands_for_others(text: str) -> bool:
    """Whether a name is "et al." or the like."""
    return _OTHERS.fullmatch(text.strip()) is not None


def without_commas(text: str | None) -> str:
    """A part of a name in one line; a comma in it would part the name elsewhere and becomes a space."""
    return one_line((text or "").replace(",", " "))


def ris_name(person: Person) -> str:
    """The name as RIS has it.

    A group has no comma; one in its name is doubled, as EndNote expects it. A family name alone ends with a comma.
    """
    if person.literal is not None:
        return one_line(person.literal).replace(",", ",,", 1)
    family, given, suffix = map(without_commas, (whole_family(person), person.given, person.suffix))
    if not family:
        return given
    if suffix:
        return f"{family}, {given}, {suffix}"
    return f"{family}, {given}" if given else f"{family},"


def from_ris_name(text: str) -> Person:
    """The person behind a name of RIS; a name without comma stays whole, and so do several words with one at the end.

    EndNote writes groups so: "World Health Organization,".
    """
    if stands_for_others(text):
        return OTHERS
    place = text.find(",")
    if place < 0:
        return Person(literal=text)
    if text[place + 1 : place + 2] == ",":
        return Person(literal=text[: place + 1] + text[place + 2 :])
    family, given, suffix = [*(one_line(part) for part in text.split(",", 2)), "", ""][:3]
    if not family:
        return Person(literal=text)
    if " " in family and not given and not suffix:
        return Person(literal=family)
    return Person(family=family, given=given or None, suffix=suffix or None)


def medline_name(person: Person) -> str:
    """The name as MEDLINE has it: Family, Given Suffix."""
    family = without_commas(whole_family(person))
    given = one_line(" ".join(filter(None, (person.given, person.suffix))))
    return f"{family}, {given}" if given else family


def from_medline_name(text: str) -> Person:
    """The person behind a full name of MEDLINE."""
    if stands_for_others(text):
        return OTHERS
    family, _, given = text.partition(",")
    if not one_line(family):
        return Person(literal=text)
    words = one_line(given).split(" ")
    suffix = words.pop() if len(words) > 1 and words[-1] in SUFFIXES else None
    return Person(family=one_line(family), given=" ".join(words) or None, suffix=suffix)


def from_short_name(text: str) -> Person:
    """The person behind a short name of MEDLINE: Family Initials Suffix."""
    if stands_for_others(text):
        return OTHERS
    words = text.split(" ")
    suffix = words.pop() if len(words) > 2 and words[-1] in SUFFIXES else None
    initials = words.pop() if len(words) > 1 and words[-1].isupper() and len(words[-1]) <= 4 else None
    family = without_commas(" ".join(words))
    return Person(family=family, given=initials, suffix=suffix) if family else Person(literal=text)
