"""The work-list of a review: the tasks of every answer and of every study, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from synth.extraction import Extraction
from synth.extraction.named import outcomes_named
from synth.protocol import Protocol
from synth.records import Record, Records
from synth.synthesis.answers import Synthesis
from synth.synthesis.ladder import Answer
from synth.synthesis.series import Series, series_of
from synth.synthesis.worklist.pieces import OF_SILENT, UNSURE, WHY, Kind, Piece, doubts_of
from synth.synthesis.worklist.smallest import Search
from synth.synthesis.worklist.study_tasks import study_tasks
from synth.synthesis.worklist.task import Task, WorkList
from synth.synthesis.worklist.where import where
from synth.synthesis.worklist.world import Sharing, World, height

#: Places of a source that say that the page ended before the text did.
_CUT = "(cut)"


@dataclass
class Desk:
    """What every task needs to know of a review.

    Attributes
    ----------
    protocol : Protocol
    synthesis : Synthesis
    extraction : Extraction
    records : Records
    """

    protocol: Protocol
    synthesis: Synthesis
    extraction: Extraction
    records: Records
    _sharing: dict[str, Sharing] = field(default_factory=dict)

    @cached_property
    def record_ids(self) -> dict[str, str]:
        """Record of each study."""
        studies = self.extraction.studies
        return dict(zip(map(str, studies["study_id"]), map(str, studies["record_id"]), strict=True))

    @cached_property
    def _places(self) -> dict[str, list[tuple[str, str]]]:
        """How deep, and where, each study was read, over all tables."""
        found: dict[str, list[tuple[str, str]]] = {}
        for name in ("studies", "arms", "outcomes", "events", "cases"):
            frame = getattr(self.extraction, name)
            for study, seen_in, locator in zip(frame["study_id"], frame["seen_in"], frame["locator"], strict=True):
                found.setdefault(str(study), []).append((str(seen_in), str(locator)))
        return found

    @cached_property
    def named(self) -> dict[str, tuple[str, ...]]:
        """Outcomes that each study names without a figure."""
        return outcomes_named(self.extraction.studies)

    @cached_property
    def bare(self) -> frozenset[str]:
        """Studies of which neither a number of patients or hips nor any figure was seen."""
        tables = (self.extraction.outcomes, self.extraction.events, self.extraction.cases)
        given = {str(study) for frame in tables for study in frame["study_id"]}
        arms = self.extraction.arms
        sized = arms[arms["n_patients"].notna() | arms["n_hips"].notna()]
        return frozenset(self.record_ids) - given - set(map(str, sized["study_id"]))

    def record(self, study: str) -> Record:
        """The record of a study."""
        return self.records[self.record_ids[study]]

    def seen_in(self, study: str) -> list[str]:
        """How deep a study was read, over all tables."""
        return [seen_in for seen_in, _ in self._places.get(study, [])]

    def where(self, kind: Kind, study: str) -> str:
        """Where a piece of a study may be found."""
        cut = any(_CUT in locator for _, locator in self._places.get(study, []))
        return where(kind, self.record(study), self.seen_in(study), cut=cut)

    def mended_by_source(self, study: str) -> bool:
        """Whether a study is left out of the synthesis only because of what kind of source was read."""
        standing = self.synthesis.roles[study]
        row = self.extraction.studies.set_index("study_id").loc[study]
        return standing.role != "synthesis" and standing.reason == row["source_level"]

    def as_eligible(self, answer: Answer) -> dict[str, Series]:
        """The rows of an answer that another kind of source would make eligible, as they would then stand; by row."""
        rows = {str(row["row"]): row for _, row in self.extraction.outcomes.iterrows()}
        return {
            item.row: series_of(rows[item.row], self.extraction, self.protocol, "synthesis")
            for item in answer.series
            if self.mended_by_source(item.study_id)
        }

    def sharing(self, procedure: str) -> Sharing:
        """Possible overlaps of a procedure, those of studies that another source would make eligible among them."""
        if procedure not in self._sharing:
            studied = self.synthesis.studied[procedure]
            beside = pd.concat([studied.direction_only, studied.annex])
            mended = beside[[self.mended_by_source(str(study)) for study in beside["study_id"]]]
            arms = pd.concat([studied.arms, mended])
            trust = self.protocol.synthesis.overlap == "declared"
            self._sharing[procedure] = Sharing(arms, self.extraction.studies, self.records, trust_declared=trust)
        return self._sharing[procedure]


def worklist(protocol: Protocol, synthesis: Synthesis, extraction: Extraction, records: Records) -> WorkList:
    """Everything that is missing of the studies of a review.

    Parameters
    ----------
    protocol, synthesis, extraction, records
        Of one review.

    Returns
    -------
    WorkList
        Tasks that unlock the highest rung for main outcomes of main procedures come first; among them, those that ask
        for what is known to exist. Reports of which neither a number of patients nor any figure was seen come after the
        others. How much work a task is plays no part.

    Notes
    -----
    Which rung a piece unlocks is computed: the ladder is climbed again as if it had been seen, with placeholders that
    are shown nowhere.
    """
    desk = Desk(protocol, synthesis, extraction, records)
    tasks = [task for answer in synthesis.answers for task in _answer_tasks(desk, answer)]
    tasks += list(study_tasks(desk))
    order = {item.id: index for index, item in enumerate(protocol.procedures)}
    outcomes = {item.id: index for index, item in enumerate(protocol.outcomes)}
    studies = {name: index for index, name in enumerate(desk.record_ids)}

    def place(task: Task) -> tuple[object, ...]:
        return (
            not task.main,
            task.highest < 0,
            task.study_id in desk.bare,
            -task.highest,
            UNSURE.get(task.kind, 0),
            -height(task.alone) if task.alone is not None and task.highest >= 0 else 0,
            len(task.others) if task.highest >= 0 else 0,
            order[task.procedure],
            outcomes.get(task.outcome, len(outcomes)),
            studies.get(task.study_id, len(studies)),
            task.instrument,
            tuple(Kind).index(task.kind),
            task.missing,
        )

    return WorkList(tuple(sorted(tasks, key=place)))


def _leads(desk: Desk, answer: Answer) -> bool:
    """Whether an answer stands highest of those of its main outcome: what no report gives is asked for once."""
    own = [
        item for item in desk.synthesis.answers if (item.procedure, item.outcome) == (answer.procedure, answer.outcome)
    ]
    best = max(own, key=lambda item: (height(item.rung), len(item.series)))
    return desk.protocol.outcome(answer.outcome).role == "main" and answer is best


def _world(desk: Desk, answer: Answer) -> World:
    """The answer with the studies that have no row of its outcome by any instrument."""
    arms = desk.synthesis.studied[answer.procedure].arms
    silent: tuple[str, ...] = ()
    if _leads(desk, answer):
        measured = {
            series.study_id
            for item in desk.synthesis.answers
            if (item.procedure, item.outcome) == (answer.procedure, answer.outcome)
            for series in item.series
        }
        silent = tuple(name for name in dict.fromkeys(map(str, arms["study_id"])) if name not in measured)
    single = frozenset(name for name in silent if (arms[arms["study_id"] == name]["n_patients"] == 1).all())
    named = frozenset(name for name in silent if answer.outcome in desk.named.get(name, ())) | _counted(desk, answer)
    instrument = answer.instrument or next(iter(desk.protocol.outcome(answer.outcome).instruments), "")
    sharing = desk.sharing(answer.procedure)
    return World(
        desk.protocol,
        answer,
        sharing,
        silent,
        instrument,
        single,
        desk.bare & frozenset(silent),
        named,
        desk.as_eligible(answer),
    )


def _counted(desk: Desk, answer: Answer) -> frozenset[str]:
    """Studies with a count that goes towards the outcome: they name it, and give no score."""
    event = desk.protocol.event
    counts = desk.synthesis.counts_of(answer.procedure)
    return frozenset(item.study_id for item in counts if event(item.event).outcome == answer.outcome)


def _answer_tasks(desk: Desk, answer: Answer) -> Iterator[Task]:
    world = _world(desk, answer)
    names = {item.study_id for item in answer.series}
    search = Search(world)
    for study in search.own:
        for piece in sorted(search.of_study(study) if study in names else search.own[study]):
            yield _task(desk, search, piece)
    for piece in _shared(search):
        yield _task(desk, search, piece)
    doubts = {Piece(item.study_id, kind): None for item in answer.changes for kind in doubts_of(item)}
    for piece in doubts:
        yield _doubt(desk, answer, piece)
    if _leads(desk, answer) and (new := _new(desk, search)) is not None:
        yield new


def _shared(search: Search) -> list[Piece]:
    """Pairs with figures that stay open when all authors are known, and that only a statement can settle."""
    world = search.world
    names = sorted({item.study_id for item in world.answer.changes})
    pairs = [(one, other) for index, one in enumerate(names) for other in names[index + 1 :]]
    return [
        Piece(one, Kind.SHARED, other)
        for one, other in pairs
        if not world.sharing.settled_by_authors(one, other) and not world.sharing.declared(one, other)
    ]


def _is_main(protocol: Protocol, answer: Answer) -> bool:
    return protocol.procedure(answer.procedure).role == "main" and protocol.outcome(answer.outcome).role == "main"


def _task(desk: Desk, search: Search, piece: Piece) -> Task:
    answer = search.world.answer
    together, pieces = search.smallest(piece)
    return Task(
        study_id=piece.study_id,
        procedure=answer.procedure,
        outcome=answer.outcome,
        instrument=answer.instrument,
        kind=piece.kind,
        missing=_missing(answer.instrument, piece),
        why=WHY[piece.kind],
        where=desk.where(piece.kind, piece.study_id),
        rung=answer.rung,
        alone=search.world.reach(frozenset((piece,))),
        together=together,
        others=tuple(_other(item, answer.instrument) for item in sorted(pieces - {piece})),
        gain=_condition(desk, answer, piece),
        main=_is_main(desk.protocol, answer),
    )


def _missing(instrument: str, piece: Piece) -> str:
    if piece.kind is Kind.SHARED:
        return f"{piece.kind} ({piece.other} is the other one)"
    if piece.kind in (Kind.AUTHORS, Kind.SOURCE):
        return str(piece.kind)
    return f"{piece.kind} ({instrument})" if instrument else str(piece.kind)


#: The same in a few words, for a list of several.
_SHORT = {
    Kind.SOURCE: "a primary report",
    Kind.SPREAD: "SD or standard error of the change",
    Kind.AUTHORS: "authors, centre and period",
}


#: What a report without a row of the outcome would have to give; the condition stands beside it.
_OF_SILENT = {
    Kind.OUTCOME: ("scores and the SD of the change", "if it was measured"),
    Kind.BARE: ("number of patients, scores and the SD of the change", "if patients were followed and it was measured"),
    Kind.NAMED: ("scores and the SD of the change", "if the outcome that it names was measured"),
    Kind.NAMED_BARE: (
        "number of patients, scores and the SD of the change",
        "if the outcome that it names was measured",
    ),
    Kind.CASE: ("the patient's scores", "if it was measured"),
    Kind.NAMED_CASE: ("the patient's scores", "if the outcome that it names was measured"),
}


def _other(piece: Piece, instrument: str) -> str:
    if piece.kind is Kind.SHARED:
        return f"whether {piece.study_id} and {piece.other} share patients"
    if piece.kind in OF_SILENT:
        wanted, condition = _OF_SILENT[piece.kind]
        return f"{wanted} of {piece.study_id}, {condition}{f' by {instrument}' if instrument else ''}"
    return f"{_SHORT.get(piece.kind, str(piece.kind))} of {piece.study_id}"


def _condition(desk: Desk, answer: Answer, piece: Piece) -> str:
    """What the computed rung takes for granted, in a sentence; empty where that is nothing."""
    if piece.kind in OF_SILENT:
        by = f" by {answer.instrument}" if answer.instrument else ""
        arms = desk.synthesis.studied[answer.procedure].arms
        sizes = arms[arms["study_id"] == piece.study_id]["n_patients"]
        one = piece.kind in (Kind.CASE, Kind.NAMED_CASE)
        several = "" if one or (sizes > 1).any() else ", in more than one patient"
        return f"If it was measured{by}{several}."
    if piece.kind is Kind.UNIT:
        return "If they count the same as the other series."
    if piece.kind is Kind.AUTHORS:
        return "If no author, and no centre at that time, is that of another report."
    if piece.kind is Kind.SHARED:
        return "If they share none."
    return ""


def _doubt(desk: Desk, answer: Answer, piece: Piece) -> Task:
    return Task(
        study_id=piece.study_id,
        procedure=answer.procedure,
        outcome=answer.outcome,
        instrument=answer.instrument,
        kind=piece.kind,
        missing=f"{piece.kind} ({answer.instrument})",
        why=WHY[piece.kind],
        where=desk.where(piece.kind, piece.study_id),
        gain="No higher rung: an interval without that assumption.",
        main=_is_main(desk.protocol, answer),
    )


_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _series(count: int, instrument: str) -> str:
    """So many new series, as one piece."""
    if count == 1:
        return _missing(instrument, Piece("", Kind.SERIES))
    number = _NUMBERS[count - 2] if count - 2 < len(_NUMBERS) else str(count)
    series = f"{number} independent series with an SD or standard error of the change"
    return f"{series} ({instrument})" if instrument else series


def _new(desk: Desk, search: Search) -> Task | None:
    answer, found = search.world.answer, search.new_series()
    if found is None:
        return None
    rung, pieces, count = found
    return Task(
        study_id="",
        procedure=answer.procedure,
        outcome=answer.outcome,
        instrument=answer.instrument,
        kind=Kind.SERIES,
        missing=_series(count, answer.instrument),
        why=WHY[Kind.SERIES],
        where="A database search, reference lists and registers; or a new study.",
        rung=answer.rung,
        alone=search.world.reach(frozenset(Piece("", Kind.SERIES, str(index)) for index in range(count))),
        together=rung,
        others=tuple(_other(item, answer.instrument) for item in sorted(pieces)),
        gain="If its patients are nobody else's."
        if count == 1
        else "If no patient is in two of them or in another report.",
        main=_is_main(desk.protocol, answer),
    )
