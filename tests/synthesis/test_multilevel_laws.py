"""Laws of multilevel models on drawn data: units, order, shifts, and what a simpler model cannot beat."""

from __future__ import annotations

import numpy as np
import pytest
from dense_multilevel import Rows, invented
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.synthesis.multilevel import Intercept, MultilevelAnalysis, Nested, Structured, multilevel
from synth.synthesis.multilevel.fit import Climb

RANDOM = {
    "nested": Nested("study", "row"),
    "crossed": [Intercept("study"), Intercept("country")],
    "CS": Structured("outcome", "study", "CS"),
    "HCS": Structured("outcome", "study", "HCS"),
    "DIAG": Structured("outcome", "study", "DIAG"),
    "CAR": [Structured("month", "study", "CAR"), Intercept("country")],
}
each = pytest.mark.parametrize("name", RANDOM)
SAME = {0: "statistics p_values q_e q_e_p q_m q_m_p rho", 1: "beta standard_errors low high", 2: "sigma2 tau2"}
drawn = st.builds(
    invented,
    studies=st.integers(6, 12),
    seed=st.integers(0, 10_000),
    spread=st.sampled_from([0.0, 0.2, 0.6]),
    correlation=st.sampled_from([0.0, 0.3, 0.7]),
)


def fit(data: Rows, name: str, **options) -> MultilevelAnalysis:
    return multilevel(data.y, data.v, random=RANDOM[name], columns=data.columns, **options)


def assert_same(other: MultilevelAnalysis, model: MultilevelAnalysis, unit: float = 1.0) -> None:
    scale = float(np.median(np.diag(model.sampling)))
    floors = {0: 1e-6, 1: 1e-7 * scale**0.5, 2: 1e-6 * scale}
    for power, names in SAME.items():
        for name in names.split():
            found = np.asarray(getattr(other, name)) / unit**power
            np.testing.assert_allclose(found, getattr(model, name), rtol=1e-5, atol=floors[power], err_msg=name)


@each
@pytest.mark.parametrize("unit", [1e-6, 0.1, 1e5])
def test_another_unit_changes_nothing_but_the_unit(name, unit):
    data = invented(9)
    scaled = Rows(data.y * unit, data.v * unit**2, data.columns)
    assert_same(fit(scaled, name), fit(data, name), unit)


@each
def test_the_order_of_estimates_changes_nothing(name):
    data = invented(9)
    order = np.random.default_rng(1).permutation(len(data.y))
    model, other = fit(data, name), fit(data.picked(order), name)
    assert_same(other, model)
    np.testing.assert_allclose(other.fitted, model.fitted[order], rtol=1e-7)


@each
def test_a_shift_moves_the_mean_alone(name):
    data = invented(9)
    model, other = fit(data, name), fit(Rows(data.y + 1000.0, data.v, data.columns), name)
    np.testing.assert_allclose(other.beta, model.beta + 1000, rtol=1e-11)
    np.testing.assert_allclose(other.sigma2, model.sigma2, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(other.tau2, model.tau2, rtol=1e-6, atol=1e-9)


@each
def test_other_names_of_groups_change_nothing(name):
    data = invented(9)
    columns = {**data.columns, "study": [f"by {code}" for code in data.columns["study"]]}
    assert_same(fit(Rows(data.y, data.v, columns), name), fit(data, name))


@settings(max_examples=8, deadline=None)
@given(data=drawn, method=st.sampled_from(["REML", "ML"]))
def test_a_simpler_model_is_never_higher(data, method):
    studies = multilevel(data.y, data.v, random=Intercept("study"), columns=data.columns, method=method)
    nested, both = fit(data, "nested", method=method), fit(data, "CS", method=method)
    wider = fit(data, "HCS", method=method)
    diagonal = fit(data, "DIAG", method=method)
    none = multilevel(data.y, data.v, method=method)
    heights = [item.log_likelihood for item in (none, studies, nested, both, wider)]
    assert (np.diff(heights) > -1e-8).all()
    assert none.log_likelihood - 1e-8 < diagonal.log_likelihood < wider.log_likelihood + 1e-8


@settings(max_examples=15, deadline=None)
@given(data=drawn, method=st.sampled_from(["REML", "ML"]))
def test_the_gradient_is_nothing_or_points_out_of_the_range(data, method):
    model = fit(data, "nested", method=method)
    slopes = model.likelihood.slopes(model.maximum.solved).sigma2
    for slope, variance in zip(slopes.tolist(), model.sigma2.tolist(), strict=True):
        assert slope < 1e-5
        assert variance == 0 or abs(slope) * variance / model.data_set.unit**2 < 1e-6
    assert model.converged


@settings(max_examples=8, deadline=None)
@given(data=drawn)
def test_unstructured_is_at_least_as_high_as_its_special_cases(data):
    pairs = data.picked(data.columns["outcome"] < 2) if (data.columns["outcome"] < 2).sum() > 6 else data
    together = np.bincount(pairs.columns["study"])
    if len(set(pairs.columns["outcome"].tolist())) != 2 or together.max() < 2:
        return
    both = [
        multilevel(pairs.y, pairs.v, random=Structured("outcome", "study", kind), columns=pairs.columns).log_likelihood
        for kind in ("CS", "HCS", "UN")
    ]
    assert both[0] <= both[1] + 1e-8
    assert both[1] == pytest.approx(both[2], abs=1e-7)


def test_four_outcomes_unstructured():
    data = invented(14, seed=8)
    model = multilevel(data.y, data.v, random=Structured("outcome", "study", "UN"), columns=data.columns)
    narrower = fit(data, "HCS")
    assert model.log_likelihood > narrower.log_likelihood
    values = np.linalg.eigvalsh(model.effect_covariances[0])
    assert values[0] > -1e-12 * values[-1]


def test_the_highest_of_several_maxima_is_found():
    # Invented: three estimates of one outcome of one study, far apart beside their errors.
    y = np.array([-1.97, -5.76, -0.91, 2.46, -0.69, -3.73, -5.32])
    v = np.array([0.0397, 0.1197, 0.1337, 0.6779, 0.067, 0.023, 0.5248])
    columns = {"study": [0, 0, 1, 1, 1, 1, 1], "outcome": [0, 2, 0, 2, 2, 2, 1]}
    model = multilevel(y, v, random=Structured("outcome", "study", "HCS"), columns=columns, method="ML")
    climb = Climb(model.likelihood, model.held.values)
    draw = np.random.default_rng(4)
    ends = [climb.up(draw.normal(scale=2.0, size=4), 1e-4) for _ in range(12)]
    heights = [climb.value(end)[0] for end in ends]
    assert max(heights) < model.maximum.height + 1e-8
    assert min(heights) < model.maximum.height - 0.5
    assert model.maximum.others > 0
    assert any("more than one maximum" in mark for mark in model.marks)


def test_2000_estimates_in_blocks_of_four_are_independent_blocks():
    draw = np.random.default_rng(1)
    study = np.repeat(np.arange(500), 4)
    v = draw.uniform(0.02, 0.1, 2000)
    y = 0.3 * draw.normal(size=500)[study] + 0.2 * draw.normal(size=2000) + np.sqrt(v) * draw.normal(size=2000)
    columns = {"study": study, "row": np.arange(2000)}
    model = multilevel(y, v, random=Nested("study", "row"), columns=columns)
    assert [batch.rows.shape for batch in model.data_set.batches] == [(500, 4)]
    np.testing.assert_allclose(model.sigma2, [0.09, 0.04], atol=0.02)
