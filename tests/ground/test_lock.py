"""One source of versions: the lock fits every supported Python and system, and nothing else pins anything."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
import tomllib
from pathlib import Path

import lock_rules as rules
import pytest
import yaml

# Invented packages; the hash is no hash of anything.
HASH = f"--hash=sha256:{'0' * 64}"
ENTRY = f"lizard==1.2 \\\n    {HASH}\n    # via tail\n"


@pytest.fixture
def lock(repository: Path) -> str:
    return rules.read(repository, "requirements.lock")


@pytest.fixture
def pyproject(repository: Path) -> str:
    return rules.read(repository, "pyproject.toml")


def project(*dependencies: str) -> str:
    lines = "".join(f"  {line}\n" for line in dependencies)
    return f'[build-system]\nrequires = []\n[project]\nname = "x"\ndependencies = [\n{lines}]\n'


def requires(name: str) -> list[str] | None:
    try:
        return importlib.metadata.requires(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def test_every_entry_is_exact_and_hashed_and_names_no_place(lock: str):
    assert len(rules.pins(lock)) > 100
    assert rules.unfit_lines(lock) == []


@pytest.mark.parametrize(
    "text",
    [
        "lizard==1.2\n",
        f"lizard>=1.2 \\\n    {HASH}\n",
        f"--index-url https://example.org/simple\n{ENTRY}",
        f"{ENTRY}    # from https://example.org\n",
        f"--find-links wheels\n{ENTRY}",
        "lizard==1.2 \\\n    --hash=sha256:0\n",
    ],
)
def test_an_unfit_entry_is_seen(text: str):
    assert rules.unfit_lines(ENTRY) == []
    assert len(rules.unfit_lines(text)) == 1


def test_each_machine_gets_one_version_of_each_package(lock: str):
    assert rules.two_versions(lock) == []


def test_two_versions_on_one_machine_are_seen():
    newer = f"lizard==2.0 ; python_full_version >= '3.13' \\\n    {HASH}\n"
    assert rules.two_versions(ENTRY + newer) == ["lizard: twice on Python 3.13"]


def test_direct_dependencies_are_locked_within_their_ranges(pyproject: str, lock: str):
    assert rules.missing_directs(pyproject, lock) == []


def test_a_direct_dependency_outside_the_lock_is_seen():
    assert rules.missing_directs(project('"lizard>=1.0"'), ENTRY) == []
    assert rules.missing_directs(project('"lizard>=1.3"'), ENTRY) == ["lizard: 1.2 is outside >=1.3"]
    assert len(rules.missing_directs(project('"gecko"'), ENTRY)) == len(rules.PYTHONS) * len(rules.SYSTEMS)
    on_linux = ENTRY.replace("==1.2", "==1.2 ; sys_platform == 'linux'")
    assert "lizard: not in the lock for Python 3.11, darwin" in rules.missing_directs(project('"lizard"'), on_linux)


def test_each_direct_dependency_has_a_reason(pyproject: str):
    assert rules.unexplained_directs(pyproject) == []


def test_a_dependency_without_reason_is_seen():
    text = project('"lizard>=1.0",  # sheds its tail', '"gecko>=2",', '"newt",  #')
    assert rules.unexplained_directs(text) == ["gecko>=2", "newt"]


def test_the_lock_holds_what_its_packages_ask_for_on_every_machine(lock: str):
    assert rules.missing_of_installed(lock, requires) == []


def test_a_requirement_that_only_another_python_has_is_seen():
    asked = {"lizard": ["tail>=1 ; python_version == '3.12'", "newt ; extra == 'wet'"]}
    assert rules.missing_of_installed(ENTRY, asked.get) == [
        'lizard asks for tail>=1; python_version == "3.12" on Python 3.12'
    ]


def test_what_is_installed_is_what_is_locked(lock: str):
    machine = {"sys_platform": sys.platform, "os_name": os.name}
    installed = {
        dist.metadata["Name"].lower().replace("_", "-"): dist.version for dist in importlib.metadata.distributions()
    }
    differing = {
        pin.name: (pin.version, installed[pin.name])
        for pin in rules.pins(lock)
        if pin.applies(machine) and pin.name in installed and installed[pin.name] != pin.version
    }
    assert differing == {}
    assert {"numpy", "papermill", "typer"} <= installed.keys()


def test_environment_yml_is_python_pip_and_the_lock(repository: Path, pyproject: str):
    data = yaml.safe_load(rules.read(repository, "environment.yml"))
    requires_python = tomllib.loads(pyproject)["project"]["requires-python"]
    assert rules.conda_findings(data, requires_python) == []


def test_a_second_source_of_versions_in_environment_yml_is_seen(repository: Path):
    text = rules.read(repository, "environment.yml")
    for broken in (
        text.replace("  - pip\n", "  - pip\n  - numpy=2\n"),
        text.replace("python >=3.11,", "python >=3.12,"),
        text.replace("conda-forge", "https://example.org/forge"),
        text + "prefix: somewhere\n",
    ):
        assert broken != text
        assert len(rules.conda_findings(yaml.safe_load(broken), ">=3.11,<3.14")) == 1


def test_environment_yml_tells_how_the_project_itself_is_installed(repository: Path):
    assert "pip install --no-deps --no-build-isolation -e ." in rules.read(repository, "environment.yml")


def test_pythons_named_in_the_metadata_are_those_of_the_lock(pyproject: str):
    classifiers = tomllib.loads(pyproject)["project"]["classifiers"]
    named = [
        match[1]
        for line in classifiers
        if (match := re.fullmatch(r"Programming Language :: Python :: (\d\.\d+)", line))
    ]
    assert tuple(named) == rules.PYTHONS
