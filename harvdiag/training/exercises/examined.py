"""The answers to an exam: its faults, what happened, and a next step for each, compared with its solution."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.core.errors import UsageError
from harvdiag.core.escape import format_value
from harvdiag.core.fields import name_of
from harvdiag.core.model import Finding
from harvdiag.core.suggest import join_names
from harvdiag.rules import registry
from harvdiag.training.exercise import Exercise, Form, always
from harvdiag.training.exercises.acting import judge_next
from harvdiag.training.exercises.judging import judge_answer
from harvdiag.training.exercises.reading import Reading, read_answer
from harvdiag.training.exercises.result import Result, Standing
from harvdiag.training.library.changes import pairs, services, storage
from harvdiag.training.library.model import Solution
from harvdiag.training.world.objects import number

__all__ = ["Paper", "check_faults", "check_step", "check_stories", "list_stories"]

OTHERS, TOLD = 3, 3
"""How many stories are not true, and about how many wrong names something is told."""
KINDS = ("Node", "Machine", "Upgrade", "KubeVirt", "Cluster", "Volume.longhorn.io", "Job", "Secret")
STORIES = (
    pairs.cordon,
    pairs.delete_custom_machine,
    pairs.forget_host,
    pairs.half_join,
    pairs.leave_etcd,
    pairs.leave_machine,
    pairs.lose_plan_secret,
    pairs.pause_cluster,
    pairs.recreate_node,
    pairs.reuse_old_install,
    pairs.swap_machines,
    pairs.take_managed_label,
    services.stop_kubevirt,
    storage.degrade_volume,
    storage.fault_volume,
)


@dataclass(frozen=True)
class Paper:
    """What an answer is compared with."""

    seed: int
    difficulty: int
    cluster: Cluster
    solution: Solution


def list_stories(exam: Paper) -> dict[str, str]:
    """What happened, among what did not, by letter; of one exam always the same."""
    known = {each.summary for each in exam.solution.made}
    false = {(change.__doc__ or "").partition("\n")[0] for change in STORIES} - known
    mixed = _mix(exam, [*_true_stories(exam), *_mix(exam, sorted(false))[:OTHERS]])
    return dict(zip(ascii_lowercase, mixed, strict=False))


def check_stories(exam: Paper, letters: Any) -> Result:
    """Compare letters with what happened."""
    choices, true = list_stories(exam), _true_stories(exam)
    right = "".join(letter for letter, text in choices.items() if text in true)
    judged = judge_answer(_asked(Form.CHOICES, choices=choices, answer=right), letters, exam.cluster)
    if judged.right:
        return _result(exam, Standing.RIGHT, ["That is what happened."], "Next: a step for each, `.check_step`.")
    if judged.right is None and not judged.told:
        return _result(exam, Standing.EMPTY, [], "Give letters of its `.stories`.")
    return _result(exam, Standing.WRONG, [judged.told or "What would each of them leave behind? Look for that."])


def check_faults(exam: Paper, given: Any) -> Result:
    """Compare names of objects with those at which the search ends."""
    reading = read_answer(given, _asked(Form.NAMES))
    if reading.blank:
        return _result(exam, Standing.EMPTY, [], "Give the names of the objects at which something is wrong.")
    if reading.problem:
        return _result(exam, Standing.WRONG, [reading.problem])
    faults, named = _faults(exam), reading.items - registry().keys()
    names = {fault.subject.name for fault in faults}
    if named == names:
        all_named = join_names([f"{fault.rule} of {fault.subject.name}" for fault in faults])
        return _result(
            exam,
            Standing.RIGHT,
            [f"All of them: {all_named}."],
            "Next: its `.stories`.",
        )
    missing = [fault for fault in faults if fault.subject.name not in named]
    told = [f"{len(faults) - len(missing)} of {len(faults)} found."] if named & names else []
    told += [_tell_extra(exam, name, missing) for name in sorted(named - names)[:TOLD]]
    kinds = join_names(sorted({fault.subject.kind for fault in missing}))
    return _result(exam, Standing.WRONG, [*told, *([f"What is missing is of the kind {kinds}."] if missing else [])])


def check_step(exam: Paper, fault: Any, step: Any) -> Result:
    """Judge a next step for a fault."""
    asked = read_answer(step, _asked(Form.ACTION))
    of = read_answer(fault, _asked(Form.NAMES))
    if of.blank or asked.blank:
        return _result(exam, Standing.EMPTY, [], "Name a fault, and a next step for it.")
    found = [each for each in _faults(exam) if _is_meant(each, fault, of)]
    if asked.problem or len(found) != 1:
        return _result(exam, Standing.WRONG, [asked.problem or _tell_meant(of, found)])
    try:
        judged = judge_next(next(iter(asked.items)), exam.cluster, found[0])
    except UsageError as error:
        return _result(exam, Standing.WRONG, [f"This step cannot be played: {error}"])
    return _result(exam, Standing.RIGHT if judged.safe else Standing.WRONG, [judged.told])


def _faults(exam: Paper) -> list[Finding]:
    """The findings at which the search ends."""
    wanted = exam.solution.finds
    return [each for each in exam.cluster.check() if f"{each.rule} {each.subject.kind}/{each.subject.name}" in wanted]


def _true_stories(exam: Paper) -> list[str]:
    return list(dict.fromkeys(each.summary for each in exam.solution.made if each.finds))


def _mix(exam: Paper, texts: Sequence[str]) -> list[str]:
    return sorted(texts, key=lambda text: number(10**12, "stories", exam.seed, exam.difficulty, text))


def _is_meant(fault: Finding, given: Any, of: Reading) -> bool:
    """Whether a fault was given, or is named: by its object, and where a check is named, by that."""
    if isinstance(given, Finding):
        return given.fingerprint == fault.fingerprint
    return fault.subject.name in of.items and (fault.rule in of.items or not of.items & registry().keys())


def _tell_meant(of: Reading, found: Sequence[Finding]) -> str:
    if found:
        return f"There are {len(found)} faults at it: name the check, too, such as {found[0].rule}."
    return f"No search ends at {join_names(sorted(of.items))}: name a fault as `.check` takes it."


def _tell_extra(exam: Paper, name: str, missing: Sequence[Finding]) -> str:
    """Why a name is none of the answer."""
    cluster = exam.cluster
    if any(each.subject.name == name and each.caused_by for each in cluster.check()):
        return f"What is found at {name} follows from another finding: go on to its cause."
    near = next((each for each in missing if name in _mentioned(each)), None)
    if near is not None:
        return f"{name} has to do with it, and the fault is at an object of the kind {near.subject.kind}."
    kinds = [kind for kind in KINDS if name in map(name_of, cluster.snapshot.objects(kind))]
    return (
        f"Nothing is wrong at {kinds[0]} {name}."
        if kinds
        else f"Nothing that can be at fault is called {format_value(name)}."
    )


def _mentioned(fault: Finding) -> Iterator[str]:
    """Each name in what a finding tells."""
    yield from (target.name for target in fault.targets)
    yield from (str(row.value).lower() for row in fault.evidence)
    yield from (row.object.name for row in fault.evidence)


def _asked(form: Form, choices: dict[str, str] | None = None, answer: str = "") -> Exercise:
    """The question of an exam, as far as it decides how an answer is read."""
    return Exercise(
        id="exam",
        question="",
        form=form,
        cluster="",
        answer=always(answer),
        wrong=(),
        hints=("", "", ""),
        because="",
        choices=choices or {},
    )


def _result(exam: Paper, standing: Standing, texts: Sequence[str], further: str = "") -> Result:
    return Result(f"exam {exam.seed}", standing, tuple(texts), further)
