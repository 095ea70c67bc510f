"""Each rule of the methods has a test that is named after it, and the ones that no other file holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import synth
from synth.errors import MethodError
from synth.review import Review
from synth.synthesis.bayes import bayesian_random_effects
from synth.synthesis.priors import empirical_prior

RULES = range(1, 27)
NAMED = re.compile(r"def test_rule_(\d+)_")


@pytest.fixture(scope="module")
def ifi(repository: Path) -> Review:
    return synth.open_review("ifi", root=repository)


@pytest.fixture(scope="module")
def bcg(repository: Path) -> Review:
    return synth.open_review("bcg", root=repository)


def _named(repository: Path) -> Iterator[int]:
    for file in (repository / "tests").rglob("test_*.py"):
        yield from map(int, NAMED.findall(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize("rule", RULES)
def test_a_test_is_named_after_each_rule(repository: Path, rule: int) -> None:
    assert rule in set(_named(repository))


def test_no_test_is_named_after_a_rule_that_there_is_not(repository: Path) -> None:
    assert set(_named(repository)) <= set(RULES)


def test_rule_15_there_is_no_default_prior() -> None:
    with pytest.raises(MethodError, match="prior"):
        bayesian_random_effects([0.1, 0.4, 0.2], [0.04, 0.05, 0.06])


def test_rule_15_a_published_prior_is_for_odds_ratios_and_standardised_differences_only() -> None:
    for measure in ("MC", "RR", "MD", "PLO"):
        with pytest.raises(MethodError, match="OR"):
            empirical_prior(measure)
    assert empirical_prior("OR")
    assert empirical_prior("SMD")


def test_rule_15_a_planned_prior_stands_with_half_and_double(ifi: Review, bcg: Review) -> None:
    """`ifi` plans none and so has none; that of `bcg` carries its reason and both other widths."""
    assert not ifi.protocol.synthesis.bayesian
    assert all(checks.bayesian is None for checks in ifi.synthesis.pools)
    (checks,) = bcg.synthesis.pools
    assert checks.plan is not None
    assert checks.plan.reason
    (planned,) = [item.prior.scale for item in bcg.protocol.synthesis.bayesian]
    assert planned is not None
    shown = checks.show_bayesian().frame.to_string()
    assert all(f"{planned * width:g}" in shown for width in (0.5, 1, 2))


def test_rule_26_a_claim_has_an_answer_on_each_of_two_axes(ifi: Review) -> None:
    assert ifi.audit.claims
    assert all(claim.citation and claim.support for claim in ifi.audit.claims)
    dangling = [claim for claim in ifi.audit.claims if claim.citation == "dangling"]
    assert {claim.support for claim in dangling} > {"supported"}
    assert not any("false" in claim.support for claim in ifi.audit.claims)
