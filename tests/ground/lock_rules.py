"""What requirements.lock, pyproject.toml and environment.yml must keep to; each function returns its findings."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYTHONS = ("3.11", "3.12", "3.13")
SYSTEMS = (("linux", "posix", "Linux"), ("darwin", "posix", "Darwin"), ("win32", "nt", "Windows"))
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Pin:
    """One entry of the lock: name, exact version, where it is installed, and how many hashes it has."""

    name: str
    version: str
    marker: Marker | None
    hashes: int

    def applies(self, machine: dict[str, str]) -> bool:
        return self.marker is None or self.marker.evaluate(machine)


def pins(lock: str) -> list[Pin]:
    """The entries of the lock."""
    entries = re.split(r"^(?=[^\s#])", lock, flags=re.MULTILINE)
    return [_pin(entry) for entry in entries if entry.strip() and not entry.startswith(("#", "-"))]


def _pin(entry: str) -> Pin:
    requirement = Requirement(entry.splitlines()[0].removesuffix("\\").strip())
    versions = [part.version for part in requirement.specifier if part.operator == "=="]
    version = versions[0] if len(versions) == 1 else ""
    return Pin(canonicalize_name(requirement.name), version, requirement.marker, len(HASH.findall(entry)))


def machines() -> Iterator[dict[str, str]]:
    """Marker values of every supported Python on the three systems that the lock is made for."""
    for python, (system, name, platform) in product(PYTHONS, SYSTEMS):
        yield {
            "python_version": python,
            "python_full_version": f"{python}.0",
            "sys_platform": system,
            "os_name": name,
            "platform_system": platform,
            "platform_machine": "arm64" if system == "darwin" else "x86_64",
            "implementation_name": "cpython",
            "platform_python_implementation": "CPython",
        }


def unfit_lines(lock: str) -> list[str]:
    """Entries without exact version or hash, and lines that name a place on the network or on the disk."""
    found = [f"{pin.name}: no exact version" for pin in pins(lock) if not pin.version]
    found += [f"{pin.name}: no sha256" for pin in pins(lock) if not pin.hashes]
    places = re.compile(r"://|^\s*(-e|-r|-c|-i|-f|--(?!hash=))|\s@\s|file:")
    found += [f"line {n}: {line}" for n, line in enumerate(lock.splitlines(), 1) if places.search(line)]
    return found


def two_versions(lock: str) -> list[str]:
    """Packages of which one machine would get two versions."""
    found = set()
    for machine in machines():
        names = [pin.name for pin in pins(lock) if pin.applies(machine)]
        found |= {f"{name}: twice on Python {machine['python_version']}" for name in names if names.count(name) > 1}
    return sorted(found)


def direct_requirements(pyproject: str) -> list[Requirement]:
    """Every direct dependency, of the package, its extras and its build."""
    data = tomllib.loads(pyproject)
    lines: list[str] = [*data["build-system"]["requires"], *data["project"]["dependencies"]]
    for group in data["project"].get("optional-dependencies", {}).values():
        lines += group
    return [Requirement(line) for line in lines]


def missing_directs(pyproject: str, lock: str) -> list[str]:
    """Direct dependencies that the lock lacks on some machine, or holds in a version outside their range."""
    found, locked = [], pins(lock)
    for requirement in direct_requirements(pyproject):
        name = canonicalize_name(requirement.name)
        for machine in machines():
            own = [pin for pin in locked if pin.name == name and pin.applies(machine)]
            if not own:
                found.append(
                    f"{name}: not in the lock for Python {machine['python_version']}, {machine['sys_platform']}"
                )
            found += [
                f"{name}: {pin.version} is outside {requirement.specifier}"
                for pin in own
                if not requirement.specifier.contains(pin.version, prereleases=True)
            ]
    return sorted(set(found))


def unexplained_directs(pyproject: str) -> list[str]:
    """Direct dependencies (build backend apart) whose line has no reason beside it."""
    project = pyproject[pyproject.index("[project]") :]
    reasons = dict(re.findall(r'^\s*"([^"]+)",?[ \t]*#[ \t]*(\S.*\S)$', project, flags=re.MULTILINE))
    data = tomllib.loads(pyproject)["project"]
    groups = [data["dependencies"], *data.get("optional-dependencies", {}).values()]
    return [line for group in groups for line in group if line not in reasons]


def missing_of_installed(lock: str, requires: Callable[[str], Iterable[str] | None]) -> list[str]:
    """What the locked packages ask for on any supported machine and the lock does not hold there.

    `requires` gives the requirements of a package, None where it is not installed (made for another system).
    """
    locked, found = pins(lock), set()
    asked = [(pin, Requirement(line)) for pin in locked for line in requires(pin.name) or ()]
    for machine in machines():
        held = {pin.name for pin in locked if pin.applies(machine)}
        for pin, requirement in asked:
            wanted = requirement.marker is None or requirement.marker.evaluate({**machine, "extra": ""})
            if pin.name in held and wanted and canonicalize_name(requirement.name) not in held:
                found.add(f"{pin.name} asks for {requirement} on Python {machine['python_version']}")
    return sorted(found)


def conda_findings(environment: Any, requires_python: str) -> list[str]:
    """What keeps environment.yml from being python, pip and the lock, with one source of versions."""
    expected = [f"python {requires_python}", "pip", {"pip": ["-r requirements.lock"]}]
    found = []
    if sorted(environment) != ["channels", "dependencies", "name"]:
        found.append(f"keys: {sorted(environment)}")
    if environment.get("dependencies") != expected:
        found.append(f"dependencies: {environment.get('dependencies')}, expected {expected}")
    if any(":" in channel or "/" in channel for channel in environment.get("channels", [])):
        found.append("channels: an address instead of a name")
    return found


def read(root: Path, name: str) -> str:
    """The text of a file in the repository's root."""
    return (root / name).read_text(encoding="utf-8")
