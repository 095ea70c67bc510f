"""The report as GitHub flavoured Markdown: tables with pipes, anchors, folded parts, figures as files beside it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from synth.report.model import (
    Block,
    Bullets,
    Callout,
    Document,
    Facts,
    Figure,
    Paragraph,
    Row,
    Run,
    Runs,
    Section,
    Table,
)
from synth.report.prepare import numbered, prepared

# What Markdown or GitHub would read as something else than text, and what stands for it. A span splits what GitHub
# finds in the text of the finished page: mentions, issue numbers, emoji names and formulas.
_SPLIT = re.compile(r"@|#(?=\d|\Z)|\$|:(?=[\w+-]+:)")
_SPECIAL = re.compile(
    r"(?P<entity>[&<>|])"
    rf"|(?P<split>{_SPLIT.pattern})"
    r"|(?P<slashes>(?<=:)//)"
    r"|(?P<dot>(?<=www)\.)"
    r"|(?P<inner>(?<=[^\W_])_(?=[^\W_]))"
    r"|(?P<escape>[\\`*_\[\]~#]|!\Z)",
    re.IGNORECASE,
)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
_BLOCK_START = re.compile(r"(?P<marker>[-+=]+|\d{1,9}(?=[.)]))(?P<rest>[.)]?)(?=\s|$)")
_PLAIN_EDGES = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)
_STOPPED_EDGES = re.compile(r"[^\W_].*[^\W_][.,;:?!%)]", re.DOTALL)
_ALERTS = {"answer": "IMPORTANT", "caution": "WARNING", "note": "NOTE"}
_DEEPEST_HEADING = 6


def to_markdown(document: Document, figure_folder: str = "figures") -> bytes:
    """The report as Markdown.

    Parameters
    ----------
    document : Document
        Texts may hold anything; whatever Markdown or GitHub would act upon is escaped.
    figure_folder : str
        Folder of the SVG files, relative to the Markdown file: `<figure_folder>/<name>.svg`.

    Returns
    -------
    bytes
        UTF-8, with one newline at the end. The same document gives the same bytes on every machine.

    Raises
    ------
    ReportError
        If the document does not hold together (see `prepared`).
    """
    return _Writer(prepared(document), figure_folder).written().encode()


def escaped(text: str) -> str:
    """Text that GitHub shows as it is, inside a line."""
    return _SPECIAL.sub(_harmless, text)


def _escaped_alternative(text: str) -> str:
    """Text of an image's alternative: no tags, which would be read out, and no mentions are looked for there."""
    return _SPECIAL.sub(lambda match: f"\\{match[0]}" if match.lastgroup == "split" else _harmless(match), text)


def _harmless(match: re.Match[str]) -> str:
    found = match[0]
    match match.lastgroup:
        case "entity":
            return _ENTITIES[found]
        case "split":
            return f"<span>{found}</span>"
        case "slashes":
            return r"\//"
        case "inner":
            return found
        case _:
            return f"\\{found}"


class _Writer:
    """Writes one prepared document; every `_lines` method yields lines without their ends."""

    def __init__(self, document: Document, figure_folder: str) -> None:
        self.document = document
        self.labels = numbered(document)
        self.figure_folder = figure_folder

    def written(self) -> str:
        document = self.document
        lines = [
            f"# {escaped(document.title)}",
            "",
            f"**{escaped(document.kind)}** · Evidence as of {document.as_of}",
            "",
            *self._all(document.lead, 2),
            "## Contents",
            "",
            *_contents(document.sections),
            "",
            *self._all(document.sections, 2),
        ]
        return "\n".join(lines).rstrip("\n") + "\n"

    def _all(self, blocks: Iterable[Block], level: int) -> Iterator[str]:
        before: Block | None = None
        for block in blocks:
            if _ends_in_list(before) and isinstance(block, Bullets | Facts):
                # Markdown would join the two lists into one and count on.
                yield from ("<!-- -->", "")
            yield from self._lines(block, level)
            yield ""
            before = block

    def _lines(self, block: Block, level: int) -> Iterator[str]:
        match block:
            case Paragraph(content):
                yield _line(content)
            case Bullets(items, ordered):
                yield from (f"{f'{n}.' if ordered else '-'} {_line(item)}" for n, item in enumerate(items, 1))
            case Facts(items):
                yield from (f"- {_strong(label)}: {_line(value, start=False)}" for label, value in items)
            case Table():
                yield from self._table(block)
            case Figure():
                yield from self._figure(block)
            case Callout():
                yield from self._callout(block, level)
            case Section():
                yield from self._section(block, level)

    def _section(self, section: Section, level: int) -> Iterator[str]:
        if section.folded:
            yield f'<a id="{section.anchor}"></a>'
            yield ""
            yield "<details>"
            yield f"<summary><strong>{_inside_html(section.title)}</strong></summary>"
            yield ""
            yield from self._all(section.blocks, level + 1)
            yield "</details>"
        else:
            hashes = "#" * min(level, _DEEPEST_HEADING)
            yield f'{hashes} <a id="{section.anchor}"></a>{escaped(section.title)}'
            yield ""
            yield from self._all(section.blocks, level + 1)

    def _callout(self, callout: Callout, level: int) -> Iterator[str]:
        yield f"> [!{_ALERTS[callout.kind]}]"
        yield f"> {_strong(callout.title)}"
        inner = list(self._all(callout.blocks, level))
        yield from (f"> {line}".rstrip() for line in ["", *inner[:-1]])

    def _figure(self, figure: Figure) -> Iterator[str]:
        yield f"{_anchor(figure.anchor)}![{_escaped_alternative(figure.alt)}]({self.figure_folder}/{figure.name}.svg)"
        yield ""
        yield f"**{self.labels[id(figure)]}.** {escaped(figure.caption)}"
        if figure.table is not None:
            yield ""
            yield "<details>"
            yield f"<summary>{self.labels[id(figure.table)]}</summary>"
            yield ""
            yield from self._table(figure.table)
            yield ""
            yield "</details>"

    def _table(self, table: Table) -> Iterator[str]:
        yield f"{_anchor(table.anchor)}**{self.labels[id(table)]}.** {escaped(table.caption)}"
        yield ""
        yield _row(escaped(column.title) for column in table.columns)
        yield _row("--:" if column.align == "right" else "---" for column in table.columns)
        yield from (_row(_cells(row, len(table.columns))) for row in table.rows)
        if table.notes:
            yield ""
            yield from (f"- {_line(note)}" for note in table.notes)


def _ends_in_list(block: Block | None) -> bool:
    return isinstance(block, Bullets | Facts) or (isinstance(block, Table) and bool(block.notes))


def _contents(sections: Iterable[Section], indent: str = "") -> Iterator[str]:
    for section in sections:
        yield f"{indent}- [{escaped(section.title)}](#{section.anchor})"
        if not indent:
            yield from _contents((block for block in section.blocks if isinstance(block, Section)), "  ")


def _cells(row: Row, count: int) -> Iterator[str]:
    first, *others = (_line(cell, start=False) for cell in row.cells)
    yield _anchor(row.anchor) + (f"<strong>{first}</strong>" if row.group else first)
    yield from others
    yield from [""] * (count - len(row.cells))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _anchor(anchor: str) -> str:
    return f'<a id="{anchor}"></a>' if anchor else ""


def _line(content: Runs, *, start: bool = True) -> str:
    """Runs as one line; at the start of a block nothing may look like a list item, a heading or a rule."""
    line = ""
    for position, run in enumerate(content):
        following = content[position + 1].text[:1] if position + 1 < len(content) else ""
        line += _run(run, line, following)
    line = line.strip()
    return _BLOCK_START.sub(_not_a_marker, line, count=1) if start and _BLOCK_START.match(line) else line


def _not_a_marker(match: re.Match[str]) -> str:
    # Of "1." the dot is escaped, of "-" or "+" the sign itself.
    return f"{match['marker']}\\{match['rest']}" if match["rest"] else f"\\{match['marker']}"


def _run(run: Run, before: str, following: str) -> str:
    text = escaped(run.text)
    if run.strong or run.emphasis:
        text = _with_look(run, text, starred=_may_have_stars(run.text, before, following))
    if run.link:
        text = f"[{text}]({_address(run.link)})"
    if run.mark:
        text = f" <sup>({text})</sup>"
    return text


def _with_look(run: Run, text: str, *, starred: bool) -> str:
    if starred:
        stars = "*" * (2 * run.strong + run.emphasis)
        return f"{stars}{text}{stars}"
    if run.emphasis:
        text = f"<em>{text}</em>"
    return f"<strong>{text}</strong>" if run.strong else text


def _may_have_stars(text: str, before: str, following: str) -> bool:
    """Whether stars around the text are sure to be read as its look: next to spaces they mean other things."""
    if before.endswith("*"):
        return False
    return bool(_PLAIN_EDGES.fullmatch(text) or (following in ("", " ") and _STOPPED_EDGES.fullmatch(text)))


def _strong(text: str) -> str:
    return _run(Run(text, strong=True), "", "")


def _address(link: str) -> str:
    return link.replace("&", "&amp;").replace("(", "%28").replace(")", "%29")


def _inside_html(text: str) -> str:
    """Text inside an HTML line, where Markdown is not read but GitHub still looks for mentions and the like."""
    return _SPLIT.sub(r"<span>\g<0></span>", html.escape(text, quote=False))
