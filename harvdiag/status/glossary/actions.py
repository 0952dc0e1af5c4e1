"""The terms of the glossary about simulated actions."""

from __future__ import annotations

from harvdiag.cure.model import Hazard
from harvdiag.status.glossary.terms import OWN, Term

__all__ = ["ACTIONS"]

ACTIONS = (
    Term(
        "simulation",
        "What an action would do, played step by step on a copy of what was read; nothing is changed "
        "(`harvdiag what-if`).",
        OWN,
        ("what-if", "what if", "simulate"),
    ),
    Term(
        "cascade",
        "What follows from an action, as each controller reacts to what the one before it did: Cluster API, Rancher, "
        "Harvester, Longhorn, Kubernetes' garbage collection. Its steps that were derived from code say so.",
        OWN,
        ("from code",),
    ),
    Term(
        "class of an action",
        "What `harvdiag what-if` says of it. Of one that is safe, nothing lives on what goes; one that needs care "
        "removes a clean pair, and P1 to P6 are met; one is dangerous where something goes that another claims, or one "
        "of P1 to P6 is not met; useless where it comes back, or nothing changes; silent damage where a later action "
        "or upgrade fails for it. It has none where what decides was not seen.",
        OWN,
        tuple(map(str, Hazard)),
    ),
    Term(
        "preconditions",
        "P1 to P6, which must be met before a Node or a Machine is removed: etcd keeps its quorum, no last healthy "
        "replica and no VM is on the node, no other node is claimed, no upgrade is in between, and the host cannot "
        "register again.",
        "docs/objects.md#preconditions",
        ("precondition", "P1", "P2", "P3", "P4", "P5", "P6"),
    ),
)
"""What a simulation says, and what it asks before a removal."""
