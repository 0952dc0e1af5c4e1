"""Pairs: which Node belongs to which Machine, determined by every reference between them, never by counting.

The links are described in docs/objects.md#links. Harvester's own check (from v1.5.1) looks at the machine annotation
and nodeRef only, and Rancher finds a Node by the machine UID label.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from harvdiag.core.fields import Obj, get_labels, get_text, uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.graph.references import ABSENT, PRESENT, UNSEEN, Edge, Links
from harvdiag.kinds import FLEET
from harvdiag.kinds.local import LOCAL

__all__ = [
    "BOOTSTRAP",
    "INFRASTRUCTURE",
    "MACHINE_ANNOTATION",
    "MACHINE_NAME_LABEL",
    "MACHINE_UID_LABEL",
    "NODE_NAME_LABEL",
    "NODE_REF",
    "NODE_REF_UID",
    "PLAN_MACHINE_LABEL",
    "PROVIDER_ID",
    "Pair",
    "Pairing",
    "Verdict",
]

MACHINE_ANNOTATION = 'metadata.annotations["cluster.x-k8s.io/machine"]'
NODE_REF = "status.nodeRef.name"
NODE_REF_UID = "status.nodeRef.uid"
MACHINE_UID_LABEL = 'metadata.labels["rke.cattle.io/machine"]'
MACHINE_NAME_LABEL = 'metadata.labels["plan.cattle.io/machine-name"]'
PROVIDER_ID = "spec.providerID"
NODE_NAME_LABEL = 'metadata.labels["rke.cattle.io/node-name"]'
PLAN_MACHINE_LABEL = 'metadata.labels["rke.cattle.io/machine-name"]'
INFRASTRUCTURE, BOOTSTRAP = "spec.infrastructureRef.name", "spec.bootstrap.configRef.name"
JOINS, GONE = "joins", "gone"
CLUSTER = (
    "spec.clusterName",
    'metadata.labels["cluster.x-k8s.io/cluster-name"]',
    'metadata.labels["rke.cattle.io/cluster-name"]',
)
"""Where a Machine or one of its parts names the cluster that it belongs to, the first that is set counts."""


class Verdict(Enum):
    """The result of checking the links of a Node and a Machine, or of one of them alone; its value has it in words."""

    PAIRED = "paired"
    DISAGREE = "disagree"
    HALF_JOINED = "half-joined"
    SEVERAL_MACHINES = "two machines, one node"
    SEVERAL_NODES = "two nodes, one machine"
    GHOST = "ghost machine"
    NO_NODE_YET = "no node yet"
    ORPHAN = "orphan node"
    MACHINE_GONE = "references a Machine that does not exist"
    MACHINE_UNSEEN = "references a Machine that was not seen"
    NO_MACHINE_KNOWN = "no Machine known"
    NOT_JUDGED = "not judged"

    @property
    def is_known(self) -> bool:
        """Whether enough was seen to decide."""
        return self not in {Verdict.MACHINE_UNSEEN, Verdict.NO_MACHINE_KNOWN, Verdict.NOT_JUDGED}


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A Node and a Machine that any link connects, or one of them alone (the other is empty).

    A link is ``joins`` (it leads from one to the other), ``absent`` (the field is empty; nodeRef UID is so in v1beta2,
    the machine name label before Harvester 1.9), ``unseen``, or the name of what it leads to instead. The last three
    before the verdict are ``joins``, ``absent``, ``gone`` or ``unseen``. The fields are the columns of `cluster.pairs`,
    in their order.
    """

    node: str
    machine: str
    annotation: str
    node_ref: str
    node_ref_uid: str
    uid_label: str
    name_label: str
    provider_id: str
    infrastructure_provider_id: str
    """The providerID of the CustomMachine."""
    infrastructure: str
    bootstrap: str
    plan: str
    verdict: str


class Pairing:
    """Which Node and Machine reference each other. Machines and their parts are those of cluster `local` in namespace
    ``fleet-local``, not those of a guest cluster there; Machines of other namespaces are `machines_elsewhere`."""

    def __init__(self, links: Links) -> None:
        self.links = links
        self._own: dict[str, list[ObjectRef]] = {}

    def _refs(self, kind: str) -> list[ObjectRef]:
        found = self.links.refs(kind) if kind not in self._own else []
        self.links.touch(kind)
        return self._own.setdefault(kind, [ref for ref in found if kind == "Node" or self.is_own(ref)])

    def is_own(self, ref: ObjectRef) -> bool:
        """Whether a Machine or a part of one is in fleet-local and names no other cluster than `local`."""
        if ref.namespace != FLEET:
            return False
        obj = self.links.objects.get(ref)
        named = next((name for path in CLUSTER if (name := get_text(obj, path))), LOCAL.name)
        return named == LOCAL.name

    @property
    def nodes(self) -> list[ObjectRef]:
        """The Nodes of the cluster."""
        return self._refs("Node")

    @property
    def machines(self) -> list[ObjectRef]:
        """The Machines of cluster `local` in namespace fleet-local."""
        return self._refs("Machine")

    @cached_property
    def machines_elsewhere(self) -> list[ObjectRef]:
        """The Machines of every other namespace."""
        return [ref for ref in self.links.refs("Machine") if ref.namespace != FLEET]

    @property
    def plans(self) -> list[ObjectRef]:
        """The machine-plan Secrets of cluster `local` in namespace fleet-local."""
        return self._refs("Secret")

    def parts(self, kind: str) -> list[ObjectRef]:
        """The CustomMachines or RKEBootstraps of cluster `local` in namespace fleet-local."""
        return self._refs(kind)

    def obj(self, ref: ObjectRef) -> Obj:
        """The raw object."""
        return self.links.objects[ref]

    def machine_ref(self, node: ObjectRef) -> Edge | None:
        """The link to the Machine in the Node's annotation, whether that exists or not; None without annotation."""
        return next(iter(self.links.edges_from(node, MACHINE_ANNOTATION)), None)

    def node_ref(self, machine: ObjectRef) -> Edge | None:
        """The link to the Node in the Machine's nodeRef, whether that exists or not; None without nodeRef."""
        return next(iter(self.links.edges_from(machine, NODE_REF)), None)

    def referencing_nodes(self, machine: ObjectRef) -> list[ObjectRef]:
        """The Nodes whose annotation references the Machine."""
        return [edge.source for edge in self.links.edges_to(machine, MACHINE_ANNOTATION)]

    def claiming_machines(self, node: ObjectRef) -> list[ObjectRef]:
        """The Machines that reference the Node by nodeRef or providerID."""
        edges = [edge for path in (NODE_REF, PROVIDER_ID) for edge in self.links.edges_to(node, path, "Machine")]
        return _drop_duplicates(edge.source for edge in edges if self.is_own(edge.source))

    def weak_matches(self, node: ObjectRef) -> list[ObjectRef]:
        """The Machines linked to the Node by label, address or provider ID only, and to no other Node by nodeRef."""
        own = [
            e.target
            for path in (MACHINE_UID_LABEL, MACHINE_NAME_LABEL)
            for e in self.links.edges_from(node, path)
            if e.state == PRESENT
        ]
        theirs = [machine for edge in self.links.edges_to(node) for machine in self._machine_behind(edge)]
        return [m for m in _drop_duplicates([*own, *theirs]) if self.is_own(m) and self._free_for(m, node)]

    def _machine_behind(self, edge: Edge) -> list[ObjectRef]:
        """The Machine that weak evidence on it, its CustomMachine or its RKEBootstrap points to."""
        if edge.path == NODE_NAME_LABEL:
            return [edge.source]
        if edge.source.kind not in {"CustomMachine", "RKEBootstrap"}:
            return []
        machine = edge.source._replace(kind="Machine")
        return [machine] if machine in self.links.objects else []

    def _free_for(self, machine: ObjectRef, node: ObjectRef) -> bool:
        edge = self.node_ref(machine)
        return edge is None or edge.target == node

    def candidate_nodes(self, machine: ObjectRef) -> list[ObjectRef]:
        """The Nodes that may be the host of a Machine without nodeRef, by `weak_matches` and providerID."""
        parts = [machine, machine._replace(kind="CustomMachine"), machine._replace(kind="RKEBootstrap")]
        out = [e for part in parts for e in self.links.edges_from(part, kind="Node") if e.state == PRESENT]
        into = [
            edge.source
            for path in (MACHINE_UID_LABEL, MACHINE_NAME_LABEL)
            for edge in self.links.edges_to(machine, path)
        ]
        return [node for node in _drop_duplicates([*(e.target for e in out), *into]) if node.kind == "Node"]

    def is_orphan(self, node: ObjectRef) -> bool:
        """The Node references no Machine and none is linked to it."""
        return not self.machine_ref(node) and not self.claiming_machines(node) and not self.weak_matches(node)

    def is_half_joined(self, node: ObjectRef) -> bool:
        """The Node references no Machine, though one is linked to it."""
        return not self.machine_ref(node) and not self.is_orphan(node)

    def is_dangling(self, node: ObjectRef) -> bool:
        """The Node references a Machine that does not exist."""
        edge = self.machine_ref(node)
        return edge is not None and edge.broken

    def plans_of(self, machine: ObjectRef) -> list[ObjectRef]:
        """Find the plan Secrets of a Machine, by label, else by name; docs/objects.md#link-plan-secret."""
        labelled = [edge.source for edge in self.links.edges_to(machine, PLAN_MACHINE_LABEL)]
        by_name = ObjectRef("Secret", machine.namespace, f"{machine.name}-machine-plan")
        return labelled or ([by_name] if by_name in self.links.objects and not self._plan_label(by_name) else [])

    def _plan_label(self, plan: ObjectRef) -> str:
        return get_text(self.obj(plan), PLAN_MACHINE_LABEL)

    def has_role(self, ref: ObjectRef, role: str) -> bool:
        """Whether a Machine, RKEBootstrap or plan Secret carries a Rancher role: etcd, control-plane or worker."""
        return get_labels(self.obj(ref)).get(f"rke.cattle.io/{role}-role") == "true"

    # --- the table -------------------------------------------------------------------------------------------------

    def rows(self) -> list[Pair]:
        """Return one row per pair, and one per Node or Machine without partner; problems first, then by name."""
        ties = {node: self._find_partners(node) for node in self.nodes}
        tied = {machine for machines in ties.values() for machine in machines}
        rows = [self._build_row(node, m) for node, found in ties.items() for m in found]
        rows += [self._build_row(node, None) for node, found in ties.items() if not found]
        rows += [self._build_row(None, machine) for machine in self.machines if machine not in tied]
        return sorted(rows, key=lambda row: (row.verdict == "paired", not row.node, row.node, row.machine))

    def _find_partners(self, node: ObjectRef) -> list[ObjectRef]:
        edge = self.machine_ref(node)
        named = [edge.target] if edge and edge.state == PRESENT else []
        return _drop_duplicates([*named, *self.claiming_machines(node), *self.weak_matches(node)])

    def _build_row(self, node: ObjectRef | None, machine: ObjectRef | None) -> Pair:
        infra = machine._replace(kind="CustomMachine") if machine else None
        return Pair(
            node=node.name if node else "",
            machine=machine.name if machine else "",
            annotation=self._link_cell(node, MACHINE_ANNOTATION, machine),
            node_ref=self._link_cell(machine, NODE_REF, node),
            node_ref_uid=self._link_cell(machine, NODE_REF_UID, node),
            uid_label=self._link_cell(node, MACHINE_UID_LABEL, machine),
            name_label=self._link_cell(node, MACHINE_NAME_LABEL, machine),
            provider_id=self._link_cell(machine, PROVIDER_ID, node),
            infrastructure_provider_id=self._infra_cell(infra, node),
            infrastructure=self._part_cell(machine, INFRASTRUCTURE),
            bootstrap=self._part_cell(machine, BOOTSTRAP),
            plan=self._plan_cell(machine),
            verdict=self.verdict(node, machine),
        )

    def _link_cell(self, source: ObjectRef | None, path: str, target: ObjectRef | None) -> str:
        edges = self.links.edges_from(source, path) if source else []
        if not edges:
            return "" if source is None else ABSENT
        if any(edge.target == target for edge in edges):
            return JOINS
        return UNSEEN if edges[0].state == UNSEEN else edges[0].target.name

    def _infra_cell(self, infra: ObjectRef | None, node: ObjectRef | None) -> str:
        if infra is not None and not self.links.seen("CustomMachine"):
            return UNSEEN
        return self._link_cell(infra if infra in self.links.objects else None, PROVIDER_ID, node)

    def _part_cell(self, machine: ObjectRef | None, path: str) -> str:
        edges = self.links.edges_from(machine, path) if machine else []
        if not edges:
            return "" if machine is None else ABSENT
        return {PRESENT: JOINS, ABSENT: GONE}.get(edges[0].state, UNSEEN)

    def _plan_cell(self, machine: ObjectRef | None) -> str:
        if machine is None:
            return ""
        if self.plans_of(machine):
            return JOINS
        return GONE if self.links.seen("Secret") else UNSEEN

    def verdict(self, node: ObjectRef | None, machine: ObjectRef | None) -> str:
        """The verdict on a row, in words."""
        found = self.judge(node, machine)
        kinds = {Verdict.NOT_JUDGED: ("Node", "Machine"), Verdict.NO_MACHINE_KNOWN: ("CustomMachine", "RKEBootstrap")}
        if found in kinds:
            return f"{found.value}: {' and '.join(self._unseen_kinds(*kinds[found]))} not seen"
        return f"{found.value}, deleting" if machine and self.deletion_time(machine) else found.value

    def judge(self, node: ObjectRef | None, machine: ObjectRef | None) -> Verdict:
        """Return the verdict on a row, the strongest evidence first."""
        if self._unseen_kinds("Node", "Machine"):
            return Verdict.NOT_JUDGED
        if node and machine:
            return self._judge_pair(node, machine)
        if machine:
            return Verdict.GHOST if self.node_ref(machine) else Verdict.NO_NODE_YET
        return self._judge_node(node) if node else Verdict.NOT_JUDGED

    def _unseen_kinds(self, *kinds: str) -> list[str]:
        return [kind for kind in kinds if not self.links.seen(kind)]

    def _judge_node(self, node: ObjectRef) -> Verdict:
        if self.machine_ref(node):
            return Verdict.MACHINE_GONE if self.is_dangling(node) else Verdict.MACHINE_UNSEEN
        return Verdict.NO_MACHINE_KNOWN if self._unseen_kinds("CustomMachine", "RKEBootstrap") else Verdict.ORPHAN

    def _judge_pair(self, node: ObjectRef, machine: ObjectRef) -> Verdict:
        named, back = self.machine_ref(node), self.node_ref(machine)
        if len(self.claiming_machines(node)) > 1:
            return Verdict.SEVERAL_MACHINES
        if len(self.referencing_nodes(machine)) > 1:
            return Verdict.SEVERAL_NODES
        if named is None:
            return Verdict.HALF_JOINED
        agree = named.target == machine and back is not None and back.target == node
        return Verdict.PAIRED if agree else Verdict.DISAGREE

    def deletion_time(self, ref: ObjectRef) -> str:
        """`metadata.deletionTimestamp`, empty where the object is not being deleted."""
        return get_text(self.obj(ref), "metadata.deletionTimestamp")

    def uid_differs(self, machine: ObjectRef) -> Edge | None:
        """The nodeRef of a Machine whose uid is not that of the Node of this name; v1beta1 only."""
        edge, uid = self.node_ref(machine), get_text(self.obj(machine), NODE_REF_UID)
        if edge is None or edge.state != PRESENT or not uid:
            return None
        return edge if uid_of(self.obj(edge.target)) not in ("", uid) else None


def _drop_duplicates(refs: Iterable[ObjectRef]) -> list[ObjectRef]:
    return list(dict.fromkeys(refs))
