"""What the pipeline does in a process with the libraries loaded: check a review, and write the files of its report.

The command itself loads neither pandas nor matplotlib: it would wait for them twice. What a function finds wrong goes
into an answer file, so that the command can raise the same error as if it had been found there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from synth.errors import EvidenceError, ReportError, SynthError
from synth.report.write import write_bytes
from synth.review import Review


def check(root: str, review: str, as_of: str | None, answer: str) -> int:
    """Open a review; 0 if all is well, else 1 and the error in the answer file."""
    return _answered(lambda: _open(root, review, as_of), answer)


def build(root: str, review: str, as_of: str | None, folder: str, answer: str) -> int:
    """Write the files of the report into a folder; 0, or 1 and the error in the answer file.

    The executed notebooks are not among them.
    """
    return _answered(lambda: _write(root, review, as_of, Path(folder)), answer)


def _answered(step: Callable[[], object], answer: str) -> int:
    try:
        step()
    except SynthError as error:
        faults = [asdict(fault) for fault in error.faults] if isinstance(error, EvidenceError) else []
        told = {"kind": type(error).__name__, "message": str(error), "faults": faults}
        Path(answer).write_text(json.dumps(told), encoding="utf-8")
        return 1
    return 0


def _open(root: str, review: str, as_of: str | None) -> Review:
    return Review(review, Path(root), as_of)


def _write(root: str, review: str, as_of: str | None, folder: Path) -> None:
    from synth.report.build import build_files

    for name, content in build_files(_open(root, review, as_of)).items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, content)
        except OSError as error:
            place = f"reports/{review}/{name}"
            message = f"{place}: cannot be written: {error.strerror or error}; the previous report is unchanged"
            raise ReportError(message) from None
