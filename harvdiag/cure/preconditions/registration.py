"""R1 to R5, the registration: whether Rancher gives a host that registers its Machine, and the right one.

They are asked where a host stays and only registers again (docs/objects.md#join-connection-request).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import field_path, get_labels, get_text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.release import read_release
from harvdiag.cure.drafts.host import SHOW_DIGEST
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.preconditions.removal import gaps_of
from harvdiag.cure.preconditions.words import decide, list_some
from harvdiag.kinds.local import CONTROL_PLANE, LOCAL, MANAGEMENT, PROVISIONING
from harvdiag.rules.evidence import host_evidence
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.plans import SYSTEM_AGENT, node_plans

__all__ = ["UPGRADER", "judge_registration", "judge_upgrader"]

ADMINISTRATED = 'metadata.annotations["provisioning.cattle.io/administrated"]'
CATTLE_ID = 'files["etc/rancher/agent/cattle-id"].{}'
UPGRADER = f"plan.upgrade.cattle.io/{SYSTEM_AGENT}"
"""The label of a Node on which that Plan has run; without it, it runs again."""
SUC_READY = "SystemUpgradeControllerReady"
CONNECTED = "status.agentConnected"
PAUSED = "spec.paused"
SHOW_CLUSTER = "Read its annotations and conditions: `kubectl get clusters.management.cattle.io local -o yaml`."


def judge_registration(facts: Facts, node: ObjectRef, *, by_plan: bool) -> tuple[Precondition, ...]:
    """Judge R1 to R5 for the host of a Node; R2 only where Rancher's Plan registers it, R3 only from Harvester 1.9."""
    asked = [_connected(facts)]
    asked += [judge_upgrader(facts, node)] if by_plan else []
    asked += [_administrated(facts)] if _may_need_mark(facts) else []
    return (*asked, _identity(facts, node), _unpaused(facts))


def _connected(facts: Facts) -> Precondition:
    """R1: the three Clusters through which Rancher looks up a host are there, and their agent is connected."""
    clusters = (MANAGEMENT, PROVISIONING, LOCAL)
    missing = [ref for ref in clusters if facts.snapshot.get(ref) is None]
    gaps = gaps_of(facts, *(ref.kind for ref in missing), *(("RKEControlPlane",) if _plane(facts) is None else ()))
    absent = [ref for ref in missing if facts.snapshot.gap(ref.kind) is None]
    found = find_condition(facts.snapshot.get(MANAGEMENT), "Connected")
    agent = field_path(CONNECTED).get(_plane(facts))
    untold = [*gaps, *([] if found or missing else ["it has no condition Connected"])]
    met = decide(absent or (found and found.status != "True") or agent is False, untold)
    told = f"management Cluster local: Connected = {found.status or 'not seen'}"
    if absent:
        told = f"{list_some([f'{ref.kind} {ref.name}' for ref in absent])} does not exist"
    elif agent is not None:
        told += f", agentConnected = {str(agent).lower()}"
    return Precondition(
        id="R1",
        asks="Is cluster local connected, so that Rancher answers a host that registers?",
        met=met,
        values=(
            Value(name="Connected", value=found.status or None, refs=(MANAGEMENT,)),
            Value(name="agentConnected", value=agent if isinstance(agent, bool) else None, refs=(CONTROL_PLANE,)),
        ),
        evidence=(Evidence(MANAGEMENT, found.path, found.why or found.status),) if found else (),
        told=told,
        untold=tuple(untold) if met is None else (),
        by_hand=() if met else (SHOW_CLUSTER,),
    )


def _plane(facts: Facts) -> dict[str, object] | None:
    return facts.snapshot.get(CONTROL_PLANE)


def judge_upgrader(facts: Facts, node: ObjectRef) -> Precondition:
    """R2: Rancher's Plan that registers hosts is there, has run on the Node, and no host that is gone keeps it busy."""
    ready = find_condition(_plane(facts), SUC_READY)
    plans = [plan for plan in node_plans(facts.snapshot.objects("Plan")) if plan.ref.name == SYSTEM_AGENT]
    busy = [name for plan in plans for name in plan.applying if name != node.name]
    gone = [name for name in busy if ObjectRef("Node", "", name) not in facts.links.objects]
    # The Plan exists only once the controller is ready; older releases have no such condition.
    gaps = gaps_of(facts, "Plan") if not plans else ()
    ran = UPGRADER in get_labels(facts.pairing.obj(node))
    met = decide((ready and ready.status != "True") or (not plans and not gaps) or gone or not ran, gaps)
    told = f"{SUC_READY} = {ready.status}, " if ready else ""
    told += f"Plan {SYSTEM_AGENT} {'is there' if plans else 'is unseen' if gaps else 'does not exist'}"
    if busy:
        told += f", and is at work on {list_some(busy)}{', which is gone: it is stuck' if gone else ''}"
    told += f", but has never run on {node.name}" if plans and not ran else ""
    return Precondition(
        id="R2",
        asks=f"Does Rancher's Plan {SYSTEM_AGENT} run?",
        met=met,
        values=(
            Value(name=SUC_READY, value=ready.status or None, refs=(CONTROL_PLANE,)),
            Value(name="Plan exists", value=bool(plans) if not gaps else None, refs=tuple(plan.ref for plan in plans)),
            Value(name="hosts that it is applied to", value=len(busy)),
        ),
        evidence=(Evidence(CONTROL_PLANE, ready.path, ready.why or ready.status),) if ready else (),
        told=told,
        untold=tuple(gaps),
        by_hand=(f"Look at the Plan: `kubectl get plans.upgrade.cattle.io -n cattle-system {SYSTEM_AGENT} -o yaml`.",)
        if not met
        else (),
    )


def _may_need_mark(facts: Facts) -> bool:
    release = read_release(facts.harvester_version)
    return release is None or release[:2] >= (1, 9)


def _administrated(facts: Facts) -> Precondition:
    """R3: Rancher takes the host for one that it provisions, and not for an imported one (from Harvester 1.9 on)."""
    obj = facts.snapshot.get(MANAGEMENT)
    value = get_text(obj, ADMINISTRATED)
    untold = list(gaps_of(facts, MANAGEMENT.kind)) if obj is None else []
    if not value and read_release(facts.harvester_version) is None:
        untold.append("the release of Harvester is not known: from 1.9 on the annotation decides")
    met = True if value == "true" else decide(not untold, untold)
    return Precondition(
        id="R3",
        asks="Does Rancher make a Machine for a host that registers, as for a cluster that it provisions itself?",
        met=met,
        values=(Value(name="administrated", value=value or None, refs=(MANAGEMENT,)),),
        evidence=(Evidence(MANAGEMENT, ADMINISTRATED, value or None),),
        told=f"annotation provisioning.cattle.io/administrated of management Cluster local: {value or 'absent'}",
        untold=tuple(untold) if met is None else (),
        by_hand=("Read the annotations: `kubectl get clusters.management.cattle.io local -o yaml`.",)
        if not met
        else (),
    )


def _identity(facts: Facts, node: ObjectRef) -> Precondition:
    """R4: the cattle-id of the host is its own: by a copied one it would take over the Machine of another host."""
    own, machine = (get_text(facts.snapshot.host(node.name), CATTLE_ID.format(key)) for key in ("id", "machine"))
    same = list(_twins(facts, node, own, machine)) if machine else []
    untold = () if machine else (f"the source lacks etc/rancher/agent/cattle-id of host {node.name}",)
    met = decide(same, (*untold, *gaps_of(facts, "Machine")))
    if same:
        told = f"{node.name} registers as Machine {machine}, which is that of {list_some([ref.name for ref in same])}"
    else:
        told = f"{node.name} registers as Machine {machine}, which no other host has" if machine else "".join(untold)
    return Precondition(
        id="R4",
        asks=f"Is the cattle-id of host {node.name} its own?",
        met=met,
        values=(
            Value(name="would register as", value=machine or None),
            Value(name="other hosts with it", value=len(same), refs=tuple(same)),
        ),
        evidence=host_evidence(facts, node),
        told=told,
        untold=(*untold, *gaps_of(facts, "Machine")) if met is None else (),
        by_hand=_read_identity(facts, node) if met is None and not machine else (),
    )


def _read_identity(facts: Facts, node: ObjectRef) -> tuple[str, ...]:
    """How a person closes the gap: the name of the Machine follows from a file of the host."""
    own = [ref.name for ref in (*facts.pairing.claiming_machines(node), *facts.pairing.weak_matches(node))]
    but = f" other than {list_some(list(dict.fromkeys(own)))}" if own else ""
    told = (
        f"On {node.name}, as root: {SHOW_DIGEST} shows the 12 digits after custom- in the name of the Machine that it "
        f"asks for. If `kubectl get machines.cluster.x-k8s.io -n fleet-local` shows one of that name{but}, its "
        "identity is that of another host: do not let it register."
    )
    return (
        told,
        "A support bundle has that file of each host.",
    )


def _twins(facts: Facts, node: ObjectRef, own: str, machine: str) -> Iterator[ObjectRef]:
    """The other Nodes whose host has the same cattle-id, or whose Machine it stands for."""
    for other in facts.pairing.nodes:
        edge = facts.pairing.machine_ref(other)
        claims = {ref.name for ref in facts.pairing.claiming_machines(other)} | ({edge.value} if edge else set())
        if other != node and (machine in claims or (not claims and _has_id(facts, other, own))):
            yield other


def _has_id(facts: Facts, node: ObjectRef, cattle_id: str) -> bool:
    return get_text(facts.snapshot.host(node.name), CATTLE_ID.format("id")) == cattle_id != ""


def _unpaused(facts: Facts) -> Precondition:
    """R5: Cluster API's Cluster is not paused: else no plan Secret is made for a new Machine."""
    obj = facts.snapshot.get(LOCAL)
    value = field_path(PAUSED).get(obj)
    gaps: Sequence[str] = gaps_of(facts, LOCAL.kind) if obj is None else ()
    met = decide(value is True, gaps)
    return Precondition(
        id="R5",
        asks="Is Cluster local of Cluster API not paused?",
        met=met,
        values=(Value(name="paused", value=value is True if not gaps else None, refs=(LOCAL,)),),
        evidence=(Evidence(LOCAL, PAUSED, value),) if value is not None else (),
        told=f"Cluster {LOCAL.name} spec.paused = {'not seen' if gaps else str(value is True).lower()}",
        untold=tuple(gaps),
        by_hand=("Look at it: `kubectl get clusters.cluster.x-k8s.io -n fleet-local local -o yaml`.",)
        if not met
        else (),
    )
