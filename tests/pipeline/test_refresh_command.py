"""The command behind `make notebooks`."""

from __future__ import annotations

import json

import pytest

from synth.pipeline import refresh


@pytest.fixture(autouse=True)
def ordinary_kernels(monkeypatch):
    """Nothing to preload: quicker for a notebook or two."""
    monkeypatch.setenv("SYNTH_KERNELS", "spawn")


def test_outputs_are_put_into_the_files(make_notebook, tmp_path, capsys):
    path = make_notebook("01_invented", "6 * 7")
    assert refresh.main([str(tmp_path)]) == 0
    (output,) = json.loads(path.read_text())["cells"][2]["outputs"]
    assert output["data"]["text/plain"] == ["42"]
    *_, end, changed = capsys.readouterr().err.splitlines()
    assert end.startswith("1 notebook passed in ")
    assert changed == "changed: 01_invented.ipynb"


def test_a_failure_is_told_with_exit_status_1(make_notebook, tmp_path, capsys):
    path = make_notebook("01_invented", "1 / 0")
    before = path.read_bytes()
    assert refresh.main([str(tmp_path)]) == 1
    assert "01_invented.ipynb: cell 3: ZeroDivisionError: division by zero" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_an_empty_folder_is_an_error(tmp_path, capsys):
    assert refresh.main([str(tmp_path)]) == 1
    assert capsys.readouterr().err == f"{tmp_path}: no notebooks there\n"
