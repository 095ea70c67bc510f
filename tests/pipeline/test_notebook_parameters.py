"""What a notebook declares, and what is refused before any kernel starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synth.errors import NotebookError, ParameterError
from synth.pipeline import parameters
from synth.pipeline.processes import Server
from synth.pipeline.run import run_notebooks

PARAMETERS = 'review: str = "ifi"\nas_of: str | None = None\nlive: bool = False'


class NoServer(Server):
    """Stands where a kernel would be started, and must not be asked."""

    forks = True

    def problem(self) -> str:
        raise AssertionError("a server was asked")

    def call(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a server was asked")

    def close(self) -> None:
        self.folder.rmdir()


def refused(notebooks: list[Path], values: dict[str, object], kind: type[Exception] = ParameterError) -> str:
    """The message of the refusal, which comes before a kernel is asked for."""
    events: list[object] = []
    with NoServer() as server, pytest.raises(kind) as refusal:
        run_notebooks(notebooks, values, cwd=notebooks[0].parent, server=server, on_event=events.append)
    assert events == []
    return str(refusal.value)


def test_no_server_stands_where_kernels_start(make_notebook):
    """The stand-in of these tests is asked when nothing is refused: otherwise they would prove nothing."""
    with NoServer() as server, pytest.raises(AssertionError, match="a server was asked"):
        run_notebooks([make_notebook("good")], {}, cwd=Path.cwd(), server=server)


def test_inspect_gives_names_types_and_defaults(make_notebook):
    path = make_notebook(
        "all",
        parameters="# what to read\n" + PARAMETERS.replace(": bool", "") + "\nrows: int = -3\nx = 0.5",
    )
    found = parameters.inspect(path)
    assert [(p.name, p.expected, p.default) for p in found.values()] == [
        ("review", "str", "ifi"),
        ("as_of", "str | None", None),
        ("live", "bool", False),
        ("rows", "int", -3),
        ("x", "float", 0.5),
    ]


@pytest.mark.parametrize(
    ("declaration", "good", "bad"),
    [
        ("p: str = 'a'", ["", "b"], [1, None, True, ["b"]]),
        ("p: str | None = None", ["b", None], [1, False]),
        ("p: int = 1", [2, -2], [True, 1.5, "2", None]),
        ("p: float = 1.0", [2, 2.5], [True, "2.5"]),
        ("p: bool = True", [False], [0, 1, "True"]),
        ("p = 1", [2], [True, 2.0]),
    ],
)
def test_a_value_must_be_of_a_declared_type(make_notebook, declaration, good, bad):
    parameter = parameters.inspect(make_notebook("one", parameters=declaration))["p"]
    assert [parameter.accepts(value) for value in good] == [True] * len(good)
    assert [parameter.accepts(value) for value in bad] == [False] * len(bad)


def test_unknown_parameter_is_refused_with_those_allowed(make_notebook):
    message = refused([make_notebook("04_synthesis")], {"reviw": "bcg"})
    assert message == "04_synthesis.ipynb: unknown parameter 'reviw'; allowed are: review, as_of, live"


def test_ill_typed_parameter_is_refused_with_both_types(make_notebook):
    message = refused([make_notebook("04_synthesis")], {"live": "yes", "as_of": 2024})
    assert message.splitlines() == [
        "04_synthesis.ipynb: parameter 'live': bool is expected, given is str ('yes')",
        "04_synthesis.ipynb: parameter 'as_of': str | None is expected, given is int (2024)",
    ]


def test_every_notebook_must_accept_the_values(make_notebook):
    notebooks = [
        make_notebook("good"),
        make_notebook("bad", parameters="review: int = 1"),
        make_notebook("none", parameters=""),
    ]
    message = refused(notebooks, {"review": "bcg"})
    assert message.splitlines() == [
        "bad.ipynb: parameter 'review': int is expected, given is str ('bcg')",
        "none.ipynb: unknown parameter 'review'; allowed are: none",
    ]


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (None, "exactly one code cell tagged parameters is expected, found 0"),
        ("review: str = ", "line 1: invalid syntax"),
        ("import os", "line 1: only assignments"),
        ("review: str", "line 1: only assignments"),
        ("a = b = 1", "line 1: only assignments"),
        ("x = 1\nreview = input()", "line 2: review: a plain value is expected"),
        ("as_of = None", "as_of: None alone does not tell the type"),
        ("review: str = 1", "review: the default 1 is not of its type, str"),
        ("rows = [1]", "rows: the default [1] is not of its type"),
        ("rows: list[int] = 1", "rows: the type may be str, int, float, bool, None, joined by |; found list[int]"),
        ("a = 1\na = 2", "a name is assigned twice"),
    ],
)
def test_parameters_cell_that_is_not_understood_is_refused(make_notebook, cell, words):
    message = refused([make_notebook("01_search", parameters=cell)], {})
    assert message.startswith("01_search.ipynb: ")
    assert words in message


def test_two_parameters_cells_and_left_over_injections_are_refused(make_notebook):
    path = make_notebook("two", "x = 1")
    content = json.loads(path.read_text())
    content["cells"][2]["metadata"]["tags"] = ["parameters"]
    path.write_text(json.dumps(content))
    assert "exactly one code cell tagged parameters is expected, found 2" in refused([path], {})
    content["cells"][2]["metadata"]["tags"] = ["injected-parameters"]
    path.write_text(json.dumps(content))
    assert "has a cell tagged injected-parameters" in refused([path], {})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "its text is not JSON"),
        (b'{"cells": "\xff"}', "its text is not JSON in UTF-8"),
        (b"[]", "not a notebook of format 4"),
        (b'{"nbformat": 3, "cells": []}', "not a notebook of format 4"),
        (b'{"nbformat": 4, "cells": [1]}', "not a notebook of format 4"),
    ],
)
def test_a_file_that_is_no_notebook_is_refused(tmp_path, content, words):
    path = tmp_path / "01_search.ipynb"
    path.write_bytes(content)
    message = refused([path], {}, NotebookError)
    assert message.startswith("01_search.ipynb: ")
    assert words in message


def test_a_missing_notebook_is_refused_with_its_path(tmp_path):
    message = refused([tmp_path / "09_none.ipynb"], {}, NotebookError)
    assert str(tmp_path / "09_none.ipynb") in message
