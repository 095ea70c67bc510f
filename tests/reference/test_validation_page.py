"""docs/validation.md says what the checker finds."""

from __future__ import annotations

import re
from functools import cache

import pytest
import validation
from reference_cases import read_cases
from reference_compare import Compared
from reference_kinds import ADAPTERS
from reference_report import by_kind
from reference_run import Result, run_all

LIMIT = re.compile(r"\| (\de-\d\d) \|$")


@cache
def results() -> list[Result]:
    return run_all(read_cases(validation.CASES), ADAPTERS)


def without_limits(page: str) -> list[str]:
    return [LIMIT.sub("| |", line) for line in page.splitlines()]


def test_page_has_the_counts_of_today() -> None:
    words = validation.WORDS.read_text(encoding="utf-8")
    written = validation.PAGE.read_text(encoding="utf-8")
    assert without_limits(written) == without_limits(validation.page(results(), words)), (
        "run: python tests/reference/validation.py"
    )


def limits() -> dict[str, float]:
    """The printed limit of each row, by its first cell."""
    lines = validation.PAGE.read_text(encoding="utf-8").splitlines()
    return {line.split(" | ")[0].removeprefix("| "): float(match[1]) for line in lines if (match := LIMIT.search(line))}


def largest(items: list[Compared]) -> float:
    return max((item.difference for item in items if not item.rule), default=0.0)


def test_measured_differences_are_below_the_printed_limits() -> None:
    printed = limits()
    measured = {name: largest([item for _, item in pairs]) for name, pairs in validation.by_quantity(results()).items()}
    for kind, some in by_kind(results()).items():
        items = [item for result in some for item in result.compared]
        if items:
            measured[f"{validation.KINDS[kind]} (`{kind}`)"] = largest(items)
    assert set(measured) == set(printed)
    assert {name: value for name, value in measured.items() if value > printed[name]} == {}


def test_every_value_compared_is_a_quantity_of_the_page() -> None:
    counted = sum(len(pairs) for pairs in validation.by_quantity(results()).values())
    assert counted == sum(len(result.compared) for result in results())


@pytest.mark.parametrize(
    ("difference", "allowed", "limit"),
    [(0.0, 1e-9, 1e-14), (4e-15, 1e-9, 1e-13), (3e-12, 1e-9, 1e-11), (4e-12, 1e-9, 1e-10), (8e-10, 1e-9, 1e-9)],
)
def test_printed_limit_is_a_power_of_ten_with_room_and_never_above_the_tolerance(
    difference: float, allowed: float, limit: float
) -> None:
    assert validation.bound([Compared("beta[0]", "1.0", "1.0", difference, allowed)]) == pytest.approx(limit)


def test_values_outside_the_tolerance_do_not_widen_the_printed_limit() -> None:
    agreeing = Compared("beta[0]", "1.0", "1.0", 1e-12, 1e-9)
    by_a_rule = Compared("beta[1]", "0.0", "1e-17", 1.0, 1e-9, "zero but for rounding")
    assert validation.bound([agreeing, by_a_rule]) == pytest.approx(1e-11)


def test_page_names_each_rule_that_a_value_needed() -> None:
    written = validation.PAGE.read_text(encoding="utf-8")
    words = {
        "tau2 zero but for rounding": "tau2 of at most 1e-10",
        "zero but for rounding": "1e-13 of the natural scale",
        "p values below 1e-300": "p values below 1e-300",
        "metafor's rounding in a badly conditioned regression": "condition of X'WX",
        "metafor's default stopping rule": "trim and fill: refits of metafor",
        "metafor's search for a critical value": "Henmi and Copas interval",
        "arrangements that metafor leaves out": "exact permutation p values",
    }
    used = {item.rule for result in results() for item in result.compared if item.rule}
    assert used <= set(words)
    assert [rule for rule in used if words[rule] not in written] == []
