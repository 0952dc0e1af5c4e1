"""What one node of an upgrade waits for."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from harvdiag.core.escape import shown
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import listed
from harvdiag.core.timestamps import Moment
from harvdiag.upgrade.handshake import Handshake
from harvdiag.upgrade.jobs import ACTIVE, COMPLETE, FAILED, Job
from harvdiag.upgrade.phases import DONE, PAUSED, PHASES, PRELOADED, STATES
from harvdiag.upgrade.run import NodeRollout, Rollout

__all__ = [
    "PRELOADING",
    "PREPARING",
    "UNLISTED",
    "Wait",
    "at_work",
    "chain",
    "ended",
    "has_turn",
    "job_words",
    "under_way",
    "wait_of",
]

UNLISTED, PRELOADING = "", "Images preloading"
BEFORE_NODES = {UNLISTED, PRELOADING, PRELOADED}
PREPARING, NODES = 5, 7
HOOKS = {"h2": "pre-drain", "h8": "post-drain"}
"""The steps at which Harvester is asked for a Job."""
WORKING = {"h2": "Pre-draining", "h8": "Post-draining"}
"""What a node's state is while that Job is at work; Harvester makes it only where the state is the one before."""
AT_ONCE = {"h5", "h11"}
"""The steps that the end of a Job, or of a restart, brings: who is to act next has been since then."""
MENDS = "somebody who mends it"


def __dir__() -> list[str]:
    return __all__


class Wait(NamedTuple):
    """Who is to act next, what is to happen, since when (RFC 3339, empty where nobody tells), and what shows it."""

    actor: str
    what: str
    since: str
    subject: ObjectRef


def has_turn(node: NodeRollout) -> bool:
    """It is between the begin and the end of its upgrade; a Job may still be at work on one that is done."""
    under_way = node.handshake is not None and not node.handshake.idle
    return node.state not in {DONE, *BEFORE_NODES} or under_way or _pending(node) is not None


def at_work(rollout: Rollout, but: Collection[ObjectRef]) -> str:
    """The first node whose Job is at work, neither of them among `but`; empty where there is none."""
    for node in rollout.nodes:
        jobs = {job.ref for job in node.jobs if job.state == ACTIVE}
        if jobs and not {node.ref, *jobs} & {*but}:
            return node.name
    return ""


def under_way(rollout: Rollout, but: Collection[ObjectRef]) -> str:
    """The first node in its turn that does not wait for somebody's help; empty where there is none."""
    for node in rollout.nodes:
        mine = {node.ref, *node.machines, *(secret for secret, _ in node.secrets)}
        if has_turn(node) and not mine & {*but} and wait_of(rollout, node).actor not in {"nobody", MENDS}:
            return node.name
    return ""


def wait_of(rollout: Rollout, node: NodeRollout) -> Wait:
    """Who is to act next for this node, for what, and since when."""
    if node.state in ENDS:
        return ENDS[node.state](rollout, node)
    if job := _pending(node):
        return Wait(MENDS if job.state == FAILED else "Harvester", job_words(job), job.began, job.ref)
    if node.handshake and not node.handshake.idle and node.secret:
        return _hand(rollout, node, node.handshake, node.secret)
    if node.state in BEFORE_NODES:
        return _before(rollout, node)
    return _between(rollout, node)


def _between(rollout: Rollout, node: NodeRollout) -> Wait:
    """A node that is done, or at work where no plan Secret tells more."""
    if node.state == DONE:
        return Wait("nobody", "it is done", ended(node), node.ref)
    if not rollout.snapshot.seen("Secret"):
        what = "which of them cannot be told: the plan Secrets, on which they ask and answer, were not seen"
        return Wait("Rancher or Harvester", what, ended(node), node.ref)
    doing = f"it {STATES[node.state].doing}" if node.state in STATES else f'its state is "{node.state}"'
    return Wait("Harvester", doing, ended(node), node.ref)


def _before(rollout: Rollout, node: NodeRollout) -> Wait:
    """A node whose turn has not come: it cannot, or first comes a phase or another node."""
    phase = rollout.upgrade.phase
    if why := chain(rollout, node):
        return Wait("nobody", why, "", node.ref)
    if phase and phase.number <= PREPARING and node.state in {UNLISTED, PRELOADING} and node.managed:
        began = phase.number == PREPARING or node.state
        at = next(phase for phase in PHASES if phase.number == PREPARING)
        what = "to load its images" if began else f"to load its images, in phase {PREPARING} ({at.label})"
        return Wait("the system-upgrade-controller", what, "", node.ref)
    if phase and phase.number < NODES:
        return Wait("the phases before", f"its turn comes in phase {NODES}, one node after the other", "", node.ref)
    if rollout.upgrade.single_node:
        return Wait("Harvester", "to start its Job single-node-upgrade", "", node.ref)
    now = [other.name for other in rollout.nodes if has_turn(other)]
    return Wait("Rancher's planner", f"to give it its turn{f', after {listed(now)}' if now else ''}", "", node.ref)


def _hand(rollout: Rollout, node: NodeRollout, of: Handshake, secret: ObjectRef) -> Wait:
    """The next hand of the drain's handshake; where the Job is over, that of Harvester is its answer alone."""
    step = of.step
    actor, _, what = of.waits_for.partition(", ")
    if step in HOOKS and (held := _hook(rollout, node, step, secret)):
        return held
    if step in AT_ONCE:
        back = node.ready_since if node.ready == "True" and node.state == DONE else ""
        return Wait(actor, what, max(ended(node), back, key=_place), secret)
    told = step == "h6" and next(
        (t for t in rollout.planner if {m.name for m in node.machines} & set(t.machines)), None
    )
    said = f' (Rancher says "{shown(told.message)}")' if told else ""
    last = max((job for job in node.jobs if job.ended), key=lambda job: _place(job.ended), default=None)
    over = f"; its {last.type} Job ended {Moment(last.ended)}" if last and Moment(last.ended) else ""
    return Wait(actor, f"{what}{said}{over}", "", secret)


def _hook(rollout: Rollout, node: NodeRollout, step: str, secret: ObjectRef) -> Wait | None:
    """Where Harvester is asked for a Job: what keeps it from making that Job, or from answering; None where nothing."""
    hook, mine = HOOKS[step], node.job(HOOKS[step])
    if mine and mine.state == COMPLETE:
        return Wait("Harvester", f"to acknowledge the {hook} hook, whose Job is complete", mine.ended, secret)
    if not rollout.snapshot.seen("Job"):
        return Wait("Harvester", f"for its {hook} hook; how far that is cannot be told: Jobs were not seen", "", secret)
    if node.state == WORKING[step] and mine is None:
        what = f"it is {node.state}, but has no {hook} Job, and Harvester makes one only in the state before"
        return Wait("nobody", what, "", secret)
    if rollout.upgrade.pauses.get(node.name) == "pause" and node.state in BEFORE_NODES:
        return _paused(rollout, node)
    others = [other.name for other in rollout.nodes if other is not node and _busy(other)]
    if others:
        return Wait("Harvester", f"to run the {hook} Job; it first waits for {listed(others)}", "", secret)
    return None


def _busy(other: NodeRollout) -> bool:
    """Whether Harvester starts no hook for another node because of this one; docs/objects.md#hazard-node-busy."""
    return _pending(other) is not None or other.state not in {DONE, PAUSED, *BEFORE_NODES}


def _failed(_: Rollout, node: NodeRollout) -> Wait:
    return Wait(MENDS, f"it failed: {_reason(node)}", ended(node), node.ref)


def _paused(rollout: Rollout, node: NodeRollout) -> Wait:
    if rollout.upgrade.pauses.get(node.name) == "unpause":
        return Wait("Harvester", "to take up that an administrator has released it", "", rollout.upgrade.ref)
    what = "to let it go on (the pause map of the Upgrade holds it)"
    return Wait("an administrator", what, "", rollout.upgrade.ref)


def _rebooting(_: Rollout, node: NodeRollout) -> Wait:
    return Wait("the host", f"to come back with {node.pending_os or 'the new system'}", ended(node), node.ref)


ENDS = {
    "Failed": _failed,
    PAUSED: _paused,
    "Waiting Reboot": _rebooting,
}
"""The states in which the state alone tells what is waited for."""


def chain(rollout: Rollout, node: NodeRollout) -> str:
    """Why a node's turn can never come, link by link from the first that is broken; empty where none is."""
    rest = "so Rancher never asks to drain it, so Harvester never starts its pre-drain Job"
    seen = rollout.snapshot.seen
    if not node.exists:
        return "there is no Node of this name any more, so nothing can be upgraded" if seen("Node") else ""
    if rollout.upgrade.single_node:
        return ""  # its one Job is started without any drain
    whose = f"the Machine that it names, {node.others[0].name}, belongs to another Node" if node.others else ""
    links = (
        (whose, f"{whose}, so it has no plan Secret of its own, {rest}"),
        (not node.machines and seen("Machine"), f"it has no Machine, so no plan Secret, {rest}"),
        (node.machines and not node.secrets and seen("Secret"), f"its Machine has no plan Secret, {rest}"),
        (len(node.secrets) > 1, "more than one plan Secret is its own, so Harvester does not know which to answer"),
    )
    return next((why for broken, why in links if broken), "")


def _pending(node: NodeRollout) -> Job | None:
    """Its last Job that is not over: at work, not yet begun, or failed."""
    return next((job for job in reversed(node.jobs) if job.pending), None)


def job_words(job: Job) -> str:
    """What a Job is doing."""
    words = {ACTIVE: "is at work", FAILED: f"has failed{f' ({job.reason})' if job.reason else ''}"}
    words |= {COMPLETE: "is complete, and Harvester has not yet gone on"}
    return f"Job {job.ref.name} {words.get(job.state, 'has not begun')}"


def _reason(node: NodeRollout) -> str:
    told = (node.status.reason, node.status.message) if node.status else ()
    return ": ".join(filter(None, told)) or "no reason given"


def ended(node: NodeRollout) -> str:
    """When the last Job of a node ended; empty where nobody tells."""
    return max((job.ended for job in node.jobs), key=_place, default="")


def _place(told: str) -> str:
    """A time so that it can be compared; one that is none comes first."""
    return str(Moment(told)) if Moment(told) else ""
