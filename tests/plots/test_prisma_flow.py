"""The flow diagram: its numbers add up, stand in the picture, and can be read."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from matplotlib.patches import Rectangle

from synth.errors import MethodError
from synth.plots import Drawing, FlowColumn, FlowCounts, FlowStage, prisma_flow

Check = Callable[[Drawing], None]
REASONS = (
    ("Not a primary source", 6),
    ("Other disease than the invented one", 5),
    ("Femoroacetabular impingement only", 4),
    ("No outcome data in the opening that could be read", 4),
    ("Duplicate report of an included study", 3),
    ("Native hip not stated", 2),
    ("Arthroplasty", 2),
    ("Anatomy", 2),
    ("Language", 1),
    ("Retracted", 1),
)
NOT_SEARCHED = FlowColumn(title="Databases and registers", note="No database search has been run")
OTHER = FlowColumn(
    title="Other methods",
    stages=(
        FlowStage(stage="identified", count=47, sources=(("Reference lists", 12), ("Web pages", 35))),
        FlowStage(stage="assessed", count=47, removed=30, reasons=REASONS),
    ),
)
DATABASES = FlowColumn(
    title="Databases and registers",
    stages=(
        FlowStage(
            stage="identified",
            count=1523,
            sources=(("PubMed", 1200), ("ClinicalTrials.gov", 323)),
            removed=123,
            reasons=(("Duplicates", 123),),
        ),
        FlowStage(stage="screened", count=1400, removed=1300),
        FlowStage(stage="sought", count=100, removed=4),
        FlowStage(stage="assessed", count=96, removed=30, reasons=REASONS),
    ),
)
INVENTED = FlowCounts(columns=(NOT_SEARCHED, OTHER), studies_included=15, reports_included=17)
BOTH = FlowCounts(columns=(DATABASES, OTHER), studies_included=80, reports_included=83)
ONLY_FOUND = FlowCounts(
    columns=(FlowColumn(title="Other methods", stages=(FlowStage(stage="identified", count=3),)),),
    studies_included=3,
    reports_included=3,
)
NOTHING = FlowCounts(
    columns=(NOT_SEARCHED, FlowColumn(title="Other methods", note="Nothing was looked for otherwise")),
    studies_included=0,
    reports_included=0,
)


def words_of(drawing: Drawing) -> list[str]:
    return [text.get_text().replace("\N{NO-BREAK SPACE}", " ") for text in drawing.axes[0].texts]


@pytest.mark.parametrize("counts", [INVENTED, BOTH, ONLY_FOUND, NOTHING])
def test_no_words_overlap_or_leave_the_picture(counts: FlowCounts, assert_readable: Check) -> None:
    assert_readable(prisma_flow(counts))
    assert_readable(prisma_flow(counts, title="An invented title " * 6, notes=["Invented numbers. " * 9, "One more."]))


def test_long_names_fit(assert_readable: Check) -> None:
    long = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch and further invented words"
    stage = FlowStage(
        stage="identified", count=1_000_000, sources=((long, 1_000_000),), removed=1, reasons=((long, 1),)
    )
    column = FlowColumn(title=long, stages=(stage,))
    counts = FlowCounts(columns=(column, column), studies_included=1_999_998, reports_included=1_999_998)
    assert_readable(prisma_flow(counts))


@pytest.mark.parametrize("counts", [INVENTED, BOTH])
def test_words_stay_in_their_boxes(counts: FlowCounts) -> None:
    drawing = prisma_flow(counts)
    drawing.figure.draw_without_rendering()
    page = drawing.axes[0]
    boxes = [patch.get_window_extent() for patch in page.patches if isinstance(patch, Rectangle)]
    for text in page.texts:
        words = text.get_window_extent()
        assert any(
            box.x0 <= words.x0 and words.x1 <= box.x1 and box.y0 <= words.y0 and words.y1 <= box.y1 for box in boxes
        ), text.get_text()


def test_words_are_not_broken_for_want_of_room() -> None:
    words = " ".join(words_of(prisma_flow(BOTH))).split()
    assert words.count("ClinicalTrials.gov") == 1
    assert words.count("Femoroacetabular") == 2


def test_boxes_of_the_picture_are_those_of_the_data() -> None:
    drawing = prisma_flow(BOTH)
    boxes = sorted(str(patch.get_label()) for patch in drawing.axes[0].patches if str(patch.get_label()))
    data = drawing.data()
    counted = data[data["item"].isin(["entered", "removed"])]
    named = sorted(f"{stage} {item}" for stage, item in zip(counted["stage"], counted["item"], strict=True))
    assert [box for box in boxes if box.endswith(("entered", "removed"))] == named
    words = " ".join(words_of(drawing))
    for count in counted["count"]:
        assert f"(n = {count})" in words
    parts = data[data["item"].isin(["source", "reason", "included"])]["count"].astype(str)
    assert sorted(word for word in words_of(drawing) if word.isdigit()) == sorted(parts)


def test_a_search_that_was_not_run_is_said_in_words() -> None:
    drawing = prisma_flow(INVENTED)
    assert "No database" in words_of(drawing)
    assert "Databases and registers: No database search has been run." in drawing.alt_text()
    assert set(drawing.data()["column"]) == {"Other methods", ""}


def test_alt_text_follows_the_flow() -> None:
    counts = FlowCounts(columns=(NOT_SEARCHED, *ONLY_FOUND.columns), studies_included=2, reports_included=3)
    stage = dataclasses.replace(OTHER.stages[0], count=3, sources=(("Web", 3),))
    end = FlowStage(stage="assessed", count=3, removed=1, reasons=(("Invented", 1),))
    other = FlowColumn(title="Other methods", stages=(stage, end))
    counts = dataclasses.replace(counts, columns=(NOT_SEARCHED, other), reports_included=2)
    assert prisma_flow(counts, title="Invented", notes=["A note."]).alt_text() == (
        "Flow diagram: Invented. Databases and registers: No database search has been run. "
        "Other methods: Records identified 3 (Web 3). "
        "Reports assessed for eligibility 3; reports excluded 1 (Invented 1). "
        "Included: 2 studies in 2 reports. A note."
    )


def stages(*changes: dict[str, Any]) -> FlowCounts:
    """Two valid stages (3 identified, 3 assessed, 1 of them excluded) with changes."""
    valid: list[dict[str, Any]] = [
        {"stage": "identified", "count": 3},
        {"stage": "assessed", "count": 3, "removed": 1, "reasons": (("Invented", 1),)},
    ]
    made = tuple(FlowStage(**{**one, **change}) for one, change in zip(valid, changes, strict=True))
    return FlowCounts(columns=(FlowColumn(title="Other", stages=made),), studies_included=2, reports_included=2)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (stages({"count": 4}, {}), "Other, assessed: 3 entered, 4 were left before"),
        (stages({"removed": 1}, {}), "Other, assessed: 3 entered, 2 were left before"),
        (stages({"sources": (("Web", 2),)}, {}), "the sources add up to 2, the whole is 3"),
        (stages({}, {"reasons": (("Invented", 2),)}), "the reasons add up to 2, the whole is 1"),
        (stages({}, {"removed": 4, "reasons": ()}), "4 removed of 3"),
        (stages({"sources": (("Web", 4), ("Lost", -1))}, {}), "a count is negative"),
        (stages({"stage": "assessed"}, {}), "expected order"),
        (dataclasses.replace(stages({}, {}), reports_included=3), "2 reports are left at the end, 3 are included"),
        (dataclasses.replace(stages({}, {}), studies_included=3), "a study has at least one"),
        (dataclasses.replace(stages({}, {}), studies_included=-1), "counts of 0 or more"),
        (dataclasses.replace(stages({}, {}), columns=()), "0 columns; one or two are expected"),
        (dataclasses.replace(NOTHING, columns=(FlowColumn(title="Other"),)), "a note that says why is expected"),
    ],
)
def test_numbers_that_do_not_add_up_are_refused(counts: FlowCounts, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        prisma_flow(counts)
