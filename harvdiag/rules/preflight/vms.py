"""VMs before an upgrade that cannot leave their host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harvdiag.core.conditions import find_condition
from harvdiag.core.escape import format_value
from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.release import Release, read_release
from harvdiag.core.suggest import join_names
from harvdiag.rules.engine import Cause, Hit, rule
from harvdiag.rules.facts import Facts, NotApplicable
from harvdiag.rules.namespaces import require_everywhere
from harvdiag.rules.node_affinity import REQUIRED, fits_affinity
from harvdiag.rules.vms import (
    ONLY_NODE,
    RESTORED,
    VM,
    VMI,
    Device,
    allow_restore,
    is_restored,
    list_devices,
    list_more,
    stop_steps,
    vm_ref,
    webhook_answer,
    worker_nodes,
)
from harvdiag.rules.volume_faults import FEW

ASKED = Release(1, 2, 2, 0)
"""The first release whose webhook refuses VMs that cannot migrate."""
DISKS_FROM, DISKS_UNTIL = Release(1, 4, 1, 0), Release(1, 8, 0, 0)
"""From and until which release it refuses VMs with a CD-ROM or a container disk: 1.8 moves them."""
REFUSAL = "There are non-live migratable VMs that need to be shut off before initiating the upgrade: "
STOPPED = "Stopped"
"""What `status.printableStatus` of a VM is where it does not run."""
SCRIPT = {True: "Found running VMs with CDROM disks", False: "Found running VMs with Host Devices"}
"""What check.sh says, of CD-ROMs and of devices."""


@dataclass(frozen=True, kw_only=True)
class _Bound:
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


@rule(
    "preflight-vm-not-migratable",
    short="VM cannot migrate",
    needs={"Node"},
    optional={VMI},
    links=["harvester/harvester#7165", "harvester/harvester#7096"],
)
def preflight_vm_not_migratable(facts: Facts) -> Iterator[Hit]:
    """A VM cannot be moved to another node.

    Harvester refuses an upgrade for a VM with a node selector, a host device, or an affinity that no other schedulable
    node fits, and from 1.4.1 to 1.7 for one with a CD-ROM or a container disk. It does not look at what KubeVirt says:
    a VM that cannot migrate for another reason, such as a disk that only one node has, passes, and then keeps the drain
    of its node waiting.
    """
    if len(worker_nodes(facts)) == 1:
        raise NotApplicable(ONLY_NODE)
    restored = is_restored(facts)
    found = (_judge(facts, obj) for obj in facts.snapshot.objects(VMI))
    bound = [row for row in found if row is not None and not (restored and row.refused)]
    if not bound and restored:
        raise NotApplicable(RESTORED)
    if not bound:
        require_everywhere(facts, VMI)
    for refused in (True, False):
        rows = [row for row in bound if row.refused is refused]
        groups = [[row] for row in rows] if len(rows) <= FEW else [rows]
        yield from (_bound_hit(facts, group) for group in groups)


def _judge(facts: Facts, obj: Obj) -> _Bound | None:
    """Return why a VM cannot move: the first reason of which Harvester takes notice, else that of KubeVirt."""
    ref, phase = vm_ref(obj), get_text(obj, "status.phase")
    devices = list_devices(ref, obj)
    looks = (_selected(ref, obj), _equipped(facts, ref, devices), _confined(facts, ref, obj))
    if seen := next(filter(None, looks), None):
        return seen
    able = find_condition(obj, "LiveMigratable")
    if able.status != "False" or phase != "Running":
        return None
    told = f"KubeVirt says {format_value(able.why)}" if able.why else "KubeVirt says that it is not LiveMigratable"
    own = f" ({join_names([str(device) for device in devices])})" if devices else ""
    shown = Evidence(ref, able.path, able.why or able.status)
    return _Bound(
        ref=ref,
        why=f"{told}{own}",
        evidence=(shown, *(device.evidence for device in devices), *_place(ref, obj)),
        refused=False,
        causes=_device_cause(ref, devices),
    )


def _place(ref: ObjectRef, obj: Obj) -> tuple[Evidence, ...]:
    return tuple(Evidence(ref, path, get_text(obj, path) or None) for path in ("status.phase", "status.nodeName"))


def _device_cause(ref: ObjectRef, devices: Sequence[Device]) -> tuple[Cause, ...]:
    return (Cause("preflight-vm-bound-to-host", ref._replace(kind=VM)),) if devices else ()


def _selected(ref: ObjectRef, obj: Obj) -> _Bound | None:
    """A VM with a node selector, whatever it selects."""
    selector = field_path("spec.nodeSelector").get(obj)
    if not isinstance(selector, dict):
        return None
    pairs = ", ".join(f"{key}={value}" for key, value in selector.items())
    return _Bound(
        ref=ref,
        why=f"it has the node selector {format_value(pairs)}",
        evidence=(Evidence(ref, "spec.nodeSelector", selector), *_place(ref, obj)),
        step=f"Virtual Machines → {ref.name} → ⋮ → Edit Config → Node Scheduling: any available node; then restart it",
    )


def _equipped(facts: Facts, ref: ObjectRef, devices: Sequence[Device]) -> _Bound | None:
    """A VM with a device that the webhook of the release takes for bound to its host."""
    release = read_release(facts.harvester_version)
    disks = release is None or DISKS_FROM <= release < DISKS_UNTIL
    kinds = {"host device", *(("CD-ROM", "container disk") if disks else ())}
    own = [device for device in devices if device.what in kinds]
    if not own:
        return None
    return _Bound(
        ref=ref,
        why=f"it has {join_names([f'the {device}' for device in own])}",
        evidence=tuple(device.evidence for device in own),
        causes=_device_cause(ref, own),
    )


def _confined(facts: Facts, ref: ObjectRef, obj: Obj) -> _Bound | None:
    """A VM for which no other node is schedulable, or fits its affinity."""
    others = [node for node in worker_nodes(facts) if name_of(node) != get_text(obj, "status.nodeName")]
    cordoned = [node for node in others if field_path("spec.unschedulable").get(node) is True]
    free = [node for node in others if node not in cordoned]
    if any(fits_affinity(obj, node) for node in free):
        return None
    refs = [ObjectRef("Node", "", name_of(node)) for node in cordoned]
    shown = [Evidence(each, "spec.unschedulable", True) for each in refs]
    if free:
        shown.insert(0, Evidence(ref, REQUIRED, field_path(REQUIRED).get(obj)))
    fitting = f"its node affinity fits none of {join_names([name_of(node) for node in free])}"
    return _Bound(
        ref=ref,
        why=fitting if free else "no other node is schedulable",
        evidence=(*shown, *_place(ref, obj)),
        causes=tuple(Cause("preflight-node-unschedulable", each) for each in refs),
    )


def _bound_hit(facts: Facts, rows: Sequence[_Bound]) -> Hit:
    """One finding, of one VM or of all that have the same consequence."""
    first, *more = rows
    release = read_release(facts.harvester_version)
    asked = not first.refused or release is None or release >= ASKED
    if first.refused:
        then = webhook_answer(REFUSAL + list_more([row.name for row in rows]))
    else:
        then = "the webhook does not see it, and the drain of its node waits until the VM is gone"
    others = f"; nor can {len(more)} others" if more else ""
    if more and not first.refused:
        others += f" ({list_more([row.name for row in more])})"
    return Hit(
        subject=first.ref,
        severity=None if asked else Severity.WARNING,
        message=f"VM {first.name} cannot be moved to another node: {first.why}{others}; {then}",
        evidence=tuple(evidence for row in rows[:FEW] for evidence in row.evidence),
        next=(
            *stop_steps([row.ref for row in rows]),
            *(f"Or free it: {row.step}." for row in rows[:1] if row.step),
            *(allow_restore(facts) if first.refused else ()),
        ),
        causes=tuple(cause for row in rows for cause in row.causes),
        targets=tuple(row.ref for row in more),
    )


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
    although 1.8 moves it and a cluster of one node moves nothing; devices it means to report as well, but its
    expression for them fits no VM.
    """
    if is_restored(facts):
        raise NotApplicable(RESTORED)
    found = [(obj, devices) for obj in facts.snapshot.objects(VM) if (devices := _own_devices(obj))]
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
    moved = {"SR-IOV interface", *(("CD-ROM",) if release is not None and release >= DISKS_UNTIL else ())}
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
