"""Agreement with metafor on the committed cases, kind by kind."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from reference_cases import read_cases
from reference_kinds import ADAPTERS
from reference_report import by_kind
from reference_run import FAILED, NOT_OFFERED, Result, run_all

COMMITTED = Path(__file__).parent / "metafor_cases.json"
KINDS = tuple(dict.fromkeys(case.kind for case in read_cases(COMMITTED)))
MEASURES_NOT_OFFERED = set("PCOR PHI PRZ RBIS RPB RTET SMCRP SMCRPH SPCOR ZBIS ZPB ZPCOR ZPHI ZSPCOR ZTET".split())  # noqa: SIM905
ESTIMATORS_NOT_OFFERED = {"DLIT", "SJIT"}


@cache
def results() -> list[Result]:
    return run_all(read_cases(COMMITTED), ADAPTERS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_case_of_the_kind_agrees_with_metafor(kind: str) -> None:
    some = by_kind(results())[kind]
    wrong = [
        f"{result.name} {result.reason or ''} "
        + "; ".join(f"{item.path}: {item.ours} for {item.metafor}" for item in result.failures[:5])
        for result in some
        if result.status == FAILED
    ]
    assert not wrong, "\n".join(wrong)
    assert sum(len(result.compared) for result in some) > 0


def test_only_what_is_meant_to_be_left_out_is_not_offered() -> None:
    reasons = {(result.kind, result.reason) for result in results() if result.status == NOT_OFFERED}
    left = {reason for reason in reasons if "metafor fails" not in reason[1]}
    allowed = {("escalc", f"measure {measure}") for measure in MEASURES_NOT_OFFERED}
    allowed |= {("rma.uni", f"estimator {estimator}") for estimator in ESTIMATORS_NOT_OFFERED}
    assert left == allowed


def test_where_metafor_fails_ours_is_a_result_or_an_error_of_ours() -> None:
    failing = {result.name: result.reason for result in results() if result.metafor_fails}
    assert set(failing) == {"trimfill-pritzPLO-REML-z-Q0-auto", "glmm-issue45-OR-CM.EL-ML"}
    for reason in failing.values():
        assert re.search(r"^metafor fails \(.*\), we (refuse|give)", reason)


def test_every_output_of_metafor_is_compared_or_left_out_with_a_reason() -> None:
    for result in results():
        assert all(item.reason for item in result.left_out)
        assert "does not know" not in " ".join(item.reason for item in result.left_out), result.name


def test_rules_explain_few_values() -> None:
    compared = [item for result in results() for item in result.compared]
    by_rule = [item for item in compared if item.rule]
    assert len(compared) > 31_000
    assert sum(bool(result.compared) for result in results()) >= 505
    assert len(by_rule) < len(compared) / 100


def changed(metafor: object) -> object:
    """The same tree with each number 5 % larger and each text another one."""
    if isinstance(metafor, dict):
        return {name: changed(item) for name, item in metafor.items()}
    if isinstance(metafor, list):
        return [changed(item) for item in metafor]
    if isinstance(metafor, bool):
        return not metafor
    if isinstance(metafor, str):
        return metafor if metafor in {"", "<", ">"} else f"not {metafor}"
    return 1.05 * metafor if isinstance(metafor, int | float) else metafor


@pytest.mark.parametrize("kind", KINDS)
def test_other_numbers_of_metafor_would_be_seen(kind: str) -> None:
    cases = [case for case in read_cases(COMMITTED) if case.kind == kind and case.status == "ok"]
    seen = 0
    for case in cases[:: max(1, len(cases) // 5)]:
        good = {item.path: item for item in run_all([case], ADAPTERS)[0].compared}
        outputs = {name: changed(item) for name, item in case.outputs.items()}
        bad = run_all([replace(case, outputs=outputs)], ADAPTERS)[0]
        for item in bad.compared:
            before = good.get(item.path)
            if before is None:  # left out where metafor's own numbers are proved to be rough
                assert not item.agrees, f"{case.name} {item}"
                continue
            # 5 % more of nothing is nothing, and a bound that metafor did not reach says less than a number.
            same = before.rule or before.metafor in {"0", "0.0", "Inf", "-Inf"} or before.metafor.startswith(("<", ">"))
            assert same or not item.agrees or abs(float(item.metafor)) < 1e-15, f"{case.name} {item}"
            seen += not item.agrees
    assert seen > 0


def test_committed_cases_are_the_shared_ones(shared: Path) -> None:
    theirs = json.loads((shared / "metafor-reference" / "cases.json").read_text(encoding="utf-8"))
    assert json.loads(COMMITTED.read_text(encoding="utf-8")) == theirs


def test_the_checker_passes_on_the_shared_file(shared: Path) -> None:
    from check import main

    assert main([str(shared / "metafor-reference" / "cases.json")]) == 0
