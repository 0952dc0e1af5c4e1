"""A host that was lost and reinstalled under its old name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import get_labels, get_text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.graph.pairing import NODE_REF, NODE_REF_UID, PROVIDER_ID
from harvdiag.kinds.local import FLEET
from harvdiag.rules import actions, advice
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.evidence import field_evidence
from harvdiag.rules.facts import Facts

CREATED = "metadata.creationTimestamp"
UID = "metadata.uid"
ETCD_ROLE = "node-role.kubernetes.io/etcd"
MACHINES = "machines.cluster.x-k8s.io"
FEWEST_VOTERS = 2
"""With fewer voters than these in sight, nothing is said about the quorum but the rule."""


class _Replaced(NamedTuple):
    """A Node, the Machine of the host that had its name before, and the Machine that was made for the new host."""

    node: ObjectRef
    old: ObjectRef
    new: ObjectRef


@rule(
    "node-replaced",
    short="host replaced under its name",
    needs={"Node", "Machine"},
    optional={"CustomMachine", "RKEBootstrap"},
    links=["harvester/harvester#4292", "harvester/harvester#10534", "harvester/harvester#8713"],
    cures=["reinstall"],
)
def node_replaced(facts: Facts) -> Iterator[Hit]:
    """A host was lost and reinstalled under its old name, while the Machine of the lost host stayed.

    The old Machine still references the Node by name and provider ID, so that the Machine of the new host never finds
    it. Of a management node the etcd member is still there as well: the new host does not get in before it is gone. To
    delete the old Machine as it is deletes the new Node.
    """
    waiting = [machine for machine in facts.pairing.machines if _waits_for_node(facts, machine)]
    for node in facts.pairing.nodes if waiting else ():
        found = _find_replacement(facts, node, waiting)
        if found:
            yield Hit(
                subject=node,
                message=f"Host {node.name} was reinstalled under its old name: Machine {found.old.name} of the lost "
                f"host still references Node {node.name}, so Machine {found.new.name} of the new host finds no Node"
                + _describe_etcd(facts, node),
                evidence=(
                    *field_evidence(facts, found.old, NODE_REF, NODE_REF_UID, PROVIDER_ID, CREATED),
                    *field_evidence(facts, found.new, NODE_REF, CREATED),
                    *field_evidence(facts, node, UID, CREATED),
                    *_etcd_evidence(facts, node),
                ),
                next=tuple(_steps(facts, found)),
                caution=f"Keep Machine {found.old.name} while Node {node.name} runs: {advice.DELETES_NODE} "
                f"{_keep_quorum(facts, node)} Move its VMs away first.",
                causes=(Cause("machine-stuck-deleting", found.old),),
                targets=(found.old, found.new),
            )


def _waits_for_node(facts: Facts, machine: ObjectRef) -> bool:
    """Whether it has found no Node, although it had the time to."""
    pairing = facts.pairing
    return not (pairing.node_ref(machine) or pairing.deletion_time(machine) or facts.recently_created(machine))


def _find_replacement(facts: Facts, node: ObjectRef, waiting: list[ObjectRef]) -> _Replaced | None:
    holders = [edge.source for edge in facts.links.edges_to(node, NODE_REF)]
    for old in (m for m in holders if m.namespace == FLEET and m in facts.links.objects):
        for new in waiting:
            if new != old and _is_successor(facts, node, old, new):
                return _Replaced(node, old, new)
    return None


def _is_successor(facts: Facts, node: ObjectRef, old: ObjectRef, new: ObjectRef) -> bool:
    """Whether `new`, which has found no Node, was made for the host that has the Node's name now, after `old`."""
    pairing = facts.pairing
    if node not in pairing.candidate_nodes(new) and _node_name(facts, new) != node.name:
        return False
    made = [Timestamp(get_text(pairing.obj(ref), CREATED)) for ref in (old, new, node)]
    recreated = pairing.uid_differs(old) or (bool(made[1]) and made[1] < made[2])
    return bool(recreated) and made[0] < made[1]


def _node_name(facts: Facts, machine: ObjectRef) -> str:
    return str(get_labels(facts.pairing.obj(machine)).get("rke.cattle.io/node-name", ""))


def _is_no_member(facts: Facts, node: ObjectRef) -> bool:
    """Whether the new host should be in etcd, and is not."""
    obj = facts.pairing.obj(node)
    return get_labels(obj).get(ETCD_ROLE) == "true" and find_condition(obj, "EtcdIsVoter").status != "True"


def _describe_etcd(facts: Facts, node: ObjectRef) -> str:
    if not _is_no_member(facts, node):
        return ""
    return "; the new host does not get into etcd either as long as the member of the lost host is there"


def _etcd_evidence(facts: Facts, node: ObjectRef) -> tuple[Evidence, ...]:
    voter = find_condition(facts.pairing.obj(node), "EtcdIsVoter")
    return (Evidence(node, voter.path, voter.why or voter.status),) if voter and voter.status != "True" else ()


def _steps(facts: Facts, found: _Replaced) -> Iterator[str]:
    name = actions.quote_argument(found.node.name)
    yield actions.BACK_UP
    yield (
        f"The next steps remove Node {found.node.name} and install its host once more. If that Node has to stay, ask "
        f"vendor support instead how to release Machine {found.old.name} without it."
    )
    yield f"Switch the new host {name} off, or run `/opt/rke2/bin/rke2-uninstall.sh` there as root."
    if _is_no_member(facts, found.node):
        yield (
            f"Find the etcd member of the lost host: {actions.list_etcd_members(_member(facts, found.node))}. The same "
            "command with `member remove ID` removes it, once two other members are healthy "
            "(harvester/harvester#10534)."
        )
    old, new = (actions.delete_object(MACHINES, machine.name, FLEET) for machine in (found.old, found.new))
    yield f"Delete the Machine of the lost host, with which Node {found.node.name} goes: {old}; and the new one: {new}."
    yield actions.verify_removed(found.node.name)
    yield actions.reinstall_host(found.node.name, "")


def _keep_quorum(facts: Facts, node: ObjectRef) -> str:
    """Return what the removal of the Node means for etcd: one that is seen to have no vote takes none with it."""
    voters, own = _voters(facts), find_condition(facts.pairing.obj(node), "EtcdIsVoter").status
    if own != "False" or len(voters) < FEWEST_VOTERS:
        return advice.QUORUM
    return (
        f"Node {node.name} has no vote in etcd, so that its removal takes none; keep the voters "
        f"{join_names(voters)} running meanwhile. {advice.VOLUMES_FIRST}"
    )


def _voters(facts: Facts) -> list[str]:
    """Return the Nodes whose etcd is a voter."""
    nodes = facts.pairing.nodes
    return [n.name for n in nodes if find_condition(facts.pairing.obj(n), "EtcdIsVoter").status == "True"]


def _member(facts: Facts, node: ObjectRef) -> str:
    """Return another Node whose etcd is a voter, for the command; a placeholder where none is known."""
    return next((name for name in _voters(facts) if name != node.name), "NODE")
