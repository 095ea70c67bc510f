"""Where the reviews are, and bytes from their files."""

from __future__ import annotations

import re
from pathlib import Path

from synth.errors import EvidenceError, Fault, ReviewNotFoundError

REVIEW_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def find_root(start: Path | None = None) -> Path:
    """The nearest folder, from `start` upwards, that holds an `evidence` folder.

    Raises
    ------
    ReviewNotFoundError
        If neither `start` (the working folder by default) nor any folder above it does.
    """
    start = (start or Path.cwd()).resolve()
    for folder in (start, *start.parents):
        if (folder / "evidence").is_dir():
            return folder
    raise ReviewNotFoundError(
        f"no folder named evidence in {start.name or start} or above it; run this inside a copy of the project"
    )


def review_names(root: Path) -> tuple[str, ...]:
    """The reviews of a project: the folders of `evidence` that hold a protocol."""
    return tuple(sorted(path.parent.name for path in (root / "evidence").glob("*/protocol.yml")))


def review_folder(root: Path, name: str) -> Path:
    """The folder of a review.

    Raises
    ------
    ReviewNotFoundError
        If the name is no name, or no review has it.
    """
    if not REVIEW_NAME.fullmatch(name):
        raise ReviewNotFoundError(
            f"{name!r} cannot be the name of a review; small letters, digits, - and _ are expected, a letter first"
        )
    folder = root / "evidence" / name
    if not folder.is_dir():
        known = ", ".join(review_names(root)) or "none"
        raise ReviewNotFoundError(f"no review {name!r} in evidence/; there are: {known}")
    return folder


def read_text(folder: Path, file: str) -> str:
    """The text of a file of the review, UTF-8 (a byte order mark is dropped).

    Raises
    ------
    EvidenceError
        If the file is missing, cannot be read, or is not UTF-8 (with the line of the first bad byte).
    """
    try:
        content = (folder / file).read_bytes()
    except FileNotFoundError:
        raise EvidenceError([Fault(file, 0, "", "this file is missing")]) from None
    except OSError as error:
        raise EvidenceError([Fault(file, 0, "", f"cannot be read: {error.strerror}")]) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{content[error.start]:02x} is not UTF-8; save the file as UTF-8"
        raise EvidenceError([Fault(file, line, "", message)]) from None


def files_under(folder: Path, pattern: str) -> tuple[str, ...]:
    """Files that match, relative to the review's folder, sorted."""
    return tuple(sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern) if path.is_file()))
