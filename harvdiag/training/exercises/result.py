"""What a learner is told about an exercise, and the table of all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from harvdiag.core.tabular import Record, Tabular
from harvdiag.training.exercise import Lab

__all__ = ["LabView", "Progress", "Result", "Standing"]


class Standing(Enum):
    """What a result says, in the words of its heading."""

    RIGHT = "Right"
    WRONG = "Not yet"
    EMPTY = "Not filled in yet"
    HINT = "Hint"
    SOLUTION = "Solution"

    def __str__(self) -> str:
        return self.value


SIGNS = {Standing.RIGHT: "✓", Standing.WRONG: "✗", Standing.EMPTY: "…", Standing.HINT: "→", Standing.SOLUTION: "="}


@dataclass(frozen=True)
class Result:
    """The result of a check, a hint or a solution: a card in notebooks, and lines of text everywhere else.

    `right` is True or False for a check; None where nothing could be compared.
    """

    exercise: str
    standing: Standing
    texts: tuple[str, ...]
    further: str = ""
    """What to call next."""
    remark: str = ""
    """What is to be known about the file of the progress."""

    @property
    def right(self) -> bool | None:
        """Whether the answer is right."""
        return {Standing.RIGHT: True, Standing.WRONG: False}.get(self.standing)

    @property
    def heading(self) -> str:
        """``✓ b2: Right``"""
        return f"{SIGNS[self.standing]} {self.exercise}: {self.standing}"

    def __repr__(self) -> str:
        lines = (self.heading, *self.texts, self.further, f"! {self.remark}" if self.remark else "")
        return "\n".join(line for line in lines if line)


@dataclass(frozen=True, repr=False)
class Progress(Tabular):
    """What was done so far, exercise by exercise. Columns: `exercise`, `lab`, `state` (str), `tries`, `hints` (Int64).

    `tries` counts different wrong answers, and the right one.
    """

    rows: tuple[Record, ...]
    remark: str = ""

    dtypes: ClassVar[Mapping[str, str]] = {
        "exercise": "str",
        "lab": "str",
        "state": "str",
        "tries": "Int64",
        "hints": "Int64",
    }
    noun: ClassVar[str] = "exercises"

    @property
    def records(self) -> Sequence[Record]:
        """A row for each exercise."""
        return self.rows

    @property
    def summary(self) -> str:
        """``2 of 9 exercises are solved.``"""
        solved = sum(row["state"].startswith("solved") for row in self.rows)
        return f"{solved} of {len(self.rows)} exercises are solved."

    def __repr__(self) -> str:
        remark = f"! {self.remark}\n" if self.remark else ""
        return f"{remark}{self.summary}\n{self.frame.to_string(index=False)}"


@dataclass(frozen=True, repr=False)
class LabView:
    """The head of a lab: its goal, its exercises, and which of them are solved."""

    lab: Lab
    solved: tuple[str, ...]

    @property
    def summary(self) -> str:
        """``1 of 5 exercises done: b1 ✓, b2, b3, b4, b5``"""
        names = [f"{each.id} ✓" if each.id in self.solved else each.id for each in self.lab.exercises]
        return f"{len(self.solved)} of {len(names)} exercises done: {', '.join(names)}"

    def __repr__(self) -> str:
        return f"Lab {self.lab.letter}: {self.lab.title}\nGoal: {self.lab.goal}\n{self.summary}"
