"""How an XML element becomes a part of a record: small readers, put together from tables.

A reader takes an element and the list of what the record's tables do not name; it returns a value, and adds to that
list whatever it finds and cannot place. So nothing that an element holds is lost, wherever it stands. Text that is no
content (white space between elements) is not kept; comments and processing instructions are not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from lxml import etree

from synth.records.pubmed import Marked, Other

#: Takes an element and what is left over; None where the element cannot be such a part (then it is among the latter).
Reader = Callable[[Any, list[Other]], Any]
#: Takes an element, the values of the part it stands in, and what is left over.
Filler = Callable[[Any, list[Any], list[Other]], None]
#: The children of an element by tag: a field that holds their text, or a field and who reads them, or who fills it.
Children = Mapping[str, str | tuple[str, Reader] | Filler]
#: How a child is read: as text alone, by a reader, by a reader and with others of its name, by a filler.
PLAIN, ONE, SEVERAL, FILLS = range(4)
#: Of a part: the places of attributes; for each child its place, how it is read, and which of these.
Table = tuple[dict[str, int], dict[str, tuple[int, Any, int]]]

#: The elements that a record may be wrapped in; paths begin below them.
WRAPPERS = frozenset({"PubmedArticle", "PubmedBookArticle"})
#: The elements that a record is, wrapped or not.
DOCUMENTS = frozenset({"MedlineCitation", "BookDocument"})
#: More than any real record; each takes time that grows with the number of its siblings.
MOST_OTHERS = 10_000


class UnreadableError(Exception):
    """Something in a record that cannot be kept; `line` is its place in the file."""

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        super().__init__(message)


def place(element: Any) -> str:
    """Path of an element inside its record; numbered from 1 where siblings have the same name."""
    steps: list[str] = []
    while element is not None and element.tag not in WRAPPERS:
        if element.tag in DOCUMENTS:
            steps.append(element.tag)
            break
        before = sum(1 for _ in element.itersiblings(element.tag, preceding=True))
        alone = not before and next(element.itersiblings(element.tag), None) is None
        steps.append(element.tag if alone else f"{element.tag}[{before + 1}]")
        element = element.getparent()
    return "/".join(reversed(steps))


def fragment(element: Any, *, tail: bool = False) -> str:
    """An element as XML.

    Raises
    ------
    UnreadableError
        If it refers to an entity: what that stands for is not known here, because no DTD is loaded.
    """
    for part in element.iter():
        if not isinstance(part.tag, str):
            name = getattr(part, "name", "") or part.text
            message = f"refers to the entity &{name};, which is not declared in the file; write the character itself"
            raise UnreadableError(part.sourceline or element.sourceline, message)
    return str(etree.tostring(element, encoding="unicode", with_tail=tail))


def _leave(rest: list[Other], element: Any, path: str, content: str) -> None:
    if len(rest) >= MOST_OTHERS:
        message = f"one record holds more than {MOST_OTHERS:,} unknown elements; this is no PubMed XML"
        raise UnreadableError(element.sourceline, message)
    rest.append(Other(path, content))


def leave_element(element: Any, rest: list[Other]) -> None:
    """Keep an element that no table names, or that stands a second time, as it is."""
    if not isinstance(element.tag, str):
        fragment(element)  # an entity: says so
    _leave(rest, element, place(element), fragment(element))


def leave_attribute(element: Any, name: str, value: str, rest: list[Other]) -> None:
    """Keep an attribute that no table names."""
    _leave(rest, element, f"{place(element)}/@{name}".lstrip("/"), value)


def leaf(element: Any, rest: list[Other]) -> str:
    """The text of an element that has nothing but text."""
    if len(element) or element.keys():
        for name, value in element.items():
            leave_attribute(element, name, value, rest)
        return own_words(element, rest)
    return element.text or ""


def own_words(element: Any, rest: list[Other]) -> str:
    """Text where no markup is expected; markup that stands there all the same is kept beside it."""
    if not len(element):
        return element.text or ""
    leave_element(element, rest)
    return "".join(element.itertext())


def own_markup(element: Any, _rest: list[Other]) -> str | Marked:
    """Text with the markup it may have."""
    if not len(element):
        return element.text or ""
    start = (element.text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    markup = start + "".join(fragment(child, tail=True) for child in element)
    return Marked("".join(element.itertext()), markup)


def marked(element: Any, rest: list[Other]) -> str | Marked:
    """The text of an element that may have inline markup or formulas, and no attributes."""
    if not len(element) and not element.keys():
        return element.text or ""
    for name, value in element.items():
        leave_attribute(element, name, value, rest)
    return own_markup(element, rest)


def fill(element: Any, values: list[Any], table: Table, rest: list[Other]) -> None:
    """Put the attributes and children of an element into their places.

    A child that stands twice where one is expected is kept as it is.
    """
    attributes, children = table
    for name, value in element.items():
        index = attributes.get(name, -1)
        if index < 0:
            leave_attribute(element, name, value, rest)
        else:
            values[index] = value
    for child in element[:]:
        entry = children.get(child.tag)
        if entry is None:
            leave_element(child, rest)
            continue
        index, read, kind = entry
        if kind == PLAIN:
            if values[index] is not None:
                leave_element(child, rest)
            elif len(child) or child.keys():
                values[index] = leaf(child, rest)
            else:
                values[index] = child.text or ""
        elif kind == ONE:
            if values[index] is not None:
                leave_element(child, rest)
            else:
                values[index] = read(child, rest)
        elif kind == FILLS:
            read(child, values, rest)
        else:
            found = read(child, rest)
            if found is None:
                continue
            if values[index] is None:
                values[index] = [found]
            else:
                values[index].append(found)


class Layout:
    """The places of a part's fields, and how a part is made of their values.

    Values are None until they are read, so that what stands there and is empty differs from what is absent.
    """

    def __init__(self, make: type[msgspec.Struct]) -> None:
        fields = msgspec.structs.fields(make)
        self.make = make
        self.places = {field.name: index for index, field in enumerate(fields)}
        self.blank: list[Any] = [None] * len(fields)
        self.many = tuple(self.places[field.name] for field in fields if field.default == ())
        self.needed = sum(field.required for field in fields)

    def table(self, attributes: Mapping[str, str], children: Mapping[str, str | tuple[str, Reader] | Filler]) -> Table:
        """The table of an element by the names of fields; a field without reader is plain text.

        A Gather reads a whole list; of what other readers give, a field that is a tuple takes several.
        """
        entries: dict[str, tuple[int, Any, int]] = {}
        for tag, entry in children.items():
            if isinstance(entry, str):
                entries[tag] = (self.places[entry], leaf, PLAIN)
            elif isinstance(entry, tuple):
                index = self.places[entry[0]]
                several = index in self.many and not isinstance(entry[1], Gather)
                entries[tag] = (index, entry[1], SEVERAL if several else ONE)
            else:
                entries[tag] = (-1, entry, FILLS)
        return {name: self.places[field] for name, field in attributes.items()}, entries


def shape(
    make: type[msgspec.Struct],
    children: Children,
    attributes: Mapping[str, str] | None = None,
    *,
    inner: tuple[str, str] | None = None,
) -> Reader:
    """A reader of a part made of children; `inner` names the child that is such a part itself, and its field."""
    layout = Layout(make)
    table = layout.table(attributes or {}, children)
    blank, needed, many = layout.blank, range(layout.needed), layout.many

    def read(element: Any, rest: list[Other]) -> Any:
        values = blank.copy()
        known = len(rest)
        fill(element, values, table, rest)
        for index in needed:
            if values[index] is None:
                del rest[known:]
                leave_element(element, rest)
                return None
        for index in many:
            found = values[index]
            values[index] = () if found is None else tuple(found)
        return make(*values)

    if inner is not None:
        table[1][inner[0]] = (layout.places[inner[1]], read, SEVERAL)
    return read


def valued(make: type[msgspec.Struct], attributes: Mapping[str, str], words: Reader = own_words) -> Reader:
    """A reader of a part made of an element's text (its first field) and attributes."""
    layout = Layout(make)
    blank: list[Any] = [() if index in layout.many else None for index in range(len(layout.blank))]
    places = {name: layout.places[field] for name, field in attributes.items()}

    def read(element: Any, rest: list[Other]) -> Any:
        values = blank.copy()
        for name, value in element.items():
            index = places.get(name, -1)
            if index < 0:
                leave_attribute(element, name, value, rest)
            else:
                values[index] = value
        values[0] = words(element, rest) if len(element) else element.text or ""
        return make(*values)

    return read


class Gather:
    """A reader of a list: all children of that name as a tuple; an empty list is kept as an unknown element."""

    def __init__(self, tag: str, read: Reader) -> None:
        self.tag, self.read = tag, read

    def __call__(self, element: Any, rest: list[Other]) -> tuple[Any, ...]:
        """Read the list."""
        for name, value in element.items():
            leave_attribute(element, name, value, rest)
        tag, read = self.tag, self.read
        found = []
        for child in element[:]:
            if child.tag == tag:
                item = read(child, rest)
                if item is not None:
                    found.append(item)
            else:
                leave_element(child, rest)
        if not len(element):
            leave_element(element, rest)
        return tuple(found)


def lift(layout: Layout, field: str, attributes: Mapping[str, str], words: Reader = own_words) -> Filler:
    """A filler for a child with text and attributes that are fields of the part it stands in."""
    own, places = layout.places[field], {name: layout.places[field] for name, field in attributes.items()}

    def read(element: Any, values: list[Any], rest: list[Other]) -> None:
        if values[own] is not None:
            leave_element(element, rest)
            return
        for name, value in element.items():
            index = places.get(name, -1)
            if index < 0:
                leave_attribute(element, name, value, rest)
            else:
                values[index] = value
        values[own] = words(element, rest)

    return read


def spread(table: Table) -> Filler:
    """A filler for a child whose attributes and children are fields of the part it stands in.

    One that is empty, or stands a second time, is kept as an unknown element.
    """

    def read(element: Any, values: list[Any], rest: list[Other]) -> None:
        empty = not len(element) and not element.keys()
        if empty or next(element.itersiblings(element.tag, preceding=True), None) is not None:
            leave_element(element, rest)
        else:
            fill(element, values, table, rest)

    return read
