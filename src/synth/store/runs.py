"""A search while it runs, and its publication: either all of it stands in the review's folder, or nothing does.

Everything of a running search lies in ``evidence/<review>/.cache/unfinished``, which git ignores: what is asked
(run.json), the replies, and, once the set is proved, what is to be published. The file ``ready`` is written last; from
then on publication is only renaming, and whoever comes next completes it.
"""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from synth.errors import ParameterError, SearchError
from synth.store.folder import review_folder, write_whole
from synth.store.snapshots import RECORDS

CACHE = ".cache"
_UNFINISHED = f"{CACHE}/unfinished"


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
    continued : bool
        Whether an earlier process began it.
    """

    folder: Path
    review: Path
    date: date
    continued: bool

    @property
    def replies(self) -> Path:
        """Where the replies of PubMed are kept."""
        return self.folder / "replies"

    @property
    def name(self) -> str:
        """The folder under search/ that it will have, as far as can be told before it is published."""
        return _free_name(self.review, f"{self.date}-pubmed")

    def publish(self, manifest: str, snapshot: str, records: str) -> str:
        """Put the snapshot into search/ and the records into place, and finish the run; the snapshot's name comes back.

        Raises
        ------
        SearchError
            If a file cannot be written; then what was there before is still there.
        """
        staged = self.folder / "publish"
        with _in_plain_words(self.review):
            shutil.rmtree(staged, ignore_errors=True)
            write_whole(staged / "snapshot" / "manifest.json", manifest.encode())
            write_whole(staged / "snapshot" / "records.jsonl", snapshot.encode())
            write_whole(staged / "records.jsonl", records.encode())
            write_whole(staged / "ready", f"{self.date}-pubmed".encode())
        name = complete(self.review)
        assert name is not None  # it was made ready just now
        return name


@contextmanager
def alone(root: Path, review: str) -> Iterator[Path]:
    """Hold a review's searches alone, over all processes of the machine; gives the review's folder.

    Raises
    ------
    ReviewNotFoundError
        If there is no review of that name.
    SearchError
        If another process holds them, or the folder cannot be written.
    """
    folder = review_folder(root, review)
    with _in_plain_words(folder):
        (folder / CACHE).mkdir(exist_ok=True)
        lock = (folder / CACHE / "lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SearchError(f"another process is searching for {review!r}; wait until it has ended") from None
        yield folder


def begin(folder: Path, asks: Mapping[str, object], today: date) -> Run:
    """Begin a search, or continue the one that was interrupted.

    Parameters
    ----------
    folder : Path
        The review's folder, held alone.
    asks : mapping
        What the search asks, as plain data; an interrupted one is continued only if it asked the same.
    today : date
        The day that a new search bears.

    Raises
    ------
    ParameterError
        If an interrupted search asked something else.
    SearchError
        If what is there of it cannot be read.
    """
    unfinished = folder / _UNFINISHED
    state = _state(unfinished)
    if state is not None:
        if state["asks"] != json.loads(json.dumps(dict(asks))):
            raise ParameterError(
                f"an interrupted search of {state['date']} asked something else (other strategies, another since or "
                "address); --restart discards it"
            )
        return Run(unfinished, folder, date.fromisoformat(str(state["date"])), continued=True)
    with _in_plain_words(folder):
        state_text = json.dumps({"date": today.isoformat(), "asks": dict(asks)}, indent=1)
        write_whole(unfinished / "run.json", state_text.encode())
    return Run(unfinished, folder, today, continued=False)


def discard(folder: Path) -> None:
    """Discard an interrupted search of a review."""
    with _in_plain_words(folder):
        if (folder / _UNFINISHED).exists():
            shutil.rmtree(folder / _UNFINISHED)


def complete(folder: Path) -> str | None:
    """Complete the publication that an earlier process began; gives the snapshot's name, None where there was none.

    Renames only, each of which is done or not done: it may be interrupted and called again.

    Raises
    ------
    SearchError
        If a file cannot be renamed.
    """
    unfinished = folder / _UNFINISHED
    staged = unfinished / "publish"
    if not (staged / "ready").is_file():
        return None
    with _in_plain_words(folder):
        name = _named(folder, staged)
        if (staged / "snapshot").is_dir():
            (staged / "snapshot").rename(folder / "search" / name)
        if (staged / "records.jsonl").is_file():
            (folder / RECORDS).parent.mkdir(exist_ok=True)
            (staged / "records.jsonl").replace(folder / RECORDS)
        done = folder / CACHE / name
        shutil.rmtree(done, ignore_errors=True)
        unfinished.rename(done)
        shutil.rmtree(done / "publish")
    return name


def _named(folder: Path, staged: Path) -> str:
    """The name under which it is published: decided when the snapshot is put into place, and kept from then on."""
    chosen = staged / "name"
    if chosen.is_file() and not (staged / "snapshot").is_dir():
        return chosen.read_text(encoding="utf-8")
    (folder / "search").mkdir(exist_ok=True)
    name = _free_name(folder, (staged / "ready").read_text(encoding="utf-8"))
    write_whole(chosen, name.encode())
    return name


def replace_records(folder: Path, text: str) -> bool:
    """Replace the records of a review in one step; False where they are those already.

    Raises
    ------
    SearchError
        If the file cannot be written; then the one before is still there.
    """
    path = folder / RECORDS
    with _in_plain_words(folder):
        if path.is_file() and path.read_bytes() == text.encode():
            return False
        write_whole(path, text.encode())
    return True


def _state(unfinished: Path) -> dict[str, object] | None:
    place = f"{_UNFINISHED}/run.json"
    try:
        state = json.loads((unfinished / "run.json").read_text(encoding="utf-8"))
        date.fromisoformat(state["date"])
        return {"date": state["date"], "asks": state["asks"]}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SearchError(f"{place} cannot be read ({error}); --restart discards the interrupted search") from None


def _free_name(folder: Path, wished: str) -> str:
    """The name of a new snapshot, with a number where a search of that day is there already."""
    name, number = wished, 1
    while (folder / "search" / name).exists():
        number += 1
        name = f"{wished}-{number}"
    return name


@contextmanager
def _in_plain_words(folder: Path) -> Iterator[None]:
    """An error of the file system, told with the file and what it means."""
    try:
        yield
    except OSError as error:
        file = Path(error.filename) if error.filename else folder
        shown = file.relative_to(folder).as_posix() if file.is_relative_to(folder) else file.name
        why = error.strerror or error
        raise SearchError(
            f"{folder.name}: {shown} cannot be written ({why}); what was there before is still there"
        ) from None
