"""Time the Bayesian model against scipy.integrate.quad doing the same fit, in one run.

    python benchmarks/bench_bayes.py             # 1,000 fits of five studies, five turns
    python benchmarks/bench_bayes.py --turns 9

A fit is the posterior medians and 95% intervals of mu and tau of five invented studies with a half-normal prior. Ours
is one call of `bayesian_many` for all data sets, with shortest intervals (the dearer ones). The peer fits some of them
one by one, by adaptive quadrature over tau for every value of a distribution function and a root of it for every limit,
with intervals of equal tails. Ways take turns; a time is the median of the turns. Results are held against the peer's
in the same run, because a fast wrong answer is none. The exit status is 1 if a limit is missed or a result differs. The
machine should have nothing else to do.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import ndtr

from synth.synthesis.bayes import bayesian_many
from synth.synthesis.priors import half_normal

FITS, STUDIES, PEER_FITS = 1_000, 5, 3
SCALE = 0.5
LIMIT = 2.0  # seconds for all fits
AT_LEAST = 20.0  # times as fast as the peer, for one fit
AGREED = 1e-6
SHARES = (0.025, 0.5, 0.975)


def data() -> tuple[Any, Any]:
    """Invented estimates and variances of the size of log odds ratios."""
    rng = np.random.default_rng(20_150)
    variances = rng.uniform(0.02, 0.5, (FITS, STUDIES))
    return rng.normal(0.3, np.sqrt(variances + 0.1)), variances


def peer(y: Any, v: Any) -> list[float]:
    """Median and central interval of mu, then of tau."""

    def posterior(tau: float, x: float | None = None) -> float:
        weights = 1 / (v + tau**2)
        precision = weights.sum()
        mean = (weights * y).sum() / precision
        height = math.exp(-0.5 * (weights * (y - mean) ** 2).sum() - 0.5 * (tau / SCALE) ** 2)
        height *= math.sqrt(weights.prod() / precision)
        return height if x is None else height * float(ndtr((x - mean) * math.sqrt(precision)))

    end = 9 * SCALE
    accurate = {"epsabs": 0.0, "epsrel": 1e-9, "limit": 200}
    total = quad(posterior, 0, end, **accurate)[0]
    found = []
    for share in SHARES:
        found.append(
            brentq(lambda x, p=share: quad(posterior, 0, end, args=(x,), **accurate)[0] / total - p, -20, 20, xtol=1e-9)
        )
    for share in SHARES:
        found.append(brentq(lambda t, p=share: quad(posterior, 0, t, **accurate)[0] / total - p, 0, end, xtol=1e-9))
    return found


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a call takes, and its result."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def difference(y: Any, v: Any, fits: list[list[float]]) -> float:
    """Largest difference between ours and the peer's, both with central intervals."""
    many = bayesian_many(y[: len(fits)], v[: len(fits)], prior=half_normal(SCALE), interval="central")
    ours = np.stack([many.mu_low, many.mu_median, many.mu_high, many.tau_low, many.tau_median, many.tau_high], axis=1)
    return float(np.abs(ours - np.array(fits)).max())


def main() -> int:
    """Print times, ratio and agreement."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    y, v = data()
    prior = half_normal(SCALE)
    bayesian_many(y[:2], v[:2], prior=prior)  # the first call fills caches
    ours, theirs, fits = [], [], []
    for _ in range(options.turns):
        ours.append(timed(lambda: bayesian_many(y, v, prior=prior))[0])
        seconds, fits = timed(lambda: [peer(y[row], v[row]) for row in range(PEER_FITS)])
        theirs.append(seconds / PEER_FITS)
    seconds, ratio = statistics.median(ours), statistics.median(b * FITS / a for a, b in zip(ours, theirs, strict=True))
    apart = difference(y, v, fits)
    checks = [
        (f"{FITS:,} fits of k = {STUDIES}: {seconds:.2f} s (limit {LIMIT:g} s)", seconds <= LIMIT),
        (f"one fit: {ratio:.0f} times as fast as scipy.integrate.quad (at least {AT_LEAST:g})", ratio >= AT_LEAST),
        (f"largest difference from it: {apart:.1e} (at most {AGREED:g})", apart <= AGREED),
    ]
    for words, good in checks:
        print(f"{'ok    ' if good else 'MISSED'} {words}")
    return 0 if all(good for _, good in checks) else 1


if __name__ == "__main__":
    raise SystemExit(main())
