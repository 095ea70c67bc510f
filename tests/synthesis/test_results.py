"""A pooled effect as a table, as plain data, and in a notebook."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synth.effects.estimate import Effect
from synth.synthesis.pooling import pool_random_effects


def pooled(k, **changes):
    """A pool of k invented log risk ratios."""
    values = {"arm_id": "", "measure": "RR", "standard_error": 0.2, "interval": None, "level": 0.95, "n": 40}
    values = {**values, "unit_of_analysis": "patients", **changes}
    return pool_random_effects([Effect(study_id=f"invented{i}", estimate=-0.3 * i, **values) for i in range(k)])


def test_summary_is_one_row_on_the_natural_scale():
    result = pooled(5)
    frame = result.summary()
    assert len(frame) == 1
    row = frame.iloc[0]
    assert row["measure"] == "risk ratio"
    assert row["estimate"] == pytest.approx(np.exp(result.estimate))
    assert (row["low"], row["high"]) == pytest.approx(tuple(np.exp(result.interval)))
    assert (row["prediction_low"], row["prediction_high"]) == pytest.approx(tuple(np.exp(result.prediction)))
    assert (row["k"], row["standing"]) == (5, "plain")
    assert row["method"] == "random effects, REML, Hartung-Knapp interval, never narrower than the model-based one"


def test_two_studies_leave_the_cells_empty():
    row = pooled(2).summary().iloc[0]
    assert row[["prediction_low", "prediction_high", "i2"]].isna().all()


def test_plain_data_survive_json():
    result = pooled(3)
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert data["estimate"] == result.estimate
    assert tuple(data["weights"]) == result.weights
    assert data["studies"] == ["invented0", "invented1", "invented2"]
    assert set(data) == set(type(result).__slots__) - {"model"}


def test_notebooks_see_a_table_with_the_marks():
    text = pooled(3)._repr_html_()
    assert text.startswith("<table>")
    assert "only 3 studies" in text
    assert "<td>0.741</td>" in text  # exp(-0.3), rounded for readers
    assert "<ul>" not in pooled(6)._repr_html_()


def test_html_is_escaped():
    result = pooled(3)
    object.__setattr__(result, "method", "<script>alert(1)</script>")
    assert "<script>" not in result._repr_html_()
    assert "&lt;script&gt;" in result._repr_html_()


def test_equal_input_gives_equal_results():
    assert pooled(4) == pooled(4)
