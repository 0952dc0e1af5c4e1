"""VMs before an upgrade: what binds one to its host, and whether VMs are shut down anyway."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, get_items, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef
from harvdiag.core.release import Release, read_release
from harvdiag.rules import actions
from harvdiag.rules.engine import Hit
from harvdiag.rules.facts import Facts, UnjudgedError
from harvdiag.rules.upgrade_config import UPGRADE_CONFIG, read_upgrade_config
from harvdiag.rules.volume_faults import FEW
from harvdiag.rules.volumes import WITNESS

__all__ = [
    "MOVES_DISKS",
    "ONLY_NODE",
    "RESTORED",
    "VM",
    "VMI",
    "Device",
    "allow_restore",
    "gather",
    "is_restored",
    "list_devices",
    "list_more",
    "stop_steps",
    "vm_ref",
    "webhook_answer",
    "webhook_nodes",
    "worker_nodes",
]

VM, VMI = "VirtualMachine", "VirtualMachineInstance"
MOVES_DISKS = Release(1, 8, 0, 0)
"""The first release that moves VMs with a CD-ROM or a container disk."""
RESTORE = (1, 6)
"""The first release that can shut down VMs for the upgrade of their host and start them afterwards, and whose webhook
moves none to the witness."""
ONLY_NODE = "the only node cannot move its VMs: the upgrade shuts all of them down"
RESTORED = "the setting upgrade-config has restoreVM: Harvester shuts these VMs down and starts them again"
MOST = 12
"""How many names a sentence lists; the targets of a finding have all of them."""
DEVICES = "domain.devices"


class Device(NamedTuple):
    """Something of a host, or that is not everywhere, in the spec of a VM: what it is, its name, and its field."""

    what: str
    name: str
    evidence: Evidence

    def __str__(self) -> str:
        return f"{self.what} {format_value(self.name)}" if self.name else self.what


def vm_ref(obj: Obj, kind: str = VMI) -> ObjectRef:
    """Return the reference to a VM, or to its instance."""
    return ObjectRef(kind, namespace_of(obj), name_of(obj))


def worker_nodes(facts: Facts) -> list[Obj]:
    """Return the Nodes that run VMs: all but the witness, which for Harvester is each with that label, of any value."""
    return [obj for obj in facts.snapshot.objects("Node") if WITNESS not in get_labels(obj)]


def webhook_nodes(facts: Facts) -> list[Obj]:
    """Return the Nodes to which VMs can move by the webhook of the release installed: before 1.6 the witness, too.

    Where that makes a difference, the rule that asks is skipped without the Setting with the release.
    """
    release, nodes, workers = read_release(facts.harvester_version), facts.snapshot.objects("Node"), worker_nodes(facts)
    if not facts.harvester_version and len(nodes) != len(workers):
        facts.snapshot.require("Setting")
    return list(nodes) if release is not None and release[:2] < RESTORE else workers


def is_restored(facts: Facts) -> bool:
    """Whether Harvester shuts down the VMs that cannot move, and starts them again: setting upgrade-config, from 1.6.

    The rule that asks is skipped where Settings were not seen, or this one cannot be decoded.
    """
    release = read_release(facts.harvester_version)
    if release is not None and release[:2] < RESTORE:
        return False
    try:
        return read_upgrade_config(facts).get("restoreVM") is True
    except ValueError as error:
        why = f"the setting {UPGRADE_CONFIG.name} cannot be read ({format_value(str(error))})"
        raise UnjudgedError(f"{why}, for which Harvester refuses every Upgrade") from error


def list_devices(ref: ObjectRef, obj: Obj) -> Sequence[Device]:
    """Return what binds a VM to its host, in the order of its spec."""
    root = "spec.template.spec" if ref.kind == VM else "spec"
    return [*_disks(ref, obj, root), *_passed_through(ref, obj, root), *_interfaces(ref, obj, root)]


def _disks(ref: ObjectRef, obj: Obj, root: str) -> Iterator[Device]:
    for path, disk in _rows(obj, f"{root}.{DEVICES}.disks"):
        if isinstance(disk.get("cdrom"), dict):
            yield Device("CD-ROM", get_text(disk, "name"), Evidence(ref, f"{path}.cdrom", disk["cdrom"]))
    for path, volume in _rows(obj, f"{root}.volumes"):
        if isinstance(volume.get("containerDisk"), dict):
            shown = Evidence(ref, f"{path}.containerDisk.image", get_text(volume, "containerDisk.image"))
            yield Device("container disk", get_text(volume, "name"), shown)


def _passed_through(ref: ObjectRef, obj: Obj, root: str) -> Iterator[Device]:
    """Devices of PCI and USB, which have the same list, and GPUs; in it are vGPUs, too, from 1.8 on."""
    for what, key in (("host device", "hostDevices"), ("GPU", "gpus")):
        for path, device in _rows(obj, f"{root}.{DEVICES}.{key}"):
            named = get_text(device, "deviceName")
            yield Device(what, get_text(device, "name") or named, Evidence(ref, f"{path}.deviceName", named or None))


def _interfaces(ref: ObjectRef, obj: Obj, root: str) -> Iterator[Device]:
    for path, interface in _rows(obj, f"{root}.{DEVICES}.interfaces"):
        if isinstance(interface.get("sriov"), dict):
            name = get_text(interface, "name")
            yield Device("SR-IOV interface", name, Evidence(ref, f"{path}.sriov", interface["sriov"]))


def _rows(obj: Obj, path: str) -> Iterator[tuple[str, Obj]]:
    """The items of a list, each with its path: ``spec.volumes["disk-0"]``."""
    for item in get_items(obj, path):
        if isinstance(item, dict):
            yield f'{path}["{get_text(item, "name")}"]', item


def list_more(names: Sequence[str]) -> str:
    """Return the names, joined by commas as Harvester does; of more than a dozen the first, and how many more."""
    more = len(names) - MOST
    return ", ".join(names[:MOST]) + (f" and {more} more" if more > 0 else "")


def webhook_answer(text: str, since: str = "") -> str:
    """Return what Harvester's webhook says to an upgrade; `since`: it does from that release on."""
    return f'{f"from {since} on " if since else ""}Harvester\'s webhook answers "{text}"'


def gather(hits: Sequence[Hit]) -> list[Hit]:
    """Return one hit a VM; of more than a few the first, which names the others."""
    if len(hits) <= FEW:
        return list(hits)
    first, *more = hits
    names = list_more([f"{hit.subject.namespace}/{hit.subject.name}" for hit in more])
    told = f"{first.message}; {len(more)} others are like it: {names}"
    return [replace(first, message=told, targets=(*first.targets, *(hit.subject for hit in more)))]


def stop_steps(refs: Sequence[ObjectRef]) -> tuple[str, ...]:
    """Return how to shut these VMs down, and how to see that it is done."""
    if len(refs) == 1:
        (ref,) = refs
        return (f"Shut it down before the upgrade (namespace {ref.namespace}): {actions.stop_vm(ref.name)}.",)
    many = (
        "Shut them down before the upgrade: Virtual Machines, choose them, Stop; `kubectl get "
        "virtualmachineinstances.kubevirt.io -A` shows when none of them runs."
    )
    return (many,)


def allow_restore(facts: Facts) -> tuple[str, ...]:
    """Return how to let Harvester shut VMs down and start them again, where the release can."""
    release = read_release(facts.harvester_version)
    if release is not None and release[:2] < RESTORE:
        return ()
    step = (
        "Or let the upgrade shut down and start again each VM that cannot move: Advanced → Settings → "
        "upgrade-config, with restoreVM set to true."
    )
    return (step,)
