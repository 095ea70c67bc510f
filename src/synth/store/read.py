"""A review's files, all read and checked at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from synth.audit import Audit
from synth.certainty.grade import grade_faults
from synth.certainty.risk_of_bias.checks import answer_faults, plan_faults, sheet_faults
from synth.errors import EvidenceError, Fault
from synth.extraction import Extraction
from synth.extraction.rules import Context, cross_faults, source_faults
from synth.protocol import Protocol, parse_protocol
from synth.records import Records
from synth.records.snapshot import Snapshot
from synth.schemas import CORRECTIONS, DECISIONS, GRADE, RISK_OF_BIAS, Table
from synth.screening import Screening, decision_faults, decisions_of, flow_of, searched_for
from synth.search import Manifest
from synth.store.folder import review_folder
from synth.store.reader import Reader
from synth.store.snapshots import RECORDS, merge_faults, snapshots_of
from synth.yamltext import YamlText

_PROTOCOL = "protocol.yml"


@dataclass(frozen=True)
class ReviewFiles:
    """Everything that a review keeps, checked.

    Attributes
    ----------
    name : str
    protocol : Protocol
    snapshots : tuple of Snapshot
        Searches and gatherings, oldest first.
    records : Records
    screening : Screening
    extraction : Extraction
        With the declared corrections made.
    audit : Audit
        Of the article under audit; absent where the review audits none.
    risk_of_bias : Table
        Answers to the tools for risk of bias; no rows where the review has none.
    grade : Table
        What people rated otherwise than was computed; no rows where nobody did.
    warnings : tuple of Fault
        What is worth a look and stops nothing.
    """

    name: str
    protocol: Protocol
    snapshots: tuple[Snapshot, ...]
    records: Records
    screening: Screening
    extraction: Extraction
    audit: Audit
    risk_of_bias: Table
    grade: Table
    warnings: tuple[Fault, ...]


def _read(root: Path, name: str) -> tuple[ReviewFiles | None, tuple[Fault, ...]]:
    reader = Reader(review_folder(root, name))
    document = reader.yaml(_PROTOCOL)
    protocol = None if document is None else reader.attempt(_PROTOCOL, lambda: parse_protocol(document, name))
    records = Records(reader.records(RECORDS))
    record_ids = frozenset(record.id for record in records)
    manifests, logs, corrected = reader.manifests(), reader.logs(), reader.tables()
    answers, overrides = (reader.checked_table(spec, spec.file) for spec in (RISK_OF_BIAS, GRADE))
    snapshots = snapshots_of(reader, manifests)
    decisions = decisions_of(logs)
    if protocol is not None and not reader.unread:
        unlike = list(_manifest_faults(manifests, records, reader.record_lines))
        reader.compared(unlike or merge_faults(snapshots, records, reader.record_lines))
        reader.faults.extend(_standing_faults(protocol, document, manifests))
        reader.faults.extend(_source_faults(protocol, document, corrected.corrections))
        people = frozenset(person.id for person in protocol.people)
        fates = {item.record_id: item.decision for item in decisions if item.decision in DECISIONS}
        context = Context(corrected.tables, protocol, record_ids, fates)
        searched = searched_for(manifests.values(), records)
        reader.compared(decision_faults(logs, record_ids, people, searched))
        reader.compared(corrected.placed(cross_faults(context), CORRECTIONS.file))
        reader.compared(_judgement_faults(protocol, document, corrected.tables["studies"], answers, overrides))
        if not any(fault.file == RISK_OF_BIAS.file and not fault.warning for fault in reader.faults):
            reader.faults.extend(sheet_faults(answers))
    audit = reader.audit(record_ids, records_read=RECORDS not in reader.unread)
    reader.strays()
    found = tuple(sorted(set(reader.faults)))
    if protocol is None or audit is None or any(not fault.warning for fault in found):
        return None, found
    gathered = tuple(manifests.values())
    screening = Screening(decisions, flow_of(gathered, records, decisions))
    extraction = Extraction.of(corrected.tables, corrected.corrections)
    files = (snapshots, records, screening, extraction, audit, answers, overrides)
    return ReviewFiles(name, protocol, *files, found), found


def _judgement_faults(
    protocol: Protocol, document: YamlText | None, studies: Table, answers: Table, overrides: Table
) -> Iterator[Fault]:
    """The planned tools, the answers to them, and the overrides of what was computed."""
    if document is not None:
        yield from plan_faults(protocol, document)
    yield from answer_faults(protocol, studies, answers)
    yield from grade_faults(overrides, protocol)


def _source_faults(protocol: Protocol, document: YamlText | None, corrections: Table) -> Iterator[Fault]:
    """The sources of the important differences and of the corrections, checked like those of the tables."""
    for index, instrument in enumerate(protocol.instruments):
        for position, item in enumerate(instrument.thresholds):
            path = ("instruments", index, "thresholds", position, "source")
            line = document.line_of(path) if document is not None else 0
            yield from source_faults(item.source, _PROTOCOL, line, ".".join(str(part) for part in path))
    for (_, fix), line in zip(corrections.text.iterrows(), corrections.lines, strict=True):
        yield from source_faults(fix["source"], corrections.file, line, "source")


def _standing_faults(protocol: Protocol, document: YamlText | None, manifests: dict[str, Manifest]) -> Iterator[Fault]:
    """A review is an evidence map until a database search has run (rule 1 of the methods)."""
    searched = any(manifest.found_by == "database search" for manifest in manifests.values())
    if protocol.standing.kind == "systematic review" and not searched and document is not None:
        path = ("standing", "kind")
        message = "'systematic review' needs a database search in search/; until one has run: evidence map"
        yield Fault(document.file, document.line_of(path), "standing.kind", message)


def _manifest_faults(manifests: dict[str, Manifest], records: Records, lines: dict[str, int]) -> Iterator[Fault]:
    """Records that a manifest promises and that are not here, that none holds, or that were found otherwise."""
    searched, known = searched_for(manifests.values(), records), {record.pmid for record in records}
    ways: dict[str, set[str]] = {name: {"database search"} for name in searched}
    for file, manifest in manifests.items():
        if lost := [pmid for pmid in manifest.pmids if pmid not in known]:
            yield Fault(file, 0, "strategies", f"PMID {lost[0]} is in no record of {RECORDS}; run synth search")
        for name in manifest.record_ids:
            ways.setdefault(name, set()).add(manifest.found_by)
            if name not in records:
                message = f"{name!r} is not in {RECORDS}; run synth search, which writes it anew"
                yield Fault(file, 0, "record_ids", message)
    for record in records:
        if record.id not in ways:
            message = f"no manifest of search/ holds {record.id!r}; run synth search, which writes it anew"
            yield Fault(RECORDS, lines[record.id], "id", message)
        elif record.found_by not in ways[record.id]:
            message = f"{record.found_by!r}, but its manifest says {ways[record.id].pop()!r}; the two must agree"
            yield Fault(RECORDS, lines[record.id], "found_by", message)


def check(root: Path, name: str) -> tuple[Fault, ...]:
    """Every fault and warning of a review's files, sorted by file and line; empty when all is well.

    Raises
    ------
    ReviewNotFoundError
        If there is no review of that name.
    """
    return _read(root, name)[1]


def read_review(root: Path, name: str) -> ReviewFiles:
    """The checked files of a review.

    Raises
    ------
    ReviewNotFoundError
        If there is no review of that name.
    EvidenceError
        If any file has a fault; the error carries them all.
    """
    files, faults = _read(root, name)
    if files is None:
        raise EvidenceError(fault for fault in faults if not fault.warning)
    return files


def read_snapshots(root: Path, name: str) -> tuple[Snapshot, ...]:
    """The snapshots of a review, checked against their manifests, oldest first; the other files are not looked at.

    Raises
    ------
    ReviewNotFoundError
        If there is no review of that name.
    EvidenceError
        If a snapshot has a fault.
    """
    reader = Reader(review_folder(root, name))
    snapshots = snapshots_of(reader, reader.manifests())
    if reader.faults:
        raise EvidenceError(reader.faults)
    return snapshots


def record_faults(folder: Path, text: str) -> tuple[Fault, ...]:
    """What would be wrong with a text as the records of a review; warnings are none."""
    reader = Reader(folder)
    reader.record_lines_of(text, RECORDS)
    return tuple(fault for fault in reader.faults if not fault.warning)
