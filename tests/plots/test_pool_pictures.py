"""Which pictures a pool has: as many as its studies give a meaning to, under names for people. Invented but for bcg."""

from __future__ import annotations

from dataclasses import replace

import pytest

import synth
from synth.errors import MethodError
from synth.plots.pool_pictures import pictures_of
from synth.protocol import BayesianPlan
from synth.synthesis.pooling import pool_random_effects
from synth.synthesis.sensitivity import PoolChecks
from synth.synthesis.sensitivity_fits import ModeratorColumn

SUBJECTS = ("models", "single studies", "small studies", "characteristics")
PLAN = BayesianPlan.model_validate(
    {"of": "tear", "prior": {"distribution": "half-normal", "scale": 0.5}, "reason": "invented"}
)


def pool(k, *, plan=None, columns=()):
    effects = [0.1 + 0.05 * (row % 5) + 0.01 * row for row in range(k)], [0.02 + 0.004 * row for row in range(k)]
    ids = tuple(f"tree{row}" for row in range(k))
    return PoolChecks(label="Tear", pooled=pool_random_effects(effects), study_ids=ids, plan=plan, columns=columns)


def pictures(checks, years=None):
    names = {study: f"Oak and Ash {row}" for row, study in enumerate(checks.study_ids)}
    return pictures_of(checks, names, years or {study: 2000 + row for row, study in enumerate(checks.study_ids)})


def drawn(found):
    return {subject: [type(item).__name__ for item in found.of(subject)] for subject in SUBJECTS}


def test_two_studies_have_no_picture_of_their_pool_but_a_planned_posterior():
    assert drawn(pictures(pool(2))) == {subject: [] for subject in SUBJECTS}
    found = pictures(pool(2, plan=PLAN))
    assert [item.title for item in found.of("models")] == ["Posterior distributions: Estimate: Tear"]


@pytest.mark.parametrize(("k", "counts"), [(3, (2, 1, 1, 0)), (4, (2, 2, 1, 0)), (9, (2, 2, 1, 0)), (10, (2, 5, 2, 0))])
def test_pictures_that_need_ten_studies_wait_for_them(k, counts):
    found = pictures(pool(k))
    assert tuple(len(found.of(subject)) for subject in SUBJECTS) == counts


def test_without_the_year_of_each_study_nothing_is_cumulative():
    checks = pool(4)
    years = dict.fromkeys(checks.study_ids, 2000)
    assert len(pictures(checks, years).cumulative()) == 1
    assert pictures(checks, years | {"tree2": None}).cumulative() == []


def test_studies_come_by_year_in_the_cumulative_picture():
    checks = pool(3)
    found = pictures(checks, {"tree0": 2010, "tree1": 1990, "tree2": 2001})
    (drawing,) = found.cumulative()
    rows = drawing.data()
    assert rows[rows["kind"] == "row"]["label"].tolist() == ["Oak and Ash 1", "Oak and Ash 2", "Oak and Ash 0"]


def test_every_picture_calls_the_studies_by_their_names():
    found = pictures(pool(10))
    for draw in (found.models, found.leave_one_out, found.funnel, found.baujat, found.radial, found.influence):
        (drawing,) = draw()
        words = drawing.data().to_string()
        assert "Oak and Ash 7" in words
        assert "study 8" not in words


def test_a_number_gives_a_line_and_a_text_groups():
    values = {f"tree{row}": float(row) for row in range(12)}
    kinds = {f"tree{row}": "ab"[row % 2] for row in range(12)}
    columns = (
        ModeratorColumn("age", "Age", "number", "years", values),
        ModeratorColumn("bark", "Bark", "text", "", kinds),
    )
    line, groups = pictures(pool(12, columns=columns)).of("characteristics")
    assert line.title.startswith("Bubble plot")
    assert "Age, years" in line.alt_text()
    assert set(groups.data()["group"]) >= {"a", "b"}


def test_a_group_that_leaves_studies_out_has_no_line_for_all():
    kinds = {f"tree{row}": "ab"[row % 2] for row in range(11)} | {"tree11": None}
    columns = (ModeratorColumn("bark", "Bark", "text", "", kinds),)
    (part,) = pictures(pool(12, columns=columns)).of("characteristics")
    assert not part.data()["label"].str.contains("All studies").any()
    whole = (replace(columns[0], values=kinds | {"tree11": "a"}),)
    (drawing,) = pictures(pool(12, columns=whole)).of("characteristics")
    assert drawing.data()["label"].str.contains("All studies").any()


def test_an_unknown_subject_is_named():
    with pytest.raises(MethodError, match="pictures of 'mood': one of models, single studies, small studies, char"):
        pictures(pool(3)).of("mood")


def test_the_worked_example_has_every_picture_and_the_default_review_its_slopes():
    bcg, ifi = synth.open_review("bcg"), synth.open_review("ifi")
    assert [len(bcg.pictures(subject)) for subject in SUBJECTS] == [3, 5, 3, 2]
    assert [len(ifi.pictures(subject)) for subject in SUBJECTS] == [0, 0, 0, 0]
    assert len(ifi.slopes()) == 3
    assert bcg.slopes() == []
    counts = bcg.pictures("small studies")[2]
    assert "BCG vaccination" in counts.alt_text()


def test_shares_that_lie_far_apart_stand_on_logarithms():
    (drawing,) = synth.open_review("bcg").pool_pictures(synth.open_review("bcg").synthesis.pools[0]).labbe()
    assert drawing.axes[0].get_xscale() == "log"
