"""The steps of one node's drain: who takes each, what carries it, and its state; docs/objects.md#drain-steps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from harvdiag.core.timestamps import Timestamp, format_time
from harvdiag.upgrade.handshake import DRAIN_STEPS, KEYS, DrainStep, Handshake, annotation_name
from harvdiag.upgrade.jobs import COMPLETE
from harvdiag.upgrade.jobs import FAILED as JOB_FAILED
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.run import NodeUpgrade

__all__ = ["ACTORS", "STEPS", "Step", "StepState", "evaluate_steps", "name_carriers"]

RANCHER, SECRET, HARVESTER, JOB = range(4)
ACTORS = ("Rancher's planner", "plan Secret", "Harvester", "Job on the node")
"""The columns: who acts, and where the step is written."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: its name, from which actor to which, what is done, and the annotation or object that carries it.

    `next` says who has to act while it is waited for.
    """

    name: DrainStep
    source: int
    target: int
    what: str
    carrier: str
    next: str


class StepState(NamedTuple):
    """The state of a step: `mark` is ``good`` (done), ``now`` (waited for), ``error`` (will not come on its own),
    ``wait`` (to come), ``absent`` (can never come) or ``unseen``; `at` is when it was (RFC 3339), empty where unknown.
    """

    step: Step
    mark: str
    at: str

    @property
    def time(self) -> str:
        """The time of day, ``09:31``, UTC; empty where unknown."""
        at = Timestamp(self.at).at
        return f"{at:%H:%M}" if at else ""


STEP_TEXTS = (
    (RANCHER, SECRET, "announces the drain", KEYS["drain-options"], "Rancher is to announce it"),
    (
        RANCHER,
        SECRET,
        "cordons; asks for the pre-drain hook",
        KEYS["pre-drain"],
        "Rancher is to cordon it and to ask for the pre-drain hook",
    ),
    (HARVESTER, JOB, "starts the pre-drain Job", "Job pre-drain", "Harvester is to start its pre-drain Job"),
    (
        JOB,
        HARVESTER,
        "VMs out, volumes healthy",
        "Job pre-drain: Complete",
        "its pre-drain Job is not complete: VMs leave, volumes become healthy",
    ),
    (
        HARVESTER,
        SECRET,
        "answers the pre-drain hook",
        KEYS["pre-hook"],
        "Harvester is to answer the pre-drain hook",
    ),
    (RANCHER, SECRET, "has drained the node", KEYS["drain-done"], "Rancher is to drain it"),
    (
        RANCHER,
        SECRET,
        "new plan: RKE2; then uncordon",
        KEYS["uncordon"],
        "Rancher and the node's agent are to apply the new plan",
    ),
    (
        RANCHER,
        SECRET,
        "asks for the post-drain hook",
        KEYS["post-drain"],
        "Rancher is to ask for the post-drain hook",
    ),
    (HARVESTER, JOB, "starts the post-drain Job", "Job post-drain", "Harvester is to start its post-drain Job"),
    (
        JOB,
        HARVESTER,
        "new system is installed",
        "Job post-drain: Complete",
        "its post-drain Job installs the new system, then it restarts",
    ),
    (
        HARVESTER,
        SECRET,
        "answers the post-drain hook",
        KEYS["post-hook"],
        "Harvester is to answer the post-drain hook",
    ),
    (RANCHER, SECRET, "uncordons; clears all of these", "all annotations gone", "Rancher is to uncordon it"),
)
STEPS = tuple(
    Step(name=shown.step, source=source, target=target, what=what, carrier=carrier, next=task)
    for shown, (source, target, what, carrier, task) in zip(DRAIN_STEPS, STEP_TEXTS, strict=True)
)
"""The steps of the handshake, each with its actors and texts."""
HOOK_KEYS = {KEYS[key]: key for key in ("pre-hook", "post-hook")}
ASKS = {shown.step: shown.key for shown in DRAIN_STEPS if shown.key and not shown.answers}
ANSWERS = {shown.step: (shown.answers, shown.key) for shown in DRAIN_STEPS if shown.answers}
JOBS = {shown.step: shown.job for shown in DRAIN_STEPS if shown.job}
STARTS = {DrainStep.PRE_DRAIN_JOB_STARTED, DrainStep.POST_DRAIN_JOB_STARTED}
BEYOND = (DrainStep.DRAINED, DrainStep.UNCORDON_REQUESTED, DrainStep.POST_DRAIN_REQUESTED)
"""What Rancher does only once the pre-drain hook was answered."""


def evaluate_steps(node: NodeUpgrade, broken: str, absent: bool, unseen: bool) -> list[StepState]:
    """Return the state of every step. `broken` says why the next will not come on its own, empty where it may.

    `absent`: there is no plan Secret, so none can come; `unseen`: the plan Secrets were not seen.
    """
    if absent or unseen:
        first = "unseen" if unseen else "error"
        return [StepState(step, "absent" if absent and at else first, "") for at, step in enumerate(STEPS)]
    hand = node.handshake
    if hand is None or (hand.idle and node.place == DONE):
        return [StepState(step, "good", _step_time(node, step)) for step in STEPS]
    done = _count_done(node, hand)
    return list(_mark_steps(node, done, broken))


def name_carriers(states: Iterable[StepState], v2: bool) -> Iterator[StepState]:
    """Return the steps with the annotations of Upgrade V2, which has answers of its own; of V1 as they are."""
    for state in states:
        key = HOOK_KEYS.get(state.step.carrier) if v2 else None
        named = replace(state.step, carrier=annotation_name(key, v2)) if key else state.step
        yield state._replace(step=named)


def _mark_steps(node: NodeUpgrade, done: int, broken: str) -> Iterator[StepState]:
    for at, step in enumerate(STEPS):
        mark = "good" if at < done else "wait"
        if at == done:
            mark = "error" if broken or _has_failed(node, step) else "now"
        yield StepState(step, mark, _step_time(node, step) if mark == "good" else "")


def _count_done(node: NodeUpgrade, hand: Handshake) -> int:
    """How many steps are done: up to the last with any trace, as each needs the one before.

    A request that is not answered ends the count, even if a Job exists.
    """
    seen = [at for at, step in enumerate(STEPS) if _is_seen(node, hand, step.name)]
    last = max(seen, default=-1) + 1
    for at, step in enumerate(STEPS[:last]):
        if step.name in ANSWERS and hand.is_unanswered(*ANSWERS[step.name]) and not _has_moved_on(hand, step.name):
            return at
    return last


def _has_moved_on(hand: Handshake, name: DrainStep) -> bool:
    """Whether Rancher took a later step, so that the answer must have come."""
    later = BEYOND if name is DrainStep.PRE_DRAIN_ACKNOWLEDGED else ()
    return any(ASKS[step] in hand.values for step in later)


def _is_seen(node: NodeUpgrade, hand: Handshake, name: DrainStep) -> bool:
    if name in ASKS:
        return ASKS[name] in hand.values
    if name in ANSWERS:
        request, answer = ANSWERS[name]
        return request in hand.values and not hand.is_unanswered(request, answer)
    if hand.idle or name not in JOBS:
        return False
    job = node.job(JOBS[name])
    return job is not None and (name in STARTS or job.state == COMPLETE)


def _has_failed(node: NodeUpgrade, step: Step) -> bool:
    job = node.job(JOBS[step.name]) if step.name in JOBS else None
    return job is not None and job.state == JOB_FAILED


def _step_time(node: NodeUpgrade, step: Step) -> str:
    """When it was, of steps with a Job; of others no time is known."""
    job = node.job(JOBS[step.name]) if step.name in JOBS else None
    at = Timestamp(job.began if step.name in STARTS else job.ended).at if job else None
    return format_time(at) if at else ""
