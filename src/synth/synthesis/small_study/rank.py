"""Begg and Mazumdar's rank correlation test for funnel plot asymmetry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synth.errors import MethodError
from synth.synthesis.linear import FloatArray, constant_basis, data_of
from synth.synthesis.models import MetaAnalysis
from synth.synthesis.small_study.kendall import kendall
from synth.synthesis.small_study.shown import Cell, Shown
from synth.synthesis.small_study.sources import how_many, paragraph, too_few
from synth.synthesis.tau2 import by_sampling_variance

#: Studies up to which the exact distribution is the default: beyond, the normal one differs in no digit that is read.
EXACT_UP_TO = 500


@dataclass(frozen=True, kw_only=True)
class RankTest(Shown):
    """Kendall's correlation of standardised estimates with variances.

    Attributes
    ----------
    tau : float
        Tau-b, from -1 to 1.
    p_value : float
        Two-sided.
    exact : bool
        From the exact distribution, else from the normal one without a continuity correction.
    tied : bool
        Whether values occur twice; only the normal approximation allows for that.
    """

    tau: float
    p_value: float
    exact: bool
    tied: bool

    def _row(self) -> dict[str, Cell]:
        row: dict[str, Cell] = {"k": self.k, "tau": self.tau, "p_value": self.p_value}
        return row | {"exact": self.exact, "tied": self.tied}

    def explain(self) -> str:
        """A paragraph for the methods section, with its references."""
        distribution = (
            "its exact distribution"
            if self.exact
            else "a normal approximation that allows for ties, without continuity correction"
        )
        sentences = [
            f"Small-study effects in {how_many(self.k)} were tested by the rank correlation of Begg and Mazumdar "
            "(1994) between estimates, standardised around their common-effect mean, and sampling variances: Kendall's "
            f"tau (1970) with {distribution}.",
            "Fewer than 10 studies are too few for such a test (Sterne et al. 2011).",
        ]
        return paragraph(sentences, "begg", "kendall", "sterne")


def rank_test(model: MetaAnalysis, exact: bool | None = None) -> RankTest:
    """Test whether standardised estimates go with variances.

    Parameters
    ----------
    model : MetaAnalysis
        Without moderators. Only its estimates and variances are used: the mean is the common-effect one whatever the
        model.
    exact : bool, optional
        Whether the p value is from the exact distribution. By default it is where no value occurs twice and there are
        at most 500 studies.

    Returns
    -------
    RankTest

    Raises
    ------
    MethodError
        If there are moderators, fewer than two studies (three for the normal approximation), all variances or all
        standardised estimates are equal, a variance is 0, or an exact p value is asked for beside ties.

    References
    ----------
    Begg and Mazumdar 1994, Biometrics 50:1088-1101. Kendall 1970, Rank Correlation Methods, for the distribution.
    """
    if model.has_moderators:
        raise MethodError("the rank test is for a model without moderators; fit one, or use regression_test")
    if model.k < 2:
        raise MethodError("1 study: the rank test needs at least 2 studies")
    found = kendall(_standardised(model), model.variances)
    for sizes, what in ((found.ties_y, "variances"), (found.ties_x, "standardised estimates")):
        if sizes == (model.k,):
            raise MethodError(f"all {model.k} {what} are equal: no rank correlation with them exists")
    if exact and found.tied:
        raise MethodError("equal variances or estimates: an exact p value is for values without ties; set exact=False")
    use_exact = (not found.tied and model.k <= EXACT_UP_TO) if exact is None else exact
    if not use_exact and model.k < 3:
        raise MethodError("2 studies: the normal approximation of the rank test needs at least 3")
    marks = too_few(model.k)
    if found.tied:
        marks = (*marks, "values occur twice: the p value is a normal approximation that allows for ties")
    return RankTest(
        k=model.k,
        method=f"Begg's rank correlation test, {'exact' if use_exact else 'normal approximation'}",
        marks=marks,
        tau=found.tau,
        p_value=found.exact_p() if use_exact else found.asymptotic_p(),
        exact=use_exact,
        tied=found.tied,
    )


def _standardised(model: MetaAnalysis) -> FloatArray:
    """Distances from the common-effect mean over their own standard errors."""
    data = data_of(model.estimates, model.variances, constant_basis(model.k))
    fit = by_sampling_variance(data)
    shares = fit.weights[0] / fit.weights[0].sum()
    # A study that is nearly all of the weight has a distance of nearly 0 with a variance of nearly 0.
    left = np.maximum(1 - shares, np.finfo(float).eps)
    result: FloatArray = fit.residuals[0] / np.sqrt(data.v[0] * left)
    return result
