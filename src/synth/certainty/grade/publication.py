"""Publication bias: how the records were found, tests for small-study effects from ten studies, and who paid."""

from __future__ import annotations

from collections.abc import Iterator

from synth.certainty.grade.body import Body
from synth.certainty.grade.making import settled, undecided
from synth.certainty.grade.rules import UNSEEN_STUDIES
from synth.certainty.grade.types import Fact, Suggestion

DOMAIN = "publication bias"
#: What a review may call itself once it has searched (rule 1 of the methods).
SEARCHED = "systematic review"


def publication_bias(body: Body) -> Suggestion:
    """The suggestion for publication bias; never a step by itself, because no rule gives one."""
    facts = list(_facts(body))
    low = [name for name, p in _tests(body) if p < 1 - body.level]
    if body.searched != SEARCHED:
        reason = "No search of this review stands behind the studies, so how many were missed cannot be told."
    elif not _tests(body):
        reason = "Too few pooled studies for a test of small-study effects; nothing else was seen that decides."
    elif low:
        reason = f"Small studies differ from large ones ({', '.join(low)}); why is a judgement."
    else:
        reason = "A search was made, and no test shows that small studies differ from large ones."
        return settled(DOMAIN, 0, reason, facts, UNSEEN_STUDIES)
    return undecided(DOMAIN, -1, 0, reason, facts, UNSEEN_STUDIES)


def _tests(body: Body) -> tuple[tuple[str, float], ...]:
    return () if body.pool is None else body.pool.tests


def _facts(body: Body) -> Iterator[Fact]:
    yield Fact("searched", body.searched, f"kind of review: {body.searched}")
    yield Fact("studies", len(body.studies), f"{len(body.studies)} {'study' if len(body.studies) == 1 else 'studies'}")
    for name, p in _tests(body):
        yield Fact(f"p of {name}", p, f"{name} p = {p:.2f}")
    seen = sum(bool(study.funding) for study in body.studies)
    yield Fact("funding seen", seen, f"funding seen of {seen} of {len(body.studies)}")
