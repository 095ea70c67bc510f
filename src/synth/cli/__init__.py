"""The command line: a command parses, calls one function, prints."""

from __future__ import annotations

import sys

import typer

from synth.cli.records import records
from synth.cli.report import report
from synth.cli.search import search
from synth.cli.validate import validate
from synth.errors import EvidenceError, SynthError

# Without rich markup the help needs no further import: `synth --help` answers at once.
app = typer.Typer(
    name="synth",
    help="Living evidence notebooks: from the files of a review to its report.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(validate)
app.command()(search)
app.command()(records)
app.command()(report)


@app.callback()
def _commands() -> None:
    """Living evidence notebooks: from the files of a review to its report."""


def main() -> None:
    """Run the command line; an error that the package raises on purpose is printed and gives exit code 1."""
    try:
        app()
    except EvidenceError as error:
        count = len(error.faults)
        sys.stderr.write(
            f"{error}\n{count} fault{'' if count == 1 else 's'} in the files of the review; nothing was run\n"
        )
        raise SystemExit(1) from None
    except SynthError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None
