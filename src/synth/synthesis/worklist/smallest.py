"""The smallest set of missing pieces that lifts an answer, found by climbing the ladder again."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property

from synth.synthesis.ladder import Rung
from synth.synthesis.worklist.alike import Cost, cheapest
from synth.synthesis.worklist.pieces import UNSURE, Kind, Piece, missing_of
from synth.synthesis.worklist.world import Pieces, World, height


def size(pieces: Pieces) -> tuple[int, int, int]:
    """How large a set is: pieces that may not exist at all count first, then how far they are from what was seen."""
    doubts = [UNSURE[piece.kind] for piece in pieces if piece.kind in UNSURE]
    return len(doubts), sum(doubts), len(pieces)


def _order(pieces: Pieces) -> tuple[tuple[int, ...], list[Piece]]:
    return size(pieces), sorted(pieces)


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
        unseen, near, chosen = self.world.sharing.unseen, self.world.sharing.near, set(studies)
        if len(studies) > 1:
            pieces |= {Piece(name, Kind.AUTHORS) for name in studies if name in unseen}
        for name in studies:
            pieces |= {Piece(name, Kind.SHARED, other) for other in near.get(name, {}) if name < other in chosen}
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
        best = height(self.world.reach(frozenset()))
        found: Pieces | None = None
        for pieces in self._sets(piece):
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

    def _sets(self, piece: Piece) -> Iterator[Pieces]:
        """Sets that bring whole studies in: those that may give a pool, then all others, each smallest first."""
        wanted = sorted({piece.study_id, piece.other} - {""})
        start = tuple(dict.fromkeys([*self.present, *wanted]))
        # What lifts a study by itself, without the others, is part of the family too.
        alone = [self.own[name] for name in wanted if name in self.own]
        yield from sorted(alone, key=_order)
        yield from self._pools(start, piece)
        # Every rung below a pool takes two studies at most; no further study lifts what may not be pooled.
        done = self._wanting(start) <= 0 or self.world.refused(self._needed(start))
        further = [()] if done else [(), *((group[0],) for group in self._free(start))]
        yield from sorted((self._needed((*start, *names)) for names in further), key=_order)

    def _wanting(self, start: tuple[str, ...]) -> int:
        """How many studies a pool takes beside those."""
        return self.world.protocol.synthesis.ladder.pool_from - len(start)

    def _free(self, start: tuple[str, ...]) -> list[list[str]]:
        """Every other study that may be brought in, those that are interchangeable together."""
        groups: dict[str, list[str]] = {}
        for name in sorted(self.own.keys() - set(start) - self.world.single):
            groups.setdefault(self.world.alike[name], []).append(name)
        return list(groups.values())

    def _pools(self, start: tuple[str, ...], piece: Piece) -> Iterator[Pieces]:
        """Sets that may give a pool with some studies, smallest first, then in the order of their names."""
        count, base = self._wanting(start), self._needed(start)
        if count <= 0:
            yield base
            return
        if not all(map(self._brings, start)) or self.world.refused(base):
            return
        if piece not in base and piece.kind is not Kind.AUTHORS:
            return
        chosen = cheapest(
            [group for group in self._free(start) if self._brings(group[0])],
            count,
            cost=lambda names, name: self._cost((*start, *names), name),
            allowed=lambda names: not self.world.refused(self._needed((*start, *names))),
        )
        yield from (self._needed((*start, *names)) for names in chosen)

    def _brings(self, study: str) -> bool:
        first = self.world.alike.get(study, study)
        if first not in self._known:
            self._known[first] = self.world.brings(first, self.own.get(first, frozenset()))
        return self._known[first]

    def _cost(self, studies: tuple[str, ...], further: str) -> Cost:
        """By how much a study makes a set larger."""
        near = self.world.sharing.near.get(further, {})
        between = (further in self.world.sharing.unseen) + sum(name in near for name in studies)
        *doubts, number = size(self.own[further])
        return (*doubts, number + between)

    @cached_property
    def _known(self) -> dict[str, bool]:
        return {}

    @cached_property
    def _kept(self) -> dict[tuple[Pieces, int], Pieces]:
        return {}

    def _pruned(self, pieces: Pieces, rung: int) -> Pieces:
        """Without every piece that the rung does not need."""
        if (pieces, rung) not in self._kept:
            self._kept[pieces, rung] = self._without_idle(pieces, rung)
        return self._kept[pieces, rung]

    def _without_idle(self, pieces: Pieces, rung: int) -> Pieces:
        kept, roles, needed = pieces, self._roles(pieces), set[Hashable]()
        for piece in sorted(pieces, key=lambda item: (-UNSURE.get(item.kind, 0), item)):
            if roles[piece] in needed:
                continue
            without = kept - {piece}
            if height(self.world.reach(without)) >= rung:
                kept, roles, needed = without, self._roles(without), set()
            else:
                needed.add(roles[piece])
        return kept

    def _roles(self, pieces: Pieces) -> dict[Piece, Hashable]:
        """What each piece is to its set: the same for two that interchangeable studies give it."""
        kinds: dict[str, set[Kind]] = {}
        for piece in pieces:
            kinds.setdefault(piece.study_id, set()).add(piece.kind)
        paired = {name for piece in pieces if piece.other for name in (piece.study_id, piece.other)}
        whole = {name: (self.world.alike.get(name, name), frozenset(own)) for name, own in kinds.items()}
        return {item: item if item.study_id in paired else (whole[item.study_id], item.kind) for item in pieces}

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
