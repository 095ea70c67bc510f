"""Agreement of two reviewers on the items that both answered.

Kappa is for two named people (rule 3 of the methods): where one of the two is software, the shared answers are counted
and no kappa is given. A consensus is no reviewer. "unclear: abstract only" is no answer of a tool but what stands where
nothing could be seen: such items are counted apart and enter neither the shared answers nor kappa.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import pandas as pd

from synth.certainty.risk_of_bias.answers import CONSENSUS
from synth.certainty.risk_of_bias.kappa import Kappa, kappa_of
from synth.certainty.tools import ABSTRACT_ONLY, tool
from synth.protocol.parts import Contributor

_DEPENDENT = "The interval takes all answers as independent, although several are of one study."
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement of two reviewers with one tool, on one item or on all.

    Attributes
    ----------
    tool : str
        Id of the tool.
    item : str
        Number of the item; empty for all items together.
    reviewers : tuple of str
        Ids of the two.
    names : tuple of str
        Their names.
    figures : Kappa
        Counts, and kappa with its 95% interval where it is defined and both are people; of the items to which both gave
        an answer of the tool.
    open_by_both, open_by_one : int
        Further items that both, or one of the two, left open as what an abstract cannot tell.
    """

    tool: str
    item: str
    reviewers: tuple[str, str]
    names: tuple[str, str]
    figures: Kappa
    open_by_both: int = 0
    open_by_one: int = 0

    @property
    def share(self) -> float:
        """Share of the items on which both gave the same answer, 0 to 1; NaN where there is none."""
        return self.figures.agreed / self.figures.n if self.figures.n else float("nan")

    @property
    def sentence(self) -> str:
        """The agreement in words."""
        about = tool(self.tool).short + (f", item {self.item}" if self.item else "")
        first, second = self.names
        if not self.figures.n:
            said = f"{about}: no item was answered by both {first} and {second}."
        else:
            items = f"{self.figures.agreed} of {_items(self.figures.n)}"
            said = f"{about}: {first} and {second} gave the same answer to {items}{self._kappa} {self.figures.remark}"
        return " ".join(filter(None, (said.strip(), self._left_open)))

    @property
    def _kappa(self) -> str:
        if self.figures.value is None:
            return "."
        value = f"; Cohen's kappa {_shown(self.figures.value)}"
        if self.figures.low is None or self.figures.high is None:
            return f"{value}, without an interval."
        # The normal interval can pass 1, which kappa cannot.
        return f"{value} (95% interval {_shown(self.figures.low)} to {_shown(min(self.figures.high, 1.0))})."

    @property
    def _left_open(self) -> str:
        """How many items are not counted because a reviewer could not see the answer."""
        counts = ((self.open_by_both, "both"), (self.open_by_one, "one of the two"))
        listed = [f"{_items(count)} left open by {whom}" for count, whom in counts if count]
        return f"Not counted: {', '.join(listed)} (“{ABSTRACT_ONLY}”)." if listed else ""


def _items(count: int) -> str:
    return f"{count} item" if count == 1 else f"{count} items"


def _shown(value: float) -> str:
    """Two decimals with a minus sign, and no minus before zero."""
    text = f"{value:.2f}"
    return text.replace("-", "−") if float(text) else "0.00"


def agreements_of(people: Sequence[Contributor], rows: pd.DataFrame) -> tuple[Agreement, ...]:
    """The agreement of every two reviewers who answered the same items.

    Parameters
    ----------
    people : sequence of Contributor
        Who the reviewers are; their order is that of the pairs.
    rows : DataFrame of str
        Rows of certainty/risk_of_bias.csv.

    Returns
    -------
    tuple of Agreement
        For each tool and two reviewers all items together first, then each item.
    """
    return tuple(_agreements({person.id: person for person in people}, rows))


def _agreements(people: Mapping[str, Contributor], rows: pd.DataFrame) -> Iterator[Agreement]:
    own = rows[rows["reviewer"] != CONSENSUS]
    order = list(people)
    for tool_id in dict.fromkeys(own["tool"]):
        of_tool = own[own["tool"] == tool_id]
        answers: dict[str, dict[Key, str]] = {}
        for study, result, item, reviewer, answer in zip(
            *(of_tool[name] for name in ("study_id", "result", "item", "reviewer", "answer")), strict=True
        ):
            answers.setdefault(reviewer, {})[(study, result, item)] = answer
        for pair in combinations(sorted(answers, key=order.index), 2):
            yield from _of_pair(people, tool_id, pair, answers)


def _of_pair(
    people: Mapping[str, Contributor], tool_id: str, pair: tuple[str, str], answers: Mapping[str, Mapping[Key, str]]
) -> Iterator[Agreement]:
    first, second = pair
    names = (people[first].name, people[second].name)
    software = [people[name].name for name in pair if people[name].kind != "person"]
    items = [item.id for item in tool(tool_id).items]
    shared = [key for key in answers[first] if key in answers[second] and key[2] in items]
    numbers = [number for number in items if any(key[2] == number for key in shared)]
    for item in ["", *numbers] if shared else []:
        keys = [key for key in shared if item in ("", key[2])]
        said = [(answers[first][key], answers[second][key]) for key in keys]
        seen = [both for both in said if ABSTRACT_ONLY not in both]
        by_both = sum(set(both) == {ABSTRACT_ONLY} for both in said)
        figures = _figures(seen, software, whole=not item)
        yield Agreement(tool_id, item, pair, names, figures, by_both, len(said) - len(seen) - by_both)


def _figures(seen: Sequence[tuple[str, str]], software: Sequence[str], *, whole: bool) -> Kappa:
    """Counts and kappa of two reviewers; no kappa where one of them is software."""
    figures = kappa_of([first for first, _ in seen], [second for _, second in seen])
    if software:
        are = "is" if len(software) == 1 else "are"
        remark = f"No kappa is given: {' and '.join(software)} {are} software, and kappa is for two people."
        return Kappa(figures.n, figures.agreed, None, None, None, None, remark)
    if whole and figures.low is not None:
        return replace(figures, remark=f"{figures.remark} {_DEPENDENT}".strip())
    return figures
