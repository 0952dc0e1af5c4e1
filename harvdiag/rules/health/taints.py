"""What keeps the pods of the system away from a Node that is Ready: taints, and too little memory or disk."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.conditions import Condition, find_condition
from harvdiag.core.fields import Obj, get_items, get_text
from harvdiag.core.model import ObjectRef, Severity
from harvdiag.core.timestamps import Timestamp, latest_time
from harvdiag.rules import actions
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import UPGRADING, judge_node_state, node_causes, quote_words
from harvdiag.rules.upgrade_evidence import condition_evidence

SYSTEM = ("node.kubernetes.io/", "node.cilium.io/", "node.cloudprovider.kubernetes.io/", "network.cattle.io/")
"""How the keys of taints begin that a component of the system sets while a Node may not get pods."""
CORDON = "node.kubernetes.io/unschedulable"
"""The taint of a cordoned Node, which has findings of its own."""
BROUGHT_BY = {
    "node.kubernetes.io/not-ready": ("Ready", frozenset({"False", "Unknown"})),
    "node.kubernetes.io/unreachable": ("Ready", frozenset({"False", "Unknown"})),
    "node.kubernetes.io/memory-pressure": ("MemoryPressure", frozenset({"True"})),
    "node.kubernetes.io/disk-pressure": ("DiskPressure", frozenset({"True"})),
    "node.kubernetes.io/pid-pressure": ("PIDPressure", frozenset({"True"})),
}
"""Taints that a condition of the Node brings about, with the status in which it does: that has a finding of its own."""
REPELS = frozenset({"NoSchedule", "NoExecute"})
NETWORK = "NetworkUnavailable"
PRESSURES = {
    "MemoryPressure": "memory",
    "DiskPressure": "disk space",
    "PIDPressure": "process IDs",
}


@rule(
    "node-keeps-pods-away",
    short="keeps pods away",
    alike="keep the pods of the system away",
    holds=True,
    needs={"Node", "Upgrade", "UpgradePlan"},
    optional=UPGRADING,
    links=["harvester/harvester#9802", "harvester/harvester#9815"],
)
def node_keeps_pods_away(facts: Facts) -> Iterator[Hit]:
    """A Node takes no pods of the system, though it is not cordoned.

    Its network was not set up (NetworkUnavailable), or a component has not taken a taint of the system off again. The
    Jobs of an upgrade stay Pending there, and so do the network, storage and VM services of the node.
    """
    for node in facts.pairing.nodes:
        obj = facts.pairing.obj(node)
        network, taints = find_condition(obj, NETWORK), list(_system_taints(obj))
        down = network.status == "True"
        since = network.changed if down else latest_time(*(_since(obj, taint) for taint in taints))
        severity = judge_node_state(facts, node, since) if down or taints else None
        if severity is None:
            continue
        yield Hit(
            subject=node,
            severity=severity,
            message=_describe_obstacle(node, network if down else None, taints, since),
            evidence=(
                *(condition_evidence(facts, node, NETWORK, "status", "reason", "message", "changed") if down else ()),
                *(field_evidence(facts, node, "spec.taints") if taints else ()),
            ),
            caution="Restart the network plugin on one node at a time." if down else "",
            next=_network_steps(node.name) if down else _taint_steps(node.name, taints[0]),
            causes=(*node_causes(facts, node), Cause("node-unready", node)),
        )


def _system_taints(obj: Obj) -> Iterator[Obj]:
    for taint in get_items(obj, "spec.taints"):
        if isinstance(taint, dict) and get_text(taint, "effect") in REPELS:
            key = get_text(taint, "key")
            if key.startswith(SYSTEM) and key != CORDON and not _is_told(obj, key):
                yield taint


def _is_told(obj: Obj, key: str) -> bool:
    """Return whether a condition explains a taint; one that outlived its condition is not taken off by itself."""
    kind, bad = BROUGHT_BY.get(key, ("", frozenset()))
    row = find_condition(obj, kind) if kind else None
    return row is not None and (row.status in bad or not row.status)


def _since(obj: Obj, taint: Obj) -> str:
    """Return since when a taint stands without reason: when it was set, or when its condition passed."""
    kind, _ = BROUGHT_BY.get(get_text(taint, "key"), ("", None))
    return latest_time(get_text(taint, "timeAdded"), find_condition(obj, kind).changed if kind else "")


def _name_taint(taint: Obj) -> str:
    value = get_text(taint, "value")
    return f"{get_text(taint, 'key')}{f'={value}' if value else ''}:{get_text(taint, 'effect')}"


def _describe_obstacle(node: ObjectRef, network: Condition | None, taints: list[Obj], since: str) -> str:
    when = f" since {Timestamp(since)}" if since else ""
    names = ", ".join(map(_name_taint, taints))
    if network is None:
        return f"Node {node.name} keeps the pods of the system away{when}: it has the taint {quote_words(names)}"
    tainted = f"; it has the taint {quote_words(names)}" if names else ""
    why = f" ({quote_words(network.why)})" if network.why else ""
    return f"Node {node.name} has no network for pods{when}: NetworkUnavailable is True{why}{tainted}"


def _network_steps(name: str) -> tuple[str, ...]:
    node = actions.quote_argument(name)
    return (
        f"Look at its pods in kube-system: `kubectl get pods -n kube-system --field-selector spec.nodeName={node}`.",
        f"On {name}: check the network interfaces and `journalctl -u rke2-server -u rke2-agent`.",
        (
            "Restart its network plugin: `kubectl delete pod -n kube-system -l k8s-app=canal --field-selector "
            f"spec.nodeName={node}`; the condition and its taint go when it reports that the network is up."
        ),
    )


def _taint_steps(name: str, taint: Obj) -> tuple[str, ...]:
    """Return how to find out whose a taint is, and how to take off one that is left."""
    mark = actions.quote_argument(f"{get_text(taint, 'key')}:{get_text(taint, 'effect')}-")
    return (
        f"Find out which component sets that taint: `kubectl describe node {actions.quote_argument(name)}`.",
        (
            "The component takes it off when it is in order. A taint of one that is no longer installed stays: "
            f"`kubectl taint node {actions.quote_argument(name)} {mark}`."
        ),
    )


@rule(
    "node-under-pressure",
    short="under pressure",
    alike="run short of memory, disk space or process IDs",
    severity=Severity.WARNING,
    holds=True,
    needs={"Node", "Upgrade", "UpgradePlan"},
    optional=UPGRADING,
    links=["harvester/harvester#3324"],
)
def node_under_pressure(facts: Facts) -> Iterator[Hit]:
    """A Node runs short of memory, disk space or process IDs.

    Its kubelet evicts pods and takes no new ones. With DiskPressure it also removes images, among them those that an
    upgrade has just loaded, and which are then missing in its middle.
    """
    for node in facts.pairing.nodes:
        short = [row for kind in PRESSURES if (row := find_condition(facts.pairing.obj(node), kind)).status == "True"]
        since = min((row.changed for row in short), default="")
        severity = judge_node_state(facts, node, since) if short else None
        if severity is None:
            continue
        yield Hit(
            subject=node,
            severity=Severity.WARNING if severity is Severity.ERROR else severity,
            message=(
                f"Node {node.name} runs short of {' and '.join(PRESSURES[row.type] for row in short)}"
                f"{f' since {Timestamp(since)}' if since else ''}: its kubelet evicts pods and takes no new ones"
            ),
            evidence=tuple(
                e for row in short for e in condition_evidence(facts, node, row.type, "status", "reason", "message")
            ),
            next=_pressure_steps(node.name, {row.type for row in short}),
            causes=(Cause("node-unready", node),),
        )


def _pressure_steps(name: str, kinds: set[str]) -> tuple[str, ...]:
    disk = f"On {name}: `df -h` and `crictl images` show what fills the disk; remove old logs and images first."
    load = f"Look at what runs there: `kubectl describe node {actions.quote_argument(name)}` and `kubectl top pods -A`."
    return tuple(step for step, shown in ((disk, "DiskPressure" in kinds), (load, kinds != {"DiskPressure"})) if shown)
