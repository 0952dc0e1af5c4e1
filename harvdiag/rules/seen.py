"""Steps that ask an object or a host a question, or the answer where the source has it: told as seen, with the value.

Rules that have the object at hand ask here; what needs no object is answered for all (harvdiag/rules/answered.py).
"""

from __future__ import annotations

from harvdiag.core.conditions import ALL_LISTS, Condition, conditions_of
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, get_items, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.suggest import join_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules import actions, advice
from harvdiag.rules.evidence import host_evidence
from harvdiag.rules.facts import Facts

__all__ = ["GOOD_IF_FALSE", "VMI", "find_owner", "find_vms", "read_address", "read_condition", "read_oldest_condition"]

VMI = "VirtualMachineInstance"
LONG, FEW = 300, 3
GOOD_IF_FALSE = frozenset({"Paused", "Deleting", "RollingOut", "ScalingUp", "ScalingDown", "Remediating"})
"""Conditions of v1beta2 that are False while nothing is the matter."""


def read_condition(obj: Obj, question: str, *kinds: str) -> str:
    """Return what the first condition of these types says that has a reason; else the step that asks for it."""
    rows = {row.type: row for row in reversed(conditions_of(obj, ALL_LISTS))}
    told = [rows[kind] for kind in kinds if kind in rows and _is_bad(rows[kind]) and rows[kind].why]
    return _tell(told[0]) if told else question


def read_oldest_condition(obj: Obj, question: str) -> str:
    """Return what the oldest condition says that is not as it should be; else the step that asks for it."""
    bad = [row for row in conditions_of(obj, ALL_LISTS) if row.status and _is_bad(row) and row.why and row.since]
    return _tell(min(bad, key=lambda row: Timestamp(row.since))) if bad else question


def find_owner(facts: Facts, *nodes: ObjectRef) -> str:
    """Return which Machine each host says to be its own where the source has its files; of others how to find out."""
    files = {node.name: host_evidence(facts, node) for node in nodes}
    known = "; ".join(f"host {name} {found[0].value} ({found[0].path})" for name, found in files.items() if found)
    told = f"{advice.SEEN}{known}." if known else ""
    rest = [name for name, found in files.items() if not found]
    if not rest:
        return told
    look = (
        f"Find the true owner: `cat /etc/rancher/agent/cattle-id` on {join_names(rest)} is the label "
        "rke.cattle.io/machine-id of its own Machine: `kubectl get machines.cluster.x-k8s.io -n fleet-local -L "
        "rke.cattle.io/machine-id`."
    )
    return f"{look} {told}".strip()


def find_vms(facts: Facts, node: str) -> str:
    """Return the step that looks for the VMs on a node, with those that the source shows there.

    That there is none is never concluded: a support bundle does not have every namespace in which VMs may be.
    """
    here = (obj for obj in facts.snapshot.objects(VMI) if get_text(obj, "status.nodeName") == node)
    names = [f"{namespace_of(obj)}/{name_of(obj)}" for obj in here if get_text(obj, "status.phase") == "Running"]
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    told = f" {advice.SEEN}{', '.join(names[:FEW])}{more} must leave first." if names else ""
    look = f"`kubectl get virtualmachineinstances -A -l kubevirt.io/nodeName={actions.quote_argument(node)}`"
    return f"Verify that no VM is left on it: {look}.{told}"


def read_address(obj: Obj) -> str:
    """Return the address of a host by its Node or Machine; empty where that has none."""
    rows = (row for row in get_items(obj, "status.addresses") if isinstance(row, dict))
    return next((get_text(row, "address") for row in rows if get_text(row, "type") == "InternalIP"), "")


def _is_bad(row: Condition) -> bool:
    return row.status == "True" if row.type in GOOD_IF_FALSE else row.status != "True"


def _tell(row: Condition) -> str:
    since = f" since {Timestamp(row.since)}" if Timestamp(row.since) else ""
    why = format_value(row.why.replace("`", "'").rstrip(". "), LONG)
    return f"{advice.SEEN}its condition {row.type} is {row.status}{since}: {why}."
