"""Kubernetes: what goes by ownerReferences once its owner is gone."""

from __future__ import annotations

from collections import defaultdict

from harvdiag.core.fields import get_items, name_of, namespace_of, uid_of
from harvdiag.core.model import ObjectRef
from harvdiag.cure.cascade.stage import Change, Deed, Event, Stage, on
from harvdiag.cure.model import Effect
from harvdiag.kinds import CATALOGUE, kind_for_resource
from harvdiag.kinds.local import FLEET

__all__: list[str] = []

AGENT_PARTS = (
    ("", "serviceaccounts"),
    ("rbac.authorization.k8s.io", "roles"),
    ("rbac.authorization.k8s.io", "rolebindings"),
)
"""What belongs to a plan Secret besides it; not in the catalogue, and read where the source has it."""
SOURCE = "kubernetes pkg/controller/garbagecollector"


@on("", Change.REMOVED)
def collect(stage: Stage, event: Event) -> None:
    """Delete what the removed object alone owned."""
    for ref in _owned_by(stage).get(uid_of(event.last), ()) if uid_of(event.last) else ():
        obj = stage.world.get(ref)
        if obj is None or stage.deleting(ref) or _has_other_owner(stage, ref):
            continue
        owner = f"ownerReferences has {event.ref.kind} {event.ref.name}, which is gone"
        stage.tell(ref, Effect.REMOVED, Deed("Kubernetes", "collects it as garbage", owner, SOURCE))
        stage.delete(ref)


def _owned_by(stage: Stage) -> dict[str, list[ObjectRef]]:
    """Every object that was read, by the uids of its owners."""
    found = stage.memory.get("owners")
    if isinstance(found, dict):
        return found
    owned: dict[str, list[ObjectRef]] = defaultdict(list)
    for kind in _kinds(stage):
        for obj in stage.world.objects(kind):
            for uid in _owner_uids(obj):
                owned[uid].append(ObjectRef(kind, namespace_of(obj), name_of(obj)))
    stage.memory["owners"] = owned
    return owned


def _kinds(stage: Stage) -> list[str]:
    origin = stage.world.origin
    loaded = [kind for kind in origin.loaded if kind not in CATALOGUE or not CATALOGUE[kind].lazy]
    beside: list[str] = []
    if (origin.manifest.origin or origin.manifest).kind != "live":
        listed = {(row.group, row.plural) for row in origin.resources if row.namespace == FLEET}
        beside = [kind_for_resource(*pair).name for pair in AGENT_PARTS if pair in listed]
    return list(dict.fromkeys([*loaded, *beside]))


def _owner_uids(obj: dict[str, object]) -> set[str]:
    owners = (row for row in get_items(obj, "metadata.ownerReferences") if isinstance(row, dict))
    return {uid for row in owners if isinstance(uid := row.get("uid"), str) and uid}


def _has_other_owner(stage: Stage, ref: ObjectRef) -> bool:
    """Whether an owner that still exists keeps it."""
    obj = stage.world.get(ref)
    alive = stage.memory.get("uids")
    if not isinstance(alive, dict):
        alive = stage.memory["uids"] = {
            uid_of(each): ObjectRef(kind, namespace_of(each), name_of(each))
            for kind in _kinds(stage)
            for each in stage.world.objects(kind)
        }
    owners = [alive.get(uid) for uid in _owner_uids(obj or {})]
    return any(owner is not None and stage.world.get(owner) is not None for owner in owners)
