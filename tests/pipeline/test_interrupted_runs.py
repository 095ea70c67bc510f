"""Ctrl-C, and the sudden death of the command: no process of a run may be left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synth.pipeline.servers import can_fork

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX systems do")

COMMAND = """
import signal, sys
from pathlib import Path
from synth.pipeline import ProgressDisplay, exit_on_interrupt, open_server, run_notebooks

signal.signal(signal.SIGINT, signal.default_int_handler)  # a test run in the background starts with it ignored
folder = Path(sys.argv[1])
notebooks = sorted(folder.glob("*.ipynb"))
with exit_on_interrupt("nothing is left"), open_server(["numpy"]) as server, ProgressDisplay(notebooks) as display:
    {call}
    run_notebooks(notebooks, {{}}, cwd=folder, server=server, on_event=display)
"""
# It starts a process of its own, says that it is there, and ignores an interrupt.
STUBBORN = """
import os, pathlib, signal, subprocess, time
child = subprocess.Popen(["sleep", "600"])
pathlib.Path(f"{os.getpid()}.running").touch()
while True:
    try:
        time.sleep(600)
    except KeyboardInterrupt:
        pass
"""


@pytest.fixture(params=["fork", "spawn"])
def command(request, make_notebook, tmp_path, monkeypatch, none_left):
    """A command that runs two notebooks without end, in a process group of its own; returned once both run."""
    if request.param == "fork" and not can_fork():
        pytest.skip("this system cannot fork safely")
    monkeypatch.setenv("SYNTH_KERNELS", request.param)
    for name in "ab":
        make_notebook(name, STUBBORN)
    with start(tmp_path) as process:
        wait_until(lambda: len(list(tmp_path.glob("*.running"))) == 2, process)
        yield process


def start(folder: Path, call: str = "") -> subprocess.Popen[str]:
    """The command in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND.format(call=call), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until(condition, process, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)


def to_group(process: subprocess.Popen[str], number: int) -> None:
    os.killpg(process.pid, number)


def to_command_alone(process: subprocess.Popen[str], number: int) -> None:
    os.kill(process.pid, number)


@pytest.mark.parametrize("send", [to_group, to_command_alone])
def test_interrupt_leaves_no_process_and_says_so_in_one_line(command, send, marked, none_left):
    assert len([text for text in marked().values() if "sleep 600" in text]) == 2  # the search finds what it must
    send(command, signal.SIGINT)
    out, err = command.communicate(timeout=30)
    none_left(0.5)
    assert command.returncode == 130
    assert (out, err) == ("", "Interrupted: nothing is left\n")
    assert not list(Path(os.environ["TMPDIR"]).glob("synth-*"))


def test_second_interrupt_does_not_stop_the_tidying_up(command, none_left):
    for _ in range(3):
        to_group(command, signal.SIGINT)
        time.sleep(0.1)
    _, err = command.communicate(timeout=30)
    none_left(0.5)
    assert command.returncode == 130
    assert err.count("Interrupted") == 1


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_sudden_death_of_the_command_leaves_no_kernel(command, number, marked, none_left):
    """What a kernel started itself ends with the server, which has it in its books; ordinary kernels end alone."""
    to_command_alone(command, number)
    command.wait(30)
    assert command.returncode == -number
    if os.environ["SYNTH_KERNELS"] == "fork":
        none_left(5.0)
        assert not list(Path(os.environ["TMPDIR"]).glob("synth-*"))
    else:
        deadline = time.monotonic() + 5.0
        while any("ipykernel" in text for text in marked().values()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not any("ipykernel" in text for text in marked().values())


@pytest.mark.parametrize("kind", ["fork", "spawn"])
def test_interrupt_while_libraries_load(kind, make_notebook, tmp_path, monkeypatch, none_left):
    monkeypatch.setenv("SYNTH_KERNELS", kind)
    make_notebook("a", "1")
    call = "print('loading', flush=True)"
    with start(tmp_path, call) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.2)
        to_group(process, signal.SIGINT)
        _, err = process.communicate(timeout=30)
    none_left(0.5)
    assert process.returncode == 130
    assert err == "Interrupted: nothing is left\n"


@pytest.mark.parametrize("kind", ["fork", "spawn"])
def test_interrupt_while_a_call_runs(kind, make_notebook, tmp_path, monkeypatch, marked, none_left):
    monkeypatch.setenv("SYNTH_KERNELS", kind)
    make_notebook("a", "1")
    call = "server.call('subprocess:call', {'args': ['sleep', '600']}).wait()"
    with start(tmp_path, call) as process:
        wait_until(lambda: any("sleep 600" in text for text in marked().values()), process)
        to_group(process, signal.SIGINT)
        _, err = process.communicate(timeout=30)
    none_left(0.5)
    assert process.returncode == 130
    assert err == "Interrupted: nothing is left\n"
