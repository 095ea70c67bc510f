"""What plots of studies as points share: sizes by weight, notes on what is not drawn, the table of marks."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pandas as pd

from synth.errors import MethodError
from synth.plots import text
from synth.synthesis.linear import FloatArray
from synth.synthesis.meta_analysis import MetaAnalysis

Record = Mapping[str, object]

_SIZES: Final = (5.0, 15.0)  # diameter in points of the lightest and of the heaviest study
_LISTED: Final = 12
STUDIES_IN_WORDS: Final = 15
"""More than these, and the alternative text names a few and leaves the rest to the table."""


def sizes_by_weight(weights: FloatArray, largest: float = _SIZES[1]) -> list[float]:
    """Diameters whose squares go with the weights, as far as the smallest can still be seen.

    Parameters
    ----------
    weights : ndarray, shape (k,)
        At least 0, one of them above.
    largest : float
        Diameter of the heaviest study, points.
    """
    heaviest = float(weights.max())
    return [max(_SIZES[0], largest * math.sqrt(weight / heaviest)) for weight in weights.tolist()]


def fitted_model(model: object, plot: str) -> MetaAnalysis:
    """The model itself.

    Raises
    ------
    MethodError
        If it is no fitted univariate model.
    """
    if not isinstance(model, MetaAnalysis):
        raise MethodError(f"{plot}: a fitted model (MetaAnalysis) is expected, not {type(model).__name__}")
    return model


def not_drawn_note(not_drawn: Mapping[str, str]) -> str:
    """Which studies are not in the picture, and why; empty for none."""
    if not not_drawn:
        return ""
    names = [f"{study} ({reason})" if reason else study for study, reason in not_drawn.items()]
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"Not drawn: {'; '.join(names[:_LISTED])}{more}."


def sentences(marks: Iterable[str]) -> list[str]:
    """Marks of a result as sentences: a capital letter, unless a symbol begins it, and a full stop."""
    begun = (mark if mark[1:2] == " " else f"{mark[:1].upper()}{mark[1:]}" for mark in marks)
    return [mark if mark.endswith(".") else f"{mark}." for mark in begun]


def arrows_note(labels: Sequence[str]) -> str:
    """Which points lie beyond the axes; empty for none."""
    if not labels:
        return ""
    more = f" and {len(labels) - _LISTED} more" if len(labels) > _LISTED else ""
    return f"Arrow: the point lies beyond the axis ({', '.join(labels[:_LISTED])}{more})."


def marks_table(records: Iterable[Record], numbers: Sequence[str], texts: Sequence[str] = ()) -> pd.DataFrame:
    """The table of what is drawn: kind, label, further texts, numbers, and where an arrow stands for a point.

    Parameters
    ----------
    records : iterable of mapping
        One for each mark, and one for each point of a line; what a mark does not have is left out.
    numbers, texts : sequence of str
        Columns, in their order.
    """
    names = ["kind", "label", *texts, *numbers, "beyond_axis"]
    empty: dict[str, object] = {name: None if name in numbers else "" for name in names}
    table = pd.DataFrame.from_records([{**empty, **record} for record in records], columns=names)
    return table.astype({name: float if name in numbers else str for name in names})


def joined(sentences: Iterable[str]) -> str:
    """Sentences in one line, the empty ones left out."""
    return text.printable(" ".join(sentence for sentence in sentences if sentence))


def counted(number: int, one: str, many: str) -> str:
    """A number with its noun: "1 study", "12 studies"."""
    return f"{number} {one if number == 1 else many}"


def headline(plot: str, title: str, about: str) -> tuple[str, str]:
    """The title of a drawing, and how its words begin: with what was pooled, where that is told.

    Raises
    ------
    MethodError
        If one of the two is no text.
    """
    for name, words in (("title", title), ("about", about)):
        if not isinstance(words, str):
            raise MethodError(f"{name} {words!r}: a text is expected")
    told = "; ".join(filter(None, (title, about)))
    return ": ".join(filter(None, (title or plot, about))), f"{plot}: {told}." if told else f"{plot}."


def inside_sentence(label: str) -> str:
    """A label inside a sentence: with a small first letter, unless its first word is an abbreviation."""
    return label[:1].lower() + label[1:] if label[1:2].islower() else label


def check_named(named: int) -> None:
    """Refuse a number of names that is none.

    Raises
    ------
    MethodError
        If it is no whole number of at least 0.
    """
    if type(named) is not int or named < 0:
        raise MethodError(f"named = {named!r}: a whole number of at least 0 is expected")


def level_words(level: float) -> str:
    """A level as it is printed: 95%."""
    return f"{text.plain(100 * level)}%"


def summary_name(model: MetaAnalysis) -> str:
    """What the effect of a model is called: one study by itself is not pooled."""
    if model.k == 1:
        return "The one study"
    return "Common effect" if model.method == "common" else "Summary"
