"""What one gathering or search held on its day, and the records that follow from all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from synth.records.citation import citation_of, updated
from synth.records.pubmed import Affiliation, Correction, Name, NameList, PubmedRecord, plain
from synth.records.record import Record
from synth.records.same_paper import title_doubt
from synth.search import Manifest

_MAIL = re.compile(r"(?:Electronic address:\s*)?\S+@\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Snapshot:
    """A manifest with the records that were held that day.

    Attributes
    ----------
    name : str
        The folder's name under search/.
    manifest : Manifest
    gathered : tuple of Record
        Of a gathering by other methods.
    found : tuple of PubmedRecord
        Of a search of PubMed, sorted by PMID: hits, and records that were looked up.
    """

    name: str
    manifest: Manifest
    gathered: tuple[Record, ...] = ()
    found: tuple[PubmedRecord, ...] = ()


def shareable(record: PubmedRecord) -> PubmedRecord:
    """A record as a repository may hold it: facts and titles, nobody's sentences.

    Left out are abstracts, statements of interests, notes of indexers and reference lists; e-mail addresses are cut
    out of affiliations.
    """
    return msgspec.structs.replace(
        record,
        abstract=None,
        other_abstracts=(),
        coi_statement=None,
        general_notes=(),
        reference_lists=(),
        other=(),
        corrections=tuple(_without_note(item) for item in record.corrections),
        author_lists=tuple(map(_without_mail, record.author_lists)),
        investigator_lists=tuple(map(_without_mail, record.investigator_lists)),
    )


def _without_note(item: Correction) -> Correction:
    return msgspec.structs.replace(item, note=None)


def _without_mail(names: NameList) -> NameList:
    return msgspec.structs.replace(names, names=tuple(map(_quiet, names.names)))


def _quiet(name: Name) -> Name:
    places = tuple(
        msgspec.structs.replace(place, text=_MAIL.sub("", plain(place.text)).strip())
        if "@" in plain(place.text)
        else place
        for place in name.affiliations
    )
    return msgspec.structs.replace(name, affiliations=tuple(filter(_says_something, places)))


def _says_something(place: Affiliation) -> bool:
    return bool(plain(place.text).strip() or place.identifiers)


def newest(records: Iterable[PubmedRecord]) -> tuple[PubmedRecord, ...]:
    """Each PMID once, in its latest version, sorted by number."""
    latest: dict[str, PubmedRecord] = {}
    for record in records:
        held = latest.get(record.pmid)
        if held is None or _version(held) <= _version(record):
            latest[record.pmid] = record
    return tuple(latest[pmid] for pmid in sorted(latest, key=int))


def _version(record: PubmedRecord) -> int:
    return int(record.version) if record.version and record.version.isdecimal() else 1


def in_order(snapshots: Iterable[Snapshot]) -> tuple[Snapshot, ...]:
    """Oldest first; of one day by name, the number at its end as a number."""
    return tuple(sorted(snapshots, key=lambda item: (item.manifest.date, *_name_and_number(item.name))))


def _name_and_number(name: str) -> tuple[str, int]:
    match = re.fullmatch(r"(.*-pubmed)-([0-9]+)", name)
    return (match[1], int(match[2])) if match else (name, 1)


def merged(snapshots: Iterable[Snapshot]) -> tuple[Record, ...]:
    """The records of a review as its snapshots give them, sorted by id.

    Of a record that was gathered, the last gathering's line stands, and on it what the last search of PubMed prints of
    the paper. Which record a PMID belongs to: the one that was gathered with it, else the one that a lookup says to be
    the paper, else it is a record of its own, named after its PMID. Where the title that was gathered is another one
    than PubMed's, the record stays as it was gathered: its PMID may be mistyped.
    """
    ordered = in_order(snapshots)
    bases = {record.id: record for snapshot in ordered for record in snapshot.gathered}
    names = _names(ordered, bases)
    records = dict(bases)
    last = {found.pmid: (found, snapshot.manifest.date) for snapshot in ordered for found in snapshot.found}
    for pmid, (found, day) in last.items():
        name = names.get(pmid) or new_name(pmid)
        base = bases.get(name)
        if base is None:
            records[name] = citation_of(found, name, day)
        elif base.pmid is None or not title_doubt(base, found):
            records[name] = updated(base, found, day)
    return tuple(records[name] for name in sorted(records))


def _names(ordered: Sequence[Snapshot], bases: dict[str, Record]) -> dict[str, str]:
    """The record that a PMID belongs to, where it is not one of its own."""
    looked_up = {
        item.record_id: item.pmid
        for snapshot in ordered
        for item in snapshot.manifest.lookups
        if item.pmid and item.record_id in bases and bases[item.record_id].pmid is None
    }
    gathered = {base.pmid: base.id for base in bases.values() if base.pmid}
    return {**{pmid: name for name, pmid in looked_up.items()}, **gathered}


def new_name(pmid: str) -> str:
    """The id of a record that no one had before PubMed gave it."""
    return f"pmid{pmid}"
