"""The part of a product that is run: it leaves out no value, or no pair of values, and is the same in every run."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from itertools import combinations, product
from pathlib import Path

import pytest

from tests.contract import test_upgrade_healthy
from tests.sample import FULL, every_pair, every_value, is_full, some

ROOT = Path(__file__).parents[1]
SIZES, PLACES, STEPS = (1, 2, 3, 7), ("first", "middle", "last"), tuple(f"h{number}" for number in range(13))
CASES = [case for case in product(SIZES, PLACES, STEPS) if case[0] > 1 or case[1] == "first"]


@pytest.fixture(autouse=True)
def _sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FULL, raising=False)


def met(cases: list[tuple[int, str, str]], size: int) -> set[object]:
    """The combinations of so many values that occur in any case."""
    return {one for case in cases for one in combinations(enumerate(case), size)}


def test_every_value_occurs() -> None:
    """In few cases: not more than the longest parameter has values."""
    assert met(every_value(CASES), 1) == met(CASES, 1)
    assert len(every_value(CASES)) == len(STEPS)


def test_every_pair_occurs() -> None:
    """Each two values that meet at all, in far fewer cases."""
    assert met(every_pair(CASES), 2) == met(CASES, 2)
    assert len(every_pair(CASES)) < len(CASES) * 2 / 3


def test_order_is_kept_and_no_case_occurs_twice() -> None:
    """What is taken is a part of the cases."""
    for taken in (every_value(CASES + CASES), every_pair(CASES + CASES)):
        assert taken == [case for case in CASES if case in taken]


def test_choice_does_not_depend_on_the_order() -> None:
    """The same cases are taken from a list that is turned round."""
    assert set(every_pair(CASES[::-1])) == set(every_pair(CASES))


def test_some_takes_each_choice_and_each_two_equally_often() -> None:
    """Over 600 names, each of 10 pairs of 5 routes is met, none thrice as often as another."""
    routes = ("folder", "bundle", "extracted", "snapshot", "api")
    counts = Counter(tuple(some(routes, 2, f"rule/speaks-{number}")) for number in range(600))
    assert set(counts) == set(combinations(routes, 2))
    assert max(counts.values()) < 3 * min(counts.values())


def test_full_run_takes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left out where everything is asked for."""
    assert not is_full()
    monkeypatch.setenv(FULL, "1")
    assert is_full()
    assert every_value(CASES) == every_pair(CASES) == CASES
    assert some("abc", 1, "any") == ["a", "b", "c"]


def test_another_process_chooses_the_same() -> None:
    """Workers must collect the same tests; the hash of a string differs from process to process."""
    program = "from tests.test_sample import *; print([*every_pair(CASES), *some(STEPS, 2, 'x')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == str([*every_pair(CASES), *some(STEPS, 2, "x")])


def test_the_option_is_told_to_every_test() -> None:
    """`pytest --full` collects more of a sampled test than `pytest` does, as here."""
    assert len(test_upgrade_healthy.CASES) <= 100 or is_full()
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "--full", test_upgrade_healthy.__file__]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert sum("test_every_step_is_silent[" in line for line in done.stdout.splitlines()) > 100
