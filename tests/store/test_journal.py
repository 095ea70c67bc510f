"""The journal of replies: durable, whole or absent, and the same bytes each time."""

from __future__ import annotations

import errno
import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.errors import SearchError
from synth.store.journal import FileJournal

KEY, BODY = "efetch-0123", b"<PubmedArticleSet>\xc3\xa9</PubmedArticleSet>\n" * 50


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "replies"


@given(body=st.binary())
def test_what_was_written_is_read(tmp_path_factory: pytest.TempPathFactory, body: bytes):
    folder = tmp_path_factory.mktemp("journal")
    FileJournal(folder).write(KEY, body)
    assert FileJournal(folder).read(KEY) == body
    assert FileJournal(folder).read("efetch-0124") is None


def test_a_later_body_takes_the_place_of_the_first(folder: Path):
    journal = FileJournal(folder)
    journal.write(KEY, b"first")
    journal.write(KEY, b"second")
    assert journal.read(KEY) == b"second"


def test_same_bytes_on_disk_each_time(tmp_path: Path):
    for name in ("one", "two"):
        FileJournal(tmp_path / name).write(KEY, BODY)
    first, second = (list((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [path.name for path in first] == [path.name for path in second] == [f"{KEY}.gz"]
    assert first[0].read_bytes() == second[0].read_bytes()
    assert first[0].read_bytes()[4:8] == bytes(4)  # the time in the header of gzip


@pytest.mark.parametrize("byte", range(0, 90, 3))
def test_every_damaged_byte_is_seen(folder: Path, byte: int):
    lines: list[str] = []
    journal = FileJournal(folder, lines.append)
    journal.write(KEY, BODY)
    path = folder / f"{KEY}.gz"
    packed = bytearray(path.read_bytes())
    assert len(packed) > 90
    packed[byte] ^= 0x10
    path.write_bytes(packed)
    # Bytes 3 to 9 of the header say when and where it was packed, and nothing of the body.
    assert journal.read(KEY) in ({None, BODY} if 3 <= byte <= 9 else {None})
    if journal.read(KEY) is None:
        assert f"{KEY}.gz in replies is damaged" in lines[0]
        assert "counts as absent" in lines[0]


@pytest.mark.parametrize("size", [0, 1, 9, 10, 20, 40, -1, -8])
def test_a_file_cut_short_counts_as_absent(folder: Path, size: int):
    lines: list[str] = []
    journal = FileJournal(folder, lines.append)
    journal.write(KEY, BODY)
    path = folder / f"{KEY}.gz"
    path.write_bytes(path.read_bytes()[:size])
    assert journal.read(KEY) is None
    assert len(lines) == 1
    journal.write(KEY, BODY)
    assert journal.read(KEY) == BODY


def test_a_whole_file_under_another_name_counts_as_absent(folder: Path):
    journal = FileJournal(folder)
    journal.write(KEY, BODY)
    (folder / f"{KEY}.gz").rename(folder / "efetch-9999.gz")
    assert journal.read("efetch-9999") is None


def test_a_file_packed_by_someone_else_counts_as_absent(folder: Path):
    journal = FileJournal(folder)
    (folder / f"{KEY}.gz").write_bytes(gzip.compress(BODY))
    assert journal.read(KEY) is None


@pytest.mark.parametrize("key", ["", "../up", "a/b", "Key", ".hidden", "a" * 101, "é"])
def test_a_key_is_no_path(folder: Path, key: str):
    with pytest.raises(ValueError, match="is no key of a reply"):
        FileJournal(folder).write(key, b"")


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_full_disk_is_a_clear_error_and_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch, step: str):
    journal = FileJournal(folder)
    journal.write("efetch-before", b"kept")

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(*(os, "fsync") if step == "fsync" else (Path, "replace"), full)
    with pytest.raises(SearchError, match=rf"^{KEY}\.gz in replies: a reply of PubMed cannot be kept: No space left"):
        journal.write(KEY, BODY)
    monkeypatch.undo()
    assert [path.name for path in folder.iterdir()] == ["efetch-before.gz"]
    assert journal.read("efetch-before") == b"kept"


def test_a_disk_that_takes_only_a_part_is_a_clear_error(folder: Path):
    """The system itself stops the write, in a process that may write 4,096 bytes to a file."""
    program = (
        "import os, resource, signal, sys; from pathlib import Path; from synth.store.journal import FileJournal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        f"FileJournal(Path(sys.argv[1])).write({KEY!r}, os.urandom(100_000))"
    )
    ended = subprocess.run([sys.executable, "-c", program, str(folder)], capture_output=True, text=True, check=False)
    assert "SearchError: efetch-0123.gz in replies: a reply of PubMed cannot be kept: File too large" in ended.stderr
    assert list(folder.iterdir()) == []


def test_the_disk_has_the_body_before_its_name_and_its_name_before_the_end(folder: Path, monkeypatch):
    journal = FileJournal(folder)
    steps: list[str] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(number: int) -> None:
        steps.append("folder" if Path(f"/proc/self/fd/{number}").resolve() == folder else "file")
        real_fsync(number)

    def replace(draft: Path, target: Path) -> Path:
        steps.append("name")
        return real_replace(draft, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    journal.write(KEY, BODY)
    assert steps == ["file", "name", "folder"]


def test_drafts_of_killed_processes_are_removed_and_those_of_running_ones_stay(folder: Path):
    folder.mkdir(parents=True)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for process in (ended.pid, os.getpid(), 1):
        (folder / f".{KEY}.{process}.part").write_bytes(b"half")
    (folder / "notes.part").write_bytes(b"of the user")
    FileJournal(folder)
    left = {f".{KEY}.{os.getpid()}.part", f".{KEY}.1.part", "notes.part"}
    assert {path.name for path in folder.iterdir()} == left


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SearchError, match="this folder for replies of PubMed cannot be used: "):
        FileJournal(tmp_path / "file" / "replies")
