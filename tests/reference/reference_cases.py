"""Reading files of reference cases: a JSON list of cases in the schema of `../shared/metafor-reference/README.md`.

A file that cannot be read, holds no case, or holds one that is not of the schema, is a `CaseFileError`, which says
where the fault is. Kinds, measures and outputs that nobody knows are no fault of the file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

INFINITIES = {"Inf": math.inf, "-Inf": -math.inf}
NO_VALUE = frozenset({"NA", "NaN"})
REQUIRED = {"name": str, "kind": str, "inputs": dict, "status": str}
STATUSES = ("ok", "error")


class CaseFileError(Exception):
    """A file of cases that cannot be used; the message names the file, the case and the fault."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case: what metafor was asked, and what it answered.

    Attributes
    ----------
    name, kind : str
        Unique name, and what was computed.
    dataset, measure : str
        metadat's data set, and metafor's code of the measure; empty where the file has none.
    inputs : mapping
        All numbers needed, by metafor's argument names.
    spec : mapping
        Method, test, level (percent) and other arguments.
    status, error : str
        "ok", or "error" with metafor's message.
    outputs : mapping
        Results by metafor's names. Empty where metafor failed.
    """

    name: str
    kind: str
    dataset: str = ""
    measure: str = ""
    inputs: Mapping[str, object] = field(default_factory=dict)
    spec: Mapping[str, object] = field(default_factory=dict)
    status: str = "ok"
    error: str = ""
    outputs: Mapping[str, object] = field(default_factory=dict)


def number(value: object) -> float | None:
    """The number that a JSON value stands for: None for null (R's NA and NaN), and for what is no number.

    "Inf" and "-Inf" are infinities. True and False are no numbers.
    """
    if isinstance(value, str):
        return INFINITIES.get(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return None if math.isnan(value) else float(value)


def read_cases(path: Path) -> tuple[Case, ...]:
    """The cases of a file.

    Raises
    ------
    CaseFileError
        If the file cannot be read, is no JSON list of cases, holds none, or two of one name.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CaseFileError(f"{path}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise CaseFileError(f"{path}: not JSON ({error})") from error
    if not isinstance(raw, list):
        raise CaseFileError(f"{path}: a JSON list of cases is expected, not {type(raw).__name__}")
    if not raw:
        raise CaseFileError(f"{path}: the list holds no case")
    cases = tuple(_case(item, f"{path}: case {position}") for position, item in enumerate(raw, start=1))
    seen: set[str] = set()
    for case in cases:
        if case.name in seen:
            raise CaseFileError(f"{path}: two cases are named {case.name!r}; names must be unique")
        seen.add(case.name)
    return cases


def _case(item: object, place: str) -> Case:
    if not isinstance(item, dict):
        raise CaseFileError(f"{place}: an object is expected, not {type(item).__name__}")
    for name, kind in REQUIRED.items():
        if not isinstance(item.get(name), kind):
            raise CaseFileError(f"{place} ({item.get('name')!r}): `{name}` must be there, as {kind.__name__}")
    if item["status"] not in STATUSES:
        raise CaseFileError(f"{place} ({item['name']!r}): status {item['status']!r}; 'ok' or 'error' is expected")
    spec, outputs = item.get("spec") or {}, item.get("outputs") or {}
    for name, part in (("spec", spec), ("outputs", outputs)):
        if not isinstance(part, dict):
            raise CaseFileError(f"{place} ({item['name']!r}): `{name}` must be an object")
    return Case(
        name=item["name"],
        kind=item["kind"],
        dataset=str(item.get("dataset") or ""),
        measure=str(item.get("measure") or ""),
        inputs=item["inputs"],
        spec=spec,
        status=item["status"],
        error=str(item.get("error") or ""),
        outputs=outputs,
    )
