"""The committed notebooks were run, are thin, and carry no trace of the machine that ran them."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import notebook_rules as rules
import pytest

# An invented notebook that keeps to all rules.
GOOD: dict[str, Any] = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Lizards\n"]},
        {
            "cell_type": "code",
            "execution_count": 1,
            "metadata": {"tags": ["parameters"]},
            "outputs": [],
            "source": ["review = 'lizards'\n", "live = False\n"],
        },
        {
            "cell_type": "code",
            "execution_count": 2,
            "metadata": {},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ["2\n"]}],
            "source": ["print(1 + 1)"],
        },
    ],
    "metadata": {"language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def notebooks(repository: Path) -> list[Path]:
    return sorted((repository / "notebooks").glob("*.ipynb"))


def test_each_stage_has_its_notebook_and_there_is_no_other(repository: Path):
    assert tuple(path.stem for path in notebooks(repository)) == rules.NAMES


@pytest.mark.parametrize("name", rules.NAMES)
def test_committed_notebook_is_run_and_thin(repository: Path, name: str):
    path = repository / "notebooks" / f"{name}.ipynb"
    found = rules.findings(path.read_text(encoding="utf-8"))
    assert not found, "\n" + "\n".join(found)


def test_a_good_notebook_has_no_findings():
    assert rules.findings(json.dumps(GOOD)) == []


@pytest.mark.parametrize(
    ("spoil", "finding"),
    [
        (
            lambda cells, _: cells[2].update(execution_count=None),
            "execution counts [1, None]: not run once, top to bottom",
        ),
        (lambda cells, _: cells[2].update(execution_count=7), "execution counts [1, 7]: not run once, top to bottom"),
        (lambda cells, _: cells[2].update(outputs=[]), "no outputs"),
        (
            lambda cells, _: cells[2]["outputs"].append({"output_type": "error", "ename": "KeyError"}),
            "error in an output: KeyError",
        ),
        (lambda cells, _: cells[2]["outputs"][0].update(name="stderr"), "output on stderr"),
        (lambda cells, _: cells[2].update(source=["def f():\n", "    pass"]), "code cell 2 defines f"),
        (lambda cells, _: cells[2].update(source=["if True:\n", "    class C: pass"]), "code cell 2 defines C"),
        (lambda cells, _: cells[2].update(source=["%time 1"]), "code cell 2 is not plain Python: invalid syntax"),
        (lambda cells, _: cells[2].update(source=[]), "code cell 2 is empty"),
        (lambda cells, _: cells[1]["metadata"].clear(), "0 cells are tagged parameters, 1 expected"),
        (
            lambda cells, _: cells[2]["metadata"].update(tags=["parameters"]),
            "2 cells are tagged parameters, 1 expected",
        ),
        (lambda cells, _: cells[2]["outputs"][0].update(text=["/" + "home/lizard/x"]), "machine path /" + "home/l"),
        (lambda _, metadata: metadata.update(papermill={}), "metadata of a papermill run"),
        (lambda _, metadata: metadata["language_info"].update(version="3.11"), "metadata name the version of Python"),
        (lambda cells, _: cells[2]["metadata"].update(execution={}), "cell 3: metadata of a run (execution)"),
        (
            lambda cells, _: cells[2]["metadata"].update(tags=["injected-parameters"]),
            "cell 3: parameters injected by a run",
        ),
    ],
)
def test_a_spoiled_notebook_is_seen(spoil: Callable[[list[Any], dict[str, Any]], None], finding: str):
    notebook = copy.deepcopy(GOOD)
    spoil(notebook["cells"], notebook["metadata"])
    assert rules.findings(json.dumps(notebook)) == [finding]
