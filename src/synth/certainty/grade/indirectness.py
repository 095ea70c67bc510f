"""Indirectness: surrogate outcomes by rule; population and source as facts for a person.

What was not seen is not direct: without a word on how people were selected the step stays open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from synth.certainty.grade.body import Body, Study
from synth.certainty.grade.making import at_least, counted, percent, settled, undecided
from synth.certainty.grade.rules import POPULATION, SURROGATE
from synth.certainty.grade.types import Fact, Suggestion

DOMAIN = "indirectness"
#: Source levels at which a figure was printed by those who gathered it.
PRIMARY = "journal article"
#: Source levels at which others tell who the people were.
RETOLD = ("secondary report",)
#: What a cell on selection holds where the source says that nobody was picked out: every patient came in, or one after
#: the other. Any other text tells how people were picked; an empty cell was not seen.
NOT_SELECTED = "not selected"


def indirectness(body: Body) -> Suggestion:
    """The suggestion for indirectness."""
    facts = list(_facts(body))
    if body.surrogate_for:
        reason = f"The outcome stands in for {body.surrogate_for}."
        return at_least(DOMAIN, -1, -2, reason, facts, SURROGATE)
    still = list(_open_reasons(body))
    if still:
        return undecided(DOMAIN, -1, 0, " ".join(still), facts, POPULATION)
    reason = "Every study says that its people were not selected, and nothing sets them apart from those asked about."
    return settled(DOMAIN, 0, reason, facts, POPULATION)


def _picked(body: Body) -> list[Study]:
    return [study for study in body.studies if study.selection not in ("", NOT_SELECTED)]


def _open_reasons(body: Body) -> Iterator[str]:
    """Why a person has to judge whether the people are those asked about."""
    if _picked(body):
        yield "A study selected its people in a way of its own; whether they would fare otherwise is a judgement."
    unseen = sum(not study.selection for study in body.studies)
    if unseen == len(body.studies):
        yield "How people were selected was not seen."
    elif unseen:
        yield f"How people were selected was not seen in {unseen} of {len(body.studies)} studies."
    if retold := [study for study in body.studies if study.source_level in RETOLD]:
        of = counted(len(body.studies), "study", "studies")
        yield f"Known from a {_levels(retold)} only: {len(retold)} of {of}."


def _levels(studies: Iterable[Study]) -> str:
    return ", ".join(sorted({study.source_level for study in studies}))


def _facts(body: Body) -> Iterator[Fact]:
    if body.surrogate_for:
        yield Fact("surrogate for", body.surrogate_for, f"surrogate for {body.surrogate_for}")
    if selected := _picked(body):
        share = sum(body.share(study) for study in selected)
        names = "; ".join(f"{study.study_id}: {study.selection}" for study in selected)
        text = f"people selected ({names}), {percent(share)} of the {body.shared_by}"
        yield Fact("share selected", share, text)
    unseen = sum(not study.selection for study in body.studies)
    of = counted(len(body.studies), "study", "studies")
    seen = f"not seen in {unseen} of {of}" if unseen else f"seen in every one of {of}"
    yield Fact("selection not seen", unseen, f"how people were selected: {seen}")
    elsewhere = [study for study in body.studies if study.source_level not in ("", PRIMARY)]
    if elsewhere:
        text = f"{len(elsewhere)} of {of} known from a {_levels(elsewhere)}"
        yield Fact("not primary", len(elsewhere), text)
    if body.important_in:
        yield Fact("important difference from", body.important_in, f"important difference from: {body.important_in}")
