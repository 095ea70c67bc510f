"""synth records: any format in, one format out; what is broken stops it and leaves the output as it was."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from synth.cli import main
from synth.errors import FormatError
from synth.records.exchange import read_references
from synth.store.inputs import records_as

COMMAND = [sys.executable, "-c", "from synth.cli import main; main()", "records"]
ARTICLE = (
    "<PubmedArticle><MedlineCitation><PMID Version='1'>{pmid}</PMID><Article><Journal><Title>Invented</Title></Journal>"
    "<ArticleTitle>An invented title é {pmid}</ArticleTitle></Article></MedlineCitation></PubmedArticle>"
)
RIS = "TY  - JOUR\nTI  - Invented in RIS ü\nER  - \n"
BIB = "@article{key1, title = {Invented in {BibTeX}}}\n"
BROKEN = "TY  - JOUR\nTI  - a\n"


def xml(*pmids: int, deleted: str = "") -> bytes:
    articles = "".join(ARTICLE.format(pmid=pmid) for pmid in pmids)
    return f"<?xml version='1.0'?>\n<PubmedArticleSet>{articles}{deleted}</PubmedArticleSet>".encode()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one file of each kind, as working folder."""
    (tmp_path / "two.xml").write_bytes(xml(1, 2))
    (tmp_path / "packed").write_bytes(gzip.compress(xml(3)))
    (tmp_path / "one.txt").write_text(RIS, encoding="utf-8")
    (tmp_path / "one.bib").write_text(BIB, encoding="utf-8")
    (tmp_path / "broken.ris").write_text(BROKEN, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes], *words: str
) -> tuple[int, bytes, str]:
    """Exit code, output, messages."""
    monkeypatch.setattr(sys, "argv", ["synth", "records", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    told = capsysbinary.readouterr()
    return int(stopped.value.code or 0), told.out, told.err.decode()


def test_mixed_files_become_lines_in_their_order(folder, monkeypatch, capsysbinary):
    code, out, err = run(monkeypatch, capsysbinary, "one.txt", "two.xml", "packed", "one.bib", "two.xml")
    records = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert [record.get("pmid") for record in records] == [None, "1", "2", "3", None, "1", "2"]
    assert records[0] == {"type": "article-journal", "title": "Invented in RIS ü"}
    assert records[1]["title"] == {"text": "An invented title é 1"}
    assert records[4] == {"type": "article-journal", "id": "key1", "title": "Invented in BibTeX"}
    assert b"\r" not in out
    assert out.endswith(b"\n")


def test_two_processes_print_the_same(folder, monkeypatch, capsysbinary):
    one = run(monkeypatch, capsysbinary, "two.xml", "packed", "one.txt")
    two = run(monkeypatch, capsysbinary, "two.xml", "packed", "one.txt", "--processes", "2")
    assert one == two
    assert one[1].count(b"\n") == 4


@pytest.mark.parametrize("name", ["ris", "nbib", "bibtex", "csl-json"])
def test_every_format_is_printed(folder, monkeypatch, capsysbinary, name: str):
    code, out, err = run(monkeypatch, capsysbinary, "two.xml", "one.txt", "packed", "--format", name)
    found = read_references(out, "printed")
    assert (code, err) == (0, "")
    assert [reference.pmid for reference in found] == ["1", "2", None, "3"]
    assert [reference.title for reference in found][1:3] == ["An invented title é 2", "Invented in RIS ü"]


def test_standard_input_is_read(folder, monkeypatch, capsysbinary):
    for data, title in ((gzip.compress(xml(7)), "An invented title é 7"), (RIS.encode(), "Invented in RIS ü")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        code, out, _ = run(monkeypatch, capsysbinary, "-", "one.bib", "--format", "csl-json")
        assert (code, [item["title"] for item in json.loads(out)]) == (0, [title, "Invented in BibTeX"])
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(xml(8))))
    code, out, _ = run(monkeypatch, capsysbinary, "-")
    assert (code, json.loads(out)["pmid"]) == (0, "8")
    assert run(monkeypatch, capsysbinary, "-", "-")[::2] == (1, "'-' stands twice; standard input can be read once\n")


def test_deleted_pmids_are_lines_and_no_references(folder, monkeypatch, capsysbinary):
    (folder / "gone.xml").write_bytes(xml(5, deleted="<DeleteCitation><PMID>6</PMID><PMID>7</PMID></DeleteCitation>"))
    code, out, err = run(monkeypatch, capsysbinary, "gone.xml")
    assert (code, [json.loads(line)["pmid"] for line in out.splitlines()], err) == (0, ["5", "6", "7"], "")
    code, out, err = run(monkeypatch, capsysbinary, "gone.xml", "--format", "ris")
    assert (code, out.count(b"TY  - ")) == (0, 1)
    assert err == "gone.xml: 2 PMIDs declared deleted, not written as references\n"


class Counted(io.RawIOBase):
    """Standard input that cannot go back, gives a few bytes at a time, and counts them."""

    def __init__(self, data: bytes) -> None:
        self.source = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        given = self.source.read(min(len(buffer), 4_099))
        buffer[: len(given)] = given
        return len(given)


@pytest.mark.parametrize("pack", [bytes, partial(gzip.compress, compresslevel=0)], ids=["plain", "gzip"])
def test_standard_input_is_read_as_it_is_needed(pack: Callable[[bytes], bytes]):
    given = Counted(pack(xml(*range(1, 20_000))))
    whole = given.source.seek(0, io.SEEK_END)
    given.source.seek(0)
    pieces = records_as(["-"], "jsonl", stdin=given)
    assert json.loads(next(pieces))["pmid"] == "1"
    assert given.source.tell() < whole / 2
    assert sum(1 for _ in pieces) == 19_998


def test_a_first_byte_that_comes_alone_is_no_matter():
    class Slow(Counted):
        def readinto(self, buffer: memoryview) -> int:
            return super().readinto(buffer[:1])

    for data in (gzip.compress(xml(7)), xml(7), RIS.encode()):
        (line,) = records_as(["-"], "jsonl", stdin=io.BufferedReader(Slow(data)))
        assert b"nvented" in line


@pytest.mark.parametrize("name", ["-", "many"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_is_no_xml_has_a_largest_size(folder, name: str, pack: Callable[[bytes], bytes]):
    data = RIS.encode() * 400
    (folder / "many").write_bytes(pack(data))

    def read(largest: int) -> int:
        pieces = records_as([name], "jsonl", stdin=Counted(pack(data)), largest=largest)
        return sum(1 for _ in pieces)

    assert read(len(data)) == 400
    with pytest.raises(FormatError, match=f"more than {len(data) - 1} bytes unpacked; split the file"):
        read(len(data) - 1)


REFUSED = {
    "blanks": (gzip.compress(b" " * 3_000_000), "begins with 64 KB of blanks; records are expected"),
    "gzip in gzip": (gzip.compress(gzip.compress(xml(1))), "gzip inside of gzip; unpack it once (gunzip)"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_hostile_files_are_refused_in_plain_words(folder, monkeypatch, capsysbinary, kind: str):
    data, message = REFUSED[kind]
    (folder / "f").write_bytes(data)
    assert run(monkeypatch, capsysbinary, "f") == (1, b"", f"f: {message}\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert run(monkeypatch, capsysbinary, "-") == (1, b"", f"standard input: {message}\n")


def test_many_blanks_before_xml_are_no_matter(folder, monkeypatch, capsysbinary):
    data = b"\n" * 30_000 + xml(7).split(b"\n", 1)[1]
    (folder / "f").write_bytes(data)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    for name in ("f", "-"):
        code, out, _ = run(monkeypatch, capsysbinary, name)
        assert (code, json.loads(out)["pmid"]) == (0, "7")


def test_a_pipe_named_as_a_file_is_read_once(folder):
    os.mkfifo("pipe")
    for data, expected in ((gzip.compress(xml(7)), b'"pmid":"7"'), (RIS.encode(), "in RIS ü".encode())):
        with subprocess.Popen([*COMMAND, "pipe"], stdout=subprocess.PIPE) as started:
            Path("pipe").write_bytes(data)
            assert started.stdout is not None
            assert expected in started.stdout.read()
        assert started.returncode == 0


FAULTS = {
    "missing.ris": "missing.ris: cannot be read: No such file or directory",
    "broken.ris": "broken.ris:1: the record that begins here has no end",
    "cut.gz": "cut.gz: ",
    "cut.xml": "cut.xml",
    ".": ".: cannot be read: Is a directory",
}


@pytest.mark.parametrize("format_name", ["jsonl", "ris"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_broken_file_leaves_the_output_as_it_was(folder, monkeypatch, capsysbinary, name: str, format_name: str):
    (folder / "cut.gz").write_bytes(gzip.compress(RIS.encode() * 50)[:-20])
    (folder / "cut.xml").write_bytes(xml(1, 2)[:-30])
    (folder / "out").write_bytes(b"before")
    before = sorted(path.name for path in folder.iterdir())
    code, out, err = run(monkeypatch, capsysbinary, "two.xml", name, "--format", format_name, "--output", "out")
    assert (code, out) == (1, b"")
    assert err.startswith(FAULTS[name])
    assert err.count("\n") == 1
    assert (folder / "out").read_bytes() == b"before"
    assert sorted(path.name for path in folder.iterdir()) == before


def test_an_output_is_written_whole_even_over_an_input(folder, monkeypatch, capsysbinary):
    assert run(monkeypatch, capsysbinary, "two.xml", "--output", "two.xml") == (0, b"", "")
    assert [json.loads(line)["pmid"] for line in (folder / "two.xml").read_text("utf-8").splitlines()] == ["1", "2"]
    code, _, err = run(monkeypatch, capsysbinary, "one.txt", "--output", "nowhere/out")
    assert (code, err) == (1, "nowhere/out: cannot be written: No such file or directory\n")


def test_an_output_keeps_its_link_and_mode(folder, monkeypatch, capsysbinary):
    (folder / "goal").write_bytes(b"before")
    (folder / "goal").chmod(0o640)
    (folder / "link").symlink_to("goal")
    assert run(monkeypatch, capsysbinary, "two.xml", "--output", "link") == (0, b"", "")
    assert (folder / "link").is_symlink()
    assert (folder / "goal").read_bytes().count(b"\n") == 2
    assert (folder / "goal").stat().st_mode & 0o777 == 0o640


def test_an_output_that_is_a_pipe_or_device_is_written_to(folder, monkeypatch, capsysbinary):
    os.mkfifo("pipe")
    with subprocess.Popen([*COMMAND, "two.xml", "--output", "pipe"]) as started:
        assert Path("pipe").read_bytes().count(b"\n") == 2
    assert started.returncode == 0
    assert (folder / "pipe").is_fifo()
    piped = subprocess.run([*COMMAND, "two.xml", "--output", "/dev/stdout"], stdout=subprocess.PIPE)
    assert (piped.returncode, piped.stdout.count(b"\n")) == (0, 2)
    told = "/dev/full: cannot be written: No space left on device\n"
    assert run(monkeypatch, capsysbinary, "two.xml", "--output", "/dev/full") == (1, b"", told)
    assert Path("/dev/full").is_char_device()


def test_an_output_without_a_name_is_told(folder, monkeypatch, capsysbinary):
    told = "--output names no file; leave it out to print\n"
    assert run(monkeypatch, capsysbinary, "two.xml", "--output", "") == (1, b"", told)


@pytest.mark.parametrize(
    "words", [["--processes", "2"], *(["--format", name] for name in ("jsonl", "ris", "csl-json"))]
)
def test_a_full_disk_is_one_line(folder, words: list[str]):
    (folder / "many.xml").write_bytes(xml(*range(1, 3_000)))
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([*COMMAND, "many.xml", *words], stdout=full, stderr=subprocess.PIPE)
    told = b"standard output: cannot be written: No space left on device\n"
    assert (ended.returncode, ended.stderr) == (1, told)


@pytest.mark.parametrize(
    ("ends", "told"), [("- <&-", "standard input: is closed"), ("x >&-", "standard output: is closed")]
)
def test_closed_ends_are_one_line(folder, ends: str, told: str):
    (folder / "x").write_bytes(xml(1))
    ended = subprocess.run(["/bin/sh", "-c", f'"$@" {ends}', "sh", *COMMAND], capture_output=True)
    assert (ended.returncode, ended.stderr.decode()) == (1, f"{told}\n")


def test_half_a_character_is_one_line(folder, monkeypatch, capsysbinary):
    (folder / "half.json").write_text('[{"title": "a"}, {"title": "\\ud800"}]')
    told = "half.json: item 2: half of a character (a lone surrogate) in a text; take it out\n"
    assert run(monkeypatch, capsysbinary, "half.json") == (1, b"", told)


def test_a_list_without_references_is_told(folder, monkeypatch, capsysbinary):
    (folder / "none.json").write_text("[]")
    assert run(monkeypatch, capsysbinary, "none.json") == (0, b"", "none.json: 0 references\n")
    assert run(monkeypatch, capsysbinary, "none.json", "one.bib", "--format", "ris")[::2] == (
        0,
        "none.json: 0 references\n",
    )


def test_what_a_format_does_not_hold_is_told_once(folder, monkeypatch, capsysbinary):
    notice = (
        "<CommentsCorrectionsList>{}</CommentsCorrectionsList>".format(
            "".join(
                f'<CommentsCorrections RefType="{kind}"><RefSource>Inv J. 2020;1:1</RefSource>'
                '<PMID Version="1">9</PMID></CommentsCorrections>'
                for kind in ("RetractionIn", "ExpressionOfConcernIn", "Cites")
            )
        )
        + "<CoiStatement>None.</CoiStatement></MedlineCitation>"
    )
    (folder / "f.xml").write_bytes(xml(1, 2).replace(b"</MedlineCitation>", notice.encode()))
    code, out, err = run(monkeypatch, capsysbinary, "f.xml", "--format", "nbib")
    assert (code, out.count(b"RIN - Inv J. 2020;1:1 PMID: 9\n")) == (0, 2)
    assert err == (
        "left out in nbib (field and number of records): cited reports 2, coi_statement 2, related 2; "
        "jsonl holds all of PubMed XML\n"
    )
    assert b"9" not in run(monkeypatch, capsysbinary, "f.xml", "--format", "ris")[1]
    assert run(monkeypatch, capsysbinary, "f.xml")[2] == ""


@pytest.mark.parametrize(
    "words", [["one.txt", "--processes", "65"], ["one.txt", "--format", "endnote"], [], ["one.txt", "--processes", "0"]]
)
def test_wrong_words_give_exit_code_2(folder, monkeypatch, capsysbinary, words: list[str]):
    assert run(monkeypatch, capsysbinary, *words)[:2] == (2, b"")


def test_a_reader_that_stops_is_no_fault(tmp_path: Path):
    (tmp_path / "many.xml").write_bytes(xml(*range(1, 4_000)))
    with subprocess.Popen(
        [*COMMAND, "many.xml"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        assert json.loads(started.stdout.readline())["pmid"] == "1"
        started.stdout.close()
        assert started.stderr.read() == b""
        assert started.wait(60) == 0


def test_output_is_utf_8_whatever_the_machine_says(tmp_path: Path):
    (tmp_path / "one.ris").write_text(RIS, encoding="utf-8")
    environment = {
        "PYTHONIOENCODING": "ascii",
        "PYTHONUTF8": "0",
        "LC_ALL": "C",
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
    }
    ended = subprocess.run([*COMMAND, "one.ris", "--format", "ris"], cwd=tmp_path, env=environment, capture_output=True)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert ended.stdout.decode() == RIS + "\n"
