"""The ladder climbed again as if a missing piece had been seen.

What was not seen is filled with placeholders that leave this module in no form: the only result is the rung. That
keeps an invented number from ever standing beside a real one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import pandas as pd

from synth.effects.continuous import ChangeSummary, mean_change_effect
from synth.effects.estimate import Effect
from synth.errors import MethodError
from synth.extraction.overlap import DECLARED, Overlap, possible_overlaps
from synth.protocol import Protocol
from synth.records import Record, Records
from synth.records.record import ET_AL
from synth.synthesis.ladder import ORDER, Answer, Rung, climb
from synth.synthesis.series import Series
from synth.synthesis.worklist.alike import classes
from synth.synthesis.worklist.pieces import OF_SILENT, Kind, Piece, lacks_scores

Pieces = frozenset[Piece]

#: Stands in for a change, its standard error and a number of patients inside the computation.
_CHANGE, _ERROR, _SIZE = 1.0, 1.0, 10
_NEW = "not-yet-found"
_UNSEEN = "authors not all seen"


def height(rung: Rung) -> int:
    """How high a rung stands; 0 is the lowest."""
    return ORDER.index(rung)


class Sharing:
    """Which studies may share patients, for every set of studies whose authors were seen.

    Parameters
    ----------
    arms, studies : DataFrame
        Arms of one procedure, and all studies.
    records : Records
    trust_declared : bool
        As in the protocol.
    """

    def __init__(self, arms: pd.DataFrame, studies: pd.DataFrame, records: Records, *, trust_declared: bool) -> None:
        self._names = sorted(set(map(str, arms["study_id"])))
        record_of = dict(zip(studies["study_id"], studies["record_id"], strict=True))
        self._unseen = (
            {}
            if trust_declared
            else {name: record_of[name] for name in self._names if _authors_missing(records[record_of[name]])}
        )

        seen = set(self._unseen.values())
        filled = Records(tuple(_with_authors(item) if item.id in seen else item for item in records))
        found = possible_overlaps(arms, studies, filled, trust_declared=trust_declared)
        #: What stays open when all authors were seen. A pair with a study whose authors were not is open before.
        self._all = {(item.first, item.second): item for item in found}
        self._near: dict[str, dict[str, bool]] = {name: {} for name in self._names}
        for (first, second), item in self._all.items():
            self._near[first][second] = self._near[second][first] = item.reason == DECLARED

    @property
    def unseen(self) -> frozenset[str]:
        """Studies whose authors were not all seen, where that keeps anything open."""
        return frozenset(self._unseen) if len(self._names) > 1 else frozenset()

    @property
    def near(self) -> Mapping[str, Mapping[str, bool]]:
        """With which others each study may share patients when all authors are known, and whether it says so itself."""
        return self._near

    def settled_by_authors(self, first: str, second: str) -> bool:
        """Whether two studies are independent, as far as the rule can tell, once all authors are seen."""
        return second not in self._near.get(first, {})

    def declared(self, first: str, second: str) -> bool:
        """Whether the studies themselves say that they share patients."""
        return self._near.get(first, {}).get(second, False)

    def overlaps(self, pieces: Pieces, among: Iterable[str] | None = None) -> list[Overlap]:
        """What stays open, between all studies or some, once these pieces have been seen."""
        names = set(self._names) if among is None else set(among) & self._near.keys()
        seen = {piece.study_id for piece in pieces if piece.kind is Kind.AUTHORS}
        apart = {_pair(piece.study_id, piece.other) for piece in pieces if piece.kind is Kind.SHARED}
        pairs = {_pair(name, other) for name in names for other in self._near[name] if other in names}
        pairs |= {_pair(name, other) for name in names & set(self._unseen) - seen for other in names if other != name}
        found = (self._all.get(pair) or Overlap(*pair, _UNSEEN) for pair in sorted(pairs))
        return [item for item in found if item.reason == DECLARED or (item.first, item.second) not in apart]


def _pair(first: str, second: str) -> tuple[str, str]:
    return (first, second) if first < second else (second, first)


def _authors_missing(record: Record) -> bool:
    return not record.authors or ET_AL in record.authors


def _with_authors(record: Record) -> Record:
    """The record as if all its authors had been seen and were nobody else's."""
    seen = tuple(author for author in record.authors if author != ET_AL)
    return record.model_copy(update={"authors": (*seen, f"Placeholder-{record.id}")})


@dataclass(frozen=True)
class World:
    """One procedure, outcome and instrument with what is missing of it.

    Attributes
    ----------
    protocol : Protocol
    answer : Answer
        As it stands.
    sharing : Sharing
    silent : tuple of str
        Eligible studies without any row of this outcome.
    instrument : str
        By which a study that has no row is taken to have measured it.
    single : frozenset of str
        Those of `silent` that describe one patient.
    bare, named : frozenset of str
        Those of `silent` of which neither a number of patients nor any figure was seen, and that name the outcome.
    eligible : mapping of str to Series
        Rows that another kind of source would make eligible, as they would then stand; by row.
    """

    protocol: Protocol
    answer: Answer
    sharing: Sharing
    silent: tuple[str, ...]
    instrument: str
    single: frozenset[str] = frozenset()
    bare: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    eligible: Mapping[str, Series] = field(default_factory=dict)

    @cached_property
    def _unit_of_analysis(self) -> str:
        """What the other series count: a unit that was not stated is taken to be the same."""
        stated = [item.summary.unit_of_analysis for item in self.answer.series if item.role == "synthesis"]
        seen = [unit for unit in stated if unit != "not stated"]
        return "patients" if not seen or "patients" in seen else seen[0]

    @cached_property
    def _unit(self) -> str:
        units = [item.summary.unit for item in self.answer.series]
        return units[0] if units else self.protocol.instrument(self.instrument).unit if self.instrument else ""

    def asked(self, study: str) -> Kind:
        """What is asked of a study without any row of the outcome."""
        one, bare = study in self.single, study in self.bare
        if study in self.named:
            return Kind.NAMED_CASE if one else Kind.NAMED_BARE if bare else Kind.NAMED
        return Kind.CASE if one else Kind.BARE if bare else Kind.OUTCOME

    def carried(self, item: Series) -> bool:
        """Whether the printed figures of a series lack nothing but the number analysed for a standard error."""
        if item.summary.n is not None or item.summary.change is None:
            return False
        planned = self.protocol.synthesis
        assumed = planned.correlation.main if planned.correlation else None
        other_test = any(finding.check == "p_value_of_another_test" for finding in item.findings)
        summary = replace(item.summary, n=_SIZE, p_value="" if other_test else item.summary.p_value)
        try:
            effect = mean_change_effect(summary, correlation=assumed, level=planned.level)
        except MethodError:
            return False  # a figure that cannot be used is named beside the series already
        return effect.standard_error is not None

    @cached_property
    def alike(self) -> dict[str, str]:
        """The first of the studies with which each is interchangeable, by study id."""
        rows: dict[str, Counter[Hashable]] = {name: Counter() for name in self.silent}
        for item in self.answer.series:
            mended = self.eligible.get(item.row)
            shape = self._shape(item), None if mended is None else self._shape(mended)
            rows.setdefault(item.study_id, Counter())[shape] += 1
        unseen = self.sharing.unseen
        shapes = {
            name: (frozenset(own.items()), self.asked(name) if name in self.silent else None, name in unseen)
            for name, own in rows.items()
        }
        return classes(shapes, self.sharing.near)

    def _shape(self, item: Series) -> Hashable:
        """What the ladder and the list of what is missing see of a series: which figures there are, not how large."""
        summary, effect = item.summary, item.effect
        return (
            item.role,
            item.single_patient,
            summary.unit,
            summary.unit_of_analysis,
            lacks_scores(item),
            self.carried(item),
            (bool(item.direction), bool(item.stated_direction)),
            (summary.change is None, summary.n is None, summary.followup_mean is None, item.followup_range is None),
            effect and (effect.standard_error is None, effect.unit, effect.unit_of_analysis),
        )

    def reach(self, pieces: Pieces) -> Rung:
        """The rung that the ladder reaches once these pieces have been seen."""
        return self._stand(pieces)[0]

    def refused(self, pieces: Pieces) -> bool:
        """Whether two studies would have an estimate then, and may not be pooled: no further study mends that."""
        return self._stand(pieces)[1]

    def brings(self, study: str, pieces: Pieces) -> bool:
        """Whether a study would have an estimate with a standard error then."""
        own = [self._filled(item, pieces) for item in self.answer.series if item.study_id == study]
        own += [self._invented(study)] if study in self.silent else []
        return bool(replace(self.answer, series=tuple(own)).estimates)

    @cached_property
    def _stood(self) -> dict[Hashable, tuple[Rung, bool]]:
        return {}

    def _stand(self, pieces: Pieces) -> tuple[Rung, bool]:
        """Rung and refusal; what differs by interchangeable studies only is climbed once."""
        key = self._key(pieces)
        if key not in self._stood:
            self._stood[key] = self._climbed(pieces)
        return self._stood[key]

    def _key(self, pieces: Pieces) -> Hashable:
        """Two sets have the same key only where they differ by interchangeable studies, or not at all."""
        kinds: dict[str, list[str]] = {}
        for piece in pieces:
            kinds.setdefault(piece.study_id, []).append(piece.kind)
            if piece.other in self.alike:
                kinds.setdefault(piece.other, [])
        counted: Counter[str] = Counter()
        labels: dict[str, Hashable] = {}
        for name in sorted(kinds, key=lambda item: (sorted(kinds[item]), item)):
            first = self.alike.get(name, name)
            labels[name] = first, counted[first]
            counted[first] += 1
        return frozenset((labels[item.study_id], item.kind, labels.get(item.other, item.other)) for item in pieces)

    def _climbed(self, pieces: Pieces) -> tuple[Rung, bool]:
        of: dict[str, set[Kind]] = {}
        for piece in pieces:
            of.setdefault(piece.study_id, set()).add(piece.kind)
        series = [
            self._filled(item, pieces) if item.study_id in of else plain
            for item, plain in zip(self.answer.series, self._plain, strict=True)
        ]
        series += [self._invented(name) for name in self.silent if of.get(name, set()) & set(OF_SILENT)]
        new = sum(piece.kind is Kind.SERIES for piece in pieces)
        series += [self._invented(f"{_NEW}-{index}") for index in range(new)]
        having = {item.study_id for item in replace(self.answer, series=tuple(series)).estimates}
        overlaps = self.sharing.overlaps(pieces, having)
        plan = self.protocol.synthesis
        rung = climb(self.answer.procedure, self.answer.outcome, self.instrument, series, overlaps, plan).rung
        return rung, rung is Rung.SWIM and len(having) > 1

    @cached_property
    def _plain(self) -> tuple[Series, ...]:
        """Every series as it stands without any piece."""
        return tuple(self._filled(item, frozenset()) for item in self.answer.series)

    def _filled(self, item: Series, pieces: Pieces) -> Series:
        kinds = {piece.kind for piece in pieces if piece.study_id == item.study_id}
        if Kind.SOURCE in kinds:
            item = self.eligible.get(item.row, item)
        if item.role != "synthesis":
            return item
        summary = item.summary
        missing = lacks_scores(item)
        if summary.change is None and (missing is None or missing not in kinds):
            return item
        counted = bool({Kind.UNIT, Kind.PER_PATIENT} & kinds)
        summary = replace(
            summary,
            n=_SIZE if summary.n is None and Kind.NUMBER in kinds else summary.n,
            change_mean=_CHANGE if summary.change is None else summary.change,
            unit_of_analysis=self._unit_of_analysis if counted else summary.unit_of_analysis,
        )
        return replace(item, summary=summary, effect=self._effect(summary, item, kinds))

    def _effect(self, summary: ChangeSummary, item: Series, kinds: set[Kind]) -> Effect:
        error = item.effect.standard_error if item.effect is not None else None
        given = Kind.SPREAD in kinds or self.carried(item)
        if error is None and given and summary.n is not None and not item.single_patient:
            error = _ERROR
        return Effect(
            study_id=item.study_id,
            arm_id=item.arm_id,
            measure="MC",
            estimate=_CHANGE if summary.change is None else summary.change,
            standard_error=error,
            interval=None,
            level=self.protocol.synthesis.level,
            n=summary.n,
            unit_of_analysis=summary.unit_of_analysis,
            instrument=summary.instrument,
            unit=summary.unit,
            overlaps_with=summary.overlaps_with,
        )

    def _invented(self, study: str) -> Series:
        """A study with everything that a pool needs."""
        summary = ChangeSummary(
            study_id=study,
            arm_id="A1",
            instrument=self.instrument,
            unit=self._unit,
            unit_of_analysis=self._unit_of_analysis,
            n=1 if study in self.single else _SIZE,
            change_mean=_CHANGE,
        )
        bare = Series(
            study_id=study,
            arm_id="A1",
            outcome=self.answer.outcome,
            instrument=self.instrument,
            role="synthesis",
            timepoint_months=None,
            summary=summary,
            baseline_range=None,
            followup_range=None,
            stated_direction="",
            reported_test="",
            effect=None,
            readings=None,
            grid=None,
            findings=(),
            row="",
            source="",
            locator="",
            seen_in="",
            note="",
        )
        return replace(bare, effect=self._effect(summary, bare, {Kind.SPREAD}))
