"""P4, the Machine is not shared: no Node goes that another Machine claims, and no Machine that another Node needs.

A Machine claims a Node by nodeRef, by its own providerID and by that of its CustomMachine; a Node a Machine by its
annotation and by the plan that it runs. docs/objects.md#precondition-unshared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.preconditions.removal import Removal, gaps_of
from harvdiag.cure.preconditions.words import decide, list_some, names_of
from harvdiag.graph.pairing import MACHINE_ANNOTATION, NODE_REF, PROVIDER_ID
from harvdiag.graph.references import PRESENT
from harvdiag.rules import actions
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.removal import dependent_nodes, infrastructure_of, nodes_deleted_with, nodes_with_id

__all__ = ["judge_claims"]

Ties = Mapping[ObjectRef, list[ObjectRef]]
"""Of each object that goes the others that claim it, beside its own partner."""


def judge_claims(facts: Facts, removal: Removal) -> Precondition:
    """Judge P4: what goes is one Node, one Machine, or a pair of them, and nothing else claims either."""
    untold = gaps_of(facts, "Node", "Machine", "CustomMachine")
    nodes = {machine: _other_nodes(facts, removal, machine) for machine in removal.machines}
    machines = {node: _other_machines(facts, removal, node) for node in removal.nodes}
    shared = list(dict.fromkeys(node for found in nodes.values() for node in found))
    rivals = list(dict.fromkeys(machine for found in machines.values() for machine in found))
    met = decide(shared or rivals, untold)
    return Precondition(
        id="P4",
        asks=f"Does nothing but {removal.asked.name} and its partner go, and claims nothing else either of them?",
        met=met,
        values=(
            Value(name="Nodes that go", value=len(removal.nodes), refs=removal.nodes),
            Value(name="Machines that go", value=len(removal.machines), refs=removal.machines),
            Value(name="other Nodes that share the Machine", value=len(shared), refs=tuple(shared)),
            Value(name="other Machines that claim the Node", value=len(rivals), refs=tuple(rivals)),
        ),
        evidence=tuple(_evidence(facts, (*removal.machines, *rivals), (*removal.nodes, *shared))),
        told=_tell(removal, nodes, machines, untold),
        untold=untold,
        by_hand=_by_hand(removal) if met is None else (),
    )


def _other_nodes(facts: Facts, removal: Removal, machine: ObjectRef) -> list[ObjectRef]:
    """Return the Nodes that go with the Machine or need it, beside the one that is meant."""
    needs = {*dependent_nodes(facts, machine), *_joining(facts, machine)}
    ties = [*nodes_deleted_with(facts, machine), *nodes_with_id(facts, machine), *sorted(needs)]
    return [node for node in dict.fromkeys(ties) if node != removal.meant]


def _joining(facts: Facts, machine: ObjectRef) -> list[ObjectRef]:
    """Return the Nodes without a Machine that look like the host of this one, which has none: it may be theirs."""
    if facts.pairing.node_ref(machine) is not None:
        return []
    return [node for node in facts.pairing.candidate_nodes(machine) if not _machines_of(facts, node) - {machine}]


def _other_machines(facts: Facts, removal: Removal, node: ObjectRef) -> list[ObjectRef]:
    """Return the Machines that claim the Node, beside the one that is meant with it."""
    found = _machines_of(facts, node)
    if removal.asked.kind == "Machine":
        return sorted(found - {removal.asked})
    named = facts.pairing.machine_ref(node)
    own = {named.target} if named and named.state == PRESENT else found if len(found) == 1 else set()
    return sorted(found - own)


def _machines_of(facts: Facts, node: ObjectRef) -> set[ObjectRef]:
    """Return the Machines that a Node references, or that claim it."""
    named = facts.pairing.machine_ref(node)
    parts = {edge.source for edge in facts.links.edges_to(node, PROVIDER_ID, "CustomMachine")}
    by_part = {m for m in facts.pairing.machines if infrastructure_of(facts, m) in parts} if parts else set()
    own = {named.target} if named and named.state == PRESENT else set()
    return {*facts.pairing.claiming_machines(node), *by_part, *own}


def _evidence(facts: Facts, machines: tuple[ObjectRef, ...], nodes: tuple[ObjectRef, ...]) -> Iterator[Evidence]:
    for machine in machines:
        yield from _shown(facts, machine, NODE_REF, PROVIDER_ID)
        yield from _shown(facts, infrastructure_of(facts, machine), PROVIDER_ID)
    for node in nodes:
        yield from _shown(facts, node, MACHINE_ANNOTATION, PROVIDER_ID)


def _shown(facts: Facts, ref: ObjectRef, *paths: str) -> Iterator[Evidence]:
    if ref in facts.links.objects:
        yield from (row for row in field_evidence(facts, ref, *paths) if row.value is not None)


def _tell(removal: Removal, nodes: Ties, machines: Ties, untold: tuple[str, ...]) -> str:
    shared = [
        f"{_title(ref)} also belongs to Node {list_some(names_of(found))}" for ref, found in nodes.items() if found
    ]
    shared += [
        f"{_title(ref)} is also claimed by Machine {list_some(names_of(found))}"
        for ref, found in machines.items()
        if found
    ]
    if shared:
        return "; ".join(shared)
    if untold:
        return f"whether the Machine is shared cannot be told: {'; '.join(untold)}"
    if not removal.machines:
        return "no Machine goes with it"
    if not removal.nodes:
        return f"{_title(removal.asked)} leads to no Node, by nodeRef or providerID, and no Node needs it"
    return f"{_title(removal.machines[0])} and {_title(removal.nodes[0])} belong to each other alone"


def _title(ref: ObjectRef) -> str:
    return f"{ref.kind} {ref.name}"


def _by_hand(removal: Removal) -> tuple[str, ...]:
    words = " ".join(f"-e {actions.quote_argument(ref.name)}" for ref in (*removal.nodes, *removal.machines))
    look = (
        "Compare nodeRef and providerIDs: `kubectl get machines.cluster.x-k8s.io,custommachines.rke.cattle.io -n "
        f"fleet-local -o yaml | grep {words}`."
    )
    return (look,)
