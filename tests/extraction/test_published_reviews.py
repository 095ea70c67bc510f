"""What published reviews state, and every fault of such rows. All rows are invented but those of ifi."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from synth.extraction import Extraction
from synth.extraction.reviews import OF_THE_WHOLE, procedures_of, published_reviews, review_faults
from synth.protocol import Protocol
from synth.schemas import REVIEW_FINDINGS, REVIEWS, Table
from synth.store.tables import parse_table

PROTOCOL = Protocol.model_validate_json(
    json.dumps(
        {
            "format": 1,
            "review": "invented",
            "title": "Invented",
            "question": dict.fromkeys(("text", "population", "interventions", "comparators", "outcomes"), "invented"),
            "standing": {"kind": "evidence map", "written": "2026-01-01", "post_hoc": True, "note": "Invented."},
            "people": [{"id": "somebody", "name": "Somebody", "kind": "software", "role": "invented"}],
            "procedures": [
                {"id": "knot", "label": "Knot", "role": "main"},
                {"id": "bow", "label": "Bow", "role": "main"},
            ],
            "steps": [{"label": "Tying", "procedures": ["knot", "bow"]}],
            "outcomes": [{"id": "comfort", "label": "Comfort", "role": "main", "instruments": ["scale"]}],
            "instruments": [{"id": "scale", "label": "Scale", "unit": "points"}],
            "eligibility": {"reason": "Invented."},
            "synthesis": {
                "tau2": "REML",
                "interval": "hartung-knapp-guarded",
                "level": 0.95,
                "overlap": "exclude",
                "overlap_reason": "Invented.",
            },
        }
    )
)


def table(*rows: dict[str, str]) -> Table:
    origin = {
        "source": "DOI:10.0000/invented",
        "locator": "abstract",
        "seen_in": "primary abstract",
        "extracted_by": "somebody",
    }
    cells = [{**dict.fromkeys(REVIEWS.headings, ""), "record_id": "old", **origin, **row} for row in rows]
    frame = pd.DataFrame(cells, columns=list(REVIEWS.headings), dtype=str)
    return Table(REVIEWS, REVIEWS.file, frame, tuple(range(2, len(rows) + 2)))


def faults(*rows: dict[str, str]) -> list[str]:
    return [str(fault) for fault in review_faults(table(*rows), PROTOCOL, frozenset({"old", "new"}))]


@pytest.mark.parametrize("about", ["", "knot", "Tying"])
def test_a_statement_may_be_about_a_procedure_a_step_or_nothing_that_was_seen(about: str) -> None:
    assert faults({"about": about, "outcome": "comfort", "horizon": "long term", "finding": "better"}) == []


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"record_id": "other"}, "record_id: 'other' is not in records/records.jsonl"),
        (
            {"about": "loop"},
            "about: 'loop' is not in the procedures and steps of protocol.yml; use one of its names (knot,",
        ),
        ({"outcome": "warmth"}, "outcome: 'warmth' is not in the outcomes of protocol.yml"),
        ({"horizon": "long term"}, "horizon: is given without a finding"),
    ],
)
def test_a_row_that_leads_nowhere_is_a_fault(row: dict[str, str], said: str) -> None:
    (fault,) = faults(row)
    assert fault.startswith("extraction/reviews.csv:2: ")
    assert said in fault


@pytest.mark.parametrize("column", OF_THE_WHOLE)
def test_rows_of_one_review_may_not_contradict_each_other(column: str) -> None:
    same = ({column: "3"}, {column: "", "about": "knot"}, {column: "3", "about": "bow"})
    assert faults(*same) == []
    (fault,) = faults(*same[:2], {column: "4", "about": "bow"})
    assert fault.startswith(
        f"extraction/reviews.csv:4: {column}: '4' here and '3' on line 2; a review has one {column}"
    )
    assert faults({column: "3"}, {column: "4", "record_id": "new"}) == []


def test_rows_become_reviews_in_the_order_of_the_table() -> None:
    rows = table(
        {"record_id": "new", "finding": "worse", "n_studies": "", "scope": ""},
        {"record_id": "old", "scope": "ropes"},
        {"record_id": "new", "about": "knot", "n_studies": "7", "comparative": "no", "locator": "title"},
    )
    first, second = published_reviews(rows.values())
    assert (first.record_id, first.n_studies, first.n_patients, first.comparative) == ("new", 7, None, "no")
    assert [(item.finding, item.row) for item in first.statements] == [("worse", "reviews.csv:2")]
    assert first.places == (("abstract", "primary abstract"), ("title", "primary abstract"))
    assert (second.scope, second.statements) == ("ropes", ())


def test_no_rows_are_no_reviews() -> None:
    assert published_reviews(Extraction.of(_five()).reviews) == ()


def _five() -> dict[str, Table]:
    from synth.schemas import EXTRACTION_TABLES
    from synth.store.tables import empty_table

    return {spec.name: empty_table(spec, spec.file) for spec in EXTRACTION_TABLES if spec is not REVIEWS}


def test_what_a_statement_is_about() -> None:
    assert procedures_of("knot", PROTOCOL) == ("knot",)
    assert procedures_of("Tying", PROTOCOL) == ("knot", "bow")
    assert procedures_of("", PROTOCOL) == ()


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("finding", "good", f"one of: {', '.join(REVIEW_FINDINGS)} is expected"),
        ("horizon", "soon", "one of: short term, long term is expected"),
        ("comparative", "maybe", "one of: yes, no is expected"),
        ("n_studies", "7.5", "a whole number"),
        ("seen_in", "", "is empty"),
        ("record_id", "", "is empty"),
    ],
)
def test_a_cell_that_cannot_be_is_a_fault(column: str, cell: str, said: str) -> None:
    good = table({"finding": "better"}).text
    good[column] = cell
    _, found = parse_table(good.to_csv(index=False), REVIEWS, REVIEWS.file)
    assert [fault.column for fault in found] == [column]
    assert said in found[0].message


def test_one_statement_stands_once() -> None:
    twice = pd.concat([table({"about": "knot"}).text] * 2)
    _, found = parse_table(twice.to_csv(index=False), REVIEWS, REVIEWS.file)
    assert "stands on line 2 already" in found[0].message


def test_the_table_of_ifi_names_each_systematic_review_and_says_only_what_was_seen(repository: Path) -> None:
    from synth.review import Review

    ifi = Review("ifi", repository)
    found = {item.record_id: item for item in published_reviews(ifi.extraction.reviews)}
    assert set(found) == {item.id for item in ifi.records if item.assigned.design == "systematic review"}
    assert {(item.about, item.outcome, item.horizon, item.finding) for item in found["mohorea2026"].statements} == {
        ("Surgery", "pain", "long term", "better"),
        ("injection", "pain", "short term", "better"),
        ("injection", "", "long term", "limited benefit"),
    }
    assert all(item.n_studies is None and item.n_patients is None and not item.searched_to for item in found.values())
    assert set(ifi.extraction.reviews["checked_by"]) == {""}
