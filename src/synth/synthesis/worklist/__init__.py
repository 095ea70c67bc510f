"""The researcher's work-list: what is missing of each study, what it would unlock, and where it may be found."""

from __future__ import annotations

from synth.synthesis.worklist.build import worklist
from synth.synthesis.worklist.pieces import Kind, Piece
from synth.synthesis.worklist.task import Task, WorkList

__all__ = ["Kind", "Piece", "Task", "WorkList", "worklist"]
