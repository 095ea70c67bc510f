"""Facts as one line of text that a person can read and a later run can compare: name=value, with semicolons between.

Numbers have four significant digits, shares stand in percent where people read them so, counts are whole. A limit of an
interval stands on the scale of the analysis, on which no effect is 0. A line that was typed, or that went through a
spreadsheet, may have other spaces, true minus signs or small letters; none of that moves a fact.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.certainty.grade.types import Fact

#: Numbers further apart than this share of the larger one have moved; four digits always lie within it.
CLOSE = 1e-3
#: Below this, what is left of a number is rounding of the machine.
TINY = 1e-9
#: What stands where nothing is known.
UNKNOWN = "not seen"
_MINUS = str.maketrans(dict.fromkeys("\N{MINUS SIGN}\N{HYPHEN}\N{NON-BREAKING HYPHEN}\N{EN DASH}", "-"))
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def record_of(facts: Iterable[Fact]) -> str:
    """Facts as one line; "no fact" where there are none."""
    return "; ".join(f"{_name(fact.name)}={_written(fact)}" for fact in facts) or "no fact"


def plain(text: str) -> str:
    """A text with single spaces and plain minus signs: what a spreadsheet may have changed in it means nothing."""
    return " ".join(text.translate(_MINUS).split())


def read_record(text: str) -> dict[str, str] | None:
    """Values by name, as `record_of` wrote them; None for a text that is no such line."""
    parts = [part.partition("=") for part in plain(text).split(";") if part.strip()]
    if not parts or not all(name.strip() and sign for name, sign, _ in parts):
        return None
    return {name.strip(): value.strip() for name, _, value in parts}


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """What differs between two records, in words: `I2 was 80%, is 92.21%`; names are compared without capitals."""
    old = {name.casefold(): value for name, value in before.items()}
    new = {name.casefold(): value for name, value in now.items()}
    names = {name.casefold(): name for name in (*before, *now)}
    told = []
    for key, name in names.items():
        if key not in new:
            told.append(f"{name} was {old[key]}, is no longer there")
        elif key not in old:
            told.append(f"{name} was not there, is {new[key]}")
        elif not _same(old[key], new[key]):
            told.append(f"{name} was {old[key]}, is {new[key]}")
    return tuple(told)


def _name(name: str) -> str:
    """A name without the two signs that part facts."""
    return plain(name.replace(";", ",").replace("=", ":"))


def _written(fact: Fact) -> str:
    value = fact.value
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{100 * value:.4g}%" if f"{100 * value:.0f}%" in fact.text else _digits(value)
    words = value.split()
    if len(words) == 2 and all(_NUMBER.fullmatch(word) for word in words):
        return " to ".join(_digits(float(word)) for word in words)
    return _name(value)


def _digits(value: float) -> str:
    """Four significant digits, never whole: only counts are, and they move by one."""
    found = f"{value:.4g}"
    return f"{found}.0" if found.lstrip("-").isdigit() else found


def _same(one: str, other: str) -> bool:
    """Whether two values mean the same, word by word."""
    pairs = zip_longest(one.casefold().split(), other.casefold().split(), fillvalue="")
    return all(_same_word(*pair) for pair in pairs)


def _same_word(one: str, other: str) -> bool:
    first, second = _number(one), _number(other)
    if first is None or second is None:
        return one == other
    if all(word.lstrip("+-").isdigit() for word in (one, other)):
        return first == second
    return math.isclose(first, second, rel_tol=CLOSE, abs_tol=TINY)


def _number(word: str) -> float | None:
    share = word.removesuffix("%")
    if not _NUMBER.fullmatch(share):
        return None
    return float(share) / 100 if share != word else float(share)
