"""What Rancher's planner says in conditions, and what that means; docs/objects.md#planner-messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from harvdiag.core.conditions import ALL_LISTS, conditions_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.timestamps import latest_time
from harvdiag.kinds.local import CONTROL_PLANE, PROVISIONING
from harvdiag.snapshot import Snapshot

__all__ = ["SAYINGS", "Saying", "Told", "decode", "planner_says", "saying"]


class Saying(NamedTuple):
    """A part of a message, in lower case, and what it says.

    `stalls`: it may stand for good while nothing on any object but this message tells so. Where it does not, either it
    only names whose turn it is, or it waits for a hook, a drain or a pause, of which other objects tell more.
    """

    part: str
    meaning: str
    stalls: bool = False


@dataclass(frozen=True, kw_only=True)
class Told:
    """One condition's message."""

    subject: ObjectRef
    path: str
    """Where in the object the condition is."""
    message: str
    meaning: str
    machines: tuple[str, ...]
    """The Machines that the message names."""
    since: str
    """The later of the condition's times, RFC 3339: Rancher sets lastUpdateTime with each message, lastTransitionTime
    with each status only.
    """
    part: str = ""
    """As the Saying has it, and `stalls` too."""
    stalls: bool = False


SAYINGS = (
    Saying("is paused", "Rancher does nothing while the CAPI Cluster or the RKEControlPlane is paused"),
    Saying("waiting for at least one bootstrap node", "no init node has a plan: nothing can begin", stalls=True),
    Saying(
        "non-ready bootstrap machine",
        "the init Machine has no healthy node, or CAPI cannot talk to the cluster",
        stalls=True,
    ),
    Saying(
        "waiting for agent to check in",
        "the host's rancher-system-agent never applied a plan: it is dead or misled",
        stalls=True,
    ),
    Saying("failure while applying plan", "the host's agent tried the plan as often as it may and failed", stalls=True),
    Saying("waiting for probes", "a component on the host does not become healthy", stalls=True),
    Saying(
        "waiting for kubelet to update",
        "the node's kubelet is not yet the new one, or CAPI sees an old state",
        stalls=True,
    ),
    Saying("waiting for uncordon to finish", "Harvester has not acknowledged the post-drain hook"),
    Saying("error draining machine", "the drain was refused: see the error"),
    Saying("draining node", "the node is being drained"),
    Saying(
        "waiting for plan to be applied",
        "the plan was delivered; the host's agent has not finished it",
        stalls=True,
    ),
    Saying("waiting for cluster agent to connect", "the cluster agent of Rancher is not connected", stalls=True),
    Saying(
        "no etcd machines exist that have plans",
        "all etcd Machines were replaced: there is no node to begin with",
        stalls=True,
    ),
    Saying("configuring bootstrap node", "the init node has its turn"),
    Saying("configuring etcd node", "the etcd nodes have their turn"),
    Saying("configuring control plane node", "the control-plane nodes have their turn"),
    Saying("configuring worker node", "the workers have their turn"),
)
"""What the planner says; the more telling first."""
MACHINE = re.compile(r"\bcustom-[0-9a-f]{12}\b")
TYPES = ("Ready", "Reconciled", "Updated", "Provisioned")


def saying(message: str) -> Saying | None:
    """The most telling of what a message says; None for one that says nothing known."""
    spoken = message.lower()
    return next((known for known in SAYINGS if known.part in spoken), None)


def decode(message: str) -> str:
    """What a message means; empty for one that says nothing known."""
    known = saying(message)
    return known.meaning if known else ""


def planner_says(snapshot: Snapshot) -> list[Told]:
    """The messages of Rancher's planner that mean something, each once, as the cluster's objects have them."""
    found: dict[str, Told] = {}
    for ref in (CONTROL_PLANE, PROVISIONING):
        obj = snapshot.get(ref)
        for told in _messages(ref, obj) if obj else ():
            found.setdefault(told.message, told)
    return list(found.values())


def _messages(ref: ObjectRef, obj: dict[str, object]) -> list[Told]:
    rows = conditions_of(obj, ALL_LISTS)
    found = []
    for row in sorted(rows, key=lambda row: TYPES.index(row.type) if row.type in TYPES else len(TYPES)):
        if row.status != "True" and (known := saying(row.message)):
            found.append(
                Told(
                    subject=ref,
                    path=row.path,
                    message=row.message,
                    meaning=known.meaning,
                    machines=tuple(dict.fromkeys(MACHINE.findall(row.message))),
                    since=latest_time(row.changed, row.updated),
                    part=known.part,
                    stalls=known.stalls,
                )
            )
    return found
