"""The snapshots that are held, checked again without a network, and the records that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from synth.records.snapshot import Snapshot, merged
from synth.store import read_snapshots
from synth.store.runs import alone, complete, replace_records
from synth.update.run import records_text


@dataclass(frozen=True)
class Replay:
    """What a replay found.

    Attributes
    ----------
    snapshots : tuple of Snapshot
        Every hash and count of theirs holds.
    records : int
        How many records follow from them.
    written : bool
        Whether records.jsonl was another text and has been written anew.
    completed : bool
        Whether a publication that had been interrupted was completed first.
    """

    snapshots: tuple[Snapshot, ...]
    records: int
    written: bool
    completed: bool


def replay(root: Path, review: str) -> Replay:
    """Check every snapshot of a review against its manifest and write the records that follow from them.

    Raises
    ------
    ReviewNotFoundError
        If there is no review of that name.
    SearchError
        If another process is searching for the review, or a file cannot be written.
    EvidenceError
        If a snapshot is not what its manifest vouches for; then nothing is written.
    """
    with alone(root, review) as folder:
        completed = complete(folder) is not None
        snapshots = read_snapshots(root, review)
        records = merged(snapshots)
        written = replace_records(folder, records_text(records))
    return Replay(snapshots, len(records), written, completed)
