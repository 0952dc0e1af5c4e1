"""Regular expressions of a person: whether one is valid, and cannot take for ever on a line that nearly matches."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any

__all__ = ["find_fault"]

MANY = 8
"""A group that repeats more often than this must match in one way only."""
REPEATS = {"MAX_REPEAT", "MIN_REPEAT"}
MOST = 6
"""Repetitions without a limit that one expression may have: each multiplies the time by the length of a line."""
SLOW = "it can take for ever on some lines: within ( )+ or ( )* let nothing repeat, and no two choices begin alike"


def find_fault(pattern: str) -> str:
    """Return why an expression cannot be used; empty where it can."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
            tree = import_module("re._parser").parse(pattern)
    except re.error as error:
        place = f" at character {error.pos + 1}" if error.pos is not None else ""
        return f"it is not a regular expression: {error.msg}{place}"
    except (OverflowError, RecursionError):
        return "it is not a regular expression: too large"
    open_ended = sum(name in REPEATS and _is_many(value[1]) for name, value in _walk(tree))
    if open_ended > MOST or any(_is_slow(name, value) for name, value in _walk(tree)):
        return SLOW
    return ""


def _walk(tree: Any) -> Iterator[tuple[str, Any]]:
    """Every operation of a parsed expression, the outer ones first."""
    for operation, value in tree:
        yield str(operation), value
        for part in _inner(str(operation), value):
            yield from _walk(part)


def _inner(operation: str, value: Any) -> list[Any]:
    if operation in {*REPEATS, "POSSESSIVE_REPEAT"}:
        return [value[2]]
    if operation == "SUBPATTERN":
        return [value[3]]
    if operation == "BRANCH":
        return list(value[1])
    if operation in {"ASSERT", "ASSERT_NOT"}:
        return [value[1]]
    if operation == "GROUPREF_EXISTS":
        return [part for part in value[1:] if part]
    return [value] if operation == "ATOMIC_GROUP" else []


def _is_many(most: Any) -> bool:
    return int(most) > MANY


def _is_slow(operation: str, value: Any) -> bool:
    """Whether it repeats something that matches the same text in more than one way."""
    if operation not in REPEATS or not _is_many(value[1]):
        return False
    return any(
        (name in REPEATS and inner[0] != inner[1]) or (name == "BRANCH" and _is_ambiguous(inner[1]))
        for name, inner in _walk(value[2])
    )


def _is_ambiguous(choices: list[Any]) -> bool:
    """Whether two choices may begin alike: unless each begins with a letter of its own."""
    firsts = [str(choice[0]) if len(choice) and str(choice[0][0]) == "LITERAL" else "" for choice in choices]
    return not all(firsts) or len(set(firsts)) < len(firsts)
