"""The facts of one body of evidence, as plain numbers and texts, from which every suggestion is computed.

Effects stand on the analysis scale, on which no effect is 0; `Pool.natural` turns them into what people read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from synth.certainty.grade.types import Kind
from synth.effects.intervals import Interval

#: What a study at low, unclear and high risk is called here, whatever its tool calls it.
Risk = Literal["low", "unclear", "high"]

#: Judgements of the one tool whose words the rule on risk of bias can be read in. ROBINS-I has levels too, but no page
#: that could be read says how they become steps.
RISK_OF_JUDGEMENT: Mapping[str, Mapping[str, Risk]] = {
    "rob2": {"low": "low", "some concerns": "unclear", "high": "high"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a tool for risk of bias says of one study.

    Attributes
    ----------
    tool : str
        Its short name.
    risks : tuple of Risk
        Every risk that the tool's algorithm leaves possible, best first; empty where the tool has no algorithm that
        can be read as a risk.
    words : str
        The same in the tool's words; empty without an algorithm.
    tally : tuple of (str, int)
        How often each answer was given, open items left out.
    items : int
        All items.
    by_person : bool
        Whether a person gave any of the answers; False where software or nobody did.
    """

    tool: str
    risks: tuple[Risk, ...] = ()
    words: str = ""
    tally: tuple[tuple[str, int], ...] = ()
    items: int = 0
    by_person: bool = False

    @property
    def told(self) -> str:
        """The judgement in words, else the answers."""
        if self.words:
            return self.words
        still = self.items - sum(count for _, count in self.tally)
        return ", ".join([*(f"{count} {answer}" for answer, count in self.tally), f"{still} open"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One study of the body.

    Attributes
    ----------
    study_id, design, selection, source_level, funding : str
        As extracted; empty where not seen.
    n : int or None
        People, or what else was counted; None where not seen.
    weight : float or None
        Share of the pool, 0 to 1; None where nothing is pooled.
    estimate : float or None
        On the analysis scale.
    interval : tuple of float, or None
        Main line.
    widest : tuple of float, or None
        From the lowest to the highest limit under any assumption (rule 4); as `interval` where none is made.
    direction : str
        higher, lower, no change; empty where not seen.
    judgement : Judgement or None
        None where the study was not appraised.
    random : bool or None
        Whether a random sequence allocated its arms; None where that does not apply or was not seen.
    """

    study_id: str
    design: str = ""
    selection: str = ""
    source_level: str = ""
    funding: str = ""
    n: int | None = None
    weight: float | None = None
    estimate: float | None = None
    interval: Interval | None = None
    widest: Interval | None = None
    direction: str = ""
    judgement: Judgement | None = None
    random: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What is left of the spread after one characteristic of studies."""

    label: str
    i2: float
    r2: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool that is the main result.

    Attributes
    ----------
    k : int
    measure : str
        Code of the measure.
    estimate, interval
        On the analysis scale.
    prediction : tuple of float, or None
    i2 : float or None
        0 to 1.
    i2_interval : tuple of float, or None
    tau : float
        On the analysis scale.
    explained : tuple of Explained
        One for each number of the protocol that the pool was related to.
    tests : tuple of (str, float)
        Name and p value of each test for small-study effects; empty below ten studies.
    natural : callable
        From the analysis scale to what people read.
    refit : callable
        Interval of the pool of some studies alone, by their ids; None where fewer than two are left.
    held : callable
        The same with all else held as in the pool: the variance between studies, and the width of the interval in
        standard errors; None where fewer than three are left.
    """

    k: int
    measure: str
    estimate: float
    interval: Interval
    prediction: Interval | None = None
    i2: float | None = None
    i2_interval: Interval | None = None
    tau: float = 0.0
    explained: tuple[Explained, ...] = ()
    tests: tuple[tuple[str, float], ...] = ()
    natural: Callable[[float], float] = field(default=float, compare=False, repr=False)
    refit: Callable[[Iterable[str]], Interval | None] = field(default=lambda _: None, compare=False, repr=False)
    held: Callable[[Iterable[str]], Interval | None] = field(default=lambda _: None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Information:
    """The optimal information size, as planned.

    Attributes
    ----------
    required : int
        People in both arms together.
    text : str
        Inputs in words.
    """

    required: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One body of evidence.

    Attributes
    ----------
    kind : {"uncontrolled", "comparison"}
    randomised : bool
        Whether every comparison is one of trials; False for uncontrolled evidence.
    single_cases : bool
        Whether there is nothing but single patients.
    studies : tuple of Study
        Those that contribute, one entry a study.
    people : int or None
        People over all studies, each counted once; None where no study states them.
    at_most : bool
        Whether some may be counted twice, or what was counted are not people.
    people_from : (int, int)
        Studies that state n, of how many.
    events : int or None
        Events over both arms of a comparison.
    pool : Pool or None
        None where nothing is pooled, and for two studies, whose pool is a sensitivity analysis.
    important : float or None
        The chosen important difference, above 0, in the unit of the estimates.
    important_in : str
        In whom that difference was found.
    surrogate_for : str
        The outcome that this one stands in for.
    information : Information or None
    searched : str
        What the review may call itself: "systematic review" after a search, else what it is instead.
    post_hoc : bool
        Whether the protocol was written after figures had been seen, so that nothing in it was planned before them.
    level : float
        Confidence level of every interval, a proportion.
    """

    kind: Kind
    randomised: bool = False
    single_cases: bool = False
    studies: tuple[Study, ...] = ()
    people: int | None = None
    at_most: bool = False
    people_from: tuple[int, int] = (0, 0)
    events: int | None = None
    pool: Pool | None = None
    important: float | None = None
    important_in: str = ""
    surrogate_for: str = ""
    information: Information | None = None
    searched: str = "evidence map"
    post_hoc: bool = False
    level: float = 0.95

    @property
    def counted(self) -> str:
        """How many people, in words."""
        if self.people is None:
            return "no number of people was seen"
        stated, of = self.people_from
        number = f"at most {self.people}" if self.at_most else str(self.people)
        return f"{number} people" + ("" if stated == of else f" in the {stated} of {of} studies that state it")

    def share(self, study: Study) -> float:
        """How much of the information a study carries: its weight, else its share of people, else one study of all."""
        if study.weight is not None:
            return study.weight
        sizes = [item.n for item in self.studies]
        if all(size is not None for size in sizes) and sum(size or 0 for size in sizes) > 0:
            return (study.n or 0) / sum(size or 0 for size in sizes)
        return 1 / len(self.studies)

    @property
    def shared_by(self) -> str:
        """What `share` is a share of."""
        if any(study.weight is not None for study in self.studies):
            return "weight"
        return "people" if all(study.n is not None for study in self.studies) else "studies"


def holds(interval: Interval, value: float) -> bool:
    """Whether a value lies in an interval, its limits included."""
    return interval[0] <= value <= interval[1]


def apart(one: Interval, other: Interval) -> bool:
    """Whether two intervals have no value in common."""
    return one[1] < other[0] or other[1] < one[0]
