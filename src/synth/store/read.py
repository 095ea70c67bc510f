"""A review's files, all read and checked at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from synth.audit import Audit, open_audit
from synth.errors import EvidenceError, Fault
from synth.extraction import Extraction
from synth.extraction.corrections import apply_corrections
from synth.extraction.rules import Context, cross_faults
from synth.protocol import Protocol, parse_protocol
from synth.records import Record, Records
from synth.schemas import CORRECTIONS, DECISION_LOG, EXTRACTION_TABLES, Table, TableSpec
from synth.screening import Screening, decision_faults, decisions_of, flow_of
from synth.search import Manifest
from synth.store.folder import files_under, read_text, review_folder
from synth.store.tables import empty_table, parse_table
from synth.yamltext import YamlText, parse_yaml

Read = TypeVar("Read")
JsonModel = TypeVar("JsonModel", bound=BaseModel)


@dataclass(frozen=True)
class ReviewFiles:
    """Everything that a review keeps, checked.

    Attributes
    ----------
    name : str
    protocol : Protocol
    manifests : tuple of Manifest
        Oldest first.
    records : Records
    screening : Screening
    extraction : Extraction
        With the declared corrections made.
    audit : Audit
        Of the article under audit; absent where the review audits none.
    warnings : tuple of Fault
        What is worth a look and stops nothing.
    """

    name: str
    protocol: Protocol
    manifests: tuple[Manifest, ...]
    records: Records
    screening: Screening
    extraction: Extraction
    audit: Audit
    warnings: tuple[Fault, ...]


@dataclass
class _Reader:
    """Collects faults file by file, so that one run reports them all.

    `whole` turns false once a file could not be read as a table, record or mapping; the rules across files would
    then report rows as missing that are only unread, so they wait.
    """

    folder: Path
    faults: list[Fault] = field(default_factory=list)
    whole: bool = True

    def attempt(self, step: Callable[[], Read]) -> Read | None:
        """The result of a step, or None after noting its faults."""
        try:
            return step()
        except EvidenceError as error:
            self.faults.extend(error.faults)
            self.whole = False
            return None

    def table(self, spec: TableSpec, file: str) -> Table:
        """One checked table; an optional file that is not there has no rows."""
        if spec.optional_file and not (self.folder / file).exists():
            return empty_table(spec, file)
        content = self.attempt(lambda: read_text(self.folder, file))
        if content is None:
            return empty_table(spec, file)
        table, faults = parse_table(content, spec, file)
        self.faults.extend(faults)
        self.whole = self.whole and (len(table) > 0 or not faults)
        return table

    def yaml(self, file: str) -> YamlText | None:
        """A YAML file with its lines."""
        return self.attempt(lambda: parse_yaml(read_text(self.folder, file), file))

    def json_model(self, model: type[JsonModel], text: str, file: str, line: int) -> JsonModel | None:
        """One JSON object as a checked model."""
        try:
            return model.model_validate(json.loads(text, object_pairs_hook=_unique_keys))
        except json.JSONDecodeError as error:
            self.faults.append(Fault(file, max(line, 1) + error.lineno - 1, "", f"not JSON: {error.msg}"))
        except ValidationError as error:
            for item in error.errors(include_url=False):
                place = ".".join(str(part) for part in item["loc"])
                self.faults.append(Fault(file, line, place, str(item["msg"]).removeprefix("Value error, ")))
        except ValueError as error:
            self.faults.append(Fault(file, line, "", str(error)))
        self.whole = False
        return None

    def records(self, file: str) -> tuple[Record, ...]:
        """The records of a JSON Lines file, which must be sorted by id, each id once."""
        content = self.attempt(lambda: read_text(self.folder, file)) or ""
        found: list[Record] = []
        for line, text in enumerate(content.split("\n"), start=1):
            record = self.json_model(Record, text, file, line) if text.strip() else None
            if record is None:
                continue
            if found and record.id <= found[-1].id:
                message = f"{record.id!r} comes after {found[-1].id!r}; records are sorted by id, each once"
                self.faults.append(Fault(file, line, "id", message))
            found.append(record)
        return tuple(found)

    def manifests(self) -> tuple[Manifest, ...]:
        """Every search manifest, oldest first."""
        found = []
        for file in files_under(self.folder, "search/*/manifest.json"):
            text = self.attempt(lambda file=file: read_text(self.folder, file))  # type: ignore[misc]
            manifest = self.json_model(Manifest, text, file, 0) if text is not None else None
            if manifest is not None:
                found.append(manifest)
        return tuple(sorted(found, key=lambda manifest: (manifest.date, manifest.source)))

    def logs(self) -> dict[str, Table]:
        """Every reviewer's decisions."""
        files = files_under(self.folder, "screening/decisions/*.csv")
        return {Path(file).stem: self.table(DECISION_LOG, file) for file in files}


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _ in pairs]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"the key {twice[0]!r} stands twice; keep one")
    return dict(pairs)


def _read(root: Path, name: str) -> tuple[ReviewFiles | None, tuple[Fault, ...]]:
    reader = _Reader(review_folder(root, name))
    document = reader.yaml("protocol.yml")
    protocol = reader.attempt(lambda: parse_protocol(document, name)) if document is not None else None
    records = reader.records("records/records.jsonl")
    record_ids = frozenset(record.id for record in records)
    manifests = reader.manifests()
    logs = reader.logs()
    tables = {spec.name: reader.table(spec, spec.file) for spec in EXTRACTION_TABLES}
    tables, faults = apply_corrections(tables, reader.table(CORRECTIONS, CORRECTIONS.file))
    reader.faults.extend(faults)
    decisions = decisions_of(logs)
    if protocol is not None and reader.whole:
        reader.faults.extend(_manifest_faults(manifests, record_ids))
        people = frozenset(person.id for person in protocol.people)
        reader.faults.extend(decision_faults(logs, record_ids, people))
        fates = {item.record_id: item.decision for item in decisions}
        reader.faults.extend(cross_faults(Context(tables, protocol, record_ids, fates)))
    audit = _audit(reader, record_ids)
    found = tuple(sorted(set(reader.faults)))
    if protocol is None or audit is None or any(not fault.warning for fault in found):
        return None, found
    screening = Screening(decisions, flow_of(manifests, Records(records), decisions))
    extraction = Extraction.of(tables)
    return ReviewFiles(name, protocol, manifests, Records(records), screening, extraction, audit, found), found


def _manifest_faults(manifests: tuple[Manifest, ...], record_ids: frozenset[str]) -> list[Fault]:
    if not manifests:
        return [
            Fault("search/", 0, "", "no manifest.json in any folder of search/; say there how the records were found")
        ]
    held = {name for manifest in manifests for name in manifest.record_ids}
    file = "records/records.jsonl"
    faults = [
        Fault(file, 0, name, "a manifest promises this record and it is not here") for name in sorted(held - record_ids)
    ]
    faults += [Fault(file, 0, name, "no manifest of search/ holds this record") for name in sorted(record_ids - held)]
    return faults


def _audit(reader: _Reader, record_ids: frozenset[str]) -> Audit | None:
    files = ("audit/article.yml", "audit/claims.yml")
    article, claims = (reader.yaml(file) if (reader.folder / file).exists() else None for file in files)
    return reader.attempt(lambda: open_audit(article, claims, record_ids))


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
