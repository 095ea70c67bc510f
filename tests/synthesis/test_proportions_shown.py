"""The table of shares: a row for each event, procedure and unit, with the reason where nothing is pooled."""

from __future__ import annotations

import synth


def test_every_answer_has_a_row_with_its_reason() -> None:
    synthesis = synth.open_review("ifi").synthesis
    frame = synthesis.show_proportions().frame
    assert frame["reason"].tolist() == [item.reason for item in synthesis.proportions]
    assert set(frame["pooled"]) == {"no"}
    assert len(frame) > 10


def test_a_pool_is_shown_as_its_median_with_its_interval() -> None:
    synthesis = synth.open_review("bcg").synthesis
    (answer,) = synthesis.proportions
    estimate, (low, high) = answer.pooled
    (row,) = synthesis.show_proportions().frame.to_dict("records")
    assert row["pooled"] == f"median {100 * estimate:.1f}% ({100 * low:.1f}% to {100 * high:.1f}%)"
    assert row["series"] == "13"
    assert "never to be compared" in row["remarks"]
