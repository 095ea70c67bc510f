"""The first screen of a report and its contents, as a notebook shows them."""

from __future__ import annotations

import html

from synth.report.model import Bullets, Callout, Document, Facts, Paragraph, Runs, Section, Table, plain


class Preview:
    """What an editor sees first, and what stands below it.

    Parameters
    ----------
    document : Document
        The report.
    """

    def __init__(self, document: Document) -> None:
        self.document = document

    def __repr__(self) -> str:
        tables = sum(isinstance(block, Table) for block in self.document.walk())
        figures = len(self.document.figures())
        sections = len(self.document.sections)
        return f"Preview({self.document.title!r}, {sections} sections, {tables} tables, {figures} figures)"

    def _repr_html_(self) -> str:
        head = f"<p><strong>{html.escape(self.document.title)}</strong>, {html.escape(self.document.kind.lower())}</p>"
        lead = "".join(_callout(callout) for callout in self.document.lead)
        return f"{head}{lead}<p><strong>Contents</strong></p>{_contents(self.document.sections)}"


def _text(content: Runs) -> str:
    return html.escape(plain(content))


def _callout(callout: Callout) -> str:
    parts = [f"<p><strong>{html.escape(callout.title)}</strong></p>"]
    for block in callout.blocks:
        if isinstance(block, Paragraph):
            parts.append(f"<p>{_text(block.content)}</p>")
        elif isinstance(block, Bullets):
            parts.append("<ul>" + "".join(f"<li>{_text(item)}</li>" for item in block.items) + "</ul>")
        elif isinstance(block, Facts):
            parts.append(
                "<ul>"
                + "".join(f"<li>{html.escape(name)}: {_text(value)}</li>" for name, value in block.items)
                + "</ul>"
            )
    return "".join(parts)


def _contents(sections: tuple[Section, ...]) -> str:
    items = []
    for section in sections:
        below = tuple(block for block in section.blocks if isinstance(block, Section) and not block.folded)
        items.append(f"<li>{html.escape(section.title)}{_contents(below) if below else ''}</li>")
    return f"<ul>{''.join(items)}</ul>"
