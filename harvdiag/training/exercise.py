"""What an exercise is, as data: the question, the cluster it is about, how its answer is computed, and its hints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from harvdiag.cluster import Cluster

__all__ = ["Exercise", "Form", "Lab", "Solve", "Wrong", "always"]

Solve = Callable[[Cluster], Any]
"""Computes an answer from the cluster, in any form that `read_answer` takes."""


class Form(Enum):
    """What is asked for; it decides how an answer is read and compared."""

    NAME = "name"
    """The name of one object."""
    NAMES = "names"
    """The names of objects, in any order."""
    NUMBER = "number"
    TRUTH = "yes or no"
    WORD = "word"
    """A term of the glossary under any of its names, or another word."""
    CHOICE = "letter"
    """The letter of one of the choices."""
    CHOICES = "letters"
    """The letters of all choices that apply, in any order."""
    ACTION = "step"
    """An action of `Cluster.simulate`, or the name of a way out: right if it does no harm and resolves what the model
    answer resolves.
    """

    def __str__(self) -> str:
        return self.value


def always(answer: Any) -> Solve:
    """Return what gives the same answer for every cluster: for choices, and for terms."""
    return lambda _: answer


@dataclass(frozen=True)
class Wrong:
    """A typical wrong answer, computed as the right one is, and the hint that is made for it."""

    answer: Solve
    hint: str


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One question of a lab. `id` is the letter of the lab and a number: ``b2``.

    `cluster` names the cluster that it is about, `kind` the kind of object whose names are asked for. The three
    `hints` lead from where to look to almost the answer; `because` is what the solution says besides it.
    """

    id: str
    question: str
    form: Form
    cluster: str
    answer: Solve
    wrong: tuple[Wrong, ...]
    hints: tuple[str, str, str]
    because: str
    kind: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Exercise {self.id}: {self.question}>"


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A lab: its letter, its notebook (without ``.ipynb``), what is learned in it, and its exercises in their order.

    `example` names the cluster of its worked example.
    """

    letter: str
    title: str
    notebook: str
    goal: str
    example: str
    exercises: tuple[Exercise, ...]
