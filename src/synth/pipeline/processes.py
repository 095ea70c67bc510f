"""What servers of both kinds have in common: processes, calls, and the environment that a process gets."""

from __future__ import annotations

import contextlib
import itertools
import signal
import subprocess
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

# One thread for each numerical library: a process must have one thread to be forked, kernels side by side would only
# compete with more, and sums come out in the same order everywhere.
THREAD_VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_LOG_TAIL = 2000  # characters of a process's own output that an error shows


class Process(Protocol):
    """The part of `subprocess.Popen` that a kernel provisioner and a call use."""

    pid: int

    def poll(self) -> int | None:
        """Exit status, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Exit status once it has ended; `subprocess.TimeoutExpired` after `timeout` seconds."""

    def send_signal(self, sig: int) -> None:
        """Signal it."""

    def kill(self) -> None:
        """End it and all it started."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """How a call ended: its exit status (0 is success, below 0 the signal that ended it) and all it printed."""

    status: int
    output: str


class Call:
    """A function call in a process of its own."""

    def __init__(self, process: Process, log: Path) -> None:
        self.process = process
        self._log = log

    def wait(self, timeout: float | None = None) -> CallResult:
        """Wait for the end of the call.

        Raises
        ------
        TimeoutError
            If it has not ended after `timeout` seconds; it goes on, `kill` ends it.
        """
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"the call has not ended after {timeout} s") from None
        return CallResult(status, read_log(self._log))

    def kill(self) -> None:
        """End the call and all it started."""
        self.process.kill()


class Server(ABC):
    """Gives kernels and calls their processes; a context manager that ends them all."""

    #: True where `start_kernel` forks a loaded process.
    forks: bool

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="synth-"))
        self._numbers = itertools.count(1)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @abstractmethod
    def problem(self) -> str:
        """Wait until the server can be used; why it cannot, or an empty text."""

    @abstractmethod
    def call(self, function: str, arguments: Mapping[str, Any], *, cwd: Path | None = None) -> Call:
        """Start ``module:function`` with keyword arguments that JSON can hold, in a process of its own.

        The function's result is the exit status: None or 0 for success, another whole number, or 1 and a printed
        traceback for an exception.
        """

    @abstractmethod
    def close(self) -> None:
        """End every process of this server; a second time does nothing."""

    def new_path(self, suffix: str) -> Path:
        """A path in the server's folder that nothing else uses."""
        return self.folder / f"{next(self._numbers)}{suffix}"

    def environment(self) -> dict[str, str]:
        """What a process gets on top of the caller's environment.

        One thread for each numerical library; an empty IPython folder, so that neither a person's start-up files nor
        their history take part in a run; and no advice from the debugger that every kernel loads.
        """
        own = {"IPYTHONDIR": str(self.folder / "ipython"), "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        return dict.fromkeys(THREAD_VARIABLES, "1") | own


@contextlib.contextmanager
def uninterrupted() -> Iterator[None]:
    """Let a second Ctrl-C not stop the tidying up after the first one."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if handler is None else handler)


def read_log(path: Path) -> str:
    """What a process printed, decoded without failing; empty where it printed nothing or the file is gone."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""


def log_tail(path: Path) -> str:
    """The end of what a process printed, for an error message."""
    return read_log(path).strip()[-_LOG_TAIL:]
