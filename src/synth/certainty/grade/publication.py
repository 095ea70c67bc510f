"""Publication bias: how the records were found, tests for small-study effects from ten studies, and who paid."""

from __future__ import annotations

from collections.abc import Iterator

from synth.certainty.grade.body import Body
from synth.certainty.grade.making import undecided
from synth.certainty.grade.rules import UNSEEN_STUDIES
from synth.certainty.grade.types import Fact, Suggestion

DOMAIN = "publication bias"
#: What a review may call itself once it has searched (rule 1 of the methods).
SEARCHED = "systematic review"


def publication_bias(body: Body) -> Suggestion:
    """The suggestion for publication bias; never settled, because no rule gives a step or a cut-off for a test."""
    facts = list(_facts(body))
    if body.searched != SEARCHED:
        reason = "No search of this review stands behind the studies, so how many were missed cannot be told."
    elif not _tests(body):
        reason = "Too few pooled studies for a test of small-study effects; nothing else was seen that decides."
    else:
        reason = "Tests of small-study effects are shown; no cut-off for them could be cited, so a person decides."
    return undecided(DOMAIN, -1, 0, reason, facts, UNSEEN_STUDIES)


def _tests(body: Body) -> tuple[tuple[str, float], ...]:
    return () if body.pool is None else body.pool.tests


def _facts(body: Body) -> Iterator[Fact]:
    yield Fact("searched", body.searched, f"kind of review: {body.searched}")
    yield Fact("studies", len(body.studies), f"{len(body.studies)} {'study' if len(body.studies) == 1 else 'studies'}")
    for name, p in _tests(body):
        yield Fact(f"p of {name}", p, f"{name} {_shown(p)}")
    seen = sum(bool(study.funding) for study in body.studies)
    yield Fact("funding seen", seen, f"funding seen of {seen} of {len(body.studies)}")


def _shown(p: float) -> str:
    """A p value with two decimals, never as 0 or 1."""
    return "p < 0.01" if p < 0.01 else "p > 0.99" if p > 0.99 else f"p = {p:.2f}"
