"""One run of an upgrade: the Upgrade with its nodes, Machines, plan Secrets and Jobs.

Each node has three sides here: what the Upgrade says of it, the state of its Node, and how far the drain's handshake on
its plan Secret is. Where they disagree, a rule reports it; here they are only put next to each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import field_path, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.graph.pairing import Pairing
from harvdiag.kinds.columns import condition_column
from harvdiag.kinds.local import CONTROL_PLANE, PROVISIONING
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.handshake import Handshake, read_handshake
from harvdiag.upgrade.jobs import Job, jobs_of
from harvdiag.upgrade.percent import Percent, compute_percent
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.phases_v2 import doing_of, place_of
from harvdiag.upgrade.planner import PlannerMessage, planner_messages
from harvdiag.upgrade.v1 import NodeStatus, Upgrade

__all__ = ["PENDING", "NodeUpgrade", "UpgradeRun"]

READY = condition_column("ready", "Ready")
PENDING = {
    v2: f'metadata.annotations["{owner}/pendingOSImage"]'
    for v2, owner in ((False, "harvesterhci.io"), (True, "management.harvesterhci.io"))
}
"""The system that a Node is to come back with, of an Upgrade and of an UpgradePlan."""


@dataclass(frozen=True, kw_only=True)
class NodeUpgrade:
    """One node in an upgrade. What was not seen or does not exist is None or empty."""

    ref: ObjectRef
    status: NodeStatus | None
    """What the Upgrade's list says; None: not in it."""
    exists: bool
    """Whether the Node is there."""
    managed: bool
    cordoned: bool
    ready: str
    """The status of the condition Ready; `ready_since` is its time."""
    ready_since: str
    kubelet: str
    """The version that runs on it now, as `os`."""
    os: str
    pending_os: str
    run: UpgradeRun = field(repr=False, compare=False)

    @property
    def machines(self) -> tuple[ObjectRef, ...]:
        """Those whose nodeRef references it; where none does, the one in its own annotation."""
        return self.run.machines_of(self.ref)

    @property
    def others(self) -> tuple[ObjectRef, ...]:
        """The Machine in its own annotation, where that belongs to another Node."""
        return self.run.others_of(self.ref)

    @property
    def secrets(self) -> tuple[tuple[ObjectRef, Handshake], ...]:
        """The plan Secrets of its Machines, each with the handshake."""
        return self.run.secrets_of(self.ref)

    @property
    def jobs(self) -> tuple[Job, ...]:
        """Its hook Jobs, the oldest first."""
        return self.run.jobs_of(self.ref)

    @property
    def name(self) -> str:
        """The Node's name."""
        return self.ref.name

    @property
    def state(self) -> str:
        """Its state in the Upgrade's list; empty where it is not in it."""
        return self.status.state if self.status else ""

    @property
    def place(self) -> str:
        """The state of V1 that it corresponds to: an UpgradePlan (V2) has names of its own."""
        return place_of(self.state)

    @property
    def doing(self) -> str:
        """What it does in its state: ``loads the images``; empty where that is unknown."""
        return doing_of(self.state)

    @property
    def handshake(self) -> Handshake | None:
        """The drain's handshake: of several plan Secrets the one whose cycle is under way."""
        return self._active_handshake[1] if self._active_handshake else None

    @property
    def secret(self) -> ObjectRef | None:
        """That Secret."""
        return self._active_handshake[0] if self._active_handshake else None

    @property
    def _active_handshake(self) -> tuple[ObjectRef, Handshake] | None:
        under_way = [(secret, hand) for secret, hand in self.secrets if not hand.idle]
        return next(iter(under_way or self.secrets), None)

    def job(self, kind: str) -> Job | None:
        """Its youngest Job of a type, such as ``pre-drain``."""
        return next((job for job in reversed(self.jobs) if job.type == kind), None)


class UpgradeRun:
    """One upgrade, V1 or V2, over the cluster's nodes."""

    def __init__(self, upgrade: Upgrade, snapshot: Snapshot, pairing: Pairing) -> None:
        self.upgrade = upgrade
        self.snapshot = snapshot
        self._pairing = pairing
        self._machines: dict[ObjectRef, tuple[ObjectRef, ...]] = {}
        self._secrets: dict[ObjectRef, tuple[tuple[ObjectRef, Handshake], ...]] = {}

    @property
    def title(self) -> str:
        """Kind and name: ``Upgrade hvst-upgrade-abcde``."""
        return f"{self.upgrade.ref.kind} {self.upgrade.ref.name}"

    @property
    def jobs(self) -> list[Job]:
        """The upgrade's Jobs in harvester-system, the oldest first."""
        self.snapshot.touch("Job")
        return self._jobs

    @cached_property
    def _jobs(self) -> list[Job]:
        return jobs_of(self.snapshot.objects("Job"), self.upgrade.ref.name)

    @cached_property
    def _jobs_by_node(self) -> dict[str, tuple[Job, ...]]:
        found: dict[str, tuple[Job, ...]] = {}
        for job in self._jobs:
            found[job.node] = (*found.get(job.node, ()), job)
        return found

    @property
    def nodes(self) -> list[NodeUpgrade]:
        """Every Node of the cluster and every name of the Upgrade's list, in the order of their names."""
        self.snapshot.touch("Node")
        return self._nodes

    @cached_property
    def _nodes(self) -> list[NodeUpgrade]:
        known = {node.name for node in self._pairing.nodes}
        return [self._build_node(name) for name in sorted(known | set(self.upgrade.statuses))]

    def node(self, name: str) -> NodeUpgrade | None:
        """One of them by name."""
        return next((node for node in self.nodes if node.name == name), None)

    @property
    def planner(self) -> list[PlannerMessage]:
        """The messages of Rancher's planner."""
        self.snapshot.touch(CONTROL_PLANE.kind)
        self.snapshot.touch(PROVISIONING.kind)
        return self._planner

    @cached_property
    def _planner(self) -> list[PlannerMessage]:
        return planner_messages(self.snapshot)

    @property
    def percent(self) -> Percent:
        """The percentages that the UI shows."""
        return compute_percent(self.upgrade, [node.name for node in self.nodes if node.exists])

    @property
    def done(self) -> list[NodeUpgrade]:
        """The nodes that have succeeded."""
        return [node for node in self.nodes if node.place == DONE]

    @property
    def waiting(self) -> list[NodeUpgrade]:
        """The nodes that have not."""
        return [node for node in self.nodes if node.place != DONE]

    @property
    def draining(self) -> list[NodeUpgrade]:
        """The nodes whose handshake is under way."""
        return [node for node in self.nodes if node.handshake and not node.handshake.idle]

    def _build_node(self, name: str) -> NodeUpgrade:
        ref = ObjectRef("Node", "", name)
        obj = self._pairing.links.objects.get(ref)
        return NodeUpgrade(
            ref=ref,
            status=self.upgrade.statuses.get(name),
            exists=obj is not None,
            managed=get_text(obj, 'metadata.labels["harvesterhci.io/managed"]') == "true",
            cordoned=field_path("spec.unschedulable").get(obj) is True,
            ready=READY.value(obj) or "" if obj else "",
            ready_since=find_condition(obj, "Ready").changed,
            kubelet=get_text(obj, "status.nodeInfo.kubeletVersion"),
            os=get_text(obj, "status.nodeInfo.osImage"),
            pending_os=get_text(obj, PENDING[self.upgrade.v2]),
            run=self,
        )

    def machines_of(self, node: ObjectRef) -> tuple[ObjectRef, ...]:
        """The Machines of a node, as `NodeUpgrade.machines`."""
        self._pairing.links.touch("Node", "Machine")
        if node not in self._machines:
            self._machines[node] = self._find_machines(node)
        return self._machines[node]

    def others_of(self, node: ObjectRef) -> tuple[ObjectRef, ...]:
        """The Machine in a Node's annotation that is another Node's; empty for a Node with a Machine of its own."""
        return () if self.machines_of(node) else self._machine_by_annotation(node)

    def secrets_of(self, node: ObjectRef) -> tuple[tuple[ObjectRef, Handshake], ...]:
        """The plan Secrets of a node's Machines, each with the handshake."""
        self._pairing.links.touch("Node", "Machine", "Secret")
        if node not in self._secrets:
            self._secrets[node] = tuple(self._plan_secrets(self.machines_of(node)))
        return self._secrets[node]

    def jobs_of(self, node: ObjectRef) -> tuple[Job, ...]:
        """The hook Jobs of a node, the oldest first."""
        self.snapshot.touch("Job")
        return self._jobs_by_node.get(node.name, ())

    def _find_machines(self, node: ObjectRef) -> tuple[ObjectRef, ...]:
        """As Harvester finds them: from the plan Secret by the Machine's nodeRef, else by the Node's annotation."""
        claims = (
            m
            for m in self._pairing.claiming_machines(node)
            if (edge := self._pairing.node_ref(m)) and edge.target == node
        )
        named = self._machine_by_annotation(node)
        return tuple(claims) or (named if not any(map(self._pairing.node_ref, named)) else ())

    def _machine_by_annotation(self, node: ObjectRef) -> tuple[ObjectRef, ...]:
        named = self._pairing.machine_ref(node)
        return (named.target,) if named and named.target in self._pairing.links.objects else ()

    def _plan_secrets(self, machines: tuple[ObjectRef, ...]) -> Iterator[tuple[ObjectRef, Handshake]]:
        for machine in machines:
            for secret in self._pairing.plans_of(machine):
                yield secret, read_handshake(self._pairing.obj(secret), self.upgrade.v2)
