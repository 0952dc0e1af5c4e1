"""An answer as a learner gives it, brought into the one form in which answers are compared; nothing here raises."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import isnan
from typing import Any

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.cure.model import Action, Simulation
from harvdiag.cure.plan import Way
from harvdiag.status.glossary import find_term
from harvdiag.training.exercise import Exercise, Form

__all__ = ["Reading", "read_answer"]

MOST, MOST_WORDS = 10_000, 20
LONGEST = 5_000
"""The characters of the longest text that is read: the names of all nodes, and no more."""
DEEPEST = 5
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
TRUTHS = {"true": "yes", "yes": "yes", "y": "yes", "1": "yes", "false": "no", "no": "no", "n": "no", "0": "no"}
BLANKS = {"", "...", "…", "?"}
JOINED = {"and", "or", "node", "nodes", "machine", "machines", "the"}
"""Words around names: "Node srv09 and srv10"."""
NUMBER = re.compile(r"[^\d.-]*(-?\d+(?:\.\d+)?)[^\d]*")


class _UnreadableError(ValueError):
    """What was given cannot be an answer; the text says what to give instead."""


@dataclass(frozen=True)
class Reading:
    """An answer as read: nothing yet (`blank`), why it cannot be read (`problem`), or the `items` to compare."""

    items: frozenset[str] = frozenset()
    blank: bool = False
    problem: str = ""


def read_answer(given: Any, exercise: Exercise) -> Reading:
    """Read an answer: text, numbers, lists, tables and columns, objects of harvdiag, in any order and any case.

    What cannot be read raises nothing: the `problem` says what to give.
    """
    try:
        if _is_blank(given):
            return Reading(blank=True)
        items = frozenset(map(escape_text, READERS[exercise.form](_measure(given), exercise)))
    except _UnreadableError as error:
        return Reading(problem=str(error))
    except Exception:
        return Reading(problem=_asked_for(given, exercise))
    return Reading(items, blank=not items and not _is_collection(given))


def _is_blank(given: Any) -> bool:
    """Whether a gap is as it was: ``...``, None, an empty text, or a list of nothing else."""
    if given is None or given is ... or (isinstance(given, float) and isnan(given)):
        return True
    if isinstance(given, str):
        return given.strip() in BLANKS
    return isinstance(given, list | tuple | set) and bool(given) and all(_is_blank(each) for each in given)


def _measure(given: Any) -> Any:
    if isinstance(given, str) and len(given) > LONGEST:
        raise _UnreadableError(f"That is a text of {len(given)} characters: give no more than the answer.")
    return given


def _is_collection(given: Any) -> bool:
    return hasattr(given, "__len__") and not isinstance(given, str)


def _asked_for(given: Any, exercise: Exercise) -> str:
    kind = f" of the kind {exercise.kind}" if exercise.kind else ""
    several = exercise.form in {Form.NAMES, Form.CHOICES}
    asked = f"{str(exercise.form).capitalize()}{kind} are" if several else f"A {exercise.form}{kind} is"
    return f"{asked} asked for; this is of the type {type(given).__name__}."


def _read_names(given: Any, exercise: Exercise) -> Iterator[str]:
    for text in islice(_flatten(given, exercise), MOST):
        yield from (name for name in _split_names(text) if name and name not in JOINED)


def _split_names(text: str) -> Iterator[str]:
    """The names of a text, without quotes, brackets, kinds and namespaces: ``Node/srv09``, ``fleet-local/custom-…``."""
    for word in re.split(r"[\s,;]+", text.lower()):
        yield word.strip("'\"`()[]{}.:").rpartition("/")[2]


def _flatten(given: Any, exercise: Exercise, depth: int = 0) -> Iterator[str]:
    """Every text within what was given."""
    if depth > DEEPEST or _is_blank(given):
        return
    if isinstance(given, str | int | float) and not isinstance(given, bool):
        yield str(_measure(given))
    elif isinstance(given, Finding | ObjectRef):
        yield given.subject.name if isinstance(given, Finding) else given.name
    elif isinstance(given, Mapping) and isinstance(meta := given.get("metadata"), Mapping):
        yield str(_measure(meta["name"]))
    else:
        for each in islice(_elements(given, exercise), MOST):
            yield from _flatten(each, exercise, depth + 1)


def _elements(given: Any, exercise: Exercise) -> Iterable[Any]:
    """What a table, a column, a row or a collection has; a single object is its name."""
    if callable(given) and not hasattr(given, "__iter__"):
        raise _UnreadableError("That is a function: call it, with parentheses.")
    if hasattr(given, "columns") and hasattr(given, "iloc"):
        return _column(given, exercise)
    if hasattr(given, "iloc"):
        return _series(given, exercise)
    if isinstance(given, Iterable):
        return given
    name = getattr(given, "name", getattr(given, "node", None))
    if not isinstance(name, str):
        raise _UnreadableError(_asked_for(given, exercise))
    return [name]


def _column(frame: Any, exercise: Exercise) -> Iterable[Any]:
    """The column of a table that has the names."""
    columns = [str(name) for name in frame.columns]
    for name in (exercise.kind.lower(), "name", *(columns if len(columns) == 1 else ())):
        if name in columns:
            return [*frame[name].dropna()]
    raise _UnreadableError(f'That is a whole table: give one of its columns, such as table["{columns[0]}"].')


def _series(series: Any, exercise: Exercise) -> Iterable[Any]:
    """A column, or a row, which has names of columns as its index."""
    index = [str(name) for name in series.index]
    for name in (exercise.kind.lower(), "name"):
        if name in index:
            return [series[name]]
    if str(series.dtype) in {"bool", "boolean"}:
        raise _UnreadableError("That is a column of True and False: select the rows with it, table[column], first.")
    return [*series.dropna()]


def _read_number(given: Any, exercise: Exercise) -> Iterator[str]:
    if type(given).__name__.startswith("bool"):  # Python's, or numpy's
        raise _UnreadableError("A number is asked for, not True or False.")
    if isinstance(given, str):
        word = given.strip().lower()
        found = NUMBER.fullmatch(word)
        number = float(NUMBERS.index(word)) if word in NUMBERS else float(found[1]) if found else None
    elif _is_collection(given):
        raise _UnreadableError("A number is asked for; this is a collection: len(…) counts what is in it.")
    else:
        number = float(given)
    if number is None:
        raise _UnreadableError(_asked_for(given, exercise))
    yield f"{number:g}"


def _read_truth(given: Any, _exercise: Exercise) -> Iterator[str]:
    word = str(given).strip().lower()
    if word not in TRUTHS:
        raise _UnreadableError("Yes or no is asked for: True or False.")
    yield TRUTHS[word]


def _read_word(given: Any, exercise: Exercise) -> Iterator[str]:
    for text in islice(_flatten(given, exercise), MOST_WORDS):
        yield _bare(_term(text))


def _term(text: str) -> str:
    """The name that the glossary has for a word; the word itself where it has none."""
    try:
        return find_term(text.strip().strip("'\"`")).name
    except UsageError:
        return text


def _bare(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", text.lower())


def _read_choice(given: Any, exercise: Exercise) -> Iterator[str]:
    letters = sorted(_read_choices(given, exercise))
    if len(set(letters)) != 1:
        raise _UnreadableError("One letter is asked for.")
    yield letters[0]


def _read_choices(given: Any, exercise: Exercise) -> Iterator[str]:
    texts = {_bare(text): letter for letter, text in exercise.choices.items()}
    for text in islice(_flatten(given, exercise), MOST):
        word = _bare(text)
        found = [texts[word]] if word in texts else [*re.sub(r"\band\b|[^a-z0-9]", "", text.lower())]
        if not found or not set(found) <= set(exercise.choices):
            raise _UnreadableError(f"A letter is asked for: {', '.join(exercise.choices)}.")
        yield from found


def _read_action(given: Any, exercise: Exercise) -> Iterator[str]:
    """The text of a step; a simulation is that of its action, a way out of a runbook its name."""
    step = given.action if isinstance(given, Simulation) else given.name if isinstance(given, Way) else given
    if not isinstance(step, str | Action):
        raise _UnreadableError(_asked_for(given, exercise))
    yield " ".join(str(step).split())


READERS = {
    Form.NAME: _read_names,
    Form.NAMES: _read_names,
    Form.NUMBER: _read_number,
    Form.TRUTH: _read_truth,
    Form.WORD: _read_word,
    Form.CHOICE: _read_choice,
    Form.CHOICES: _read_choices,
    Form.ACTION: _read_action,
}
