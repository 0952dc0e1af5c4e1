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
        "at least two other voters are Ready, and there are three management nodes or a worker to promote.",
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
    Term(
        "runbook",
        "The ways out of a finding, compared and rehearsed (`harvdiag cure`): the preconditions of each with their "
        "values, its steps, what to see after each, and how to go back.",
        OWN,
        ("cure", "way out", "way"),
    ),
    Term(
        "rehearsal",
        "Each step of a way is played on a copy of the cluster as the steps before left it. A way whose end still "
        "holds the finding, or a new error, is not offered.",
        OWN,
        ("rehearsed",),
    ),
    Term(
        "point of no return",
        "The step of a way after which it can only be finished: what it removes does not come back.",
        OWN,
        ("final",),
    ),
    Term(
        "draft",
        "A manifest or a command that harvdiag derives from the cluster, with its dangers at its head. It is written "
        "on request, without secrets; harvdiag applies none.",
        OWN,
        ("drafts",),
    ),
)
"""What a simulation says, and what it asks before a removal."""
