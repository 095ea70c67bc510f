"""Priors of tau: against scipy.stats, scaled, from a protocol, and refused."""

from __future__ import annotations

import json
import math
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
import scipy.stats as st

from synth.errors import MethodError
from synth.synthesis.priors import (
    Prior,
    half_cauchy,
    half_normal,
    half_t,
    log_normal,
    log_t,
    prior_from,
    uniform,
)

LAWS: dict[str, tuple[Prior, Any]] = {
    "half-normal(0.5)": (half_normal(0.5), st.halfnorm(scale=0.5)),
    "half-Cauchy(25)": (half_cauchy(25), st.halfcauchy(scale=25)),
    "uniform(0, 4)": (uniform(4), st.uniform(0, 4)),
    "log-normal(-1.28, 0.87)": (log_normal(-1.28, 0.87), st.lognorm(0.87, scale=np.exp(-1.28))),
}
TAILS = (1e-5, 0.001, 0.2, 0.5, 0.8, 0.999, 1 - 1e-6)


@pytest.mark.parametrize("words", LAWS)
def test_density_distribution_and_quantile_are_scipys(words: str) -> None:
    prior, law = LAWS[words]
    tau = law.ppf(TAILS)
    assert prior.quantile(TAILS) == pytest.approx(tau, rel=1e-9, abs=0)
    assert prior.cdf(tau) == pytest.approx(TAILS, rel=1e-9, abs=0)
    assert prior.density(tau) == pytest.approx(law.pdf(tau), rel=1e-9, abs=0)
    assert prior.log_density(tau) == pytest.approx(law.logpdf(tau), rel=1e-9, abs=0)
    assert prior.words() == words


def test_half_t_is_the_folded_t() -> None:
    prior, law = half_t(2, 3.5), st.t(3.5, scale=2)
    tau = law.ppf((1 + np.array(TAILS[1:])) / 2)
    assert prior.quantile(TAILS[1:]) == pytest.approx(tau, rel=1e-7, abs=0)
    assert prior.cdf(tau) == pytest.approx(TAILS[1:], rel=1e-9, abs=0)
    assert prior.density(tau) == pytest.approx(2 * law.pdf(tau), rel=1e-9, abs=0)
    assert half_t(2, 1).cdf(tau) == pytest.approx(half_cauchy(2).cdf(tau), rel=1e-12, abs=0)
    assert prior.words() == "half-t(2; 3.5 df)"


@pytest.mark.parametrize("prior", [half_normal(0.5), half_cauchy(25), half_t(2, 3.5), uniform(4)])
def test_near_zero_the_distribution_function_is_the_density_times_tau(prior: Prior) -> None:
    # A difference from 1/2 or from 1 would lose it.
    height = float(prior.density(0.0))
    assert float(prior.cdf(1e-14)) == pytest.approx(1e-14 * height, rel=1e-9, abs=0)
    assert float(prior.quantile(1e-14)) == pytest.approx(1e-14 / height, rel=1e-9, abs=0)


def test_log_t_is_a_t_distribution_of_the_logarithm() -> None:
    prior, law = log_t(-1.72, 1.295, 5), st.t(5, loc=-1.72, scale=1.295)
    z = law.ppf(TAILS)
    assert prior.cdf(np.exp(z)) == pytest.approx(TAILS, rel=1e-9, abs=0)
    assert np.log(prior.quantile(TAILS)) == pytest.approx(z, rel=1e-9, abs=0)
    assert prior.density(np.exp(z)) == pytest.approx(law.pdf(z) / np.exp(z), rel=1e-9, abs=0)
    assert prior.words() == "log-t(-1.72, 1.295; 5 df)"


@pytest.mark.parametrize("prior", [*(law[0] for law in LAWS.values()), half_t(2, 4), log_t(0, 1, 5)])
def test_ends_of_the_support(prior: Prior) -> None:
    assert float(prior.cdf(0.0)) == 0.0
    assert float(prior.cdf(-1.0)) == 0.0
    assert float(prior.density(-1.0)) == 0.0
    assert float(prior.density(np.inf)) == 0.0
    assert float(prior.quantile(0.0)) == 0.0
    assert float(prior.quantile(1.0)) == (4.0 if prior.family == "uniform" else np.inf)
    assert float(prior.cdf(1e300)) == 1.0 or prior.family == "log-t"


@pytest.mark.parametrize("prior", [*(law[0] for law in LAWS.values()), half_t(2, 4), log_t(0, 1, 5)])
@pytest.mark.parametrize("factor", [0.5, 2.0, 8.0])
def test_a_scaled_prior_is_that_of_tau_times_the_factor(prior: Prior, factor: float) -> None:
    scaled = prior.scaled(factor)
    assert scaled.quantile([0.1, 0.5, 0.95]) == pytest.approx(
        factor * prior.quantile([0.1, 0.5, 0.95]), rel=1e-12, abs=0
    )
    assert scaled.family == prior.family


def test_scaling_keeps_reason_and_source() -> None:
    scaled = half_normal(0.5, reason="invented for a test").scaled(2)
    assert scaled.reason == "invented for a test"
    assert scaled.scale == 1.0


def test_a_prior_cannot_be_changed_and_goes_into_json() -> None:
    prior = half_t(0.5, 3, reason="invented")
    with pytest.raises(FrozenInstanceError):
        prior.scale = 2.0  # type: ignore[misc]
    held = json.loads(json.dumps(prior.to_dict(), allow_nan=False))
    assert held["words"] == "half-t(0.5; 3 df)"
    assert held["df"] == 3
    assert held["location"] is None
    assert held["median"] == pytest.approx(float(st.t(3, scale=0.5).ppf(0.75)))
    assert log_normal(-1, 1).to_dict()["location"] == -1
    assert half_normal(1).to_dict()["df"] is None
    json.dumps(half_normal(1).to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: half_normal(0), r"half-normal prior: scale = 0: a number above 0"),
        (lambda: half_normal(-1), r"scale = -1"),
        (lambda: half_normal(math.nan), r"scale = nan"),
        (lambda: half_cauchy(math.inf), r"half-Cauchy prior: scale = inf"),
        (lambda: half_cauchy("1"), r"scale = '1'"),
        (lambda: half_t(1, 0.5), r"half-t prior: df = 0.5: a number from 1"),
        (lambda: half_t(1, math.inf), r"df = inf"),
        (lambda: half_t(True, 4), r"scale = True"),
        (lambda: uniform(0), r"uniform prior: upper = 0"),
        (lambda: log_normal(math.inf, 1), r"log-normal prior: location = inf"),
        (lambda: log_normal(0, 0), r"log-normal prior: scale = 0"),
        (lambda: log_normal(0, 6), r"scale = 6: a number from 1e-06 to 5"),
        (lambda: log_t(0, 1, 2), r"log-t prior: df = 2: a number from 3"),
        (lambda: half_normal(1).scaled(0), r"factor = 0: a number above 0"),
        (lambda: half_normal(1).quantile(1.2), r"probability 1.2: a number from 0 to 1"),
        (lambda: half_normal(1).quantile("x"), r"probability 'x'"),
    ],
)
def test_numbers_out_of_range_are_refused(make: Any, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        make()


@pytest.mark.parametrize(
    ("spec", "prior"),
    [
        ({"distribution": "half-normal", "scale": 0.5}, half_normal(0.5)),
        ({"distribution": "Half-Cauchy", "scale": 2}, half_cauchy(2)),
        ({"distribution": "half-t", "scale": 1, "df": 4}, half_t(1, 4)),
        ({"distribution": "uniform", "upper": 10}, uniform(10)),
        ({"distribution": "log-normal", "location": -1, "scale": 0.8}, log_normal(-1, 0.8)),
    ],
)
def test_a_protocol_gives_a_prior(spec: dict[str, Any], prior: Prior) -> None:
    made = prior_from({**spec, "reason": " invented "})
    assert (made.family, made.scale, made.location, made.df) == (prior.family, prior.scale, prior.location, prior.df)
    assert made.reason == "invented"


def test_a_protocol_gives_an_empirical_prior_without_a_reason() -> None:
    prior = prior_from({"distribution": "empirical", "measure": "OR"})
    assert prior.location == pytest.approx(-1.28)
    assert "Turner" in prior.source
    assert prior.reason == ""


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"distribution": "gamma", "scale": 1, "reason": "x"}, "distribution 'gamma': one of half-normal, half-cauchy"),
        ({"scale": 1, "reason": "x"}, "distribution None"),
        ({"distribution": 3, "reason": "x"}, "distribution 3"),
        ({"distribution": "half-normal", "reason": "x"}, "prior half-normal: scale missing"),
        ({"distribution": "half-t", "reason": "x"}, "scale and df missing"),
        ({"distribution": "half-normal", "scale": 0, "reason": "x"}, "scale = 0: a number above 0"),
        ({"distribution": "half-normal", "scale": 1}, "reason = '': a sentence is expected"),
        ({"distribution": "half-normal", "scale": 1, "reason": "  "}, "there is no default prior"),
        ({"distribution": "half-normal", "scale": 1, "reason": None}, "reason = None"),
        ({"distribution": "half-normal", "scale": 1, "df": 3, "reason": "x"}, "df: of no use there; scale is expected"),
        ({"distribution": "empirical"}, "prior empirical: measure missing"),
        ({"distribution": "empirical", "measure": "RR"}, "measure 'RR'"),
        ({"distribution": "empirical", "measure": "OR", "reason": 4}, "reason = 4"),
        ("half-normal", "a mapping with `distribution`"),
    ],
)
def test_a_bad_protocol_is_refused(spec: Any, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        prior_from(spec)
