"""Fixtures and markers that every stage's tests share.

Two things are outside the repository: a data folder called ``shared`` beside it, and a browser. Where one is missing,
the tests that need it are skipped with a sentence saying so; with SYNTH_REQUIRE_SHARED=1 or SYNTH_REQUIRE_BROWSER=1
they fail instead.

Property tests draw the same examples each time. ``pytest --soak`` (``make soak``) draws many more, new ones each time,
and runs the tests marked ``soak``, which are left out otherwise.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from hypothesis import is_hypothesis_test, settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
BROWSER_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FIXTURES_WITH_MARKERS = {"shared": "shared", "browser_executable": "browser"}
# Notebooks that tests use as data are no tests; those of the project are collected by pytest --nbval notebooks.
collect_ignore_glob = ["*.ipynb"]
# No deadline: a test is not wrong because the machine is busy.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("soak", max_examples=5_000, deadline=None)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--soak``."""
    parser.addoption("--soak", action="store_true", help="only soak and property tests, with many new examples each")


def pytest_configure(config: pytest.Config) -> None:
    """Choose how many examples property tests draw."""
    settings.load_profile("soak" if config.getoption("--soak") else "repeatable")


# First of all hooks of this name: what is marked here can be chosen with -m.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark each test by the fixtures it uses, and part the soak runs from the rest."""
    for item in items:
        for fixture, marker in FIXTURES_WITH_MARKERS.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(marker)
    soak = bool(config.getoption("--soak"))
    chosen, left_out = [], []
    for item in items:
        long_run = item.get_closest_marker("soak") is not None
        wanted = long_run or is_hypothesis_test(getattr(item, "obj", None))
        (chosen if (wanted if soak else not long_run) else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = chosen


def skip_or_fail(switch: str, message: str) -> NoReturn:
    """Skip with that message, or fail with it where the environment variable says that skipping is not allowed."""
    if os.environ.get(switch) == "1":
        pytest.fail(f"{message} ({switch}=1: skipping is not allowed here)", pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The data folder beside the repository; using it marks a test as ``shared``."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        skip_or_fail(
            "SYNTH_REQUIRE_SHARED",
            "the `shared` data folder beside the repository is not there; these tests run where it is",
        )
    return folder


@pytest.fixture(scope="session")
def browser_executable() -> str:
    """Path of a Chromium or Chrome that is installed; using it marks a test as ``browser``."""
    wished = os.environ.get("SYNTH_BROWSER")
    candidates = (wished,) if wished else (*map(shutil.which, BROWSER_NAMES), *BROWSER_PLACES)
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return candidate
    skip_or_fail(
        "SYNTH_REQUIRE_BROWSER",
        "no Chromium or Chrome was found; install one: sudo apt-get install -y chromium fonts-dejavu-core "
        "(macOS: brew install --cask chromium), or name it in SYNTH_BROWSER",
    )


# Of one module, and not of the whole run: while it is open, its event loop counts as running, and neither a second one
# nor a kernel's client in the same process could be started.
@pytest.fixture(scope="module")
def browser(browser_executable: str) -> Iterator[Browser]:
    """A browser for the tests of a module."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser_executable, args=list(BROWSER_FLAGS))
        yield started
        started.close()
