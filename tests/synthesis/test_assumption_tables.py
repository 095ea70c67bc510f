"""The grid of assumptions as a table: every derived interval under each of them, the main line the one in use."""

from __future__ import annotations

import pytest

import synth


@pytest.fixture(scope="module")
def synthesis():
    return synth.open_review("ifi").synthesis


def test_each_correlation_of_the_protocol_stands_beside_each_derived_change(synthesis):
    rows = synthesis.show_assumptions().frame
    grid = synthesis.protocol.synthesis.correlation.grid
    with_grid = [item for answer in synthesis for item in answer.changes if item.grid is not None]
    assert with_grid
    for item in with_grid:
        mine = rows[(rows["study"] == f"{item.study_id}/{item.arm_id}") & rows["outcome"].str.contains(item.instrument)]
        told = {text.removeprefix("correlation ").removesuffix(" (main line)") for text in mine["assumption"]}
        assert told == {f"{value:g}" for value in grid}


def test_the_main_line_is_the_interval_in_use(synthesis):
    rows = synthesis.show_assumptions().frame
    derived = [item for answer in synthesis for item in answer.changes if item.effect.derivation is not None]
    assert derived
    for item in derived:
        mine = rows[(rows["study"] == f"{item.study_id}/{item.arm_id}") & rows["outcome"].str.contains(item.instrument)]
        main = mine[mine["assumption"].str.endswith("(main line)")]
        low, high = item.effect.interval
        assert main["95% interval"].tolist() == [f"{low:.1f} to {high:.1f}"]


def test_every_reading_of_a_printed_p_value_has_a_row(synthesis):
    rows = synthesis.show_assumptions().frame
    item = next(item for answer in synthesis for item in answer.changes if item.readings is not None)
    mine = rows[(rows["study"] == f"{item.study_id}/{item.arm_id}") & rows["outcome"].str.contains(item.instrument)]
    assert len(mine) == 1 + len(item.readings.alternatives)


def test_without_a_derived_interval_it_says_so():
    assert repr(synth.open_review("bcg").synthesis.show_assumptions()) == "No interval of a change was derived."
