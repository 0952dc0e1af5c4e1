"""Whether an answer is right, and if not, what the learner is told: of this answer, else of answers of its sort."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.escape import format_value
from harvdiag.core.fields import name_of
from harvdiag.training.exercise import Exercise, Form
from harvdiag.training.exercises.acting import name_step, try_step
from harvdiag.training.exercises.reading import Reading, read_answer

__all__ = ["Judgement", "judge_answer", "name_answer"]

KINDS = ("Node", "Machine", "Secret", "Upgrade", "Job")
"""The kinds that are looked through for a name, to say what it is."""


@dataclass(frozen=True)
class Judgement:
    """What an answer comes to: `right` is None where there is none yet, or none that can be read (`told` says why).

    `told` is the hint made for a wrong answer; empty where none was made. `digest` tells wrong answers apart.
    """

    right: bool | None
    told: str = ""
    digest: str = ""


def judge_answer(exercise: Exercise, given: Any, cluster: Cluster) -> Judgement:
    """Compare an answer with the one that is computed from the cluster."""
    reading = read_answer(given, exercise)
    if reading.blank or reading.problem:
        return Judgement(None, reading.problem)
    digest = sha256("\n".join(sorted(reading.items)).encode()).hexdigest()[:12]
    if exercise.form is Form.ACTION:
        return _judge_step(exercise, next(iter(reading.items)), cluster, digest)
    right = _computed(exercise, exercise.answer(cluster))
    if reading.items == right.items:
        return Judgement(True)
    return Judgement(False, _tell_wrong(exercise, reading, right, cluster), digest)


def name_answer(exercise: Exercise, cluster: Cluster) -> str:
    """The right answer in words, for the solution."""
    answer = exercise.answer(cluster)
    if exercise.form in {Form.CHOICE, Form.CHOICES}:
        return "; ".join(f"{letter}: {exercise.choices[letter]}" for letter in answer)
    if exercise.form is Form.TRUTH:
        return "yes" if answer else "no"
    return ", ".join(map(str, answer)) if isinstance(answer, list | tuple) else str(answer)


def _judge_step(exercise: Exercise, text: str, cluster: Cluster, digest: str) -> Judgement:
    """Whether a step does what the model answer does, and no harm; if not, what it would do."""
    name = name_step(text, cluster)
    faults = cluster.check().roots
    for wrong in exercise.wrong:
        if name == name_step(wrong.answer(cluster), cluster):
            return Judgement(False, wrong.hint, digest)
    try:
        tried = try_step(name, cluster, faults)
    except UsageError as error:
        return Judgement(None, f"That cannot be played: {error}")
    tried = tried.against(try_step(exercise.answer(cluster), cluster, faults).gone)
    return Judgement(True) if tried.safe else Judgement(False, tried.told, digest)


def _computed(exercise: Exercise, answer: Any) -> Reading:
    """An answer of the declaration. One that cannot be read is a fault of it."""
    reading = read_answer(answer, exercise)
    if reading.problem:
        raise ValueError(f"exercise {exercise.id} declares an answer that cannot be read: {reading.problem}")
    return reading


def _tell_wrong(exercise: Exercise, reading: Reading, right: Reading, cluster: Cluster) -> str:
    for wrong in exercise.wrong:
        if _computed(exercise, wrong.answer(cluster)).items == reading.items:
            return wrong.hint
    if exercise.form in {Form.NAME, Form.NAMES}:
        return _tell_names(exercise, reading, right, cluster)
    if exercise.form is Form.CHOICES:
        return _tell_part(reading, right)
    return ""


def _tell_names(exercise: Exercise, reading: Reading, right: Reading, cluster: Cluster) -> str:
    known = {kind: {name_of(obj) for obj in cluster.snapshot.objects(kind)} for kind in KINDS}
    for name in sorted(reading.items - right.items):
        kinds = [kind for kind in KINDS if name in known[kind]]
        if exercise.kind in KINDS and kinds and exercise.kind not in kinds:
            return f"{name} is the name of an object of the kind {kinds[0]}; the kind {exercise.kind} is asked for."
        if exercise.kind in KINDS and not kinds:
            return f"There is no {exercise.kind} {format_value(name)} in this cluster."
    return _tell_part(reading, right) if exercise.form is Form.NAMES else ""


def _tell_part(reading: Reading, right: Reading) -> str:
    """How a set differs from the right one, where it has some of it."""
    if reading.items < right.items:
        return f"Right so far, and not all: {len(right.items - reading.items)} more."
    if reading.items > right.items:
        return "All that belong to the answer are there, and something that does not."
    return ""
