"""YAML text with its line numbers, turned into a typed model or into faults that name line and key.

PyYAML's safe loader keeps the last of two equal keys without a word and forgets lines; both matter for
files that people write, so the node tree is read first: it yields duplicate keys and a line for each path.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from synth.errors import EvidenceError, Fault

_DEEPEST = 20
KeyPath = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


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
    """Safe loader that leaves dates as text, so that a date is checked by the model and not by YAML's rules."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse_yaml(text: str, file: str) -> YamlText:
    """Plain data of one YAML document with the line of each key.

    Raises
    ------
    EvidenceError
        If the text is not YAML, holds no mapping, repeats a key, or uses an alias.
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
        raise EvidenceError([Fault(file, line, "", f"not YAML: {error.problem or error.context}")]) from None
    except (yaml.YAMLError, ValueError) as error:
        raise EvidenceError([Fault(file, 0, "", f"not YAML: {' '.join(str(error).split())}")]) from None


def _refuse(text: str, file: str) -> None:
    """Stop at aliases, which can refer to themselves or multiply, and at nesting that only an attack would use."""
    depth = 0
    for event in yaml.parse(text, Loader=_TextLoader):
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise EvidenceError(
                [Fault(file, line, f"*{event.anchor}", "aliases are not used here; write the value out")]
            )
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise EvidenceError([Fault(file, line, "", f"nested more than {_DEEPEST} deep; no file of a review is")])


def _walk(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], file: str) -> Iterator[Fault]:
    lines.setdefault(path, node.start_mark.line + 1)
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
            Fault(document.file, document.line_of(_plain(item["loc"])), _dotted(item["loc"]), _in_words(dict(item)))
            for item in error.errors(include_url=False)
        ) from None


def _plain(location: tuple[int | str, ...]) -> KeyPath:
    return tuple(location)


def _dotted(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)


def _in_words(item: dict[str, Any]) -> str:
    kind, given = item["type"], item.get("input")
    if kind == "extra_forbidden":
        return "unknown key; remove it or correct its spelling (docs/evidence-files.md lists the keys)"
    if kind == "missing":
        return "this key is missing and needed"
    shown = "" if isinstance(given, dict | list) else f" (found {given!r})"
    return f"{str(item['msg']).removeprefix('Value error, ')}{shown}"
