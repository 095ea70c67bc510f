"""Reports read back from their bytes: the texts and places of an HTML page, a Word document, Markdown and a PDF."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser

import docx
import pypdf
from docx.document import Document as WordDocument
from docx.oxml.ns import qn
from markdown_it import MarkdownIt
from pypdf.generic import DictionaryObject, IndirectObject

_VOID = frozenset(re.findall(r"\w+", "area base br col embed hr img input link meta source track wbr"))
_FOOTER = re.compile(r"Evidence as of \d{4}-\d\d-\d\d\s+Page \d+ of \d+\s*\Z")


@dataclass
class Element:
    """An element of a page: its tag, attributes, and the texts and elements in it."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(child if isinstance(child, str) else child.text for child in self.children)

    def walk(self) -> Iterator[Element]:
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, *tags: str) -> list[Element]:
        return [element for element in self.walk() if element.tag in tags]

    def one(self, tag: str) -> Element:
        (element,) = self.all(tag)
        return element


class _Reader(HTMLParser):
    """Builds the tree of a page; a tag that is not closed, or closed out of turn, is an error."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> has an attribute twice: {names}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> where </{self.open[-1].tag}> is expected, at {self.getpos()}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_html(page: bytes | str) -> Element:
    """The tree of a page."""
    reader = _Reader()
    reader.feed(page if isinstance(page, str) else page.decode())
    reader.close()
    assert reader.open == [reader.root], f"not closed: {[element.tag for element in reader.open[1:]]}"
    return reader.root


def read_markdown(report: bytes) -> Element:
    """The tree of the page that a CommonMark reader with tables and struck text makes of the report."""
    return read_html(
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(report.decode())
    )


@dataclass
class WordReport:
    """A Word document: its text in order, and where its links lead."""

    content: bytes

    @cached_property
    def word(self) -> WordDocument:
        return docx.Document(io.BytesIO(self.content))

    @property
    def text(self) -> str:
        return "\n".join(
            "".join(node.text or "" for node in paragraph.iter(qn("w:t")))
            for paragraph in self.word.element.body.iter(qn("w:p"))
        )

    def values(self, tag: str, attribute: str) -> list[str]:
        """That attribute of every such element of the body that has it."""
        found = (node.get(qn(attribute)) for node in self.word.element.body.iter(qn(tag)))
        return [value for value in found if value is not None]


@dataclass
class PdfReport:
    """A PDF: the text of its pages without their footers, its links, and what its structure tree says."""

    content: bytes

    @cached_property
    def reader(self) -> pypdf.PdfReader:
        return pypdf.PdfReader(io.BytesIO(self.content))

    @cached_property
    def pages(self) -> list[str]:
        texts = [page.extract_text() for page in self.reader.pages]
        assert all(_FOOTER.search(text) for text in texts)
        title = str(self.reader.metadata.title if self.reader.metadata else "")
        return [_FOOTER.sub("", text).rstrip().removesuffix(title) for text in texts]

    @property
    def text(self) -> str:
        return "\n".join(self.pages)

    @property
    def links(self) -> list[DictionaryObject]:
        annotations = [note.get_object() for page in self.reader.pages for note in page.get("/Annots", ())]
        return [note for note in annotations if note["/Subtype"] == "/Link"]

    def structure(self) -> Iterator[DictionaryObject]:
        """Every element of the structure tree, parents first."""
        stack = [self.reader.trailer["/Root"]["/StructTreeRoot"]]
        while stack:
            node = stack.pop()
            node = node.get_object() if isinstance(node, IndirectObject) else node
            if isinstance(node, DictionaryObject):
                yield node
                kids = node.get("/K", ())
                kids = kids.get_object() if isinstance(kids, IndirectObject) else kids
                stack.extend(reversed(kids) if isinstance(kids, list) else [kids])
