"""Regular expressions of a person: whether one is valid, and cannot take for ever on a line that nearly matches."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["find_fault"]

MANY = 8
"""A group that repeats more often than this must match in one way only."""
REPEATS = {"MAX_REPEAT", "MIN_REPEAT"}
MOST = 6
"""Repetitions without a limit that one expression may have: each multiplies the time by the length of a line."""
RUN = 2
"""As many of them may follow each other where one can take what the other takes."""
CHOICES = 10_000
"""The most ways in which the optional and alternative parts of one expression may match, all together."""
ASCII = frozenset(map(chr, range(128)))
SLOW = (
    "it can take for ever on some lines: within ( )+ or ( )* let nothing repeat, no two choices begin alike, and "
    "few that match the same follow each other"
)


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
    if _count_choices(tree) > CHOICES or _longest_run(tree, _Run()).most > RUN:
        return SLOW
    return ""


def _count_choices(tree: Any) -> int:
    """In how many ways the parts match that are limited: ``a?a?`` in 4; each multiplies the time."""
    ways = 1
    for operation, value in tree:
        name = str(operation)
        inner = max([1, *map(_count_choices, _inner(name, value))])
        if name in REPEATS and not _is_many(value[1]):
            ways *= (int(value[1]) - int(value[0]) + 1) * min(inner, CHOICES) ** int(value[1])
        else:
            ways *= inner * (len(value[1]) if name == "BRANCH" and _is_ambiguous(value[1]) else 1)
        ways = min(ways, CHOICES + 1)
    return ways


class _Run(NamedTuple):
    """How many repetitions without a limit follow each other, up to some place, and what the last of them takes."""

    length: int = 0
    last: frozenset[str] = frozenset()
    most: int = 0


def _longest_run(tree: Any, run: _Run) -> _Run:
    """Follow the runs through an expression; a letter that has to be there, or what takes other letters, ends one."""
    for operation, value in tree:
        name = str(operation)
        if name in REPEATS and _is_many(value[1]):
            taken = _taken(value[2])
            length = run.length + 1 if taken & run.last else 1
            run = _Run(length, taken, max(run.most, length))
        elif name == "LITERAL":
            run = _Run(most=run.most)
        else:
            ends = [_longest_run(part, run) for part in _inner(name, value)]
            ends += [run] if name in REPEATS and not value[0] else []
            if ends:
                longest = max(ends, key=lambda end: end.length)
                run = longest._replace(most=max(end.most for end in ends))
    return run


def _taken(tree: Any) -> frozenset[str]:
    """The letters of ASCII that an expression can take."""
    taken: frozenset[str] = frozenset()
    for operation, value in _walk(tree):
        if str(operation) in {"ANY", "LITERAL", "NOT_LITERAL", "IN"}:
            taken |= _letters(str(operation), value)
    return taken


def _letters(operation: str, value: Any) -> frozenset[str]:
    if operation == "ANY":
        return ASCII
    if operation == "CATEGORY":
        names = {"DIGIT": r"\d", "SPACE": r"\s", "WORD": r"\w"}
        kind = next(names[word] for word in names if str(value).endswith(word))
        taken = frozenset(filter(re.compile(kind).match, ASCII))
        return ASCII - taken if "_NOT_" in str(value) else taken
    if operation == "RANGE":
        return _any_case(frozenset(letter for letter in ASCII if value[0] <= ord(letter) <= value[1]))
    if operation == "IN":
        parts = [_letters(str(name), inner) for name, inner in value if str(name) != "NEGATE"]
        taken = frozenset().union(*parts)
        return ASCII - taken if str(value[0][0]) == "NEGATE" else taken
    taken = _any_case(frozenset({chr(value)}))
    return ASCII - taken if operation == "NOT_LITERAL" else taken


def _any_case(letters: frozenset[str]) -> frozenset[str]:
    """The same also in the other case, as logs are searched in any."""
    return frozenset(other for letter in letters for other in (letter.lower(), letter.upper()))


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
