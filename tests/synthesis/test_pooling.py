"""Pooled effects against metafor and statsmodels, and the rules on what may be pooled."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects

from synth.effects.binary import TwoArmCounts, risk_ratio_effect
from synth.effects.estimate import Effect
from synth.errors import MethodError
from synth.synthesis.pooling import pool_random_effects, standing_of

REFERENCE = json.loads((Path(__file__).parent.parent / "reference" / "metafor_random_effects.json").read_text())
CASES = {case["name"]: case for case in REFERENCE["cases"]}
INTERVALS = {"z": "normal", "knha": "hartung-knapp", "adhoc": "hartung-knapp-guarded"}

study = st.tuples(st.floats(-5, 5), st.floats(-3, 1).map(lambda exponent: 10**exponent))
studies = st.lists(study, min_size=3, max_size=10).map(lambda pairs: tuple(np.array(pairs).T))


def invented(study_id, estimate=1.0, standard_error=0.5, **changes):
    """An invented mean change."""
    values = {
        "study_id": study_id,
        "arm_id": "A1",
        "measure": "MC",
        "estimate": estimate,
        "standard_error": standard_error,
        "interval": None,
        "level": 0.95,
        "n": 20,
        "unit_of_analysis": "patients",
        "instrument": "mHHS",
        "unit": "points",
    }
    return Effect(**{**values, **changes})


def assert_matches_metafor(case, expected, scalar):
    """Everything that metafor gives for a fit, to 1e-7 of the size of the standard error or better."""
    y, v = (np.array(case["inputs"][name]) for name in ("yi", "vi"))
    spec = case.get("spec", case)
    pooled = pool_random_effects(
        (y, v), tau2=spec["method"], interval=INTERVALS[spec["test"]], level=spec["level"] / 100
    )
    size = max(abs(scalar("beta")), scalar("se"), float(np.sqrt(np.median(v))) * 1e-3)
    used = pooled.standard_error_hartung_knapp if spec["test"] != "z" else pooled.standard_error
    used = pooled.standard_error if pooled.guard_applied else used
    assert abs(pooled.tau2 - scalar("tau2")) <= 1e-7 * max(pooled.tau2, float(np.median(v)))
    assert pooled.estimate == pytest.approx(scalar("beta"), abs=1e-7 * size)
    assert used == pytest.approx(scalar("se"), abs=1e-7 * size)
    assert pooled.interval == pytest.approx((scalar("ci.lb"), scalar("ci.ub")), abs=1e-6 * size)
    assert pooled.q == pytest.approx(scalar("QE"), rel=1e-9, abs=1e-9)
    assert pooled.q_p == pytest.approx(scalar("QEp"), rel=1e-8, abs=1e-12)
    assert pooled.weights == pytest.approx([weight / 100 for weight in expected["weights_pct"]], abs=1e-7)
    if len(y) > 2:
        assert pooled.i2 == pytest.approx(scalar("I2") / 100, abs=1e-7)
        assert pooled.prediction == pytest.approx((scalar("pi.lb"), scalar("pi.ub")), abs=1e-6 * size)
    else:
        assert (pooled.i2, pooled.prediction) == (None, None)


@pytest.mark.parametrize("name", CASES)
def test_reference_fits(name):
    expected = CASES[name]["expected"]
    assert_matches_metafor(CASES[name], expected, expected.__getitem__)


def test_every_fit_of_metafor_that_has_a_counterpart(shared):
    cases = json.loads((shared / "metafor-reference" / "cases.json").read_text())
    compared = 0
    for case in cases:
        spec = case["spec"]
        fits = (
            case["kind"] == "rma.uni" and spec.get("method") in ("REML", "DL", "PM") and spec.get("test") in INTERVALS
        )
        # Unweighted means, a given tau2, one study, and a variance of 0 have no counterpart here.
        if not fits or {"weighted", "tau2"} & set(spec) or case["outputs"]["k"] < 2 or min(case["inputs"]["vi"]) <= 0:
            continue
        outputs = {**case["outputs"], **case["outputs"]["predict"], "se": case["outputs"]["se"]}
        outputs |= {"ci.lb": case["outputs"]["ci.lb"], "ci.ub": case["outputs"]["ci.ub"]}
        assert_matches_metafor(case, outputs, lambda key, found=outputs: np.ravel(found[key])[0])
        compared += 1
    assert compared == 103


def test_bcg_to_the_four_digits_that_metafor_prints():
    case = CASES["uni-bcgRR-REML-z"]
    pooled = pool_random_effects((case["inputs"]["yi"], case["inputs"]["vi"]))
    assert (f"{pooled.estimate:.4f}", f"{pooled.standard_error:.4f}", f"{pooled.tau2:.4f}") == (
        "-0.7145",
        "0.1798",
        "0.3132",
    )
    assert not pooled.guard_applied
    assert pooled.standing == "plain"


def test_the_guard_keeps_the_model_based_standard_error_where_studies_agree_closely():
    case = CASES["uni-hine-REML-knha"]
    data = (case["inputs"]["yi"], case["inputs"]["vi"])
    bare = pool_random_effects(data, interval="hartung-knapp")
    guarded = pool_random_effects(data)
    assert bare.standard_error_hartung_knapp < bare.standard_error
    assert (bare.guard_applied, guarded.guard_applied) == (False, True)
    assert guarded.interval[1] - guarded.interval[0] > bare.interval[1] - bare.interval[0]
    assert guarded.interval == guarded.prediction  # tau2 is 0
    assert "below the model-based one" in guarded.marks[0]


@settings(deadline=None)
@given(studies)
def test_the_guarded_interval_is_never_narrower_than_the_other_two(data):
    widths = {}
    for interval in INTERVALS.values():
        low, high = pool_random_effects(data, interval=interval).interval
        widths[interval] = high - low
    assert widths["hartung-knapp-guarded"] >= max(widths["normal"], widths["hartung-knapp"]) * (1 - 1e-12)


@pytest.mark.parametrize("name", ["uni-bcgRR-PM-z", "edge-k3-REML-knha"])
def test_paule_mandel_pools_match_statsmodels(name):
    y, v = (np.array(CASES[name]["inputs"][column]) for column in ("yi", "vi"))
    theirs = combine_effects(y, v, method_re="iterated")
    wald = pool_random_effects((y, v), tau2="PM", interval="normal")
    assert wald.estimate == pytest.approx(theirs.mean_effect_re, rel=1e-5)
    assert wald.standard_error == pytest.approx(theirs.sd_eff_w_re, rel=1e-5)
    assert wald.standard_error_hartung_knapp == pytest.approx(theirs.sd_eff_w_re_hksj, rel=1e-5)
    assert wald.q == pytest.approx(theirs.q, rel=1e-9)


def test_rounding_alone_is_no_reason_for_the_guard():
    # With equal variances the two standard errors are equal, and so they are under Paule-Mandel.
    for tau2 in ("REML", "PM"):
        pooled = pool_random_effects(([0.0, -0.3, -0.6, -0.9, -1.2], [0.04] * 5), tau2=tau2)
        assert pooled.standard_error_hartung_knapp == pytest.approx(pooled.standard_error, rel=1e-9)
        assert not pooled.guard_applied
        assert pooled.marks == ()


@settings(deadline=None)
@given(studies, st.randoms(use_true_random=False))
def test_the_order_of_studies_is_irrelevant(data, random):
    y, v = data
    order = list(range(len(y)))
    random.shuffle(order)
    one, other = pool_random_effects((y, v)), pool_random_effects((y[order], v[order]))
    assert other.estimate == pytest.approx(one.estimate, abs=1e-6 * one.standard_error)
    assert other.interval == pytest.approx(one.interval, abs=1e-5 * one.standard_error)
    assert [other.weights[order.index(i)] for i in range(len(y))] == pytest.approx(one.weights, abs=1e-6)


@settings(deadline=None)
@given(studies)
def test_swapping_the_arms_flips_the_sign(data):
    y, v = data
    one, other = pool_random_effects((y, v)), pool_random_effects((-y, v))
    tolerance = 1e-6 * one.standard_error
    assert other.estimate == pytest.approx(-one.estimate, abs=tolerance)
    assert other.interval == pytest.approx((-one.interval[1], -one.interval[0]), abs=10 * tolerance)


@settings(deadline=None)
@given(studies, st.sampled_from([1e-6, 0.1, 1e6]))
def test_scaling_the_unit_scales_the_result(data, factor):
    y, v = data
    one, other = pool_random_effects((y, v)), pool_random_effects((factor * y, factor**2 * v))
    assert other.estimate / factor == pytest.approx(one.estimate, abs=1e-6 * one.standard_error)
    assert other.tau2 / factor**2 == pytest.approx(one.tau2, rel=1e-6, abs=1e-7 * float(np.median(v)))
    assert other.i2 == pytest.approx(one.i2, abs=1e-6)


@settings(deadline=None)
@given(st.tuples(study, study))
def test_two_studies_are_for_sensitivity_only(pairs):
    y, v = np.array(pairs).T
    pooled = pool_random_effects((y, v))
    assert (pooled.i2, pooled.prediction, pooled.degrees_of_freedom) == (None, None, 1)
    assert pooled.standing == "sensitivity only"
    assert "sensitivity only" in pooled.marks[0]


@pytest.mark.parametrize(
    ("k", "standing"), [(2, "sensitivity only"), (3, "few studies"), (4, "few studies"), (5, "plain"), (13, "plain")]
)
def test_standing_follows_the_number_of_studies(k, standing):
    pooled = pool_random_effects([invented(f"invented{i}", estimate=float(i)) for i in range(k)])
    assert pooled.standing == standing == standing_of(k)
    flagged = [mark for mark in pooled.marks if f"only {k} studies" in mark]
    assert bool(flagged) is (standing == "few studies")


@pytest.mark.parametrize(
    ("effects", "reason"),
    [
        ([], "k = 0: no estimate with a variance"),
        (([], []), "k = 0"),
        ([invented("invented2001")], "k = 1: only invented2001/A1"),
        (([1.0], [0.1]), "k = 1: only study 1"),
    ],
)
def test_none_or_one_is_no_pool(effects, reason):
    with pytest.raises(MethodError, match=reason):
        pool_random_effects(effects)
    with pytest.raises(MethodError, match="at least 2"):
        standing_of(1)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (invented("b", standard_error=None), "b/A1: no standard error"),
        (invented("a"), "a/A1: two effects of the same patients"),
        (invented("b", overlaps_with=("a/A1",)), "a/A1 and b/A1 share patients"),
        (invented("b", unit_of_analysis="hips"), "b/A1: unit_of_analysis 'hips', but a/A1 has 'patients'"),
        (invented("b", instrument="HHS"), "b/A1: instrument 'HHS', but a/A1 has 'mHHS'"),
        (invented("b", unit="%"), "b/A1: unit '%'"),
        (invented("b", measure="RR"), "b/A1: measure 'RR'"),
    ],
)
def test_effects_that_may_not_be_pooled_name_the_study(other, reason):
    for effects in ([invented("a"), other], [invented("a"), invented("c", estimate=3.0), other]):
        with pytest.raises(MethodError, match=reason):
            pool_random_effects(effects)


def test_overlap_counts_whichever_arm_declares_it():
    with pytest.raises(MethodError, match="share patients"):
        pool_random_effects([invented("a", overlaps_with=("b/A1",)), invented("b")])
    apart = pool_random_effects([invented("a", overlaps_with=("z/A1",)), invented("b")])
    assert apart.studies == ("a/A1", "b/A1")


@pytest.mark.parametrize(
    ("effects", "options", "reason"),
    [
        (([1.0, 2.0], [0.1]), {}, "2 estimates and 1 variances"),
        (([1.0, 2.0], [0.1, -1.0]), {}, "study 2: the variance is -1"),
        (([1.0, float("inf")], [0.1, 0.1]), {}, "study 2: the estimate is inf"),
        (([1.0, 2.0], [0.1, 0.1], [1, 2]), {}, "pair of arrays"),
        ([invented("a"), 3.0], {}, "pair of arrays"),
        (([1.0, 2.0], [0.1, 0.1]), {"interval": "wald"}, "interval 'wald'"),
        (([1.0, 2.0], [0.1, 0.1]), {"tau2": "MAD"}, "method 'MAD'"),
        (([1.0, 2.0], [0.1, 0.1]), {"level": 95}, "confidence level 95"),
    ],
)
def test_impossible_input_is_refused(effects, options, reason):
    with pytest.raises(MethodError, match=reason):
        pool_random_effects(effects, **options)


def test_effects_keep_their_measure_and_natural_scale():
    counts = [(4, 123, 11, 139), (6, 306, 29, 303), (3, 231, 11, 220)]  # the first three BCG trials
    effects = [
        risk_ratio_effect(
            TwoArmCounts(
                study_id=f"trial{i}",
                events_treated=a,
                total_treated=n1,
                events_control=c,
                total_control=n2,
                unit_of_analysis="patients",
            ),
            level=0.95,
        )
        for i, (a, n1, c, n2) in enumerate(counts, 1)
    ]
    pooled = pool_random_effects(effects)
    assert (pooled.measure, pooled.unit_of_analysis, pooled.studies) == (
        "RR",
        "patients",
        ("trial1", "trial2", "trial3"),
    )
    estimate, interval, prediction = pooled.natural()
    assert estimate == pytest.approx(np.exp(pooled.estimate))
    assert interval[0] < estimate < interval[1]
    assert prediction[0] <= interval[0]
    assert sum(pooled.weights) == pytest.approx(1)
