"""A search while it runs, and its publication: either all of it stands in the review's folder, or nothing does.

Everything of a running search lies in ``evidence/<review>/.cache/unfinished``, which git ignores: what is asked
(run.json), the replies, and, once the set is proved, what is to be published. The file ``ready`` is written last; from
then on publication is only renaming, and whoever comes next completes it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from synth.errors import ParameterError, SearchError
from synth.store.folder import review_folder
from synth.store.snapshots import RECORDS

CACHE = ".cache"


@dataclass(frozen=True)
class Run:
    """A search that has begun.

    Attributes
    ----------
    folder : Path
        Where it lies until it is finished.
    review : Path
        The review's folder.
    date : date
        The day on which it began.
    name : str
        The folder under search/ that it will have.
    continued : bool
        Whether an earlier process began it.
    """

    folder: Path
    review: Path
    date: date
    name: str
    continued: bool

    @property
    def replies(self) -> Path:
        """Where the replies of PubMed are kept."""
        return self.folder / "replies"

    def publish(self, manifest: str, snapshot: str, records: str) -> None:
        """Put the snapshot into search/ and the records into place, and finish the run."""
        staged = self.folder / "publish"
        shutil.rmtree(staged, ignore_errors=True)
        files = {"snapshot/manifest.json": manifest, "snapshot/records.jsonl": snapshot, "records.jsonl": records}
        for file, text in {**files, "ready": self.name}.items():
            _write(staged / file, text)
        complete(self.review)


@contextmanager
def open_run(
    root: Path, review: str, asks: Mapping[str, object], today: date, *, restart: bool = False
) -> Iterator[Run]:
    """Begin a search, or continue the one that was interrupted; one at a time.

    Parameters
    ----------
    root, review
        The folder that holds ``evidence``, and the review's name.
    asks : mapping
        What the search asks, as plain data; an interrupted one is continued only if it asked the same.
    today : date
        The day that a new search bears.
    restart : bool
        Discard an interrupted search.

    Raises
    ------
    ParameterError
        If an interrupted search asked something else.
    SearchError
        If another process is searching for this review.
    """
    folder = review_folder(root, review)
    cache = folder / CACHE
    cache.mkdir(exist_ok=True)
    with _alone(cache / "lock", review):
        unfinished = cache / "unfinished"
        if restart:
            shutil.rmtree(unfinished, ignore_errors=True)
        state = _state(unfinished)
        if state is not None and state["asks"] != json.loads(json.dumps(dict(asks))):
            raise ParameterError(
                f"an interrupted search of {state['date']} asked something else (other strategies, another since or "
                "address); --restart discards it"
            )
        if state is None:
            fresh = {"date": today.isoformat(), "name": _free_name(folder, today), "asks": dict(asks)}
            _write(unfinished / "run.json", json.dumps(fresh, indent=1))
        held = state or fresh
        yield Run(unfinished, folder, date.fromisoformat(str(held["date"])), str(held["name"]), state is not None)


def complete(review: Path) -> bool:
    """Complete the publication that an earlier process began; whether there was one.

    Renames only, each of which is done or not done: it may be interrupted and called again.
    """
    unfinished = review / CACHE / "unfinished"
    staged = unfinished / "publish"
    if not (staged / "ready").is_file():
        return False
    name = (staged / "ready").read_text(encoding="utf-8")
    if (staged / "snapshot").is_dir():
        (review / "search").mkdir(exist_ok=True)
        (staged / "snapshot").rename(review / "search" / name)
    if (staged / "records.jsonl").is_file():
        (review / RECORDS).parent.mkdir(exist_ok=True)
        (staged / "records.jsonl").replace(review / RECORDS)
    done = review / CACHE / name
    shutil.rmtree(done, ignore_errors=True)
    unfinished.rename(done)
    shutil.rmtree(done / "publish")
    return True


def replace_records(root: Path, review: str, text: str) -> bool:
    """Replace the records of a review in one step; False where they are those already."""
    path = review_folder(root, review) / RECORDS
    if path.is_file() and path.read_bytes() == text.encode():
        return False
    _write(path, text)
    return True


def _state(unfinished: Path) -> dict[str, object] | None:
    try:
        state = json.loads((unfinished / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise SearchError(
            f"{CACHE}/unfinished/run.json cannot be read ({error}); --restart discards the interrupted search"
        ) from None
    return dict(state)


def _free_name(folder: Path, today: date) -> str:
    """The name of a new snapshot: the day and the source, with a number where a search of that day is there already."""
    name, number = f"{today}-pubmed", 1
    while (folder / "search" / name).exists():
        number += 1
        name = f"{today}-pubmed-{number}"
    return name


def _write(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all, and stays when the machine stops."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


@contextmanager
def _alone(lock: Path, review: str) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SearchError(f"another process is searching for {review!r}; wait until it has ended") from None
        yield
