"""The Makefile and the CI script, run in invented repositories with scripts standing for the tools they call."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import repository_rules as rules

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def run(folder: Path, *command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    own = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "SYNTH_"))}
    return subprocess.run(command, cwd=folder, env=own | variables, capture_output=True, text=True, check=False)


@pytest.fixture
def makefile(repository: Path) -> str:
    return (repository / "Makefile").read_text(encoding="utf-8")


@pytest.fixture
def copy(repository: Path, tmp_path: Path) -> Path:
    """A folder whose path has spaces, with the Makefile and scripts in place of Python and synth."""
    folder = tmp_path / "a path with spaces"
    script(folder / ".venv" / "bin" / "synth", 'echo "synth $*"')
    script(folder / ".venv" / "bin" / "python", 'echo "python $* [$PYTHONDONTWRITEBYTECODE$PYTHONPATH]"')
    shutil.copy(repository / "Makefile", folder)
    return folder


def test_make_alone_explains_each_target(makefile: str, repository: Path):
    shown = run(repository, "make").stdout
    targets = rules.make_targets(makefile)
    assert set(targets) == set(makefile.split(".PHONY:", 1)[1].split("\n", 1)[0].split())
    for name, explanation in targets.items():
        assert f"make {name} " in shown
        assert explanation in shown


def test_report_makes_sure_of_the_environment_first(copy: Path):
    made = run(copy, "make", "report", "REVIEW=lizards", PYTHONDONTWRITEBYTECODE="1", PYTHONPATH="elsewhere")
    assert made.stdout.splitlines() == ["python tools/environment.py .venv []", "synth report lizards"]
    assert run(copy, "make", "report").stdout.splitlines()[-1] == "synth report ifi"


def test_a_python_can_be_named(copy: Path, tmp_path: Path):
    named = script(tmp_path / "some where" / "python", 'echo "named $*"')
    assert run(copy, "make", "report", f"PYTHON={named}").stdout.startswith("named tools/environment.py .venv\n")


def test_a_failing_environment_stops_before_the_report(copy: Path, tmp_path: Path):
    failing = script(tmp_path / "python", "exit 3")
    made = run(copy, "make", "report", f"PYTHON={failing}")
    assert made.returncode != 0
    assert "synth" not in made.stdout


@pytest.mark.parametrize("target", ["report", "test-all"])
def test_without_a_python_the_message_says_what_to_do(copy: Path, target: str):
    made = run(copy, "make", target, "PYTHON=")
    assert made.returncode != 0
    assert "No Python 3.11 or newer was found" in made.stderr


def test_tests_and_notebooks_run_in_one_strict_pytest(copy: Path):
    shown = run(copy, "make", "test").stdout.splitlines()[-1]
    assert shown == "python -m pytest -n 2 --dist loadfile --nbval --nbval-current-env tests notebooks []"


@pytest.fixture
def machine(repository: Path, tmp_path: Path) -> Path:
    """A folder of programs that has only what every Debian has; apt-get writes down what it is asked for."""
    programs = tmp_path / "bin"
    script(programs / "apt-get", f'echo "apt-get $*" >> "{tmp_path}/asked"')
    script(programs / "id", "echo 0")
    for name in ("bash", "sh", "dirname", "env", "grep"):
        (programs / name).symlink_to(shutil.which(name) or "")
    (tmp_path / "repository" / ".ci").mkdir(parents=True)
    shutil.copy(repository / ".ci" / "run", tmp_path / "repository" / ".ci" / "run")
    return programs


def test_ci_installs_what_is_missing_and_passes_the_exit_code_on(machine: Path, tmp_path: Path):
    script(machine / "make", 'echo "make $* $SYNTH_REQUIRE_SHARED$SYNTH_REQUIRE_BROWSER"; exit 2')
    done = run(tmp_path, tmp_path / "repository" / ".ci" / "run", PATH=str(machine))
    assert (tmp_path / "asked").read_text(encoding="utf-8").splitlines() == [
        "apt-get update",
        "apt-get install -y --no-install-recommends git chromium fontconfig fonts-dejavu-core",
    ]
    assert done.stdout.splitlines() == ["installing: git chromium fontconfig fonts-dejavu-core", "make test-all 11"]
    assert done.returncode == 2


def test_ci_installs_nothing_where_all_is_there(machine: Path, tmp_path: Path):
    script(machine / "fc-list", "echo 'DejaVu Sans'")
    for name in ("make", "git", "chromium"):
        script(machine / name, f"echo {name}")
    done = run(tmp_path, tmp_path / "repository" / ".ci" / "run", PATH=str(machine))
    assert done.stdout.splitlines() == ["installed already: make, git, a browser, fonts", "make"]
    assert not (tmp_path / "asked").exists()
    assert done.returncode == 0
