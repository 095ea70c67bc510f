"""Executed notebooks without what differs from run to run and from machine to machine.

papermill notes times, durations, paths, versions and random cell ids; the kernel adds its version and, in warnings and
tracebacks, its process number. Without them an executed notebook is the same bytes for the same inputs.
"""

from __future__ import annotations

import copy
import json
import re
from typing import Any

import nbformat
from nbformat import NotebookNode

from synth.pipeline.parameters import INJECTED_TAG

KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
_v4: Any = nbformat.v4  # has no types of its own
_PAPERMILL_MARKER = "papermill-error-cell-tag"
_RUN_METADATA = ("papermill", "execution", "widgets")
# ipykernel names a cell's code after its process and a hash of the text
_CELL_FILE = re.compile(r"[^\s\"'<>]*ipykernel_\d+[\\/](\d+)\.py")


def stable(notebook: NotebookNode) -> NotebookNode:
    """A copy of an executed notebook that two runs have in common.

    Cell ids that papermill drew are replaced by fixed ones, executed cells are counted from 1, and kernel and language
    are named without versions.
    """
    notebook = copy.deepcopy(notebook)
    _forget_run(notebook.metadata)
    notebook.metadata["kernelspec"] = copy.deepcopy(KERNELSPEC)
    notebook.metadata["language_info"] = copy.deepcopy(LANGUAGE_INFO)
    notebook.cells = [cell for cell in notebook.cells if _PAPERMILL_MARKER not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        _settle(cell)
    count_executions(notebook)
    return notebook


def count_executions(notebook: NotebookNode) -> None:
    """Number the executed cells from 1, with their results."""
    executed = (cell for cell in notebook.cells if cell.cell_type == "code" and cell.execution_count is not None)
    for number, cell in enumerate(executed, start=1):
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number


def without_injected(notebook: NotebookNode) -> NotebookNode:
    """A copy without the cell that papermill puts its values in: the form that is committed."""
    notebook = copy.deepcopy(notebook)
    notebook.cells = [cell for cell in notebook.cells if INJECTED_TAG not in cell.metadata.get("tags", [])]
    count_executions(notebook)
    return notebook


def with_stop_note(notebook: NotebookNode, note: str) -> NotebookNode:
    """A copy that says in its first cell where and why the notebook stopped."""
    notebook = copy.deepcopy(notebook)
    # indented text is shown as it is, whatever marks an exception's message holds
    text = "This notebook stopped:\n\n" + "\n".join(f"    {line}" for line in note.splitlines())
    notebook.cells.insert(0, _v4.new_markdown_cell(text, id="stopped"))
    return notebook


def stop_output(name: str, sentence: str) -> NotebookNode:
    """An error output for a cell whose kernel could not write one itself."""
    output: NotebookNode = _v4.new_output("error", ename=name, evalue=sentence, traceback=[f"{name}: {sentence}"])
    return output


def as_bytes(notebook: NotebookNode) -> bytes:
    """The notebook's file: JSON as Jupyter writes it, checked against the format's schema.

    Raises
    ------
    nbformat.ValidationError
        If the notebook breaks the schema.
    """
    nbformat.validate(notebook)
    text: str = _v4.writes(notebook)
    return (text.rstrip("\n") + "\n").encode("utf-8")


def load(content: dict[str, Any]) -> NotebookNode:
    """A notebook's JSON, checked against the format's schema, in format 4.5: the first with cell ids.

    A cell without an id, or with one that another cell has, is numbered; Jupyter would draw an id.

    Raises
    ------
    nbformat.ValidationError
        If the content breaks the schema.
    """
    content = copy.deepcopy(content)
    if content.get("nbformat_minor", 0) < 5:
        content["nbformat_minor"] = 5
    taken: set[str] = set()
    for number, cell in enumerate(content["cells"], start=1):
        identity = cell.get("id")
        if not isinstance(identity, str) or identity in taken:
            cell["id"] = identity = f"cell-{number}"
        taken.add(identity)
    nbformat.validate(content)
    notebook: NotebookNode = _v4.reads(json.dumps(content))
    return notebook


def _forget_run(metadata: NotebookNode) -> None:
    for key in _RUN_METADATA:
        metadata.pop(key, None)


def _settle(cell: NotebookNode) -> None:
    _forget_run(cell.metadata)
    if cell.metadata.get("tags") == []:  # papermill adds an empty list where there was none
        del cell.metadata["tags"]
    if INJECTED_TAG in cell.metadata.get("tags", []):
        cell["id"] = INJECTED_TAG
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            output.text = _CELL_FILE.sub("<cell>", output.text)
        elif output.output_type == "error":
            output.traceback = [_CELL_FILE.sub("<cell>", line) for line in output.traceback]
