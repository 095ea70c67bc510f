"""Names of studies that are no sequence of names are refused with words, whatever is fitted. Numbers are invented."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from synth.effects.labels import check_labels
from synth.effects.proportions import proportion_intervals
from synth.errors import MethodError
from synth.synthesis import common_effect, random_effects
from synth.synthesis.bayes import bayesian_random_effects
from synth.synthesis.beta_binomial import beta_binomial
from synth.synthesis.location_scale import location_scale
from synth.synthesis.multilevel import Intercept, multilevel
from synth.synthesis.priors import half_normal

Y, V = [0.1, 0.5, 0.3], [0.02, 0.05, 0.11]
FITS = {
    "common": lambda labels: common_effect(Y, V, labels=labels),
    "random": lambda labels: random_effects(Y, V, labels=labels),
    "Bayesian": lambda labels: bayesian_random_effects(Y, V, prior=half_normal(0.5), labels=labels),
    "beta-binomial": lambda labels: beta_binomial([1, 3, 9], [12, 9, 20], labels=labels),
    "location-scale": lambda labels: location_scale(Y, V, labels=labels),
    "multilevel": lambda labels: multilevel(Y, V, random=Intercept("u"), columns={"u": list("AAB")}, labels=labels),
}
BAD = {
    "a number": 5,
    "a text": "abc",
    "bytes": b"abc",
    "a set": {"a", "b", "c"},
    "a mapping": {"a": 1, "b": 2, "c": 3},
    "one value": np.array("abc"),
}


@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("kind", BAD)
def test_names_that_are_no_sequence_are_refused(name: str, kind: str) -> None:
    with pytest.raises(MethodError, match=r"labels = .*: a sequence of names is expected, one for each of 3 "):
        FITS[name](BAD[kind])


def test_what_can_be_read_only_once_is_refused() -> None:
    with pytest.raises(MethodError, match="a sequence of names is expected"):
        random_effects(Y, V, labels=(name for name in "abc"))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", FITS)
def test_one_name_for_each_is_expected(name: str) -> None:
    with pytest.raises(MethodError, match=r"2 names for 3 (estimates|counts): one name for each is expected"):
        FITS[name](["a", "b"])


@pytest.mark.parametrize(
    "labels", [["a", "b", "c"], ("a", "b", "c"), np.array(["a", "b", "c"]), pd.Series(["a", "b", "c"], index=[7, 8, 9])]
)
def test_a_column_of_names_is_taken(labels: Any) -> None:
    assert random_effects(Y, V, labels=labels).labels == ("a", "b", "c")
    # The name stands in the message too, whatever index a column has.
    with pytest.raises(MethodError, match="b: the variance is -1"):
        random_effects(Y, [0.1, -1, 0.1], labels=labels)


def test_no_names_are_none() -> None:
    assert check_labels(None, 3, "studies") is None
    assert check_labels([1, 2], 2, "studies") == ("1", "2")


@pytest.mark.parametrize("kind", BAD)
def test_intervals_of_proportions_refuse_them_too(kind: str) -> None:
    with pytest.raises(MethodError, match=r"labels = .*: a sequence of names is expected, one for each of 3 counts"):
        proportion_intervals([1, 3, 9], [12, 9, 20], labels=BAD[kind])
    with pytest.raises(MethodError, match="oak: 7 of 5"):
        proportion_intervals([1, 7], [12, 5], labels=pd.Series(["ash", "oak"], index=[3, 4]))
