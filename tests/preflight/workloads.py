"""Small clusters of a few Nodes and VMs, judged by one rule: no base, so that a case takes milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harvdiag.core.model import Outcome
from harvdiag.rules.facts import Facts
from harvdiag.rules.run import run_rules, select_rules
from harvdiag.snapshot import Snapshot
from harvdiag.sources.files.reader import FilesReader
from harvdiag.training.world.objects import new

Object = dict[str, Any]
KUBEVIRT = "kubevirt.io/v1"


def node(name: str, **spec: Any) -> Object:
    """A Node with its host name as a label."""
    return new("v1", "Node", name, labels={"kubernetes.io/hostname": name}, spec=spec, status={})


def witness(name: str) -> Object:
    """A Node that runs no VMs: Harvester asks only whether it has the label."""
    return new("v1", "Node", name, labels={"node-role.harvesterhci.io/witness": ""}, status={})


NODES = (node("hv01"), node("hv02"), node("hv03"))


def setting(name: str, value: str) -> Object:
    """A Setting of Harvester."""
    return new("harvesterhci.io/v1beta1", "Setting", name, value=value)


def vmi(name: str = "vm1", status: Object | None = None, **spec: Any) -> Object:
    """A VM that runs on hv02, as the server has it."""
    told = {"phase": "Running", "nodeName": "hv02"} | (status or {})
    return new(KUBEVIRT, "VirtualMachineInstance", name, "shop", spec=spec, status=told)


def vm(name: str = "vm1", state: str = "Running", status: Object | None = None, **spec: Any) -> Object:
    """A VM with what its template has."""
    told = {"printableStatus": state} | (status or {})
    return new(KUBEVIRT, "VirtualMachine", name, "shop", spec={"template": {"spec": spec}}, status=told)


def devices(**lists: Any) -> Object:
    """The domain of a VM with these devices."""
    return {"domain": {"devices": lists}}


def judge(rule: str, *objects: Object, version: str = "v1.5.1", nodes: Sequence[Object] = NODES, **how: Any) -> Outcome:
    """What one rule says of a cluster of these objects; `target` is where the upgrade leads."""
    documents = [*nodes, setting("server-version", version), *objects]
    reader = FilesReader("lab", [(f"{n}.yaml", obj) for n, obj in enumerate(documents)], whole=True)
    facts = Facts(Snapshot(reader)).towards(how.get("target", ""))
    return run_rules(facts, select_rules([rule]))[0]
