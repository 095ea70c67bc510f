"""The registry of effect measures: what each is called, what it needs, and where its formula comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from numpy.typing import ArrayLike

from synth.effects.columns import FloatArray, Kind
from synth.effects.transforms import TRANSFORMATIONS
from synth.errors import MethodError

Scale = Literal[
    "identity", "log", "logit", "arcsine", "double arcsine", "square root", "double square root", "Fisher z"
]

# How to return from each scale, by the name in TRANSFORMATIONS.
_BACK: Final[dict[Scale, str]] = {
    "identity": "identity",
    "log": "exp",
    "logit": "ilogit",
    "arcsine": "iarcsin",
    "double arcsine": "ipft",
    "square root": "isqrt",
    "double square root": "iirft",
    "Fisher z": "ztor",
}
# Scales whose return needs to know how much is behind the estimate, and what that is.
_NEEDS: Final[dict[Scale, str]] = {"double arcsine": "the total", "double square root": "the person-time"}


@dataclass(frozen=True, slots=True)
class Measure:
    """A kind of effect.

    Attributes
    ----------
    code : str
        Short name; those of metafor's ``escalc``.
    label : str
        Name for readers, of the natural value.
    scale : str
        What was done to the natural value before analysis: "identity" is nothing, "log" the natural logarithm.
    no_difference : float or None
        The natural value that means no difference; None for measures that compare nothing.
    kind : str
        Kind of data.
    columns : tuple of str
        Columns that `effect_sizes` needs.
    source : str
        Where the formulas come from.
    variances : tuple of str
        Formulas of the sampling variance on offer, the default first: "LS" and "LS2" are for large samples, "UB" is
        unbiased, "AV" puts in the average over the studies, "HO" takes both groups to have one standard deviation.
    corrected : bool
        Whether the estimate has a small-sample correction, which then is the default.
    """

    code: str
    label: str
    scale: Scale
    no_difference: float | None
    kind: Kind
    columns: tuple[str, ...]
    source: str
    variances: tuple[str, ...] = ("LS",)
    corrected: bool = False

    @property
    def back_transformation(self) -> str:
        """Name in `synth.effects.transforms.TRANSFORMATIONS` of the way back to the natural scale."""
        return _BACK[self.scale]

    def naturals(self, values: ArrayLike, sizes: ArrayLike | None = None) -> FloatArray:
        """Values of the analysis scale on the natural scale.

        Parameters
        ----------
        values : array_like
            Estimates or limits.
        sizes : array_like, optional
            Totals or person-time behind them; needed by the Freeman-Tukey measures (PFT, IRFT) alone.

        Raises
        ------
        MethodError
            If sizes are needed and not given, or a value is not a number.
        """
        convert = TRANSFORMATIONS[self.back_transformation]
        if self.scale not in _NEEDS:
            return convert(values)
        if sizes is None:
            raise MethodError(f"{self.label} ({self.code}): {_NEEDS[self.scale]} is needed for the way back")
        return convert(values, sizes)

    def natural(self, value: float, size: float | None = None) -> float:
        """One value of the analysis scale on the natural scale; as `naturals`."""
        return float(self.naturals(value, size))


_COUNTS: Final = ("events_treated", "total_treated", "events_control", "total_control")
_PAIRS: Final = ("pairs_both", "pairs_treated_only", "pairs_control_only", "pairs_neither")
_MEANS: Final = ("mean_treated", "sd_treated", "n_treated", "mean_control", "sd_control", "n_control")
_TWO_RATES: Final = ("events_treated", "person_time_treated", "events_control", "person_time_control")
_CHANGE: Final = ("mean_before", "sd_before", "mean_after", "sd_after", "n", "correlation")

_COLUMNS: Final[dict[Kind, tuple[str, ...]]] = {
    "two-group counts": _COUNTS,
    "matched pairs": _PAIRS,
    "two-group means": _MEANS,
    "one-group means": ("mean", "sd", "n"),
    "one-group counts": ("events", "total"),
    "one-group rates": ("events", "person_time"),
    "change in one group": _CHANGE,
    "two-group rates": _TWO_RATES,
    "correlations": ("correlation", "n"),
    "estimates": ("estimate", "sampling_variance"),
}
# Figures of its kind of data that a measure makes no use of.
_UNUSED: Final[dict[str, tuple[str, ...]]] = {
    "SMD1": ("sd_treated",),
    "VR": ("mean_treated", "mean_control"),
    "SDLN": ("mean",),
    "SMCR": ("sd_after",),
    "VRC": ("mean_before", "mean_after"),
}
_VARIANCES: Final[dict[str, tuple[str, ...]]] = {
    "RD": ("LS", "UB", "AV"),
    "MD": ("LS", "HO"),
    "SMD": ("LS", "LS2", "UB", "AV"),
    "SMD1": ("LS", "LS2", "UB", "AV"),
    "ROM": ("LS", "HO"),
    "PR": ("LS", "UB", "AV"),
    "PLN": ("LS", "AV"),
    "PLO": ("LS", "AV"),
    "SMCC": ("LS", "LS2", "UB"),
    "SMCR": ("LS", "LS2"),
    "COR": ("LS", "AV"),
    "UCOR": ("LS", "UB", "AV"),
}
_CORRECTED: Final = frozenset(
    ["SMD", "SMDH", "SMD1", "SMD1H", "ROM", "CVR", "VR", "CVLN", "SDLN", "SMN", "SMCC", "SMCR", "SMCRH", "ROMC", "CVRC"]
)

_FLEISS: Final = "Fleiss, Levin and Paik 2003, Statistical Methods for Rates and Proportions, 3rd ed."
_HEDGES: Final = "Hedges 1981, J Educ Stat 6:107-128; Hedges and Olkin 1985, Statistical Methods for Meta-Analysis"
_BONETT: Final = "Bonett 2008, Psychol Methods 13:99-109"
_NAKAGAWA: Final = "Nakagawa et al. 2015, Methods Ecol Evol 6:143-152"
_SENIOR: Final = "Senior et al. 2020, Res Synth Methods 11:553-567, for the correction"
_LAJEUNESSE: Final = "Lajeunesse 2015, Ecology 96:2056-2063, for the correction"
_LOGISTIC: Final = "Hasselblad and Hedges 1995, Psychol Bull 117:167-178; Chinn 2000, Stat Med 19:3127-3131"
_NORMAL: Final = "Cox and Snell 1989, Analysis of Binary Data; Sanchez-Meca et al. 2003, Psychol Methods 8:448-467"
_BORENSTEIN: Final = "Borenstein et al. 2009, Introduction to Meta-Analysis"
_ROTHMAN: Final = "Rothman, Greenland and Lash 2008, Modern Epidemiology, 3rd ed."
_YULE: Final = "Yule 1912, J R Stat Soc 75:579-652"
_YUSUF: Final = "Yusuf et al. 1985, Prog Cardiovasc Dis 27:335-371"
_FREEMAN: Final = "Freeman and Tukey 1950, Ann Math Stat 21:607-611"

# Of each kind of data: code, label, scale, source.
_Row = tuple[str, str, Scale, str]
_ROWS: Final[dict[Kind, tuple[_Row, ...]]] = {
    "two-group counts": (
        ("RR", "risk ratio", "log", "Katz et al. 1978, Biometrics 34:469-474"),
        ("OR", "odds ratio", "log", "Woolf 1955, Ann Hum Genet 19:251-253"),
        ("RD", "risk difference", "identity", _FLEISS),
        ("AS", "difference of arcsine-transformed risks", "identity", "Ruecker et al. 2009, Stat Med 28:721-738"),
        ("PETO", "Peto odds ratio", "log", _YUSUF),
        ("YUQ", "Yule's Q", "identity", _YULE),
        ("YUY", "Yule's Y", "identity", _YULE),
        ("OR2DN", "standardised mean difference from an odds ratio (normal)", "identity", _NORMAL),
        ("OR2DL", "standardised mean difference from an odds ratio (logistic)", "identity", _LOGISTIC),
    ),
    "matched pairs": (
        ("MPRR", "risk ratio of matched pairs", "log", "Zou 2007, Clin Trials 4:25-31"),
        ("MPOR", "marginal odds ratio of matched pairs", "log", "Becker and Balagtas 1993, Biometrics 49:997-1009"),
        ("MPRD", "risk difference of matched pairs", "identity", _FLEISS),
        ("MPORC", "conditional odds ratio of matched pairs", "log", _FLEISS),
        ("MPPETO", "Peto conditional odds ratio of matched pairs", "log", f"{_YUSUF}, with one pair a stratum"),
    ),
    "two-group means": (
        ("MD", "mean difference", "identity", _BORENSTEIN),
        ("SMD", "standardised mean difference", "identity", _HEDGES),
        ("SMDH", "standardised mean difference (both SDs averaged)", "identity", _BONETT),
        ("SMD1", "standardised mean difference (SD of the control group)", "identity", _HEDGES),
        ("SMD1H", "standardised mean difference (SD of the control group, SDs unequal)", "identity", _BONETT),
        ("ROM", "ratio of means", "log", f"Hedges et al. 1999, Ecology 80:1150-1156; {_LAJEUNESSE}"),
        ("CVR", "ratio of coefficients of variation", "log", f"{_NAKAGAWA}; {_SENIOR}"),
        ("VR", "ratio of standard deviations", "log", _NAKAGAWA),
        ("D2ORN", "odds ratio from a standardised mean difference (normal)", "log", _NORMAL),
        ("D2ORL", "odds ratio from a standardised mean difference (logistic)", "log", _LOGISTIC),
    ),
    "one-group means": (
        ("MN", "mean", "identity", _BORENSTEIN),
        ("MNLN", "mean", "log", "Hedges et al. 1999, Ecology 80:1150-1156, one of the two groups"),
        ("CVLN", "coefficient of variation", "log", _NAKAGAWA),
        ("SDLN", "standard deviation", "log", _NAKAGAWA),
        ("SMN", "standardised mean", "identity", _HEDGES),
    ),
    "one-group counts": (
        ("PR", "proportion", "identity", _FLEISS),
        ("PLN", "proportion", "log", _FLEISS),
        ("PLO", "proportion", "logit", _FLEISS),
        ("PAS", "proportion", "arcsine", _FLEISS),
        ("PFT", "proportion", "double arcsine", f"{_FREEMAN}; way back: Miller 1978, Am Stat 32:138"),
    ),
    "one-group rates": (
        ("IR", "incidence rate", "identity", _ROTHMAN),
        ("IRLN", "incidence rate", "log", _ROTHMAN),
        ("IRS", "incidence rate", "square root", _ROTHMAN),
        ("IRFT", "incidence rate", "double square root", _FREEMAN),
    ),
    "change in one group": (
        ("MC", "mean change", "identity", "Cochrane Handbook for Systematic Reviews of Interventions 5.1, 16.1.3.2"),
        ("SMCC", "standardised mean change (SD of the changes)", "identity", "Gibbons et al. 1993, J Educ Stat 18:271"),
        ("SMCR", "standardised mean change (SD before)", "identity", "Becker 1988, Br J Math Stat Psychol 41:257-278"),
        ("SMCRH", "standardised mean change (SD before, SDs unequal)", "identity", _BONETT),
        ("ROMC", "ratio of means after to before", "log", f"Lajeunesse 2011, Ecology 92:2049-2055; {_LAJEUNESSE}"),
        ("CVRC", "ratio of coefficients of variation after to before", "log", f"{_NAKAGAWA}; {_SENIOR}"),
        ("VRC", "ratio of standard deviations after to before", "log", f"{_NAKAGAWA}; {_SENIOR}"),
    ),
    "two-group rates": (
        ("IRR", "incidence rate ratio", "log", _ROTHMAN),
        ("IRD", "incidence rate difference", "identity", _ROTHMAN),
        ("IRSD", "difference of square roots of incidence rates", "identity", _ROTHMAN),
    ),
    "correlations": (
        ("COR", "correlation", "identity", _BORENSTEIN),
        ("UCOR", "correlation (unbiased)", "identity", "Olkin and Pratt 1958, Ann Math Stat 29:201-211"),
        ("ZCOR", "correlation", "Fisher z", "Fisher 1921, Metron 1:3-32"),
    ),
    "estimates": (("GEN", "estimate", "identity", "as given"),),
}

# One group has nothing to differ from; a correlation of 0 is no association, and an estimate as given is a difference.
_NO_COMPARISON: Final = frozenset(("one-group means", "one-group counts", "one-group rates"))


def _build() -> dict[str, Measure]:
    measures = {}
    for kind, rows in _ROWS.items():
        for code, label, scale, source in rows:
            same = None if kind in _NO_COMPARISON else 1.0 if scale == "log" else 0.0
            columns = tuple(name for name in _COLUMNS[kind] if name not in _UNUSED.get(code, ()))
            variances = _VARIANCES.get(code, ("LS",))
            corrected = code in _CORRECTED
            measures[code] = Measure(code, label, scale, same, kind, columns, source, variances, corrected)
    return measures


MEASURES: Final[Mapping[str, Measure]] = MappingProxyType(_build())


def measure_of(code: str) -> Measure:
    """The measure of that code.

    Raises
    ------
    MethodError
        If there is none.
    """
    try:
        return MEASURES[code]
    except (KeyError, TypeError):  # unknown, or a list or another thing that cannot be a key
        raise MethodError(f"measure {code!r}; one of {', '.join(MEASURES)} is expected") from None
