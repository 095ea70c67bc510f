"""One thing to do, and the list of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from synth.display import TextTable
from synth.synthesis.ladder import Rung
from synth.synthesis.worklist.pieces import Kind
from synth.synthesis.worklist.world import height


@dataclass(frozen=True, kw_only=True)
class Task:
    """One missing piece.

    Attributes
    ----------
    study_id : str
        Whose it is; empty for a study that nobody has found yet.
    procedure, outcome, instrument : str
        Ids of the protocol; outcome and instrument are empty where the piece is of the whole study.
    kind : Kind
    missing : str
        What is missing, in words.
    why : str
        Why it matters.
    where : str
        Where it may be found.
    rung : Rung or None
        Where the answer stands; None where the piece is of no answer.
    alone : Rung or None
        Where it would stand with this piece and nothing else.
    together : Rung or None
        Where it would stand with the smallest set of missing pieces in which this one is needed to reach the highest
        rung it can help to reach.
    others : tuple of str
        The other pieces of that set, in words.
    gain : str
        What the piece gives where it lifts no answer.
    main : bool
        Whether procedure and outcome are main ones of the protocol.
    """

    study_id: str
    procedure: str
    outcome: str = ""
    instrument: str = ""
    kind: Kind
    missing: str
    why: str
    where: str
    rung: Rung | None = None
    alone: Rung | None = None
    together: Rung | None = None
    others: tuple[str, ...] = ()
    gain: str = ""
    main: bool = False

    @property
    def highest(self) -> int:
        """How high the answer can stand with the piece and others, by place in the ladder; -1 without a gain."""
        if self.rung is None or self.together is None or height(self.together) <= height(self.rung):
            return -1
        return height(self.together)

    @property
    def unlocks(self) -> str:
        """Which rung it unlocks, alone and together with what else, in a sentence."""
        if self.rung is None or self.alone is None or self.together is None:
            return self.gain
        lifted = height(self.alone) > height(self.rung)
        alone = f"Alone: {self.alone}." if lifted else f"Alone: no higher rung than now ({self.rung})."
        if height(self.together) > height(self.alone) and self.others:
            alone += f" With {len(self.others)} more: {self.together}. They are: {'; '.join(self.others)}."
        return " ".join(filter(None, [alone, self.gain]))


@dataclass(frozen=True, repr=False)
class WorkList:
    """Everything that is missing, what unlocks most for the main question first.

    Attributes
    ----------
    tasks : tuple of Task
    """

    tasks: tuple[Task, ...]

    def __iter__(self) -> Iterator[Task]:
        return iter(self.tasks)

    def __len__(self) -> int:
        return len(self.tasks)

    def of_study(self, study: str) -> tuple[Task, ...]:
        """The tasks of one study, in the same order."""
        return tuple(task for task in self.tasks if task.study_id == study)

    def of_procedure(self, procedure: str) -> tuple[Task, ...]:
        """The tasks of one procedure, in the same order."""
        return tuple(task for task in self.tasks if task.procedure == procedure)

    @property
    def lifting(self) -> tuple[Task, ...]:
        """The tasks that lift an answer, alone or with others."""
        return tuple(task for task in self.tasks if task.highest >= 0)

    def table(self) -> Any:
        """One row a task, every text in full (a DataFrame)."""
        import pandas as pd

        rows = [
            {
                "study": task.study_id or "not found yet",
                "procedure": task.procedure,
                "outcome": task.outcome,
                "instrument": task.instrument,
                "kind": task.kind.name.lower(),
                "missing": task.missing,
                "why": task.why,
                "now": "" if task.rung is None else str(task.rung),
                "alone": "" if task.alone is None else str(task.alone),
                "together": "" if task.together is None else str(task.together),
                "others": "; ".join(task.others),
                "unlocks": task.unlocks,
                "where": task.where,
            }
            for task in self.tasks
        ]
        return pd.DataFrame(rows)

    def show(self, *, lifting_only: bool = False) -> TextTable:
        """The list for a notebook; only the tasks that lift an answer, if asked for."""
        import pandas as pd

        rows = [
            {
                "Study": task.study_id or "not found yet",
                "For": task.procedure + (f": {task.outcome}" if task.outcome else ""),
                "Missing": task.missing,
                "Why it matters": task.why,
                "What it unlocks": task.unlocks,
                "Where it may be found": task.where,
            }
            for task in (self.lifting if lifting_only else self.tasks)
        ]
        caption = "What is missing, what unlocks most for the main outcomes of the main procedures first"
        return TextTable(pd.DataFrame(rows), caption, "Nothing is missing.")

    def __repr__(self) -> str:
        return f"WorkList({len(self)} tasks, {len(self.lifting)} lift an answer)"

    def _repr_html_(self) -> str:
        return self.show()._repr_html_()
