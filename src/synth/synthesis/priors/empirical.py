"""Published empirical priors of tau: log-normal for comparative log odds ratios, log-t for standardised differences.

The numbers are facts of two papers: Turner, Jackson, Wei, Thompson and Higgins 2015, Stat Med 34:984-998 (Table IV; the
general setting on page 993), and Rhodes, Turner and Higgins 2015, J Clin Epidemiol 68:52-60 (Table 3, supplementary
Tables A.3.1 and A.3.2; the general setting in section 3.3). They were read in two R packages that hold them
independently, bayesmeta (`TurnerEtAlPrior`, `RhodesEtAlPrior`) and rnmamod (`table_tau2_prior`). The one setting in
which the two differ is not offered; two in which the number stands out from the pattern of the table carry a caution.
They are for tau2; a log-normal or log-t distribution of tau2 is one of tau with both numbers halved.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from synth.errors import MethodError
from synth.synthesis.priors.distributions import Prior, log_normal, log_t

_TURNER = (
    "Turner, Jackson, Wei, Thompson and Higgins 2015, Stat Med 34:984-998, as tabulated in the R packages bayesmeta "
    "and rnmamod"
)
_RHODES = (
    "Rhodes, Turner and Higgins 2015, J Clin Epidemiol 68:52-60, as tabulated in the R packages bayesmeta and rnmamod"
)
#: Degrees of freedom of the distribution of the logarithm of tau2 in Rhodes et al.
_RHODES_DF = 5.0
#: Location and scale of the logarithm of tau2 without regard to outcome and comparison.
_GENERAL = {"OR": (-2.56, 1.74), "SMD": (-3.44, 2.59)}

PHARMACOLOGICAL, OTHER_TREATMENT, CONTROL = COMPARATORS = (
    "pharmacological",
    "non-pharmacological",
    "placebo or control",
)
AREAS = ("other", "respiratory", "cancer")

# Outcome: location and scale of the logarithm of tau2 in each comparison, in the order of `_TURNER_PAIRS`.
_TURNER_PAIRS = (
    {PHARMACOLOGICAL, CONTROL},
    {PHARMACOLOGICAL},
    {OTHER_TREATMENT, CONTROL},
    {OTHER_TREATMENT, PHARMACOLOGICAL},
    {OTHER_TREATMENT},
)
_TURNER_TABLE: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "all-cause mortality": ((-3.95, -4.18, -4.17, -2.92, -3.50), (1.34, 1.41, 1.55, 1.02, 1.26)),
    "obstetric": ((-3.52, -3.75, -3.74, -2.49, -3.08), (1.74, 1.79, 1.91, 1.50, 1.68)),
    "cause-specific mortality or major morbidity": (
        (-3.71, -3.95, -3.93, -2.68, -3.27),
        (1.74, 1.79, 1.91, 1.51, 1.68),
    ),
    "resource use or hospital stay": ((-2.34, -2.58, -2.56, -1.31, -1.90), (1.74, 1.79, 1.91, 1.50, 1.68)),
    "surgical or device success or failure": ((-2.14, -2.37, -2.36, -1.11, -1.69), (1.74, 1.79, 1.91, 1.50, 1.68)),
    "withdrawals": ((-2.99, -3.23, -3.21, -1.96, -2.55), (1.74, 1.79, 1.91, 1.51, 1.68)),
    "structure": ((-2.71, -2.94, -2.93, -1.67, -2.26), (1.74, 1.79, 1.92, 1.51, 1.68)),
    "general physical health": ((-2.29, -2.53, -2.51, -1.26, -1.85), (1.53, 1.58, 1.72, 1.25, 1.46)),
    "adverse events": ((-1.87, -2.10, -2.10, -0.84, -1.43), (1.52, 1.58, 1.71, 1.24, 1.45)),
    "infection or new disease": ((-2.49, -2.73, -2.71, -1.46, -2.05), (1.52, 1.58, 1.71, 1.24, 1.45)),
    "signs or symptoms": ((-2.06, -2.29, -2.28, -1.03, -1.61), (1.51, 1.58, 1.71, 1.24, 1.45)),
    "pain": ((-1.83, -2.06, -2.05, -0.80, -1.38), (1.52, 1.58, 1.71, 1.25, 1.45)),
    "quality of life or functioning": ((-2.54, -2.78, -2.77, -1.51, -2.10), (1.54, 1.60, 1.73, 1.27, 1.47)),
    "mental health": ((-2.12, -2.35, -2.34, -1.09, -1.67), (1.53, 1.60, 1.72, 1.27, 1.47)),
    "biological markers": ((-1.77, -2.00, -1.99, -0.74, -1.33), (1.52, 1.58, 1.71, 1.24, 1.45)),
    "subjective outcomes": ((-2.70, -2.93, -2.92, -1.67, -2.26), (1.52, 1.58, 1.71, 1.25, 1.45)),
}

# Outcomes in the order of `_RHODES_OUTCOMES`; each comparison has a row of locations and a row of scales.
_RHODES_OUTCOMES = (
    "obstetric",
    "resource use or hospital stay",
    "structure",
    "physical health, adverse events, pain, quality of life or functioning",
    "signs, symptoms, infection or new disease",
    "mental health",
    "biological markers",
    "subjective outcomes",
)
_RHODES_TABLE: dict[str, dict[str, tuple[tuple[float, ...], tuple[float, ...]]]] = {
    "other": {
        "control": (
            (-4.13, -2.55, -2.43, -3.16, -3.00, -2.99, -3.41, -2.76),
            (2.34, 2.73, 2.50, 2.50, 2.50, 2.16, 2.83, 2.58),
        ),
        "pharmacological": (
            (-4.40, -2.83, -2.70, -3.44, -3.27, -3.27, -3.68, -3.03),
            (2.31, 2.70, 2.46, 2.44, 2.47, 2.14, 2.78, 2.59),
        ),
        "non-pharmacological": (
            (-3.99, -2.41, -2.29, -3.02, -2.86, -3.85, -3.27, -2.62),
            (2.11, 2.57, 2.32, 2.27, 2.33, 1.93, 2.66, 2.41),
        ),
    },
    "respiratory": {
        "control": (
            (-6.03, -4.46, -4.33, -5.07, -4.90, -4.90, -5.31, -4.66),
            (2.36, 2.74, 2.51, 2.51, 2.50, 2.17, 2.83, 2.59),
        ),
        "pharmacological": (
            (-6.31, -4.73, -4.61, -5.34, -5.18, -5.17, -5.59, -4.94),
            (2.31, 2.70, 2.46, 2.45, 2.47, 2.14, 2.78, 2.59),
        ),
        "non-pharmacological": (
            (-5.89, -4.32, -4.19, -4.93, -4.76, -4.76, -5.17, -4.52),
            (2.21, 2.57, 2.33, 2.28, 2.33, 1.94, 2.66, 2.41),
        ),
    },
    "cancer": {
        "control": (
            (-1.57, 0.01, -0.13, -0.60, -0.44, -0.43, -0.85, -0.20),
            (2.45, 2.83, 2.61, 2.61, 2.60, 2.28, 2.93, 2.68),
        ),
        "pharmacological": (
            (-1.85, -0.27, -0.14, -0.88, -0.71, -0.71, -1.13, -0.48),
            (2.41, 2.79, 2.56, 2.55, 2.57, 2.25, 2.87, 2.68),
        ),
        "non-pharmacological": (
            (-1.43, 0.15, 0.27, -0.46, -0.30, -0.29, -0.71, -0.06),
            (2.24, 2.68, 2.45, 2.40, 2.46, 2.08, 2.78, 2.53),
        ),
    },
}

#: The two packages give this one with opposite signs.
_DISPUTED = ("cancer", "control", "resource use or hospital stay")
#: Everywhere else the locations are a sum of an effect of the outcome and one of the comparison, to a hundredth or two.
_STANDING_OUT = {
    ("other", "non-pharmacological", "mental health"): "-3.85 where the pattern of the table gives about -2.85",
    ("cancer", "control", "structure"): "-0.13 where the pattern of the table gives about 0.13",
}


def empirical_prior(
    measure: str,
    *,
    outcome: str | None = None,
    comparators: tuple[str, str] | None = None,
    area: str | None = None,
) -> Prior:
    """A published empirical prior of tau for a comparison of two groups.

    Parameters
    ----------
    measure : {"OR", "SMD"}
        Log odds ratio or standardised mean difference. There is no published prior for any other measure here, and
        none is lent from one measure to another.
    outcome : str, optional
        Kind of outcome; without it the general setting, over all outcomes and comparisons.
    comparators : (str, str), optional
        What was compared, each "pharmacological", "non-pharmacological" or "placebo or control"; needed with an
        outcome.
    area : {"other", "respiratory", "cancer"}, optional
        Medical area; needed with an outcome of the measure SMD, of no use with OR.

    Raises
    ------
    MethodError
        If the measure has no published prior, or a setting is missing, unknown or not in the tables.

    References
    ----------
    Turner, Jackson, Wei, Thompson and Higgins 2015, Stat Med 34:984-998 (OR); Rhodes, Turner and Higgins 2015, J Clin
    Epidemiol 68:52-60 (SMD).
    """
    if measure not in _GENERAL:
        raise MethodError(
            f"measure {measure!r}: a published empirical prior is held for the comparative measures OR and SMD only; "
            "give a prior of your own, with its reason"
        )
    if outcome is None:
        if comparators is not None or area is not None:
            raise MethodError("empirical prior: comparators or an area without an outcome; name the outcome too")
        location, scale = _GENERAL[measure]
        return _prior(measure, location, scale, "the general setting, over all outcomes and comparisons", ())
    pair = _pair(comparators)
    if measure == "OR":
        if area is not None:
            raise MethodError(f"empirical prior for OR: area = {area!r}: the published ones do not tell areas apart")
        row = _TURNER_TABLE[_known(outcome, _TURNER_TABLE, "outcome")]
        column = _TURNER_PAIRS.index(pair)
        return _prior("OR", row[0][column], row[1][column], _setting(outcome, pair), ())
    return _rhodes(outcome, pair, _known(area, AREAS, "area"))


def _rhodes(outcome: str, pair: set[str], area: str) -> Prior:
    position = _RHODES_OUTCOMES.index(_known(outcome, _RHODES_OUTCOMES, "outcome"))
    if OTHER_TREATMENT in pair:
        comparison = "non-pharmacological"
    else:
        comparison = "control" if CONTROL in pair else "pharmacological"
    if (area, comparison, outcome) == _DISPUTED:
        raise MethodError(
            f"empirical prior for SMD, {_setting(outcome, pair)}, {area}: the sources that could be read differ in its "
            "sign, so that it is not offered"
        )
    locations, scales = _RHODES_TABLE[area][comparison]
    odd = _STANDING_OUT.get((area, comparison, outcome))
    cautions = () if odd is None else (f"the published location of the prior is {odd}: it may be a misprint",)
    setting = f"{_setting(outcome, pair)}, medical area: {area}"
    return _prior("SMD", locations[position], scales[position], setting, cautions)


def _prior(measure: str, location: float, scale: float, setting: str, cautions: tuple[str, ...]) -> Prior:
    # Of tau2 in the tables; the root halves both numbers on the logarithmic scale.
    prior = log_normal(location / 2, scale / 2) if measure == "OR" else log_t(location / 2, scale / 2, _RHODES_DF)
    source = f"{_TURNER if measure == 'OR' else _RHODES}; {setting}"
    return replace(prior, source=source, cautions=cautions)


def _setting(outcome: str, pair: set[str]) -> str:
    names = sorted(pair, key=COMPARATORS.index)
    return f"{outcome}, {names[0]} against {names[-1]}"


def _pair(comparators: object) -> set[str]:
    wanted = f"two of {', '.join(COMPARATORS)} are expected, not both {CONTROL}"
    if not isinstance(comparators, tuple | list) or len(comparators) != 2:
        raise MethodError(f"empirical prior: comparators = {comparators!r}: {wanted}")
    pair: set[str] = {_known(name, COMPARATORS, "comparator") for name in comparators}
    if pair == {CONTROL}:
        raise MethodError(f"empirical prior: comparators = {comparators!r}: {wanted}")
    return pair


def _known(value: object, names: Any, what: str) -> str:
    if not isinstance(value, str) or value not in names:
        raise MethodError(f"empirical prior: {what} {value!r}: one of {'; '.join(names)} is expected")
    return value
