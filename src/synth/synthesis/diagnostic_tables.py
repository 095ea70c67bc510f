"""Results that have a row for each study, as tables, dictionaries and HTML."""

from __future__ import annotations

import html
import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

#: Rows that a notebook shows; the table itself has all of them.
_SHOWN_ROWS = 100


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class StudyTable(ABC):
    """Base of the results of diagnostics; a subclass says which arrays its table has, and its caption.

    Attributes
    ----------
    labels : tuple of str
        Studies.
    marks : tuple of str
        Short sentences to show beside the result.
    """

    labels: tuple[str, ...]
    marks: tuple[str, ...]

    @abstractmethod
    def _columns(self) -> dict[str, Any]:
        """An array of shape (k,) for each column."""

    @abstractmethod
    def _caption(self) -> str:
        """What the table shows."""

    def table(self) -> pd.DataFrame:
        """One row a study, on the analysis scale; NaN where a value does not exist, and `marks` says why."""
        import pandas as pd  # here, so that importing the synthesis stays cheap

        return pd.DataFrame(self._columns(), index=pd.Index(self.labels, name="study"))

    def to_dict(self) -> dict[str, Any]:
        """Every attribute by name, in numbers, texts and lists that JSON holds: NaN is None, infinity a text."""
        return {name: json_ready(getattr(self, name)) for name in (field.name for field in fields(self))}

    def _repr_html_(self) -> str:
        columns = {name: values[:_SHOWN_ROWS] for name, values in self._columns().items()}
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in ("study", *columns))
        rows = zip(self.labels, *columns.values(), strict=False)
        body = "".join(_row(label, values) for label, *values in rows)
        notes = list(self.marks)
        if len(self.labels) > _SHOWN_ROWS:
            notes.append(f"{_SHOWN_ROWS} of {len(self.labels)} rows are shown; table() has all of them")
        listed = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
        caption = f"<caption>{html.escape(self._caption())}</caption>"
        table = f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"{table}<ul>{listed}</ul>" if listed else table


def _row(label: str, values: list[Any]) -> str:
    cells = "".join(f"<td>{html.escape(_cell(value))}</td>" for value in values)
    return f'<tr><th scope="row">{html.escape(label)}</th>{cells}</tr>'


def _cell(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else ""
    if isinstance(value, str):
        return value
    return "" if math.isnan(value) else f"{value:.4g}"


def json_ready(value: Any) -> Any:
    """Arrays and tuples as lists; NaN as None and infinity as a text, which JSON can hold."""
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [json_ready(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else ("infinity" if value > 0 else "-infinity")
    return value


def per_coefficient(name: str, values: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """One column, or one for each coefficient where there are several."""
    if values.ndim == 1:
        return {name: values}
    return {f"{name}[{coefficient}]": values[:, index] for index, coefficient in enumerate(names)}
