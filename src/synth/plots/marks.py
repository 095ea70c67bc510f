"""Marks of a result as the notes of a picture."""

from __future__ import annotations

import math
from collections.abc import Iterable

from synth.plots.text import fixed, plain


def sentences(marks: Iterable[str]) -> tuple[str, ...]:
    """Each mark as a sentence: a capital first, unless a symbol of one letter stands there, and a full stop."""
    return tuple(_sentence(mark) for mark in marks if mark.strip())


def _sentence(mark: str) -> str:
    symbol = len(mark.split(" ", 1)[0]) == 1 and mark[:1] not in "aA"
    first = mark[:1] if symbol or mark.startswith("tau2") else mark[:1].upper()
    return f"{first}{mark[1:]}{'' if mark.endswith('.') else '.'}"


def three_figures(value: float) -> str:
    """A number with three significant figures, as short as it can be."""
    if not math.isfinite(value):
        return "not defined" if math.isnan(value) else fixed(value, 0)
    return plain(float(f"{value:.3g}"))
