"""Pieces of WordprocessingML that python-docx has no calls for.

Element names and the order in which they must stand are those of ECMA-376, part 1, chapter 17.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table as WordTable
from docx.table import _Row
from docx.text.paragraph import Paragraph as WordParagraph
from docx.text.run import Run as WordRun

ACCENT = "0A5263"
SOFT = "515B62"
FONT = "Arial"  # or a face of the same widths, which every office suite has

_MARK_COLOR = "7A4A00"
_BOXES = {"answer": ("E6F0EF", ACCENT), "caution": ("FBF0D9", "96630A"), "note": ("F3F1EA", "8D9296")}
_AFTER_SHADING = ("w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:contextualSpacing", "w:jc", "w:rPr")
_THEME_FONTS = ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme")


def element(tag: str, **attributes: str) -> BaseOxmlElement:
    """An element such as ``w:shd``; attribute names stand without their prefix."""
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), value)
    return made


def add_bookmark(paragraph: WordParagraph, name: str, text: str) -> None:
    """A bookmark at the end of the paragraph so far, around the text (which may be empty)."""
    number = name.rpartition("_")[2]
    paragraph._p.append(element("w:bookmarkStart", id=number, name=name))
    if text:
        paragraph.add_run(text)
    paragraph._p.append(element("w:bookmarkEnd", id=number))


def add_hyperlink(paragraph: WordParagraph, target: str, *, internal: bool) -> WordRun:
    """An empty, underlined run inside a link to a bookmark (`internal`) or an address."""
    link = element("w:hyperlink", history="1")
    if internal:
        link.set(qn("w:anchor"), target)
    else:
        link.set(qn("r:id"), paragraph.part.relate_to(target, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    inner = element("w:r")
    link.append(inner)
    paragraph._p.append(link)
    run = WordRun(inner, paragraph)
    run.font.underline = True
    set_color(run, ACCENT)
    return run


def add_field(paragraph: WordParagraph, instruction: str) -> None:
    """A field such as PAGE, which Word fills when it lays out the pages."""
    run = paragraph.add_run()
    run._r.append(element("w:fldChar", fldCharType="begin"))
    code = element("w:instrText")
    code.text = f" {instruction} "
    run._r.append(code)
    run._r.append(element("w:fldChar", fldCharType="end"))


def set_color(run: WordRun, color: str) -> None:
    """Give a run a colour, as six hexadecimal digits."""
    run.font.color.rgb = RGBColor.from_string(color)


def set_mark(run: WordRun) -> None:
    """Set a warning mark apart from the number before it; raised letters would be too small to read in tables."""
    run.font.size = Pt(7)
    set_color(run, _MARK_COLOR)


def box_paragraph(paragraph: WordParagraph, kind: str) -> None:
    """Shade a paragraph and draw a line at its left; neighbours of one kind join into one box."""
    fill, line = _BOXES[kind]
    borders = element("w:pBdr")
    for side, size, color in (("top", "4", fill), ("left", "24", line), ("bottom", "4", fill), ("right", "4", fill)):
        borders.append(element(f"w:{side}", val="single", sz=size, space="5", color=color))
    properties = paragraph._p.get_or_add_pPr()
    for made in (borders, element("w:shd", val="clear", color="auto", fill=fill)):
        properties.insert_element_before(made, *_AFTER_SHADING)


def restart_numbering(word: WordDocument, paragraphs: Sequence[WordParagraph]) -> None:
    """Let these list items count from one, whatever lists came before."""
    style = word.styles["List Number"].element
    numbering = word.part.numbering_part.element
    of_style = numbering.num_having_numId(style.pPr.numPr.numId.val)
    number = numbering.add_num(of_style.abstractNumId.val)
    number.add_lvlOverride(ilvl=0).add_startOverride(1)
    for paragraph in paragraphs:
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_ilvl().val = 0
        properties.get_or_add_numId().val = number.numId


def frame_table(table: WordTable, caption: str, widths: Sequence[int]) -> None:
    """Fixed column widths (in EMU), rules above, below and between rows, and the caption for screen readers."""
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
        for cell in column.cells:
            cell.width = width
    borders = element("w:tblBorders")
    borders.append(element("w:top", val="single", sz="8", space="0", color="1C2226"))
    borders.append(element("w:bottom", val="single", sz="8", space="0", color="1C2226"))
    borders.append(element("w:insideH", val="single", sz="4", space="0", color="C9C5BA"))
    properties = table._tbl.tblPr
    properties.insert_element_before(borders, "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")
    margins = element("w:tblCellMar")
    for side in ("left", "right"):
        margins.append(element(f"w:{side}", w="70", type="dxa"))
    properties.insert_element_before(margins, "w:tblLook")
    properties.append(element("w:tblCaption", val=caption))


def end_section_in_last_paragraph(word: WordDocument) -> None:
    """Let a section end with its last paragraph: one more, which is how it is added, may not fit on the last page."""
    *_, last, added, _ = word.element.body
    if last.tag == qn("w:p"):
        last.get_or_add_pPr().append(added.pPr.find(qn("w:sectPr")))
        word.element.body.remove(added)


def repeat_row(row: _Row) -> None:
    """Repeat a heading row at the top of each page."""
    keep_row_whole(row)
    row._tr.get_or_add_trPr().append(element("w:tblHeader"))


def keep_row_whole(row: _Row) -> None:
    """Keep a row from being split over two pages."""
    row._tr.get_or_add_trPr().append(element("w:cantSplit"))


def set_language(word: WordDocument, language: str) -> None:
    """The language of all text, for spelling and for screen readers."""
    defaults = word.styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    for found in defaults.findall(qn("w:lang")):
        defaults.remove(found)
    defaults.append(element("w:lang", val=language))


def style_identifier(name: str) -> str:
    """Identifier of a style that `add_style` made."""
    return name.title().replace(" ", "")


def add_style(word: WordDocument, name: str, size: float) -> None:
    """A paragraph style for tables: small, and with little space around its paragraphs."""
    style = cast(ParagraphStyle, word.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH))
    style.element.styleId = style_identifier(name)
    style.base_style = word.styles["Normal"]
    style.font.size = Pt(size)
    style.paragraph_format.space_before = style.paragraph_format.space_after = Pt(1)


def set_style_font(word: WordDocument, name: str, size: float, color: str | None) -> None:
    """Give a paragraph style this report's font; the template's theme fonts would win over it otherwise."""
    style = cast(ParagraphStyle, word.styles[name])
    style.font.name = FONT
    style.font.size = Pt(size)
    if color:
        style.font.color.rgb = RGBColor.from_string(color)
    fonts = style.element.get_or_add_rPr().find(qn("w:rFonts"))
    for theme_font in _THEME_FONTS:
        fonts.attrib.pop(qn(f"w:{theme_font}"), None)
