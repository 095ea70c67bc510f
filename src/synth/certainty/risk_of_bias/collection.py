"""All appraisals of a review, as tables and sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from synth.certainty.risk_of_bias.agreement import Agreement
from synth.certainty.risk_of_bias.answers import CONFLICT, USED_FOR, Answered, Appraisal
from synth.certainty.tools import ABSTRACT_ONLY, NOT_ANSWERED, Tool, tool
from synth.display import TextTable, html_list, html_table
from synth.protocol.parts import Contributor

_COLUMNS = (
    *("study_id", "used_for", "tool", "result", "item", "topic", "domain", "answer"),
    *("support", "source", "locator", "seen_in", "reviewers", "standing"),
)
#: How long a list of names may be that a sentence says in full.
_FEW = 6


@dataclass(frozen=True, repr=False)
class RiskOfBias:
    """The risk of bias of the studies of a review.

    Attributes
    ----------
    appraisals : tuple of Appraisal
        One for each study, tool and result.
    agreements : tuple of Agreement
        Of every two reviewers who answered the same items.
    people : tuple of Contributor
        Who the reviewers are.
    """

    appraisals: tuple[Appraisal, ...]
    agreements: tuple[Agreement, ...] = ()
    people: tuple[Contributor, ...] = ()

    def of(self, study_id: str, result: str = "") -> tuple[Appraisal, ...]:
        """The appraisals of a study.

        Parameters
        ----------
        study_id : str
        result : str
            A comparison or outcome: appraisals of other results are left out, those of the study as a whole stay. By
            default all of the study.
        """
        own = (item for item in self.appraisals if item.study_id == study_id)
        return tuple(item for item in own if not result or item.result in ("", result))

    def with_tool(self, tool_id: str) -> tuple[Appraisal, ...]:
        """The appraisals with one tool.

        Raises
        ------
        MethodError
            If there is no such tool.
        """
        wanted = tool(tool_id).id
        return tuple(item for item in self.appraisals if item.tool == wanted)

    @property
    def tools(self) -> tuple[Tool, ...]:
        """The tools that were used, in the order of first use."""
        return tuple(tool(name) for name in dict.fromkeys(item.tool for item in self.appraisals))

    def table(self) -> pd.DataFrame:
        """One row for each study, result and item, all cells text; levels that people stated follow the items.

        Returns
        -------
        DataFrame
            Columns study_id, used_for, tool, result, item, topic, domain, answer, support, source, locator, seen_in,
            reviewers, standing.
        """
        rows = [
            (
                *(item.study_id, USED_FOR[item.role], item.tool, item.result),
                *(answer.item_id, topic, domain, answer.answer),
                *(answer.support, answer.source, answer.locator, answer.seen_in),
                *(", ".join(answer.reviewers), answer.standing),
            )
            for item in self.appraisals
            for topic, domain, answer in _lines(item)
        ]
        return pd.DataFrame(rows, columns=list(_COLUMNS), dtype=str)

    def wide(self, tool_id: str) -> pd.DataFrame:
        """One row for each study (and result), one column for each item of a tool, in it the answer.

        Raises
        ------
        MethodError
            If there is no such tool.
        """
        chosen = tool(tool_id)
        numbers = [item.id for item in chosen.items]
        named = ["study_id"] if chosen.unit == "study" else ["study_id", "result"]
        rows = [
            [*(item.study_id, item.result)[: len(named)], *(item.answers[number].answer for number in numbers)]
            for item in self.with_tool(tool_id)
        ]
        return pd.DataFrame(rows, columns=[*named, *numbers], dtype=str)

    def judgements(self, tool_id: str) -> pd.DataFrame:
        """One row for each study and result, one column for each domain and the whole, as the tool's rule judges them.

        "low or some concerns" where open items leave both possible. Empty for a tool without a rule of its own.

        Raises
        ------
        MethodError
            If there is no such tool.
        """
        chosen = tool(tool_id)
        judged = [item for item in self.with_tool(tool_id) if item.overall is not None]
        headings = [domain.topic for domain in chosen.domains]
        rows = [[item.study_id, item.result, *(words for _, words in _judgements(item, chosen))] for item in judged]
        return pd.DataFrame(rows, columns=["study_id", "result", *headings, "overall"], dtype=str)

    def counts(self, tool_id: str) -> pd.DataFrame:
        """How often each answer was given to each item of a tool, over the eligible studies.

        Returns
        -------
        DataFrame
            One row an item: item, topic, then a column of whole numbers for each answer, those of the tool first.

        Raises
        ------
        MethodError
            If there is no such tool.
        """
        chosen = tool(tool_id)
        appraisals = [item for item in self.with_tool(tool_id) if item.eligible]
        given = {answer.answer for item in appraisals for answer in item.answers.values()}
        others = [name for name in (ABSTRACT_ONLY, NOT_ANSWERED, CONFLICT) if name in given]
        rows = [
            {"item": part.id, "topic": part.topic}
            | {
                name: sum(item.answers[part.id].answer == name for item in appraisals)
                for name in (*chosen.answers, *others)
            }
            for part in chosen.items
        ]
        return pd.DataFrame(rows, columns=["item", "topic", *chosen.answers, *others])

    def show(self, tool_id: str) -> TextTable:
        """The judgements of a tool with a rule of its own, else its answers, for a notebook.

        Raises
        ------
        MethodError
            If there is no such tool.
        """
        chosen = tool(tool_id)
        if chosen.algorithm:
            frame = self.judgements(tool_id)
        else:
            frame = self.wide(tool_id)
            numbered = [f"{item.id} {item.topic}" for item in chosen.items]
            frame.columns = pd.Index([*frame.columns[: -len(numbered)], *numbered])
        shown = [item for item in self.with_tool(tool_id) if item.overall is not None or not chosen.algorithm]
        if not all(item.eligible for item in shown):
            frame.insert(1, "used for", [USED_FOR[item.role] for item in shown])
        return TextTable(frame, f"{chosen.name}: {chosen.link}", f"No study was appraised with {chosen.short}.")

    @property
    def sentences(self) -> tuple[str, ...]:
        """What can be said of the appraisals, for readers: how much could be answered, by whom, and who agreed."""
        return tuple(self._sentences())

    def _sentences(self) -> Iterator[str]:
        if not self.appraisals:
            yield "Risk of bias was not appraised: the protocol names no tool for the designs of these studies."
            return
        for chosen in self.tools:
            yield from _tool_sentences(chosen, self.with_tool(chosen.id))
        yield self._reviewers()
        overall = [item for item in self.agreements if not item.item]
        yield from (item.sentence for item in overall)
        if not overall:
            yield "No two reviewers answered the same items, so agreement cannot be told and no kappa is given."

    def _reviewers(self) -> str:
        """Who answered; nothing may look as if a person had judged where software did."""
        people = {person.id: person for person in self.people}
        used = {name for item in self.appraisals for name in item.reviewers}
        if not used:
            return "Nobody has answered any item."
        unknown = sorted(used - people.keys())
        persons = [people[name].name for name in people if name in used and people[name].kind == "person"]
        software = [people[name].name for name in people if name in used and people[name].kind == "software"]
        if not persons and not unknown:
            return f"Every answer was given by software ({', '.join(software)}). No person has judged the risk of bias."
        answered = ", ".join([*persons, *unknown, *(f"{name} (software)" for name in software)])
        return f"Answers were given by {answered}."

    def __repr__(self) -> str:
        used = ", ".join(chosen.short for chosen in self.tools) or "no tool"
        return f"RiskOfBias({len(self.appraisals)} appraisals: {used})"

    def _repr_html_(self) -> str:
        columns = ("tool", "studies", "appraisals", "items answered", "items")
        rows = [
            (chosen.short, words, str(len(own)), *map(str, _answered(own)))
            for chosen in self.tools
            for role, words in USED_FOR.items()
            if (own := [item for item in self.with_tool(chosen.id) if item.role == role])
        ]
        frame = pd.DataFrame(rows, columns=list(columns))
        return html_table(frame, "Risk of bias") + html_list(self.sentences)


def _lines(item: Appraisal) -> Iterator[tuple[str, str, Answered]]:
    """Topic, domain and answer of every item, then of every level that people stated."""
    yield from ((part.topic, part.domain, item.answers[part.id]) for part in item.details.items)
    topics = {domain.id: domain.topic for domain in item.details.domains}
    yield from ((f"level: {topics.get(name, name)}", name, answer) for name, answer in item.stated.items())


def _judgements(item: Appraisal, chosen: Tool) -> Iterator[tuple[str, str]]:
    """Each domain and the whole, with its judgement in words."""
    yield from ((domain.id, item.domains[domain.id].words) for domain in chosen.domains)
    if item.overall is not None:
        yield "", item.overall.words


def _answered(appraisals: Sequence[Appraisal]) -> tuple[int, int]:
    """Items that could be answered, and all."""
    return sum(len(item.answered) for item in appraisals), sum(len(item.answers) for item in appraisals)


def _studies(appraisals: Sequence[Appraisal], kind: str = "") -> str:
    return _number(len({item.study_id for item in appraisals}), f"{kind}study", f"{kind}studies")


def _tool_sentences(chosen: Tool, every: tuple[Appraisal, ...]) -> Iterator[str]:
    """How many items could be answered, why the others could not, and whether there is an overall judgement.

    All is counted over the eligible studies; others that were appraised too are counted by themselves.
    """
    appraisals = tuple(item for item in every if item.eligible)
    others = [item for item in every if not item.eligible]
    answers = [answer for item in appraisals for answer in item.answers.values()]
    answered, items = _answered(appraisals)
    named = f"{chosen.short} ({chosen.form})" if chosen.form else chosen.short
    what = "result" if chosen.unit == "result" else "study"
    counted = f"{answered} of {items} items ({len(chosen.items)} for each {what})"
    if appraisals:
        yield f"{named}: {counted} of {_studies(appraisals, 'eligible ' if others else '')} could be answered."
    else:
        yield f"{named}: no eligible study was appraised."
    for open_answer, why in (
        (ABSTRACT_ONLY, "as no full text was read"),
        (NOT_ANSWERED, "although a full text was read"),
    ):
        if count := sum(answer.answer == open_answer for answer in answers):
            yield f"{_number(count, 'item stays', 'items stay')} “{open_answer}”, {why}."
    if others:
        yield _others_sentence(others)
    if conflicts := [item for item in every if item.conflicts]:
        items = sum(answer.item_id in item.answers for item in conflicts for answer in item.conflicts)
        levels = sum(len(item.conflicts) for item in conflicts) - items
        counts = ((items, "item", "items"), (levels, "stated level", "stated levels"))
        differ = " and ".join(_number(*each) for each in counts if each[0])
        names = list(dict.fromkeys(item.study_id for item in conflicts))
        listed = f" ({', '.join(names)})" if len(names) <= _FEW else ""
        yield f"On {differ}{listed} the reviewers differ, and no consensus was written."
    if not chosen.algorithm:
        why = "so none is given, and answers are not added up"
        yield f"{chosen.short} has no validated rule for an overall judgement, {why}."
    elif appraisals:
        yield _whole_sentence(chosen, appraisals)


def _others_sentence(others: Sequence[Appraisal]) -> str:
    """What was appraised beside the eligible studies, and how much of it could be answered."""
    roles = [(words, [item for item in others if item.role == role]) for role, words in USED_FOR.items()]
    listed = ", ".join(f"{words}: {len({item.study_id for item in own})}" for words, own in roles if own)
    answered, items = _answered(others)
    was, are = ("was", "is") if len({item.study_id for item in others}) == 1 else ("were", "are")
    said = f"{_studies(others, 'other ')} {was} appraised too and {are} counted apart ({listed})"
    return f"{said}: {answered} of {items} items could be answered."


def _whole_sentence(chosen: Tool, appraisals: tuple[Appraisal, ...]) -> str:
    """What the tool's own rule gives for the whole, over the eligible studies."""
    whole = Counter(item.overall.words for item in appraisals if item.overall is not None)
    unit = ("result", "results") if chosen.unit == "result" else ("study", "studies")
    listed = "; ".join(f"{words} for {_number(count, *unit)}" for words, count in whole.items())
    several = any(item.overall is not None and not item.overall.settled for item in appraisals)
    why = (
        " Where several levels stand, open items, levels on which reviewers differ, or a choice that the rule leaves "
        "to people allow each."
        if several
        else ""
    )
    return f"The tool's own rule gives, for the whole: {listed}.{why}"


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
