"""The report of a review as a document, and as files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from synth.errors import ReportError
from synth.report.bias import bias_section
from synth.report.certainty import certainty_section
from synth.report.excluded import excluded_section
from synth.report.findings import findings_section
from synth.report.lead import kind_and_certainty, lead
from synth.report.making import methods_section, quantities_section, records_section, studies_section
from synth.report.model import Document, Section
from synth.report.procedures import procedure_section
from synth.report.sections import (
    annex_section,
    claims_section,
    comparison_section,
    differences_section,
    no_comparison_section,
    steps_section,
)
from synth.report.swim import swim_section
from synth.report.transparency import agreement_section, change_section, inconsistencies_section
from synth.review import Review

#: What a report was made from, besides the review's own folder: paths below the project, folders whole.
INPUTS = ("notebooks", "src", "requirements.lock")


def build_document(review: Review) -> Document:
    """The report of a review."""
    return Document(
        title=review.protocol.title,
        kind=kind_and_certainty(review),
        lead=lead(review),
        as_of=review.as_of,
        sections=tuple(_sections(review)),
    )


def _sections(review: Review) -> Iterable[Section]:
    yield from findings_section(review)
    yield from steps_section(review)
    for comparison in review.synthesis.comparisons:
        yield comparison_section(review, comparison)
    for role in ("main", "context"):
        for procedure in review.protocol.procedures:
            if procedure.role == role and (review.protocol.outcomes or not review.protocol.synthesis.comparisons):
                yield procedure_section(review, procedure)
    if not review.protocol.synthesis.comparisons:
        yield from no_comparison_section(review)
    yield from claims_section(review)
    yield certainty_section(review)
    yield from bias_section(review)
    yield from swim_section(review)
    yield from agreement_section(review)
    yield from change_section(review)
    yield from differences_section(review)
    yield from excluded_section(review)
    yield inconsistencies_section(review)
    yield from annex_section(review)
    yield studies_section(review)
    yield methods_section(review)
    yield records_section(review)
    yield quantities_section(review)


def build_files(review: Review) -> dict[str, bytes]:
    """Every file of the report but the executed notebooks, by its path inside ``reports/<review>/``."""
    # Each renderer brings a library of its own; none is needed to make the document.
    from synth.report.docx import to_docx
    from synth.report.html import to_html
    from synth.report.markdown import to_markdown
    from synth.report.pdf import to_pdf

    document = build_document(review)
    files = {
        "report.html": to_html(document),
        "report.md": to_markdown(document),
        "report.pdf": to_pdf(document),
        "report.docx": to_docx(document),
        "quantities.json": review.quantities.to_json().encode(),
        "manifest.json": manifest(review).encode(),
    }
    for figure in document.figures():
        files[f"figures/{figure.name}.svg"] = figure.svg
    return files


def manifest(review: Review) -> str:
    """SHA-256 of everything that the report was made from, as JSON."""
    folders = (f"evidence/{review.name}", *INPUTS)
    hashes = {path: _hash(review.root / path) for folder in folders for path in _files(review.root, folder)}
    content = {"format": 1, "review": review.name, "as_of": review.as_of, "sha256": dict(sorted(hashes.items()))}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _files(root: Path, name: str) -> list[str]:
    path = root / name
    if path.is_file():
        return [name]
    kept = (item for item in path.rglob("*") if item.is_file())
    relative = (item.relative_to(root).as_posix() for item in kept)
    return sorted(
        item
        for item in relative
        if not any(part.startswith((".", "__")) and part != "__init__.py" for part in item.split("/"))
    )


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ReportError(f"{path.name}: cannot be read for the manifest: {error.strerror}") from None
