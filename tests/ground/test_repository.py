"""The repository names no machine and no registry, holds nothing unfinished, and documents each command."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest
import repository_rules as rules
import typer


def assert_none(findings: list[str]) -> None:
    assert not findings, "\n" + "\n".join(findings)


@pytest.fixture(scope="module")
def files(repository: Path) -> list[Path]:
    return rules.files(repository)


@pytest.fixture(scope="module")
def documents(repository: Path) -> list[str]:
    paths = [repository / "README.md", *sorted((repository / "docs").glob("*.md"))]
    return [path.read_text(encoding="utf-8") for path in paths]


@pytest.fixture
def makefile(repository: Path) -> str:
    return (repository / "Makefile").read_text(encoding="utf-8")


@pytest.fixture
def written(tmp_path: Path):
    """A file with that text, in a list."""

    def write(text: str) -> list[Path]:
        path = tmp_path / "invented.md"
        path.write_text(text, encoding="utf-8")
        return [path]

    return write


def test_the_repository_has_its_files(files: list[Path], repository: Path):
    names = {path.relative_to(repository).as_posix() for path in files}
    assert {"LICENSE", "NOTICE", "README.md", "Makefile", "pyproject.toml", "requirements.lock", ".ci/run"} <= names


def test_no_machine_paths(files: list[Path]):
    assert_none(rules.machine_paths(files))


@pytest.mark.parametrize("folder", ["home", "root", "Users", "work"])
def test_a_machine_path_is_seen(written, folder: str):
    (found,) = rules.machine_paths(written(f"first line\nsee '/{folder}/lizard/x'"))
    assert found.startswith("invented.md:2: ")


@pytest.mark.parametrize("text", ["https://example.org/home/lizard", "src/work/x", "~/root/x", "work/home/users"])
def test_other_paths_are_no_machine_paths(written, text: str):
    assert rules.machine_paths(written(text)) == []


def test_no_registry_hosts(files: list[Path]):
    assert_none(rules.registry_hosts(files))


@pytest.mark.parametrize("host", rules.REGISTRIES)
def test_a_registry_host_is_seen(written, host: str):
    assert rules.registry_hosts(written(f"https://{host}/simple")) == [f"invented.md:1: {host}"]


def test_nothing_unfinished_in_the_source(files: list[Path], repository: Path):
    source = [path for path in files if (repository / "src") in path.parents]
    assert source
    assert_none(rules.unfinished(source))


@pytest.mark.parametrize("text", ["# TODO: later", "raise NotImplementedError", "# FIXME"])
def test_unfinished_work_is_seen(written, text: str):
    assert len(rules.unfinished(written(text))) == 1


def test_no_file_is_too_large_for_git(files: list[Path]):
    assert_none(rules.too_large(files))


def test_a_large_file_is_seen(written):
    assert len(rules.too_large(written("x" * 5_000_001))) == 1


def test_files_are_found_without_git(tmp_path: Path):
    for name in ("a.md", ".cache/b.md", "src/c.py", "src/__pycache__/d.pyc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert [path.relative_to(tmp_path).as_posix() for path in rules.files(tmp_path)] == ["a.md", "src/c.py"]


def test_each_make_target_is_documented(makefile: str, documents: list[str]):
    targets = [name for name in rules.make_targets(makefile) if name != "help"]
    assert {"report", "test", "test-all", "lab", "lint", "bench", "notebooks", "soak"} <= set(targets)
    assert_none(rules.unmentioned("make", targets, documents))


def test_each_command_is_documented(documents: list[str]):
    app = import_module("synth.cli").app
    commands = sorted(typer.main.get_command(app).commands)
    assert {"report", "validate"} <= set(commands)
    assert_none(rules.unmentioned("synth", commands, documents))


def test_a_command_without_documentation_is_seen():
    text = ["`make test-all` and synth report", "make lab\n"]
    assert rules.unmentioned("make", ["test", "test-all", "lab"], text) == ["make test"]
    assert rules.unmentioned("synth", ["report", "screen"], text) == ["synth screen"]
