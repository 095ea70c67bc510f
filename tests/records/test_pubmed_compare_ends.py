"""How the comparison of PubMed XML ends on the command line: what is a fault, and one line for each file."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pubmed_compare
import pytest
from pubmed_invented import ARTICLE, BOOK, DELETED, article, whole

GOOD = whole(ARTICLE, BOOK, DELETED)
PACKED = gzip.compress(GOOD)
DTD = '<!DOCTYPE eSearchResult PUBLIC "" "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/20060628/esearch.dtd">'
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
TOO = "Bio.Entrez.read refuses it too ("
NATURE = "it holds no records by nature: the outermost element is <"
FAULT = "FAULT: refused, where Bio.Entrez.read does not refuse it: "
#: What a file holds, the exit status, and what is said of it.
ENDS: dict[str, tuple[bytes, int, str]] = {
    "records": (GOOD, 0, "2 records, "),
    "packed records": (PACKED, 0, "2 records, "),
    "no record in a set": (whole(), 0, "0 records, "),
    "UTF-16": (GOOD.decode().replace("utf-8", "utf-16").encode("utf-16"), 0, "2 records, "),
    "a gzip file that is cut off": (PACKED[:-20], 1, "FAULT: cannot be read: Compressed file ended before"),
    "a gzip file that is damaged": (PACKED[:-8] + b"\0" * 8, 1, "FAULT: cannot be read: CRC check failed"),
    "gzip bytes that are none": (PACKED[:40] + b"\xff" * 400, 1, "FAULT: cannot be read: Error -3"),
    "a reply of a search": (f"{HEAD}{DTD}<eSearchResult><Count>0</Count></eSearchResult>".encode(), 0, NATURE),
    "a list of journals": (b"<SerialsSet><Serial/></SerialsSet>", 0, f"{NATURE}SerialsSet>"),
    "an HTML page": (b"<html><body><p>Sorry</body></html>", 0, TOO),
    "a word": (b"records", 0, TOO),
    "nothing": (b"", 0, TOO),
    "cut off": (GOOD[:-30], 0, TOO),
    "a zero byte": (GOOD.replace(b"Stuff", b"St\0ff"), 0, TOO),
    "zero bytes at the end": (GOOD + b"\0\0\0", 0, TOO),
    "entities of its own": (GOOD.replace(b'.dtd">', b'.dtd" [<!ENTITY a "b">]>'), 1, FAULT),
    "a record without PMID": (whole("<PubmedArticle><MedlineCitation/></PubmedArticle>"), 1, FAULT),
    "an element between records": (whole(article(), "<New/>"), 1, FAULT),
    "records in an unknown set": (f"{HEAD}<Batch>{article()}</Batch>".encode(), 0, TOO),
    "an unknown name space": (GOOD.replace(b"<PubmedArticleSet>", b'<PubmedArticleSet xmlns="u">'), 0, TOO),
}


def run(
    paths: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[str]]:
    monkeypatch.setattr("sys.argv", ["pubmed_compare.py", *map(str, paths)])
    status = pubmed_compare.main()
    return status, capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("name", ENDS)
def test_each_end_has_its_status_and_one_line(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content, expected, says = ENDS[name]
    path = tmp_path / "a.xml"
    path.write_bytes(content)
    status, lines = run([path], monkeypatch, capsys)
    assert status == expected, lines
    (line,) = lines
    assert line.startswith("a.xml: ")
    assert says in line
    assert ("FAULT" in line) is bool(expected)


def test_a_fault_does_not_end_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    good, cut = tmp_path / "good.xml", tmp_path / "cut.gz"
    good.write_bytes(GOOD)
    cut.write_bytes(PACKED[:60])
    paths = [tmp_path / "none.xml", tmp_path, cut, good]
    status, lines = run(paths, monkeypatch, capsys)
    assert status == 1
    assert [line.split(": ")[0] for line in lines] == [path.name for path in paths]
    assert "No such file" in lines[0]
    assert lines[3].startswith("good.xml: 2 records, ")
    assert run([good], monkeypatch, capsys)[0] == 0


def test_what_bio_entrez_does_not_give_is_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    skipped, refused = tmp_path / "skipped.xml", tmp_path / "refused.xml"
    skipped.write_bytes(whole(article("<Invented>1</Invented><Article><New/><New/></Article>")))
    refused.write_bytes(whole(article('<q:New xmlns:q="u">1</q:New>')))
    status, lines = run([skipped, refused], monkeypatch, capsys)
    assert status == 0
    assert lines[1:3] == [
        "  Bio.Entrez leaves out <Invented>, 1 times; it is in our record",
        "  Bio.Entrez leaves out <New>, 2 times; it is in our record",
    ]
    assert lines[3].endswith("allowed differences: refused by Bio.Entrez 1")
    assert lines[4].startswith("  Bio.Entrez.read refuses the file (ValueError: Unknown prefix 'q'")


def test_what_the_json_lines_leave_out_is_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    encode = msgspec.json.encode

    def losing(item: object) -> bytes:
        line = json.loads(encode(item))
        line.pop("languages", None)
        return encode(line)

    monkeypatch.setattr(msgspec.json, "encode", losing)
    differences = pubmed_compare.compare_file(whole(ARTICLE), "invented").differences
    assert [line.rsplit("/", 1)[1] for line in differences] == ["Language: 2 there, 0 ours"] * 2


def test_the_command_takes_files_from_anywhere(tmp_path: Path, repository: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(GOOD)
    command = [sys.executable, repository / "tests/records/pubmed_compare.py", path, tmp_path / "none.xml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 2
