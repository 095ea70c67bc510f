"""A process that has the libraries loaded and forks a kernel, or a function call, on request.

Run by `synth.pipeline.forked`, never by hand::

    python -m synth.pipeline.forkserver --socket 5 --folder /tmp/synth-1 --preload '["pandas"]'
    python -m synth.pipeline.forkserver --call package.module:function < arguments.json

It loads libraries and nothing else, no evidence and no result, so a forked kernel knows what a new process would know
after the same imports. It has one thread, because a fork copies only the thread that asks for it, and it owns no
sockets but the one to its owner. When that one closes, even by kill -9 of the owner, every child is killed.

Requests and answers are lines of JSON. ``{"request": 1, "kind": "kernel", "arguments": [...]}`` and ``{"request": 2,
"kind": "call", "function": "module:name", "arguments": {...}}`` (both with ``cwd``, ``environment`` and ``log``) are
answered by ``started`` and later ``exited``; ``{"request": 1, "kind": "signal", "signal": 9}`` is not answered.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import importlib.util
import json
import os
import select
import shutil
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

INLINE_BACKEND = "module://matplotlib_inline.backend_inline"
_OWNED_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD") if hasattr(signal, name)
)
_PR_SET_PDEATHSIG = 1  # prctl(2) on Linux


def main(arguments: list[str] | None = None) -> int:
    """Run the server until its owner closes the socket, or make one call."""
    parser = argparse.ArgumentParser(prog="python -m synth.pipeline.forkserver")
    parser.add_argument("--socket", type=int)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--preload", type=json.loads, default=[])
    parser.add_argument("--call")
    options = parser.parse_args(arguments)
    # `python -m` puts the current folder first; a kernel must not find modules there that it would not find otherwise
    if sys.path and sys.path[0] in ("", str(Path.cwd())):
        del sys.path[0]
    if options.call:
        _watch(os.getppid())
        return run_call(options.call, json.load(sys.stdin))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return ForkingLoop(socket.socket(fileno=options.socket), options.folder).run(options.preload)


def run_call(function: str, arguments: dict[str, Any]) -> int:
    """Call `module:name` with keyword arguments; its exit status in the manner of a command.

    None and 0 are success, another whole number is the status, an exception is printed and gives 1.
    """
    module, _, name = function.partition(":")
    try:
        result = getattr(importlib.import_module(module), name)(**arguments)
    except SystemExit as stop:
        result = stop.code
        if isinstance(result, str):
            sys.stderr.write(result + "\n")
            result = 1
    except BaseException:  # noqa: BLE001 - whatever a call raises is its result
        traceback.print_exc()
        result = 1
    return result if isinstance(result, int) else 0


def run_kernel(arguments: list[str]) -> int:
    """Be an IPython kernel, as ``python -m ipykernel_launcher`` with these arguments."""
    from ipykernel.kernelapp import IPKernelApp

    launcher = importlib.util.find_spec("ipykernel_launcher")
    sys.argv = [str(launcher.origin) if launcher else "", *arguments]
    # the application's own default was read from the environment when ipykernel was imported
    application: Any = IPKernelApp.instance(parent_handle=os.getppid())
    application.initialize(arguments)
    application.start()
    return 0


class ForkingLoop:
    """The server's single loop: read requests, fork, report what has ended.

    Parameters
    ----------
    connection : socket.socket
        Stream socket to the owner.
    folder : Path
        The owner's temporary folder; removed at the end, since an owner that was killed cannot do it.
    """

    def __init__(self, connection: socket.socket, folder: Path) -> None:
        self._connection = connection
        self._folder = folder
        self._children: dict[int, int] = {}  # process id -> request
        self._process = os.getpid()
        self._set_by_libraries: dict[str, str] = {}
        self._unread = b""
        self._stopping = False
        self._signal_out, self._signal_in = os.pipe()
        os.set_blocking(self._signal_in, False)
        os.set_blocking(self._signal_out, False)

    def run(self, preload: list[str]) -> int:
        """Load the modules, say so, and serve until the owner is gone."""
        before = dict(os.environ)
        skipped = load(preload)
        self._set_by_libraries = {name: value for name, value in os.environ.items() if before.get(name) != value}
        threads = _thread_count()
        if threads > 1:
            self._send({"event": "unfit", "reason": f"the loaded libraries started {threads - 1} threads"})
            return 1
        self._warm()
        for number in _OWNED_SIGNALS:
            if number != signal.SIGINT:
                signal.signal(number, self._on_signal)
        signal.set_wakeup_fd(self._signal_in, warn_on_full_buffer=False)
        self._send({"event": "ready", "skipped": skipped})
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._end_children()
            shutil.rmtree(self._folder, ignore_errors=True)
        return 0

    @staticmethod
    def _warm() -> None:
        """Put all that is loaded out of the collector's reach: forked children then share these pages for longer."""
        gc.collect()
        gc.freeze()

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._stopping = True

    def _turn(self) -> None:
        connection = self._connection.fileno()
        ready, _, _ = select.select([connection, self._signal_out], [], [])
        if self._signal_out in ready:
            os.read(self._signal_out, 4096)
            self._reap()
        if connection in ready:
            try:
                data = self._connection.recv(65536)
            except ConnectionError:
                data = b""
            if not data:
                self._stopping = True
                return
            *lines, self._unread = (self._unread + data).split(b"\n")
            for line in lines:
                self._answer(json.loads(line))

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._connection.sendall(json.dumps(message).encode() + b"\n")
        except OSError:  # the owner is gone
            self._stopping = True

    def _answer(self, request: dict[str, Any]) -> None:
        if request["kind"] == "signal":
            for pid, number in self._children.items():
                if number == request["request"]:
                    _signal_group(pid, request["signal"])
            return
        old_mask = signal.pthread_sigmask(signal.SIG_BLOCK, _OWNED_SIGNALS)
        try:
            pid = os.fork()
        except OSError as error:
            signal.pthread_sigmask(signal.SIG_SETMASK, old_mask)
            self._send({"event": "refused", "request": request["request"], "reason": str(error)})
            return
        if pid == 0:
            self._be_child(request)
        self._children[pid] = request["request"]
        signal.pthread_sigmask(signal.SIG_SETMASK, old_mask)
        self._send({"event": "started", "request": request["request"], "pid": pid})

    def _reap(self) -> None:
        for pid in list(self._children):
            # looked at before it is collected: until then its number, and so its group's, belongs to nobody else
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            _signal_group(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            code = os.waitstatus_to_exitcode(status)
            self._send({"event": "exited", "request": self._children.pop(pid), "code": code})

    def _end_children(self) -> None:
        for pid in self._children:
            _signal_group(pid, signal.SIGKILL)
        for pid in self._children:
            os.waitpid(pid, 0)

    def _be_child(self, request: dict[str, Any]) -> NoReturn:
        """Become what was asked for; never return to the loop, nor run what was registered for the server's exit."""
        code = 1
        try:
            request["environment"] = {**self._set_by_libraries, **request["environment"]}
            request["server"] = self._process
            become_new_process(request, [self._connection.fileno(), self._signal_in, self._signal_out])
            if request["kind"] == "kernel":
                code = run_kernel(request["arguments"])
            else:
                code = run_call(request["function"], request["arguments"])
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
        except BaseException:  # noqa: BLE001 - it must not get back into the server's loop
            traceback.print_exc()
        finally:
            for stream in (sys.__stdout__, sys.__stderr__):
                if stream is not None:
                    with contextlib.suppress(OSError, ValueError):  # the code that ran may have closed it
                        stream.flush()
            os._exit(code & 0xFF)


def become_new_process(request: dict[str, Any], inherited: list[int]) -> None:
    """Give a forked child what a new process would have of its own.

    A session (an interrupt then reaches this child alone), signal handlers, standard streams, environment, folder,
    random seeds, and the figure backend that a kernel chooses by environment variable before matplotlib is imported.
    """
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in _OWNED_SIGNALS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _OWNED_SIGNALS)
    for descriptor in inherited:
        os.close(descriptor)
    _die_with(request["server"])
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((null, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(null)
    os.close(log)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["cwd"])
    _reseed()
    _choose_figure_backend(kernel=request["kind"] == "kernel")


def load(modules: list[str]) -> dict[str, str]:
    """Import each module; what cannot be imported is left to the notebook that asks for it, with the reason here."""
    skipped: dict[str, str] = {}
    for name in modules:
        try:
            importlib.import_module(name)
        except Exception as error:  # noqa: BLE001 - a library may fail in any way while it is imported
            skipped[name] = f"{type(error).__name__}: {error}"
    return skipped


def _reseed() -> None:
    """Fresh entropy for the generators that live in a module; Python reseeds its own `random` after a fork."""
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()


def _choose_figure_backend(*, kernel: bool) -> None:
    matplotlib: Any = sys.modules.get("matplotlib")
    if matplotlib is None:
        return
    backend = os.environ.get("MPLBACKEND") or (INLINE_BACKEND if kernel else "")
    if backend:
        matplotlib.rcParams["backend"] = backend


def _signal_group(pid: int, number: int) -> None:
    """Signal a child's whole group, or the child alone while it has none of its own yet."""
    for send in (os.killpg, os.kill):
        try:
            send(pid, number)
        except ProcessLookupError:
            continue
        else:
            return


def _thread_count() -> int:
    """Threads of this process, those of native libraries included where the system tells."""
    try:
        return len(list(Path("/proc/self/task").iterdir()))
    except OSError:
        return threading.active_count()


def _watch(parent: int) -> None:
    """End this process within a second of its parent's end; for a call that has a process of its own."""

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)

    if sys.platform != "win32":  # there a process keeps the number of its parent for ever
        threading.Thread(target=look, daemon=True).start()


def _die_with(parent: int) -> None:
    """Ask Linux to kill this process when its parent ends, whatever ended it.

    Only for a child of the server: what counts for Linux is the thread that made the process, and the server has one.
    """
    if not sys.platform.startswith("linux"):
        return
    import ctypes

    prctl: Callable[..., int] = ctypes.CDLL(None, use_errno=True).prctl
    prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the request was in force
        os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
