"""Prior distributions of tau by name, and from a protocol (see `synth.synthesis.priors.distributions`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from synth.errors import MethodError
from synth.synthesis.priors.distributions import (
    Prior,
    half_cauchy,
    half_normal,
    half_t,
    log_normal,
    log_t,
    uniform,
)
from synth.synthesis.priors.empirical import empirical_prior

__all__ = [
    "Prior",
    "empirical_prior",
    "half_cauchy",
    "half_normal",
    "half_t",
    "log_normal",
    "log_t",
    "prior_from",
    "uniform",
]

#: What each distribution of a protocol is made by, and needs.
_MAKERS: dict[str, tuple[Callable[..., Prior], tuple[str, ...]]] = {
    "half-normal": (half_normal, ("scale",)),
    "half-cauchy": (half_cauchy, ("scale",)),
    "half-t": (half_t, ("scale", "df")),
    "uniform": (uniform, ("upper",)),
    "log-normal": (log_normal, ("location", "scale")),
}


def prior_from(spec: Mapping[str, Any]) -> Prior:
    """The prior that a protocol gives.

    Parameters
    ----------
    spec : mapping
        `distribution` ("half-normal", "half-cauchy", "half-t", "uniform", "log-normal", or "empirical"), its numbers
        (`scale`; `scale` and `df`; `upper`; `location` and `scale`; for an empirical prior what `empirical_prior`
        takes), and `reason`, which may be left out for an empirical prior only: that one has a source.

    Raises
    ------
    MethodError
        If the distribution is unknown, a number is missing, out of range or of no use there, or no reason is given.
    """
    if not isinstance(spec, Mapping):
        raise MethodError(f"prior {spec!r}: a mapping with `distribution`, its numbers and `reason` is expected")
    name = spec.get("distribution")
    known = (*_MAKERS, "empirical")
    if not isinstance(name, str) or name.lower() not in known:
        raise MethodError(f"prior: distribution {name!r}: one of {', '.join(known)} is expected")
    name = name.lower()
    given = {key: value for key, value in spec.items() if key not in ("distribution", "reason")}
    reason = _reason(spec.get("reason", ""), name)
    if name == "empirical":
        _check_keys(given, ("measure",), ("outcome", "comparators", "area"), name)
        return replace(empirical_prior(**given), reason=reason)
    make, needed = _MAKERS[name]
    _check_keys(given, needed, (), name)
    return make(**given, reason=reason)


def _reason(reason: object, name: str) -> str:
    if not isinstance(reason, str) or (name != "empirical" and not reason.strip()):
        raise MethodError(
            f"prior {name}: reason = {reason!r}: a sentence is expected that says why this prior; there is no default "
            "prior, because with few studies the result rests on it"
        )
    return reason.strip()


def _check_keys(given: Mapping[str, object], needed: tuple[str, ...], allowed: tuple[str, ...], name: str) -> None:
    missing = [key for key in needed if given.get(key) is None]
    if missing:
        raise MethodError(f"prior {name}: {' and '.join(missing)} missing")
    surplus = [str(key) for key in given if key not in (*needed, *allowed)]
    if surplus:
        raise MethodError(f"prior {name}: {', '.join(surplus)}: of no use there; {', '.join(needed)} is expected")
