"""The contours of an albatross plot: how many participants make an effect of some size have some p value.

An effect e with the sampling variance v / N in N participants has the normal deviate z = e sqrt(N / v); read the other
way, N = z2 v / e2 with z that of half the two-sided p. Ratios are taken as natural logarithms. With groups of n1
treated and n2 control participants in the ratio r = n1 / n2, and the risk b in the control group:

    SMD  v = (r + 1)2 / r + e2 / 2
    MD   v = s2 (r + 1)2 / r, s the standard deviation in both groups
    OR   v = (r + 1) ((1 - b + OR b)2 + r OR) / (r OR b (1 - b))
    RR   v = (r + 1) (1 + RR (r - b - r b)) / (r RR b)

References
----------
Harrison et al. 2017, Res Synth Methods 8:281-289, doi:10.1002/jrsm.1239 (abstract read). The formulas are those of the
first author's Stata command, read in labordynamicsinstitute/ssc-mirror, fmwww.bc.edu/repec/bocode/a/albatross.ado
(programs program_* and ALBA_adjustment_*) with its help file albatross.sthlp. Its contours of RR have "r + RR (...)"
in place of "1 + RR (...)" in its adjustment; the two agree for r = 1, and the variance of a log risk ratio gives the
second. It draws the contours of OR and RR below 1 as mirror images of those above; here each has its own formula.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist, median
from typing import Final, Literal, TypeGuard, get_args

from synth.errors import MethodError

AlbatrossMeasure = Literal["SMD", "MD", "OR", "RR"]
RATIOS: Final = ("OR", "RR")
NAMES: Final[dict[AlbatrossMeasure, str]] = {
    "SMD": "standardised mean difference",
    "MD": "mean difference",
    "OR": "odds ratio",
    "RR": "risk ratio",
}

#: Contours where the studies ask for no larger ones; those of MD in standard deviations.
_STOCK: Final[dict[AlbatrossMeasure, tuple[float, float, float]]] = {
    "SMD": (0.1, 0.25, 0.5),
    "MD": (0.1, 0.25, 0.5),
    "OR": (1.25, 1.5, 2.0),
    "RR": (1.25, 1.5, 2.0),
}
_LEAST: Final[dict[AlbatrossMeasure, float]] = {"SMD": 0.15, "MD": 0.15, "OR": math.log(1.2), "RR": math.log(1.2)}
_FURTHEST: Final = 12.0  # a log ratio beyond which no effect is looked for
_STEPS: Final = 4000
_HALVINGS: Final = 80
_NORMAL: Final = NormalDist()


def deviate(p: float) -> float:
    """The normal deviate of a two-sided p value, from 0 upwards."""
    return -_NORMAL.inv_cdf(p / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a contour assumes of the studies on it.

    Attributes
    ----------
    measure : {"SMD", "MD", "OR", "RR"}
    ratio : float
        Treated participants to control participants.
    baseline_risk : float or None
        In the control group, between 0 and 1; for OR and RR only.
    standard_deviation : float or None
        In both groups; for MD only.

    Raises
    ------
    MethodError
        If one is missing, not asked for, or out of range.
    """

    measure: AlbatrossMeasure
    ratio: float = 1.0
    baseline_risk: float | None = None
    standard_deviation: float | None = None

    def __post_init__(self) -> None:
        if self.measure not in get_args(AlbatrossMeasure):
            known = ", ".join(get_args(AlbatrossMeasure))
            raise MethodError(f"measure {self.measure!r}: contours are known for {known}")
        if not is_number(self.ratio) or not 0 < self.ratio < math.inf:
            raise MethodError(f"ratio {self.ratio!r}: a finite number above 0 is expected, treated to control")
        for name, value, upper, wanted in (
            ("baseline_risk", self.baseline_risk, 1.0, self.measure in RATIOS),
            ("standard_deviation", self.standard_deviation, math.inf, self.measure == "MD"),
        ):
            if (value is None) is wanted:
                raise MethodError(f"{name} {value!r}: {'one is' if wanted else 'none is'} expected for {self.measure}")
            if value is not None and not (is_number(value) and 0 < value < upper):
                end = "1" if upper == 1 else "infinity"
                raise MethodError(f"{name} {value!r}: a number between 0 and {end} is expected")

    def unit_variance(self, effect: float) -> float:
        """Sampling variance of an effect, on its own scale (ratios: logarithms), times the number of participants."""
        r = self.ratio
        if self.measure == "SMD":
            return (r + 1) ** 2 / r + effect**2 / 2
        if self.measure == "MD":
            return (self.standard_deviation or 0.0) ** 2 * (r + 1) ** 2 / r
        b, ratio = self.baseline_risk or 0.0, math.exp(effect)
        if self.measure == "OR":
            return (r + 1) * ((1 - b + ratio * b) ** 2 + r * ratio) / (r * ratio * b * (1 - b))
        return (r + 1) * (1 + ratio * (r - b - r * b)) / (r * ratio * b)

    def possible(self, effect: float) -> bool:
        """Whether an effect leaves a risk below 1 in the treated group."""
        return self.measure != "RR" or math.exp(effect) * (self.baseline_risk or 0.0) < 1

    def participants(self, effect: float, p: float) -> float:
        """How many participants make an effect, not 0, have a two-sided p value."""
        return deviate(p) ** 2 * self.unit_variance(effect) / effect**2

    def implied(self, n: float, p: float, sign: int) -> float:
        """The effect, on its own scale, nearest to none that has a p value in so many participants.

        Parameters
        ----------
        n : float
            Participants of both groups.
        p : float
            Two-sided.
        sign : {-1, 1}
            Side of the effect.

        Returns
        -------
        float
            NaN where no effect has it: with few participants no ratio is that far from 1 in its standard errors.
        """
        z = deviate(p)
        if z == 0:
            return 0.0
        if self.measure == "MD":
            return sign * z * math.sqrt(self.unit_variance(0.0) / n)
        if self.measure == "SMD":
            left = n - z**2 / 2
            return sign * z * math.sqrt((self.ratio + 1) ** 2 / self.ratio / left) if left > 0 else math.nan
        return self._crossing(n, z, sign)

    def _crossing(self, n: float, z: float, sign: int) -> float:
        """The first log ratio outwards from 0 that is z standard errors from it, by halving a step of a grid."""
        far = _FURTHEST
        if self.measure == "RR" and sign > 0:
            far = min(far, -math.log(self.baseline_risk or 1.0) * (1 - 1e-12))
        step = far / _STEPS

        def short(size: float) -> bool:
            return size**2 * n < z**2 * self.unit_variance(sign * size)

        place = next((index for index in range(1, _STEPS + 1) if not short(index * step)), None)
        if place is None:
            return math.nan
        low, high = (place - 1) * step, place * step
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if short(middle) else (low, middle)
        return sign * high

    def natural(self, effect: float) -> float:
        """An effect as it is printed."""
        return math.exp(effect) if self.measure in RATIOS else effect

    def analysed(self, natural: float) -> float:
        """A printed effect on the scale of its variance."""
        return math.log(natural) if self.measure in RATIOS else natural


def effective_number(n: float, p: float, sign: int, own: Setting, common: Setting) -> float:
    """How many participants a study would need for its effect and p value, had it the ratio and risk of the contours.

    Returns
    -------
    float
        NaN where its own setting has no effect with that p value, or the common one cannot have that effect; the
        number itself where p is 1.
    """
    effect = own.implied(n, p, sign)
    if effect == 0:
        return n
    if math.isnan(effect) or not common.possible(effect):
        return math.nan
    return n * common.unit_variance(effect) / own.unit_variance(effect)


def contour_sizes(setting: Setting, implied: list[float]) -> tuple[float, ...]:
    """Three natural sizes above no effect: half, once and one and a half times the median of the studies.

    Parameters
    ----------
    setting : Setting
    implied : list of float
        Effects of the studies on their own scale, any sign; those that are not finite are left out.

    Returns
    -------
    tuple of float
        On the natural scale; ratios above 1. A stock set where the median is small or there is none, as in the Stata
        command (for MD this package's own, in standard deviations).
    """
    sizes = [abs(effect) for effect in implied if math.isfinite(effect)]
    middle = median(sizes) if sizes else 0.0
    spread = setting.standard_deviation or 1.0
    if middle / 2 / spread < _LEAST[setting.measure]:
        return tuple(size * spread for size in _STOCK[setting.measure])
    return tuple(_rounded(setting.natural(middle * part)) for part in (0.5, 1.0, 1.5))


def _rounded(value: float) -> float:
    """Two significant figures, three where they begin with a 1."""
    figures = 3 if f"{value:e}".startswith("1") else 2
    return float(f"{value:.{figures}g}")


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a finite number, and no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
