"""Time the statistics engine against statsmodels and PyMARE, in one run: what `make bench` runs.

    python benchmarks/bench_synthesis.py               # fetches the peers into .venv-bench
    python benchmarks/bench_synthesis.py --turns 3 --only REML

Ours is the public call with its whole result. Each side is one process, with the same versions of numpy and scipy; ways
take turns. A time is the median of the turns, and a turn's the median of its calls; a ratio is the median of the turns'
ratios. Results are held against the peer's in the same run, because a fast wrong answer is none. Figures of metafor
(R) were measured earlier on a machine of this kind; they are printed beside, not measured here. The exit status is 1 if
a limit is missed. The machine should have nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from synthesis_data import reml_left
from synthesis_sides import Side, prepare

# Relative differences from the peer's results that still are the same result.
CLOSED = 1e-9  # closed forms
SEARCHED = 1e-4  # PyMARE narrows its search for tau2 to a millionth of the bracket, and likelihoods are flat at the top
RESAMPLED = 0.03  # means and standard deviations of two times 10,000 resamples
PERMUTED = 0.02  # absolute: p values of two times 10,000 permutations
ROOT = 1e-9  # what Fisher scoring would still change in our tau2

GROWTH = 1.1  # of memory, in times the growth of the data
BYTES_PER_STUDY = 400  # 50 numbers for each study, in a single fit
STARTS = 15

Answers = dict[str, list[dict[str, Any]]]
Limit = tuple[str, str, bool]


class Task(NamedTuple):
    """A row of the table: ways that do the same work, with what is asked of ours."""

    title: str
    ours: str
    peer: str
    metafor: str = ""
    at_least: float = 0.0  # times as fast as the peer
    seconds: float = 0.0  # the longest time allowed, where that is the limit
    calls: int = 1
    relative: float = 0.0
    absolute: float = 0.0
    beside: str = ""  # one more way, printed without a limit
    peer_once: bool = False  # the peer is too slow to run in each turn
    agrees_with: str = ""  # the way whose result ours is held against, where that is not the peer


def reml(k: int, calls: int, at_least: float, metafor: str = "", title: str = "", absolute: float = 0.0) -> Task:
    """One REML fit; beside it the peer's `fit` alone, which gives neither interval nor p value."""
    return Task(
        title=title or f"REML, k = {k:,}",
        ours=f"reml-{k}",
        peer=f"pymare-reml-{k}",
        beside=f"pymare-fit-{k}",
        metafor=metafor,
        at_least=at_least,
        calls=calls,
        relative=SEARCHED,
        absolute=absolute,
    )


def permutations(k: int, metafor: str = "") -> Task:
    """10,000 permutations with one moderator."""
    return Task(
        title=f"10,000 permutations, DL, moderator, k = {k}",
        ours=f"permutations-{k}",
        peer=f"pymare-permutations-{k}",
        metafor=metafor,
        at_least=1.0,
        absolute=PERMUTED,
    )


def bootstraps(kind: str, metafor: str = "") -> Task:
    """10,000 resamples of 20 studies; beside it the peer that takes them all in one call.

    Ours is held against that one, because statsmodels lets tau2 be negative, which spreads the estimates.
    """
    return Task(
        title=f"10,000 {kind} bootstraps, DL, k = 20",
        ours=f"bootstrap-{kind}",
        peer=f"statsmodels-bootstrap-{kind}",
        beside=f"pymare-bootstrap-{kind}",
        agrees_with=f"pymare-bootstrap-{kind}",
        metafor=metafor,
        at_least=10.0,
        relative=RESAMPLED,
    )


TASKS = (
    reml(10, 200, 5.0, "3.0 ms"),
    reml(11, 200, 5.0, title="REML, k = 11, tau2 = 0", absolute=1e-6),
    reml(1_000, 100, 5.0, "2.0 s"),
    reml(100_000, 7, 1.0, "fails"),
    Task(
        title="leave-one-out, REML, k = 1,000",
        ours="loo-reml",
        peer="pymare-loo-reml",
        peer_once=True,
        metafor="about 2,000 s",
        seconds=0.1,
        relative=SEARCHED,
    ),
    Task(
        title="leave-one-out, DL, k = 1,000",
        ours="loo-dl",
        peer="statsmodels-loo-dl",
        metafor="100 s",
        at_least=20.0,
        calls=3,
        relative=CLOSED,
    ),
    bootstraps("nonparametric", "33.6 s"),
    bootstraps("parametric"),
    permutations(20, "25 s"),
    permutations(100),
)
# Ways whose peak memory is compared: on few studies, on many, and how many times as many these are.
PEAKS = {
    "REML": ("reml-100000", "reml-1000000", 10),
    "leave-one-out, REML": ("loo-reml", "loo-reml-4000", 4),
    "leave-one-out, DL": ("loo-dl", "loo-dl-4000", 4),
}


def main() -> int:
    """Print the table and the limits."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--only", default="", help="only the tasks whose title has this in it")
    options = parser.parse_args()
    peers_python = prepare()
    print(f"{options.turns} turns, {os.cpu_count()} processors, Python {sys.version.split()[0]}\n")
    print(f"{'':<45}{'way':<38}{'seconds':>11}{'spread':>25}{'times ours':>12}{'[metafor]':>17}", flush=True)
    with Side(sys.executable, "synthesis_ours.py") as ours, Side(peers_python, "synthesis_peers.py") as peers:
        limits = [
            line for task in TASKS if options.only in task.title for line in compare(task, ours, peers, options.turns)
        ]
    print("[metafor]: the R package, measured earlier on a machine of this kind and not in this run")
    if not options.only:
        limits += [*memory(), *starts()]
    print()
    for name, value, kept in limits:
        print(f"  {name:<105}{value:>9}{'' if kept else '   MISSED'}")
    return 0 if all(kept for _, _, kept in limits) else 1


def compare(task: Task, ours: Side, peers: Side, turns: int) -> list[Limit]:
    """Time the ways of one task in turns, print them, and judge the limits."""
    ways = {task.ours: ours, task.peer: peers} | ({task.beside: peers} if task.beside else {})
    answers: Answers = {way: [] for way in ways}
    for turn in range(turns):
        for way in ways if turn % 2 else reversed(ways):
            if not (turn and task.peer_once and way == task.peer):
                answers[way].append(ways[way].ask(way, calls=task.calls))
    for way in ways:
        show(task, way, answers)
    return [speed(task, answers), *agreement(task, answers)]


def show(task: Task, way: str, answers: Answers) -> None:
    """Print the line of one way."""
    own = way == task.ours
    seconds = sorted(answer["seconds"] for answer in answers[way])
    spread = f"{seconds[0]:.6f} to {seconds[-1]:.6f}"
    times = "" if own else f"{ratio(answers, way, task.ours):.2f}"
    title, name = (task.title, "ours") if own else ("", way)
    metafor = f"[{task.metafor}]" if own and task.metafor else ""
    print(f"{title:<45}{name:<38}{statistics.median(seconds):>11.6f}{spread:>25}{times:>12}{metafor:>17}", flush=True)


def ratio(answers: Answers, way: str, other: str) -> float:
    """How many times the time of the second the first takes: the median of the turns that both had."""
    turns = zip(answers[way], answers[other], strict=False)
    return statistics.median(float(first["seconds"] / second["seconds"]) for first, second in turns)


def speed(task: Task, answers: Answers) -> Limit:
    """The limit on the time of ours."""
    if task.seconds:
        median = statistics.median(answer["seconds"] for answer in answers[task.ours])
        return f"{task.title}: seconds, at most {task.seconds:g}", f"{median:.4f}", median <= task.seconds
    times = ratio(answers, task.peer, task.ours)
    name = f"{task.title}: times as fast as {task.peer}, at least {task.at_least:g}"
    return name, f"{times:.2f}", times >= task.at_least


def agreement(task: Task, answers: Answers) -> list[Limit]:
    """Whether ours gives what a peer gives, and whether an iterated tau2 is the root of its equation."""
    ours, peer = answers[task.ours][-1]["facts"], answers[task.agrees_with or task.peer][-1]["facts"]
    shares = {
        name: abs(ours[name] - theirs) / (task.absolute + task.relative * abs(theirs)) for name, theirs in peer.items()
    }
    worst = max(shares, key=lambda name: float("inf") if shares[name] != shares[name] else shares[name])
    name = f"{task.title}: difference in {worst}, share of what is allowed, at most 1"
    limits = [(name, f"{shares[worst]:.3f}", shares[worst] <= 1)]
    if task.ours.startswith("reml-"):
        left = reml_left(int(task.ours.removeprefix("reml-")), ours["tau2"])
        name = f"{task.title}: what Fisher scoring would still change in tau2, at most {ROOT:g}"
        limits.append((name, f"{left:.1e}", left <= ROOT))
    return limits


def memory() -> list[Limit]:
    """Whether peak memory grows no faster than the data; each peak is that of a process of its own."""
    print(f"\n{'peak memory of one call':<45}{'MB':>10}")
    peaks = {way: peak(way) for few, many, _ in PEAKS.values() for way in (few, many)}
    limits = []
    for title, (few, many, times) in PEAKS.items():
        growth = peaks[many] / peaks[few] / times
        name = f"{title}: growth of peak memory with {times} times the studies, over {times}, at most {GROWTH:g}"
        limits.append((name, f"{growth:.2f}", growth <= GROWTH))
    each = peaks["reml-1000000"] / 1_000_000
    name = f"REML, k = 1,000,000: peak bytes a study, at most {BYTES_PER_STUDY}"
    return [*limits, (name, f"{each:.0f}", each <= BYTES_PER_STUDY)]


def peak(way: str) -> float:
    """Bytes that one call of ours holds at most beyond its input."""
    with Side(sys.executable, "synthesis_ours.py") as side:
        found: float = side.ask(way, memory=True)["bytes"]
    print(f"{way:<45}{found / 1e6:>10.2f}", flush=True)
    return found


def starts() -> list[Limit]:
    """Whether importing the engine costs no more than importing numpy and scipy.stats."""
    times: dict[str, list[float]] = {"import numpy, scipy.stats": [], "import synth.synthesis": []}
    for turn in range(STARTS + 1):
        for statement in times:
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", statement], check=True, cwd=Path(sys.prefix))
            if turn:  # the first fills the caches
                times[statement].append(time.perf_counter() - started)
    base, own = map(statistics.median, times.values())
    print(f"\n{'a process that does':<45}{'seconds':>10}")
    for statement, seconds in times.items():
        print(f"{statement:<45}{statistics.median(seconds):>10.3f}")
    return [
        (
            "import synth.synthesis: share of importing numpy and scipy.stats, at most 1",
            f"{own / base:.3f}",
            own <= base,
        )
    ]


if __name__ == "__main__":
    sys.exit(main())
