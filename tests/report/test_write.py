"""The files of a report appear in one step, and any fault on the way leaves the previous report as it was."""

from __future__ import annotations

import errno
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from synth.errors import ReportError
from synth.report import write
from synth.report.write import Draft, exchange

ROOT = Path(__file__).resolve().parent.parent.parent
NEW = {"report.html": b"new page", "report.md": b"new text", "figures/one.svg": b"<svg/>", "notebooks/a/b.ipynb": b"{}"}
OLD = {"report.html": b"old page", "figures/gone.svg": b"<svg>old</svg>"}


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def not_in_one_step(*_: Path) -> bool:
    """What the swap says where the system has none."""
    return False


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """A folder of reports with a previous one."""
    for name, content in OLD.items():
        path = tmp_path / "reports" / "ifi" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "reports"


def write_report(reports: Path) -> Path:
    draft = Draft(reports, "ifi")
    draft.add(NEW)
    return draft.publish()


def test_a_first_report(tmp_path: Path) -> None:
    folder = write_report(tmp_path / "reports")
    assert folder == tmp_path / "reports" / "ifi"
    assert tree(folder) == NEW
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["ifi"]
    assert folder.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("one_step", [True, False])
def test_the_new_report_takes_the_place_of_the_whole_previous_one(
    reports: Path, monkeypatch: pytest.MonkeyPatch, one_step: bool
) -> None:
    if not one_step:
        monkeypatch.setattr(write, "_exchange_in_one_step", not_in_one_step)
    assert tree(write_report(reports)) == NEW
    assert [path.name for path in reports.iterdir()] == ["ifi"]


def test_nothing_is_seen_of_a_draft_before_it_is_published(reports: Path) -> None:
    draft = Draft(reports, "ifi")
    draft.add(NEW)
    assert tree(reports / "ifi") == OLD
    draft.discard()
    assert [path.name for path in reports.iterdir()] == ["ifi"]


class Disk:
    """Counts what is done to the disk and fails one time, at the step of that number."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failing: int, code: int) -> None:
        self.steps: list[str] = []
        self._failing, self._code = failing, code
        for module, name in ((os, "chmod"), (os, "rename"), (os, "fsync")):
            monkeypatch.setattr(module, name, self._counted(name, getattr(module, name)))
        monkeypatch.setattr(os, "mkdir", self._mkdir(os.mkdir))
        monkeypatch.setattr(io, "open", self._open(io.open))

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if len(self.steps) == self._failing:
            raise OSError(self._code, os.strerror(self._code))

    def _counted(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self._step(name)
            return call(*arguments, **options)

        return counted

    def _mkdir(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def mkdir(path: Any, *arguments: Any, **options: Any) -> None:
            if not os.path.isdir(path):  # noqa: PTH112 -- Path itself calls this function
                self._step("mkdir")
            call(path, *arguments, **options)

        return mkdir

    def _open(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def opened(file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            if "x" not in mode:
                return call(file, mode, *arguments, **options)
            self._step("open")
            return _Written(call(file, mode, *arguments, **options), self._step)

        return opened


class _Written:
    """A file whose writes are counted."""

    def __init__(self, file: Any, step: Callable[[str], None]) -> None:
        self._file, self._step = file, step

    def __enter__(self) -> _Written:
        return self

    def __exit__(self, *problem: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> int:
        # What fits is written before a full disk says so.
        self._file.write(content[:3])
        self._step("write")
        return int(self._file.write(content[3:]))

    def flush(self) -> None:
        self._file.flush()

    def fileno(self) -> int:
        return int(self._file.fileno())


def steps_of_a_report(folder: Path, *, one_step: bool) -> list[str]:
    with pytest.MonkeyPatch.context() as patch:
        if not one_step:
            patch.setattr(write, "_exchange_in_one_step", not_in_one_step)
        disk = Disk(patch, 0, errno.EIO)
        write_report(folder)
    return disk.steps


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
@pytest.mark.parametrize("one_step", [True, False])
def test_a_fault_at_any_step_leaves_the_previous_report_whole(tmp_path: Path, code: int, one_step: bool) -> None:
    steps = steps_of_a_report(_fresh(tmp_path / "count"), one_step=one_step)
    # mkdir: the draft, figures, notebooks/a (in vain), notebooks, notebooks/a. Then four files, the mode, the renames.
    assert [steps.count(name) for name in ("mkdir", "open", "write", "fsync", "chmod")] == [5, 4, 4, 4, 1]
    assert steps.count("rename") == (0 if one_step else 3)
    for failing, step in enumerate(steps, start=1):
        folder = _fresh(tmp_path / str(failing))
        with pytest.MonkeyPatch.context() as patch:
            if not one_step:
                patch.setattr(write, "_exchange_in_one_step", not_in_one_step)
            Disk(patch, failing, code)
            with pytest.raises(ReportError) as caught:
                write_report(folder)
        assert tree(folder / "ifi") == OLD, step
        assert [path.name for path in folder.iterdir()] == ["ifi"], step
        message = str(caught.value)
        assert message.endswith(f"cannot be written: {os.strerror(code)}; the previous report is unchanged"), step
        assert message.startswith("reports"), step
        assert "draft" not in message, step


def _fresh(folder: Path) -> Path:
    for name, content in OLD.items():
        path = folder / "reports" / "ifi" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    return folder / "reports"


@pytest.mark.parametrize("name", list(NEW))
def test_the_message_names_the_file(reports: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    real = write.write_bytes

    def full(path: Path, content: bytes) -> None:
        if path.as_posix().endswith(f"/{name}"):
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, content)

    monkeypatch.setattr(write, "write_bytes", full)
    with pytest.raises(ReportError, match=f"^reports/ifi/{name}: cannot be written: No space left on device; "):
        write_report(reports)
    assert tree(reports / "ifi") == OLD


def test_a_fault_of_a_first_report_leaves_no_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Disk(monkeypatch, 6, errno.ENOSPC)
    with pytest.raises(ReportError):
        write_report(tmp_path / "reports")
    assert list((tmp_path / "reports").iterdir()) == []


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    draft = Draft(tmp_path / "reports", "ifi")
    draft.add({"report.md": b"one"})
    with pytest.raises(ReportError, match=r"reports/ifi/report\.md: cannot be written: File exists"):
        draft.add({"report.md": b"two"})


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_each_of_the_three_renames_undoes_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        (folder / "name").write_text(folder.name)
    monkeypatch.setattr(write, "_exchange_in_one_step", not_in_one_step)
    Disk(monkeypatch, failing, errno.EIO)
    with pytest.raises(OSError, match="Input/output error"):
        exchange(first, second)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]
    assert [(tmp_path / name / "name").read_text() for name in ("first", "second")] == ["first", "second"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files there")
def test_a_disk_that_really_refuses(tmp_path: Path) -> None:
    """`synth report` with a limit on the size of files that the HTML page exceeds and the notebooks do not."""
    for name in ("evidence/bcg", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    previous = tmp_path / "reports" / "bcg" / "report.html"
    previous.parent.mkdir(parents=True)
    previous.write_text("the previous report")
    limit = 100_000
    code = (
        "import resource, sys;"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        "sys.argv = ['synth', 'report', 'bcg'];"
        "from synth.cli import main; main()"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=240, check=False
    )
    assert found.returncode == 1, found.stdout + found.stderr
    assert "cannot be written: File too large; the previous report is unchanged" in found.stderr
    assert "Traceback" not in found.stderr
    assert tree(tmp_path / "reports") == {"bcg/report.html": b"the previous report"}
