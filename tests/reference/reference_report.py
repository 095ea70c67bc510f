"""What the checker prints: a line for each kind, then what is not offered, what is left out, and each failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reference_compare import Compared, LeftOut
from reference_rules import POSITION, last_name
from reference_run import FAILED, NOT_OFFERED, PASSED, Result

HEADINGS = (
    "kind",
    "cases",
    "compared",
    "passed",
    "failed",
    "not offered",
    "values",
    "by a rule",
    "largest difference",
    "where",
)


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of some cases.

    Attributes
    ----------
    cases, compared, passed, failed, not_offered : int
        Numbers of cases; those are compared of which at least one value is.
    values : int
        Values compared.
    by_rule : int
        Values among them that agree by a rule of `reference_rules`, outside the tolerance.
    largest : float
        Largest relative difference of the others that is a number; 0 where none was compared.
    where : str
        Case and output of that difference.
    """

    cases: int
    compared: int
    passed: int
    failed: int
    not_offered: int
    values: int
    by_rule: int
    largest: float
    where: str


def by_kind(results: Sequence[Result]) -> dict[str, list[Result]]:
    """Results of each kind, kinds in the order of their first case."""
    kinds: dict[str, list[Result]] = {}
    for result in results:
        kinds.setdefault(result.kind, []).append(result)
    return kinds


def summary(results: Sequence[Result]) -> Summary:
    """Counts and the largest difference of some results."""
    statuses = Counter(result.status for result in results)
    compared = [(item, result) for result in results for item in result.compared]
    numbers = [pair for pair in compared if not pair[0].rule and pair[0].difference != float("inf")]
    worst = max(numbers, key=lambda pair: pair[0].difference, default=None)
    return Summary(
        cases=len(results),
        compared=sum(bool(result.compared) for result in results),
        passed=statuses[PASSED],
        failed=statuses[FAILED],
        not_offered=statuses[NOT_OFFERED],
        values=len(compared),
        by_rule=sum(bool(item.rule) for item, _ in compared),
        largest=worst[0].difference if worst else 0.0,
        where=f"{worst[1].name} {worst[0].path}" if worst and worst[0].difference else "",
    )


def agreed(results: Sequence[Result]) -> bool:
    """Whether something was compared, all of it is inside the tolerances, and nothing failed otherwise."""
    return any(result.compared for result in results) and not any(result.status == FAILED for result in results)


def left_out(results: Sequence[Result]) -> Counter[tuple[str, str, str]]:
    """Values left out of cases that are compared, counted by kind, output and reason."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for result in results:
        if result.compared:
            counts.update((result.kind, name_of(item), item.reason) for item in result.left_out)
    return counts


def name_of(item: LeftOut | Compared) -> str:
    """The output that a value belongs to, without the positions in it."""
    first, last = POSITION.sub("", item.path).split("/", 1)[0], last_name(item.path)
    return first if first == last else f"{first}/../{last}" if item.path.count("/") > 1 else f"{first}/{last}"


def report(results: Sequence[Result]) -> Iterator[str]:
    """The lines of the report."""
    yield from _table(results)
    yield from _reasons(results)
    yield from _by_rule(results)
    outside = left_out(results)
    if outside:
        yield ""
        yield f"Values not compared in cases that are: {sum(outside.values())}"
        for (kind, output, reason), count in sorted(outside.items()):
            yield f"  {kind} · {output}: {count} · {reason}"
    failed = [result for result in results if result.status == FAILED]
    yield ""
    yield f"Failures: {len(failed)} cases"
    for result in failed:
        yield from _failure(result)
    if not any(result.compared for result in results):
        yield "Nothing was compared."


def _table(results: Sequence[Result]) -> Iterator[str]:
    kinds = {**by_kind(results), "all": results}
    rows: list[tuple[str, ...]] = [HEADINGS]
    for kind, some in kinds.items():
        s = summary(some)
        numbers = (s.cases, s.compared, s.passed, s.failed, s.not_offered, s.values, s.by_rule)
        rows.append((kind, *map(str, numbers), f"{s.largest:.1e}" if s.values else "-", s.where))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    for row in rows:
        first = row[0].ljust(widths[0])
        middle = "  ".join(cell.rjust(width) for cell, width in zip(row[1:-1], widths[1:-1], strict=True))
        yield f"{first}  {middle}  {row[-1]}".rstrip()


def _reasons(results: Sequence[Result]) -> Iterator[str]:
    counts = Counter((result.kind, result.reason) for result in results if result.status == NOT_OFFERED)
    if counts:
        yield ""
        yield f"Cases not offered: {sum(counts.values())}"
    for (kind, reason), count in sorted(counts.items()):
        yield f"  {kind}: {count} · {reason}"
        if "metafor fails" in reason or "nothing to compare" in reason:
            yield from (f"    {item.name}" for item in results if (item.kind, item.reason) == (kind, reason))


def _by_rule(results: Sequence[Result]) -> Iterator[str]:
    found = Counter(
        (item.rule, result.kind, name_of(item)) for result in results for item in result.compared if item.rule
    )
    if found:
        yield ""
        yield f"Values outside the tolerance that agree by a rule: {sum(found.values())}"
    for (rule, kind, output), count in sorted(found.items()):
        yield f"  {rule} · {kind} {output}: {count}"


def _failure(result: Result) -> Iterator[str]:
    if result.reason:
        yield f"  {result.name} ({result.kind}): {result.reason}"
    for item in result.failures:
        difference = f"difference {item.difference:.1e}, allowed {item.allowed:.0e}"
        yield f"  {result.name} ({result.kind}) {item.path}: ours {item.ours}, metafor's {item.metafor}; {difference}"
