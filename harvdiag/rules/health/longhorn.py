"""Longhorn volumes that are degraded or faulted, and why: the volume's own reason, or a node at fault."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import leaving_hosts
from harvdiag.rules.volume_faults import (
    FEW,
    Stake,
    count_joining,
    find_stake,
    find_too_few,
    judge_node,
    name_volume,
    sort_degraded,
)
from harvdiag.rules.volumes import (
    LONGHORN,
    TOO_MANY_REPLICAS,
    VOLUME,
    StorageNode,
    read_wanted_replicas,
    storage_nodes,
    volume_evidence,
    volume_ref,
    volumes_in_trouble,
    witnesses,
)

SEEN = {"Node.longhorn.io", "Node", "Upgrade", "UpgradePlan"}
NODE_FAULTS = ("node-unready", "node-cordoned", "node-under-pressure", "node-keeps-pods-away")
"""Findings of the Node itself that would explain it."""
WITNESS_LABEL = 'metadata.labels["node-role.harvesterhci.io/witness"]'
LIST_VOLUMES = f"`kubectl get volumes.longhorn.io -n {LONGHORN}`"


@rule(
    TOO_MANY_REPLICAS,
    short="more replicas wanted than nodes can hold",
    holds=True,
    needs=SEEN,
    optional={VOLUME, "Setting.longhorn.io", "Machine"},
    links=["harvester/harvester#4773", "harvester/harvester#6425", "harvester/harvester#7923"],
)
def volume_wants_too_many_replicas(facts: Facts) -> Iterator[Hit]:
    """A volume is degraded for good: it wants more replicas than there are nodes that can hold one.

    Longhorn places one replica on a node, and none on a witness. Waiting, rebuilding and uncordoning change nothing.
    With three Nodes or more, the witness counted, Harvester refuses an upgrade while any volume is degraded; during one
    the pre-drain Job waits for it without end.
    """
    bad = [obj for obj in volumes_in_trouble(facts) if get_text(obj, "status.robustness") == "degraded"]
    stake = find_stake(facts) if bad else None
    if stake is None:
        return
    nodes, joining = storage_nodes(facts), count_joining(facts)
    excess = [(obj, names) for obj in bad if (names := find_too_few(facts, obj, nodes, joining)) is not None]
    if len(excess) > FEW:
        yield _excess_hit(facts, stake, excess[:1], [obj for obj, _ in excess])
        return
    for obj, names in excess:
        yield _excess_hit(facts, stake, [(obj, names)], [obj])


def _excess_hit(facts: Facts, stake: Stake, first: Sequence[tuple[Obj, list[str]]], volumes: Sequence[Obj]) -> Hit:
    (obj, names), witness = first[0], witnesses(facts)
    ref, wanted = volume_ref(obj), read_wanted_replicas(obj)
    nodes = f"only {len(names)} {'nodes' if len(names) > 1 else 'node'} can hold one, {join_names(names)}"
    only = nodes if names else "no node can hold one"
    aside = f" (the witness {witness[0].name} stores no data)" if witness else ""
    more = f"; the same is true of {len(volumes) - 1} other volumes" if len(volumes) > 1 else ""
    return Hit(
        subject=ref,
        message=(
            f"{name_volume(obj)} is degraded for good: it wants {wanted} replicas, and {only}{aside}; no rebuild can "
            f"make it healthy, and {stake.text}{more}"
        ),
        evidence=(
            *volume_evidence(obj, "spec.numberOfReplicas", "status.robustness", "status.state"),
            *(e for node in witness for e in field_evidence(facts, node, WITNESS_LABEL)),
        ),
        next=tuple(_excess_steps(stake, volumes, len(names))),
        severity=Severity.INFO if leaving_hosts(facts) and not stake.running else None,
        caution=advice.FEWER_REPLICAS if names else "",
        targets=tuple(map(volume_ref, volumes[1 : FEW + 1])),
    )


def _excess_steps(stake: Stake, volumes: Sequence[Obj], possible: int) -> Iterator[str]:
    if possible:
        for obj in volumes[:FEW]:
            yield (
                f"Lower the replicas of {name_of(obj)} to {possible}: {actions.set_replicas(name_of(obj), possible)}; "
                "it is healthy within seconds."
            )
    yield "Do not wait for a rebuild, and do not uncordon a node for it: there is no node for another replica."
    if stake.running:
        yield "The pre-drain Job continues by itself then."
    else:
        yield (
            "Or install another host that stores data (Join an existing Harvester cluster); one that only waits to be "
            "fixed is counted already."
        )
    yield (
        f"For new volumes use a StorageClass with numberOfReplicas {possible or 1}: that of an existing StorageClass "
        "cannot be changed (harvester/harvester#7072)."
    )


@rule(
    "longhorn-node-degrades-volumes",
    short="Longhorn node degrades volumes",
    severity=Severity.ERROR,
    needs=SEEN,
    optional={VOLUME, "Replica", "Setting.longhorn.io"},
    links=["harvester/harvester#4773", "harvester/harvester#7067"],
)
def longhorn_node_degrades_volumes(facts: Facts) -> Iterator[Hit]:
    """Volumes are degraded because one node cannot hold their replicas.

    The node is not Ready, cordoned, full, or was taken out in Longhorn. Its replicas are rebuilt elsewhere only if
    there is another node for them; otherwise the volumes stay degraded until that node is fixed, and Harvester refuses
    an upgrade.
    """
    stake = find_stake(facts) if volumes_in_trouble(facts) else None
    for node, volumes in sort_degraded(facts, stake).by_node if stake else ():
        severity = judge_node(facts, stake, node) if stake else None
        if stake is None or severity is None:
            continue
        names = [name_of(obj) for obj in volumes]
        what = f"{len(names)} volumes are" if len(names) > 1 else f"{name_volume(volumes[0])} is"
        these = f": {join_names(names)}" if len(names) > 1 else ""
        yield Hit(
            subject=node.ref,
            message=f"{what} degraded because Longhorn Node {node.name} {node.fault}, and {stake.text}{these}",
            evidence=(
                *((Evidence(node.ref, node.path, _fault_value(node)),) if node.path else ()),
                *(e for obj in volumes[:FEW] for e in volume_evidence(obj, "status.robustness")),
            ),
            next=_node_steps(node),
            caution=(
                f"Do not delete Longhorn Node {node.name} or a replica on it while a volume is degraded: it may be the "
                "last copy."
            ),
            severity=severity,
            targets=(ObjectRef("Node", "", node.name), *map(volume_ref, volumes[:FEW])),
            causes=tuple(Cause(name, ObjectRef("Node", "", node.name)) for name in NODE_FAULTS),
        )


def _fault_value(node: StorageNode) -> object:
    """Return the value of the field that shows the fault: of a condition its status."""
    holder, mark, kind = node.path.rpartition(", type ")
    return find_condition(node.obj, kind, (holder,)).status if mark else field_path(node.path).get(node.obj)


def _node_steps(node: StorageNode) -> tuple[str, ...]:
    quoted = actions.quote_argument(node.name)
    return (
        (
            f"Find what keeps replicas from {node.name}: the conditions of that Node, and of `kubectl get "
            f"nodes.longhorn.io -n {LONGHORN} {quoted} -o yaml` (also its disks and allowScheduling)."
        ),
        (
            f"Fix that: its disks and their scheduling under Hosts → {node.name} → ⋮ → Edit Config → Storage, the rest "
            "as the Node's own finding says."
        ),
        f"Then verify that the volumes are rebuilt: {LIST_VOLUMES}.",
    )
