"""The nodes of an upgrade: those never begun, held back, failed, or gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.fields import field, labels
from harvdiag.core.model import Evidence, ObjectRef, Reason, Severity
from harvdiag.core.suggest import listed
from harvdiag.core.timestamps import Timestamp, latest
from harvdiag.kinds.columns import condition_column
from harvdiag.kinds.local import CONTROL_PLANE, FLEET, LOCAL, PROVISIONING
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import gone, show
from harvdiag.rules.facts import Facts
from harvdiag.rules.upgrade_evidence import (
    asked,
    at_nodes,
    current,
    pairing_causes,
    ready_since,
    says,
    settled,
    stated,
)
from harvdiag.upgrade.jobs import COMPLETE
from harvdiag.upgrade.phases import DONE, FAILED, PAUSED, PRELOADED, STATES
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun

PAUSES = 'metadata.annotations["harvesterhci.io/node-upgrade-pause-map"]'
SAYS = tuple(condition_column(kind, kind) for kind in ("Updated", "Reconciled"))


class Why(NamedTuple):
    """Why the turn of a node cannot come, what explains that, and the objects that are missing."""

    words: str
    causes: tuple[Cause, ...] = ()
    targets: tuple[ObjectRef, ...] = ()


@rule(
    "upgrade-node-never-started",
    short="never started",
    reason=Reason.NEVER_BEGUN,
    needs={"Upgrade", "Node", "Machine", "Secret", "Job", "Cluster", "RKEControlPlane"},
    links=[
        "harvester/harvester#5206",
        "harvester/harvester#7667",
        "harvester/harvester#9388",
        "harvester/harvester#11543",
    ],
)
def upgrade_node_never_started(facts: Facts) -> Iterator[Hit]:
    """Nothing is at work, and a node with a Machine and a plan has not been begun.

    Harvester waits for Rancher's planner to ask for the drain. If the planner believes that it is done, or waits for a
    host that is no more, it never asks: the node stays at "Images preloaded", nothing fails, and waiting changes
    nothing.
    """
    rollout = at_nodes(facts)
    waiting = _never_started(facts, rollout) if rollout else []
    for node in waiting:
        if rollout and (why := _why_not_started(facts, rollout, node)):
            yield _not_started(facts, rollout, node, why, waiting[0])


def _never_started(facts: Facts, rollout: UpgradeRun) -> list[NodeUpgrade]:
    """The nodes whose turn never came, in the planner's order; empty where anything is at work or just was."""
    if rollout.upgrade.single_node or any(_at_work(node) for node in rollout.nodes):
        return []
    if any(job.state != COMPLETE for job in rollout.jobs):
        return []
    times = [job.ended for job in rollout.jobs] + [ready_since(facts, node.ref) for node in rollout.nodes]
    begun = rollout.upgrade.conditions.get("NodesUpgraded")
    if begun is None or not settled(facts, begun.since, *times):
        return []
    found = [node for node in rollout.nodes if node.state == PRELOADED and node.exists and node.secrets]
    return sorted(found, key=lambda node: (_tier(facts, node), node.name))


def _at_work(node: NodeUpgrade) -> bool:
    """Any state but waiting and done counts as work for Harvester, and so does a drain that was asked for."""
    return node.state not in {PRELOADED, DONE, ""} or any(not shaken.idle for _, shaken in node.secrets)


def _tier(facts: Facts, node: NodeUpgrade) -> int:
    """The planner's order: the init node, etcd, control plane, workers."""
    told = labels(facts.pairing.obj(node.secrets[0][0]))
    order = ("init-node", "etcd-role", "control-plane-role")
    return next((i for i, key in enumerate(order) if told.get(f"rke.cattle.io/{key}") == "true"), len(order))


def _why_not_started(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade) -> Why | None:
    """Why its turn cannot come; None where it still may."""
    target = rollout.upgrade.release.kubernetes
    if field("spec.paused").get(facts.links.objects.get(LOCAL)) is True:
        return Why("Cluster local is paused, so Rancher asks nobody", (Cause("cluster-paused", LOCAL),))
    if target and node.kubelet == target and any(n.exists and n.kubelet != target for n in rollout.nodes):
        return Why(f"it got Kubernetes {target} without being drained, so Rancher asks no more")
    if ghost := _waited_for(facts, rollout):
        return ghost
    seen = CONTROL_PLANE in facts.links.objects
    verdict = [column.value(facts.pairing.obj(CONTROL_PLANE)) for column in SAYS] if seen else []
    if not rollout.planner and "True" in verdict and set(verdict) <= {"True", None} and _up_to_date(facts):
        return Why("Rancher's planner says that it is done", pairing_causes(node))
    return None


def _up_to_date(facts: Facts) -> bool:
    """Whether Rancher has seen the version that it is to bring: its verdict may be that of an earlier generation."""
    for ref in (CONTROL_PLANE, PROVISIONING):
        obj = facts.links.objects.get(ref) or facts.snapshot.get(ref)
        wanted, seen = (field(path).get(obj) for path in ("metadata.generation", "status.observedGeneration"))
        if obj and not (isinstance(wanted, int) and isinstance(seen, int) and seen >= wanted):
            return False
    return True


def _waited_for(facts: Facts, rollout: UpgradeRun) -> Why | None:
    """That the planner names a Machine, though no Node stands behind it; None where it names none."""
    causes = (Cause("planner-waits-for-ghost-machine", CONTROL_PLANE),)
    named = dict.fromkeys(name for told in rollout.planner for name in told.machines)
    for machine in (ObjectRef("Machine", FLEET, name) for name in named):
        if machine not in facts.links.objects:
            return Why(f"Rancher waits for Machine {machine.name}, which does not exist", causes, (machine,))
        edge = facts.pairing.node_ref(machine)
        if not (edge or facts.fresh(machine)) or (edge and edge.broken and not facts.leaving(machine)):
            told = f"whose Node {edge.value} does not exist" if edge else "which has no Node"
            return Why(f"Rancher waits for Machine {machine.name}, {told}", causes, (edge.target,) if edge else ())
    return None


def _not_started(facts: Facts, rollout: UpgradeRun, node: NodeUpgrade, why: Why, first: NodeUpgrade) -> Hit:
    secret, machine = node.secrets[0][0], node.machines[0]
    since = latest(*(job.ended for job in rollout.jobs))
    before = (Cause("upgrade-node-never-started", first.ref),) if first.name != node.name else ()
    keys = ("drain-options", "pre-drain")
    planner = tuple(e for told in rollout.planner for e in [Evidence(told.subject, told.path, told.message)])
    paths = ("spec.kubernetesVersion", "spec.provisionGeneration")
    return Hit(
        subject=node.ref,
        message=f'Node {node.name} was never begun: it stays at "{node.state}", nothing else is at work'
        f"{f' since {Timestamp(since)}' if since else ''}, and {why.words}; "
        f"{len(rollout.done)} of {len(rollout.nodes)} nodes are done",
        evidence=(
            *(planner or show(facts, CONTROL_PLANE, *paths)),
            stated(rollout, node),
            *asked(facts, secret, *keys),
            *show(facts, node.ref, "status.nodeInfo.kubeletVersion"),
        ),
        next=(
            (
                "Read what the planner says: `kubectl get rkecontrolplanes.rke.cattle.io -n fleet-local local -o "
                "yaml`, conditions Updated and Reconciled."
            ),
            advice.describe("machines.cluster.x-k8s.io", machine.name),
            (
                f"Then look at the log of the pods `rancher` in cattle-system for {machine.name}, and at "
                f"rancher-system-agent on {node.name}."
            ),
        ),
        caution=(
            "Do not set drain annotations by hand to begin: nothing would have asked the planner for the node's new "
            "plan."
        ),
        causes=(*why.causes, *before),
        targets=why.targets,
        many="were never begun",
    )


@rule(
    "upgrade-names-missing-node",
    needs={"Upgrade", "Node"},
    links=["harvester/harvester#7874", "harvester/harvester#10048", "harvester/harvester#4902"],
)
def upgrade_names_missing_node(facts: Facts) -> Iterator[Hit]:
    """The running upgrade waits for a node that does not exist any more.

    Harvester keeps each node that it once listed and waits until all have succeeded. A host that was lost or removed
    during the upgrade never does, and while its state says that it is at work no other node may begin.
    """
    rollout = facts.upgrade_run
    for node in rollout.nodes if rollout else ():
        if rollout is None or node.exists or node.state == DONE:
            continue
        blocks = "" if node.state == PRELOADED else ", and no other node may begin meanwhile"
        pending = [job for job in node.jobs if job.pending]
        yield Hit(
            subject=node.ref,
            message=(
                f"Upgrade {rollout.upgrade.ref.name} waits for Node {node.name}, which does not exist: the "
                f'Upgrade still lists {node.name} at "{node.state or "no state"}"{blocks}'
            ),
            evidence=(
                Evidence(rollout.upgrade.ref, f'status.nodeStatuses["{node.name}"].state', node.state or None),
                gone(*node.ref),
                *(e for job in pending for e in show(facts, job.ref, "status.active", "status.succeeded")),
            ),
            next=(
                advice.SEE_NODES,
                "If the host is only off or was renamed by mistake, bring it back under this very name.",
                (
                    "If the host is lost, let the other nodes finish as far as they can, and see to its leftovers (its "
                    "Machine has a finding of its own)."
                ),
                (
                    "How to end the Upgrade is not documented (harvester/harvester#7874): collect again and ask vendor "
                    "support."
                ),
            ),
            caution="Do not force the Upgrade's deletion with skipWebhook while nodes are between two versions. "
            + advice.QUORUM,
            causes=tuple(
                Cause(name, m) for m in node.machines for name in ("machine-stuck-deleting", "machine-dangling-node")
            ),
        )


@rule("upgrade-node-failed", short="failed", needs={"Upgrade"}, links=["harvester/harvester#7457"])
def upgrade_node_failed(facts: Facts) -> Iterator[Hit]:
    """A node's upgrade has failed.

    One failed node ends the whole upgrade: NodesUpgraded becomes False, the Upgrade counts as failed, and the nodes
    behind it keep their old version.
    """
    rollout = current(facts)
    for node in rollout.nodes if rollout else ():
        if rollout is None or node.state != FAILED or node.status is None:
            continue
        upgrade = rollout.upgrade
        row = f'status.nodeStatuses["{node.name}"]'
        told = ": ".join(word for word in (node.status.reason, node.status.message) if word)
        ended = upgrade.conditions.get("NodesUpgraded")
        rest = [other.name for other in rollout.waiting if other.state != FAILED]
        yield Hit(
            subject=node.ref,
            message=f"Node {node.name} failed in Upgrade {upgrade.ref.name}"
            f"{f' at {Timestamp(ended.since)}' if ended and ended.status == 'False' and ended.since else ''}: "
            f"{told or 'it gives no reason'}{f'; not upgraded either: {listed(rest)}' if rest else ''}",
            evidence=(
                *show(facts, upgrade.ref, f"{row}.state", f"{row}.reason", f"{row}.message"),
                *says(facts, upgrade.ref, "NodesUpgraded", "status"),
                *show(facts, node.ref, "status.nodeInfo.kubeletVersion", "status.nodeInfo.osImage"),
            ),
            next=(
                (
                    f"Read the log of the node's Jobs: `kubectl get jobs -n harvester-system -l harvesterhci.io/node="
                    f"{advice.arg(node.name)}`."
                ),
                "See what it runs now (Kubernetes and OS): it may be between two versions, and cordoned.",
                "Collect a support bundle before anything is deleted, then ask vendor support how to go on.",
            ),
            caution=(
                f"Do not begin another upgrade before {node.name} is mended: the node's plan Secret may still hold a "
                "drain that was asked for."
            ),
            causes=(Cause("upgrade-job-failed", node.ref),),
        )


@rule(
    "upgrade-node-paused",
    short="paused",
    holds=True,
    severity=Severity.WARNING,
    needs={"Upgrade"},
    links=["harvester/harvester#8980", "harvester/harvester#10099"],
)
def upgrade_node_paused(facts: Facts) -> Iterator[Hit]:
    """A node is held back by an administrator, and the upgrade with it.

    It is its turn, but the Upgrade's pause map says "pause" (1.7 and newer). No other node begins until it is released
    and done.
    """
    rollout = facts.upgrade_run
    for node in rollout.nodes if rollout else ():
        if rollout is None or node.state != PAUSED or rollout.upgrade.pauses.get(node.name) == "unpause":
            continue
        upgrade = rollout.upgrade
        others = [other.name for other in rollout.waiting if other.name != node.name]
        pauses = json.dumps({**upgrade.pauses, node.name: "unpause"}, separators=(",", ":"), sort_keys=True)
        change = advice.arg(f"harvesterhci.io/node-upgrade-pause-map={pauses}")
        alone = upgrade.single_node == node.name
        leave = "all VMs stop while the only node is upgraded" if alone else "its VMs leave or stop"
        risk = (
            "stops every VM at once, for it is the only node"
            if alone
            else ("is drained at once: VMs that cannot migrate are shut down")
        )
        yield Hit(
            subject=node.ref,
            message=f"Node {node.name} {STATES[PAUSED].doing}"
            f"{f', and {listed(others)} with it' if others else ''}: the upgrade goes on when it is released",
            evidence=(
                Evidence(upgrade.ref, f'status.nodeStatuses["{node.name}"].state', node.state),
                *show(facts, upgrade.ref, f'status.nodeStatuses["{node.name}"].reason', PAUSES),
            ),
            next=(
                f"Find out why {node.name} was held back: {leave} when it is released.",
                (
                    "Release it in Harvester's UI, or: `kubectl annotate upgrades.harvesterhci.io -n harvester-system "
                    f"{advice.arg(upgrade.ref.name)} --overwrite {change}`."
                ),
            ),
            caution=f"Once released, {node.name} {risk}.",
        )
