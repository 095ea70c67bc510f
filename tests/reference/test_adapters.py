"""Adapters: from a case to calls of the package, on invented studies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest
from reference_cases import Case
from reference_compare import plain
from reference_kinds import ADAPTERS
from reference_rules import VARIANCE_ALONE
from reference_run import NOT_OFFERED, run_case

from synth.synthesis import common_effect, meta_regression, random_effects

# Invented studies.
YI, VI = [0.1, 0.5, -0.2, 0.9, 0.4, 0.7], [0.04, 0.02, 0.1, 0.05, 0.03, 0.08]
DOSE = [1.0, 2.0, 4.0, 3.0, 6.0, 5.0]


def case(kind: str, inputs: Mapping[str, object] | None = None, measure: str = "GEN", **spec: object) -> Case:
    return Case(
        name="invented",
        kind=kind,
        measure=measure,
        inputs={"yi": YI, "vi": VI} if inputs is None else inputs,
        spec=spec,
    )


def answer(asked: Case, output: str) -> object:
    return plain(ADAPTERS[asked.kind](asked)[output]())


def reason(asked: Case) -> str:
    result = run_case(asked, ADAPTERS)
    assert result.status == NOT_OFFERED
    return result.reason


class TestStudies:
    def test_without_an_estimate_a_variance_or_a_moderator_are_dropped_as_metafor_drops_them(self) -> None:
        inputs = {
            "yi": [None, *YI, 9.0, 9.0],
            "vi": [0.1, *VI, None, 0.1],
            "mods": {"dose": [1.0, *DOSE, 2.0, None]},
        }
        asked = case("meta_regression", inputs, method="DL", test="z", mod_names=["dose"])
        expected = meta_regression(YI, VI, {"dose": DOSE}, method="DL")
        assert answer(asked, "k") == len(YI)
        assert answer(asked, "beta") == pytest.approx(expected.beta.tolist(), rel=1e-12)

    def test_that_are_dropped_take_their_weights_along(self) -> None:
        asked = case("rma.uni", {"yi": [None, *YI], "vi": [1, *VI], "weights": [50, 1, 2, 3, 4, 5, 6]}, method="FE")
        expected = common_effect(YI, VI, weights=[1, 2, 3, 4, 5, 6])
        assert answer(asked, "beta") == pytest.approx(expected.beta.tolist(), rel=1e-12)

    def test_keep_their_rows_in_the_order_of_a_cumulative_analysis(self) -> None:
        inputs = {"yi": [None, *YI], "vi": [0.01, *VI], "order_value": [0.01, *VI]}
        assert answer(case("cumul", inputs, method="DL", test="z"), "order") == [3, 6, 2, 5, 7, 4]


class TestChoices:
    def test_levels_are_percent_and_shares_too(self) -> None:
        asked = case("rma.uni", method="DL", test="knha", level=90)
        expected = random_effects(YI, VI, method="DL", test="hartung-knapp", level=0.9)
        assert answer(asked, "ci.lb") == pytest.approx(expected.low.tolist(), rel=1e-12)
        assert expected.i2 is not None
        assert answer(asked, "I2") == pytest.approx(100 * expected.i2, rel=1e-12)

    def test_given_tau2_and_equal_weights(self) -> None:
        asked = case("rma.uni", method="REML", tau2=0.2, weighted=False)
        expected = random_effects(YI, VI, method="REML", tau2=0.2, weights="equal")
        assert answer(asked, "tau2") == pytest.approx(0.2, rel=1e-12)
        assert answer(asked, "beta") == pytest.approx(expected.beta.tolist(), rel=1e-12)

    @pytest.mark.parametrize(
        ("asked", "told"),
        [
            (case("rma.uni", method="SJIT"), "estimator SJIT"),
            (case("rma.uni", method="DL", test="F"), "test F"),
            (case("rma.uni", method="DL", level="wide"), "level 'wide'"),
            (case("rma.uni", method="DL", subset=[1, 2]), "argument subset"),
            (case("rma.uni", method="DL", digits=3), "argument digits=3"),
            (case("rma.uni", {"yi": YI, "vi": VI, "sei": VI}, method="DL"), "input sei"),
            (case("rma.uni", {"sei": VI}, method="DL"), "input sei"),
            (case("rma.uni", {}, method="DL"), "inputs without yi and vi"),
            (case("escalc", {"ai": [1]}, measure="XX"), "measure XX"),
            (case("escalc", {"ri": [0.2], "ni": [20]}, measure="ZCOR", vtype="UB"), "variance UB of ZCOR"),
            (case("escalc", {"ai": [1], "bi": [9], "ci": [2], "di": [8]}, measure="RR", to="some"), "to='some'"),
            (case("rma.mh", {"ai": [1]}, measure="AS"), "measure AS"),
            (case("rma.mh", {"ai": [1]}, measure="OR", add=[0.5, 0.5]), "add=[0.5, 0.5]: one half is added"),
            (case("transform", {"x": [1]}, measure="exp.int"), "transformation exp.int"),
            (case("conv.fivenum", {"n": [9]}, method="qe"), "conv.fivenum with method qe"),
            (case("conv.wald", {"out": [1]}, transf="sqrt"), "conv.wald with transf sqrt"),
            (case("confint_PL", method="ML", type="GENQ"), "interval GENQ"),
            (case("regtest", model="rma", predictor="year"), "regtest with model rma and predictor year"),
            (case("fsn", type="General"), "fail-safe N of General"),
            (case("tes", method="REML"), "tes with method REML"),
            (case("hc_henmi_copas", method="REML"), "hc of a model by REML"),
            (case("permutest_exact", method="DL", exact=False), "a permutation test by chance draws"),
            (case("lrt", method="REML"), "a likelihood-ratio test with REML"),
        ],
    )
    def test_that_are_not_offered_are_named(self, asked: Case, told: str) -> None:
        assert told in reason(asked)

    def test_columns_that_follow_from_others_are_a_difference_on_purpose(self) -> None:
        inputs = {"yi": YI, "vi": VI, "mods": {"dose": DOSE, "twice": [2 * dose for dose in DOSE]}}
        assert "moderators that follow from each other" in reason(case("meta_regression", inputs, method="DL"))

    def test_a_regression_without_a_constant_is_a_difference_on_purpose(self) -> None:
        inputs = {"yi": YI, "vi": VI, "mods": {"dose": DOSE}}
        assert "without a constant" in reason(case("meta_regression", inputs, method="DL", intercept=False))

    def test_moderators_with_nothing_to_explain_have_no_r2(self) -> None:
        inputs = {"yi": [0.1, 0.11, 0.1, 0.12], "vi": [0.2, 0.3, 0.1, 0.2], "mods": {"dose": [1, 2, 3, 5]}}
        asked = case("meta_regression", inputs, method="REML")
        result = run_case(replace(asked, outputs={"k": 4, "R2": 0}), ADAPTERS)
        assert [(item.path, item.reason[:40]) for item in result.left_out] in (
            [("R2", "R2 where tau2 is 0 without the moderator")],
            [],
        )
        assert result.failures == ()

    def test_groups_that_add_up_to_a_constant_are_compared(self) -> None:
        mods = {"low": [1, 1, 1, 0, 0, 0], "high": [0, 0, 0, 1, 1, 1]}
        asked = case("meta_regression", {"yi": YI, "vi": VI, "mods": mods}, method="FE", intercept=False)
        expected = [common_effect(YI[part], VI[part]).estimate for part in (slice(3), slice(3, 6))]
        assert answer(asked, "beta") == pytest.approx(expected, rel=1e-12)


class TestEffects:
    def test_half_is_added_to_studies_with_an_empty_cell_unless_told_otherwise(self) -> None:
        table = {"ai": [0, 4], "bi": [10, 6], "ci": [3, 2], "di": [7, 8]}
        halved = math.log(0.5 * 7.5 / (10.5 * 3.5)), math.log(4.5 * 8.5 / (6.5 * 2.5))
        plain_second = math.log(4 * 8 / (6 * 2))
        asked = {
            "usual": (case("escalc", table, measure="OR"), (halved[0], plain_second)),
            "everywhere": (case("escalc", table, measure="OR", add=0.5, to="all"), halved),
        }
        assert answer(case("escalc", table, measure="OR", to="none"), "yi") == [None, pytest.approx(plain_second)]
        for name, (some, expected) in asked.items():
            assert answer(some, "yi") == pytest.approx(list(expected), rel=1e-12), name

    def test_group_sizes_may_stand_in_the_place_of_those_without_events(self) -> None:
        by_rest = case("escalc", {"ai": [4], "bi": [6], "ci": [2], "di": [8]}, measure="RR")
        by_total = case("escalc", {"ai": [4], "n1i": [10], "ci": [2], "n2i": [10]}, measure="RR")
        assert answer(by_rest, "vi") == answer(by_total, "vi")

    def test_a_study_with_a_missing_figure_has_no_value_and_leaves_the_others(self) -> None:
        yi = answer(case("escalc", {"ri": [0.2, None, 0.4], "ni": [20, 30, 40]}, measure="COR"), "yi")
        assert yi == [0.2, None, 0.4]

    @pytest.mark.parametrize(
        ("spec", "first", "second"),
        [
            ({}, -0.440510663, -0.064403828),
            ({"to": "all"}, -0.440510663, -0.064403828),
            ({"add": 0.5}, -0.259135038, -0.064403828),
            ({"add": 0.5, "to": "all"}, -0.259135038, -0.057260708),
        ],
    )
    def test_nothing_is_added_for_the_arcsine_unless_a_case_says_how_much(
        self, spec: Mapping[str, object], first: float, second: float
    ) -> None:
        """As metafor 3.8-1 answers."""
        table = {"ai": [0, 3], "n1i": [10, 12], "ci": [2, 4], "n2i": [11, 13]}
        found = answer(case("escalc", table, measure="AS", **spec), "yi")
        assert found == pytest.approx([first, second], abs=1e-9)

    def test_failures_may_stand_in_the_place_of_the_total_of_one_group(self) -> None:
        by_rest = case("escalc", {"xi": [1, 3], "mi": [9, 9]}, measure="PR")
        by_total = case("escalc", {"xi": [1, 3], "ni": [10, 12]}, measure="PR")
        assert answer(by_rest, "vi") == answer(by_total, "vi") == pytest.approx([0.009, 0.015625])

    @pytest.mark.parametrize(("second", "status"), [(0.2, "passed"), (0.3, "failed")])
    def test_a_variance_that_metafor_keeps_without_an_estimate_is_not_compared(
        self, second: float, status: str
    ) -> None:
        means = {"m1i": [None, 2], "sd1i": [1, 1], "n1i": [10, 10], "m2i": [1, 2], "sd2i": [1, 1], "n2i": [10, 10]}
        outputs = {"yi": [None, 0.0], "vi": [0.2, second]}
        result = run_case(replace(case("escalc", means, measure="MD"), outputs=outputs), ADAPTERS)
        assert result.status == status
        assert ("vi[0]", VARIANCE_ALONE) in [(item.path, item.reason) for item in result.left_out]
