"""What tests outside the repository's own data do: skip with a sentence, or fail where skipping is not allowed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest
from hypothesis import given, strategies

def test_needs_data(shared):
    assert shared.name == "shared"

def test_needs_browser(browser_executable):
    assert browser_executable

def test_plain(repository):
    assert (repository / "tests").is_dir()

@pytest.mark.soak
def test_long():
    pass

@given(strategies.integers())
def test_property(number):
    assert number == number
"""


@pytest.fixture
def run(tmp_path: Path, repository: Path):
    """Run the tests above in an invented repository that has the project's conftest.py."""
    tests = tmp_path / "repository" / "tests"
    tests.mkdir(parents=True)
    (tests / "conftest.py").write_bytes((repository / "tests" / "conftest.py").read_bytes())
    (tests / "test_invented.py").write_text(TESTS, encoding="utf-8")

    def run_pytest(*arguments: str, **variables: str) -> str:
        own = {key: value for key, value in os.environ.items() if not key.startswith(("SYNTH_", "PYTEST_"))}
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-rA",
            "-p",
            "no:cacheprovider",
            "-W",
            "ignore",
            *arguments,
            str(tests),
        ]
        return subprocess.run(
            command, cwd=tests, env=own | variables, capture_output=True, text=True, check=False
        ).stdout

    return run_pytest


def test_without_the_data_folder_its_tests_are_skipped_with_a_sentence(run):
    shown = run("-k", "data or plain")
    assert "data folder beside the repository is not there" in shown
    assert "1 passed, 1 skipped" in shown


def test_where_skipping_is_not_allowed_they_fail(run):
    shown = run("-k", "data or browser", SYNTH_REQUIRE_SHARED="1", SYNTH_REQUIRE_BROWSER="1", SYNTH_BROWSER="missing")
    assert "SYNTH_REQUIRE_SHARED=1: skipping is not allowed here" in shown
    assert "SYNTH_REQUIRE_BROWSER=1: skipping is not allowed here" in shown
    assert "2 errors" in shown


def test_with_the_data_folder_they_run(run, tmp_path: Path):
    (tmp_path / "shared").mkdir()
    assert "1 passed" in run("-k", "data", SYNTH_REQUIRE_SHARED="1")


def test_without_a_browser_the_message_says_how_to_install_one(run):
    shown = run("-k", "browser", SYNTH_BROWSER="missing")
    assert "1 skipped" in shown
    assert "sudo apt-get install -y chromium fonts-dejavu-core" in shown


def test_browser_tests_are_marked_by_their_fixture(run):
    assert "2 passed, 1 skipped, 2 deselected" in run("-m", "not browser")


def test_soak_runs_are_left_out_unless_asked_for(run):
    assert "test_long" not in run("-m", "not browser")
    shown = run("--soak")
    assert "PASSED test_invented.py::test_long" in shown
    assert "PASSED test_invented.py::test_property" in shown
    assert "2 passed, 3 deselected" in shown
