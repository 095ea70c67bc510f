"""What the source must keep to, as functions over a folder of Python files; each returns its findings as sentences."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# Lowest layer first: a unit imports only units before it.
ORDER = (
    "errors",
    "provenance",
    "safexml",
    "yamltext",
    "display",
    "quantities",
    "schemas",
    "protocol",
    "search",
    "records",
    "screening",
    "extraction",
    "effects",
    "synthesis",
    "certainty",
    "audit",
    "changes",
    "plots",
    "store",
    "update",
    "workbench",
    "review",
    "report",
    "pipeline",
    "cli",
)
# The package's own front door hands out open_review; whoever imports from it stands above the review.
DOOR = "review"
NETWORK = {
    "urllib",
    "http",
    "socket",
    "socketserver",
    "ssl",
    "requests",
    "urllib3",
    "httpx",
    "aiohttp",
    "Bio",
    "ftplib",
}
HARMLESS = {"urllib.parse", "urllib.error"}
# Not of a review: records named on the command line, slots of requests, connections, and the tools for risk of bias,
# which are data files of the package itself.
NO_EVIDENCE = ("records/files.py", "search/slots.py", "search/entrez.py", "certainty/tools/data.py")
DRAWING = {"matplotlib", "seaborn", "plotly", "altair", "bokeh", "PIL"}
RUNNING = {"papermill", "nbclient", "jupyter_client", "ipykernel", "nbconvert"}
READING = {"open", "read_text", "read_bytes", "read_csv", "read_table", "read_excel", "read_json", "iterdir", "glob"}
WRITING = {
    "write_text",
    "write_bytes",
    "to_csv",
    "to_json",
    "mkdir",
    "touch",
    "unlink",
    "rename",
    "replace_file",
    "rmtree",
}
LONGEST_FILE, LONGEST_FUNCTION, SHORT_FUNCTION, SHORT_SHARE = 500, 60, 30, 0.9


@dataclass(frozen=True)
class Module:
    """One file of the package: its path inside the package and its text."""

    path: Path
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=str(self.path))

    @property
    def unit(self) -> str:
        """The layer that the file belongs to; ``__init__`` for the package's own."""
        return self.path.parts[0].removesuffix(".py")

    @property
    def package(self) -> tuple[str, ...]:
        """Dotted parts of the package that relative imports start from."""
        return ("synth", *self.path.parts[:-1])


def modules(package: Path) -> list[Module]:
    """Every Python file of the package, sorted."""
    return [
        Module(path.relative_to(package), path.read_text(encoding="utf-8")) for path in sorted(package.rglob("*.py"))
    ]


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported anywhere in the file, import_module with a plain string included.

    ``from a.b import c`` gives ``a.b.c``: whether c is a module or a name in one does not matter to the rules.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            upwards = module.package[: len(module.package) - node.level + 1] if node.level else ()
            base = ".".join((*upwards, *([node.module] if node.module else [])))
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and _called(node) in {"import_module", "__import__"}:
            for argument in node.args[:1]:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield node.lineno, argument.value


def _called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def imported_unit(name: str, units: Iterable[str]) -> str | None:
    """The unit of this package behind an imported name; None for other packages."""
    first, *rest = name.split(".")
    if first != "synth":
        return None
    return rest[0] if rest and rest[0] in units else DOOR


def unknown_units(package: Path) -> list[str]:
    """Files that belong to no unit of the order."""
    own = {"__init__", "__main__", *ORDER}
    return [f"{module.path}: belongs to no unit of the order" for module in modules(package) if module.unit not in own]


def upward_imports(package: Path) -> list[str]:
    """Imports of a unit that stands later in the order."""
    found = []
    place = {unit: index for index, unit in enumerate(ORDER)}
    units = {module.unit for module in modules(package)} | place.keys()
    for module in modules(package):
        for line, name in imports(module):
            unit = imported_unit(name, units)
            # What belongs to no unit is found by unknown_units.
            if unit in place and module.unit in place and place[unit] > place[module.unit]:
                found.append(f"{module.path}:{line}: {module.unit} imports {name}, but {unit} comes later")
    return found


def foreign_imports(package: Path, names: Iterable[str], allowed: Iterable[str]) -> list[str]:
    """Imports of those packages outside the allowed files and folders (paths inside the package)."""
    names, places = set(names), tuple(Path(place) for place in allowed)
    found = []
    for module in modules(package):
        if any(module.path == place or place in module.path.parents for place in places):
            continue
        for line, name in imports(module):
            parts = name.split(".")
            if parts[0] in names and ".".join(parts[:2]) not in HARMLESS:
                found.append(f"{module.path}:{line}: imports {name}")
    return found


def file_access(package: Path, allowed: Iterable[str] = ()) -> list[str]:
    """Reading and writing of files in units below the store, outside the allowed modules (paths inside the package)."""
    places = {Path(place) for place in allowed}
    below = set(ORDER[: ORDER.index("store")])
    return [
        f"{module.path}:{node.lineno}: calls {_called(node)}"
        for module in modules(package)
        if module.unit in below and module.path not in places
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and _called(node) in READING | WRITING and not _in_memory(node)
    ]


def _in_memory(node: ast.Call) -> bool:
    """Whether a table is read from or written to text in memory: read_csv(StringIO(...)), to_csv() without a path."""
    name = _called(node)
    if name in {"to_csv", "to_json"}:
        return not node.args and not any(word.arg in {"path_or_buf", None} for word in node.keywords)
    first = node.args[0] if node.args else None
    return isinstance(first, ast.Call) and _called(first) in {"StringIO", "BytesIO"}


def long_files(folders: Iterable[Path]) -> list[str]:
    """Python files longer than the limit."""
    counted = ((path, len(path.read_text(encoding="utf-8").splitlines())) for path in _python_files(folders))
    return [f"{path.name}: {lines} lines, at most {LONGEST_FILE}" for path, lines in counted if lines > LONGEST_FILE]


def function_lengths(folders: Iterable[Path]) -> dict[str, int]:
    """Lines of each function without its docstring, by ``file:line name``."""
    lengths = {}
    for path in _python_files(folders):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lengths[f"{path.parent.name}/{path.name}:{node.lineno} {node.name}"] = _lines(node)
    return lengths


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is None:
        return whole
    docstring = node.body[0]
    return whole - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def _python_files(folders: Iterable[Path]) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def long_functions(lengths: dict[str, int]) -> list[str]:
    """Functions over the limit, and one more finding where too few are short."""
    found = [
        f"{name}: {lines} lines, at most {LONGEST_FUNCTION}"
        for name, lines in lengths.items()
        if lines > LONGEST_FUNCTION
    ]
    short = sum(lines < SHORT_FUNCTION for lines in lengths.values())
    if lengths and short < SHORT_SHARE * len(lengths):
        found.append(f"{short} of {len(lengths)} functions are under {SHORT_FUNCTION} lines, at least 90% expected")
    return found
