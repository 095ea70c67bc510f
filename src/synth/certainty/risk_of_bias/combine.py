"""The answer that stands for an item from the rows of all who answered it, and what a tool's rule makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from synth.certainty.algorithms import ALGORITHMS, Algorithm, Judged
from synth.certainty.risk_of_bias.answers import CONFLICT, CONSENSUS, OVERALL, Answered, Standing
from synth.certainty.tools import Tool
from synth.errors import MethodError


@dataclass(frozen=True, slots=True)
class DisputedLevel(Answered):
    """What people stated of a domain or of the whole, where they differ and no consensus settles it.

    Attributes
    ----------
    levels : tuple of str
        Every level that was stated, in the order of the rows; all stay possible.
    """

    levels: tuple[str, ...] = ()


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
    """The levels that people stated of a domain or of the whole, by domain id or "overall".

    Where they differ and no consensus settles it, a `DisputedLevel` with all that was stated.
    """
    named = {**{domain.heading: domain.id for domain in chosen.domains}, OVERALL: OVERALL}
    own = {key: (item, rows[rows["item"] == item]) for item, key in named.items()}
    return {key: _level(item, said) for key, (item, said) in own.items() if not said.empty}


def _level(item: str, rows: pd.DataFrame) -> Answered:
    found = combined(item, rows, "")
    if found.answer != CONFLICT:
        return found
    return DisputedLevel(
        *(found.item_id, found.answer, found.support, found.source, found.locator, found.seen_in),
        reviewers=found.reviewers,
        standing=found.standing,
        levels=tuple(dict.fromkeys(rows["answer"])),
    )


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

    Where people stated different levels, all of them stay possible. The decision of a reviewer on the whole is taken
    where what all reviewers came to still leaves it; it was made beside that reviewer's own answers.

    Raises
    ------
    MethodError
        If answers cannot stand together, or a decision was stated that the rule does not leave to people.
    """
    algorithm = ALGORITHMS[chosen.family]
    domains: dict[str, Judged] = {}
    for name in [domain.id for domain in chosen.domains] or [""]:  # AMSTAR 2 has no domains: its items go together
        if name in stated:
            found = [algorithm.stated(name, level) for level in _stated_levels(stated[name])]
            domains[name] = _all_of(algorithm, found)
        else:
            given = {item.id: answers[item.id].given for item in chosen.items_of(name)}
            domains[name] = algorithm.judge(name, given)
    whole = algorithm.overall(domains)
    if OVERALL not in stated:
        return domains, whole
    reviewers = {name for item in (*answers.values(), *stated.values()) for name in item.reviewers}
    try:
        decided = [algorithm.overall(domains, decided=level) for level in _stated_levels(stated[OVERALL])]
    except MethodError:
        # Two reviewers together can leave no choice, or not yet one, although each of them had it.
        if len(reviewers) < 2 or stated[OVERALL].standing == "consensus":
            raise
        return domains, whole
    return domains, _all_of(algorithm, decided)


def _stated_levels(stated: Answered) -> tuple[str, ...]:
    return stated.levels if isinstance(stated, DisputedLevel) else (stated.answer,)


def _all_of(algorithm: Algorithm, found: list[Judged]) -> Judged:
    """One judgement with every level of several that differ in nothing else."""
    levels = {level for one in found for level in one.levels}
    return replace(found[0], levels=tuple(level for level in algorithm.levels if level in levels))
