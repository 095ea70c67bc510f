"""The simulated coverage of intervals as a table of docs/validation.md."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from coverage_study import LEVEL, METHODS, stored

#: Standard errors of a simulated share that a coverage may lie from the level before it is told as too low.
_ERRORS: Final = 3.0


def lines(rows: list[dict[str, Any]] | None = None) -> Iterator[str]:
    """Rows of the table: coverage in percent and median width, by method; too low a coverage stands in bold."""
    found: list[dict[str, Any]] = list(stored() if rows is None else rows)
    yield f"| patients a series | series | tau | {' | '.join(METHODS)} |"
    yield f"| --- | ---: | ---: |{' ---: |' * len(METHODS)}"
    for row in found:
        least = LEVEL - _ERRORS * math.sqrt(LEVEL * (1 - LEVEL) / row["runs"])
        cells = [_cell(row["methods"][name], least) for name in METHODS]
        low, high = row["n"]
        yield f"| {low} to {high} | {row['k']} | {row['tau']:g} | {' | '.join(cells)} |"


def _cell(result: dict[str, float], least: float) -> str:
    share = f"{100 * result['coverage']:.1f}"
    return f"{f'**{share}**' if result['coverage'] < least else share} ({result['width']:.2f})"


def lowest(name: str, rows: list[dict[str, Any]] | None = None) -> float:
    """The lowest coverage of a method, in percent."""
    return min(100 * float(row["methods"][name]["coverage"]) for row in (stored() if rows is None else rows))


def numbers() -> dict[str, str]:
    """The numbers in the words below the table."""
    found: list[dict[str, Any]] = stored()
    two = [row for row in found if row["k"] == 2]
    wider = [row["methods"]["guarded"]["width"] / row["methods"]["z"]["width"] for row in two]
    return {
        "coverage_runs": f"{min(row['runs'] for row in found):,}",
        "guarded_low": f"{lowest('guarded'):.1f}",
        "kh_low": f"{lowest('Knapp-Hartung'):.1f}",
        "z_low": f"{lowest('z'):.1f}",
        "guarded_two": _in_how_many(lowest("guarded", two)),
        "guarded_two_wide": f"{sum(wider) / len(wider):.1f}",
        "wide_low": f"{lowest('Bayesian, half-normal(1)'):.1f}",
        "narrow_low": f"{lowest('Bayesian, half-normal(0.25)'):.1f}",
    }


def _in_how_many(least: float) -> str:
    return "all of these data sets" if least == 100 else f"at least {least:.1f} % of the data sets"
