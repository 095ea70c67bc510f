"""synth records: any format in, one format out; what is broken stops it and leaves the output as it was."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from synth.cli import main
from synth.records.exchange import read_references

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


@pytest.mark.parametrize("words", [["one.txt", "--format", "endnote"], [], ["one.txt", "--processes", "0"]])
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
