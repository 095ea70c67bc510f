"""Permutation tests of a model's coefficients, exact or by random arrangements."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from synth.effects.intervals import Interval
from synth.errors import MethodError
from synth.synthesis.linear import FloatArray
from synth.synthesis.resampling import inversion, permutation_words, tables
from synth.synthesis.resampling.arrangements import Arrangements, arrangements_of
from synth.synthesis.resampling.draws import check_number
from synth.synthesis.resampling.null import Null, null_of

if TYPE_CHECKING:
    import pandas as pd

    from synth.synthesis.models import MetaAnalysis

#: Random permutations at which a p value of 0.05 has a Monte Carlo standard error of
#: sqrt(0.05 * 0.95 / 10,000) = 0.002.
PERMUTATIONS = 10_000
#: Arrangements up to which the test is exact unless told otherwise: as many fits as the random ones take.
EXACT_UP_TO = PERMUTATIONS
#: Arrangements that an exact test may take: 10! = 3,628,800 orders of ten studies, or the signs of 21. Their
#: statistics take some 100 MB.
LARGEST_EXACT = 4_000_000


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PermutationResult:
    """Permutation test of every coefficient, and of all moderators together.

    Attributes
    ----------
    model : MetaAnalysis
    exact : bool
        All arrangements were compared, or else random ones.
    arrangements : int
        Different arrangements that there are: 2**k sign patterns, or the distinct orders of the moderators' rows.
    permutations : int
        Arrangements compared with the observed one: all of them where the test is exact.
    seed : int or None
        Of the random numbers; None where the test is exact.
    null : Null
        The statistics of the observed and of the other arrangements, and the p values from them.
    """

    model: MetaAnalysis
    exact: bool
    arrangements: int
    permutations: int
    seed: int | None
    null: Null

    @property
    def flips(self) -> bool:
        """Signs of the estimates are flipped, or else rows of moderators permuted."""
        return not self.model.has_moderators

    @property
    def statistics(self) -> FloatArray:
        """Observed t or z of each coefficient, shape (p,)."""
        return self.null.observed

    @property
    def p_values(self) -> FloatArray:
        """Two-sided, of each coefficient, shape (p,): the share of arrangements at least as far from 0."""
        return self.null.p_values

    @property
    def p_value(self) -> float:
        """Of the summary effect.

        Raises
        ------
        MethodError
            If the model has moderators: it has no one effect.
        """
        if self.model.has_moderators:
            raise MethodError("a model with moderators has no one p value; use p_values, or q_m_p of all moderators")
        return float(self.p_values[0])

    @property
    def q_m(self) -> float:
        """Observed omnibus statistic of the moderators, or of the intercept where there are none."""
        return self.null.observed_omnibus

    @property
    def q_m_p(self) -> float:
        """Share of arrangements whose omnibus statistic is at least as large."""
        return self.null.omnibus_p

    @property
    def smallest_p(self) -> FloatArray:
        """The smallest p value that each coefficient could have had with these arrangements, shape (p,)."""
        return self.null.smallest_p

    @property
    def monte_carlo_errors(self) -> FloatArray:
        """Standard errors of the p values because not all arrangements were compared, shape (p,); 0 if they were."""
        if self.exact:
            return np.zeros(self.model.p)
        return np.asarray(np.sqrt(self.p_values * (1 - self.p_values) / self.permutations))

    def interval(self, coefficient: str | None = None, *, level: float | None = None) -> Interval:
        """Confidence interval of a coefficient: the values that the test would not reject.

        Each value is tested with the same arrangements; a limit is found to a ten-thousandth of the standard error,
        and takes about 20 tests.

        Parameters
        ----------
        coefficient : str, optional
            Its name; the summary effect where not given.
        level : float, optional
            A proportion; the model's own where not given.

        Returns
        -------
        low, high : float

        Raises
        ------
        MethodError
            If the coefficient is unknown, or there are too few arrangements for the level.

        References
        ----------
        Garthwaite 1996, Biometrics 52:1387-1393 (intervals from randomization tests).
        """
        return inversion.interval(self, coefficient, self.model.level if level is None else level)

    @cached_property
    def marks(self) -> tuple[str, ...]:
        """Short sentences to show beside the result, where it stands on little."""
        return permutation_words.marks(self)

    def summary(self) -> pd.DataFrame:
        """One row a coefficient and one for all moderators: the model's p value beside that of the permutation test."""
        return tables.permutation_summary(self)

    def table(self) -> pd.DataFrame:
        """One row an arrangement, with the statistic of each coefficient and the omnibus one.

        Of two sign patterns that are each other's mirror image, the exact test has one.
        """
        return tables.permutation_table(self)

    def to_dict(self) -> dict[str, Any]:
        """Choices, results and marks by name, in numbers, texts and lists that JSON holds."""
        return tables.permutation_dict(self)

    def explain(self) -> str:
        """How it was computed, in a paragraph for a methods section, with citations."""
        return permutation_words.explain(self)

    def __repr__(self) -> str:
        how = "exact" if self.exact else f"Monte Carlo, seed = {self.seed}"
        return f"PermutationResult({how}, {self.permutations:,} permutations, k = {self.model.k})"

    def _repr_html_(self) -> str:
        return tables.permutation_html(self)


def permutation_test(
    model: MetaAnalysis, *, exact: bool | None = None, permutations: int = PERMUTATIONS, seed: int | None = None
) -> PermutationResult:
    """Permutation test of the coefficients of a model.

    Without moderators the signs of the estimates are flipped; with moderators their rows are permuted jointly. The
    model is fitted to each arrangement, and the test statistic is the model's own (z or t, with its Hartung-Knapp
    factor, and the omnibus chi-squared or F).

    Parameters
    ----------
    model : MetaAnalysis
        With moderators, more studies than coefficients.
    exact : bool, optional
        All arrangements (True) or random ones (False). Where not given, all if there are no more of them than
        `EXACT_UP_TO` or `permutations`, whichever is larger.
    permutations : int
        Random arrangements, at least 1.
    seed : int, optional
        Of the random numbers (PCG64), from 0; expected where arrangements are random.

    Returns
    -------
    PermutationResult

    Raises
    ------
    MethodError
        If an option is out of range, a seed is missing, an exact test would take more than `LARGEST_EXACT`
        arrangements, or there are too few studies.

    References
    ----------
    Follmann and Proschan 1999, Biometrics 55:732-737 (signs); Higgins and Thompson 2004, Stat Med 23:1663-1682
    (moderators); Phipson and Smyth 2010, Stat Appl Genet Mol Biol 9:39 (random permutations never give p = 0).
    """
    check_number(permutations, "permutations")
    if exact not in (None, True, False):
        raise MethodError(f"exact: {exact!r} is no choice; True, False or None is expected")
    if model.has_moderators and model.k <= model.p:
        raise MethodError(
            f"permutation test of {model.k} studies and {model.p} coefficients: more studies than "
            "coefficients are expected"
        )
    arranged = arrangements_of(model, model.estimates)
    whole = _exact(arranged, exact, int(permutations))
    null = null_of(model, arranged, exact=whole, permutations=int(permutations), seed=seed)
    return PermutationResult(
        model=model,
        exact=whole,
        arrangements=arranged.total,
        permutations=arranged.total if whole else int(permutations),
        seed=None if whole or seed is None else int(seed),
        null=null,
    )


def _exact(arranged: Arrangements, exact: bool | None, permutations: int) -> bool:
    if exact is None:
        return arranged.total <= max(EXACT_UP_TO, min(permutations, LARGEST_EXACT))
    if exact and arranged.total > LARGEST_EXACT:
        raise MethodError(
            f"exact permutation test: {_count(arranged.total)} arrangements; at most {LARGEST_EXACT:,} are expected, "
            "or exact=False with a seed"
        )
    return bool(exact)


def _count(number: int) -> str:
    return f"{number:,}" if number < 10**15 else f"more than 10^{len(str(number)) - 1}"
