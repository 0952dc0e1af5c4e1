"""P6, the host cannot come back: it is switched off, or uninstalled; else its agent registers it again.

No object says that a host is uninstalled. A kubelet that answers shows that it is not, the taint `out-of-service` that
a person vouches for its being off. docs/objects.md#precondition-host.
"""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import get_items, get_text
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.cure.preconditions.removal import Removal, gaps_of
from harvdiag.cure.preconditions.words import decide
from harvdiag.graph.pairing import MACHINE_UID_LABEL
from harvdiag.graph.references import PRESENT
from harvdiag.rules import actions
from harvdiag.rules.evidence import field_evidence, host_evidence
from harvdiag.rules.facts import Facts
from harvdiag.rules.seen import find_owner, read_address

__all__ = ["judge_host"]

OFF = "node.kubernetes.io/out-of-service"
"""The taint with which a person says that a host is off: https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown."""
IDENTITY = 'files["etc/rancher/agent/cattle-id"].machine'
NODE_NAME = 'metadata.labels["rke.cattle.io/node-name"]'
"""Of a Machine: the host for which it was made."""


def judge_host(facts: Facts, removal: Removal) -> Precondition:
    """Judge P6: the host of each Node that goes is off or uninstalled.

    Where the source has files of the host, they tell as which Machine it would register. A Machine without a Node takes
    no host out of the cluster, but where that of the host is there, and has no other Machine.
    """
    host = _host_of(facts, removal)
    there = removal.nodes or _still_there(facts, removal, host)
    running = [node for node in there if _answers(facts, node)]
    identity = get_text(facts.snapshot.host(host.name), IDENTITY) if host else ""
    untold = () if running else _open(facts, removal, there)
    met = decide(running, untold)
    return Precondition(
        id="P6",
        asks=f"Is {_title(host)} off or uninstalled, so that it cannot register again?",
        met=met,
        values=(
            Value(name="host", value=host.name if host else "", refs=(host,) if host else ()),
            Value(name="kubelet answers", value=_known_answer(facts, there), refs=tuple(running)),
            Value(name="registers as", value=identity or None),
        ),
        evidence=_evidence(facts, there, host),
        told=_tell(host, identity, running, untold) or _tell_met(facts, removal, host),
        untold=untold,
        by_hand=() if met else _by_hand(facts, removal, host),
    )


def _host_of(facts: Facts, removal: Removal) -> ObjectRef | None:
    """Return the Node of the host, there or not: of a Machine without one, that for which it was made."""
    if removal.meant:
        return removal.meant
    edge = facts.pairing.node_ref(removal.asked)
    name = edge.value if edge else get_text(facts.links.objects.get(removal.asked), NODE_NAME)
    return ObjectRef("Node", "", name) if name else None


def _answers(facts: Facts, node: ObjectRef) -> bool:
    """Whether the kubelet reported: Unknown is written by others, once it has fallen silent."""
    return find_condition(facts.links.objects.get(node), "Ready").status in {"True", "False"}


def _still_there(facts: Facts, removal: Removal, host: ObjectRef | None) -> tuple[ObjectRef, ...]:
    """Return the Node of the host of a Machine that has none, as long as it may be the Machine's."""
    if host is None or host not in facts.links.objects or _owner(facts, removal, host):
        return ()
    return (host,)


def _owner(facts: Facts, removal: Removal, host: ObjectRef) -> str:
    """Return the Machine that the host has instead of the one to be removed: by its files, or the plan that it runs."""
    named = get_text(facts.snapshot.host(host.name), IDENTITY)
    runs = [edge.target.name for edge in facts.links.edges_from(host, MACHINE_UID_LABEL) if edge.state == PRESENT]
    return next((name for name in (named, *runs) if name and name != removal.asked.name), "")


def _known_answer(facts: Facts, nodes: Sequence[ObjectRef]) -> bool | None:
    states = [find_condition(facts.links.objects.get(node), "Ready").status for node in nodes]
    return None if not states or "" in states else any(state != "Unknown" for state in states)


def _is_off(facts: Facts, node: ObjectRef) -> bool:
    """Whether a person has marked the host as off."""
    taints = (row for row in get_items(facts.links.objects.get(node), "spec.taints") if isinstance(row, dict))
    return not _answers(facts, node) and any(row.get("key") == OFF for row in taints)


def _open(facts: Facts, removal: Removal, nodes: Sequence[ObjectRef]) -> tuple[str, ...]:
    if gaps := tuple(dict.fromkeys((*removal.untold, *gaps_of(facts, "Node")))):
        return gaps
    if all(_is_off(facts, node) for node in nodes):
        return ()
    return ("no object says whether a host is off or uninstalled",)


def _evidence(facts: Facts, nodes: Sequence[ObjectRef], host: ObjectRef | None) -> tuple[Evidence, ...]:
    shown = []
    for node in nodes:
        ready = find_condition(facts.links.objects.get(node), "Ready")
        shown += [Evidence(node, ready.path, ready.why or ready.status)] if ready.status else []
        shown += field_evidence(facts, node, "spec.taints") if _is_off(facts, node) else []
    return (*shown, *(host_evidence(facts, host) if host else ()))


def _title(host: ObjectRef | None) -> str:
    return f"host {host.name}" if host else "its host"


def _tell(host: ObjectRef | None, identity: str, running: Sequence[ObjectRef], untold: Sequence[str]) -> str:
    again = f", and would register as Machine {identity}" if identity else ""
    if running:
        return f"{_title(host)} is neither off nor uninstalled: its kubelet answers{again}"
    return f"{_title(host)} may come back: {'; '.join(untold)}{again}" if untold else ""


def _tell_met(facts: Facts, removal: Removal, host: ObjectRef | None) -> str:
    if removal.nodes:
        return f"{_title(host)} is marked as off, and its kubelet is silent"
    if host is not None and host in facts.links.objects:
        return f"{_title(host)} belongs to another Machine, {_owner(facts, removal, host)}"
    return f"no Node goes with it: {_title(host)} is not in the cluster"


def _by_hand(facts: Facts, removal: Removal, host: ObjectRef | None) -> tuple[str, ...]:
    if host is None:
        return ("Find out which host it was made for, and make sure that it is off or uninstalled.",)
    obj = facts.links.objects.get(host) or facts.links.objects.get(removal.asked)
    address = read_address(obj) if obj else ""
    known = bool(host_evidence(facts, host))
    return (actions.check_host_gone(host.name, address), *(() if known else (find_owner(facts, host),)))
