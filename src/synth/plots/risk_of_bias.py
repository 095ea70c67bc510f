"""Appraisals as pictures: what each answer and each level looks like, and the pictures of each tool.

Levels are placed by their rank on the tool's own scale, never by their word: "high" is the worst of RoB 2 and the best
of AMSTAR 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from synth.certainty.algorithms import ALGORITHMS, Judged
from synth.certainty.risk_of_bias import CONFLICT, USED_FOR, Appraisal, RiskOfBias
from synth.certainty.tools import ABSTRACT_ONLY, NOT_ANSWERED, Tool
from synth.errors import MethodError
from synth.plots.drawing import Drawing
from synth.plots.forest.panel import Judgement, JudgementPanel, RowJudgements, Tone
from synth.plots.judged_rows import JudgedRow
from synth.plots.judgement_summary import judgement_summary
from synth.plots.traffic_light import traffic_light
from synth.synthesis.judgement_weights import UNRANKED

__all__ = [
    "judgement_of_answer",
    "judgement_of_levels",
    "panel_of",
    "rows_of",
    "summaries_of",
    "tool_panel",
    "traffic_lights_of",
]

#: Tones and symbols by the number of ranks. The symbols are those of robvis, as its author sets them in
#: gist.github.com/mcguinlu/809450b5443128b3afc99a12572e1c27 (plus, minus, x, exclamation mark, question mark).
_TONES: Final[Mapping[int, tuple[Tone, ...]]] = {
    2: ("good", "poor"),
    3: ("good", "fair", "poor"),
    4: ("good", "fair", "poor", "very poor"),
}
_SYMBOLS: Final[Mapping[Tone, str]] = {
    "good": "+",
    "fair": "\N{MINUS SIGN}",
    "poor": "\N{MULTIPLICATION SIGN}",
    "very poor": "!",
    "none": "?",
}
_ANY: Final = "*"
#: What "unclear" says of a report that was read, "unclear: abstract only" of one that nobody could read.
_ANSWERS: Final[Mapping[str, Judgement]] = {
    "yes": Judgement("yes", "Y", "good"),
    "partial yes": Judgement("partial yes", "P", "fair"),
    "no": Judgement("no", "N", "poor"),
    "unclear": Judgement("unclear", "?", "fair"),
    "not applicable": Judgement("not applicable", "NA", "none"),
    "no meta-analysis": Judgement("no meta-analysis", "NM", "none"),
    "2": Judgement("2, said and adequate", "2", "good"),
    "1": Judgement("1, said but not adequate", "1", "fair"),
    "0": Judgement("0, nothing said", "0", "poor"),
    ABSTRACT_ONLY: Judgement(ABSTRACT_ONLY, "A", "unseen"),
    NOT_ANSWERED: Judgement(NOT_ANSWERED, "\N{HORIZONTAL ELLIPSIS}", "none"),
    CONFLICT: Judgement("in conflict", "\N{NOT EQUAL TO}", "open"),
}
#: What the legend says of answers whose name does not tell it.
_MEANINGS: Final[Mapping[str, str]] = {ABSTRACT_ONLY: "no full text was read"}
_OVERALL: Final = "All"
_MOST_ITEMS: Final = 10  # columns of items beside a forest plot


def judgement_of_answer(answer: str) -> Judgement:
    """How the answer to an item looks.

    Raises
    ------
    MethodError
        If no tool with answers of its own has such an answer. Answers to signalling questions (Y, PY, PN, N, NI) have
        no look: a yes speaks for the study in one and against it in another.
    """
    if answer not in _ANSWERS:
        raise MethodError(f"answer {answer!r} to an item has no look; one of {', '.join(_ANSWERS)} is expected")
    return _ANSWERS[answer]


def judgement_of_levels(levels: Sequence[str], scale: Sequence[str], words: str = "") -> Judgement:
    """How a level looks, or several that are possible.

    Parameters
    ----------
    levels : sequence of str
        Every level that is possible; one where it is settled.
    scale : sequence of str
        All levels of the tool, best first; "no information" has no rank.
    words : str
        For readers; the levels where not given.

    Returns
    -------
    Judgement
        With a fill by rank where settled; else open, with all that is possible in a strip.

    Raises
    ------
    MethodError
        If there is no level, one is not on the scale, or the scale has not two to four ranks.
    """
    ranked = [level for level in scale if level not in UNRANKED]
    if len(ranked) not in _TONES:
        raise MethodError(f"scale {tuple(scale)!r}: two to four levels with a rank are expected, the best first")
    unknown = [level for level in levels if level not in scale]
    if isinstance(levels, str) or not levels or unknown:
        raise MethodError(f"levels {levels!r}: one or more of {', '.join(scale)} are expected")
    tones: dict[str, Tone] = {**dict.fromkeys(UNRANKED, "none"), **dict(zip(ranked, _TONES[len(ranked)], strict=True))}
    ordered = [level for level in scale if level in levels]
    possible = tuple(tones[level] for level in ordered)
    if len(ordered) == 1:
        return Judgement(words or ordered[0], _SYMBOLS[possible[0]], possible[0])
    if len(ordered) == len(scale):
        return Judgement(words or "any level", _ANY, "open", possible)
    first, last = _SYMBOLS[possible[0]], _SYMBOLS[possible[-1]]
    symbol = first + last if len(ordered) == 2 else f"{len(ordered)}{last}"
    return Judgement(words or f"{', '.join(ordered[:-1])} or {ordered[-1]}", symbol, "open", possible)


def tool_panel(tool: Tool, note: str = "") -> JudgementPanel:
    """The columns of a tool: its domains where its own rule judges them, else its items by their numbers."""
    if _by_domain(tool):
        columns = {domain.heading: domain.topic for domain in tool.domains}
    else:
        topics = {domain.id: f"{domain.topic}: " for domain in tool.domains} if len(tool.domains) > 1 else {}
        columns = {item.id: f"{topics.get(item.domain, '')}{item.topic}" for item in tool.items}
    return JudgementPanel(title=tool.short, domains=columns, note=note)


def rows_of(
    risk_of_bias: RiskOfBias, tool: Tool, names: Mapping[str, str], results: Mapping[str, str] | None = None
) -> tuple[JudgedRow, ...]:
    """One row for each appraisal with a tool, those of eligible studies first.

    Rows stand in groups where a study is not eligible, and where there are several results.

    Parameters
    ----------
    names : mapping of str to str
        What to call each study, by study id.
    results : mapping of str to str, optional
        What to call each result; its id where not given.

    Raises
    ------
    MethodError
        If a study has no name, or an answer or level no look.
    """
    return _rows(_ordered(risk_of_bias, tool), tool, names, results)


def _ordered(risk_of_bias: RiskOfBias, tool: Tool) -> tuple[Appraisal, ...]:
    """The appraisals with a tool by what their studies are used for; all else stays in its order."""
    order = list(USED_FOR)
    return tuple(sorted(risk_of_bias.with_tool(tool.id), key=lambda item: order.index(item.role)))


def _rows(
    appraisals: Sequence[Appraisal], tool: Tool, names: Mapping[str, str], results: Mapping[str, str] | None
) -> tuple[JudgedRow, ...]:
    several, mixed = len({item.result for item in appraisals}) > 1, not all(item.eligible for item in appraisals)
    rows = []
    for item in appraisals:
        if item.study_id not in names:
            raise MethodError(f"{item.study_id} was appraised with {tool.short} and has no name; one is expected")
        parts = [USED_FOR[item.role].capitalize()] if mixed else []
        parts += [(results or {}).get(item.result, item.result)] if several else []
        group = ": ".join(parts)
        overall = None if item.overall is None else _look(item.overall, tool)
        rows.append(JudgedRow(label=names[item.study_id], judgements=_judgements(item), overall=overall, group=group))
    return tuple(rows)


def traffic_lights_of(
    risk_of_bias: RiskOfBias, names: Mapping[str, str], results: Mapping[str, str] | None = None
) -> tuple[Drawing, ...]:
    """A traffic-light plot for each tool with an appraisal, in the order of first use.

    Parameters
    ----------
    risk_of_bias : RiskOfBias
    names, results
        As for `rows_of`.
    """
    return tuple(
        traffic_light(
            rows_of(risk_of_bias, tool, names, results),
            tool_panel(tool),
            title=_named(tool),
            notes=_notes(risk_of_bias, tool),
            meanings=_MEANINGS,
        )
        for tool in risk_of_bias.tools
    )


def summaries_of(
    risk_of_bias: RiskOfBias,
    names: Mapping[str, str],
    results: Mapping[str, str] | None = None,
    *,
    weights: Mapping[str, float] | None = None,
) -> tuple[Drawing, ...]:
    """The summary of judgements of each tool with an appraisal, over the eligible studies.

    Others that were appraised too are counted in a note; a tool without an eligible study has bars of the others, and
    says so.

    Parameters
    ----------
    risk_of_bias : RiskOfBias
    names, results
        As for `rows_of`.
    weights : mapping of str to float, optional
        Of the studies of one pool, by study id: bars show shares of weight, studies outside the pool have none, and
        tools without a study of the pool are left out.
    """
    drawn = []
    for tool in risk_of_bias.tools:
        every = _ordered(risk_of_bias, tool)
        shown = [item for item in every if item.eligible] or every
        given = None if weights is None else [float(weights.get(item.study_id, 0.0)) for item in shown]
        if given is None or any(given):
            drawn.append(
                judgement_summary(
                    _rows(shown, tool, names, results),
                    tool_panel(tool),
                    weights=given,
                    title=_named(tool),
                    notes=(*_apart(every), *_notes(risk_of_bias, tool)),
                    counts=_counts(every),
                    meanings=_MEANINGS,
                )
            )
    return tuple(drawn)


def _apart(appraisals: Sequence[Appraisal]) -> Iterator[str]:
    """How many studies were appraised that are not eligible, and whether the bars count them."""
    others = {item.study_id: item.role for item in appraisals if not item.eligible}
    if not others:
        return
    roles = list(others.values())
    listed = ", ".join(f"{words}: {roles.count(role)}" for role, words in USED_FOR.items() if role in roles)
    if any(item.eligible for item in appraisals):
        yield f"Appraised too and not counted here: {listed}."
    else:
        yield f"No eligible study was appraised with this tool; these are others ({listed})."


def _counts(appraisals: Sequence[Appraisal]) -> tuple[str, str]:
    """What one row of a summary is, and several are."""
    several = len({item.result for item in appraisals}) > 1
    one, many = ("result", "results") if several else ("study", "studies")
    eligible = [item.eligible for item in appraisals]
    kind = "" if all(eligible) else "eligible " if any(eligible) else "other "
    return f"{kind}{one}", f"{kind}{many}"


def panel_of(
    risk_of_bias: RiskOfBias, study_ids: Sequence[str], result: str = ""
) -> tuple[JudgementPanel, dict[str, RowJudgements]] | None:
    """The panel of a forest plot, and the judgements of its studies.

    Parameters
    ----------
    risk_of_bias : RiskOfBias
    study_ids : sequence of str
        Studies of the plot.
    result : str
        The comparison or outcome that the plot shows.

    Returns
    -------
    (JudgementPanel, dict of RowJudgements) or None
        Of the tool that most of the studies were appraised with, the first of several; studies appraised with another
        have no judgements in it. Domains with the judgement of the whole, or the items of a tool that has at most ten.
        None where no study was appraised with such a tool.

    Raises
    ------
    MethodError
        If a study has appraisals of several results with the tool and the result is not named.
    """
    found = [item for study in dict.fromkeys(study_ids) for item in risk_of_bias.of(study, result)]
    fitting = {item.tool: item.details for item in found if _fits(item.details)}
    if not fitting:
        return None
    count = {tool: len({item.study_id for item in found if item.tool == tool}) for tool in fitting}
    # `max` keeps the first of those that are equal.
    tool = fitting[max(fitting, key=count.__getitem__)]
    chosen = [item for item in found if item.tool == tool.id]
    studies = [item.study_id for item in chosen]
    twice = [study for study in studies if studies.count(study) > 1]
    if twice:
        raise MethodError(f"{twice[0]} has several results appraised with {tool.short}; name the one that is drawn")
    panel = tool_panel(tool, " ".join([*_meant(chosen), *_who(risk_of_bias, tool)]))
    if not any(item.overall for item in chosen):
        return panel, {item.study_id: _judgements(item) for item in chosen}
    whole = JudgementPanel(title=panel.title, domains={**panel.domains, _OVERALL: "overall"}, note=panel.note)
    return whole, {item.study_id: _with_overall(item, tool) for item in chosen}


def _fits(tool: Tool) -> bool:
    return _by_domain(tool) or len(tool.items) <= _MOST_ITEMS


def _by_domain(tool: Tool) -> bool:
    return tool.algorithm and bool(tool.domains)


def _named(tool: Tool) -> str:
    return f"{tool.short}, {tool.form}" if tool.form else tool.short


def _look(judged: Judged, tool: Tool) -> Judgement:
    return judgement_of_levels(judged.levels, judged.scale or ALGORITHMS[tool.family].levels, judged.words)


def _judgements(item: Appraisal) -> dict[str, Judgement]:
    tool = item.details
    if not _by_domain(tool):
        return {number: judgement_of_answer(found.answer) for number, found in item.answers.items()}
    return {
        domain.heading: _look(item.domains[domain.id], tool) for domain in tool.domains if domain.id in item.domains
    }


def _meant(appraisals: Sequence[Appraisal]) -> Iterator[str]:
    """What the answers mean whose name does not tell it, as far as they are shown."""
    shown = {found.words for item in appraisals for found in _judgements(item).values()}
    yield from (f"“{words}” means: {meaning}." for words, meaning in _MEANINGS.items() if words in shown)


def _with_overall(item: Appraisal, tool: Tool) -> dict[str, Judgement]:
    own = _judgements(item)
    return own if item.overall is None else {**own, _OVERALL: _look(item.overall, tool)}


def _notes(risk_of_bias: RiskOfBias, tool: Tool) -> tuple[str, ...]:
    """The order of the levels, and who answered."""
    if not tool.algorithm:
        return _who(risk_of_bias, tool)
    scale = ALGORITHMS[tool.family].levels
    apart = [level for level in scale if level in UNRANKED]
    ranked = ", ".join(level for level in scale if level not in apart)
    more = f"; without a rank: {', '.join(apart)}" if apart else ""
    return (f"Levels from best to worst: {ranked}{more}.", *_who(risk_of_bias, tool))


def _who(risk_of_bias: RiskOfBias, tool: Tool) -> tuple[str, ...]:
    """Nothing may look as if a person had judged where software did."""
    people = {person.id: person.kind for person in risk_of_bias.people}
    appraisals = risk_of_bias.with_tool(tool.id)
    answers = [answer for item in appraisals for answer in (*item.answers.values(), *item.stated.values())]
    kinds = {people.get(name, "") for answer in answers for name in answer.reviewers}
    if not kinds:
        return ("Nobody has answered an item.",)
    if kinds == {"software"}:
        return ("Answers were filled in by software. No person has judged.",)
    return ("Some answers were filled in by software.",) if "software" in kinds else ()
