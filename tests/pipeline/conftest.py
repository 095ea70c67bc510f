"""Tiny invented notebooks, and a server that loads as little as a kernel needs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from synth.pipeline.forked import ForkServer
from synth.pipeline.processes import Server
from synth.pipeline.servers import can_fork
from synth.pipeline.spawned import SpawnServer

PARAMETERS = 'review: str = "ifi"\nas_of: str | None = None\nlive: bool = False'
NotebookMaker = Callable[..., Path]


@pytest.fixture
def make_notebook(tmp_path: Path) -> NotebookMaker:
    """A function that writes a notebook of invented code cells, the parameters cell first, and returns its path."""

    def make(name: str, *sources: str, parameters: str | None = PARAMETERS, folder: Path = tmp_path) -> Path:
        cells = [{"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Invented"}]
        tagged = [] if parameters is None else [(parameters, {"tags": ["parameters"]})]
        for number, (source, metadata) in enumerate([*tagged, *((source, {}) for source in sources)], start=1):
            cells.append(
                {
                    "cell_type": "code",
                    "execution_count": None,
                    "id": f"code-{number}",
                    "metadata": metadata,
                    "outputs": [],
                    "source": source,
                }
            )
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        path = folder / f"{name}.ipynb"
        path.write_text(json.dumps(content), encoding="utf-8")
        return path

    return make


@pytest.fixture(scope="session")
def fork_server() -> Iterator[Server]:
    """A server that forks; loads NumPy with its random numbers and no more."""
    if not can_fork():
        pytest.skip("this system cannot fork safely")
    with ForkServer(["numpy.random"]) as server:
        assert server.problem() == ""
        yield server


@pytest.fixture(params=["fork", "spawn"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of each kind."""
    if request.param == "fork":
        yield request.getfixturevalue("fork_server")
    else:
        with SpawnServer() as server:
            yield server


@pytest.fixture
def marked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], dict[int, str]]]:
    """A function that finds the processes started by this test, by number, with their commands.

    They inherit an environment that names the test; this process does not show it, since it was set while it ran.
    """
    if not Path("/proc/self/environ").exists():
        pytest.skip("processes are found by /proc, which this system does not have")
    marker = f"SYNTH_TEST_MARK={os.getpid()}-{time.monotonic_ns()}"
    monkeypatch.setenv(*marker.split("="))
    # of its own, since nobody removes the folder of a command that was killed; and short, for the paths of sockets
    folder = tempfile.TemporaryDirectory(prefix="t")
    monkeypatch.setenv("TMPDIR", folder.name)

    def find() -> dict[int, str]:
        found = {}
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and marker.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:  # it ended meanwhile
                continue
        return found

    with folder:
        yield find


@pytest.fixture
def none_left(marked: Callable[[], dict[int, str]]) -> Iterator[Callable[..., None]]:
    """A function that asserts that within so many seconds no marked process but those given is left; others are ended.

    A killed process needs a moment to vanish, after whoever waited for its leader has been told.
    """

    def check(seconds: float, but: Collection[int] = ()) -> None:
        deadline = time.monotonic() + seconds
        while (left := {pid: text for pid, text in marked().items() if pid not in but}) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert left == {}

    yield check
    for pid in marked():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(params=["fork", "spawn"])
def marked_server(request: pytest.FixtureRequest, none_left: Callable[..., None]) -> Iterator[Server]:
    """A server of each kind that starts after the mark was set, so that its processes are found."""
    if request.param == "fork" and not can_fork():
        pytest.skip("this system cannot fork safely")
    with ForkServer(["numpy"]) if request.param == "fork" else SpawnServer() as server:
        yield server
    none_left(0.5)
