"""Mean and SD of one group from its printed quantiles, with what their rounding allows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from synth.effects.intervals import Interval, figure
from synth.effects.reported.derivation import Derivation
from synth.effects.reported.printed import Figure, PrintedNumber, check_count, read_figure
from synth.effects.reported.quantile_estimation import QuantileFit, fit_quantiles
from synth.effects.reported.quantiles import (
    NAMES,
    Distribution,
    Method,
    QuantileMoments,
    moments_from_quantiles,
)
from synth.effects.reported.standard_deviations import LEAST_N_OF_QUANTILES, few_quartiles
from synth.errors import MethodError

Floats = NDArray[np.float64]
MomentMethod = Literal["luo-wan-shi", "wan", "quantile-estimation"]

_SOURCES = {
    "luo-wan-shi": "mean of Luo et al. (2018), the SD of Wan et al. (2014) or, with five figures, Shi et al. (2020)",
    "wan": "Wan et al. (2014), BMC Medical Research Methodology 14:135",
    "quantile-estimation": "McGrath et al. (2020), Statistical Methods in Medical Research 29:2520-2537",
    "log-normal": "Shi, Tong, Wang and Genton (2020), Statistics and Its Interface 13:519-531",
}
_WORDS = dict(
    zip(NAMES, ("smallest value", "lower quartile", "median", "upper quartile", "largest value"), strict=True)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedMoments:
    """Mean and SD that quantiles give.

    Attributes
    ----------
    mean : Derivation or None
        None where the median is unseen.
    sd : Derivation
        Same unit.
    scenario : str
        "S1" (smallest, median, largest), "S2" (quartiles and median) or "S3" (all five).
    family : str
        The distribution behind both: "normal" or "log-normal" as asked for, or the one that came closest.
    skewed : bool
        Whether the skewness test of Shi et al. (2023) speaks against the assumed distribution; false where it assumes
        none or cannot be made.
    """

    mean: Derivation | None
    sd: Derivation
    scenario: str
    family: str
    skewed: bool


def mean_and_sd_from_quantiles(
    *,
    n: int,
    minimum: Figure | None = None,
    q1: Figure | None = None,
    median: Figure | None = None,
    q3: Figure | None = None,
    maximum: Figure | None = None,
    method: MomentMethod = "luo-wan-shi",
    distribution: Distribution = "normal",
) -> DerivedMoments:
    """Mean and SD of one group from smallest and largest value, quartiles and median, or some of them.

    Parameters
    ----------
    n : int
        Values; at least 5.
    minimum, q1, median, q3, maximum : str or float, optional
        As printed. Either both ends, or both quartiles, or all four, with the median where it is known.
    method : {"luo-wan-shi", "wan", "quantile-estimation"}
        The first two assume the distribution; the last fits several and takes the closest (it needs the median).
    distribution : {"normal", "log-normal"}
        For "luo-wan-shi".

    Returns
    -------
    DerivedMoments
        The ranges are exact for a normal distribution; otherwise they are the extremes over the ends (log-normal: and
        middles) of what each figure's rounding allows. Where the skewness test speaks against the distribution, the
        derivations carry a caution.

    Raises
    ------
    MethodError
        If the figures make no scenario, are not in rising order, n is below 5, or the method cannot be used on them.

    References
    ----------
    As for `moments_from_quantiles` and `fit_quantiles`.
    """
    if method not in ("luo-wan-shi", "wan", "quantile-estimation"):
        raise MethodError(f"method {method!r}: 'luo-wan-shi', 'wan' or 'quantile-estimation' is expected")
    size = check_count(n, LEAST_N_OF_QUANTILES)
    given = dict(zip(NAMES, (minimum, q1, median, q3, maximum), strict=True))
    printed = {name: read_figure(value, _WORDS[name]) for name, value in given.items() if value is not None}
    if method == "quantile-estimation":
        return _by_estimation(printed, size)
    return _by_formula(printed, size, method, distribution)


def _by_formula(
    printed: dict[str, PrintedNumber], n: int, method: Method, distribution: Distribution
) -> DerivedMoments:
    found = _moments(printed, n, np.array([[item.value for item in printed.values()]]), method, distribution)
    if not found.scenario[0] or np.isnan(found.sd[0]):
        raise MethodError(f"quantiles {_listed(printed)}: {found.reason[0]}")
    allowed = _moments(printed, n, _points(printed, middles=distribution == "log-normal"), method, distribution)
    source = _SOURCES["log-normal" if distribution == "log-normal" else method]
    assumption = f"the values follow a {distribution} distribution"
    cautions = (*_cautions(found, distribution), *(few_quartiles(n) if found.scenario[0] == "S2" else ()))
    mean, sd = (
        _derivation(quantity, float(values[0]), _extremes(over), printed, n, assumption, source, cautions)
        for quantity, values, over in (("mean", found.mean, allowed.mean), ("standard deviation", found.sd, allowed.sd))
    )
    return DerivedMoments(
        mean=mean if "median" in printed else None,
        sd=sd,
        scenario=found.scenario[0],
        family=distribution,
        skewed=bool(found.skewed[0]),
    )


def _cautions(found: QuantileMoments, distribution: Distribution) -> tuple[str, ...]:
    if not found.skewed[0]:
        return ()
    numbers = f"statistic {figure(float(found.statistic[0]))}, critical value {figure(float(found.critical_value[0]))}"
    return (f"The skewness test of Shi et al. (2023) speaks against a {distribution} distribution here ({numbers}).",)


def _points(printed: dict[str, PrintedNumber], *, middles: bool) -> Floats:
    """Every combination of the ends of the roundings, put in rising order where roundings overlap."""
    ends = [
        sorted({item.low, item.high, *([(item.low + item.high) / 2] if middles else [])}) for item in printed.values()
    ]
    return np.maximum.accumulate(np.array(list(product(*ends)), dtype=float), axis=1)


def _moments(
    printed: dict[str, PrintedNumber], n: int, points: Floats, method: Method, distribution: Distribution
) -> QuantileMoments:
    if distribution == "log-normal":
        smallest = min((item.value for item in printed.values()), default=1.0)
        # The rounding of a small figure may reach below 0, where the distribution has no values.
        points = np.maximum(points, min(smallest, 0.0) if smallest <= 0 else smallest * 1e-3)
    columns = dict(zip(printed, points.T, strict=True))
    return moments_from_quantiles(
        n=np.full(len(points), float(n)),
        method=method,
        distribution=distribution,
        labels=[_listed(printed)] * len(points),
        **columns,
    )


def _listed(printed: dict[str, PrintedNumber]) -> str:
    return ", ".join(f"{_WORDS[name]} {item.text}" for name, item in printed.items()) or "(none given)"


def _extremes(values: Floats) -> Interval:
    seen = values[~np.isnan(values)]
    return (float(seen.min()), float(seen.max())) if len(seen) else (math.nan, math.nan)


def _by_estimation(printed: dict[str, PrintedNumber], n: int) -> DerivedMoments:
    scenario = {NAMES: "S3", NAMES[0::2]: "S1", NAMES[1:4]: "S2"}.get(tuple(printed))
    if scenario is None:
        raise MethodError(
            f"quantiles {_listed(printed)}: quantile estimation needs the median with the smallest and largest value, "
            f"with both quartiles, or with all four"
        )
    # The smallest and largest of n values are taken as the quantiles 1/n and 1 - 1/n, as the method's authors do.
    every = {"minimum": 1 / n, "q1": 0.25, "median": 0.5, "q3": 0.75, "maximum": 1 - 1 / n}
    probabilities = np.array([every[name] for name in printed])
    best = fit_quantiles(np.array([item.value for item in printed.values()]), probabilities)
    fits = [best, *_other_fits(printed, probabilities)]
    assumption = f"the values follow the distribution that came closest of those fitted, a {best.family} one"
    mean, sd = (
        _derivation(
            quantity, value, (min(over), max(over)), printed, n, assumption, _SOURCES["quantile-estimation"], ()
        )
        for quantity, value, over in (
            ("mean", best.mean, [fit.mean for fit in fits]),
            ("standard deviation", best.sd, [fit.sd for fit in fits]),
        )
    )
    return DerivedMoments(mean=mean, sd=sd, scenario=scenario, family=best.family, skewed=False)


def _other_fits(printed: dict[str, PrintedNumber], probabilities: Floats) -> list[QuantileFit]:
    """Fits at the ends of the roundings; ends where all figures are equal or fall below 0 by rounding are left out."""
    nonnegative = min(item.value for item in printed.values()) >= 0
    points = _points(printed, middles=False)
    points = np.maximum(points, 0.0) if nonnegative else points
    return [fit_quantiles(point, probabilities) for point in points if point[0] < point[-1]]


def _derivation(
    quantity: str,
    value: float,
    rounding_range: Interval,
    printed: dict[str, PrintedNumber],
    n: int,
    assumption: str,
    source: str,
    cautions: tuple[str, ...],
) -> Derivation:
    names = "quartiles and range" if len(printed) >= 4 else "quartiles" if "q1" in printed else "range"
    distribution = "a fitted" if "closest" in assumption else "log-normal" if "log-normal" in assumption else "normal"
    what = "SD" if quantity == "standard deviation" else "mean"
    return Derivation(
        quantity=quantity,
        value=value,
        rounding_range=(min(rounding_range[0], value), max(rounding_range[1], value)),
        method=f"{what} from the printed {names}{' and median' if 'median' in printed else ''}",
        inputs=(*((_WORDS[name], item.text) for name, item in printed.items()), ("n", n)),
        assumption=assumption,
        source=source,
        mark=f"{what} derived from the {names}, {distribution} distribution assumed",
        cautions=cautions,
    )
