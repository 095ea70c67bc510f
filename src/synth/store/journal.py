"""Replies of PubMed on disk: kept the moment they have come, never read as anything but what was written."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path

from synth.errors import SearchError
from synth.store.folder import flush_folder, write_whole

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
_DRAFT = re.compile(r"\.[a-z0-9-]+\.(?P<process>[0-9]+)\.part")


class FileJournal:
    """One gzip file a reply, named after its key. A file holds the hash of its key and body, and then the body.

    Parameters
    ----------
    folder : Path
        Made where it does not exist. Drafts that a killed process left there are removed.
    listen : callable, optional
        Told in a line of text which file is damaged.

    Raises
    ------
    SearchError
        If the folder cannot be made or read.
    """

    def __init__(self, folder: Path, listen: Callable[[str], None] | None = None) -> None:
        self.folder, self._listen = folder, listen
        try:
            missing = [path for path in (folder, *folder.parents) if not path.exists()]
            folder.mkdir(parents=True, exist_ok=True)
            for path in missing:
                flush_folder(path.parent)
            for path in folder.iterdir():
                draft = _DRAFT.fullmatch(path.name)
                if draft and not _runs(int(draft["process"])):
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise SearchError(
                f"{folder.name}: this folder for replies of PubMed cannot be used: {error.strerror or error}"
            ) from None

    def read(self, key: str) -> bytes | None:
        """The body as it was written; None where there is none, or where its file is damaged."""
        path = self._path(key)
        try:
            return _unpacked(key, path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, EOFError, ValueError, zlib.error) as error:
            if self._listen:
                self._listen(f"{path.name} in {self.folder.name} is damaged ({error}); it counts as absent")
            return None

    def write(self, key: str, body: bytes) -> None:
        """Keep a body. Once this returns, it is on disk under its name; before, nothing is there under its name.

        Raises
        ------
        SearchError
            The disk does not take it, because it is full for instance; nothing of it is left behind.
        """
        path = self._path(key)
        draft = path.with_name(f".{key}.{os.getpid()}.part")
        try:
            write_whole(path, gzip.compress(_seal(key, body) + body, mtime=0), draft)
        except OSError as error:
            raise SearchError(
                f"{path.name} in {self.folder.name}: a reply of PubMed cannot be kept: {error.strerror or error}; "
                "what was kept before is whole, and the next run goes on from there"
            ) from None

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key of a reply; small letters, digits and - are expected")
        return self.folder / f"{key}.gz"


def _seal(key: str, body: bytes) -> bytes:
    """What tells a body from any other, and from the same one under another key."""
    return hashlib.sha256(key.encode() + b"\n" + body).digest()


def _unpacked(key: str, packed: bytes) -> bytes:
    content = gzip.decompress(packed)
    seal, body = content[:32], content[32:]
    if seal != _seal(key, body):
        raise ValueError("its hash does not fit")
    return body


def _runs(process: int) -> bool:
    """Whether there is a process of that number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
