"""One event after one procedure: each series with its exact interval, and what they come to together, if anything.

Proportions of small series are pooled by a logistic mixed model from three independent series on, with the
beta-binomial model beside it (rules 8 to 10, 12 and 14 of the methods). Nothing is ever added to a count, and a refusal
is a result with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from synth.effects.proportions import Proportion, exact_proportion
from synth.errors import MethodError
from synth.extraction.overlap import Overlap
from synth.protocol import Protocol
from synth.synthesis.beta_binomial import BetaBinomial, beta_binomial
from synth.synthesis.counts import Count
from synth.synthesis.explanations import PLAIN_FROM
from synth.synthesis.glmm import proportion_glmm
from synth.synthesis.ladder import POOL_FROM
from synth.synthesis.proportions.answer import ProportionAnswer

if TYPE_CHECKING:
    from synth.synthesis.answers import Synthesis

__all__ = ["ProportionAnswer", "pool_proportions", "proportion_answers", "proportions_of"]

#: Points of the quadrature: more than metafor's, whose numbers need not be met here.
_POINTS = 25
#: What a caller may ask for in place of the mixed model, by the codes of the effect measures, and why it is refused.
_REFUSED = {
    "PR": "a normal approximation on raw proportions fails in small series: at 0 of n it has no variance",
    "PLN": "it has no value at 0 of n without something added to the count",
    "PLO": "with inverse variances it has no value at 0 of n without something added to the count",
    "PAS": "it is a normal approximation, which small series do not bear",
    "PFT": (
        "its way back to proportions needs one total for all studies and can mislead (Schwarzer, Chemaitelly, "
        "Abu-Raddad and Ruecker 2019, Res Synth Methods 10:476-483)"
    ),
}


def pool_proportions(
    counts: Sequence[Count],
    *,
    overlaps: Iterable[Overlap] = (),
    procedure: str = "",
    method: str = "glmm",
    pool_from: int = POOL_FROM,
) -> ProportionAnswer:
    """What the counts of one event come to.

    Parameters
    ----------
    counts : sequence of Count
        At least one, all of one event; those without a rate and those that are not eligible are shown and not used.
    overlaps : iterable of Overlap
        Studies that may share patients; a pair among those with a rate blocks adding and pooling.
    procedure : str
        Id of the protocol, for the answer's name.
    method : str
        "glmm", the only one.
    pool_from : int
        Series from which a share is pooled; never below three (rule 14).

    Returns
    -------
    ProportionAnswer
        With three independent series of one unit or more, some people with the event and some without: the pooled
        proportion, its interval by the t distribution with k - 1 degrees of freedom, as series are few. Else the reason
        why there is none.

    Raises
    ------
    MethodError
        If the counts are of different events, or their intervals of different levels; if another method is asked for.

    References
    ----------
    Schwarzer, Chemaitelly, Abu-Raddad and Ruecker 2019, Res Synth Methods 10:476-483.
    """
    _check_method(method)
    _check_one_event(counts)
    answer = ProportionAnswer(
        procedure=procedure,
        event=counts[0].event,
        kind=counts[0].kind,
        unit=" and ".join(dict.fromkeys(item.unit_of_analysis for item in counts)),
        counts=tuple(counts),
        reason="",
        standing="no rate",
        level=_level(counts),
    )
    names = {item.study_id for item in answer.studies}
    answer = replace(answer, overlaps=tuple(pair for pair in overlaps if {pair.first, pair.second} <= names))
    if not answer.studies:
        return replace(answer, reason=_without_rate(counts))
    if refused := _not_poolable(answer, max(pool_from, POOL_FROM)):
        return replace(answer, reason=refused, standing="exact only")
    if _one_sided(answer):
        return _exact_only(answer)
    return _pooled(answer)


def _check_method(method: str) -> None:
    if method != "glmm":
        why = _REFUSED.get(method)
        reason = f"not offered for a pooled proportion: {why}; " if why else ""
        raise MethodError(f"method {method!r}: {reason}'glmm' is expected")


def _check_one_event(counts: Sequence[Count]) -> None:
    if not counts:
        raise MethodError("no count: at least one is expected")
    for item in counts[1:]:
        if item.event != counts[0].event:
            raise MethodError(
                f"{item.study_id}/{item.arm_id} counts {item.event!r}, but {counts[0].study_id}/{counts[0].arm_id} "
                f"{counts[0].event!r}; one event definition is expected"
            )


def _level(counts: Sequence[Count]) -> float | None:
    levels = {item.proportion.level for item in counts if item.proportion is not None}
    if len(levels) > 1:
        shown = ", ".join(f"{100 * level:g}%" for level in sorted(levels))
        raise MethodError(f"intervals of different levels ({shown}); one level for all counts is expected")
    return next(iter(levels), None)


def _without_rate(counts: Sequence[Count]) -> str:
    eligible = [item for item in counts if item.role == "synthesis"]
    if eligible:
        reasons = dict.fromkeys(item.reason.removeprefix("no rate: ") for item in eligible)
        return f"No rate: {'; '.join(reasons)}."
    if any(item.role == "direction only" for item in counts):
        return "Counted only in sources that are used for directions and give no rate."
    return "Counted only in sources that do not enter the synthesis."


def _not_poolable(answer: ProportionAnswer, pool_from: int) -> str:
    """Why the counts are not pooled (rules 8, 12 and 14), the first reason found; empty where they may be."""
    studies = [item.study_id for item in answer.studies]
    units = sorted({item.unit_of_analysis for item in answer.studies})
    if len(units) > 1:
        return f"Not pooled: {' and '.join(units)} are never mixed."
    distinct = len(set(studies))
    if distinct == 1 and len(studies) > 1:
        return f"Not pooled: one study has {len(studies)} counts; arms of one study are not independent."
    if distinct == 1:
        return "One series has a count; one series is not pooled."
    if answer.overlaps:
        pairs = "; ".join(str(pair) for pair in answer.overlaps)
        return f"Not pooled: that the {units[0]} are of the same people cannot be excluded ({pairs})."
    repeated = sorted({study for study in studies if studies.count(study) > 1})
    if repeated:
        return f"Not pooled: arms of one study are not independent ({', '.join(repeated)} gives several counts)."
    if distinct < pool_from:
        number, all_ = ("Two", "both") if distinct == POOL_FROM - 1 else (str(distinct), "all")
        start = "three" if pool_from == POOL_FROM else str(pool_from)
        return f"{number} independent series: {all_} are shown; proportions are pooled from {start} series on."
    return ""


def _one_sided(answer: ProportionAnswer) -> bool:
    return all(item.events == 0 for item in answer.studies) or all(item.events == item.total for item in answer.studies)


def _exact_only(answer: ProportionAnswer) -> ProportionAnswer:
    """No event anywhere, or an event in all: exact intervals, of each series and of the sum if one share held."""
    assert answer.level is not None
    events, total = (sum(getattr(item, name) for item in answer.studies) for name in ("events", "total"))
    together = exact_proportion(events, total, level=answer.level, unit_of_analysis=answer.unit)
    what = "No event in any" if events == 0 else "The event in everyone of each"
    reason = (
        f"{what} of {answer.k} independent series: exact intervals only, and nothing is added to a count. "
        f"Together, if one share held in all of them, {together.bound}."
    )
    return replace(answer, reason=reason, standing="exact only", together=together)


def _pooled(answer: ProportionAnswer) -> ProportionAnswer:
    assert answer.level is not None
    events, totals = ([getattr(item, name) for item in answer.studies] for name in ("events", "total"))
    labels = [item.study_id for item in answer.studies]
    try:
        model = proportion_glmm(events, totals, test="t", points=_POINTS, labels=labels, level=answer.level)
    except MethodError as error:
        reason = f"Not pooled: the logistic mixed model has no answer for these counts ({error})."
        return replace(answer, reason=reason, standing="exact only")
    if not model.converged:
        reason = "Not pooled: the maximum of the logistic mixed model's likelihood was not found for certain."
        return replace(answer, reason=reason, standing="exact only")
    beside, marks = _beta_binomial(events, totals, labels, answer.level)
    few = answer.k < PLAIN_FROM
    flag = " With fewer than five the spread between series is hardly known." if few else ""
    return replace(
        answer,
        reason=f"{answer.k} independent series of {answer.unit}.{flag}",
        standing="few studies" if few else "plain",
        glmm=model,
        beta_binomial=beside,
        by_patient=_by_patient(answer),
        marks=(*marks, *_marks(answer)),
    )


def _beta_binomial(
    events: list[int], totals: list[int], labels: list[str], level: float
) -> tuple[BetaBinomial | None, tuple[str, ...]]:
    try:
        return beta_binomial(events, totals, labels=labels, level=level), ()
    except MethodError as error:
        return None, (f"no beta-binomial model beside it: {error}",)


def _marks(answer: ProportionAnswer) -> Iterator[str]:
    if answer.kind == "any complication":
        yield "any complication: what counted as one was each report's own choice"
    if answer.unit == "hips" and not all(item.one_each for item in answer.studies):
        yield "hips of one patient are not independent: intervals of counts of hips are too narrow"
        if any(_patients(item) is None for item in answer.studies):
            yield "not every series states how many patients the hips belong to: no sensitivity by patient"


def _by_patient(answer: ProportionAnswer) -> ProportionAnswer | None:
    """The same with the least favourable counts of patients that the counts of hips allow (rule 8)."""
    if answer.unit != "hips" or all(item.one_each for item in answer.studies):
        return None
    people = [_patients(item) for item in answer.studies]
    counts = [
        replace(
            item,
            events=found.events,
            total=found.total,
            unit_of_analysis="patients",
            proportion=found,
            patients=None,
            by_patient=None,
            one_each=False,
        )
        for item, found in zip(answer.studies, people, strict=True)
        if found is not None
    ]
    return pool_proportions(counts, procedure=answer.procedure) if len(counts) == answer.k else None


def _patients(item: Count) -> Proportion | None:
    """The count of patients behind a count of hips."""
    return item.proportion if item.one_each else item.by_patient


def proportion_answers(
    counts: Iterable[Count],
    protocol: Protocol,
    procedures: Mapping[tuple[str, str], str],
    *,
    overlaps: Mapping[str, Iterable[Overlap]],
    eligible: Mapping[str, Sequence[str]],
) -> tuple[ProportionAnswer, ...]:
    """Every event of a review: one answer for each procedure, event and unit of analysis.

    Parameters
    ----------
    counts : iterable of Count
        All of the review.
    protocol : Protocol
        Its procedures and events give the order; counts in arms of a comparator stand in comparisons only.
    procedures : mapping of (study, arm) to str
        Procedure of each arm.
    overlaps : mapping of str to iterable of Overlap
        By procedure.
    eligible : mapping of str to sequence of str
        Studies of each procedure that enter the synthesis; those without a count of an event are named as not
        reporting it (rule 10).
    """
    order = {item.id: place for place, item in enumerate(protocol.procedures) if item.role != "comparator"}
    events = {item.id: place for place, item in enumerate(protocol.events)}
    groups: dict[tuple[str, str], list[Count]] = {}
    for item in counts:
        procedure = procedures[(item.study_id, item.arm_id)]
        if procedure in order:
            groups.setdefault((procedure, item.event), []).append(item)
    found: list[ProportionAnswer] = []
    for procedure, event in sorted(groups, key=lambda key: (order[key[0]], events[key[1]])):
        group = groups[(procedure, event)]
        silent = _silent(group, eligible.get(procedure, ()))
        pairs = tuple(overlaps.get(procedure, ()))
        compared = _compared(protocol, procedure, event)
        for answer in _by_unit(group, procedure, pairs, protocol.synthesis.ladder.shares_from):
            marks = (*answer.marks, *compared) if answer.glmm is not None else answer.marks
            found.append(replace(answer, not_reported=silent, marks=marks))
    return tuple(found)


def _silent(group: list[Count], eligible: Sequence[str]) -> tuple[str, ...]:
    """Eligible studies without a count of the event, where it is one that a study can be asked for."""
    if group[0].kind in ("baseline", "course"):
        return ()
    reporting = {item.study_id for item in group}
    return tuple(dict.fromkeys(name for name in eligible if name not in reporting))


def _by_unit(
    group: list[Count], procedure: str, overlaps: tuple[Overlap, ...], pool_from: int
) -> Iterator[ProportionAnswer]:
    """Patients and hips apart: they are never mixed (rule 8), and each answer names what was counted otherwise."""
    units = list(dict.fromkeys(item.unit_of_analysis for item in group))
    ranked = sorted(group, key=lambda item: units.index(item.unit_of_analysis))
    for unit, items in groupby(ranked, key=lambda item: item.unit_of_analysis):
        others = [item for item in group if item.unit_of_analysis != unit]
        answer = pool_proportions(list(items), overlaps=overlaps, procedure=procedure, pool_from=pool_from)
        yield replace(answer, otherwise_counted=tuple(others))


def _compared(protocol: Protocol, procedure: str, event: str) -> tuple[str, ...]:
    """Rule 17: a share in single arms is not to be set against another."""
    for item in protocol.synthesis.comparisons:
        if item.event == event and procedure in (item.treated, item.control):
            return (
                f"an arm of the planned comparison {item.id!r}: a share by itself, never to be compared with the share "
                "of another arm",
            )
    return ()


def proportions_of(synthesis: Synthesis) -> tuple[ProportionAnswer, ...]:
    """The answers on proportions of a synthesis (see `proportion_answers`)."""
    return proportion_answers(
        synthesis.counts,
        synthesis.protocol,
        synthesis.arm_procedures,
        overlaps={name: item.overlaps for name, item in synthesis.studied.items()},
        eligible={name: [str(study) for study in item.arms["study_id"]] for name, item in synthesis.studied.items()},
    )
