"""The sentences in which Upgrade V2 says what it refuses, and the object in each; docs/objects.md#upgrade-v2."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from harvdiag.core.model import ObjectRef
from harvdiag.kinds.local import FLEET

__all__ = ["About", "Answer", "find_answers", "find_machine_without_node"]


class About(Enum):
    """What an answer is about."""

    NOT_READY = "node not ready"
    CORDONED = "node cordoned"
    LABEL = "managed label"
    PAIR = "node and machine"
    MACHINE = "machine"
    OTHER = "another upgrade"


class Answer(NamedTuple):
    """One sentence of the checks: what it is about, and the object in it."""

    about: About
    object: ObjectRef


NO_NODE = r"machine (?:[^\s/]+/)?(\S+) has no status\.nodeRef\.name"
ANSWERS = (
    (About.NOT_READY, "Node", r'node "([^"]+)" is not Ready'),
    (About.CORDONED, "Node", r'node "([^"]+)" is unschedulable'),
    (About.LABEL, "Node", r'node "([^"]+)" is missing harvesterhci.io/managed label'),
    (About.PAIR, "Node", r'node "([^"]+)" is missing cluster.x-k8s.io/machine annotation'),
    (About.PAIR, "Node", r'node "([^"]+)" references machine "[^"]+" which does not exist'),
    (About.MACHINE, "Machine", r'machine "([^"]+)" NodeRef.Name "[^"]*" does not match'),
    (About.MACHINE, "Machine", r"machine (?:[^\s/]+/)?(\S+) is not running"),
    (About.MACHINE, "Machine", r"machine (?:[^\s/]+/)?(\S+) has no node reference"),
    (About.OTHER, "UpgradePlan", r'another upgrade "([^"]+)" is in progress'),
    (About.OTHER, "UpgradePlan", r'upgrade "([^"]+)" is still cleaning up'),
)
"""What each is about, and the expression; made one where there is an answer, as few upgrades have any."""


def find_answers(text: str) -> list[Answer]:
    """Find the sentences of the checks in a text."""
    return [
        Answer(about, ObjectRef(kind, FLEET if kind == "Machine" else "", name))
        for about, kind, pattern in ANSWERS
        for name in re.findall(pattern, text)
    ]


def find_machine_without_node(text: str) -> ObjectRef | None:
    """Find the Machine of which the upgrade manager says that it has no nodeRef; None where it says so of none."""
    said = re.search(NO_NODE, text)
    return ObjectRef("Machine", FLEET, said[1]) if said else None
