"""What a simulated action comes to, as data: its steps, its class, and the findings before and after it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harvdiag.core.model import Finding, ObjectRef, Outcome

if TYPE_CHECKING:
    from harvdiag.cure.preconditions import Precondition
    from harvdiag.snapshot import Snapshot

__all__ = ["Action", "Effect", "Hazard", "Simulation", "Step", "Verb"]


class Verb(StrEnum):
    """What a person would do."""

    DELETE = "delete"
    DELETE_HOST = "delete host"
    """As Harvester's UI does: the Machine that the Node's annotation names, else the Node."""
    LABEL = "label"
    ANNOTATE = "annotate"
    REGISTER = "register"
    """Let a host register again with Rancher."""
    WAIT = "wait"
    """Do nothing."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action: ``delete Machine custom-0a1b2c3d4e5f``, ``label Node hv04 harvesterhci.io/managed=true``."""

    verb: Verb
    ref: ObjectRef | None = None
    """The object; of `REGISTER` and `DELETE_HOST` the Node, of `WAIT` none."""
    changes: tuple[tuple[str, str | None], ...] = ()
    """Of `LABEL` and `ANNOTATE`: each key with its value; None removes it."""


class Effect(StrEnum):
    """What one step does to its object."""

    REMOVED = "removed"
    CHANGED = "changed"
    CREATED = "created"
    REFUSED = "refused"
    """A webhook or a finalizer keeps it from being done."""
    WAITS = "waits"
    """The cascade stops here until something else happens."""
    NOTHING = "nothing"
    """No controller acts, though one may expect it."""


class Hazard(StrEnum):
    """The class of an action."""

    SAFE = "safe"
    """Nothing lives on what goes."""
    CARE = "needs care"
    """A clean pair of Node and Machine, and P1 to P6 are met."""
    DANGEROUS = "dangerous"
    """Something goes that another claims, or a clean pair with one of P1 to P6 not met."""
    USELESS = "useless"
    """It comes back, or nothing changes."""
    SILENT = "silent damage"
    """Nothing seems to happen, and a later action or upgrade fails for it."""
    UNTOLD = "cannot be told"
    """What decides it was not seen."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of the cascade."""

    actor: str
    """Who does it: ``Cluster API``, ``Rancher``, ``Harvester``, ``kubelet``, ``Longhorn``, ``Kubernetes``, ``you``."""
    ref: ObjectRef
    effect: Effect
    what: str
    """In one clause: ``drains it``, ``removes it from etcd``."""
    why: str = ""
    """The field or rule that decides it, in one clause."""
    source: str = ""
    """Where that is known from: an issue (``harvester/harvester#6022``), or a source file of the project."""
    derived: bool = False
    """Whether it follows from the code of the controller and was not seen in the field."""


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What an action would do."""

    action: Action
    hazard: Hazard
    reasons: tuple[str, ...]
    """Why it has that class, the weightiest first."""
    steps: tuple[Step, ...]
    gone: tuple[Finding, ...]
    """The findings that it would resolve."""
    new: tuple[Finding, ...]
    """The findings that it would bring."""
    untold: tuple[str, ...]
    """What was not seen, so that a part of the answer is open."""
    before: Snapshot
    after: Snapshot
    outcomes: tuple[Outcome, ...] = ()
    """Of every check after it."""
    preconditions: tuple[Precondition, ...] = ()
    """P1 to P6, where the action removes a Node or a Machine."""
