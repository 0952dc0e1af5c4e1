"""Which nodes have room for the pods of Rancher and Harvester: those of management, and never a witness."""

from __future__ import annotations

from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.rules.facts import Facts
from harvdiag.rules.health_evidence import has_role, is_away, is_witness, leaving_hosts

__all__ = ["absent_servers", "excused_pods", "room_beside_witness", "witnesses"]

MAINTENANCE = 'metadata.annotations["harvesterhci.io/maintain-status"]'


def witnesses(facts: Facts) -> list[ObjectRef]:
    """Return the Nodes that are witnesses."""
    return [node for node in facts.pairing.nodes if is_witness(facts, node)]


def room_beside_witness(facts: Facts) -> int | None:
    """Return how many nodes may run a pod each, with a witness among the Nodes; None where there is no witness."""
    return len(_servers(facts)) if witnesses(facts) else None


def absent_servers(facts: Facts) -> list[ObjectRef]:
    """Return the management nodes that take no pods at the moment: cordoned, in maintenance or not Ready."""
    return [node for node in _servers(facts) if is_away(facts, node)]


def excused_pods(facts: Facts) -> int:
    """Return how many pods a workload may lack on purpose: for hosts in maintenance, and those being removed."""
    nodes = (facts.pairing.obj(node) for node in facts.pairing.nodes)
    return sum(bool(get_text(obj, MAINTENANCE)) for obj in nodes) + leaving_hosts(facts)


def _servers(facts: Facts) -> list[ObjectRef]:
    servers = (node for node in facts.pairing.nodes if has_role(facts, node, "control-plane"))
    return [node for node in servers if not is_witness(facts, node)]
