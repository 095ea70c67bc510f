"""Where the reviews are, and bytes from their files."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from synth.errors import EvidenceError, Fault, ReviewNotFoundError
from synth.provenance import shortened

REVIEW_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
DATA_ENDINGS = (".csv", ".json", ".jsonl", ".yaml", ".yml")


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
            f"{shortened(name)} cannot be the name of a review; "
            "small letters, digits, - and _ are expected, a letter first, at most 64 in all"
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
    path = folder / file
    if path.exists() and not path.is_file():
        raise EvidenceError([Fault(file, 0, "", "is no file; a file is expected, not a folder or a device")])
    try:
        content = path.read_bytes()
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


def write_whole(path: Path, content: bytes, draft: Path | None = None) -> None:
    """Write a file so that it is there whole or not at all, and stays when the machine stops.

    Parameters
    ----------
    path : Path
        Its folder is made where there is none.
    content : bytes
    draft : Path, optional
        Where it is written first; a hidden name beside it by default. Removed if writing fails.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = draft or path.with_name(f".{path.name}.part")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        flush_folder(path.parent)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def flush_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def files_under(folder: Path, pattern: str) -> tuple[str, ...]:
    """Paths that match, relative to the review's folder, sorted; reading tells those that are no files."""
    return tuple(sorted(path.relative_to(folder).as_posix() for path in folder.glob(pattern)))


def is_there(folder: Path, file: str) -> bool:
    """Whether the review has something of that name; a link that leads nowhere counts, so that reading reports it."""
    return (folder / file).exists() or (folder / file).is_symlink()


def data_files(folder: Path) -> tuple[str, ...]:
    """Every file of the review that looks like evidence by its ending, hidden ones apart, sorted."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix.lower() in DATA_ENDINGS)
    return tuple(sorted(path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts)))
