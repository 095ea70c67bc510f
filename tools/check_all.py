"""Everything that must hold, on every supported Python: what `make test-all` runs.

On the first Python: ruff, mypy, every test and notebook. On the others: units and notebooks, without browser and slow
tests. On all of them: the reports of every review, built in copies of the repository, compared byte by byte. Every part
runs even where an earlier one failed; the exit code is 1 if any did. Standard library only.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import environment

ROOT = environment.ROOT
PYTHONS = ("3.11", "3.12", "3.13")
COMPARED = {".html", ".md", ".svg", ".json"}
NOT_COPIED = (".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", ".cache", "reports")
ESSENTIALS = "not browser and not slow"
COUNTED = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?)\b")
RUN_REPORT = "import sys; from synth.cli import main; sys.exit(main())"


@dataclass
class Part:
    """One part of the run: its name, whether it passed, seconds, and what is said of it at the end."""

    name: str
    passed: bool = False
    seconds: float = 0.0
    words: str = ""
    counts: Counter[str] = field(default_factory=Counter)


Step = Callable[[Part], None]


def clean_environment(**extra: str) -> dict[str, str]:
    """The process environment without what would slow Python down or mix foreign packages in."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME"}
    return {key: value for key, value in os.environ.items() if key not in unwanted} | extra


def execute(command: Iterable[str | Path]) -> tuple[int, list[str]]:
    """Run a command in the repository, show its output as it comes, and return its exit code and lines."""
    words = [str(part) for part in command]
    print(f"\n$ {' '.join(words)}", flush=True)
    lines: list[str] = []
    with subprocess.Popen(
        words,
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line.rstrip("\n"))
    return process.returncode, lines


def pytest_counts(lines: Iterable[str]) -> tuple[str, Counter[str]]:
    """The last summary line that pytest printed, and the counts in it; empty where it printed none."""
    summary = next((line for line in reversed(list(lines)) if COUNTED.search(line) and " in " in line), "")
    counts: Counter[str] = Counter()
    for number, name in COUNTED.findall(summary):
        counts[name.removesuffix("s")] += int(number)
    return summary.strip("= "), counts


def run_lint(part: Part, python: Path) -> None:
    """Ruff and mypy, all three parts even where the first fails."""
    commands = ("ruff check", "ruff format --check", "mypy")
    failed = [command for command in commands if execute([python, "-m", *command.split()])[0] != 0]
    part.passed = not failed
    part.words = f"failed: {', '.join(failed)}" if failed else "ruff check, ruff format, mypy"


def run_tests(part: Part, python: Path, jobs: str, chosen: str = "") -> None:
    """Tests and notebooks in one run of pytest."""
    command = [str(python), "-m", "pytest", "-n", jobs, "--dist", "loadfile", "--nbval", "--nbval-current-env"]
    choice = ["-m", chosen] if chosen else []
    code, lines = execute([*command, *choice, "tests", "notebooks"])
    part.words, part.counts = pytest_counts(lines)
    part.passed = code == 0 and part.counts["passed"] > 0
    if not part.words:
        part.words = f"pytest ended with {code} and without a summary"


def compared_files(reports: Path) -> dict[str, bytes]:
    """The files of a reports folder that must be the same bytes everywhere, by path relative to it."""
    return {
        path.relative_to(reports).as_posix(): path.read_bytes()
        for path in sorted(reports.rglob("*"))
        if path.is_file()
        and path.suffix in COMPARED
        and path.name != "build.json"
        and path.relative_to(reports).parts[1:2] != ("notebooks",)
    }


def differences(builds: Mapping[str, Mapping[str, bytes]]) -> list[str]:
    """One sentence for each file that is not the same, or not there, in every build; the first build is the measure."""
    (first, measure), *others = builds.items()
    found = []
    for name, build in others:
        for path in sorted(measure.keys() | build.keys()):
            if path not in build or path not in measure:
                found.append(f"{path}: made by {first if path in measure else name} only, not by the other")
            elif build[path] != measure[path]:
                found.append(f"{path}: {name} differs from {first} at {first_difference(measure[path], build[path])}")
    return found


def first_difference(one: bytes, other: bytes) -> str:
    """Line and byte at which two files part."""
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f"line {one[:at].count(10) + 1}, byte {at}"


def build_reports(python: Path, copy: Path, reviews: Iterable[str]) -> dict[str, bytes] | None:
    """The compared files of all reviews, built in a copy of the repository; None where a build failed."""
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*NOT_COPIED))
    for review in reviews:
        command = [str(python), "-c", RUN_REPORT, "report", review]
        print(f"\n$ synth report {review}   # {python}, in a copy", flush=True)
        # The copy's own source comes before the installed one; its folder differs for each Python, so that a machine
        # path in a report shows as a difference.
        code = subprocess.run(command, cwd=copy, env=clean_environment(PYTHONPATH=str(copy / "src")), check=False)
        if code.returncode:
            return None
    return compared_files(copy / "reports")


def run_reports(part: Part, pythons: Mapping[str, Path]) -> None:
    """Build the reports with each Python and compare them with each other and with those in the repository."""
    reviews = sorted(path.parent.name for path in (ROOT / "evidence").glob("*/protocol.yml"))
    builds: dict[str, Mapping[str, bytes]] = {}
    with tempfile.TemporaryDirectory(prefix="synth reports ") as scratch:
        for version, python in pythons.items():
            built = build_reports(python, Path(scratch) / f"python {version}", reviews)
            if not built:
                part.words = f"`synth report` failed or wrote nothing on Python {version}"
                return
            builds[f"Python {version}"] = built
    made = next(iter(builds.values()))
    kept = {path.parent.name for path in (ROOT / "reports").glob("*/report.html")}
    found = differences(builds)
    committed = compared_files(ROOT / "reports")
    both = {"this code": made, "the repository": committed}
    found += differences({name: only(kept, files) for name, files in both.items()})
    print("\n".join(found), flush=True)
    part.passed = not found
    part.words = (
        f"{len(found)} differences" if found else f"{len(made)} files of {len(reviews)} reviews, the same bytes"
    )


def only(reviews: set[str], files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of those reviews."""
    return {path: content for path, content in files.items() if path.split("/")[0] in reviews}


def prepare(versions: Iterable[str]) -> dict[str, Path]:
    """The interpreter of an environment for each version, made where it is missing."""
    pythons = {}
    for version in versions:
        found = environment.find_interpreter(version)
        if found is None:
            raise SystemExit(
                f"test-all: no Python {version} was found; install it (pyenv install {version}, or uv python install "
                f"{version}) so that it is on PATH or in their usual places"
            )
        target = target_of(version)
        if subprocess.run([found, ROOT / "tools" / "environment.py", target], env=clean_environment()).returncode:
            raise SystemExit(f"test-all: the environment for Python {version} could not be made")
        pythons[version] = environment.python_of(ROOT / target)
    return pythons


def target_of(version: str) -> str:
    """The folder of the environment: the usual one for the first Python, unless that was made with another."""
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    if version == PYTHONS[0] and environment.starts(environment.python_of(ROOT / ".venv"), code) in {None, version}:
        return ".venv"
    return f".venv-{version}"


def conclude(parts: Iterable[Part]) -> int:
    """Print what became of each part and the sum of all runs of pytest; 1 if any part failed."""
    parts, total = list(parts), Counter[str]()
    print("\ntest-all, part by part")
    for part in parts:
        total += part.counts
        print(f"  {'passed' if part.passed else 'FAILED'}  {part.name:<28} {part.seconds:6.0f} s  {part.words}")
    order = ("failed", "error", "passed", "skipped", "xfailed", "xpassed", "deselected", "warning")
    counts = ", ".join(f"{total[name]} {name}" for name in order if total[name])
    seconds = sum(part.seconds for part in parts)
    print(f"==== {counts or 'no test ran'} in {seconds:.0f}s, all Pythons ====", flush=True)
    return 0 if all(part.passed for part in parts) else 1


def work(pythons: Mapping[str, Path], jobs: str) -> Iterator[tuple[str, Step]]:
    """The parts in their order; the fullest run of pytest comes last, so that its summary ends the output."""
    first, *others = pythons
    yield "lint", lambda part: run_lint(part, pythons[first])
    yield "reports, byte by byte", lambda part: run_reports(part, pythons)
    for version in reversed(others):
        yield f"essentials, Python {version}", partial(run_tests, python=pythons[version], jobs=jobs, chosen=ESSENTIALS)
    yield f"everything, Python {first}", partial(run_tests, python=pythons[first], jobs=jobs)


def measured(name: str, step: Step) -> Part:
    """Run one part and note how long it took."""
    part, start = Part(name), time.monotonic()
    step(part)
    part.seconds = time.monotonic() - start
    return part


def main() -> int:
    """Command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--jobs", default="2", help="processes of each pytest run")
    jobs = parser.parse_args().jobs
    return conclude([measured(name, step) for name, step in work(prepare(PYTHONS), jobs)])


if __name__ == "__main__":
    sys.exit(main())
