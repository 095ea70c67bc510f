"""Ordinary new processes, for systems that cannot fork safely."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from synth.pipeline.processes import Call, Server, uninterrupted


class SpawnServer(Server):
    """Ordinary new processes, remembered so that none is left behind; for systems that cannot fork safely."""

    forks = False

    def __init__(self) -> None:
        super().__init__()
        self._processes: list[subprocess.Popen[bytes]] = []
        self._closed = False

    def problem(self) -> str:
        """Nothing can keep it from starting processes."""
        return ""

    def remember(self, process: subprocess.Popen[bytes]) -> None:
        """End this process with the others when the server is closed."""
        self._processes.append(process)
        if self._closed:  # it was started while the server was being closed
            end_group(process)

    def call(self, function: str, arguments: Mapping[str, Any], *, cwd: Path | None = None) -> Call:
        """Start a call in a new process; see `Server.call`."""
        path = self.new_path(".log")
        with path.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "synth.pipeline.forkserver", "--call", function],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=cwd,
                start_new_session=True,
                env={**os.environ, **self.environment(), "PYTHONIOENCODING": "utf-8:backslashreplace"},
            )
        self.remember(process)
        assert process.stdin is not None  # asked for above
        with contextlib.suppress(BrokenPipeError), process.stdin as stream:
            stream.write(json.dumps(dict(arguments)).encode())
        return Call(SpawnedProcess(process), path)

    def close(self) -> None:
        """End every process that is still there."""
        with uninterrupted():
            self._closed = True
            for process in self._processes:
                end_group(process)
            shutil.rmtree(self.folder, ignore_errors=True)


class SpawnedProcess:
    """A new process with all it started, under the interface that a call needs."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.pid = process.pid

    def poll(self) -> int | None:
        """Exit status, or None while it runs."""
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Exit status once it has ended."""
        return self._process.wait(timeout)

    def send_signal(self, sig: int) -> None:
        """Signal the process."""
        self._process.send_signal(sig)

    def kill(self) -> None:
        """End it and all it started."""
        end_group(self._process)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that leads a group of its own, with the group, and collect it; nothing where it has ended."""
    if process.poll() is not None:
        return
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.wait()
