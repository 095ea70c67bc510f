"""What a result says of itself: marks where it stands on little, and a paragraph on how it was computed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from textbook import DOSE, GROUP, WEIGHTS, V, Y

from synth.synthesis import common_effect, explanations, meta_regression, random_effects

# The name that a reader knows each estimator by, and the authors of its source.
NAMED = {
    "REML": ("restricted maximum likelihood", "Viechtbauer 2005"),
    "ML": ("maximum likelihood", "Viechtbauer 2005"),
    "DL": ("DerSimonian-Laird", "DerSimonian and Laird 1986"),
    "HE": ("Hedges", "Hedges 1983"),
    "HS": ("Hunter-Schmidt", "Hunter and Schmidt 1990"),
    "HSk": ("Hunter-Schmidt with the correction for few studies", "Brannick"),
    "SJ": ("Sidik-Jonkman", "Sidik and Jonkman 2005"),
    "EB": ("empirical Bayes", "Morris 1983"),
    "PM": ("Paule-Mandel", "Paule and Mandel 1982"),
    "PMM": ("median-unbiased Paule-Mandel", "median-unbiased"),
    "GENQ": ("generalised Q statistic", "DerSimonian and Kacker 2007"),
}
TESTED = {
    "normal": ("normal distribution",),
    "t": ("t distribution with k - p degrees of freedom",),
    "hartung-knapp": ("Hartung and Knapp (2001", "t distribution with k - p degrees of freedom"),
    "hartung-knapp-guarded": ("Hartung and Knapp (2001", "Roever, Knapp and Friede 2015", "where that is larger"),
}
MANY = np.tile(Y, 4) + np.repeat(np.arange(4), 9) / 10, np.tile(V, 4)


@pytest.mark.parametrize("moderators", [{}, {"dose": DOSE, "group": GROUP}], ids=["mean", "moderators"])
@pytest.mark.parametrize("test", TESTED)
@pytest.mark.parametrize("method", [*NAMED, "common"])
def test_every_choice_is_explained(method, test, moderators):
    weights = WEIGHTS if method == "GENQ" else None
    text = meta_regression(Y, V, moderators, method=method, test=test, level=0.9, weights=weights).explain()
    assert "9 studies" in text
    assert "90% level" in text
    for words in TESTED[test]:
        assert words in text
    assert ("Hartung" in text) is (test not in ("normal", "t"))
    if method == "common":
        assert "common-effect" in text
        assert "No variance between the true effects" in text
        assert "between-study variance was estimated" not in text
    else:
        name, source = NAMED[method]
        assert f"by the method {name}" in text
        assert source in text
        assert ("mixed-effects" if moderators else "random-effects") in text
        assert "Higgins and Thompson 2002" in text
    assert ("related to dose, group" in text) is bool(moderators)
    assert ("weights of the analyst's own" in text) is (method == "GENQ")
    # Whole sentences, and no name of an attribute or an empty place.
    assert text.endswith(".")
    assert "None" not in text
    assert "  " not in text


def test_what_else_was_chosen():
    assert "The between-study variance was set to 0.25." in random_effects(Y, V, tau2=0.25).explain()
    assert "Studies were weighted equally" in random_effects(Y, V, weights="equal").explain()
    without = meta_regression(Y, V, {"group": GROUP}, intercept=False).explain()
    assert "meta-regression, without an intercept" in without
    assert "The effects of 1 study were" in random_effects([0.1], [0.2]).explain()
    assert "99.9% level" in random_effects(Y, V, level=0.999).explain()


def marks_of(y, v, **options):
    return meta_regression(y, v, options.pop("moderators", {}), **options).marks


def test_many_studies_without_moderators_have_no_mark():
    assert marks_of(*MANY, test="normal") == ()
    assert marks_of(*MANY, method="common", test="normal") == ()


@pytest.mark.parametrize(
    ("k", "said"),
    [
        (1, "one study: nothing is pooled"),
        (2, "two studies: for sensitivity only"),
        (3, "only 3 studies"),
        (4, "only 4 studies"),
        (5, None),
    ],
)
def test_few_studies(k, said):
    found = marks_of(Y[:k], V[:k], test="normal")
    assert [mark for mark in found if "stud" in mark] == ([] if said is None else [found[0]])
    assert said is None or found[0].startswith(said)
    # A common-effect model has nothing to estimate between them, but one study is no pool either.
    assert bool(marks_of(Y[:k], V[:k], method="common")) is (k == 1)


@pytest.mark.parametrize("k", [19, 20])
def test_few_studies_for_the_moderators(k):
    y, v = MANY[0][:k], MANY[1][:k]
    moderators = {"one": np.arange(k) % 7.0, "two": np.arange(k) % 5.0}
    found = [mark for mark in marks_of(y, v, moderators=moderators) if "moderator column" in mark]
    assert len(found) == (1 if k == 19 else 0)
    if found:
        assert re.match("19 studies for 2 moderator columns: fewer than the 10 for each", found[0])


def test_one_moderator_column_is_one():
    assert any(mark.startswith("9 studies for 1 moderator column:") for mark in marks_of(Y, V, moderators={"d": DOSE}))
    assert (explanations.PLAIN_FROM, explanations.STUDIES_A_MODERATOR) == (5, 10)


@pytest.mark.parametrize(
    ("y", "v", "options", "said"),
    [
        (MANY[0] / 50, MANY[1], {}, "the Hartung-Knapp standard error was below the model-based one"),
        ([0.3] * 6, [0.1, 0.2, 0.3, 0.1, 0.2, 0.3], {"test": "hartung-knapp"}, "the estimates agree exactly"),
        (*MANY, {"tau2": 0.1, "test": "normal"}, "tau2 was given and not estimated"),
        (MANY[0], np.where(MANY[1] == 0.2, 0.0, MANY[1]), {"test": "normal"}, "a sampling variance is 0"),
        (MANY[0][:2], MANY[1][:2], {"moderators": {"x": [1.0, 2.0]}, "method": "common"}, "as many coefficients as"),
    ],
    ids=["guard", "agree", "given", "zero", "exact"],
)
def test_each_reason_has_its_mark(y, v, options, said):
    (found,) = marks_of(y, v, **options)
    assert said in found


def test_one_study_that_outweighs_all_others():
    found = common_effect([0.1, 0.4, 0.5], [1e-25, 1.0, 2.0])
    if found.typical_variance is None:
        assert any("one study outweighs all the others" in mark for mark in found.marks)
    else:  # with all its digits: k - 1 over the trace of P, which is twice the weight of the others
        assert found.typical_variance == pytest.approx(2 / (2 * (1.0 + 0.5)), rel=1e-9)
