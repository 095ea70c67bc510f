"""What the files of the repository must keep to; each function returns its findings as sentences."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

# A folder of some machine at the start of an absolute path; not the same words inside an address or a longer path.
MACHINE_PATH = re.compile(r"(?<![\w./:~)\]-])/(?:home|root|Users|work|mnt)/\w|\b[A-Z]:\\Users\\")
# In parts, so that this file does not name them either.
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (("pypi", "org"), ("pythonhosted", "org"), ("anaconda", "org"), ("npmjs", "org"), ("crates", "io"))
)
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|NotImplemented(?:Error)?)\b")
TARGET = re.compile(r"^([a-z][a-z-]*):.*## (.+)$", re.MULTILINE)
NOT_TEXT = {".png", ".pdf", ".docx", ".gz", ".ttf", ".woff2", ".ico"}
LARGEST = 5_000_000


def files(root: Path) -> list[Path]:
    """Files that are, or would be, in git; without git (an unpacked archive) all but hidden and generated ones."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        answer = subprocess.run(listing, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return [path for path in sorted(root.rglob("*")) if path.is_file() and not _hidden(path.relative_to(root))]
    named = {root / name for name in answer.stdout.split("\0") if name}
    return sorted(path for path in named if path.is_file())


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts[:-1])


def found_in(paths: Iterable[Path], pattern: re.Pattern[str]) -> list[str]:
    """``file:line: what was found`` for each match of the pattern in the text files."""
    found = []
    for path in paths:
        if path.suffix in NOT_TEXT:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for match in pattern.finditer(text):
            found.append(f"{path.name}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}")
    return found


def machine_paths(paths: Iterable[Path]) -> list[str]:
    """Absolute paths of somebody's machine."""
    return found_in(paths, MACHINE_PATH)


def registry_hosts(paths: Iterable[Path]) -> list[str]:
    """Hosts of package registries: where packages come from is the machine's setting, not the project's."""
    return found_in(paths, re.compile("|".join(re.escape(host) for host in REGISTRIES)))


def unfinished(paths: Iterable[Path]) -> list[str]:
    """Marks of unfinished work."""
    return found_in(paths, UNFINISHED)


def too_large(paths: Iterable[Path]) -> list[str]:
    """Files that do not belong into git for their size."""
    return [f"{path.name}: {path.stat().st_size} bytes" for path in paths if path.stat().st_size > LARGEST]


def make_targets(makefile: str) -> dict[str, str]:
    """Name and explanation of each target that explains itself."""
    return dict(TARGET.findall(makefile))


def unmentioned(kind: str, names: Iterable[str], documents: Iterable[str]) -> list[str]:
    """Commands ``kind name`` that no document names."""
    text = "\n".join(documents)
    return [f"{kind} {name}" for name in names if not re.search(rf"\b{kind} {re.escape(name)}(?![\w-])", text)]
