"""What a committed notebook must keep to; the function returns its findings as sentences."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

NAMES = (
    "01_search",
    "02_screening",
    "03_extraction",
    "04_synthesis",
    "05_certainty",
    "06_audit",
    "07_changes",
    "08_report",
)
MACHINE_PATH = re.compile(r"(?<![\w./:~-])/(?:home|root|Users|work|mnt|tmp|private)/\w|[A-Z]:\\\\Users")
DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def findings(text: str) -> list[str]:
    """Everything that is wrong with the notebook of that JSON text."""
    notebook = json.loads(text)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return [
        *_execution(code),
        *_source(code),
        *_parameters(code),
        *_metadata(notebook),
        *(f"machine path {match.group()}" for match in MACHINE_PATH.finditer(text)),
    ]


def _execution(code: list[dict[str, Any]]) -> list[str]:
    """A cell that was not run is run by nbval too but compared with nothing."""
    counts = [cell["execution_count"] for cell in code]
    found = (
        [] if counts == list(range(1, len(code) + 1)) else [f"execution counts {counts}: not run once, top to bottom"]
    )
    if not any(cell["outputs"] for cell in code):
        found.append("no outputs")
    outputs = [output for cell in code for output in cell["outputs"]]
    found += [f"error in an output: {output['ename']}" for output in outputs if output["output_type"] == "error"]
    found += ["output on stderr" for output in outputs if output.get("name") == "stderr"]
    return found


def _source(code: list[dict[str, Any]]) -> list[str]:
    found = []
    for number, cell in enumerate(code, 1):
        try:
            tree = ast.parse("".join(cell["source"]))
        except SyntaxError as error:
            found.append(f"code cell {number} is not plain Python: {error.msg}")
            continue
        found += [f"code cell {number} defines {node.name}" for node in ast.walk(tree) if isinstance(node, DEFINITIONS)]
        if not tree.body:
            found.append(f"code cell {number} is empty")
    return found


def _parameters(code: list[dict[str, Any]]) -> list[str]:
    tagged = [cell for cell in code if "parameters" in cell["metadata"].get("tags", [])]
    return [] if len(tagged) == 1 else [f"{len(tagged)} cells are tagged parameters, 1 expected"]


def _metadata(notebook: dict[str, Any]) -> list[str]:
    """Times, versions and traces of a run, which would change with each refresh."""
    found = []
    if "papermill" in notebook["metadata"]:
        found.append("metadata of a papermill run")
    if "version" in notebook["metadata"].get("language_info", {}):
        found.append("metadata name the version of Python")
    for number, cell in enumerate(notebook["cells"], 1):
        traces = sorted({"papermill", "execution"} & cell["metadata"].keys())
        found += [f"cell {number}: metadata of a run ({name})" for name in traces]
        if "injected-parameters" in cell["metadata"].get("tags", []):
            found.append(f"cell {number}: parameters injected by a run")
    return found
