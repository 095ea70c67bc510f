"""A printed number and what its digits allow."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from synth.effects.intervals import Interval
from synth.errors import MethodError

#: A figure as its text, which carries its rounding, or as a number, which is taken as exact.
Figure = str | float

#: No figure of a paper is larger, or nearer to 0 without being 0; squares of such numbers would overflow.
_LARGEST, _SMALLEST = 1e100, 1e-100

_PRINTED_NUMBER = re.compile(r"[+\-\N{MINUS SIGN}]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class PrintedNumber:
    """A number as a paper prints it.

    Attributes
    ----------
    text : str
        As printed, without surrounding blanks.
    value : float
        The printed number.
    low, high : float
        The numbers that round to it: half a unit of the last printed digit to either side. Both equal `value` where
        the number is exact.
    """

    text: str
    value: float
    low: float
    high: float

    @property
    def interval(self) -> Interval:
        """Lowest and highest number that the text allows."""
        return self.low, self.high

    @property
    def magnitude(self) -> Interval:
        """Smallest and largest absolute value that the text allows."""
        nearest = 0.0 if self.low <= 0 <= self.high else min(abs(self.low), abs(self.high))
        return nearest, max(abs(self.low), abs(self.high))


def parse_printed_number(text: str, name: str = "figure") -> PrintedNumber:
    """Read a number as printed: ``4.2`` stands for 4.15 to 4.25, ``4.20`` for 4.195 to 4.205, ``4`` for 3.5 to 4.5.

    Parameters
    ----------
    text : str
        One number with a decimal point.
    name : str
        What it is, for the message of an error.

    Returns
    -------
    PrintedNumber

    Raises
    ------
    MethodError
        If the text is not one such number. A bound such as "<3" is none.
    """
    stripped = text.strip()
    if _PRINTED_NUMBER.fullmatch(stripped) is None:
        reason = "a comma may stand for a decimal point or part thousands; " if "," in stripped else ""
        raise MethodError(f"{name} {text!r}: {reason}one number with a decimal point is expected")
    number = Decimal(stripped.replace("\N{MINUS SIGN}", "-"))
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # the pattern admits neither NaN nor infinity
    half_unit = Decimal(5).scaleb(exponent - 1)
    value, low, high = (float(limit) for limit in (number, number - half_unit, number + half_unit))
    _check_size(value, name, text)
    return PrintedNumber(stripped, value, low, high)


def _check_size(value: float, name: str, text: str) -> None:
    if value != 0 and not _SMALLEST <= abs(value) <= _LARGEST:
        raise MethodError(f"{name} {text}: the number is too large or too near 0 for a printed figure")


def read_figure(value: Figure, name: str = "figure") -> PrintedNumber:
    """A figure with what its digits allow: text carries its rounding, a number is exact.

    Parameters
    ----------
    value : str or float
        Text as printed, or an exact number.
    name : str
        What it is, for the message of an error.

    Raises
    ------
    MethodError
        If the text is not one number, or the number is not finite.
    """
    if isinstance(value, str):
        return parse_printed_number(value, name)
    number = float(value)
    if not math.isfinite(number):
        raise MethodError(f"{name} {value}: a finite number is expected")
    number = 0.0 if abs(number) < _SMALLEST else number
    _check_size(number, name, f"{value:g}")
    return PrintedNumber(f"{value:g}", number, number, number)


def as_figure(found: PrintedNumber) -> Figure:
    """A printed number as the text that carries its rounding, or as its value where it is exact."""
    return found.text if found.low < found.high else found.value


def read_positive(value: Figure, name: str) -> PrintedNumber:
    """A figure above 0; its rounding is cut at 0.

    Raises
    ------
    MethodError
        If it is not a finite number above 0.
    """
    found = read_figure(value, name)
    if found.value <= 0:
        raise MethodError(f"{name} {found.text}: a number above 0 is expected")
    return PrintedNumber(found.text, found.value, max(found.low, 0.0), found.high)


def on_log_scale(found: PrintedNumber, name: str) -> PrintedNumber:
    """The natural logarithm of a printed ratio.

    Raises
    ------
    MethodError
        If the ratio is not above 0.
    """
    if found.value <= 0:
        raise MethodError(f"{name} {found.text}: a ratio above 0 is expected, because its logarithm is taken")
    low = math.log(found.low) if found.low > 0 else -math.inf
    return PrintedNumber(found.text, math.log(found.value), low, math.log(found.high))


def over_rounding(function: Callable[..., float], *figures: PrintedNumber) -> Interval:
    """Smallest and largest value of a function over everything that the printed digits allow.

    Parameters
    ----------
    function : callable
        Of as many numbers as there are figures. It must rise or fall throughout in each of them (in whichever
        direction), so that its extremes lie at the corners.
    *figures : PrintedNumber
        The inputs.

    Returns
    -------
    tuple of float
    """
    values = [function(*corner) for corner in product(*(sorted({found.low, found.high}) for found in figures))]
    return min(values), max(values)


def check_count(n: int, least: int, name: str = "n") -> int:
    """A whole number of at least `least`.

    Raises
    ------
    MethodError
        If it is not.
    """
    if isinstance(n, bool) or int(n) != n or n < least:
        raise MethodError(f"{name} = {n}: a whole number of at least {least} is expected")
    return int(n)
