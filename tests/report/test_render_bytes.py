"""One document gives the same bytes in every format, whatever the process, its hash seed or its time zone."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sample_document import sample_document

from synth.report.docx import to_docx
from synth.report.html import to_html
from synth.report.markdown import to_markdown
from synth.report.pdf import to_pdf

FORMATS = {"html": to_html, "markdown": to_markdown, "pdf": to_pdf, "docx": to_docx}
HASHES = """
import json
from test_render_bytes import hashes
print(json.dumps(hashes()))
"""


def hashes() -> dict[str, str]:
    document = sample_document()
    return {name: hashlib.sha256(write(document)).hexdigest() for name, write in FORMATS.items()}


@pytest.fixture(scope="module")
def elsewhere() -> dict[str, str]:
    """The hashes of another process, with another hash seed, in another time zone."""
    environment = os.environ | {"PYTHONHASHSEED": "4711", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
    command = [sys.executable, "-c", HASHES]
    folder = Path(__file__).parent
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", FORMATS)
def test_two_calls_give_the_same_bytes(name: str) -> None:
    document = sample_document()
    assert FORMATS[name](document) == FORMATS[name](document)


@pytest.mark.parametrize("name", FORMATS)
def test_another_process_gives_the_same_bytes(name: str, elsewhere: dict[str, str]) -> None:
    assert elsewhere[name] == hashlib.sha256(FORMATS[name](sample_document())).hexdigest()
