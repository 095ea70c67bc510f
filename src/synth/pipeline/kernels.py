"""Jupyter's side of a kernel: provisioners that take its process from a server, and a manager that papermill is given.

A provisioner is the extension point of jupyter_client for starting kernels in another way; the two here are declared
as entry points in pyproject.toml. The kernelspec that names one exists only in memory and carries the server, so
nothing is installed and no environment variable is changed.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.client import KernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Instance, Type
from traitlets import default as default_of

from synth.pipeline.forked import ForkServer
from synth.pipeline.processes import Process, Server
from synth.pipeline.spawned import SpawnedProcess, SpawnServer

FORKED, TRACKED = "synth-forked", "synth-tracked"

# A kernel's five sockets are files beside its connection file where their paths are short enough for the system
# (sun_path holds 104 bytes on the BSDs, 108 on Linux): no port can then be taken by another program between its choice
# and its use, and nobody else on the machine can connect.
_LONGEST_SOCKET_PATH = 100
_KERNEL_ARGUMENTS = ("-f", "{connection_file}", "--HistoryManager.enabled=False")
_LAUNCHER = ("-m", "ipykernel_launcher")
_ASK_EVERY = 0.25  # seconds between two requests to a kernel that is starting
_CHECK_EVERY = 0.005  # seconds between two looks at a process that was killed
_LONGEST_KILL = 2.0  # seconds


@dataclass(frozen=True, slots=True)
class KernelProcess:
    """A kernel's process, and the file with what it printed outside of cells."""

    process: Process
    log: Path


class ForkedKernelProvisioner(LocalProvisioner):
    """Takes the kernel's process from a `ForkServer`."""

    server = Instance(ForkServer)
    launched: KernelProcess | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel that behaves as this command would, and return how to connect to it."""
        arguments = cmd[1 + len(_LAUNCHER) :]
        cwd = Path(kwargs.get("cwd") or Path.cwd())
        process = await asyncio.to_thread(
            self.server.start_kernel, arguments, cwd=cwd, environment=kwargs.get("env", os.environ)
        )
        # `pgid` stays None: signals go through the server, which alone knows that the number is still this kernel's
        self.process, self.pid, self.cwd = process, process.pid, cwd  # type: ignore[assignment]
        self.launched = KernelProcess(process, process.log)
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and all it started, and wait for it, so that nobody has to look again after 0.1 s."""
        await super().kill(restart)
        await _ended(self)


class TrackedKernelProvisioner(LocalProvisioner):
    """Starts an ordinary kernel and has a `SpawnServer` remember its process."""

    server = Instance(SpawnServer)
    launched: KernelProcess | None = None

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel in a new process, its own output in a file, and return how to connect to it."""
        path = self.server.new_path(".log")
        with path.open("wb") as log:
            info = await super().launch_kernel(cmd, **{**kwargs, "stdout": log, "stderr": subprocess.STDOUT})
        process: Any = self.process
        self.server.remember(process)
        self.launched = KernelProcess(SpawnedProcess(process), path)
        return info

    async def kill(self, restart: bool = False) -> None:
        """End the kernel and wait for it."""
        await super().kill(restart)
        await _ended(self)


async def _ended(provisioner: LocalProvisioner) -> None:
    deadline = time.monotonic() + _LONGEST_KILL
    while await provisioner.poll() is None and time.monotonic() < deadline:
        await asyncio.sleep(_CHECK_EVERY)


class PromptClient(AsyncKernelClient):
    """A client that is ready as soon as the kernel has answered, instead of 0.2 s after its last message."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers and its outputs arrive here.

        A request for information is repeated until the idle status that ends one has arrived. It comes on the channel
        of the outputs, so these arrive too; whatever else answers a request is known by its parent and passed over.

        Raises
        ------
        RuntimeError
            If the kernel ends first, or does not answer within `timeout` seconds.
        """
        deadline = time.monotonic() + (float("inf") if timeout is None else timeout)
        asked: set[str] = set()
        while time.monotonic() < deadline:
            asked.add(self.kernel_info())
            if await self._is_idle_after(asked):
                return
            if not await self.is_alive():
                raise RuntimeError("the kernel ended before it answered")
        raise RuntimeError(f"the kernel did not answer within {timeout} s")

    async def _is_idle_after(self, asked: set[str]) -> bool:
        """Whether the kernel soon reports that one of these requests is done."""
        deadline = time.monotonic() + _ASK_EVERY
        while (left := deadline - time.monotonic()) > 0:
            try:
                message = await self.get_iopub_msg(timeout=left)
            except Empty:
                return False
            is_idle = message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"
            if is_idle and message["parent_header"].get("msg_id") in asked:
                return True
        return False


class NotebookKernelManager(AsyncKernelManager):
    """Manages one kernel; `manager_class` makes the subclass that knows the server."""

    client_factory = Type(PromptClient, klass=KernelClient)

    @property
    def launched(self) -> KernelProcess | None:
        """The kernel's process, also after it has ended; None before it was started."""
        return getattr(self.provisioner, "launched", None)


def manager_class(
    server: Server, on_manager: Callable[[NotebookKernelManager], None]
) -> tuple[str, type[NotebookKernelManager]]:
    """The name of the kernel to ask for, and a manager class that starts it on this server.

    Parameters
    ----------
    server : Server
        Gives the process.
    on_manager : callable
        Told of each manager when it is made, so that its kernel can be stopped from outside.
    """
    name = FORKED if server.forks else TRACKED
    specification = KernelSpec(
        argv=["python", *_LAUNCHER, *_KERNEL_ARGUMENTS],
        display_name="Python 3 (ipykernel)",
        language="python",
        env=server.environment(),
        metadata={"kernel_provisioner": {"provisioner_name": name, "config": {"server": server}}},
    )
    # made once, here: threads that ask for the singleton at the same time would make two
    KernelProvisionerFactory.instance()

    class OneKernelSpecManager(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 - there is one
            return specification

    class Manager(NotebookKernelManager):
        def __init__(self, **options: Any) -> None:
            path = server.new_path(".json")
            if len(str(path)) <= _LONGEST_SOCKET_PATH and os.name == "posix":
                options["transport"] = "ipc"
            super().__init__(connection_file=str(path), **options)
            on_manager(self)

        @default_of("kernel_spec_manager")
        def _one_specification(self) -> KernelSpecManager:
            return OneKernelSpecManager()

    return name, Manager
