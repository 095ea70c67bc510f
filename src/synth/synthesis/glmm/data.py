"""The counts of a generalised linear mixed model, read, checked and named by study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from synth.errors import MethodError
from synth.synthesis.linear import FloatArray, IntArray
from synth.synthesis.moderators import Moderators, moderators_of, no_moderators
from synth.synthesis.stratified_tables import LARGEST_COUNT, LONGEST_TIME, SHORTEST_TIME, read_counts, read_rates
from synth.synthesis.studies import column, study_names

GlmmMeasure = Literal["PLO", "IRLN", "OR", "IRR"]

#: A count this close to a whole number is one.
_WHOLE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GlmmData:
    """Counts of k studies, one row each or two.

    Attributes
    ----------
    measure : str
        "PLO" or "OR" with totals, "IRLN" or "IRR" with times.
    x : ndarray, shape (k, R)
        Events; with two arms treated first.
    size : ndarray, shape (k, R)
        Participants, or person-time.
    labels : tuple of str
        Of the studies that are analysed.
    missing : tuple of str
        Studies left out because a figure is missing.
    uninformative : tuple of str
        Studies left out because they say nothing of a ratio: no event, or nothing but events, in both arms.
    kept : ndarray of int, shape (k,)
        Which rows of the input are analysed.
    """

    measure: GlmmMeasure
    x: FloatArray
    size: FloatArray
    labels: tuple[str, ...]
    missing: tuple[str, ...]
    uninformative: tuple[str, ...]
    kept: IntArray

    @property
    def k(self) -> int:
        """Studies that are analysed."""
        return len(self.x)

    @property
    def binomial(self) -> bool:
        """Whether the sizes are participants."""
        return self.measure in ("PLO", "OR")

    @property
    def sampling_variances(self) -> FloatArray:
        """Of the studies' own estimates, shape (k,), one half added to the cells of a study that has a zero."""
        cells = np.concatenate([self.x, self.size - self.x], axis=1) if self.binomial else self.x
        halves = 0.5 * (cells == 0).any(axis=1, keepdims=True)
        result: FloatArray = (1 / (cells + halves)).sum(axis=1)
        return result

    def moderators(self, values: Mapping[str, Sequence[object] | ArrayLike] | None, given: int) -> Moderators:
        """The columns of the model for the studies that are analysed, of columns for all `given` studies."""
        if values is None:
            return no_moderators(self.k)
        if not isinstance(values, Mapping):
            raise MethodError(f"moderators of type {type(values).__name__}: a mapping of names to columns is expected")
        kept: dict[str, Any] = {}
        for name, item in values.items():
            whole = np.asarray(item, dtype=object)
            if whole.ndim != 1:
                raise MethodError(
                    f"moderator {name!r}: a column with one value for each of {given} studies is expected"
                )
            if len(whole) != given:
                raise MethodError(f"moderator {name!r}: {len(whole)} values for {given} studies; one each is expected")
            kept[name] = [whole[place] for place in self.kept]
        if not kept:
            return no_moderators(self.k)
        return moderators_of(kept, self.k, intercept=True, labels=self.labels)


def one_group(measure: GlmmMeasure, events: ArrayLike, sizes: ArrayLike, labels: Sequence[str] | None) -> GlmmData:
    """Events of totals ("PLO") or in person-times ("IRLN").

    Raises
    ------
    MethodError
        If lengths differ, nothing is left, or a figure is not possible; the study is named.
    """
    what = "totals" if measure == "PLO" else "times"
    x, size = column(events, "events"), column(sizes, what)
    if len(x) != len(size):
        raise MethodError(f"{len(x)} events and {len(size)} {what}: one each for every study is expected")
    names = _names(labels, len(x))
    present = ~(np.isnan(x) | np.isnan(size))
    if not present.any():
        raise MethodError(f"no study has both events and {what}; at least one is expected")
    for name, count, total in zip(names, x.tolist(), size.tolist(), strict=True):
        if not (np.isnan(count) or np.isnan(total)):
            _check(name, count, total, measure)
    kept = np.flatnonzero(present)
    return GlmmData(
        measure=measure,
        x=x[kept, None],
        size=size[kept, None],
        labels=tuple(names[place] for place in kept),
        missing=tuple(name for name, there in zip(names, present, strict=True) if not there),
        uninformative=(),
        kept=kept,
    )


def _names(labels: Sequence[str] | None, k: int) -> tuple[str, ...]:
    if labels is not None and len(labels) != k:
        raise MethodError(f"{len(labels)} names for {k} studies: one name for each is expected")
    if not k:
        raise MethodError("k = 0: there is no study; at least one is expected")
    return study_names(labels, k)


def _check(name: str, count: float, size: float, measure: GlmmMeasure) -> None:
    if measure == "PLO":
        if not (0 <= count <= size and 1 <= size <= LARGEST_COUNT):
            raise MethodError(
                f"{name}: {count:g} events of {size:g}; events from 0 to the total, and a total of at least 1, are "
                "expected"
            )
    elif not (0 <= count <= LARGEST_COUNT and SHORTEST_TIME <= size <= LONGEST_TIME):
        raise MethodError(
            f"{name}: {count:g} events in a time of {size:g}; 0 events or more, and a positive, finite time, are "
            "expected"
        )
    for value in (count, size) if measure == "PLO" else (count,):
        _check_whole(name, value)


def _check_whole(name: str, value: float) -> None:
    if abs(value - round(value)) > _WHOLE:
        raise MethodError(f"{name}: {value!r} is no whole number; a likelihood of counts takes no other")


def two_arms(
    measure: GlmmMeasure,
    events_treated: ArrayLike,
    sizes_treated: ArrayLike,
    events_control: ArrayLike,
    sizes_control: ArrayLike,
    labels: Sequence[str] | None,
) -> GlmmData:
    """Events and participants ("OR"), or events and person-times ("IRR"), of a treated and a control arm.

    Raises
    ------
    MethodError
        As for `one_group`; if no study says anything of a ratio.
    """
    given = (events_treated, sizes_treated, events_control, sizes_control)
    read = read_counts if measure == "OR" else read_rates
    # It checks lengths, names and ranges.
    missing = read(events_treated, sizes_treated, events_control, sizes_control, labels).missing
    columns = np.stack([np.asarray(item, dtype=float).reshape(-1) for item in given], axis=1)
    names = _names(labels, len(columns))
    present = ~np.isnan(columns).any(axis=1)
    x, size = columns[:, [0, 2]], columns[:, [1, 3]]
    for name, row in zip(names, (columns if measure == "OR" else x).tolist(), strict=True):
        for value in row:
            if not np.isnan(value):
                _check_whole(name, value)
    nothing = present & (x.sum(axis=1) == 0)
    if measure == "OR":
        nothing |= present & (x == size).all(axis=1)
    kept = np.flatnonzero(present & ~nothing)
    if not len(kept):
        raise MethodError(
            "no study has events in one arm and, in one arm, participants without: nothing says anything of a ratio"
        )
    return GlmmData(
        measure=measure,
        x=x[kept],
        size=size[kept],
        labels=tuple(names[place] for place in kept),
        missing=missing,
        uninformative=tuple(name for name, gone in zip(names, nothing, strict=True) if gone),
        kept=kept,
    )
