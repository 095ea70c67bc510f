"""synth records: records of any format, printed in one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from synth.errors import FormatError, ParameterError


class Printed(StrEnum):
    """What is printed."""

    JSONL = "jsonl"
    RIS = "ris"
    NBIB = "nbib"
    BIBTEX = "bibtex"
    CSL_JSON = "csl-json"


def records(
    files: Annotated[
        list[str],
        typer.Argument(help="PubMed XML, RIS, NBIB, BibTeX or CSL-JSON, plain or in gzip; - reads standard input."),
    ],
    format: Annotated[Printed, typer.Option(help="jsonl prints one record a line.")] = Printed.JSONL,  # noqa: A002
    output: Annotated[
        str | None, typer.Option(metavar="FILE", help="File to write instead of printing; replaced when all is read.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=64, help="Processes that read PubMed XML for jsonl.")] = 1,
) -> None:
    """Read files of records, whatever their format, and print them in one."""
    from synth.store.inputs import records_as, write_pieces

    if output == "":
        raise ParameterError("--output names no file; leave it out to print")
    pieces = records_as(
        files,
        format.value,
        processes=processes,
        stdin=sys.stdin.buffer if sys.stdin is not None else None,
        tell=lambda message: typer.echo(message, err=True),
    )
    if output is not None:
        write_pieces(pieces, Path(output))
    else:
        _print(pieces)


def _print(pieces: Iterable[bytes]) -> None:
    """Print pieces; where nobody reads on (as in `synth records x.xml | head`), end without a word."""
    if sys.stdout is None:
        raise FormatError("standard output", 0, "is closed")
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except OSError as error:
        # What is still to be written goes nowhere, or Python would try again when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            raise typer.Exit(code=0) from None
        raise FormatError("standard output", 0, f"cannot be written: {error.strerror or error}") from None
