"""The main job: check a review, run its notebooks, write its report, and put all of it in place in one step."""

from __future__ import annotations

import importlib
import json
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from synth import errors
from synth.errors import EvidenceError, Fault, NotebookError, ReportError, SynthError
from synth.pipeline import parameters as declared
from synth.pipeline.events import Event, NotebookRun
from synth.pipeline.processes import CallResult, Server
from synth.pipeline.run import raise_for_failures, run_notebooks
from synth.pipeline.servers import open_server
from synth.provenance import sha256
from synth.report.write import Draft
from synth.store.folder import review_folder

#: Loaded once before the kernels are forked: what the notebooks and the report import.
PRELOAD = (
    "synth.report.build",
    "synth.report.docx",
    "synth.report.html",
    "synth.report.markdown",
    "synth.report.pdf",
    "synth.plots.answers",
    "synth.plots.flow",
    "pandas.io.formats.html",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
)


@dataclass(frozen=True, slots=True)
class Written:
    """A report that was written: where, and its notebooks."""

    folder: Path
    runs: tuple[NotebookRun, ...]


def notebooks_of(root: Path) -> tuple[Path, ...]:
    """The notebooks of the project, in the order of the stages.

    Raises
    ------
    NotebookError
        If there is none.
    """
    found = tuple(sorted((root / "notebooks").glob("[0-9]*.ipynb")))
    if not found:
        raise NotebookError("notebooks/: no notebook is there; files such as 01_search.ipynb are expected")
    return found


def write_report(
    root: Path, review: str, *, as_of: str | None = None, on_event: Callable[[Event], None] | None = None
) -> Written:
    """Run every notebook for a review and write ``reports/<review>/``.

    Parameters
    ----------
    root : Path
        The folder that holds ``evidence`` and ``notebooks``.
    review : str
        Name of the review.
    as_of : str or None
        Date at which the statements hold, ISO 8601; the evidence date by default.
    on_event : callable, optional
        Told of each `Event` of the notebooks.

    Raises
    ------
    ReviewNotFoundError, ParameterError
        Before any process has started.
    EvidenceError
        With every fault of the files; no notebook has started.
    NotebookError
        If a notebook failed; what it came to is kept under ``reports/<review>.failed/``.
    ReportError
        If a file could not be written. In every case the previous report is whole.
    """
    review_folder(root, review)
    notebooks, values = notebooks_of(root), {"review": review, "as_of": as_of}
    declared.check(notebooks, values)
    started, before = time.perf_counter(), _state(root, review)
    with open_server(PRELOAD) as server:
        _check(server, root, review, as_of)
        draft = Draft(root / "reports", review)
        try:
            runs = _run(server, draft, root, review, as_of, notebooks, on_event)
            draft.add({f"notebooks/{run.name}": run.executed for run in runs})
            draft.add({"build.json": _build_facts(root, runs, time.perf_counter() - started)})
            if _state(root, review) != before:
                raise ReportError(
                    f"evidence/{review}: a file was changed during the run, so notebooks and report may differ; "
                    "the previous report is unchanged: run again"
                )
            folder = draft.publish()
        except BaseException:
            draft.discard()
            raise
    shutil.rmtree(_failed_folder(root, review), ignore_errors=True)
    return Written(folder, tuple(runs))


def _state(root: Path, review: str) -> dict[str, str]:
    """SHA-256 of each file of the review, by its path: the notebooks and the report each read them for themselves."""
    folder = review_folder(root, review)
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()) for path in files}


def _check(server: Server, root: Path, review: str, as_of: str | None) -> None:
    answer = server.new_path(".json")
    arguments = {"root": str(root), "review": review, "as_of": as_of, "answer": str(answer)}
    call = server.call("synth.pipeline.job:check", arguments)
    # papermill loads here while the other process loads pandas and reads the evidence.
    importlib.import_module("synth.pipeline.crew")
    _settle(call.wait(), answer, f"the check of {review}")


def _settle(result: CallResult, answer: Path, what: str) -> None:
    if answer.exists():
        told = json.loads(answer.read_text(encoding="utf-8"))
        if told["kind"] == EvidenceError.__name__:
            raise EvidenceError(Fault(**fault) for fault in told["faults"])
        raise getattr(errors, told["kind"], SynthError)(told["message"])
    if result.status:
        raise SynthError(f"{what} ended with {result.status}:\n{result.output}")


def _run(
    server: Server,
    draft: Draft,
    root: Path,
    review: str,
    as_of: str | None,
    notebooks: tuple[Path, ...],
    on_event: Callable[[Event], None] | None,
) -> list[NotebookRun]:
    """Notebooks and report files side by side: both only read the evidence."""
    answer = server.new_path(".json")
    arguments = {
        "root": str(root),
        "review": review,
        "as_of": as_of,
        "folder": str(draft.folder),
        "answer": str(answer),
    }
    call = server.call("synth.pipeline.job:build", arguments)
    values = {"review": review, "as_of": as_of}
    runs = run_notebooks(notebooks, values, cwd=root / "notebooks", server=server, on_event=on_event)
    result = call.wait()
    raise_for_failures(runs, lambda name, content: _keep(root, review, name, content))
    _settle(result, answer, f"the report of {review}")
    return runs


def _failed_folder(root: Path, review: str) -> Path:
    return root / "reports" / f"{review}.failed"  # no name of a review holds a point


def _keep(root: Path, review: str, name: str, content: bytes) -> str:
    path = _failed_folder(root, review) / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        return f"nowhere ({path.name} could not be written: {error.strerror})"
    return path.relative_to(root).as_posix()


def _build_facts(root: Path, runs: Iterable[NotebookRun], seconds: float) -> bytes:
    """Of this build alone and so git-ignored: commit, Python, platform, timings."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=False)
    facts = {
        "commit": commit.stdout.strip() if commit.returncode == 0 else None,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "seconds": round(seconds, 2),
        "notebooks": {run.name: round(run.seconds, 2) for run in runs},
    }
    return (json.dumps(facts, indent=1) + "\n").encode()
