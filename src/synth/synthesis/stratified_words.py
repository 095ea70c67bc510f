"""The words of stratified methods: labels, marks, and the paragraph for a methods section with its references."""

from __future__ import annotations

from collections.abc import Sequence

LABELS = {
    "OR": "odds ratio",
    "RR": "risk ratio",
    "RD": "risk difference",
    "IRR": "incidence rate ratio",
    "IRD": "incidence rate difference",
    "PETO": "odds ratio (Peto)",
}
RATIOS = ("OR", "RR", "IRR", "PETO")
REFERENCES = {
    "mantel": "Mantel N, Haenszel W. Statistical aspects of the analysis of data from retrospective studies of "
    "disease. J Natl Cancer Inst 1959;22:719-748.",
    "robins": "Robins J, Breslow N, Greenland S. Estimators of the Mantel-Haenszel variance consistent in both sparse "
    "data and large-strata limiting models. Biometrics 1986;42:311-323.",
    "greenland": "Greenland S, Robins JM. Estimation of a common effect parameter from sparse follow-up data. "
    "Biometrics 1985;41:55-68.",
    "sato": "Sato T, Greenland S, Robins JM. On the variance estimator for the Mantel-Haenszel risk difference. "
    "Biometrics 1989;45:1323-1324.",
    "yusuf": "Yusuf S, Peto R, Lewis J, Collins R, Sleight P. Beta blockade during and after myocardial infarction: "
    "an overview of the randomized trials. Prog Cardiovasc Dis 1985;27:335-371.",
    "salvan": "Greenland S, Salvan A. Bias in the one-step method for pooling study results. Stat Med 1990;9:247-252.",
    "cochran test": "Cochran WG. Some methods for strengthening the common chi-squared tests. Biometrics "
    "1954;10:417-451.",
    "breslow 1987": "Breslow NE, Day NE. Statistical Methods in Cancer Research, vol. II: The Design and Analysis of "
    "Cohort Studies. IARC Scientific Publications 82. Lyon: IARC; 1987.",
    "breslow 1980": "Breslow NE, Day NE. Statistical Methods in Cancer Research, vol. I: The Analysis of Case-Control "
    "Studies. IARC Scientific Publications 32. Lyon: IARC; 1980.",
    "tarone": "Tarone RE. On heterogeneity tests based on efficient scores. Biometrika 1985;72:91-95.",
    "cochran q": "Cochran WG. The combination of estimates from different experiments. Biometrics 1954;10:101-129.",
    "higgins": "Higgins JPT, Thompson SG. Quantifying heterogeneity in a meta-analysis. Stat Med 2002;21:1539-1558.",
}
_VARIANCES = {
    "OR": ("the variance of Robins, Breslow and Greenland (1986)", "robins"),
    "RR": ("the variance of Greenland and Robins (1985)", "greenland"),
    "RD": ("the variance of Sato, Greenland and Robins (1989)", "sato"),
    "IRR": ("estimator and variance in the person-time form of Greenland and Robins (1985)", "greenland"),
    "IRD": ("estimator and variance in the person-time form of Greenland and Robins (1985)", "greenland"),
}
# What still exists where a ratio of sums does not.
_INSTEAD = {
    "OR": "the Cochran-Mantel-Haenszel test and Peto's odds ratio are",
    "RR": "the risk difference and Peto's odds ratio are",
    "IRR": "the test of association and the rate difference are",
}
NAMES_SHOWN = 10


def label_of(measure: str) -> str:
    """The measure in words."""
    return LABELS[measure]


def on_log_scale(measure: str) -> bool:
    """Whether the measure is a ratio, which is pooled as a logarithm."""
    return measure in RATIOS


def method_of(measure: str) -> str:
    """The method in words, for a table."""
    if measure == "PETO":
        return "common effect, Peto's one-step odds ratio, normal interval"
    return f"common effect, Mantel-Haenszel {LABELS[measure]}, normal interval"


def listed(names: Sequence[str]) -> str:
    """The names, the first ten of many."""
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more


def marks_of(
    measure: str,
    *,
    studies: Sequence[str],
    missing: Sequence[str],
    without_information: Sequence[str],
    halves: int,
    estimate: float | None,
    standard_error: float | None,
    overcorrected: bool,
) -> tuple[str, ...]:
    """Sentences that belong beside the result.

    Parameters
    ----------
    measure : str
        Code in `LABELS`.
    studies, missing, without_information : sequence of str
        Names of the studies with complete figures, of those left out, and of those in which nobody or everybody has
        the event.
    halves : int
        Studies to whose counts one half was added for their own estimates.
    estimate, standard_error : float or None
        Pooled.
    overcorrected : bool
        The deviation tested is smaller than the continuity correction.
    """
    marks = []
    if missing:
        marks.append(f"left out, because a figure is missing: {listed(missing)}")
    if without_information:
        marks.append(f"{_uninformative(measure)}: {listed(without_information)}")
    if halves:
        marks.append(f"one half was added to the counts of {halves} of {len(studies)} studies for Q, not for the pool")
    if estimate is None:
        marks.append(_undefined(measure, len(without_information) == len(studies)))
    elif standard_error == 0:
        marks.append("the formula gives a standard error of 0, which no sample supports: no interval and no test")
    if overcorrected:
        marks.append(
            "observed and expected events differ by less than the continuity correction of one half, so that the "
            "corrected statistic means nothing"
        )
    if len(studies) == 1:
        marks.append("one study: nothing is pooled, and heterogeneity cannot be seen")
    return tuple(marks)


def _undefined(measure: str, nothing_known: bool) -> str:
    if nothing_known:
        return f"the {LABELS[measure]} is not defined: no study carries information on it"
    return f"the {LABELS[measure]} is not defined, because a sum that it divides is 0; {_INSTEAD[measure]}"


def _uninformative(measure: str) -> str:
    rates = measure in ("IRR", "IRD")
    words = "no events in either arm" if rates else "nobody or everybody has the event in both arms"
    if measure in ("OR", "IRR", "PETO"):
        return f"{words}, so that the study says nothing on the ratio"
    if measure == "RR":
        return f"{words}, not in Q; where everybody has it, the study draws the risk ratio to 1"
    return f"{words}, not in Q; the study draws the difference to 0"


def explanation(
    measure: str,
    *,
    k: int,
    level: float,
    continuity_correction: bool | None,
    halves: bool,
    left_out: int,
    defined: bool,
    interval: bool,
    heterogeneity: bool,
) -> str:
    """The methods paragraph, then its references, one a line.

    Parameters
    ----------
    measure : str
        Code in `LABELS`.
    k : int
        Studies with complete figures.
    level : float
        Of the interval, a proportion.
    continuity_correction : bool or None
        Of the test of association; None where there is none.
    halves : bool
        One half was added to the counts of a study for its own estimate.
    left_out : int
        Studies in which nobody or everybody has the event.
    defined, interval, heterogeneity : bool
        There is a pooled estimate; it has an interval; there is a Q with degrees of freedom.
    """
    sentences, keys = _pooling(measure, k)
    sentences += [] if defined else ["It is not defined on these data."]
    sentences += [f"The interval is a normal one with a confidence level of {100 * level:g} %."] if interval else []
    for part in (_association(measure, continuity_correction), _homogeneity(measure, defined), _spread(heterogeneity)):
        sentences += part[0]
        keys += part[1]
    if halves and heterogeneity:
        sentences.append(
            "One half was added to the counts of studies with a zero for their own estimates, which enter Q; "
            "the pooled estimate uses the counts as reported."
        )
    if left_out:
        nobody = "no events in either arm" if measure in ("IRR", "IRD") else "no events, or events only, in both arms"
        sentences.append(f"Studies with {nobody} ({left_out} of {k}) have no estimate of their own and are not in Q.")
    references = "\n".join(REFERENCES[key] for key in dict.fromkeys(keys))
    return f"{' '.join(sentences)}\n\n{references}"


def _pooling(measure: str, k: int) -> tuple[list[str], list[str]]:
    studies = "1 study" if k == 1 else f"{k} studies"
    if measure == "PETO":
        sentence = (
            f"A common odds ratio of {studies} was estimated by Peto's one-step method (Yusuf et al. 1985), from "
            "observed less expected events and their hypergeometric variance."
        )
        caution = (
            "It is biased where the effect is large or the arms are of very unequal size (Greenland and Salvan 1990)."
        )
        return [sentence, caution], ["yusuf", "salvan"]
    words, key = _VARIANCES[measure]
    sentence = (
        f"A common {LABELS[measure]} of {studies} was estimated by the Mantel-Haenszel method (1959), with {words}."
    )
    return [sentence], ["mantel", key]


def _association(measure: str, corrected: bool | None) -> tuple[list[str], list[str]]:
    if corrected is None:
        return [], []
    how = "with" if corrected else "without"
    if measure == "IRR":
        name, keys = "Mantel-Haenszel test for person-time data (Breslow and Day 1987)", ["breslow 1987"]
    else:
        name, keys = "Cochran-Mantel-Haenszel test (Cochran 1954; Mantel and Haenszel 1959)", ["cochran test", "mantel"]
    return [f"Association was tested by the {name}, {how} continuity correction."], keys


def _homogeneity(measure: str, defined: bool) -> tuple[list[str], list[str]]:
    if measure != "OR" or not defined:
        return [], []
    sentence = (
        "Whether the studies share one odds ratio was tested by Breslow and Day's statistic (1980), without and with "
        "Tarone's correction (1985)."
    )
    return [sentence], ["breslow 1980", "tarone"]


def _spread(heterogeneity: bool) -> tuple[list[str], list[str]]:
    if not heterogeneity:
        return [], []
    sentence = (
        "Heterogeneity is described by Cochran's Q (1954) of the studies' own estimates around the pooled one, "
        "weighted by inverse variances, and by the I2 and H2 derived from it (Higgins and Thompson 2002)."
    )
    return [sentence], ["cochran q", "higgins"]
