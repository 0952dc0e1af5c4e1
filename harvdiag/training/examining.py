"""Exams: a cluster with hidden faults, another for each seed, which the checks can solve."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.training.library.build import open_stage, write_stage
from harvdiag.training.library.drawing import Draw, draw_exam
from harvdiag.training.library.model import Solution

if TYPE_CHECKING:
    from harvdiag.training.exercises.examined import Paper
    from harvdiag.training.exercises.result import Result

__all__ = ["Exam", "exam"]

_SEEDS = 1_000_000
_LEVELS = (1, 2, 3)


@dataclass(frozen=True)
class Exam:
    """A cluster in which something is wrong: find out what. `cluster` is opened like any other source.

    `seed` and `difficulty` give the same exam again, on any machine. `difficulty` is the number of faults, 1 to 3;
    `reported` is what a user says of the cluster.
    `solution` tells them.
    """

    seed: int
    difficulty: int
    _draw: Draw = field(repr=False)

    @cached_property
    def cluster(self) -> Cluster:
        """The cluster."""
        return open_stage(f"exam-{self.seed}", self._draw.stage())

    @property
    def reported(self) -> str:
        """What a user reports."""
        if self._draw.upgrade:
            return f"Something is not right with the upgrade to {self._draw.release}. Is anything else wrong?"
        return "We want to upgrade soon. Is everything in order?"

    def write(self, path: str | Path) -> Path:
        """Write it as a support bundle, with logs, and return its path."""
        return write_stage(Path(path), self._draw.stage())

    @property
    def solution(self) -> Solution:
        """The faults: `finds` are the findings at which the search ends, `made` what was changed."""
        stage = self._draw.stage()
        made = tuple(stage.made)
        return Solution(finds=stage.finds, story=" ".join(each.summary for each in made), made=made)

    @property
    def stories(self) -> tuple[str, ...]:
        """What may have happened, each with a letter: ``b. A restore left the Cluster paused.``; some of it did."""
        from harvdiag.training.exercises.examined import list_stories

        return tuple(f"{letter}. {text}" for letter, text in list_stories(self._paper).items())

    def check(self, faults: Any = ...) -> Result:
        """Compare the faults with those planted: names of objects, or findings; what only follows is not one."""
        from harvdiag.training.exercises.examined import check_faults

        return check_faults(self._paper, faults)

    def check_stories(self, letters: Any = ...) -> Result:
        """Compare letters of `stories` with what happened."""
        from harvdiag.training.exercises.examined import check_stories

        return check_stories(self._paper, letters)

    def check_step(self, fault: Any = ..., step: Any = ...) -> Result:
        """Play a next step for one of the faults: right if it does no harm and resolves it, or leads there.

        A step is an action as for `Cluster.simulate`, the name of a way out, a command of the finding, or ``support``.
        """
        from harvdiag.training.exercises.examined import check_step

        return check_step(self._paper, fault, step)

    @cached_property
    def _paper(self) -> Paper:
        from harvdiag.training.exercises.examined import Paper

        return Paper(self.seed, self.difficulty, self.cluster, self.solution)

    def __repr__(self) -> str:
        what = f"{self._draw.nodes} nodes, Harvester {self._draw.release}"
        again = f"hd.training.exam({self.seed}, {self.difficulty})"
        return f"Exam {self.seed}, difficulty {self.difficulty}: {what}. {self.reported} The same again: {again}"


def exam(seed: int | None = None, difficulty: int = 2) -> Exam:
    """Give an exam: a fresh cluster with as many hidden faults as its difficulty, 1 to 3.

    ``hd.training.exam()`` draws a new one, and tells its seed; ``hd.training.exam(4711)`` is the same each time. All
    faults are found by the checks, and nothing else is. Raises UsageError for another seed or difficulty.
    """
    if type(difficulty) is not int or difficulty not in _LEVELS:
        raise UsageError(f"difficulty is 1, 2 or 3, not {difficulty!r}")
    drawn = secrets.randbelow(_SEEDS) if seed is None else seed
    if type(drawn) is not int or drawn < 0:
        raise UsageError(f"a seed is a whole number from 0 on, not {drawn!r}")
    return Exam(drawn, difficulty, draw_exam(drawn, difficulty))
