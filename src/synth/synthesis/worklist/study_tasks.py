"""What is missing of a study as a whole: sizes, harms, totals, characteristics, and the full text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from synth.synthesis.counts import Count
from synth.synthesis.worklist.pieces import WHY, Kind
from synth.synthesis.worklist.task import Task
from synth.synthesis.worklist.where import FULL_TEXT

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.worklist.build import Desk

#: Cells of studies.csv and arms.csv that describe a study, in a reader's words.
_OF_STUDY = {
    "selection": "consecutive or selected patients",
    "centre": "centre",
    "recruited_from": "start of recruitment",
    "recruited_to": "end of recruitment",
    "funding": "funding",
    "conflicts": "conflicts of interest",
}
_OF_ARM = {
    "diagnostic_criteria": "diagnostic criteria",
    "co_procedures": "what else was done",
    "earlier_surgery": "earlier surgery",
    "n_female": "sex",
    "age_mean": "age",
}


def study_tasks(desk: Desk) -> Iterator[Task]:
    """The tasks of each eligible arm of a procedure that is not only a comparator."""
    studies = {str(row["study_id"]): row for _, row in desk.extraction.studies.iterrows()}
    for procedure in desk.protocol.procedures:
        if procedure.role == "comparator":
            continue
        arms = desk.synthesis.studied[procedure.id].arms
        for study in dict.fromkeys(map(str, arms["study_id"])):
            own = arms[arms["study_id"] == study]
            for kind, missing, gain in _missing(desk, procedure.id, studies[study], own):
                yield Task(
                    study_id=study,
                    procedure=procedure.id,
                    kind=kind,
                    missing=missing,
                    why=WHY[kind],
                    where=desk.where(kind, study),
                    gain=gain,
                    main=procedure.role == "main",
                )
        if procedure.role == "main" and not _compared(desk, procedure.id):
            yield Task(
                study_id="",
                procedure=procedure.id,
                kind=Kind.COMPARISON,
                missing=str(Kind.COMPARISON),
                why=WHY[Kind.COMPARISON],
                where="A database search, reference lists and registers; or a new study.",
                gain="No rung of this ladder: a difference between treatments in place of a change.",
                main=True,
            )


def _compared(desk: Desk, procedure: str) -> bool:
    """Whether a planned comparison of the procedure has a study."""
    planned = [item for item in desk.synthesis.comparisons if item.effects]
    return any(procedure in (item.comparison.treated, item.comparison.control) for item in planned)


def _missing(desk: Desk, procedure: str, study: pd.Series, arms: pd.DataFrame) -> Iterator[tuple[Kind, str, str]]:
    name = str(study["study_id"])
    if arms["n_patients"].isna().any():
        yield Kind.PATIENTS, str(Kind.PATIENTS), "No higher rung: a sum of patients that is complete."
    # One patient is all there was: nobody else was enrolled to be left out.
    if (study["enrolled"] != study["enrolled"] or study["analysed"] != study["analysed"]) and not _one(arms):
        yield Kind.ENROLLED, str(Kind.ENROLLED), "No higher rung: the share that was analysed."
    own = [item for item in desk.synthesis.counts_of(procedure) if item.study_id == name]
    if not any(item.kind == "any complication" for item in own):
        known = ", ".join(item.event for item in own if item.harm or item.kind == "harm")
        missing = f"{Kind.HARMS} (seen so far: {known})" if known else str(Kind.HARMS)
        yield Kind.HARMS, missing, _harms_gain(desk, procedure, arms)
    for item in own:
        if item.unit_of_analysis == "not stated":
            missing = f"{Kind.DENOMINATOR} ({item.event}: {item.events} of {item.total})"
            yield Kind.DENOMINATOR, missing, "No higher rung by itself: a share with its exact interval."
    facts = [words for column, words in _OF_STUDY.items() if not str(study[column]).strip()]
    facts += [words for column, words in _OF_ARM.items() if column in arms and _unseen(arms[column])]
    if facts:
        yield Kind.FACTS, f"{Kind.FACTS}: {', '.join(facts)}", "No higher rung: to whom the results apply."
    if FULL_TEXT not in desk.seen_in(name):
        yield Kind.FULL_TEXT, str(Kind.FULL_TEXT), "No higher rung: items of risk of bias that can be answered."


def _one(arms: pd.DataFrame) -> bool:
    return bool((arms["n_patients"] == 1).all())


def _unseen(cells: pd.Series) -> bool:
    return all(cell != cell or not str(cell).strip() for cell in cells)


def _harms_gain(desk: Desk, procedure: str, arms: pd.DataFrame) -> str:
    """What one more study that looked for harms would give, from the counts that are there."""
    if _one(arms):
        return "No rate: a single patient. But a harm that was seen would be listed."
    looked = {item.study_id for item in _harm_counts(desk, procedure)}
    after, needed = len(looked) + 1, desk.protocol.synthesis.ladder.shares_from
    share = f"A share with its exact interval: study {after} of this procedure that has one."
    if after >= needed:
        return f"{share} From {needed} independent ones with one definition, shares are pooled."
    more = needed - after
    return f"{share} {more} more independent one{'' if more == 1 else 's'} with one definition, and shares are pooled."


def _harm_counts(desk: Desk, procedure: str) -> list[Count]:
    counts = desk.synthesis.counts_of(procedure)
    return [
        item
        for item in counts
        if item.role == "synthesis" and item.kind == "any complication" and item.proportion is not None
    ]
