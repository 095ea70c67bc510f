"""What one gathering or search held on its day, and the records that follow from all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from synth.records.citation import citation_of, updated
from synth.records.pubmed import Affiliation, Correction, Name, NameList, PubmedRecord, plain
from synth.records.record import Record
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


def merged(snapshots: Sequence[Snapshot]) -> tuple[Record, ...]:
    """The records of a review as its snapshots give them, oldest snapshot first, sorted by id.

    A record of a gathering replaces an earlier one of its id. A record of PubMed goes to the record that has its PMID,
    or that a lookup of the snapshot says to be the same paper; else it is new and named after its PMID.
    """
    records: dict[str, Record] = {}
    for snapshot in snapshots:
        records.update({record.id: record for record in snapshot.gathered})
        names = names_of(snapshot.manifest, records.values())
        for found in snapshot.found:
            name = names.get(found.pmid) or new_name(found.pmid)
            day = snapshot.manifest.date
            held = records.get(name)
            records[name] = updated(held, found, day) if held else citation_of(found, name, day)
    return tuple(records[name] for name in sorted(records))


def names_of(manifest: Manifest, records: Iterable[Record]) -> dict[str, str]:
    """The record that stands for each PMID: by the PMID it has, or by a lookup of the manifest."""
    names = {record.pmid: record.id for record in records if record.pmid}
    return {**{item.pmid: item.record_id for item in manifest.lookups if item.pmid}, **names}


def new_name(pmid: str) -> str:
    """The id of a record that no one had before PubMed gave it."""
    return f"pmid{pmid}"
