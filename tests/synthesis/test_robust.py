"""Cluster-robust variances, against definitions written out in full. All data are invented."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import stats

from synth.errors import MethodError
from synth.synthesis import common_effect, meta_regression, random_effects
from synth.synthesis.robust import RobustResult, cluster_robust
from synth.synthesis.robust.sandwich import satterthwaite


@dataclass
class Nested:
    """A model of dependent estimates made by hand: a working covariance and generalised least squares."""

    design: np.ndarray
    estimates: np.ndarray
    marginal_covariance: np.ndarray
    names: tuple[str, ...]
    level: float = 0.95

    @property
    def bread(self) -> np.ndarray:
        weights = np.linalg.inv(self.marginal_covariance)
        return np.linalg.solve(self.design.T @ weights @ self.design, self.design.T @ weights)

    @property
    def beta(self) -> np.ndarray:
        return self.bread @ self.estimates

    @property
    def residuals(self) -> np.ndarray:
        return self.estimates - self.design @ self.beta


SIZES = (3, 1, 4, 2, 2, 5, 3, 1)
CLUSTERS = np.repeat([f"study {letter}" for letter in "ABCDEFGH"], SIZES)


def nested(columns: int = 2) -> Nested:
    rng = np.random.default_rng(5)
    n = len(CLUSTERS)
    within = (CLUSTERS[:, None] == CLUSTERS[None, :]).astype(float)
    covariance = np.diag(rng.uniform(0.05, 0.5, n)) + 0.2 * within
    design = np.column_stack([np.ones(n), rng.normal(size=n), rng.normal(size=n) + 3])[:, :columns]
    estimates = rng.multivariate_normal(design @ np.array([0.3, -0.2, 0.1])[:columns], covariance)
    return Nested(design, estimates, covariance, ("intercept", "dose", "age")[:columns])


def in_full(model: Nested, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Robust covariance and Satterthwaite's degrees of freedom with n by n matrices, as the papers define them."""
    n, p = model.design.shape
    covariance, bread = model.marginal_covariance, model.bread
    maker = np.eye(n) - model.design @ bread
    m = len(set(CLUSTERS))
    total, parts = np.zeros((p, p)), []
    for name in dict.fromkeys(CLUSTERS):
        rows = np.flatnonzero(name == CLUSTERS)
        if kind == "CR2":
            upper = np.linalg.cholesky(covariance[np.ix_(rows, rows)]).T
            middle = upper @ (maker @ covariance @ maker.T)[np.ix_(rows, rows)] @ upper.T
            values, vectors = np.linalg.eigh(middle)
            adjustment = upper.T @ (vectors / np.sqrt(values)) @ vectors.T @ upper
        else:
            adjustment = np.eye(len(rows)) * {"CR0": 1, "CR1": np.sqrt(m / (m - p))}[kind]
        score = bread[:, rows] @ adjustment
        parts.append(score @ maker[rows])
        total += np.outer(score @ model.residuals[rows], score @ model.residuals[rows])
    degrees = []
    for place in range(p):
        rows = np.array([part[place] for part in parts])
        cross = rows @ covariance @ rows.T
        degrees.append(np.trace(cross) ** 2 / (cross**2).sum())
    return total, np.array(degrees)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR2"])
@pytest.mark.parametrize("columns", [1, 2, 3])
def test_the_sandwich_is_the_one_of_the_definition(kind: str, columns: int) -> None:
    model = nested(columns)
    found = cluster_robust(model, CLUSTERS, kind=kind)
    covariance, degrees = in_full(model, kind)
    assert found.covariance == pytest.approx(covariance, rel=1e-9, abs=1e-12)
    expected = degrees if kind == "CR2" else np.full(columns, 8.0 - columns)
    assert found.degrees_of_freedom == pytest.approx(expected, rel=1e-9)
    t = found.beta / np.sqrt(np.diag(covariance))
    assert found.statistics == pytest.approx(t, rel=1e-9)
    assert found.p_values == pytest.approx(2 * stats.t.sf(abs(t), expected), rel=1e-8)
    margin = stats.t.ppf(0.975, expected) * np.sqrt(np.diag(covariance))
    assert found.low == pytest.approx(model.beta - margin, rel=1e-8)
    assert found.high == pytest.approx(model.beta + margin, rel=1e-8)
    assert (found.n, found.n_clusters) == (21, 8)


def test_cr2_is_unbiased_if_the_working_model_is_right() -> None:
    model = nested(3)
    sandwich = cluster_robust(model, CLUSTERS).sandwich
    for row in np.eye(3):
        expected = np.trace(sandwich.cross_products(row[None])[0, 0])
        assert expected == pytest.approx(row @ sandwich.spread @ row, rel=1e-10)
    biased = cluster_robust(model, CLUSTERS, kind="CR0").sandwich
    assert np.trace(biased.cross_products(np.eye(3)[:1])[0, 0]) < 0.95 * biased.spread[0, 0]


def test_equal_clusters_have_one_degree_of_freedom_less_than_clusters() -> None:
    cluster = np.repeat(np.arange(7), 3)
    rng = np.random.default_rng(2)
    covariance = np.eye(21) * 0.3 + 0.1 * (cluster[:, None] == cluster[None, :])
    model = Nested(np.ones((21, 1)), rng.normal(size=21), covariance, ("intercept",))
    found = cluster_robust(model, cluster)
    assert found.degrees_of_freedom == pytest.approx([6.0], rel=1e-12)
    # Then the variance is that of the mean of the cluster means.
    means = model.estimates.reshape(7, 3).mean(axis=1)
    assert found.standard_errors[0] == pytest.approx(means.std(ddof=1) / np.sqrt(7), rel=1e-12)


def test_hotellings_test_of_one_coefficient_is_its_t_test() -> None:
    found = cluster_robust(nested(2), CLUSTERS)
    test = found.omnibus
    assert test.df1 == 1
    assert test.statistic == pytest.approx(found.statistics[1] ** 2, rel=1e-10)
    assert test.df2 == pytest.approx(found.degrees_of_freedom[1], rel=1e-10)
    assert test.p_value == pytest.approx(found.p_values[1], rel=1e-9)


def test_hotellings_degrees_of_freedom_match_the_total_variance_of_a_wishart_matrix() -> None:
    model = nested(3)
    found = cluster_robust(model, CLUSTERS)
    rows = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    test = found.wald_test(combinations=rows)
    # Total variance of the robust covariance by simulation of residuals from the working model.
    rng = np.random.default_rng(8)
    draws = rng.multivariate_normal(np.zeros(21), model.marginal_covariance, size=20_000)
    residuals = draws @ (np.eye(21) - model.design @ model.bread).T
    members = found.clusters.members
    in_basis = np.linalg.solve(found.sandwich.working.basis.triangle.T, rows.T).T
    scores = [
        residuals[:, which] @ (in_basis @ part).T for part, which in zip(found.sandwich._adjusted, members, strict=True)
    ]
    matrices = sum(score[:, :, None] * score[:, None, :] for score in scores)
    values, vectors = np.linalg.eigh(matrices.mean(axis=0))
    root = vectors / np.sqrt(values) @ vectors.T
    scaled = root @ matrices @ root
    eta = 2 * 3 / scaled.var(axis=0).sum()
    assert test.df2 + 1 == pytest.approx(eta, rel=0.05)
    square = (rows @ found.beta) @ np.linalg.inv(rows @ found.covariance @ rows.T) @ (rows @ found.beta)
    assert test.statistic == pytest.approx(test.df2 / ((test.df2 + 1) * 2) * square, rel=1e-9)


def test_plain_kinds_test_with_f() -> None:
    found = cluster_robust(nested(3), CLUSTERS, kind="CR1")
    test = found.wald_test(["dose", 2])
    rows = np.eye(3)[1:]
    square = (rows @ found.beta) @ np.linalg.inv(rows @ found.covariance @ rows.T) @ (rows @ found.beta)
    assert (test.df1, test.df2) == (2, 5.0)
    assert test.statistic == pytest.approx(square / 2, rel=1e-9)
    assert test.p_value == pytest.approx(stats.f.sf(square / 2, 2, 5), rel=1e-9)
    assert found.omnibus.statistic == pytest.approx(test.statistic)


# Invented estimates of studies.
Y = np.array([0.1, 0.5, 0.3, -0.2, 0.8, 0.4, 0.6, 0.0, 0.2])
V = np.array([0.02, 0.05, 0.11, 0.04, 0.2, 0.03, 0.08, 0.06, 0.01])
GROUPS = list("aabbccdde")


@pytest.mark.parametrize("weights", [None, "equal", [1, 2, 3, 1, 2, 3, 1, 2, 3]])
@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1S", "CR2"])
def test_univariate_models_have_the_sandwich_of_their_weights(weights: object, kind: str) -> None:
    model = random_effects(Y, V, weights=weights)
    found = cluster_robust(model, GROUPS, kind=kind)
    total = V + model.tau2
    shares = {"equal": np.ones(9)}.get(weights) if isinstance(weights, str) else weights
    shares = np.asarray(1 / total if shares is None else shares, dtype=float)
    bread = shares / shares.sum()
    maker = np.eye(9) - np.ones((9, 1)) @ bread[None]
    left = maker @ np.diag(total) @ maker.T
    scores = []
    for name in "abcde":
        rows = [i for i, group in enumerate(GROUPS) if group == name]
        root = np.diag(np.sqrt(total[rows]))
        values, vectors = np.linalg.eigh(root @ left[np.ix_(rows, rows)] @ root)
        adjustment = root @ (vectors / np.sqrt(values)) @ vectors.T @ root if kind == "CR2" else np.eye(len(rows))
        scores.append(bread[rows] @ adjustment @ (Y[rows] - model.estimate))
    factor = {"CR1": 5 / 4, "CR1S": 5 * 8 / (4 * 8)}.get(kind, 1.0)
    assert found.covariance[0, 0] == pytest.approx(factor * np.square(scores).sum(), rel=1e-10)
    assert found.beta[0] == model.estimate


def test_a_common_effect_has_no_variance_between_studies_in_its_working_model() -> None:
    found = cluster_robust(common_effect(Y, V), GROUPS)
    assert np.diag(found.sandwich.working.covariance).tolist() == V.tolist()


def test_neither_order_nor_unit_nor_the_zero_of_a_moderator_matters() -> None:
    year = np.array([1990.0, 2000, 2010, 1995, 2005, 2015, 1998, 2008, 2018])
    plain = cluster_robust(meta_regression(Y, V, {"year": year}), GROUPS)
    order = [8, 3, 5, 0, 1, 7, 6, 2, 4]
    mixed = cluster_robust(
        meta_regression(1e4 * Y[order], 1e8 * V[order], {"year": (year - 2000)[order] / 10}),
        [GROUPS[i] for i in order],
    )
    assert mixed.degrees_of_freedom[1] == pytest.approx(plain.degrees_of_freedom[1], rel=1e-7)
    assert mixed.standard_errors[1] == pytest.approx(1e5 * plain.standard_errors[1], rel=1e-7)
    assert mixed.omnibus.p_value == pytest.approx(plain.omnibus.p_value, rel=1e-6)


def test_clusters_of_one_agree_with_the_variance_of_hartung_and_knapp_in_a_balanced_pool() -> None:
    pool = random_effects(Y, np.full(9, 0.05), test="hartung-knapp")
    found = cluster_robust(pool, range(9))
    assert found.standard_errors[0] == pytest.approx(pool.standard_error, rel=1e-10)
    assert found.degrees_of_freedom[0] == pytest.approx(8.0, rel=1e-10)
    assert found.low[0] == pytest.approx(pool.interval[0], rel=1e-9)


def test_clusters_that_the_model_ties_together_are_refused_by_cr2_and_marked_otherwise() -> None:
    model = nested(1)
    across = model.marginal_covariance.copy()
    across[0, 20] = across[20, 0] = 0.05
    tied = replace(model, marginal_covariance=across)
    with pytest.raises(MethodError, match=r"estimates 1 and 21 .*study A and study H.*ties them together"):
        cluster_robust(tied, CLUSTERS)
    found = cluster_robust(tied, CLUSTERS, kind="CR0")
    assert any("ties estimates of different clusters" in mark for mark in found.marks)
    bread, residuals = tied.bread[0], tied.residuals
    expected = sum((bread[name == CLUSTERS] @ residuals[name == CLUSTERS]) ** 2 for name in set(CLUSTERS))
    assert found.covariance[0, 0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR2"])
def test_a_cluster_that_alone_carries_a_coefficient_is_told(kind: str) -> None:
    model = nested(1)
    only = (CLUSTERS == "study F").astype(float)
    beside = replace(model, design=np.column_stack([model.design, only]), names=("intercept", "study F"))
    found = cluster_robust(beside, CLUSTERS, kind=kind)
    assert found.sandwich.carriers == ("study F",)
    assert any("cluster study F alone carries a coefficient" in mark for mark in found.marks)
    apart = replace(model, design=np.column_stack([1 - only, only]), names=("others", "study F"))
    with pytest.raises(MethodError, match="coefficient 'study F': one cluster alone"):
        cluster_robust(apart, CLUSTERS, kind=kind)
    assert cluster_robust(model, CLUSTERS, kind=kind).sandwich.carriers == ()


def test_few_clusters_and_few_degrees_of_freedom_are_marked() -> None:
    liberal = cluster_robust(random_effects(Y, V), GROUPS, kind="CR1")
    assert any("CR1 with 5 clusters" in mark for mark in liberal.marks)
    assert cluster_robust(random_effects(Y, V), range(9)).marks == ()
    short = cluster_robust(common_effect(Y, [0.01, 0.01, 1, 1, 1, 1, 1, 1, 1]), range(9))
    assert any("fewer than 4 degrees of freedom" in mark for mark in short.marks)


def test_a_result_is_shown_as_a_table_a_dictionary_and_words() -> None:
    found = cluster_robust(meta_regression(Y, V, {"x<y": np.arange(9.0)}), GROUPS, level=0.9)
    assert found.table().loc["x<y", "degrees_of_freedom"] == found.degrees_of_freedom[1]
    stored = json.loads(json.dumps(found.to_dict()))
    assert stored["n_clusters"] == 5
    assert stored["omnibus"]["p_value"] == found.omnibus.p_value
    assert stored["covariance"] == found.covariance.tolist()
    assert "Satterthwaite" in found.explain()
    assert "90% level" in found.explain()
    assert repr(found) == "RobustResult(CR2, 9 estimates in 5 clusters, coefficients: intercept, x<y)"
    page = found._repr_html_()
    assert "x&lt;y" in page
    assert "<th>x<y" not in page
    plain = cluster_robust(random_effects(Y, V), GROUPS, kind="CR1")
    assert "m / (m - p)" in plain.explain()
    assert repr(plain).startswith("RobustResult(CR1, 9 estimates in 5 clusters, 0.")


def result() -> RobustResult:
    return cluster_robust(meta_regression(Y, V, {"x": np.arange(9.0)}), GROUPS)


@pytest.mark.parametrize(
    ("tested", "combinations", "words"),
    [
        (None, None, "one of the two"),
        (["x"], [[1, 0]], "one of the two"),
        ([], None, "no coefficient"),
        (["z"], None, "coefficient 'z'"),
        ([2], None, "coefficient 2"),
        ([True], None, "coefficient True"),
        (None, [[1.0, 0, 0]], "rows of 2"),
        (None, [[1.0, float("nan")]], "rows of 2"),
        (None, [[1.0, 1.0], [2.0, 2.0]], "depend on each other"),
    ],
)
def test_tests_of_what_is_not_there_are_refused(tested: object, combinations: object, words: str) -> None:
    with pytest.raises(MethodError, match=words):
        result().wald_test(tested, combinations=combinations)


@pytest.mark.parametrize(
    ("cluster", "options", "words"),
    [
        (GROUPS, {"kind": "CR9"}, "kind 'CR9'"),
        (GROUPS, {"level": 95}, "level"),
        (GROUPS[:8], {}, "8 values for 9"),
        ([None, *GROUPS[1:]], {}, "estimate 1 has no value"),
        (["one"] * 9, {}, "1 clusters for 2 coefficients"),
        (["one"] * 8 + ["two"], {}, "2 clusters for 2 coefficients"),
        ("aabbccdde", {}, "a column with one name"),
    ],
)
def test_clusters_that_do_not_fit_are_refused(cluster: object, options: dict[str, object], words: str) -> None:
    with pytest.raises(MethodError, match=words):
        cluster_robust(meta_regression(Y, V, {"x": np.arange(9.0)}), cluster, **options)


def test_a_working_covariance_without_inverse_is_refused() -> None:
    @dataclass
    class Given:
        design = np.ones((21, 1))
        beta = np.array([0.1])
        residuals = np.ones(21)
        marginal_covariance = np.zeros((21, 21))
        names = ("intercept",)
        level = 0.95

    with pytest.raises(MethodError, match="no inverse"):
        cluster_robust(Given(), CLUSTERS)


def test_no_spread_has_no_degrees_of_freedom() -> None:
    assert np.isnan(satterthwaite(np.zeros((3, 3))))
