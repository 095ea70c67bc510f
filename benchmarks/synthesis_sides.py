"""The two processes of the benchmark of the statistics engine, and the environment that the peers run in."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Self

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
ENVIRONMENT = ROOT / ".venv-bench"
PYTHON = ENVIRONMENT / "bin/python"
# Not in this project's lock, so named here with the hashes of the wheels on the Python Package Index.
UNLOCKED = """\
pymare==0.0.13 --hash=sha256:a367addce96b42bbb96bed8508379c16908f1978c9113b81dd8c8d88d13c9fc0
sympy==1.14.0 --hash=sha256:e091cc3e99d2141a0ba2847328f5479b05d94a6635cb96148ccb3f34671bd8f5
mpmath==1.3.0 --hash=sha256:a0b2b9fe80bbcd81a6647ff13108738cfb482d481d826cc0e02f5b35e5c88d2c
"""
# What the peers import besides, in the versions (and with the hashes) that this project's own environment has.
LOCKED = (
    *("formulaic", "interface-meta", "narwhals", "numpy", "packaging", "pandas", "patsy", "python-dateutil"),
    *("scipy", "six", "statsmodels", "typing-extensions", "tzdata", "wrapt"),
)
COMPARED = ("numpy", "scipy")
VERSIONS = "import json, sys, importlib.metadata as m; print(json.dumps([m.version(name) for name in sys.argv[1:]]))"


def prepare() -> Path:
    """The Python that has the peers; they are installed when they are missing or the lock has changed."""
    wanted = re.findall(r"^([\w-]+)==(\S+)", requirements(), re.MULTILINE)
    names = [name for name, _ in wanted]
    if not PYTHON.exists() or versions(PYTHON, names) != [version for _, version in wanted]:
        if not PYTHON.exists():
            subprocess.run([sys.executable, "-m", "venv", ENVIRONMENT], check=True)
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write(requirements())
            file.flush()
            options = ("--quiet", "--no-deps", "--require-hashes", "-r", file.name)
            subprocess.run([str(PYTHON), "-m", "pip", "install", *options], check=True)
    if versions(PYTHON, COMPARED) != versions(Path(sys.executable), COMPARED):
        raise SystemExit(
            f"{ENVIRONMENT.name} and this environment differ in numpy or scipy; refresh this one by `make environment`"
        )
    return PYTHON


def requirements() -> str:
    """Requirements with hashes, for pip."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = [re.search(rf"^{name}==.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL) for name in LOCKED]
    missing = [name for name, block in zip(LOCKED, blocks, strict=True) if block is None]
    if missing:
        raise SystemExit(f"requirements.lock: no entry for {', '.join(missing)}")
    return UNLOCKED + "".join(block.group(0) for block in blocks if block)


def versions(python: Path, names: list[str] | tuple[str, ...]) -> list[str]:
    """Versions of the packages there; empty where one is missing."""
    done = subprocess.run([python, "-c", VERSIONS, *names], capture_output=True, text=True, check=False)
    found: list[str] = [] if done.returncode else json.loads(done.stdout)
    return found


class Side:
    """A process that times ways on request, until the end of the `with` block."""

    def __init__(self, python: str | Path, script: str) -> None:
        self.name = script
        self.process = subprocess.Popen(
            [python, FOLDER / script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def ask(self, way: str, **request: Any) -> dict[str, Any]:
        """Seconds (or bytes) and facts of one way; see `synthesis_worker`."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        line = ""
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps({"way": way} | request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended when it was asked for {way}; its own words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer
