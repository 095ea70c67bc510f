"""A browser for the page tests, which may load nothing but the file it is given."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route


@dataclass
class Visit:
    """An open page, with what it asked for and what it complained about."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Browser) -> Iterator[Any]:
    """Opens a file at a width, in light colours; nothing but that file is let through."""
    contexts = []

    def opened(path: Path, *, width: int = 1280, scripts: bool = True) -> Visit:
        # The page forbids scripts by its own policy; the checker has to run one.
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="light",
            bypass_csp=scripts,
        )
        contexts.append(context)
        seen = Visit(context.new_page())

        def let_through(route: Route) -> None:
            seen.requests.append(route.request.url)
            if route.request.url == path.as_uri():
                route.continue_()
            else:
                route.abort()

        context.route("**/*", let_through)
        seen.page.on("console", lambda message: seen.complaints.append(message.text))
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.goto(path.as_uri())
        return seen

    yield opened
    for context in contexts:
        context.close()
