"""Agreement of two people: kappa and its interval against statsmodels and a published example, and where it is none."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa  # type: ignore[import-untyped]

from synth.certainty.risk_of_bias.agreement import Agreement, agreements_of
from synth.certainty.risk_of_bias.kappa import kappa_of
from synth.protocol.parts import Contributor

ANSWERS = ("yes", "no", "unclear")
pairs = st.lists(st.tuples(st.sampled_from(ANSWERS), st.sampled_from(ANSWERS)), min_size=2, max_size=60)


def theirs(first: list[str], second: list[str]) -> Any:
    names = sorted({*first, *second})
    table = np.zeros((len(names), len(names)))
    for a, b in zip(first, second, strict=True):
        table[names.index(a), names.index(b)] += 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # their test of zero divides by zero in some tables
        return cohens_kappa(table)


def test_the_published_example() -> None:
    """R package statpsych, ci.kappa(.05, 31, 12, 4, 58): https://rdrr.io/github/dgbonett/statpsych/man/ci.kappa.html."""
    first = ["0"] * 43 + ["1"] * 62
    second = ["0"] * 31 + ["1"] * 12 + ["0"] * 4 + ["1"] * 58
    found = kappa_of(first, second)
    assert (found.n, found.agreed, found.remark) == (105, 89, "")
    published = (0.6756757, 0.07344761, 0.5317210, 0.8196303)
    assert (found.value, found.error, found.low, found.high) == pytest.approx(published, abs=6e-8)


@given(pairs)
def test_kappa_and_interval_are_those_of_statsmodels(answers: list[tuple[str, str]]) -> None:
    first, second = [a for a, _ in answers], [b for _, b in answers]
    found = kappa_of(first, second)
    if len({*first, *second}) == 1:
        assert (found.value, found.error, found.low, found.high) == (None, None, None, None)
        return
    other = theirs(first, second)
    assert found.value == pytest.approx(other.kappa, abs=1e-12)
    # Their variance can be a hair below zero where it is zero, and its root then not a number.
    error = 0.0 if math.isnan(other.std_kappa) else other.std_kappa
    assert found.error == pytest.approx(error, abs=1e-7)
    reach = 1.9599639845400545 * error
    assert (found.low, found.high) == pytest.approx((other.kappa - reach, other.kappa + reach), abs=1e-6)
    if error > 1e-6:
        assert (found.low, found.high) == pytest.approx((other.kappa_low, other.kappa_upp), abs=1e-9)


@given(pairs)
def test_kappa_does_not_depend_on_who_is_named_first(answers: list[tuple[str, str]]) -> None:
    first, second = [a for a, _ in answers], [b for _, b in answers]
    one, other = kappa_of(first, second), kappa_of(second, first)
    assert (one.n, one.agreed) == (other.n, other.agreed)
    if one.value is not None:
        assert (one.value, one.error) == pytest.approx((other.value, other.error), abs=1e-7)


def test_where_kappa_is_not_defined_it_is_told_in_words() -> None:
    assert kappa_of([], []).remark == "No item was answered by both."
    same = kappa_of(["yes", "yes"], ["yes", "yes"])
    assert (same.value, same.n, same.agreed) == (None, 2, 2)
    assert same.remark == "Both answered 'yes' throughout, so kappa is not defined."


def test_a_kappa_that_says_little_has_a_remark() -> None:
    constant = kappa_of(["yes", "yes", "yes"], ["yes", "no", "no"])
    assert constant.value == pytest.approx(0, abs=1e-12)
    assert "kappa is 0 whatever the other answered" in constant.remark
    perfect = kappa_of(["yes", "no", "no"], ["yes", "no", "no"])
    assert (perfect.value, perfect.low, perfect.high) == pytest.approx((1, 1, 1))
    assert "No disagreement was seen" in perfect.remark


def test_two_series_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        kappa_of(["yes"], [])


PEOPLE = (
    Contributor(id="ann", name="Invented ann", kind="person", role="invented"),
    Contributor(id="bob", name="Invented bob", kind="person", role="invented"),
    Contributor(id="prog", name="Invented prog", kind="software", role="invented"),
)


def rows(*answers: tuple[str, str, str, str]) -> pd.DataFrame:
    """Invented answers: study, item, reviewer, answer."""
    cells = [(study, "jbi-case-series", "", item, reviewer, answer) for study, item, reviewer, answer in answers]
    return pd.DataFrame(cells, columns=["study_id", "tool", "result", "item", "reviewer", "answer"], dtype=str)


def answered_by(first: str, second: str) -> pd.DataFrame:
    given = [("s1", "1", "yes", "yes"), ("s2", "1", "no", "yes"), ("s1", "2", "no", "no"), ("s2", "2", "yes", "yes")]
    return rows(
        *((study, item, who, a if who == first else b) for study, item, a, b in given for who in (first, second))
    )


def test_two_people_have_kappa_on_all_items_and_on_each() -> None:
    found = agreements_of(PEOPLE, answered_by("ann", "bob"))
    assert [(item.item, item.figures.n, item.figures.agreed) for item in found] == [
        ("", 4, 3),
        ("1", 2, 1),
        ("2", 2, 2),
    ]
    other = theirs(["yes", "no", "no", "yes"], ["yes", "yes", "no", "yes"])
    assert found[0].figures.value == pytest.approx(other.kappa)
    assert found[0].share == 0.75
    assert found[0].sentence == (
        "JBI case series: Invented ann and Invented bob gave the same answer to 3 of 4 items; Cohen's kappa 0.50 "
        f"(95% interval −{-other.kappa_low:.2f} to 1.00). "
        "The interval takes all answers as independent, although several are of one study."
    )
    assert other.kappa_upp > 1  # the printed limit is cut, the figure is not
    assert found[0].figures.high == pytest.approx(other.kappa_upp)
    assert found[1].sentence.startswith(
        "JBI case series, item 1: Invented ann and Invented bob gave the same answer to 1"
    )


@pytest.mark.parametrize(("first", "second"), [("ann", "prog"), ("prog", "ann")])
def test_no_kappa_where_software_answered(first: str, second: str) -> None:
    """Rule 3: no kappa unless two named people decided."""
    found = agreements_of(PEOPLE, answered_by(first, second))
    assert [item.figures.n for item in found] == [4, 2, 2]
    assert {item.figures.value for item in found} == {None}
    assert {item.figures.remark for item in found} == {
        "No kappa is given: Invented prog is software, and kappa is for two people."
    }
    assert all("kappa 0" not in item.sentence for item in found)


def test_a_consensus_is_no_reviewer() -> None:
    answers = pd.concat([answered_by("ann", "bob"), rows(("s2", "1", "consensus", "yes"))])
    assert {item.reviewers for item in agreements_of(PEOPLE, answers)} == {("ann", "bob")}
    assert agreements_of(PEOPLE, answers)[0].figures.n == 4
    assert agreements_of(PEOPLE, rows(("s1", "1", "ann", "yes"), ("s1", "1", "consensus", "no"))) == ()


def test_only_items_that_both_answered_are_compared() -> None:
    assert agreements_of(PEOPLE, rows(("s1", "1", "ann", "yes"), ("s1", "2", "bob", "yes"))) == ()
    found = agreements_of(PEOPLE, rows(("s1", "1", "ann", "no"), ("s1", "1", "bob", "yes"), ("s1", "2", "bob", "no")))
    assert [(item.item, item.figures.n) for item in found] == [("", 1), ("1", 1)]


def test_an_agreement_without_a_shared_item_has_no_share() -> None:
    nobody = Agreement("jbi-case-series", "", ("ann", "bob"), ("Ann", "Bob"), kappa_of([], []))
    assert math.isnan(nobody.share)
    assert nobody.sentence.endswith("to 0 of 0 items. No item was answered by both.")
