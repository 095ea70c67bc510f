"""Which share of a pool's weight studies of each judgement carry, at least and at most where judgements are open."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from synth.effects.intervals import is_number
from synth.errors import MethodError

#: Levels that say nothing about better or worse: such a study may stand anywhere.
UNRANKED = ("no information",)
#: Answers to an item that leave open what the answer is: the report is silent, only an abstract was seen, nobody
#: answered, or reviewers differ. They are those of `synth.certainty`, which stands above this unit.
OPEN_ANSWERS = ("unclear", "unclear: abstract only", "not answered", "conflict")
_ROUNDING = 1e-9

#: The levels that each study may stand at, by study id; one where it is settled.
Judgements = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one study may stand.

    Attributes
    ----------
    study_id : str
    levels : tuple of str
        What was judged: every level that is possible, best first; empty where nothing was judged.
    best, worst : int
        Places of the best and of the worst possible level on the scale, from 0.
    """

    study_id: str
    levels: tuple[str, ...]
    best: int
    worst: int

    @property
    def settled(self) -> bool:
        """Whether it stands at one level of the scale."""
        return self.best == self.worst


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelWeight:
    """Weight of the studies at one level.

    Attributes
    ----------
    level : str
    k_least, k_most : int
        Studies that are at this level, and those that may be.
    least, most : float
        Share of the weight that they carry, 0 to 1.
    worse_least, worse_most : float or None
        Share of the studies that are, and that may be, at this level or a worse one; None for a level without rank.
    """

    level: str
    k_least: int
    k_most: int
    least: float
    most: float
    worse_least: float | None
    worse_most: float | None


def check_scale(levels: object, unranked: object = UNRANKED) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The levels, best first, and those without rank.

    Raises
    ------
    MethodError
        If there are fewer than two levels, one is no text, or two are alike.
    """
    found = []
    for name, given in (("levels", levels), ("levels without rank", unranked)):
        texts = () if isinstance(given, str) or not isinstance(given, Iterable) else tuple(given)
        if not all(isinstance(level, str) and level.strip() for level in texts) or isinstance(given, str):
            raise MethodError(f"{name} {given!r}: several texts are expected, such as ['low', 'high']")
        found.append(texts)
    ranked, other = (found[0], tuple(level for level in found[1] if level not in found[0]))
    if len(ranked) < 2 or len(set(ranked)) < len(ranked):
        raise MethodError(f"levels {levels!r}: two or more different levels are expected, the best first")
    return ranked, other


def standings(
    study_ids: Sequence[str], judgements: Judgements, levels: Sequence[str], unranked: Sequence[str] = UNRANKED
) -> tuple[Standing, ...]:
    """Where each study may stand, in the order given.

    Parameters
    ----------
    study_ids : sequence of str, shape (k,)
    judgements : mapping of str to sequence of str
        By study id; further studies may be in it. A study that is missing, or has a level without rank, may stand
        anywhere.
    levels : sequence of str
        The scale, best first.
    unranked : sequence of str
        Words that are no level of it, such as "no information".

    Raises
    ------
    MethodError
        If the scale is none, a study has no level, or one that is neither on the scale nor without rank.
    """
    ranked, other = check_scale(levels, unranked)
    if not isinstance(judgements, Mapping):
        raise MethodError(f"judgements {judgements!r}: the possible levels by study id are expected")
    return tuple(_standing(study, judgements.get(study), ranked, other) for study in study_ids)


def _standing(study: str, given: object, ranked: tuple[str, ...], other: tuple[str, ...]) -> Standing:
    everything = len(ranked) - 1
    if given is None:
        return Standing(study_id=study, levels=(), best=0, worst=everything)
    if isinstance(given, str) or not isinstance(given, Sequence) or not given:
        raise MethodError(f"{study}: judgement {given!r}; its possible levels are expected, such as ('low',)")
    unknown = [level for level in given if level not in (*ranked, *other)]
    if unknown:
        raise MethodError(f"{study}: level {unknown[0]!r}; one of {', '.join((*ranked, *other))} is expected")
    levels = tuple(level for level in (*ranked, *other) if level in given)
    places = [ranked.index(level) for level in levels if level in ranked]
    if len(places) < len(levels):
        return Standing(study_id=study, levels=levels, best=0, worst=everything)
    return Standing(study_id=study, levels=levels, best=min(places), worst=max(places))


def weight_by_level(
    study_ids: Sequence[str],
    weights: Sequence[float],
    judgements: Judgements,
    *,
    levels: Sequence[str],
    unranked: Sequence[str] = UNRANKED,
) -> tuple[LevelWeight, ...]:
    """Share of the weight at each level.

    Parameters
    ----------
    study_ids : sequence of str, shape (k,)
    weights : sequence of float, shape (k,)
        At least 0, in any unit.
    judgements, levels, unranked
        As for `standings`.

    Returns
    -------
    tuple of LevelWeight
        One for each level, best first, then one for each word without rank that was given to a study.

    Raises
    ------
    MethodError
        As for `standings`; if there is not one weight for each study, or it is no number or below 0, or all are 0.
    """
    ranked, other = check_scale(levels, unranked)
    found = standings(study_ids, judgements, ranked, other)
    shares = _shares(study_ids, weights)
    rows = [_level_weight(ranked, place, found, shares) for place in range(len(ranked))]
    said = [level for level in other if any(level in item.levels for item in found)]
    return (*rows, *(_unranked_weight(level, found, shares) for level in said))


def _shares(study_ids: Sequence[str], weights: Sequence[float]) -> tuple[float, ...]:
    given = list(weights)
    if len(given) != len(study_ids):
        raise MethodError(f"{len(given)} weights for {len(study_ids)} studies; one for each is expected")
    for study, weight in zip(study_ids, given, strict=True):
        if not is_number(weight) or weight < 0:
            raise MethodError(f"{study}: weight {weight!r}; a number of at least 0 is expected")
    total = math.fsum(given)
    if total <= 0:
        raise MethodError("weights: all are 0, or there is no study; one above 0 is expected")
    return tuple(float(weight) / total for weight in given)


def _level_weight(ranked: Sequence[str], place: int, found: Sequence[Standing], shares: Sequence[float]) -> LevelWeight:
    level = ranked[place]
    sure = [item.settled and item.best == place for item in found]
    may = [_may_be(item, level, ranked) for item in found]
    return LevelWeight(
        level=level,
        k_least=sum(sure),
        k_most=sum(may),
        least=_of(shares, sure),
        most=_of(shares, may),
        worse_least=_of(shares, [item.best >= place for item in found]),
        worse_most=_of(shares, [item.worst >= place for item in found]),
    )


def _may_be(item: Standing, level: str, ranked: Sequence[str]) -> bool:
    """Whether a study may stand at a level; one that was not judged, or has a word without rank, at any."""
    return not item.levels or level in item.levels or any(said not in ranked for said in item.levels)


def _unranked_weight(level: str, found: Sequence[Standing], shares: Sequence[float]) -> LevelWeight:
    sure = [item.levels == (level,) for item in found]
    may = [level in item.levels for item in found]
    return LevelWeight(
        level=level,
        k_least=sum(sure),
        k_most=sum(may),
        least=_of(shares, sure),
        most=_of(shares, may),
        worse_least=None,
        worse_most=None,
    )


def _of(shares: Sequence[float], chosen: Sequence[bool]) -> float:
    return math.fsum(share for share, inside in zip(shares, chosen, strict=True) if inside)


def share_words(least: float, most: float) -> str:
    """A share, or its bounds: "12.0%", "12.0% to 40.0%"."""
    low, high = f"{100 * least:.1f}%", f"{100 * most:.1f}%"
    return low if low == high or most - least < _ROUNDING else f"{low} to {high}"


def of_answers(
    answers: Mapping[str, str],
    *,
    levels: Sequence[str] = ("yes", "no"),
    apart: Sequence[str] = ("not applicable",),
    open_answers: Sequence[str] = OPEN_ANSWERS,
) -> dict[str, tuple[str, ...]]:
    """Answers to one item as judgements: an open answer may be any.

    Parameters
    ----------
    answers : mapping of str to str
        The answer of each study to one item of a tool, by study id.
    levels : sequence of str
        Answers in their order, the one that speaks for the study first.
    apart : sequence of str
        Answers that do not count as better or worse; give them as `unranked` too.
    open_answers : sequence of str
        Words that leave the answer open.

    Raises
    ------
    MethodError
        If an answer is none of these.
    """
    ranked, other = check_scale(levels, apart)
    found: dict[str, tuple[str, ...]] = {}
    for study, answer in answers.items():
        if answer in (*ranked, *other):
            found[study] = (answer,)
        elif answer in open_answers:
            found[study] = ranked
        else:
            expected = ", ".join((*ranked, *other, *open_answers))
            raise MethodError(f"{study}: answer {answer!r}; one of {expected} is expected")
    return found
