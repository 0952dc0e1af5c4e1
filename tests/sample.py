"""Choose a part of a large product of cases: the same part in every run, with no value and no pair of values left out.

A product of parameters grows faster than what it can find: nearly every fault shows with one value or with two of them
together (a phase and a number of nodes, a scenario and a route), hardly ever with three alone. So `make test` runs a
part that still holds every value, or every pair, and `make test-full` (`pytest --full`) runs all of it. The choice
depends on the cases alone, by a hash: neither the order of a run nor the worker that asks changes it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any, TypeVar

FULL = "HARVDIAG_TEST_FULL"
T = TypeVar("T")
Case = TypeVar("Case", bound=tuple[Any, ...])


def is_full() -> bool:
    """Whether everything is to be run."""
    return os.environ.get(FULL, "") not in {"", "0"}


def some(choices: Iterable[T], count: int, of: object) -> list[T]:
    """`count` of the choices, in their order, chosen for `of` (a name); all of them in a full run.

    Over many names each choice is taken equally often, and so is each combination of choices.
    """
    known = list(choices)
    if is_full() or count >= len(known):
        return known
    sets = list(combinations(known, count))
    return list(sets[_number(of) % len(sets)])


def examples(count: int) -> int:
    """How many examples hypothesis makes up: an eighth, which are others in each run; `count` in a full run."""
    return count if is_full() else max(count // 8, 10)


def every_value(cases: Iterable[Case]) -> list[Case]:
    """Cases, in their order, in which each value of each parameter occurs; all of them in a full run."""
    return _covering(list(dict.fromkeys(cases)), 1)


def every_pair(cases: Iterable[Case]) -> list[Case]:
    """Cases, in their order, in which each two values meet that meet in any case; all of them in a full run."""
    return _covering(list(dict.fromkeys(cases)), 2)


def _covering(cases: list[Case], size: int) -> list[Case]:
    """Take the case that brings the most new combinations of `size` values, until there are no new ones."""
    if is_full():
        return cases
    brings = {case: _combinations(case, size) for case in sorted(cases, key=_number)}
    missing = set().union(*brings.values())
    taken = set()
    while missing:
        best = max(brings, key=lambda case: len(brings[case] & missing))
        taken.add(best)
        missing -= brings.pop(best)
    return [case for case in cases if case in taken]


def _combinations(case: Sequence[Any], size: int) -> set[tuple[tuple[int, Any], ...]]:
    return set(combinations(enumerate(case), size))


def _number(of: object) -> int:
    """A number that depends on what an object is called alone."""
    return int.from_bytes(hashlib.sha256(repr(of).encode()).digest()[:8], "big")
