"""synth report: run the notebooks of a review and write its report."""

from __future__ import annotations

from typing import Annotated

import typer


def report(
    review: Annotated[str, typer.Argument(help="Name of the review: its folder under evidence/.")] = "ifi",
    as_of: Annotated[
        str | None, typer.Option(help="Day at which the statements hold (YYYY-MM-DD); the evidence date by default.")
    ] = None,
) -> None:
    """Check a review, run all notebooks, and write reports/REVIEW/."""
    from synth.pipeline.progress import ProgressDisplay
    from synth.pipeline.report import notebooks_of, write_report
    from synth.pipeline.run import exit_on_interrupt
    from synth.store.folder import find_root

    root = find_root()
    with exit_on_interrupt():
        with ProgressDisplay(notebooks_of(root)) as display:
            written = write_report(root, review, as_of=as_of, on_event=display)
        typer.echo(f"The report is in {written.folder.relative_to(root).as_posix()}/")
