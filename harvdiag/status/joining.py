"""Who writes what while a host joins: the steps after which Node, Machine and plan Secret name one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from harvdiag.core.tabular import Record, Tabular

__all__ = ["HOST", "MACHINE", "NODE", "STEPS", "Joining", "Written"]

HOST, MACHINE, NODE = "on the host", "in fleet-local: the Machine and its parts", "the Node"


class Written(NamedTuple):
    """One thing that is written: in which step (as in the glossary), by whom, where, what, and more about it."""

    step: str
    who: str
    where: str
    what: str
    more: str


STEPS = (
    Written("J5", "install script", HOST, "cattle ID", "/etc/rancher/agent"),
    Written("J8", "Rancher", MACHINE, "Machine custom-…", "with CustomMachine and RKEBootstrap"),
    Written("J9", "Rancher", MACHINE, "plan Secret", "custom-…-machine-plan"),
    Written("J11", "Rancher's planner", MACHINE, "plan Secret: the plan", "with the labels of the Node"),
    Written("J12", "system-agent", HOST, "RKE2 starts", "as the plan says"),
    Written("J13", "kubelet", NODE, "Node: spec.providerID", "labels rke.cattle.io/machine, managed"),
    Written("J14", "Rancher", MACHINE, "CustomMachine: spec.providerID", "that of the Node with its UID"),
    Written("J15", "Cluster API", MACHINE, "Machine: status.nodeRef", "and spec.providerID, copied"),
    Written("J15", "Cluster API", NODE, "annotation", "cluster.x-k8s.io/machine"),
    Written("J16", "Harvester", NODE, "roles of a management node", "until there are three"),
)
"""In the order of time; docs/objects.md#join-steps has the sources."""


class Joining(Tabular):
    """The steps of a join that write something; a picture in notebooks.

    Columns, all str: `step`, `who`, `where`, `what`, `more`.
    """

    noun: ClassVar[str] = "steps"
    dtypes: ClassVar[Mapping[str, str]] = dict.fromkeys(Written._fields, "str")

    @property
    def records(self) -> Sequence[Record]:
        """A row for each thing that is written."""
        return [step._asdict() for step in STEPS]

    def __repr__(self) -> str:
        return "\n".join(f"{each.step:4} {each.who}, {each.where}: {each.what} ({each.more})" for each in STEPS)
