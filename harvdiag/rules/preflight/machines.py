"""Machines: all of them running, as many as Nodes, and each with the Node that references it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import format_value
from harvdiag.core.fields import get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import MACHINE_ANNOTATION, NODE_REF
from harvdiag.kinds.local import FLEET, LOCAL
from harvdiag.rules import advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import column_evidence, field_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.gates import is_asked, refusal
from harvdiag.rules.machine_pairs import Pairs, read_pairs
from harvdiag.rules.machine_phases import GOOD_PHASES
from harvdiag.rules.seen import read_oldest_condition

PAIRS_ASKED = "v1.5.1"
"""The first release whose webhook looks at the pairs."""
PHASE, DELETED = "status.phase", "metadata.deletionTimestamp"
MANAGED = 'metadata.labels["harvesterhci.io/managed"]'
RESOURCE = "machines.cluster.x-k8s.io"
READ_PHASE = "Read its conditions, the oldest that is not True first: they show what keeps it from Running."
COMPARE = (
    "Compare both sides: `kubectl get nodes -L harvesterhci.io/managed`, and `harvdiag links SOURCE` for every pair."
)
OF_PHASE = (
    "machine-not-running",
    "machine-stuck-deleting",
    "machine-without-infrastructure",
    "machine-without-bootstrap",
)
OF_NODE = (
    "node-without-machine",
    "node-half-joined",
    "node-dangling-machine",
    "node-machine-disagree",
    "node-with-several-machines",
    "node-not-managed",
    "node-replaced",
    "node-recreated",
    "node-stuck-deleting",
)
OF_MACHINE = (
    "machine-without-node-ref",
    "machine-dangling-node",
    "machine-stuck-deleting",
    "nodes-share-machine",
    "machine-provider-id-differs",
)
"""Findings that say why a Node or a Machine has no partner."""


@rule(
    "preflight-machine-not-running",
    short="Machine not Running",
    alike="are not running",
    needs={"Machine"},
    optional={"Node"},
    links=["harvester/harvester#6810"],
)
def preflight_machine_not_running(facts: Facts) -> Iterator[Hit]:
    """A Machine of namespace fleet-local is not in the phase Running.

    Harvester refuses an upgrade then, however young the Machine is, and also while one is being deleted, as soon as its
    phase says so. The phase Updating of Cluster API 1.12 counts as Running: Harvester reads it so, check.sh does not.
    """
    for machine in _machines(facts):
        phase, deleted = get_text(facts.links.objects[machine], PHASE), facts.pairing.deletion_time(machine)
        if phase in GOOD_PHASES and not deleted:
            continue
        yield Hit(
            subject=machine,
            severity=Severity.WARNING if phase in GOOD_PHASES else None,
            message=_describe_phase(facts, machine),
            evidence=(
                *field_evidence(facts, machine, PHASE, *([DELETED] if deleted else [])),
                *column_evidence(facts, machine, "failure_reason", "failure_message"),
            ),
            next=(
                advice.inspect_object(RESOURCE, machine.name),
                read_oldest_condition(facts.links.objects[machine], READ_PHASE),
            ),
            caution=advice.DELETES_NODE,
            causes=tuple(Cause(name, machine) for name in OF_PHASE),
        )


def _describe_phase(facts: Facts, machine: ObjectRef) -> str:
    phase, deleted = get_text(facts.links.objects[machine], PHASE), facts.pairing.deletion_time(machine)
    edge = facts.pairing.node_ref(machine)
    owner = f" of Node {edge.value}" if edge else ""
    state = f"is in phase {format_value(phase)}" if phase else "has no phase yet"
    since = f" and has been terminating since {Timestamp(deleted)}" if deleted else ""
    so = "Harvester lets it pass by its phase, but the upgrade then meets a Machine that goes away"
    if phase not in GOOD_PHASES:
        so = refusal(facts, f"machine {FLEET}/{machine.name} is not running")
    return f"Machine {machine.name}{owner} {state}{since}: {so}"


def _machines(facts: Facts) -> list[ObjectRef]:
    """Return every Machine of fleet-local: Harvester's checks do not ask of which cluster it is."""
    return [ref for ref in facts.links.refs("Machine") if ref.namespace == FLEET]


@rule(
    "preflight-machine-count",
    short="Nodes and Machines not as many",
    needs={"Node", "Machine"},
    links=["harvester/harvester#8179", "harvester/harvester#8236"],
)
def preflight_machine_count(facts: Facts) -> Iterator[Hit]:
    """There are not as many Machines as Nodes.

    check.sh fails then, and from 1.5.1 on Harvester refuses an upgrade. Equal numbers prove nothing: a Node without a
    Machine and a Machine without a Node make them equal, too.
    """
    nodes, pairs = facts.pairing.nodes, read_pairs(facts, _machines(facts))
    counts = len(nodes), len(pairs.machines)
    if nodes and counts[0] == counts[1]:
        return
    text = (
        f"nodes({counts[0]}) and machines({counts[1]}) do not match, check the cluster provision"
        if nodes
        else "no node was listed, this shall not happen"
    )
    odd_nodes, odd_machines = list(pairs.node_faults), list(pairs.machine_faults)
    odd = _name_odd(odd_nodes, odd_machines)
    yield Hit(
        subject=LOCAL,
        message=f"There are {_count(counts[0], 'Node')} and {_count(counts[1], 'Machine')}{odd}: "
        + refusal(facts, text, PAIRS_ASKED),
        evidence=(
            *(e for node in odd_nodes for e in field_evidence(facts, node, MACHINE_ANNOTATION)),
            *(e for machine in odd_machines for e in field_evidence(facts, machine, NODE_REF)),
        ),
        next=(advice.LIST_MACHINES, COMPARE),
        caution=advice.DELETES_NODE,
        causes=(
            Cause("no-machine-listed", LOCAL),
            *_node_causes(odd_nodes),
            *_machine_causes(odd_machines),
            *(Cause("preflight-node-machine-mismatch", ref) for ref in (*odd_nodes, *odd_machines)),
        ),
        targets=(*odd_nodes, *odd_machines),
    )


def _count(number: int, kind: str) -> str:
    return f"{number} {kind}{'' if number == 1 else 's'}"


def _name_odd(nodes: Sequence[ObjectRef], machines: Sequence[ObjectRef]) -> str:
    told = [
        f"{kind}{'s' if len(refs) > 1 else ''} {join_names([ref.name for ref in refs])}"
        for kind, refs in (("Node", nodes), ("Machine", machines))
        if refs
    ]
    verb = "have" if len(nodes) + len(machines) > 1 else "has"
    return f", and {' and '.join(told)} {verb} no partner" if told else ""


@rule(
    "preflight-node-machine-mismatch",
    short="Node and Machine do not match",
    alike="do not match",
    needs={"Node", "Machine"},
    links=["harvester/harvester#8179", "harvester/harvester#8222", "harvester/harvester#8236"],
)
def preflight_node_machine_mismatch(facts: Facts) -> Iterator[Hit]:
    """A Node and its Machine do not reference each other, or the Node is not managed.

    From 1.5.1 on Harvester refuses an upgrade for the first link that is broken; here all are told. It follows the
    links from the Nodes only: a Machine more that references a Node of another, or one that does not exist, shows in
    its numbers at most, and not where a Node without a Machine makes them equal.
    """
    pairs = read_pairs(facts, _machines(facts))
    for node, faults in pairs.node_faults.items():
        yield _node_hit(facts, node, faults, pairs)
    for machine, fault in pairs.machine_faults.items():
        yield _machine_hit(facts, machine, fault)


def _node_hit(facts: Facts, node: ObjectRef, faults: Sequence[tuple[str, str]], pairs: Pairs) -> Hit:
    claims = [machine for machine, name in pairs.machines.items() if name == node.name]
    other = f"; {join_names([machine.name for machine in claims])} references it" if claims else ""
    text = "; ".join(text for _, text in faults)
    return Hit(
        subject=node,
        message=f"Node {node.name} {' and '.join(what for what, _ in faults)}{other}: {_refuses_with(facts, text)}",
        evidence=(
            *field_evidence(facts, node, MACHINE_ANNOTATION, MANAGED),
            *(Evidence(machine, NODE_REF, node.name) for machine in claims),
        ),
        next=(advice.LIST_MACHINES, COMPARE),
        caution=advice.DELETES_NODE,
        causes=(Cause("no-machine-listed", LOCAL), *_node_causes([node]), *_shared_causes(facts, node)),
    )


def _refuses_with(facts: Facts, text: str) -> str:
    if is_asked(facts, PAIRS_ASKED):
        return refusal(facts, text, PAIRS_ASKED)
    return f'Harvester sees that only from {PAIRS_ASKED} on ("{text}"); here the upgrade begins, and does not end'


def _machine_hit(facts: Facts, machine: ObjectRef, fault: tuple[str, str]) -> Hit:
    what, text = fault
    so = (
        _refuses_with(facts, text)
        if text
        else "Harvester's check sees it as a number at most, and an upgrade waits for it without end"
    )
    return Hit(
        subject=machine,
        message=f"Machine {machine.name} {what}: {so}",
        evidence=field_evidence(facts, machine, NODE_REF, PHASE),
        next=(advice.inspect_object(RESOURCE, machine.name), COMPARE),
        caution=advice.DELETES_NODE,
        causes=(*_machine_causes([machine]), *_claim_causes(facts, machine)),
    )


def _node_causes(nodes: Sequence[ObjectRef]) -> Iterator[Cause]:
    return (Cause(name, node) for node in nodes for name in OF_NODE)


def _machine_causes(machines: Sequence[ObjectRef]) -> Iterator[Cause]:
    return (Cause(name, machine) for machine in machines for name in OF_MACHINE)


def _shared_causes(facts: Facts, node: ObjectRef) -> Iterator[Cause]:
    if edge := facts.pairing.machine_ref(node):
        yield Cause("nodes-share-machine", edge.target)


def _claim_causes(facts: Facts, machine: ObjectRef) -> Iterator[Cause]:
    if edge := facts.pairing.node_ref(machine):
        yield from (
            Cause(name, edge.target) for name in ("node-with-several-machines", "node-replaced", "node-half-joined")
        )
