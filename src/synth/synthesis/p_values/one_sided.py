"""One-sided p values of studies that compare, all towards the same side.

Two-sided p values do not know a direction, so that two small ones may speak against each other (Zaykin 2011,
doi:10.1111/j.1420-9101.2011.02297.x, discussion, read at pubmedcentralcanada.ca, PMC3135688).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.special import ndtr

from synth.effects.estimate import Effect
from synth.effects.intervals import is_number
from synth.effects.measures import MEASURES
from synth.effects.reported.p_values import parse_printed_p
from synth.errors import MethodError
from synth.synthesis.comparisons import ComparisonAnswer

#: Kinds of data in which nothing is compared with another group.
_ONE_GROUP = ("one-group means", "one-group counts", "one-group rates", "change in one group", "correlations")


@dataclass(frozen=True, kw_only=True)
class OneSidedP:
    """The p value of one comparison, one-sided: small where the study speaks for the treated side being better.

    Attributes
    ----------
    study_id : str
    p : float or None
        None where only a bound is known.
    low, high : float
        The p values that are possible: both `p` for a computed one; what its digits allow for a printed one.
    n : int or None
        Analysed people of both groups.
    origin : str
        How it was obtained.
    complement : float or None
        1 - p with digits of its own, where p is too near 1 to have them left.

    Raises
    ------
    MethodError
        If a number is not from 0 to 1, or they are out of order.
    """

    study_id: str
    p: float | None
    low: float
    high: float
    n: int | None
    origin: str
    complement: float | None = None

    def __post_init__(self) -> None:
        numbers = (self.low, self.high) if self.p is None else (self.low, self.p, self.high)
        if not all(is_number(item) and 0 <= item <= 1 for item in numbers) or list(numbers) != sorted(numbers):
            shown = ", ".join(str(item) for item in numbers)
            raise MethodError(f"{self.study_id}: one-sided p value {shown}: numbers from 0 to 1 in order are expected")
        if self.p is not None and 0 in (self.p, self.q):
            raise MethodError(f"{self.study_id}: a p value of {self.p:g} is no result of a test; a bound is expected")

    @property
    def is_bound(self) -> bool:
        """True where only limits are known."""
        return self.p is None

    @property
    def q(self) -> float | None:
        """1 - p; None for a bound."""
        if self.p is None or self.complement is not None:
            return self.complement
        return 1 - self.p

    @property
    def limits(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Lowest and highest p that is possible, each with 1 - p."""
        if self.p is not None and self.q is not None and self.low == self.high:
            return (self.p, self.q), (self.p, self.q)
        return (self.low, 1 - self.low), (self.high, 1 - self.high)

    @property
    def opposite(self) -> OneSidedP:
        """The p value towards the other side."""
        (_, from_low), (_, from_high) = self.limits
        return OneSidedP(
            study_id=self.study_id,
            p=self.q,
            low=from_high,
            high=from_low,
            n=self.n,
            origin=self.origin,
            complement=self.p,
        )


def one_sided_p_values(comparison: ComparisonAnswer) -> tuple[OneSidedP, ...]:
    """One-sided p values of the effects of a planned comparison.

    Each is that of estimate over standard error by the normal distribution, on the scale of the plan's measure.

    Raises
    ------
    MethodError
        If a study that may share people with another is among them, or nobody looked for shared people, because the
        methods need independent studies; or if an effect has no standard error.
    """
    if comparison.overlaps:
        pairs = "; ".join(str(pair) for pair in comparison.overlaps)
        raise MethodError(f"p values of studies that may share people are not independent ({pairs})")
    if comparison.pooled is None and len(comparison.effects) > 1:
        raise MethodError(f"p values are combined of independent studies only; here: {comparison.reason}")
    sizes = {pair.study_id: pair.total_treated + pair.total_control for pair in comparison.counts}
    sign = 1 if comparison.comparison.fewer_is_better else -1
    return tuple(_of_effect(effect, sign, sizes[effect.study_id]) for effect in comparison.effects)


def _of_effect(effect: Effect, sign: int, n: int | None) -> OneSidedP:
    check_comparative(effect)
    if effect.standard_error is None:
        raise MethodError(f"{effect.label}: without a standard error there is no p value")
    deviate = sign * effect.estimate / effect.standard_error
    # Beyond 38 standard errors a p value is smaller than any double; the smallest one stands for it.
    p, q = (max(float(ndtr(item)), sys.float_info.min) for item in (deviate, -deviate))
    origin = f"{MEASURES[effect.measure].label}: estimate over standard error, normal distribution"
    return OneSidedP(study_id=effect.study_id, p=p, low=p, high=p, n=n, origin=origin, complement=q)


def one_sided_printed(text: str, effect: Effect, *, fewer_is_better: bool, n: int | None = None) -> OneSidedP:
    """A printed two-sided p value of a comparison, made one-sided by the direction of the effect that it tests.

    Parameters
    ----------
    text : str
        As printed. ``.04`` stands for every number that rounds to it, ``<.001`` for a bound (rule 5).
    effect : Effect
        The comparison that was tested; its sign gives the direction.
    fewer_is_better : bool
        Whether an estimate below no difference is better.
    n : int, optional
        Analysed people of both groups; by default that of the effect.

    Raises
    ------
    MethodError
        If the effect compares nothing, has no direction, or the text is no p value.
    """
    check_comparative(effect)
    printed = parse_printed_p(text)
    if effect.estimate == 0:
        raise MethodError(f"{effect.label}: an estimate of no difference gives a two-sided p value no direction")
    better = (effect.estimate < 0) == fewer_is_better
    low, high = printed.low / 2, printed.high / 2
    value = None if printed.is_bound else printed.value / 2
    size = effect.n if n is None else n
    origin = f"printed p {printed.text}, taken as two-sided"
    found = OneSidedP(study_id=effect.study_id, p=value, low=low, high=high, n=size, origin=origin)
    return found if better else found.opposite


def check_comparative(effect: Effect) -> None:
    """Refuse an effect without a comparison group (rule 16).

    Raises
    ------
    MethodError
        That says why.
    """
    if MEASURES[effect.measure].kind in _ONE_GROUP or effect.arm_id:
        raise MethodError(f"{effect.label}: {MEASURES[effect.measure].label}. {NOT_SINGLE_ARMS}")


NOT_SINGLE_ARMS = (
    "P values of changes from before to after in one group are never combined: regression to the mean, the natural "
    "course and other care make them small without any effect of the procedure, and adding them up would make them "
    "smaller still; p values of studies that compare two groups are expected"
)


def check_independent(p_values: Sequence[OneSidedP]) -> None:
    """Refuse p values that cannot be combined: fewer than two, or two of one study.

    Raises
    ------
    MethodError
        That says which.
    """
    names = [item.study_id for item in p_values]
    if len(names) < 2:
        raise MethodError(f"{len(names)} p value{'' if len(names) == 1 else 's'}: two or more are needed to combine")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise MethodError(f"{', '.join(repeated)}: several p values of one study are not independent; one is expected")
