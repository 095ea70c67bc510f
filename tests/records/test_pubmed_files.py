"""Files of PubMed XML as JSON lines: what several processes give is what one gives, and each fault is told."""

from __future__ import annotations

import gzip
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from pubmed_invented import ARTICLE, BOOK, DELETED, HEAD, article, whole

from synth.errors import FormatError, SynthError
from synth.records import files, pubmed_crew
from synth.records.files import open_file, pubmed_lines
from synth.records.pubmed import Deletion, PubmedRecord


def written(path: Path, *records: str, head: str = HEAD) -> Path:
    path.write_bytes(whole(*records, head=head))
    return path


def packed(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data, 1))
    return path


def many(count: int) -> str:
    """Invented records of about 1 kB."""
    text = "<CoiStatement>" + "Nothing to declare. " * 40 + "</CoiStatement>"
    return "\n".join(article(text, pmid=number + 1) for number in range(count))


def outcome(paths: list[Path], processes: int) -> tuple[list[bytes], str]:
    """The lines given, and the error that ended them."""
    lines: list[bytes] = []
    try:
        lines.extend(pubmed_lines(paths, processes))
    except FormatError as error:
        return lines, str(error)
    return lines, ""


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces so small that small files have many."""
    monkeypatch.setattr(files, "PIECE", 20_000)


def test_one_line_a_record_in_file_order(tmp_path: Path) -> None:
    first = written(tmp_path / "a.xml", ARTICLE, DELETED)
    second = packed(tmp_path / "b.xml", whole(BOOK))
    lines = list(pubmed_lines([second, first]))
    assert all(b"\n" not in line for line in lines)
    assert [msgspec.json.decode(line)["pmid"] for line in lines] == ["9", "7", "5", "6"]
    assert msgspec.json.decode(lines[0], type=PubmedRecord).kind == "book"
    assert msgspec.json.decode(lines[3], type=Deletion) == Deletion("6", "2")


def test_gzip_is_known_by_content_not_by_name(tmp_path: Path) -> None:
    plain = written(tmp_path / "plain.gz", article())
    hidden = packed(tmp_path / "packed.xml", whole(article()))
    assert list(pubmed_lines([plain])) == list(pubmed_lines([hidden]))
    twice = tmp_path / "twice"
    twice.write_bytes(gzip.compress(whole(article())[:200]) + gzip.compress(whole(article())[200:]))
    with open_file(twice) as source:
        assert source.read() == whole(article())


SHAPES = {
    "many records": whole(many(300)),
    "a deletion at the end": whole(many(120), DELETED),
    "books only": whole(*[BOOK] * 20),
    "books between": whole(many(60), BOOK, many(60), BOOK),
    "no record": whole(),
    "one record": whole(article()),
    "a single record without a set": article().encode(),
    "an end tag in a comment": whole(many(60), "<!-- </PubmedArticle> " + "x" * 30_000 + " -->", many(60)),
    "an end tag in CDATA": whole(
        many(60), article(f"<CoiStatement><![CDATA[</PubmedArticle>{'y' * 30_000}]]></CoiStatement>"), many(60)
    ),
    "an end tag in an instruction": whole(many(60), "<?x </PubmedArticle>" + "z" * 30_000 + "?>", many(60)),
    "end tags with blanks": whole(many(120)).replace(b"</PubmedArticle>", b"</PubmedArticle\n>"),
    "a name space on the set": whole(many(60)).replace(b"<PubmedArticleSet>", b'<PubmedArticleSet xmlns:m="u">', 1),
    "a prefix declared on the set": whole(
        many(60), article("<CoiStatement><m:b>x</m:b></CoiStatement>"), many(60)
    ).replace(b"<PubmedArticleSet>", b'<PubmedArticleSet xmlns:m="u">', 1),
    "UTF-16": whole(many(100)).decode().replace("utf-8", "utf-16").encode("utf-16"),
    "Latin-1": whole(many(60), article("<CoiStatement>é</CoiStatement>"), many(60))
    .decode()
    .replace("utf-8", "iso-8859-1")
    .encode("latin-1"),
    "Latin-1 that could be UTF-8": whole(many(60), article("<CoiStatement>Ã©</CoiStatement>"), many(60))
    .decode()
    .replace("utf-8", "iso-8859-1")
    .encode("latin-1"),
    "a fault in the middle": whole(many(100), article("<CoiStatement></b></CoiStatement>"), many(100)),
    "an unknown record in the middle": whole(many(100), "<New/>", many(100)),
    "text in the middle": whole(many(100), "oops", many(100)),
    "cut off": whole(many(200))[:150_000],
    "two documents": whole(many(60)) * 2,
    "two sets": whole(many(60), "</PubmedArticleSet><PubmedArticleSet>", many(60)),
    "an undeclared entity": whole(many(60), article("<OtherID Source='&a;'/>"), many(60)),
    "an HTML page": b"<html></html>",
    "nothing": b"",
}


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.usefixtures("small_pieces")
def test_processes_give_what_one_gives(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(SHAPES[name])
    before, after = written(tmp_path / "before.xml", many(30)), written(tmp_path / "after.xml", ARTICLE)
    for chosen in ([before, path, after], [before, packed(tmp_path / "a.gz", SHAPES[name]), after]):
        (alone, error), (shared, same_error) = outcome(chosen, 1), outcome(chosen, 2)
        assert same_error == error
        # before an error, one process may have given fewer: it looks for some faults in a block before it gives records
        assert shared[: len(alone)] == alone
        assert error or len(shared) == len(alone)
        assert len(alone) >= 30


@pytest.mark.usefixtures("small_pieces")
def test_work_is_really_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answered: list[int] = []

    class Watched(pubmed_crew.Crew):
        def _next(self, waiting):  # type: ignore[no-untyped-def]
            piece, result = super()._next(waiting)
            answered.append(0 if result is None else result.count(b"\n") + 1)
            return piece, result

    monkeypatch.setattr(files, "Crew", Watched)
    for path in (written(tmp_path / "a.xml", many(300)), packed(tmp_path / "a.gz", whole(many(300)))):
        answered.clear()
        assert len(list(pubmed_lines([path], 3))) == 300
        # the end of the set follows the last record, and may be a piece without any
        assert len(answered) >= 9
        assert max(answered) <= 100  # the first block of a gzip file is read before it is cut
        assert answered.count(0) == 0


@pytest.mark.usefixtures("small_pieces")
def test_a_process_that_dies_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crews: list[pubmed_crew.Crew] = []

    class Remembered(pubmed_crew.Crew):
        def __init__(self, processes: int, answer: Callable[..., bytes | None]) -> None:
            super().__init__(processes, answer)
            crews.append(self)

    monkeypatch.setattr(files, "Crew", Remembered)
    path = written(tmp_path / "a.xml", many(2_000))
    lines = pubmed_lines([path], 2)
    assert len(list(islice(lines, 50))) == 50
    os.kill(crews[0].processes[0].pid, signal.SIGKILL)
    with pytest.raises(SynthError, match=r"a\.xml: a process that was reading this file ended with status -9"):
        list(lines)
    assert [process.poll() is not None for process in crews[0].processes] == [True]


CUT_ANSWERS = {
    "no answer": b"",
    "half a length": b"\0\0",
    "half a head": b'\0\0\0\x0b{"si',
    "half an answer": b'\0\0\0\x0b{"size":99}half',
}


@pytest.mark.parametrize("name", CUT_ANSWERS)
def test_an_answer_that_is_cut_off_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    dying = f"import os, sys; sys.stdin.buffer.read(9); os.write(1, {CUT_ANSWERS[name]!r}); os._exit(3)"
    monkeypatch.setattr(pubmed_crew, "_START", dying)
    status = 3
    path = written(tmp_path / "a.xml", article())
    with pytest.raises(SynthError, match=f"ended with status {status} before it was done"):
        list(pubmed_lines([path], 2))


def test_a_process_that_never_reads_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubmed_crew, "_START", "import os; os._exit(5)")
    monkeypatch.setattr(files, "PIECE", 3 * pubmed_crew.PIPE)  # more than a pipe takes: the writing itself fails
    path = packed(tmp_path / "a.gz", whole(many(5_000)))
    with pytest.raises(SynthError, match=r"a\.gz: a process that was reading this file ended with status 5 before"):
        list(pubmed_lines([path], 2))


@pytest.mark.usefixtures("small_pieces")
def test_an_interrupt_is_for_the_process_that_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crews: list[pubmed_crew.Crew] = []

    class Remembered(pubmed_crew.Crew):
        def __init__(self, processes: int, answer: Callable[..., bytes | None]) -> None:
            super().__init__(processes, answer)
            crews.append(self)

    monkeypatch.setattr(files, "Crew", Remembered)
    path = written(tmp_path / "a.xml", many(2_000))
    lines = pubmed_lines([path], 2)
    first = list(islice(lines, 50))  # of both processes
    for process in crews[0].processes:
        os.kill(process.pid, signal.SIGINT)  # as a terminal does to all of them
    assert first + list(lines) == list(pubmed_lines([path]))


def test_few_pieces_are_under_way() -> None:
    taken = 0

    def pieces() -> Iterator[tuple[pubmed_crew.Piece, bytes]]:
        nonlocal taken
        for taken in range(1, 41):
            body = whole(article(pmid=taken))
            yield pubmed_crew.Piece(0, "a.xml", size=len(body)), body

    with pubmed_crew.Crew(2, files.answer) as crew:
        for number, (_, lines) in enumerate(crew.answers(pieces()), start=1):
            assert lines is not None
            assert msgspec.json.decode(lines)["pmid"] == str(number)
            assert taken == min(number - 1 + 2 * pubmed_crew.UNDER_WAY, 40)


@pytest.mark.usefixtures("small_pieces")
def test_stopping_early_ends_the_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crews: list[pubmed_crew.Crew] = []

    class Remembered(pubmed_crew.Crew):
        def __init__(self, processes: int, answer: Callable[..., bytes | None]) -> None:
            super().__init__(processes, answer)
            crews.append(self)

    monkeypatch.setattr(files, "Crew", Remembered)
    lines = pubmed_lines([written(tmp_path / "a.xml", many(2_000))], 2)
    next(lines)
    lines.close()  # type: ignore[attr-defined]
    assert [process.poll() is not None for process in crews[0].processes] == [True]


@pytest.mark.parametrize("processes", [1, 2])
def test_files_that_cannot_be_read_are_named(tmp_path: Path, processes: int) -> None:
    good = written(tmp_path / "good.xml", article())
    data = gzip.compress(whole(many(300)))
    faults = {
        "none.xml": (None, "cannot be read: No such file or directory"),
        "cut.gz": (data[: len(data) // 2], "the gzip file is cut off"),
        "bad.gz": (data[:-8] + b"\0\0\0\0" + data[-4:], "the gzip file is damaged (CRC check failed"),
        "worse.gz": (data[:60] + b"\xff" * 60 + data[120:], "the gzip file is damaged"),
    }
    for name, (content, message) in faults.items():
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        lines, error = outcome([good, path], processes)
        assert len(lines) >= 1
        assert error.startswith(f"{path}: ")
        assert message in error
    _, error = outcome([tmp_path], processes)
    assert error == f"{tmp_path}: cannot be read: Is a directory"


def test_no_process_is_no_number_of_processes() -> None:
    with pytest.raises(ValueError, match="processes: 0; expected 1 or more"):
        list(pubmed_lines([], 0))


# A process starts with the peak of the one that starts it: a small one stands between pytest and the one measured.
LAUNCH = "import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', *sys.argv[1:]]))"
PEAK = """
import resource, sys
from pathlib import Path
from synth.records.files import pubmed_lines
count = sum(1 for _ in pubmed_lines([Path(sys.argv[1])], int(sys.argv[2])))
print(count, *(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, processes: int, compressed: bool) -> None:
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    peaks = []
    record = many(1).encode()
    for count in (3_000, 60_000):
        data = HEAD.encode() + b"<PubmedArticleSet>" + record * count + b"</PubmedArticleSet>"
        path = packed(tmp_path / "a", data) if compressed else tmp_path / "a"
        if not compressed:
            path.write_bytes(data)
        command = [sys.executable, "-c", LAUNCH, PEAK, str(path), str(processes)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        read, *peak = map(int, done.stdout.split())
        assert read == count
        peaks.append(max(peak) / unit)
    assert peaks[1] < 150
    assert peaks[1] < peaks[0] + 15


@pytest.mark.usefixtures("small_pieces")
def test_shared_files_are_the_same_with_two_processes(shared: Path) -> None:
    names = ("pubmed_result_208_and_6_books.xml", "baseline26n1334_30.xml.gz", "update22n1115_eoc_deletecitation.xml")
    paths = [shared / "pubmed-xml" / name for name in names]
    lines = list(pubmed_lines(paths, 2))
    assert len(lines) == 214 + 30 + 37
    assert lines == list(pubmed_lines(paths))


def test_a_stream_that_gives_little_at_a_time_is_read_alike() -> None:
    from synth.records.pubmed_xml import parse_pubmed

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(7_000, size if size and size > 0 else 7_000))

    data = whole(many(50), BOOK, DELETED)
    assert list(parse_pubmed(Slow(data), "slow")) == list(parse_pubmed(io.BytesIO(data), "quick"))
