"""Write docs/validation.md: what agrees with metafor, how closely, and what differs on purpose.

Usage: python tests/reference/validation.py

The numbers are those of the committed cases; the words stand in validation_page.md.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import coverage_table
from reference_cases import read_cases
from reference_compare import Compared
from reference_kinds import ADAPTERS
from reference_report import by_kind, summary
from reference_rules import POSITION
from reference_run import NOT_OFFERED, Result, run_all

HERE = Path(__file__).resolve().parent
CASES, WORDS = HERE / "metafor_cases.json", HERE / "validation_page.md"
PAGE = HERE.parent.parent / "docs" / "validation.md"
# Differences are printed as powers of ten, three times larger than measured at least: another machine rounds otherwise.
SLACK, SMALLEST = 3.0, 1e-14
KINDS = {
    "escalc": "effect sizes and their variances",
    "transform": "transformations",
    "backtransform": "pooled estimates on the natural scale",
    "conv.fivenum": "mean and SD from five-number summaries",
    "conv.wald": "variances from intervals and tests",
    "rma.uni": "models without moderators",
    "meta_regression": "meta-regression",
    "regression_tests": "what follows a meta-regression",
    "lrt": "likelihood-ratio test",
    "confint_PL": "profile-likelihood intervals of tau2",
    "subgroup": "subgroups",
    "rma.mh": "Mantel-Haenszel",
    "rma.peto": "Peto's odds ratio",
    "leave1out": "leave-one-out",
    "cumul": "cumulative meta-analysis",
    "influence": "influence of studies",
    "baujat": "Baujat plot",
    "regtest": "regression tests of small-study effects",
    "ranktest": "rank test",
    "trimfill": "trim and fill",
    "fsn": "fail-safe N",
    "tes": "excess significance",
    "hc_henmi_copas": "Henmi and Copas",
    "permutest_exact": "exact permutation tests",
    "rma.glmm": "generalised linear mixed models",
    "rma.mv": "multilevel and multivariate models",
    "robust": "cluster-robust variances",
    "vcalc": "sampling covariances",
    "aggregate": "aggregated dependent effects",
    "selmodel": "selection models",
    "location_scale": "location-scale models",
}
# The first pattern that is found in "kind output" says which quantity an output is.
QUANTITIES = (
    ("effects and their variances", r"^(escalc|backtransform|transform|conv\.\w+) "),
    ("small-study effects", r"^(regtest|ranktest|fsn|tes|hc_henmi_copas) "),
    ("trim and fill: studies filled", r"^trimfill (k0|se\.k0|p\.k0|side|\w+\.filled)"),
    ("stratified pooling and its tests", r"^rma\.(mh|peto) "),
    ("permutation p values", r"^permutest_exact "),
    ("refits without or up to a study, influence", r"^(leave1out|cumul|influence|baujat) "),
    ("confidence limits of tau2, tau, I2 and H2", r"[ /]confint_"),
    ("generalised linear mixed models", r"^rma\.glmm "),
    ("multilevel models and their variance components", r"^rma\.mv "),
    ("cluster-robust variances, sampling covariances, aggregation", r"^(robust|vcalc|aggregate) "),
    ("selection and location-scale models", r"^(selmodel|location_scale) "),
    ("predicted means and prediction intervals", r"[ /](predict\w*/|fitted$)"),
    ("log-likelihood and criteria", r"[ /]fit\.stats/"),
    ("tests of coefficients together: omnibus, combinations, likelihood ratio", r"[ /](QM|anova_|Q_between)|^lrt "),
    ("residuals, hat values, BLUPs, variance inflation", r"^regression_tests "),
    ("residual heterogeneity Q", r"[ /]QE"),
    ("tau2 and its standard error", r"[ /](tau2|se\.tau2)$"),
    ("I2, H2, R2, typical variance, Knapp-Hartung factor", r"[ /](I2|H2|R2|vt|s2w)$"),
    ("coefficients: estimate, error, test, interval, weights", r""),
)


def page(results: Sequence[Result], words: str) -> str:
    """The page.

    Parameters
    ----------
    results : sequence of Result
        Of the committed cases.
    words : str
        The page with a name in braces where a number or a table belongs.
    """
    total = summary(results)
    tables = {
        "by_quantity": _quantities(results),
        "by_kind": _kinds(results),
        "not_offered_cases": _not_offered(results),
        "left_out": _left_out(results),
        "coverage": coverage_table.lines(),
    }
    numbers = {name: f"{getattr(total, name):,}" for name in ("cases", "passed", "failed", "not_offered", "values")}
    numbers |= coverage_table.numbers()
    return words.format(**numbers, **{name: "\n".join(lines) for name, lines in tables.items()})


def bound(items: Sequence[Compared]) -> float:
    """A power of ten that differences stay below on other machines too, and no more than is allowed."""
    items = [item for item in items if item.agrees and not item.rule]
    largest = max((item.difference for item in items), default=0.0)
    allowed = max((item.allowed for item in items), default=0.0)
    if largest * SLACK <= SMALLEST:
        return SMALLEST
    return min(float(f"1e{math.ceil(math.log10(SLACK * largest))}"), allowed)


def by_quantity(results: Sequence[Result]) -> dict[str, list[tuple[Result, Compared]]]:
    """Values compared, by quantity in the order of the page."""
    found: dict[str, list[tuple[Result, Compared]]] = {name: [] for name, _ in QUANTITIES}
    patterns = [(name, re.compile(pattern)) for name, pattern in QUANTITIES]
    for result in results:
        for item in result.compared:
            place = f"{result.kind} {POSITION.sub('', item.path)}"
            found[next(name for name, pattern in patterns if pattern.search(place))].append((result, item))
    return {name: pairs for name, pairs in found.items() if pairs}


def _quantities(results: Sequence[Result]) -> Iterator[str]:
    yield "| quantity | cases | values | largest relative difference below |"
    yield "| --- | ---: | ---: | --- |"
    for name, pairs in by_quantity(results).items():
        cases = len({result.name for result, _ in pairs})
        yield f"| {name} | {cases} | {len(pairs):,} | {bound([item for _, item in pairs]):.0e} |"


def _kinds(results: Sequence[Result]) -> Iterator[str]:
    yield "| kind | cases | compared | values | largest relative difference below |"
    yield "| --- | ---: | ---: | ---: | --- |"
    for kind, some in by_kind(results).items():
        found = summary(some)
        if found.values:
            limit = bound([item for result in some for item in result.compared])
            label = f"{KINDS.get(kind, kind)} (`{kind}`)"
            yield f"| {label} | {found.cases} | {found.compared} | {found.values:,} | {limit:.0e} |"


def _not_offered(results: Sequence[Result]) -> Iterator[str]:
    cases: Counter[tuple[str, str]] = Counter()
    named: dict[tuple[str, str], set[str]] = {}
    for item in results:
        if item.status == NOT_OFFERED:
            what, name = ("measure", item.reason[8:]) if item.reason.startswith("measure ") else (item.reason, "")
            cases[item.kind, what] += 1
            named.setdefault((item.kind, what), set()).add(name)
    yield "| kind | cases | what is not offered |"
    yield "| --- | ---: | --- |"
    for (kind, what), count in sorted(cases.items()):
        yield f"| `{kind}` | {count} | {' '.join([what, ', '.join(sorted(named[kind, what]))]).strip()} |"


def _left_out(results: Sequence[Result]) -> Iterator[str]:
    counts = Counter(item.reason for result in results if result.compared for item in result.left_out)
    yield "| values | reason |"
    yield "| ---: | --- |"
    for reason, count in sorted(counts.items()):
        yield f"| {count:,} | {reason} |"


def current(write: Callable[[str], object] | None = None) -> str:
    """The page as the code gives it, handed to `write` where that is given."""
    text = page(run_all(read_cases(CASES), ADAPTERS), WORDS.read_text(encoding="utf-8"))
    if write is not None:
        write(text)
    return text


if __name__ == "__main__":
    current(lambda text: PAGE.write_text(text, encoding="utf-8"))
    sys.stdout.write(f"{PAGE}\n")
