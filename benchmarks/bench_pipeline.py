"""Time the report against the papermill command, and the start of the command line: what `make bench` runs.

    python benchmarks/bench_pipeline.py                       # synth report ifi, over notebooks/
    python benchmarks/bench_pipeline.py --review bcg --pairs 3
    python benchmarks/bench_pipeline.py --generated 8         # the pipeline alone, over invented import-heavy notebooks

A pair is both ways over the same notebooks, one after the other, in an order that changes from pair to pair; the figure
is the median of the pairs' ratios. The papermill command is run once for each notebook, in sequence, with an ordinary
kernel. The exit status is 1 if a limit is missed. The machine should have nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
RATIO_LIMIT, RATIO_AIM = 0.35, 0.20  # of the papermill command's time
START_FACTOR, START_ALLOWANCE = 3.0, 0.15  # times `import argparse`, and seconds on top
STARTS = 11

INVENTED_CELLS = (
    "import numpy as np\nimport pandas as pd\nimport scipy.stats as stats\nfrom matplotlib.figure import Figure",
    "frame = pd.DataFrame({'x': range(5), 'y': [1.0, 2.5, 3.0, 4.5, 5.0]})\nframe",
    "float(stats.linregress(frame.x, frame.y).slope)",
    "figure = Figure(figsize=(3, 2))\nfigure.subplots().plot(frame.x, frame.y)",
    "figure.savefig(os.devnull, format='svg')",
)
RUN_PIPELINE = """
import sys
from pathlib import Path
from synth.pipeline import ProgressDisplay, open_server, raise_for_failures, run_notebooks
notebooks = [Path(name) for name in sys.argv[2:]]
with open_server() as server, ProgressDisplay(notebooks) as display:
    runs = run_notebooks(notebooks, {"review": sys.argv[1]}, cwd=notebooks[0].parent, server=server, on_event=display)
raise_for_failures(runs)
"""


def main() -> int:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--review", default="ifi")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--notebooks", type=Path, default=ROOT / "notebooks")
    parser.add_argument("--generated", type=int, metavar="N", help="use N invented notebooks and the pipeline alone")
    parser.add_argument("--command", help="the command to time; by default `synth report REVIEW`")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        notebooks = sorted(options.notebooks.glob("[0-9]*.ipynb"))
        command = [str(BIN / "synth"), "report", options.review]
        if options.generated:
            notebooks = generate(scratch, options.generated)
            command = [sys.executable, "-c", RUN_PIPELINE, options.review, *map(str, notebooks)]
        if options.command:
            command = shlex.split(options.command)
        if not notebooks:
            parser.error(f"{options.notebooks}: no notebooks there")
        passed = compare(command, notebooks, options.review, options.pairs, scratch)
    return 0 if compare_starts() and passed else 1


def compare(command: Sequence[str], notebooks: Sequence[Path], review: str, pairs: int, scratch: Path) -> bool:
    """Time the pairs, print them, and say whether the median ratio keeps the limit."""
    print(f"{len(notebooks)} notebooks, {os.cpu_count()} processors, Python {sys.version.split()[0]}", flush=True)
    print(f"{'pair':>6}{'command, s':>14}{'papermill, s':>14}{'ratio':>8}", flush=True)
    times: list[tuple[float, float]] = []
    for pair in range(1, pairs + 1):
        if pair % 2:
            ours = timed([command])
            theirs = timed(papermill_commands(notebooks, review, scratch))
        else:
            theirs = timed(papermill_commands(notebooks, review, scratch))
            ours = timed([command])
        times.append((ours, theirs))
        print(f"{pair:>6}{ours:>14.2f}{theirs:>14.2f}{ours / theirs:>8.3f}", flush=True)
    ratio = statistics.median(ours / theirs for ours, theirs in times)
    ours, theirs = (statistics.median(column) for column in zip(*times, strict=True))
    print(
        f"{'median':>6}{ours:>14.2f}{theirs:>14.2f}{ratio:>8.3f}   limit {RATIO_LIMIT}, aim {RATIO_AIM}\n", flush=True
    )
    return ratio <= RATIO_LIMIT


def papermill_commands(notebooks: Sequence[Path], review: str, scratch: Path) -> list[list[str]]:
    """The papermill command for each notebook, in its own folder, with the ordinary kernel of this environment."""
    options = ["--kernel", "python3", "--no-progress-bar", "-p", "review", review]
    return [
        [str(BIN / "papermill"), *options, "--cwd", str(path.parent), str(path), str(scratch / f"out_{path.name}")]
        for path in notebooks
    ]


def compare_starts() -> bool:
    """Time how long the command line and the package take to start, and say whether both keep the limit."""
    python = sys.executable
    commands = {
        'python -c "import argparse"': [python, "-c", "import argparse"],
        'python -c "import synth"': [python, "-c", "import synth"],
        "synth --help": [str(BIN / "synth"), "--help"],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for turn in range(STARTS + 1):
        for name, command in commands.items():
            seconds = timed([command])
            if turn:  # the first fills the caches
                times[name].append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    base, *others = medians.values()
    limit = START_FACTOR * base + START_ALLOWANCE
    for name, seconds in medians.items():
        print(f"{name:<30}{seconds:>8.3f} s")
    print(f"{'limit':<30}{limit:>8.3f} s   {START_FACTOR:g} times the first and {START_ALLOWANCE:g} s")
    return max(others) <= limit


def timed(commands: Sequence[Sequence[str]]) -> float:
    """Seconds that the commands take one after the other; stops with their own words if one fails."""
    # as `make` runs them: uncompiled bytecode would slow everything down, foreign packages would mix in
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME"}
    environment = {key: value for key, value in os.environ.items() if key not in unwanted}
    started = time.perf_counter()
    for command in commands:
        finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if finished.returncode:
            raise SystemExit(f"{shlex.join(command)} ended with {finished.returncode}:\n{finished.stderr[-4000:]}")
    return time.perf_counter() - started


def generate(folder: Path, count: int) -> list[Path]:
    """Invented notebooks that import what evidence notebooks import."""
    sources: list[tuple[str, list[str]]] = [
        ('review: str = "ifi"', ["parameters"]),
        *((source, []) for source in ("import os", *INVENTED_CELLS)),
    ]
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {"tags": tags},
            "outputs": [],
            "source": source,
        }
        for number, (source, tags) in enumerate(sources, start=1)
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    content = json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    paths = [folder / f"{number:02}_invented.ipynb" for number in range(1, count + 1)]
    for path in paths:
        path.write_text(content, encoding="utf-8")
    return paths


if __name__ == "__main__":
    sys.exit(main())
