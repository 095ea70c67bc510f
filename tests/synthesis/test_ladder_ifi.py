"""The rung of each procedure and outcome of the review `ifi`, written out as the expected answer."""

from __future__ import annotations

from pathlib import Path

import pytest

import synth
from synth.synthesis.ladder import Rung

# Why, in the words of the evidence: two series have a change in hip function, one by a p value and one by its SDs, and
# the authors of one were not seen; one series has pain; one series and one case have low back disability; the rest was
# cut off in the pages that could be read, or belongs to related populations.
EXPECTED = [
    ("endoscopic", "hip function", "mHHS", Rung.SWIM, "the authors of docwirelti were not seen"),
    ("endoscopic", "hip function", "HHS", Rung.UNUSABLE, "Figures before treatment only"),
    ("endoscopic", "pain", "VAS", Rung.ONE_SERIES, "one series is not pooled"),
    ("endoscopic", "low back disability", "ODI", Rung.ONE_SERIES, "Shown apart: 1 single patient"),
    ("endoscopic", "time to return to sport", "time to return to sport", Rung.DESCRIBED, "A time was seen"),
    ("endoscopic", "ischiofemoral space", "ischiofemoral space", Rung.UNUSABLE, "Figures before treatment only"),
    ("endoscopic", "gait", "", Rung.NOTHING, "No figure was seen"),
    *(
        ("open", outcome, "", Rung.NOTHING, "No figure was seen")
        for outcome in (
            "hip function",
            "pain",
            "low back disability",
            "time to return to sport",
            "ischiofemoral space",
            "gait",
        )
    ),
    *(
        ("osteotomy", outcome, "", Rung.NOTHING, "No figure was seen")
        for outcome in ("hip function", "pain", "low back disability", "time to return to sport", "ischiofemoral space")
    ),
    ("osteotomy", "gait", "foot progression angle", Rung.UNUSABLE, "do not enter the synthesis"),
    ("injection", "hip function", "", Rung.NOTHING, "No figure was seen"),
    ("injection", "pain", "pain score", Rung.UNUSABLE, "do not enter the synthesis"),
    *(
        ("injection", outcome, "", Rung.NOTHING, "No figure was seen")
        for outcome in ("low back disability", "time to return to sport", "ischiofemoral space", "gait")
    ),
    *(
        ("conservative", outcome, "", Rung.NOTHING, "No figure was seen")
        for outcome in (
            "hip function",
            "pain",
            "low back disability",
            "time to return to sport",
            "ischiofemoral space",
            "gait",
        )
    ),
]


@pytest.fixture(scope="module")
def synthesis(repository: Path):
    return synth.open_review("ifi", root=repository).synthesis


def test_there_is_an_expected_answer_for_each(synthesis) -> None:
    found = [(item.procedure, item.outcome, item.instrument) for item in synthesis]
    assert found == [item[:3] for item in EXPECTED]


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda item: "-".join(item[:3]))
def test_rung_and_reason(synthesis, expected: tuple[str, str, str, Rung, str]) -> None:
    *_, rung, reason = expected
    found = [item for item in synthesis if (item.procedure, item.outcome, item.instrument) == expected[:3]]
    assert [item.rung for item in found] == [rung]
    assert reason in found[0].reason


def test_nothing_is_pooled(synthesis) -> None:
    assert [item for item in synthesis if item.pooled is not None] == []


# Over all instruments and shares. Not named here: nothing extracted.
OUTCOMES = {
    ("endoscopic", "hip function"): (Rung.SWIM, "Shown apart, HHS: no usable figure"),
    ("endoscopic", "pain"): (Rung.ONE_SERIES, "one series is not pooled"),
    ("endoscopic", "low back disability"): (Rung.ONE_SERIES, "Shown apart: 1 single patient"),
    ("endoscopic", "time to return to sport"): (Rung.DESCRIBED, "A time was seen"),
    ("endoscopic", "ischiofemoral space"): (Rung.PROPORTIONS, "Scores: Figures before treatment only"),
    ("osteotomy", "gait"): (Rung.UNUSABLE, "do not enter the synthesis"),
    ("injection", "pain"): (Rung.UNUSABLE, "without a rate (complete but transient pain relief: who was included"),
}


def test_every_outcome_after_every_procedure(synthesis) -> None:
    found = {(item.procedure, item.outcome): item for item in synthesis.outcomes}
    assert len(found) == len(synthesis.protocol.procedures) * len(synthesis.protocol.outcomes)
    assert {key for key, item in found.items() if item.rung is not Rung.NOTHING} == set(OUTCOMES)
    for key, (rung, reason) in OUTCOMES.items():
        assert found[key].rung is rung
        assert reason in found[key].reason
