"""synth search: search PubMed for a review, or replay what is held."""

from __future__ import annotations

from typing import Annotated

import typer


def search(
    review: Annotated[str, typer.Argument(help="Name of the review: its folder under evidence/.")] = "ifi",
    live: Annotated[
        bool, typer.Option("--live", help="Ask PubMed; NCBI_EMAIL must be set, NCBI_API_KEY may be.")
    ] = False,
    since: Annotated[
        str | None, typer.Option(help="Only what entered PubMed on that day (YYYY-MM-DD) or later.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say how many requests it takes; fetch nothing.")] = False,
    restart: Annotated[bool, typer.Option("--restart", help="Discard a search that was interrupted.")] = False,
) -> None:
    """Search PubMed for a review (--live), or check the snapshots that are held and what follows from them."""
    from synth.store.folder import find_root
    from synth.update.command import search_command

    for line in search_command(find_root(), review, live=live, since=since, dry_run=dry_run, restart=restart):
        typer.echo(line)
