"""Executed notebooks without what differs from run to run."""

from __future__ import annotations

import json

import nbformat
import pytest

from synth.pipeline import notebookform


def executed(**changes) -> dict:
    """An invented notebook as papermill leaves it."""
    papermill = {"duration": 0.1, "start_time": "2020-01-01T00:00:00"}
    cells = [
        {
            "cell_type": "code",
            "execution_count": 7,
            "id": "one",
            "metadata": {"papermill": papermill, "tags": []},
            "outputs": [
                {
                    "name": "stderr",
                    "output_type": "stream",
                    "text": "/tmp/ipykernel_123/456.py:1: UserWarning: invented\n",
                },
                {"data": {"text/plain": "1"}, "execution_count": 7, "metadata": {}, "output_type": "execute_result"},
            ],
            "source": "1",
        },
        {
            "cell_type": "code",
            "execution_count": 9,
            "id": "a1b2c3",
            "metadata": {
                "papermill": papermill,
                "tags": ["injected-parameters"],
                "execution": {"iopub.status.idle": "x"},
            },
            "outputs": [],
            "source": "x = 1",
        },
        {"cell_type": "markdown", "id": "text", "metadata": {"papermill": papermill}, "source": "text"},
        {"cell_type": "code", "execution_count": None, "id": "empty", "metadata": {}, "outputs": [], "source": ""},
        {"cell_type": "code", "execution_count": 11, "id": "two", "metadata": {}, "outputs": [], "source": "2"},
    ]
    metadata = {
        "kernelspec": {"name": "synth-forked", "display_name": "x"},
        "language_info": {"name": "python", "version": "3.11.7"},
        "papermill": papermill | {"input_path": "/somewhere", "environment_variables": {"A": "secret"}},
    }
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5} | changes


def test_stable_form_holds_nothing_of_the_run():
    notebook = notebookform.stable(notebookform.load(executed()))
    text = notebookform.as_bytes(notebook).decode()
    for trace in (
        "papermill",
        "duration",
        "secret",
        "/somewhere",
        "3.11.7",
        "synth-forked",
        "a1b2c3",
        "ipykernel_",
        "iopub",
    ):
        assert trace not in text
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert [cell.get("execution_count") for cell in notebook.cells] == [1, 2, None, None, 3]
    assert notebook.cells[0].outputs[1].execution_count == 1
    assert notebook.cells[0].outputs[0].text == "<cell>:1: UserWarning: invented\n"
    assert [cell["id"] for cell in notebook.cells] == ["one", "injected-parameters", "text", "empty", "two"]


def test_stable_form_is_a_copy_and_the_same_twice():
    notebook = notebookform.load(executed())
    before = json.dumps(notebook)
    once = notebookform.stable(notebook)
    assert json.dumps(notebook) == before
    assert notebookform.as_bytes(notebookform.stable(once)) == notebookform.as_bytes(once)


def test_committed_form_lacks_the_injected_cell_and_counts_without_it():
    notebook = notebookform.without_injected(notebookform.stable(notebookform.load(executed())))
    assert [cell["id"] for cell in notebook.cells] == ["one", "text", "empty", "two"]
    assert [cell.get("execution_count") for cell in notebook.cells] == [1, None, None, 2]


def test_cells_without_an_id_of_their_own_are_numbered():
    content = executed(nbformat_minor=4)
    for cell in content["cells"][1:]:
        del cell["id"]
    content["cells"][1]["id"] = "one"
    notebook = notebookform.load(content)
    assert [cell["id"] for cell in notebook.cells] == ["one", "cell-2", "cell-3", "cell-4", "cell-5"]
    assert notebook.nbformat_minor == 5


def test_stop_note_shows_any_text_as_it_is():
    note = "x.ipynb: cell 2: ValueError: <script>\n# not a heading"
    notebook = notebookform.with_stop_note(notebookform.load(executed()), note)
    assert notebook.cells[0].source.endswith("    x.ipynb: cell 2: ValueError: <script>\n    # not a heading")
    nbformat.validate(notebook)


def test_content_against_the_schema_is_refused():
    with pytest.raises(nbformat.ValidationError):
        notebookform.load(executed(metadata=[]))
