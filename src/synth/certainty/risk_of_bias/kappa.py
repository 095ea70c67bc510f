"""Cohen's kappa of two people with its interval.

Kappa is (p - e) / (1 - e), with p the share of items on which both gave the same answer, and e the share expected from
how often each gave each answer. Its standard error is that of Fleiss, Cohen and Everitt 1969 for a kappa that need not
be zero (Psychological Bulletin 72; cited so at https://rdocumentation.org/packages/vcd/versions/1.1-1/topics/Kappa), in
the form in which statsmodels has it (stats/inter_rater.py, cohens_kappa). The interval is kappa plus and minus a normal
quantile times that error. It takes the answers as independent of one another.

Kappa is that of statsmodels wherever that is a number, and so are error and interval, with one exception. Where the
variance is zero, statsmodels gives an interval without width (or none, by rounding). Here error and interval are
withheld, because zero is then a property of the formula and not of how precise kappa is. That is so for a single item,
where one reviewer gave the same answer throughout, where no disagreement was seen, and in a few tables of full
disagreement. All is computed in whole fractions, so that a variance of zero is known as such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt

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
    value : float or None
        Kappa (scale -1 to 1); None where it is not defined.
    error, low, high : float or None
        Its standard error and its 95% interval, not cut at 1; None where the variance is zero or kappa not defined.
    remark : str
        Why there is no kappa or no interval; empty otherwise.
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
        Without a value where there is no item, or where both gave one and the same answer to all. Without an interval
        where the variance is zero, which it is for a single item.

    Raises
    ------
    ValueError
        If the two are not equally long.
    """
    pairs = list(zip(first, second, strict=True))
    agreed = sum(a == b for a, b in pairs)
    if not pairs:
        return Kappa(0, 0, None, None, None, None, "No item was answered by both.")
    if len(set(first) | set(second)) == 1:
        remark = f"Both answered {first[0]!r} throughout, so kappa is not defined."
        return Kappa(len(pairs), agreed, None, None, None, None, remark)
    kappa, variance = _kappa(pairs)
    value = float(kappa)
    if variance == 0:
        return Kappa(len(pairs), agreed, value, None, None, None, _why_none(first, second, agreed))
    error = sqrt(variance)
    return Kappa(len(pairs), agreed, value, error, value - _Z * error, value + _Z * error, "")


def _kappa(pairs: Sequence[tuple[str, str]]) -> tuple[Fraction, Fraction]:
    """Kappa and its variance."""
    n = len(pairs)
    shares = {pair: Fraction(count, n) for pair, count in Counter(pairs).items()}
    rows = {name: Fraction(count, n) for name, count in Counter(a for a, _ in pairs).items()}
    columns = {name: Fraction(count, n) for name, count in Counter(b for _, b in pairs).items()}
    expected = sum((rows[name] * columns.get(name, 0) for name in rows), Fraction(0))
    kappa = (sum((share for (a, b), share in shares.items() if a == b), Fraction(0)) - expected) / (1 - expected)
    same = sum(share * (1 - (rows[a] + columns[b]) * (1 - kappa)) ** 2 for (a, b), share in shares.items() if a == b)
    unlike = sum(share * (columns.get(a, 0) + rows.get(b, 0)) ** 2 for (a, b), share in shares.items() if a != b)
    variance = same + (1 - kappa) ** 2 * unlike - (kappa - expected * (1 - kappa)) ** 2
    return kappa, variance / ((1 - expected) ** 2 * n)


def _why_none(first: Sequence[str], second: Sequence[str], agreed: int) -> str:
    """Why kappa has no interval."""
    if len(first) == 1:
        return "A single item cannot tell how precise kappa is, so no interval is given."
    if len(set(first)) == 1 or len(set(second)) == 1:
        return (
            "One of the two gave the same answer throughout, so kappa is 0 whatever the other answered, "
            "and no interval is given."
        )
    seen = "No disagreement was seen" if agreed == len(first) else "The formula gives a variance of zero here"
    return f"{seen}; that says nothing of how precise kappa is, so no interval is given."
