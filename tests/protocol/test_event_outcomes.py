"""An event that is a share of an outcome names one of the protocol's, and is a benefit."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth.errors import EvidenceError
from synth.protocol import parse_protocol
from synth.yamltext import parse_yaml

LINE = "  - {id: ODI improvement above MCID, kind: benefit"


def parsed(repository: Path, cells: str) -> str:
    """The outcome of the event, with other cells in its line."""
    text = (repository / "evidence/ifi/protocol.yml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith(LINE))
    changed = text.replace(line, f"  - {{id: ODI improvement above MCID, {cells}}}")
    return parse_protocol(parse_yaml(changed, "protocol.yml"), "ifi").event("ODI improvement above MCID").outcome


def test_event_counts_towards_an_outcome(repository: Path) -> None:
    assert parsed(repository, "kind: benefit, outcome: pain") == "pain"
    assert parsed(repository, "kind: benefit") == ""


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ("kind: benefit, outcome: joy", "'joy' is no outcome of this protocol; expected one of: gait, hip function"),
        ("kind: harm, outcome: pain", "is for events of kind 'benefit'; this one is 'harm'"),
    ],
)
def test_faults_name_the_line(repository: Path, cells: str, message: str) -> None:
    with pytest.raises(EvidenceError, match=message) as caught:
        parsed(repository, cells)
    assert caught.value.faults[0].column.endswith(".outcome")
    assert caught.value.faults[0].line > 0
