"""What stands on an albatross plot: the p value, the direction and the groups of one comparative study."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Final, Literal, get_args

from synth.errors import MethodError
from synth.plots.albatross_contours import RATIOS, Setting, effective_number
from synth.plots.text import printable

Bound = Literal["", "below", "above"]
Side = Literal["lower", "higher", ""]

_SIGNS: Final[dict[str, int]] = {"lower": -1, "higher": 1, "": 0}
MOST_GROUPS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class AlbatrossPoint:
    """One study that compares two groups.

    Attributes
    ----------
    label : str
    n_treated, n_control : int
        Participants that the p value is of.
    p : float
        Two-sided, above 0 and at most 1; of a bound its end.
    direction : {"lower", "higher", ""}
        Of the outcome in the treated group against the control group; empty, where it was not seen, only for a p value
        of which it is known that it is above a bound.
    bound : {"", "below", "above"}
        "below" for p < .001, "above" for p > .05; a bound is never drawn as an equality.
    baseline_risk : float or None
        Risk in this study's control group, for ratios.
    group : str
        Studies of one group have one marker.

    Raises
    ------
    MethodError
        If a value is out of range, or two of them cannot go together; the study is named.
    """

    label: str
    n_treated: int
    n_control: int
    p: float
    direction: Side = ""
    bound: Bound = ""
    baseline_risk: float | None = None
    group: str = ""

    def __post_init__(self) -> None:
        for problem in _problems(self):
            raise MethodError(f"albatross plot, study {self.label!r}: {problem}")

    @property
    def n(self) -> int:
        """Participants of both groups."""
        return self.n_treated + self.n_control

    @property
    def sign(self) -> int:
        """-1 for lower, 1 for higher, 0 where the direction was not seen."""
        return _SIGNS[self.direction]

    @property
    def x(self) -> float:
        """Where it stands: 0 for p = 1, further out for each power of ten, left for lower."""
        return abs(math.log10(self.p)) * (self.sign or 1)

    @property
    def p_words(self) -> str:
        """The p value as it was printed: an equality or a bound."""
        relation = {"": "=", "below": "<", "above": ">"}[self.bound]
        return f"p {relation} {self.p:.3g}"


@dataclass(frozen=True, slots=True)
class Placed:
    """A study with the number of participants at which it is drawn, and the effect that its p value implies.

    Attributes
    ----------
    point : AlbatrossPoint
    participants : float
        Of both groups, or the effective number.
    implied : float
        On the scale of its variance (ratios: logarithms); NaN for a bound, and where no effect has that p value.
    """

    point: AlbatrossPoint
    participants: float
    implied: float

    @property
    def y(self) -> float:
        """Where it stands: the squared decimal logarithm."""
        return height_of(self.participants)


def height_of(participants: float) -> float:
    """The scale of participants: their squared decimal logarithm (as in the Stata command)."""
    return math.log10(participants) ** 2


def own_setting(point: AlbatrossPoint, common: Setting) -> Setting:
    """The ratio of groups and the baseline risk of a study; the common risk where its own is not known."""
    risk = point.baseline_risk if point.baseline_risk is not None else common.baseline_risk
    return replace(common, ratio=point.n_treated / point.n_control, baseline_risk=risk)


def place(points: Sequence[AlbatrossPoint], common: Setting, *, effective: bool) -> tuple[list[Placed], dict[str, str]]:
    """Studies with the number at which each is drawn, and those that cannot be drawn, with the reason."""
    placed, left_out = [], {}
    for point in points:
        if point.bound:
            placed.append(Placed(point, float(point.n), math.nan))
            continue
        own = own_setting(point, common)
        implied = own.implied(point.n, point.p, point.sign or 1)
        number = effective_number(point.n, point.p, point.sign or 1, own, common) if effective else float(point.n)
        if math.isnan(number) or number < 1:
            left_out[point.label] = "no effective number of participants"
            continue
        placed.append(Placed(point, number, implied))
    return placed, left_out


def check_points(points: Sequence[AlbatrossPoint], setting: Setting) -> None:
    """Refuse what cannot be drawn together.

    Raises
    ------
    MethodError
        If there is no study, one is no AlbatrossPoint, two have one name, there are too many groups, or a risk is
        given for differences of means.
    """
    if not points:
        raise MethodError("albatross plot: no study; at least one that compares two groups is expected")
    seen: set[str] = set()
    for point in points:
        if not isinstance(point, AlbatrossPoint):
            raise MethodError(f"albatross plot: {point!r}; an AlbatrossPoint is expected")
        if point.label in seen:
            raise MethodError(f"albatross plot: two studies are called {point.label!r}; a name for each is expected")
        seen.add(point.label)
        if point.baseline_risk is not None and setting.measure not in RATIOS:
            raise MethodError(f"albatross plot, study {point.label!r}: a baseline risk, and {setting.measure} has none")
    groups = {point.group for point in points}
    if len(groups) > MOST_GROUPS:
        raise MethodError(f"albatross plot: {len(groups)} groups; at most {MOST_GROUPS} are expected")


def _problems(point: AlbatrossPoint) -> Iterator[str]:
    for name in ("label", "group"):
        if not isinstance(getattr(point, name), str) or (name == "label" and not printable(point.label)):
            yield f"{name} {getattr(point, name)!r}; a text is expected"
    for name in ("n_treated", "n_control"):
        number = getattr(point, name)
        if isinstance(number, bool) or not isinstance(number, Integral) or number < 1:
            yield f"{name} = {number!r}; a whole number from 1 is expected"
    if not _between(point.p, 1.0, closed=True):
        yield f"p = {point.p!r}; a number above 0 and at most 1 is expected (p of 0.000 is a bound: below .001)"
    if point.direction not in get_args(Side) or point.bound not in get_args(Bound):
        yield f"direction {point.direction!r}, bound {point.bound!r}; one of the known words is expected for each"
    elif not point.direction and point.bound != "above":
        yield "no direction; 'lower' or 'higher' is expected with this p value"
    if point.baseline_risk is not None and not _between(point.baseline_risk, 1.0):
        yield f"baseline_risk = {point.baseline_risk!r}; a number between 0 and 1 is expected"


def _between(value: object, upper: float, *, closed: bool = False) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 < value < upper or (closed and value == upper)
