"""What one node of an upgrade is waiting for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from harvdiag.core.escape import format_value
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.upgrade.handshake import DrainStep, Handshake
from harvdiag.upgrade.jobs import ACTIVE, COMPLETE, FAILED, Job
from harvdiag.upgrade.phases import (
    DONE,
    NODES,
    PAUSED,
    POST_DRAINING,
    PRE_DRAINING,
    PRELOADED,
    PRELOADING,
    PREPARING,
    REBOOT,
    Phase,
)
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.v2 import UpgradePlan
from harvdiag.upgrade.waiting.record import Wait, WaitReason, blocked_wait

__all__ = [
    "UNLISTED",
    "describe_job",
    "find_active_node",
    "find_broken_chain",
    "find_moving_node",
    "find_named_node",
    "find_node_wait",
    "is_upgrading",
    "last_job_end",
]

UNLISTED = ""
BEFORE_NODES = {UNLISTED, PRELOADING, PRELOADED}
HOOKS = {DrainStep.PRE_DRAIN_REQUESTED: "pre-drain", DrainStep.POST_DRAIN_REQUESTED: "post-drain"}
"""The steps at which Harvester is asked for a Job."""
WORKING = {DrainStep.PRE_DRAIN_REQUESTED: PRE_DRAINING, DrainStep.POST_DRAIN_REQUESTED: POST_DRAINING}
"""The state of a node while that Job runs; Harvester creates it only in the state before."""
AT_ONCE = {DrainStep.PRE_DRAIN_ACKNOWLEDGED, DrainStep.POST_DRAIN_ACKNOWLEDGED}
"""The steps that begin with the end of a Job or of a restart: the wait began then."""
PAUSE_MAP = "the pause map of the Upgrade holds it"
REPAIR = "an administrator (manual fix needed)"
AFTER = ("so Rancher never asks to drain it", "so Harvester never starts its pre-drain Job")
"""The consequence where a node has no plan Secret of its own."""


def is_upgrading(node: NodeUpgrade) -> bool:
    """Whether it is between the begin and the end of its upgrade; a Job may still run on one that is done."""
    under_way = node.handshake is not None and not node.handshake.idle
    return node.place not in {DONE, *BEFORE_NODES} or under_way or _pending_job(node) is not None


def find_active_node(run: UpgradeRun, but: Collection[ObjectRef]) -> str:
    """Return the first node with a running Job, neither of them among `but`; empty where there is none."""
    for node in run.nodes:
        jobs = {job.ref for job in node.jobs if job.state == ACTIVE}
        if jobs and not {node.ref, *jobs} & {*but}:
            return node.name
    return ""


def find_moving_node(run: UpgradeRun, but: Collection[ObjectRef]) -> str:
    """Return the first node being upgraded that needs no manual help; empty where there is none."""
    for node in run.nodes:
        own_objects = {node.ref, *node.machines, *(secret for secret, _ in node.secrets)}
        if not is_upgrading(node) or own_objects & {*but}:
            continue
        found = find_node_wait(run, node)
        if not (found.never or found.broken or found.reason is WaitReason.DONE):
            return node.name
    return ""


def find_named_node(run: UpgradeRun, but: Collection[ObjectRef]) -> str:
    """Return the node that Rancher's planner names as the next; empty where it names none, or one that cannot be it.

    Not where it reports an error, nor where one that it names is among `but`: others wait for that one.
    """
    for message in run.planner:
        named = [node for node in run.waiting if {machine.name for machine in node.machines} & {*message.machines}]
        concerned = {ref for node in named for ref in (node.ref, *node.machines)} & {*but}
        if not named or concerned or message.error:
            continue
        if all(find_node_wait(run, node).reason is WaitReason.TURN for node in named):
            return named[0].name
    return ""


def find_node_wait(run: UpgradeRun, node: NodeUpgrade) -> Wait:
    """Find who is to act next for this node, for what, and since when."""
    if node.place in ENDS:
        return ENDS[node.place](run, node)
    if job := _pending_job(node):
        return _wait_for_job(job)
    if node.handshake and not node.handshake.idle and node.secret:
        return _wait_for_step(run, node, node.handshake, node.secret)
    if node.place in BEFORE_NODES:
        return _wait_for_turn(run, node)
    return _wait_between(run, node)


def _wait_for_job(job: Job) -> Wait:
    failed = job.state == FAILED
    return Wait(
        actor=REPAIR if failed else "Harvester",
        what=describe_job(job),
        subject=job.ref,
        reason=WaitReason.JOB_FAILED if failed else WaitReason.JOB,
        since=job.began,
        names=(job.ref.name,),
    )


def _wait_between(run: UpgradeRun, node: NodeUpgrade) -> Wait:
    """A node that is done, or in progress where no plan Secret shows more."""
    if node.place == DONE:
        return blocked_wait(WaitReason.DONE, "it is done", node.ref, since=last_job_end(node))
    if not run.snapshot.seen("Secret"):
        what = "which of them is unknown: the plan Secrets, with their requests and answers, were not seen"
        hands, reason = "Rancher or Harvester", WaitReason.UNSEEN
        return Wait(actor=hands, what=what, subject=node.ref, reason=reason, since=last_job_end(node))
    doing = f"it {node.doing}" if node.doing else f'its state is "{node.state}"'
    return Wait(actor="Harvester", what=doing, subject=node.ref, reason=WaitReason.WORK, since=last_job_end(node))


def _wait_for_turn(run: UpgradeRun, node: NodeUpgrade) -> Wait:
    """A node whose turn has not come: it cannot, or first comes a phase or another node."""
    phase = run.upgrade.phase
    if lost := find_broken_chain(run, node):
        return lost
    if phase and phase.place <= PREPARING and node.place in {UNLISTED, PRELOADING} and node.managed:
        began = phase.place == PREPARING or node.state
        at = _phase_at(run, PREPARING)
        what = "to load its images" if began else f"to load its images, in phase {at.number} ({at.label})"
        actor = at.actor if run.upgrade.v2 else "the system-upgrade-controller"
        return Wait(actor=actor, what=what, subject=node.ref, reason=WaitReason.IMAGES)
    if phase and phase.place < NODES:
        what = f"its turn comes in phase {_phase_at(run, NODES).number}, one node after the other"
        return Wait(actor="the phases before", what=what, subject=node.ref, reason=WaitReason.PHASE)
    if run.upgrade.single_node:
        what = "to start its Job single-node-upgrade"
        return Wait(actor="Harvester", what=what, subject=node.ref, reason=WaitReason.START)
    now = [other.name for other in run.nodes if is_upgrading(other)]
    what = f"to give it its turn{f', after {join_names(now)}' if now else ''}"
    return Wait(actor="Rancher's planner", what=what, subject=node.ref, reason=WaitReason.TURN, names=tuple(now))


def _phase_at(run: UpgradeRun, place: int) -> Phase:
    """The phase of this upgrade at a place of V1."""
    return next(phase for phase in run.upgrade.phases if phase.place == place)


def _wait_for_step(run: UpgradeRun, node: NodeUpgrade, of: Handshake, secret: ObjectRef) -> Wait:
    """The next actor of the drain's handshake; where the Job is over, only Harvester's answer is missing."""
    step = of.step
    hand, reason = of.waits_for, WaitReason.HANDSHAKE
    if step in HOOKS and (held := _wait_for_hook(run, node, step, secret)):
        return held
    if step in AT_ONCE:
        back = node.ready_since if node.ready == "True" and node.place == DONE else ""
        since = latest_time(last_job_end(node), back)
        return Wait(actor=hand.actor, what=hand.task, subject=secret, reason=reason, since=since)
    planner_message = step is DrainStep.DRAINED and next(
        (t for t in run.planner if {m.name for m in node.machines} & set(t.machines)), None
    )
    quoted = f' (Rancher says "{format_value(planner_message.message)}")' if planner_message else ""
    last = max((job for job in node.jobs if job.ended), key=lambda job: Timestamp(job.ended), default=None)
    over = f"; its {last.type} Job ended {Timestamp(last.ended)}" if last and Timestamp(last.ended) else ""
    return Wait(actor=hand.actor, what=f"{hand.task}{quoted}{over}", subject=secret, reason=reason)


def _wait_for_hook(run: UpgradeRun, node: NodeUpgrade, step: DrainStep, secret: ObjectRef) -> Wait | None:
    """Where Harvester is asked for a Job: what keeps it from creating that Job or from answering, or None."""
    hook, hook_job = HOOKS[step], node.job(HOOKS[step])
    if hook_job and hook_job.state == COMPLETE:
        what, reason = f"to acknowledge the {hook} hook, whose Job is complete", WaitReason.ACKNOWLEDGE
        return Wait(actor="Harvester", what=what, subject=secret, reason=reason, since=hook_job.ended)
    if not run.snapshot.seen("Job"):
        what = f"for its {hook} hook; its progress is unknown: Jobs were not seen"
        return Wait(actor="Harvester", what=what, subject=secret, reason=WaitReason.HOOK)
    if node.place == WORKING[step] and hook_job is None:
        what = f"it is {node.state}, but has no {hook} Job, and Harvester makes one only in the state before"
        return blocked_wait(WaitReason.NO_JOB, what, secret)
    if run.upgrade.pauses.get(node.name) == "pause" and node.place in BEFORE_NODES:
        return _wait_while_paused(run, node)
    others = tuple(other.name for other in run.nodes if other is not node and _blocks_others(other))
    if others and not run.upgrade.v2:  # there Rancher alone orders the nodes
        what, reason = f"to run the {hook} Job; it first waits for {join_names(others)}", WaitReason.OTHER_NODE
        return Wait(actor="Harvester", what=what, subject=secret, reason=reason, names=others)
    return None


def _blocks_others(other: NodeUpgrade) -> bool:
    """Whether Harvester starts no hook for another node because of this one; docs/objects.md#hazard-node-busy."""
    return _pending_job(other) is not None or other.place not in {DONE, PAUSED, *BEFORE_NODES}


def _wait_after_failure(_: UpgradeRun, node: NodeUpgrade) -> Wait:
    what, reason = f"it failed: {_reason_given(node)}", WaitReason.NODE_FAILED
    return Wait(actor=REPAIR, what=what, subject=node.ref, reason=reason, since=last_job_end(node))


def _wait_while_paused(run: UpgradeRun, node: NodeUpgrade) -> Wait:
    if run.upgrade.pauses.get(node.name) == "unpause":
        what = "to notice that an administrator has released it"
        return Wait(actor="Harvester", what=what, subject=run.upgrade.ref, reason=WaitReason.RELEASED)
    held = f"{run.upgrade.ref.name} holds it by its pauseNodes" if run.upgrade.v2 else PAUSE_MAP
    what = f"to resume it ({held})"
    return Wait(actor="an administrator", what=what, subject=run.upgrade.ref, reason=WaitReason.PAUSED)


def _wait_for_reboot(_: UpgradeRun, node: NodeUpgrade) -> Wait:
    what, reason = f"to come back with {node.pending_os or 'the new system'}", WaitReason.REBOOT
    return Wait(actor="the host", what=what, subject=node.ref, reason=reason, since=last_job_end(node))


ENDS = {
    "Failed": _wait_after_failure,
    PAUSED: _wait_while_paused,
    REBOOT: _wait_for_reboot,
}
"""The states in which the state alone shows what is waited for."""


def find_broken_chain(run: UpgradeRun, node: NodeUpgrade) -> Wait | None:
    """Find why a node's turn can never come, link by link from the first that is broken; None where none is."""
    if node.exists and (run.upgrade.single_node or _needs_no_machine(run.upgrade)):
        return None  # its one Job is started without any drain
    found = next(((reason, links) for broken, reason, links in _chain_links(node, run.snapshot.seen) if broken), None)
    if found is None or not (node.exists or run.snapshot.seen("Node")):
        return None
    reason, links = found
    rest = () if reason in {WaitReason.NODE_GONE, WaitReason.SEVERAL_PLANS} else AFTER
    return blocked_wait(reason, ", ".join((*links, *rest)), node.ref, *links)


def _needs_no_machine(upgrade: Upgrade) -> bool:
    """Whether it is by a build of 2025 of the upgrade toolkit, which did not use plan Secrets."""
    return isinstance(upgrade, UpgradePlan) and upgrade.early


def _chain_links(node: NodeUpgrade, seen: Callable[[str], bool]) -> Iterator[tuple[bool, WaitReason, tuple[str, ...]]]:
    """What may be broken on a node's way to its plan Secret: whether it is, and what that means."""
    gone = ("its Node no longer exists", "so nothing can be upgraded")
    yield not node.exists, WaitReason.NODE_GONE, gone
    whose = f"the Machine it references, {node.others[0].name}, belongs to another Node" if node.others else ""
    yield bool(whose), WaitReason.MACHINE_TAKEN, (whose, "so it has no plan Secret of its own")
    bare = not node.machines and seen("Machine")
    yield bare, WaitReason.NO_MACHINE, ("it has no Machine", "so no plan Secret")
    lacks = bool(node.machines) and not node.secrets and seen("Secret")
    yield lacks, WaitReason.NO_PLAN, ("its Machine has no plan Secret",)
    many = ("it has more than one plan Secret", "so Harvester does not know which to answer")
    yield len(node.secrets) > 1, WaitReason.SEVERAL_PLANS, many


def _pending_job(node: NodeUpgrade) -> Job | None:
    """Its last Job that is not over: at work, not yet begun, or failed."""
    return next((job for job in reversed(node.jobs) if job.pending), None)


def describe_job(job: Job) -> str:
    """Describe what a Job is doing."""
    words = {ACTIVE: "is at work", FAILED: f"has failed{f' ({job.reason})' if job.reason else ''}"}
    words |= {COMPLETE: "is complete, and Harvester has not continued yet"}
    return f"Job {job.ref.name} {words.get(job.state, 'has not begun')}"


def _reason_given(node: NodeUpgrade) -> str:
    reasons = (node.status.reason, node.status.message) if node.status else ()
    return ": ".join(filter(None, reasons)) or "no reason given"


def last_job_end(node: NodeUpgrade) -> str:
    """Return when the last Job of a node ended; empty where it is unknown."""
    return latest_time(*(job.ended for job in node.jobs))
