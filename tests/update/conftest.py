"""Fixtures of the tests that search for a review."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from invented_pubmed import Searching, project, serving


@pytest.fixture
def searching(tmp_path: Path, repository: Path) -> Iterator[Searching]:
    """A copy of the committed evidence and an invented PubMed."""
    root = project(tmp_path / "project", repository)
    with serving() as server:
        yield Searching(root, server, tmp_path / "slots")
