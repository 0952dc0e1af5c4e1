"""Nodes and Machines as Harvester's check before an upgrade compares them, and further: every link, from both sides.

The check is that of pkg/webhook/resources/upgrade/validator.go (isNodeMachineMatching): by names alone, from the Nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_labels, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.graph.pairing import MACHINE_ANNOTATION, NODE_REF
from harvdiag.rules.facts import Facts

__all__ = ["MANAGED", "Pairs", "read_pairs"]

MANAGED = "harvesterhci.io/managed"


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """What is wrong with the links of Nodes and Machines."""

    machines: Mapping[ObjectRef, str]
    """Each Machine with the name of the Node that it references; empty where it references none."""
    node_faults: Mapping[ObjectRef, tuple[tuple[str, str], ...]]
    """Each Node at fault: what is wrong, and the text with which Harvester refuses an upgrade for it."""
    machine_faults: Mapping[ObjectRef, tuple[str, str]]
    """The same of each Machine; without a text where Harvester's check does not see it."""


def read_pairs(facts: Facts, machines: list[ObjectRef]) -> Pairs:
    """Compare the Nodes with these Machines, by the fields that Harvester reads."""
    refs = {machine: get_text(facts.links.objects[machine], NODE_REF) for machine in machines}
    by_name = {machine.name: node for machine, node in refs.items()}
    nodes = {node: facts.pairing.obj(node) for node in facts.pairing.nodes}
    node_faults = {
        node: found for node, obj in nodes.items() if (found := tuple(_node_faults(node.name, obj, by_name)))
    }
    whole = {node.name: get_text(obj, MACHINE_ANNOTATION) for node, obj in nodes.items()}
    broken = {node.name for node in node_faults}
    told = {machine: _machine_fault(machine.name, node, whole, broken) for machine, node in refs.items()}
    return Pairs(
        machines=refs,
        node_faults=node_faults,
        machine_faults={machine: fault for machine, fault in told.items() if fault is not None},
    )


def _node_faults(name: str, obj: Obj, machines: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a Node, in the order of Harvester's check, which ends at the first."""
    if get_labels(obj).get(MANAGED) != "true":
        bare = not field_path("metadata.labels").get(obj)
        yield (
            f"lacks the label {MANAGED}=true",
            f"node {name} has no {'labels' if bare else f'expected label {MANAGED}'}",
        )
    machine = get_text(obj, MACHINE_ANNOTATION)
    if not machine:
        yield (
            "references no Machine",
            f"node {name} has no expected annotation cluster.x-k8s.io/machine, check the cluster provision",
        )
        return
    shown = format_value(machine)
    text = f"node {name} refers to machine {shown}, but the machine"
    if machine not in machines:
        yield f"references Machine {shown}, which does not exist in fleet-local", f"{text} does not exist"
    elif machines[machine] and machines[machine] != name:
        other = format_value(machines[machine])
        yield f"references Machine {shown}, which references Node {other}", f"{text} refers to another node {other}"


def _machine_fault(name: str, node: str, nodes: Mapping[str, str], broken: set[str]) -> tuple[str, str] | None:
    """Return what is wrong with a Machine, unless its Node tells it; `nodes` have the Machines that they name."""
    if not node:
        return "references no Node", f"machine {name} has empty NodeRef, check the cluster provision"
    shown = format_value(node)
    if node not in nodes:
        return f"references Node {shown}, which does not exist", ""
    if node not in broken and nodes[node] != name:
        return f"references Node {shown}, which belongs to Machine {format_value(nodes[node])}", ""
    return None
