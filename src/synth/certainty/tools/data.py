"""The tools read from their data files.

A tool may have several forms, of which a review plans one: RoB 2 and ROBINS-I ask other questions for the effect of
assignment than for the effect of adhering to an intervention, and MINORS has items for comparative studies only. Each
form is a tool with an id of its own; `family` is the id of the file, under which the judgement algorithm stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from synth.errors import MethodError
from synth.protocol.base import Identifier, NonEmpty, Part
from synth.yamltext import parse_yaml, typed

#: What stands for an item that nobody answered although a full text was read.
NOT_ANSWERED = "not answered"

#: One data file each, in the order in which the tools are listed.
FAMILIES = ("jbi-case-reports", "jbi-case-series", "murad-2018", "minors", "rob2", "robins-i", "amstar-2")


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain of a tool: its id, a heading of at most four characters, and its topic in our own words."""

    id: str
    heading: str
    topic: str


@dataclass(frozen=True, slots=True)
class Item:
    """An item or signalling question of a tool.

    Attributes
    ----------
    id : str
        The number that the tool prints.
    topic : str
        A label of our own, never the tool's wording.
    link : str
        Where the wording stands.
    domain : str
        Id of its domain; empty for a tool without domains.
    answers : tuple of str
        The answers that the tool offers.
    critical : bool
        Whether the tool calls the item critical.
    """

    id: str
    topic: str
    link: str
    domain: str
    answers: tuple[str, ...]
    critical: bool = False


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool for risk of bias, in one of its forms.

    Attributes
    ----------
    id : str
        Name of the form, as the column tool of risk_of_bias.csv writes it.
    family : str
        Name of the data file and of the algorithm; the same as `id` for the usual form.
    name, short : str
        Full name, and the name in tables.
    form : str
        What sets this form apart; empty where a tool has one form only.
    version, citation, link, licence : str
    read : tuple of str
        Where numbers, topics and answers were read.
    unit : {"study", "result"}
        Whether a study is appraised once, or each of its results.
    algorithm : bool
        Whether the tool itself defines how answers become a judgement (rule 21: others get no overall word).
    domains : tuple of Domain
    items : tuple of Item
    answers : tuple of str
        Every answer that some item offers, the tool's usual ones first.
    """

    id: str
    family: str
    name: str
    short: str
    form: str
    version: str
    citation: str
    link: str
    licence: str
    read: tuple[str, ...]
    unit: Literal["study", "result"]
    algorithm: bool
    domains: tuple[Domain, ...]
    items: tuple[Item, ...]
    answers: tuple[str, ...]

    def item(self, item_id: str) -> Item:
        """The item of that number.

        Raises
        ------
        MethodError
            If the tool has none.
        """
        for item in self.items:
            if item.id == item_id:
                return item
        raise MethodError(f"{self.id} has no item {item_id!r}; it has {', '.join(item.id for item in self.items)}")

    def items_of(self, domain_id: str) -> tuple[Item, ...]:
        """The items of a domain."""
        return tuple(item for item in self.items if item.domain == domain_id)


class _DomainPart(Part):
    id: NonEmpty
    heading: NonEmpty
    topic: NonEmpty


class _ItemPart(Part):
    id: NonEmpty
    topic: NonEmpty
    domain: str = ""
    link: str = ""
    answers: tuple[NonEmpty, ...] = Field(default=(), strict=False)
    critical: bool = False


class _FormPart(Part):
    id: Identifier
    label: NonEmpty
    domains: tuple[NonEmpty, ...] = Field(strict=False, min_length=1)


class _ToolFile(Part):
    """A data file; unknown and missing keys are faults."""

    id: Identifier
    name: NonEmpty
    short: NonEmpty
    version: NonEmpty
    citation: NonEmpty
    link: NonEmpty
    licence: NonEmpty
    read: tuple[NonEmpty, ...] = Field(strict=False, min_length=1)
    unit: Literal["study", "result"]
    algorithm: bool
    answers: tuple[NonEmpty, ...] = Field(strict=False, min_length=2)
    domains: tuple[_DomainPart, ...] = Field(default=(), strict=False)
    variants: tuple[_FormPart, ...] = Field(default=(), strict=False)
    items: tuple[_ItemPart, ...] = Field(strict=False, min_length=1)

    def tools(self) -> tuple[Tool, ...]:
        """The forms of the tool, the usual one first."""
        if not self.variants:
            return (self._form(self.id, "", tuple(domain.id for domain in self.domains) or ("",)),)
        return tuple(self._form(form.id, form.label, form.domains) for form in self.variants)

    def _form(self, tool_id: str, label: str, domains: tuple[str, ...]) -> Tool:
        items = tuple(
            Item(item.id, item.topic, item.link or self.link, item.domain, item.answers or self.answers, item.critical)
            for item in self.items
            if item.domain in domains
        )
        return Tool(
            id=tool_id,
            family=self.id,
            name=self.name,
            short=self.short,
            form=label,
            version=self.version,
            citation=self.citation,
            link=self.link,
            licence=self.licence,
            read=self.read,
            unit=self.unit,
            algorithm=self.algorithm,
            domains=tuple(Domain(part.id, part.heading, part.topic) for part in self.domains if part.id in domains),
            items=items,
            answers=tuple(dict.fromkeys([*self.answers, *(answer for item in items for answer in item.answers)])),
        )


def forms_of(text: str, file: str) -> tuple[Tool, ...]:
    """The forms of the tool that the text of a data file describes, the usual one first.

    Raises
    ------
    EvidenceError
        If the text is not YAML or has unknown, missing or ill-typed keys.
    """
    return typed(_ToolFile, parse_yaml(text, file)).tools()


@cache
def _all() -> dict[str, Tool]:
    folder = files("synth.certainty.tools")
    found: dict[str, Tool] = {}
    for family in FAMILIES:
        name = f"{family}.yml"
        found.update((form.id, form) for form in forms_of(folder.joinpath(name).read_text("utf-8"), name))
    return found


def tools() -> tuple[Tool, ...]:
    """Every tool in its usual form."""
    return tuple(item for item in _all().values() if item.id == item.family)


def tool_ids() -> tuple[str, ...]:
    """The ids of every form of every tool."""
    return tuple(_all())


def tool(tool_id: str) -> Tool:
    """The tool, or form of a tool, of that id.

    Raises
    ------
    MethodError
        If there is none.
    """
    found = _all().get(tool_id)
    if found is None:
        raise MethodError(f"no tool {tool_id!r} for risk of bias; there are: {', '.join(tool_ids())}")
    return found
