"""The parameters a notebook declares, read from its text, and the check of given values before any kernel starts.

papermill only logs a name it does not know and passes values of any type on, so both are settled here.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth.errors import NotebookError, ParameterError

PARAMETERS_TAG, INJECTED_TAG = "parameters", "injected-parameters"

_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "None": type(None)}
_NAMES = {kind: name for name, kind in _TYPES.items()}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as its notebook declares it.

    Attributes
    ----------
    name : str
        The variable's name.
    types : frozenset of type
        What a value may be: `str`, `int`, `float`, `bool` and the type of None, in any union.
    default : object
        Used where no value is given.
    """

    name: str
    types: frozenset[type]
    default: object

    @property
    def expected(self) -> str:
        """Its types in the order of the standard list, as an annotation shows them."""
        return " | ".join(name for name, kind in _TYPES.items() if kind in self.types)

    def accepts(self, value: object) -> bool:
        """Whether a value is of one of its types. A whole number is also a float; True and False are never numbers."""
        return type(value) in self.types or (type(value) is int and float in self.types)


def read_notebook(path: Path) -> dict[str, Any]:
    """The notebook's JSON.

    Raises
    ------
    NotebookError
        If the file is missing, or is no notebook of format 4.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotebookError(f"{path.name}: cannot be read ({error.strerror}: {path})") from None
    except ValueError as error:
        raise NotebookError(f"{path.name}: not a notebook, its text is not JSON in UTF-8 ({error})") from None
    cells = content.get("cells") if isinstance(content, dict) and content.get("nbformat") == 4 else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise NotebookError(f"{path.name}: not a notebook of format 4 (keys nbformat: 4 and cells are expected)")
    notebook: dict[str, Any] = content
    return notebook


def inspect(path: Path) -> dict[str, Parameter]:
    """The parameters of a notebook by name, in the order in which they are declared.

    A notebook has one code cell tagged ``parameters``. It holds assignments of plain values and comments, nothing
    else. The type is the annotation's; where there is none, that of the default.

    Raises
    ------
    ParameterError
        If there is no such cell or more than one, if something else stands in it, if an annotation or default is not
        understood, or if the notebook was saved with values that an earlier run had put in.
    NotebookError
        If the file is no notebook.
    """
    name, cells = path.name, read_notebook(path)["cells"]
    if any(INJECTED_TAG in _tags(cell) for cell in cells):
        raise ParameterError(f"{name}: has a cell tagged {INJECTED_TAG}, left over from a run; remove that cell")
    tagged = [cell for cell in cells if PARAMETERS_TAG in _tags(cell)]
    if len(tagged) != 1 or tagged[0].get("cell_type") != "code":
        raise ParameterError(f"{name}: exactly one code cell tagged {PARAMETERS_TAG} is expected, found {len(tagged)}")
    try:
        statements = ast.parse("".join(tagged[0].get("source", ""))).body
    except SyntaxError as error:
        raise ParameterError(f"{name}: parameters cell, line {error.lineno}: {error.msg}") from None
    declared = [_declared(statement, name) for statement in statements]
    parameters = {parameter.name: parameter for parameter in declared}
    if len(parameters) < len(declared):
        raise ParameterError(f"{name}: parameters cell: a name is assigned twice")
    return parameters


def check(notebooks: Sequence[Path], values: Mapping[str, object]) -> None:
    """Refuse values that some of the notebooks would not accept.

    Raises
    ------
    ParameterError
        With one line for each notebook and value that do not fit: the name and what is allowed, or the expected and
        the given type.
    NotebookError
        If a file is no notebook.
    """
    problems = [line for path in notebooks for line in _problems(path, values)]
    if problems:
        raise ParameterError("\n".join(problems))


def _problems(path: Path, values: Mapping[str, object]) -> Iterator[str]:
    try:
        parameters = inspect(path)
    except ParameterError as error:
        yield str(error)
        return
    for name, value in values.items():
        parameter = parameters.get(name)
        if parameter is None:
            allowed = ", ".join(parameters) or "none"
            yield f"{path.name}: unknown parameter {name!r}; allowed are: {allowed}"
        elif not parameter.accepts(value):
            given = _NAMES.get(type(value), type(value).__name__)
            yield f"{path.name}: parameter {name!r}: {parameter.expected} is expected, given is {given} ({value!r})"


def _declared(statement: ast.stmt, notebook: str) -> Parameter:
    where = f"{notebook}: parameters cell, line {statement.lineno}"
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=ast.expr() as value):
            types = frozenset(_types(annotation, f"{where}: {name}"))
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            types = frozenset()
        case _:
            raise ParameterError(f'{where}: only assignments such as `review: str = "ifi"` are expected here')
    try:
        default = ast.literal_eval(value)
    except ValueError:
        raise ParameterError(f"{where}: {name}: a plain value is expected as default") from None
    if not types and default is None:
        raise ParameterError(f"{where}: {name}: None alone does not tell the type; write `{name}: str | None = None`")
    parameter = Parameter(name, types or frozenset({type(default)}), default)
    if not parameter.accepts(default) or not parameter.types <= set(_TYPES.values()):
        expected = parameter.expected or "a plain type"
        raise ParameterError(f"{where}: {name}: the default {default!r} is not of its type, {expected}")
    return parameter


def _types(annotation: ast.expr, where: str) -> Iterable[type]:
    match annotation:
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return [*_types(left, where), *_types(right, where)]
        case ast.Name(id=name) if name in _TYPES:
            return [_TYPES[name]]
        case ast.Constant(value=None):
            return [type(None)]
    raise ParameterError(f"{where}: the type may be {', '.join(_TYPES)}, joined by |; found {ast.unparse(annotation)}")


def _tags(cell: dict[str, Any]) -> list[str]:
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return tags if isinstance(tags, list) else []
