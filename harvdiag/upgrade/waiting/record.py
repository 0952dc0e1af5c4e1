"""One wait: who is to act next, why, since when, and which object shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from harvdiag.core.model import ObjectRef
from harvdiag.core.timestamps import normalise_time

__all__ = ["Wait", "WaitReason", "blocked_wait"]

NO_ONE = "no one"


class WaitReason(Enum):
    """Why nothing happens yet, as a code; its value is that of harvdiag's JSON."""

    DONE = "done"
    """The node is done."""
    NODE_GONE = "node-gone"
    MACHINE_TAKEN = "machine-of-another-node"
    NO_MACHINE = "no-machine"
    NO_PLAN = "no-plan-secret"
    SEVERAL_PLANS = "several-plan-secrets"
    NO_JOB = "no-job"
    STUCK = "stuck"
    JOB_FAILED = "job-failed"
    NODE_FAILED = "node-failed"
    UNKNOWN_STATE = "unknown-state"
    UNSEEN = "unseen"
    JOB = "job"
    """A Job is running, or has not begun."""
    HANDSHAKE = "handshake"
    """The next step of the drain."""
    HOOK = "hook"
    """A hook of which it is not known how far it is."""
    ACKNOWLEDGE = "acknowledge"
    OTHER_NODE = "other-node"
    PAUSED = "paused"
    RELEASED = "released"
    REBOOT = "reboot"
    WORK = "work"
    """The node is in progress, by its state."""
    IMAGES = "images"
    PHASE = "phase"
    TURN = "turn"
    START = "start"
    GATE = "gate"
    LAST_LOOK = "last-look"


NEVER = frozenset(
    {
        WaitReason.NODE_GONE,
        WaitReason.MACHINE_TAKEN,
        WaitReason.NO_MACHINE,
        WaitReason.NO_PLAN,
        WaitReason.SEVERAL_PLANS,
        WaitReason.NO_JOB,
        WaitReason.STUCK,
    }
)
"""What does not recover on its own."""
BROKEN = frozenset({WaitReason.JOB_FAILED, WaitReason.NODE_FAILED})
"""What needs a manual fix."""
TASKS = frozenset({WaitReason.HANDSHAKE, WaitReason.ACKNOWLEDGE, WaitReason.OTHER_NODE})
"""The actions of the drain, as a task: ``to uncordon the node``."""


@dataclass(frozen=True, kw_only=True)
class Wait:
    """Who is to act next (`actor`), what is to happen (`what`), since when, what shows it, and the `reason` as a code.

    `since` is RFC 3339, empty where it is unknown. `chain` is why a node's turn can never come, link by link from
    the first that is broken; `names` are the nodes in `what`.
    """

    actor: str
    what: str
    subject: ObjectRef
    reason: WaitReason
    since: str = ""
    chain: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def never(self) -> bool:
        """Whether it will never end on its own, because no one has the next turn."""
        return self.reason in NEVER

    @property
    def broken(self) -> bool:
        """Whether something has failed, so that the wait ends only by a manual fix."""
        return self.reason in BROKEN

    @property
    def task(self) -> bool:
        """Whether `what` is what the actor is to do in the drain of a node: ``to uncordon the node``."""
        return self.reason in TASKS

    def as_dict(self) -> dict[str, str]:
        """The form of harvdiag's JSON."""
        return {
            "actor": self.actor,
            "what": self.what,
            "since": normalise_time(self.since),
            "reason": self.reason.value,
        }


def blocked_wait(reason: WaitReason, what: str, subject: ObjectRef, *chain: str, since: str = "") -> Wait:
    """Build a wait that will not end on its own."""
    return Wait(actor=NO_ONE, what=what, subject=subject, reason=reason, since=since, chain=chain or (what,))
