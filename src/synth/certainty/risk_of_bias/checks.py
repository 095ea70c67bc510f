"""Faults of the answers that show only beside the protocol, the tools and the studies.

The cells by themselves are checked by `synth.schemas`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pandas as pd

from synth.certainty.algorithms import ALGORITHMS
from synth.certainty.risk_of_bias.answers import CONSENSUS, OVERALL
from synth.certainty.risk_of_bias.combine import answers_of, judged, stated_of
from synth.certainty.tools import ABSTRACT_ONLY, Tool, tool, tool_ids
from synth.errors import Fault, MethodError
from synth.extraction.rules import source_faults
from synth.protocol import Protocol
from synth.provenance import shortened
from synth.schemas import Table
from synth.yamltext import YamlText

_KEY = ["study_id", "tool", "result", "item"]


def plan_faults(protocol: Protocol, document: YamlText) -> Iterator[Fault]:
    """What is wrong with the planned tools: an unknown tool, one planned twice, or a reviewer's name that is taken."""
    planned: set[str] = set()
    for index, plan in enumerate(protocol.certainty.tools):
        place = _place(document, "certainty", "tools", index, "tool")
        if plan.tool not in tool_ids():
            yield Fault(*place, f"no tool {plan.tool!r}; expected one of: {', '.join(tool_ids())}")
        elif plan.tool in planned:
            yield Fault(*place, f"{plan.tool!r} stands twice; name all its designs in one entry")
        planned.add(plan.tool)
    for index, person in enumerate(protocol.people):
        if person.id == CONSENSUS:
            message = f"{CONSENSUS!r} is kept for rows that settle a disagreement; give the person another id"
            yield Fault(*_place(document, "people", index, "id"), message)


def _place(document: YamlText, *path: str | int) -> tuple[str, int, str]:
    """File, line and dotted key of a path."""
    return document.file, document.line_of(path), ".".join(map(str, path))


def answer_faults(protocol: Protocol, studies: Table, rows: Table) -> Iterator[Fault]:
    """Every fault and warning of certainty/risk_of_bias.csv beside the protocol and the studies.

    Where somebody's id is that of the consensus, nothing is said of reviewers: that follows from the id, which
    `plan_faults` tells.

    Parameters
    ----------
    protocol : Protocol
    studies : Table
        extraction/studies.csv, with the declared corrections made.
    rows : Table
        certainty/risk_of_bias.csv.
    """
    designs = dict(zip(studies.text["study_id"], studies.text["design"], strict=True))
    people = [person.id for person in protocol.people]
    named = CONSENSUS not in people
    for line, row in _rows(rows):
        if row["study_id"] and row["study_id"] not in designs:
            message = f"{shortened(row['study_id'])} is not in {studies.file}; use one of its names or add it there"
            yield Fault(rows.file, line, "study_id", message)
        yield from _tool_faults(protocol, row, designs.get(row["study_id"]), rows.file, line)
        if named and row["reviewer"] and row["reviewer"] not in (*people, CONSENSUS):
            expected = f"{', '.join(people)} or {CONSENSUS}"
            message = f"{shortened(row['reviewer'])} is not in the people of protocol.yml; {expected} is expected"
            yield Fault(rows.file, line, "reviewer", message)
        yield from source_faults(row["source"], rows.file, line, "source")
    if named:
        yield from _consensus_faults(rows)


def sheet_faults(rows: Table) -> Iterator[Fault]:
    """Answers that cannot stand together by the flow of their tool: each reviewer's, else what all came to.

    Parameters
    ----------
    rows : Table
        certainty/risk_of_bias.csv without other faults.
    """
    text = rows.text.assign(line=list(rows.lines))
    for (_, tool_id, _), sheet in text.groupby(["study_id", "tool", "result"], sort=False):
        chosen = tool(str(tool_id))
        if chosen.algorithm:
            reviewers = [name for name in dict.fromkeys(sheet["reviewer"]) if name != CONSENSUS]
            own = [fault for name in reviewers for fault in _own_faults(chosen, sheet, name, rows.file)]
            yield from own or _first_clash(chosen, sheet, rows.file)
            if not own:
                yield from _unused_decisions(chosen, sheet, rows.file)


def _own_faults(chosen: Tool, sheet: pd.DataFrame, reviewer: str, file: str) -> Iterator[Fault]:
    """What is wrong with the answers of one reviewer by themselves."""
    own = sheet[sheet["reviewer"] == reviewer]
    if set(own["item"]) != {OVERALL}:
        yield from _first_clash(chosen, own, file)
        return
    level, line = own["answer"].iloc[0], int(own["line"].iloc[0])
    others = sheet[(sheet["item"] == OVERALL) & ~sheet["reviewer"].isin([reviewer, CONSENSUS])]
    differ = [f"{row['reviewer']} {row['answer']!r}" for _, row in others.iterrows() if row["answer"] != level]
    beside = f" (the levels differ: {', '.join([f'{reviewer} {level!r}', *differ])})" if differ else ""
    said = f"{reviewer} decided {level!r} for the whole{beside}, but answered no item and stated no level of a domain"
    expected = f"expected with a decision on the whole: what it rests on, in rows of {reviewer}"
    yield Fault(file, line, "answer", f"{chosen.short}: {said}; {expected}")


def _unused_decisions(chosen: Tool, sheet: pd.DataFrame, file: str) -> Iterator[Fault]:
    """Decisions on the whole that what all reviewers came to leaves no room for."""
    stated = sheet[sheet["item"] == OVERALL]
    if stated.empty or CONSENSUS in set(stated["reviewer"]) or _clash(chosen, sheet) is not None:
        return
    _, whole = judged(chosen, answers_of(chosen, sheet, ABSTRACT_ONLY), stated_of(chosen, sheet))
    for _, row in stated.iterrows():
        if whole.settled and row["answer"] != whole.level:
            said = f"{row['reviewer']} decided {row['answer']!r} for the whole, but from what all reviewers came to"
            message = f"{chosen.short}: {said} the rule gives {whole.words!r}; the decision is not used"
            yield Fault(file, int(row["line"]), "answer", message, warning=True)


def _first_clash(chosen: Tool, sheet: pd.DataFrame, file: str) -> Iterator[Fault]:
    """The first row, in the order of the tool, whose answer cannot stand beside those before it."""
    if _clash(chosen, sheet) is None:
        return
    order = {name: place for place, name in enumerate(_offered(chosen))}
    items = sorted(dict.fromkeys(sheet["item"]), key=order.__getitem__)
    for count, item in enumerate(items, start=1):
        message = _clash(chosen, sheet[sheet["item"].isin(items[:count])])
        if message is not None:
            yield Fault(file, int(sheet.loc[sheet["item"] == item, "line"].iloc[-1]), "answer", message)
            return


def _clash(chosen: Tool, sheet: pd.DataFrame) -> str | None:
    try:
        judged(chosen, answers_of(chosen, sheet, ABSTRACT_ONLY), stated_of(chosen, sheet))
    except MethodError as error:
        return str(error)
    return None


def _rows(table: Table) -> Iterator[tuple[int, pd.Series]]:
    for (_, row), line in zip(table.text.iterrows(), table.lines, strict=True):
        yield line, row


def _levels(chosen: Tool) -> dict[str, tuple[str, ...]]:
    """Where a person may state a level, and the levels: each domain under its heading, and the whole."""
    if not chosen.algorithm:
        return {}
    return dict.fromkeys([*(domain.heading for domain in chosen.domains), OVERALL], ALGORITHMS[chosen.family].levels)


def _offered(chosen: Tool) -> dict[str, tuple[str, ...]]:
    """What the column item may hold, with the answers to it."""
    return {item.id: (*item.answers, ABSTRACT_ONLY) for item in chosen.items} | _levels(chosen)


def _tool_faults(protocol: Protocol, row: pd.Series, design: str | None, file: str, line: int) -> Iterator[Fault]:
    """What a row says of its tool: that there is one, with that item and answer, for such a result and design."""
    software = [person.id for person in protocol.people if person.kind != "person"]
    if row["tool"] not in tool_ids():
        if row["tool"]:
            message = f"no tool {shortened(row['tool'])}; expected one of: {', '.join(tool_ids())}"
            yield Fault(file, line, "tool", message)
        return
    chosen = tool(row["tool"])
    offered = _offered(chosen)
    if row["item"] and row["item"] not in offered:
        message = f"{chosen.id} has no item {shortened(row['item'])}; expected one of: {', '.join(offered)}"
        yield Fault(file, line, "item", message)
    elif row["item"] and row["answer"] and row["answer"] not in offered[row["item"]]:
        said = f"{shortened(row['answer'])} is no answer to item {row['item']} of {chosen.id}"
        message = f"{said}; expected one of: {', '.join(offered[row['item']])}"
        yield Fault(file, line, "answer", message)
    if row["item"] in _levels(chosen) and row["reviewer"] in software:
        message = f"{row['reviewer']} is software; a level instead of the tool's own rule is stated by a person"
        yield Fault(file, line, "reviewer", message)
    yield from _result_faults(protocol, row["result"], chosen, file, line)
    planned = [design for plan in protocol.certainty.tools if plan.tool == chosen.id for design in plan.designs]
    if design is not None and design not in planned:
        plan = f"for: {', '.join(planned)}" if planned else "for no design"
        said = f"{row['study_id']} is of the design {design!r}, and protocol.yml plans {chosen.id} {plan}"
        message = f"{said}; the row is not used"
        yield Fault(file, line, "tool", message, warning=True)


def _result_faults(protocol: Protocol, result: str, chosen: Tool, file: str, line: int) -> Iterator[Fault]:
    known = [item.id for item in protocol.synthesis.comparisons] + [item.id for item in protocol.outcomes]
    if chosen.unit == "study" and result:
        message = f"{shortened(result)}: {chosen.id} appraises a study as a whole; an empty cell is expected"
        yield Fault(file, line, "result", message)
    elif chosen.unit == "result" and result not in known:
        said = f"{shortened(result)} is no comparison or outcome of protocol.yml" if result else "is empty"
        expected = f"one of {', '.join(known)} is expected" if known else "the protocol has none yet"
        yield Fault(file, line, "result", f"{said}; {chosen.id} appraises one result of a study: {expected}")


def _consensus_faults(rows: Table) -> Iterator[Fault]:
    """A consensus settles a disagreement of at least two reviewers."""
    answers: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
    for _, row in _rows(rows):
        answers[tuple(row[_KEY])][row["reviewer"]] = row["answer"]
    for line, row in _rows(rows):
        others = {name: said for name, said in answers[tuple(row[_KEY])].items() if name not in (CONSENSUS, "")}
        if row["reviewer"] != CONSENSUS:
            continue
        if len(others) < 2:
            said = f"only {', '.join(others)} answered" if others else "nobody answered"
            message = f"{said} this item; a consensus needs the answers of two reviewers, in rows of their own"
            yield Fault(rows.file, line, "reviewer", message)
        elif len(alike := set(others.values())) == 1 and row["answer"] not in alike:
            whose = "both" if len(others) == 2 else f"all {len(others)}"
            said = f"{whose} reviewers answered {alike.pop()!r}, and the consensus says {row['answer']!r}"
            message = f"{said}; a consensus settles a disagreement, and here is none"
            yield Fault(rows.file, line, "answer", message, warning=True)
