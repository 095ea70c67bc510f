"""Invented appraisals with the tools as they are: answers drawn by a seed, levels from the tools' own rules."""

from __future__ import annotations

import random
from collections.abc import Sequence

from synth.certainty.algorithms import ALGORITHMS
from synth.certainty.risk_of_bias import CONFLICT, Answered, Appraisal, RiskOfBias
from synth.certainty.risk_of_bias.combine import judged
from synth.certainty.tools import ABSTRACT_ONLY, NOT_ANSWERED, Item, Tool, tool
from synth.errors import MethodError
from synth.protocol.parts import Contributor

SOFTWARE = Contributor(id="machine", name="Invented software", kind="software", role="filled in answers")
PERSON = Contributor(id="somebody", name="Invented person", kind="person", role="judged")


def studies(k: int) -> list[str]:
    """Ids of so many invented studies."""
    return [f"invented{index + 1}" for index in range(k)]


def names(k: int, *, long: bool = False) -> dict[str, str]:
    """What to call them."""
    more = " with a long name, of several authors and places" if long else ""
    return {study: f"Invented {index + 1} ({1960 + index}){more}" for index, study in enumerate(studies(k))}


def appraisal(study: str, tool_id: str, answers: dict[str, str], *, result: str = "", reviewer: str = "") -> Appraisal:
    """One appraisal; items without an answer are as for a study of which an abstract was seen."""
    chosen = tool(tool_id)
    by = (reviewer,) if reviewer else ()
    given = {
        item.id: Answered(item.id, answers.get(item.id, ABSTRACT_ONLY), reviewers=by if item.id in answers else ())
        for item in chosen.items
    }
    if not chosen.algorithm:
        return Appraisal(study, tool_id, result, given)
    domains, overall = judged(chosen, given, {})
    return Appraisal(study, tool_id, result, given, domains, overall)


def _answers(tool_id: str, seed: str) -> dict[str, str]:
    """Each item with one of its answers, or left open."""
    drawn, chosen = random.Random(seed), tool(tool_id)
    found: dict[str, str] = {}
    for item in chosen.items:
        more = [] if chosen.algorithm else [NOT_ANSWERED, CONFLICT]
        choices = [answer for answer in [*item.answers, ABSTRACT_ONLY, *more] if _stands(chosen, found, item, answer)]
        found[item.id] = drawn.choice(choices)
    return {item: answer for item, answer in found.items() if answer != ABSTRACT_ONLY}


def _stands(chosen: Tool, found: dict[str, str], item: Item, answer: str) -> bool:
    """Whether an answer can stand beside those before it: a question that a tool skips has no other than NA."""
    if not item.domain or chosen.family not in ALGORITHMS or answer == ABSTRACT_ONLY:
        return True
    given = {part.id: found.get(part.id, ABSTRACT_ONLY) for part in chosen.items_of(item.domain)} | {item.id: answer}
    seen = {name: None if said == ABSTRACT_ONLY else said for name, said in given.items()}
    try:
        ALGORITHMS[chosen.family].judge(item.domain, seen)
    except MethodError:
        return False
    return True


def invented(k: int, tool_id: str, *, result: str = "", people: Sequence[Contributor] = (SOFTWARE,)) -> RiskOfBias:
    """So many invented studies appraised with one tool."""
    reviewer = people[0].id if people else ""
    found = [
        appraisal(study, tool_id, _answers(tool_id, f"{tool_id} {study}"), result=result, reviewer=reviewer)
        for study in studies(k)
    ]
    return RiskOfBias(tuple(found), (), tuple(people))
