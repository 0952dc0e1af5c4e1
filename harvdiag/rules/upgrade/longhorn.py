"""What in Longhorn blocks an upgrade: evictions, and nodes that no longer exist."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import ALL_LISTS, Condition, find_condition
from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import NODE_REF
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence, missing_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.thresholds import REMOVAL

LONGHORN = "longhorn-system"
EVICTION_HANGS = "v1.4."
"""The releases that hang on an eviction, and whose pre-check looks for one (harvester/harvester#7717)."""


@rule(
    "longhorn-node-evicting",
    short="Longhorn node evicting",
    severity=Severity.WARNING,
    needs={"Node.longhorn.io", "Upgrade", "UpgradePlan"},
    links=["harvester/harvester#7717"],
)
def longhorn_node_evicting(facts: Facts) -> Iterator[Hit]:
    """Longhorn is set to evict all replicas from a node.

    An upgrade drains one node after the other and waits for healthy volumes before each. Replicas that are evicted at
    the same time keep volumes from being healthy; 1.4 is known to hang on it, and there Harvester's pre-check refuses
    the upgrade. Without an upgrade it is mostly the removal of a host, and no fault.
    """
    run = facts.rollout
    for obj in facts.snapshot.objects("Node.longhorn.io"):
        evicting = [path for path in _eviction_fields(obj) if field_path(path).get(obj) is True]
        if not evicting or not (run or _is_left(facts, obj)):
            continue
        ref = ObjectRef("Node.longhorn.io", LONGHORN, name_of(obj))
        disks = len([path for path in evicting if ".disks" in path])
        what = "of the whole node" if "spec.evictionRequested" in evicting else f"of {disks} of its disks"
        meaning = (
            f"while upgrade {run.upgrade.ref.name} runs"
            if run
            else "although it is in use: on 1.4 that keeps an upgrade from its pre-drain, and the pre-check refuses it"
        )
        yield Hit(
            subject=ref,
            message=f"Longhorn is to move the replicas {what} off {ref.name}, {meaning}",
            evidence=field_evidence(facts, ref, *evicting, "spec.allowScheduling"),
            next=_eviction_steps(ref.name),
            caution=(
                f"Do not cancel the request if {ref.name} is about to be removed: the host may have the last replica "
                "of a volume."
            ),
        )


def _is_left(facts: Facts, obj: Obj) -> bool:
    """Whether an eviction was left behind on a release that hangs on it.

    Before it is emptied on purpose, its scheduling is disabled: that of the node, or of each disk to be emptied.
    """
    disks = field_path("spec.disks").get(obj)
    emptied = [disk for disk in (disks if isinstance(disks, dict) else {}).values() if isinstance(disk, dict)]
    emptied = [disk for disk in emptied if disk.get("evictionRequested") is True]
    of_node = field_path("spec.evictionRequested").get(obj) is True
    takes = field_path("spec.allowScheduling").get(obj) is not False
    in_use = takes and (of_node or any(disk.get("allowScheduling") is not False for disk in emptied))
    if in_use:
        facts.snapshot.require("Setting")  # which has the version
    return in_use and facts.harvester_version.startswith(EVICTION_HANGS)


def _eviction_steps(node: str) -> tuple[str, ...]:
    return (
        "Check whether this host is being removed on purpose: then let that finish first.",
        (
            f"Otherwise cancel the request: `kubectl edit nodes.longhorn.io -n {LONGHORN} "
            f"{actions.quote_argument(node)}` (evictionRequested: false, of the node and of each disk)."
        ),
    )


def _eviction_fields(obj: Obj) -> list[str]:
    disks = field_path("spec.disks").get(obj)
    names = sorted(disks) if isinstance(disks, dict) else []
    return ["spec.evictionRequested", *(f'spec.disks["{name}"].evictionRequested' for name in names)]


@rule(
    "leftover-longhorn-node",
    short="leftover Longhorn node",
    severity=Severity.WARNING,
    needs={"Node.longhorn.io", "Node"},
    optional={"Machine"},
)
def leftover_longhorn_node(facts: Facts) -> Iterator[Hit]:
    """Longhorn still has a node that does not exist.

    A host was removed and its Longhorn Node left behind. Longhorn still considers it when it places replicas, and the
    upgrade of the system services waits for an instance manager on it that never starts.
    """
    for node, obj in _nodes_gone(facts):
        ref = ObjectRef("Node.longhorn.io", LONGHORN, node.name)
        ghosts = [edge.source for edge in facts.links.edges_to(node, NODE_REF)]
        yield Hit(
            subject=ref,
            message=f"Longhorn still has node {node.name}, but there is no Node {node.name}",
            evidence=(
                missing_evidence(*node),
                *field_evidence(facts, ref, "spec.allowScheduling", "metadata.deletionTimestamp"),
                *_ready_evidence(ref, obj),
            ),
            next=_removal_steps(node.name),
            caution=(
                f"A replica on {node.name} may be the last one of a volume: deleting the Longhorn Node loses the data."
            ),
            causes=tuple(Cause("machine-dangling-node", machine) for machine in ghosts),
            targets=(node,),
        )


def _nodes_gone(facts: Facts) -> Iterator[tuple[ObjectRef, Obj]]:
    """Yield each Node that does not exist and that Longhorn still has, with Longhorn's object."""
    for obj in facts.snapshot.objects("Node.longhorn.io"):
        node = ObjectRef("Node", "", name_of(obj))
        ours = get_text(obj, "metadata.namespace") == LONGHORN
        if ours and node not in facts.links.objects and not _may_be_leaving(facts, obj):
            yield node, obj


LONGHORN_NODES = "nodes.longhorn.io"


def _no_scheduling(node: str) -> str:
    return actions.merge_patch(LONGHORN_NODES, node, {"spec": {"allowScheduling": False}}, LONGHORN)


def _removal_steps(node: str) -> tuple[str, ...]:
    """Return what to verify first: the replicas on the host are lost with it."""
    return (
        actions.check_host_gone(node),
        (
            f"Verify that no replica is left on it: `kubectl get replicas.longhorn.io -n {LONGHORN} -o wide | grep "
            f"{actions.quote_argument(node)}`. {advice.NONE_DEGRADED}."
        ),
        (
            f"Then disable its scheduling, `{_no_scheduling(node)}`, and delete it: "
            f"{actions.delete_object(LONGHORN_NODES, node, LONGHORN)}."
        ),
    )


def _ready_condition(obj: Obj) -> Condition:
    return find_condition(obj, "Ready", ALL_LISTS)


def _ready_evidence(ref: ObjectRef, obj: Obj) -> Iterator[Evidence]:
    if ready := _ready_condition(obj):
        yield Evidence(ref, ready.path, ready.status or None)


def _may_be_leaving(facts: Facts, obj: Obj) -> bool:
    """Return whether it may be on its way out: deleted, or not Ready, within the hour."""
    stamps = [get_text(obj, "metadata.deletionTimestamp")]
    stamps += [_ready_condition(obj).changed] if _ready_condition(obj).status != "True" else []
    ages = [age for stamp in stamps if (age := facts.now.since(Timestamp(stamp))) is not None]
    return any(age < facts.span(REMOVAL) for age in ages)
