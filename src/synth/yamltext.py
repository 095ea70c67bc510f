"""YAML text with its line numbers, turned into a typed model or into faults that name line and key.

PyYAML's safe loader keeps the last of two equal keys without a word and forgets lines; both matter for
files that people write, so the node tree is read first: it yields duplicate keys and a line for each path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ValidationError

from synth.errors import EvidenceError, Fault
from synth.provenance import calendar_day, shortened, unprintable

_DEEPEST = 20
KeyPath = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


def _day(value: object) -> object:
    # pydantic alone also takes seconds since 1970 and a midnight for a date.
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        raise ValueError("a date such as 2026-11-22 is expected")
    return calendar_day(value)


#: A calendar day, written as 2026-11-22.
Day = Annotated[date, BeforeValidator(_day)]


@dataclass(frozen=True, slots=True)
class YamlText:
    """Parsed YAML: plain data, and the 1-based line on which each key path stands."""

    file: str
    data: Any
    lines: dict[KeyPath, int]

    def line_of(self, path: KeyPath) -> int:
        """Line of that path, or of its nearest parent that is in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _TextLoader(yaml.SafeLoader):
    """Safe loader to which only null, true, false and plain decimal numbers are more than text.

    YAML 1.1 would also read ``no`` as false, ``010`` as 8, ``1:30`` as 90, ``.nan`` as a number, and dates by rules of
    its own; here they stay text, and the model says what it expects instead.
    """

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (as in the base class)


for _name, _pattern, _first in (
    ("null", r"(~|null|Null|NULL|)\Z", ["~", "n", "N", ""]),
    ("bool", r"(true|True|TRUE|false|False|FALSE)\Z", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]{0,14})\Z", list("-+0123456789")),
    ("float", r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)\Z", list("-+.0123456789")),
):
    _TextLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), _first)


def parse_yaml(text: str, file: str) -> YamlText:
    """Plain data of one YAML document with the line of each key.

    Raises
    ------
    EvidenceError
        If the text is not YAML, holds no mapping, repeats a key, uses an alias or a tag, or holds a character that
        cannot be printed.
    """
    try:
        _refuse(text, file)
        node = yaml.compose(text, Loader=_TextLoader)
        if not isinstance(node, yaml.MappingNode):
            raise EvidenceError([Fault(file, 1, "", "a mapping of keys to values is expected")])
        lines: dict[KeyPath, int] = {}
        faults = list(_walk(node, (), lines, file))
        if faults:
            raise EvidenceError(faults)
        return YamlText(file, yaml.load(text, Loader=_TextLoader), lines)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        words = ", ".join(filter(None, [error.context, error.problem]))
        raise EvidenceError([Fault(file, line, "", f"not YAML: {words}")]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise EvidenceError([Fault(file, line, "", unprintable(text) or f"not YAML: {error.reason}")]) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # OverflowError: an escape such as "\UFFFFFFFF"
        raise EvidenceError([Fault(file, 0, "", f"not YAML: {' '.join(str(error).split())}")]) from None


def _refuse(text: str, file: str) -> None:
    """Stop at tags, at aliases, which can refer to themselves or multiply, and at nesting that only an attack uses."""
    depth = 0
    for event in yaml.parse(text, Loader=_TextLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise EvidenceError(
                [Fault(file, line, f"*{event.anchor}", "aliases are not used here; write the value out")]
            )
        if getattr(event, "tag", None) is not None:
            raise EvidenceError([Fault(file, line, "", "tags such as !!int are not used here; write the value alone")])
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise EvidenceError([Fault(file, line, "", f"nested more than {_DEEPEST} deep; no file of a review is")])


def _walk(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], file: str) -> Iterator[Fault]:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.ScalarNode) and (problem := unprintable(node.value)):
        yield Fault(file, node.start_mark.line + 1, _dotted(path), problem)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*path, index), lines, file)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen:
                yield Fault(file, line, name, "this key stands twice; keep one")
            if name == "<<":
                yield Fault(file, line, name, "merge keys are not used here; write the values out")
            seen.add(name)
            lines[(*path, name)] = line
            yield from _walk(value, (*path, name), lines, file)


def typed(model: type[Model], document: YamlText) -> Model:
    """The document as a checked model.

    Raises
    ------
    EvidenceError
        One fault for each key that is unknown, missing or of the wrong type, with line and key path.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise EvidenceError(
            Fault(document.file, document.line_of(_plain(item["loc"])), _dotted(item["loc"]), in_words(dict(item)))
            for item in error.errors(include_url=False)
        ) from None


def _plain(location: tuple[int | str, ...]) -> KeyPath:
    return tuple(location)


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


# What a pattern of the models means; a reader need not know regular expressions.
_PATTERNS = {
    r"\S": "is empty; text is expected, or null where nothing was seen",
    "^[a-z][a-z0-9]*$": "small letters and digits are expected, a letter first",
    "^[a-z][a-z0-9_-]*$": "small letters, digits, - and _ are expected, a letter first",
    "^[1-9][0-9]{0,8}$": "the digits of a PMID are expected, such as 12345678",
    "^PMC[0-9]+$": "a PMCID such as PMC1234567 is expected",
    r"^10\.[0-9]{4,9}/\S+$": "a DOI such as 10.1000/182 is expected, without an address before it",
}


def in_words(item: dict[str, Any]) -> str:
    """What pydantic says of one key, as a sentence that tells what is expected and what was found."""
    kind, given = item["type"], item.get("input")
    if kind == "extra_forbidden":
        return "unknown key; remove it or correct its spelling (docs/evidence-files.md lists the keys)"
    if kind == "missing":
        return "this key is missing and needed"
    shown = "" if isinstance(given, dict | list) else f" (found {shortened(given)})"
    if kind == "string_too_short":
        return f"is empty; at least 1 character is expected{shown}"
    words = _PATTERNS.get(item.get("ctx", {}).get("pattern", ""))
    return f"{words or str(item['msg']).removeprefix('Value error, ')}{shown}"
