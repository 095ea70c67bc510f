"""The judgement algorithms that the tools themselves define; each rule says where it was read.

`ALGORITHMS` holds what is offered, by the tool's id; `NOT_OFFERED` says in a sentence why something is not. A tool
without an entry gets item answers only, no level.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from synth.certainty.algorithms.amstar2 import AMSTAR2
from synth.certainty.algorithms.base import Algorithm, CitedRule, Judged
from synth.certainty.algorithms.rob2 import ROB2
from synth.certainty.algorithms.robins_i import ROBINS_I

__all__ = ["ALGORITHMS", "NOT_OFFERED", "Algorithm", "CitedRule", "Judged", "rules_table"]

ALGORITHMS: Mapping[str, Algorithm] = MappingProxyType(
    {algorithm.tool: algorithm for algorithm in (ROB2, ROBINS_I, AMSTAR2)}
)

_ITEMS_ONLY = "The tool has no validated rule from items to a level: item answers only, no score and no cut-off."

#: What is not offered, by the id of a tool or a name of our own, with the reason for readers. That version 2 of
#: ROBINS-I is a draft for follow-up studies was read in the description of the public program robins-i-mcp.
NOT_OFFERED: Mapping[str, str] = MappingProxyType(
    {
        "jbi-case-reports": _ITEMS_ONLY,
        "jbi-case-series": _ITEMS_ONLY,
        "murad-2018": _ITEMS_ONLY,
        "minors": _ITEMS_ONLY,
        "rob2: cluster and crossover trials": (
            "The rules of the variants of RoB 2 for cluster and crossover trials were not read."
        ),
        "robins-i: levels of domains": (
            "The criteria of ROBINS-I (2016) for its domains are matters of degree, without a rule from answers to "
            "a level: a person states the level."
        ),
        "robins-i: adding up domains": (
            "No text that could be read says when several serious domains of ROBINS-I (2016) make a critical whole, so "
            "the overall level is never worse than that of the worst domain."
        ),
        "robins-i: version 2": (
            "Version 2 of ROBINS-I defines algorithms, but its text of 20 November 2025 is a draft that may change, "
            "and it covers follow-up studies only."
        ),
        "amstar-2: other critical items": (
            "AMSTAR 2 lets reviewers choose other critical items beforehand; only the seven of the article are offered."
        ),
    }
)


def rules_table() -> tuple[tuple[str, str, str, str, str], ...]:
    """Every rule that is offered: tool, rule, what it says, its source, where it was read.

    Returns
    -------
    tuple of tuple of str
        One row a rule, in the order of the tools and their domains.
    """
    return tuple(
        (tool, rule.id, rule.says, rule.source, rule.read_in)
        for tool, algorithm in ALGORITHMS.items()
        for rule in algorithm.rules
    )
