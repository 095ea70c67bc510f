"""YAML text that people write: whatever it is, plain data or faults with their lines, and never another error."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from synth.errors import EvidenceError
from synth.protocol import Protocol, parse_protocol
from synth.yamltext import parse_yaml, typed

# Random text is rarely YAML at all; text of YAML's own signs gets further in.
SIGNS = st.text(st.sampled_from("abn01 :-[]{},\n\"'|>&*!?#%@`~<=.\t\\Uxu"), max_size=60)
PIECES = st.lists(
    st.sampled_from(
        [
            *(
                "a",
                ": ",
                "\n",
                "- ",
                "  ",
                "[",
                "]",
                "{",
                "}",
                ", ",
                "!!int ",
                "!!set ",
                "&x ",
                "*x",
                "? ",
                "|",
                ">",
                '"',
            ),
            *("\\U", "FFFFFFFF", "\\ud800", "~", "<<", "---\n", "...\n", "%YAML 1.1\n", "1", ".inf", "yes", "=", "'"),
        ]
    ),
    max_size=25,
).map("".join)


@given(st.text(max_size=80) | SIGNS | PIECES | PIECES.map("review: ".__add__))
@example("a: !!timestamp x")
@example("a: !!bool x")
@example("a: !!int ''")
@example('a: "\\UFFFFFFFF"')
@example("? [a]\n: b")
@example("? {a: b}\n: c")
@example("a: " + "9" * 5_000)
@example("a: " + "[" * 5_000)
@example("\ud800: a")
@example("a: &a [*a]")
@example("")
def test_any_text_is_data_or_faults(text: str):
    with pytest.raises(EvidenceError) as caught:  # no random text is a protocol
        typed(Protocol, parse_yaml(text, "file.yml"))
    last = 1 + len(re.findall("[\n\r\x85\u2028\u2029]", text))
    faults = caught.value.faults
    assert faults
    assert all(fault.file == "file.yml" and fault.message and 0 <= fault.line <= last for fault in faults)


TEXT_AS_WRITTEN = ["no", "yes", "on", "off", "y", "010", "0x1f", "1_000", "1:30", ".nan", ".inf", "1e5", "2026-11-22"]


@pytest.mark.parametrize("value", TEXT_AS_WRITTEN)
def test_what_yaml_would_convert_by_rules_of_its_own_stays_text(value: str):
    assert parse_yaml(f"key: {value}", "file.yml").data == {"key": value}


PLAIN = {"null": None, "~": None, "true": True, "False": False, "12": 12, "-3": -3, "0": 0, "0.50": 0.5, "+.5": 0.5}


@pytest.mark.parametrize("value", PLAIN)
def test_plain_values_are_what_they_look_like(value: str):
    data = parse_yaml(f"key: {value}", "file.yml").data
    assert data == {"key": PLAIN[value]}
    assert type(data["key"]) is type(PLAIN[value])


def test_lines_are_kept_for_every_path():
    document = parse_yaml("a:\n  - b: 1\n    c:\n      - x\n      - y\n\nd: |\n  text\n", "file.yml")
    assert [document.line_of(path) for path in ((), ("a",), ("a", 0, "c"), ("a", 0, "c", 1), ("d",))] == [1, 1, 3, 5, 7]
    assert document.line_of(("a", 0, "not there")) == 2


def test_every_fault_of_a_model_is_told_at_once_with_its_line():
    document = parse_yaml("format: 2\nreview: Ifi\ntitle: 5\npeople: none\nx: 1\n", "protocol.yml")
    with pytest.raises(EvidenceError) as caught:
        parse_protocol(document, "ifi")
    told = {(fault.line, fault.column): fault.message for fault in caught.value.faults}
    assert told[1, "format"] == "Input should be 1 (found 2)"
    assert told[2, "review"] == "small letters, digits, - and _ are expected, a letter first (found 'Ifi')"
    assert told[3, "title"] == "Input should be a valid string (found 5)"
    assert told[5, "x"].startswith("unknown key; ")
    assert told[1, "question"] == "this key is missing and needed"


def test_a_long_value_is_cut_in_the_message():
    document = parse_yaml(f"format: {'x' * 5_000}\n", "protocol.yml")
    with pytest.raises(EvidenceError) as caught:
        typed(Protocol, document)
    assert max(len(fault.message) for fault in caught.value.faults) < 200


@pytest.mark.parametrize("review", ["ifi", "bcg"])
def test_the_committed_protocols_give_what_they_name(repository: Path, review: str):
    text = (repository / "evidence" / review / "protocol.yml").read_text(encoding="utf-8")
    protocol = parse_protocol(parse_yaml(text, "protocol.yml"), review)
    for item in protocol.procedures:
        assert protocol.procedure(item.id) is item
    for instrument in protocol.instruments:
        assert protocol.instrument(instrument.id) is instrument
    for outcome in protocol.outcomes:
        assert protocol.outcome(outcome.id) is outcome
    for event in protocol.events:
        assert protocol.event(event.id) is event
    with pytest.raises(KeyError):
        protocol.procedure("none of these")
