"""A figure that no paper prints: how it was worked out, what it rests on, and how exactly it can be known."""

from __future__ import annotations

import math
from dataclasses import dataclass

from synth.effects.intervals import Interval, figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """How a figure that no paper prints was worked out.

    Attributes
    ----------
    quantity : str
        What was derived, such as "standard error" or "mean".
    value : float or None
        The derived value. None where the printed text only bounds it.
    rounding_range : tuple of float
        The values that the rounding of all printed inputs allows. 0 or infinity at an end means that the printed text
        sets no limit there.
    method : str
        What was computed, in a few words.
    inputs : tuple of (str, float or str)
        The figures that went in, by name; those taken as printed keep their text.
    assumption : str
        What has to be true, in words.
    source : str
        Where the method is described.
    mark : str
        Short sentence for a table, so that a derived value never looks like a printed one.
    cautions : tuple of str
        What speaks against the derivation in this case, as sentences; empty where nothing was seen.
    """

    quantity: str
    value: float | None
    rounding_range: Interval
    method: str
    inputs: tuple[tuple[str, float | str], ...]
    assumption: str
    source: str
    mark: str
    cautions: tuple[str, ...] = ()

    @property
    def is_bound(self) -> bool:
        """True where the printed text bounds the quantity and gives no value."""
        return self.value is None

    @property
    def cell(self) -> str:
        """The value as a cell of a table, with "derived" beside it; a bound in words."""
        if self.value is not None:
            return f"{figure(self.value)} (derived)"
        low, high = self.rounding_range
        if math.isinf(high):
            return f"above {figure(low)} (derived)"
        return f"below {figure(high)} (derived)" if low == 0 else f"{figure(low)} to {figure(high)} (derived)"

    def explain(self) -> str:
        """One paragraph: the value with its range, method, inputs, assumption and source."""
        low, high = self.rounding_range
        inputs = ", ".join(f"{name} {value}" for name, value in self.inputs)
        span = "" if low == high else f" ({figure(low)} to {figure(high)} over the rounding of the printed figures)"
        value = "no value, only a bound" if self.value is None else figure(self.value)
        cautions = "".join(f" {caution}" for caution in self.cautions)
        return (
            f"{self.quantity.capitalize()}: {value}{span}. {self.method}, from {inputs}. "
            f"It assumes that {self.assumption}.{cautions} Source: {self.source}."
        )

    def to_dict(self) -> dict[str, object]:
        """Every field by name, with plain types."""
        return {
            "quantity": self.quantity,
            "value": self.value,
            "rounding_range": list(self.rounding_range),
            "method": self.method,
            "inputs": dict(self.inputs),
            "assumption": self.assumption,
            "source": self.source,
            "mark": self.mark,
            "cautions": list(self.cautions),
        }
