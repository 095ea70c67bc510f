"""What a person sees while notebooks run: a live display on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import PurePath
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID
    from rich.text import Text

    from synth.pipeline.events import Event


class ProgressDisplay:
    """Shows a run; give it to `run_notebooks` as `on_event`, inside a ``with`` block.

    Parameters
    ----------
    notebooks : sequence of str or path
        All notebooks of the run, in order.
    stream : text file, optional
        Where to write, standard error by default. On a terminal there is a bar for each notebook and one for all;
        elsewhere one line for each notebook when it ends.

    Notes
    -----
    Leaving the block without an error writes the end line: how many passed, in what time.
    """

    def __init__(self, notebooks: Sequence[str | PurePath], stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._names = [PurePath(notebook).name for notebook in notebooks]
        self._failed: list[str] = []
        self._passed = 0
        self._started = 0.0
        self._view: _View | None = None

    def __enter__(self) -> ProgressDisplay:
        self._started = time.perf_counter()
        on_terminal = self._stream.isatty()
        self._view = _Bars(self._stream, self._names) if on_terminal else _Lines(self._stream, self._names)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._view is not None:
            self._view.close()
            self._view = None
        if error is None:
            self._stream.write(self.end_line() + "\n")
            self._stream.flush()

    def __call__(self, event: Event) -> None:
        """Show one event."""
        if event.kind == "failed":
            self._failed.append(event.notebook)
        self._passed += event.kind == "finished"
        if self._view is not None:
            self._view.show(event)

    def end_line(self) -> str:
        """How many notebooks passed and in what time, and which failed."""
        seconds = time.perf_counter() - self._started
        if self._failed:
            return f"{len(self._failed)} of {_count(self._names)} failed in {seconds:.1f} s: {', '.join(self._failed)}"
        return f"{_count(self._names[: self._passed])} passed in {seconds:.1f} s"


class _View(ABC):
    @abstractmethod
    def show(self, event: Event) -> None: ...

    @abstractmethod
    def close(self) -> None: ...


class _Lines(_View):
    def __init__(self, stream: TextIO, names: Sequence[str]) -> None:
        self._stream = stream
        self._width = max(map(len, names), default=0)

    def show(self, event: Event) -> None:
        if event.kind == "notice":
            text = event.message
        elif event.kind == "finished":
            text = f"{event.notebook:<{self._width}}  passed  {event.seconds:5.1f} s"
        elif event.kind == "failed":
            place = f"at cell {event.cell} of {event.cells}"
            text = f"{event.notebook:<{self._width}}  FAILED  {event.seconds:5.1f} s  {place}"
        else:
            return
        self._stream.write(text + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing is left open."""


class _Bars(_View):
    def __init__(self, stream: TextIO, names: Sequence[str]) -> None:
        self._progress = _bars(stream)
        self._tasks: dict[str, TaskID] = {
            name: self._progress.add_task(name, total=None, start=False, state="waiting") for name in names
        }
        self._all = self._progress.add_task(_count(names), total=len(names), state="")
        self._progress.start()

    def show(self, event: Event) -> None:
        if event.kind == "notice":
            self._progress.console.print(event.message, markup=False, highlight=False)
            return
        task = self._tasks[event.notebook]
        if event.kind == "started":
            self._progress.start_task(task)
            self._progress.update(task, total=event.cells, completed=0, state="starting")
        elif event.kind == "cell":
            self._progress.update(task, completed=event.cell - 1, state=f"cell {event.cell} of {event.cells}")
        else:
            passed = event.kind == "finished"
            state = "passed" if passed else f"failed at cell {event.cell}"
            self._progress.update(task, completed=event.cells if passed else event.cell - 1, state=state)
            self._progress.stop_task(task)
            self._progress.advance(self._all)

    def close(self) -> None:
        self._progress.stop()


def _bars(stream: TextIO) -> Progress:
    """Rich is imported here, late: a run without a terminal does without it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
    from rich.text import Text

    class Seconds(ProgressColumn):
        def render(self, task: Task) -> Text:
            return Text("" if task.elapsed is None else f"{task.elapsed:5.1f} s", justify="right")

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        Seconds(),
        TextColumn("{task.fields[state]}", markup=False),
        console=Console(file=stream),
    )


def _count(names: Sequence[str]) -> str:
    return f"{len(names)} notebook" + ("" if len(names) == 1 else "s")
