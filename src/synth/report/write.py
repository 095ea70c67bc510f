"""The files of a report, written beside the previous ones and put in their place in one step.

Nothing of the previous report is touched until every new file is on disk, so that a full or read-only disk, an error or
a kill leaves the previous report whole.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from synth.errors import ReportError

Result = TypeVar("Result")

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class Draft:
    """A folder beside ``reports/<review>`` that becomes it by `publish`, or goes by `discard`.

    Parameters
    ----------
    reports : Path
        The folder of all reports; made if it is not there.
    review : str
        Name of the review.

    Raises
    ------
    ReportError
        If the folder cannot be made.
    """

    def __init__(self, reports: Path, review: str) -> None:
        self._target = reports / review
        self._attempt(lambda: reports.mkdir(parents=True, exist_ok=True), reports)
        self.folder = self._attempt(
            lambda: Path(tempfile.mkdtemp(prefix=f".{review}-", suffix="-draft", dir=reports)), reports
        )

    def add(self, files: Mapping[str, bytes]) -> None:
        """Write files by their paths inside the report.

        Raises
        ------
        ReportError
            If one cannot be written; the draft is discarded.
        """
        for name, content in files.items():
            path = self.folder / name
            self._attempt(lambda path=path: path.parent.mkdir(parents=True, exist_ok=True), path)  # type: ignore[misc]
            self._attempt(lambda path=path, content=content: write_bytes(path, content), path)  # type: ignore[misc]

    def publish(self) -> Path:
        """Put the draft in the place of the report.

        Raises
        ------
        ReportError
            If that fails; the previous report is still there.
        """
        self._attempt(lambda: self.folder.chmod(0o755), self.folder)
        if self._target.exists():
            self._attempt(lambda: exchange(self.folder, self._target), self._target)
            self.discard()
        else:
            self._attempt(lambda: self.folder.rename(self._target), self._target)
        return self._target

    def discard(self) -> None:
        """Remove the draft folder, or the previous report once it has been exchanged."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _attempt(self, step: Callable[[], Result], path: Path) -> Result:
        try:
            return step()
        except OSError as error:
            if hasattr(self, "folder"):
                self.discard()
            raise ReportError(
                f"{self._shown(path)}: cannot be written: {error.strerror or error}; the previous report is unchanged"
            ) from None

    def _shown(self, path: Path) -> str:
        """The path as it will stand in the project, whatever the draft is called."""
        if hasattr(self, "folder") and path.is_relative_to(self.folder):
            path = self._target / path.relative_to(self.folder)
        return path.relative_to(self._target.parent.parent).as_posix()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a new file and wait until the disk has it: a full disk may say so only then."""
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def exchange(first: Path, second: Path) -> None:
    """Swap two folders, in one step where the system can (Linux), else by three renames that undo themselves.

    Raises
    ------
    OSError
        If they cannot be swapped; both are then where they were.
    """
    if sys.platform == "linux" and _exchange_in_one_step(first, second):
        return
    aside = first.with_name(f"{first.name}-previous")
    second.rename(aside)
    try:
        first.rename(second)
        try:
            aside.rename(first)
        except OSError:
            second.rename(first)
            raise
    except OSError:
        aside.rename(second)
        raise


def _exchange_in_one_step(first: Path, second: Path) -> bool:
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    result = rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE)
    return bool(result == 0)
