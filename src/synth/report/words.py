"""Numbers, sources and sizes in the words of the report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from synth.effects.estimate import Effect
from synth.effects.intervals import Interval
from synth.effects.proportions import Proportion
from synth.provenance import slug
from synth.records import Records
from synth.report.model import Run, Runs, runs
from synth.review import Review
from synth.synthesis.series import Series

MINUS = "\N{MINUS SIGN}"
NOT_SEEN = "not seen"

#: The deepest that a source can be read.
FULL_TEXT = "primary full text"

#: How deep a source was read, in a reader's words.
DEPTHS = {
    FULL_TEXT: "full text",
    "article opening": "article opening",
    "primary abstract": "abstract",
    "secondary review": "another paper's account",
    "secondary data set": "published data set",
}


def number(value: float, decimals: int | None = None) -> str:
    """A number with a true minus sign; as short as it is where no decimals are asked for."""
    text = f"{value:g}" if decimals is None else f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float, decimals: int = 1) -> str:
    """A change with its sign."""
    return f"+{number(value, decimals)}" if value > 0 else number(value, decimals)


def span(low: float, high: float, decimals: int = 1) -> str:
    """Two limits."""
    return f"{number(low, decimals)} to {number(high, decimals)}"


def percent(proportion: float) -> str:
    """A proportion as a percentage with one decimal."""
    return f"{100 * proportion:.1f}%"


def anchor(kind: str, name: str) -> str:
    """The anchor of a record, section or figure."""
    return f"{kind}-{slug(name)}"


def record_run(record: str, records: Records) -> Run:
    """A record's label that leads to its row."""
    return Run(records[record].short, link=f"#{anchor('record', record)}")


def study_run(study: str, review: Review) -> Run:
    """A study's label that leads to its record."""
    record = review.record_of(study)
    return Run(record.short, link=f"#{anchor('record', record.id)}")


def place(locator: str, seen_in: str) -> str:
    """Where a figure stands, and how deep the source was read where that does not say it."""
    depth = DEPTHS[seen_in]
    return locator if depth in locator else f"{locator} ({depth})"


def true_minus(sentence: str) -> str:
    """A sentence with true minus signs before its numbers."""
    return re.sub(r"(?<![\w.])-(?=\d)", MINUS, sentence)


def source_runs(study: str, locator: str, seen_in: str, review: Review) -> Runs:
    """Citation and place of a figure, with a link to the record."""
    return runs(study_run(study, review), f", {place(locator, seen_in)}")


def with_labels(sentence: str, review: Review) -> str:
    """A sentence with the labels of records and studies in place of their ids."""
    labels = {record.id: record.short for record in review.records} | review.study_names
    named = re.sub(r"\b[a-z][a-z0-9]*\b", lambda match: labels.get(match.group(), match.group()), sentence)
    # The label of an undated record brings a full stop along.
    return re.sub(r"(?<!\.)\.\.(?!\.)", ".", named)


def measured(outcome: str, instrument: str) -> str:
    """An outcome with its instrument, unless the two have one name."""
    return outcome if not instrument or instrument.casefold() == outcome.casefold() else f"{outcome}, {instrument}"


def size(item: Series) -> str:
    """N with its unit."""
    n, unit = item.summary.n, item.summary.unit_of_analysis
    if n is None:
        return f"{NOT_SEEN} (unit {unit})" if unit == "not stated" else NOT_SEEN
    if n == 1:
        return "1 patient"
    return f"{n} {unit}" if unit != "not stated" else f"{n} (unit not stated)"


def moment(mean: float | None, sd: float | None, limits: Interval | None) -> str:
    """A mean with its SD and range as far as they were seen."""
    if mean is None and limits is None:
        return NOT_SEEN
    parts = [number(mean) if mean is not None else "mean not seen"]
    if sd is not None:
        parts.append(f"SD {number(sd)}")
    if limits is not None:
        parts.append(f"range {number(limits[0])} to {number(limits[1])}")
    return parts[0] if len(parts) == 1 else f"{parts[0]} ({', '.join(parts[1:])})"


def change(effect: Effect) -> Runs:
    """A change with its interval, and a mark where its standard error was derived."""
    if effect.interval is None:
        return runs(signed(effect.estimate), " (no interval)")
    derived = effect.derivation is not None
    text = f"{signed(effect.estimate)} ({span(*effect.interval)})"
    return runs(text, Run("derived", mark=True)) if derived else runs(text)


def rows_in_short(rows: Iterable[str]) -> str:
    """Rows named ``file:line``, the lines of one file brought together: ``arms.csv:2 to 4, 7``."""
    lines: dict[str, list[int]] = {}
    for row in rows:
        file, line = row.rsplit(":", 1)
        lines.setdefault(file, []).append(int(line))
    return "; ".join(f"{file}:{', '.join(_stretches(sorted(numbers)))}" for file, numbers in lines.items())


def _stretches(numbers: list[int]) -> Iterator[str]:
    start = previous = numbers[0]
    for number_ in [*numbers[1:], None]:
        if number_ is not None and number_ == previous + 1:
            previous = number_
            continue
        yield str(start) if start == previous else f"{start} to {previous}"
        if number_ is not None:
            start = previous = number_


def listing(words: Iterable[str], last: str = "and") -> str:
    """a, b and c."""
    items = list(words)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else ""


def inside(label: str) -> str:
    """A label inside a sentence: a small first letter, unless the first word is an abbreviation."""
    first = label.split(" ")[0]
    return label if first.isupper() else label[:1].lower() + label[1:]


def ended(text: str) -> str:
    """A text with its full stop: the label of an undated record brings one along."""
    return text if text.endswith(".") else f"{text}."


def proportion(item: Proportion) -> str:
    """A proportion with its exact interval, as percentages."""
    low, high = item.interval
    return f"{percent(item.estimate)} ({percent(low)} to {percent(high)})"


def counted(count: int, one: str, many: str = "") -> str:
    """1 study, 2 studies."""
    return f"{count} {one if count == 1 else many or one + 's'}"
