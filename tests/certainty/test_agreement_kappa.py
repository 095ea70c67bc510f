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
from synth.certainty.tools import ABSTRACT_ONLY
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
    if found.error is None:
        # Withheld only where theirs is zero, or not a number by rounding below zero.
        assert (found.low, found.high) == (None, None)
        assert "no interval is given" in found.remark
        assert math.isnan(other.std_kappa) or other.std_kappa < 1e-7
        return
    assert found.remark == ""
    assert found.error == pytest.approx(other.std_kappa, abs=1e-12)
    assert (found.low, found.high) == pytest.approx((other.kappa_low, other.kappa_upp), abs=1e-9)


@given(pairs)
def test_kappa_does_not_depend_on_who_is_named_first(answers: list[tuple[str, str]]) -> None:
    first, second = [a for a, _ in answers], [b for _, b in answers]
    one, other = kappa_of(first, second), kappa_of(second, first)
    assert (one.n, one.agreed) == (other.n, other.agreed)
    assert (one.value, one.error, one.low, one.high) == (other.value, other.error, other.low, other.high)


def test_where_kappa_is_not_defined_it_is_told_in_words() -> None:
    assert kappa_of([], []).remark == "No item was answered by both."
    same = kappa_of(["yes", "yes"], ["yes", "yes"])
    assert (same.value, same.n, same.agreed) == (None, 2, 2)
    assert same.remark == "Both answered 'yes' throughout, so kappa is not defined."


#: Invented answers whose kappa has a variance of zero, that kappa, and why there is no interval.
DEGENERATE: dict[str, tuple[str, str, float, str]] = {
    "one item": ("y", "n", 0, "A single item cannot tell how precise kappa is"),
    "one reviewer constant": ("yyy", "ynn", 0, "One of the two gave the same answer throughout, so kappa is 0"),
    "both constant": ("yyy", "nnn", 0, "One of the two gave the same answer throughout, so kappa is 0"),
    "no disagreement": ("ynn", "ynn", 1, "No disagreement was seen; that says nothing of how precise kappa is"),
    "nothing but disagreement": ("yn", "ny", -1, "The formula gives a variance of zero here; that says nothing"),
}


@pytest.mark.parametrize("case", DEGENERATE)
def test_no_interval_where_the_variance_is_zero(case: str) -> None:
    first, second, value, why = DEGENERATE[case]
    found = kappa_of(list(first), list(second))
    assert (found.value, found.error, found.low, found.high) == (value, None, None, None)
    assert found.value == pytest.approx(theirs(list(first), list(second)).kappa, abs=1e-12)
    assert found.remark.startswith(why)
    assert found.remark.endswith("no interval is given.")


def test_a_variance_next_to_zero_is_not_taken_for_zero() -> None:
    """An invented large table with two disagreements on a rare answer: a tiny error, but one."""
    first, second = ["y"] * 50_000 + ["n", "y"], ["y"] * 50_000 + ["y", "n"]
    found, other = kappa_of(first, second), theirs(first, second)
    assert found.value == pytest.approx(other.kappa, abs=1e-9)
    assert found.error is not None
    assert 0 < found.error < 2e-5
    assert found.error == pytest.approx(other.std_kappa, rel=0.02)  # theirs is rounded in a difference near zero


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
    assert nobody.sentence == "JBI case series: no item was answered by both Ann and Bob."


def test_a_single_item_gets_no_interval_and_the_sentence_says_why() -> None:
    whole, item = agreements_of(PEOPLE, rows(("s1", "1", "ann", "no"), ("s1", "1", "bob", "yes")))
    assert item.sentence == (
        "JBI case series, item 1: Invented ann and Invented bob gave the same answer to 0 of 1 item; Cohen's kappa "
        "0.00, without an interval. A single item cannot tell how precise kappa is, so no interval is given."
    )
    assert "independent" not in whole.sentence  # nothing is said of an interval that is not there


def test_two_people_who_saw_nothing_do_not_agree_on_anything() -> None:
    """What an abstract cannot tell is no answer: it enters neither the shared answers nor kappa."""
    items = [str(number) for number in range(1, 11)]
    unseen = rows(*(("s1", item, who, ABSTRACT_ONLY) for item in items for who in ("ann", "bob")))
    whole, *each = agreements_of(PEOPLE, unseen)
    assert (whole.figures.n, whole.figures.agreed, whole.open_by_both, whole.open_by_one) == (0, 0, 10, 0)
    assert whole.sentence == (
        "JBI case series: no item was answered by both Invented ann and Invented bob. "
        f"Not counted: 10 items left open by both (“{ABSTRACT_ONLY}”)."
    )
    assert [(item.figures.n, item.open_by_both) for item in each] == [(0, 1)] * 10


@pytest.mark.parametrize("second", ["bob", "prog"])
def test_open_items_change_neither_counts_nor_kappa(second: str) -> None:
    seen = answered_by("ann", second)
    left_open = [("s3", "1", ABSTRACT_ONLY, ABSTRACT_ONLY), ("s3", "2", ABSTRACT_ONLY, "yes")]
    left_open += [("s4", "2", "no", ABSTRACT_ONLY)]
    more = rows(
        *((study, item, who, a if who == "ann" else b) for study, item, a, b in left_open for who in ("ann", second))
    )
    before, after = (agreements_of(PEOPLE, table)[0] for table in (seen, pd.concat([seen, more])))
    assert after.figures == before.figures
    assert (after.open_by_both, after.open_by_one) == (1, 2)
    assert after.sentence == (
        f"{before.sentence} Not counted: 1 item left open by both, 2 items left open by one of the two "
        f"(“{ABSTRACT_ONLY}”)."
    )
