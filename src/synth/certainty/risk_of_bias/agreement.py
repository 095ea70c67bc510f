"""Agreement of two reviewers on the items that both answered.

Kappa is for two named people (rule 3 of the methods): where one of the two is software, the shared answers are counted
and no kappa is given. A consensus is no reviewer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from synth.certainty.risk_of_bias.answers import CONSENSUS
from synth.certainty.risk_of_bias.kappa import Kappa, kappa_of
from synth.certainty.tools import tool
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
        Counts, and kappa with its 95% interval where it is defined and both are people.
    """

    tool: str
    item: str
    reviewers: tuple[str, str]
    names: tuple[str, str]
    figures: Kappa

    @property
    def share(self) -> float:
        """Share of the items on which both gave the same answer, 0 to 1; NaN where there is none."""
        return self.figures.agreed / self.figures.n if self.figures.n else float("nan")

    @property
    def sentence(self) -> str:
        """The agreement in words."""
        about = tool(self.tool).short + (f", item {self.item}" if self.item else "")
        first, second = self.names
        counted = (
            f"{about}: {first} and {second} gave the same answer to {self.figures.agreed} of {self.figures.n} items"
        )
        if self.figures.value is None or self.figures.low is None or self.figures.high is None:
            return f"{counted}. {self.figures.remark}"
        # The normal interval can pass 1, which kappa cannot.
        interval = f"{_shown(self.figures.low)} to {_shown(min(self.figures.high, 1.0))}"
        words = f"{counted}; Cohen's kappa {_shown(self.figures.value)} (95% interval {interval})."
        return f"{words} {self.figures.remark}".strip()


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
        figures = kappa_of([answers[first][key] for key in keys], [answers[second][key] for key in keys])
        if software:
            remark = (
                f"No kappa is given: {' and '.join(software)} {_is(software)} software, and kappa is for two people."
            )
            figures = Kappa(figures.n, figures.agreed, None, None, None, None, remark)
        elif not item and figures.value is not None:
            figures = Kappa(
                *(figures.n, figures.agreed, figures.value, figures.error, figures.low, figures.high),
                f"{figures.remark} {_DEPENDENT}".strip(),
            )
        yield Agreement(tool_id, item, (first, second), names, figures)


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
