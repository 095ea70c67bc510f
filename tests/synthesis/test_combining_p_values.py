"""Combined p values: the numbers of scipy, the refusal of single arms, bounds that stay bounds, and laws."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import scipy.stats
from evidence_patterns import Event, Row, answer_of, synthesis_of
from hypothesis import given
from hypothesis import strategies as st

import synth
from synth.effects.estimate import Effect
from synth.errors import MethodError
from synth.synthesis.comparisons import ComparisonAnswer
from synth.synthesis.p_values import (
    METHODS,
    CombinedP,
    CombiningMethod,
    OneSidedP,
    combine_p_values,
    one_sided_p_values,
    one_sided_printed,
)

ALL: tuple[CombiningMethod, ...] = ("fisher", "stouffer", "edgington", "pearson")
PLAN = {
    "id": "tear",
    "label": "Tear",
    "event": "tear",
    "measure": "RR",
    "treated": "knot",
    "control": "none",
    "fewer_is_better": True,
}
P_VALUES = st.floats(1e-6, 1 - 1e-6)


def known(*values: float) -> list[OneSidedP]:
    """Invented p values."""
    return [
        OneSidedP(study_id=f"study{index}", p=p, low=p, high=p, n=100, origin="invented")
        for index, p in enumerate(values)
    ]


def effect(study: str = "one", estimate: float = -0.5, **changes: object) -> Effect:
    """An invented log risk ratio."""
    plain = Effect(
        study_id=study,
        arm_id="",
        measure="RR",
        estimate=estimate,
        standard_error=0.25,
        interval=(estimate - 0.5, estimate + 0.5),
        level=0.95,
        n=100,
        unit_of_analysis="patients",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def comparison(
    *counts: tuple[int, int], authors: tuple[str, ...] | None = None, fewer_is_better: bool = True
) -> ComparisonAnswer:
    """Invented studies of 50 against 50 with these events."""
    rows, events = [], []
    for index, (treated, control) in enumerate(counts):
        study = f"study{index}"
        rows += [
            Row(study, arm="T", patients=50, authors=authors),
            Row(study, arm="C", procedure="none", patients=50, authors=authors),
        ]
        events += [Event(study, "tear", treated, 50, arm="T"), Event(study, "tear", control, 50, arm="C")]
    planned = [{**PLAN, "fewer_is_better": fewer_is_better}]
    return synthesis_of(*rows, events=events, comparisons=planned).comparison("tear")


@pytest.mark.parametrize("method", ["fisher", "stouffer", "pearson"])
@given(values=st.lists(P_VALUES, min_size=2, max_size=12))
def test_equals_scipy(method: Literal["fisher", "stouffer", "pearson"], values: list[float]) -> None:
    found = combine_p_values(known(*values), method=method)
    expected = scipy.stats.combine_pvalues(values, method=method)
    assert found.statistic == pytest.approx(float(expected.statistic), rel=1e-9, abs=1e-9)
    assert found.p_value == pytest.approx(float(expected.pvalue), rel=1e-7, abs=1e-15)


@given(st.lists(st.tuples(P_VALUES, st.floats(0.1, 50)), min_size=2, max_size=12))
def test_weighted_stouffer_equals_scipy(pairs: list[tuple[float, float]]) -> None:
    values, weights = [p for p, _ in pairs], [weight for _, weight in pairs]
    found = combine_p_values(known(*values), method="stouffer", weights=weights)
    expected = scipy.stats.combine_pvalues(values, method="stouffer", weights=weights)
    assert found.p_value == pytest.approx(float(expected.pvalue), rel=1e-7, abs=1e-15)
    assert found.weights == tuple(weights)


@given(st.lists(P_VALUES, min_size=2, max_size=2))
def test_edgington_of_two_is_the_area_below_a_line_in_the_unit_square(values: list[float]) -> None:
    total = sum(values)
    area = total**2 / 2 if total <= 1 else 1 - (2 - total) ** 2 / 2
    assert combine_p_values(known(*values), method="edgington").p_value == pytest.approx(area, rel=1e-9)


@pytest.mark.parametrize("k", [3, 8, 40])
def test_edgington_by_numbers_drawn_at_random(k: int) -> None:
    draws = np.random.default_rng(7).random((200_000, k)).sum(axis=1)
    for share in (0.4, 0.5, 0.55):
        found = combine_p_values(known(*[share] * k), method="edgington").p_value
        assert found == pytest.approx(float((draws <= share * k).mean()), abs=0.005)


def test_edgington_keeps_its_digits_with_many_studies() -> None:
    """The sum of many uniform numbers is symmetric about its middle; the alternating sum in doubles is not."""
    found = combine_p_values(known(*[0.45] * 60), method="edgington")
    assert found.p_value is not None
    assert found.opposite is not None
    assert found.p_value + found.opposite == pytest.approx(1, abs=1e-12)
    middle = combine_p_values(known(*[0.5] * 60), method="edgington").p_value
    assert middle == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("method", ALL)
@given(values=st.lists(P_VALUES, min_size=2, max_size=8), index=st.integers(0, 7), share=st.floats(0.01, 0.99))
def test_a_smaller_p_value_makes_none_larger(
    method: CombiningMethod, values: list[float], index: int, share: float
) -> None:
    lower = list(values)
    lower[index % len(values)] *= share
    before = combine_p_values(known(*values), method=method).p_value
    after = combine_p_values(known(*lower), method=method).p_value
    assert before is not None
    assert after is not None
    assert after <= before * (1 + 1e-9) + 1e-15


@pytest.mark.parametrize("method", ["stouffer", "edgington"])
@given(values=st.lists(P_VALUES, min_size=2, max_size=8))
def test_two_methods_treat_both_sides_alike(method: CombiningMethod, values: list[float]) -> None:
    found = combine_p_values(known(*values), method=method)
    assert found.p_value is not None
    assert found.opposite == pytest.approx(1 - found.p_value, abs=1e-9)


@given(st.lists(P_VALUES, min_size=2, max_size=8))
def test_fisher_towards_one_side_is_pearson_towards_the_other(values: list[float]) -> None:
    fisher = combine_p_values(known(*values), method="fisher", towards="worse").p_value
    pearson = combine_p_values(known(*values), method="pearson").p_value
    assert fisher is not None
    assert pearson == pytest.approx(1 - fisher, abs=1e-9)


def test_towards_worse_takes_the_other_side() -> None:
    found = combine_p_values(known(0.01, 0.2), towards="worse")
    assert [item.p for item in found.studies] == [0.99, 0.8]
    assert found.p_value == combine_p_values(known(0.01, 0.2)).opposite


def test_small_towards_both_sides_is_said() -> None:
    found = combine_p_values(known(1e-6, 1 - 1e-6))
    assert found.p_value is not None
    assert found.p_value < 0.01
    assert "combined p values are small towards both sides: the studies speak against each other" in found.marks
    assert combine_p_values(known(0.01, 0.02)).marks == ()


# Refusals: rule 16.


@pytest.mark.parametrize("wrap", [lambda item: item, lambda item: [item], lambda item: (item, item)])
def test_rule_16_single_arms_are_refused_with_the_reason(wrap) -> None:  # type: ignore[no-untyped-def]
    synthesis = synthesis_of(
        Row("one", p=".003"),
        Row("two", p=".01"),
        events=[Event("one", "content", 6, 10), Event("two", "content", 7, 10)],
    )
    answer = synthesis.answer("knot", "comfort", "scale")
    for evidence in (answer, answer.series[0], synthesis.outcomes[0], synthesis.proportions[0]):
        with pytest.raises(MethodError, match=r"single arms.*never combined: regression to the mean"):
            combine_p_values(wrap(evidence))


@pytest.mark.parametrize("measure", ["MC", "SMCC", "PLO", "MN", "IR", "COR"])
def test_rule_16_effects_without_a_comparison_group_are_refused(measure: str) -> None:
    with pytest.raises(MethodError, match=r"one/A1: .* never combined"):
        one_sided_printed(".03", effect(measure=measure, arm_id="A1"), fewer_is_better=True)
    with pytest.raises(MethodError, match="never combined"):
        one_sided_printed(".03", effect(measure=measure), fewer_is_better=True)


def test_effects_of_single_arms_in_place_of_p_values_are_refused_with_the_reason() -> None:
    changes = answer_of(Row("one", p=".003"), Row("two", p=".01")).estimates
    with pytest.raises(MethodError, match=r"one/A1: mean change\. .* never combined"):
        combine_p_values(list(changes))  # type: ignore[arg-type]
    with pytest.raises(MethodError, match="p values of Effect: a ComparisonAnswer, or a list of OneSidedP"):
        combine_p_values([effect()])  # type: ignore[list-item]


def test_an_effect_of_one_arm_is_refused_whatever_its_measure() -> None:
    with pytest.raises(MethodError, match="one/A1: risk ratio"):
        one_sided_printed(".03", effect(arm_id="A1"), fewer_is_better=True)


@pytest.mark.parametrize(
    ("evidence", "message"),
    [
        ([], "p values of nothing: a ComparisonAnswer, or a list of OneSidedP, is expected"),
        ([0.03, 0.04], "p values of float"),
        ("0.03", "p values of str"),
        (known(0.03), "1 p value: two or more are needed to combine"),
        (known(0.03) + known(0.04), "study0: several p values of one study are not independent"),
    ],
)
def test_what_cannot_be_combined_is_refused(evidence: list[OneSidedP], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        combine_p_values(evidence)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "tippett"}, "method 'tippett'; one of fisher, stouffer, edgington, pearson is expected"),
        ({"towards": "left"}, "towards 'left': better or worse is expected"),
        ({"weights": [1, 2]}, "weights are of Stouffer's method; fisher has none"),
        ({"method": "stouffer", "weights": [1]}, "1 weights for 2 studies: one for each is expected"),
        ({"method": "stouffer", "weights": [1, 0]}, "study1: weight 0; a finite number above 0 is expected"),
        ({"method": "stouffer", "weights": [math.nan, 1]}, "study0: weight nan"),
    ],
)
def test_bad_options_are_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        combine_p_values(known(0.03, 0.04), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("p", "low", "high"), [(1.2, 1.2, 1.2), (-0.1, -0.1, 0.1), (0.3, 0.4, 0.5), (None, 0.5, 0.4), (math.nan, 0, 1)]
)
def test_impossible_p_values_are_refused(p: float | None, low: float, high: float) -> None:
    with pytest.raises(MethodError, match="numbers from 0 to 1 in order are expected"):
        OneSidedP(study_id="one", p=p, low=low, high=high, n=None, origin="invented")


@pytest.mark.parametrize("p", [0.0, 1.0])
def test_a_p_value_of_zero_or_one_is_no_result(p: float) -> None:
    with pytest.raises(MethodError, match="is no result of a test; a bound is expected"):
        known(p)


# Printed p values: rule 5.


@pytest.mark.parametrize(
    ("text", "estimate", "fewer", "p", "low", "high"),
    [
        (".04", -0.5, True, 0.02, 0.0175, 0.0225),
        (".04", 0.5, False, 0.02, 0.0175, 0.0225),
        (".04", 0.5, True, 0.98, 0.9775, 0.9825),
        ("<.001", -0.5, True, None, 0.0, 0.0005),
        ("<.001", 0.5, True, None, 0.9995, 1.0),
        (">.05", -0.5, True, None, 0.025, 0.5),
        ("0.000", -0.5, True, None, 0.0, 0.00025),
    ],
)
def test_a_printed_p_value_gets_its_side_from_the_effect(
    text: str, estimate: float, fewer: bool, p: float | None, low: float, high: float
) -> None:
    found = one_sided_printed(text, effect(estimate=estimate), fewer_is_better=fewer)
    assert (found.p is None) == (p is None)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-12)
    if p is not None:
        assert found.p == pytest.approx(p, abs=1e-12)
    assert (found.is_bound, found.n, found.origin) == (p is None, 100, f"printed p {text}, taken as two-sided")


def test_without_a_direction_a_two_sided_p_value_has_no_side() -> None:
    with pytest.raises(MethodError, match="an estimate of no difference gives a two-sided p value no direction"):
        one_sided_printed(".99", effect(estimate=0.0), fewer_is_better=True)


@pytest.mark.parametrize("method", ALL)
def test_rule_5_a_bound_gives_limits_and_no_p_value(method: CombiningMethod) -> None:
    bound = one_sided_printed("<.001", effect("bound"), fewer_is_better=True)
    found = combine_p_values([bound, *known(0.2, 0.3)], method=method)
    assert (found.p_value, found.statistic, found.opposite) == (None, None, None)
    low, high = found.interval
    first, last = (combine_p_values(known(p, 0.2, 0.3), method=method).p_value for p in (1e-300, 0.0005))
    assert first is not None
    assert last is not None
    assert high == pytest.approx(last, rel=1e-9)
    assert 0 <= low <= first < high
    assert found.marks == ("a bound and no p value was printed: bound; a bound is never taken as the p value itself",)
    assert found.words.startswith("p ")
    assert "=" not in found.words


def test_words_of_a_bound_and_of_rounding() -> None:
    bound = one_sided_printed("<.001", effect("bound"), fewer_is_better=True)
    assert combine_p_values([bound, *known(0.2)]).words == "p at most 0.00102"
    printed = [one_sided_printed(text, effect(text), fewer_is_better=True) for text in (".04", ".20")]
    found = combine_p_values(printed)
    assert found.p_value is not None
    assert found.interval[0] < found.p_value < found.interval[1]
    # Fisher's method for two: x - x ln x of the product x; halves of .035 to .045 and of .195 to .205.
    by_hand = [x - x * math.log(x) for x in (0.02 * 0.1, 0.0175 * 0.0975, 0.0225 * 0.1025)]
    assert [found.p_value, *found.interval] == pytest.approx(by_hand, rel=1e-9)
    assert found.words == "p = 0.0144 (0.0126 to 0.0163 over the rounding of what is printed)"
    assert combine_p_values(known(0.2, 0.3)).words == "p = 0.229"
    assert combine_p_values(known(0.9999, 0.9999)).words == "p above 0.999"


def test_stouffer_has_no_limit_between_two_opposite_bounds() -> None:
    one = one_sided_printed("<.001", effect("one"), fewer_is_better=True)
    two = one_sided_printed("<.001", effect("two", 0.5), fewer_is_better=True)
    # The lowest is -infinity for one and finite for the other: only what may be 0 beside what may be 1 has no limit.
    either = OneSidedP(study_id="either", p=None, low=0, high=1, n=None, origin="invented")
    assert combine_p_values([one, two], method="stouffer").interval == (0.0, 1.0)
    assert combine_p_values([one, either], method="fisher").interval[0] == 0.0


# Comparisons.


def test_p_values_of_a_comparison_are_those_of_its_effects() -> None:
    answer = comparison((3, 9), (5, 12), (6, 4))
    found = one_sided_p_values(answer)
    for item, own in zip(found, answer.effects, strict=True):
        assert own.standard_error is not None
        assert item.p == pytest.approx(scipy.stats.norm.cdf(own.estimate / own.standard_error), rel=1e-12)
        assert (item.study_id, item.n) == (own.study_id, 100)
    more = one_sided_p_values(comparison((3, 9), (5, 12), (6, 4), fewer_is_better=False))
    assert [item.p for item in more] == pytest.approx([item.q for item in found], rel=1e-12)


def test_a_comparison_is_combined_with_its_marks() -> None:
    two, three = (combine_p_values(comparison(*[(3, 9)] * k)) for k in (2, 3))
    approximate = "the methods take p values to come from continuous tests; those of counts are approximations"
    pooled = "the effects themselves are pooled: that pool is the answer, and this p value adds nothing to it"
    assert two.marks == (approximate,)
    assert three.marks == (approximate, pooled)


def test_studies_that_may_share_people_are_refused() -> None:
    with pytest.raises(MethodError, match=r"may share people are not independent \(study0 and study1"):
        combine_p_values(comparison((3, 9), (5, 12), authors=("Same A",)))


def test_where_nobody_looked_for_shared_people_it_is_refused() -> None:
    with pytest.raises(MethodError, match="combined of independent studies only; here: Not pooled"):
        combine_p_values(comparison((3, 9), (5, 12), (0, 4)))


def test_one_study_is_refused() -> None:
    with pytest.raises(MethodError, match="1 p value: two or more are needed"):
        combine_p_values(comparison((3, 9)))


@pytest.fixture(scope="module")
def trials(repository: Path) -> ComparisonAnswer:
    """The comparison of the worked example `bcg`."""
    return synth.open_review("bcg", root=repository).synthesis.comparisons[0]


@pytest.mark.parametrize("method", ALL)
def test_bcg(method: CombiningMethod, trials: ComparisonAnswer) -> None:
    found = combine_p_values(trials, method=method)
    assert found.k == 13
    if method != "edgington":
        values = [item.p for item in found.studies if item.p is not None]
        assert found.p_value == pytest.approx(
            float(scipy.stats.combine_pvalues(values, method=method).pvalue), rel=1e-8
        )
    assert METHODS[method] in found.explain()
    assert "13 independent studies" in found.explain()


def test_p_values_near_one_keep_their_digits(trials: ComparisonAnswer) -> None:
    """Towards worse, a trial with a deviate of -10 has a p value that a double shows as 1."""
    worse = combine_p_values(trials, method="stouffer", towards="worse")
    better = combine_p_values(trials, method="stouffer")
    assert better.statistic is not None
    assert worse.statistic == pytest.approx(-better.statistic, rel=1e-12)


def test_the_question_stands_beside_the_number() -> None:
    found = combine_p_values(known(0.01, 0.2), method="stouffer")
    assert "whether the treated side does better in at least one study" in found.question
    assert "says nothing of how large the difference is" in found.explain()
    assert "Weights were equal." in found.explain()
    assert "Weights were given by study." in _weighted().explain()
    html = found._repr_html_()
    assert "in at least one study" in html
    assert "The same method towards the other side: p = 0.987." in html
    assert repr(found).startswith("CombinedP(stouffer, k = 2, towards better: p = 0.0")


def _weighted() -> CombinedP:
    return combine_p_values(known(0.01, 0.2), method="stouffer", weights=[1, 3])


def test_tables() -> None:
    bound = one_sided_printed("<.001", effect("bound"), fewer_is_better=True)
    found = combine_p_values([bound, *known(0.2)])
    assert list(found.table()["study"]) == ["bound", "study0"]
    assert list(found.table()["weight"].isna()) == [True, True]
    assert list(_weighted().table()["weight"]) == [1.0, 3.0]
    shown = list(found.show().frame["one-sided p"])
    assert shown == ["0 to 0.0005 (a bound)", "0.2", "p at most 0.00102"]
