"""Processes forked from a preloaded one, seen from the owner's side; `forkserver` is the other side."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synth.errors import SynthError
from synth.pipeline.processes import Call, Server, read_log, uninterrupted

# What ipykernel itself imports late, while a kernel starts.
KERNEL_PRELOAD = (
    "ipykernel_launcher",
    "ipykernel.kernelapp",
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.extensions.storemagic",
    "tornado.platform.asyncio",
)

# What the notebooks of this project import, and what pandas imports late, to show a table.
DEFAULT_PRELOAD = (
    "numpy",
    "pandas",
    "pandas.io.formats.html",
    "scipy.stats",
    "scipy.optimize",
    "matplotlib.figure",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "pandera.pandas",
    "pydantic",
    "yaml",
    "synth.review",
)

_LONGEST_END = 5.0  # seconds a server may take to end its children before it is killed itself


class ForkServer(Server):
    """A process with the libraries loaded, and its forked children.

    Parameters
    ----------
    preload : sequence of str
        Modules to import before the first fork, besides those of the kernel. Those that cannot be imported are skipped:
        a notebook that asks for one gets the error itself. Never name a module that reads evidence when it is imported.

    Notes
    -----
    The process is a session of its own, so Ctrl-C in a terminal does not reach it. It ends, with all its children,
    when this object is closed and when this process ends in any way.
    """

    forks = True

    def __init__(self, preload: Sequence[str] = DEFAULT_PRELOAD) -> None:
        super().__init__()
        self._children: dict[int, ForkedProcess] = {}
        self._lock = threading.Lock()
        self._ready = threading.Event()
        self._problem = ""
        #: Modules that could not be imported, with the reason; complete once `problem` has returned.
        self.skipped: dict[str, str] = {}
        self._closed = False
        self._log = self.folder / "server.log"
        self._connection, theirs = socket.socketpair()
        command = [sys.executable, "-m", "synth.pipeline.forkserver", "--socket", str(theirs.fileno())]
        command += ["--folder", str(self.folder), "--preload", json.dumps([*KERNEL_PRELOAD, *preload])]
        with theirs, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, **self.environment()},
            )
        self._reader = threading.Thread(target=self._read, name="fork server reader", daemon=True)
        self._reader.start()

    def problem(self) -> str:
        """Wait until the libraries are loaded; why the server cannot fork, or an empty text."""
        self._ready.wait()
        return self._problem

    def start_kernel(self, arguments: Sequence[str], *, cwd: Path, environment: Mapping[str, str]) -> ForkedProcess:
        """Fork an IPython kernel.

        Parameters
        ----------
        arguments : sequence of str
            As for ``python -m ipykernel_launcher``.
        cwd : Path
            Its working folder.
        environment : mapping
            Its whole environment.

        Raises
        ------
        SynthError
            If the server is gone or the system refuses another process.
        """
        request = {"kind": "kernel", "arguments": list(arguments), "cwd": str(cwd), "environment": dict(environment)}
        child = self._request(request)
        child.wait_for_start()
        return child

    def call(self, function: str, arguments: Mapping[str, Any], *, cwd: Path | None = None) -> Call:
        """Fork a call; see `Server.call`. It starts once the libraries are loaded."""
        environment = {**os.environ, **self.environment()}
        child = self._request(
            {
                "kind": "call",
                "function": function,
                "arguments": dict(arguments),
                "cwd": str(cwd or Path.cwd()),
                "environment": environment,
            }
        )
        return Call(child, child.log)

    def close(self) -> None:
        """End the server and its children."""
        with uninterrupted():
            if self._closed:
                return
            self._closed = True
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
            try:
                self._process.wait(_LONGEST_END)
            except subprocess.TimeoutExpired:
                self._process.kill()  # its children notice and end
                self._process.wait()
            self._reader.join(_LONGEST_END)
            self._connection.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    def send_signal(self, request: int, number: int) -> None:
        """Signal the group of a child; does nothing when the child or the server has ended."""
        with contextlib.suppress(OSError):
            self._send({"request": request, "kind": "signal", "signal": int(number)})

    def _request(self, request: dict[str, Any]) -> ForkedProcess:
        number = next(self._numbers)
        child = ForkedProcess(self, number, self.folder / f"{number}.log")
        with self._lock:
            self._children[number] = child
        try:
            self._send({**request, "request": number, "log": str(child.log)})
        except OSError as error:
            raise SynthError(f"the process that forks kernels has ended: {self._problem or error}") from None
        return child

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps(message).encode() + b"\n"
        with self._lock:
            self._connection.sendall(data)

    def _read(self) -> None:
        """Tell each child what the server reports of it; when the server ends, all have ended."""
        try:
            with self._connection.makefile("rb") as lines:
                for line in lines:
                    self._heard(json.loads(line))
        except OSError:
            pass  # the same as the end of the stream: nothing more will come
        if not self._ready.is_set():
            self._problem = self._problem or f"it ended while loading: {read_log(self._log) or 'without a message'}"
            self._ready.set()
        with self._lock:
            children, self._children = self._children, {}
        for child in children.values():
            child.end_orphans()
            child.has_ended(-int(signal.SIGKILL), "the process that forks kernels has ended")

    def _heard(self, message: dict[str, Any]) -> None:
        event = message["event"]
        if event in ("ready", "unfit"):
            self._problem, self.skipped = message.get("reason", ""), message.get("skipped", {})
            self._ready.set()
        elif event == "started":
            self._children[message["request"]].has_started(message["pid"])
        else:
            with self._lock:
                child = self._children.pop(message["request"])
            child.has_ended(message.get("code", 1), message.get("reason", ""))


class ForkedProcess:
    """A child of the fork server, seen from here, with the interface of `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, server: ForkServer, request: int, log: Path) -> None:
        self.pid = 0
        self.returncode: int | None = None
        self.log = log
        self._server = server
        self._request = request
        self._refused = ""
        self._started = threading.Event()
        self._ended = threading.Event()

    def wait_for_start(self) -> None:
        """Wait until the process exists.

        Raises
        ------
        SynthError
            If it could not be made.
        """
        self._started.wait()
        if not self.pid:
            raise SynthError(f"no process for a kernel: {self._refused}")

    def poll(self) -> int | None:
        """Exit status, or None while it runs."""
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Exit status once it has ended; `subprocess.TimeoutExpired` after `timeout` seconds."""
        if not self._ended.wait(timeout) or self.returncode is None:
            raise subprocess.TimeoutExpired("forked process", timeout or 0.0)
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Signal it and all it started."""
        self._server.send_signal(self._request, sig)

    def kill(self) -> None:
        """End it and all it started."""
        self.send_signal(int(signal.SIGKILL))

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(int(signal.SIGTERM))

    def end_orphans(self) -> None:
        """End what it started, after a server that was killed; one that ended by itself has done so."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def has_started(self, pid: int) -> None:
        """Note the server's word that the process exists."""
        self.pid = pid
        self._started.set()

    def has_ended(self, code: int, reason: str) -> None:
        """Note the server's word that the process has ended, or was never made, and why."""
        self.returncode, self._refused = code, reason
        self._ended.set()
        self._started.set()
