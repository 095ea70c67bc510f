"""Notebooks run side by side, each in a kernel of its own, and refused before that where their parameters do not fit.

    with open_server() as server, ProgressDisplay(notebooks) as display:
        runs = run_notebooks(notebooks, {"review": "ifi"}, cwd=root, server=server, on_event=display)
    raise_for_failures(runs, keep=keep)

============== =====================================================================================
`run`          the functions to call
`events`       what a run tells and what comes of it
`parameters`   what a notebook declares; the check of given values
`servers`      where kernels and function calls get their processes: `open_server` chooses between
`forked`       children of a preloaded process, whose own code is `forkserver`, and
`spawned`      ordinary new ones; `processes` is what both have in common
`kernels`      Jupyter's provisioners and manager for these processes
`crew`         the threads, one papermill call at a time in each
`notebookform` executed notebooks without what differs from run to run
`progress`     the display
============== =====================================================================================
"""

from __future__ import annotations

from synth.pipeline.events import Event, NotebookRun
from synth.pipeline.forked import DEFAULT_PRELOAD
from synth.pipeline.parameters import Parameter, check, inspect
from synth.pipeline.processes import Call, CallResult, Server
from synth.pipeline.progress import ProgressDisplay
from synth.pipeline.run import (
    INTERRUPTED,
    committed_form,
    exit_on_interrupt,
    raise_for_failures,
    refresh_notebooks,
    run_notebooks,
)
from synth.pipeline.servers import open_server

__all__ = [
    "DEFAULT_PRELOAD",
    "INTERRUPTED",
    "Call",
    "CallResult",
    "Event",
    "NotebookRun",
    "Parameter",
    "ProgressDisplay",
    "Server",
    "check",
    "committed_form",
    "exit_on_interrupt",
    "inspect",
    "open_server",
    "raise_for_failures",
    "refresh_notebooks",
    "run_notebooks",
]
