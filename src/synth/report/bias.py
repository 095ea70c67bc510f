"""Risk of bias: what could be answered of each study, by whom, and what the tools' own rules make of it."""

from __future__ import annotations

from collections.abc import Iterator

from synth.certainty.risk_of_bias import USED_FOR, Appraisal
from synth.certainty.tools import Tool
from synth.report.figures import figure_of
from synth.report.model import Block, Bullets, Column, Paragraph, Row, Run, Section, Table, runs
from synth.report.words import anchor, place, study_run, true_minus
from synth.review import Review


def bias_section(review: Review) -> Iterator[Section]:
    """The appraisals of a review; nothing where its protocol names no tool."""
    found = review.risk_of_bias
    if not review.protocol.certainty.tools:
        return
    blocks: list[Block] = [Bullets(tuple(runs(sentence) for sentence in found.sentences))]
    lights = dict(zip((item.id for item in found.tools), review.traffic_lights(), strict=True))
    sums = dict(zip((item.id for item in found.tools), review.judgement_summaries(), strict=True))
    for tool in found.tools:
        caption = f"{tool.short}: {'judgements' if tool.algorithm else 'answers'} by study"
        blocks.append(figure_of(lights[tool.id], anchor("bias", tool.id), caption))
        blocks.append(figure_of(sums[tool.id], anchor("bias-summary", tool.id), f"{tool.short}: how often"))
        blocks.append(_answers(review, tool, found.with_tool(tool.id)))
    yield Section("Risk of bias", "risk-of-bias", tuple(blocks))


def _answers(review: Review, tool: Tool, appraisals: tuple[Appraisal, ...]) -> Section:
    """The items that somebody answered, each with its support and place; folded."""
    rows = tuple(
        Row(
            (
                runs(study_run(item.study_id, review)),
                runs(USED_FOR[item.role]),
                runs(Run(f"{part.id} {part.topic}", link=part.link)),
                runs(answer.answer),
                runs(true_minus(answer.support) or "-"),
                runs(place(answer.locator, answer.seen_in)),
                runs(", ".join(answer.reviewers)),
            )
        )
        for item in appraisals
        for part in tool.items
        if (answer := item.answers[part.id]).reviewers
    )
    title, name = f"{tool.short}: every answer with its support", anchor("bias-answers", tool.id)
    source = Paragraph(
        runs(
            Run(tool.name, link=tool.link),
            f", {tool.version}. {tool.citation} Licence: {tool.licence}. "
            "Items are named by our own labels; the wording stands behind the links.",
        )
    )
    if not rows:
        return Section(title, name, (source, Paragraph(runs("No item was answered."))), folded=True)
    columns = (
        Column("Report", width=1.2),
        Column("Used for", width=0.8),
        Column("Item", width=1.5),
        Column("Answer", width=0.8),
        Column("Support, in our own words", width=2.6),
        Column("Place", width=1.2),
        Column("Answered by", width=0.8),
    )
    return Section(title, name, (source, Table(f"{tool.short}: answers", columns, rows)), folded=True)
