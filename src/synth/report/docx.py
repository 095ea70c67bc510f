"""The report as a Word document: real headings, repeated table headings, alternative texts, working links."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from datetime import datetime

import docx
from docx.document import Document as WordDocument
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Length, Mm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph as WordParagraph

from synth.report.docx_parts import (
    ACCENT,
    SOFT,
    add_bookmark,
    add_field,
    add_hyperlink,
    add_style,
    box_paragraph,
    end_section_in_last_paragraph,
    frame_table,
    keep_row_whole,
    repeat_row,
    restart_numbering,
    set_color,
    set_language,
    set_mark,
    set_style_font,
    style_identifier,
)
from synth.report.layout import column_shares, pages
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
    plain,
)
from synth.report.pdf import AUTHOR, WHOLE_ROW
from synth.report.prepare import numbered, prepared

_MARGIN = Mm(20)
_FOOTER_DISTANCE = Mm(8)
_LOW_MARGIN = Mm(14)  # above and below pages that lie on their side, so that they hold more rows
_CAPTION_HEIGHT = Mm(20)  # some lines below a figure
_SHORT_SIDE, _LONG_SIDE = Mm(210), Mm(297)
_EARLIEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_DEEPEST_HEADING = 9


def to_docx(document: Document) -> bytes:
    """The report as a Word document on A4 pages.

    Returns
    -------
    bytes
        The same document gives the same bytes on every machine; the dates inside are `as_of`.

    Raises
    ------
    ReportError
        If the document does not hold together (see `prepared`).
    """
    document = prepared(document)
    writer = _Writer(document)
    writer.write()
    stream = io.BytesIO()
    writer.word.save(stream)
    return _repacked(stream.getvalue())


def _repacked(package: bytes) -> bytes:
    """The same package with its parts in order, without times, and not compressed: zlib's output differs by build."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package)) as source, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as target:
        # Readers expect the list of content types first.
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            part = zipfile.ZipInfo(name, _EARLIEST_ZIP_TIME)
            part.create_system = 3
            part.external_attr = 0o644 << 16
            target.writestr(part, source.read(name))
    return stream.getvalue()


class _Writer:
    """Writes one prepared document into a Word document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.labels = numbered(document)
        self.bookmarks = {anchor: f"anchor_{number}" for number, anchor in enumerate(document.anchors(), 1)}
        self.word = _blank(document)
        self.line_width = Length(_SHORT_SIDE - 2 * _MARGIN)
        self.tallest = Length(_LONG_SIDE - 2 * _MARGIN - _CAPTION_HEIGHT)

    def write(self) -> None:
        self._paragraph("Subtitle").add_run(self.document.kind)
        self._paragraph("Title").add_run(self.document.title)
        set_color(self._paragraph().add_run(f"Evidence as of {self.document.as_of}"), SOFT)
        for callout in self.document.lead:
            self._callout(callout)
        self._contents()
        upright = True
        for sideways, placed in pages(self.document):
            if sideways == upright:
                self._turn_page(sideways=sideways)
                upright = not sideways
            for block, depth in placed:
                self._block(block, depth)

    def _paragraph(self, style: str = "Normal") -> WordParagraph:
        return self.word.add_paragraph(style=style)

    def _turn_page(self, *, sideways: bool) -> None:
        section = self.word.add_section(WD_SECTION.NEW_PAGE)
        end_section_in_last_paragraph(self.word)
        section.orientation = WD_ORIENT.LANDSCAPE if sideways else WD_ORIENT.PORTRAIT
        width, height = (_LONG_SIDE, _SHORT_SIDE) if sideways else (_SHORT_SIDE, _LONG_SIDE)
        section.page_width, section.page_height = width, height
        section.top_margin = section.bottom_margin = _LOW_MARGIN if sideways else _MARGIN
        section.footer_distance = _FOOTER_DISTANCE
        self.line_width = Length(width - 2 * _MARGIN)
        self.tallest = Length(height - section.top_margin - section.bottom_margin - _CAPTION_HEIGHT)

    def _contents(self) -> None:
        self._paragraph("TOC Heading").add_run("Contents")
        for section in self.document.sections:
            self._contents_line(section, 0)
            for inner in section.blocks:
                if isinstance(inner, Section):
                    self._contents_line(inner, 1)

    def _contents_line(self, section: Section, depth: int) -> None:
        paragraph = self._paragraph()
        paragraph.paragraph_format.left_indent = Mm(6 * depth)
        paragraph.paragraph_format.space_after = Pt(0)
        self._runs(paragraph, (Run(section.title, link=f"#{section.anchor}"),))

    def _block(self, block: Block, depth: int) -> None:
        match block:
            case Section(title, anchor):
                heading = self._paragraph(f"Heading {min(depth, _DEEPEST_HEADING)}")
                add_bookmark(heading, self._bookmark(anchor), title)
            case Callout():
                self._callout(block)
            case Figure():
                self._figure(block)
            case Table():
                self._table(block)
            case _:
                self._texts(block)

    def _texts(self, block: Block) -> list[WordParagraph]:
        """Paragraphs of a block that is nothing but text."""
        match block:
            case Paragraph(content):
                return [self._filled("Normal", content)]
            case Bullets(items, ordered):
                paragraphs = [self._filled("List Number" if ordered else "List Bullet", item) for item in items]
                if ordered:
                    restart_numbering(self.word, paragraphs)
                return paragraphs
            case Facts(items):
                return [self._filled("Normal", (Run(f"{label}: ", strong=True), *value)) for label, value in items]
            case _:
                raise TypeError(f"{type(block).__name__} is not a block of text")

    def _filled(self, style: str, content: Runs) -> WordParagraph:
        paragraph = self._paragraph(style)
        self._runs(paragraph, content)
        return paragraph

    def _callout(self, callout: Callout) -> None:
        title = self._paragraph()
        title.add_run(callout.title).bold = True
        paragraphs = [title, *(paragraph for block in callout.blocks for paragraph in self._texts(block))]
        for paragraph in paragraphs:
            box_paragraph(paragraph, callout.kind)
        for paragraph in paragraphs[:-1]:
            paragraph.paragraph_format.keep_with_next = True
            paragraph.paragraph_format.space_after = Pt(2)
        paragraphs[-1].paragraph_format.space_after = Pt(10)

    def _figure(self, figure: Figure) -> None:
        paragraph = self._paragraph()
        paragraph.paragraph_format.keep_with_next = True
        picture = paragraph.add_run().add_picture(io.BytesIO(figure.png))
        share = min(1.0, self.line_width / picture.width, self.tallest / picture.height)
        picture.width, picture.height = Length(int(picture.width * share)), Length(int(picture.height * share))
        for side in ("distT", "distB", "distL", "distR"):
            picture._inline.set(side, "0")
        properties = picture._inline.docPr
        properties.set("descr", figure.alt)
        properties.set("title", figure.caption)
        self._caption(self.labels[id(figure)], figure.caption, figure.anchor)

    def _caption(self, label: str, caption: str, anchor: str) -> WordParagraph:
        paragraph = self._paragraph("Caption")
        if anchor:
            add_bookmark(paragraph, self._bookmark(anchor), "")
        paragraph.add_run(f"{label}. ").bold = True
        paragraph.add_run(caption)
        return paragraph

    def _table(self, table: Table) -> None:
        caption = self._caption(self.labels[id(table)], table.caption, table.anchor)
        caption.paragraph_format.keep_with_next = True
        widths = [round(share * self.line_width) for share in column_shares(table)]
        word_table = self.word.add_table(rows=1 + len(table.rows), cols=len(table.columns))
        frame_table(word_table, table.caption, widths)
        style = "Small table text" if len(table.columns) > 6 else "Table text"
        word_rows = word_table.rows
        repeat_row(word_rows[0])
        for column, cell in zip(table.columns, word_rows[0].cells, strict=True):
            self._cell(cell, (Run(column.title, strong=True),), style, right=column.align == "right")
        for row, word_row in zip(table.rows, list(word_rows)[1:], strict=True):
            if all(len(plain(cell)) <= WHOLE_ROW for cell in row.cells):
                keep_row_whole(word_row)
            self._row(table, row, list(word_row.cells), style)
        notes = [self._filled("Table note", note) for note in table.notes] or [self._spacer()]
        notes[-1].paragraph_format.space_after = Pt(12)

    def _spacer(self) -> WordParagraph:
        """A paragraph of no height: Word joins two tables that have none between them."""
        paragraph = self._paragraph("Table note")
        paragraph.paragraph_format.space_before = Pt(0)
        paragraph.paragraph_format.line_spacing = Pt(1)
        return paragraph

    def _row(self, table: Table, row: Row, cells: list[_Cell], style: str) -> None:
        if row.group:
            cells = [cells[0].merge(cells[-1])]
        for index, (content, cell) in enumerate(zip(row.cells, cells, strict=True)):
            strong = tuple(Run(run.text, True, run.emphasis, run.link, run.mark) for run in content)
            right = table.columns[index].align == "right" and not row.group
            self._cell(cell, content if index else strong, style, right=right, anchor="" if index else row.anchor)
            if row.group:
                cell.paragraphs[0].paragraph_format.keep_with_next = True
                for word_run in cell.paragraphs[0].runs:
                    set_color(word_run, ACCENT)

    def _cell(self, cell: _Cell, content: Runs, style: str, *, right: bool, anchor: str = "") -> None:
        paragraph = cell.paragraphs[0]
        # By name of the style's element: python-docx looks through all styles for each paragraph otherwise.
        paragraph._p.style = style_identifier(style)
        if right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        if anchor:
            add_bookmark(paragraph, self._bookmark(anchor), "")
        self._runs(paragraph, content)

    def _bookmark(self, anchor: str) -> str:
        return self.bookmarks[anchor]

    def _runs(self, paragraph: WordParagraph, content: Runs) -> None:
        for run in content:
            if run.link:
                internal = run.link.startswith("#")
                target = self._bookmark(run.link[1:]) if internal else run.link
                word_run = add_hyperlink(paragraph, target, internal=internal)
            else:
                word_run = paragraph.add_run()
            word_run.text = f" ({run.text})" if run.mark else run.text
            word_run.bold = run.strong or None
            word_run.italic = run.emphasis or None
            if run.mark:
                set_mark(word_run)


def _blank(document: Document) -> WordDocument:
    """An empty document with this report's page, styles, footer and properties."""
    word = docx.Document()
    section = word.sections[0]
    section.page_width, section.page_height = _SHORT_SIDE, _LONG_SIDE
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = _MARGIN
    _set_styles(word)
    set_language(word, document.language)
    _set_properties(word, document)
    section.footer_distance = _FOOTER_DISTANCE
    footer = section.footer.paragraphs[0]
    footer.add_run(f"{document.title} · Evidence as of {document.as_of} · Page ")
    add_field(footer, "PAGE")
    footer.add_run(" of ")
    add_field(footer, "NUMPAGES")
    return word


def _set_styles(word: WordDocument) -> None:
    sizes: Iterable[tuple[str, float, str | None]] = (
        ("Normal", 10.5, None),
        ("Title", 22, "1C2226"),
        ("Subtitle", 10, ACCENT),
        ("Footer", 8, SOFT),
        ("Caption", 9.5, "1C2226"),
        ("TOC Heading", 14, "1C2226"),
        ("Heading 1", 16, "1C2226"),
        ("Heading 2", 13, "1C2226"),
        ("Heading 3", 11.5, "1C2226"),
        *((f"Heading {level}", 10.5, "1C2226") for level in range(4, _DEEPEST_HEADING + 1)),
    )
    for name, size, color in sizes:
        set_style_font(word, name, size, color)
    word.styles["Caption"].font.bold = False
    word.styles["Subtitle"].font.italic = False
    for name, size in (("Table text", 8.5), ("Small table text", 7.5), ("Table note", 8)):
        add_style(word, name, size)
    for level in range(1, _DEEPEST_HEADING + 1):
        word.styles[f"Heading {level}"].paragraph_format.space_after = Pt(4)
    word.styles["Normal"].paragraph_format.space_after = Pt(6)
    word.styles["Caption"].paragraph_format.space_before = Pt(8)
    word.styles["Caption"].paragraph_format.space_after = Pt(4)


def _set_properties(word: WordDocument, document: Document) -> None:
    properties = word.core_properties
    day = datetime.fromisoformat(document.as_of)
    properties.title, properties.subject, properties.language = document.title, document.kind, document.language
    properties.author = properties.last_modified_by = AUTHOR
    properties.created = properties.modified = day
    properties.revision = 1
    properties.comments = properties.keywords = properties.category = ""
