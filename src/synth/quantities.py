"""Named results: the numbers that notebooks, report, audit and releases share."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from synth.errors import SynthError

#: Digits kept in quantities.json: more than a reader needs, and none in which two builds of a library may differ.
SIGNIFICANT_DIGITS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number with its name and its history.

    Attributes
    ----------
    name : str
        Path of what it is, such as ``review/procedure/outcome/instrument/change/study``.
    value : float or None
        On the scale that `unit` names; None where the evidence gives none.
    interval : tuple of two floats, or None
        Limits at `level`.
    level : float or None
        Confidence level of the interval, 0 to 1.
    unit : str
        Unit or scale ("points", "log risk ratio", "patients").
    method : str
        How it was obtained, in words; "as printed" for figures read in a source.
    rows : tuple of str
        The evidence rows it came from, ``file:line``.
    tolerance : float
        Largest absolute difference that still counts as the same number.
    """

    name: str
    value: float | None
    interval: tuple[float, float] | None = None
    level: float | None = None
    unit: str
    method: str
    rows: tuple[str, ...] = ()
    tolerance: float = 0.0


class Quantities:
    """Quantities by name, in the order of their names; a name stands for one number only."""

    def __init__(self, items: Iterable[Quantity] = ()) -> None:
        self._items: dict[str, Quantity] = {}
        for item in items:
            if item.name in self._items:
                raise SynthError(f"quantity {item.name}: this name is given to two numbers")
            self._items[item.name] = item

    def __iter__(self) -> Iterator[Quantity]:
        return iter(self._items[name] for name in sorted(self._items))

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, name: str) -> Quantity:
        try:
            return self._items[name]
        except KeyError:
            raise SynthError(f"quantity {name}: there is no such name") from None

    def to_json(self) -> str:
        """All quantities as JSON, sorted by name, floats at ten significant digits."""
        rows = [_rounded(asdict(item)) for item in self]
        return json.dumps({"format": 1, "quantities": rows}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    if isinstance(value, float):
        if not math.isfinite(value):
            raise SynthError(f"a quantity holds {value}; leave the value empty and say why in its method")
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}")
    return value
