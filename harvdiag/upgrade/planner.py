"""The messages of Rancher's planner in conditions, and what they mean; docs/objects.md#planner-messages."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from harvdiag.core.conditions import ALL_LISTS, conditions_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.timestamps import latest_time
from harvdiag.kinds.local import CONTROL_PLANE, PROVISIONING
from harvdiag.snapshot import Snapshot

__all__ = [
    "KNOWN_MESSAGES",
    "KnownMessage",
    "PlannerMessage",
    "explain_message",
    "find_known_message",
    "planner_messages",
]


class KnownMessage(NamedTuple):
    """A part of a message, in lower case, and what it means.

    `stalls`: it may last forever while nothing but this message shows it. Where it does not, it only names whose turn
    it is, or waits for a hook, a drain or a pause, of which other objects show more.
    """

    part: str
    meaning: str
    stalls: bool = False


@dataclass(frozen=True, kw_only=True)
class PlannerMessage:
    """A message of the planner in one condition."""

    subject: ObjectRef
    path: str
    """Where in the object the condition is."""
    message: str
    meaning: str
    machines: tuple[str, ...]
    """The Machines mentioned in the message."""
    since: str
    """The later of the condition's times, RFC 3339: Rancher sets lastUpdateTime with each message, lastTransitionTime
    with each status only.
    """
    part: str = ""
    """As in the KnownMessage, as is `stalls`."""
    stalls: bool = False


KNOWN_MESSAGES = (
    KnownMessage("is paused", "Rancher does nothing while the CAPI Cluster or the RKEControlPlane is paused"),
    KnownMessage("waiting for at least one bootstrap node", "no init node has a plan: nothing can begin", stalls=True),
    KnownMessage(
        "non-ready bootstrap machine",
        "the init Machine has no healthy node, or CAPI cannot talk to the cluster",
        stalls=True,
    ),
    KnownMessage(
        "waiting for agent to check in",
        "the host's rancher-system-agent never applied a plan: it is not running or misdirected",
        stalls=True,
    ),
    KnownMessage(
        "failure while applying plan", "the host's agent has failed the plan as often as it may try", stalls=True
    ),
    KnownMessage("waiting for probes", "a component on the host does not become healthy", stalls=True),
    KnownMessage(
        "waiting for kubelet to update",
        "the node's kubelet is not yet the new one, or CAPI sees an old state",
        stalls=True,
    ),
    KnownMessage("waiting for uncordon to finish", "Harvester has not acknowledged the post-drain hook"),
    KnownMessage("error draining machine", "the drain was refused: see the error"),
    KnownMessage("draining node", "the node is being drained"),
    KnownMessage(
        "waiting for plan to be applied",
        "the plan was delivered; the host's agent has not finished it",
        stalls=True,
    ),
    KnownMessage("waiting for cluster agent to connect", "the cluster agent of Rancher is not connected", stalls=True),
    KnownMessage(
        "no etcd machines exist that have plans",
        "all etcd Machines were replaced: there is no node to begin with",
        stalls=True,
    ),
    KnownMessage("configuring bootstrap node", "the init node has its turn"),
    KnownMessage("configuring etcd node", "the etcd nodes have their turn"),
    KnownMessage("configuring control plane node", "the control-plane nodes have their turn"),
    KnownMessage("configuring worker node", "the workers have their turn"),
)
"""The known messages, the more specific first."""
MACHINE = re.compile(r"\bcustom-[0-9a-f]{12}\b")
TYPES = ("Ready", "Reconciled", "Updated", "Provisioned")


def find_known_message(message: str) -> KnownMessage | None:
    """Return the most specific known message in a text; None where there is none."""
    spoken = message.lower()
    return next((known for known in KNOWN_MESSAGES if known.part in spoken), None)


def explain_message(message: str) -> str:
    """Return what a message means; empty for an unknown one."""
    known = find_known_message(message)
    return known.meaning if known else ""


def planner_messages(snapshot: Snapshot) -> list[PlannerMessage]:
    """Return the known messages of Rancher's planner, each once, in the order of the cluster's objects."""
    messages: dict[str, PlannerMessage] = {}
    for ref in (CONTROL_PLANE, PROVISIONING):
        obj = snapshot.get(ref)
        for message in _read_messages(ref, obj) if obj else ():
            messages.setdefault(message.message, message)
    return list(messages.values())


def _read_messages(ref: ObjectRef, obj: dict[str, object]) -> list[PlannerMessage]:
    rows = conditions_of(obj, ALL_LISTS)
    found = []
    for row in sorted(rows, key=lambda row: TYPES.index(row.type) if row.type in TYPES else len(TYPES)):
        if row.status != "True" and (known := find_known_message(row.message)):
            found.append(
                PlannerMessage(
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
