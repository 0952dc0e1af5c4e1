"""Exams: each seed gives another cluster, in which the checks find every fault that was planted, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.core.errors import UsageError
from harvdiag.training import exam
from harvdiag.training.library.drawing import is_solved_by, name_finding
from tests.sample import is_full

ALIKE = 520141
"""In its first draw of two faults both leave the same finding."""
SEEDS = [*range(200 if is_full() else 9), ALIKE]


def test_each_is_solved_by_the_checks_and_nothing_else_speaks() -> None:
    """With as many faults as its difficulty at least, all of them roots."""
    seen = set()
    for seed in SEEDS:
        made = exam(seed, seed % 3 + 1)
        findings, solution = made.cluster.check(), made.solution
        assert is_solved_by(solution, findings), seed
        assert {name_finding(finding) for finding in findings.roots} == set(solution.finds), seed
        planted = sum(bool(each.finds) for each in solution.made)
        assert min(planted, len(solution.finds)) >= made.difficulty, seed
        seen.add(solution.finds)
    assert len(seen) > len(SEEDS) * 0.9


def test_a_finding_too_many_or_too_few_is_no_solution() -> None:
    """The judgement can fail in both ways."""
    one, other = exam(1).cluster.check(), exam(2).cluster.check()
    assert is_solved_by(exam(1).solution, one)
    assert not is_solved_by(exam(1).solution, other)
    healthy = next(item for item in hd.training.scenarios() if not item.solution.finds)
    assert not is_solved_by(exam(1).solution, healthy.open().check())
    assert not is_solved_by(healthy.solution, one)


def test_a_seed_gives_the_same_again_and_none_a_new_one_that_is_told(tmp_path: Path) -> None:
    made = exam(4711, 3)
    assert exam(4711, 3).solution == made.solution
    assert exam(4711, 1).solution != made.solution
    found = {name_finding(finding) for finding in hd.open(made.write(tmp_path / "exam.zip")).check().roots}
    assert found == set(made.solution.finds)
    fresh = exam()
    assert f"hd.training.exam({fresh.seed}, 2)" in repr(fresh)
    told = f"{made!r}{made.cluster!r}".lower()
    assert [find for find in made.solution.finds if find.split()[0] in told or find.split("/")[1] in told] == []


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"difficulty": 4}, "difficulty is 1, 2 or 3, not 4"),
        ({"difficulty": True}, "difficulty is 1, 2 or 3, not True"),
        ({"seed": -1}, "a seed is a whole number from 0 on, not -1"),
        ({"seed": "x"}, "a seed is a whole number from 0 on, not 'x'"),
    ],
)
def test_other_seeds_and_difficulties_are_refused(given: dict[str, int], says: str) -> None:
    with pytest.raises(UsageError) as caught:
        exam(**given)
    assert str(caught.value) == says
