"""VMs before an upgrade that have a CD-ROM, or a device of their host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.fields import Obj, get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.release import read_release
from harvdiag.core.suggest import join_names
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.facts import Facts, NotApplicable
from harvdiag.rules.namespaces import require_everywhere
from harvdiag.rules.vms import (
    MOVES_DISKS,
    ONLY_NODE,
    RESTORED,
    VM,
    Device,
    allow_restore,
    is_restored,
    list_devices,
    list_more,
    stop_steps,
    vm_ref,
    worker_nodes,
)
from harvdiag.rules.volume_faults import FEW

STOPPED = "Stopped"
"""What `status.printableStatus` of a VM is where it does not run."""
SCRIPT = {True: "Found running VMs with CDROM disks", False: "Found running VMs with Host Devices"}
"""What check.sh says, of CD-ROMs and of devices."""


@rule(
    "preflight-vm-bound-to-host",
    short="VM bound to its host",
    needs={"Node"},
    optional={VM},
    links=["harvester/harvester#7165"],
)
def preflight_vm_bound_to_host(facts: Facts) -> Iterator[Hit]:
    """A VM that is not stopped has a CD-ROM, or a device of its host.

    Such a VM cannot be moved while the node under it is upgraded. Harvester's script fails for a CD-ROM in any release,
    although 1.8 moves it and a cluster of one node moves nothing; where the Setting upgrade-config is not there, it
    takes VMs for restored and passes all.
    """
    if is_restored(facts):
        raise NotApplicable(RESTORED)
    found = [(obj, devices) for obj in facts.snapshot.objects(VM) if (devices := _own_devices(obj))]
    if not found and len(worker_nodes(facts)) == 1:
        raise NotApplicable(ONLY_NODE)
    if not found:
        require_everywhere(facts, VM)
    for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO):
        rows = [row for row in found if _weigh(facts, row[1]) is severity]
        groups = [[row] for row in rows] if len(rows) <= FEW else [rows]
        yield from (_device_hit(facts, group, severity) for group in groups)


def _own_devices(obj: Obj) -> Sequence[Device]:
    """What binds a VM to its host, as far as it is not stopped; of a container disk the script says nothing."""
    if get_text(obj, "status.printableStatus") == STOPPED:
        return ()
    return [device for device in list_devices(vm_ref(obj, VM), obj) if device.what != "container disk"]


def _weigh(facts: Facts, devices: Sequence[Device]) -> Severity:
    """How much it matters: nothing on the only node; little for what KubeVirt can move in the release."""
    if len(worker_nodes(facts)) == 1:
        return Severity.INFO
    release = read_release(facts.harvester_version)
    moved = {"SR-IOV interface", *(("CD-ROM",) if release is not None and release >= MOVES_DISKS else ())}
    return Severity.WARNING if all(device.what in moved for device in devices) else Severity.ERROR


def _device_hit(facts: Facts, rows: Sequence[tuple[Obj, Sequence[Device]]], severity: Severity) -> Hit:
    refs = [vm_ref(obj, VM) for obj, _ in rows]
    (obj, devices), names = rows[0], [f"{ref.namespace}/{ref.name}" for ref in refs]
    others = f"; so have {len(rows) - 1} others: {list_more(names[1:])}" if len(rows) > 1 else ""
    script = SCRIPT[any(device.what == "CD-ROM" for device in devices)]
    remark = {
        Severity.ERROR: "it cannot be moved while its node is upgraded",
        Severity.WARNING: "KubeVirt can move it, as far as its volumes allow",
        Severity.INFO: "the only node shuts down its VMs anyway",
    }[severity]
    return Hit(
        subject=refs[0],
        severity=severity,
        message=(
            f"VM {names[0]} is {get_text(obj, 'status.printableStatus') or 'not stopped'} and has "
            f"{join_names([f'the {device}' for device in devices])}{others}: {remark}; check.sh fails "
            f'("{script}")'
        ),
        evidence=(
            *(device.evidence for _, own in rows[:FEW] for device in own),
            Evidence(refs[0], "status.printableStatus", get_text(obj, "status.printableStatus") or None),
        ),
        next=(*_eject(refs[0], devices), *stop_steps(refs), *allow_restore(facts))
        if severity is not Severity.INFO
        else (),
        targets=tuple(refs[1:]),
    )


def _eject(ref: ObjectRef, devices: Sequence[Device]) -> Iterator[str]:
    if any(device.what == "CD-ROM" for device in devices):
        yield f"Take the CD-ROM out, if it is not needed: Virtual Machines → {ref.name} → ⋮ → Eject CD-ROM."
