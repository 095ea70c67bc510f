"""Appraisals as pictures: each answer and level has a look of its own, by rank and never guessed. Data invented."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import chain, combinations
from pathlib import Path

import pytest
from appraised import PERSON, SOFTWARE, appraisal, invented, names, studies
from judged_artists import boxes, page_words
from matplotlib.colors import to_rgb

import synth
from synth.certainty.algorithms import ALGORITHMS, Judged
from synth.certainty.risk_of_bias import CONFLICT, RiskOfBias
from synth.certainty.tools import ABSTRACT_ONLY, NOT_ANSWERED, tool, tools
from synth.errors import MethodError
from synth.extraction.eligibility import Role
from synth.plots import Drawing, ForestRow, forest
from synth.plots.answers import forest_of
from synth.plots.forest.panel import LOOKS, NOT_JUDGED, Judgement
from synth.plots.risk_of_bias import (
    judgement_of_answer,
    judgement_of_levels,
    panel_of,
    rows_of,
    summaries_of,
    tool_panel,
    traffic_lights_of,
)

Check = Callable[[Drawing], None]
SCALES = {name: algorithm.levels for name, algorithm in ALGORITHMS.items()}


def look(judgement: Judgement) -> tuple[object, ...]:
    return judgement.symbol, judgement.tone, judgement.possible


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2 (https://w3c.github.io/wcag/guidelines/relative-luminance.html)."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_each_symbol_stands_out_from_its_fill() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for fill, letter in LOOKS.values():
        assert contrast(fill, letter) >= 4.5


def test_levels_differ_in_lightness_and_not_by_hue_alone() -> None:
    for one, other in combinations(("good", "fair", "poor", "very poor"), 2):
        assert contrast(LOOKS[one][0], LOOKS[other][0]) >= 1.5  # type: ignore[index]


@pytest.mark.parametrize("name", [item.id for item in tools() if not item.domains or not item.algorithm])
def test_each_answer_of_a_tool_of_items_has_a_look_of_its_own(name: str) -> None:
    given = [*tool(name).answers, ABSTRACT_ONLY, NOT_ANSWERED, CONFLICT]
    looks = [look(judgement_of_answer(answer)) for answer in given]
    assert len({*looks, look(NOT_JUDGED)}) == len(given) + 1
    symbols = [judgement_of_answer(answer).symbol for answer in given]
    assert len(set(symbols)) == len(symbols)


def test_what_a_report_does_not_tell_looks_other_than_what_nobody_could_read() -> None:
    unclear, unread = judgement_of_answer("unclear"), judgement_of_answer(ABSTRACT_ONLY)
    unsettled = judgement_of_levels(("some concerns", "high"), SCALES["rob2"])
    assert len({unclear.tone, unread.tone, unsettled.tone}) == 3
    assert len({unclear.symbol, unread.symbol, unsettled.symbol}) == 3
    assert unread.words == "unclear: abstract only"
    assert unsettled.words == "some concerns or high"


@pytest.mark.parametrize("answer", ["", "Yes", "maybe", "PY", "NI"])
def test_an_unknown_answer_is_refused(answer: str) -> None:
    with pytest.raises(MethodError, match=f"answer {answer!r} to an item has no look; one of yes, partial yes"):
        judgement_of_answer(answer)


def test_levels_are_placed_by_rank_and_not_by_their_word() -> None:
    assert judgement_of_levels(["high"], SCALES["rob2"]).tone == "poor"
    assert judgement_of_levels(["high"], SCALES["amstar-2"]).tone == "good"
    assert judgement_of_levels(["low"], SCALES["rob2"]).tone == "good"
    assert judgement_of_levels(["low"], SCALES["amstar-2"]).tone == "poor"
    robins = [judgement_of_levels([level], SCALES["robins-i"]).tone for level in SCALES["robins-i"]]
    assert sorted(robins) == sorted(["good", "fair", "none", "poor", "very poor"])


@pytest.mark.parametrize("name", sorted(SCALES))
def test_each_set_of_levels_has_a_look_of_its_own(name: str) -> None:
    scale = SCALES[name]
    sets = list(chain.from_iterable(combinations(scale, size) for size in range(1, len(scale) + 1)))
    found = [judgement_of_levels(levels, scale, Judged(levels, (), scale).words) for levels in sets]
    assert len({look(judgement) for judgement in found}) == len(sets)
    assert len({judgement.words for judgement in found}) == len(sets)
    assert all((judgement.tone == "open") is (len(levels) > 1) for levels, judgement in zip(sets, found, strict=True))
    assert found == [judgement_of_levels(levels, scale) for levels in sets]
    assert found[-1].words == "any level"


@pytest.mark.parametrize(
    ("levels", "scale", "message"),
    [
        (["grave"], ("low", "high"), "levels .*'grave'.*: one or more of low, high are expected"),
        ([], ("low", "high"), "one or more of low, high"),
        ("low", ("low", "high"), "levels 'low': one or more"),
        (["low"], ("low", "no information"), "two to four levels with a rank are expected"),
        (["a"], ("a", "b", "c", "d", "e"), "two to four levels with a rank"),
    ],
)
def test_unknown_levels_are_refused(levels: list[str], scale: tuple[str, ...], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        judgement_of_levels(levels, scale)


@pytest.mark.parametrize(
    ("name", "k"), [("jbi-case-series", 12), ("jbi-case-reports", 3), ("murad-2018", 3), ("minors", 1), ("rob2", 12)]
)
def test_the_picture_of_a_tool_shows_its_answers_or_levels(name: str, k: int, assert_readable: Check) -> None:
    found = invented(k, name)
    (drawing,) = traffic_lights_of(found, names(k, long=True))
    assert_readable(drawing)
    lines = drawing.data()
    chosen = tool(name)
    for item in found.appraisals:
        own = lines[lines["label"] == names(k, long=True)[item.study_id]].set_index("heading")["judgement"]
        if chosen.algorithm:
            expected = {part.heading: item.domains[part.id].words for part in chosen.domains}
            expected["Overall"] = item.overall.words if item.overall else ""
        else:
            expected = {key: judgement_of_answer(answer.answer).words for key, answer in item.answers.items()}
        assert own.to_dict() == expected
    assert "Answers were filled in by software. No person has judged." in page_words(drawing)
    assert ("Overall" in lines["heading"].tolist()) is chosen.algorithm


def test_amstar_has_its_items_and_its_level_apart() -> None:
    (drawing,) = traffic_lights_of(invented(3, "amstar-2"), names(3))
    headings = drawing.data()["heading"][:17].tolist()
    assert headings == [*(str(number) for number in range(1, 17)), "Overall"]
    assert "Levels from best to worst: high, moderate, low, critically low." in page_words(drawing)


def test_nothing_looks_as_if_a_person_had_judged() -> None:
    notes = {
        (): "Nobody has answered an item.",
        (SOFTWARE,): "Answers were filled in by software. No person has judged.",
    }
    for people, note in notes.items():
        found = invented(3, "jbi-case-reports", people=people)
        for drawing in (*traffic_lights_of(found, names(3)), *summaries_of(found, names(3))):
            assert note in page_words(drawing)
            assert note in drawing.alt_text()
    (by_people,) = traffic_lights_of(invented(3, "jbi-case-reports", people=(PERSON,)), names(3))
    assert "software" not in by_people.alt_text()
    mixed = invented(3, "jbi-case-reports", people=(PERSON,))
    both = RiskOfBias(
        (*mixed.appraisals, appraisal("other", "jbi-case-reports", {"1": "yes"}, reviewer="machine")),
        (),
        (PERSON, SOFTWARE),
    )
    (drawing,) = traffic_lights_of(both, {**names(3), "other": "Other"})
    assert "Some answers were filled in by software." in drawing.alt_text()


def test_one_picture_a_tool_in_the_order_of_first_use() -> None:
    both = RiskOfBias((*invented(2, "minors").appraisals, *invented(3, "jbi-case-reports").appraisals), ())
    assert [drawing.title for drawing in traffic_lights_of(both, names(3))] == [
        "Traffic-light plot: MINORS, without a comparison",
        "Traffic-light plot: JBI case reports",
    ]
    assert traffic_lights_of(RiskOfBias((), ()), {}) == summaries_of(RiskOfBias((), ()), {}) == ()


def test_several_results_of_a_study_stand_in_groups() -> None:
    parts = [item for result in ("tear", "pain") for item in invented(3, "rob2", result=result).appraisals]
    both = RiskOfBias(tuple(parts), ())
    rows = rows_of(both, tool("rob2"), names(3), {"tear": "Invented tear"})
    assert [row.group for row in rows] == ["Invented tear"] * 3 + ["pain"] * 3
    (drawing,) = summaries_of(both, names(3))
    assert "share of 6 results" in page_words(drawing)
    with pytest.raises(MethodError, match="invented1 has several results appraised with RoB 2; name the one"):
        panel_of(both, studies(3))
    found = panel_of(both, studies(3), "tear")
    assert found is not None
    assert set(found[1]) == set(studies(3))


def test_a_summary_by_weight_leaves_out_tools_without_a_study_of_the_pool() -> None:
    series = invented(2, "jbi-case-series")
    others = tuple(dataclasses.replace(item, study_id=f"{item.study_id}x") for item in invented(3, "minors").appraisals)
    both = RiskOfBias((*series.appraisals, *others), ())
    labels = {**names(3), **{f"{study}x": study for study in studies(3)}}
    (drawing,) = summaries_of(both, labels, weights={"invented1": 3.0, "invented2": 1.0})
    assert drawing.title == "Summary of judgements: JBI case series: share of weight (2 studies)"
    assert set(drawing.data()["share_of_weight"]) <= {0.25, 0.75, 1.0}


def of_roles(name: str, *roles: Role, result: str = "") -> RiskOfBias:
    """Invented appraisals of studies that are used for different things."""
    found = invented(len(roles), name, result=result)
    given = [dataclasses.replace(item, role=role) for item, role in zip(found.appraisals, roles, strict=True)]
    return RiskOfBias(tuple(given), (), found.people)


MIXED: tuple[Role, ...] = ("annex", "synthesis", "direction only", "synthesis", "annex")


def test_rows_stand_by_what_their_study_is_used_for_the_eligible_first(assert_readable: Check) -> None:
    risk, labels = of_roles("jbi-case-series", *MIXED), names(5)
    (drawing,) = traffic_lights_of(risk, labels)
    assert_readable(drawing)
    rows = drawing.data().drop_duplicates("label")
    found = [(group, labels_of) for group, labels_of in zip(rows["group"], rows["label"], strict=True)]
    expected = {"Eligible": (1, 3), "Directions only": (2,), "Annex": (0, 4)}
    assert found == [(group, list(labels.values())[at]) for group, places in expected.items() for at in places]
    for heading in expected:
        assert heading in page_words(drawing)
    alike = of_roles("jbi-case-series", "synthesis", "synthesis")
    assert {row.group for row in rows_of(alike, tool("jbi-case-series"), names(2))} == {""}
    results = [
        *of_roles("rob2", "synthesis", "annex", result="tear").appraisals,
        *of_roles("rob2", "synthesis", "annex", result="pain").appraisals,
    ]
    both = rows_of(RiskOfBias(tuple(results), ()), tool("rob2"), names(2))
    assert [row.group for row in both] == ["Eligible: tear", "Eligible: pain", "Annex: tear", "Annex: pain"]


def test_a_summary_counts_eligible_studies_and_says_how_many_others_there_are(assert_readable: Check) -> None:
    risk = of_roles("jbi-case-series", *MIXED)
    (drawing,) = summaries_of(risk, names(5))
    assert_readable(drawing)
    assert drawing.title == "Summary of judgements: JBI case series: share of 2 eligible studies"
    data = drawing.data()
    assert set(data.groupby("heading")["count"].sum()) == {2}
    for item in (found for found in risk.appraisals if found.eligible):
        for number, answer in item.answers.items():
            own = data[(data["heading"] == number) & (data["judgement"] == judgement_of_answer(answer.answer).words)]
            assert own["count"].sum() >= 1
    assert "Appraised too and not counted here: directions only: 1, annex: 2." in page_words(drawing)
    (weighted,) = summaries_of(risk, names(5), weights={"invented1": 5.0, "invented2": 3.0, "invented4": 1.0})
    assert set(weighted.data()["share_of_weight"]) <= {0.25, 0.75, 1.0}


def test_a_summary_without_an_eligible_study_says_so() -> None:
    (drawing,) = summaries_of(of_roles("jbi-case-series", "annex", "direction only", "annex"), names(3))
    assert drawing.title == "Summary of judgements: JBI case series: share of 3 other studies"
    said = "No eligible study was appraised with this tool; these are others (directions only: 1, annex: 2)."
    assert said in page_words(drawing)


def test_the_legend_says_what_abstract_only_means_wherever_it_is_shown() -> None:
    risk = RiskOfBias((appraisal("invented1", "jbi-case-series", {"8": "yes"}),), ())
    drawn = [*traffic_lights_of(risk, names(1)), *summaries_of(risk, names(1))]
    for drawing in drawn:
        assert "unclear: abstract only (no full text was read)" in page_words(drawing)
        assert "“unclear: abstract only” means: no full text was read." in drawing.alt_text()
        assert ABSTRACT_ONLY in drawing.data()["judgement"].tolist()
    panel = panel_of(risk, ["invented1"])
    assert panel is not None
    assert "“unclear: abstract only” means: no full text was read." in panel[0].legend
    full = appraisal("invented1", "jbi-case-series", {item.id: "yes" for item in tool("jbi-case-series").items})
    read = RiskOfBias((full,), ())
    other = panel_of(read, ["invented1"])
    assert other is not None
    for drawing in (*traffic_lights_of(read, names(1)), *summaries_of(read, names(1))):
        assert "no full text" not in page_words(drawing) + drawing.alt_text() + other[0].legend


def test_a_study_without_a_name_is_refused() -> None:
    with pytest.raises(MethodError, match="invented2 was appraised with MINORS and has no name"):
        traffic_lights_of(invented(2, "minors"), names(1))


def test_items_of_several_domains_are_named_with_them() -> None:
    assert tool_panel(tool("murad-2018")).domains["1"].startswith("Selection: ")
    assert tool_panel(tool("minors")).domains["1"] == "Stated aim"
    assert list(tool_panel(tool("rob2")).domains) == ["D1", "D2", "D3", "D4", "D5"]


def test_the_panel_of_a_forest_plot_has_levels_and_who_judged(assert_readable: Check) -> None:
    risk = invented(4, "rob2")
    found = panel_of(risk, [*studies(4), "not-appraised"])
    assert found is not None
    panel, judgements = found
    assert list(panel.domains) == ["D1", "D2", "D3", "D4", "D5", "All"]
    for item in risk.appraisals:
        assert item.overall is not None
        assert judgements[item.study_id]["All"].words == item.overall.words
    rows = [
        ForestRow(label=study, estimate=1.0, interval=(0.5, 2.0), judgements=judgements.get(study, {}))
        for study in [*studies(4), "not-appraised"]
    ]
    drawing = forest(rows, effect_label="Invented ratio", log_scale=True, null_value=1.0, panel=panel)
    assert_readable(drawing)
    assert "No person has judged." in drawing.alt_text()
    assert "filled in by software. No person has judged." in page_words(drawing)
    assert drawing.data()["RoB 2: All"][4] == "not judged"
    strips = [patch for patch in drawing.axes[-1].patches if str(patch.get_label()).startswith("possible judgement")]
    expected = [len(cell.possible) for row in judgements.values() for cell in row.values()]
    assert len(strips) == sum(expected) > 0


def test_the_panel_takes_short_tools_and_the_one_of_most_studies() -> None:
    assert panel_of(invented(3, "amstar-2"), studies(3)) is None
    assert panel_of(invented(3, "minors"), ["other"]) is None
    items = panel_of(invented(3, "jbi-case-series"), studies(3))
    assert items is not None
    assert list(items[0].domains) == [str(number) for number in range(1, 11)]
    few = invented(1, "jbi-case-reports").appraisals
    later = [dataclasses.replace(item, study_id=f"late{item.study_id}") for item in invented(2, "minors").appraisals]
    mixed = panel_of(RiskOfBias((*few, *later), ()), ["invented1", "lateinvented1", "lateinvented2"])
    assert mixed is not None
    assert mixed[0].title == "MINORS"
    assert set(mixed[1]) == {"lateinvented1", "lateinvented2"}


def test_a_forest_plot_of_an_answer_has_the_judgements_beside_its_rows(
    repository: Path, assert_readable: Check
) -> None:
    review = synth.open_review("bcg", root=repository)
    (answer,) = review.synthesis.comparisons
    ids = [effect.study_id for effect in answer.effects]
    risk = invented(len(ids), "rob2")
    risk = RiskOfBias(
        tuple(dataclasses.replace(item, study_id=study) for item, study in zip(risk.appraisals, ids, strict=True)), ()
    )
    found = panel_of(risk, ids)
    assert found is not None
    labels = {study: f"Name of {study}" for study in ids}
    drawing = forest_of(answer, review.protocol, labels, panel=found[0], judgements=found[1])
    assert_readable(drawing)
    assert len(boxes(drawing)) == 6 * len(ids)
    data = drawing.data()
    for item in risk.appraisals:
        (row,) = data[data["label"] == f"Name of {item.study_id}"].to_dict("records")
        assert item.overall is not None
        assert row["RoB 2: All"] == item.overall.words
    with pytest.raises(MethodError, match="has judgements; a panel with their domains is expected"):
        forest_of(answer, review.protocol, labels, judgements=found[1])
    assert "RoB 2: All" not in forest_of(answer, review.protocol, labels).data()
