"""The drain of a node: requests of Rancher on its plan Secret that Harvester does not answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from harvdiag.core.fields import get_text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.log_evidence import LogAnswer, explain_refusal
from harvdiag.rules.seen import find_vms
from harvdiag.rules.upgrade_evidence import (
    cordoned_at,
    finished_upgrade,
    has_settled,
    job_evidence,
    pairing_causes,
    plan_secret_evidence,
    ready_since,
    secrets_at_step,
    state_evidence,
    upgrade_at_nodes,
)
from harvdiag.upgrade.handshake import KEYS, DrainStep, Handshake
from harvdiag.upgrade.jobs import COMPLETE
from harvdiag.upgrade.phases import DONE, PRE_DRAINED, PRELOADED, REBOOT
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

SEEN = {"Upgrade", "Node", "Machine", "Secret"}
MISTIMED = (
    "Write harvesterhci.io/pre-hook only when no VM is left on the node and its volumes are healthy elsewhere: Rancher "
    "continues at once, and VMs that still run there are lost (harvester/harvester#7067)."
)
TOO_EARLY = (
    "Write harvesterhci.io/post-hook only when the node runs the new operating system: Rancher uncordons it and "
    "continues with the next at once, and a node skipped in this way keeps its old one. Answer one node at a time."
)
DELETION = (
    "That deletion waits for a drain; when the drain ends, Cluster API deletes the Node that the Machine references, "
    "even if another Machine references that Node too (rancher/rancher#45646, harvester/harvester#6022)."
)
MISSED = "it missed the request: no other node and no Job blocks it"
UNLISTED = "the Upgrade does not list the node, so Harvester skips it"
PENDING = 'metadata.annotations["harvesterhci.io/pendingOSImage"]'
PASSED = 'metadata.annotations["rke.cattle.io/plan-probes-passed"]'


@rule(
    "upgrade-pre-drain-unanswered",
    short="pre-drain unanswered",
    needs={*SEEN, "Job"},
    optional={"VirtualMachineInstance"},
    links=["harvester/harvester#3021", "harvester/harvester#6022", "harvester/harvester#7067"],
)
def upgrade_pre_drain_unanswered(facts: Facts) -> Iterator[Hit]:
    """Rancher requested a node's pre-drain hook, and Harvester will no longer answer.

    Rancher drains the node only when harvesterhci.io/pre-hook is an exact copy of rke.cattle.io/pre-drain. Harvester
    writes the state Pre-drained first and the hook second, and does not retry: if the second write is lost, or the
    plan Secret was not found, the node stays cordoned forever, and all nodes behind it wait.
    """
    rollout = upgrade_at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        job = node.job("pre-drain")
        if rollout and has_settled(facts, job.ended if job else ""):
            # One finding for a node, even if several of its plan Secrets wait: the subject is the same.
            for secret, shaken in list(secrets_at_step(node, DrainStep.PRE_DRAIN_REQUESTED))[:1]:
                if why := _pre_drain_ignored(node) or _missed_pre_drain(facts, rollout, node):
                    yield _unanswered_hit(facts, rollout, node, (secret, shaken), ("pre-drain", "pre-hook", why))


def _pre_drain_ignored(node: NodeUpgrade) -> str:
    """Return why Harvester does not act on the request; empty if it still may."""
    if node.status is None:
        return UNLISTED
    known = {
        PRE_DRAINED: "its pre-drain has already ended",
        "Succeeded": "it has already succeeded, and Harvester starts a pre-drain only at Images preloaded",
    }
    return known.get(node.state, "")


def _missed_pre_drain(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> str:
    """Return MISSED if all conditions of docs/objects.md#drain-pre-drain-job-started hold: nothing blocks the Job."""
    blocked = _others_at_work(rollout, node)
    if node.state != PRELOADED or blocked or rollout.upgrade.pauses.get(node.name) == "pause" or not node.exists:
        return ""
    if (job := node.job("pre-drain")) and job.state == COMPLETE:
        return ""  # it did start: the state is behind its Job, which is another finding
    cordoned = cordoned_at(facts, node.ref)
    # The end of any Job and the return of any node may start this one: it is missed only some time after the last.
    times = [job.ended for job in rollout.jobs] + [ready_since(facts, other.ref) for other in rollout.nodes]
    missed = cordoned and facts.now and facts.snapshot.seen("Job") and has_settled(facts, cordoned, *times)
    return MISSED if missed else ""


def _others_at_work(rollout: UpgradeRun, node: NodeUpgrade) -> bool:
    """Return whether another node or any Job keeps Harvester from starting a hook Job of this node."""
    others = (other for other in rollout.nodes if other.name != node.name)
    return any(other.state not in {DONE, PRELOADED, ""} for other in others) or any(j.pending for j in rollout.jobs)


def _missed_post_drain(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, secret: ObjectRef) -> str:
    """Return MISSED in the same way for the post-drain request, written once the new plan's probes have passed."""
    before = node.job("pre-drain")
    if node.state != PRE_DRAINED or node.ready != "True" or not node.exists or node.job("post-drain"):
        return ""
    passed = get_text(facts.pairing.obj(secret), PASSED)
    # Probes that passed before the pre-drain Job ended are those of the earlier plan.
    since_job = Timestamp(passed).since(Timestamp(before.ended)) if before else None
    if _others_at_work(rollout, node) or not passed or (since_job is not None and since_job <= timedelta(0)):
        return ""
    times = [job.ended for job in rollout.jobs] + [ready_since(facts, other.ref) for other in rollout.nodes]
    return MISSED if facts.now and facts.snapshot.seen("Job") and has_settled(facts, passed, *times) else ""


@rule(
    "upgrade-post-drain-unanswered",
    short="post-drain unanswered",
    needs={*SEEN, "Job"},
    links=[
        "harvester/harvester#11543",
        "harvester/harvester#3021",
        "harvester/harvester#8224",
        "harvester/harvester#7067",
    ],
)
def upgrade_post_drain_unanswered(facts: Facts) -> Iterator[Hit]:
    """Rancher requested a node's post-drain hook, and Harvester will no longer answer.

    Rancher uncordons the node and continues with the next only when harvesterhci.io/post-hook is an exact copy of
    rke.cattle.io/post-drain ("waiting for uncordon to finish"). Harvester writes the state Succeeded first, the hook
    second, and does not look at a Succeeded node again; after the Upgrade's end it looks at none.
    """
    rollout = upgrade_at_nodes(facts) or finished_upgrade(facts)
    for node in rollout.nodes if rollout else ():
        job = node.job("post-drain")
        times = (job.ended if job else "", ready_since(facts, node.ref))
        if rollout and has_settled(facts, *times):
            for secret, shaken in list(secrets_at_step(node, DrainStep.POST_DRAIN_REQUESTED))[:1]:
                if why := _post_drain_ignored(rollout, node) or _missed_post_drain(facts, rollout, node, secret):
                    yield _unanswered_hit(facts, rollout, node, (secret, shaken), ("post-drain", "post-hook", why))


def _post_drain_ignored(rollout: UpgradeRun, node: NodeUpgrade) -> str:
    """Return why Harvester does not act on the post-drain request; empty if it still may."""
    if not rollout.upgrade.running:
        return f"Upgrade {rollout.upgrade.ref.name} is over" if node.state == DONE else ""
    if node.status is None:
        return UNLISTED
    known = {
        "Succeeded": "it has already succeeded",
        PRELOADED: "its pre-drain was never run, and Harvester starts a post-drain only at Pre-drained",
    }
    return known.get(node.state, "")


def _unanswered_hit(
    facts: Facts,
    rollout: UpgradeRun,
    node: NodeUpgrade,
    plan: tuple[ObjectRef, Handshake],
    drain: tuple[str, str, str],
) -> Hit:
    (secret, shaken), (request, hook, why) = plan, drain
    wanted, answer, job = shaken.values[request], shaken.values.get(hook, ""), node.job(request)
    since, others = _due_since(facts, node, request), [n.name for n in rollout.waiting if n.name != node.name]
    dying = [machine for machine in facts.pairing.claiming_machines(node.ref) if facts.pairing.deletion_time(machine)]
    logs = _read_refusals(facts, rollout, node, secret)
    return Hit(
        subject=node.ref,
        message=(
            f"Node {node.name} waits{f' since {Timestamp(since)}' if since else ''} for an answer that does not come: "
            f"Rancher asked for its {request} hook on Secret {secret.name}, but {KEYS[hook]} "
            f"{_describe_difference(wanted, answer)}. Harvester will not write it by itself, because "
            f"{why}{f'; {join_names(others)} cannot begin before' if others else ''}"
        ),
        evidence=(
            *plan_secret_evidence(facts, secret, hook, request),
            state_evidence(rollout, node),
            *job_evidence(facts, job),
            *_os_evidence(facts, node, request),
            *logs.evidence,
        ),
        next=_deletion_steps(dying)
        if dying
        else (*logs.steps, *_steps(facts, rollout, node, (secret, wanted), (request, hook))),
        caution=f"{MISTIMED if request == 'pre-drain' else TOO_EARLY}{f' {DELETION}' if dying else ''}",
        causes=(
            Cause("node-not-managed", node.ref),
            Cause("several-upgrades-running", rollout.upgrade.ref),
            *pairing_causes(node),
        ),
        many="wait for an answer that does not come",
    )


def _read_refusals(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, secret: ObjectRef) -> LogAnswer:
    """Return what Harvester's log says of this hook; else that it is to be searched."""
    names = (secret.name, *(machine.name for machine in node.machines), f'"{node.name}"', f"{node.name} is ")
    return explain_refusal(facts, rollout.upgrade, *names) or LogAnswer(
        (), (advice.read_harvester_log(secret.name, node.name),)
    )


def _os_evidence(facts: Facts, node: NodeUpgrade, request: str) -> tuple[Evidence, ...]:
    """Return the operating system that the node runs, on which a post-drain answer depends, and the one awaited."""
    if request != "post-drain":
        return ()
    awaited = (PENDING,) if node.pending_os else ()
    return field_evidence(facts, node.ref, "status.nodeInfo.osImage", *awaited)


def _deletion_steps(dying: list[ObjectRef]) -> tuple[str, ...]:
    """Return the steps while a Machine of the node is being deleted, which waits for the drain.

    The hook must not be answered before; docs/objects.md#removal-machine.
    """
    names = join_names([machine.name for machine in dying])
    return (
        f"First resolve the deletion of Machine {names}, as described in its own finding.",
        *(advice.inspect_object("machines.cluster.x-k8s.io", machine.name) for machine in dying),
        "Do not answer the hook by hand before that: the drain that follows is what the deletion waits for.",
    )


def _due_since(facts: Facts, node: NodeUpgrade, request: str) -> str:
    """Return since when the answer is due; empty if the Job belongs to an earlier cycle or there was none."""
    if request == "pre-drain" and node.state == PRELOADED:
        return cordoned_at(facts, node.ref)
    if node.state != {"pre-drain": PRE_DRAINED, "post-drain": DONE}[request]:
        return ""
    job = node.job(request)
    ended = job.ended if job else ""
    return latest_time(ended, ready_since(facts, node.ref)) if request == "post-drain" else ended


def _describe_difference(wanted: str, answer: str) -> str:
    """Return how the answer differs from the request; Rancher compares the two as text."""
    if not answer:
        return "is missing"
    if _parse_json(wanted) is not None and _parse_json(wanted) == _parse_json(answer):
        return "differs in key order or white space, and only the exact text of the request counts"
    return "differs from the request"


def _parse_json(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _steps(
    facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, plan: tuple[ObjectRef, str], drain: tuple[str, str]
) -> tuple[str, ...]:
    """Return the next steps: let Harvester repeat its writes where it can, else an answer by hand."""
    request = drain[0]
    unfinished = node.state == DONE and bool(node.os) and node.pending_os == node.os
    if request == "post-drain" and unfinished and rollout.upgrade.running:
        return _repeat_steps(rollout.upgrade.ref.name, node.name)
    return _answer_steps(facts, rollout, node, plan, drain)


def _repeat_steps(upgrade: str, node: str) -> tuple[str, ...]:
    """Return how to make Harvester repeat its last three writes (docs/objects.md#hazard-post-drain-unanswered)."""
    key = node.replace("~", "~0").replace("/", "~1")
    patch = [{"op": "replace", "path": f"/status/nodeStatuses/{key}/state", "value": REBOOT}]
    return (
        (
            f"Already found: {node} runs the system that harvesterhci.io/pendingOSImage still names, so Harvester "
            "stopped between its last writes."
        ),
        (
            f'Set its state back to "{REBOOT}"; Harvester then sets Succeeded, answers the hook and removes that '
            "annotation: `kubectl patch upgrades.harvesterhci.io -n harvester-system "
            f"{actions.quote_argument(upgrade)} --type json -p {actions.quote_argument(json.dumps(patch))}`."
        ),
        f"Verify: `kubectl get nodes {actions.quote_argument(node)}` is no longer cordoned, and the next node begins.",
    )


def _empty_step(facts: Facts, node: NodeUpgrade) -> str:
    """Return whether the node is empty and no volume is degraded, or how to see it."""
    return f"{find_vms(facts, node.name)} {advice.NONE_DEGRADED}."


def _system_step(run: UpgradeRun, node: NodeUpgrade) -> str:
    """Return whether the node runs the new system, or how to see it."""
    if node.os and node.os == run.upgrade.release.os:
        return f"{advice.SEEN}{node.name} runs {node.os}, the new operating system."
    name = actions.quote_argument(node.name)
    return f"Verify that it runs the new operating system: `kubectl get nodes -o wide {name}`."


def _answer_steps(
    facts: Facts, run: UpgradeRun, node: NodeUpgrade, plan: tuple[ObjectRef, str], drain: tuple[str, str]
) -> tuple[str, ...]:
    """Return the next steps: an answer by hand only if the hook's work was done; `plan` is the Secret, the answer."""
    (secret, wanted), (request, hook) = plan, drain
    look = _empty_step(facts, node) if request == "pre-drain" else _system_step(run, node)
    if (request, node.state) in {("pre-drain", PRELOADED), ("post-drain", PRE_DRAINED)}:
        restart = "`kubectl rollout restart deployment harvester -n harvester-system`; VMs keep running."
        return (f"If that does not help, restart Harvester: {restart}", "Do not answer the hook by hand.")
    if node.state not in {PRE_DRAINED, DONE} or (request == "pre-drain" and node.state == DONE):
        return (look, "The hook's work was not done for this request: ask vendor support before you answer it.")
    command = f"kubectl annotate secret -n fleet-local {actions.quote_argument(secret.name)} --overwrite"
    answer = actions.quote_argument(f"{KEYS[hook]}={wanted}")
    return (
        look,
        advice.back_up_secret(secret.name),
        f"Then write the answer, exactly as it is here: `{command} {answer}`.",
    )
