"""A project in a temporary folder, whose evidence a test may spoil, and the commands run inside it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from synth import cli

NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "parameters",
            "metadata": {"tags": ["parameters"]},
            "outputs": [],
            "source": 'review: str = "ifi"\nas_of: str | None = None',
        },
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "trace",
            "metadata": {},
            "outputs": [],
            "source": 'from pathlib import Path\nPath("a-kernel-ran").write_text("")',
        },
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def faults(self) -> list[str]:
        """The lines that `synth validate` printed for faults, warnings and the last line left out."""
        return [line for line in self.out.splitlines()[:-1] if not line.startswith("warning: ")]

    @property
    def warnings(self) -> list[str]:
        return [line.removeprefix("warning: ") for line in self.out.splitlines() if line.startswith("warning: ")]


class ReviewCopy:
    """A copy of the committed evidence, an invented notebook and an invented earlier report.

    Attributes
    ----------
    root : Path
        The temporary project.
    review : str
        The review that the editing methods mean.
    """

    def __init__(self, root: Path, repository: Path, review: str) -> None:
        self.root, self.review = root, review
        shutil.copytree(repository / "evidence", root / "evidence")
        (root / "notebooks").mkdir()
        (root / "notebooks" / "01_invented.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf-8")
        for name in ("ifi", "bcg"):
            (root / "reports" / name).mkdir(parents=True)
            (root / "reports" / name / "report.html").write_text("the previous report", encoding="utf-8")

    def path(self, file: str) -> Path:
        return self.root / "evidence" / self.review / file

    def text(self, file: str) -> str:
        return self.path(file).read_bytes().decode()

    def write(self, file: str, content: str | bytes) -> None:
        self.path(file).parent.mkdir(parents=True, exist_ok=True)
        self.path(file).write_bytes(content if isinstance(content, bytes) else content.encode())

    def replace(self, file: str, old: str, new: str) -> None:
        """Replace a text that stands in the file exactly once."""
        assert self.text(file).count(old) == 1, f"{file}: {old!r} stands there {self.text(file).count(old)} times"
        self.write(file, self.text(file).replace(old, new))

    def line(self, file: str, start: str) -> int:
        """The 1-based number of the one line that begins so."""
        found = [number for number, line in enumerate(self.text(file).split("\n"), 1) if line.startswith(start)]
        assert len(found) == 1, f"{file}: {len(found)} lines begin with {start!r}"
        return found[0]

    def cells(self, file: str, start: str) -> dict[str, str]:
        """The cells of the row that begins so, by heading."""
        lines = self.text(file).split("\n")
        return dict(zip(_cells(lines[0]), _cells(lines[self.line(file, start) - 1]), strict=True))

    def set(self, file: str, start: str, **cells: str) -> int:
        """Change cells of the row that begins so; its line comes back."""
        lines, line = self.text(file).split("\n"), self.line(file, start)
        row = self.cells(file, start) | cells
        assert list(row) == _cells(lines[0]), "a heading that the file does not have"
        lines[line - 1] = _row(list(row.values()))
        self.write(file, "\n".join(lines))
        return line

    def set_record(self, old: str, new: str) -> None:
        """Replace a text of the records, and of the snapshot of public pages that they follow from."""
        folder = "search/2026-11-22-public-pages"
        self.replace("records/records.jsonl", old, new)
        self.replace(f"{folder}/records.jsonl", old, new)
        before = json.loads(self.text(f"{folder}/manifest.json"))["records_sha256"]
        digest = hashlib.sha256(self.path(f"{folder}/records.jsonl").read_bytes()).hexdigest()
        self.replace(f"{folder}/manifest.json", before, digest)

    def append(self, file: str, line: str) -> int:
        """Add a line at the end; its number comes back."""
        text = self.text(file)
        self.write(file, f"{text}{line}\n")
        return text.count("\n") + 1

    def tree(self) -> dict[str, str]:
        """Every path of the project with the hash of what it holds."""
        return {
            path.relative_to(self.root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            if path.is_file()
            else ""
            for path in sorted(self.root.rglob("*"))
        }

    def validate(self, review: str | None = None) -> Ended:
        """Run `synth validate` in this process, in the project's folder; nothing may be written by it."""
        before = self.tree()
        with pytest.MonkeyPatch.context() as patch:
            out, err = io.StringIO(), io.StringIO()
            patch.chdir(self.root)
            patch.setattr(sys, "argv", ["synth", "validate", self.review if review is None else review])
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as ended:
                cli.main()
        assert self.tree() == before, "synth validate wrote into the project"
        return Ended(int(ended.value.code or 0), out.getvalue(), err.getvalue())

    def run(self, *arguments: str) -> Ended:
        """Run the command in a process of its own, in the project's folder; nothing may be written by it."""
        before = self.tree()
        command = [sys.executable, "-c", "from synth.cli import main; main()", *arguments]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False, timeout=120)
        assert self.tree() == before, f"synth {' '.join(arguments)} wrote into the project"
        return Ended(done.returncode, done.stdout, done.stderr)


def _cells(line: str) -> list[str]:
    return next(csv.reader([line]))


def _row(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
