"""Servers: calls in processes of their own, and what is left when a server, or its owner, ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest

from synth.errors import ParameterError, SynthError
from synth.pipeline import servers
from synth.pipeline.forked import ForkServer
from synth.pipeline.kernels import manager_class
from synth.pipeline.spawned import SpawnServer

JOBS = """
import os, sys, time

def greet(name, number):
    print(name, number)
    print("to the other stream é", file=sys.stderr)

def where():
    print(os.getcwd())
    print(os.environ["OPENBLAS_NUM_THREADS"], os.environ.get("SYNTH_TEST_WORD", "no word"))

def fail():
    raise ValueError("invented")

def status(value):
    return value

def leave(value):
    sys.exit(value)

def vanish():
    print("before", flush=True)
    os._exit(7)

def close_streams():
    sys.stdout.close()
    sys.__stdout__.close()

def sleep():
    import subprocess
    subprocess.Popen(["sleep", "600"])
    time.sleep(600)

def doze():
    time.sleep(600)

def start_and_leave():
    import subprocess
    subprocess.Popen(["sleep", "600"])
"""


@pytest.fixture
def jobs(tmp_path, monkeypatch):
    """A module of invented functions that processes started from now on can import, and a forked one too."""
    (tmp_path / "invented_jobs.py").write_text(JOBS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("SYNTH_TEST_WORD", "at the time of the server")
    return tmp_path


@pytest.fixture
def caller(jobs, marked_server):
    """A server of each kind that can import the invented functions: `jobs` comes first."""
    return marked_server


def test_call_gives_status_and_all_that_was_printed(caller):
    result = caller.call("invented_jobs:greet", {"name": "née", "number": 2}).wait(60)
    assert result.status == 0
    assert sorted(result.output.splitlines()) == ["née 2", "to the other stream é"]


def test_call_works_in_the_given_folder_with_the_environment_of_its_time(caller, jobs, monkeypatch):
    monkeypatch.setenv("SYNTH_TEST_WORD", "at the time of the call")
    result = caller.call("invented_jobs:where", {}, cwd=jobs).wait(60)
    assert result.output.splitlines() == [str(jobs), "1 at the time of the call"]
    monkeypatch.delenv("SYNTH_TEST_WORD")
    result = caller.call("invented_jobs:where", {}, cwd=jobs).wait(60)
    assert result.output.splitlines() == [str(jobs), "1 no word"]


@pytest.mark.parametrize(
    ("function", "arguments", "status", "words"),
    [
        ("status", {"value": None}, 0, ""),
        ("status", {"value": 0}, 0, ""),
        ("status", {"value": 5}, 5, ""),
        ("leave", {"value": 4}, 4, ""),
        ("leave", {"value": None}, 0, ""),
        ("leave", {"value": "invented reason"}, 1, "invented reason"),
        ("fail", {}, 1, "ValueError: invented"),
        ("fail", {"unknown": 1}, 1, "TypeError"),
        ("none", {}, 1, "AttributeError"),
        ("vanish", {}, 7, "before"),
        ("close_streams", {}, 0, ""),
    ],
)
def test_call_ends_as_a_command_would(caller, function, arguments, status, words):
    result = caller.call(f"invented_jobs:{function}", arguments).wait(60)
    assert result.status == status
    assert words in result.output


def test_calls_run_side_by_side_and_can_be_ended(caller, marked, none_left):
    assert caller.problem() == ""
    before = set(marked())
    calls = [caller.call("invented_jobs:sleep", {}) for _ in range(2)]
    with pytest.raises(TimeoutError, match="has not ended after"):
        calls[0].wait(0.2)
    assert caller.call("invented_jobs:status", {"value": 3}).wait(60).status == 3
    for call in calls:
        call.kill()
        assert call.wait(10).status == -signal.SIGKILL
    none_left(0.5, but=before)


def test_what_a_forked_call_started_ends_with_it(jobs, marked, none_left):
    """Nothing that it leaves behind outlives it: the server ends its group. An ordinary process has nobody who does."""
    with ForkServer(["numpy"]) as server:
        assert server.problem() == ""
        before = set(marked())
        assert server.call("invented_jobs:start_and_leave", {}).wait(60).status == 0
        none_left(0.5, but=before)


def test_closing_ends_calls_and_removes_the_folder(caller, marked, none_left):
    call = caller.call("invented_jobs:sleep", {})
    with pytest.raises(TimeoutError):
        call.wait(1.5)
    assert any("sleep 600" in command for command in marked().values())
    caller.close()
    assert call.wait(5).status == -signal.SIGKILL
    assert not caller.folder.exists()
    none_left(0.5)
    caller.close()


def test_closing_ends_a_kernel_that_nobody_else_ends(marked_server, marked, none_left):
    managers = []
    name, manager = manager_class(marked_server, managers.append)
    kernel = manager(kernel_name=name)
    assert managers == [kernel]

    async def start() -> None:
        await kernel.start_kernel()
        kernel.context.destroy()  # of Jupyter's own sockets; the process goes on

    asyncio.run(start())
    assert kernel.launched is not None
    assert kernel.launched.process.pid in marked()
    marked_server.close()
    none_left(0.5)


def test_a_call_after_the_end_is_an_error(jobs):
    server = ForkServer(["numpy"])
    server.close()
    with pytest.raises(SynthError, match="has ended"):
        server.call("invented_jobs:status", {"value": 0})


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_death_of_the_server_ends_its_children_and_is_noticed(jobs, marked, none_left, number):
    with ForkServer(["numpy"]) as server:
        call = server.call("invented_jobs:sleep", {})
        assert server.problem() == ""
        wait_until(lambda: any("sleep 600" in command for command in marked().values()))
        (process,) = (pid for pid, command in marked().items() if "sleep" not in command and pid != call.process.pid)
        os.kill(process, number)
        assert call.wait(5).status == -signal.SIGKILL
        none_left(1.0)
        with pytest.raises(SynthError, match="has ended"):
            server.call("invented_jobs:status", {"value": 0})


def wait_until(condition, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a process with its parent")
def test_death_of_server_and_owner_at_once_ends_the_children(jobs, marked, none_left):
    code = (
        "import os, sys, time\n"
        "from synth.pipeline.forked import ForkServer\n"
        "server = ForkServer(['numpy'])\n"
        "call = server.call('invented_jobs:doze', {})\n"
        "call.process.wait_for_start()\n"
        "print(call.process.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as owner:
        try:
            assert owner.stdout is not None
            doze = int(owner.stdout.readline())
            (server,) = set(marked()) - {owner.pid, doze}
            owner.send_signal(signal.SIGSTOP)  # it cannot end anything itself
            os.kill(server, signal.SIGKILL)
            wait_until(lambda: doze not in marked(), 5.0)
        finally:
            owner.kill()
    none_left(1.0)


def test_modules_that_cannot_be_imported_are_left_to_the_notebook(jobs):
    (jobs / "broken_module.py").write_text("1 / 0")
    with ForkServer(["numpy", "no_such_module", "broken_module"]) as server:
        assert server.problem() == ""
        assert server.call("invented_jobs:status", {"value": 0}).wait(60).status == 0
        assert server.skipped == {
            "no_such_module": "ModuleNotFoundError: No module named 'no_such_module'",
            "broken_module": "ZeroDivisionError: division by zero",
        }


def test_a_server_that_dies_while_loading_says_so(jobs):
    (jobs / "deadly_module.py").write_text("import os; os.write(2, b'invented reason'); os._exit(3)")
    with ForkServer(["deadly_module"]) as server:
        assert server.problem() == "it ended while loading: invented reason"


def test_modules_of_the_current_folder_are_not_mistaken_for_libraries(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("raise RuntimeError('not the library')")
    monkeypatch.chdir(tmp_path)
    with ForkServer(["numpy"]) as server:
        assert server.problem() == ""
        assert server.skipped == {}


@pytest.mark.parametrize(("wish", "kind"), [("spawn", SpawnServer), ("fork", ForkServer), ("", ForkServer)])
def test_environment_chooses_the_kind(monkeypatch, wish, kind):
    monkeypatch.setenv("SYNTH_KERNELS", wish)
    with servers.open_server(["json"]) as server:
        assert type(server) is kind


def test_environment_that_makes_no_sense_is_refused(monkeypatch):
    monkeypatch.setenv("SYNTH_KERNELS", "thread")
    with pytest.raises(ParameterError, match=r"SYNTH_KERNELS=thread: fork or spawn is expected"):
        servers.open_server()


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_systems_that_cannot_fork_safely_get_ordinary_processes(monkeypatch, system):
    monkeypatch.setattr(sys, "platform", system)
    if system == "win32":
        monkeypatch.delattr(os, "fork")
    monkeypatch.delenv("SYNTH_KERNELS", raising=False)
    with servers.open_server() as server:
        assert type(server) is SpawnServer
    monkeypatch.setenv("SYNTH_KERNELS", "fork")
    with pytest.raises(ParameterError, match="cannot fork safely"):
        servers.open_server()


def test_interrupt_does_not_end_the_server(jobs, marked):
    with ForkServer(["numpy"]) as server:
        assert server.problem() == ""
        (process,) = marked()
        os.kill(process, signal.SIGINT)
        assert server.call("invented_jobs:status", {"value": 0}).wait(60).status == 0


def test_server_forks_without_a_warning(jobs, monkeypatch):
    """Newer Pythons warn where a process with threads is forked."""
    monkeypatch.setenv("PYTHONWARNINGS", "always")
    with ForkServer(["numpy", "pandas", "scipy.stats", "matplotlib.figure", "pandera.pandas"]) as server:
        assert server.call("invented_jobs:status", {"value": 0}).wait(60).status == 0
        assert "fork" not in (server.folder / "server.log").read_text()
