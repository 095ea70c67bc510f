"""The committed review `ifi` against the gathered facts: every row and cell is there as it was gathered."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from synth.records.record import ET_AL
from synth.yamltext import parse_yaml

Row = dict[str, str]


def rows_of(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def facts(shared: Path) -> Path:
    return shared / "ifi-evidence"


@pytest.fixture(scope="module")
def review(repository: Path) -> Path:
    return repository / "evidence" / "ifi"


def depth(text: str) -> str:
    """What the facts call "primary full text" was the opening of the article only, by their own description."""
    return "article opening" if text == "primary full text" else text


def test_the_facts_define_primary_full_text_as_an_opening(facts: Path):
    text = " ".join((facts / "README.md").read_text(encoding="utf-8").split())
    assert "primary full text (opening of the article only)" in text


# Columns that the review added, and what may stand in them beyond what was gathered.
ADDED = {
    "arms.csv": {
        *("n_male", "overlaps_with", "note", "extracted_by", "checked_by"),
        *("diagnostic_criteria", "co_procedures", "earlier_surgery"),
    },
    "outcomes.csv": {
        *("unit_of_analysis", "change_low", "change_high", "change_level"),
        *("reported_test", "direction", "extracted_by", "checked_by"),
    },
    "events.csv": {"conditioned_on_inclusion", "extracted_by", "checked_by"},
    "cases.csv": {"seen_in", "extracted_by", "checked_by"},
}
GATHERED = {
    "arms.csv": "arms.csv",
    "outcomes.csv": "outcomes.csv",
    "events.csv": "events.csv",
    "cases.csv": "individual_cases.csv",
}


def as_kept(row: Row) -> Row:
    kept = {{"source_url": "source"}.get(name, name): cell for name, cell in row.items()}
    return kept | {"seen_in": depth(kept["seen_in"])} if "seen_in" in kept else kept


@pytest.mark.parametrize("file", GATHERED)
def test_every_row_and_cell_is_kept_and_none_is_added(facts: Path, review: Path, file: str):
    gathered = [as_kept(row) for row in rows_of(facts / GATHERED[file])]
    kept = rows_of(review / "extraction" / file)
    assert set(kept[0]) - set(gathered[0]) == ADDED[file]
    assert [{name: row[name] for name in gathered[0]} for row in kept] == gathered


def references(facts: Path) -> dict[str, Row]:
    return {row["study_id"]: row for row in rows_of(facts / "references.csv")}


def records(review: Path) -> dict[str, dict[str, object]]:
    lines = (review / "records" / "records.jsonl").read_text(encoding="utf-8").splitlines()
    return {record["id"]: record for record in map(json.loads, lines)}


def test_every_reference_is_a_record_cell_by_cell(facts: Path, review: Path):
    kept = records(review)
    assert kept.keys() == references(facts).keys()
    for name, row in references(facts).items():
        record = kept[name]
        assert isinstance(record["authors"], list)
        shown = {
            "study_id": record["id"],
            "authors": "; ".join(author for author in record["authors"] if author != ET_AL),
            "year": "" if record["year"] is None else str(record["year"]),
            "publication_type": record["assigned"]["publication_type"],
            "design": record["assigned"]["design"],
            "source_url": record["source"],
            **{key: record[key] for key in ("pmid", "pmcid", "doi", "title", "journal", "volume", "issue", "pages")},
            "seen_on": record["seen_on"],
        }
        gathered = {key: cell or None for key, cell in row.items() if key != "is_seed_reference"}
        assert {key: cell or None for key, cell in shown.items()} == gathered


def test_a_publication_type_counts_as_printed_for_one_record_only(facts: Path, review: Path):
    text = " ".join((facts / "README.md").read_text(encoding="utf-8").split())
    assert "a PubMed type was printed only for wu2022" in text
    printed = {name: record["publication_types"] for name, record in records(review).items()}
    assert {name: types for name, types in printed.items() if types} == {"wu2022": ["Review"]}


def test_positions_in_the_article_are_those_that_were_gathered(facts: Path, review: Path):
    article = parse_yaml((review / "audit" / "article.yml").read_text(encoding="utf-8"), "article.yml").data
    kept = {entry["record_id"]: str(entry["position"]) for entry in article["references"] if "record_id" in entry}
    gathered = {name: row["is_seed_reference"] for name, row in references(facts).items() if row["is_seed_reference"]}
    assert kept == gathered


def thresholds(review: Path) -> Iterator[tuple[str, ...]]:
    protocol = parse_yaml((review / "protocol.yml").read_text(encoding="utf-8"), "protocol.yml").data
    for item in protocol["instruments"]:
        scale = (item["id"], item["label"], item.get("minimum"), item.get("maximum"), item.get("better"))
        for found in item.get("thresholds", [{}]):
            cells = [found.get(key) for key in ("value", "method", "population", "source", "locator")]
            yield *scale, *cells, found.get("note", item.get("note", ""))


def test_every_threshold_is_in_the_protocol(facts: Path, review: Path):
    def number(cell: str) -> float | None:
        return float(cell) if cell else None

    gathered = [
        (
            *(row["instrument"], row["label"], number(row["minimum"]), number(row["maximum"]), row["better"]),
            *(number(row["mcid"]), *(row[f"mcid_{key}"] or None for key in ("method", "population", "source"))),
            *(row["locator"] or None, row["note"]),
        )
        for row in rows_of(facts / "instruments.csv")
    ]
    named = {row[0] for row in gathered}
    assert [row for row in thresholds(review) if row[0] in named] == gathered


# Every caveat that the description of the facts makes on a study, and the words of the note that keeps it.
CAVEATS = {
    "hatem2015": ("records", "year and most authors were not seen"),
    "nakano2020": ("records", "year and most authors were not seen"),
    "desa2014": ("records", "year and most authors were not seen"),
    "safran2014": ("records", "year was seen, most authors were not"),
    "wilson2016": ("studies", "the abstract counts seven patients but lists five women and one man"),
    "docwirelti": ("studies", "the means leave out 6 of 30 (4 lost, 2 had an arthroplasty)"),
    "lerch2022": ("studies", "related population, not confirmed ischiofemoral impingement"),
    "kim2016": ("studies", "related population, ischiofemoral impingement not confirmed"),
    "ganz2013": ("studies", "Perthes-like hips, a related population"),
    "aaosvideo2021": ("studies", "not a journal article"),
}
MORE_CAVEATS = [
    ("wilson2016", "read in a copy of its PubMed page"),
    ("docwirelti", "journal, authors and year were not seen"),
    ("docwirelti", "the only operated series with both SDs"),
    ("docwirelti", "unit (24 patients or 25 hips) is not stated"),
    *((name, "postoperative scores were not seen") for name in ("wilson2016", "aguilerabohorquez2020", "zhang2022")),
    *((name, "postoperative scores were not seen") for name in ("rbo2024", "reais2020")),
]


def test_every_study_that_the_description_names_has_its_caveat_here(facts: Path):
    """A study that a later version of the description names must get a caveat here, too."""
    text = (facts / "README.md").read_text(encoding="utf-8")
    named = {name for name in references(facts) if re.search(rf"\b{name}\b", text)}
    only_labels = {"koreamed1050519", "rbo2024", "aott2018"}  # named as examples of how an id is made
    assert named - only_labels - {"wu2022"} == set(CAVEATS) | {name for name, _ in MORE_CAVEATS} - only_labels


def test_every_caveat_on_a_study_stands_in_a_note(review: Path):
    studies = {row["study_id"]: row for row in rows_of(review / "extraction" / "studies.csv")}
    for name, (place, words) in CAVEATS.items():
        note = records(review)[name]["note"] if place == "records" else studies[name]["note"]
        assert words in str(note), name
    for name, words in MORE_CAVEATS:
        assert words in studies[name]["note"], name
    assert studies["docwirelti"]["selection"] == "patients with low back pain"


def test_every_outcome_that_a_report_names_is_named_by_a_fact_of_the_review(review: Path):
    """A title, a note or a count has to say it; nothing else may be filled in."""
    studies = {row["study_id"]: row for row in rows_of(review / "extraction" / "studies.csv")}
    events = rows_of(review / "extraction" / "events.csv")
    said = {
        ("aguilerabohorquez2020", "pain"): "Pain" in str(records(review)["aguilerabohorquez2020"]["title"]),
        ("reais2020", "pain"): "relief-of-pain" in studies["reais2020"]["source"],
        ("koreamed1050519", "hip function"): any(
            "functional" in row["event"] for row in events if row["study_id"] == "koreamed1050519"
        ),
        **{
            (name, "hip function"): "scores were not seen; they are taken to be of hip function"
            in studies[name]["note"]
            for name in ("zhang2022", "reais2020")
        },
    }
    named = {
        (name, outcome.strip())
        for name, row in studies.items()
        for outcome in row["outcomes_named"].split(";")
        if outcome.strip()
    }
    assert named == set(said)
    assert all(said.values())


def test_authors_that_were_seen_in_part_are_marked_so(review: Path):
    in_part = [name for name, record in records(review).items() if "most authors" in str(record["note"])]
    assert in_part == ["desa2014", "hatem2015", "nakano2020", "safran2014"]
    for name in in_part:
        authors = records(review)[name]["authors"]
        assert isinstance(authors, list)
        assert not authors or authors[-1] == ET_AL


def test_arms_that_share_patients_name_each_other(review: Path):
    arms = {(row["study_id"], row["arm_id"]): row for row in rows_of(review / "extraction" / "arms.csv")}
    for study, one, other in (("wilson2016", "A1", "A2"), ("lerch2022", "A0", "A1")):
        for arm, counterpart in ((one, other), (other, one)):
            assert arms[study, arm]["overlaps_with"] == f"{study}/{counterpart}"
            assert counterpart in arms[study, arm]["note"]
    assert sum(row["overlaps_with"] != "" for row in arms.values()) == 4


def test_what_the_review_added_is_what_the_facts_say(review: Path):
    """Added cells are empty where nothing was read: only these hold something."""
    arms, outcomes, events = (rows_of(review / "extraction" / f"{name}.csv") for name in ("arms", "outcomes", "events"))
    assert {row["study_id"] for row in arms if row["n_male"]} == {"wilson2016"}
    unseen = ("reported_test", "direction", "change_low", "change_high", "change_level")
    assert {row[name] for row in outcomes for name in unseen} == {""}
    conditioned = [(row["study_id"], row["arm_id"]) for row in events if row["conditioned_on_inclusion"]]
    assert conditioned == [("wilson2016", "A2")] * 2
    cases = rows_of(review / "extraction" / "cases.csv")
    of_arm = {(row["study_id"], row["arm_id"]): row["seen_in"] for row in arms}
    assert all(row["seen_in"] == of_arm[row["study_id"], row["arm_id"]] for row in cases)
