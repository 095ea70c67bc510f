"""Indirectness: surrogate outcomes by rule; population and source as facts for a person."""

from __future__ import annotations

from collections.abc import Iterator

from synth.certainty.grade.body import Body
from synth.certainty.grade.making import at_least, percent, settled, undecided
from synth.certainty.grade.rules import POPULATION, SURROGATE
from synth.certainty.grade.types import Fact, Suggestion

DOMAIN = "indirectness"
#: Source levels at which a figure was printed by those who gathered it.
PRIMARY = "journal article"


def indirectness(body: Body) -> Suggestion:
    """The suggestion for indirectness."""
    facts = list(_facts(body))
    if body.surrogate_for:
        reason = f"The outcome stands in for {body.surrogate_for}."
        return at_least(DOMAIN, -1, -2, reason, facts, SURROGATE)
    if any(study.selection for study in body.studies):
        reason = "A study selected its people in a way of its own; whether they would fare otherwise is a judgement."
        return undecided(DOMAIN, -1, 0, reason, facts, POPULATION)
    reason = "Nothing that was seen sets people, treatment or outcome apart from those asked about."
    return settled(DOMAIN, 0, reason, facts, POPULATION)


def _facts(body: Body) -> Iterator[Fact]:
    if body.surrogate_for:
        yield Fact("surrogate for", body.surrogate_for, f"surrogate for {body.surrogate_for}")
    selected = [study for study in body.studies if study.selection]
    if selected:
        share = sum(body.share(study) for study in selected)
        names = "; ".join(f"{study.study_id}: {study.selection}" for study in selected)
        text = f"people selected ({names}), {percent(share)} of the {body.shared_by}"
        yield Fact("share selected", share, text)
    else:
        yield Fact("share selected", 0.0, "no selection of people was seen")
    elsewhere = [study for study in body.studies if study.source_level not in ("", PRIMARY)]
    if elsewhere:
        levels = ", ".join(sorted({study.source_level for study in elsewhere}))
        text = f"{len(elsewhere)} of {len(body.studies)} studies known from a {levels}"
        yield Fact("not primary", len(elsewhere), text)
    if body.important_in:
        yield Fact("important difference from", body.important_in, f"important difference from: {body.important_in}")
