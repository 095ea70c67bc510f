"""The threads that run notebooks, each with one papermill call at a time, and the watch over them.

Only this module and `kernels` import papermill and Jupyter, so that a server can be started before that takes its time.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import papermill  # type: ignore[import-untyped]
from jupyter_core.utils import ensure_event_loop
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError  # type: ignore[import-untyped]

from synth.pipeline import notebookform
from synth.pipeline.events import Event, NotebookRun
from synth.pipeline.kernels import NotebookKernelManager, manager_class
from synth.pipeline.parameters import INJECTED_TAG
from synth.pipeline.processes import Server, log_tail, uninterrupted

_LOOK_EVERY = 0.5  # seconds between two looks at the clock
_LONGEST_STOP = 10.0  # seconds that threads get to notice that their kernels are gone
_KERNEL_DIED, _TOO_LONG = "KernelDied", "NotebookTimeout"

# papermill and nbclient log what is told here in words; without a handler Python would print it into the display
logging.getLogger("papermill").addHandler(logging.NullHandler())


@dataclass(eq=False)
class Job:
    """One notebook on its way. Its worker writes all fields but `overdue`."""

    path: Path
    source: NotebookNode
    executed: NotebookNode | None = None  # filled by papermill, cell by cell
    manager: NotebookKernelManager | None = None
    started: float | None = None
    position: int = 0  # of the cell that runs, in `executed`
    cell: int = 0  # its number, counted from 1 in the source, which lacks the injected cell
    overdue: bool = False
    run: NotebookRun | None = None

    def seconds(self) -> float:
        """Since the start; 0 before it."""
        return 0.0 if self.started is None else time.perf_counter() - self.started

    def kill(self) -> None:
        """End the kernel and all it started, if there is one."""
        if self.manager is not None and self.manager.launched is not None:
            self.manager.launched.process.kill()

    def arrive(self, position: int) -> None:
        """Note which cell runs now."""
        cells = [] if self.executed is None else self.executed.cells[: position + 1]
        self.position = position
        self.cell = sum(INJECTED_TAG not in cell.metadata.get("tags", []) for cell in cells)

    def event(self, kind: Any, message: str = "") -> Event:
        """What to tell of this notebook now."""
        return Event(
            kind=kind,
            notebook=self.path.name,
            seconds=self.seconds(),
            cell=self.cell,
            cells=len(self.source.cells),
            message=message,
        )


@dataclass(eq=False)
class Crew:
    """Runs jobs in threads and watches them from the caller's thread.

    Parameters
    ----------
    jobs : sequence of Job
        In the order in which they are begun.
    parameters : dict
        Values for papermill, already checked.
    server : Server
        Gives the kernels their processes.
    cwd : Path
        Working folder of the kernels.
    timeout : float
        Longest time for one notebook, seconds.
    """

    jobs: Sequence[Job]
    parameters: dict[str, object]
    server: Server
    cwd: Path
    timeout: float
    _events: queue.SimpleQueue[Event | BaseException] = field(default_factory=queue.SimpleQueue)
    _stopping: bool = False

    def run(self, workers: int, tell: Callable[[Event], None]) -> list[NotebookRun]:
        """Run all jobs; whatever ends this early, Ctrl-C included, ends the kernels first."""
        waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
        for job in self.jobs:
            waiting.put(job)
        threads = [
            threading.Thread(target=self._work, args=(waiting,), name=f"notebooks {number}", daemon=True)
            for number in range(workers)
        ]
        try:
            for thread in threads:
                thread.start()
            self._watch(tell)
        except BaseException:
            self._stop(threads)
            raise
        for thread in threads:
            thread.join(_LONGEST_STOP)
        return [job.run for job in self.jobs if job.run is not None]

    def _watch(self, tell: Callable[[Event], None]) -> None:
        """Pass events on and end what takes too long, until every notebook has come to its end."""
        left = len(self.jobs)
        while left:
            try:
                news = self._events.get(timeout=_LOOK_EVERY)
            except queue.Empty:
                news = None
            for job in self.jobs:
                if job.run is None and job.seconds() > self.timeout:
                    job.overdue = True
                    job.kill()
            if isinstance(news, BaseException):
                raise news
            if news is not None:
                left -= news.kind in ("finished", "failed")
                tell(news)

    def _stop(self, threads: Sequence[threading.Thread]) -> None:
        with uninterrupted():
            self._stopping = True
            deadline = time.monotonic() + _LONGEST_STOP
            while any(thread.is_alive() for thread in threads) and time.monotonic() < deadline:
                for job in self.jobs:
                    job.kill()  # again each time: one may just have been started
                time.sleep(0.02)

    def _work(self, waiting: queue.SimpleQueue[Job]) -> None:
        try:
            while not self._stopping:
                try:
                    job = waiting.get_nowait()
                except queue.Empty:
                    return
                self._run(job)
        except BaseException as error:  # noqa: BLE001 - a fault of this module: raised where somebody sees it
            self._events.put(error)
        finally:
            _close_event_loop()

    def _run(self, job: Job) -> None:
        job.started = time.perf_counter()
        self._events.put(job.event("started"))
        error: Exception | None = None
        try:
            self._execute(job)
        except Exception as caught:  # noqa: BLE001 - of papermill, nbclient, Jupyter or the server; told in words below
            error = caught
        seconds = job.seconds()
        job.run = finished_run(job, error, seconds=seconds, timeout=self.timeout)
        self._events.put(job.event("finished" if job.run.ok else "failed", job.run.error))

    def _execute(self, job: Job) -> None:
        def on_manager(manager: NotebookKernelManager) -> None:
            job.manager = manager

        def on_notebook_start(notebook: NotebookNode) -> None:
            job.executed = notebook

        def on_cell_start(*, cell_index: int, **_: object) -> None:
            job.arrive(cell_index)
            self._events.put(job.event("cell"))

        kernel_name, kernel_manager_class = manager_class(self.server, on_manager)
        # No output path: papermill would write the file after each cell. No `cwd`: papermill would change the folder of
        # this whole process; the kernel is told by nbclient's resources instead.
        papermill.execute_notebook(
            job.source,
            None,
            parameters=dict(self.parameters),
            kernel_name=kernel_name,
            language="python",
            progress_bar=False,
            autosave_cell_every=0,
            start_timeout=max(60, int(self.timeout)),
            kernel_manager_class=kernel_manager_class,
            shutdown_kernel="immediate",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(self.cwd)}},
            on_notebook_start=on_notebook_start,
            on_cell_start=on_cell_start,
        )


def finished_run(job: Job, error: Exception | None, *, seconds: float, timeout: float) -> NotebookRun:
    """What came of a notebook: its stable bytes, or where and why it stopped, with a note in the copy."""
    notebook = notebookform.stable(job.executed if job.executed is not None else job.source)
    stop = _stop_of(job, notebook, error, timeout)
    if stop is None:
        return NotebookRun(name=job.path.name, seconds=seconds, executed=notebookform.as_bytes(notebook), ok=True)
    number, kind, sentence = stop
    text = f"{job.path.name}: {f'cell {number}: ' if number else ''}{kind}: {sentence}"
    if number and kind in (_KERNEL_DIED, _TOO_LONG):
        cell = notebook.cells[job.position]
        if cell.cell_type == "code":
            cell.outputs.append(notebookform.stop_output(kind, sentence))
    executed = notebookform.as_bytes(notebookform.with_stop_note(notebook, text))
    return NotebookRun(name=job.path.name, seconds=seconds, executed=executed, ok=False, error=text)


def _stop_of(job: Job, notebook: NotebookNode, error: Exception | None, timeout: float) -> tuple[int, str, str] | None:
    """Cell number (0 before the first), name of the cause and a sentence; None where every cell ran."""
    if job.overdue:
        return job.cell, _TOO_LONG, f"it took longer than {timeout:g} s and was stopped"
    for output in _failed_outputs(notebook, job.position):
        return job.cell, str(output.ename), str(output.evalue)
    if error is None:
        return None
    status = _exit_status(job)
    if status is not None and not isinstance(error, PapermillExecutionError):
        return job.cell, _KERNEL_DIED, _death(job, status)
    return job.cell, type(error).__name__, " ".join(str(error).split())


def _failed_outputs(notebook: NotebookNode, position: int) -> list[NotebookNode]:
    """Errors among the outputs of the last cell that ran; one is `sys.exit(0)`, which papermill takes for success."""
    outputs = notebook.cells[position].get("outputs", []) if position < len(notebook.cells) else []
    return [output for output in outputs if output.output_type == "error"]


def _exit_status(job: Job) -> int | None:
    """Exit status of the kernel's process if it has ended, with a moment's patience for the news of it."""
    if job.manager is None or job.manager.launched is None:
        return None
    try:
        return job.manager.launched.process.wait(1.0)
    except subprocess.TimeoutExpired:
        return None


def _death(job: Job, status: int) -> str:
    manner = f"was ended by signal {-status}" if status < 0 else f"ended with exit status {status}"
    launched = job.manager.launched if job.manager is not None else None
    printed = log_tail(launched.log) if launched is not None else ""
    return f"the kernel {manner}" + (f"; it printed: {printed}" if printed else "")


def _close_event_loop() -> None:
    """Close the loop that nbclient made for this thread, after what a killed kernel left waiting in it."""
    loop = ensure_event_loop()
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.close()
