"""Gaps of exercises as learners fill them: a name without quotes, or nothing at all, end in no traceback."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection

__all__ = ["fill_gaps", "register_gaps"]

CHECK = re.compile(r"\btraining\.check\((?P<id>[\"']\w+[\"']),\s*(?P<name>[A-Za-z_]\w*)\s*\)")
EXAM = re.compile(r"\b\w+\.check(?:\(faults|_stories\(letters|_step\(fault, step)\)")
GAP = re.compile(r"(?P<head>(?:answer|faults?|letters|step)\s*=\s*)(?P<value>[\w./-][\w./,\s-]*?|)\s*(?P<rest>#.*)?")
"""The line of an answer that is one or more bare words, or empty."""


def fill_gaps(text: str, known: Collection[str]) -> str:
    """Return the text of a cell that checks an exercise, with bare words of its answer in quotes, a gap as ``...``.

    `known` are the names that there are in the notebook; what is Python with these stays as it is, as does every other
    cell.
    """
    if not (CHECK.search(text) or EXAM.search(text)):
        return text
    names = {*known, *dir(builtins)}
    filled = "\n".join(_fill_line(line, names) for line in text.split("\n"))
    assigned = re.findall(r"(?m)^(\w+) *=", filled)
    return CHECK.sub(lambda found: _fill_call(found, {*names, *assigned}), filled)


def register_gaps() -> None:
    """Let the running IPython, if any, read cells in this way."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is not None and _transform not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.append(_transform)


def _transform(lines: list[str]) -> list[str]:
    """The lines of a cell that is about to run."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    return fill_gaps("".join(lines), shell.user_ns if shell else ()).splitlines(keepends=True)


def _fill_line(line: str, names: Collection[str]) -> str:
    found = GAP.fullmatch(line)
    if found is None or _is_python(found["value"], names):
        return line
    value = repr(found["value"]) if found["value"] else "..."
    return f"{found['head'].rstrip()} {value}{'  ' if found['rest'] else ''}{found['rest'] or ''}"


def _is_python(value: str, names: Collection[str]) -> bool:
    """Whether a value can be computed: it is an expression, and there is each name in it."""
    try:
        tree = ast.parse(value, mode="eval")
    except SyntaxError:
        return False
    return all(node.id in names for node in ast.walk(tree) if isinstance(node, ast.Name))


def _fill_call(found: re.Match[str], names: Collection[str]) -> str:
    return found[0] if found["name"] in names else f"training.check({found['id']}, ...)"
