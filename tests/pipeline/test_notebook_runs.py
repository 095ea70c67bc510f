"""Real runs of tiny notebooks: what comes out, what goes wrong, and what kernels do not share."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

import nbformat
import pytest

from synth.errors import NotebookError
from synth.pipeline import forked, run
from synth.pipeline.events import Event
from synth.pipeline.processes import Server
from synth.pipeline.run import committed_form, raise_for_failures, refresh_notebooks, run_notebooks


def outputs(executed: bytes) -> list[str]:
    """Text of each code cell's outputs."""
    cells = [cell for cell in json.loads(executed)["cells"] if cell["cell_type"] == "code"]
    return ["".join(map(output_text, cell["outputs"])) for cell in cells]


def output_text(output: dict) -> str:
    return "".join(output.get("text") or output.get("data", {}).get("text/plain", ""))


def test_notebooks_come_back_executed_in_their_order(make_notebook, tmp_path, server):
    notebooks = [make_notebook("b", "1 + 1", "print(review, as_of, live)"), make_notebook("a", "2 + 2")]
    before = {path: path.read_bytes() for path in notebooks}
    events: list[Event] = []
    threads: set[threading.Thread] = set()

    def note(event: Event) -> None:
        events.append(event)
        threads.add(threading.current_thread())

    first, second = run_notebooks(
        notebooks, {"review": "bcg", "as_of": None}, cwd=tmp_path, server=server, on_event=note
    )
    assert (first.name, second.name) == ("b.ipynb", "a.ipynb")
    assert first.ok
    assert second.ok
    assert first.error == ""
    assert outputs(first.executed) == ["", "", "2", "bcg None False\n"]
    assert 0 < first.seconds < 300
    nbformat.validate(json.loads(first.executed))
    assert {path: path.read_bytes() for path in notebooks} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ipynb", "b.ipynb"]
    assert threads == {threading.current_thread()}
    kinds = [event.kind for event in events if event.notebook == "b.ipynb"]
    assert kinds == ["started", "cell", "cell", "cell", "cell", "cell", "finished"]
    numbers = [(event.cell, event.cells) for event in events if event.notebook == "b.ipynb" and event.kind == "cell"]
    assert numbers == [(1, 4), (2, 4), (2, 4), (3, 4), (4, 4)]  # the injected cell has no number of its own


def test_no_parameters_no_injected_cell(make_notebook, tmp_path, fork_server):
    (result,) = run_notebooks([make_notebook("a", "review")], {}, cwd=tmp_path, server=fork_server)
    assert outputs(result.executed) == ["", "'ifi'"]


def test_values_arrive_as_they_were_given(make_notebook, tmp_path, fork_server):
    text = "quotes \" and ' and \\ and { } and\nnew line and é"
    notebook = make_notebook("a", "repr(text), repr(number)", parameters="text: str = ''\nnumber: float = 0.0")
    (result,) = run_notebooks([notebook], {"text": text, "number": -1e-7}, cwd=tmp_path, server=fork_server)
    assert result.ok, result.error
    assert eval(outputs(result.executed)[2]) == (repr(text), repr(-1e-7))


def test_kernel_works_in_the_given_folder_and_the_caller_stays_in_its_own(make_notebook, tmp_path, server):
    folder = tmp_path / "folder with {braces} and spaces"
    folder.mkdir()
    (folder / "beside.py").write_text("word = 'found'")
    here = Path.cwd()
    notebook = make_notebook("a", "import os; os.getcwd()", "import beside; beside.word", folder=folder)
    (result,) = run_notebooks([notebook], {}, cwd=folder, server=server)
    assert outputs(result.executed)[1:] == [repr(str(folder)), "'found'"]
    assert Path.cwd() == here


def test_two_runs_are_the_same_bytes_whatever_the_kind_of_kernel(make_notebook, tmp_path, fork_server):
    notebook = make_notebook(
        "a",
        "import warnings; warnings.warn('invented')",
        "import sys\nfor n in range(200):\n    print(n, flush=True)\n    print(-n, file=sys.stderr, flush=True)",
        "import numpy as np; np.arange(3).mean()",
        "{'a': [1, 2]}",
    )
    with forked.ForkServer(["numpy"]) as other, run.SpawnServer() as spawning:
        copies = {
            run_notebooks([notebook], {"review": "bcg"}, cwd=tmp_path, server=server)[0].executed
            for server in (fork_server, other, spawning)
        }
    assert len(copies) == 1
    streams = json.loads(next(iter(copies)))["cells"][4]["outputs"]  # however often they were flushed
    assert [output["name"] for output in streams] == ["stdout", "stderr"]
    assert b"<cell>:1: UserWarning: invented" in copies.pop()


def test_failing_notebook_is_named_kept_and_does_not_stop_the_others(make_notebook, tmp_path, server):
    notebooks = [
        make_notebook("bad", "1 + 1", "1 / 0", "print('never')"),
        make_notebook("good", "'fine'"),
    ]
    events: list[Event] = []
    runs = run_notebooks(notebooks, {"review": "bcg"}, cwd=tmp_path, server=server, on_event=events.append)
    bad, good = runs
    assert good.ok
    assert not bad.ok
    assert bad.error == "bad.ipynb: cell 4: ZeroDivisionError: division by zero"
    cells = json.loads(bad.executed)["cells"]
    assert "".join(cells[0]["source"]) == f"This notebook stopped:\n\n    {bad.error}"
    assert "ZeroDivisionError" in "".join(cells[5]["outputs"][0]["traceback"])
    assert cells[6]["outputs"] == []
    nbformat.validate(json.loads(bad.executed))
    assert [event.message for event in events if event.kind == "failed"] == [bad.error]

    kept: dict[str, bytes] = {}

    def keep(name: str, content: bytes) -> str:
        kept[name] = content
        return f"kept/{name}"

    with pytest.raises(NotebookError) as failure:
        raise_for_failures(runs, keep)
    assert kept == {"bad.ipynb": bad.executed}
    assert str(failure.value) == f"{bad.error}\n  executed as far as it came: kept/bad.ipynb"
    raise_for_failures([good])


@pytest.mark.parametrize("ending", ["import sys; sys.exit()", "import sys; sys.exit(0)", "raise SystemExit(1)"])
def test_a_notebook_that_stops_early_has_not_passed(make_notebook, tmp_path, fork_server, ending):
    notebook = make_notebook("early", ending, "print('never')")
    (result,) = run_notebooks([notebook], {}, cwd=tmp_path, server=fork_server)
    assert not result.ok
    assert result.error.startswith("early.ipynb: cell 3: ")


def test_kernel_that_dies_is_told_in_words(make_notebook, tmp_path, server):
    notebooks = [
        make_notebook("dying", "1", "import os; os.write(2, b'last words'); os._exit(3)", "2"),
        make_notebook("killed", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"),
        make_notebook("good", "1"),
    ]
    dying, killed, good = run_notebooks(notebooks, {}, cwd=tmp_path, server=server)
    assert dying.error.startswith("dying.ipynb: cell 4: KernelDied: the kernel ended with exit status 3")
    assert killed.error.startswith("killed.ipynb: cell 3: KernelDied: the kernel was ended by signal 9")
    assert good.ok
    cells = json.loads(dying.executed)["cells"]
    assert cells[4]["outputs"][-1]["ename"] == "KernelDied"
    nbformat.validate(json.loads(dying.executed))


def test_notebook_that_takes_too_long_is_stopped(make_notebook, tmp_path, marked_server, marked, none_left):
    assert marked_server.problem() == ""
    before = set(marked())
    notebooks = [
        make_notebook("slow", "import subprocess; subprocess.run(['sleep', '600'])", "1"),
        make_notebook("busy", "try:\n    while True: pass\nexcept KeyboardInterrupt:\n    while True: pass"),
    ]
    started = time.monotonic()
    slow, busy = run_notebooks(notebooks, {}, cwd=tmp_path, server=marked_server, timeout_seconds=4)
    assert time.monotonic() - started < 60
    assert slow.error == "slow.ipynb: cell 3: NotebookTimeout: it took longer than 4 s and was stopped"
    assert busy.error == "busy.ipynb: cell 3: NotebookTimeout: it took longer than 4 s and was stopped"
    assert json.loads(slow.executed)["cells"][3]["outputs"][0]["ename"] == "NotebookTimeout"
    none_left(0.5, but=before)


def test_kernels_share_nothing(make_notebook, tmp_path, server):
    probe = (
        "import builtins, json, os, random, sys, numpy\n"
        "seen = ['leak' in globals(), hasattr(builtins, 'leak'), hasattr(json, 'leak'), 'LEAK' in os.environ]\n"
        "leak = builtins.leak = json.leak = os.environ['LEAK'] = 'x'\n"
        "print(seen, os.getpid(), random.random(), numpy.random.random(), numpy.random.default_rng().random())"
    )
    runs = run_notebooks(
        [make_notebook(name, probe) for name in "abc"], {}, cwd=tmp_path, server=server, side_by_side=1
    )
    lines = [outputs(result.executed)[1] for result in runs]
    assert all(line.startswith("[False, False, False, False]") for line in lines)
    columns = list(zip(*(line.rsplit("]", 1)[1].split() for line in lines), strict=True))
    assert [len(set(column)) for column in columns] == [3, 3, 3, 3]


def test_forked_kernel_has_what_a_new_process_has(make_notebook, tmp_path, fork_server):
    """Session, signals, arguments, search path, main module; no history and no start-up files of a person."""
    notebook = make_notebook(
        "a",
        "import os, signal, sys\nos.getsid(0) == os.getpid() == os.getpgrp()",
        "[signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)]",
        "signal.pthread_sigmask(signal.SIG_BLOCK, [])",
        "sys.path, sys.argv[0], sys.argv[1], len(sys.argv), __name__, sys.modules['__main__'].__dict__ is globals()",
        "get_ipython().history_manager.enabled, get_ipython().ipython_dir == os.environ['IPYTHONDIR']",
        "sorted(name for name in os.environ if name not in ('JPY_PARENT_PID', 'LC_CTYPE'))",
        "sys.stdin.read() == '', sys.__stdout__.encoding, sys.flags",
        "import threading; sorted(type(thread).__name__ for thread in threading.enumerate())",
    )
    with run.SpawnServer() as spawning:
        forked_run, new_run = (
            run_notebooks([notebook], {}, cwd=tmp_path, server=server)[0] for server in (fork_server, spawning)
        )
    assert forked_run.ok, forked_run.error
    assert outputs(forked_run.executed) == outputs(new_run.executed)
    assert outputs(forked_run.executed)[1:6:4] == ["True", "(False, True)"]


def test_forked_kernel_keeps_no_descriptor_of_the_server(make_notebook, tmp_path, fork_server):
    source = """import os
def held(process):
    folder = f"/proc/{process}/fd"
    links = {name: os.path.join(folder, name) for name in os.listdir(folder)}
    return {os.readlink(link) for link in links.values() if os.path.lexists(link)}
of_server = held(os.getppid()) - {"/dev/null"}
print(len([name for name in of_server if name.startswith(("socket:", "pipe:"))]), sorted(held("self") & of_server))"""
    (result,) = run_notebooks([make_notebook("a", source)], {}, cwd=tmp_path, server=fork_server)
    assert outputs(result.executed)[1] == "2 []\n"  # its socket and its pipe for signals, and none of them here


def test_interrupt_of_one_kernel_reaches_neither_server_nor_others(make_notebook, tmp_path, fork_server):
    interrupt = "import os, signal, time\nos.killpg(os.getpgrp(), signal.SIGINT)\ntime.sleep(60)"
    notebooks = [make_notebook("one", interrupt), make_notebook("other", "import time; time.sleep(1); 'whole'")]
    one, other = run_notebooks(notebooks, {}, cwd=tmp_path, server=fork_server)
    assert one.error.startswith("one.ipynb: cell 3: KeyboardInterrupt")
    assert other.ok
    assert (
        fork_server.call("synth.errors:Fault", {"file": "f", "line": 1, "column": "c", "message": "m"}).wait().status
        == 0
    )


def test_figure_of_a_forked_kernel_is_shown_as_in_an_ordinary_one(make_notebook, tmp_path):
    source = "from matplotlib import pyplot\nfigure, axes = pyplot.subplots(figsize=(1, 1))\naxes.plot([1, 2]);"
    notebook = make_notebook("a", source, "import matplotlib; matplotlib.get_backend()")
    copies = []
    with forked.ForkServer(["matplotlib.figure"]) as forking, run.SpawnServer() as spawning:
        for server in (forking, spawning):
            (result,) = run_notebooks([notebook], {}, cwd=tmp_path, server=server)
            assert result.ok, result.error
            copies.append(result.executed)
    assert copies[0] == copies[1]
    assert b"image/png" in copies[0]


def test_libraries_that_start_threads_are_not_forked(make_notebook, tmp_path, monkeypatch):
    start = "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()"
    (tmp_path / "threaded.py").write_text(f"import threading, time\n{start}")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    events: list[Event] = []
    with forked.ForkServer(["threaded"]) as server:
        (result,) = run_notebooks([make_notebook("a", "1")], {}, cwd=tmp_path, server=server, on_event=events.append)
    assert result.ok
    assert events[0].kind == "notice"
    assert "the loaded libraries started 1 threads" in events[0].message


def test_error_of_the_listener_ends_the_run_and_its_kernels(make_notebook, tmp_path, marked_server, marked, none_left):
    assert marked_server.problem() == ""
    before = set(marked())
    kernels: set[int] = set()

    def listen(event: Event) -> None:
        if event.cell == 3:
            kernels.update(set(marked()) - before)
            raise BrokenPipeError("nobody reads")

    notebook = make_notebook("a", "import time; time.sleep(600)")
    with pytest.raises(BrokenPipeError, match="nobody reads"):
        run_notebooks([notebook], {}, cwd=tmp_path, server=marked_server, on_event=listen)
    assert len(kernels) == 1
    none_left(0.5, but=before)


def test_refresh_puts_outputs_into_the_file_and_changes_nothing_twice(make_notebook, tmp_path, fork_server):
    notebooks = [make_notebook("a", "1 + 1"), make_notebook("b", "review")]
    notebooks[0].chmod(0o640)
    assert refresh_notebooks(notebooks, cwd=tmp_path, server=fork_server) == notebooks
    assert outputs(notebooks[0].read_bytes()) == ["", "2"]
    assert [cell.get("execution_count") for cell in json.loads(notebooks[0].read_text())["cells"]] == [None, 1, 2]
    assert notebooks[0].stat().st_mode & 0o777 == 0o640
    assert refresh_notebooks(notebooks, cwd=tmp_path, server=fork_server) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.ipynb", "b.ipynb"]


def test_refresh_changes_no_file_when_one_notebook_fails(make_notebook, tmp_path, fork_server):
    notebooks = [make_notebook("a", "1 + 1"), make_notebook("b", "1 / 0")]
    before = [path.read_bytes() for path in notebooks]
    with pytest.raises(NotebookError, match=r"b\.ipynb: cell 3: ZeroDivisionError"):
        refresh_notebooks(notebooks, cwd=tmp_path, server=fork_server)
    assert [path.read_bytes() for path in notebooks] == before


def test_committed_form_of_a_run_with_values_lacks_them(make_notebook, tmp_path, fork_server):
    (result,) = run_notebooks([make_notebook("a", "1")], {"review": "bcg"}, cwd=tmp_path, server=fork_server)
    assert b"bcg" in result.executed
    committed = json.loads(committed_form(result.executed))
    assert [cell.get("execution_count") for cell in committed["cells"]] == [None, 1, 2]
    assert "bcg" not in json.dumps(committed)


def test_a_server_of_its_own_is_closed_after_the_run(make_notebook, tmp_path, monkeypatch):
    opened: list[Server] = []

    def open_one() -> Server:
        opened.append(forked.ForkServer(["numpy"]))
        return opened[0]

    monkeypatch.setattr(run, "open_server", open_one)
    (result,) = run_notebooks([make_notebook("a", "1")], {}, cwd=tmp_path)
    assert result.ok
    assert not opened[0].folder.exists()
