"""The one tree of exceptions. A message says what is wrong, where, and what is expected.

SynthError
├── EvidenceError          faults in the files of a review, all of them at once
├── ReviewNotFoundError    no such review, or a name that cannot be one
├── ParameterError         an unknown or ill-typed parameter of a notebook or command
├── MethodError            a calculation that must not be made on these data
│   └── ZeroCellError      an arm without events where a ratio is asked for
├── FormatError            a file of records that cannot be read, or a record that a format cannot hold
├── SearchError            a search that could not be proved complete; nothing of it was published
│   ├── RequestError       PubMed did not answer a request within the attempts and the time allowed
│   │   └── RefusedError   PubMed refused a request for good
│   └── IncompleteError    records that PubMed promised and did not give
├── NotebookError          a notebook that stopped; the executed copy is kept
└── ReportError            a report that could not be written; the previous one is whole
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


class SynthError(Exception):
    """Base of every error that this package raises on purpose."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One fault in one file: where it is, what is wrong, what is expected.

    Attributes
    ----------
    file : str
        Path relative to the review's folder, with forward slashes.
    line : int
        1-based line in the file; 0 where the fault is of the file as a whole.
    column : str
        Name of the column or key; empty where the fault is of the line as a whole.
    message : str
        What is wrong and what is expected, in one sentence.
    warning : bool
        A warning is shown and does not stop a run.
    """

    file: str
    line: int
    column: str
    message: str
    warning: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        column = f" {self.column}:" if self.column else ""
        return f"{place}:{column} {self.message}"


class EvidenceError(SynthError):
    """Faults in the files of a review.

    Attributes
    ----------
    faults : tuple of Fault
        Every fault found, sorted by file and line.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class ReviewNotFoundError(SynthError):
    """No review of that name, or a name that cannot be one."""


class ParameterError(SynthError):
    """An unknown or ill-typed parameter; raised before any kernel starts."""


class MethodError(SynthError):
    """A calculation that must not be made on these data; the message says why."""


class ZeroCellError(MethodError):
    """An arm without events (or with nothing but events) where a ratio is asked for."""


class FormatError(SynthError):
    """A file of records that cannot be read, or a record that a format cannot hold.

    Attributes
    ----------
    file : str
        The file as the caller named it.
    line : int
        1-based; 0 where the fault is of the file as a whole.
    """

    def __init__(self, file: str, line: int, message: str) -> None:
        self.file, self.line = file, line
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")


class SearchError(SynthError):
    """A search that could not be completed; nothing was published, and what was fetched is kept for the next run."""


class RequestError(SearchError):
    """PubMed refused a request, or did not answer it as promised within the attempts and the time allowed."""


class RefusedError(RequestError):
    """PubMed refused a request for good; sending it again would not help."""


class IncompleteError(SearchError):
    """What is held is not what PubMed promised.

    Attributes
    ----------
    missing, surplus : tuple of str
        PMIDs promised and not held, and PMIDs that nobody promised.
    """

    def __init__(self, message: str, missing: Iterable[str] = (), surplus: Iterable[str] = ()) -> None:
        self.missing, self.surplus = tuple(missing), tuple(surplus)
        super().__init__(message)


class NotebookError(SynthError):
    """A notebook that stopped; the message names it and says where the executed copy is kept."""


class ReportError(SynthError):
    """A report that could not be written; what was there before is still there."""
