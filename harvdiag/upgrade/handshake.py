"""Handshake: how far the drain of one node is, by the annotations of its plan Secret; docs/objects.md#drain-steps.

Rancher asks and Harvester acknowledges by writing the very same text under another key; the texts are compared byte
by byte. When the cycle is over, Rancher clears all of them: "all absent" means idle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from harvdiag.core.fields import Obj, get_text

__all__ = ["DRAIN_STEPS", "KEYS", "DrainStep", "Hand", "Handshake", "handshake", "path"]

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


def path(key: str) -> str:
    """The field of an annotation by its short name."""
    return f'metadata.annotations["{KEYS[key]}"]'


class Hand(NamedTuple):
    """Who is to act next in the drain of a node, and what is to be done (``to drain the node``)."""

    actor: str
    task: str


class Handshake(NamedTuple):
    """One node's drain cycle. `step` is the last that was taken (``idle`` where none), `waits_for` who is to act next.

    `values` holds the annotations that are there, by short name.
    """

    step: str
    waits_for: Hand
    values: Mapping[str, str]

    @property
    def idle(self) -> bool:
        """No cycle is under way."""
        return self.step == "idle"

    @property
    def error(self) -> str:
        """What Rancher met while draining; empty where nothing."""
        return self.values.get("drain-error", "")

    def asked(self, request: str, answer: str) -> bool:
        """Whether `request` is there and `answer` is not its very copy."""
        return request in self.values and self.values.get(answer) != self.values[request]


WAITS = {
    "idle": Hand("Rancher's planner", "to begin with this node"),
    "h1": Hand("Rancher", "to cordon the node and ask for the pre-drain hook"),
    "h2": Hand("Harvester", "to run the pre-drain Job and acknowledge"),
    "h5": Hand("Rancher", "to drain the node"),
    "h6": Hand("Rancher and the node's agent", "to apply the new plan"),
    "h7": Hand("Rancher", "to ask for the post-drain hook"),
    "h8": Hand("Harvester", "to run the post-drain Job and acknowledge"),
    "h11": Hand("Rancher", "to uncordon the node and end the cycle"),
}
"""The step that was taken last, and who is to take the next."""


class DrainStep(NamedTuple):
    """One step of a drain: its name, and what shows that it was taken.

    That is an annotation of the plan Secret (`key`), which must be the copy of the request that it `answers`, or a hook
    `job` of that type. The last shows by nothing: Rancher clears all annotations with it.
    """

    name: str
    key: str = ""
    answers: str = ""
    job: str = ""


DRAIN_STEPS = (
    DrainStep("h1", "drain-options"),
    DrainStep("h2", "pre-drain"),
    DrainStep("h3", job="pre-drain"),
    DrainStep("h4", job="pre-drain"),
    DrainStep("h5", "pre-hook", answers="pre-drain"),
    DrainStep("h6", "drain-done"),
    DrainStep("h7", "uncordon"),
    DrainStep("h8", "post-drain"),
    DrainStep("h9", job="post-drain"),
    DrainStep("h10", job="post-drain"),
    DrainStep("h11", "post-hook", answers="post-drain"),
    DrainStep("h12"),
)
"""All of them in their order."""


def handshake(secret: Obj) -> Handshake:
    """How far the cycle of a plan Secret has come."""
    found = {key: value for key in KEYS if (value := get_text(secret, path(key)))}
    step = _step(found)
    return Handshake(step, WAITS[step], found)


def _step(found: Mapping[str, str]) -> str:
    """The last step that an annotation shows; a request counts as answered by its very copy alone."""
    for step in reversed(DRAIN_STEPS):
        if step.key in found and (not step.answers or found[step.key] == found.get(step.answers)):
            return step.name
    return "idle"
