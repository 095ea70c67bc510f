"""Numbers, sizes and labels in the words of a summary of findings."""

from __future__ import annotations

import re
from collections.abc import Iterable

from synth.effects.intervals import Interval
from synth.effects.proportions import Proportion
from synth.synthesis.series import Series

MINUS = "\N{MINUS SIGN}"
NOT_SEEN = "not seen"

#: Nothing was seen, or nothing that can be used, so that there is nothing to rate (rule 22 of the methods).
NO_EVIDENCE = "no evidence was seen; not rated"
NO_FIGURE = "no usable figure was seen; not rated"


def number(value: float, decimals: int | None = None) -> str:
    """A number with a true minus sign; as short as it is where no decimals are asked for."""
    text = f"{value:g}" if decimals is None else f"{value:.{decimals}f}"
    return (text.lstrip("-") if float(text) == 0 else text).replace("-", MINUS)


def true_minus(sentence: str) -> str:
    """A sentence with true minus signs before its numbers."""
    return re.sub(r"(?<![\w.])-(?=\d)", MINUS, sentence)


def signed(value: float, decimals: int = 1) -> str:
    """A change with its sign."""
    text = number(value, decimals)
    return f"+{text}" if value > 0 and float(text) != 0 else text


def span(interval: Interval, decimals: int = 1) -> str:
    """Two limits."""
    return f"{number(interval[0], decimals)} to {number(interval[1], decimals)}"


def signed_span(interval: Interval, decimals: int = 1) -> str:
    """Two limits of a change, each with its sign."""
    return f"{signed(interval[0], decimals)} to {signed(interval[1], decimals)}"


def change_unit(unit: str) -> str:
    """Unit of a change: what two percentages differ by are percentage points, and no percentage of the first."""
    return "percentage points" if unit == "%" else unit


def percent(share: float) -> str:
    """A share as a percentage with one decimal."""
    return f"{100 * share:.1f}%"


def share(item: Proportion) -> str:
    """A share with its exact interval."""
    low, high = item.interval
    return f"{percent(item.estimate)} ({percent(low)} to {percent(high)})"


def per_thousand(risk: float) -> str:
    """Events per 1,000 people: whole ones from ten on, else with one decimal."""
    thousand = 1000 * risk
    if thousand == 0:
        return "0"
    return f"{thousand:.1f}" if round(abs(thousand), 1) < 10 else f"{thousand:.0f}"


def more_or_fewer(difference: float) -> str:
    """A risk difference as people per 1,000."""
    if difference == 0:
        return "0"
    return f"{per_thousand(abs(difference))} {'more' if difference > 0 else 'fewer'}"


def counted(count: int, one: str, many: str = "") -> str:
    """1 study, 2 studies."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def counted_series(count: int, kind: str = "") -> str:
    """1 series, 2 series; `kind` stands before the word."""
    return counted(count, f"{kind}series", f"{kind}series")


def listing(words: Iterable[str], last: str = "and") -> str:
    """a, b and c."""
    items = list(words)
    return f"{', '.join(items[:-1])} {last} {items[-1]}" if len(items) > 1 else "".join(items)


def inside(label: str) -> str:
    """A label inside a sentence: a small first letter, unless the first word is an abbreviation."""
    first = label.split(" ")[0]
    return label if first.isupper() else label[:1].lower() + label[1:]


def capital(text: str) -> str:
    """A text with a capital first letter."""
    return text[:1].upper() + text[1:]


def ended(text: str) -> str:
    """A text with its full stop."""
    return text if text.endswith((".", "!", "?")) else f"{text}."


def after_words(item: Series) -> str:
    """A figure after treatment that stands alone: mean, range and unit."""
    mean, limits = item.summary.followup_mean, item.followup_range
    parts = [f"mean {number(mean)}"] if mean is not None else []
    if limits is not None:
        parts.append(f"range {number(limits[0])} to {number(limits[1])}")
    unit = f" {item.summary.unit}" if item.summary.unit else ""
    return f"{', '.join(parts)}{unit}, {size(item)}, {item.study_id}"


def size(item: Series) -> str:
    """N of a series with its unit."""
    n, unit = item.summary.n, item.summary.unit_of_analysis
    if n is None:
        return f"n {NOT_SEEN}"
    if unit == "not stated":
        return f"{n} (unit not stated)"
    return f"1 {unit.rstrip('s')}" if n == 1 else f"{n} {unit}"
