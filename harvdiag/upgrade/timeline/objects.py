"""What the objects of an upgrade show with a time."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace

from harvdiag.core.conditions import Condition, conditions_of
from harvdiag.core.fields import Obj, get_items, get_text, name_of
from harvdiag.core.model import ObjectRef
from harvdiag.kinds import CATALOGUE
from harvdiag.kinds.local import CONTROL_PLANE, LOCAL, PROVISIONING
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.jobs import ENDS, node_of, step_of
from harvdiag.upgrade.phases import DONE
from harvdiag.upgrade.run import NodeUpgrade, UpgradeRun
from harvdiag.upgrade.timeline.note import EntryKind, Note, parse_time, ref_of, shorten_text
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.v2 import TIMES, UpgradePlan
from harvdiag.upgrade.waiting import is_upgrading

__all__ = ["find_object_notes"]

IMAGE = "VirtualMachineImage"
CREATED, DELETED = "metadata.creationTimestamp", "metadata.deletionTimestamp"
CORDONED = "node.kubernetes.io/unschedulable"
PLANNERS = frozenset({"Reconciled", "Updated", "Provisioned"})
"""Conditions in which Rancher's planner says what it does; whatever their status, a change is its next step."""
PASSED = 'metadata.annotations["rke.cattle.io/plan-probes-passed"]'
PLAN_TIMES = {
    'metadata.annotations["rke.cattle.io/plan-last-updated"]': "Rancher wrote a new plan",
    PASSED: "every probe of the plan passed",
}
APPLIED, FAILED = 'data["last-apply-time"]', 'data["failed-checksum"]'


def find_object_notes(run: UpgradeRun, snapshot: Snapshot) -> Iterator[Note]:
    """Find what the upgrade's own objects show, and the Nodes, Machines and plan Secrets that it changes."""
    upgrade = run.upgrade
    made = f"the {upgrade.ref.kind} was created"
    yield Note(time=get_text(upgrade.obj, CREATED), what=made, node="", object=upgrade.ref, field=CREATED)
    yield from _own_notes(upgrade)
    for kind in ("UpgradeLog", "Plan"):
        for obj in snapshot.objects(kind):
            if get_text(obj, "spec.upgradeName") == upgrade.ref.name or name_of(obj).startswith(f"{upgrade.ref.name}-"):
                yield from _condition_notes(obj, ref_of(kind, obj))
    yield from _image_notes(upgrade, snapshot)
    for obj in snapshot.objects("Job"):
        if step := step_of(obj, upgrade.ref.name):
            yield from _job_notes(obj, step)
    for ref in (CONTROL_PLANE, PROVISIONING, LOCAL):
        for note, type_, status in _condition_changes(snapshot.get(ref), ref):
            yield replace(note, moves=type_ in PLANNERS or status == "True")
    for node in run.nodes:
        yield from _notes_of_node(node, snapshot)


def _own_notes(upgrade: Upgrade) -> Iterator[Note]:
    """Those of the Upgrade: its conditions, and each phase that an UpgradePlan entered; Degraded is True there also
    while it merely waits.
    """
    for note, type_, _ in _condition_changes(upgrade.obj, upgrade.ref):
        yield replace(note, moves=type_ != "Degraded")
    if isinstance(upgrade, UpgradePlan):
        for label, at in upgrade.times.items():
            what, field = f"phase {label} began", f"{TIMES}, phase {label}"
            yield Note(time=at, what=what, node="", object=upgrade.ref, field=field)


def _image_notes(upgrade: Upgrade, snapshot: Snapshot) -> Iterator[Note]:
    """Those of the image that the upgrade downloads; a message that is written again is none."""
    path = "status.isoImageID" if upgrade.v2 else "status.imageID"
    namespace, _, name = get_text(upgrade.obj, path).rpartition("/")
    if name and IMAGE in CATALOGUE:
        ref = ObjectRef(IMAGE, namespace or CATALOGUE[IMAGE].home, name)
        yield from _condition_notes(snapshot.get(ref) or {}, ref)


def _notes_of_node(node: NodeUpgrade, snapshot: Snapshot) -> Iterator[Note]:
    """A node that is done is no longer a step of the upgrade, whatever happens to it; its Jobs are noted separately."""
    parts = [_node_notes(node, snapshot), *(_machine_notes(node, ref, snapshot.get(ref)) for ref in node.machines)]
    parts += [_plan_notes(snapshot.get(secret), secret, node.name) for secret, _ in node.secrets]
    for part in parts:
        yield from (replace(note, moves=False) for note in part) if node.place == DONE else part


def _job_notes(obj: Obj, step: str) -> Iterator[Note]:
    """When a Job of the upgrade began and, if it has, when it ended."""
    node, ref = node_of(obj), ref_of("Job", obj)
    began = "status.startTime" if get_text(obj, "status.startTime") else CREATED
    yield Note(time=get_text(obj, began), what=f"Job {step} began", node=node, object=ref, field=began)
    for found in conditions_of(obj):
        if found.type in ENDS and found.status == "True":
            complete = found.type == "Complete"
            done = get_text(obj, "status.completionTime") if complete else ""
            end = f"Job {step} {'is complete' if complete else f'failed{_reason_suffix(found)}'}"
            field = "status.completionTime" if done else found.path
            kind = EntryKind.OTHER if complete else EntryKind.JOB_FAILED
            yield Note(time=done or found.since, what=end, node=node, object=ref, field=field, kind=kind)


def _node_notes(node: NodeUpgrade, snapshot: Snapshot) -> Iterator[Note]:
    obj = snapshot.get(node.ref)
    if obj is None:
        return
    yield Note(time=get_text(obj, CREATED), what="the Node was created", node=node.name, object=node.ref, field=CREATED)
    for note, type_, status in _condition_changes(obj, node.ref, node.name):
        kind = EntryKind.NOT_READY if type_ == "Ready" and status in {"False", "Unknown"} else EntryKind.OTHER
        yield replace(note, moves=(type_, status) == ("Ready", "True") and is_upgrading(node), kind=kind)
    for taint in get_items(obj, "spec.taints"):
        if added := get_text(taint, "timeAdded"):
            key = get_text(taint, "key")
            what = "the Node was cordoned" if key == CORDONED else f"the Node was tainted with {key}"
            field = f"spec.taints, key {key}, timeAdded"
            yield Note(
                time=added,
                what=what,
                node=node.name,
                object=node.ref,
                field=field,
                moves=key == CORDONED and is_upgrading(node),
            )


def _machine_notes(node: NodeUpgrade, ref: ObjectRef, obj: Obj | None) -> Iterator[Note]:
    if obj is None:
        return
    yield Note(time=get_text(obj, CREATED), what="the Machine was created", node=node.name, object=ref, field=CREATED)
    if deleted := get_text(obj, DELETED):
        yield Note(
            time=deleted,
            what="the Machine was deleted",
            node=node.name,
            object=ref,
            field=DELETED,
            kind=EntryKind.MACHINE_DELETED,
        )
    for note, type_, status in _condition_changes(obj, ref, node.name):
        yield replace(note, moves=type_ in PLANNERS or (status == "True" and is_upgrading(node)))


def _plan_notes(obj: Obj | None, ref: ObjectRef, node: str) -> Iterator[Note]:
    for path, what in PLAN_TIMES.items():
        if written := get_text(obj, path):
            yield Note(time=written, what=what, node=node, object=ref, field=path)
    if packed := get_text(obj, APPLIED):
        written = _decode_time(packed)
        failed = bool(get_text(obj, FAILED))
        # A plan that failed is tried again and again, and one that had passed is run again when the agent starts.
        passed, ran = parse_time(get_text(obj, PASSED)), parse_time(written)
        moves = not failed and not (passed and ran and ran > passed)
        yield Note(
            time=written,
            what=f"the agent ran its plan{', which failed' if failed else ''}",
            node=node,
            object=ref,
            field=APPLIED,
            moves=moves,
        )


def _decode_time(packed: str) -> str:
    try:
        return b64decode(packed, validate=True).decode().strip()
    except (binascii.Error, ValueError):
        return packed


def _condition_notes(obj: Obj, ref: ObjectRef) -> Iterator[Note]:
    """Those of an object that only the upgrade changes."""
    return (note for note, _, _ in _condition_changes(obj, ref))


def _condition_changes(obj: Obj | None, ref: ObjectRef, node: str = "") -> Iterator[tuple[Note, str, str]]:
    """What each condition became, with its type and its status."""
    for found in conditions_of(obj):
        if found and found.status:
            what = f"{ref.kind}: {found.type} became {found.status}{_reason_suffix(found)}"
            note = Note(time=found.since, what=what, node=node, object=ref, field=found.path)
            yield note, found.type, found.status


def _reason_suffix(condition: Condition) -> str:
    return f" ({shorten_text(condition.why)})" if condition.why else ""
