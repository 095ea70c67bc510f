"""The tools for risk of bias as data: complete, in the tools' own numbering, with labels of our own."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest

from synth.certainty.algorithms import ALGORITHMS
from synth.certainty.tools import ABSTRACT_ONLY, NOT_ANSWERED, Tool, tool, tool_ids, tools
from synth.certainty.tools.data import FAMILIES, forms_of
from synth.errors import EvidenceError, MethodError
from synth.provenance import Source

#: How many items each tool prints, and how many domains.
SIZES = {
    "jbi-case-reports": (8, 0),
    "jbi-case-series": (10, 0),
    "murad-2018": (8, 4),
    "minors": (8, 1),
    "minors-comparative": (12, 2),
    "rob2": (22, 5),
    "rob2-adhering": (21, 5),
    "robins-i": (30, 7),
    "robins-i-adhering": (32, 7),
    "amstar-2": (16, 0),
}
EVERY = [tool(name) for name in tool_ids()]
by_id = pytest.mark.parametrize("every", EVERY, ids=lambda item: item.id)
#: Invented, as the least that a data file must hold.
LEAST = """
id: invented
name: An invented tool
short: Invented
version: "1"
citation: An invented citation
link: https://example.org/invented
licence: invented
read: [nowhere]
unit: study
algorithm: false
answers: ["yes", "no"]
items:
  - {id: "1", topic: An invented topic}
"""


def test_every_tool_has_the_items_and_domains_that_it_prints() -> None:
    assert {item.id: (len(item.items), len(item.domains)) for item in EVERY} == SIZES
    assert tuple(item.id for item in tools()) == FAMILIES


@by_id
def test_no_tool_lacks_link_licence_citation_version_or_where_it_was_read(every: Tool) -> None:
    for text in (every.name, every.short, every.version, every.citation, every.licence, *every.read):
        assert text.strip() == text
        assert text
    assert every.read
    for address in (every.link, *(item.link for item in every.items)):
        assert Source.parse(address).kind == "address"


def long_labels(every: Tool) -> list[str]:
    """Item labels that are longer, or shaped otherwise, than a label of our own is."""
    return [
        item.topic
        for item in every.items
        if not 2 <= len(item.topic.split()) <= 6
        or len(item.topic) > 48
        or not re.fullmatch(r"[A-Z][\w -]+", item.topic)
    ]


@by_id
def test_item_labels_are_two_to_six_words_and_no_question_or_sentence(every: Tool) -> None:
    assert long_labels(every) == []


def test_a_wording_instead_of_a_label_is_seen() -> None:
    first = replace(EVERY[0].items[0], topic="Was this invented question put in the words of an invented tool?")
    assert long_labels(replace(EVERY[0], items=(first, *EVERY[0].items[1:]))) == [first.topic]


@by_id
def test_items_are_numbered_once_and_in_order(every: Tool) -> None:
    numbers = [tuple(int(part) for part in item.id.split(".")) for item in every.items]
    assert numbers == sorted(set(numbers))


@by_id
def test_every_item_belongs_to_a_domain_of_the_tool_and_headings_are_short(every: Tool) -> None:
    domains = [domain.id for domain in every.domains]
    assert {item.domain for item in every.items} == set(domains or [""])
    assert all(1 <= len(domain.heading) <= 4 for domain in every.domains)
    assert [item for name in domains or [""] for item in every.items_of(name)] == list(every.items)


@by_id
def test_answers_are_distinct_and_none_is_one_of_ours(every: Tool) -> None:
    for item in every.items:
        assert len(item.answers) == len(set(item.answers)) >= 2
        assert not {ABSTRACT_ONLY, NOT_ANSWERED} & set(item.answers)
        assert set(item.answers) <= set(every.answers)


def test_labels_differ_within_a_tool_form_unless_the_question_returns() -> None:
    for every in EVERY:
        topics = [item.topic for item in every.items]
        assert len(topics) == len(set(topics)), every.id


def test_no_overall_word_for_tools_without_an_algorithm_of_their_own() -> None:
    """Rule 21: JBI, Murad and MINORS have item answers only; RoB 2, ROBINS-I and AMSTAR 2 have the rest."""
    assert {item.family for item in EVERY if item.algorithm} == set(ALGORITHMS) == {"rob2", "robins-i", "amstar-2"}


@by_id
def test_domains_and_levels_of_algorithms_are_those_of_the_data(every: Tool) -> None:
    if every.algorithm:
        algorithm = ALGORITHMS[every.family]
        assert {domain.id for domain in every.domains} or {""} <= set(algorithm.domains)
        for name in [domain.id for domain in every.domains] or [""]:
            unseen = algorithm.judge(name, dict.fromkeys((item.id for item in every.items_of(name)), None))
            assert unseen.levels == algorithm.levels


def test_the_two_forms_of_domain_2_ask_other_questions() -> None:
    assigned, adhering = tool("rob2"), tool("rob2-adhering")
    assert (assigned.family, adhering.family) == ("rob2", "rob2")
    assert assigned.item("2.3").topic != adhering.item("2.3").topic
    assert assigned.item("2.7").domain == "2-assignment"
    with pytest.raises(MethodError, match=r"rob2-adhering has no item '2\.7'; it has 1\.1, 1\.2"):
        adhering.item("2.7")


def test_critical_items_of_amstar() -> None:
    assert [item.id for item in tool("amstar-2").items if item.critical] == ["2", "4", "7", "9", "11", "13", "15"]


def test_an_unknown_tool_is_told_with_those_that_there_are() -> None:
    with pytest.raises(MethodError, match="no tool 'rob-3' for risk of bias; there are: jbi-case-reports, "):
        tool("rob-3")


def test_every_data_file_of_the_package_is_a_listed_tool(repository: Path) -> None:
    folder = repository / "src" / "synth" / "certainty" / "tools"
    assert {path.stem for path in folder.glob("*.yml")} == set(FAMILIES)
    assert all(files("synth.certainty.tools").joinpath(f"{name}.yml").is_file() for name in FAMILIES)


def test_the_least_data_file_is_a_tool() -> None:
    (only,) = forms_of(LEAST, "invented.yml")
    assert (only.id, only.family, only.form, only.items[0].link) == ("invented", "invented", "", only.link)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("licence: invented", "", "licence"),
        ("link: https://example.org/invented", "", "link"),
        ("citation: An invented citation", "", "citation"),
        ("unit: study", "unit: review", "unit"),
        ('answers: ["yes", "no"]', 'answers: ["yes"]', "answers"),
        ("algorithm: false", "algorithm: false\nwording: invented", "wording"),
        ('{id: "1", topic: An invented topic}', '{id: "1", text: An invented question}', "items.0.text"),
    ],
)
def test_a_data_file_with_a_missing_or_unknown_key_is_refused(old: str, new: str, said: str) -> None:
    assert LEAST.count(old) == 1
    with pytest.raises(EvidenceError, match=rf"invented\.yml:\d+: {re.escape(said)}: "):
        forms_of(LEAST.replace(old, new), "invented.yml")
