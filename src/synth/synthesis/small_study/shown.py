"""How a result is shown: one row for people, a longer table, a dictionary, HTML."""

from __future__ import annotations

import html
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from synth.effects.intervals import figure

if TYPE_CHECKING:
    import pandas as pd

Cell = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class Shown(ABC):
    """What every result of this package has; a subclass says what its row and its paragraph are.

    Attributes
    ----------
    k : int
        Studies that entered.
    method : str
        In words.
    marks : tuple of str
        Short sentences to show beside the result, where it stands on little.
    """

    k: int
    method: str
    marks: tuple[str, ...]

    @abstractmethod
    def _row(self) -> dict[str, Cell]:
        """The numbers for people, by name."""

    def _columns(self) -> dict[str, list[Cell]]:
        return {"quantity": list(self._row()), "value": list(self._row().values())}

    @abstractmethod
    def explain(self) -> str:
        """A paragraph for the methods section, with its references."""

    def summary(self) -> pd.DataFrame:
        """One row for people."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        return pd.DataFrame([self._row() | {"method": self.method}])

    def table(self) -> pd.DataFrame:
        """The parts of the result, one a row."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        return pd.DataFrame(self._columns())

    def to_dict(self) -> dict[str, Any]:
        """Every attribute by name."""
        return asdict(self)

    def _repr_html_(self) -> str:
        row = {name: value for name, value in self._row().items() if value is not None}
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in row)
        cells = "".join(f"<td>{html.escape(cell(name, value))}</td>" for name, value in row.items())
        caption = f"<caption>{html.escape(self.method)}</caption>"
        table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody><tr>{cells}</tr></tbody></table>"
        marks = "".join(f"<li>{html.escape(mark)}</li>" for mark in self.marks)
        return f"{table}<ul>{marks}</ul>" if marks else table


def cell(name: str, value: Cell) -> str:
    """A cell as text: p values and small numbers keep their digits."""
    if isinstance(value, bool) or not isinstance(value, float):
        return str(value)
    if name.endswith("p_value") and value < 0.001:
        return "< 0.001"
    return f"{value:.3g}" if 0 < abs(value) < 0.1 else figure(value)


def number(value: float) -> float | None:
    """The value as a float, or None where it is NaN."""
    return None if value != value else float(value)
