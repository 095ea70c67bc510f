"""Tables as JupyterLab and a reader like them: left-aligned, wrapped, uncut, with every text escaped."""

from __future__ import annotations

import html
from collections.abc import Iterable

import pandas as pd

# JupyterLab sets table cells flush right and pandas cuts them at 50 characters; both spoil a table of sentences.
_CELL = 'style="text-align: left; vertical-align: top; white-space: normal"'


def html_table(frame: pd.DataFrame, caption: str = "") -> str:
    """An HTML table of the cells as text, the first column as row headings."""
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    head = "".join(f'<th scope="col" {_CELL}>{html.escape(str(name))}</th>' for name in frame.columns)
    body = "".join(
        f'<tr><th scope="row" {_CELL}>{html.escape(str(first))}</th>'
        + "".join(f"<td {_CELL}>{html.escape(str(cell))}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in frame.itertuples(index=False)
    )
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def html_list(sentences: Iterable[str]) -> str:
    """An HTML list of sentences."""
    return "<ul>" + "".join(f"<li>{html.escape(sentence)}</li>" for sentence in sentences) + "</ul>"


class TextTable:
    """A table for a notebook: HTML where it can be shown, the same cells as plain text elsewhere."""

    def __init__(self, frame: pd.DataFrame, caption: str = "", empty: str = "Nothing.") -> None:
        self.frame = frame
        self.caption = caption
        self.empty = empty

    def __repr__(self) -> str:
        if self.frame.empty:
            return self.empty
        return f"{self.caption}\n{self.frame.to_string(index=False)}".strip()

    def _repr_html_(self) -> str:
        if self.frame.empty:
            return f"<p>{html.escape(self.empty)}</p>"
        return html_table(self.frame, self.caption)
