"""The layers of the package, shown to hold for the source and to be seen where a made-up tree breaks them."""

from __future__ import annotations

from pathlib import Path

import pytest
import source_rules as rules


@pytest.fixture
def package(repository: Path) -> Path:
    return repository / "src" / "synth"


@pytest.fixture
def source_folders(repository: Path) -> list[Path]:
    return [repository / "src", repository / "tools"]


@pytest.fixture
def plant(tmp_path: Path):
    """Write one file of an invented package and return the package's folder."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path

    return write


def assert_none(findings: list[str]) -> None:
    assert not findings, "\n" + "\n".join(findings)


def test_there_is_source_to_check(package: Path):
    units = {module.unit for module in rules.modules(package)}
    assert {"errors", "synthesis", "report", "cli"} <= units


def test_every_module_belongs_to_a_unit(package: Path):
    assert_none(rules.unknown_units(package))


def test_a_module_without_unit_is_seen(plant):
    assert rules.unknown_units(plant("helpers.py", "")) == ["helpers.py: belongs to no unit of the order"]


def test_units_import_only_units_before_them(package: Path):
    assert_none(rules.upward_imports(package))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("effects/binary.py", "from synth.synthesis.pooling import pool"),
        ("effects/binary.py", "import synth.store"),
        ("effects/binary.py", "from synth import store"),
        ("effects/binary.py", "from synth import open_review"),
        ("effects/binary.py", "from ..report import model"),
        ("effects/binary.py", "def late():\n    from synth.plots import forest"),
        ("effects/binary.py", "from importlib import import_module\nimport_module('synth.review')"),
        ("effects/binary.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from synth.cli import app"),
        ("errors.py", "from . import provenance"),
    ],
)
def test_an_import_against_the_order_is_seen(plant, name: str, text: str):
    assert len(rules.upward_imports(plant(name, text))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from synth.effects.shared import x",
        "from . import shared",
        "from synth.errors import SynthError",
        "import numpy",
    ],
)
def test_an_import_along_the_order_is_not_seen(plant, text: str):
    assert rules.upward_imports(plant("effects/binary.py", text)) == []


def test_only_the_entrez_client_uses_the_network(package: Path):
    # The server that forks kernels speaks over a local socket.
    assert_none(rules.foreign_imports(package, rules.NETWORK - {"socket", "socketserver"}, ["search/entrez.py"]))
    assert_none(rules.foreign_imports(package, {"socket", "socketserver"}, ["search/entrez.py", "pipeline"]))


@pytest.mark.parametrize("text", ["import urllib.request", "from Bio import Entrez", "def f():\n    import socket"])
def test_network_use_elsewhere_is_seen(plant, text: str):
    assert len(rules.foreign_imports(plant("records/pubmed.py", text), rules.NETWORK, ["search/entrez.py"])) == 1
    assert rules.foreign_imports(plant("records/pubmed.py", "from urllib.parse import quote"), rules.NETWORK, []) == []


def test_only_plots_draw(package: Path):
    # The PDF report asks matplotlib for the folder of its bundled fonts and draws nothing.
    assert_none(rules.foreign_imports(package, rules.DRAWING, ["plots", "report/pdf.py"]))


def test_drawing_elsewhere_is_seen(plant):
    folder = plant("synthesis/results.py", "def show():\n    import matplotlib.pyplot as plt\n    plt.plot()")
    assert rules.foreign_imports(folder, rules.DRAWING, ["plots"]) == [
        "synthesis/results.py:2: imports matplotlib.pyplot"
    ]
    assert rules.foreign_imports(folder, rules.DRAWING, ["synthesis"]) == []


def test_only_the_pipeline_runs_notebooks(package: Path):
    assert_none(rules.foreign_imports(package, rules.RUNNING, ["pipeline"]))


def test_running_notebooks_elsewhere_is_seen(plant):
    assert len(rules.foreign_imports(plant("cli/main.py", "import papermill"), rules.RUNNING, ["pipeline"])) == 1


def test_units_below_the_store_touch_no_files(package: Path):
    assert_none(rules.file_access(package, rules.NO_EVIDENCE))


@pytest.mark.parametrize(
    "text",
    [
        "open('x')",
        "from pathlib import Path\nPath('x').read_text()",
        "import pandas as pd\npd.read_csv('x')",
        "table.to_csv('x')",
        "table.to_csv(path_or_buf='x')",
        "from pathlib import Path\nPath('x').write_bytes(b'')",
    ],
)
def test_file_access_below_the_store_is_seen(plant, text: str):
    assert len(rules.file_access(plant("extraction/tables.py", text))) == 1


@pytest.mark.parametrize("text", ["import io\npd.read_csv(io.StringIO(text))", "table.to_csv(index=False)"])
def test_tables_in_memory_are_no_file_access(plant, text: str):
    assert rules.file_access(plant("extraction/tables.py", text)) == []


def test_file_access_in_the_store_is_allowed(plant):
    assert rules.file_access(plant("store.py", "open('x')")) == []


def test_files_that_are_no_evidence_may_be_read_in_the_named_modules(plant):
    package = plant("search/slots.py", "open('x')")
    assert rules.file_access(package, rules.NO_EVIDENCE) == []
    assert len(rules.file_access(package)) == 1


def test_files_are_short(repository: Path, source_folders: list[Path]):
    assert_none(rules.long_files([*source_folders, repository / "tests"]))


def test_a_long_file_is_seen(plant):
    assert rules.long_files([plant("long.py", "x = 1\n" * 501)]) == ["long.py: 501 lines, at most 500"]


def test_functions_are_short(source_folders: list[Path]):
    lengths = rules.function_lengths(source_folders)
    assert len(lengths) > 20
    assert_none(rules.long_functions(lengths))


def test_long_functions_are_seen(plant):
    body = "    x = 1\n"
    folder = plant("effects.py", f"def longest():\n{body * 60}\ndef longer():\n{body * 29}")
    longest, share = rules.long_functions(rules.function_lengths([folder]))
    assert longest.endswith("effects.py:1 longest: 61 lines, at most 60")
    assert share == "0 of 2 functions are under 30 lines, at least 90% expected"


def test_a_docstring_does_not_count_as_length(plant):
    text = '    """One.\n\n    Two.\n    """\n'
    folder = plant("effects.py", f"def documented():\n{text}    return 1\n")
    assert list(rules.function_lengths([folder]).values()) == [2]
