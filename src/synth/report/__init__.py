"""One report model, rendered as HTML, Markdown, PDF and DOCX."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synth.display import TextTable
    from synth.report.preview import Preview
    from synth.review import Review


def missing(review: Review) -> TextTable:
    """What was not seen of each procedure and would be needed for more, for a notebook."""
    import pandas as pd

    from synth.display import TextTable
    from synth.report.procedures import missing_items

    shown = [item for item in review.protocol.procedures if item.role != "comparator" and review.protocol.outcomes]
    rows = [(item.label, sentence) for item in shown for sentence in missing_items(review, item)]
    frame = pd.DataFrame(rows, columns=["procedure", "missing"])
    return TextTable(frame, "What is missing", "The protocol plans no outcome from before to after.")


def preview(review: Review) -> Preview:
    """The first screen and the contents of a review's report, for a notebook."""
    from synth.report.build import build_document
    from synth.report.preview import Preview

    return Preview(build_document(review))
