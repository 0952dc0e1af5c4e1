"""The stage on which the controllers act: a world, what has happened in it, and what that means for a person."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum
from typing import NamedTuple

from harvdiag.core.fields import Obj, field_path, get_text
from harvdiag.core.model import ObjectRef
from harvdiag.core.release import Release, read_release
from harvdiag.core.timestamps import format_time
from harvdiag.cure.cascade.words import unread
from harvdiag.cure.model import Effect, Hazard, Step
from harvdiag.cure.world import World, put
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.keep import is_stored
from harvdiag.rules.facts import Facts

__all__ = ["CONTROLLERS", "DELETED", "SETTLERS", "Change", "Deed", "Event", "Stage", "on", "settles"]

LATER = timedelta(days=1)
"""How long ago something happened that the simulation did, by the times of objects: long enough for checks to judge,
as what they see is where the cluster comes to rest."""
DELETED = "metadata.deletionTimestamp"


class Change(Enum):
    """What happened to an object."""

    DELETING = "deleting"
    REMOVED = "removed"
    CHANGED = "changed"
    CREATED = "created"


class Event(NamedTuple):
    """Something that happened, on which controllers act."""

    change: Change
    ref: ObjectRef
    last: Obj
    """The object after it; of one that was removed, as it was last."""


class Deed(NamedTuple):
    """What a controller does, why, and from where that is known: a step without its object and effect."""

    actor: str
    what: str
    why: str = ""
    source: str = ""
    derived: bool = False


Controller = Callable[["Stage", Event], None]
Settler = Callable[["Stage"], None]
CONTROLLERS: list[tuple[str, Change, Controller]] = []
"""Every controller with the kind (empty: any) and the change on which it acts, in the order in which they act."""
SETTLERS: list[Settler] = []
"""Who acts once nothing else happens."""


def on(kind: str, *changes: Change) -> Callable[[Controller], Controller]:
    """Declare a controller."""

    def declare(controller: Controller) -> Controller:
        CONTROLLERS.extend((kind, change, controller) for change in changes)
        return controller

    return declare


def settles(settler: Settler) -> Settler:
    """Declare who acts once nothing else happens."""
    SETTLERS.append(settler)
    return settler


@dataclass
class Stage:
    """A world in which controllers act; each tells what it does, and what that means."""

    world: World
    facts: Facts
    """Those of the cluster before."""
    steps: list[Step] = field(default_factory=list)
    notes: dict[tuple[Hazard, str], None] = field(default_factory=dict)
    """What makes the action of a class, in the order in which it was found."""
    untold: dict[str, None] = field(default_factory=dict)
    queue: deque[Event] = field(default_factory=deque)
    nodes_gone: dict[ObjectRef, Obj] = field(default_factory=dict)
    """Every Node that was removed, as it was last."""
    asked: list[ObjectRef] = field(default_factory=list)
    """Nodes and Machines of whose removal the preconditions are asked."""
    stopped: list[ObjectRef] = field(default_factory=list)
    """Nodes of which the host is stopped for good."""
    memory: dict[str, object] = field(default_factory=dict)
    """What a controller keeps between two events."""

    @property
    def release(self) -> Release | None:
        """The release of the cluster; None where it was not seen, or has no numbers."""
        return read_release(self.facts.harvester_version)

    def since(self, major: int, minor: int) -> bool:
        """Whether the cluster has at least this release; one that is not known counts as the newest."""
        return self.release is None or self.release[:2] >= (major, minor)

    def knows(self, major: int, minor: int) -> bool:
        """Whether the cluster is known to have at least this release."""
        return self.release is not None and self.since(major, minor)

    def tell(self, ref: ObjectRef, effect: Effect, deed: Deed) -> None:
        """Add a step."""
        self.steps.append(Step(ref=ref, effect=effect, **deed._asdict()))

    def note(self, hazard: Hazard, reason: str) -> None:
        """Say what makes the action of a class."""
        self.notes[(hazard, reason)] = None

    def open(self, reason: str) -> None:
        """Say what was not seen, where it decides the answer."""
        self.untold[reason] = None
        self.note(Hazard.UNTOLD, reason)

    def gap(self, kind: str, namespace: str = "") -> str:
        """Why the absence of an object of a kind proves nothing, in a clause; empty if it does."""
        found = self.world.origin.gap(kind, namespace=namespace)
        return "" if found is None else unread(kind, found)

    def keeps(self, kind: str, key: str) -> bool:
        """Whether the source keeps an annotation: a snapshot file holds only those that checks use."""
        path = f'metadata.annotations["{key}"]'
        return self.world.origin.manifest.kind != "snapshot" or is_stored(CATALOGUE[kind], path)

    # --- what happens to objects ------------------------------------------------------------------------------------

    def deleting(self, ref: ObjectRef) -> bool:
        """Whether an object is being deleted."""
        return bool(get_text(self.world.get(ref), DELETED))

    def delete(self, ref: ObjectRef) -> None:
        """Let the API delete an object: a Node or a Machine is marked, and goes once its controllers let it go."""
        obj = self.world.get(ref)
        if obj is None or get_text(obj, DELETED):
            return
        # Their controllers write their finalizers again and again, so that one without is not spared.
        if ref.kind in {"Node", "Machine"}:
            put(self.world.edit(ref), DELETED, self.timestamp())
            self.emit(Change.DELETING, ref)
        else:
            self.finish(ref)

    def finish(self, ref: ObjectRef) -> None:
        """Remove an object: nothing holds it any longer."""
        obj = self.world.get(ref)
        if obj is None:
            return
        self.world.remove(ref)
        self.queue.append(Event(Change.REMOVED, ref, obj))

    def set(self, ref: ObjectRef, path: str, value: object) -> None:
        """Set a field of an object (None removes it), if that changes it."""
        obj = self.world.get(ref)
        if obj is not None and field_path(path).get(obj) != value:
            put(self.world.edit(ref), path, value)

    def emit(self, change: Change, ref: ObjectRef) -> None:
        """Let the controllers know of a change to an object."""
        obj = self.world.get(ref)
        if obj is not None:
            self.queue.append(Event(change, ref, obj))

    def create(self, ref: ObjectRef, obj: Obj) -> None:
        """Add an object."""
        put(obj, "metadata.creationTimestamp", get_text(obj, "metadata.creationTimestamp") or self.timestamp())
        self.world.add(ref, obj)
        self.emit(Change.CREATED, ref)

    def timestamp(self) -> str:
        """The time that a change has: some time before now, so that a check does not take it for one in progress."""
        at = self.world.origin.collected_at.at
        return format_time((at - LATER).replace(microsecond=0)) if at and at.year > 1 else "1970-01-01T00:00:00Z"
