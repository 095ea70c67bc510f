"""Where metafor ends at a lower likelihood than we do: a difference on purpose, shown by its own criterion.

metafor's Fisher scoring goes to the maximum next to its start; where a likelihood has several, ours is the highest. A
tau2 that does not agree is therefore looked at again: the log-likelihood of the data is computed here, by a formula
that owes nothing to the package, at metafor's tau2 and at ours. Where ours is higher, the case, or the study left
out, is not compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import numpy as np
from numpy.typing import NDArray
from reference_cases import Case, number
from reference_compare import Compared, LeftOut, Outcome

FloatArray = NDArray[np.float64]
KINDS = frozenset({"rma.uni", "meta_regression", "leave1out", "influence", "regtest"})
TAU2 = re.compile(r"^tau2(?:\.del)?(?:\[(\d+)\])?$")
ROW = re.compile(r"^[^/]*\[(\d+)\]$")
# The column of a regression test: the input that it is made of, and how.
PREDICTORS: Mapping[str, tuple[str, Callable[[FloatArray], FloatArray]]] = {
    "sei": ("vi", np.sqrt),
    "vi": ("vi", np.asarray),
    "ni": ("ni", np.asarray),
    "ninv": ("ni", np.reciprocal),
    "sqrtni": ("ni", np.sqrt),
    "sqrtninv": ("ni", lambda n: 1 / np.sqrt(n)),
}
HIGHER = 1e-6
REASON = "metafor ends at a lower likelihood: its tau2 is a local maximum, or the boundary"


def without_lower_maxima(case: Case, outcomes: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes, those left out that follow from a tau2 of metafor with a lower likelihood than ours."""
    found = list(outcomes)
    if case.kind not in KINDS or case.spec.get("method") not in {"ML", "REML"} or case.spec.get("tau2") is not None:
        return found
    wrong = {_row(TAU2, item.path) for item in found if isinstance(item, Compared) and _ends_lower(case, item)}
    if not wrong:
        return found
    return [LeftOut(item.path, REASON) if None in wrong or _row(ROW, item.path) in wrong else item for item in found]


def _row(pattern: re.Pattern[str], path: str) -> int | None:
    match = pattern.match(path)
    return int(match[1]) if match and match[1] else None


def _ends_lower(case: Case, item: Compared) -> bool:
    """Whether a tau2 that does not agree has a lower likelihood by metafor than by us."""
    if item.agrees or not TAU2.match(item.path):
        return False
    ours, metafor = (_float(text) for text in (item.ours, item.metafor))
    if ours is None or metafor is None:
        return False
    # Figures that no data have give no number here, and then no reason either.
    with np.errstate(all="ignore"):
        data = _data(case, _row(TAU2, item.path))
        return data is not None and _higher(data, ours, metafor, case.spec["method"] == "REML")


def _higher(data: tuple[FloatArray, FloatArray, FloatArray], ours: float, metafor: float, restricted: bool) -> bool:
    return log_likelihood(*data, ours, restricted) > log_likelihood(*data, metafor, restricted) + HIGHER


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _data(case: Case, left_out: int | None) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Effects, variances and columns; None where a figure is missing or no number."""
    mods = case.inputs.get("mods")
    columns = list(mods.values()) if isinstance(mods, Mapping) else []
    if case.kind == "regtest":
        name, function = PREDICTORS.get(str(case.spec.get("predictor")), ("", np.asarray))
        given = [number(value) for value in _listed(case.inputs.get(name))]
        if None in given:
            return None
        columns.append(function(np.array(given, dtype=np.float64)).tolist())
    values = [
        [number(value) for value in _listed(column)]
        for column in (case.inputs.get("yi"), case.inputs.get("vi"), *columns)
    ]
    if not values[0] or len({len(column) for column in values}) > 1 or any(None in column for column in values):
        return None
    y, v, *rest = np.array(values, dtype=np.float64)
    constant = [] if case.spec.get("intercept") is False else [np.ones_like(y)]
    kept = np.arange(len(y)) != (-1 if left_out is None else left_out)
    return y[kept], v[kept], np.column_stack([*constant, *rest])[kept]


def _listed(column: object) -> list[object]:
    return column if isinstance(column, list) else []


def log_likelihood(y: FloatArray, v: FloatArray, X: FloatArray, tau2: float, restricted: bool) -> float:
    """Log-likelihood of the random-effects model, but for a constant.

    Parameters
    ----------
    y, v : ndarray, shape (k,)
        Effects and sampling variances.
    X : ndarray, shape (k, p)
        Columns of the model.
    tau2 : float
        Between-study variance.
    restricted : bool
        Whether it is the restricted likelihood.
    """
    root = 1 / np.sqrt(v + tau2)
    orthonormal, triangle = np.linalg.qr(X * root[:, None])
    residuals = root * y - orthonormal @ (orthonormal.T @ (root * y))
    value = float(np.log(root).sum() - residuals @ residuals / 2)
    return value - float(np.log(np.abs(np.diag(triangle))).sum()) if restricted else value
