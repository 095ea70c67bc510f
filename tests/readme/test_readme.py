"""What the README shows, done literally."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eutils_server import EutilsServer
from eutils_synthetic import invented_record, synthetic_corpus

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    lines = (line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines())
    return [line for line in lines if line.startswith("synth ")]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the commands read, so that they write nothing here."""
    for name in ("evidence", "notebooks"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def test_four_lines_lead_from_an_empty_notebook_to_a_forest_plot() -> None:
    (block,) = blocks("python")
    lines = block.strip().splitlines()
    assert len(lines) == 4
    body = ast.parse(block).body
    last = body.pop()
    assert isinstance(last, ast.Expr)
    names: dict[str, object] = {}
    exec(compile(ast.Module(body, []), "README.md", "exec"), names)
    drawing = eval(compile(ast.Expression(last.value), "README.md", "eval"), names)
    assert drawing.svg().startswith(b"<svg")
    assert "42.9" in drawing.alt_text()


def test_every_stage_that_the_readme_names_shows_itself() -> None:
    import synth

    review = synth.open_review("ifi", root=ROOT)
    named = re.findall(r"`review\.(\w+)`", README)
    assert len(named) == 11
    for name in named:
        assert "<table" in getattr(review, name)._repr_html_()


def test_the_readme_shows_commands() -> None:
    assert [line.split()[1] for line in commands()] == [
        *("validate", "search", "search", "search", "records", "report", "report")
    ]


@pytest.mark.parametrize("command", commands())
def test_commands_of_the_readme_run(command: str, project: Path) -> None:
    synth = Path(sys.executable).with_name("synth")
    (project / "pubmed.xml").write_bytes(b"<PubmedArticleSet>%b</PubmedArticleSet>" % invented_record(30000001))
    # The live ones find an invented PubMed, on this machine.
    with EutilsServer(synthetic_corpus(20)) as server:
        known = {
            "NCBI_EMAIL": "nobody@example.org",
            "SYNTH_EUTILS_URL": server.url,
            "SYNTH_SLOTS": str(project / "slots"),
        }
        done = subprocess.run(
            [synth, *command.split()[1:]], cwd=project, env={**os.environ, **known}, capture_output=True, text=True
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert bool(server.log) is ("--live" in command)
    if " records " in command:
        assert done.stdout.startswith("TY  - JOUR")
    if " report " in command:
        report = (project / "reports/ifi/report.html").read_text(encoding="utf-8")
        day = command.split()[-1] if "--as-of" in command else "2026-11-23"
        assert f"as of {day}" in report


def test_paths_of_the_readme_are_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if "//" not in link]
    assert links
    missing = [link for link in links if not (ROOT / link).exists()]
    assert not missing


def test_make_targets_of_the_readme_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    in_code = blocks("sh") + re.findall(r"`([^`\n]+)`", README)
    named = {target for code in in_code for target in re.findall(r"\bmake ([a-z-]+)", code)}
    assert {"report", "test"} <= named <= targets
