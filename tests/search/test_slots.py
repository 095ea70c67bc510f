"""Slots: how many requests a second are allowed, whoever sends them and however they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from synth.errors import ParameterError, RequestError, SearchError
from synth.search.policy import Clock
from synth.search.slots import REST, WITH_KEY, WITHOUT_KEY, Slots, slots_folder

KEY = "MARKED-KEY-0123456789abcdef"
# Takes and leaves slots in three threads and prints when it had one.
WORKER = """
import sys, threading, time
from pathlib import Path
from synth.search.slots import Slots
slots, found = Slots(Path(sys.argv[1]), 3, rest=0.3), []
def work():
    for _ in range(2):
        with slots.held(30):
            found.append(time.monotonic())
            time.sleep(0.02)
threads = [threading.Thread(target=work) for _ in range(3)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(*found)
"""
# Holds a slot until it is killed.
HOLDER = """
import sys, time
from pathlib import Path
from synth.search.slots import Slots
with Slots(Path(sys.argv[1]), 1, rest=0.4).held(5):
    print("held", flush=True)
    time.sleep(60)
"""
# Leaves its slot while a process lives on that was forked when it had it.
FORKING = """
import os, sys, time
from pathlib import Path
from synth.search.slots import Slots
with Slots(Path(sys.argv[1]), 1, rest=0.0).held(5):
    if os.fork() == 0:
        time.sleep(30)
        os._exit(0)
print("left", flush=True)
time.sleep(30)
"""


class Counted(Clock):
    """The machine's clock, which counts how often somebody waits."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        super().sleep(seconds)


class Interrupted(Clock):
    """Somebody presses Ctrl-C during the first wait."""

    def sleep(self, seconds: float) -> None:
        raise KeyboardInterrupt


def started(code: str, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def seconds_to_hold(slots: Slots, patience: float = 5) -> float:
    start = time.monotonic()
    with slots.held(patience):
        return time.monotonic() - start


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A folder whose only slot was held by a process that has just been killed."""
    holder = started(HOLDER, tmp_path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(RequestError, match="other processes held all 1 slots"):
        seconds_to_hold(Slots(tmp_path, 1), patience=0.05)
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    return tmp_path


def test_processes_and_threads_share_the_rate(tmp_path: Path) -> None:
    workers = [started(WORKER, tmp_path / "slots") for _ in range(2)]
    times = sorted(float(text) for worker in workers for text in worker.communicate()[0].split())
    assert len(times) == 12
    # The fourth after any one is in the next window: no 0.3 s see more than three.
    assert min(later - earlier for earlier, later in zip(times, times[3:], strict=False)) > 0.3
    assert times[-1] - times[0] < 4


def test_a_slot_rests_after_its_answer_and_not_before(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 1, rest=0.3)
    with slots.held(1):
        time.sleep(0.2)
    assert 0.28 < seconds_to_hold(slots) < 1
    time.sleep(0.3)
    assert seconds_to_hold(slots) < 0.1


def test_slots_are_used_at_once_while_some_are_free(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 3, rest=5)
    assert sum(seconds_to_hold(slots) for _ in range(3)) < 0.2


def test_a_request_that_fails_rests_too(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 1, rest=0.3)
    with pytest.raises(ConnectionResetError), slots.held(1):
        raise ConnectionResetError
    assert seconds_to_hold(slots) > 0.28


def test_the_slot_of_a_killed_process_rests_first(killed: Path) -> None:
    assert 0.38 < seconds_to_hold(Slots(killed, 1, rest=0.4)) < 1.5


def test_a_process_forked_meanwhile_does_not_keep_the_slot(tmp_path: Path) -> None:
    parent = started(FORKING, tmp_path)
    assert parent.stdout is not None
    try:
        assert parent.stdout.readline() == "left\n"
        assert seconds_to_hold(Slots(tmp_path, 1, rest=0.0), patience=1) < 0.5
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()
        parent.stdout.close()


@pytest.mark.parametrize("mark", ["9" * 20, "busy", "\0\0\0\0", "-3", "1e5"])
def test_a_mark_that_cannot_be_rests_first(tmp_path: Path, mark: str) -> None:
    """After the machine was started anew, for one, a mark is of a time that is still to come."""
    (tmp_path / "0.slot").write_text(mark)
    slots = Slots(tmp_path, 1, rest=0.2)
    assert seconds_to_hold(slots) > 0.18
    time.sleep(0.2)
    assert seconds_to_hold(slots) < 0.1


def test_waiting_for_a_slot_is_no_busy_loop_and_has_an_end(tmp_path: Path) -> None:
    clock = Counted()
    with Slots(tmp_path, 1).held(1), pytest.raises(RequestError) as caught:
        seconds_to_hold(Slots(tmp_path, 1, clock=clock), patience=0.3)
    assert "held all 1 slots for requests for 0.3 s; let them finish, or end those that hang" in str(caught.value)
    assert 5 < len(clock.waits) < 35


def test_an_interrupted_wait_frees_the_slot(tmp_path: Path) -> None:
    with Slots(tmp_path, 1).held(1):
        pass
    with pytest.raises(KeyboardInterrupt):
        seconds_to_hold(Slots(tmp_path, 1, rest=2, clock=Interrupted()))
    assert seconds_to_hold(Slots(tmp_path, 1, rest=0)) < 0.1


def test_no_file_stays_open(tmp_path: Path) -> None:
    slots = Slots(tmp_path, 4, rest=0.01)
    seconds_to_hold(slots)
    before = open_files()
    threads = [threading.Thread(target=seconds_to_hold, args=(slots,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert open_files() == before


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SearchError, match=r"file/slots: the folder .* \(Not a directory\); name one .* in SYNTH_SLOTS"):
        seconds_to_hold(Slots(tmp_path / "file" / "slots", 1))
    (tmp_path / "0.slot").mkdir()
    with pytest.raises(SearchError, match="Is a directory"):
        seconds_to_hold(Slots(tmp_path, 1))


def test_each_key_has_its_own_slots_and_no_name_tells_it(tmp_path: Path) -> None:
    environ = {"SYNTH_SLOTS": str(tmp_path)}
    none, one, again, other = (Slots.of_key(key, environ) for key in (None, KEY, KEY, KEY + "x"))
    assert (none.count, one.count) == (WITHOUT_KEY, WITH_KEY) == (3, 10)
    assert (none.folder, one.rest > 1) == (tmp_path / "no-key", True)
    assert one.folder == again.folder
    assert len({none.folder, one.folder, other.folder}) == 3
    seconds_to_hold(one)
    held = [file for file in one.folder.iterdir() if KEY in file.name or KEY in file.read_text()]
    assert held == []
    assert KEY not in str(one.folder)
    assert REST > 1


def test_the_folder_is_of_the_users_cache_unless_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/house/invented")
    monkeypatch.setattr(sys, "platform", "linux")
    assert slots_folder({}) == Path("/house/invented/.cache/living-evidence-notebooks/slots")
    assert slots_folder({"XDG_CACHE_HOME": "/cache"}) == Path("/cache/living-evidence-notebooks/slots")
    assert slots_folder({"XDG_CACHE_HOME": "/cache", "SYNTH_SLOTS": "/slots"}) == Path("/slots")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert slots_folder({}) == Path("/house/invented/Library/Caches/living-evidence-notebooks/slots")


@pytest.mark.parametrize(("count", "rest"), [(0, 1.0), (3, -1.0)])
def test_impossible_slots_are_refused(tmp_path: Path, count: int, rest: float) -> None:
    with pytest.raises(ParameterError, match="at least 1 and 0 s"):
        Slots(tmp_path, count, rest)
