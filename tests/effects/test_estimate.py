"""Effects as objects, quantiles, and what importing them costs."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from scipy import stats

from synth.effects.estimate import MEASURES, Effect
from synth.effects.intervals import confidence_interval, critical_value, critical_value_of_p, figure
from synth.errors import MethodError

INVENTED = {
    "study_id": "invented2001",
    "arm_id": "",
    "measure": "RR",
    "estimate": math.log(0.5),
    "standard_error": 0.1,
    "interval": (math.log(0.4), math.log(0.6)),
    "level": 0.95,
    "n": 40,
    "unit_of_analysis": "patients",
}


def test_an_effect_knows_its_scale_and_its_natural_value():
    effect = Effect(**INVENTED)
    assert (effect.scale, effect.label, effect.variance) == ("log", "invented2001", pytest.approx(0.01))
    estimate, interval = effect.natural()
    assert estimate == pytest.approx(0.5)
    assert interval == (pytest.approx(0.4), pytest.approx(0.6))
    change = Effect(**{**INVENTED, "measure": "MC", "arm_id": "A1", "standard_error": None, "interval": None})
    assert (change.scale, change.label, change.variance) == ("identity", "invented2001/A1", None)
    assert change.natural() == (change.estimate, None)


def test_no_difference_is_zero_on_every_analysis_scale():
    for measure in MEASURES.values():
        if measure.no_difference is not None:
            assert measure.natural(0.0) == measure.no_difference


def test_a_double_arcsine_returns_by_the_total_behind_it():
    # 3 of 40, by the definition of Freeman and Tukey.
    value = (math.asin(math.sqrt(3 / 41)) + math.asin(math.sqrt(4 / 41))) / 2
    effect = Effect(**{**INVENTED, "measure": "PFT", "estimate": value, "interval": (0.0, 2.0)})
    estimate, interval = effect.natural()
    assert estimate == pytest.approx(3 / 40)
    assert interval == (0.0, 1.0)
    with pytest.raises(MethodError, match="total is needed"):
        Effect(**{**INVENTED, "measure": "PFT", "n": None}).natural()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"measure": "XX"}, "measure 'XX'"),
        ({"estimate": math.nan}, "estimate is nan"),
        ({"estimate": math.inf, "interval": None}, "estimate is inf"),
        ({"standard_error": 0.0}, "standard error is 0"),
        ({"standard_error": -1.0}, "standard error is -1"),
        ({"standard_error": math.inf}, "standard error is inf"),
        ({"interval": (0.0, 1.0)}, "outside its interval"),
        ({"interval": (math.nan, 1.0)}, "outside its interval"),
        ({"level": 95}, "confidence level 95"),
    ],
)
def test_effects_that_cannot_be_are_refused(change, reason):
    with pytest.raises(MethodError, match=reason):
        Effect(**{**INVENTED, **change})


def test_quantiles_match_scipy_stats():
    assert critical_value(0.95) == pytest.approx(stats.norm.isf(0.025), rel=1e-14)
    for degrees_of_freedom in (1, 2, 4, 30, 1000):
        assert critical_value(0.95, degrees_of_freedom) == pytest.approx(
            stats.t.isf(0.025, degrees_of_freedom), rel=1e-9
        )
    assert critical_value_of_p(1e-30) == pytest.approx(stats.norm.isf(5e-31), rel=1e-12)
    assert (critical_value_of_p(0, 4), critical_value_of_p(1, 4)) == (math.inf, 0)
    assert confidence_interval(3.0, 0.0, 0.95, 4) == (3.0, 3.0)


@pytest.mark.parametrize(("p", "degrees_of_freedom"), [(-0.1, None), (1.1, 4), (math.nan, 4), (0.5, 0)])
def test_quantiles_refuse_what_is_no_probability(p, degrees_of_freedom):
    with pytest.raises(MethodError, match="is expected"):
        critical_value_of_p(p, degrees_of_freedom)


@pytest.mark.parametrize(
    ("value", "text"),
    [(42.9, "42.9"), (-51.3, "-51.3"), (6.766, "6.77"), (0.03812, "0.038"), (-0.0001, "0.000"), (math.inf, "no limit")],
)
def test_figures_for_sentences(value, text):
    assert figure(value) == text


def test_effects_and_synthesis_import_no_heavy_library():
    effects = "reported continuous compute binary proportions plausibility"
    names = [*(f"effects.{name}" for name in effects.split()), "synthesis.pooling"]
    imports = "; ".join(f"import synth.{name}" for name in names)
    heavy = "{'pandas', 'statsmodels', 'scipy.stats', 'matplotlib'} & set(sys.modules)"
    code = f"import sys; {imports}; print(sorted({heavy}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
