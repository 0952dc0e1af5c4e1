"""Tests that go through several cases each: to collect, hand out and report a test takes longer than many a case."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

Case = TypeVar("Case")


def together(
    cases: Iterable[Case], by: Callable[[Case], str], name: Callable[[Case], str]
) -> Callable[[Callable[[Case], None]], Callable[[str], None]]:
    """Make one test of each group of cases, which tries all of them and names those that fail.

    `by` tells the group of a case. Groups of the same name are run one after the other, in one worker (`conftest.py`):
    what one test reads of a case is there for the next.
    """
    groups: dict[str, list[Case]] = {}
    for case in cases:
        groups.setdefault(by(case), []).append(case)

    def decorate(test: Callable[[Case], None]) -> Callable[[str], None]:
        @pytest.mark.parametrize("group", groups)
        def of_group(group: str) -> None:
            failed = [error for case in groups[group] for error in _errors(test, case, name(case))]
            if len(failed) == 1:
                raise failed[0]
            if failed:
                raise ExceptionGroup(f"{len(failed)} of {len(groups[group])} in {group}", failed)

        of_group.__name__, of_group.__doc__ = test.__name__, test.__doc__
        return of_group

    return decorate


def _errors(test: Callable[[Case], None], case: Case, name: str) -> list[Exception]:
    try:
        test(case)
    except Exception as error:
        error.add_note(f"In {name}")
        return [error]
    return []
