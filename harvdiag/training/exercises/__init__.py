"""Exercises: the calls of a lab, which check an answer, give hints, show a solution and what was done so far."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.status.joining import Joining
from harvdiag.training.exercise import Exercise, Lab
from harvdiag.training.exercises.clusters import open_again, open_cluster
from harvdiag.training.exercises.judging import judge_answer, name_answer
from harvdiag.training.exercises.keeper import FILE, Done, Keeper
from harvdiag.training.exercises.result import LabView, Progress, Result, Standing
from harvdiag.training.labs import LABS

__all__ = ["check", "cluster", "hint", "join", "lab", "progress", "solution"]

HINTS = ("Hint one", "Hint two", "Hint three")
CALLS = {"hint": "hint", "?": "hint", "solution": "solution"}
"""What a learner may write into the gap instead of an answer."""


def check(exercise: str, answer: Any = ...) -> Result:
    """Compare an answer with that of an exercise: ``hd.training.check("b2", answer)``.

    The answer may be a name, a list of names in any order, a column of a table, an object, a finding, a number, True
    or False, or letters of a choice. A wrong one gets the hint that is made for it, else the next of three. An empty
    gap (``...``) does not count. ``"hint"`` or ``"solution"`` in place of an answer shows that. Raises UsageError for
    an exercise that does not exist.
    """
    asked, keeper = _find(exercise), _keeper(Path.cwd())
    if isinstance(answer, str) and (call := CALLS.get(answer.strip().lower())):
        return hint(asked.id) if call == "hint" else solution(asked.id)
    judged = judge_answer(asked, answer, open_cluster(asked.cluster))
    done = keeper.read().get(asked.id, Done())
    if judged.right is None:
        return _tell_empty(asked, judged.told, keeper)
    if judged.right:
        keeper.write(asked.id, replace(done, solved=True))
        return Result(asked.id, Standing.RIGHT, (asked.because,), _name_next(asked), keeper.take_remark())
    known = judged.digest in done.wrong
    hints = done.hints if judged.told or known else min(done.hints + 1, len(HINTS))
    wrong = done.wrong if known else (*done.wrong, judged.digest)
    keeper.write(asked.id, replace(done, wrong=wrong, hints=hints))
    told = judged.told or _word_hint(asked, max(hints, 1))
    return Result(asked.id, Standing.WRONG, (told,), _name_help(hints), keeper.take_remark())


def hint(exercise: str) -> Result:
    """Give the next hint of an exercise; after the third, the three of them. Raises UsageError as `check` does."""
    asked, keeper = _find(exercise), _keeper(Path.cwd())
    done = keeper.read().get(asked.id, Done())
    hints = min(done.hints + 1, len(HINTS))
    keeper.write(asked.id, replace(done, hints=hints))
    told = tuple(_word_hint(asked, number) for number in range(1, hints + 1))
    return Result(asked.id, Standing.HINT, told, _name_help(hints), keeper.take_remark())


def solution(exercise: str) -> Result:
    """Show the answer of an exercise, and why it is the answer. Raises UsageError as `check` does."""
    asked, keeper = _find(exercise), _keeper(Path.cwd())
    done = keeper.read().get(asked.id, Done())
    keeper.write(asked.id, replace(done, shown=done.shown or not done.solved))
    told = f"The answer is {name_answer(asked, open_cluster(asked.cluster))}."
    return Result(asked.id, Standing.SOLUTION, (told, asked.because), _name_next(asked), keeper.take_remark())


def progress(lab: str = "") -> Progress:
    """Return what was done so far in the working folder, exercise by exercise, as a table (``.frame``).

    Of all labs, or of one: ``hd.training.progress("b")``. Raises UsageError for a lab that does not exist.
    """
    keeper, chosen = _keeper(Path.cwd()), [_find_lab(lab)] if lab else [*LABS.values()]
    done = keeper.read()
    rows = tuple(
        {
            "exercise": each.id,
            "lab": of.title,
            "state": _word_state(done.get(each.id)),
            "tries": len(done[each.id].wrong) + done[each.id].solved if each.id in done else 0,
            "hints": done[each.id].hints if each.id in done else 0,
        }
        for of in chosen
        for each in of.exercises
    )
    return Progress(rows, keeper.take_remark())


def lab(letter: str) -> LabView:
    """Return the head of a lab: its goal and what is done of it. Raises UsageError for a lab that does not exist."""
    found = _find_lab(letter)
    done = _keeper(Path.cwd()).read()
    solved = tuple(each.id for each in found.exercises if done.get(each.id, Done()).solved)
    return LabView(found, solved)


def cluster(exercise: str) -> Cluster:
    """Open the cluster that an exercise is about (``"b2"``), or that of the worked example of a lab (``"b"``).

    Raises UsageError as `check` does.
    """
    found = LABS.get(str(exercise).strip().lower())
    return open_again(found.example if found else _find(exercise).cluster)


def join() -> Joining:
    """Return who writes which field while a host joins: a picture in notebooks, a table as ``.frame``."""
    return Joining()


@cache
def _keeper(folder: Path) -> Keeper:
    """One for each working folder, since it may have to remember what cannot be written."""
    return Keeper(folder / FILE)


def _find_lab(letter: str) -> Lab:
    found = LABS.get(str(letter).strip().lower())
    if found is None:
        raise UsageError(f"there is no lab {letter!r}; the labs are {', '.join(LABS)}")
    return found


def _find(exercise: str) -> Exercise:
    known = {each.id: each for of in LABS.values() for each in of.exercises}
    found = known.get(str(exercise).strip().lower())
    if found is None:
        near = did_you_mean(suggest_names(str(exercise), known)[:3]) or f"; they are {', '.join(known)}"
        raise UsageError(f"there is no exercise {exercise!r}{near}")
    return found


def _tell_empty(asked: Exercise, problem: str, keeper: Keeper) -> Result:
    """A gap that is as it was, or an answer that cannot be read, which counts as no attempt."""
    texts = (problem,) if problem else ()
    further = (
        "" if problem else "Write your answer in place of `...`, and run the cell again; `hint` there gives a hint."
    )
    return Result(asked.id, Standing.WRONG if problem else Standing.EMPTY, texts, further, keeper.take_remark())


def _word_hint(asked: Exercise, number: int) -> str:
    return f"{HINTS[number - 1]}: {asked.hints[number - 1]}"


def _name_help(hints: int) -> str:
    if hints < len(HINTS):
        return "Try again in the same cell; `answer = hint` gives the next hint."
    return "Try again in the same cell; `answer = solution` shows the solution."


def _name_next(asked: Exercise) -> str:
    """The exercise that comes next in its lab."""
    ids = [each.id for each in LABS[asked.id[0]].exercises]
    following = ids[ids.index(asked.id) + 1 :]
    return f"Next: {following[0]}, below." if following else "That was the last one of this lab; its summary is below."


def _word_state(done: Done | None) -> str:
    if done is None:
        return "not tried"
    if done.solved:
        return "solved after the solution" if done.shown else "solved"
    return "solution shown" if done.shown else "tried" if done.wrong else "hints only"
