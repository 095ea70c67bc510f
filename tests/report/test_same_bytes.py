"""The same evidence, code and lock give the same bytes, and the committed reports are those bytes."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REVIEWS = ("ifi", "bcg")
IN_GIT = (".html", ".md", ".svg", ".json")
HASHES = """
import hashlib, json, sys, synth
from synth.report.build import build_files
files = build_files(synth.open_review(sys.argv[1], root=sys.argv[2]))
print(json.dumps({name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}))
"""


def built(review: str, folder: Path, **environment: str) -> dict[str, str]:
    command = [sys.executable, "-c", HASHES, review, str(ROOT)]
    done = subprocess.run(command, env=os.environ | environment, cwd=folder, capture_output=True, text=True, check=True)
    hashes: dict[str, str] = json.loads(done.stdout)
    return hashes


@pytest.mark.parametrize("review", REVIEWS)
def test_two_processes_write_the_same_bytes(review: str, tmp_path: Path) -> None:
    first = built(review, tmp_path, PYTHONHASHSEED="1", TZ="Asia/Tokyo", LC_ALL="C")
    second = built(review, ROOT, PYTHONHASHSEED="2", TZ="America/Lima", LC_ALL="C.UTF-8")
    assert {"report.html", "report.md", "report.pdf", "report.docx", "quantities.json", "manifest.json"} <= first.keys()
    assert first == second


@pytest.mark.parametrize("review", REVIEWS)
def test_the_committed_report_is_what_the_evidence_gives(review: str) -> None:
    folder = ROOT / "reports" / review
    there = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.suffix in IN_GIT and path.name != "build.json" and "notebooks" not in path.relative_to(folder).parts
    }
    wanted = {name: digest for name, digest in built(review, ROOT).items() if name.endswith(IN_GIT)}
    stale = sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))
    assert not stale, f"reports/{review} is not what the evidence gives; run `make report REVIEW={review}`: {stale}"
