"""Where a missing piece may be found, from what is known of the record."""

from __future__ import annotations

from collections.abc import Iterable

from synth.provenance import Source
from synth.records import Record
from synth.schemas import SEEN_IN
from synth.synthesis.worklist.pieces import Kind

FULL_TEXT = SEEN_IN[0]
#: How deep a report was read, in a reader's words; the order of `SEEN_IN` is from deep to shallow.
_DEPTHS = dict(
    zip(
        SEEN_IN,
        (
            "the full text was read",
            "only the opening of the article was read",
            "only the abstract was read",
            "only another paper's account of it was read",
            "only a published data set was read",
        ),
        strict=True,
    )
)
_BY_AUTHORS = {Kind.SHARED, Kind.PER_PATIENT, Kind.TEST, Kind.CORRELATION, Kind.UNIT, Kind.DENOMINATOR}
_IN_RECORD = {Kind.AUTHORS}


def identifiers(record: Record) -> tuple[str, ...]:
    """What leads to the report: DOI, PMID and PMCID with their addresses; empty where none was seen."""
    texts = (
        record.doi and f"DOI:{record.doi}",
        record.pmid and f"PMID:{record.pmid}",
        record.pmcid and f"PMCID:{record.pmcid}",
    )
    return tuple(f"{text} ({Source.parse(text).link})" for text in texts if text)


def depth(seen_in: Iterable[str]) -> str:
    """How deep a report was read at most, in words; empty where nothing of it was."""
    seen = [SEEN_IN.index(item) for item in set(seen_in)]
    return _DEPTHS[SEEN_IN[min(seen)]] if seen else ""


def where(kind: Kind, record: Record, seen_in: Iterable[str], *, cut: bool) -> str:
    """Where to look for a missing piece of one report, in sentences.

    Parameters
    ----------
    kind : Kind
    record : Record
        Of the report.
    seen_in : iterable of str
        How deep it was read, as the tables have it.
    cut : bool
        Whether a page that was read ended before the text did.
    """
    found = identifiers(record)
    first = f"{found[0]}" if found else ""
    place = _IN_RECORD_TEXT if kind in _IN_RECORD else _FULL_TEXT
    told = [f"{place}: {'; '.join(found)}." if first else f"{place}: no DOI, PMID or PMCID was seen."]
    if record.pmcid and kind not in _IN_RECORD:
        told.append("PubMed Central holds the text.")
    read = depth(seen_in)
    if read:
        told.append(f"So far {read}{', and what was read was cut short' if cut else ''}: {record.source}.")
    if kind in _BY_AUTHORS:
        told.append("If it is not printed: the authors.")
    return " ".join(told)


_FULL_TEXT = "Full text and supplement"
_IN_RECORD_TEXT = "Title page or database record"
