"""The pictures of a synthesis without meta-analysis: directions of one procedure as a table and as bars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

from synth.errors import MethodError
from synth.plots.drawing import Drawing
from synth.plots.effect_direction_plot import effect_direction_plot
from synth.plots.effect_direction_rows import Direction, DirectionRow, cells_of
from synth.plots.harvest_plot import harvest_plot
from synth.schemas import SEEN_IN
from synth.synthesis.swim import Reported, Status, SwimAnswer

__all__ = ["direction_rows_of", "directions_of", "harvest_of"]

_DEPTHS: Final = {"primary full text": "full text", "primary abstract": "abstract"}
#: What a direction comes from; of a source used for directions only, a figure is no result.
_FILLS: Final = ("figure", "direction only", "in words only")
_DIRECTIONS: Final[dict[str, Direction]] = {"higher": "higher", "lower": "lower", "no change": "no clear change"}
_UNCONTROLLED: Final = (
    "Before and after without a comparison group: a direction also holds natural history, regression to the mean and "
    "everything else that was done."
)


def directions_of(swims: Sequence[SwimAnswer], names: Mapping[str, str]) -> Drawing | None:
    """The effect direction plot of one procedure: every report by every outcome.

    Parameters
    ----------
    swims : sequence of SwimAnswer
        Of one procedure, one for each outcome.
    names : mapping of str to str
        What to call each study, by study id.

    Returns
    -------
    Drawing or None
        None where the procedure has no report.

    Raises
    ------
    MethodError
        If there are several procedures, or something that is no SwimAnswer.
    """
    rows = direction_rows_of(swims, names)
    if not rows:
        return None
    return effect_direction_plot(rows, title=swims[0].procedure_label, notes=(_UNCONTROLLED,))


def harvest_of(swims: Sequence[SwimAnswer], names: Mapping[str, str]) -> Drawing | None:
    """The harvest plot of one procedure: a bar for each report, as high as its text was read.

    Parameters
    ----------
    swims, names
        As for `directions_of`.

    Returns
    -------
    Drawing or None
        None where no report of the procedure shows a direction.

    Raises
    ------
    MethodError
        As for `directions_of`.
    """
    rows = direction_rows_of(swims, names)
    if not any(row.direction for row in rows):
        return None
    depths = [_depth(place) for place in reversed(SEEN_IN)]
    return harvest_plot(
        rows,
        heights=[depth for depth in depths if any(row.height == depth for row in rows)],
        height_label="Read",
        fills=[fill for fill in _FILLS if any(row.fill == fill for row in rows)],
        fill_label="Direction from",
        title=swims[0].procedure_label,
        notes=(_UNCONTROLLED,),
    )


def direction_rows_of(swims: Sequence[SwimAnswer], names: Mapping[str, str]) -> tuple[DirectionRow, ...]:
    """The rows of both pictures: one for each line of each direction table.

    Reports keep one order over all outcomes: single patients last, the others as they first come.

    Raises
    ------
    MethodError
        As for `directions_of`.
    """
    _check(swims)
    lines = [(swim, item) for swim in swims for item in swim.rows]
    kinds: dict[str, set[bool]] = {}
    for _, item in lines:
        kinds.setdefault(item.study_id, set()).add(item.single_patient)
    rows = [_row(swim, item, _label(item, names, kinds)) for swim, item in lines]
    rows = [row for cell in cells_of(rows) for row in _one_look(cell.rows)] if rows else []
    order = list(dict.fromkeys(row.label for row in rows))
    outcomes = list(dict.fromkeys(row.outcome for row in rows))
    rows.sort(key=lambda row: (row.single_patient, order.index(row.label), outcomes.index(row.outcome)))
    return tuple(rows)


def _check(swims: Sequence[SwimAnswer]) -> None:
    for swim in swims:
        if not isinstance(swim, SwimAnswer):
            raise MethodError(f"pictures of directions: a SwimAnswer is expected, not {type(swim).__name__}")
    procedures = sorted({swim.procedure for swim in swims})
    if len(procedures) > 1:
        raise MethodError(f"pictures of directions: procedures {', '.join(procedures)}; one at a time is expected")


def _label(item: Reported, names: Mapping[str, str], kinds: Mapping[str, set[bool]]) -> str:
    """Name of the report; its single patients have one of their own where it has a series too."""
    apart = item.single_patient and len(kinds[item.study_id]) > 1
    return f"{names[item.study_id]} (single patient)" if apart else names[item.study_id]


def _depth(seen_in: str) -> str:
    return _DEPTHS.get(seen_in, seen_in)


def _row(swim: SwimAnswer, item: Reported, label: str) -> DirectionRow:
    direction = _DIRECTIONS.get(item.direction, "")
    return DirectionRow(
        label=label,
        outcome=swim.outcome_label,
        status=item.status.value,
        direction=direction,
        better=_better(item),
        n=item.n if not item.single_patient else 1,
        unit="(unit not stated)" if item.unit == "not stated" else item.unit,
        single_patient=item.single_patient,
        design=item.design,
        depth=_depth(item.seen_in),
        instruments=(item.what,) if item.what else (),
        mark="" if item.role == "synthesis" else _mark(item),
        height=_depth(item.seen_in),
        fill=_fill(item),
    )


def _fill(item: Reported) -> str:
    if item.status is Status.FIGURE:
        return _FILLS[0]
    return "" if item.status is not Status.DIRECTION else _FILLS[2 if item.detail == "in words" else 1]


def _mark(item: Reported) -> str:
    return f"used for directions only: {item.mark}" if item.mark else "used for directions only"


def _better(item: Reported) -> Literal["higher", "lower"] | None:
    """Which direction is better, where it is known whether this one is."""
    if item.better is None:
        return None
    return "higher" if item.better is (item.direction == "higher") else "lower"


def _one_look(rows: Sequence[DirectionRow]) -> Iterator[DirectionRow]:
    """Rows of one report and outcome with one height and fill: of the fullest reading behind its direction."""
    depths = [_depth(place) for place in SEEN_IN]
    behind = [row for row in rows if row.direction] or list(rows)
    height = min((row.height for row in behind), key=depths.index)
    fill = min((row.fill for row in behind if row.fill), key=_FILLS.index, default="")
    for row in rows:
        yield replace(row, height=height, fill=fill)
