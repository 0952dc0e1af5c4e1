"""The drain of a node: what Rancher asks on its plan Secret, and what Harvester does not answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from harvdiag.core.fields import text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.suggest import listed
from harvdiag.core.timestamps import Timestamp, latest
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import show
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import (
    asked,
    at_nodes,
    cordoned_at,
    over,
    pairing_causes,
    ready_since,
    settled,
    stated,
    steps,
    worked,
)
from harvdiag.upgrade.handshake import KEYS, DrainStep, Handshake
from harvdiag.upgrade.jobs import COMPLETE
from harvdiag.upgrade.phases import DONE, PRE_DRAINED, PRELOADED
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

SEEN = {"Upgrade", "Node", "Machine", "Secret"}
MISTIMED = (
    "Write harvesterhci.io/pre-hook only when no VM is left on the node and its volumes are healthy elsewhere: Rancher "
    "goes on at once, and VMs that still run there are lost (harvester/harvester#7067)."
)
TOO_EARLY = (
    "Write harvesterhci.io/post-hook only when the node runs the new operating system: Rancher uncordons it and goes "
    "on to the next at once, and a node that is passed over so keeps its old one. Answer one node at a time."
)
DELETION = (
    "A drain is what that deletion waits for; when it ends, Cluster API deletes the Node that the Machine names, even "
    "where another Machine holds that Node too (rancher/rancher#45646, harvester/harvester#6022)."
)
MISSED = "it missed the request: no other node and no Job is in its way"
PASSED = 'metadata.annotations["rke.cattle.io/plan-probes-passed"]'


@rule(
    "upgrade-pre-drain-unanswered",
    short="pre-drain unanswered",
    needs=SEEN,
    links=["harvester/harvester#3021", "harvester/harvester#6022", "harvester/harvester#7067"],
)
def upgrade_pre_drain_unanswered(facts: Facts) -> Iterator[Hit]:
    """Rancher asked for a node's pre-drain hook, and Harvester will not answer any more.

    Rancher drains the node only when harvesterhci.io/pre-hook is the very copy of rke.cattle.io/pre-drain. Harvester
    writes the state Pre-drained first and the hook second, and does not try again: if the second is lost, or the plan
    Secret was not found, the node waits cordoned for ever, and all others behind it.
    """
    rollout = at_nodes(facts)
    for node in rollout.nodes if rollout else ():
        job = node.job("pre-drain")
        if rollout and settled(facts, job.ended if job else ""):
            for secret, shaken in list(steps(node, DrainStep.PRE_DRAIN_REQUESTED))[:1]:
                if why := _deaf_to_pre_drain(node) or _overlooked(facts, rollout, node):
                    yield _unanswered(facts, rollout, node, (secret, shaken), ("pre-drain", "pre-hook", why))


def _deaf_to_pre_drain(node: NodeUpgrade) -> str:
    """Why Harvester does not act on the request; empty where it still may."""
    if node.status is None:
        return "the Upgrade does not list the node, so Harvester passes over it"
    known = {
        PRE_DRAINED: "its pre-drain is over",
        "Succeeded": "it has succeeded already, and Harvester starts a pre-drain only at Images preloaded",
    }
    return known.get(node.state, "")


def _overlooked(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> str:
    """Whether Harvester missed the request: all that docs/objects.md#drain-pre-drain-job-started asks for is true."""
    held = _others_at_work(rollout, node)
    if node.state != PRELOADED or held or rollout.upgrade.pauses.get(node.name) == "pause" or not node.exists:
        return ""
    if (job := node.job("pre-drain")) and job.state == COMPLETE:
        return ""  # it did begin: the state is behind its Job, which is another finding
    at = cordoned_at(facts, node.ref)
    times = [job.ended for job in rollout.jobs] + [ready_since(facts, other.ref) for other in rollout.nodes]
    told = at and facts.now and facts.snapshot.seen("Job") and settled(facts, at, *times)
    return MISSED if told else ""


def _others_at_work(rollout: UpgradeRun, node: NodeUpgrade) -> bool:
    """Whether another node or any Job keeps Harvester from beginning a hook Job of this node."""
    others = (other for other in rollout.nodes if other.name != node.name)
    return any(other.state not in {DONE, PRELOADED, ""} for other in others) or any(j.pending for j in rollout.jobs)


def _overlooked_after(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, secret: ObjectRef) -> str:
    """The same of the post-drain request, which Rancher writes once the new plan's probes have passed."""
    before = node.job("pre-drain")
    if node.state != PRE_DRAINED or node.ready != "True" or not node.exists or node.job("post-drain"):
        return ""
    passed = text(facts.pairing.obj(secret), PASSED)
    since_job = Timestamp(passed).since(Timestamp(before.ended)) if before else None
    if _others_at_work(rollout, node) or not passed or (since_job is not None and since_job <= timedelta(0)):
        return ""
    times = [job.ended for job in rollout.jobs] + [ready_since(facts, other.ref) for other in rollout.nodes]
    return MISSED if facts.now and facts.snapshot.seen("Job") and settled(facts, passed, *times) else ""


@rule(
    "upgrade-post-drain-unanswered",
    short="post-drain unanswered",
    needs=SEEN,
    links=["harvester/harvester#3021", "harvester/harvester#8224", "harvester/harvester#7067"],
)
def upgrade_post_drain_unanswered(facts: Facts) -> Iterator[Hit]:
    """Rancher asked for a node's post-drain hook, and Harvester will not answer any more.

    Rancher uncordons the node and goes on to the next only when harvesterhci.io/post-hook is the very copy of
    rke.cattle.io/post-drain ("waiting for uncordon to finish"). A node that already counts as Succeeded is not looked
    at again, and after the Upgrade's end nobody is.
    """
    rollout = at_nodes(facts) or over(facts)
    for node in rollout.nodes if rollout else ():
        job = node.job("post-drain")
        times = (job.ended if job else "", ready_since(facts, node.ref))
        if rollout and settled(facts, *times):
            for secret, shaken in list(steps(node, DrainStep.POST_DRAIN_REQUESTED))[:1]:
                if why := _deaf_to_post_drain(rollout, node) or _overlooked_after(facts, rollout, node, secret):
                    yield _unanswered(facts, rollout, node, (secret, shaken), ("post-drain", "post-hook", why))


def _deaf_to_post_drain(rollout: UpgradeRun, node: NodeUpgrade) -> str:
    if not rollout.upgrade.running:
        return f"Upgrade {rollout.upgrade.ref.name} is over" if node.state == DONE else ""
    if node.status is None:
        return "the Upgrade does not list the node, so Harvester passes over it"
    known = {
        "Succeeded": "it has succeeded already",
        PRELOADED: "its pre-drain was never run, and Harvester starts a post-drain only at Pre-drained",
    }
    return known.get(node.state, "")


def _unanswered(
    facts: Facts,
    rollout: UpgradeRun,
    node: NodeUpgrade,
    plan: tuple[ObjectRef, Handshake],
    wish: tuple[str, str, str],
) -> Hit:
    (secret, shaken), (request, hook, why) = plan, wish
    wanted, found, job = shaken.values[request], shaken.values.get(hook, ""), node.job(request)
    since, others = _since(facts, node, request), [n.name for n in rollout.waiting if n.name != node.name]
    dying = [machine for machine in facts.pairing.claiming_machines(node.ref) if facts.pairing.deletion_time(machine)]
    return Hit(
        subject=node.ref,
        message=(
            f"Node {node.name} waits{f' since {Timestamp(since)}' if since else ''} for an answer that does not come: "
            f"Rancher asked for its {request} hook on Secret {secret.name}, but {KEYS[hook]} "
            f"{_difference(wanted, found)}. Harvester will not write it by itself, because "
            f"{why}{f'; {listed(others)} cannot begin before' if others else ''}"
        ),
        evidence=(
            *asked(facts, secret, hook, request),
            stated(rollout, node),
            *worked(facts, job),
            *_os(facts, node, request),
        ),
        next=_settle_first(dying) if dying else _answer(node, secret, wanted, request, hook),
        caution=f"{MISTIMED if request == 'pre-drain' else TOO_EARLY}{f' {DELETION}' if dying else ''}",
        causes=(Cause("node-not-managed", node.ref), *pairing_causes(node)),
        many="wait for an answer that does not come",
    )


def _os(facts: Facts, node: NodeUpgrade, request: str) -> tuple[Evidence, ...]:
    """What it runs, where that is what an answer is about."""
    return show(facts, node.ref, "status.nodeInfo.osImage") if request == "post-drain" else ()


def _settle_first(dying: list[ObjectRef]) -> tuple[str, ...]:
    """No answer while a Machine of the node is being deleted, which waits for it; docs/objects.md#removal-machine."""
    names = listed([machine.name for machine in dying])
    return (
        f"Settle first the deletion of Machine {names}, as its own finding says.",
        *(advice.describe("machines.cluster.x-k8s.io", machine.name) for machine in dying),
        "Do not answer the hook by hand before that: the drain that follows is what the deletion waits for.",
    )


def _since(facts: Facts, node: NodeUpgrade, request: str) -> str:
    """Since when the answer is due; empty where the Job belongs to an earlier cycle or there was none."""
    if request == "pre-drain" and node.state == PRELOADED:
        return cordoned_at(facts, node.ref)
    if node.state != {"pre-drain": PRE_DRAINED, "post-drain": DONE}[request]:
        return ""
    job = node.job(request)
    ended = job.ended if job else ""
    return latest(ended, ready_since(facts, node.ref)) if request == "post-drain" else ended


def _difference(wanted: str, found: str) -> str:
    if not found:
        return "is missing"
    if _parsed(wanted) is not None and _parsed(wanted) == _parsed(found):
        return "has its keys in another order or other blanks, and only the very same text counts"
    return "is another text than that of the request"


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return None


def _answer(node: NodeUpgrade, secret: ObjectRef, wanted: str, request: str, hook: str) -> tuple[str, ...]:
    """What may be done: to answer by hand only where the hook's work was done."""
    log = (
        "Read why: the log of the pods `harvester` in harvester-system; search it for the node's name and for "
        '"plan secret".'
    )
    vms = (
        f"See that no VM is left on it: `kubectl get virtualmachineinstances -A -l kubevirt.io/nodeName="
        f"{advice.arg(node.name)}`, and that no volume is degraded."
    )
    system = f"See that it runs the new operating system: `kubectl get nodes -o wide {advice.arg(node.name)}`."
    look = vms if request == "pre-drain" else system
    if (request, node.state) in {("pre-drain", PRELOADED), ("post-drain", PRE_DRAINED)}:
        again = "`kubectl rollout restart deployment harvester -n harvester-system`; VMs go on meanwhile."
        return (log, f"If it says nothing, let Harvester look again: {again}", "Do not answer the hook by hand.")
    if node.state not in {PRE_DRAINED, DONE} or (request == "pre-drain" and node.state == DONE):
        return (log, look, "The hook's work was not done for this request: ask vendor support before you answer it.")
    command = f"kubectl annotate secret -n fleet-local {advice.arg(secret.name)} --overwrite"
    return (
        log,
        look,
        advice.back_up_secret(secret.name),
        f"Then give the answer, letter by letter: `{command} {advice.arg(f'{KEYS[hook]}={wanted}')}`.",
    )
