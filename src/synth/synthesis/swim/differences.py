"""In what the series with a direction differ, as far as it was seen: n, time, instrument, size of the change."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from synth.synthesis.swim.rows import Reported

#: Up to so many series each value is told; from more only the lowest and the highest.
_EACH = 4


def differences_of(rows: Iterable[Reported]) -> str:
    """In what eligible series with a direction differ, in words; empty where no difference was seen.

    Of several lines of one series the first speaks for it. Changes are told only where all are by one instrument.

    Parameters
    ----------
    rows : iterable of Reported
        Of one outcome after one procedure, in the order of the table.
    """
    first: dict[str, Reported] = {}
    for item in rows:
        if item.verdict and item.role == "synthesis" and not item.single_patient:
            first.setdefault(item.study_id, item)
    found = list(first.values())
    parts = [
        _differ("n", [item.n for item in found], "{:g}"),
        _differ("months of follow-up", [item.months for item in found], "{:g}"),
    ]
    instruments = list(dict.fromkeys(item.what for item in found))
    if len(instruments) > 1:
        parts.append(f"instrument ({_and(instruments)})")
    else:
        parts += [_differ(f"mean change by {name}", [item.change for item in found], "{:+g}") for name in instruments]
    told = [part for part in parts if part]
    return f"{_and([item.study_id for item in found])} differ in {_and(told)}" if told else ""


def _differ(name: str, values: Sequence[float | None], form: str) -> str:
    """A property with its values; empty where they do not differ or were not seen of two series."""
    seen = [value for value in values if value is not None]
    # Differences of printed means carry the dust of binary arithmetic.
    shown = list(dict.fromkeys(form.format(round(value, 6)) for value in seen))
    if len(shown) < 2:
        return ""
    unseen = len(values) - len(seen)
    more = f"; not seen of {unseen}" if unseen else ""
    if len(values) > _EACH:
        return f"{name} ({form.format(round(min(seen), 6))} to {form.format(round(max(seen), 6))}{more})"
    each = ["not seen" if value is None else form.format(round(value, 6)) for value in values]
    return f"{name} ({_and(each)})"


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
