"""How closely a value must agree: every tolerance, and every rule that allows more, in one place.

The tolerances are those of `../shared/metafor-reference/README.md`, relative to metafor's value. A value outside its
tolerance agrees by one of the rules below, or it fails. Values that agree by a rule are counted in the report.

* `ZERO_TAU2`: a tau2 (in a multilevel model any variance component) of at most 1e-10 of the median sampling variance
  is zero (that README). tau is then at most the
  root of that, and I2 at most 1e-8 percent.
* `UNDERFLOW`: two p values below 1e-300 are equal; there, doubles lose their digits.
* `ROUNDED_ZERO`: a value that is zero but for rounding, as a sum of residuals is, has no digits to compare. A
  difference of at most 1e-13 of the natural scale of the quantity is none. That scale is the largest effect for what is
  on the scale of the effects, the largest sampling variance for its square, 100 for percentages, 1 for everything else.
* `CONDITIONING`: with moderators, metafor solves X'WX b = X'Wy, and rounding leaves it with errors of about eps c m,
  where c is the condition number of X'WX with columns scaled to one length, and m the largest term x_ij b_j over the
  largest effect. (A calendar year beside an intercept: up to 1e-7; exact rational arithmetic shows that metafor's
  digits are the wrong ones.) Ten times that is allowed.
* `STOPPING`: metafor's trimfill() fits the filled data by its default rule, which stops at a change in tau2 of 1e-5
  (Paule-Mandel: eps^(1/4)). With an iterative estimator tau2 may be off by that, and everything else by four times
  that over tau2, at most 1e-2; a p value p of a z statistic by 1 + 2 |ln p| times as much, as far as p goes with z.
* `SEARCH`: metafor's hc() finds its critical value to eps^(1/4) = 1.2e-4; twice that, in standard errors, is allowed
  for its bounds. (With a tighter search it agrees to 1e-10.)
* `ARRANGEMENTS`: metafor's permutest() leaves out the arrangements in which its fit stops with an error. Its p values
  are then shares of fewer arrangements; the counts may differ by the ones left out.

One value is not compared: `VARIANCE_ALONE`, the sampling variance and standard error that metafor keeps for a row in
which a figure of the estimate is missing (a mean, say). Such a study has no estimate, and here no variance either.
"""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from reference_cases import Case, number

CLOSED, ITERATIVE, MULTILEVEL, SELECTION, LIKELIHOOD, LIKELIHOOD_TAU2 = 1e-9, 1e-7, 1e-5, 1e-4, 1e-3, 1e-2
ZERO_SHARE, ROUNDING_SHARE, SMALLEST_P, ROUNDING_FACTOR = 1e-10, 1e-13, 1e-300, 10.0
ZERO_TAU2, UNDERFLOW = "tau2 zero but for rounding", "p values below 1e-300"
STOPPING, SEARCH = "metafor's default stopping rule", "metafor's search for a critical value"
ARRANGEMENTS = "arrangements that metafor leaves out"
VARIANCE_ALONE = "metafor keeps the variance of a row without an estimate"
# A share times its total is whole to this.
WHOLE = 1e-8
DEFAULT_THRESHOLD, LARGEST_STOPPING, QUARTER_EPSILON = 1e-5, 1e-2, float(np.finfo(float).eps) ** 0.25
ROUNDED_ZERO, CONDITIONING = "zero but for rounding", "metafor's rounding in a badly conditioned regression"
ITERATIVE_METHODS = frozenset({"ML", "REML", "EB", "PM", "PMM", "DLIT", "SJIT"})
BY_KIND = {
    "rma.mv": MULTILEVEL,
    "robust": MULTILEVEL,
    "location_scale": MULTILEVEL,
    "selmodel": SELECTION,
    "rma.glmm": LIKELIHOOD,
}
BOUNDS = re.compile(r"(^|/)confint_\w+/\w+\[[12]\]$")
POSITION = re.compile(r"\[\d+\]")
P_VALUES = frozenset(("QEp", "QMp", "Qp", "MHp", "BDp", "TAp", "LRTp", "QSp", "p.k0", "QM_p", "Q_between_p"))
ON_EFFECT_SCALE = frozenset(
    "beta pred estimate est ci.lb ci.ub pi.lb pi.ub resid fitted limit_est limit_ci.lb limit_ci.ub "  # noqa: SIM905
    "yi yi.filled theta meanes target tau".split()
)
SQUARED = frozenset(("vb", "tau2", "se.tau2", "tau2.del", "vt", "vi", "vi.filled", "sigma2"))
PERCENT = frozenset(("I2", "R2", "weights_pct", "weight"))


def last_name(path: str) -> str:
    """The name of the output that a path ends in: `beta` of `groups/a/beta[0]`."""
    return POSITION.sub("", path).rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Rules:
    """Tolerance and rules of one case.

    Attributes
    ----------
    relative : float
        Largest relative difference allowed, but for the bounds of intervals for tau2.
    kind : str
        Kind of the case.
    effect, variance : float
        Largest absolute effect and largest sampling variance of the case; 0 where it has none.
    median_variance : float
        Median sampling variance; 0 where the case has none.
    conditioning : float
        Relative difference that metafor's rounding explains; 0 without moderators.
    stopping, step, step_of_i2 : float
        Relative difference, and absolute ones of tau2 and I2, that a default stopping rule explains; 0 where it is not
        used.
    search : float
        Absolute difference of bounds that a loose search explains; 0 where there is none.
    """

    relative: float
    kind: str = ""
    effect: float = 0.0
    variance: float = 0.0
    median_variance: float = 0.0
    conditioning: float = 0.0
    stopping: float = 0.0
    step: float = 0.0
    step_of_i2: float = 0.0
    search: float = 0.0

    def tolerance(self, path: str) -> float:
        """Largest relative difference that the value at a path may have."""
        if self.kind == "rma.glmm" and last_name(path) == "tau2":
            return LIKELIHOOD_TAU2
        return max(self.relative, ITERATIVE) if BOUNDS.search(path) else self.relative

    def rule(self, path: str, ours: float, metafor: float) -> str:
        """The rule by which two numbers outside the tolerance agree; empty if there is none."""
        name, apart, largest = last_name(path), abs(ours - metafor), max(abs(ours), abs(metafor))
        if largest <= self._zero(name):
            return ZERO_TAU2
        if name in P_VALUES or name.endswith("pval"):
            if largest <= SMALLEST_P:
                return UNDERFLOW
        elif apart <= ROUNDING_SHARE * self._scale(name):
            return ROUNDED_ZERO
        if apart <= self.conditioning * abs(metafor):
            return CONDITIONING
        is_p = metafor > 0 and (name in P_VALUES or name.endswith("pval"))
        steepness = 1 + 2 * abs(math.log(metafor)) if is_p else 1.0
        near_zero = {"tau2": self.step, "I2": self.step_of_i2}.get(name, 0.0)
        if apart <= max(self.stopping * steepness * abs(metafor), near_zero):
            return STOPPING
        return SEARCH if name in {"ci.lb", "ci.ub"} and apart <= self.search else ""

    def _scale(self, name: str) -> float:
        if name in ON_EFFECT_SCALE:
            return self.effect or 1.0
        if name in SQUARED:
            return self.variance or 1.0
        return 100.0 if name in PERCENT else 1.0

    def _zero(self, name: str) -> float:
        if name in {"tau2", "tau2.del", "sigma2", "gamma2"}:
            return ZERO_SHARE * self.median_variance
        if name == "tau":
            return math.sqrt(ZERO_SHARE * self.median_variance)
        return 100 * ZERO_SHARE if name == "I2" else 0.0


def rules_of(case: Case) -> Rules:
    """The rules for a case, by its kind and its method."""
    method = str(case.spec.get("method") or "")
    iterative = method in ITERATIVE_METHODS and case.spec.get("tau2") is None
    effects, variances = _numbers(case.inputs.get("yi")), _numbers(case.inputs.get("vi"))
    stopping, step = _stopping(case) if iterative else (0.0, 0.0)
    # Columns that no data have (1e300) give no condition number, and then the tolerance stays as it is.
    with np.errstate(all="ignore"):
        conditioning = _conditioning(case)
    return Rules(
        relative=BY_KIND.get(case.kind, ITERATIVE if iterative else CLOSED),
        kind=case.kind,
        effect=max(map(abs, effects), default=0.0),
        variance=max(variances, default=0.0),
        median_variance=statistics.median(variances) if variances else 0.0,
        conditioning=conditioning,
        stopping=stopping,
        step=step,
        step_of_i2=100 * step / (number(case.outputs.get("vt")) or math.inf),
        search=2 * QUARTER_EPSILON * (number(case.outputs.get("se")) or 0.0) if case.kind == "hc_henmi_copas" else 0.0,
    )


def arrangements_left_out(share: float, total: int) -> int | None:
    """How few of `total` arrangements must be left out, at most half, for a number to be a share of the rest."""
    if not 0 <= share <= 1:
        return None
    for left_out in range(total // 2 + 1):
        count = share * (total - left_out)
        if abs(count - round(count)) <= WHOLE:
            return left_out
    return None


def _numbers(values: object) -> list[float]:
    if not isinstance(values, Sequence) or isinstance(values, (str, Mapping)):
        return []
    return [found for value in values if (found := number(value)) is not None and math.isfinite(found)]


def _stopping(case: Case) -> tuple[float, float]:
    """What metafor's default stopping rule explains: relative to a value, and of tau2 itself."""
    if case.kind != "trimfill":
        return 0.0, 0.0
    tau2 = number(case.outputs.get("tau2")) or 0.0
    step = QUARTER_EPSILON if str(case.spec.get("method")) in {"PM", "PMM"} else DEFAULT_THRESHOLD
    return min(4 * step / tau2, LARGEST_STOPPING) if tau2 else 0.0, step


def _conditioning(case: Case) -> float:
    """Ten times eps * c * m of the module's text; 0 where there is no regression on numbers."""
    mods = case.inputs.get("mods")
    effects, variances = _numbers(case.inputs.get("yi")), _numbers(case.inputs.get("vi"))
    columns = [_numbers(column) for column in mods.values()] if isinstance(mods, Mapping) else []
    if not columns or {len(variances), *map(len, columns)} != {len(effects)} or min(variances, default=0) <= 0:
        return 0.0
    if case.spec.get("intercept") is not False:
        columns.insert(0, [1.0] * len(effects))
    design, root = np.column_stack(columns), 1 / np.sqrt(variances)
    weighted = design * root[:, None]
    scaled = weighted / np.linalg.norm(weighted, axis=0)
    if not np.isfinite(scaled).all():
        return 0.0
    singular = np.linalg.svd(scaled, compute_uv=False)
    if not (singular[-1] > 0 and max(map(abs, effects)) > 0):
        return 0.0
    slopes = np.linalg.lstsq(weighted, root * effects, rcond=None)[0]
    terms = float(np.abs(design * slopes).max()) / max(map(abs, effects))
    condition = float(singular[0] / singular[-1]) ** 2
    return ROUNDING_FACTOR * float(np.finfo(float).eps) * condition * max(terms, 1.0)
