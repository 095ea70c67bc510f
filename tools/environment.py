"""Make or refresh the project's own environment from the lock, then leave it alone until the lock changes.

Run by the Makefile with any Python 3.11 or newer and nothing else installed (standard library only)::

    python3 tools/environment.py .venv            # create or refresh, quick when nothing changed
    python3 tools/environment.py --find 3.12      # print an interpreter of that version, exit 1 if there is none
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
STAMP = "made-from"
UNFINISHED = "unfinished\n"
# Counted up when this file makes environments differently, so that those of its older forms are made again.
RECIPE = 1


def fingerprint() -> str:
    """Hash of everything that decides what is in the environment: the lock, the package's own metadata, Python."""
    import tomllib  # new in 3.11: an older Python gets as far as the sentence that says so

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    # The settings of linters and test runner stand in the same file and change nothing that is installed.
    installed = {key: project.get(key) for key in ("build-system", "project")} | {"hatch": project["tool"].get("hatch")}
    facts = [RECIPE, sys.version, str(ROOT), json.dumps(installed, sort_keys=True)]
    digest = hashlib.sha256("\n".join(map(str, facts)).encode())
    digest.update((ROOT / "requirements.lock").read_bytes())
    return digest.hexdigest()


def locked_requirement(name: str) -> str:
    """The lock's own lines (version and hashes) for one package."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    match = re.search(rf"^{re.escape(name)}==.*?(?=^\S|\Z)", lock, re.MULTILINE | re.DOTALL)
    if match is None:
        raise SystemExit(f"requirements.lock: no entry for {name}; make the lock again with `make lock`")
    return match.group(0)


def python_of(target: Path) -> Path:
    """The interpreter inside an environment."""
    return target / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def starts(python: str | Path, code: str = "") -> str | None:
    """What that interpreter prints for that code; None where it does not start (dangling link, idle pyenv shim)."""
    try:
        answer = subprocess.run([str(python), "-I", "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def is_current(target: Path, wanted: str) -> bool:
    """Whether the environment was finished from these inputs and its interpreter still starts."""
    stamp = target / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and starts(python_of(target)) is not None


def remove(target: Path) -> None:
    """Delete an environment, whole or half-made, and nothing else.

    The files by which it is known go last: what an interrupted removal leaves is still known for an environment.
    """
    if not target.exists() and not target.is_symlink():
        return
    if target.is_symlink() or not target.is_dir():
        raise SystemExit(f"environment: {target} is no folder of its own; move it away or name another one")
    known_by = {"pyvenv.cfg", STAMP}
    children = list(target.iterdir())
    if children and not known_by & {child.name for child in children}:
        raise SystemExit(f"environment: {target} is no Python environment, so it is not deleted; move it away")
    for child in sorted(children, key=lambda child: child.name in known_by):
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child)
        else:
            child.unlink()
    target.rmdir()


def succeeds(*command: str | Path) -> bool:
    """Run one installation step, its own words shown, and say whether it ended well."""
    # Without compiled bytecode a start takes three times as long; without PYTHONPATH nothing but the lock counts.
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX"}
    environment = {key: value for key, value in os.environ.items() if key not in unwanted}
    return subprocess.run([str(part) for part in command], env=environment, cwd=ROOT, check=False).returncode == 0


def run(*command: str | Path) -> None:
    """Run one installation step and stop if it fails."""
    if not succeeds(*command):
        raise SystemExit(f"environment: this step failed: {' '.join(str(part) for part in command)}")


def base_interpreter() -> str:
    """The Python behind this one: where this one is itself of an environment, that one may be about to be deleted."""
    return str(getattr(sys, "_base_executable", None) or sys.executable)


def require_ensurepip() -> None:
    """Stop with the remedy where this Python cannot make environments."""
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise SystemExit(
            f"environment: this Python {version} has no ensurepip, so it cannot make an environment; "
            f"on Debian and Ubuntu: apt-get install python{version}-venv"
        ) from None


def create(target: Path) -> None:
    """A new environment with the lock's packages, bytecode compiled, and the project itself, editable."""
    require_ensurepip()
    remove(target)
    target.mkdir(parents=True)
    (target / STAMP).write_text(UNFINISHED, encoding="utf-8")
    run(base_interpreter(), "-m", "venv", target)
    python = python_of(target)
    bootstrap = target / "uv-bootstrap.txt"
    bootstrap.write_text(locked_requirement("uv"), encoding="utf-8")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r")
    run(*pip, bootstrap)
    bootstrap.unlink()
    lock = ROOT / "requirements.lock"
    uv, quietly = (python, "-m", "uv", "pip"), ("--quiet", "--python", python)
    if not succeeds(*uv, "sync", *quietly, "--require-hashes", "--compile-bytecode", lock):
        # uv does not read pip's settings (certificate, mirror, folder of wheels); where those are needed, pip works.
        print("environment: uv could not install; pip does it now, with its own settings (about a minute)", flush=True)
        run(*pip, lock)
    run(*uv, "install", *quietly, "--offline", "--no-deps", "--no-build-isolation", "-e", ROOT)
    run(python, "-m", "compileall", "-q", ROOT / "src")


def interpreter_places(version: str) -> Iterator[str]:
    """Where an interpreter of that version may be: PATH, then the usual places of pyenv, uv and macOS."""
    name = f"python{version}"
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        found = shutil.which(name, path=folder) if folder else None
        if found:
            yield found
    homes = [Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"]
    homes.append(Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or Path.home() / ".local/share/uv/python"))
    for home in homes:
        yield from (str(path) for path in sorted(home.glob(f"*{version}*/bin/{name}"), reverse=True))
    for folder in (
        "/opt/homebrew/bin",
        "/usr/local/bin",
        f"/Library/Frameworks/Python.framework/Versions/{version}/bin",
    ):
        if (Path(folder) / name).is_file():
            yield str(Path(folder) / name)


def find_interpreter(version: str) -> str | None:
    """An interpreter of that version that really starts and can make environments."""
    code = "import sys, ensurepip, venv; print('%d.%d' % sys.version_info[:2])"
    return next((place for place in interpreter_places(version) if starts(place, code) == version), None)


@contextmanager
def alone() -> Iterator[None]:
    """Let one process at a time make environments of this repository; needs no lock file that could stay behind."""
    try:
        import fcntl
    except ImportError:  # Windows has no flock
        yield
        return
    handle = os.open(ROOT / "tools", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def ensure(target: Path) -> None:
    """Make the environment unless it is there and current."""
    wanted = fingerprint()
    if is_current(target, wanted):
        return
    with alone():
        if is_current(target, wanted):  # another process has made it meanwhile
            return
        version = sys.version.split()[0]
        print(f"environment: making {target.name} from requirements.lock (Python {version})", flush=True)
        create(target)
        (target / STAMP).write_text(wanted, encoding="utf-8")


def main() -> int:
    """Command line of this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("target", nargs="?", default=".venv", help="folder of the environment, inside the repository")
    parser.add_argument("--find", metavar="VERSION", help="print an interpreter of this version")
    arguments = parser.parse_args()
    if arguments.find:
        found = find_interpreter(arguments.find)
        if found:
            print(found)
        return 0 if found else 1
    if sys.version_info < OLDEST:
        raise SystemExit(f"environment: Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    ensure(ROOT / arguments.target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
