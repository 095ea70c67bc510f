"""What may be said of a comparison: direction and interval in the words of its level, and no word of size.

A word of size needs a threshold that was planned before (the U.S. GRADE Network on GRADE guidelines 26, read at
https://usblog.gradeworkinggroup.org/2020/02/research-shorts-informative-statements.html); a protocol plans none for
comparisons, so none is used, and "little or no difference" is not said either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from synth.certainty.grade.counts_alone import counts_seen, no_effect_computed, why_no_effect
from synth.certainty.grade.types import Level, Rating
from synth.certainty.summary.notes import between_levels
from synth.certainty.summary.types import Statement
from synth.certainty.summary.words import capital, counted, inside, listing, span
from synth.effects.intervals import Interval
from synth.effects.measures import MEASURES
from synth.errors import MethodError
from synth.protocol import Protocol
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.sensitivity_tables import decimals_of

Direction = Literal["less", "more", "open", "none"]

NO_SIZE = "No threshold of size is planned, so nothing is said of how large an effect is."

#: The verb by level; where no level allows one, there is none (rule 23 and the sources of `synth.certainty.wording`).
_VERB = {Level.HIGH: "makes", Level.MODERATE: "probably makes", Level.LOW: "may make"}

#: The verb of a level that reasons which nobody has judged can still take away.
_VERB_IF = {Level.HIGH: "would make", Level.MODERATE: "would probably make", Level.LOW: "may make"}


@dataclass(frozen=True, slots=True)
class MainResult:
    """The effect that the words are about.

    Attributes
    ----------
    measure : str
        Code in `synth.effects.measures.MEASURES`.
    estimate : float
        Natural scale.
    interval : tuple of float
    prediction : tuple of float, or None
    level : float
        Of both intervals, a proportion.
    studies : int
    """

    measure: str
    estimate: float
    interval: Interval
    prediction: Interval | None
    level: float
    studies: int

    @property
    def no_difference(self) -> float:
        """The natural value that means no difference."""
        value = MEASURES[self.measure].no_difference
        if value is None:
            raise MethodError(f"measure {self.measure!r} compares nothing")
        return value

    @property
    def direction(self) -> Direction:
        """Less or more frequent; open where the interval includes no difference."""
        low, high = self.interval
        if low <= self.no_difference <= high:
            return "open"
        return "less" if high < self.no_difference else "more"

    @property
    def figures(self) -> str:
        """Measure, estimate and interval."""
        digits = decimals_of(self.measure)
        return (
            f"{MEASURES[self.measure].label} {self.estimate:.{digits}f}, {100 * self.level:g}% interval "
            f"{span(self.interval, digits)}"
        )


def main_result(answer: ComparisonAnswer) -> MainResult | None:
    """The pool of three or more studies, or the one study there is; None where neither gives a main result.

    One study with an effect is not the one study there is where others were seen whose counts give none.
    """
    pooled = answer.pooled
    if pooled is not None and not answer.sensitivity_only:
        estimate, interval, prediction = pooled.natural()
        return MainResult(pooled.measure, estimate, interval, prediction, pooled.level, pooled.k)
    if len(answer.counts) != 1 or len(answer.effects) != 1 or answer.effects[0].interval is None:
        return None
    effect, natural = answer.effects[0], MEASURES[answer.effects[0].measure].natural
    low, high = answer.effects[0].interval
    return MainResult(effect.measure, natural(effect.estimate), (natural(low), natural(high)), None, effect.level, 1)


def comparison_statement(rating: Rating, protocol: Protocol) -> Statement:
    """The statement of a rating of kind "comparison".

    Raises
    ------
    MethodError
        If the rating has no comparison.
    """
    answer = rating.comparison
    if answer is None:
        raise MethodError(f"{rating.about}, {rating.outcome}: a rating of a comparison without its answer")
    plan = answer.comparison
    treated, control = (protocol.procedure(name).label for name in (plan.treated, plan.control))
    quoted = (treated, inside(treated), control, inside(control), plan.label, inside(plan.label))
    if answer.counts and not answer.effects:
        seen = f"{counts_seen(answer, treated, control)} {capital(no_effect_computed(answer))}; so nothing is rated."
        return Statement(main=seen, level=Level.NOT_RATED, kind="counts", controlled=True, quoted=quoted)
    if not answer.effects:
        nothing = (
            f"No study that was seen compares {inside(treated)} with {inside(control)} on {inside(plan.label)}, so "
            "nothing is rated."
        )
        return Statement(main=nothing, level=Level.NOT_RATED, kind="no evidence", controlled=True, quoted=quoted)
    words = _Words(rating, answer, inside(plan.label), treated, inside(control))
    result = main_result(answer)
    main = [*words.without_main_result()] if result is None else [*words.of_result(result)]
    main[1:1] = _without_effect(answer)
    beside = [NO_SIZE, *([] if result is None else _beside(result, protocol))]
    return Statement(
        main=" ".join(main),
        beside=tuple(beside),
        level=rating.level,
        kind="comparison",
        controlled=True,
        quoted=quoted,
    )


def _without_effect(answer: ComparisonAnswer) -> Iterator[str]:
    """How many studies were seen whose counts give no effect, and why."""
    without = len(answer.counts) - len(answer.effects)
    if without:
        gives = f"{counted(without, 'further study', 'further studies')} {'gives' if without == 1 else 'give'}"
        yield f"{gives} counts and no effect, because {why_no_effect(answer)}."


@dataclass(frozen=True, slots=True)
class _Words:
    """Labels of a comparison, ready for sentences; `treated` opens one, the others stand inside."""

    rating: Rating
    answer: ComparisonAnswer
    event: str
    treated: str
    control: str

    def of_result(self, result: MainResult) -> Iterator[str]:
        figures = f"({result.figures}; {counted(result.studies, 'study', 'studies')})"
        level, direction = self.rating.level, result.direction
        if direction == "open":
            yield (
                f"Whether {inside(self.treated)} changes how often {self.event} occurs, compared with {self.control}, "
                f"is not settled: the interval includes no difference {figures}."
            )
        elif level in _VERB and self.rating.settled:
            yield (
                f"{self.treated} {_VERB[level]} {self.event} {direction} frequent than {self.control} does {figures}."
            )
        else:
            seen = "this study" if result.studies == 1 else "these studies together"
            yield (
                f"In {seen}, {self.event} was {direction} frequent with {inside(self.treated)} than with "
                f"{self.control} {figures}."
            )
        yield from self._uncertain()
        # What was seen goes first: what the best case would allow is never the lead.
        if direction != "open" and level in _VERB_IF and not self.rating.settled:
            yield f"At {level}, {inside(self.treated)} {_VERB_IF[level]} {self.event} {direction} frequent."

    def without_main_result(self) -> Iterator[str]:
        less, more, same = self._counted_directions()
        told = [
            f"{words} in {counted(count, 'study', 'studies')}"
            for count, words in ((less, "less frequent"), (more, "more frequent"), (same, "as frequent"))
            if count
        ]
        yield (
            f"Compared with {self.control}, {self.event} was {listing(told)} with {inside(self.treated)}; "
            f"{'their pool is a sensitivity analysis only' if self.answer.pooled else 'nothing is pooled'}."
        )
        if len(told) > 1:
            yield "The studies differ in direction."
        yield "Whether this holds beyond these studies is not settled."
        yield from self._uncertain()

    def _counted_directions(self) -> tuple[int, int, int]:
        """Studies by the direction of their own estimate."""
        measure = MEASURES[self.answer.comparison.measure]
        values = [measure.natural(effect.estimate) for effect in self.answer.effects]
        same = measure.no_difference
        assert same is not None  # the plan allows measures of two arms only
        less, more = sum(value < same for value in values), sum(value > same for value in values)
        return less, more, len(values) - less - more

    def _uncertain(self) -> Iterator[str]:
        if self.rating.level is Level.VERY_LOW:
            yield f"The evidence is very uncertain about the effect of {inside(self.treated)} on {self.event}."
        if self.rating.level is Level.NOT_RATED:
            yield "How certain this is was not rated."
        yield from between_levels(self.rating)


def _beside(result: MainResult, protocol: Protocol) -> Iterator[str]:
    digits = decimals_of(result.measure)
    if result.prediction is not None:
        low, high = result.prediction
        holds = low <= result.no_difference <= high
        includes = "which includes no difference" if holds else "which does not include no difference"
        yield (
            f"In a new setting the {MEASURES[result.measure].label} can lie anywhere from "
            f"{span(result.prediction, digits)} ({100 * result.level:g}% prediction interval), {includes}."
        )
    if result.studies == 1:
        yield "One study is not pooled."
    elif result.studies < protocol.synthesis.ladder.plain_from:
        yield f"With {result.studies} studies the spread between them is hardly known."
