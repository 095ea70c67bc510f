"""What came of a fuzzed input: a result, or a refusal in words. Anything else is a failure of the engine.

pytest turns every warning into an error, so a RuntimeWarning of numpy counts as an exception of another library.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from synth.errors import MethodError

Run = Callable[[int], None]


def outcomes(run: Run, seeds: Iterable[int]) -> Counter[str]:
    """Count results and refusals over the inputs of these numbers; fail with the first few that are neither."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for seed in seeds:
        try:
            run(seed)
        except MethodError as refusal:
            if not said(refusal):
                wrong.append(f"input {seed}: refused without a sentence: {refusal!r}")
            found["refused"] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            wrong.append(f"input {seed}: {type(error).__name__} at {place(error)}: {error} {notes(error)}"[:300])
        else:
            found["results"] += 1
    if wrong:
        pytest.fail(f"{len(wrong)} of {sum(found.values()) + len(wrong)}:\n" + "\n".join(wrong[:20]), pytrace=False)
    return found


def said(refusal: MethodError) -> bool:
    """Whether the message is a sentence for the person who gave the input, not a traceback of another library."""
    return len(str(refusal).split()) >= 4


def place(error: Exception) -> str:
    """Innermost line of the package that the exception came through."""
    found, step = "?", error.__traceback__
    while step is not None:
        file = step.tb_frame.f_code.co_filename
        if f"{os.sep}synth{os.sep}" in file:
            found = f"{file.rsplit(os.sep + 'synth' + os.sep, 1)[-1]}:{step.tb_lineno}"
        step = step.tb_next
    return found


def notes(error: Exception) -> str:
    return ", ".join(getattr(error, "__notes__", ()))


def nans(value: Any, name: str = "") -> list[str]:
    """Names of the numbers in a result that are NaN."""
    if isinstance(value, float):
        return [name] if math.isnan(value) else []
    if isinstance(value, np.ndarray):
        return [name] if value.dtype.kind == "f" and np.isnan(value).any() else []
    if isinstance(value, dict):
        return [item for key, part in value.items() for item in nans(part, f"{name}.{key}")]
    if isinstance(value, list | tuple):
        return [item for part in value for item in nans(part, name)]
    if is_dataclass(value):
        return [item for field in fields(value) for item in nans(getattr(value, field.name), f"{name}.{field.name}")]
    return []


def assert_marked(value: Any, marks: Any, name: str = "") -> None:
    """No NaN in silence: where there is one, the result has a mark."""
    found = nans(value, name)
    assert not found or any(marks), f"NaN without a mark: {', '.join(found)}"
