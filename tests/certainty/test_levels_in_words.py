"""The levels of a review in sentences, over invented ratings."""

from __future__ import annotations

from dataclasses import replace

import pytest
from grade_bodies import comparison, judgement, rating_of, ratio_pool

from synth.certainty.grade import Level, Rating
from synth.certainty.grade.rating import domains_of
from synth.certainty.grade.types import DOMAINS
from synth.certainty.in_words import judged_by, levels_in_words

SETTLED = tuple(judgement(domain, 0) for domain in DOMAINS)


def rated(level: Level, lowest: Level, outcome: str = "Tear") -> Rating:
    """An invented rating between two levels."""
    found = rating_of(Level.HIGH, domains_of(comparison(), ()))
    return replace(found, level=level, lowest=lowest, outcome=outcome)


def test_an_unsettled_level_is_told_as_a_range_from_the_lowest() -> None:
    found = levels_in_words([rated(Level.MODERATE, Level.VERY_LOW)])
    assert found == "Not settled, between very low and moderate: Knot, tear."
    assert levels_in_words([rated(Level.MODERATE, Level.MODERATE)]) == "Moderate: Knot, tear."


def test_levels_stand_best_first_each_range_by_itself_and_what_is_not_rated_last() -> None:
    none = rated(Level.NOT_RATED, Level.NOT_RATED, "ODI change")
    given = [
        none,
        rated(Level.LOW, Level.VERY_LOW, "Fray"),
        rated(Level.LOW, Level.LOW, "Slip"),
        rated(Level.HIGH, Level.VERY_LOW, "Tear"),
        rated(Level.HIGH, Level.LOW, "Snap"),
        rated(Level.LOW, Level.VERY_LOW, "Kink"),
    ]
    assert levels_in_words(given) == (
        "Not settled, between low and high: Knot, snap. Not settled, between very low and high: Knot, tear. "
        "Low: Knot, slip. Not settled, between very low and low: Knot, fray and kink. "
        "Not rated, because there is no evidence to rate: Knot, ODI change."
    )
    assert levels_in_words([]) == "There is nothing to rate."


@pytest.mark.parametrize(
    ("count", "told"), [(1, "confirmed it: it is computed"), (2, "confirmed them: they are computed")]
)
def test_one_level_is_it_and_several_are_them(count: int, told: str) -> None:
    given = [rated(Level.MODERATE, Level.VERY_LOW, name) for name in ("Tear", "Slip")[:count]]
    found = judged_by([*given, rated(Level.NOT_RATED, Level.NOT_RATED)])
    assert told in found
    assert found.endswith("A level is not settled where reasons that nobody has judged could still lower it.")


def test_who_judged_is_named_and_nothing_is_open_after_that() -> None:
    some = rating_of(Level.HIGH, domains_of(comparison(), [item for item in SETTLED if item.domain != "imprecision"]))
    assert judged_by([some]) == (
        "A. Person judged some of the reasons; the others are computed from facts by rules whose sources are named."
    )
    assert (
        judged_by([rating_of(Level.HIGH, domains_of(comparison(), SETTLED))]) == "Every reason was judged by A. Person."
    )
    assert judged_by([rated(Level.NOT_RATED, Level.NOT_RATED)]) == ""


def test_what_a_person_may_still_rate_up_for_is_said() -> None:
    kept = [judgement(domain, 0) for domain in DOMAINS[:5]]
    observed = domains_of(comparison(ratio_pool(0.3, 0.2, 0.4), randomised=False), kept)
    found = judged_by([rating_of(Level.LOW, observed)])
    assert found.endswith("A person may still rate up for large effect, dose response, opposing confounding.")
    assert "not settled" not in found
