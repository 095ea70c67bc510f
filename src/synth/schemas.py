"""Columns, types and units of every table that a review keeps, as pandera schemas over the text of the cells.

The cells are checked as they stand in the file, before any conversion, so that nothing is read as something else:
an empty cell means "not seen", a p value stays the text that was printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial

import pandas as pd
import pandera.pandas as pa

from synth.provenance import RowRef, calendar_day

SEEN_IN = ("primary full text", "article opening", "primary abstract", "secondary review", "secondary data set")
SOURCE_LEVELS = ("journal article", "meeting abstract", "video abstract", "secondary report")
UNITS_OF_ANALYSIS = ("patients", "hips", "not stated")
DECISIONS = ("include", "exclude", "not retrieved")
DIRECTIONS = ("higher", "lower", "no change")

# [0-9] and not \d, which also takes the digits of other scripts. A float is exact up to 15 digits.
NUMBER = r"[+-]?([0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15})"
WHOLE = r"[0-9]{1,15}"
IDENTIFIER = r"[a-z][a-z0-9]*"
ARM_IDENTIFIER = r"[A-Za-z0-9][A-Za-z0-9_-]*"


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """One column: what a cell must look like, in a pattern and in words.

    Attributes
    ----------
    name : str
        Heading in the file.
    kind : str
        text, number, whole, identifier, arm, date, choice or yes.
    required : bool
        Whether an empty cell is a fault.
    choices : tuple of str
        For kind choice.
    minimum : float or None
        Smallest allowed number.
    meaning : str
        For kind text: what the text is, for the message on an empty cell.
    """

    name: str
    kind: str = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    meaning: str = "text"

    @property
    def numeric(self) -> bool:
        """Whether cells are converted to numbers after the check."""
        return self.kind in ("number", "whole")

    @property
    def expected(self) -> str:
        """What a cell must hold, in words."""
        words = {
            "text": self.meaning,
            "number": "a number such as 12 or 0.5 (a point, no unit, at most 15 digits)",
            "whole": "a whole number (at most 15 digits)",
            "identifier": "an identifier: small letters and digits, beginning with a letter",
            "arm": "the id of an arm: letters, digits, - and _",
            "date": "a date such as 2026-11-22",
            "choice": f"one of: {', '.join(self.choices)}",
            "yes": "yes or nothing",
        }[self.kind]
        return words if self.minimum is None else f"{words}, not below {self.minimum:g}"


RowRule = tuple[str, str, Callable[[pd.DataFrame], "pd.Series[bool]"]]


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table: its columns in order, its key, and rules over the cells of a row."""

    name: str
    file: str
    columns: tuple[ColumnSpec, ...]
    key: tuple[str, ...]
    rules: tuple[RowRule, ...] = ()
    open_columns: bool = False
    optional_file: bool = False
    numbers: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "numbers", tuple(column.name for column in self.columns if column.numeric))

    @property
    def headings(self) -> tuple[str, ...]:
        """Column headings in the order of the file."""
        return tuple(column.name for column in self.columns)


def _text(*names: str) -> tuple[ColumnSpec, ...]:
    return tuple(ColumnSpec(name) for name in names)


def _numbers(*names: str, minimum: float | None = None) -> tuple[ColumnSpec, ...]:
    return tuple(ColumnSpec(name, "number", minimum=minimum) for name in names)


def _wholes(*names: str) -> tuple[ColumnSpec, ...]:
    return tuple(ColumnSpec(name, "whole", minimum=0) for name in names)


_STUDY = ColumnSpec("study_id", "identifier", required=True)
_ARM = ColumnSpec("arm_id", "arm", required=True)
_SOURCE = ColumnSpec("source", required=True, meaning="PMID:..., DOI:..., an address or a full citation")
_ORIGIN = (
    _SOURCE,
    ColumnSpec("locator", required=True, meaning='the place in the source, such as "abstract" or "table 2",'),
    ColumnSpec("seen_in", "choice", required=True, choices=SEEN_IN),
    ColumnSpec("extracted_by", required=True, meaning="an id from the people of protocol.yml"),
    ColumnSpec("checked_by"),
)
_UNIT = ColumnSpec("unit_of_analysis", "choice", choices=UNITS_OF_ANALYSIS)


def number(frame: pd.DataFrame, column: str) -> pd.Series[float]:
    """A text column as floats; what is empty or no number becomes NaN (its own check reports it).

    Only what `NUMBER` allows is a number: pandas alone would also take "1e5", "inf" and " 5".
    """
    return pd.to_numeric(frame[column].where(frame[column].str.fullmatch(NUMBER)), errors="coerce").astype(float)


def _in_order(low: str, middle: str, high: str) -> tuple[RowRule, ...]:
    def ends(frame: pd.DataFrame) -> pd.Series[bool]:
        return ~(number(frame, low) > number(frame, high))

    # Where the ends are out of order, that is the fault, and no mean could lie between them.
    def above(frame: pd.DataFrame) -> pd.Series[bool]:
        return ~(ends(frame) & (number(frame, middle) < number(frame, low)))

    def below(frame: pd.DataFrame) -> pd.Series[bool]:
        return ~(ends(frame) & (number(frame, middle) > number(frame, high)))

    return (
        (middle, f"is below {low}; {low} <= {middle} <= {high} is expected", above),
        (middle, f"is above {high}; {low} <= {middle} <= {high} is expected", below),
        (low, f"is above {high}; {low} <= {high} is expected", ends),
    )


def _not_above(part: str, whole: str) -> RowRule:
    def holds(frame: pd.DataFrame) -> pd.Series[bool]:
        return ~(number(frame, part) > number(frame, whole))

    return (part, f"is above {whole}; at most {whole} is expected", holds)


#: A confidence interval in a table: it says nothing without both limits and the level.
_CHANGE_INTERVAL = ("change_low", "change_high", "change_level")
#: No paper prints a lower level in percent; a proportion such as 0.95 lies far below it.
_LEAST_LEVEL = 50


def _stated_together(names: tuple[str, ...]) -> Iterator[RowRule]:
    def holds(frame: pd.DataFrame, name: str) -> pd.Series[bool]:
        others = [number(frame, other).notna() for other in names if other != name]
        return (frame[name] != "") | ~pd.concat(others, axis=1).any(axis=1)

    for name in names:
        words = f"is empty; all or none of {', '.join(names)} is expected"
        yield (name, words, partial(holds, name=name))


def _level_in_percent(name: str) -> RowRule:
    def holds(frame: pd.DataFrame) -> pd.Series[bool]:
        level = number(frame, name)
        return ~((level < _LEAST_LEVEL) | (level >= 100))

    return (name, f"is no level in percent; {_LEAST_LEVEL} to below 100 is expected, such as 95", holds)


STUDIES = TableSpec(
    name="studies",
    file="extraction/studies.csv",
    columns=(
        _STUDY,
        ColumnSpec("record_id", "identifier", required=True),
        *_text("design", "disease", "hip"),
        ColumnSpec("source_level", "choice", required=True, choices=SOURCE_LEVELS),
        *_wholes("enrolled", "analysed"),
        *_text("selection", "centre", "recruited_from", "recruited_to", "funding", "conflicts"),
        # Ids of outcomes that the title, or what was read, names without a figure; several with ; between.
        *_text("outcomes_named", "note"),
        *_ORIGIN,
    ),
    key=("study_id",),
    rules=(_not_above("analysed", "enrolled"),),
    open_columns=True,
)
ARMS = TableSpec(
    name="arms",
    file="extraction/arms.csv",
    columns=(
        _STUDY,
        _ARM,
        ColumnSpec("procedure", required=True),
        *_text("technique"),
        *_wholes("n_patients", "n_hips", "n_female", "n_male"),
        *_numbers("age_mean", "age_sd", "age_min", "age_max", minimum=0),
        *_numbers("followup_mean_months", "followup_min_months", "followup_max_months", minimum=0),
        *_text("diagnostic_criteria", "co_procedures", "earlier_surgery"),
        *_text("overlaps_with", "note"),
        *_ORIGIN,
    ),
    key=("study_id", "arm_id"),
    rules=(
        *_in_order("age_min", "age_mean", "age_max"),
        *_in_order("followup_min_months", "followup_mean_months", "followup_max_months"),
        _not_above("n_female", "n_patients"),
        _not_above("n_male", "n_patients"),
    ),
)
OUTCOMES = TableSpec(
    name="outcomes",
    file="extraction/outcomes.csv",
    columns=(
        _STUDY,
        _ARM,
        ColumnSpec("outcome", required=True),
        ColumnSpec("instrument", required=True),
        *_numbers("timepoint_months", minimum=0),
        ColumnSpec("n", "whole", minimum=1),
        _UNIT,
        *_numbers("baseline_mean"),
        *_numbers("baseline_sd", minimum=0),
        *_numbers("baseline_min", "baseline_max", "followup_mean"),
        *_numbers("followup_sd", minimum=0),
        *_numbers("followup_min", "followup_max", "change_mean"),
        *_numbers("change_sd", minimum=0),
        *_numbers(*_CHANGE_INTERVAL),
        *_text("p_value", "reported_test"),
        ColumnSpec("direction", "choice", choices=DIRECTIONS),
        *_text("unit"),
        *_ORIGIN,
        *_text("note"),
    ),
    key=("study_id", "arm_id", "outcome", "instrument", "timepoint_months"),
    rules=(
        *_in_order("baseline_min", "baseline_mean", "baseline_max"),
        *_in_order("followup_min", "followup_mean", "followup_max"),
        *_in_order("change_low", "change_mean", "change_high"),
        *_stated_together(_CHANGE_INTERVAL),
        _level_in_percent("change_level"),
    ),
)
EVENTS = TableSpec(
    name="events",
    file="extraction/events.csv",
    columns=(
        _STUDY,
        _ARM,
        ColumnSpec("event", required=True),
        ColumnSpec("events", "whole", required=True, minimum=0),
        ColumnSpec("total", "whole", required=True, minimum=1),
        _UNIT,
        ColumnSpec("conditioned_on_inclusion", "yes"),
        *_ORIGIN,
        *_text("note"),
    ),
    key=("study_id", "arm_id", "event"),
    rules=(_not_above("events", "total"),),
)
CASES = TableSpec(
    name="cases",
    file="extraction/cases.csv",
    columns=(
        _STUDY,
        _ARM,
        ColumnSpec("case_id", required=True),
        *_numbers("age", minimum=0),
        ColumnSpec("sex", "choice", choices=("F", "M")),
        *_text("instrument"),
        *_numbers("baseline", "followup"),
        *_numbers("timepoint_months", minimum=0),
        *_ORIGIN,
    ),
    key=("study_id", "arm_id", "case_id", "instrument"),
    optional_file=True,
)
CORRECTIONS = TableSpec(
    name="corrections",
    file="extraction/corrections.csv",
    columns=(
        ColumnSpec("table", "choice", required=True, choices=("studies", "arms", "outcomes", "events", "cases")),
        ColumnSpec("key", required=True, meaning="the key cells of the row, joined with /,"),
        ColumnSpec("column", required=True, meaning="a heading of the table"),
        *_text("was", "use"),
        ColumnSpec("reason", required=True, meaning="why the source is wrong and how that is known"),
        _SOURCE,
    ),
    key=("table", "key", "column"),
    optional_file=True,
)
DECISION_LOG = TableSpec(
    name="decisions",
    file="screening/decisions/",
    columns=(
        ColumnSpec("record_id", "identifier", required=True),
        ColumnSpec("stage", "choice", required=True, choices=("eligibility",)),
        ColumnSpec("decision", "choice", required=True, choices=DECISIONS),
        *_text("reason"),
        ColumnSpec("date", "date", required=True),
    ),
    key=("record_id", "stage"),
)
#: The one answer for what an abstract cannot tell; it needs no words in support.
ABSTRACT_ONLY = "unclear: abstract only"


def _needed_unless_unclear(name: str, meaning: str) -> RowRule:
    def holds(frame: pd.DataFrame) -> pd.Series[bool]:
        return (frame[name] != "") | (frame["answer"] == ABSTRACT_ONLY)

    return (name, f"is empty; {meaning} is expected with every answer but {ABSTRACT_ONLY!r}", holds)


def _not_of_full_text(frame: pd.DataFrame) -> pd.Series[bool]:
    return ~((frame["answer"] == ABSTRACT_ONLY) & (frame["seen_in"] == "primary full text"))


RISK_OF_BIAS = TableSpec(
    name="risk_of_bias",
    file="certainty/risk_of_bias.csv",
    columns=(
        _STUDY,
        ColumnSpec("tool", required=True, meaning="the id of a tool"),
        ColumnSpec("result"),
        ColumnSpec("item", required=True, meaning="the number of an item of the tool"),
        ColumnSpec("answer", required=True, meaning="an answer that the tool offers"),
        *_text("support", "source", "locator"),
        ColumnSpec("seen_in", "choice", required=True, choices=SEEN_IN),
        ColumnSpec("reviewer", required=True, meaning="an id from the people of protocol.yml, or consensus,"),
        ColumnSpec("date", "date", required=True),
    ),
    key=("study_id", "tool", "result", "item", "reviewer"),
    rules=(
        _needed_unless_unclear("support", "why, in the reviewer's own words,"),
        _needed_unless_unclear("source", _SOURCE.meaning),
        _needed_unless_unclear("locator", "the place in the source"),
        (
            "answer",
            f"is for what an abstract cannot tell; seen in {SEEN_IN[0]}, an answer of the tool is expected",
            _not_of_full_text,
        ),
    ),
    optional_file=True,
)
GRADE = TableSpec(
    name="grade",
    file="certainty/grade.csv",
    columns=(
        ColumnSpec("about", required=True, meaning="the id of a procedure or of a comparison"),
        ColumnSpec("outcome", required=True, meaning="the id of an outcome"),
        ColumnSpec("domain", required=True, meaning="a reason to rate down or up"),
        ColumnSpec("rating", required=True, meaning="the rating of the domain"),
        ColumnSpec("reason", required=True, meaning="why the person rates otherwise than was computed"),
        ColumnSpec("fact", required=True, meaning="the computed fact on which the rating rests"),
        ColumnSpec("name", required=True, meaning="an id from the people of protocol.yml"),
        ColumnSpec("date", "date", required=True),
    ),
    key=("about", "outcome", "domain"),
    optional_file=True,
)
#: What a published review may state of an outcome, and for when.
REVIEW_FINDINGS = ("better", "limited benefit", "no change", "worse", "mixed", "no conclusion")
HORIZONS = ("short term", "long term")
REVIEWS = TableSpec(
    name="reviews",
    file="extraction/reviews.csv",
    columns=(
        ColumnSpec("record_id", "identifier", required=True),
        *_text("about", "outcome"),
        ColumnSpec("horizon", "choice", choices=HORIZONS),
        ColumnSpec("finding", "choice", choices=REVIEW_FINDINGS),
        *_text("scope", "searched_to"),
        *_wholes("n_studies", "n_patients"),
        *_text("designs"),
        ColumnSpec("comparative", "choice", choices=("yes", "no")),
        *_text("appraisal"),
        *_ORIGIN,
        *_text("note"),
    ),
    key=("record_id", "about", "outcome", "horizon"),
    optional_file=True,
)
EXTRACTION_TABLES = (STUDIES, ARMS, OUTCOMES, EVENTS, CASES, REVIEWS)


def _is_day(cell: str) -> bool:
    try:
        return cell == "" or bool(calendar_day(cell))
    except ValueError:
        return False


def _check(column: ColumnSpec) -> list[pa.Check]:
    pattern = {
        "number": NUMBER,
        "whole": WHOLE,
        "identifier": IDENTIFIER,
        "arm": ARM_IDENTIFIER,
        "choice": "|".join(map(re.escape, column.choices)),
        "yes": "yes",
    }.get(column.kind)
    checks = []
    if pattern is not None:
        allowed = rf"({pattern})?"
        checks.append(pa.Check(lambda cells: cells.str.fullmatch(allowed), error=f"{column.expected} is expected"))
    if column.kind == "date":
        checks.append(pa.Check(lambda cells: cells.map(_is_day), error=f"{column.expected} is expected"))
    if column.minimum is not None:
        low = column.minimum
        checks.append(
            pa.Check(
                lambda cells: ~(number(cells.to_frame("cell"), "cell") < low),
                error=f"{column.expected} is expected",
            )
        )
    if column.required:
        checks.append(pa.Check(lambda cells: cells != "", error=f"is empty; {column.expected} is expected"))
    return checks


@cache
def schema(table: TableSpec) -> pa.DataFrameSchema:
    """The pandera schema of a table of text cells; the row rules carry the column that they blame as name."""
    columns = {column.name: pa.Column(str, _check(column)) for column in table.columns}
    rules = [pa.Check(holds, name=column, error=words) for column, words, holds in table.rules]
    return pa.DataFrameSchema(columns, checks=rules, strict=not table.open_columns)


@dataclass(frozen=True)
class Table:
    """One table of text cells with the line of the file on which each row stands.

    Attributes
    ----------
    spec : TableSpec
    file : str
        Path relative to the review's folder.
    text : DataFrame of str
        Cells as written; an empty string means "not seen".
    lines : tuple of int
        1-based line of each row.
    heading_line : int
        1-based line of the heading.
    """

    spec: TableSpec
    file: str
    text: pd.DataFrame
    lines: tuple[int, ...]
    heading_line: int = 1

    def __len__(self) -> int:
        return len(self.text)

    def values(self) -> pd.DataFrame:
        """The table with its number columns as floats (NaN: not seen) and a last column `row`, ``file:line``."""
        frame = self.text.copy()
        for name in self.spec.numbers:
            frame[name] = number(self.text, name)
        frame["row"] = [str(RowRef(self.file.rsplit("/", 1)[-1], line)) for line in self.lines]
        return frame
