"""The article's claims, restated, with what was found for each on two axes: what is cited, and what supports it.

The findings are recorded by people in ``claims.yml``; `check` compares what is recorded with what follows by rule from
the printed reference list and the review's records.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Self

import pandas as pd
from pydantic import Field

from synth.audit.references import (
    Article,
    CitationStatus,
    Identifier,
    IsoDate,
    Number,
    Part,
    PrintedReference,
    ReferenceKind,
    Text,
    article_faults,
    fault_at,
    repeats,
)
from synth.display import TextTable, html_list, html_table
from synth.errors import EvidenceError, Fault
from synth.yamltext import Model, YamlText, typed


class Support(StrEnum):
    """What the sources that could be read say of a claim: the second axis of the audit."""

    SUPPORTED = "supported"
    PARTLY = "partly supported"
    NARROWER = "narrower than its source"
    NOT_CONFIRMED = "not confirmed"
    NO_SOURCE = "no source found"

    @property
    def meaning(self) -> str:
        """The finding in one sentence."""
        return _SUPPORT_MEANINGS[self]

    @property
    def needs_basis(self) -> bool:
        """Whether the finding rests on a source that was read."""
        return self not in (Support.NOT_CONFIRMED, Support.NO_SOURCE)


_SUPPORT_MEANINGS = {
    Support.SUPPORTED: "A source that was read says the same.",
    Support.PARTLY: "A source that was read carries a part of it, or carries it less strongly.",
    Support.NARROWER: "The claim sets tighter conditions than its source does.",
    Support.NOT_CONFIRMED: "The source could not be read here, or not far enough; that says nothing against the claim.",
    Support.NO_SOURCE: "No source for it was found among those looked at.",
}


class Basis(Part):
    """A source that was read for a claim.

    Attributes
    ----------
    record : str
        Id of the record.
    locator : str
        Where in the source, such as "abstract".
    """

    record: Text
    locator: Text


class Claim(Part):
    """One claim of the article and what was found for it.

    Attributes
    ----------
    id : str
        Number of the claim, with a letter where one sentence makes several.
    section : str
        Id of the article's section in which it stands.
    restated : str
        The claim in the auditor's words.
    cites : tuple of int
        Reference numbers at the claim, as printed.
    citation : CitationStatus
        What the numbers lead to.
    support : Support
        What the sources that could be read say.
    finding : str
        The reason for both, in the auditor's words.
    basis : tuple of Basis
        What was read for it.
    """

    id: Identifier
    section: Identifier
    restated: Text
    cites: tuple[Number, ...]
    citation: CitationStatus
    support: Support
    finding: Text
    basis: tuple[Basis, ...]


class Claims(Part):
    """The file of claims.

    Attributes
    ----------
    checked_on : str
        Day on which the sources were read, ISO 8601.
    claims : tuple of Claim
        In the article's order.
    """

    checked_on: IsoDate
    claims: Annotated[tuple[Claim, ...], Field(min_length=1)]


def check(
    article: Article,
    claims: Claims,
    record_ids: Collection[str],
    *,
    article_source: YamlText,
    claims_source: YamlText,
) -> list[Fault]:
    """Faults that only show when the article, the claims and the review's records are held side by side.

    Parameters
    ----------
    article, claims : Article, Claims
        The two models.
    record_ids : collection of str
        Ids of the review's records.
    article_source, claims_source : YamlText
        The parsed files from which the models were made, for the lines.

    Returns
    -------
    list of Fault
        Sorted by file and line; empty where all agree.
    """
    known = frozenset(record_ids)
    faults = list(article_faults(article, known, article_source))
    numbered = list(enumerate(claims.claims))
    faults += repeats(((("claims", index, "id"), claim.id) for index, claim in numbered), claims_source)
    for index, claim in numbered:
        faults += _place_faults(article, claim, index, known, claims_source)
        conflicts: dict[str, str] = {}
        for key, message in (*_citation_conflicts(article, claim), *_support_conflicts(article, claim)):
            conflicts.setdefault(key, message)  # one message per key: the first is the cause of the next
        for key, message in conflicts.items():
            faults.append(fault_at(claims_source, ("claims", index, key), f"claim {claim.id}: {message}"))
    return sorted(faults)


def _place_faults(
    article: Article, claim: Claim, index: int, record_ids: frozenset[str], source: YamlText
) -> Iterator[Fault]:
    """Sections, numbers and records that the claim names and that are not there."""
    section = article.section(claim.section)
    if section is None:
        expected = ", ".join(section.id for section in article.sections)
        message = f"claim {claim.id}: the article has no section {claim.section!r}; it has {expected}"
        yield fault_at(source, ("claims", index, "section"), message)
    cites = [(("claims", index, "cites", place), number) for place, number in enumerate(claim.cites)]
    yield from repeats(cites, source)
    for path, number in cites:
        if section is not None and number not in section.cites:
            printed = ", ".join(f"[{other}]" for other in section.cites) or "nothing"
            message = f"claim {claim.id}: section {section.id!r} does not cite [{number}]; it cites {printed}"
            yield fault_at(source, path, message)
    for place, basis in enumerate(claim.basis):
        if basis.record not in record_ids:
            message = f"claim {claim.id}: no record has the id {basis.record!r}"
            yield fault_at(source, ("claims", index, "basis", place, "record"), message)


def _citation_conflicts(article: Article, claim: Claim) -> Iterator[tuple[str, str]]:
    """Key and message where the recorded citation status is not what the printed list gives."""
    recorded, computed = claim.citation, [article.status_of(number) for number in claim.cites]
    if recorded is CitationStatus.ELSEWHERE and set(computed) - {CitationStatus.DANGLING}:
        return  # where the support is found is a matter of the basis: see _support_conflicts
    shown = "; ".join(f"[{number}] {status}" for number, status in zip(claim.cites, computed, strict=True))
    if not claim.cites:
        if recorded is not CitationStatus.UNCITED:
            yield "citation", f"recorded as {str(recorded)!r}, but it cites nothing; 'uncited' is expected"
    elif recorded is CitationStatus.RESOLVES:
        if set(computed) != {CitationStatus.RESOLVES}:
            yield "citation", f"recorded as 'resolves', but the printed list gives {shown}"
    elif recorded not in computed:
        yield "citation", f"recorded as {str(recorded)!r}, but the printed list gives {shown}"


def _support_conflicts(article: Article, claim: Claim) -> Iterator[tuple[str, str]]:
    """Key and message where the support that is recorded does not fit the sources that are named for it."""
    read = {basis.record for basis in claim.basis}
    entries = [entry for number in claim.cites if (entry := article.printed(number)) is not None]
    cited = {entry.record_id for entry in entries if entry.record_id}
    if claim.support.needs_basis and not read:
        yield "basis", f"{str(claim.support)!r} needs at least one source that was read"
    if claim.support is Support.NO_SOURCE and read:
        yield "basis", "'no source found', yet a source is named"
    if claim.citation is CitationStatus.ELSEWHERE and not (claim.support.needs_basis and read - cited):
        yield "citation", f"{str(CitationStatus.ELSEWHERE)!r} needs support by a record that the claim does not cite"
    if claim.citation is CitationStatus.RESOLVES and claim.support.needs_basis and read and not read & cited:
        yield "citation", f"the support is in none of the cited records; {str(CitationStatus.ELSEWHERE)!r} is expected"


@dataclass(frozen=True, slots=True, repr=False)
class Audit:
    """The article's claims and references beside what was found for them.

    A review that audits no article has an audit too (`Audit.absent`): its tables have columns and no rows.

    Attributes
    ----------
    article : Article or None
        The article, or None where the review audits none.
    claims : tuple of Claim
        In the article's order.
    checked_on : str
        Day on which the sources were read, ISO 8601; empty where there is no article.
    """

    article: Article | None
    claims: tuple[Claim, ...]
    checked_on: str

    @classmethod
    def absent(cls) -> Self:
        """The audit of a review that has no article under audit."""
        return cls(None, (), "")

    def __bool__(self) -> bool:
        return self.article is not None

    def __repr__(self) -> str:
        if self.article is None:
            return "Audit(no article)"
        dangling = _brackets(self.article.dangling_numbers) or "none"
        return f"Audit({self.article.title!r}, {len(self.claims)} claims, dangling references: {dangling})"

    def table(self) -> pd.DataFrame:
        """One row per claim, in the article's order, every cell as text.

        Returns
        -------
        pandas.DataFrame
            Columns: claim, section (its heading), restated, cites, citation, support, finding, sources.
        """
        columns = ("claim", "section", "restated", "cites", "citation", "support", "finding", "sources")
        return _frame(columns, map(self._claim_cells, self.claims))

    def references_table(self) -> pd.DataFrame:
        """One row per printed entry, and one per cited number that is not printed; every cell as text.

        Returns
        -------
        pandas.DataFrame
            Columns: number, title, journal, year, kind, status (by rule), record, claims (that cite it), note.
        """
        columns = ("number", "title", "journal", "year", "kind", "status", "record", "claims", "note")
        if self.article is None:
            return _frame(columns, ())
        numbers = {entry.position for entry in self.article.references} | set(self.article.cited_numbers)
        return _frame(columns, (self._reference_cells(self.article, number) for number in sorted(numbers)))

    def summary(self) -> pd.DataFrame:
        """How many claims have each status, on both axes; a status that no claim has is left out.

        Returns
        -------
        pandas.DataFrame
            Columns: axis ("citation" or "support"), status, claims (count), which (ids of the claims).
        """
        rows: list[tuple[str, str, int, str]] = []
        axes: tuple[tuple[str, type[StrEnum]], ...] = (("citation", CitationStatus), ("support", Support))
        for axis, statuses in axes:
            for status in statuses:
                which = [claim.id for claim in self.claims if getattr(claim, axis) is status]
                if which:
                    rows.append((axis, str(status), len(which), ", ".join(which)))
        return pd.DataFrame(rows, columns=["axis", "status", "claims", "which"])

    def show_summary(self) -> TextTable:
        """The counts of `summary`, for a notebook."""
        return TextTable(self.summary(), "Claims by finding", "This review has no article under audit.")

    def by_rule(self) -> tuple[str, ...]:
        """What follows from the printed list alone, in sentences: dangling numbers and entries that nobody cites."""
        if self.article is None:
            return ()
        dangling, idle = self.article.dangling_numbers, self.article.never_cited
        return (
            f"Cited in the text and not in the printed list: {_brackets(dangling)}."
            if dangling
            else "Every number in the text has an entry in the printed list.",
            f"In the printed list and never cited: {_brackets(idle)}."
            if idle
            else "Every entry of the printed list is cited in the text.",
        )

    def _claim_cells(self, claim: Claim) -> tuple[str, ...]:
        section = self.article.section(claim.section) if self.article else None
        return (
            claim.id,
            section.title if section else claim.section,
            claim.restated,
            _brackets(claim.cites) or "none",
            str(claim.citation),
            str(claim.support),
            claim.finding,
            "; ".join(f"{basis.record}, {basis.locator}" for basis in claim.basis),
        )

    def _reference_cells(self, article: Article, number: int) -> tuple[str, ...]:
        entry = article.entry(number) or PrintedReference(position=number, kind=ReferenceKind.NOT_PRINTED)
        inferred = f"{entry.inferred_record_id} (inferred)" if entry.inferred_record_id else ""
        return (
            f"[{number}]",
            entry.title or "",
            entry.journal or "",
            str(entry.year or ""),
            str(entry.kind),
            str(article.status_of(number)),
            entry.record_id or inferred,
            ", ".join(claim.id for claim in self.claims if number in claim.cites),
            entry.note or "",
        )

    def _repr_html_(self) -> str:
        if self.article is None:
            return "<p>This review has no article under audit.</p>"
        lead = (
            f"<p><strong>{html.escape(self.article.title)}</strong><br>Last updated {self.article.last_updated}, "
            f"read {self.article.read_on}; sources read {self.checked_on}.</p>"
        )
        summary = self.summary()
        counts = []
        for axis in ("citation", "support"):
            rows = summary[summary["axis"] == axis]
            shown = (f"{status} {count}" for status, count in zip(rows["status"], rows["claims"], strict=True))
            counts.append(f"{axis.capitalize()}: {', '.join(shown)}.")
        sentences = (f"{len(self.claims)} claims.", *counts, *self.by_rule(), self.article.numbering)
        return (
            f"{lead}{html_list(sentences)}{html_table(self.table(), 'Claims of the article')}"
            f"{html_table(self.references_table(), 'References of the article')}{_html_legend(self.claims)}"
        )


def open_audit(article_source: YamlText | None, claims_source: YamlText | None, record_ids: Collection[str]) -> Audit:
    """The audit of a review from its two files, or an absent one where the review has neither.

    Parameters
    ----------
    article_source, claims_source : YamlText or None
        ``audit/article.yml`` and ``audit/claims.yml``; None where the file is not there.
    record_ids : collection of str
        Ids of the review's records.

    Raises
    ------
    EvidenceError
        Every fault of both files: keys and types first, and once these are right, what disagrees.
    """
    if article_source is None and claims_source is None:
        return Audit.absent()
    if article_source is None or claims_source is None:
        there, missing = ("claims.yml", "article.yml") if article_source is None else ("article.yml", "claims.yml")
        raise EvidenceError([Fault(f"audit/{missing}", 0, "", f"this file is missing; {there} needs it beside it")])
    faults: list[Fault] = []
    article = _typed_or_faults(Article, article_source, faults)
    claims = _typed_or_faults(Claims, claims_source, faults)
    if article is not None and claims is not None:
        faults += check(article, claims, record_ids, article_source=article_source, claims_source=claims_source)
        if not faults:
            return Audit(article, claims.claims, claims.checked_on)
    raise EvidenceError(faults)


def _typed_or_faults(model: type[Model], source: YamlText, faults: list[Fault]) -> Model | None:
    try:
        return typed(model, source)
    except EvidenceError as error:
        faults.extend(error.faults)
        return None


def _frame(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=list(columns), dtype="str")


def _brackets(numbers: Iterable[int]) -> str:
    return ", ".join(f"[{number}]" for number in numbers)


def _html_legend(claims: Iterable[Claim]) -> str:
    used = {status for claim in claims for status in (claim.citation, claim.support)}
    terms = "".join(
        f"<dt><strong>{html.escape(status)}</strong></dt><dd>{html.escape(status.meaning)}</dd>"
        for status in (*CitationStatus, *Support)
        if status in used
    )
    return f"<details><summary>What the words mean</summary><dl>{terms}</dl></details>"
