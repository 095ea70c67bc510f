"""Writes src/synth/extraction/sentence_words.py: the words of the sentences that the code makes.

A report puts the labels of studies in place of their ids inside sentences, so an id must not be a word of one.
"""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOAL = ROOT / "src" / "synth" / "extraction" / "sentence_words.py"
#: Units whose texts reach a reader.
UNITS = ("extraction", "effects", "synthesis", "certainty", "report", "review", "plots", "changes", "audit")
_WORD = re.compile(r"(?<![A-Za-z0-9_./-])[a-z][a-z]+(?![A-Za-z0-9_/-])")

HEAD = '''"""The words of the sentences that the code makes; written by tools/sentence_words.py, not by hand."""

from __future__ import annotations

_WORDS = """
'''
TAIL = '''"""

#: An id of a study or record must be none of them: a report puts labels in place of ids inside sentences.
SENTENCE_WORDS = frozenset(_WORDS.split())
'''


def texts(tree: ast.AST) -> Iterator[str]:
    """Every text constant of a module that holds a blank, docstrings left out."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def words(root: Path = ROOT) -> tuple[str, ...]:
    """All of them, sorted."""
    found: set[str] = set()
    for unit in UNITS:
        for path in sorted((root / "src" / "synth" / unit).rglob("*.py")):
            if path == GOAL:
                continue
            for text in texts(ast.parse(path.read_text(encoding="utf-8"))):
                if " " in text:
                    found.update(_WORD.findall(text))
    return tuple(sorted(found))


def module(found: tuple[str, ...]) -> str:
    """The text of the module."""
    lines = textwrap.wrap(" ".join(found), 112, break_long_words=False, break_on_hyphens=False)
    return HEAD + "".join(f"{line}\n" for line in lines) + TAIL


def main() -> int:
    """Write the module anew."""
    GOAL.write_text(module(words()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
