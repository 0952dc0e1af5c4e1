"""Why a VM cannot be moved to another node: what Harvester's webhook takes notice of, and what KubeVirt says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harvdiag.core.conditions import find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.release import Release, read_release
from harvdiag.core.suggest import join_names
from harvdiag.rules.engine import Cause
from harvdiag.rules.facts import Facts
from harvdiag.rules.node_affinity import REQUIRED, fits_affinity
from harvdiag.rules.vms import MOVES_DISKS, VM, Device, list_devices, vm_ref, webhook_nodes

__all__ = ["Bound", "find_bound"]

DISKS_FROM = Release(1, 4, 1, 0)
"""From which release on the webhook refuses VMs with a CD-ROM or a container disk, until 1.8 moves them."""
HOST_DEVICES = "spec.domain.devices.hostDevices"
PLANS, COUNTS_DEVICES = Release(1, 8, 0, 0), Release(1, 9, 0, 0)
"""By which release's rules Upgrade V2 asks; before which one an empty list of host devices is taken for a device."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A VM that cannot leave its host. `refused`: whether Harvester's webhook sees it; `step` frees it otherwise."""

    ref: ObjectRef
    why: str
    evidence: tuple[Evidence, ...]
    refused: bool = True
    causes: tuple[Cause, ...] = ()
    step: str = ""

    @property
    def name(self) -> str:
        """Namespace and name, as Harvester names it."""
        return f"{self.ref.namespace}/{self.ref.name}"


def find_bound(facts: Facts, obj: Obj, *, plan: bool = False) -> Bound | None:
    """Return why a VM cannot move: every reason of which Harvester takes notice, and what KubeVirt says.

    With `plan`, the notice is that of Upgrade V2, which in each release asks what 1.8 asks.
    """
    ref = vm_ref(obj)
    devices = list_devices(ref, obj)
    release = PLANS if plan else read_release(facts.harvester_version)
    looks = (_selected(ref, obj), _equipped(release, ref, obj), _confined(facts, ref, obj))
    noticed = [look for look in looks if look]
    told = _told(ref, obj, devices)
    reasons = [*noticed, *([told] if told else [])]
    return _merge(obj, reasons, refused=bool(noticed)) if reasons else None


def _merge(obj: Obj, reasons: Sequence[Bound], *, refused: bool) -> Bound:
    """All reasons of one VM as one; what explains only some of them is not its cause."""
    first = reasons[0]
    explained = all(reason.causes for reason in reasons)
    return Bound(
        ref=first.ref,
        why=" and ".join(reason.why for reason in reasons),
        evidence=(*(shown for reason in reasons for shown in reason.evidence), *_place(first.ref, obj)),
        refused=refused,
        causes=tuple(dict.fromkeys(cause for reason in reasons for cause in reason.causes)) if explained else (),
        step=next((reason.step for reason in reasons if reason.step), ""),
    )


def _told(ref: ObjectRef, obj: Obj, devices: Sequence[Device]) -> Bound | None:
    """A VM that runs and that KubeVirt cannot move, in its words."""
    able = find_condition(obj, "LiveMigratable")
    if able.status != "False" or get_text(obj, "status.phase") != "Running":
        return None
    words = f"KubeVirt says {format_value(able.why)}" if able.why else "KubeVirt says that it is not LiveMigratable"
    own = f" ({join_names([str(device) for device in devices])})" if devices else ""
    return Bound(
        ref=ref,
        why=f"{words}{own}",
        evidence=(Evidence(ref, able.path, able.why or able.status), *(device.evidence for device in devices)),
        causes=_device_cause(ref, devices),
    )


def _place(ref: ObjectRef, obj: Obj) -> tuple[Evidence, ...]:
    return tuple(Evidence(ref, path, get_text(obj, path) or None) for path in ("status.phase", "status.nodeName"))


def _device_cause(ref: ObjectRef, devices: Sequence[Device]) -> tuple[Cause, ...]:
    return (Cause("preflight-vm-bound-to-host", ref._replace(kind=VM)),) if devices else ()


def _selected(ref: ObjectRef, obj: Obj) -> Bound | None:
    """A VM with a node selector, whatever it selects."""
    selector = field_path("spec.nodeSelector").get(obj)
    if not isinstance(selector, dict):
        return None
    pairs = ", ".join(f"{key}={value}" for key, value in selector.items())
    return Bound(
        ref=ref,
        why=f"it has the node selector {format_value(pairs)}"
        if pairs
        else "it has a node selector, though an empty one",
        evidence=(Evidence(ref, "spec.nodeSelector", selector),),
        step=f"Virtual Machines → {ref.name} → ⋮ → Edit Config → Node Scheduling: any available node; then restart it",
    )


def _equipped(release: Release | None, ref: ObjectRef, obj: Obj) -> Bound | None:
    """A VM with a device that the webhook of the release takes for bound to its host."""
    devices = list_devices(ref, obj)
    disks = release is None or DISKS_FROM <= release < MOVES_DISKS
    kinds = {"host device", *(("CD-ROM", "container disk") if disks else ())}
    own = [device for device in devices if device.what in kinds]
    if not own:
        return _listed(ref, obj) if release is not None and release < COUNTS_DEVICES else None
    return Bound(
        ref=ref,
        why=f"it has {join_names([f'the {device}' for device in own])}",
        evidence=tuple(device.evidence for device in own),
        causes=_device_cause(ref, own),
    )


def _listed(ref: ObjectRef, obj: Obj) -> Bound | None:
    """A VM with an empty list of host devices."""
    if field_path(HOST_DEVICES).get(obj) != []:
        return None
    why = "Harvester takes its empty list of host devices for a device"
    return Bound(ref=ref, why=why, evidence=(Evidence(ref, HOST_DEVICES, []),))


def _confined(facts: Facts, ref: ObjectRef, obj: Obj) -> Bound | None:
    """A VM for which no other node is schedulable, or fits its affinity."""
    others = [node for node in webhook_nodes(facts) if name_of(node) != get_text(obj, "status.nodeName")]
    free = [node for node in others if not _is_cordoned(node)]
    if any(fits_affinity(obj, node) for node in free):
        return None
    cordoned = list(filter(_is_cordoned, others))
    refs = [ObjectRef("Node", "", name_of(node)) for node in cordoned]
    shown = [Evidence(each, "spec.unschedulable", True) for each in refs]
    if free:
        shown.insert(0, Evidence(ref, REQUIRED, field_path(REQUIRED).get(obj)))
    fitting = f"its node affinity fits none of {join_names([name_of(node) for node in free])}"
    return Bound(
        ref=ref,
        why=fitting if free else "no other node is schedulable",
        evidence=tuple(shown),
        causes=tuple(Cause("preflight-node-unschedulable", each) for each in refs),
    )


def _is_cordoned(node: Obj) -> bool:
    return field_path("spec.unschedulable").get(node) is True
