"""One report model, rendered as HTML, Markdown, PDF and DOCX."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.report.preview import Preview
    from synth.review import Review


def preview(review: Review) -> Preview:
    """The first screen and the contents of a review's report, for a notebook."""
    from synth.report.build import build_document
    from synth.report.preview import Preview

    return Preview(build_document(review))
