"""What the command `synth search` does."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from synth.errors import ParameterError
from synth.search.entrez import Client
from synth.update.estimate import estimate
from synth.update.replay import replay
from synth.update.run import run_search
from synth.update.words import told_estimate, told_replay, told_update


def search_command(
    root: Path, review: str, *, live: bool, since: str | None, dry_run: bool, restart: bool
) -> Iterator[str]:
    """Search, replay or estimate; the lines to print.

    Raises
    ------
    ParameterError
        If the options do not go together, or `since` is no date.
    """
    first = _day(since)
    if not live and not dry_run and (first or restart):
        raise ParameterError("--since and --restart belong to a search of PubMed: add --live")
    if not live and not dry_run:
        yield from told_replay(replay(root, review), review)
        return
    client = Client.from_environment(listen=progress) if live else None
    if dry_run:
        yield from told_estimate(estimate(root, review, client, today=date.today(), since=first))
    elif client is not None:
        found = run_search(root, review, client, today=date.today(), since=first, restart=restart, listen=progress)
        yield from told_update(found)


def progress(line: str) -> None:
    """A line of progress, apart from what the command prints."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.isoformat() != text:
        raise ParameterError(f"--since: {text!r} is no date; a date such as 2026-11-22 is expected")
    return day
