"""The sandwich of cluster-robust variances, and the degrees of freedom that go with it.

The coefficients of a model are b = B y with B = (X'WX)^-1 X'W. If clusters are independent, the covariance of b is the
sum over clusters of B_j S_j B_j', where S_j is the covariance of the estimates of cluster j, whatever it is. The
sandwich puts the products of residuals in the place of S_j. Residuals are smaller than errors, by an amount that
follows from the working model: CR2 corrects each cluster's residuals by a matrix A_j that makes the result unbiased if
the working model is right (Bell and McCaffrey 2002, Surv Methodol 28:169-181; Pustejovsky and Tipton 2018, J Bus Econ
Stat 36:672-683).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from synth.errors import MethodError
from synth.synthesis.clusters import Clusters
from synth.synthesis.linear import Basis, FloatArray, IntArray, as_floats, einsum

Kind = Literal["CR0", "CR1", "CR1S", "CR2"]

#: Share of the largest eigenvalue below which one is 0: a cluster that alone carries a coefficient has residuals of 0.
_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Working:
    """A fitted model, as the sandwich sees it.

    Attributes
    ----------
    basis : Basis
        The design, n rows and p columns.
    residuals : ndarray, shape (n,)
    rounding : ndarray, shape (n,)
        How far each residual may be off by rounding.
    covariance : ndarray, shape (n, n)
        Working covariance of the estimates; with the blocks of the clusters on its diagonal and nothing else, where
        `nested`.
    weights : ndarray, shape (n,), or None
        Weights that the model was fitted with; None stands for the inverse of the working covariance.
    clusters : Clusters
    nested : bool
        Whether estimates of different clusters are independent in the working model.
    """

    basis: Basis
    residuals: FloatArray
    rounding: FloatArray
    covariance: FloatArray
    weights: FloatArray | None
    clusters: Clusters
    nested: bool


@dataclass(frozen=True, eq=False)
class Sandwich:
    """The robust covariance of the coefficients, in the orthonormal basis of the design.

    Attributes
    ----------
    working : Working
    kind : str
        Correction for few clusters.
    """

    working: Working
    kind: Kind

    @cached_property
    def _bread(self) -> FloatArray:
        """B, shape (p, n)."""
        rows = self.working.basis.rows
        own = self.working.weights
        weighted = _solved(self.working, rows) if own is None else as_floats(own[:, None] * rows)
        return as_floats(np.linalg.solve(rows.T @ weighted, weighted.T))

    @cached_property
    def spread(self) -> FloatArray:
        """Covariance of the coefficients under the working model, shape (p, p)."""
        return as_floats(self._bread @ self.working.covariance @ self._bread.T)

    @cached_property
    def _adjustments(self) -> tuple[tuple[FloatArray, bool], ...]:
        """A_j of each cluster, and whether it is a generalised inverse."""
        return tuple(self._bell_mccaffrey(rows) for rows in self.working.clusters.members)

    @cached_property
    def _adjusted(self) -> tuple[FloatArray, ...]:
        """B_j A_j of each cluster."""
        members, factor = self.working.clusters.members, np.sqrt(self._factor)
        if self.kind != "CR2":
            return tuple(self._bread[:, rows] * factor for rows in members)
        pairs = zip(members, self._adjustments, strict=True)
        return tuple(self._bread[:, rows] @ adjustment for rows, (adjustment, _) in pairs)

    @property
    def carriers(self) -> tuple[str, ...]:
        """Clusters that alone carry a coefficient, so that their residuals cannot vary fully."""
        if not self.working.nested:
            return ()
        pairs = zip(self.working.clusters.names, self._adjustments, strict=True)
        return tuple(name for name, (_, singular) in pairs if singular)

    @property
    def _factor(self) -> float:
        n, p = len(self.working.residuals), self.working.basis.p
        m = self.working.clusters.size
        if self.kind == "CR1":
            return m / (m - p)
        return m * (n - 1) / ((m - 1) * (n - p)) if self.kind == "CR1S" else 1.0

    def _bell_mccaffrey(self, rows: IntArray) -> tuple[FloatArray, bool]:
        """A_j: M^(1/2) (M^(1/2) G M^(1/2))^(-1/2) M^(1/2), with G the covariance of the cluster's residuals."""
        working = self.working
        block = working.covariance[np.ix_(rows, rows)]
        design, bread = working.basis.rows[rows], self._bread[:, rows]
        # With H = X B, the residuals are (I - H) y, and for clusters that the working model keeps apart:
        shared = design @ (bread @ block)
        left = block - shared - shared.T + design @ self.spread @ design.T
        root, _ = _power(block, 0.5)
        inner, singular = _power(root @ left @ root, -0.5)
        return as_floats(root @ inner @ root), singular

    @cached_property
    def covariance(self) -> FloatArray:
        """Of the coefficients in the basis, shape (p, p)."""
        members = self.working.clusters.members
        parts = zip(self._adjusted, members, strict=True)
        scores = np.stack([part @ self.working.residuals[rows] for part, rows in parts], axis=1)
        return as_floats(scores @ scores.T)

    def rounding(self, combinations: FloatArray) -> FloatArray:
        """What rounding of the residuals alone can make of standard errors, shape (q,).

        Parameters
        ----------
        combinations : ndarray, shape (q, p)
            Of the coefficients in the basis.
        """
        parts = zip(self._adjusted, self.working.clusters.members, strict=True)
        largest = np.stack([np.abs(combinations @ part) @ self.working.rounding[rows] for part, rows in parts])
        return as_floats(np.sqrt((largest**2).sum(axis=0)))

    def cross_products(self, combinations: FloatArray) -> FloatArray:
        """Covariances, under the working model, of what each cluster adds to the combinations' variances.

        Cluster j adds the square of g_j'y to the robust variance of a combination, where g_j is n long. Returned are
        the g_j' M g_l for each two combinations and each two clusters: all that degrees of freedom depend on.

        Parameters
        ----------
        combinations : ndarray, shape (q, p)
            Of the coefficients in the basis.

        Returns
        -------
        ndarray, shape (q, q, m, m)
        """
        working, p = self.working, self.working.basis.p
        size = len(combinations), working.clusters.size
        through, weighted = np.empty((*size, p)), np.empty((*size, p))
        own = np.empty((size[0], size[0], size[1]))
        for j, (part, rows) in enumerate(zip(self._adjusted, working.clusters.members, strict=True)):
            scores = combinations @ part
            block = working.covariance[np.ix_(rows, rows)]
            through[:, j] = scores @ working.basis.rows[rows]
            weighted[:, j] = scores @ block @ self._bread[:, rows].T
            own[:, :, j] = scores @ block @ scores.T
        result = einsum("cjp,pr,dlr->cdjl", through, self.spread, through)
        result -= einsum("cjp,dlp->cdjl", weighted, through) + einsum("cjp,dlp->cdjl", through, weighted)
        diagonal = np.arange(size[1])
        result[:, :, diagonal, diagonal] += own
        return result


def _solved(working: Working, values: FloatArray) -> FloatArray:
    """The inverse of the working covariance times values, cluster by cluster where clusters are independent."""
    if not working.nested:
        return _inverse_times(working.covariance, values)
    result = np.empty_like(values)
    for rows in working.clusters.members:
        result[rows] = _inverse_times(working.covariance[np.ix_(rows, rows)], values[rows])
    return result


def _inverse_times(covariance: FloatArray, values: FloatArray) -> FloatArray:
    try:
        return as_floats(np.linalg.solve(covariance, values))
    except np.linalg.LinAlgError as error:
        raise MethodError(
            "the working covariance of the model has no inverse: variances above 0 are expected"
        ) from error


def _power(matrix: FloatArray, exponent: float) -> tuple[FloatArray, bool]:
    """The symmetric power of a matrix, on the space where it is not 0; and whether that is not all of the space."""
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    there = values > _SINGULAR * max(float(values[-1]), 0.0)
    powers = np.where(there, np.where(there, values, 1.0) ** exponent, 0.0)
    return as_floats((vectors * powers) @ vectors.T), not bool(there.all())


def satterthwaite(cross: FloatArray) -> float:
    """Degrees of freedom of the variance of one combination: 2 E^2 / V under the working model.

    Parameters
    ----------
    cross : ndarray, shape (m, m)
        Of `Sandwich.cross_products`.

    Returns
    -------
    float
        NaN where the variance is 0.
    """
    total = float((cross**2).sum())
    return float(np.trace(cross)) ** 2 / total if total > 0 else float("nan")


def hotelling_degrees(cross: FloatArray) -> float:
    """Degrees of freedom eta of an approximate Hotelling's T-squared test of q combinations.

    Total variances of the robust covariance are matched to those of a Wishart matrix (Zhang 2012, Open J Stat 2:1-11;
    Tipton and Pustejovsky 2015, J Educ Behav Stat 40:604-634).

    Parameters
    ----------
    cross : ndarray, shape (q, q, m, m)
        Of `Sandwich.cross_products`.
    """
    q = len(cross)
    # In units of their standard deviations: small eigenvalues are then those of combinations that say the same.
    unit = np.sqrt(einsum("ccjj->c", cross))
    cross = cross / (unit[:, None] * unit)[:, :, None, None]
    root, _ = _power(einsum("cdjj->cd", cross), -0.5)
    scaled = einsum("ac,cdjl,db->abjl", root, cross, root)
    diagonal = einsum("aajl->ajl", scaled)
    total = einsum("abjl,bajl->", scaled, scaled) + einsum("ajl,bjl->", diagonal, diagonal)
    return q * (q + 1) / float(total)
