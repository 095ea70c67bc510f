"""Ids that a report could not tell from a word of its own sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from synth.errors import Fault
from synth.extraction.sentence_words import SENTENCE_WORDS
from synth.schemas import Table


def id_faults(studies: Table, record_ids: Iterable[str]) -> Iterator[Fault]:
    """A fault for each study and record whose id is a word of the sentences that the code makes.

    In those sentences the labels of studies stand in place of their ids, so that "low" as an id would turn the words
    "very low" into another statement.
    """
    message = "is a word of the report's own sentences; a name with a year or number, such as smith2001, is expected"
    for line, name in zip(studies.lines, studies.text["study_id"], strict=True):
        if name in SENTENCE_WORDS:
            yield Fault(studies.file, line, "study_id", f"{name!r} {message}")
    for name in sorted(set(record_ids) & SENTENCE_WORDS):
        yield Fault("records/records.jsonl", 0, "id", f"{name!r} {message}")
