"""One case's answer beside metafor's, value by value.

metafor's outputs are a tree of objects, lists and values; the tree of the answer must have the same shape. Each value
of metafor is either compared or left out with a reason: none is passed over in silence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from reference_cases import number
from reference_rules import ARRANGEMENTS, Rules, arrangements_left_out

# For the names of metafor's outputs, functions that give our value; a value may be such a mapping again.
Outputs = Mapping[str, Callable[[], object]]
SIGNS = ("", "lb_sign", "ub_sign")
LONGEST_TEXT = 160
NEITHER = "metafor gives no value (NA), nor do we"
OURS_ONLY = "metafor gives no value (NA), we give one"
NO_COUNTERPART = "an output that the checker does not know"


class NotOfferedError(Exception):
    """What a case, or an output of one, asks for is not offered; the message is the reason."""


def not_offered(reason: str) -> NoReturn:
    """The value of an output that is not offered."""
    raise NotOfferedError(reason)


@dataclass(frozen=True, slots=True)
class Compared:
    """One value of metafor and ours.

    Attributes
    ----------
    path : str
        Where it stands in the outputs, such as `beta[0]`.
    ours, metafor : str
        Both values as text.
    difference : float
        Relative difference; infinite where metafor has 0 and we have not, and where one has no number.
    allowed : float
        Largest relative difference allowed.
    rule : str
        The rule of `reference_rules` by which the values agree in spite of the difference; mostly empty.
    """

    path: str
    ours: str
    metafor: str
    difference: float
    allowed: float
    rule: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the difference is inside the tolerance, or a rule applies."""
        return self.difference <= self.allowed or bool(self.rule)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A value of metafor that is not compared, and why."""

    path: str
    reason: str


Outcome = Compared | LeftOut


@dataclass(frozen=True, slots=True)
class Share:
    """A value of ours that is a share of arrangements, all of them."""

    value: float
    total: int

    def rule(self, metafor: float) -> str:
        """The rule of arrangements left out, where it explains metafor's share."""
        left_out = arrangements_left_out(metafor, self.total)
        if not left_out:
            return ""
        apart = abs(self.value * self.total - metafor * (self.total - left_out))
        return ARRANGEMENTS if apart <= left_out + 0.5 else ""


def plain(value: object) -> object:
    """A value of numpy or Python as lists, floats, texts, booleans and None (for NaN too); functions stay functions."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    return value


def compare(path: str, ours: object, metafor: object, rules: Rules) -> Iterator[Outcome]:
    """Every value below `path`, compared or left out.

    Parameters
    ----------
    path : str
        Where both stand in the outputs.
    ours : object
        The answer, as `plain` gives it, or a function of no arguments that gives it. What that function raises is a
        failure of the output, or the reason why it is left out.
    metafor : object
        metafor's output, as JSON gives it.
    rules : Rules
        Tolerances and floors.
    """
    if callable(ours):
        try:
            ours = plain(ours())
        except NotOfferedError as reason:
            yield from (LeftOut(leaf, str(reason)) for leaf in leaves(path, metafor))
            return
        except Exception as error:  # noqa: BLE001 - whatever a call raises is a failure of this output
            yield wrong(path, told(error), metafor)
            return
    if isinstance(metafor, Mapping):
        yield from _objects(path, ours, metafor, rules)
    elif isinstance(metafor, list):
        yield from _lists(path, ours, metafor, rules)
    else:
        yield _values(path, ours, metafor, rules)


def leaves(path: str, metafor: object) -> Iterator[str]:
    """The path of every value below `path`."""
    if isinstance(metafor, Mapping):
        for key, item in metafor.items():
            yield from leaves(f"{path}/{key}", item)
    elif isinstance(metafor, list):
        for position, item in enumerate(metafor):
            yield from leaves(f"{path}[{position}]", item)
    else:
        yield path


def told(error: Exception) -> str:
    """An exception in words."""
    return f"{type(error).__name__}: {error}"


def wrong(path: str, ours: object, metafor: object) -> Compared:
    """A value that is not there, of another type, or of another shape."""
    return Compared(path, _text(ours), _text(metafor), math.inf, 0.0)


def _objects(path: str, ours: object, metafor: Mapping[str, object], rules: Rules) -> Iterator[Outcome]:
    if not isinstance(ours, Mapping):
        yield wrong(path, ours, metafor)
        return
    signed = any(metafor.get(sign) for sign in SIGNS[1:])
    for key, item in metafor.items():
        place = f"{path}/{key}"
        if key in SIGNS:
            if item:
                yield LeftOut(place, "says that metafor did not reach the bound; the bound is compared accordingly")
        elif key not in ours:
            yield from (LeftOut(leaf, NO_COUNTERPART) for leaf in leaves(place, item))
        elif signed and isinstance(item, list):
            yield from _signed(place, ours[key], item, metafor, rules)
        else:
            yield from compare(place, ours[key], item, rules)


def _lists(path: str, ours: object, metafor: Sequence[object], rules: Rules) -> Iterator[Outcome]:
    if not isinstance(ours, list) or len(ours) != len(metafor):
        yield wrong(path, ours, metafor)
        return
    for position, (our_item, item) in enumerate(zip(ours, metafor, strict=True)):
        yield from compare(f"{path}[{position}]", our_item, item, rules)


def _signed(
    path: str, ours: object, metafor: Sequence[object], signs: Mapping[str, object], rules: Rules
) -> Iterator[Outcome]:
    """[estimate, lower, upper], of which metafor did not reach a bound: ours must lie beyond its own."""
    if not isinstance(ours, list) or len(ours) != len(metafor):
        yield wrong(path, ours, metafor)
        return
    for position, (our_item, item) in enumerate(zip(ours, metafor, strict=True)):
        place = f"{path}[{position}]"
        sign = signs.get(SIGNS[position]) if 0 < position < len(SIGNS) else ""
        our_number, number_there = number(our_item), number(item)
        if not sign or our_number is None or number_there is None:
            yield compare_one(place, our_item, item, rules)
            continue
        beyond = our_number <= number_there if sign == "<" else our_number >= number_there
        near = compare_one(place, our_item, item, rules)
        allowed = rules.tolerance(place)
        yield Compared(place, _text(our_item), f"{sign}{item}", 0.0, allowed) if beyond else near


def compare_one(path: str, ours: object, metafor: object, rules: Rules) -> Compared:
    """One value; where metafor has none, a difference without limit."""
    outcome = _values(path, ours, metafor, rules)
    return outcome if isinstance(outcome, Compared) else wrong(path, ours, metafor)


def _values(path: str, ours: object, metafor: object, rules: Rules) -> Outcome:
    expected = number(metafor)
    if metafor is None or metafor in ("NA", "NaN"):
        return LeftOut(path, NEITHER if ours is None else OURS_ONLY)
    if expected is None:
        return Compared(path, _text(ours), _text(metafor), 0.0 if ours == metafor else math.inf, 0.0)
    found = number(ours.value if isinstance(ours, Share) else ours)
    if found is None:
        return wrong(path, ours, metafor)
    allowed = rules.tolerance(path)
    apart = difference(found, expected)
    rule = rules.rule(path, found, expected) if apart > allowed else ""
    if isinstance(ours, Share) and apart > allowed:
        rule = rule or ours.rule(expected)
    return Compared(path, _text(found), _text(metafor), apart, allowed, rule)


def difference(ours: float, metafor: float) -> float:
    """Difference of two numbers relative to metafor's; infinite where that is 0 or one of them is infinite."""
    if ours == metafor:
        return 0.0
    if not metafor or math.isinf(ours) or math.isinf(metafor):
        return math.inf
    return abs(ours - metafor) / abs(metafor)


def _text(value: object) -> str:
    if value is None:
        return "no value"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= LONGEST_TEXT else f"{text[:LONGEST_TEXT]}..."
