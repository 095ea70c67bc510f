"""The answer that stands for an item from the rows of all who answered it, and what a tool's rule makes of them."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from synth.certainty.algorithms import ALGORITHMS, Judged
from synth.certainty.risk_of_bias.answers import CONFLICT, CONSENSUS, OVERALL, Answered, Standing
from synth.certainty.tools import Tool


def answers_of(chosen: Tool, rows: pd.DataFrame, open_answer: str) -> dict[str, Answered]:
    """The answer to every item of a tool, by its number.

    Parameters
    ----------
    chosen : Tool
    rows : DataFrame of str
        Rows of certainty/risk_of_bias.csv for one study, tool and result.
    open_answer : str
        What stands where nobody answered.
    """
    return {item.id: combined(item.id, rows[rows["item"] == item.id], open_answer) for item in chosen.items}


def stated_of(chosen: Tool, rows: pd.DataFrame) -> dict[str, Answered]:
    """The levels that people stated of a domain or of the whole, by domain id or "overall"; conflicts are left out."""
    named = {**{domain.heading: domain.id for domain in chosen.domains}, OVERALL: OVERALL}
    found = {key: combined(item, rows[rows["item"] == item], "") for item, key in named.items()}
    return {key: item for key, item in found.items() if item.answer not in ("", CONFLICT)}


def combined(item_id: str, rows: pd.DataFrame, open_answer: str) -> Answered:
    """What stands for one item: the consensus, else what all answered alike, else a conflict."""
    if rows.empty:
        return Answered(item_id, open_answer)
    own, settled = rows[rows["reviewer"] != CONSENSUS], rows[rows["reviewer"] == CONSENSUS]
    shown = own if settled.empty else settled
    answers = list(dict.fromkeys(shown["answer"]))
    answer, support = answers[0], _joined(shown["support"])
    standing: Standing = "agreed" if len(own) > 1 else "one reviewer"
    if not settled.empty:
        standing = "consensus"
    elif len(answers) > 1:
        said = (f"{row['reviewer']}: {row['answer']} ({row['support'] or 'no words'})" for _, row in own.iterrows())
        answer, support, standing = CONFLICT, "; ".join(said), "conflict"
    return Answered(
        *(item_id, answer, support, _joined(shown["source"]), _joined(shown["locator"]), _joined(shown["seen_in"])),
        reviewers=tuple(own["reviewer"]),
        standing=standing,
    )


def _joined(cells: pd.Series[str]) -> str:
    """Each different text once."""
    return "; ".join(filter(None, dict.fromkeys(cells)))


def judged(
    chosen: Tool, answers: Mapping[str, Answered], stated: Mapping[str, Answered]
) -> tuple[dict[str, Judged], Judged]:
    """What the rule of a tool gives for each domain and for the whole, stated levels in place of the rule's.

    Raises
    ------
    MethodError
        If answers cannot stand together, or a decision was stated that the rule does not leave to people.
    """
    algorithm = ALGORITHMS[chosen.family]
    domains: dict[str, Judged] = {}
    for name in [domain.id for domain in chosen.domains] or [""]:  # AMSTAR 2 has no domains: its items go together
        if name in stated:
            domains[name] = algorithm.stated(name, stated[name].answer)
        else:
            given = {item.id: answers[item.id].given for item in chosen.items_of(name)}
            domains[name] = algorithm.judge(name, given)
    decided = stated[OVERALL].answer if OVERALL in stated else None
    return domains, algorithm.overall(domains, decided=decided)
