"""Handshake: how far the drain of one node is, by the annotations of its plan Secret; docs/objects.md#drain-steps.

Rancher asks and Harvester acknowledges by writing the very same text under another key; the texts are compared byte
by byte. When the cycle is over, Rancher clears all of them: "all absent" means idle.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from harvdiag.core.fields import Obj, get_text

__all__ = [
    "DRAIN_STEPS",
    "KEYS",
    "DrainStep",
    "Hand",
    "Handshake",
    "StepEvidence",
    "annotation_name",
    "annotation_path",
    "read_handshake",
    "step_entries",
]

KEYS = {
    "drain-options": "rke.cattle.io/drain-options",
    "pre-drain": "rke.cattle.io/pre-drain",
    "pre-hook": "harvesterhci.io/pre-hook",
    "drain-done": "rke.cattle.io/drain-done",
    "uncordon": "rke.cattle.io/uncordon",
    "post-drain": "rke.cattle.io/post-drain",
    "post-hook": "harvesterhci.io/post-hook",
    "drain-error": "rke.cattle.io/drain-error",
}
"""Short name to annotation, in the order in which they are written; ``drain-error`` may come at any time."""
V2_HOOKS = {key: f"management.{KEYS[key]}" for key in ("pre-hook", "post-hook")}
"""The answers of Upgrade V2, which has annotations of its own for them."""


def annotation_name(key: str, v2: bool = False) -> str:
    """The annotation of a short name; Upgrade V2 has answers of its own."""
    return V2_HOOKS[key] if v2 and key in V2_HOOKS else KEYS[key]


def annotation_path(key: str, v2: bool = False) -> str:
    """The field of an annotation by its short name."""
    return f'metadata.annotations["{annotation_name(key, v2)}"]'


class DrainStep(StrEnum):
    """A step of the drain; its value says it in words."""

    IDLE = "idle"
    """No drain is under way."""
    ROLLOUT_REQUESTED = "rollout requested"
    """Asked of the whole cluster; no plan Secret shows it."""
    DRAIN_ANNOUNCED = "drain announced"
    PRE_DRAIN_REQUESTED = "pre-drain requested"
    PRE_DRAIN_JOB_STARTED = "pre-drain Job started"
    PRE_DRAIN_JOB_COMPLETE = "pre-drain Job complete"
    PRE_DRAIN_ACKNOWLEDGED = "pre-drain acknowledged"
    DRAINED = "node drained"
    UNCORDON_REQUESTED = "uncordon requested"
    POST_DRAIN_REQUESTED = "post-drain requested"
    POST_DRAIN_JOB_STARTED = "post-drain Job started"
    POST_DRAIN_JOB_COMPLETE = "post-drain Job complete"
    POST_DRAIN_ACKNOWLEDGED = "post-drain acknowledged"
    DRAIN_CLEARED = "drain cleared"

    @property
    def number(self) -> int:
        """Its place among the steps of a node, 1 to 12; 0 for the request of the rollout, -1 for idle."""
        return list(DrainStep).index(self) - 1

    @property
    def code(self) -> str:
        """What JSON has for it: ``h0`` to ``h12``, or ``idle``."""
        return self.value if self is DrainStep.IDLE else f"h{self.number}"


class Hand(NamedTuple):
    """Who is to act next in the drain of a node, and what is to be done (``to drain the node``)."""

    actor: str
    task: str


class Handshake(NamedTuple):
    """One node's drain cycle. `step` is the last that was taken (idle where none), `waits_for` who is to act next.

    `values` holds the annotations that are there, by short name.
    """

    step: DrainStep
    waits_for: Hand
    values: Mapping[str, str]

    @property
    def idle(self) -> bool:
        """No cycle is under way."""
        return self.step is DrainStep.IDLE

    @property
    def error(self) -> str:
        """The error of Rancher's drain; empty where there is none."""
        return self.values.get("drain-error", "")

    def is_unanswered(self, request: str, answer: str) -> bool:
        """Whether `request` is there and `answer` is not an exact copy of it."""
        return request in self.values and self.values.get(answer) != self.values[request]


WAITS = {
    DrainStep.IDLE: Hand("Rancher's planner", "to begin with this node"),
    DrainStep.DRAIN_ANNOUNCED: Hand("Rancher", "to cordon the node and ask for the pre-drain hook"),
    DrainStep.PRE_DRAIN_REQUESTED: Hand("Harvester", "to run the pre-drain Job and acknowledge"),
    DrainStep.PRE_DRAIN_ACKNOWLEDGED: Hand("Rancher", "to drain the node"),
    DrainStep.DRAINED: Hand("Rancher and the node's agent", "to apply the new plan"),
    DrainStep.UNCORDON_REQUESTED: Hand("Rancher", "to ask for the post-drain hook"),
    DrainStep.POST_DRAIN_REQUESTED: Hand("Harvester", "to run the post-drain Job and acknowledge"),
    DrainStep.POST_DRAIN_ACKNOWLEDGED: Hand("Rancher", "to uncordon the node and end the cycle"),
}
"""The step that was taken last, and who is to take the next."""


class StepEvidence(NamedTuple):
    """One step of a drain, and what shows that it was taken.

    That is an annotation of the plan Secret (`key`), which must be a copy of the request that it `answers`, or a hook
    `job` of that type. The last leaves nothing: Rancher clears all annotations with it.
    """

    step: DrainStep
    key: str = ""
    answers: str = ""
    job: str = ""


DRAIN_STEPS = (
    StepEvidence(DrainStep.DRAIN_ANNOUNCED, "drain-options"),
    StepEvidence(DrainStep.PRE_DRAIN_REQUESTED, "pre-drain"),
    StepEvidence(DrainStep.PRE_DRAIN_JOB_STARTED, job="pre-drain"),
    StepEvidence(DrainStep.PRE_DRAIN_JOB_COMPLETE, job="pre-drain"),
    StepEvidence(DrainStep.PRE_DRAIN_ACKNOWLEDGED, "pre-hook", answers="pre-drain"),
    StepEvidence(DrainStep.DRAINED, "drain-done"),
    StepEvidence(DrainStep.UNCORDON_REQUESTED, "uncordon"),
    StepEvidence(DrainStep.POST_DRAIN_REQUESTED, "post-drain"),
    StepEvidence(DrainStep.POST_DRAIN_JOB_STARTED, job="post-drain"),
    StepEvidence(DrainStep.POST_DRAIN_JOB_COMPLETE, job="post-drain"),
    StepEvidence(DrainStep.POST_DRAIN_ACKNOWLEDGED, "post-hook", answers="post-drain"),
    StepEvidence(DrainStep.DRAIN_CLEARED),
)
"""All of them in their order, with what shows each."""


def step_entries(step: DrainStep | None) -> dict[str, str | None]:
    """What a JSON document has of a step: its code as `step` and its words as `step_name`; None where there is none."""
    return {"step": step.code if step else None, "step_name": step.value if step else None}


def read_handshake(secret: Obj, v2: bool = False) -> Handshake:
    """Read how far the drain cycle of a plan Secret is, by the answers of an Upgrade or of an UpgradePlan (V2)."""
    found = {key: value for key in KEYS if (value := get_text(secret, annotation_path(key, v2)))}
    step = _last_step(found)
    return Handshake(step, WAITS[step], found)


def _last_step(found: Mapping[str, str]) -> DrainStep:
    """Return the last step that an annotation shows; a request counts as answered only by an exact copy."""
    for shown in reversed(DRAIN_STEPS):
        if shown.key in found and (not shown.answers or found[shown.key] == found.get(shown.answers)):
            return shown.step
    return DrainStep.IDLE
