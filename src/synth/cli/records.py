"""synth records: records of any format, printed in one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


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
        Path | None, typer.Option(help="File to write instead of printing; replaced when all is read.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Processes that read PubMed XML for jsonl.")] = 1,
) -> None:
    """Read files of records, whatever their format, and print them in one."""
    from synth.store.inputs import records_as, write_pieces

    pieces = records_as(
        files,
        format.value,
        processes=processes,
        stdin=sys.stdin.buffer,
        tell=lambda message: typer.echo(message, err=True),
    )
    if output is not None:
        write_pieces(pieces, output)
    else:
        _print(pieces)


def _print(pieces: Iterable[bytes]) -> None:
    """Print pieces; where nobody reads on (as in `synth records x.xml | head`), end without a word."""
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(code=0) from None
