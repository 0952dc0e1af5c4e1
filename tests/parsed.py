"""What the style tests ask of each source file: parsed and gone through once, its syntax tree let go again."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import harvdiag

PACKAGE = Path(harvdiag.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
CUTTERS = {"startswith", "endswith", "partition", "rpartition", "removeprefix", "removesuffix", "replace", "split"}
CUTTERS |= {"rsplit", "find", "index", "count", "compile", "match", "fullmatch", "search", "sub", "findall", "finditer"}


@dataclass
class Outline:
    """The statements of a file: modules imported, names taken from modules, lengths of functions, fields of tuples."""

    doc: str | None
    imports: list[str] = field(default_factory=list)
    taken: list[tuple[str, set[str]]] = field(default_factory=list)
    functions: list[tuple[str, int]] = field(default_factory=list)
    tuples: list[tuple[str, int]] = field(default_factory=list)


@dataclass
class Strings:
    """The strings of a file that are no docstrings, and those of them that it compares with, looks for, or cuts at."""

    told: set[str]
    read: set[str]


@cache
def text(path: Path) -> str:
    """A file as it is written."""
    return path.read_text(encoding="utf-8")


@cache
def outline(path: Path) -> Outline:
    """What a file imports and defines, wherever in it."""
    tree = ast.parse(text(path))
    found = Outline(ast.get_docstring(tree))
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            found.imports += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.imports.append(node.module or "")
            found.taken.append((node.module or "", {alias.name for alias in node.names}))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.functions.append((node.name, (node.end_lineno or node.lineno) - node.lineno + 1))
        elif isinstance(node, ast.ClassDef) and any("NamedTuple" in ast.unparse(base) for base in node.bases):
            found.tuples.append((node.name, sum(isinstance(part, ast.AnnAssign) for part in node.body)))
    return found


@cache
def strings(path: Path) -> Strings:
    """The strings of a file."""
    return strings_of(text(path))


def strings_of(source: str) -> Strings:
    """The strings of a module; of an f-string its fixed parts."""
    documents: set[int] = set()
    told, places = [], []
    for node in _walk(ast.parse(source)):
        if isinstance(node, ast.Constant):
            told.append(node)
        elif isinstance(node, ast.Compare):
            places += [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CUTTERS:
            places += node.args
        elif isinstance(node, ast.match_case):
            places.append(node.pattern)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            documents.add(id(node.value))  # of a module, a class, a function, or of the constant before it
    return Strings(
        {node.value for node in told if isinstance(node.value, str) and id(node) not in documents},
        {
            part.value
            for place in places
            for part in _walk(place)
            if isinstance(part, ast.Constant) and isinstance(part.value, str)
        },
    )


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """Each statement, without the expressions, which are nearly all of a tree."""
    ahead = [tree]
    while ahead:
        node = ahead.pop()
        yield node
        for block in BLOCKS:
            inner = getattr(node, block, None)
            ahead += inner if isinstance(inner, list) else []


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    """Each node: what `ast.walk` gives, in another order and in half the time."""
    ahead = [tree]
    while ahead:
        node = ahead.pop()
        yield node
        for value in vars(node).values():
            if isinstance(value, ast.AST):
                ahead.append(value)
            elif isinstance(value, list):
                ahead += [item for item in value if isinstance(item, ast.AST)]
