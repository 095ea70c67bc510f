"""Forest plots of proportions: what is drawn is what was counted. Data are invented."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from synth.effects.proportions import exact_proportion
from synth.errors import MethodError
from synth.plots.drawing import Drawing
from synth.plots.proportions_forest import forest_of_proportions
from synth.synthesis.counts import Count
from synth.synthesis.proportions import pool_proportions

MIXED = ((1, 12), (4, 20), (0, 9), (6, 31), (2, 15))


def count(place: int, events: int, total: int, unit: str = "patients", **other: object) -> Count:
    cells: dict[str, object] = {
        "study_id": f"study{place}",
        "arm_id": "A1",
        "event": "tear",
        "kind": "harm",
        "harm": "tear",
        "role": "synthesis",
        "events": events,
        "total": total,
        "unit_of_analysis": unit,
        "proportion": exact_proportion(events, total, level=0.95, unit_of_analysis=unit),
        "reason": "",
        "patients": None,
        "by_patient": None,
        "one_each": False,
        **dict.fromkeys(("row", "source", "locator", "seen_in", "note"), ""),
        **other,
    }
    return Count(**cells)  # type: ignore[arg-type]


def counts(pairs) -> list[Count]:
    return [count(place, x, n) for place, (x, n) in enumerate(pairs)]


def test_every_series_and_every_pool_is_drawn_in_percent() -> None:
    answer = pool_proportions(counts(MIXED), procedure="knot")
    data = forest_of_proportions(answer, {"study0": "Ash 2001"}).data()
    table, lines = answer.table(), answer.summary()
    rows = data[~data["label"].isin(lines["line"])]
    assert rows["label"].tolist() == ["Ash 2001", "study1", "study2", "study3", "study4"]
    for name, column in (("estimate", "proportion"), ("lower", "low"), ("upper", "high")):
        assert rows[name].tolist() == pytest.approx((100 * table[column]).tolist())
    assert rows["n of N"].tolist() == ["1 of 12", "4 of 20", "0 of 9", "6 of 31", "2 of 15"]
    pools = data[data["label"].isin(lines["line"])]
    assert pools["estimate"].tolist() == pytest.approx((100 * lines["estimate"]).tolist())
    assert pools["upper"].tolist() == pytest.approx((100 * lines["high"]).tolist())
    assert pools["prediction_upper"].tolist()[0] == pytest.approx(100 * lines["prediction_high"][0])
    assert pools["prediction_upper"].isna().tolist() == [False, True]


def test_what_is_not_pooled_is_drawn_side_by_side_and_says_why() -> None:
    left_out = count(2, 7, 7, proportion=None, reason="no rate: who was included depended on it")
    annex = count(3, 1, 9, role="annex")
    answer = pool_proportions([*counts(MIXED[:2]), left_out, annex])
    drawing = forest_of_proportions(answer)
    words = drawing.svg().decode()
    assert len(drawing.data()) == 2
    for part in ("Two independent series", "7 of 7 patients", "depended on it", "not eligible (annex)"):
        assert part in words


def test_a_table_without_an_event_has_the_exact_interval_of_its_sum() -> None:
    answer = pool_proportions(counts([(0, 12), (0, 20), (0, 9)]))
    data = forest_of_proportions(answer).data()
    last = data[data["label"] == "Sum, if one share held"].iloc[0]
    assert (last["estimate"], last["lower"]) == (0, 0)
    assert last["upper"] == pytest.approx(100 * (1 - 0.025 ** (1 / 41)))


def test_no_interval_of_a_bounded_scale_is_cut() -> None:
    wide = [(1, 400), (4, 400), (2, 500), (3, 450), (1, 2)]
    drawing = forest_of_proportions(pool_proportions(counts(wide)))
    data = drawing.data()
    low, high = drawing.axes[0].get_xlim()
    assert low <= data["lower"].min()
    assert high >= data["upper"].max() > 90
    assert set(data["beyond_axis"]) == {""}
    assert "Arrow" not in drawing.svg().decode()


def test_without_a_rate_there_is_nothing_to_draw() -> None:
    none = pool_proportions([count(0, 7, 7, proportion=None, reason="no rate: a single patient")], procedure="knot")
    with pytest.raises(MethodError, match=r"knot / tear: there is nothing to draw\. No rate: a single patient"):
        forest_of_proportions(none)
    mixed = pool_proportions([count(0, 1, 9), count(1, 2, 9, unit="hips")])
    with pytest.raises(MethodError, match=r"hips and patients are never mixed\. One unit is drawn at a time"):
        forest_of_proportions(mixed)


@pytest.mark.parametrize("k", [1, 2, 3, 12, 60])
def test_no_words_overlap_or_leave_the_picture(k: int, assert_readable: Callable[[Drawing], None]) -> None:
    answer = pool_proportions([count(place, place % 4, 9 + 3 * place) for place in range(k)])
    labels = {f"study{place}": f"A long list of further invented authors, number {place}, 2001" for place in range(k)}
    assert_readable(forest_of_proportions(answer, labels, title="Tears"))
