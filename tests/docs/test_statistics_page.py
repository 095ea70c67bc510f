"""The examples of docs/statistics.md, run in their order."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

from synth.effects.measures import MEASURES

PAGE = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")


def test_every_example_runs_and_shows_something() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    shown = 0
    for block in blocks:
        for statement in ast.parse(block).body:
            if isinstance(statement, ast.Expr):
                value = eval(compile(ast.Expression(statement.value), "statistics.md", "eval"), names)
                shown += value is not None
            else:
                exec(compile(ast.Module([statement], []), "statistics.md", "exec"), names)
    assert len(blocks) == 11
    assert shown == 33


def test_every_measure_of_the_page_is_offered() -> None:
    kinds = "two groups|one group|before|rates|correlations|converted|as given"
    rows = re.findall(rf"^\| (?:{kinds}).*? \| (.*) \|$", PAGE, re.MULTILINE)
    codes = [code for row in rows for code in re.findall(r"\b[A-Z][A-Z0-9]+\b", row)]
    assert len(codes) == 37
    assert set(codes) <= set(MEASURES)
