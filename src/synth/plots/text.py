"""Text measured and broken into lines before it is drawn, and numbers as they are printed in figures."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from unicodedata import combining

from matplotlib.font_manager import get_font
from matplotlib.textpath import text_to_path

from synth.plots.style import LINE_SPACING, font

ELLIPSIS: Final = "…"
MINUS: Final = "\N{MINUS SIGN}"
NOTHING: Final = "\N{EN DASH}"
"""Shown in a cell for which there is no text."""
_SLACK: Final = 1.05  # a page without DejaVu Sans shows another face; most are narrower, a few letters are not
_WIDEST: Final = "—"  # one em wide, stands for letters that DejaVu Sans lacks (Chinese and others are one em wide)
# Characters outside "Char" of XML 1.0 (https://www.w3.org/TR/xml/#charsets).
_NOT_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_WHITE_SPACE: Final = re.compile(r"[ \t\r\n\f\v]+")
_SUPERSCRIPTS: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def printable(text: str) -> str:
    """The text on one line: runs of white space as one space, characters that XML cannot hold as U+FFFD.

    A no-break space stays what it is.
    """
    return _NOT_XML.sub("\ufffd", _WHITE_SPACE.sub(" ", text).strip(" "))


def together(words: str, width: float, size: float, *, bold: bool = False) -> str:
    """Words with no-break spaces between them, so that `wrap` keeps them on one line; as they are if too wide."""
    joined = printable(words).replace(" ", "\N{NO-BREAK SPACE}")
    return joined if text_width(joined, size, bold=bold) <= width else words


@lru_cache(maxsize=8192)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Room that one line of text needs, in points, with slack for a substitute face."""
    properties = font(size, bold=bold)
    known = get_font(str(properties.get_file())).get_charmap()
    measured = "".join(letter if ord(letter) in known else _WIDEST for letter in text)
    width, _, _ = text_to_path.get_text_width_height_descent(measured, properties, ismath=False)
    return float(width) * _SLACK


def text_height(lines: int, size: float) -> float:
    """Room that some lines of text need, in points."""
    return lines * size * LINE_SPACING


def widest(lines: tuple[str, ...], size: float, *, bold: bool = False) -> float:
    """Room that the longest of some lines needs, in points; 0 for no lines."""
    return max((text_width(line, size, bold=bold) for line in lines), default=0.0)


def wrap(text: str, width: float, size: float, *, bold: bool = False, max_lines: int | None = None) -> tuple[str, ...]:
    """The text in lines that fit a width; an ellipsis ends the last line where text was left out.

    Parameters
    ----------
    text : str
        Any text; line breaks in it count as spaces.
    width, size : float
        Points.
    bold : bool
        Weight in which the text will be drawn.
    max_lines : int, optional
        Lines beyond this number are cut.

    Returns
    -------
    tuple of str
        Empty for a text of white space.
    """
    lines: list[str] = []
    current = ""
    for piece in _pieces(printable(text), width, size, bold):
        joined = f"{current} {piece.lstrip()}" if current and piece.startswith(" ") else current + piece.lstrip()
        if current and text_width(joined, size, bold=bold) > width:
            lines.append(current)
            current = piece.lstrip()
        else:
            current = joined
    if current:
        lines.append(current)
    if max_lines is not None and len(lines) > max_lines:
        lines = [*lines[: max_lines - 1], _cut(lines[max_lines - 1], width, size, bold)]
    return tuple(lines)


def shortened(words: str, width: float, size: float, *, bold: bool = False, max_lines: int) -> tuple[str, ...]:
    """A name in lines that fit a width; of a long one the beginning and the end, which tell studies apart.

    Parameters
    ----------
    words, width, size, bold
        As for `wrap`.
    max_lines : int
        Of a longer name the last of these lines holds an ellipsis and as much of its end as fits; a single line keeps
        the beginning.
    """
    lines = wrap(words, width, size, bold=bold)
    if len(lines) <= max_lines or max_lines < 2:
        return wrap(words, width, size, bold=bold, max_lines=max_lines)
    return (*lines[: max_lines - 1], ELLIPSIS + _end(printable(words), width, size, bold))


def _end(words: str, width: float, size: float, bold: bool) -> str:
    """The last words that fit a line behind an ellipsis; of one that is too long its last letters."""
    parts = words.split(" ")
    for start in range(1, len(parts)):
        end = " " + " ".join(parts[start:])
        if text_width(ELLIPSIS + end, size, bold=bold) <= width:
            return end
    last = parts[-1]
    while last and (combining(last[0]) or text_width(ELLIPSIS + last, size, bold=bold) > width):
        last = last[1:]
    return last


def _pieces(text: str, width: float, size: float, bold: bool) -> Iterator[str]:
    """Words with a space before them; a word wider than the line comes in parts that fit."""
    for word in text.split(" "):
        if text_width(word, size, bold=bold) <= width:
            yield f" {word}"
            continue
        part, first = "", True
        for letter in word:
            if part and text_width(part + letter, size, bold=bold) > width:
                yield f" {part}" if first else part
                part, first = "", False
            part += letter
        yield f" {part}" if first else part


def _cut(line: str, width: float, size: float, bold: bool) -> str:
    while line and text_width(line + ELLIPSIS, size, bold=bold) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS


def decimals_for(values: list[float]) -> int:
    """Decimal places that show the largest of some values with three figures (two where all are below 1)."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0.0:
        return 1
    magnitude = math.floor(math.log10(largest))
    return min(max(0, (2 if magnitude >= 0 else 1) - magnitude), 6)


def fixed(value: float, decimals: int) -> str:
    """A number with so many decimals and a true minus sign; no minus before a zero."""
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if abs(value) >= 1e9:
        return powered(value)
    shown = f"{value:.{decimals}f}"
    return shown.lstrip("-") if float(shown) == 0 else shown.replace("-", MINUS)


def ratio(value: float) -> str:
    """A ratio, with decimals by its size: 120, 12.3, 1.23, 0.12, 0.0012."""
    if value <= 0 or math.isinf(value):
        return "0" if value <= 0 else "∞"
    if value >= 1e7 or value < 1e-4:
        return powered(value)
    if value < 0.01:
        return f"{value:.{1 - math.floor(math.log10(value))}f}"
    return f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f}"


def plain(value: float) -> str:
    """A tick of an axis in as few characters as name it: 0.25, 2, 1500, 10⁶."""
    if value and not 1e-4 <= abs(value) < 1e7:
        return powered(value)
    return f"{value:.10g}".replace("-", MINUS)


def powered(value: float) -> str:
    """A number in three figures and a power of ten: 1.23×10⁻⁷."""
    mantissa, exponent = f"{value:.2e}".split("e")
    factor = mantissa.rstrip("0").rstrip(".").replace("-", MINUS)
    power = f"10{str(int(exponent)).translate(_SUPERSCRIPTS)}"
    return power if factor == "1" else f"{factor}\N{MULTIPLICATION SIGN}{power}"
