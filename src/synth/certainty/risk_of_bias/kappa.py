"""Cohen's kappa of two people with its interval.

Kappa is (p - e) / (1 - e), with p the share of items on which both gave the same answer, and e the share expected from
how often each gave each answer. Its standard error is that of Fleiss, Cohen and Everitt 1969 for a kappa that need not
be zero (Psychological Bulletin 72; cited so at https://rdocumentation.org/packages/vcd/versions/1.1-1/topics/Kappa), in
the form in which statsmodels has it (stats/inter_rater.py, cohens_kappa). The interval is kappa plus and minus a normal
quantile times that error. It takes the answers as independent of one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

#: 1.959963984540054: the normal quantile of a 95% interval, kept as a number so that scipy.stats is not loaded.
_Z = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Kappa:
    """Agreement of two series of answers.

    Attributes
    ----------
    n : int
        Items that both answered.
    agreed : int
        Items on which the answers are the same.
    value, error, low, high : float or None
        Kappa (scale -1 to 1), its standard error and its 95% interval; None where kappa is not defined. The limits are
        not cut at 1.
    remark : str
        Why there is none, or why its interval says little; empty otherwise.
    """

    n: int
    agreed: int
    value: float | None
    error: float | None
    low: float | None
    high: float | None
    remark: str


def kappa_of(first: Sequence[str], second: Sequence[str]) -> Kappa:
    """Cohen's kappa of two series of answers to the same items, in the same order.

    Parameters
    ----------
    first, second : sequence of str, shape (n,)

    Returns
    -------
    Kappa
        Without a value where there is no item, or where both gave one and the same answer to all.

    Raises
    ------
    ValueError
        If the two are not equally long.
    """
    pairs = list(zip(first, second, strict=True))
    agreed = sum(a == b for a, b in pairs)
    if not pairs:
        return Kappa(0, 0, None, None, None, None, "No item was answered by both.")
    categories = sorted({answer for pair in pairs for answer in pair})
    if len(categories) == 1:
        remark = f"Both answered {categories[0]!r} throughout, so kappa is not defined."
        return Kappa(len(pairs), agreed, None, None, None, None, remark)
    place = {name: index for index, name in enumerate(categories)}
    table = np.zeros((len(categories), len(categories)))
    for a, b in pairs:
        table[place[a], place[b]] += 1
    value, error = _kappa(table)
    return Kappa(len(pairs), agreed, value, error, value - _Z * error, value + _Z * error, _remark(table))


def _kappa(table: np.ndarray) -> tuple[float, float]:
    """Kappa and its standard error from a square table of counts, one reviewer in rows."""
    n = table.sum()
    shares = table / n
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    expected = float(rows @ columns)
    kappa = (float(np.trace(table)) / n - expected) / (1 - expected)
    diagonal = np.diag(shares)
    same = float((diagonal * (1 - (rows + columns) * (1 - kappa)) ** 2).sum())
    unlike = shares * (columns[:, None] + rows) ** 2
    np.fill_diagonal(unlike, 0)
    variance = same + (1 - kappa) ** 2 * float(unlike.sum()) - (kappa - expected * (1 - kappa)) ** 2
    variance /= (1 - expected) ** 2 * n
    # Where it is zero in truth, rounding can leave it a hair below.
    return float(kappa), float(np.sqrt(max(variance, 0.0)))


def _remark(table: np.ndarray) -> str:
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    if np.count_nonzero(rows) == 1 or np.count_nonzero(columns) == 1:
        return "One of the two gave the same answer throughout, so kappa is 0 whatever the other answered."
    if np.trace(table) == table.sum():
        return "No disagreement was seen, so the interval has no width; that says nothing of how precise kappa is."
    return ""
