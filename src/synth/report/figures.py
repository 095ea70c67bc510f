"""The figures of a report, made of the drawings of a review."""

from __future__ import annotations

from collections.abc import Iterator

from synth.plots.drawing import Drawing
from synth.protocol import Procedure
from synth.provenance import slug
from synth.report.model import Figure
from synth.report.words import anchor, inside
from synth.review import Review
from synth.synthesis.ladder import Answer
from synth.synthesis.sensitivity import PoolChecks
from synth.synthesis.small_study.sources import ENOUGH_STUDIES


def figure_of(drawing: Drawing, name: str, caption: str) -> Figure:
    """A drawing under its name, with a caption."""
    return Figure(name=name, caption=caption, alt=drawing.alt_text(), svg=drawing.svg(), png=drawing.png(), anchor=name)


def forest_figure(review: Review, procedure: Procedure, answer: Answer) -> Figure:
    """The changes of an answer, series by series."""
    label = review.protocol.outcome(answer.outcome).label
    caption = f"{label} ({answer.instrument}): change from before to after {inside(procedure.label)}, by series"
    return figure_of(review.forest(answer), _name("forest", procedure, answer), caption)


def slope_figures(review: Review, procedure: Procedure, answer: Answer) -> Iterator[Figure]:
    """The scores before and after of an answer, where it has any."""
    drawing = review.slope(answer)
    if drawing is not None:
        label = review.protocol.outcome(answer.outcome).label
        caption = f"{label} ({answer.instrument}): scores before and after {inside(procedure.label)}"
        yield figure_of(drawing, _name("slopes", procedure, answer), caption)


def pool_figures(review: Review, checks: PoolChecks, name: str) -> Iterator[Figure]:
    """The funnel of a pool of ten or more studies, and the pool along each characteristic."""
    pictures = review.pool_pictures(checks)
    if checks.pooled.k >= ENOUGH_STUDIES:
        caption = f"{checks.label}: effects against their standard errors (asymmetry has many causes)"
        yield from (figure_of(drawing, anchor("funnel", name), caption) for drawing in pictures.funnel())
    related = [item.moderator for item in checks.moderators if item.result is not None]
    for moderator, drawing in zip(related, pictures.characteristics(), strict=True):
        caption = f"{checks.label}, by {inside(moderator.label)} (an observation across studies)"
        yield figure_of(drawing, anchor("by", f"{name} {moderator.column}"), caption)


def _name(kind: str, procedure: Procedure, answer: Answer) -> str:
    return f"{anchor(kind, procedure.id)}-{slug(answer.outcome)}-{slug(answer.instrument)}"
