"""The committed review `bcg` against the published counts."""

from __future__ import annotations

import csv
import json
from pathlib import Path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_every_trial_is_kept_number_by_number(shared: Path, repository: Path):
    review = repository / "evidence" / "bcg"
    trials = rows_of(shared / "bcg" / "trials.csv")
    studies = rows_of(review / "extraction" / "studies.csv")
    assert [(row["trial"], row["latitude"], row["allocation"]) for row in studies] == [
        (row["trial"], row["ablat"], row["alloc"]) for row in trials
    ]
    expected_arms, expected_events = [], []
    for study, trial in zip(studies, trials, strict=True):
        for arm, procedure, yes, no in (("vaccinated", "bcg", "tpos", "tneg"), ("control", "none", "cpos", "cneg")):
            total = str(int(trial[yes]) + int(trial[no]))
            expected_arms.append((study["study_id"], arm, procedure, total))
            expected_events.append((study["study_id"], arm, "tuberculosis", trial[yes], total, "patients"))
    arms, events = (rows_of(review / "extraction" / f"{name}.csv") for name in ("arms", "events"))
    assert [
        tuple(row[name] for name in ("study_id", "arm_id", "procedure", "n_patients")) for row in arms
    ] == expected_arms
    columns = ("study_id", "arm_id", "event", "events", "total", "unit_of_analysis")
    assert [tuple(row[name] for name in columns) for row in events] == expected_events


def test_every_trial_is_a_record_with_authors_and_year_and_no_identifier(shared: Path, repository: Path):
    review = repository / "evidence" / "bcg"
    lines = (review / "records" / "records.jsonl").read_text(encoding="utf-8").splitlines()
    records = {record["id"]: record for record in map(json.loads, lines)}
    studies = rows_of(review / "extraction" / "studies.csv")
    for study, trial in zip(studies, rows_of(shared / "bcg" / "trials.csv"), strict=True):
        record = records.pop(study["record_id"])
        assert (" & ".join(record["authors"]).replace(" & et al", " et al"), str(record["year"])) == (
            trial["author"],
            trial["year"],
        )
        assert [record[name] for name in ("pmid", "pmcid", "doi", "title")] == [None] * 4
    assert list(records) == ["colditz1994"]
    assert (records["colditz1994"]["pmid"], records["colditz1994"]["pages"]) == ("8309034", "698-702")
