"""The run over all Pythons: a failing part fails the whole, and reports are compared byte by byte."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

import check_all


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


def test_the_counts_of_pytest_are_read_from_its_last_line():
    lines = [
        "=== 2 passed in 0.1s ===",
        "FAILED x - in 3 ways",
        "== 1 failed, 12 passed, 2 errors, 3 warnings in 61.2s (0:01:01) ==",
    ]
    words, counts = check_all.pytest_counts(lines)
    assert words == "1 failed, 12 passed, 2 errors, 3 warnings in 61.2s (0:01:01)"
    assert counts == {"failed": 1, "passed": 12, "error": 2, "warning": 3}
    assert check_all.pytest_counts(["Traceback"]) == ("", Counter())


@pytest.mark.parametrize(
    ("code", "lines", "passed"),
    [
        (0, ["= 3 passed in 1s ="], True),
        (1, ["= 1 failed, 3 passed in 1s ="], False),
        (0, ["= 3 skipped in 1s ="], False),
        (3, [], False),
    ],
)
def test_a_run_passes_only_with_exit_code_zero_and_passed_tests(
    monkeypatch: pytest.MonkeyPatch, code: int, lines: list[str], passed: bool
):
    monkeypatch.setattr(check_all, "execute", lambda _: (code, lines))
    part = check_all.Part("tests")
    check_all.run_tests(part, Path("python"), "2")
    assert part.passed is passed
    assert part.words


def test_lint_fails_where_one_of_its_parts_does(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(check_all, "execute", lambda command: (int("mypy" in command), []))
    part = check_all.Part("lint")
    check_all.run_lint(part, Path("python"))
    assert not part.passed
    assert part.words == "failed: mypy"


def test_output_is_shown_as_it_comes_and_kept(capfd: pytest.CaptureFixture[str]):
    code, lines = check_all.execute(["sh", "-c", "echo one; echo two >&2; exit 4"])
    assert (code, lines) == (4, ["one", "two"])
    assert capfd.readouterr().out.endswith("one\ntwo\n")


def test_the_end_names_each_part_and_fails_with_any(capsys: pytest.CaptureFixture[str]):
    good = check_all.Part("one", True, 1, "3 passed in 1s", Counter(passed=3))
    bad = check_all.Part("two", False, 2, "1 failed, 4 passed in 2s", Counter(passed=4, failed=1))
    assert check_all.conclude([good, bad]) == 1
    shown = capsys.readouterr().out
    assert "FAILED  two" in shown
    assert shown.endswith("==== 1 failed, 7 passed in 3s, all Pythons ====\n")
    assert check_all.conclude([good]) == 0


def test_every_report_file_that_must_be_equal_is_compared(tmp_path: Path):
    kept = ("ifi/report.html", "ifi/report.md", "ifi/figures/forest.svg", "ifi/quantities.json", "ifi/manifest.json")
    others = ("ifi/report.pdf", "ifi/report.docx", "ifi/build.json", "ifi/notebooks/01_search.html")
    write(tmp_path, dict.fromkeys((*kept, *others), "x"))
    assert set(check_all.compared_files(tmp_path)) == set(kept)


def test_a_difference_is_named_with_its_place():
    builds = {
        "Python 3.11": {"ifi/report.md": b"a\nb\n", "ifi/one.svg": b""},
        "Python 3.12": {"ifi/report.md": b"a\nc\n", "ifi/two.svg": b""},
    }
    assert check_all.differences(builds) == [
        "ifi/one.svg: made by Python 3.11 only, not by the other",
        "ifi/report.md: Python 3.12 differs from Python 3.11 at line 2, byte 2",
        "ifi/two.svg: made by Python 3.12 only, not by the other",
    ]
    assert check_all.differences({"one": builds["Python 3.11"], "two": builds["Python 3.11"]}) == []
    assert check_all.first_difference(b"ab", b"abc") == "line 1, byte 2"


@pytest.fixture
def repository_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An invented repository with one review and its committed report."""
    write(tmp_path, {"evidence/lizards/protocol.yml": "", "reports/lizards/report.html": "same"})
    monkeypatch.setattr(check_all, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("built", "passed", "words"),
    [
        ({"one": "same", "two": "same"}, True, "1 files of 1 reviews, the same bytes"),
        ({"one": "same", "two": "other"}, False, "1 differences"),
        ({"one": "newer", "two": "newer"}, False, "1 differences"),
        ({"one": "same", "two": ""}, False, "`synth report` failed or wrote nothing on Python two"),
    ],
)
def test_reports_must_agree_with_each_other_and_with_those_committed(
    repository_copy: Path, monkeypatch: pytest.MonkeyPatch, built: dict[str, str], passed: bool, words: str
):
    def build(python: Path, copy: Path, reviews: list[str]) -> dict[str, bytes] | None:
        assert reviews == ["lizards"]
        return {"lizards/report.html": built[python.name].encode()} if built[python.name] else None

    monkeypatch.setattr(check_all, "build_reports", build)
    part = check_all.Part("reports")
    check_all.run_reports(part, {version: Path(version) for version in built})
    assert (part.passed, part.words) == (passed, words)


def test_a_report_is_built_in_a_copy_from_the_source_of_the_copy(repository_copy: Path, tmp_path_factory, monkeypatch):
    script = """
import os
from pathlib import Path
assert not Path("reports").exists()
Path("reports/lizards").mkdir(parents=True)
Path("reports/lizards/report.md").write_text(os.environ["PYTHONPATH"])
"""
    monkeypatch.setattr(check_all, "RUN_REPORT", script)
    copy = tmp_path_factory.mktemp("a b") / "copy"
    built = check_all.build_reports(Path(sys.executable), copy, ["lizards"])
    assert built == {"lizards/report.md": str(copy / "src").encode()}
    assert not (repository_copy / "reports" / "lizards" / "report.md").exists()
    monkeypatch.setattr(check_all, "RUN_REPORT", "raise SystemExit(1)")
    assert check_all.build_reports(Path(sys.executable), copy.parent / "second", ["lizards"]) is None
