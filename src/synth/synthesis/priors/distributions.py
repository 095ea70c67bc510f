"""Prior distributions of tau, the standard deviation between studies.

There is no default prior: whoever asks for a Bayesian summary names one and says why. Every prior here is proper, so
that the posterior is proper with any number of studies and with a uniform prior for the mean: the likelihood with the
mean integrated out is bounded where every sampling variance is above 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincinv, erf, erfinv, gammaln, ndtr, ndtri, stdtr, stdtrit

from synth.effects.intervals import is_number
from synth.errors import MethodError
from synth.synthesis.linear import FloatArray, as_floats

Family = Literal["half-normal", "half-Cauchy", "half-t", "uniform", "log-normal", "log-t"]

#: Scale of the logarithm of tau above which a prior would spread over more than forty orders of magnitude.
_LOG_SCALE = 5.0
#: The narrowest: beyond it the logarithm of tau has too few digits.
_NARROWEST = 1e-6
#: Scales of tau that doubles hold together with their squares.
_SMALLEST, _LARGEST = 1e-100, 1e100


@dataclass(frozen=True, kw_only=True)
class Prior:
    """A proper prior distribution of tau, on the scale of the estimates.

    Made by `half_normal` and its neighbours, by `empirical_prior`, or from a protocol by `prior_from`.

    Attributes
    ----------
    family : str
        "half-normal", "half-Cauchy", "half-t", "uniform", "log-normal" or "log-t".
    scale : float
        Of the half distributions in the unit of the estimates; the upper end of the uniform; of the logarithm of tau
        for the last two.
    location : float
        Of the logarithm of tau; 0 and unused for the others.
    df : float
        Degrees of freedom of half-t and log-t; infinite and unused for the others.
    reason : str
        Why this prior, in the analyst's words.
    source : str
        Where a published prior was read; empty where the analyst gave it.
    cautions : tuple of str
        Short sentences that go with the prior into the marks of a fit.
    """

    family: Family
    scale: float
    location: float = 0.0
    df: float = field(default=math.inf)
    reason: str = ""
    source: str = ""
    cautions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, text in (("reason", self.reason), ("source", self.source)):
            if not isinstance(text, str):
                raise MethodError(f"{self.family} prior: {name} = {text!r}: a text is expected")

    def log_density(self, tau: ArrayLike) -> FloatArray:
        """Natural logarithm of the density at tau; minus infinity outside the support."""
        t = as_floats(np.asarray(tau, dtype=float))
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            inside = self._log_density(np.abs(t))
        return np.where((t >= 0) & np.isfinite(t), inside, -np.inf)

    def _log_density(self, t: FloatArray) -> FloatArray:
        if self.family == "uniform":
            return np.where(t <= self.scale, -math.log(self.scale), -np.inf)
        if self.family in ("log-normal", "log-t"):
            logarithm = np.log(t)
            z = (logarithm - self.location) / self.scale
            inside = _log_normal_kernel(z) if self.family == "log-normal" else _log_t_kernel(z, self.df)
            return np.where(t > 0, inside - logarithm - math.log(self.scale), -np.inf)
        z = t / self.scale
        kernel = _log_normal_kernel(z) if self.family == "half-normal" else _log_t_kernel(z, self._half_df)
        return as_floats(kernel + math.log(2.0) - math.log(self.scale))

    @property
    def _half_df(self) -> float:
        return 1.0 if self.family == "half-Cauchy" else self.df

    def density(self, tau: ArrayLike) -> FloatArray:
        """Density at tau; 0 outside the support."""
        return as_floats(np.exp(self.log_density(tau)))

    def cdf(self, tau: ArrayLike) -> FloatArray:
        """Probability of a tau of at most this, to full relative precision near 0."""
        t = as_floats(np.maximum(np.asarray(tau, dtype=float), 0.0))
        if self.family == "uniform":
            return as_floats(np.minimum(t / self.scale, 1.0))
        if self.family in ("log-normal", "log-t"):
            with np.errstate(divide="ignore"):
                z = (np.log(t) - self.location) / self.scale
            return as_floats(ndtr(z) if self.family == "log-normal" else stdtr(self.df, z))
        z = t / self.scale
        if self.family == "half-normal":
            return as_floats(erf(z / math.sqrt(2.0)))
        with np.errstate(over="ignore", divide="ignore"):
            ratio = 1.0 / (1.0 + self._half_df / np.square(z))
        return as_floats(betainc(0.5, self._half_df / 2, ratio))

    def quantile(self, p: ArrayLike) -> FloatArray:
        """The tau with this probability below it.

        Raises
        ------
        MethodError
            If a probability is outside 0 to 1.
        """
        share = probabilities(p)
        if self.family == "uniform":
            return as_floats(share * self.scale)
        if self.family in ("log-normal", "log-t"):
            z = ndtri(share) if self.family == "log-normal" else stdtrit(self.df, share)
            with np.errstate(over="ignore"):
                inside = np.exp(self.location + self.scale * z)
            return as_floats(np.where(share == 1, np.inf, np.where(share == 0, 0.0, inside)))
        if self.family == "half-normal":
            return as_floats(self.scale * math.sqrt(2.0) * erfinv(share))
        return self._half_t_quantile(share)

    def _half_t_quantile(self, share: FloatArray) -> FloatArray:
        df = self._half_df
        # Beyond the median by the other tail, where the share that is left keeps its digits.
        with np.errstate(divide="ignore", over="ignore"):
            low = betaincinv(0.5, df / 2, share)
            left = betaincinv(df / 2, 0.5, 1.0 - share)
            odds = np.where(share < 0.5, low / (1.0 - low), (1.0 - left) / left)
        return as_floats(np.where(share == 1, np.inf, self.scale * np.sqrt(df * odds)))

    def scaled(self, factor: float) -> Prior:
        """The same prior with tau multiplied by the factor: of a scale, of an upper end, of the median.

        A published prior is then no longer the published one, and its source says so.

        Raises
        ------
        MethodError
            If the factor is not a number above 0.
        """
        if not (is_number(factor) and factor > 0):
            raise MethodError(f"factor = {factor!r}: a number above 0 is expected")
        if factor == 1 or not self.source:
            return self._times(factor)
        source = f"a sensitivity analysis and not published: scale times {factor:g} of {self.source}"
        return replace(self._times(factor), source=source)

    def in_unit(self, unit: float) -> Prior:
        """The same distribution for a tau that is counted in units of this size, above 0."""
        return self._times(1 / unit)

    def _times(self, factor: float) -> Prior:
        if self.family in ("log-normal", "log-t"):
            return replace(self, location=self.location + math.log(factor))
        return replace(self, scale=self.scale * factor)

    @property
    def tail(self) -> float:
        """The power d with which the density falls, as tau to the -(d + 1); infinite where it falls faster."""
        if self.family == "log-t":
            return 0.0
        return self._half_df if self.family in ("half-Cauchy", "half-t") else math.inf

    @property
    def log_centre(self) -> float:
        """Logarithm of the tau about which the prior lies."""
        return self.location if self.family in ("log-normal", "log-t") else math.log(self.scale)

    def words(self) -> str:
        """The prior in a few characters, as "half-normal(0.5)"."""
        if self.family == "uniform":
            return f"uniform(0, {self.scale:g})"
        if self.family == "log-normal":
            return f"log-normal({self.location:g}, {self.scale:g})"
        if self.family == "log-t":
            return f"log-t({self.location:g}, {self.scale:g}; {self.df:g} df)"
        if self.family == "half-t":
            return f"half-t({self.scale:g}; {self.df:g} df)"
        return f"{self.family}({self.scale:g})"

    def to_dict(self) -> dict[str, Any]:
        """The parameters, the words, the reason and the source."""
        return {
            "family": self.family,
            "scale": self.scale,
            "location": self.location if self.family in ("log-normal", "log-t") else None,
            "df": self.df if self.family in ("half-t", "log-t") else None,
            "words": self.words(),
            "median": float(self.quantile(0.5)),
            "upper_95": float(self.quantile(0.95)),
            "reason": self.reason,
            "source": self.source,
            "cautions": list(self.cautions),
        }


def _log_normal_kernel(z: FloatArray) -> FloatArray:
    return as_floats(-0.5 * np.square(z) - 0.5 * math.log(2 * math.pi))


def _log_t_kernel(z: FloatArray, df: float) -> FloatArray:
    constant = float(gammaln((df + 1) / 2) - gammaln(df / 2)) - 0.5 * math.log(df * math.pi)
    # The root of the square keeps a z of 1e200 from overflowing.
    return as_floats(constant - (df + 1) * np.log(np.hypot(1.0, z / math.sqrt(df))))


def probabilities(p: ArrayLike) -> FloatArray:
    """Probabilities as an array.

    Raises
    ------
    MethodError
        If one is outside 0 to 1, or is no number.
    """
    try:
        share = np.asarray(p, dtype=float)
    except (TypeError, ValueError) as error:
        raise MethodError(f"probability {p!r}: a number from 0 to 1 is expected") from error
    if not ((share >= 0) & (share <= 1)).all():
        raise MethodError(f"probability {p!r}: a number from 0 to 1 is expected")
    return share


def half_normal(scale: float, *, reason: str = "") -> Prior:
    """The absolute value of a normal variate with mean 0 and this standard deviation."""
    return Prior(family="half-normal", scale=_scale(scale, "half-normal"), reason=reason)


def half_cauchy(scale: float, *, reason: str = "") -> Prior:
    """The absolute value of a Cauchy variate about 0 with this scale, which is the prior's median."""
    return Prior(family="half-Cauchy", scale=_scale(scale, "half-Cauchy"), reason=reason)


def half_t(scale: float, df: float, *, reason: str = "") -> Prior:
    """The absolute value of a t variate times the scale.

    Raises
    ------
    MethodError
        If the scale is not above 0, or there is less than 1 degree of freedom, where the tail would be heavier than
        the half-Cauchy's.
    """
    if not (is_number(df) and 1 <= df <= 1e6):
        raise MethodError(f"half-t prior: df = {df!r}: a number from 1 to 1,000,000 is expected")
    return Prior(family="half-t", scale=_scale(scale, "half-t"), df=float(df), reason=reason)


def uniform(upper: float, *, reason: str = "") -> Prior:
    """Every tau from 0 to the upper end alike; without an end it would be no distribution, and is not offered."""
    return Prior(family="uniform", scale=_scale(upper, "uniform", "upper"), reason=reason)


def log_normal(location: float, scale: float, *, reason: str = "") -> Prior:
    """The logarithm of tau is normal; for a log-normal prior of tau2 halve both numbers.

    Raises
    ------
    MethodError
        If the location is not a number, or the scale is not above 0 and at most 5.
    """
    place, spread = _log_parameters(location, scale, "log-normal")
    return Prior(family="log-normal", location=place, scale=spread, reason=reason)


def log_t(location: float, scale: float, df: float, *, reason: str = "") -> Prior:
    """The logarithm of tau is a t variate times the scale about the location; for tau2 halve both numbers.

    Raises
    ------
    MethodError
        If a number is out of range; at least 3 degrees of freedom are expected.
    """
    place, spread = _log_parameters(location, scale, "log-t")
    if not (is_number(df) and 3 <= df <= 1e6):
        raise MethodError(f"log-t prior: df = {df!r}: a number from 3 to 1,000,000 is expected")
    return Prior(family="log-t", location=place, scale=spread, df=float(df), reason=reason)


def _scale(value: float, family: str, name: str = "scale") -> float:
    if not (is_number(value) and _SMALLEST < value < _LARGEST):
        raise MethodError(f"{family} prior: {name} = {value!r}: a number above 0, in the unit of tau, is expected")
    return float(value)


def _log_parameters(location: float, scale: float, family: str) -> tuple[float, float]:
    if not (is_number(location) and abs(location) < math.log(_LARGEST)):
        raise MethodError(f"{family} prior: location = {location!r}: the logarithm of a tau is expected")
    if not (is_number(scale) and _NARROWEST <= scale <= _LOG_SCALE):
        raise MethodError(
            f"{family} prior: scale = {scale!r}: a number from {_NARROWEST:g} to {_LOG_SCALE:g} is "
            "expected, which is the spread of the logarithm of tau"
        )
    return float(location), float(scale)
