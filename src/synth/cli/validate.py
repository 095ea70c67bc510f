"""synth validate: read every file of a review and name each fault with its place."""

from __future__ import annotations

from typing import Annotated

import typer


def validate(
    review: Annotated[str, typer.Argument(help="Name of the review: its folder under evidence/.")] = "ifi",
) -> None:
    """Read every file of a review and name each fault with its place; exit code 1 if there is one."""
    from synth.store import check, find_root

    found = check(find_root(), review)
    for fault in found:
        typer.echo(f"{'warning: ' if fault.warning else ''}{fault}")
    faults = sum(not fault.warning for fault in found)
    warnings = len(found) - faults
    typer.echo(f"evidence/{review}: {_counted(faults, 'fault')}, {_counted(warnings, 'warning')}")
    raise typer.Exit(code=1 if faults else 0)


def _counted(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
