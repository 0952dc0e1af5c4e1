"""A Cluster that is paused: it goes on where what paused it is over, and nothing that was held back does damage."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.fields import Obj, get_text
from harvdiag.core.suggest import join_names
from harvdiag.cure.model import Action, Verb
from harvdiag.cure.plan import Place, PlanStep
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.ways.hosts import cite, seen_by
from harvdiag.cure.ways.model import Case, Plan, way
from harvdiag.cure.ways.steps import back_up, place_of, restart_agent
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.keep import is_stored
from harvdiag.kinds.local import CONTROL_PLANE, LOCAL
from harvdiag.rules import actions
from harvdiag.rules.facts import Facts
from harvdiag.rules.removal import nodes_deleted_with

__all__ = ["unpause"]

PHASES = {
    "status.etcdSnapshotRestorePhase": "restore of etcd",
    "status.etcdSnapshotCreatePhase": "snapshot of etcd",
    "status.rotateEncryptionKeysPhase": "rotation of keys",
}
"""What Rancher pauses the Cluster for, by the field that has its phase: pkg/apis/rke.cattle.io/v1."""
OVER = frozenset({"", "Finished", "Failed", "Done"})
PAUSED = "spec.paused"


@way(
    "unpause",
    title="Let the Cluster go on",
    fits="For a Cluster that was left paused; all that was held back starts at once, deletions of Machines as well.",
)
def unpause(case: Case) -> Plan:
    """Set spec.paused to false, once what paused the Cluster is over."""
    facts = case.facts
    return Plan(
        steps=cite(facts, _steps(facts)),
        preconditions=(_judge_cause(facts), _judge_pending(facts)),
        support=("Who has paused it, if no restore, snapshot or rotation did.",),
    )


def _judge_cause(facts: Facts) -> Precondition:
    """Judge whether what Rancher pauses a Cluster for is over."""
    plane = facts.snapshot.get(CONTROL_PLANE)
    told = plane is not None and _are_kept(facts)
    busy = _under_way(plane) if told else []
    return Precondition(
        id="R1",
        asks="Is every restore and snapshot of etcd over, for which Rancher pauses the Cluster?",
        met=None if not told else not busy,
        values=tuple(Value(name=path, value=get_text(plane, path) if told else None) for path in PHASES),
        told="; ".join(busy) or "no restore, snapshot or rotation of keys is under way",
        untold=() if told else (f"the source does not hold the phases of RKEControlPlane {CONTROL_PLANE.name}",),
        by_hand=(
            f"Look at the phases: `kubectl get {place_of(CONTROL_PLANE)} -o yaml`.",
            f"See who has set it: `kubectl get --show-managed-fields {place_of(LOCAL)} -o yaml`.",
        ),
    )


def _are_kept(facts: Facts) -> bool:
    """Whether the source has these fields: a snapshot file of an older release does not."""
    kept = all(is_stored(CATALOGUE[CONTROL_PLANE.kind], path) for path in PHASES)
    return kept or facts.snapshot.manifest.kind != "snapshot"


def _under_way(plane: Obj | None) -> list[str]:
    found = {name: get_text(plane, path) for path, name in PHASES.items()}
    return [f"a {name} is under way: {phase}" for name, phase in found.items() if phase not in OVER]


def _judge_pending(facts: Facts) -> Precondition:
    """Judge whether a deletion that was held back would take a live Node with it."""
    pairing = facts.pairing
    pending = {m: nodes_deleted_with(facts, m) for m in pairing.machines if pairing.deletion_time(m)}
    bad = [machine for machine, nodes in pending.items() if nodes]
    gap = facts.snapshot.gap("Machine")
    names = join_names([f"{m.name} (Node {pending[m][0].name})" for m in bad])
    return Precondition(
        id="R2",
        asks="Does no deletion wait that takes a Node with it?",
        met=False if bad else None if gap is not None else True,
        values=(Value(name="Machines in deletion", value=len(pending), refs=tuple(pending)),),
        told=f"the deletion goes on at once of {names}" if bad else "no Machine in deletion leads to a Node",
        untold=(f"Machine: {gap}",) if gap is not None else (),
    )


def _steps(facts: Facts) -> Iterator[PlanStep]:
    yield from back_up(LOCAL)
    patch = actions.merge_patch("clusters.cluster.x-k8s.io", LOCAL.name, {"spec": {"paused": False}}, LOCAL.namespace)
    back = actions.merge_patch("clusters.cluster.x-k8s.io", LOCAL.name, {"spec": {"paused": True}}, LOCAL.namespace)
    yield PlanStep(
        what="Let the Cluster go on",
        place=Place.KUBECTL,
        commands=(patch,),
        sees=(
            seen_by(f"kubectl get {place_of(LOCAL)} -o yaml", "has spec.paused false or none"),
            seen_by("kubectl get machines.cluster.x-k8s.io -n fleet-local -w", "shows that they change again"),
        ),
        back=f"`{back}`",
        action=Action(verb=Verb.PATCH, ref=LOCAL, changes=((PAUSED, False),)),
    )
    yield PlanStep(
        what=f"Restart the agent of each host whose log says that a secret is too old: {_hosts(facts)}",
        place=Place.HOST,
        commands=restart_agent(),
        sees=(seen_by("systemctl is-active rancher-system-agent", "says active"),),
    )


def _hosts(facts: Facts) -> str:
    """Return the hosts whose agents may have to be restarted."""
    return join_names([node.name for node in facts.pairing.nodes]) or "they were not seen"
