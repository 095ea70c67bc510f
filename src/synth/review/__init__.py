"""A review: its stages as attributes, each computed on first use, with its tables and pictures."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from synth.display import html_table
from synth.review.pictures import WithPictures
from synth.store import find_root

__all__ = ["Review", "open_review"]


class Review(WithPictures):
    """A review, opened from its folder; every stage is computed when it is first asked for.

    Parameters
    ----------
    name : str
        Folder under ``evidence``.
    root : Path
        The folder that holds ``evidence``.
    as_of : str or None
        Date at which the statements hold, ISO 8601; the evidence date by default.

    Raises
    ------
    ReviewNotFoundError
        If there is no such review.
    EvidenceError
        If any of its files has a fault; the message lists them all.
    ParameterError
        If `as_of` is no date, or lies before the evidence date.
    """

    def __repr__(self) -> str:
        return f"Review({self.name!r}, as of {self.as_of})"

    def _repr_html_(self) -> str:
        flow = self.screening.flow
        facts = {
            "Question": self.protocol.question.text,
            "Kind": self.protocol.standing.kind,
            "As of": self.as_of,
            "Records": str(len(self.records)),
            "Reports included": str(flow.included),
            "Answers": str(len(self.synthesis.answers) + len(self.synthesis.comparisons)),
        }
        return html_table(pd.DataFrame({"": list(facts), self.protocol.title: list(facts.values())}))


def open_review(name: str = "ifi", *, as_of: str | None = None, root: Path | str | None = None) -> Review:
    """Open a review; see `Review` for what can go wrong.

    Parameters
    ----------
    name : str
        Folder under ``evidence``.
    as_of : str or None
        Date at which the statements hold, ISO 8601; the evidence date by default.
    root : path, optional
        The folder that holds ``evidence``; by default the working folder or the nearest one above it that does.
    """
    return Review(name, find_root(Path(root) if root is not None else None), as_of)
