"""Published empirical priors: numbers as read, and settings that are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from synth.errors import MethodError
from synth.synthesis.priors import empirical_prior
from synth.synthesis.priors.empirical import _RHODES_OUTCOMES, _RHODES_TABLE, _TURNER_TABLE, AREAS, COMPARATORS

DRUG, OTHER, CONTROL = COMPARATORS


def test_the_general_settings_are_those_of_the_papers_halved_for_tau() -> None:
    # tau2: log-normal(-2.56, 1.74) (Turner et al. 2015) and log-t(-3.44, 2.59) with 5 df (Rhodes et al. 2015).
    ratio, difference = empirical_prior("OR"), empirical_prior("SMD")
    assert (ratio.family, ratio.location, ratio.scale) == ("log-normal", -1.28, 0.87)
    assert (difference.family, difference.location, difference.scale, difference.df) == ("log-t", -1.72, 1.295, 5)
    assert "Turner" in ratio.source
    assert "Rhodes" in difference.source
    assert ratio.reason == ""


@pytest.mark.parametrize(
    ("outcome", "comparators", "location", "scale"),
    [
        ("all-cause mortality", (DRUG, CONTROL), -3.95, 1.34),
        ("all-cause mortality", (CONTROL, DRUG), -3.95, 1.34),
        ("all-cause mortality", (DRUG, OTHER), -2.92, 1.02),
        ("surgical or device success or failure", (DRUG, CONTROL), -2.14, 1.74),
        ("pain", (OTHER, OTHER), -1.38, 1.45),
        ("pain", (DRUG, DRUG), -2.06, 1.58),
        ("mental health", (OTHER, CONTROL), -2.34, 1.72),
    ],
)
def test_settings_of_the_odds_ratio(outcome: str, comparators: tuple[str, str], location: float, scale: float) -> None:
    prior = empirical_prior("OR", outcome=outcome, comparators=comparators)
    assert prior.location == pytest.approx(location / 2)
    assert prior.scale == pytest.approx(scale / 2)
    assert outcome in prior.source
    assert prior.cautions == ()


@pytest.mark.parametrize(
    ("outcome", "comparators", "area", "location", "scale"),
    [
        ("obstetric", (DRUG, CONTROL), "other", -4.13, 2.34),
        ("obstetric", (DRUG, DRUG), "respiratory", -6.31, 2.31),
        ("biological markers", (OTHER, DRUG), "other", -3.27, 2.66),
        ("biological markers", (OTHER, OTHER), "cancer", -0.71, 2.78),
        ("resource use or hospital stay", (OTHER, CONTROL), "other", -2.41, 2.57),
    ],
)
def test_settings_of_the_standardised_difference(
    outcome: str, comparators: tuple[str, str], area: str, location: float, scale: float
) -> None:
    prior = empirical_prior("SMD", outcome=outcome, comparators=comparators, area=area)
    assert prior.location == pytest.approx(location / 2)
    assert prior.scale == pytest.approx(scale / 2)
    assert area in prior.source


def test_locations_are_sums_of_outcome_and_comparison_but_for_those_with_a_caution() -> None:
    strangers = set()
    for area, table in _RHODES_TABLE.items():
        locations = np.array([row[0] for row in table.values()])
        off = locations - np.median(locations - np.median(locations, axis=0), axis=1)[:, None]
        for comparison, outcome in np.argwhere(np.abs(off - np.median(off, axis=0)) > 0.05):
            strangers.add((area, list(table)[comparison], _RHODES_OUTCOMES[outcome]))
    assert strangers == {("other", "non-pharmacological", "mental health"), ("cancer", "control", "structure")}
    turner = np.array([row[0] for row in _TURNER_TABLE.values()])
    off = turner - turner.mean(axis=0) - turner.mean(axis=1)[:, None] + turner.mean()
    assert np.abs(off).max() < 0.02


@pytest.mark.parametrize(
    ("outcome", "comparators", "area"),
    [("mental health", (OTHER, CONTROL), "other"), ("structure", (DRUG, CONTROL), "cancer")],
)
def test_a_location_that_stands_out_carries_a_caution(outcome: str, comparators: Any, area: str) -> None:
    prior = empirical_prior("SMD", outcome=outcome, comparators=comparators, area=area)
    assert "misprint" in prior.cautions[0]


def test_every_other_setting_is_offered() -> None:
    pairs = [(DRUG, CONTROL), (DRUG, DRUG), (OTHER, CONTROL), (OTHER, DRUG), (OTHER, OTHER)]
    ratios = {
        empirical_prior("OR", outcome=outcome, comparators=pair).words() for outcome in _TURNER_TABLE for pair in pairs
    }
    assert len(ratios) > 70
    offered = 0
    for area in AREAS:
        for outcome in _RHODES_OUTCOMES:
            for pair in pairs:
                if (area, outcome, pair) != ("cancer", "resource use or hospital stay", (DRUG, CONTROL)):
                    offered += empirical_prior("SMD", outcome=outcome, comparators=pair, area=area).df == 5
    assert offered == 3 * 8 * 5 - 1


@pytest.mark.parametrize(
    ("measure", "options", "message"),
    [
        ("RR", {}, "measure 'RR': a published empirical prior is held for the comparative measures OR and SMD only"),
        ("MC", {}, "give a prior of your own"),
        ("PLO", {}, "measure 'PLO'"),
        (None, {}, "measure None"),
        ("OR", {"comparators": (DRUG, CONTROL)}, "without an outcome"),
        ("SMD", {"area": "cancer"}, "without an outcome"),
        ("OR", {"outcome": "pain"}, "comparators = None: two of pharmacological"),
        ("OR", {"outcome": "pain", "comparators": (DRUG,)}, "two of pharmacological"),
        ("OR", {"outcome": "pain", "comparators": (CONTROL, CONTROL)}, "not both placebo or control"),
        ("OR", {"outcome": "pain", "comparators": (DRUG, "sugar")}, "comparator 'sugar'"),
        ("OR", {"outcome": "joy", "comparators": (DRUG, CONTROL)}, "outcome 'joy': one of all-cause mortality; "),
        ("OR", {"outcome": "pain", "comparators": (DRUG, CONTROL), "area": "other"}, "do not tell areas apart"),
        ("SMD", {"outcome": "pain", "comparators": (DRUG, CONTROL), "area": "other"}, "outcome 'pain'"),
        ("SMD", {"outcome": "obstetric", "comparators": (DRUG, CONTROL)}, "area None: one of other; respiratory"),
        (
            "SMD",
            {"outcome": "resource use or hospital stay", "comparators": (DRUG, CONTROL), "area": "cancer"},
            "differ in its sign, so that it is not offered",
        ),
    ],
)
def test_settings_that_are_refused(measure: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        empirical_prior(measure, **options)
