"""Importing the package and asking for help stay quick: neither loads the heavy libraries."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    *("Bio", "IPython", "docx", "ipykernel", "jinja2", "jupyter_client", "matplotlib", "nbclient", "nbformat"),
    *("numpy", "pandas", "pandera", "papermill", "scipy", "statsmodels", "typst"),
}
LOADED = "; print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
HELP = """
sys.argv = ["synth", "--help"]
from synth.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
"""


def loaded_by(code: str) -> tuple[set[str], str]:
    """Top-level modules that are loaded after that code, and what it printed."""
    program = f"import sys\n{code}\n0{LOADED}"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return set(answer.stderr.splitlines()[-1].split()), answer.stdout


def test_importing_the_package_loads_nothing_heavy():
    loaded, _ = loaded_by("import synth")
    assert "synth" in loaded
    assert loaded & HEAVY == set()


def test_help_of_the_command_loads_nothing_heavy():
    loaded, shown = loaded_by(HELP)
    assert "Usage" in shown
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("code", ["import numpy", "from pathlib import Path; import pandas"])
def test_a_heavy_import_is_seen(code: str):
    loaded, _ = loaded_by(code)
    assert loaded & HEAVY
