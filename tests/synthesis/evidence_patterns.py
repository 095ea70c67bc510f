"""Invented evidence, as small as a pattern needs: one procedure, one outcome, rows that say only what matters.

Nothing here comes from a real study. A `Row` is one row of outcomes.csv with its arm, study and record; what is not
given is as an independent, eligible series of ten patients would have it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from synth.extraction import Extraction
from synth.protocol import Protocol
from synth.records import Record, Records
from synth.schemas import EXTRACTION_TABLES, Table
from synth.synthesis.answers import Synthesis, synthesise
from synth.synthesis.ladder import Answer

PROTOCOL = {
    "format": 1,
    "review": "invented",
    "title": "An invented question",
    "question": dict.fromkeys(("text", "population", "interventions", "comparators", "outcomes"), "invented"),
    "standing": {"kind": "evidence map", "written": "2026-01-01", "post_hoc": True, "note": "Invented."},
    "people": [{"id": "somebody", "name": "Somebody", "kind": "person", "role": "invented the figures"}],
    "procedures": [
        {"id": "knot", "label": "Knot", "role": "main"},
        {"id": "bow", "label": "Bow", "role": "main"},
        {"id": "none", "label": "Nothing", "role": "comparator"},
    ],
    "outcomes": [{"id": "comfort", "label": "Comfort", "role": "main", "instruments": ["scale", "rule"]}],
    "instruments": [
        {"id": "scale", "label": "Invented scale", "unit": "points", "minimum": 0, "maximum": 100, "better": "higher"},
        {"id": "rule", "label": "Invented rule", "unit": "points", "minimum": 0, "maximum": 10, "whole_scores": True},
    ],
    "events": [
        {"id": "tear", "kind": "harm", "harm": "tear"},
        {"id": "any", "kind": "any complication"},
        {"id": "content", "kind": "benefit", "outcome": "comfort"},
        {"id": "rested", "kind": "course"},
        {"id": "loose before", "kind": "baseline"},
    ],
    "harms": ["tear"],
    "eligibility": {
        "diseases": ["looseness"],
        "excluded_hips": ["wooden"],
        "source_levels": ["journal article"],
        "direction_only": ["video abstract"],
        "reason": "Invented.",
    },
    "synthesis": {
        "tau2": "REML",
        "interval": "hartung-knapp-guarded",
        "level": 0.95,
        "overlap": "exclude",
        "overlap_reason": "Invented.",
        "correlation": {"main": 0.5, "grid": [0, 0.5, 0.9], "reason": "Invented."},
        "comparisons": [],
    },
}

_ORIGIN = {
    "source": "DOI:10.0000/invented",
    "locator": "table 1",
    "seen_in": "primary full text",
    "extracted_by": "somebody",
    "checked_by": "",
}


@dataclass(frozen=True)
class Row:
    """One invented row of outcomes.csv with what stands behind it."""

    study: str
    arm: str = "A1"
    procedure: str = "knot"
    instrument: str = "scale"
    n: object = 10
    unit: str = "patients"
    before: object = 40
    after: object = 60
    sd: object = ""
    change_sd: object = ""
    interval: tuple[object, object, object] = ("", "", "")  # lower limit, upper limit, level in percent
    p: str = ""
    test: str = ""
    months: object = 12
    direction: str = ""
    disease: str = "looseness"
    hip: str = ""
    level: str = "journal article"
    authors: tuple[str, ...] | None = None
    centre: str = ""
    period: tuple[str, str] = ("", "")
    overlaps: str = ""
    patients: object = 10
    hips: object = ""
    cells: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """One invented row of events.csv, in an arm of a `Row`."""

    study: str
    event: str
    events: int
    total: int
    arm: str = "A1"
    unit: str = "patients"
    conditioned: str = ""


def protocol(**synthesis: object) -> Protocol:
    """The invented protocol, with changes to its planned analyses."""
    plan = {**PROTOCOL["synthesis"], **synthesis}  # type: ignore[dict-item]
    return Protocol.model_validate_json(json.dumps({**PROTOCOL, "synthesis": plan}))


def _record(row: Row) -> Record:
    return Record.model_validate(
        {
            **dict.fromkeys(("pmid", "pmcid", "doi", "title", "journal", "volume", "issue", "pages", "note")),
            "id": row.study,
            "year": 2001,
            # By default an author whom no other study has.
            "authors": (f"{row.study.title()} A",) if row.authors is None else row.authors,
            "publication_types": (),
            "assigned": {"publication_type": None, "design": None, "by": "somebody"},
            "status": "unknown",
            "found_by": "other methods",
            "source": "DOI:10.0000/invented",
            "seen_on": "2026-01-01",
        }
    )


def _table(name: str, rows: Sequence[dict[str, object]]) -> Table:
    spec = next(item for item in EXTRACTION_TABLES if item.name == name)
    cells = [{heading: str(row.get(heading, "")) for heading in spec.headings} for row in rows]
    frame = pd.DataFrame(cells, columns=list(spec.headings), dtype=str)
    return Table(spec, spec.file, frame, tuple(range(2, len(rows) + 2)))


def evidence(*rows: Row, events: Sequence[Event] = ()) -> tuple[Extraction, Records]:
    """Extraction tables and records of some rows."""
    studies = {
        row.study: {
            "study_id": row.study,
            "record_id": row.study,
            "disease": row.disease,
            "hip": row.hip,
            "source_level": row.level,
            "centre": row.centre,
            "recruited_from": row.period[0],
            "recruited_to": row.period[1],
            **_ORIGIN,
        }
        for row in rows
    }
    arms = {
        (row.study, row.arm): {
            "study_id": row.study,
            "arm_id": row.arm,
            "procedure": row.procedure,
            "n_patients": row.patients,
            "n_hips": row.hips,
            "overlaps_with": row.overlaps,
            **_ORIGIN,
        }
        for row in rows
    }
    outcomes = [
        {
            "study_id": row.study,
            "arm_id": row.arm,
            "outcome": "comfort",
            "instrument": row.instrument,
            "timepoint_months": row.months,
            "n": row.n,
            "unit_of_analysis": row.unit,
            "baseline_mean": row.before,
            "baseline_sd": row.sd,
            "followup_mean": row.after,
            "followup_sd": row.sd,
            "change_sd": row.change_sd,
            **dict(zip(("change_low", "change_high", "change_level"), row.interval, strict=True)),
            "p_value": row.p,
            "reported_test": row.test,
            "direction": row.direction,
            **_ORIGIN,
            **row.cells,
        }
        for row in rows
    ]
    counts = [
        {
            "study_id": item.study,
            "arm_id": item.arm,
            "event": item.event,
            "events": item.events,
            "total": item.total,
            "unit_of_analysis": item.unit,
            "conditioned_on_inclusion": item.conditioned,
            **_ORIGIN,
        }
        for item in events
    ]
    tables = {
        "studies": _table("studies", list(studies.values())),
        "arms": _table("arms", list(arms.values())),
        "outcomes": _table("outcomes", outcomes),
        "events": _table("events", counts),
        "cases": _table("cases", []),
    }
    records = {row.study: _record(row) for row in rows}
    return Extraction.of(tables), Records(tuple(records[name] for name in sorted(records)))


def synthesis_of(*rows: Row, events: Sequence[Event] = (), **plan: object) -> Synthesis:
    """The whole synthesis of an invented pattern."""
    extraction, records = evidence(*rows, events=events)
    return synthesise(protocol(**plan), extraction, records)


def answer_of(*rows: Row, **plan: object) -> Answer:
    """The answer for the one procedure, outcome and instrument of an invented pattern."""
    return synthesis_of(*rows, **plan).answer("knot", "comfort", "scale" if rows else "")
