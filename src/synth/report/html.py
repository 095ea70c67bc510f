"""The report as one HTML page that needs nothing else: no script, no font, no request."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from synth.report.layout import line_pieces
from synth.report.model import Block, Document, Row, Run, Runs, Section, Table, plain
from synth.report.prepare import numbered, prepared
from synth.report.svg import inline_svg

CARD_COLUMNS = 5
"""From this many columns on, a table turns into a stack of cards on a telephone."""


CARD_LETTERS = 90
"""From three columns on, a table whose longest cell has more letters turns into cards, too."""


def _as_cards(table: Table) -> bool:
    """Whether a table is a stack of cards on a telephone: many columns, or sentences in a few."""
    columns = len(table.columns)
    longest = max(len(plain(cell)) for row in table.rows for cell in row.cells)
    return columns >= CARD_COLUMNS or (columns > 2 and longest > CARD_LETTERS)


def to_html(document: Document) -> bytes:
    """The report as a self-contained page.

    Parameters
    ----------
    document : Document
        Texts may hold anything; they are escaped.

    Returns
    -------
    bytes
        UTF-8. The same document gives the same bytes on every machine.

    Raises
    ------
    ReportError
        If the document does not hold together (see `prepared`), or the SVG of a figure may not stand in a page.
    """
    document = prepared(document)
    labels = numbered(document)
    page = _environment().get_template("report.html.j2")
    return page.render(document=document, label=lambda block: labels[id(block)]).encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        cards=_as_cards,
        groups=_groups,
        kind=lambda block: type(block).__name__,
        runs=_runs,
        sections=_sections,
        svg=lambda figure: Markup(inline_svg(figure)),
    )
    environment.globals.update(css=Markup(_resource("report.css")))
    return environment


def _resource(name: str) -> str:
    return files("synth.report").joinpath("templates", name).read_text("utf-8")


def _sections(blocks: tuple[Block, ...]) -> list[Block]:
    """Those of the blocks that are sections."""
    return [block for block in blocks if isinstance(block, Section)]


def _groups(table: Table) -> list[tuple[Row | None, list[Row]]]:
    """The rows under each group row; rows before the first one stand under None."""
    groups: list[tuple[Row | None, list[Row]]] = []
    for row in table.rows:
        if row.group or not groups:
            groups.append((row, []) if row.group else (None, [row]))
        else:
            groups[-1][1].append(row)
    return groups


def _runs(content: Runs) -> Markup:
    return Markup("").join(_run(run) for run in content)


def _run(run: Run) -> Markup:
    text = Markup("<wbr>").join(line_pieces(run.text))
    if run.strong:
        text = Markup("<strong>{}</strong>").format(text)
    if run.emphasis:
        text = Markup("<em>{}</em>").format(text)
    if run.link:
        text = Markup('<a href="{}">{}</a>').format(run.link, text)
    if run.mark:
        # The brackets are for readers who hear or copy the text; on the page the badge sets the mark apart.
        brackets = Markup('<span class="unseen"> (</span>{}<span class="unseen">)</span>').format(text)
        text = Markup('<wbr><sup class="mark">{}</sup>').format(brackets)
    return text
