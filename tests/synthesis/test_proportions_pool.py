"""What counts of one event come to: rules 8 to 10, 12, 14 and 17. Evidence is invented but for ifi and bcg."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from evidence_patterns import Event, Row, protocol, synthesis_of
from scipy import stats

import synth
from synth.errors import MethodError
from synth.extraction.overlap import Overlap
from synth.synthesis.beta_binomial import beta_binomial
from synth.synthesis.glmm import proportion_glmm
from synth.synthesis.glmm.entries import POINTS
from synth.synthesis.proportions import (
    ProportionAnswer,
    pool_proportions,
    pooling,
    proportion_answers,
    proportions_of,
)

NAMES = ("ash", "elm", "fir", "oak", "yew", "box")
MIXED = ((1, 12), (4, 20), (0, 9), (6, 31), (2, 15))


def events(counts, event: str = "tear", unit: str = "patients") -> list[Event]:
    return [Event(name, event, x, n, unit=unit) for name, (x, n) in zip(NAMES, counts, strict=False)]


def answers(found: list[Event], **cells: object) -> tuple[ProportionAnswer, ...]:
    rows = [Row(name, **cells) for name in dict.fromkeys(item.study for item in found)]  # type: ignore[arg-type]
    return proportions_of(synthesis_of(*rows, events=found))


def answer(found: list[Event], **cells: object) -> ProportionAnswer:
    (one,) = answers(found, **cells)
    return one


def test_rule_14_the_main_line_is_the_mixed_model_with_the_beta_binomial_beside_it() -> None:
    found = answer(events(MIXED))
    x, n = zip(*MIXED, strict=True)
    model = proportion_glmm(x, n, test="t", points=25)
    natural, beside = model.natural(), beta_binomial(x, n)
    assert (found.standing, found.k, found.reason) == ("plain", 5, "5 independent series of patients.")
    assert found.glmm is not None
    assert found.beta_binomial is not None
    # Few series ask for t, and no number of metafor's has to be met with its 7 points.
    assert found.glmm.degrees_of_freedom == 4
    assert found.glmm.points > POINTS
    assert natural.low is not None
    assert natural.high is not None
    estimate, (low, high) = found.pooled or (0, (0, 0))
    assert (estimate, low, high) == pytest.approx((natural.estimates[0], natural.low[0], natural.high[0]), abs=1e-12)
    lines = found.summary()
    assert lines["line"].tolist() == ["Logistic mixed model (median share)", "Beta-binomial model (mean share)"]
    assert lines["estimate"].tolist() == pytest.approx([estimate, beside.estimate], abs=1e-12)
    assert lines.loc[1, ["low", "high"]].tolist() == pytest.approx(beside.interval, abs=1e-9)
    assert lines["prediction_high"].notna().tolist() == [True, False]
    # Nothing is added to the study without an event.
    assert found.glmm.to_dict()["labels"] == list(NAMES[:5])
    assert found.table()["events"].tolist() == list(x)


def test_every_series_has_its_exact_and_its_score_interval() -> None:
    for size in (1, 2, 3, 5):
        table = answer(events(MIXED[:size])).table()
        for row, (x, n) in zip(table.to_dict("records"), MIXED, strict=False):
            exact = stats.binomtest(x, n).proportion_ci(method="exact")
            score = stats.binomtest(x, n).proportion_ci(method="wilson")
            assert (row["low"], row["high"]) == pytest.approx((exact.low, exact.high), abs=1e-9)
            assert (row["score_low"], row["score_high"]) == pytest.approx((score.low, score.high), abs=1e-9)


@pytest.mark.parametrize(
    ("size", "standing", "reason"),
    [
        (1, "exact only", "One series has a count; one series is not pooled."),
        (2, "exact only", "Two independent series: both are shown; proportions are pooled from three series on."),
        (3, "few studies", "3 independent series of patients. With fewer than five the spread between series is"),
        (4, "few studies", "4 independent series of patients. With fewer than five the spread between series is"),
        (5, "plain", "5 independent series of patients."),
    ],
)
def test_rule_13_how_many_series_allow_what(size: int, standing: str, reason: str) -> None:
    found = answer(events(MIXED[:size]))
    assert (found.standing, found.k) == (standing, size)
    assert found.reason.startswith(reason)
    assert (found.glmm is None, found.beta_binomial is None) == (size < 3, size < 3)
    assert (found.pooled is None) == (size < 3)
    assert found.summary().empty == (size < 3)


def test_rule_8_hips_and_patients_are_never_mixed() -> None:
    patients, hips = (
        events(MIXED[:3]),
        [Event("oak", "tear", 3, 14, unit="hips"), Event("yew", "tear", 1, 9, unit="hips")],
    )
    first, second = answers([*patients, *hips])
    assert (first.unit, first.k, first.standing) == ("patients", 3, "few studies")
    assert (second.unit, second.k, second.standing) == ("hips", 2, "exact only")
    assert [item.study_id for item in first.otherwise_counted] == ["oak", "yew"]
    assert [item.study_id for item in second.otherwise_counted] == ["ash", "elm", "fir"]
    assert "Counted otherwise, and never mixed: oak/A1 (hips), yew/A1 (hips)." in first._repr_html_()
    # Given together, they are refused.
    together = pool_proportions([*first.counts, *second.counts])
    assert (together.standing, together.glmm, together.together, together.added) == ("exact only", None, None, "")
    assert together.reason == "Not pooled: hips and patients are never mixed."


def test_rule_8_a_pool_of_hips_has_one_by_patient() -> None:
    found = answer(events([(3, 14), (1, 12), (4, 15)], unit="hips"), patients=10, hips="")
    assert found.by_patient is None
    assert found.marks == (
        "hips of one patient are not independent: intervals of counts of hips are too narrow",
        "not every series states how many patients the hips belong to: no sensitivity by patient",
    )
    # Each arm states its hips: the least favourable count of patients is that every hip with a tear is another's.
    rows = [Row("ash", patients=10, hips=14), Row("elm", patients=12, hips=12), Row("fir", patients=9, hips=15)]
    counted = events([(3, 14), (1, 12), (4, 15)], unit="hips")
    (stated,) = proportions_of(synthesis_of(*rows, events=counted))
    assert stated.by_patient is not None
    assert [(item.events, item.total) for item in stated.by_patient.studies] == [(3, 10), (1, 12), (4, 9)]
    assert stated.by_patient.unit == "patients"
    assert stated.by_patient.pooled is not None
    assert stated.pooled is not None
    assert stated.by_patient.pooled[0] > stated.pooled[0]
    assert len(stated.marks) == 1
    assert stated.summary()["line"].tolist()[2] == "Logistic mixed model (median share), by patient"


def test_a_sensitivity_by_patient_of_some_series_is_none() -> None:
    rows = [Row("ash", patients=10, hips=14), Row("elm", patients=9, hips=12), Row("fir", patients=9, hips="")]
    (found,) = proportions_of(synthesis_of(*rows, events=events([(3, 14), (1, 12), (4, 15)], unit="hips")))
    assert found.glmm is not None
    assert found.by_patient is None
    assert len(found.marks) == 2


def test_one_hip_of_each_patient_is_a_count_of_patients_already() -> None:
    rows = [Row(name, patients=n, hips=n) for name, (_, n) in zip(NAMES, MIXED[:3], strict=False)]
    (found,) = proportions_of(synthesis_of(*rows, events=events(MIXED[:3], unit="hips")))
    assert found.glmm is not None
    assert (found.by_patient, found.marks) == (None, ())


def test_rule_9_counts_that_inclusion_depended_on_have_no_rate_and_enter_no_pool() -> None:
    conditioned = [replace(item, conditioned="yes") for item in events(MIXED[:2], "content")]
    found = answer(conditioned)
    assert (found.standing, found.k, found.reason) == ("no rate", 0, "No rate: who was included depended on it.")
    assert (found.level, found.added) == (None, "")
    assert found.table()["low"].isna().all()
    mixed = answer([*events(MIXED[:4], "content")[:3], replace(events(MIXED[:4], "content")[3], conditioned="yes")])
    assert (mixed.k, len(mixed.counts)) == (3, 4)
    assert mixed.glmm is not None
    assert mixed.glmm.labels == ("ash", "elm", "fir")


@pytest.mark.parametrize("size", [3, 5])
@pytest.mark.parametrize("all_of_them", [False, True])
def test_rules_10_and_14_tables_without_an_event_have_exact_intervals_only(size: int, all_of_them: bool) -> None:
    totals = [12, 20, 9, 31, 15][:size]
    found = answer(events([(n if all_of_them else 0, n) for n in totals]))
    assert (found.standing, found.glmm, found.beta_binomial, found.pooled) == ("exact only", None, None, None)
    assert found.together is not None
    n = sum(totals)
    # The exact limit of the sum: no half is added, and it is not 3 of n.
    limit = 0.025 ** (1 / n)
    expected = (limit, 1.0) if all_of_them else (0.0, 1 - limit)
    assert found.together.interval == pytest.approx(expected, abs=1e-12)
    assert found.summary()["line"].tolist() == ["Sum, if one share held"]
    word = "all" if all_of_them else "none"
    assert f"Together, if one share held in all of them, {word} of {n} patients" in found.reason
    assert "nothing is added to a count" in found.reason
    shown = found._repr_html_()
    assert shown.count("is compatible with that") == size + 1


def test_rule_10_who_does_not_report_is_named_and_not_counted() -> None:
    rows = [Row(name) for name in NAMES[:5]]
    (found,) = proportions_of(synthesis_of(*rows, events=events(MIXED[:3])))
    assert found.not_reported == ("oak", "yew")
    assert "<li>Not reported by oak, yew.</li>" in found._repr_html_()
    assert found.added == "5 of 41 patients"
    # A step of care is not asked of every report.
    (course,) = proportions_of(synthesis_of(*rows, events=events(MIXED[:3], "rested")))
    assert (course.not_reported, course.reason) == ((), "No rate: a step of care, not an outcome.")


def test_rule_12_possible_overlap_blocks_adding_and_pooling() -> None:
    rows = [Row(name, authors=("Same A",) if name in ("ash", "elm") else None) for name in NAMES[:4]]
    (found,) = proportions_of(synthesis_of(*rows, events=events(MIXED[:4])))
    assert (found.standing, found.glmm, found.together) == ("exact only", None, None)
    assert found.reason == (
        "Not pooled: that the patients are of the same people cannot be excluded "
        "(ash and elm: a shared author name (Same))."
    )
    assert found.added == "at most 11 of at most 72 patients"
    # Where nobody has an event, the sum is blocked as well.
    (none,) = proportions_of(synthesis_of(*rows, events=events([(0, n) for _, n in MIXED[:4]])))
    assert (none.together, none.added) == (None, "at most 0 of at most 72 patients")
    # A pair without a count of the event blocks nothing.
    (apart,) = proportions_of(synthesis_of(*rows, events=events(MIXED[:4])[1:]))
    assert (apart.overlaps, apart.standing) == ((), "few studies")


def test_arms_of_one_study_are_not_independent() -> None:
    twice = [*events(MIXED[:3]), Event("ash", "tear", 2, 10, arm="A2")]
    rows = [*(Row(name) for name in NAMES[:3]), Row("ash", arm="A2")]
    (found,) = proportions_of(synthesis_of(*rows, events=twice))
    assert found.reason == "Not pooled: arms of one study are not independent (ash gives several counts)."
    assert (found.glmm, found.added) == (None, "at most 7 of at most 51 patients")
    (alone,) = proportions_of(synthesis_of(Row("ash"), Row("ash", arm="A2"), events=[twice[0], twice[3]]))
    assert alone.reason == "Not pooled: one study has 2 counts; arms of one study are not independent."


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"disease": "tightness"}, "Counted only in sources that do not enter the synthesis."),
        ({"level": "video abstract"}, "Counted only in sources that are used for directions and give no rate."),
    ],
)
def test_only_eligible_series_count(cells, reason: str) -> None:
    found = answer(events(MIXED), **cells)
    assert (found.reason, found.k, found.standing) == (reason, 0, "no rate")
    rows = [*(Row(name) for name in NAMES[:3]), *(Row(name, **cells) for name in NAMES[3:5])]
    (some,) = proportions_of(synthesis_of(*rows, events=events(MIXED)))
    assert (some.k, len(some.counts)) == (3, 5)
    assert some.glmm is not None
    assert some.glmm.labels == ("ash", "elm", "fir")


def test_procedures_and_events_are_apart_in_the_order_of_the_protocol() -> None:
    rows = [Row("ash", procedure="bow"), *(Row(name) for name in NAMES[1:3]), Row("oak", procedure="none")]
    counted = [Event(name, event, 1, 9) for event in ("content", "tear") for name in NAMES[:4]]
    found = proportions_of(synthesis_of(*rows, events=counted))
    assert [(item.procedure, item.event, item.k) for item in found] == [
        ("knot", "tear", 2),
        ("knot", "content", 2),
        ("bow", "tear", 1),
        ("bow", "content", 1),
    ]


@pytest.mark.parametrize("method", ["PR", "PLN", "PLO", "PAS", "PFT", "freeman-tukey"])
def test_rule_14_no_normal_approximation_and_no_freeman_tukey_as_the_main_line(method: str) -> None:
    counts = answer(events(MIXED)).counts
    with pytest.raises(MethodError, match="'glmm' is expected") as raised:
        pool_proportions(counts, method=method)
    assert ("not offered for a pooled proportion" in str(raised.value)) == (method != "freeman-tukey")


def test_one_event_definition_and_one_level_are_expected() -> None:
    tears, content = answer(events(MIXED[:3])).counts, answer(events(MIXED[3:], "content")).counts
    with pytest.raises(MethodError, match=r"ash/A1 counts 'content', but ash/A1 'tear'; one event definition"):
        pool_proportions([*tears, *content])
    with pytest.raises(MethodError, match="no count: at least one"):
        pool_proportions([])
    assert tears[0].proportion is not None
    other = replace(tears[0], proportion=replace(tears[0].proportion, level=0.9))
    with pytest.raises(MethodError, match="intervals of different levels \\(90%, 95%\\)"):
        pool_proportions([other, *tears[1:]])


def test_the_pool_has_the_level_of_the_protocol() -> None:
    rows = [Row(name) for name in NAMES[:5]]
    (found,) = proportions_of(synthesis_of(*rows, events=events(MIXED), level=0.8))
    assert found.glmm is not None
    assert found.beta_binomial is not None
    assert (found.level, found.glmm.level, found.beta_binomial.level) == (0.8, 0.8, 0.8)


def test_any_complication_is_each_reports_own_choice() -> None:
    assert "each report's own choice" in answer(events(MIXED, "any")).marks[0]
    assert answer(events(MIXED)).marks == ()


def test_rule_17_an_arm_of_a_comparison_is_marked() -> None:
    plan = [
        {
            "id": "knots",
            "label": "Knot or nothing",
            "event": "tear",
            "measure": "RR",
            "treated": "knot",
            "control": "none",
            "fewer_is_better": True,
        }
    ]
    found = synthesis_of(*(Row(name) for name in NAMES[:3]), events=events(MIXED[:3]))
    (one,) = proportion_answers(
        found.counts, protocol(comparisons=plan), found.arm_procedures, overlaps={}, eligible={}
    )
    assert "never to be compared with the share of another arm" in one.marks[-1]


def test_a_refusal_of_a_model_is_a_result_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MethodError("no maximum")

    monkeypatch.setattr(pooling, "beta_binomial", refuse)
    found = answer(events(MIXED))
    assert (found.beta_binomial, found.standing) == (None, "plain")
    assert found.marks == ("no beta-binomial model beside it: no maximum",)
    monkeypatch.setattr(pooling, "proportion_glmm", refuse)
    found = answer(events(MIXED))
    assert (found.glmm, found.pooled, found.standing) == (None, None, "exact only")
    assert found.reason == "Not pooled: the logistic mixed model has no answer for these counts (no maximum)."


def test_none_or_all_in_every_series_has_a_mixed_model_or_a_reason_and_no_beta_binomial() -> None:
    found = answer(events([(0, 12), (20, 20), (0, 9), (31, 31)]))
    assert found.beta_binomial is None
    assert found.glmm is not None or found.reason.startswith("Not pooled: ")


def test_a_maximum_that_was_not_found_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lost:
        converged = False

    monkeypatch.setattr(pooling, "proportion_glmm", lambda *_, **__: Lost())
    found = answer(events(MIXED))
    assert (found.glmm, found.standing) == (None, "exact only")
    assert "was not found for certain" in found.reason


def test_overlaps_may_be_given_by_hand() -> None:
    counts = answer(events(MIXED)).counts
    found = pool_proportions(counts, overlaps=[Overlap("ash", "yew", "declared"), Overlap("ash", "other", "declared")])
    assert [str(pair) for pair in found.overlaps] == ["ash and yew: declared"]
    assert found.glmm is None


def test_every_result_is_shown() -> None:
    found = answer(events(MIXED[:3]))
    shown = found.to_dict()
    assert json.loads(json.dumps(shown)) == shown
    assert (shown["standing"], shown["k"], shown["added"]) == ("few studies", 3, "5 of 41 patients")
    assert [line["line"] for line in shown["lines"]] == found.summary()["line"].tolist()
    assert shown["marks"] == list(found.all_marks)
    assert any(mark.startswith("Logistic mixed model (median share): only 3 studies") for mark in found.all_marks)
    assert any(mark.startswith("Beta-binomial model (mean share): only 3 studies") for mark in found.all_marks)
    text = repr(found.show())
    assert "tear after knot, counted in patients" in text
    assert "1 of 12 patients" in text
    assert "Logistic mixed model" in text
    assert repr(found).startswith("ProportionAnswer(tear after knot, counted in patients: few studies, k = 3.")
    assert "Added up: 5 of 41 patients." in found._repr_html_()
    assert "Clopper and Pearson" in found.explain()
    assert "median" in found.explain()
    assert "beta-binomial" not in answer(events(MIXED[:1])).explain()


@pytest.fixture(scope="module")
def ifi(repository: Path):
    found = proportions_of(synth.open_review("ifi", root=repository).synthesis)
    return {(item.procedure, item.event): item for item in found}


ONE = "One series has a count; one series is not pooled."


@pytest.mark.parametrize(
    ("procedure", "event", "reason"),
    [
        ("endoscopic", "complication", "One series has a count; one series is not pooled."),
        (
            "endoscopic",
            "total hip arthroplasty after the resection",
            "One series has a count; one series is not pooled.",
        ),
        ("endoscopic", "lost to follow-up", "No rate: a step of care, not an outcome."),
        ("endoscopic", "HHS below 70 before surgery", "No rate: a state before treatment."),
        ("open", "complication", "Counted only in sources that do not enter the synthesis."),
        ("injection", "complication", "Counted only in sources that do not enter the synthesis."),
        ("injection", "complete but transient pain relief", "No rate: who was included depended on it."),
        ("injection", "progressed to surgery", "No rate: who was included depended on it."),
        ("conservative", "success without surgery", "No rate: a single patient."),
    ],
)
def test_ifi_refuses_with_the_right_reason(ifi, procedure: str, event: str, reason: str) -> None:
    assert ifi[(procedure, event)].reason == reason


def test_ifi_pools_nothing_and_names_who_does_not_report(ifi) -> None:
    assert all(item.glmm is None and item.beta_binomial is None and item.together is None for item in ifi.values())
    complication = ifi[("endoscopic", "complication")]
    assert complication.added == "0 of 5 patients"
    assert {"docwirelti", "wilson2016", "aguilerabohorquez2020"} <= set(complication.not_reported)
    assert "a share of up to 52.2% is compatible with that" in complication._repr_html_()


def test_bcg_has_a_pool_of_thirteen_arms_and_none_of_the_comparator(repository: Path) -> None:
    (found,) = proportions_of(synth.open_review("bcg", root=repository).synthesis)
    assert (found.procedure, found.k, found.standing) == ("bcg", 13, "plain")
    assert found.beta_binomial is not None
    # VGAM 1.1-7 on the same arms.
    assert found.beta_binomial.estimate == pytest.approx(0.0170006192, abs=5e-8)
    assert found.pooled is not None
    assert found.pooled[0] < found.beta_binomial.estimate
