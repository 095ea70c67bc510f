"""Pools set beside the risk of bias of their studies: `by_judgement` with the levels and answers of an appraisal."""

from __future__ import annotations

from collections.abc import Iterator

from synth.certainty.algorithms import ALGORITHMS
from synth.certainty.risk_of_bias import Appraisal, RiskOfBias
from synth.certainty.tools import Item, Tool
from synth.errors import MethodError
from synth.synthesis.by_judgement import ByJudgement, by_judgement
from synth.synthesis.judgement_weights import OPEN_ANSWERS, UNRANKED, of_answers
from synth.synthesis.ladder import POOL_FROM
from synth.synthesis.sensitivity import PoolChecks

#: Answers that say better or worse of a study, best first, over all tools; any other answer stands apart.
_BEST_FIRST = ("yes", "partial yes", "no", "2", "1", "0")


def pool_by_risk_of_bias(
    pool: PoolChecks, risk_of_bias: RiskOfBias, result: str = "", *, domains: bool = False, pool_from: int = POOL_FROM
) -> tuple[ByJudgement, ...]:
    """What a pool hangs on, by the judgements of its studies.

    Parameters
    ----------
    pool : PoolChecks
    risk_of_bias : RiskOfBias
    result : str
        The comparison or outcome that was pooled.
    domains : bool
        Whether each domain is taken too, where a tool's own rule judges domains.
    pool_from : int
        Studies from which a pool is made; never below three (rule 13).

    Returns
    -------
    tuple of ByJudgement
        For each tool that a study of the pool was appraised with: by the overall level where the tool has a rule for
        one, else by the answer to each item alone, as answers are not added up (rule 21). Studies appraised with
        another tool count as not judged.

    Raises
    ------
    MethodError
        If a study has several results appraised with a tool and the result is not named.
    """
    found: list[ByJudgement] = []
    for tool in risk_of_bias.tools:
        appraisals = dict(_appraisals(pool, risk_of_bias, tool, result))
        if appraisals:
            parts = _by_levels(tool, appraisals, domains) if tool.algorithm else _by_items(tool, appraisals)
            for judged, levels, unranked, judgements in parts:
                found.append(
                    by_judgement(pool, judgements, levels=levels, unranked=unranked, judged=judged, pool_from=pool_from)
                )
    return tuple(found)


_Part = tuple[str, tuple[str, ...], tuple[str, ...], dict[str, tuple[str, ...]]]


def _appraisals(pool: PoolChecks, risk_of_bias: RiskOfBias, tool: Tool, result: str) -> Iterator[tuple[str, Appraisal]]:
    for study in dict.fromkeys(pool.study_ids):
        own = [item for item in risk_of_bias.of(study, result) if item.tool == tool.id]
        if len(own) > 1:
            raise MethodError(f"{study} has several results appraised with {tool.short}; name the one that was pooled")
        yield from ((study, item) for item in own)


def _by_levels(tool: Tool, appraisals: dict[str, Appraisal], domains: bool) -> Iterator[_Part]:
    scale = ALGORITHMS[tool.family].levels
    levels = tuple(level for level in scale if level not in UNRANKED)
    whole = {study: item.overall.levels for study, item in appraisals.items() if item.overall is not None}
    yield f"{tool.short}, overall", levels, UNRANKED, whole
    for domain in tool.domains if domains else ():
        judged = {study: item.domains[domain.id].levels for study, item in appraisals.items()}
        yield f"{tool.short}, {domain.heading} {domain.topic}", levels, UNRANKED, judged


def _by_items(tool: Tool, appraisals: dict[str, Appraisal]) -> Iterator[_Part]:
    for item in tool.items:
        levels, apart = _ordered(item)
        answers = {study: found.answers[item.id].answer for study, found in appraisals.items()}
        judgements = of_answers(answers, levels=levels, apart=apart)
        yield f"{tool.short}, item {item.id} ({item.topic})", levels, apart, judgements


def _ordered(item: Item) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The answers of an item that have an order, best first, and those that stand apart."""
    levels = tuple(answer for answer in _BEST_FIRST if answer in item.answers)
    return levels, tuple(answer for answer in item.answers if answer not in (*levels, *OPEN_ANSWERS))
