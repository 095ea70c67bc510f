"""What a run tells while it goes on, and what comes of each notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What has just happened in a run; told in the thread that called `run_notebooks`.

    Attributes
    ----------
    kind : {"notice", "started", "cell", "finished", "failed"}
        ``cell``: the notebook has come to its cell number `cell` of `cells`.
    notebook : str
        File name; empty for a notice.
    seconds : float
        Since the notebook started.
    cell, cells : int
        Counted from 1, text cells included; 0 before the first.
    message : str
        The notice, or why the notebook failed.
    """

    kind: Literal["notice", "started", "cell", "finished", "failed"]
    notebook: str = ""
    seconds: float = 0.0
    cell: int = 0
    cells: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookRun:
    """A notebook that was run.

    Attributes
    ----------
    name : str
        File name.
    seconds : float
        From kernel start to the last output.
    executed : bytes
        The executed notebook's file, the same for the same inputs; of a failed one as far as it came, with a note in
        its first cell.
    ok : bool
        Whether every cell ran without an error.
    error : str
        Notebook, cell and cause of a failure, else empty.
    """

    name: str
    seconds: float
    executed: bytes
    ok: bool
    error: str = ""
