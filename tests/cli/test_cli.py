"""The commands: help, exit codes, and what is refused before anything runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from synth.cli import main
from synth.pipeline import report


@pytest.fixture
def project(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the evidence and notebooks, as working folder."""
    for name in ("evidence", "notebooks"):
        shutil.copytree(repository / name, tmp_path / name)
    shutil.copy(repository / "requirements.lock", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Exit code of the command line."""
    monkeypatch.setattr(sys, "argv", ["synth", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    return int(stopped.value.code or 0)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--help"], ["report", "validate", "search", "records"]),
        (
            ["report", "--help"],
            ["Check a review, run all notebooks, and write reports/REVIEW/.", "--as-of", "Name of the review"],
        ),
        (
            ["validate", "--help"],
            ["Read every file of a review and name each fault with its place", "Name of the review"],
        ),
    ],
)
def test_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], told: list[str]
) -> None:
    assert run(monkeypatch, *words) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert [text for text in told if text not in shown] == []


def test_every_command_has_help_and_stands_in_the_docs(repository: Path) -> None:
    from synth.cli import app

    page = (repository / "docs" / "cli.md").read_text(encoding="utf-8")
    names = [command.callback.__name__ for command in app.registered_commands if command.callback]
    assert names == ["validate", "search", "records", "report"]
    for command in app.registered_commands:
        assert command.callback is not None
        assert command.callback.__doc__
        assert f"## synth {command.callback.__name__}" in page


@pytest.mark.parametrize("words", [["nonsense"], ["report", "--nonsense"], ["validate", "ifi", "bcg"]])
def test_words_that_are_no_command_give_exit_code_2(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    assert run(monkeypatch, *words) == 2


@pytest.mark.parametrize("name", ["ifi", "bcg"])
def test_validate_passes_and_counts_warnings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path, name: str
) -> None:
    assert run(monkeypatch, "validate", name) == 0
    lines = capsys.readouterr().out.splitlines()
    warnings = [line for line in lines if line.startswith("warning: ")]
    counted = f"{len(warnings) or 'no'} warning{'' if len(warnings) == 1 else 's'}"
    assert lines[-1] == f"evidence/{name}: no faults, {counted}"
    assert len(lines) == len(warnings) + 1


def test_validate_names_every_fault(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    events = project / "evidence" / "bcg" / "extraction" / "events.csv"
    text = events.read_text(encoding="utf-8")
    events.write_text(text.replace(",4,123,", ",four,123,").replace(",11,139,", ",140,139,"), encoding="utf-8")
    assert run(monkeypatch, "validate", "bcg") == 1
    out = capsys.readouterr().out
    assert "extraction/events.csv:2: events:" in out
    assert "extraction/events.csv:3: events:" in out
    assert "evidence/bcg: 2 faults, " in out


def test_the_default_review_is_ifi(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    assert run(monkeypatch, "validate") == 0
    assert "evidence/ifi: no faults" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["validate", "report"])
@pytest.mark.parametrize("name", ["../ifi", "nothing", "IFI", "/"])
def test_a_review_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path, command: str, name: str
) -> None:
    assert run(monkeypatch, command, name) == 1
    told = capsys.readouterr().err
    assert name in told
    assert "Traceback" not in told
    assert not (project / "reports").exists()


def test_outside_a_project(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "validate") == 1
    assert "run this inside a copy of the project" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("as_of", "told"),
    [
        ("tomorrow", "as_of"),
        ("20261201", "as_of"),
        ("2026-W49-1", "as_of"),
        ("2026-02-30", "as_of"),
        ("2020-01-01", "2020-01-01 lies before the evidence date"),
    ],
)
def test_as_of_is_refused_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path, as_of: str, told: str
) -> None:
    def started(*_: object, **__: object) -> None:
        raise AssertionError("the notebooks were run")

    monkeypatch.setattr(report, "run_notebooks", started)
    assert run(monkeypatch, "report", "bcg", "--as-of", as_of) == 1
    error = capsys.readouterr().err
    assert told in error
    assert as_of in error
    assert "Traceback" not in error
    assert not (project / "reports").exists()


def test_faults_of_the_files_stop_a_report_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], project: Path
) -> None:
    arms = project / "evidence" / "bcg" / "extraction" / "arms.csv"
    arms.unlink()
    assert run(monkeypatch, "report", "bcg") == 1
    error = capsys.readouterr().err
    assert "extraction/arms.csv: this file is missing" in error
    assert error.rstrip().endswith("in the files of the review; nothing was run")
    assert not (project / "reports").exists()


def test_the_module_is_quiet_when_imported(repository: Path) -> None:
    found = subprocess.run([sys.executable, "-c", "import synth.cli"], capture_output=True, check=True, cwd=repository)
    assert (found.stdout, found.stderr) == (b"", b"")
