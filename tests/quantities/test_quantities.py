"""Named quantities: unique, strict, the same each time, and traceable to lines of the files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import synth
from synth.errors import SynthError
from synth.quantities import Quantities, Quantity
from synth.review import Review


@pytest.fixture(scope="module", params=["ifi", "bcg"])
def review(request: pytest.FixtureRequest, repository: Path) -> Review:
    return synth.open_review(request.param, root=repository)


def quantity(name: str, value: float | None, **more: object) -> Quantity:
    return Quantity(name=name, value=value, unit="points", method="invented", **more)  # type: ignore[arg-type]


def test_a_name_stands_for_one_number() -> None:
    with pytest.raises(SynthError, match="a/b: this name is given to two numbers"):
        Quantities([quantity("a/b", 1.0), quantity("a/b", 1.0)])


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(SynthError, match="a/b: there is no such name"):
        Quantities()["a/b"]


def test_order_is_that_of_the_names_whatever_the_order_given() -> None:
    items = [quantity("b", 2.0), quantity("a", 1.0), quantity("c", 3.0)]
    assert [item.name for item in Quantities(items)] == ["a", "b", "c"]
    assert Quantities(items).to_json() == Quantities(items[::-1]).to_json()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_json_is_strict(value: float) -> None:
    with pytest.raises(SynthError, match="leave the value empty"):
        Quantities([quantity("a", value)]).to_json()
    with pytest.raises(SynthError, match="leave the value empty"):
        Quantities([quantity("a", 1.0, interval=(0.0, value))]).to_json()


def test_floats_are_rounded_to_ten_significant_digits() -> None:
    (kept,) = json.loads(Quantities([quantity("a", 1 / 3)]).to_json())["quantities"]
    assert kept["value"] == 0.3333333333


def test_an_unseen_number_is_null() -> None:
    (kept,) = json.loads(Quantities([quantity("a", None)]).to_json())["quantities"]
    assert kept["value"] is None


def test_json_of_a_review_is_strict_and_the_same_twice(review: Review, repository: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} in quantities.json")

    text = review.quantities.to_json()
    rows = json.loads(text, parse_constant=refuse)["quantities"]
    assert len({row["name"] for row in rows}) == len(rows) == len(review.quantities)
    assert text == synth.open_review(review.name, root=repository).quantities.to_json()


def test_rows_are_lines_of_the_extraction_files(review: Review, repository: Path) -> None:
    folder = repository / "evidence" / review.name / "extraction"
    places = {row for item in review.quantities for row in item.rows}
    assert places
    for place in sorted(places):
        name, line = place.split(":")
        lines = (folder / name).read_text(encoding="utf-8").splitlines()
        assert 2 <= int(line) <= len(lines), place
        assert lines[int(line) - 1].strip(), place


def test_every_number_from_a_source_names_its_row(review: Review) -> None:
    without = [item.name for item in review.quantities if not item.rows and item.value is not None]
    counted = {f"{review.name}/flow/", "/studies", "/patients", "/hips"}
    assert [name for name in without if not any(part in name for part in counted)] == []
