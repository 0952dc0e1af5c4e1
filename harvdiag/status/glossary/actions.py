"""The terms of the glossary about simulated actions."""

from __future__ import annotations

from harvdiag.cure.model import Hazard
from harvdiag.status.glossary.terms import OWN, Term

__all__ = ["ACTIONS"]

PAGE = "docs/objects.md"
PRECONDITIONS = (
    (
        "etcd quorum",
        "etcd",
        "more than half of all voters stay and answer, and three management nodes are left, or a worker to promote.",
    ),
    (
        "volumes healthy",
        "volumes",
        "no volume is degraded or faulted, and the node has the last healthy replica of none.",
    ),
    ("no VMs", "vms", "no VM runs on the node, or all of them can migrate."),
    ("Machine not shared", "unshared", "the Machine leads to no other Node that is to stay."),
    ("no upgrade in the way", "upgrade", "no upgrade is in the phase of the nodes, or its other nodes are done."),
    (
        "host cannot return",
        "host",
        "the host is switched off, or RKE2 was uninstalled there, so that it does not register.",
    ),
)
"""P1 to P6: name, place in docs/objects.md, and what must be true."""
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
        ("precondition",),
    ),
    *(
        Term(name, f"Precondition {number} of 6: {asks}", f"{PAGE}#precondition-{anchor}", (f"P{number}",))
        for number, (name, anchor, asks) in enumerate(PRECONDITIONS, 1)
    ),
)
"""What a simulation says, and what it asks before a removal."""
