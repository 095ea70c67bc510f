"""The environment is made once, made again when its inputs change, and nothing else is ever deleted for it."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

import environment

LOCK = """\
lizard==1.2 \\
    --hash=sha256:00
uv==0.9 \\
    --hash=sha256:11
    # via x
zebra==1 \\
    --hash=sha256:22
"""
PROJECT = '[build-system]\nrequires = []\n[project]\nname = "x"\n[tool.ruff]\nline-length = 120\n'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An invented repository whose path has spaces."""
    folder = tmp_path / "a path with spaces"
    (folder / "tools").mkdir(parents=True)
    (folder / "requirements.lock").write_text(LOCK, encoding="utf-8")
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    monkeypatch.setattr(environment, "ROOT", folder)
    return folder


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Commands that would have been run; the one that makes the environment leaves a link to this Python."""
    seen: list[tuple[str, ...]] = []

    def succeeds(*command: str | Path) -> bool:
        seen.append(tuple(map(str, command)))
        if "venv" in command:
            python = environment.python_of(Path(command[-1]))
            python.parent.mkdir(parents=True)
            python.symlink_to(sys.executable)
            (Path(command[-1]) / "pyvenv.cfg").write_text("", encoding="utf-8")
        return True

    monkeypatch.setattr(environment, "succeeds", succeeds)
    return seen


def test_made_once_and_then_left_alone(root: Path, commands: list[tuple[str, ...]], capsys: pytest.CaptureFixture[str]):
    target = root / ".venv"
    environment.ensure(target)
    first = list(commands)
    assert "making .venv from requirements.lock" in capsys.readouterr().out
    environment.ensure(target)
    assert commands == first
    assert capsys.readouterr().out == ""


def test_packages_come_from_the_lock_with_hashes_and_compiled(root: Path, commands: list[tuple[str, ...]]):
    environment.ensure(root / ".venv")
    python = str(environment.python_of(root / ".venv"))
    made, bootstrap, sync, editable, _ = commands
    assert made[1:] == ("-m", "venv", str(root / ".venv"))
    assert "--require-hashes" in bootstrap
    assert sync[:4] == (python, "-m", "uv", "pip")
    assert {"--require-hashes", "--compile-bytecode", str(root / "requirements.lock")} <= set(sync)
    assert {"--no-deps", "--no-build-isolation", "-e", str(root)} <= set(editable)


@pytest.mark.parametrize(
    ("name", "old", "new", "made_again"),
    [
        ("requirements.lock", "lizard==1.2", "lizard==1.3", True),
        ("pyproject.toml", 'name = "x"', 'name = "y"', True),
        ("pyproject.toml", "120", "100", False),
    ],
)
def test_made_again_only_when_what_is_installed_changes(
    root: Path, commands: list[tuple[str, ...]], name: str, old: str, new: str, made_again: bool
):
    environment.ensure(root / ".venv")
    (root / ".venv" / "of the old one").mkdir()
    commands.clear()
    text = (root / name).read_text(encoding="utf-8")
    (root / name).write_text(text.replace(old, new), encoding="utf-8")
    environment.ensure(root / ".venv")
    assert bool(commands) is made_again
    assert (root / ".venv" / "of the old one").exists() is not made_again


def test_half_made_is_made_again(root: Path, commands: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch):
    with monkeypatch.context() as broken:
        broken.setattr(environment, "succeeds", lambda *command: "pip" not in command)
        with pytest.raises(SystemExit, match=r"this step failed: .*pip install"):
            environment.ensure(root / ".venv")
    assert not environment.is_current(root / ".venv", environment.fingerprint())
    environment.ensure(root / ".venv")
    assert commands
    assert environment.is_current(root / ".venv", environment.fingerprint())


def test_made_again_when_its_interpreter_is_gone(root: Path, commands: list[tuple[str, ...]]):
    environment.ensure(root / ".venv")
    python = environment.python_of(root / ".venv")
    python.unlink()
    python.symlink_to(root / "removed")
    commands.clear()
    environment.ensure(root / ".venv")
    assert commands


def test_a_folder_that_is_no_environment_is_not_deleted(root: Path, commands: list[tuple[str, ...]]):
    (root / "thesis").mkdir()
    (root / "thesis" / "chapter.md").write_text("years of work", encoding="utf-8")
    with pytest.raises(SystemExit, match="is no Python environment, so it is not deleted"):
        environment.ensure(root / "thesis")
    assert (root / "thesis" / "chapter.md").read_text(encoding="utf-8") == "years of work"
    assert commands == []


def test_neither_a_file_nor_a_link_is_deleted(root: Path):
    (root / "file").write_text("x", encoding="utf-8")
    (root / "elsewhere").mkdir()
    (root / "link").symlink_to(root / "elsewhere")
    for name in ("file", "link"):
        with pytest.raises(SystemExit, match="is no folder of its own"):
            environment.remove(root / name)
        assert (root / name).exists()


def test_what_an_interrupted_removal_leaves_can_be_removed(root: Path, monkeypatch: pytest.MonkeyPatch):
    target = root / ".venv"
    (target / "lib").mkdir(parents=True)
    (target / "pyvenv.cfg").write_text("", encoding="utf-8")

    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            environment.remove(target)
    environment.remove(target)
    assert not target.exists()


def test_where_uv_cannot_install_pip_does(
    root: Path, commands: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    recorded = environment.succeeds
    monkeypatch.setattr(environment, "succeeds", lambda *command: recorded(*command) and "sync" not in command)
    environment.ensure(root / ".venv")
    assert "uv could not install; pip does it now" in capsys.readouterr().out
    (by_pip,) = [
        command for command in commands if command[-1] == str(root / "requirements.lock") and "uv" not in command
    ]
    assert {"pip", "install", "--require-hashes"} <= set(by_pip)


def test_a_failing_step_stops_the_run(root: Path):
    with pytest.raises(SystemExit, match="this step failed"):
        environment.run(sys.executable, "-c", "raise SystemExit(3)")


def test_steps_run_without_what_would_slow_or_mix(root: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    environment.run(
        sys.executable, "-c", "import os; assert not {'PYTHONDONTWRITEBYTECODE', 'PYTHONPATH'} & set(os.environ)"
    )


def test_the_lines_of_one_package_are_taken_from_the_lock(root: Path):
    assert environment.locked_requirement("uv") == "uv==0.9 \\\n    --hash=sha256:11\n    # via x\n"
    with pytest.raises(SystemExit, match="no entry for newt"):
        environment.locked_requirement("newt")


@pytest.mark.skipif(os.name == "nt", reason="shell scripts stand for interpreters")
def test_an_interpreter_that_does_not_start_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def script(path: Path, text: str) -> None:
        path.parent.mkdir(parents=True)
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    version = "3.99"  # no such Python, so none of this machine is found
    script(tmp_path / "shims" / f"python{version}", "echo 'command not found' >&2; exit 127")
    script(tmp_path / "other" / f"python{version}", "echo 3.98")
    home = tmp_path / "pyenv root" / "versions"
    script(home / f"{version}.1" / "bin" / f"python{version}", f"echo {version}")
    monkeypatch.setenv("PATH", os.pathsep.join([str(tmp_path / "shims"), str(tmp_path / "other"), os.defpath]))
    monkeypatch.setenv("UV_PYTHON_INSTALL_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    assert environment.find_interpreter(version) is None
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv root"))
    assert environment.find_interpreter(version) == str(home / f"{version}.1" / "bin" / f"python{version}")
