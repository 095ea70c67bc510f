"""The registry of measures, and every measure against metafor's reference values."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from synth.effects.compute import effect_sizes
from synth.effects.measures import MEASURES, measure_of
from synth.effects.transforms import TRANSFORMATIONS
from synth.effects.zero_cells import ZeroCells
from synth.errors import MethodError

REFERENCE = Path(__file__).parent.parent / "reference" / "metafor_cases.json"

REQUIRED = [
    "RR",
    "OR",
    "RD",
    "AS",
    "PETO",
    "MPRR",
    "MPOR",
    "MPRD",
    "MD",
    "SMD",
    "SMDH",
    "SMD1",
    "ROM",
    "CVR",
    "VR",
    "MN",
    "PR",
    "PLN",
    "PLO",
    "PAS",
    "PFT",
    "IR",
    "IRLN",
    "MC",
    "SMCC",
    "SMCR",
    "SMCRH",
    "ROMC",
    "IRR",
    "IRD",
    "COR",
    "ZCOR",
    "OR2DN",
    "OR2DL",
    "D2ORN",
    "D2ORL",
    "GEN",
]

# metafor's arguments by ours.
NAMES = {
    "matched pairs": {
        "pairs_both": "ai",
        "pairs_treated_only": "bi",
        "pairs_control_only": "ci",
        "pairs_neither": "di",
    },
    "two-group means": {
        "mean_treated": "m1i",
        "sd_treated": "sd1i",
        "n_treated": "n1i",
        "mean_control": "m2i",
        "sd_control": "sd2i",
        "n_control": "n2i",
    },
    "one-group means": {"mean": "mi", "sd": "sdi", "n": "ni"},
    "one-group counts": {"events": "xi", "total": "ni"},
    "one-group rates": {"events": "xi", "person_time": "ti"},
    "two-group rates": {
        "events_treated": "x1i",
        "person_time_treated": "t1i",
        "events_control": "x2i",
        "person_time_control": "t2i",
    },
    "change in one group": {
        "mean_after": "m1i",
        "mean_before": "m2i",
        "sd_before": "sd1i",
        "sd_after": "sd2i",
        "n": "ni",
        "correlation": "ri",
    },
    "correlations": {"correlation": "ri", "n": "ni"},
}
# metafor takes the first SD to be that of the first mean here, and that before the change in the standardised ones.
OWN_SD = {"ROMC", "CVRC", "VRC"}
NOTHING_ADDED = {"AS", "IRSD", "PAS", "PFT", "IRS", "IRFT"}


def columns_of(case):
    measure, given = MEASURES[case["measure"]], case["inputs"]
    if measure.kind == "two-group counts":
        a, b, c, d = (np.array(given[name]) for name in ("ai", "bi", "ci", "di"))
        return {"events_treated": a, "total_treated": a + b, "events_control": c, "total_control": c + d}
    names = dict(NAMES[measure.kind])
    if measure.code in OWN_SD:
        names |= {"sd_after": "sd1i", "sd_before": "sd2i"}
    return {name: given[names[name]] for name in measure.columns}


def rule_of(case):
    if not (MEASURES[case["measure"]].kind.endswith(("counts", "rates", "pairs"))):
        return None
    spec = {"add": 0 if case["measure"] in NOTHING_ADDED else 0.5} | case["spec"]
    return ZeroCells(**{name: spec[name] for name in ("add", "to", "drop00") if name in spec})


@pytest.fixture(scope="module")
def cases():
    return json.loads(REFERENCE.read_text())


def test_every_measure_agrees_with_metafor(cases):
    compared = set()
    for case in cases:
        if case["kind"] != "escalc" or case["measure"] not in MEASURES:
            continue
        found = effect_sizes(
            case["measure"],
            zero_cells=rule_of(case),
            correct=case["spec"].get("correct"),
            variance=case["spec"].get("vtype"),
            unusable="mark",
            **columns_of(case),
        )
        more = found.inference(0.95)
        ours = (found.estimates, found.variances, more.standard_errors, more.z, more.p, more.low, more.high)
        for name, values in zip(("yi", "vi", "sei", "zi", "pval", "ci.lb", "ci.ub"), ours, strict=True):
            expected = np.array(case["outputs"][name], dtype=float)
            np.testing.assert_allclose(values, expected, rtol=1e-10, atol=1e-300, err_msg=f"{case['name']} {name}")
        compared.add(case["measure"])
    # These two have no case; test_measure_laws computes MPRD by another way.
    assert set(REQUIRED) - compared == {"GEN", "MPRD"}


def test_every_required_measure_is_registered_with_what_a_reader_needs():
    for code in REQUIRED:
        measure = MEASURES[code]
        assert measure.code == code
        assert all((measure.label, measure.source, measure.columns, measure.variances))
        assert measure.back_transformation in TRANSFORMATIONS


def test_ratios_are_1_and_differences_0_without_a_difference():
    expected = {"RR": 1, "OR": 1, "PETO": 1, "MPOR": 1, "ROM": 1, "IRR": 1, "D2ORL": 1, "RD": 0, "SMD": 0, "MC": 0}
    assert {code: MEASURES[code].no_difference for code in expected} == expected
    assert [code for code in REQUIRED if MEASURES[code].no_difference is None] == (
        ["MN", "PR", "PLN", "PLO", "PAS", "PFT", "IR", "IRLN"]
    )


@pytest.mark.parametrize(
    ("code", "value", "natural"),
    [
        ("PLO", 0.0, 0.5),
        ("PLN", np.log(0.2), 0.2),
        ("PAS", np.pi / 4, 0.5),
        ("ZCOR", np.arctanh(0.4), 0.4),
        ("IRS", 3.0, 9.0),
        ("MD", -2.5, -2.5),
        ("IRR", np.log(3), 3),
    ],
)
def test_the_way_back_of_each_scale(code, value, natural):
    assert MEASURES[code].natural(value) == pytest.approx(natural, rel=1e-14)


def test_freeman_tukey_measures_say_what_they_need():
    assert MEASURES["IRFT"].natural((np.sqrt(2 / 5) + np.sqrt(3 / 5)) / 2, 5) == pytest.approx(0.4)
    with pytest.raises(MethodError, match="the total is needed"):
        MEASURES["PFT"].natural(0.5)
    with pytest.raises(MethodError, match="the person-time is needed"):
        MEASURES["IRFT"].natural(0.5)


def test_an_unknown_measure_is_refused_with_the_known_ones():
    with pytest.raises(MethodError, match="measure 'HR'; one of RR, OR, RD"):
        measure_of("HR")
