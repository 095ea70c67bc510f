"""Invented single patients beside the invented evidence of evidence_patterns. Nothing here comes from a real study."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pandas as pd
from evidence_patterns import PROTOCOL, Event, Row, evidence

from synth.extraction import Extraction
from synth.protocol import Protocol
from synth.records import Records
from synth.review import Review
from synth.schemas import CASES, Table
from synth.synthesis.answers import Synthesis, synthesise
from synth.synthesis.cases import CaseAnswer, cases_of

#: Invented published differences of the scale: one by an anchor, one that is half a standard deviation.
THRESHOLDS = (
    {"value": 20.0, "method": "anchor-based (12 months)", "population": "sailors"},
    {"value": 8.0, "method": "distribution-based (half SD, 1 year)", "population": "young sailors"},
)


@cache
def real(name: str, repository: Path) -> Review:
    """A committed review, read once for all tests."""
    return Review(name, repository)


@dataclass(frozen=True)
class Listed:
    """One invented row of cases.csv."""

    study: str
    case: str = "patient 1"
    arm: str = "A1"
    instrument: str = "scale"
    before: object = 40
    after: object = 60
    months: object = 12
    age: object = 30
    sex: str = "F"


@dataclass(frozen=True)
class Invented:
    """An invented review with everything that the tests ask for."""

    protocol: Protocol
    extraction: Extraction
    records: Records
    synthesis: Synthesis

    @property
    def cases(self) -> tuple[CaseAnswer, ...]:
        return cases_of(self.protocol, self.extraction, self.synthesis)

    def answer(self, instrument: str = "scale") -> CaseAnswer:
        """The one answer of that instrument."""
        (found,) = (item for item in self.cases if item.instrument == instrument)
        return found


def single(study: str, **changes: object) -> Row:
    """A row of outcomes.csv that holds one patient, the only one of its arm."""
    return replace(Row(study, n=1, patients=1), **changes)  # type: ignore[arg-type]


def protocol_with(thresholds: Sequence[dict[str, object]] = THRESHOLDS, **changes: object) -> Protocol:
    """The invented protocol with published differences and an instrument that measures a time."""
    data = json.loads(json.dumps({**PROTOCOL, **changes}))
    scale = data["instruments"][0]
    if thresholds:
        origin = {"source": "DOI:10.0000/invented", "locator": "abstract"}
        scale |= {"thresholds": [{**item, **origin} for item in thresholds], "not_chosen": "Invented."}
    data["instruments"].append({"id": "delay", "label": "Invented delay", "unit": "months", "better": "lower"})
    data["outcomes"][0]["instruments"].append("delay")
    return Protocol.model_validate_json(json.dumps(data))


def review_of(
    *rows: Row,
    cases: Sequence[Listed] = (),
    events: Sequence[Event] = (),
    protocol: Protocol | None = None,
) -> Invented:
    """An invented review of some rows and patients; a patient needs a row of its arm."""
    extraction, records = evidence(*rows, events=events)
    cells = [
        {
            **dict.fromkeys(CASES.headings, ""),
            "study_id": item.study,
            "arm_id": item.arm,
            "case_id": item.case,
            "age": str(item.age),
            "sex": item.sex,
            "instrument": item.instrument,
            "baseline": str(item.before),
            "followup": str(item.after),
            "timepoint_months": str(item.months),
            "source": "DOI:10.0000/invented",
            "locator": "table 2",
            "seen_in": "primary full text",
            "extracted_by": "somebody",
        }
        for item in cases
    ]
    frame = pd.DataFrame(cells, columns=list(CASES.headings), dtype=str)
    table = Table(CASES, CASES.file, frame, tuple(range(2, len(cells) + 2)))
    whole = Extraction.of({**extraction.tables, "cases": table})
    plan = protocol or protocol_with()
    return Invented(plan, whole, records, synthesise(plan, whole, records))


#: A row of an arm without any score, so that its patients can be listed.
def nothing_seen(study: str, **changes: object) -> Row:
    """A row of outcomes.csv without figures."""
    return replace(Row(study, before="", after="", n="", months=""), **changes)  # type: ignore[arg-type]
