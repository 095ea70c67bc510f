"""Where kernels and function calls get their processes: forked from a preloaded server, or new ones.

`open_server` gives the quick kind where the system can fork safely, else the ordinary kind; both have the same
interface, and closing either leaves none of its processes behind. ``SYNTH_KERNELS=fork`` or ``spawn`` in the
environment decides instead. Importing this module is cheap, so that a server can load its libraries while the caller
imports its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from synth.errors import ParameterError
from synth.pipeline.forked import DEFAULT_PRELOAD, ForkServer
from synth.pipeline.processes import Server
from synth.pipeline.spawned import SpawnServer

KERNELS_VARIABLE = "SYNTH_KERNELS"


def open_server(preload: Sequence[str] = DEFAULT_PRELOAD) -> Server:
    """A server of the kind that suits this system; returns at once, the libraries are loaded meanwhile.

    Raises
    ------
    ParameterError
        If ``SYNTH_KERNELS`` is set to anything but ``fork`` and ``spawn``, or to ``fork`` where that is not safe.
    """
    wish = os.environ.get(KERNELS_VARIABLE, "")
    if wish not in ("", "fork", "spawn"):
        raise ParameterError(f"{KERNELS_VARIABLE}={wish}: fork or spawn is expected, or leave it unset")
    if wish == "fork" and not can_fork():
        raise ParameterError(
            f"{KERNELS_VARIABLE}=fork: this system ({sys.platform}) cannot fork safely; leave it unset"
        )
    return ForkServer(preload) if wish != "spawn" and can_fork() else SpawnServer()


def can_fork() -> bool:
    """Whether a process with libraries loaded may be forked and go on in the child.

    Not on Windows, which has no fork, and not on macOS, whose system libraries may start threads at any time; Python
    itself stopped forking there by default (bpo-33725).
    """
    return hasattr(os, "fork") and hasattr(os, "waitid") and sys.platform != "darwin"
