"""Replicas that failed and are not rebuilt, and the instance managers that should run them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.wanted import Wanted
from harvdiag.rules import advice
from harvdiag.rules.facts import Facts
from harvdiag.rules.volumes import LONGHORN

__all__ = ["LostReplica", "find_lost_replicas"]

BROKEN = frozenset({"error", "stopped", "unknown", "starting"})
"""States of an instance manager in which it runs no replica."""


@dataclass(frozen=True, kw_only=True)
class LostReplica:
    """A replica of a degraded volume that failed; `manager` is the instance manager of its node that does not run."""

    replica: Obj
    manager: Obj | None

    @property
    def words(self) -> str:
        """``its replica on hv02 failed at …, and instance manager … there is in state error``."""
        node, failed = get_text(self.replica, "spec.nodeID"), get_text(self.replica, "spec.failedAt")
        when = f" at {Timestamp(failed)}" if Timestamp(failed) else ""
        text = f"its replica {name_of(self.replica)} on {node} failed{when} and was not rebuilt"
        if self.manager is None:
            return text
        state = get_text(self.manager, "status.currentState")
        return f"{text}, as instance manager {name_of(self.manager)} there is in state {state}"

    @property
    def objects(self) -> tuple[ObjectRef, ...]:
        """The instance manager."""
        return (_ref("InstanceManager", self.manager),) if self.manager else ()

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """When the replica failed, and the state of the instance manager."""
        found = [("Replica", self.replica, path) for path in ("spec.nodeID", "spec.failedAt")]
        found += [("InstanceManager", self.manager, "status.currentState")] if self.manager else []
        return tuple(Evidence(_ref(kind, obj), path, field_path(path).get(obj)) for kind, obj, path in found)

    @property
    def steps(self) -> tuple[str, ...]:
        """How to find out why it does not run."""
        if self.manager is None:
            return ()
        name = name_of(self.manager)
        return (
            advice.inspect_object("instancemanagers.longhorn.io", name, LONGHORN),
            advice.describe_pod(LONGHORN, name),
            "Longhorn starts it again by itself when its pod can run: an engine of version 2 also needs huge pages.",
        )


def find_lost_replicas(facts: Facts, volumes: Sequence[Obj]) -> dict[str, LostReplica]:
    """Return by the names of these volumes a replica that failed; one of a broken instance manager before others."""
    labels = tuple(f"longhornvolume={name_of(obj)}" for obj in volumes)
    failed = [obj for obj in facts.find("Replica", Wanted(labels=labels)) if get_text(obj, "spec.failedAt")]
    managers = list(facts.find("InstanceManager", Wanted(namespace=LONGHORN))) if failed else []
    engines = {name_of(obj): get_text(obj, "spec.dataEngine") for obj in volumes}
    found: dict[str, LostReplica] = {}
    for replica in failed:
        volume, node = get_text(replica, "spec.volumeName"), get_text(replica, "spec.nodeID")
        lost = LostReplica(replica=replica, manager=_broken_manager(managers, node, engines.get(volume, "")))
        if node and (volume not in found or (lost.manager and not found[volume].manager)):
            found[volume] = lost
    return found


def _broken_manager(managers: Sequence[Obj], node: str, engine: str) -> Obj | None:
    """Return the instance manager of a node and data engine, if none of them runs and one is broken."""
    here = [obj for obj in managers if get_text(obj, "spec.nodeID") == node and _serves(obj, engine)]
    if any(get_text(obj, "status.currentState") == "running" for obj in here):
        return None
    return next((obj for obj in here if get_text(obj, "status.currentState") in BROKEN), None)


def _serves(manager: Obj, engine: str) -> bool:
    """Whether it may run replicas of a data engine; Longhorn before 1.5 had managers of engines only, too."""
    same = (get_text(manager, "spec.dataEngine") or "v1") == (engine or "v1")
    return same and get_text(manager, "spec.type") != "engine"


def _ref(kind: str, obj: Obj) -> ObjectRef:
    return ObjectRef(kind, namespace_of(obj), name_of(obj))
