"""The snapshots of a review: what each search or gathering held that day, and whether the records follow from them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import msgspec

from synth.errors import Fault
from synth.records import Record, Records
from synth.records.pubmed import PubmedRecord
from synth.records.snapshot import Snapshot, in_order, merged
from synth.search import Manifest
from synth.store.reader import Reader

RECORDS = "records/records.jsonl"


def snapshots_of(reader: Reader, manifests: dict[str, Manifest]) -> tuple[Snapshot, ...]:
    """Every snapshot whose records could be read, oldest first; what is wrong is noted with the reader."""
    found = []
    for file, manifest in manifests.items():
        beside = str(PurePosixPath(file).with_name("records.jsonl"))
        content = reader.text(beside)
        if content is None:
            continue
        before = len(reader.faults)
        snapshot = _snapshot(reader, beside, manifest, content)
        reader.faults.extend(_own_faults(snapshot, file, beside, content))
        if len(reader.faults) == before:
            found.append(snapshot)
        else:
            reader.unread.add(beside)
    return in_order(found)


def _snapshot(reader: Reader, file: str, manifest: Manifest, content: str) -> Snapshot:
    name = PurePosixPath(file).parent.name
    lines = [(line, text) for line, text in enumerate(content.split("\n"), start=1) if text.strip()]
    if manifest.found_by == "other methods":
        read = (reader.json_model(Record, text, file, line) for line, text in lines)
        return Snapshot(name, manifest, gathered=tuple(filter(None, read)))
    found = []
    for line, text in lines:
        try:
            found.append(msgspec.json.decode(text, type=PubmedRecord))
        except msgspec.DecodeError as error:
            reader.faults.append(Fault(file, line, "", f"no record of PubMed: {error}"))
    return Snapshot(name, manifest, found=tuple(found))


def _own_faults(snapshot: Snapshot, file: str, beside: str, content: str) -> Iterator[Fault]:
    """Whether a snapshot's records are those that its manifest vouches for."""
    manifest = snapshot.manifest
    if manifest.found_by == "other methods":
        promised, held = set(manifest.record_ids), {record.id for record in snapshot.gathered}
    else:
        promised = {*manifest.pmids, *(item.pmid for item in manifest.lookups if item.pmid)}
        held = {record.pmid for record in snapshot.found}
    if missing := sorted(promised - held):
        yield Fault(file, 0, "", f"promises {', '.join(missing[:5])}, which {beside} does not hold")
    if surplus := sorted(held - promised):
        yield Fault(beside, 0, "", f"holds {', '.join(surplus[:5])}, which the manifest beside it does not promise")
    digest = digest_of(content)
    if digest != manifest.records_sha256 and not missing and not surplus:
        message = (
            f"its sha256 is {digest}, the manifest beside it says {manifest.records_sha256}: one of them was changed"
        )
        yield Fault(beside, 0, "", f"{message}; a correction by hand changes both")


def digest_of(text: str) -> str:
    """The hash of a file of lines, whichever line ends it was saved with."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    return hashlib.sha256("".join(f"{line}\n" for line in lines if line.strip()).encode()).hexdigest()


def merge_faults(snapshots: Sequence[Snapshot], records: Records, lines: dict[str, int]) -> Iterator[Fault]:
    """Where the records are not what the snapshots give."""
    given = {record.id: record for record in merged(snapshots)}
    for record in records:
        held = given.get(record.id)
        if held is not None and held != record:
            fields = [name for name in Record.model_fields if getattr(held, name) != getattr(record, name)]
            message = (
                f"differs from the snapshots in search/ ({', '.join(fields)}); correct it there, then run synth search"
            )
            yield Fault(RECORDS, lines[record.id], fields[0], message)
    missing = [name for name in given if name not in records]
    if missing:
        message = f"{', '.join(missing[:5])} of the snapshots in search/ missing here; run synth search"
        yield Fault(RECORDS, 0, "", message)
