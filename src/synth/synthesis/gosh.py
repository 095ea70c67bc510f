"""A model fitted to every subset of its studies: one spread of results, or several.

Subsets overlap, so that the fits are no sample of anything: they are looked at, and not tested.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from synth.errors import MethodError
from synth.synthesis.deletion import usable
from synth.synthesis.explanations import PLAIN_FROM
from synth.synthesis.fitted import check_fitted
from synth.synthesis.fitting import Fits
from synth.synthesis.linear import BoolArray, FloatArray, IntArray, as_floats
from synth.synthesis.model_tables import one_row
from synth.synthesis.resampling.blocks import blocks_of, chosen, estimable, joined, multiplied, refit
from synth.synthesis.resampling.draws import check_number, generator_of

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.models import MetaAnalysis

Heterogeneity = Literal["i2", "h2", "tau2", "q_e"]

#: Studies of which all subsets are fitted unless told otherwise: 1,048,575 of them.
ALL_UP_TO = 20
#: Random subsets where there are more studies: the share of any tenth of the plane is then known to a thousandth.
SUBSETS = 100_000
#: Subsets, and subsets times studies, that may be asked for: the fits are kept, and take some 50 bytes each.
MOST_SUBSETS, MOST_CELLS = 4_000_000, 200_000_000


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Gosh:
    """Fits to subsets of studies; B of them, on the analysis scale.

    Attributes
    ----------
    model : MetaAnalysis
        Of all studies.
    exact : bool
        Whether these are all subsets, or else random ones.
    possible : int
        Subsets that there are, the empty one apart: 2**k - 1.
    seed : int or None
        Of the random numbers; None where all subsets are there.
    included : ndarray of bool, shape (B, k)
        Studies of each subset.
    beta : ndarray, shape (B, p)
        Coefficients.
    tau2, q_e, i2, h2 : ndarray, shape (B,)
        Heterogeneity left after the moderators; I2 from 0 to 1. Where there are no more studies than coefficients it is
        0 (H2: 1) by definition.
    without_fit : int
        Subsets looked at and left out, because the model cannot be fitted to them.
    not_converged : int
        Fits whose iteration for tau2 did not end by its rule; the last value is used.
    """

    model: MetaAnalysis
    exact: bool
    possible: int
    seed: int | None
    included: BoolArray
    beta: FloatArray
    tau2: FloatArray
    q_e: FloatArray
    i2: FloatArray
    h2: FloatArray
    without_fit: int
    not_converged: int

    @property
    def subsets(self) -> int:
        """Subsets with a fit."""
        return len(self.tau2)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the studies."""
        return self.model.labels

    @cached_property
    def sizes(self) -> IntArray:
        """Studies in each subset, shape (B,)."""
        return np.asarray(self.included.sum(axis=1), dtype=np.intp)

    @property
    def estimates(self) -> FloatArray:
        """Summary effect of each subset, shape (B,).

        Raises
        ------
        MethodError
            If the model has moderators: it has no one effect.
        """
        return self.coefficient(None)

    def coefficient(self, name: str | None) -> FloatArray:
        """One coefficient of each subset, shape (B,); the summary effect for None.

        Raises
        ------
        MethodError
            If there is no such coefficient, or several and none is named.
        """
        names = self.model.names
        if name is None and self.model.has_moderators:
            raise MethodError(f"a model with moderators has no one effect; one of {', '.join(names)} is expected")
        if name is not None and name not in names:
            raise MethodError(f"coefficient {name!r}: one of {', '.join(names)} is expected")
        return as_floats(self.beta[:, 0 if name is None else names.index(name)])

    def heterogeneity(self, measure: Heterogeneity) -> FloatArray:
        """One measure of heterogeneity of each subset, shape (B,).

        Raises
        ------
        MethodError
            If it is unknown, or tau2 of a common-effect model, which has none.
        """
        if measure not in get_args(Heterogeneity):
            raise MethodError(f"heterogeneity {measure!r}: one of {', '.join(get_args(Heterogeneity))} is expected")
        if measure == "tau2" and self.model.method == "common":
            raise MethodError("tau2 of a common-effect model: it has none; i2, h2 or q_e is expected")
        values: FloatArray = getattr(self, measure)
        return values

    def has(self, study: str) -> BoolArray:
        """Whether a study, by its name, is in each subset, shape (B,).

        Raises
        ------
        MethodError
            If no study, or several, have this name.
        """
        found = self.labels.count(study)
        if found != 1:
            what = "is not in the model" if not found else f"stands for {found} studies"
            raise MethodError(f"study {study!r} {what}; one of {', '.join(self.labels)} is expected")
        return np.asarray(self.included[:, self.labels.index(study)])

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result."""
        return tuple(_marks(self))

    def table(self) -> pd.DataFrame:
        """One row a subset: its studies by number, how many, coefficients and heterogeneity."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        columns: dict[str, Any] = {"studies": self.sizes}
        columns |= {name: self.beta[:, index] for index, name in enumerate(self.model.names)}
        columns |= {name: getattr(self, name) for name in ("tau2", "q_e", "i2", "h2")}
        members = [" ".join(map(str, np.flatnonzero(row) + 1)) for row in self.included]
        return pd.DataFrame(columns, index=pd.Index(members, name="subset"))

    def by_study(self, coefficient: str | None = None) -> pd.DataFrame:
        """One row a study: medians over the subsets with it and without it, and what part of the spread it parts.

        `explained` is the share of the variance of the coefficient over subsets that lies between those with and those
        without the study: near 1, and the study alone makes two clouds of points.

        Parameters
        ----------
        coefficient : str, optional
            Its name; the summary effect where not given.

        Raises
        ------
        MethodError
            As for `coefficient`.
        """
        import pandas as pd

        values = self.coefficient(coefficient)
        rows = [_parted(values, self.i2, self.included[:, study]) for study in range(self.model.k)]
        return pd.DataFrame(rows, index=pd.Index(self.labels, name="study"))

    def summary(self) -> pd.DataFrame:
        """One row: how many subsets, and how far the first coefficient and I2 reach over them."""
        return one_row(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """How many subsets of which model, and the reach of each coefficient, of tau2 and I2; not each subset."""
        result: dict[str, Any] = {
            "k": self.model.k,
            "subsets": self.subsets,
            "possible": self.possible,
            "exact": self.exact,
            "seed": self.seed,
            "without_fit": self.without_fit,
            "not_converged": self.not_converged,
        }
        columns = dict(zip(self.model.names, self.beta.T, strict=True)) | {"tau2": self.tau2, "i2": self.i2}
        for name, values in columns.items():
            middle, low, high = float(np.median(values)), float(values.min()), float(values.max())
            result |= {f"{name}_median": middle, f"{name}_lowest": low, f"{name}_highest": high}
        return result | {"marks": list(self.marks)}

    def _repr_html_(self) -> str:
        return str(self.summary().to_html(index=False))

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        which = f"all {self.possible:,}" if self.exact else f"{self.subsets:,} random (seed {self.seed})"
        return (
            f"The model was fitted to {which} subsets of the {self.model.k} studies, and the results plotted against "
            "the heterogeneity within each (GOSH: Olkin, Dahabreh and Trikalinos 2012, Res Synth Methods 3:214-223; "
            "for models other than the common-effect one Viechtbauer 2021, Handbook of Meta-Analysis, 219-254). "
            "Several clouds of points suggest outliers or subgroups; a picture of overlapping subsets is no test."
        )

    def __repr__(self) -> str:
        how = "all" if self.exact else f"random, seed = {self.seed}"
        return f"Gosh({self.subsets:,} subsets, {how}, k = {self.model.k})"


def gosh(model: MetaAnalysis, *, subsets: int | None = None, seed: int | None = None) -> Gosh:
    """Fit a model to the subsets of its studies.

    Parameters
    ----------
    model : MetaAnalysis
        Of at least three studies, and of two more than it has coefficients; every variance above 0.
    subsets : int, optional
        How many random subsets, each study being in a subset with chance 1/2. Where not given, or where there are no
        more subsets than that, all of them; of more than `ALL_UP_TO` studies `SUBSETS` random ones.
    seed : int, optional
        Of the random numbers (PCG64), from 0; expected where subsets are random.

    Returns
    -------
    Gosh

    Raises
    ------
    MethodError
        If the model is of another kind, there are too few studies, a variance is 0, an option is out of range, or no
        subset can be fitted.

    References
    ----------
    Olkin, Dahabreh and Trikalinos 2012, Res Synth Methods 3:214-223; Viechtbauer 2021, in Schmid, Stijnen and White
    (eds), Handbook of Meta-Analysis, 219-254.
    """
    _check(model)
    possible = 2**model.k - 1
    if subsets is not None:
        check_number(subsets, "subsets")
    wanted = subsets if subsets is not None else possible if model.k <= ALL_UP_TO else SUBSETS
    exact = wanted >= possible
    count = min(wanted, possible)
    if count > MOST_SUBSETS or count * model.k > MOST_CELLS:
        raise MethodError(f"{count:,} subsets of {model.k} studies: no more than {_most(model.k):,} are expected")
    included = _all(model.k) if exact else _random(count, model.k, seed)
    return _fitted(model, included, exact=exact, seed=None if exact else seed)


def _check(model: MetaAnalysis) -> None:
    check_fitted(model, "subsets of studies")
    if model.k < 3:
        raise MethodError(
            f"k = {model.k}: the subsets are the {'two studies and their pool' if model.k == 2 else 'study itself'}, "
            "which a forest plot shows; at least 3 studies are expected"
        )
    if model.k < model.p + 2:
        raise MethodError(
            f"{model.k} studies for {model.p} coefficients: without a study nothing is left to judge the fit by; "
            f"at least {model.p + 2} are expected"
        )
    if not (model.variances > 0).all():
        name = model.labels[int(np.argmin(model.variances))]
        raise MethodError(f"{name}: the sampling variance is 0, so that every subset with it is that study alone")


def _most(k: int) -> int:
    return min(MOST_SUBSETS, MOST_CELLS // k)


def _all(k: int) -> BoolArray:
    """Every subset but the empty one, shape (2**k - 1, k), counted in binary."""
    numbers = np.arange(1, 2**k, dtype=np.int64)
    included = np.empty((len(numbers), k), dtype=np.bool_)
    for study in range(k):
        included[:, study] = (numbers >> study) & 1
    return included


def _random(count: int, k: int, seed: int | None) -> BoolArray:
    """Random subsets with at least one study, every one of them as likely as any other, shape (count, k)."""
    random = generator_of(seed, f"{count:,} random subsets of {k} studies")
    included = random.integers(0, 2, (count, k), dtype=np.int8).astype(np.bool_)
    while (empty := np.flatnonzero(~included.any(axis=1))).size:
        included[empty] = random.integers(0, 2, (len(empty), k), dtype=np.int8).astype(np.bool_)
    return included


def _fitted(model: MetaAnalysis, included: BoolArray, *, exact: bool, seed: int | None) -> Gosh:
    good = np.zeros(len(included), dtype=np.bool_)
    parts: list[Fits] = []
    for start, stop in blocks_of(model, len(included)):
        counts = included[start:stop].astype(float)
        rows = np.flatnonzero(estimable(model, counts) & (counts.sum(axis=1) >= model.p))
        if rows.size:
            found = refit(model, multiplied(model, counts[rows]))
            fine = usable(found) & np.isfinite(found.q_e + found.typical_variance)
            good[start + rows[fine]] = True
            parts.append(chosen(found, fine))
    if not good.any():
        raise MethodError("the model cannot be fitted to any of the subsets")
    fits = joined(parts)
    i2, h2 = _relative(model, fits)
    return Gosh(
        model=model,
        exact=exact,
        possible=2**model.k - 1,
        seed=seed,
        included=included[good],
        beta=fits.beta,
        tau2=fits.tau2,
        q_e=fits.q_e,
        i2=i2,
        h2=h2,
        without_fit=int((~good).sum()),
        not_converged=int((~fits.converged).sum()),
    )


def _relative(model: MetaAnalysis, fits: Fits) -> tuple[FloatArray, FloatArray]:
    """I2 and H2 of each fit, as `MetaAnalysis` has them."""
    degrees = fits.k - fits.p
    with np.errstate(divide="ignore", invalid="ignore"):
        if model.method == "common":
            i2, h2 = np.maximum(0.0, (fits.q_e - degrees) / fits.q_e), fits.q_e / degrees
            i2 = np.where(fits.q_e > 0, i2, 0.0)
        else:
            i2 = fits.tau2 / (fits.tau2 + fits.typical_variance)
            h2 = fits.tau2 / fits.typical_variance + 1
    return np.where(degrees > 0, i2, 0.0), np.where(degrees > 0, h2, 1.0)


def _parted(values: FloatArray, i2: FloatArray, inside: BoolArray) -> dict[str, float]:
    """How the subsets with a study differ from those without it; NaN where there are none of one kind."""
    row: dict[str, float] = {}
    for name, which in (("with", inside), ("without", ~inside)):
        row[f"estimate_{name}"] = float(np.median(values[which])) if which.any() else np.nan
        row[f"i2_{name}"] = float(np.median(i2[which])) if which.any() else np.nan
    both = bool(inside.any() and not inside.all())
    gap = float(values[inside].mean() - values[~inside].mean()) if both else np.nan
    share, spread = float(inside.mean()), float(values.var())
    return row | {"explained": share * (1 - share) * gap**2 / spread if spread > 0 else 0.0}


def _marks(result: Gosh) -> Iterator[str]:
    k, p = result.model.k, result.model.p
    if k < PLAIN_FROM:
        yield f"only {k} studies: {result.possible} subsets show no more than the studies themselves"
    if not result.exact:
        yield f"{result.subsets + result.without_fit:,} random subsets of {result.possible:,} (seed {result.seed})"
    if result.without_fit:
        yield f"{result.without_fit:,} subsets are left out: the model cannot be fitted to them"
    if result.not_converged:
        yield f"in {result.not_converged:,} fits the iteration for tau2 did not converge: the last value is used"
    few = int((result.sizes <= p).sum())
    if few:
        plural = "y" if p == 1 else "ies"
        yield f"{few:,} subsets of no more than {p} stud{plural} have no heterogeneity by definition"
