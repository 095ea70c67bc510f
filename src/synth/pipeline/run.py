"""Notebooks run by papermill, side by side, each in a kernel of its own.

Nothing is written: the executed notebooks come back as bytes. Parameters are checked before any kernel starts. When a
notebook fails the others go on, since each runs by itself and a person who mends one wants to know of all; what has
failed comes back with its traceback, and `raise_for_failures` makes an error of it that names notebook, cell and cause.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from synth.errors import NotebookError
from synth.pipeline import parameters as declared
from synth.pipeline.events import Event, NotebookRun
from synth.pipeline.processes import Server, uninterrupted
from synth.pipeline.servers import open_server
from synth.pipeline.spawned import SpawnServer

if TYPE_CHECKING:
    from synth.pipeline.crew import Job

INTERRUPTED = 130  # exit status of a command that Ctrl-C ended: 128 and the number of SIGINT


def run_notebooks(
    notebooks: Sequence[Path],
    parameters: Mapping[str, object],
    *,
    cwd: Path,
    server: Server | None = None,
    on_event: Callable[[Event], None] | None = None,
    timeout_seconds: float = 600.0,
    side_by_side: int | None = None,
) -> list[NotebookRun]:
    """Run notebooks with papermill and return them executed, in the order given.

    Parameters
    ----------
    notebooks : sequence of Path
        Notebook files; each declares the parameters in a cell tagged ``parameters``.
    parameters : mapping
        Values by name, the same for all notebooks.
    cwd : Path
        Working folder of the kernels.
    server : Server, optional
        Gives the kernels their processes; by default one that is opened and closed here.
    on_event : callable, optional
        Told of each `Event`.
    timeout_seconds : float
        Longest time for one notebook.
    side_by_side : int, optional
        Notebooks run at a time; by default one more than there are processors, since each waits now and then.

    Raises
    ------
    ParameterError
        If a notebook does not accept the parameters; no kernel has started.
    NotebookError
        If a file is no notebook; no kernel has started.
    KeyboardInterrupt
        On Ctrl-C, after the kernels have been ended.
    """
    declared.check(notebooks, parameters)
    with contextlib.ExitStack() as stack:
        # the libraries are loaded over there while papermill is imported here
        server = server or stack.enter_context(open_server())
        tell = on_event or (lambda _event: None)
        from synth.pipeline.crew import Crew

        jobs = [_job(path) for path in notebooks]
        if problem := server.problem():
            tell(Event(kind="notice", message=f"ordinary kernels are used, forking is not possible: {problem}"))
            server = stack.enter_context(SpawnServer())
        workers = min(len(jobs), side_by_side or 1 + (os.cpu_count() or 1))
        return Crew(jobs, dict(parameters), server, cwd, timeout_seconds).run(workers, tell)


def raise_for_failures(runs: Sequence[NotebookRun], keep: Callable[[str, bytes], object] | None = None) -> None:
    """Do nothing when every notebook ran through.

    Parameters
    ----------
    runs : sequence of NotebookRun
        What `run_notebooks` returned.
    keep : callable, optional
        Given the file name and bytes of each failed notebook; what it returns is named in the error as the place where
        the executed copy is.

    Raises
    ------
    NotebookError
        With one paragraph for each notebook that failed.
    """
    failed = [run for run in runs if not run.ok]
    lines = []
    for run in failed:
        place = keep(run.name, run.executed) if keep else None
        lines.append(run.error + (f"\n  executed as far as it came: {place}" if place is not None else ""))
    if lines:
        raise NotebookError("\n".join(lines))


def refresh_notebooks(
    notebooks: Sequence[Path],
    *,
    cwd: Path,
    server: Server | None = None,
    on_event: Callable[[Event], None] | None = None,
    timeout_seconds: float = 600.0,
) -> list[Path]:
    """Run notebooks with their own default parameters and put the outputs into the files.

    A file is replaced only when all notebooks have passed and its content changes.

    Returns
    -------
    list of Path
        The files that were replaced.

    Raises
    ------
    NotebookError, ParameterError
        As `run_notebooks` and `raise_for_failures`; no file has changed.
    """
    runs = run_notebooks(notebooks, {}, cwd=cwd, server=server, on_event=on_event, timeout_seconds=timeout_seconds)
    raise_for_failures(runs)
    changed = []
    for path, run in zip(notebooks, runs, strict=True):
        content = committed_form(run.executed)
        if path.read_bytes() != content:
            _replace(path, content)
            changed.append(path)
    return changed


def committed_form(executed: bytes) -> bytes:
    """An executed notebook as it is committed: without the cell of injected parameters, cells counted from 1."""
    from synth.pipeline import notebookform

    notebook = notebookform.load(json.loads(executed))
    return notebookform.as_bytes(notebookform.without_injected(notebookform.stable(notebook)))


@contextlib.contextmanager
def exit_on_interrupt(message: str = "stopped; no kernel is left running") -> Iterator[None]:
    """Turn Ctrl-C into one line on standard error and exit status 130; for commands."""
    try:
        yield
    except KeyboardInterrupt:
        with uninterrupted():
            after_echo = "\n" if sys.stderr.isatty() else ""  # a terminal has just shown ^C
            sys.stderr.write(f"{after_echo}Interrupted: {message}\n")
            sys.stderr.flush()
        raise SystemExit(INTERRUPTED) from None


def _job(path: Path) -> Job:
    import nbformat

    from synth.pipeline import notebookform
    from synth.pipeline.crew import Job

    try:
        return Job(path, notebookform.load(declared.read_notebook(path)))
    except nbformat.ValidationError as error:
        raise NotebookError(f"{path.name}: breaks the notebook format: {error.message}") from None


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".ipynb", delete=False) as draft:
        try:
            draft.write(content)
            draft.close()
            Path(draft.name).chmod(path.stat().st_mode)
            Path(draft.name).replace(path)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise
