"""Copies of the committed reviews that a test may spoil."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_copy import ReviewCopy


@pytest.fixture
def ifi(tmp_path: Path, repository: Path) -> ReviewCopy:
    """A project of its own, its editing methods meaning the review ifi."""
    return ReviewCopy(tmp_path, repository, "ifi")


@pytest.fixture
def bcg(tmp_path: Path, repository: Path) -> ReviewCopy:
    """The same for bcg."""
    return ReviewCopy(tmp_path, repository, "bcg")
