"""A review: its stages as attributes, each computed on first use."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from synth.audit import Audit
from synth.certainty import Certainty, rate
from synth.changes import Changes, named_quantities
from synth.display import TextTable, html_table
from synth.errors import Fault, ParameterError
from synth.extraction import Extraction
from synth.protocol import Protocol
from synth.quantities import Quantities
from synth.records import Record, Records
from synth.records.record import STATUS_WORDS
from synth.records.searches import Searches
from synth.screening import Screening
from synth.store import find_root, read_review
from synth.synthesis.answers import Synthesis, synthesise
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.ladder import Answer

if TYPE_CHECKING:
    from synth.plots.drawing import Drawing
    from synth.plots.pool_pictures import PoolPictures, Subject
    from synth.synthesis.sensitivity import PoolChecks


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


class Review:
    """A review, opened from its folder; every stage is computed when it is first asked for.

    Parameters
    ----------
    name : str
        Folder under ``evidence``.
    root : Path
        The folder that holds ``evidence``.
    as_of : str or None
        Date at which the statements hold, ISO 8601; the evidence date by default.

    Raises
    ------
    ReviewNotFoundError
        If there is no such review.
    EvidenceError
        If any of its files has a fault; the message lists them all.
    ParameterError
        If `as_of` is no date, or lies before the evidence date.
    """

    def __init__(self, name: str, root: Path, as_of: str | None = None) -> None:
        files = read_review(root, name)
        self.name = name
        self.root = root
        self.protocol: Protocol = files.protocol
        self.records: Records = files.records
        self.searches = Searches(files.snapshots, files.protocol, files.records)
        self.screening: Screening = files.screening
        self.extraction: Extraction = files.extraction
        self.audit: Audit = files.audit
        self.warnings: tuple[Fault, ...] = files.warnings
        self.as_of: str = self._date(as_of)

    @property
    def evidence_date(self) -> str:
        """The latest date in the searches and decisions, ISO 8601."""
        dates = [str(item.date) for item in self.searches.manifests]
        return max([*dates, *(item.date for item in self.screening.decisions)])

    def _date(self, as_of: str | None) -> str:
        if as_of is None:
            return self.evidence_date
        # Dates are compared as text below, so the short forms that Python reads too (20261122, 2026-W48-1) are refused.
        if not _is_date(as_of):
            raise ParameterError(f"as_of: {as_of!r} is no date; a date such as {self.evidence_date} is expected")
        if as_of < self.evidence_date:
            raise ParameterError(
                f"as_of: {as_of} lies before the evidence date {self.evidence_date}; the files hold later facts"
            )
        return as_of

    def record_of(self, study_id: str) -> Record:
        """The record in which a study was reported.

        Raises
        ------
        KeyError
            If there is no study of that id.
        """
        return self.records[self._record_ids[study_id]]

    @cached_property
    def _record_ids(self) -> dict[str, str]:
        studies = self.extraction.studies
        return dict(zip(studies["study_id"], studies["record_id"], strict=True))

    @cached_property
    def synthesis(self) -> Synthesis:
        """What the evidence allows for each procedure and outcome."""
        return synthesise(self.protocol, self.extraction, self.records)

    @cached_property
    def certainty(self) -> Certainty:
        """How certain each answer is."""
        return rate(self.protocol, self.synthesis)

    @cached_property
    def quantities(self) -> Quantities:
        """Every number under its name."""
        return named_quantities(self.name, self.synthesis, self.screening.flow)

    @cached_property
    def changes(self) -> Changes:
        """What is new since the last release."""
        return Changes(self.quantities)

    def forest(self, answer: Answer | ComparisonAnswer) -> Drawing:
        """The forest plot of an answer or of a comparison.

        Raises
        ------
        MethodError
            If it has no estimate to draw.
        """
        from synth.plots.answers import forest_of

        return forest_of(answer, self.protocol, self._study_names)

    @cached_property
    def _study_names(self) -> dict[str, str]:
        short = {study: self.records[record].short for study, record in self._record_ids.items()}
        taken = Counter(short.values())
        return {study: name if taken[name] == 1 else f"{name} ({study})" for study, name in short.items()}

    def flow_diagram(self) -> Drawing:
        """The PRISMA flow."""
        from synth.plots.flow import flow_of

        return flow_of(self.screening.flow)

    def years(self) -> Drawing | TextTable:
        """Hits by year of publication; all records where PubMed has not been searched.

        A table that says so where there is no record.
        """
        from synth.plots.years import years_plot

        counts = self.searches.per_year()
        if counts.empty:
            return TextTable(counts, empty="No records.")
        return years_plot(counts, "Hits" if self.searches.of_pubmed else "Records")

    def forests(self) -> list[Drawing]:
        """The forest plot of every answer with more than one series, and of every comparison with a study."""
        drawn: list[Answer | ComparisonAnswer] = [item for item in self.synthesis if len(item.changes) > 1]
        drawn += [item for item in self.synthesis.comparisons if item.effects]
        return [self.forest(item) for item in drawn]

    def slope(self, answer: Answer) -> Drawing | None:
        """Scores before and after of an answer, series and single patients; None where it has none."""
        from synth.plots.slopes.of_answer import slopes_of

        return slopes_of(answer, self.protocol, self._study_names)

    def slopes(self) -> list[Drawing]:
        """Scores before and after, series and single patients, of every answer that has them."""
        drawn = map(self.slope, self.synthesis)
        return [drawing for drawing in drawn if drawing is not None]

    def pool_pictures(self, checks: PoolChecks) -> PoolPictures:
        """The pictures of one pool."""
        from synth.plots.pool_pictures import pictures_of

        years = {study: self.records[record].year for study, record in self._record_ids.items()}
        return pictures_of(checks, self._study_names, years)

    def pictures(self, subject: Subject) -> list[Drawing]:
        """The pictures of every pool, as far as its studies give them a meaning.

        Parameters
        ----------
        subject : {"models", "single studies", "small studies", "characteristics"}

        Raises
        ------
        MethodError
            If there is no such subject.
        """
        return [drawing for item in self.synthesis.pools for drawing in self.pool_pictures(item).of(subject)]

    def show_studied(self) -> TextTable:
        """What was studied of each procedure, for a notebook."""
        rows = [
            {
                "procedure": self.protocol.procedure(name).label,
                "eligible reports": str(item.arms["study_id"].nunique()),
                "patients": str(item.patients),
                "hips": str(item.hips),
                "directions only": ", ".join(item.direction_only["study_id"]) or "none",
                "annex": ", ".join(dict.fromkeys(item.annex["study_id"])) or "none",
            }
            for name, item in self.synthesis.studied.items()
        ]
        return TextTable(pd.DataFrame(rows), "What was studied")

    def show_statuses(self) -> TextTable:
        """What PubMed says of each record that the article or the extraction cites, for a notebook."""
        printed = self.audit.article.references if self.audit.article else ()
        searches = self.searches.of_pubmed
        asked = searches[-1].manifest.date if searches else None
        numbers = {item.record_id: str(item.position) for item in printed if item.record_id}
        studied = dict(zip(self.extraction.studies["record_id"], self.extraction.studies["study_id"], strict=True))
        rows = [
            {
                "record": item.id,
                "authors and year": item.short,
                "cited as": ", ".join(
                    filter(None, (f"article [{numbers[item.id]}]" if item.id in numbers else "", studied.get(item.id)))
                ),
                "PMID": item.pmid or "not seen",
                "status": f"unknown: not found in PubMed on {asked}"
                if asked and item.status == "unknown"
                else STATUS_WORDS[item.status],
                "linked reports": "; ".join(f"{link.type} {link.pmid or link.source or ''}" for link in item.links),
            }
            for item in self.records
            if item.id in numbers or item.id in studied
        ]
        return TextTable(pd.DataFrame(rows), "Status of every cited record", "No record is cited.")

    def show_warnings(self) -> TextTable:
        """What is worth a look in the files and stops nothing, for a notebook."""
        rows = [
            {"place": f"{item.file}:{item.line}", "column": item.column, "warning": item.message}
            for item in self.warnings
        ]
        return TextTable(pd.DataFrame(rows), "Warnings", "The files give no warning.")

    def __repr__(self) -> str:
        return f"Review({self.name!r}, as of {self.as_of})"

    def _repr_html_(self) -> str:
        flow = self.screening.flow
        facts = {
            "Question": self.protocol.question.text,
            "Kind": self.protocol.standing.kind,
            "As of": self.as_of,
            "Records": str(len(self.records)),
            "Reports included": str(flow.included),
            "Answers": str(len(self.synthesis.answers) + len(self.synthesis.comparisons)),
        }
        return html_table(pd.DataFrame({"": list(facts), self.protocol.title: list(facts.values())}))


def open_review(name: str = "ifi", *, as_of: str | None = None, root: Path | str | None = None) -> Review:
    """Open a review; see `Review` for what can go wrong.

    Parameters
    ----------
    name : str
        Folder under ``evidence``.
    as_of : str or None
        Date at which the statements hold, ISO 8601; the evidence date by default.
    root : path, optional
        The folder that holds ``evidence``; by default the working folder or the nearest one above it that does.
    """
    return Review(name, find_root(Path(root) if root is not None else None), as_of)
