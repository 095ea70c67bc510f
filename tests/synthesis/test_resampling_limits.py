"""Resampling where fits have no digits, and in units of any size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from laws_of_models import fitted, studies

from synth.errors import MethodError
from synth.synthesis import meta_regression, random_effects
from synth.synthesis.resampling import bootstrap, permutation_test
from synth.synthesis.resampling.intervals import acceleration_of, standard_error
from synth.synthesis.resampling.null import _statistics
from synth.synthesis.resampling.quantities import quantities_of

VALUES = np.array([0.4, 1.1, 0.2, 2.9, 0.7])


@pytest.mark.parametrize("unit", [1e-200, 1e200])
def test_acceleration_and_standard_error_in_any_unit(unit):
    distances = VALUES.mean() - VALUES
    expected = (distances**3).sum() / (6 * (distances**2).sum() ** 1.5)
    assert acceleration_of(VALUES * unit) == pytest.approx(expected, rel=1e-12)
    assert standard_error(VALUES * unit) == pytest.approx(VALUES.std(ddof=1) * unit, rel=1e-12)
    assert (acceleration_of(np.zeros(3)), standard_error(np.zeros(3))) == (0.0, 0.0)


def test_heterogeneity_without_digits_is_not_taken_for_a_number():
    fits = random_effects([0.1, 0.9, 0.4], [0.1, 0.1, 0.1]).fits
    lost = replace(fits, typical_variance=np.array([np.nan]))
    of_model = quantities_of(random_effects([0.1, 0.9, 0.4], [0.1, 0.1, 0.1]))
    assert np.isnan([of_model["i2"](lost), of_model["h2"](lost)]).all()
    assert np.isfinite([of_model["i2"](fits), of_model["h2"](fits)]).all()


def test_fits_that_are_not_finite_are_left_out_and_counted():
    """One study with nearly all of the weight: some resamples tell no slope from the intercept to any digit."""
    dose = np.array([1.5, -0.7, -1.8, 0.3, 0.9, -0.1, -1.3, -0.5, 0.2])
    v = np.array([1e-2, *(10**13.6 * np.array([1.0, 4.0, 2.0, 3.0, 1.0, 5.0, 2.0, 1.0]))])
    model = meta_regression(np.sqrt(v) * np.cos(dose), v, {"dose": dose}, method="common")
    found = bootstrap(model, seed=1, resamples=400, kind="nonparametric")
    assert np.isfinite(found.fits.beta).all()
    assert found.not_estimable > 0
    assert found.fitted + found.not_estimable == 400


def test_an_arrangement_without_digits_counts_as_far_from_zero():
    model = fitted(studies(8), moderated=True)
    fits = model.fits
    lost = replace(fits, beta=fits.beta * np.nan, covariance=fits.covariance * np.nan)
    statistics, omnibus = _statistics(model, lost)
    assert np.isnan(statistics).all()
    assert np.isnan(omnibus).all()
    assert np.isfinite(np.append(_statistics(model, fits)[0], _statistics(model, fits)[1])).all()


def test_a_model_whose_statistics_have_no_digits_is_not_permuted(monkeypatch):
    model = fitted(studies(8), moderated=True)
    assert permutation_test(model, exact=False, permutations=20, seed=1).q_m is not None
    from synth.synthesis.resampling import null

    whole = null._statistics
    monkeypatch.setattr(
        null, "_statistics", lambda *given: tuple(part * (1 if len(part) > 1 else np.nan) for part in whole(*given))
    )
    with pytest.raises(MethodError, match="have no digits"):
        permutation_test(model, exact=False, permutations=20, seed=1)
