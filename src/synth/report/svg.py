"""An SVG figure made fit to stand inside an HTML page next to other ones.

In a page all figures share one space of names and one style sheet, and a screen reader needs the figure's words:
so every id gets the figure's name in front, style rules are confined to their figure, and title and description
are added. Markup that could run or load something is refused.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from synth.errors import ReportError
from synth.report.model import Figure

_SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_ACTIVE = frozenset({"script", "foreignObject", "iframe", "animate", "set", "handler"})
_LOCAL_REFERENCE = re.compile(r"url\(\s*['\"]?#([^'\")]+)['\"]?\s*\)")
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_PIXELS_PER_POINT = 4 / 3
_LARGEST_SCALE = 1.25  # beyond this the letters of a figure are larger than those of the page
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(pt|px|)")


def inline_svg(figure: Figure) -> str:
    """The figure as an `<svg>` element for an HTML page, with its caption as title and its alt text as description.

    Raises
    ------
    ReportError
        If the SVG cannot be parsed, has no viewBox, or holds a script, an event handler, foreign markup or a
        reference to something outside itself.
    """
    root = _parsed(figure)
    prefix = f"_{figure.name}-"
    for parent in list(root.iter()):
        for child in list(parent):
            if not child.tag.startswith(_SVG) or child.tag == f"{_SVG}metadata":
                parent.remove(child)
    for element in root.iter():
        _localize(element, figure.name, prefix)
    _describe(root, figure, prefix)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=True).strip()


def _parsed(figure: Figure) -> Element:
    try:
        root = ElementTree.fromstring(figure.svg)
    except ElementTree.ParseError as error:
        raise ReportError(f"figure {figure.name!r}: its SVG cannot be parsed: {error}") from None
    if root.tag != f"{_SVG}svg" or "viewBox" not in root.attrib:
        raise ReportError(f"figure {figure.name!r}: an svg element with a viewBox is expected")
    return root


def _localize(element: Element, name: str, prefix: str) -> None:
    """Drop the namespaces, which HTML does without, and tie ids, references and style rules to this figure."""
    element.tag = element.tag.removeprefix(_SVG)
    if element.tag in _ACTIVE:
        raise ReportError(f"figure {name!r}: <{element.tag}> is not allowed in a report")
    attributes = dict(element.attrib)
    element.attrib.clear()
    for key, value in attributes.items():
        local = key.removeprefix(_XLINK)
        if local.startswith("{"):
            continue
        element.set(local, _localized(local, value, name, prefix))
    if element.tag == "style":
        element.text = _confined(element.text or "", name, prefix)


def _localized(key: str, value: str, name: str, prefix: str) -> str:
    if key.lower().startswith("on"):
        raise ReportError(f"figure {name!r}: event handler {key!r} is not allowed in a report")
    if key == "id":
        return prefix + value
    if key == "href":
        if value.startswith("#"):
            return f"#{prefix}{value[1:]}"
        if value.startswith("data:image/"):
            return value
        raise ReportError(f"figure {name!r}: reference to {value!r}; a figure may refer only to itself")
    return _local_urls(value, name, prefix)


def _local_urls(value: str, name: str, prefix: str) -> str:
    changed = _LOCAL_REFERENCE.sub(rf"url(#{prefix}\1)", value)
    if changed.count("url(") != len(_LOCAL_REFERENCE.findall(value)):
        raise ReportError(f"figure {name!r}: {value!r} refers to something outside the figure")
    return changed


def _confined(css: str, name: str, prefix: str) -> str:
    """Style rules with the figure's id before each selector: in a page they would otherwise reach every element."""
    if "@" in css or "\\" in css:
        raise ReportError(f"figure {name!r}: only plain style rules are allowed, no at-rules and no escapes")
    rules = []
    for selectors, declarations in _RULE.findall(css):
        confined = ", ".join(f"#{prefix}svg {selector.strip()}" for selector in selectors.split(","))
        rules.append(f"{confined} {{{_local_urls(declarations, name, prefix)}}}")
    return "\n".join(rules)


def _describe(root: Element, figure: Figure, prefix: str) -> None:
    width = _LENGTH.match(root.attrib.pop("width", ""))
    root.attrib.pop("height", None)
    for child in root.findall("title") + root.findall("desc"):
        root.remove(child)
    for position, (tag, words) in enumerate((("title", figure.caption), ("desc", figure.alt))):
        element = Element(tag, {"id": f"{prefix}{tag}"})
        element.text = words
        root.insert(position, element)
    root.set("id", f"{prefix}svg")
    root.set("role", "img")
    root.set("aria-labelledby", f"{prefix}title")
    root.set("aria-describedby", f"{prefix}desc")
    root.set("focusable", "false")
    if width:
        pixels = float(width[1]) * (_PIXELS_PER_POINT if width[2] == "pt" else 1)
        root.set("style", f"max-width: {pixels * _LARGEST_SCALE:.0f}px")
