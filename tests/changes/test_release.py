"""The quantities of a release are the numbers of the synthesis, and the first release says that it is the first."""

from __future__ import annotations

from pathlib import Path

import pytest

import synth
from synth.review import Review


@pytest.fixture(scope="module")
def ifi(repository: Path) -> Review:
    return synth.open_review("ifi", root=repository)


@pytest.fixture(scope="module")
def bcg(repository: Path) -> Review:
    return synth.open_review("bcg", root=repository)


def test_every_change_is_a_quantity_of_the_same_value(ifi: Review) -> None:
    changes = [item for answer in ifi.synthesis for item in answer.series if item.effect is not None]
    assert changes
    named = {item.rows: item for item in ifi.quantities if "/change/" in item.name}
    assert len(named) == len(changes)
    for item in changes:
        assert item.effect is not None
        kept = named[(item.row,)]
        assert (kept.value, kept.interval, kept.unit) == (item.effect.estimate, item.effect.interval, item.summary.unit)


def test_every_count_is_three_quantities_or_two(ifi: Review) -> None:
    for count in ifi.synthesis.counts:
        kept = {item.name.rsplit("/", 1)[1]: item for item in ifi.quantities if item.rows == (count.row,)}
        assert (kept["events"].value, kept["total"].value) == (count.events, count.total)
        assert ("proportion" in kept) == (count.proportion is not None)
        assert ("proportion_by_patient" in kept) == (count.by_patient is not None)
        if count.proportion is not None:
            assert kept["proportion"].interval == count.proportion.interval


def test_what_does_not_enter_the_synthesis_says_so_in_its_name(ifi: Review) -> None:
    roles = ifi.synthesis.roles
    for answer in ifi.synthesis:
        for item in answer.series:
            names = [kept.name for kept in ifi.quantities if kept.rows == (item.row,)]
            marked = [name for name in names if "/annex" in name or "/direction_only" in name]
            assert marked == ([] if roles[item.study_id].role == "synthesis" else names)


def test_printed_figures_are_kept_with_sd_range_and_n(ifi: Review) -> None:
    base = "ifi/endoscopic/hip_function/mhhs"
    assert ifi.quantities[f"{base}/before_lowest/hatem2015_a1/27.6_months"].value == 34.1
    assert ifi.quantities[f"{base}/after_highest/hatem2015_a1/27.6_months"].value == 100
    assert ifi.quantities[f"{base}/before_sd/docwirelti_a1/19_months"].value == 14
    assert ifi.quantities[f"{base}/n/hatem2015_a1/27.6_months"].value == 5


def test_an_upper_bound_says_why(ifi: Review) -> None:
    patients = ifi.quantities["ifi/endoscopic/patients"]
    assert patients.value == 61
    assert "upper bound" in patients.method
    assert ifi.quantities["ifi/open/patients"].value is None


def test_pool_of_bcg(bcg: Review) -> None:
    base = "bcg/tuberculosis/log_rr"
    pooled = bcg.synthesis.comparison("tuberculosis").pooled
    assert pooled is not None
    kept = bcg.quantities[f"{base}/pooled"]
    assert (kept.value, kept.interval) == (pooled.estimate, pooled.interval)
    assert len(kept.rows) == 26
    digits = [bcg.quantities[f"{base}/{name}"].value for name in ("pooled", "pooled/standard_error", "pooled/tau2")]
    assert [f"{value:.4f}" for value in digits] == ["-0.7145", "0.1798", "0.3132"]
    assert bcg.quantities[f"{base}/pooled/prediction"].interval == pooled.prediction


def test_first_release_says_so_and_shows_every_quantity(ifi: Review) -> None:
    changes = ifi.changes
    assert changes.summary() == (
        f"No earlier release is recorded: this is the first. It holds {len(ifi.quantities)} named quantities."
    )
    assert list(changes.table()["quantity"]) == [item.name for item in ifi.quantities]
    assert changes.summary() in changes._repr_html_()
