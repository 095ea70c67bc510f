"""The stages of a review, each computed on first use."""

from __future__ import annotations

from collections import Counter
from datetime import date
from functools import cached_property
from pathlib import Path

from synth.audit import Audit
from synth.certainty.grade import Certainty, rate
from synth.certainty.in_words import judged_by, levels_in_words
from synth.certainty.risk_of_bias import RiskOfBias, appraise
from synth.certainty.summary import SummaryOfFindings, summary_of_findings
from synth.changes import Changes, named_quantities
from synth.errors import Fault, ParameterError
from synth.extraction import Extraction
from synth.extraction.named import outcomes_named
from synth.extraction.reviews import PublishedReview, published_reviews
from synth.protocol import Protocol
from synth.quantities import Quantities
from synth.records import Record, Records
from synth.records.searches import Searches
from synth.screening import Screening
from synth.store import read_review
from synth.synthesis.answers import Synthesis, synthesise
from synth.synthesis.cases import CaseAnswer, cases_of
from synth.synthesis.inconsistencies import Inconsistency, inconsistencies
from synth.synthesis.published_reviews import Agreement, agreement, unrecorded
from synth.synthesis.swim import SwimAnswer, SwimItem, checklist, swim_of
from synth.synthesis.worklist import WorkList, worklist


def _is_date(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


class Stages:
    """The files of a review and its stages; see `synth.review.Review`."""

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
        self._answers, self._overrides = files.risk_of_bias, files.grade
        self.warnings: tuple[Fault, ...] = files.warnings
        self.as_of: str = self._date(as_of)

    @property
    def evidence_date(self) -> str:
        """The latest date in the searches, decisions and judgements, ISO 8601."""
        dates = [str(item.date) for item in self.searches.manifests]
        dates += [item.date for item in self.screening.decisions]
        dates += [str(day) for table in (self._answers, self._overrides) for day in table.text["date"]]
        return max(dates)

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
    def cases(self) -> tuple[CaseAnswer, ...]:
        """What single patients show, by procedure, outcome and instrument."""
        return cases_of(self.protocol, self.extraction, self.synthesis)

    @cached_property
    def swims(self) -> tuple[SwimAnswer, ...]:
        """The directions of every outcome after every procedure, told and counted."""
        return swim_of(self.synthesis, designs=self._designs, named=outcomes_named(self.extraction.studies))

    def swim_items(self) -> tuple[SwimItem, ...]:
        """The nine items of SWiM for the whole review."""
        ratings = self.certainty.ratings
        return checklist(self.swims, certainty=f"{levels_in_words(ratings)} {judged_by(ratings)}")

    @cached_property
    def worklist(self) -> WorkList:
        """What is missing of each study, which rung it would unlock, and where it may be found."""
        return worklist(self.protocol, self.synthesis, self.extraction, self.records)

    @cached_property
    def inconsistencies(self) -> tuple[Inconsistency, ...]:
        """What does not fit inside the sources."""
        series = (item for answer in self.synthesis for item in answer.series)
        return inconsistencies(self.extraction, series, self.cases)

    @cached_property
    def agreement(self) -> tuple[Agreement, ...]:
        """What published reviews state, beside what is seen here."""
        return agreement(self._published, self.synthesis)

    @property
    def unrecorded_reviews(self) -> tuple[str, ...]:
        """Records that are reviews by their design, and of which no statement was recorded."""
        return unrecorded(self.records, self._published)

    @property
    def _published(self) -> tuple[PublishedReview, ...]:
        return published_reviews(self.extraction.reviews)

    @cached_property
    def risk_of_bias(self) -> RiskOfBias:
        """The answers to the tools that the protocol plans, and what follows from them."""
        return appraise(self.protocol, self.extraction, self._answers)

    @cached_property
    def certainty(self) -> Certainty:
        """How certain each answer is."""
        return rate(
            self.protocol,
            self.synthesis,
            self.risk_of_bias,
            self._overrides,
            studies=self.extraction.studies,
            cases=self.cases,
        )

    @cached_property
    def findings(self) -> SummaryOfFindings:
        """The summary of findings, with a statement for each outcome."""
        return summary_of_findings(
            self.protocol, self.synthesis, self.certainty, studies=self.extraction.studies, cases=self.cases
        )

    @property
    def _designs(self) -> dict[str, str]:
        studies = self.extraction.studies
        return dict(zip(studies["study_id"], studies["design"], strict=True))

    @cached_property
    def quantities(self) -> Quantities:
        """Every number under its name."""
        return named_quantities(self.name, self.synthesis, self.screening.flow)

    @cached_property
    def changes(self) -> Changes:
        """What is new since the last release."""
        return Changes(self.quantities)

    @cached_property
    def study_names(self) -> dict[str, str]:
        """What to call each study, by its id: two studies never have one name."""
        short = {study: self.records[record].short for study, record in self._record_ids.items()}
        taken = Counter(short.values())
        return {study: name if taken[name] == 1 else f"{name} ({study})" for study, name in short.items()}
