"""A summary of findings: rows, footnotes and statements as data, from which every page makes its own table.

The layout follows the Cochrane Handbook 5.1: the six parts of 11.5.3 (outcomes, typical burden, relative and absolute
effect, numbers of people and studies, certainty, comments), a header with the people and the treatments (11.5.6.1),
outcomes listed whether there are data on them or not (11.5.6.2), and footnotes for each judgement (11.5.6.7).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from synth.certainty.grade.types import Level
from synth.certainty.summary.risks import AbsoluteEffect, AssumedRisk
from synth.certainty.summary.words import counted
from synth.certainty.wording import SOURCES
from synth.effects.intervals import Interval
from synth.errors import MethodError

if TYPE_CHECKING:
    import pandas as pd

#: Where the layout was read.
LAYOUT_SOURCE = "Cochrane Handbook for Systematic Reviews of Interventions 5.1, sections 11.5.3 and 11.5.6 (archived)"
LAYOUT_LINKS = (
    "http://handbook-5-1.cochrane.org/chapter_11/11_5_3_general_template_for_summary_of_findings_tables.htm",
    "http://handbook-5-1.cochrane.org/chapter_11/11_5_6_1_table_title_and_header.htm",
    "http://handbook-5-1.cochrane.org/chapter_11/11_5_6_2_outcomes.htm",
    "http://handbook-5-1.cochrane.org/chapter_11/11_5_6_7_quality_of_the_evidence_grade.htm",
)

#: Certainty in signs, as read at https://erj.ersjournals.com/highwire/markup/139284/expansion (table 1).
SYMBOLS: Mapping[Level, str] = {
    Level.HIGH: "⊕⊕⊕⊕",
    Level.MODERATE: "⊕⊕⊕○",
    Level.LOW: "⊕⊕○○",
    Level.VERY_LOW: "⊕○○○",
    Level.NOT_RATED: "",
}

StatementKind = Literal["uncontrolled", "comparison", "counts", "harm", "no evidence"]
RowKind = Literal["outcome", "harm"]
TableKind = Literal["uncontrolled", "comparison"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What may be said of one outcome, in plain language, in the words that its certainty allows.

    Attributes
    ----------
    main : str
        What was seen, and how certain it is: one to three sentences.
    beside : tuple of str
        What belongs with it: limits, pools, important differences; a sentence or two each.
    notes : tuple of str
        What a table sets below itself, once for all rows that share it; a statement that stands alone needs them too.
    level : Level
        Whose words are used.
    kind : {"uncontrolled", "comparison", "counts", "harm", "no evidence"}
        Counts: a comparison whose studies were seen and give no effect.
    controlled : bool
        Whether the evidence has a comparison.
    quoted : tuple of str
        Passages that are labels of the protocol or words of a source, and not the statement's own.
    """

    main: str
    beside: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    level: Level
    kind: StatementKind
    controlled: bool
    quoted: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What stands in a row; its notes stand below the table."""
        return " ".join((self.main, *self.beside))

    @property
    def alone(self) -> str:
        """The text with its notes, for a place that has no footnotes."""
        return " ".join((self.text, *self.notes))


@dataclass(frozen=True, slots=True)
class Footnote:
    """A letter and what it stands for."""

    letter: str
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its key in the cells of a row, and its heading."""

    key: str
    heading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One figure behind a row of a single-arm table.

    Attributes
    ----------
    study_id, arm_id : str
        Whose it is; empty for a pool.
    instrument : str
        Instrument, or the event that was counted.
    unit : str
        Of the figures.
    n : int or None
        Analysed units, or the total of a count.
    unit_of_analysis : str
        What n counts.
    months : float or None
        Time of the figure.
    before, after : float or None
        Means.
    events : int or None
        Of a count.
    estimate : float or None
        Mean change, or share from 0 to 1.
    interval : tuple of float, or None
        Of `estimate`.
    level : float or None
        Of `interval`, a proportion.
    text : str
        All of this for readers.
    """

    study_id: str
    arm_id: str
    instrument: str
    unit: str
    n: int | None
    unit_of_analysis: str
    months: float | None = None
    before: float | None = None
    after: float | None = None
    events: int | None = None
    estimate: float | None
    interval: Interval | None
    level: float | None
    text: str


@dataclass(frozen=True, kw_only=True)
class _Row:
    """What the rows of both kinds of table have."""

    outcome_id: str
    outcome: str
    kind: RowKind
    importance: str
    level: Level
    lowest: Level
    statement: Statement
    cells: Mapping[str, str]
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def symbols(self) -> str:
        """Certainty in signs; empty where it is not rated."""
        return SYMBOLS[self.level]


@dataclass(frozen=True, kw_only=True)
class SingleArmRow(_Row):
    """One outcome or harm after one procedure.

    Attributes
    ----------
    outcome_id, outcome : str
        Id and label of the protocol; for a harm its entry of the harms list.
    kind : {"outcome", "harm"}
    importance : str
        As the protocol has it; empty where nobody rated it.
    level : Level
    lowest : Level
        To which what nobody has judged could still lower it.
    statement : Statement
    cells : mapping of str
        Text of each column, by `Column.key`; several figures stand on lines of their own.
    notes : mapping of tuple of str
        Footnote letters of a column, by `Column.key`.
    seen : tuple of Seen
        The figures behind the row.
    people : tuple of (str, int)
        Units analysed, by what was counted; upper bounds where `people_at_most`.
    people_at_most : bool
    series : int
        Series, or reports that count the harm.
    """

    seen: tuple[Seen, ...] = ()
    people: tuple[tuple[str, int], ...] = ()
    people_at_most: bool = False
    series: int = 0


@dataclass(frozen=True, kw_only=True)
class ComparisonRow(_Row):
    """One outcome of a comparison; attributes as in `SingleArmRow`, and these.

    Attributes
    ----------
    measure : str
        Code in `synth.effects.estimate.MEASURES`.
    effect : tuple of (float, tuple of float), or None
        Relative effect with its interval on the natural scale; None where there is no main result.
    assumed : AssumedRisk or None
        Risks in the control arms.
    absolute : tuple of AbsoluteEffect
        At the median, the lowest and the highest of them; empty without an effect.
    participants, studies : int
        Of all studies whose counts were seen, those without an effect among them.
    """

    measure: str
    effect: tuple[float, Interval] | None = None
    assumed: AssumedRisk | None = None
    absolute: tuple[AbsoluteEffect, ...] = ()
    participants: int = 0
    studies: int = 0


@dataclass(frozen=True, kw_only=True)
class FindingsTable:
    """One table: of a procedure whose evidence has no comparison, or of two procedures that are compared.

    Attributes
    ----------
    kind : {"uncontrolled", "comparison"}
    about_id, title : str
        Procedure, or the two procedures with a slash between; and a title for readers.
    header : tuple of (str, str)
        People, treatment and comparison.
    columns : tuple of Column
    rows : tuple of SingleArmRow or ComparisonRow
        In the order of importance, then of the protocol.
    footnotes : tuple of Footnote
    """

    kind: TableKind
    about_id: str
    title: str
    header: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    rows: tuple[SingleArmRow | ComparisonRow, ...]
    footnotes: tuple[Footnote, ...]

    def table(self) -> pd.DataFrame:
        """One row an outcome, each cell as text with its footnote letters in brackets."""
        import pandas as pd  # here, so that importing the summary stays cheap

        rows = [{column.heading: lettered(row, column.key) for column in self.columns} for row in self.rows]
        return pd.DataFrame(rows, columns=[column.heading for column in self.columns])

    def _repr_html_(self) -> str:
        from synth.certainty.summary.page import table_html  # here, because the page is made of these types

        return table_html(self)


@dataclass(frozen=True, repr=False)
class SummaryOfFindings:
    """Every table of a review.

    Attributes
    ----------
    tables : tuple of FindingsTable
        Procedures in the order of the protocol, then the comparisons.
    """

    tables: tuple[FindingsTable, ...]

    def __iter__(self) -> Iterator[FindingsTable]:
        return iter(self.tables)

    def of(self, about_id: str) -> FindingsTable:
        """The table of a procedure, or of a comparison ("treated/control").

        Raises
        ------
        MethodError
            If there is none.
        """
        for item in self.tables:
            if item.about_id == about_id:
                return item
        known = ", ".join(item.about_id for item in self.tables) or "none"
        raise MethodError(f"no summary of findings for {about_id!r}; there are: {known}")

    @property
    def statements(self) -> tuple[Statement, ...]:
        """The statement of every row, in order."""
        return tuple(row.statement for item in self.tables for row in item.rows)

    def table(self) -> pd.DataFrame:
        """All rows under one another: table, outcome, certainty, and the statement with its notes."""
        import pandas as pd  # here, so that importing the summary stays cheap

        columns = ["about", "outcome", "certainty", "what this means"]
        rows = [
            (item.title, row.outcome, row.cells["certainty"], row.statement.alone)
            for item in self.tables
            for row in item.rows
        ]
        return pd.DataFrame(rows, columns=columns)

    def explain(self) -> str:
        """How the tables and the statements were made, in a paragraph for a methods section, with citations."""
        return (
            f"The tables have the layout of the {LAYOUT_SOURCE}; read at {', '.join(LAYOUT_LINKS)}. Evidence without a "
            "comparison has no column of effects. In a comparison the risks per 1,000 are those of the comparison "
            "arms, and what the pooled effect makes of them. Outcomes stand in the order of their importance, with "
            "data or without, then the harms of the protocol's list. Each sentence uses the hedge that belongs to its "
            f"level and no other ({'; '.join(SOURCES)}); no word of size is used, because no threshold of size was "
            "planned. Footnotes give the reason for each step, how many of those enrolled were analysed, and how "
            "people were selected, as far as seen. Harms are shown as counted; their certainty is not assessed."
        )

    def __repr__(self) -> str:
        rows = sum(len(item.rows) for item in self.tables)
        return f"SummaryOfFindings({counted(len(self.tables), 'table')}, {counted(rows, 'row')})"

    def _repr_html_(self) -> str:
        return "".join(item._repr_html_() for item in self.tables)


def lettered(row: SingleArmRow | ComparisonRow, key: str) -> str:
    """A cell with its footnote letters in brackets."""
    letters, text = row.notes.get(key, ()), row.cells[key].replace("\n", "; ")
    return f"{text} [{', '.join(letters)}]" if letters else text
