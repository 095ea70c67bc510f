"""The smallest set of missing pieces that lifts an answer, found by climbing the ladder again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

from synth.synthesis.ladder import Rung
from synth.synthesis.worklist.pieces import UNSURE, Kind, Piece, missing_of
from synth.synthesis.worklist.world import Pieces, World, height


def size(pieces: Pieces) -> tuple[int, int, int]:
    """How large a set is: pieces that may not exist at all count first, then how far they are from what was seen."""
    doubts = [UNSURE[piece.kind] for piece in pieces if piece.kind in UNSURE]
    return len(doubts), sum(doubts), len(pieces)


@dataclass(frozen=True)
class Search:
    """What lifts one answer.

    Attributes
    ----------
    world : World
    """

    world: World

    @cached_property
    def own(self) -> dict[str, Pieces]:
        """The figures that each study lacks, by study id; a study that cannot take part is not there."""
        series = self.world.answer.series
        by_patient = any(item.summary.unit_of_analysis == "patients" for item in series if item.role == "synthesis")
        found: dict[str, set[Piece]] = {}
        for item in series:
            mended = self.world.eligible.get(item.row)
            if item.role == "synthesis" or mended is not None:
                row = mended or item
                kinds = set(missing_of(row, by_patient=by_patient, carried=self.world.carried(row)))
                kinds |= set() if mended is None else {Kind.SOURCE}
                found.setdefault(item.study_id, set()).update(Piece(item.study_id, kind) for kind in kinds)
        for name in self.world.silent:
            found[name] = {Piece(name, self.world.asked(name))}
        return {name: frozenset(pieces) for name, pieces in found.items()}

    @cached_property
    def present(self) -> tuple[str, ...]:
        """Studies that have an estimate with a standard error already: every pool has to take them in."""
        return tuple(dict.fromkeys(effect.study_id for effect in self.world.answer.estimates))

    def _needed(self, studies: tuple[str, ...]) -> Pieces:
        """Everything that is missing of some studies, and between them."""
        pieces = set().union(*(self.own.get(name, frozenset()) for name in studies))
        unseen = self.world.sharing.unseen
        if len(studies) > 1:
            pieces |= {Piece(name, Kind.AUTHORS) for name in studies if name in unseen}
        for first, second in combinations(sorted(studies), 2):
            if not self.world.sharing.settled_by_authors(first, second):
                pieces.add(Piece(first, Kind.SHARED, second))
        return frozenset(pieces)

    def of_study(self, study: str) -> Pieces:
        """Everything that is missing of one study itself."""
        own = self.own.get(study, frozenset())
        return own | ({Piece(study, Kind.AUTHORS)} if study in self.world.sharing.unseen else frozenset())

    def smallest(self, piece: Piece) -> tuple[Rung, Pieces]:
        """The highest rung that some set of pieces with this one reaches, and a smallest such set.

        Of two sets the one with fewer pieces that may not exist at all is smaller, then the one whose pieces are nearer
        to what was seen, then the one with fewer pieces. Only sets in which the piece is needed count. Where there is
        none, the piece alone is given with its rung.
        """
        wanted = {piece.study_id, piece.other} - {""}
        best = height(self.world.reach(frozenset()))
        found: Pieces | None = None
        for pieces in self._sets(wanted):
            rung = height(self.world.reach(pieces)) if piece in pieces else -1
            if rung > best:
                kept = self._pruned(pieces, rung)
                if piece in kept:
                    best, found = rung, kept
            if found is not None and best == height(Rung.POOLED):
                break
        if found is None:
            alone = frozenset((piece,))
            return self.world.reach(alone), alone
        return self.world.reach(found), found

    def _sets(self, wanted: set[str]) -> Iterator[Pieces]:
        """Sets that bring whole studies in, fewest pieces first."""
        start = tuple(dict.fromkeys([*self.present, *sorted(wanted)]))
        free = [name for name in self.own if name not in start and name not in self.world.single]
        most = max(self.world.protocol.synthesis.ladder.pool_from - len(start), 0)
        sets = {self._needed((*start, *chosen)) for count in range(most + 1) for chosen in combinations(free, count)}
        # What lifts a study by itself, without the others, is part of the family too.
        sets |= {self.own[name] for name in wanted if name in self.own}
        return iter(sorted(sets, key=lambda pieces: (size(pieces), sorted(pieces))))

    def _pruned(self, pieces: Pieces, rung: int) -> Pieces:
        """Without every piece that the rung does not need."""
        kept = pieces
        for piece in sorted(pieces, key=lambda item: (-UNSURE.get(item.kind, 0), item)):
            without = kept - {piece}
            if height(self.world.reach(without)) >= rung:
                kept = without
        return kept

    def new_series(self) -> tuple[Rung, Pieces, int] | None:
        """The pool that series which nobody has found yet could bring, with what else it takes.

        Returns
        -------
        (Rung, pieces, int), or None
            The rung, the pieces of known reports that it needs, and how many series. None where no number of further
            series brings a pool.
        """
        known = self._needed(self.present)
        most = self.world.protocol.synthesis.ladder.pool_from
        for count in range(1, most + 1):
            further = frozenset(Piece("", Kind.SERIES, str(index)) for index in range(count))
            pieces = known | further
            if self.world.reach(pieces) is Rung.POOLED:
                kept = self._pruned(pieces, height(Rung.POOLED))
                return Rung.POOLED, kept - further, len(kept & further)
        return None
