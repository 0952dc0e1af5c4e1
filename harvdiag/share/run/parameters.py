"""The parameters of a notebook: what its cell with the tag ``parameters`` sets, replaced where it stands."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from json import dumps
from typing import Any, NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import is_plain
from harvdiag.core.suggest import did_you_mean, suggest_names

__all__ = ["Parameter", "list_parameters", "set_parameters"]

TAG = "parameters"
WORDS = {"true": True, "yes": True, "false": False, "no": False}


class Parameter(NamedTuple):
    """A name, its value in the notebook, and where that stands in its cell: lines from 1, columns in bytes."""

    name: str
    value: Any
    first: tuple[int, int]
    last: tuple[int, int]


def set_parameters(document: Any, values: Mapping[str, str], title: str) -> None:
    """Replace values of a notebook by name. Raises UsageError for a name that it does not set, or a value that is none.

    A value is a text, which is read as the type of the one that it replaces.
    """
    cell = _find_cell(document)
    known = {parameter.name: parameter for parameter in list_parameters(document)}
    for name in values:
        if name not in known:
            names = did_you_mean(suggest_names(name, known) or list(known)) if known else ": it has no cell for them"
            raise UsageError(f"{title} has no parameter {name}{names}")
    chosen = [(known[name], _read_value(known[name], text)) for name, text in values.items()]
    for parameter, value in sorted(chosen, key=lambda pair: pair[0].first, reverse=True):
        cell.source = _replace(cell.source, parameter, _write(value))


def list_parameters(document: Any) -> Iterator[Parameter]:
    """Yield the parameters of a notebook: each name in its cell for them that has a plain value."""
    cell = _find_cell(document)
    try:
        statements = ast.parse(cell.source).body if cell else []
    except SyntaxError:
        return
    for statement in statements:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                try:
                    plain = ast.literal_eval(value)
                except ValueError:
                    continue
                last = (value.end_lineno or value.lineno, value.end_col_offset or value.col_offset)
                yield Parameter(name, plain, (value.lineno, value.col_offset), last)


def _find_cell(document: Any) -> Any:
    return next(
        (cell for cell in document.cells if cell.cell_type == "code" and TAG in cell.metadata.get("tags", [])), None
    )


def _read_value(parameter: Parameter, text: str) -> Any:
    """A text as the type of the value that it replaces."""
    old = parameter.value
    if isinstance(old, str):
        return text
    if isinstance(old, bool):
        value: Any = WORDS.get(text.lower())
    else:
        try:
            value = ast.literal_eval(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            value = None if old is not None else text
    wanted = (int, float) if isinstance(old, int | float) and not isinstance(old, bool) else type(old)
    if old is not None and not isinstance(value, wanted):
        raise UsageError(f"{parameter.name}={text}: the notebook has {old!r} there; give a value of that type")
    return value


def _write(value: Any) -> str:
    """A value as Python, a text in the quotes of the notebooks."""
    return dumps(value, ensure_ascii=False) if isinstance(value, str) and is_plain(value) else repr(value)


def _replace(source: str, parameter: Parameter, text: str) -> str:
    lines = source.encode().split(b"\n")
    (row, start), (end_row, end) = parameter.first, parameter.last
    lines[row - 1 : end_row] = [lines[row - 1][:start] + text.encode() + lines[end_row - 1][end:]]
    return b"\n".join(lines).decode()
