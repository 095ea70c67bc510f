"""The audited article: its sections, the numbers they cite, and the reference list as it is printed.

What can be found by rule is computed here and stands in no file: which numbers dangle, which printed entries
nobody cites, and what each number leads to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from synth.errors import Fault
from synth.yamltext import KeyPath, YamlText

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
# Strict, because a lax integer would take `true` for 1 and "4" for 4.
Number = Annotated[int, Field(strict=True, ge=1)]


def _calendar_day(text: str) -> str:
    date.fromisoformat(text)
    return text


# The pattern comes first: date.fromisoformat alone also takes 20250806 and 2025-W32-3.
IsoDate = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_calendar_day)]


class CitationStatus(StrEnum):
    """What a citation leads to: the first axis of the audit.

    For one cited number all but the last two are computed from the printed list (`Article.status_of`); for a claim the
    status is recorded, and `synth.audit.check` compares it with what is computed.
    """

    RESOLVES = "resolves"
    NO_RECORD = "no record held"
    NOT_A_PUBLICATION = "not a publication"
    OFF_TOPIC = "off topic"
    DANGLING = "dangling"
    ELSEWHERE = "supported elsewhere than cited"
    UNCITED = "uncited"

    @property
    def meaning(self) -> str:
        """The status in one sentence."""
        return _CITATION_MEANINGS[self]


_CITATION_MEANINGS = {
    CitationStatus.RESOLVES: "Every number leads to a printed publication of which a record is held.",
    CitationStatus.NO_RECORD: "A number leads to a printed publication of which no record is held.",
    CitationStatus.NOT_A_PUBLICATION: "A number leads to a text of the publisher's own, for which there is no record.",
    CitationStatus.OFF_TOPIC: "A number leads to an entry on another topic than the claim.",
    CitationStatus.DANGLING: "A number leads nowhere: the list prints no such entry.",
    CitationStatus.ELSEWHERE: "A source that was read carries the claim, and it is none of those that are cited.",
    CitationStatus.UNCITED: "The article cites nothing for this.",
}


class ReferenceKind(StrEnum):
    """What an entry of the printed list is, as far as it could be told."""

    PUBLICATION = "publication"
    OWN_TEXT = "own text"
    OTHER_TOPIC = "other topic"
    NOT_PRINTED = "not printed"


class Part(BaseModel):
    """A mapping of an audit file: unknown keys are refused, and it does not change once read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(Part):
    """A section of the article.

    Attributes
    ----------
    id : str
        Name by which a claim refers to the section.
    title : str
        Heading as printed.
    cites : tuple of int
        Reference numbers that stand in the section's text.
    """

    id: Identifier
    title: Text
    cites: tuple[Number, ...]


class PrintedReference(Part):
    """An entry of the article's reference list, or a note on a number that the list does not print.

    Attributes
    ----------
    position : int
        1-based place in the printed list, or the cited number that is not printed.
    kind : ReferenceKind
        What the entry is.
    title, journal, year : str or int, optional
        As printed; `journal` holds the publishing body where no journal is named.
    record_id : str, optional
        The review's record of the same work.
    inferred_record_id : str, optional
        For a number that is not printed: the record it may have meant. An inference, for which `note` gives the ground.
    note : str, optional
        What was found, in the auditor's words.
    """

    position: Number
    kind: ReferenceKind
    title: Text | None = None
    journal: Text | None = None
    year: Annotated[int, Field(strict=True, ge=1500, le=2999)] | None = None
    record_id: Text | None = None
    inferred_record_id: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _fields_fit_the_kind(self) -> Self:
        if self.kind is ReferenceKind.NOT_PRINTED:
            if any(value is not None for value in (self.title, self.journal, self.year, self.record_id)):
                raise ValueError("an entry that is not printed has no title, journal, year or record_id")
            if self.inferred_record_id and not self.note:
                raise ValueError("inferred_record_id needs a note that gives the ground for the inference")
            return self
        if self.title is None:
            raise ValueError("a printed entry needs its title")
        if self.inferred_record_id:
            raise ValueError("inferred_record_id is for an entry that is not printed; use record_id")
        if self.kind is ReferenceKind.OWN_TEXT and self.record_id:
            raise ValueError("a publisher's own text is no publication and has no record_id")
        return self


class Article(Part):
    """The article under audit: what it is, how it is divided, and what its reference list prints.

    Attributes
    ----------
    title : str
        Title as printed.
    address : str, optional
        Where it was read.
    last_updated : str
        Date that the article gives for its last change, ISO 8601.
    read_on : str
        Day on which it was read, ISO 8601.
    numbering : str
        How the numbers of the text were matched with the entries of the list.
    sections : tuple of Section
        In the article's order.
    references : tuple of PrintedReference
        In printed order, numbers that are not printed last.
    """

    title: Text
    address: Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$")] | None = None
    last_updated: IsoDate
    read_on: IsoDate
    numbering: Text
    sections: Annotated[tuple[Section, ...], Field(min_length=1)]
    references: tuple[PrintedReference, ...]

    def section(self, section_id: str) -> Section | None:
        """The section of that id, or None."""
        return next((section for section in self.sections if section.id == section_id), None)

    def printed(self, number: int) -> PrintedReference | None:
        """The entry that the list prints at that position, or None."""
        entry = self.entry(number)
        return None if entry is None or entry.kind is ReferenceKind.NOT_PRINTED else entry

    def entry(self, number: int) -> PrintedReference | None:
        """The printed entry, or the note on a number that is not printed, or None."""
        return next((entry for entry in self.references if entry.position == number), None)

    def status_of(self, number: int) -> CitationStatus:
        """What a cited number leads to, by rule from the printed list."""
        entry = self.printed(number)
        if entry is None:
            return CitationStatus.DANGLING
        if entry.kind is ReferenceKind.OWN_TEXT:
            return CitationStatus.NOT_A_PUBLICATION
        if entry.kind is ReferenceKind.OTHER_TOPIC:
            return CitationStatus.OFF_TOPIC
        return CitationStatus.RESOLVES if entry.record_id else CitationStatus.NO_RECORD

    @property
    def cited_numbers(self) -> tuple[int, ...]:
        """Every number that stands in the text, ascending."""
        return tuple(sorted({number for section in self.sections for number in section.cites}))

    @property
    def dangling_numbers(self) -> tuple[int, ...]:
        """Numbers that stand in the text while the list prints no such entry, ascending."""
        return tuple(number for number in self.cited_numbers if self.printed(number) is None)

    @property
    def never_cited(self) -> tuple[int, ...]:
        """Positions that the list prints and the text never cites, ascending."""
        return tuple(sorted(entry.position for entry in self.references if self._is_idle(entry)))

    def _is_idle(self, entry: PrintedReference) -> bool:
        return entry.kind is not ReferenceKind.NOT_PRINTED and entry.position not in self.cited_numbers


def article_faults(article: Article, record_ids: frozenset[str], source: YamlText) -> Iterator[Fault]:
    """Faults within ``article.yml`` that no single key shows: repeats, gaps, ids that lead nowhere.

    Parameters
    ----------
    article : Article
        The model made from `source`.
    record_ids : frozenset of str
        Ids of the review's records.
    source : YamlText
        The parsed file, for the lines.
    """
    sections, references = list(enumerate(article.sections)), list(enumerate(article.references))
    yield from repeats(((("sections", index, "id"), section.id) for index, section in sections), source)
    yield from repeats(((("references", index, "position"), entry.position) for index, entry in references), source)
    for index, section in sections:
        places = ((("sections", index, "cites", place), number) for place, number in enumerate(section.cites))
        yield from repeats(places, source)
    for index, entry in references:
        yield from _position_faults(article, entry, ("references", index, "position"), source)
        for key in ("record_id", "inferred_record_id"):
            record_id = getattr(entry, key)
            if record_id and record_id not in record_ids:
                yield fault_at(source, ("references", index, key), f"no record has the id {record_id!r}")


def _position_faults(article: Article, entry: PrintedReference, path: KeyPath, source: YamlText) -> Iterator[Fault]:
    if entry.kind is ReferenceKind.NOT_PRINTED:
        if entry.position not in article.cited_numbers:
            message = f"[{entry.position}] is noted as not printed, yet no section cites it; remove the entry"
            yield fault_at(source, path, message)
        return
    count = len({other.position for other in article.references if other.kind is not ReferenceKind.NOT_PRINTED})
    if entry.position > count:
        message = f"position {entry.position} is beyond the {count} printed entries; count them from 1 without a gap"
        yield fault_at(source, path, message)


def repeats(values: Iterable[tuple[KeyPath, str | int]], source: YamlText) -> Iterator[Fault]:
    """A fault for each value that stood before; every value comes with its key path."""
    seen: set[str | int] = set()
    for path, value in values:
        if value in seen:
            yield fault_at(source, path, f"{value!r} stands twice; each may stand once")
        seen.add(value)


def fault_at(source: YamlText, path: KeyPath, message: str) -> Fault:
    """A fault at the line on which that key path stands."""
    return Fault(source.file, source.line_of(path), ".".join(map(str, path)), message)
