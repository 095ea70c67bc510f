"""What a fitted model stands on, in words: marks beside the result, and a paragraph for a methods section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from synth.synthesis.tau2 import TAU2_NAMES

if TYPE_CHECKING:
    from synth.synthesis.meta_analysis import MetaAnalysis

#: Studies from which a pool stands without a flag.
PLAIN_FROM = 5
#: Studies for each column of moderators below which a meta-regression is flagged. The Handbook (5.1, section 9.6.5.1)
#: speaks of ten for each characteristic; that a category with three levels counts twice is a choice made here.
STUDIES_A_MODERATOR = 10

_TAU2_SOURCES = {
    "REML": "Viechtbauer 2005, J Educ Behav Stat 30:261-293",
    "ML": "Viechtbauer 2005, J Educ Behav Stat 30:261-293",
    "DL": "DerSimonian and Laird 1986, Control Clin Trials 7:177-188",
    "HE": "Hedges 1983, Psychol Bull 93:388-395",
    "HS": "Hunter and Schmidt 1990, Methods of Meta-Analysis",
    "HSk": "Brannick, Potter, Benitez and Morris 2019, Organ Res Methods 22:490-514",
    "SJ": "Sidik and Jonkman 2005, J R Stat Soc C 54:367-384",
    "EB": "Morris 1983, J Am Stat Assoc 78:47-55",
    "PM": "Paule and Mandel 1982, J Res Natl Bur Stand 87:377-385",
    "PMM": "Viechtbauer 2021, on median-unbiased estimators; the equation is that of Paule and Mandel 1982",
    "GENQ": "DerSimonian and Kacker 2007, Contemp Clin Trials 28:105-114",
}
_TESTS = {
    "normal": "Tests and intervals use the normal distribution.",
    "t": "Tests and intervals use the t distribution with k - p degrees of freedom.",
    "hartung-knapp": (
        "Tests and intervals use the standard error of Hartung and Knapp (2001, Stat Med 20:3875-3889; with moderators "
        "2003, Stat Med 22:2693-2710) and the t distribution with k - p degrees of freedom."
    ),
    "hartung-knapp-guarded": (
        "Tests and intervals use the standard error of Hartung and Knapp (2001, Stat Med 20:3875-3889; with moderators "
        "2003, Stat Med 22:2693-2710), or the model-based one where that is larger (Roever, Knapp and Friede 2015, BMC "
        "Med Res Methodol 15:99), and the t distribution with k - p degrees of freedom."
    ),
}


def marks(model: MetaAnalysis) -> tuple[str, ...]:
    """Short sentences where the method stands on little (see `MetaAnalysis.marks`)."""
    found = [_few(model), _moderators(model)]
    if not model.converged:
        found.append("the iteration for tau2 did not converge: the last value is shown")
    if model.guard_applied:
        found.append("the Hartung-Knapp standard error was below the model-based one, which was used instead")
    if model.k > model.p and model.standard_errors.min() == 0:
        found.append("the estimates agree exactly, so that the standard error is 0: it says nothing of the uncertainty")
    if model.q_m is None and model.standard_errors.min() > 0:
        found.append("the coefficients follow from each other but for rounding: there is no joint test of them")
    if model.fixed_tau2 is not None:
        found.append("tau2 was given and not estimated: its uncertainty is in no interval")
        if model.has_moderators:
            found.append("R2 compares the given tau2 with one estimated without moderators")
    if model.has_moderators and model.method != "common" and model.r2 == 0:
        found.append("tau2 is no smaller than without the moderators: R2 is 0")
    if model.typical_variance is None and (model.variances > 0).all():
        found.append("one study outweighs all the others by so much that Q and I2 are not defined to any digits")
    if not (model.variances > 0).all():
        found.append("a sampling variance is 0: Q, I2 and the typical variance are not defined")
    return tuple(mark for mark in found if mark)


def _few(model: MetaAnalysis) -> str:
    if model.k == 1:
        return "one study: nothing is pooled" + (", and tau2 is taken as 0" if model.fixed_tau2 is None else "")
    if model.method == "common":
        return ""
    if model.k == 2:
        return "two studies: for sensitivity only, beside both results; I2 and a prediction interval would mean nothing"
    if model.k < PLAIN_FROM:
        return f"only {model.k} studies: the between-study variance and both intervals are uncertain"
    return ""


def _moderators(model: MetaAnalysis) -> str:
    if not model.has_moderators:
        return ""
    if model.k == model.p:
        return "as many coefficients as studies: the model fits exactly, and nothing is left to judge it by"
    tested = len(model.moderators.tested)
    if model.k < STUDIES_A_MODERATOR * tested:
        return (
            f"{model.k} studies for {tested} moderator column{'s' if tested > 1 else ''}: fewer than the "
            f"{STUDIES_A_MODERATOR} for each that the Cochrane Handbook (5.1, section 9.6.5.1) gives as typical advice"
        )
    return ""


def explain(model: MetaAnalysis) -> str:
    """A methods paragraph (see `MetaAnalysis.explain`)."""
    # With as many coefficients as studies nothing is left to estimate a spread from.
    test = _TESTS[model.test if model.k > model.p else "normal"]
    parts = [_model_sentence(model), _tau2_sentence(model), _weights_sentence(model), test]
    parts.append(f"Intervals are of {100 * model.level:g}% level.")
    if model.method != "common" and model.k > model.p:
        parts.append(
            "Heterogeneity is described by tau2, by I2 as the share of tau2 in the total with the typical sampling "
            "variance (Higgins and Thompson 2002, Stat Med 21:1539-1558), and by Cochran's Q."
        )
        if model.fixed_tau2 is None:
            parts.append("An interval of tau2 is by the Q-profile method (Viechtbauer 2007, Stat Med 26:37-52).")
        if not model.has_moderators:
            parts.append("A prediction interval adds tau2 to the squared standard error, with the same distribution.")
    return " ".join(part for part in parts if part)


def _model_sentence(model: MetaAnalysis) -> str:
    studies = "1 study" if model.k == 1 else f"{model.k} studies"
    kind = "common-effect" if model.method == "common" else "random-effects"
    if not model.has_moderators:
        weights = " with inverse-variance weights" if model.own_weights is None else ""
        return f"The effects of {studies} were summarised by a {kind} model{weights}."
    names = ", ".join(coding.name for coding in model.moderators.codings)
    kind = "common-effect" if model.method == "common" else "mixed-effects"
    intercept = "" if model.moderators.intercept else ", without an intercept"
    return f"The effects of {studies} were related to {names} by a {kind} meta-regression{intercept}."


def _tau2_sentence(model: MetaAnalysis) -> str:
    if model.method == "common":
        return "No variance between the true effects of studies is assumed."
    if model.fixed_tau2 is not None:
        return f"The between-study variance was set to {model.fixed_tau2:g}."
    if model.k <= model.p:
        return "The between-study variance cannot be estimated from these studies and was taken as 0."
    iterated = " and solved to the last digits at its highest maximum" if model.method in ("REML", "ML") else ""
    name, source = TAU2_NAMES[model.method], _TAU2_SOURCES[model.method]
    return f"The between-study variance was estimated by the method {name} ({source}){iterated}."


def _weights_sentence(model: MetaAnalysis) -> str:
    if model.own_weights is None:
        return ""
    if len(set(model.own_weights.tolist())) == 1:
        return "Studies were weighted equally; the standard error allows for their unequal variances."
    return "Studies had weights of the analyst's own; the standard error allows for their variances."
