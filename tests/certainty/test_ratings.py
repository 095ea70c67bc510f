"""Certainty of both reviews: what is rated, where it starts, and that every step follows from computed facts."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import synth
from synth.certainty import Certainty, Rating, rate
from synth.certainty.grade import UNCONFIRMED, Level, fact_of
from synth.certainty.grade.kept_facts import read_record
from synth.certainty.grade.overrides import domain_rating, rated_subjects
from synth.certainty.grade.rules import NO_UPGRADE_RANDOMISED
from synth.certainty.grade.types import Override
from synth.certainty.risk_of_bias import RiskOfBias, appraise
from synth.protocol.certainty import AllocationPlan, GradePlan, InformationPlan, StartPlan
from synth.review import Review
from synth.store import read_review
from synth.store.read import ReviewFiles

PLAN = GradePlan(
    starts=(StartPlan(designs=("controlled trial",), basis="randomised", reason="The source table lists trials."),),
    allocation=AllocationPlan(column="allocation", random=("random",), reason="The word of the source table."),
    information=InformationPlan(alpha=0.05, power=0.8, relative_change=0.25, reason="As in the cited example."),
)


@cache
def read(root: Path, name: str) -> tuple[ReviewFiles, RiskOfBias]:
    """The files of a review, and the answers to tools for risk of bias in them."""
    files = read_review(root, name)
    return files, appraise(files.protocol, files.extraction, files.risk_of_bias)


def rated(review: Review, root: Path, plan: GradePlan | None = None, *overrides: Override) -> Certainty:
    """The ratings of a review with its answers to tools for risk of bias, by its own plan or another."""
    files, risk_of_bias = read(root, review.name)
    protocol = review.protocol
    if plan is not None:
        certainty = protocol.certainty.model_copy(update={"grade": plan})
        protocol = protocol.model_copy(update={"certainty": certainty})
    synthesis = replace(review.synthesis, protocol=protocol)
    return rate(protocol, synthesis, risk_of_bias, overrides, studies=files.extraction.studies)


@pytest.fixture(scope="module")
def ifi(repository: Path) -> Certainty:
    return rated(synth.open_review("ifi", root=repository), repository)


@pytest.fixture(scope="module")
def trials(repository: Path) -> Review:
    return synth.open_review("bcg", root=repository)


@pytest.fixture(scope="module")
def bcg(repository: Path, trials: Review) -> Rating:
    (rating,) = rated(trials, repository, PLAN).ratings
    return rating


def test_main_procedures_and_outcomes_are_rated_and_what_the_protocol_names_beside_them(ifi: Certainty) -> None:
    pairs = [(item.about_id, item.outcome_id) for item in ifi.ratings]
    assert pairs == [
        (procedure, outcome)
        for procedure in ("endoscopic", "open", "osteotomy")
        for outcome in ("hip function", "pain", "low back disability")
    ]


def test_low_back_disability_is_rated_as_the_question_names_it(repository: Path, ifi: Certainty) -> None:
    assert {item.about_id: item.level for item in ifi.ratings if item.outcome_id == "low back disability"} == {
        "endoscopic": Level.VERY_LOW,
        "open": Level.NOT_RATED,
        "osteotomy": Level.NOT_RATED,
    }
    review = synth.open_review("ifi", root=repository)
    subjects = rated_subjects(review.protocol)
    assert set(subjects.values()) == {("hip function", "pain", "low back disability")}
    unnamed = rated(review, repository, GradePlan())
    assert "low back disability" not in {item.outcome_id for item in unnamed.ratings}
    rows = [row.outcome for row in review.findings.of("endoscopic").rows if row.kind == "outcome"]
    assert rows == ["Hip function", "Pain", "Low back disability"]


def test_uncontrolled_series_start_low_and_end_very_low(ifi: Certainty) -> None:
    rating = ifi.of("endoscopic", "hip function")
    assert (rating.start, rating.level, rating.lowest) == (Level.LOW, Level.VERY_LOW, Level.VERY_LOW)
    down = {item.domain: item.steps for item in rating.domains if item.steps}
    assert down == {"imprecision": -1}
    facts = {fact.name: fact for fact in rating.domain("imprecision").suggestion.facts}
    assert facts["people"].text == "at most 29 people"
    # The important difference lies inside both intervals over all assumptions, so neither excludes it (rule 4).
    assert facts["important difference"].text.endswith("inside that of hatem2015 and docwirelti")
    assert rating.judged_by == UNCONFIRMED


def test_what_an_abstract_cannot_tell_stays_open_for_a_person(ifi: Certainty) -> None:
    rating = ifi.of("endoscopic", "hip function")
    risk = rating.domain("risk of bias").suggestion
    assert (risk.steps, risk.least, risk.most) == (None, -2, 0)
    assert "open" in risk.fact_text
    assert rating.domain("indirectness").suggestion.steps is None
    assert "patients with low back pain" in rating.domain("indirectness").suggestion.fact_text
    pain = ifi.of("endoscopic", "pain").domain("indirectness").suggestion
    assert (pain.steps, pain.least, pain.most) == (None, -1, 0)
    assert pain.reason == "How people were selected was not seen."
    assert rating.domain("publication bias").suggestion.facts[0].value == "evidence map"


def test_a_large_change_before_to_after_is_not_rated_up(ifi: Certainty) -> None:
    for rating in ifi.ratings:
        assert all(item.suggestion.most <= 0 for item in rating.domains)


def test_no_evidence_is_not_rated_and_never_very_low(ifi: Certainty) -> None:
    for about in ("open", "osteotomy"):
        for outcome in ("hip function", "pain", "low back disability"):
            rating = ifi.of(about, outcome)
            assert (rating.level, rating.domains) == (Level.NOT_RATED, ())
            assert rating.reason.startswith("There is no evidence to rate:")


def test_trials_of_random_and_systematic_allocation_start_high(bcg: Rating) -> None:
    assert bcg.start is Level.HIGH
    assert "random in 7 of 13 and systematic in the others" in bcg.start_reason


def test_the_protocol_of_bcg_itself_lets_the_trials_start_high(trials: Review) -> None:
    (rating,) = trials.certainty.ratings
    assert (rating.start, rating.level, rating.lowest) == (Level.HIGH, Level.MODERATE, Level.VERY_LOW)


def test_without_a_plan_the_same_trials_start_low(repository: Path, trials: Review) -> None:
    (rating,) = rated(trials, repository, GradePlan()).ratings
    assert (rating.start, rating.domain("imprecision").suggestion.steps) == (Level.LOW, None)


def test_the_one_step_of_bcg_rests_on_its_spread(bcg: Rating) -> None:
    assert {item.domain: item.steps for item in bcg.domains if item.steps} == {"inconsistency": -1}
    assert (bcg.level, bcg.lowest) == (Level.MODERATE, Level.VERY_LOW)
    found = bcg.domain("inconsistency").suggestion
    values = {fact.name: fact.value for fact in found.facts}
    assert values["studies"] == 13
    assert values["I2"] == pytest.approx(0.922, abs=5e-4)
    assert values["I2 after Absolute latitude"] == pytest.approx(0.684, abs=5e-4)
    assert "no effect (1) inside" in found.fact_text
    assert found.settled
    assert "what was tried after the data were seen leaves more than 40% (Absolute latitude)" in found.reason


def test_the_people_of_bcg_are_known_at_second_hand_so_directness_stays_open(bcg: Rating) -> None:
    assert bcg.about == "BCG vaccination against no BCG vaccination"
    found = bcg.domain("indirectness").suggestion
    assert (found.steps, found.least, found.most) == (None, -1, 0)
    assert found.reason == (
        "How people were selected was not seen. Known from a secondary report only: 13 of 13 studies."
    )


def test_bcg_is_precise_by_its_interval_and_the_people_behind_it(bcg: Rating) -> None:
    found = bcg.domain("imprecision").suggestion
    facts = {fact.name: fact for fact in found.facts}
    assert found.settled
    limits = [math.exp(float(limit)) for limit in str(facts["interval"].value).split()]
    assert limits == pytest.approx([0.330, 0.726], abs=5e-4)
    assert facts["people"].value == 357347
    size = facts["optimal information size"].value
    assert isinstance(size, int)
    assert size < 357347


def test_the_risk_of_bias_of_bcg_stays_open_with_random_allocation_shown_alone(bcg: Rating) -> None:
    found = bcg.domain("risk of bias").suggestion
    assert (found.steps, found.least, found.most) == (None, -2, 0)
    assert "7 of 13 studies allocated at random (51% of the weight)" in found.fact_text
    assert "random allocation alone: interval 0.193 to 0.744" in found.fact_text
    assert "0% to 51% of the weight at low risk" in found.fact_text
    assert "13 of 13 studies appraised, none of them by a person" in found.fact_text


def test_small_study_tests_are_facts_and_no_search_leaves_publication_bias_open(bcg: Rating) -> None:
    found = bcg.domain("publication bias").suggestion
    assert (found.steps, found.least, found.most) == (None, -1, 0)
    assert "Egger p = 0.19" in found.fact_text


def test_a_judgement_settles_a_domain_of_bcg_and_a_moved_fact_is_told(
    repository: Path, trials: Review, bcg: Rating
) -> None:
    kept = Override(
        about="tuberculosis",
        outcome="tuberculosis",
        domain="risk of bias",
        steps=-1,
        reason="Invented: allocation was not hidden in some.",
        fact=fact_of(bcg, "risk of bias"),
        name="Invented Person",
        date="2026-01-02",
    )
    certainty = rated(trials, repository, PLAN, kept)
    (rating,) = certainty.ratings
    assert (rating.level, rating.lowest) == (Level.LOW, Level.VERY_LOW)
    assert rating.judged_by == "Invented Person (risk of bias); all else computed"
    assert certainty.moved == ()
    moved = rated(trials, repository, PLAN, replace(kept, fact="12 of 13 studies appraised"))
    (sentence,) = moved.moved
    assert "“12 of 13 studies appraised”" in sentence
    assert bcg.domain("risk of bias").suggestion.fact_text in sentence
    assert sentence in moved.ratings[0].reason


def test_a_judgement_where_nothing_is_rated_is_not_lost(repository: Path) -> None:
    review = synth.open_review("ifi", root=repository)
    kept = Override(
        about="open",
        outcome="pain",
        domain="imprecision",
        steps=-1,
        reason="Invented.",
        fact="Invented.",
        name="Invented Person",
        date="2026-01-02",
    )
    certainty = rated(review, repository, None, kept)
    rating = certainty.of("open", "pain")
    told = "The judgement of imprecision by Invented Person (2026-01-02) has nothing to rest on."
    assert rating.level is Level.NOT_RATED
    assert told in rating.reason
    assert rating.unused == (kept,)
    assert certainty.moved == rating.to_look_at == (told,)


def test_what_fact_of_prints_of_any_domain_is_read_back_and_has_not_moved(ifi: Certainty, bcg: Rating) -> None:
    checked = 0
    for rating in (*ifi.ratings, bcg):
        for domain in rating.domains:
            printed = fact_of(rating, domain.domain)
            kept = Override(
                about=rating.about_id,
                outcome=rating.outcome_id,
                domain=domain.domain,
                steps=0,
                reason="Invented.",
                fact=printed,
                name="Invented Person",
                date="2026-01-02",
            )
            again = domain_rating(domain.suggestion, (kept,))
            assert (again.moved, again.override) == (False, kept), printed
            assert len(read_record(printed) or {}) == len(domain.suggestion.facts)
            checked += bool(domain.suggestion.facts)
    assert checked > 10


def test_trials_of_bcg_cannot_be_rated_up_and_the_rating_says_by_which_rule(
    repository: Path, trials: Review, bcg: Rating
) -> None:
    for domain, steps in (("large effect", 1), ("opposing confounding", 2)):
        kept = Override(
            about="tuberculosis",
            outcome="tuberculosis",
            domain=domain,
            steps=steps,
            reason="Invented.",
            fact=fact_of(bcg, domain),
            name="Invented Person",
            date="2026-01-02",
        )
        certainty = rated(trials, repository, PLAN, kept)
        (rating,) = certainty.ratings
        assert (rating.level, rating.judged_by) == (Level.MODERATE, UNCONFIRMED)
        (sentence,) = certainty.moved
        assert sentence.startswith(f"Not counted: Invented Person rated {domain} +{steps}")
        assert NO_UPGRADE_RANDOMISED.source in sentence
        assert sentence in rating.reason
        assert sentence in set(certainty.show_domains().frame["judgement"])
