"""The questions to ask before a Node or a Machine is removed (P1 to P6), answered on one cluster.

They are those of docs/objects.md#preconditions: etcd keeps its quorum, no data is lost, no VM is lost, no other Node
goes with it, no upgrade is in between, and the host does not come back.
"""

from __future__ import annotations

from harvdiag.core.model import ObjectRef
from harvdiag.cure.preconditions.model import Precondition, Value
from harvdiag.rules.facts import Facts

__all__ = ["Precondition", "Value", "describe", "judge"]


def judge(facts: Facts, subject: ObjectRef) -> tuple[Precondition, ...]:
    """Return P1 to P6, in this order, for the removal of a Node, or of a Machine with the Node that goes with it."""
    return ()


def describe(precondition: Precondition) -> str:
    """Return a precondition in one line: ``P1 met: etcd voters that remain: 2 of 3, quorum kept``."""
    return ""
