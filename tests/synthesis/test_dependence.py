"""Sampling covariance from assumed correlations, and the aggregation of dependent estimates. All data are invented."""

from __future__ import annotations

import json

import numpy as np
import pytest

from synth.errors import MethodError
from synth.synthesis import common_effect
from synth.synthesis.aggregation import aggregate
from synth.synthesis.clusters import clusters_of
from synth.synthesis.dependence import sampling_covariance

VARIANCES = np.array([0.04, 0.09, 0.01, 0.16, 0.25, 0.04])
ESTIMATES = np.array([0.3, 0.1, -0.2, 0.6, 0.5, 0.0])
CLUSTERS = ["b", "b", "a", "c", "b", "c"]


def correlations(matrix: np.ndarray) -> np.ndarray:
    root = np.sqrt(np.diag(matrix))
    return matrix / np.outer(root, root)


def test_one_correlation_within_clusters_and_none_between() -> None:
    found = sampling_covariance(VARIANCES, CLUSTERS, correlation=0.6)
    for i in range(6):
        for j in range(6):
            together = 1.0 if i == j else (0.6 if CLUSTERS[i] == CLUSTERS[j] else 0.0)
            assert found[i, j] == pytest.approx(together * np.sqrt(VARIANCES[i] * VARIANCES[j]), rel=1e-14)


def test_observations_and_constructs_have_a_correlation_each() -> None:
    found = correlations(
        sampling_covariance(
            [1.0, 4.0, 9.0, 2.0],
            ["s"] * 4,
            observation=["scale 1", "scale 2", "scale 1", "scale 2"],
            construct=["pain", "pain", "function", "function"],
            correlation=(0.7, 0.2),
        )
    )
    assert found[0] == pytest.approx([1, 0.7, 0.2, 0.2])
    assert found[3] == pytest.approx([0.2, 0.2, 0.7, 1])


def test_parts_of_a_cluster_that_share_nobody_are_independent() -> None:
    found = sampling_covariance([1.0, 1.0, 1.0], ["s"] * 3, subgroup=["women", "women", "men"], correlation=0.5)
    assert found == pytest.approx(np.array([[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]))


def test_autocorrelation_falls_with_the_distance_in_time() -> None:
    found = sampling_covariance([1.0, 1.0, 4.0], ["s"] * 3, times=[1.0, 2.0, 4.5], autocorrelation=0.8)
    assert correlations(found)[0] == pytest.approx([1, 0.8, 0.8**3.5])
    beside = sampling_covariance(
        [1.0, 1.0], ["s"] * 2, observation=["x", "y"], correlation=0.5, times=[0.0, 2.0], autocorrelation=0.8
    )
    assert beside[0, 1] == pytest.approx(0.5 * 0.64)


def test_contrasts_have_the_covariance_of_differences_of_their_arms() -> None:
    # Four outcomes, of groups A, B and C, B at two times: differences of them are linear combinations.
    sizes = {"A": 20.0, "B": 35.0, "C": 50.0}
    arms = [("A", 0.0), ("B", 0.0), ("B", 2.0), ("C", 0.0)]
    covariance = np.array(
        [[0.7 ** abs(t - u) / np.sqrt(sizes[g] * sizes[h]) if g == h else 0.0 for h, u in arms] for g, t in arms]
    )
    pairs = [(0, 1), (3, 1), (2, 1), (2, 0)]
    contrast = np.zeros((4, 4))
    for row, (one, other) in enumerate(pairs):
        contrast[row, one], contrast[row, other] = 1.0, -1.0
    found = sampling_covariance(
        [1.0, 2.0, 3.0, 4.0][:3],
        ["s"] * 3,
        groups=([arms[i][0] for i, _ in pairs[:3]], [arms[j][0] for _, j in pairs[:3]]),
        group_sizes=([sizes[arms[i][0]] for i, _ in pairs[:3]], [sizes[arms[j][0]] for _, j in pairs[:3]]),
        times=([arms[i][1] for i, _ in pairs[:3]], [arms[j][1] for _, j in pairs[:3]]),
        autocorrelation=0.7,
    )
    expected = correlations((contrast @ covariance @ contrast.T)[:3, :3])
    assert correlations(found) == pytest.approx(expected, abs=1e-14)
    assert np.diag(found) == pytest.approx([1, 2, 3])


def test_two_arms_against_one_control_of_their_size_are_correlated_by_a_half() -> None:
    found = sampling_covariance([1.0, 1.0], ["s", "s"], groups=(["drug", "drill"], ["control", "control"]))
    assert found[0, 1] == pytest.approx(0.5)


def test_the_order_of_the_rows_does_not_matter() -> None:
    order = [4, 0, 5, 2, 1, 3]
    whole = sampling_covariance(VARIANCES, CLUSTERS, correlation=0.3)
    mixed = sampling_covariance(VARIANCES[order], [CLUSTERS[i] for i in order], correlation=0.3)
    assert mixed == pytest.approx(whole[np.ix_(order, order)], rel=1e-14)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "correlation of the estimates of a cluster is not given"),
        ({"correlation": 1.2}, "from -1 to 1"),
        ({"correlation": float("nan")}, "from -1 to 1"),
        ({"correlation": (0.5, 0.2)}, "one number is expected"),
        ({"correlation": 0.5, "observation": list("abcdef"), "construct": list("xxyyxx")}, "two"),
        ({"correlation": (0.5, 0.1, 0.2), "observation": list("abcdef"), "construct": list("xxyyxx")}, "two numbers"),
        ({"correlation": -0.6}, "cluster b: correlations among its 3"),
        ({"correlation": 0.5, "observation": ["x"] * 6}, "cluster b: estimates 1 and 2 are correlated by 1"),
        ({"correlation": 0.5, "observation": ["x"] * 5}, "observation: 5 values for 6 estimates"),
        ({"correlation": 0.5, "observation": [None, *"abcde"]}, "estimate 1 has no value"),
        ({"correlation": 0.5, "times": range(6), "autocorrelation": 0.5}, "to which it applies"),
        ({"times": list(range(6))}, "both are expected, or neither"),
        ({"times": [1.0, 2.0], "autocorrelation": 0.5}, "6 finite numbers"),
        ({"times": list(range(6)), "autocorrelation": -0.5}, "from 0 to 1"),
        ({"times": (range(6), range(6)), "autocorrelation": 0.5}, "go with the two columns of groups"),
        ({"groups": (["a"] * 6, ["a"] * 6)}, "compares a group with itself"),
        ({"groups": ["a"] * 6}, "two columns"),
        ({"groups": (list("abcdef"), ["z"] * 6), "group_sizes": ([1] * 6, [0] * 6)}, "above 0"),
    ],
)
def test_what_cannot_be_assumed_is_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        sampling_covariance(VARIANCES, CLUSTERS, **options)


@pytest.mark.parametrize("variance", [0.0, -1.0, float("nan"), float("inf")])
def test_a_variance_must_be_above_zero(variance: float) -> None:
    with pytest.raises(MethodError, match="estimate 2: the variance"):
        sampling_covariance([1.0, variance], ["a", "a"], correlation=0.5)


def test_no_estimates_and_columns_that_are_none_are_refused() -> None:
    with pytest.raises(MethodError, match="no variances"):
        sampling_covariance([], [], correlation=0.5)
    with pytest.raises(MethodError, match="a column with one name"):
        sampling_covariance([1.0, 2.0], "ab", correlation=0.5)
    with pytest.raises(MethodError, match="cluster: 1 values for 2"):
        sampling_covariance([1.0, 2.0], ["a"], correlation=0.5)


def test_one_estimate_has_its_variance() -> None:
    assert sampling_covariance([4.0], ["a"], correlation=0.9) == pytest.approx(np.array([[4.0]]))


def test_clusters_are_named_by_what_is_written_and_keep_their_order() -> None:
    found = clusters_of([11, "11", 11.0, 2.5, np.int64(3)], 5)
    assert found.names == ("11", "2.5", "3")
    assert found.codes.tolist() == [0, 0, 0, 1, 2]
    assert [rows.tolist() for rows in found.members] == [[0, 1, 2], [3], [4]]


# Aggregation


def test_independent_estimates_are_pooled_as_by_a_common_effect() -> None:
    found = aggregate(ESTIMATES, VARIANCES, CLUSTERS, structure="ID")
    assert found.labels == ("b", "a", "c")
    assert found.counts.tolist() == [3, 1, 2]
    for label, estimate, variance in zip(found.labels, found.estimates, found.variances, strict=True):
        rows = [i for i, name in enumerate(CLUSTERS) if name == label]
        pool = common_effect(ESTIMATES[rows], VARIANCES[rows])
        assert (estimate, variance) == pytest.approx((pool.estimate, pool.standard_error**2), rel=1e-13)


@pytest.mark.parametrize("weighted", [True, False])
def test_structures_agree_with_the_covariance_that_they_stand_for(weighted: bool) -> None:
    times, seen = np.array([0.0, 1.0, 0.0, 0.0, 3.0, 2.0]), list("xyxxxy")
    same = np.array(CLUSTERS)[:, None] == np.array(CLUSTERS)[None, :]
    decay = 0.7 ** np.abs(times[:, None] - times[None, :])
    crossed = np.where(np.array(seen)[:, None] == np.array(seen)[None, :], 1.0, 0.4)
    options = {
        "CS": ({"correlation": 0.4}, np.full((6, 6), 0.4)),
        "CAR": ({"autocorrelation": 0.7, "times": times}, decay),
        "CS+CAR": ({"correlation": 0.4, "autocorrelation": 0.7, "times": times}, 0.4 + 0.6 * decay),
        "CS*CAR": (
            {"correlation": 0.4, "autocorrelation": 0.7, "times": times, "observation": seen},
            crossed * decay,
        ),
    }
    for structure, (given, shared) in options.items():
        matrix = np.where(same, shared, 0.0)
        np.fill_diagonal(matrix, 1.0)
        matrix = matrix * np.sqrt(np.outer(VARIANCES, VARIANCES))
        found = aggregate(ESTIMATES, VARIANCES, CLUSTERS, structure=structure, weighted=weighted, **given)
        whole = aggregate(ESTIMATES, matrix, CLUSTERS, weighted=weighted)
        for place, label in enumerate(found.labels):
            rows = [i for i, name in enumerate(CLUSTERS) if name == label]
            inverse = np.linalg.inv(matrix[np.ix_(rows, rows)])
            weights = inverse.sum(axis=0) / inverse.sum() if weighted else np.full(len(rows), 1 / len(rows))
            variance = weights @ matrix[np.ix_(rows, rows)] @ weights
            expected = pytest.approx((weights @ ESTIMATES[rows], variance), rel=1e-12)
            assert (found.estimates[place], found.variances[place]) == expected
            assert (whole.estimates[place], whole.variances[place]) == expected


def test_each_cluster_may_have_a_correlation_of_its_own() -> None:
    each = aggregate(ESTIMATES, VARIANCES, CLUSTERS, correlation={"a": 0.0, "b": 0.2, "c": 0.8})
    for place, (label, rho) in enumerate((("b", 0.2), ("a", 0.0), ("c", 0.8))):
        assert each.labels[place] == label
        alone = aggregate(ESTIMATES, VARIANCES, CLUSTERS, correlation=rho)
        assert each.variances[place] == pytest.approx(alone.variances[place], rel=1e-14)


def test_equal_variances_give_the_mean_and_the_known_variance() -> None:
    found = aggregate([0.1, 0.7, 0.4], [0.5] * 3, ["s"] * 3, correlation=0.25)
    assert found.estimates[0] == pytest.approx(0.4)
    assert found.variances[0] == pytest.approx(0.5 * (1 + 2 * 0.25) / 3)
    assert found.marks == ("the correlation 0.25 within clusters is assumed: other values belong beside this one",)


def test_a_negative_weight_is_told_beside_the_estimate() -> None:
    found = aggregate([0.0, 1.0], [1.0, 0.01], ["s", "s"], correlation=0.9)
    assert found.estimates[0] > 1.0
    assert "cluster s: an estimate has a negative weight" in found.marks[1]
    assert len(aggregate([0.0, 1.0], [1.0, 0.01], ["s", "s"], correlation=0.9, weighted=False).marks) == 1


def test_clusters_of_one_pass_through_untouched() -> None:
    found = aggregate(ESTIMATES, VARIANCES, list("abcdef"), correlation=0.5)
    assert found.estimates.tolist() == ESTIMATES.tolist()
    assert found.variances == pytest.approx(VARIANCES, rel=1e-15)
    assert found.marks == ()


def test_an_aggregate_is_shown_as_a_table_a_dictionary_and_words() -> None:
    found = aggregate(ESTIMATES, VARIANCES, ["<b>", "<b>", "a", "c", "<b>", "c"], correlation=0.5)
    table = found.table()
    assert table.loc["<b>", "estimate"] == found.estimates[0]
    assert table["estimates"].tolist() == [3, 1, 2]
    assert json.loads(json.dumps(found.to_dict()))["variances"] == found.variances.tolist()
    assert "6 estimates were made into 3" in found.explain()
    assert "correlated by 0.5" in found.explain()
    assert repr(found) == "Aggregated(6 estimates in 3 clusters, CS)"
    page = found._repr_html_()
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert "is assumed" in page
    alone = aggregate(ESTIMATES, VARIANCES, CLUSTERS, correlation=0.5, weighted=False)
    assert "plain mean" in alone.explain()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "needs correlation"),
        ({"structure": "UN"}, "one of ID, CS"),
        ({"structure": "covariance"}, "goes with a matrix"),
        ({"structure": "ID", "correlation": 0.5}, "has no place for correlation"),
        ({"structure": "CAR", "autocorrelation": 0.5}, "needs times"),
        ({"structure": "CAR", "autocorrelation": -0.5, "times": range(6)}, "from 0 to 1"),
        ({"structure": "CAR", "autocorrelation": 0.5, "times": [0.0]}, "6 finite numbers"),
        ({"correlation": -0.7}, "cluster b"),
        ({"correlation": {"a": 0.1, "b": 0.1}}, "see 'c'"),
        ({"correlation": {"a": 0.1, "b": 0.1, "c": 2.0}}, "cluster c"),
        ({"correlation": 0.5, "weighted": "yes"}, "True or False"),
        ({"correlation": 0.5, "labels": ["a"]}, "1 names for 6"),
    ],
)
def test_options_that_do_not_fit_are_refused(options: dict[str, object], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        aggregate(ESTIMATES, VARIANCES, CLUSTERS, **options)


def test_matrices_that_are_no_covariance_of_the_clusters_are_refused() -> None:
    good = sampling_covariance(VARIANCES, CLUSTERS, correlation=0.5)
    with pytest.raises(MethodError, match="goes with a matrix"):
        aggregate(ESTIMATES, good, CLUSTERS, structure="CS", correlation=0.5)
    tied = good.copy()
    tied[0, 2] = tied[2, 0] = 0.001
    with pytest.raises(MethodError, match="estimates 1 and 3 are of different clusters"):
        aggregate(ESTIMATES, tied, CLUSTERS)
    crooked = good.copy()
    crooked[0, 1] += 0.01
    with pytest.raises(MethodError, match="not symmetric"):
        aggregate(ESTIMATES, crooked, CLUSTERS)
    singular = good.copy()
    singular[0, 1] = singular[1, 0] = np.sqrt(VARIANCES[0] * VARIANCES[1])
    with pytest.raises(MethodError, match="estimates 1 and 2 are correlated by 1"):
        aggregate(ESTIMATES, singular, CLUSTERS)
    lost = good.copy()
    lost[0, 1] = lost[1, 0] = np.nan
    with pytest.raises(MethodError, match="not finite"):
        aggregate(ESTIMATES, lost, CLUSTERS)
    with pytest.raises(MethodError, match="one column is expected"):
        aggregate(ESTIMATES, np.ones((6, 2)), CLUSTERS)
    with pytest.raises(MethodError, match="variances or a covariance matrix"):
        aggregate(ESTIMATES, ["a"] * 6, CLUSTERS)


def test_nothing_to_aggregate_and_gaps_are_refused() -> None:
    with pytest.raises(MethodError, match="n = 0"):
        aggregate([], [], [], correlation=0.5)
    with pytest.raises(MethodError, match="second: the estimate is nan"):
        aggregate([1.0, float("nan")], [1.0, 1.0], ["a", "a"], correlation=0.5, labels=["first", "second"])
    with pytest.raises(MethodError, match="the variance is -1"):
        aggregate([1.0, 2.0], [1.0, -1.0], ["a", "a"], correlation=0.5)
