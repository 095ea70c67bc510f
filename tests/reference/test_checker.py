"""The checker itself, on invented cases and invented answers."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import check
import numpy as np
import pytest
from reference_cases import Case, CaseFileError, read_cases
from reference_compare import Compared, LeftOut, NotOfferedError, Share, compare, not_offered
from reference_report import agreed, report, summary
from reference_rules import Rules, arrangements_left_out, rules_of
from reference_run import FAILED, NOT_OFFERED, PASSED, Outputs, Result, adapters, run_all, run_case

from synth.errors import MethodError

DOUBLED = {"name": "invented-doubled", "kind": "doubling", "inputs": {"x": 2}, "status": "ok", "outputs": {"y": 4}}


def doubling(case: Case) -> Outputs:
    """An engine of one function: twice x."""
    x = case.inputs["x"]
    assert isinstance(x, int | float)
    return {"y": lambda: 2 * x, "list": lambda: [2 * x, x], "none": lambda: None}


def invented(**others: object) -> Case:
    fields = {"name": "invented", "kind": "doubling", "inputs": {"x": 2}, "outputs": {"y": 4}}
    return Case(**{**fields, **others})  # type: ignore[arg-type]


def run(case: Case, adapter: Callable[[Case], Outputs] = doubling) -> Result:
    return run_case(case, {"doubling": adapter})


def answering(outputs: Mapping[str, Callable[[], object]]) -> Callable[[Case], Outputs]:
    def adapter(case: Case) -> Outputs:
        return outputs

    return adapter


def raising(error: Exception) -> Callable[[], object]:
    def value() -> object:
        raise error

    return value


def written(folder: Path, text: str) -> str:
    place = folder / "cases.json"
    place.write_text(text, encoding="utf-8")
    return str(place)


@pytest.fixture
def doubling_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "ADAPTERS", {"doubling": doubling})


@pytest.mark.usefixtures("doubling_only")
class TestExitCode:
    def test_0_where_all_agrees(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert check.main([written(tmp_path, json.dumps([DOUBLED]))]) == 0
        assert "Failures: 0 cases" in capsys.readouterr().out

    def test_1_for_a_wrong_number_which_is_printed(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        wrong = DOUBLED | {"outputs": {"y": 4.00001}}
        assert check.main([written(tmp_path, json.dumps([wrong]))]) == 1
        printed = capsys.readouterr().out
        assert (
            "invented-doubled (doubling) y: ours 4.0, metafor's 4.00001; difference 2.5e-06, allowed 1e-09" in printed
        )

    def test_0_for_unknown_kinds_beside_a_case_that_agrees(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        unknown = {"name": "invented-unknown", "kind": "guessing", "inputs": {}, "status": "ok", "outputs": {"z": 1}}
        assert check.main([written(tmp_path, json.dumps([DOUBLED, unknown]))]) == 0
        assert "guessing: 1 · kind guessing" in capsys.readouterr().out

    def test_1_where_nothing_is_compared(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        unknown = {"name": "invented-unknown", "kind": "guessing", "inputs": {}, "status": "ok", "outputs": {"z": 1}}
        assert check.main([written(tmp_path, json.dumps([unknown]))]) == 1
        assert "Nothing was compared." in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("", "not JSON"),
            ("[{", "not JSON"),
            ("[" * 100_000, "not JSON"),
            ("{}", "a JSON list of cases is expected, not dict"),
            ("[]", "the list holds no case"),
            ("[1]", "case 1: an object is expected, not int"),
            ('[{"name": "a"}]', "`kind` must be there, as str"),
            (json.dumps([DOUBLED, DOUBLED]), "two cases are named 'invented-doubled'"),
            (json.dumps([DOUBLED | {"status": "fine"}]), "status 'fine'; 'ok' or 'error' is expected"),
            (json.dumps([DOUBLED | {"outputs": [1]}]), "`outputs` must be an object"),
            (json.dumps([DOUBLED | {"inputs": None}]), "`inputs` must be there, as dict"),
        ],
    )
    def test_2_for_a_file_that_cannot_be_used(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
    ) -> None:
        assert check.main([written(tmp_path, text)]) == 2
        captured = capsys.readouterr()
        assert told in captured.err
        assert "cases.json" in captured.err
        assert captured.out == ""

    def test_2_for_a_file_that_is_not_there_and_for_bytes_that_are_no_text(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert check.main([str(tmp_path / "none.json")]) == 2
        assert "cannot be read" in capsys.readouterr().err
        (tmp_path / "bytes.json").write_bytes(b"[\xff]")
        assert check.main([str(tmp_path / "bytes.json")]) == 2
        assert check.main([str(tmp_path)]) == 2

    def test_2_without_a_file_and_for_an_option(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert check.main([]) == 2
        assert check.main(["--fast"]) == 2
        assert "usage: python tests/reference/check.py FILE.json [FILE...]" in capsys.readouterr().err

    def test_of_several_files_is_the_worst_and_all_are_checked(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        good = written(tmp_path, json.dumps([DOUBLED]))
        assert check.main([str(tmp_path / "none.json"), good]) == 2
        assert "Failures: 0 cases" in capsys.readouterr().out


class TestStatus:
    def test_passed(self) -> None:
        result = run(invented())
        assert (result.status, len(result.compared), result.failures) == (PASSED, 1, ())

    def test_a_case_whose_outputs_are_all_null_is_not_passed(self) -> None:
        result = run(invented(outputs={"y": None, "list": [None, None], "none": None}))
        assert result.status == NOT_OFFERED
        assert result.reason.startswith("nothing to compare: ")
        assert [item.path for item in result.left_out] == ["y", "list[0]", "list[1]", "none"]

    def test_a_case_without_outputs_is_not_passed(self) -> None:
        assert run(invented(outputs={})).reason == "nothing to compare: metafor's outputs are empty"

    def test_an_unknown_output_is_listed_and_the_rest_compared(self) -> None:
        result = run(invented(outputs={"y": 4, "new": {"a": [1, 2]}}))
        assert result.status == PASSED
        reason = "an output that the checker does not know"
        assert result.left_out == (LeftOut("new/a[0]", reason), LeftOut("new/a[1]", reason))
        assert f"  doubling · new/a: 2 · {reason}" in list(report([result]))

    def test_what_an_adapter_does_not_offer(self) -> None:
        def adapter(case: Case) -> Outputs:
            raise NotOfferedError("measure X")

        result = run(invented(outputs={"y": [4, 5]}), adapter)
        assert (result.status, result.reason, len(result.left_out)) == (NOT_OFFERED, "measure X", 2)

    def test_an_output_that_is_not_offered_is_left_out_with_its_reason(self) -> None:
        outputs = {"y": lambda: 4, "list": lambda: not_offered("no list")}
        result = run(invented(outputs={"y": 4, "list": [1, 2]}), answering(outputs))
        assert result.status == PASSED
        assert [(item.path, item.reason) for item in result.left_out] == [
            ("list[0]", "no list"),
            ("list[1]", "no list"),
        ]

    @pytest.mark.parametrize("error", [MethodError("no"), ZeroDivisionError("no"), ImportError("no"), KeyError("y")])
    def test_an_exception_of_an_output_fails_it_and_leaves_the_others(self, error: Exception) -> None:
        outputs = {"y": raising(error), "list": lambda: [4, 2]}
        result = run(invented(outputs={"y": 4, "list": [4, 2]}), answering(outputs))
        assert result.status == FAILED
        assert [item.path for item in result.failures] == ["y"]
        assert type(error).__name__ in result.failures[0].ours
        assert len(result.compared) == 3

    def test_an_adapter_that_cannot_be_imported_fails_its_cases(self) -> None:
        result = run_case(invented(), adapters({"doubling": "reference_nowhere:doubling"}))
        assert result.status == FAILED
        assert "ModuleNotFoundError: No module named 'reference_nowhere'" in result.reason

    def test_a_floating_point_warning_is_a_failure(self) -> None:
        result = run(invented(outputs={"y": 4}), answering({"y": lambda: np.float64(4) / np.zeros(1)[0]}))
        assert result.status == FAILED
        assert "RuntimeWarning" in result.failures[0].ours


class TestWhereMetaforFails:
    @staticmethod
    def of(adapter: Callable[[Case], Outputs]) -> Result:
        return run(invented(status="error", error="did not converge", outputs={}), adapter)

    def test_a_result_is_told(self) -> None:
        result = self.of(doubling)
        assert (result.status, result.metafor_fails) == (NOT_OFFERED, True)
        assert result.reason == "metafor fails (did not converge), we give a result"

    def test_a_refusal_is_told(self) -> None:
        def adapter(case: Case) -> Outputs:
            raise MethodError("too few studies")

        assert self.of(adapter).reason == "metafor fails (did not converge), we refuse: too few studies"

    def test_a_refusal_of_some_outputs_is_told(self) -> None:
        outputs = {"y": lambda: 1, "z": raising(MethodError("none")), "w": raising(NotOfferedError("not here"))}
        result = self.of(answering(outputs))
        assert result.reason == "metafor fails (did not converge), we give a result without z: none"

    def test_any_other_exception_fails(self) -> None:
        assert self.of(answering({"y": raising(ValueError("no"))})).status == FAILED
        assert self.of(raising(ValueError("no"))).status == FAILED  # type: ignore[arg-type]

    def test_it_does_not_count_as_compared(self) -> None:
        assert not agreed([self.of(doubling)])


class TestValues:
    RULES = Rules(relative=1e-9, effect=2.0, variance=0.5, median_variance=0.1)

    def outcomes(self, ours: object, metafor: object, path: str = "y") -> list[Compared | LeftOut]:
        return list(compare(path, ours, metafor, self.RULES))

    def agree(self, ours: object, metafor: object, path: str = "y") -> bool:
        return all(isinstance(item, Compared) and item.agrees for item in self.outcomes(ours, metafor, path))

    @pytest.mark.parametrize(
        ("ours", "metafor"),
        [
            (None, 1.0),
            (math.nan, 1.0),
            ("1.0", 1.0),
            (True, 1),
            (math.inf, 1.0),
            (1.0, "Inf"),
            (-math.inf, "Inf"),
            (1.0, 0),
            ([1.0], 1.0),
            (1.0, [1.0]),
            ([1.0, 2.0], [1.0]),
            (None, [1.0]),
            ({"a": 1.0}, [1.0]),
            (1.0, {"a": 1.0}),
            ("left", "right"),
            (False, True),
            (1 + 2e-9, 1.0),
        ],
    )
    def test_that_do_not_agree(self, ours: object, metafor: object) -> None:
        outcomes = list(compare("y", lambda: ours, metafor, self.RULES))
        assert [isinstance(item, Compared) and not item.agrees for item in outcomes] == [True]

    @pytest.mark.parametrize(
        ("ours", "metafor"),
        [
            (1.0, 1),
            (np.float64(1 + 5e-10), 1.0),
            (np.array([[1.0, 2.0]]), [[1, 2]]),
            (np.inf, "Inf"),
            (-np.inf, "-Inf"),
            (np.bool_(True), True),
            ("right", "right"),
            ({"a": lambda: [1.0]}, {"a": [1.0]}),
            ({"a": 1.0, "more": 2.0}, {"a": 1.0}),
        ],
    )
    def test_that_agree(self, ours: object, metafor: object) -> None:
        outcomes = list(compare("y", lambda: ours, metafor, self.RULES))
        assert all(isinstance(item, Compared) and item.agrees for item in outcomes)
        assert len(outcomes) == np.size(metafor)

    def test_that_metafor_does_not_have_are_left_out(self) -> None:
        reasons = [item.reason for item in self.outcomes([None, 1.0], [None, "NA"]) if isinstance(item, LeftOut)]
        assert reasons == ["metafor gives no value (NA), nor do we", "metafor gives no value (NA), we give one"]

    @pytest.mark.parametrize(
        ("path", "ours", "metafor", "agree"),
        [
            ("tau2", 0.0, 4e-14, True),
            ("tau2", 0.0, 0.9e-11, True),
            ("tau2", 0.0, 1.1e-11, False),
            ("tau2", 1e-11, 3e-9, False),
            ("confint_tau2/tau[0]", 0.0, 3e-6, True),
            ("confint_tau2/tau[0]", 0.0, 4e-6, False),
            ("I2", 0.0, 0.9e-8, True),
            ("I2", 0.0, 1.1e-8, False),
            ("pval[0]", 0.0, 1e-301, True),
            ("QEp", 1e-305, 3e-302, True),
            ("QEp", 0.0, 1e-20, False),
            ("beta[0]", 0.0, 1.9e-13, True),
            ("beta[0]", 0.0, 2.1e-13, False),
            ("vb[0][0]", 0.0, 4e-14, True),
            ("vb[0][0]", 0.0, 6e-14, False),
            ("QE", 1e-14, 0, True),
            ("QE", 1e-12, 0, False),
        ],
    )
    def test_that_are_zero_but_for_rounding(self, path: str, ours: float, metafor: float, agree: bool) -> None:
        assert self.agree(ours, metafor, path) is agree

    @pytest.mark.parametrize(
        ("sign", "ours", "agree"), [("<", 0.0, True), ("<", 0.3, False), (">", 150.0, True), (">", 99.0, False)]
    )
    def test_of_a_bound_that_metafor_did_not_reach_must_lie_beyond(self, sign: str, ours: float, agree: bool) -> None:
        metafor = {"tau2": [0.1, 0.05, 0.2 if sign == "<" else 100], "lb_sign": "", "ub_sign": sign}
        outcomes = self.outcomes({"tau2": [0.1, 0.05, ours]}, metafor, "confint_tau2")
        bound = next(item for item in outcomes if item.path == "confint_tau2/tau2[2]")
        assert isinstance(bound, Compared)
        assert bound.agrees is agree
        assert [item.path for item in outcomes if isinstance(item, LeftOut)] == ["confint_tau2/ub_sign"]

    def test_of_a_bound_that_we_do_not_have_fail(self) -> None:
        metafor = {"tau2": [0.1, 0.05, 100], "lb_sign": "", "ub_sign": ">"}
        outcomes = self.outcomes({"tau2": [0.1, 0.05, None]}, metafor, "confint_tau2")
        assert [item.path for item in outcomes if isinstance(item, Compared) and not item.agrees] == [
            "confint_tau2/tau2[2]"
        ]

    def test_shares_of_arrangements_that_metafor_leaves_out(self) -> None:
        assert arrangements_left_out(4660 / 5038, 5040) == 2
        assert arrangements_left_out(0.25, 8) == 0
        assert self.agree(Share(4662 / 5040, 5040), 4660 / 5038)
        assert not self.agree(Share(4665 / 5040, 5040), 4660 / 5038)
        assert not self.agree(Share(3 / 8, 8), 0.25)
        assert self.agree(Share(2 / 8, 8), 0.25)


class TestTolerance:
    @pytest.mark.parametrize(
        ("kind", "spec", "path", "allowed"),
        [
            ("escalc", {}, "yi[0]", 1e-9),
            ("rma.uni", {"method": "DL"}, "tau2", 1e-9),
            ("rma.uni", {"method": "REML"}, "tau2", 1e-7),
            ("rma.uni", {"method": "REML", "tau2": 0.2}, "beta[0]", 1e-9),
            ("rma.uni", {"method": "DL"}, "confint_tau2/tau2[0]", 1e-9),
            ("rma.uni", {"method": "DL"}, "confint_tau2/tau2[2]", 1e-7),
            ("subgroup", {"method": "DL"}, "groups/a/confint_tau2/I2[1]", 1e-7),
            ("rma.mv", {"method": "REML"}, "sigma2[0]", 1e-5),
            ("location_scale", {"method": "REML"}, "alpha[0]", 1e-5),
            ("selmodel", {"method": "ML"}, "beta[0]", 1e-4),
            ("rma.glmm", {"method": "ML"}, "beta[0]", 1e-3),
            ("rma.glmm", {"method": "ML"}, "tau2", 1e-2),
        ],
    )
    def test_is_that_of_the_readme(self, kind: str, spec: Mapping[str, object], path: str, allowed: float) -> None:
        assert rules_of(invented(kind=kind, spec=spec)).tolerance(path) == allowed

    def test_of_a_regression_widens_with_its_conditioning_only(self) -> None:
        k = 12
        inputs = {"yi": [0.1 * i % 0.7 for i in range(k)], "vi": [0.1] * k}
        plain = invented(kind="meta_regression", inputs={**inputs, "mods": {"x": [i - 5.5 for i in range(k)]}})
        years = invented(kind="meta_regression", inputs={**inputs, "mods": {"year": [1990 + i for i in range(k)]}})
        assert rules_of(plain).conditioning < 1e-13
        assert 1e-10 < rules_of(years).conditioning < 1e-6
        assert rules_of(invented(inputs=inputs)).conditioning == 0
        collinear = {"a": [1.0] * k}
        assert rules_of(invented(kind="meta_regression", inputs={**inputs, "mods": collinear})).conditioning >= 0

    def test_of_refits_by_a_default_stopping_rule(self) -> None:
        spec = {"method": "REML"}
        rules = rules_of(invented(kind="trimfill", spec=spec, outputs={"tau2": 0.4}))
        assert rules.stopping == pytest.approx(1e-4)
        assert rules.rule("beta[0]", 1 + 5e-5, 1.0) == "metafor's default stopping rule"
        assert rules.rule("beta[0]", 1 + 2e-4, 1.0) == ""
        near_zero = rules_of(invented(kind="trimfill", spec=spec, outputs={"tau2": 2e-6, "vt": 0.1}))
        assert near_zero.rule("tau2", 0.0, 2e-6) == "metafor's default stopping rule"
        assert near_zero.rule("tau2", 0.0, 2e-5) == ""
        assert near_zero.rule("I2", 0.0, 2e-3) == "metafor's default stopping rule"
        assert near_zero.rule("I2", 0.0, 2e-2) == ""
        assert rules_of(invented(kind="trimfill", spec={"method": "DL"}, outputs={"tau2": 0.4})).stopping == 0
        assert rules_of(invented(kind="rma.uni", spec=spec, outputs={"tau2": 0.4})).stopping == 0

    def test_of_the_henmi_copas_limits(self) -> None:
        rules = rules_of(invented(kind="hc_henmi_copas", spec={"method": "DL"}, outputs={"se": 0.3}))
        assert rules.rule("ci.lb", 1 + 7e-5, 1.0) == "metafor's search for a critical value"
        assert rules.rule("ci.lb", 1 + 8e-5, 1.0) == ""
        assert rules.rule("beta", 1 + 7e-5, 1.0) == ""


class TestLowerLikelihood:
    """Invented studies whose likelihood has a maximum at a tau2 of 0 and a higher one apart from it, or none."""

    INPUTS: Mapping[str, object] = {"yi": [0.0, 1.0, -1.0, 2.0], "vi": [0.01, 0.01, 0.01, 0.01]}

    def result(self, ours: float, metafor: float, method: str = "REML") -> Result:
        case = invented(kind="rma.uni", inputs=self.INPUTS, spec={"method": method}, outputs={"tau2": metafor, "k": 4})
        return run_case(case, {"rma.uni": answering({"tau2": lambda: ours, "k": lambda: 4})})

    @pytest.mark.parametrize("method", ["ML", "REML"])
    def test_is_not_compared(self, method: str) -> None:
        result = self.result(1.5, 0.0, method)
        assert (result.status, result.compared) == (NOT_OFFERED, ())
        assert "metafor ends at a lower likelihood" in result.reason

    def test_fails_where_ours_is_the_lower_one(self) -> None:
        assert self.result(0.0, 1.5).status == FAILED

    def test_is_looked_at_for_estimators_of_a_likelihood_only(self) -> None:
        assert self.result(1.5, 0.0, "DL").status == FAILED

    def test_of_a_regression_test_is_that_of_its_own_column(self) -> None:
        inputs = {"yi": [0.0, 1.0, -1.0, 2.0, 0.5], "vi": [0.01, 0.02, 0.04, 0.03, 0.05], "ni": [90, 50, 20, 30, 25]}
        for predictor in ("sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv"):
            spec = {"method": "REML", "model": "rma", "predictor": predictor}
            case = invented(kind="regtest", inputs=inputs, spec=spec, outputs={"tau2": 0.0})
            result = run_case(case, {"regtest": answering({"tau2": lambda: 1.5})})
            assert "lower likelihood" in result.reason, predictor

    def test_cannot_be_told_of_figures_that_are_missing(self) -> None:
        inputs = {"yi": [0.0, 1.0, None, 2.0], "vi": [0.01] * 4}
        case = invented(kind="rma.uni", inputs=inputs, spec={"method": "ML"}, outputs={"tau2": 0.0})
        assert run_case(case, {"rma.uni": answering({"tau2": lambda: 1.5})}).status == FAILED

    def test_of_one_study_left_out_leaves_the_other_rows(self) -> None:
        outputs = {"estimate": [0.1, 0.2, 0.3, 0.4], "tau2": [1.2, 0.0, 1.2, 1.2]}
        case = invented(kind="leave1out", inputs=self.INPUTS, spec={"method": "ML"}, outputs=outputs)
        ours = {"estimate": lambda: [0.1, 0.9, 0.3, 0.4], "tau2": lambda: [1.2, 1.5, 1.2, 1.2]}
        result = run_case(case, {"leave1out": answering(ours)})
        assert (result.status, len(result.compared)) == (PASSED, 6)
        assert [item.path for item in result.left_out] == ["estimate[1]", "tau2[1]"]


class TestReport:
    def test_counts_and_the_largest_difference_of_each_kind(self) -> None:
        cases = [
            invented(),
            invented(name="near", outputs={"y": 4 + 4e-10}),
            invented(name="wrong", outputs={"y": 5}),
            invented(name="strange", kind="guessing"),
        ]
        results = run_all(cases, {"doubling": doubling})
        found = summary(results)
        assert (found.cases, found.passed, found.failed, found.not_offered, found.values) == (4, 2, 1, 1, 3)
        assert (found.largest, found.where) == (0.2, "wrong y")
        assert not agreed(results)
        assert agreed(results[:2])
        lines = list(report(results))
        assert lines[1].split() == ["doubling", "3", "3", "2", "1", "0", "3", "0", "2.0e-01", "wrong", "y"]
        assert lines[3].split()[:5] == ["all", "4", "3", "2", "1"]

    def test_values_that_agree_by_a_rule_are_listed_and_not_the_largest_difference(self) -> None:
        result = run(invented(outputs={"y": 4, "QE": 0}), answering({"y": lambda: 4, "QE": lambda: 1e-15}))
        assert (summary([result]).by_rule, summary([result]).largest) == (1, 0.0)
        assert "  zero but for rounding · doubling QE: 1" in list(report([result]))

    def test_cases_in_which_metafor_fails_are_named(self) -> None:
        result = run(invented(name="hopeless", status="error", error="no", outputs={}))
        assert "    hopeless" in list(report([result]))


def test_reading_keeps_every_field(tmp_path: Path) -> None:
    fields = {"dataset": "typed-in", "measure": "GEN", "spec": {"method": "DL"}, "error": None, "warnings": []}
    case = read_cases(Path(written(tmp_path, json.dumps([DOUBLED | fields]))))[0]
    assert (case.name, case.kind, case.dataset, case.measure) == ("invented-doubled", "doubling", "typed-in", "GEN")
    assert (case.spec, case.inputs, case.outputs, case.error) == ({"method": "DL"}, {"x": 2}, {"y": 4}, "")
    with pytest.raises(CaseFileError):
        read_cases(tmp_path / "nothing.json")
