"""Who was in each series, by what criteria, with what else done: each as far as it was seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from synth.protocol import Procedure
from synth.report.model import Block, Column, Paragraph, Row, Runs, Table, plain, runs
from synth.report.words import NOT_SEEN, anchor, listing, number, study_run
from synth.review import Review


def series_blocks(review: Review, procedure: Procedure) -> Iterator[Block]:
    """Selection, criteria, co-procedures, earlier surgery, sex and enrolment of every arm that is shown."""
    studied = review.synthesis.studied[procedure.id]
    arms = pd.concat([studied.arms, studied.direction_only])
    if arms.empty:
        return
    columns = (
        Column("Report", width=1.4),
        Column("Consecutive or selected", width=1.6),
        Column("Diagnostic criteria", width=1.6),
        Column("Co-procedures", width=1.4),
        Column("Earlier surgery", width=1.4),
        Column("Women and men", width=0.9),
        Column("Analysed of enrolled", width=0.9),
        Column("Funding and conflicts", width=1.2),
    )
    rows = tuple(_row(review, arm) for _, arm in arms.iterrows())
    kept, lines, unseen = without_unseen(columns, rows)
    caption = f"{procedure.label}: who was included, and what else was done"
    if len(kept) == 1:
        yield Paragraph(runs(f"In none of these reports was seen: {listing(unseen)}."))
        return
    notes = (runs(f"Not seen in any of these reports: {listing(unseen)}."),) if unseen else ()
    yield Table(caption, kept, lines, notes, anchor("series", procedure.id))


def without_unseen(
    columns: Sequence[Column], rows: Sequence[Row]
) -> tuple[tuple[Column, ...], tuple[Row, ...], list[str]]:
    """Columns and rows without the columns in which nothing was seen, and the titles of these, in small letters."""
    empty = {index for index in range(len(columns)) if all(_unseen(row.cells[index]) for row in rows)}
    kept = [index for index in range(len(columns)) if index not in empty]
    lines = tuple(Row(tuple(row.cells[index] for index in kept), row.anchor) for row in rows)
    return tuple(columns[index] for index in kept), lines, [columns[index].title.lower() for index in sorted(empty)]


def _unseen(content: Runs) -> bool:
    return set(plain(content).split("; ")) == {NOT_SEEN}


def _row(review: Review, arm: pd.Series) -> Row:
    study = review.extraction.studies.set_index("study_id").loc[arm["study_id"]]
    texts = (
        str(study["selection"]) or NOT_SEEN,
        *(str(arm[name]) or NOT_SEEN for name in ("diagnostic_criteria", "co_procedures", "earlier_surgery")),
        _sexes(arm),
        enrolment(study),
        f"{study['funding'] or NOT_SEEN}; {study['conflicts'] or NOT_SEEN}",
    )
    return Row((runs(study_run(str(arm["study_id"]), review)), *map(runs, texts)))


def _sexes(arm: pd.Series) -> str:
    """Women and men; of one patient each follows from the other."""
    women, men = (None if pd.isna(arm[name]) else float(arm[name]) for name in ("n_female", "n_male"))
    if arm["n_patients"] == 1 and women is None and men is not None:
        women = 1 - men
    elif arm["n_patients"] == 1 and men is None and women is not None:
        men = 1 - women
    counts = [NOT_SEEN if value is None else number(value) for value in (women, men)]
    return NOT_SEEN if counts == [NOT_SEEN, NOT_SEEN] else f"{counts[0]}, {counts[1]}"


def enrolment(study: pd.Series) -> str:
    """How many were analysed of how many enrolled."""
    sizes = [NOT_SEEN if pd.isna(study[part]) else number(study[part]) for part in ("analysed", "enrolled")]
    return NOT_SEEN if sizes == [NOT_SEEN, NOT_SEEN] else f"{sizes[0]} of {sizes[1]}"
