"""Levels, starts and the sentences of a rating, over invented bodies."""

from __future__ import annotations

import pytest
from grade_bodies import body, comparison, judgement, rating_of, ratio_pool, study
from hypothesis import given
from hypothesis import strategies as st

from synth.certainty.grade.rating import domains_of, levels_of, reason_of
from synth.certainty.grade.rules import START_CASES, START_OTHER, START_RANDOMISED, START_SERIES
from synth.certainty.grade.start import Start, start_of
from synth.certainty.grade.types import DOMAINS, UNCONFIRMED, Level, level_after
from synth.protocol.certainty import GradePlan, StartPlan

TRIALS = GradePlan(starts=(StartPlan(designs=("trial",), basis="randomised", reason="Invented: all are trials."),))


@pytest.mark.parametrize(
    ("start", "steps", "level"),
    [
        (Level.HIGH, (), Level.HIGH),
        (Level.HIGH, (-1,), Level.MODERATE),
        (Level.HIGH, (-1, -1), Level.LOW),
        (Level.HIGH, (-2, -1), Level.VERY_LOW),
        (Level.LOW, (-2, -2, -1), Level.VERY_LOW),
        (Level.VERY_LOW, (-1,), Level.VERY_LOW),
        (Level.LOW, (1,), Level.MODERATE),
        (Level.LOW, (2, 1), Level.HIGH),
        (Level.NOT_RATED, (-1, 2), Level.NOT_RATED),
    ],
)
def test_steps_lead_to_a_level(start: Level, steps: tuple[int, ...], level: Level) -> None:
    assert level_after(start, steps) is level


@given(st.sampled_from([item for item in Level if item is not Level.NOT_RATED]), st.lists(st.integers(-2, 2)))
def test_a_level_stays_on_the_scale_and_its_steps_have_no_order(start: Level, steps: list[int]) -> None:
    found = level_after(start, steps)
    assert found in (Level.HIGH, Level.MODERATE, Level.LOW, Level.VERY_LOW)
    assert found is level_after(start, sorted(steps))


def test_series_start_low_and_single_patients_very_low_whatever_the_protocol_says() -> None:
    generous = GradePlan(starts=(StartPlan(designs=("case series",), basis="randomised", reason="Invented."),))
    series = start_of(body("uncontrolled", study(design="case series", n=10)), generous)
    assert (series.level, series.rule) == (Level.LOW, START_SERIES)
    cases = start_of(body("uncontrolled", study(design="case report", n=1), single_cases=True), generous)
    assert (cases.level, cases.rule) == (Level.VERY_LOW, START_CASES)


def test_a_comparison_starts_high_only_where_every_design_is_called_randomised() -> None:
    own = study("ash", design="trial", n=10), study("elm", design="trial", n=10)
    high = start_of(comparison(None, *own), TRIALS)
    assert (high.level, high.rule) == (Level.HIGH, START_RANDOMISED)
    assert "Invented: all are trials." in high.reason
    mixed = start_of(comparison(None, own[0], study("elm", design="cohort", n=10)), TRIALS)
    assert (mixed.level, mixed.rule) == (Level.LOW, START_OTHER)
    assert "1 of 2 studies" in mixed.reason
    assert "cohort: 1" in mixed.reason


def test_a_design_that_nobody_named_starts_low() -> None:
    assert start_of(comparison(None, study(design="trial", n=10)), GradePlan()).level is Level.LOW
    unseen = start_of(comparison(None, study(n=10)), TRIALS)
    assert unseen.level is Level.LOW
    assert "design not seen" in unseen.reason
    other = GradePlan(starts=(StartPlan(designs=("trial",), basis="other", reason="Invented."),))
    assert start_of(comparison(None, study(design="trial", n=10)), other).level is Level.LOW


def test_systematic_allocation_does_not_lower_the_start_and_is_said() -> None:
    own = study("ash", design="trial", n=10, random=True), study("elm", design="trial", n=10, random=False)
    start = start_of(comparison(None, *own), TRIALS)
    assert start.level is Level.HIGH
    assert "random in 1 of 2 and systematic in the others" in start.reason
    alone = start_of(comparison(None, own[0]), TRIALS)
    assert "systematic" not in alone.reason


def test_the_domains_stand_in_their_order_and_open_ones_count_as_no_step() -> None:
    domains = domains_of(comparison(), ())
    assert tuple(item.domain for item in domains) == DOMAINS
    rating = rating_of(Level.HIGH, domains)
    assert (rating.level, rating.lowest, rating.settled) == (Level.HIGH, Level.VERY_LOW, False)
    assert rating.domain("risk of bias").open
    assert not rating.domain("imprecision").open
    with pytest.raises(KeyError):
        rating.domain("taste")


def test_who_judged_is_named_with_the_domains_and_the_rest_is_called_computed() -> None:
    computed = rating_of(Level.HIGH, domains_of(comparison(), ()))
    assert computed.judged_by == UNCONFIRMED
    kept = (judgement("risk of bias", -1), judgement("publication bias", 0, "B. Person"))
    some = rating_of(Level.HIGH, domains_of(comparison(), kept))
    assert some.judged_by == "A. Person (risk of bias), B. Person (publication bias); all else computed"
    everything = rating_of(Level.HIGH, domains_of(comparison(), [judgement(domain, 0) for domain in DOMAINS]))
    assert "computed" not in everything.judged_by
    assert everything.settled


def test_a_judgement_stands_in_place_of_the_suggestion_and_settles_the_domain() -> None:
    domains = domains_of(comparison(), (judgement("risk of bias", -2),))
    item = domains[0]
    assert (item.steps, item.least, item.open) == (-2, -2, False)
    assert levels_of(Level.HIGH, domains)[0] is Level.LOW


def test_a_step_down_by_a_person_bars_rating_up() -> None:
    observed = comparison(ratio_pool(0.3, 0.2, 0.4), randomised=False)
    free = domains_of(observed, ())
    barred = domains_of(observed, (judgement("indirectness", -1),))
    assert free[5].most == 1
    assert barred[5].most == 0


def test_the_reason_tells_each_step_what_is_open_and_that_nobody_confirmed_it() -> None:
    start = Start(Level.HIGH, "Invented start.", START_RANDOMISED)
    told = reason_of(start, domains_of(comparison(people=100), ()))
    assert told.startswith("Starts high. Invented start. Down 1 for imprecision: ")
    assert "risk of bias" in told.split("Open, and counted as nothing more: ")[1]
    assert "could fall to very low" in told
    assert told.endswith("Computed; nobody has confirmed it.")


def test_the_reason_of_a_judgement_names_person_and_date() -> None:
    start = Start(Level.HIGH, "Invented start.", START_RANDOMISED)
    told = reason_of(start, domains_of(comparison(), (judgement("risk of bias", -1), judgement("inconsistency", 0))))
    assert "Down 1 for risk of bias: Invented reason. (A. Person, 2026-01-02)" in told
    assert "No step for inconsistency: Invented reason. (A. Person, 2026-01-02)" in told
    assert "nobody has confirmed" not in told


def test_at_the_floor_nothing_is_said_to_fall_further() -> None:
    start = Start(Level.LOW, "Invented start.", START_SERIES)
    told = reason_of(start, domains_of(body(), ()))
    assert "the level cannot fall further: risk of bias" in told
    assert "could fall to" not in told


def test_a_person_may_rate_a_large_effect_up() -> None:
    start = Start(Level.LOW, "Invented start.", START_OTHER)
    told = reason_of(start, domains_of(comparison(ratio_pool(0.3, 0.2, 0.4), randomised=False), ()))
    assert "A person may rate up for large effect, dose response, opposing confounding." in told
