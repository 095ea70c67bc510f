"""Bars of records by year."""

from __future__ import annotations

import pandas as pd
import pytest

from synth.errors import MethodError
from synth.plots.years import years_plot

COUNTS = pd.DataFrame({"year": ["2019", "2021", "n.d."], "records": [3, 1, 2]})


def test_years_without_records_are_bars_too():
    drawing = years_plot(COUNTS, "Hits")
    data = drawing.data()
    assert list(zip(data["year"], data["records"], strict=True)) == [("2019", 3), ("2020", 0), ("2021", 1), ("n.d.", 2)]
    assert drawing.alt_text() == "Hits by year of publication, 6 in all. 2019: 3, 2021: 1, n.d.: 2."


def test_every_bar_that_holds_records_is_drawn_in_proportion():
    figure = years_plot(COUNTS, "Hits").figure
    heights = {bar.get_label(): bar.get_height() for bar in figure.axes[0].patches if ": " in bar.get_label()}
    assert set(heights) == {"2019: 3", "2021: 1", "n.d.: 2"}
    assert heights["2019: 3"] == pytest.approx(3 * heights["2021: 1"])
    assert heights["n.d.: 2"] == pytest.approx(2 * heights["2021: 1"])


@pytest.mark.parametrize("years", [1, 12, 60, 200])
def test_the_highest_bar_has_its_number_however_many_there_are(years: int):
    counts = pd.DataFrame(
        {"year": [str(1800 + place) for place in range(years)], "records": [1] * (years - 1) + [1_234]}
    )
    drawing = years_plot(counts, "Hits")
    assert "1,234" in [text.get_text() for text in drawing.figure.axes[0].texts]
    assert drawing.svg() == years_plot(counts, "Hits").svg()


def test_nothing_is_not_drawn():
    with pytest.raises(MethodError, match="Hits: no records"):
        years_plot(COUNTS.iloc[:0], "Hits")
