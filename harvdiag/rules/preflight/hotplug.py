"""Volumes that were plugged into running VMs in the way of before 1.8, and that are not settled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.fields import Obj, field_path, get_items, get_text
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.release import Release, read_release
from harvdiag.core.suggest import join_names
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.facts import Facts, NotApplicable
from harvdiag.rules.namespaces import require_everywhere
from harvdiag.rules.vms import ONLY_NODE, RESTORED, VM, VMI, gather, is_restored, vm_ref, webhook_answer, worker_nodes

ASKED = Release(1, 8, 2, 0)
"""The first release whose webhook asks."""
DECLARED = Release(1, 8, 0, 0)
"""From here on volumes are plugged in by the VM's spec alone (feature gate DeclarativeHotplugVolumes)."""
PENDING = "There are VMs with pending volume hotplug requests (status.volumeRequests)"
EPHEMERAL = "There are running VMs with hot-plugged volumes that exist in the VMI but not in the VM spec"
BEGIN, ASK = Release(1, 7, 0, 0), "asked from v1.8.2 on, and of no concern before 1.8; this is "


@rule(
    "preflight-stale-hotplug",
    short="stale hot-plug",
    needs={"Node"},
    optional={VM, VMI},
)
def preflight_stale_hotplug(facts: Facts) -> Iterator[Hit]:
    """A VM has requests to plug a volume in or out, or a volume that only its instance has.

    From 1.8 on volumes are plugged in by the spec of the VM alone. A request of the way before is then never carried
    out, and KubeVirt no longer settles the VM; a volume that the spec lacks is taken out of the running VM.
    """
    _require_concerned(facts)
    if len(worker_nodes(facts)) == 1:
        raise NotApplicable(ONLY_NODE)
    if is_restored(facts):
        raise NotApplicable(RESTORED)
    hits = [*_pending(facts), *_ephemeral(facts)]
    if not hits:
        require_everywhere(facts, VM)
        require_everywhere(facts, VMI)
    yield from gather(hits)


def _require_concerned(facts: Facts) -> None:
    """End the rule where neither the installed release asks, nor the upgrade leads to one with the new way."""
    installed, target = read_release(facts.harvester_version), read_release(facts.target)
    reaches = target >= DECLARED if target else installed is None or installed >= BEGIN
    if installed is not None and installed < ASKED and not reaches:
        raise NotApplicable(f"{ASK}{facts.harvester_version}")


def _severity(facts: Facts) -> Severity | None:
    installed = read_release(facts.harvester_version)
    return Severity.WARNING if installed is not None and installed < ASKED else None


def _answer(facts: Facts, text: str) -> str:
    return webhook_answer(text, "" if _severity(facts) is None else "1.8.2")


def _pending(facts: Facts) -> Iterator[Hit]:
    for obj in facts.snapshot.objects(VM):
        requests = get_items(obj, "status.volumeRequests")
        if not requests:
            continue
        ref, state = vm_ref(obj, VM), get_text(obj, "status.printableStatus")
        what = join_names(sorted({_request_name(each) for each in requests}))
        yield Hit(
            subject=ref,
            severity=_severity(facts),
            message=f"VM {ref.namespace}/{ref.name} has {len(requests)} pending hot-plug "
            f"{'request' if len(requests) == 1 else 'requests'} (volume {what}): {_answer(facts, PENDING)}",
            evidence=(
                Evidence(ref, "status.volumeRequests", what),
                Evidence(ref, "status.printableStatus", state or None),
            ),
            next=(f"Stop the VM, and start it again: Virtual Machines → {ref.name} → ⋮ → Stop, then Start.",),
        )


def _request_name(request: object) -> str:
    """The name of the volume that a request adds or removes."""
    options = ("addVolumeOptions.name", "removeVolumeOptions.name")
    return next((text for path in options if (text := get_text(request, path))), "unknown")


def _ephemeral(facts: Facts) -> Iterator[Hit]:
    """Running VMs with a volume that their VM lacks; one without a VM is left alone, as nothing settles it."""
    for obj in facts.snapshot.objects(VMI):
        ref = vm_ref(obj)
        plugged = _plugged_volumes(obj) if get_text(obj, "status.phase") == "Running" else ()
        machine = facts.snapshot.get(ref._replace(kind=VM)) if plugged else None
        known = {get_text(row, "name") for row in get_items(machine, "spec.template.spec.volumes")}
        lost = [name for name in plugged if name not in known]
        if machine is None or not lost:
            continue
        yield Hit(
            subject=ref,
            severity=_severity(facts),
            message=f"VM {ref.namespace}/{ref.name} runs with the hot-plugged volume {join_names(lost)}, which its "
            f"spec lacks: {_answer(facts, EPHEMERAL)}",
            evidence=(
                *(Evidence(ref, _path_of(name), True) for name in lost),
                Evidence(ref._replace(kind=VM), "spec.template.spec.volumes", sorted(known)),
            ),
            next=_settle(ref, lost),
            caution="After the upgrade the volume is taken out of the running VM: what writes to it then fails.",
            targets=(ref._replace(kind=VM),),
        )


def _plugged_volumes(obj: Obj) -> Sequence[str]:
    """The volumes that were plugged into a running VM: claims and data volumes with the mark."""
    marks = [field_path(f"{source}.hotpluggable") for source in ("persistentVolumeClaim", "dataVolume")]
    rows = (row for row in get_items(obj, "spec.volumes") if any(mark.get(row) is True for mark in marks))
    return [get_text(row, "name") for row in rows]


def _path_of(volume: str) -> str:
    return f'spec.volumes["{volume}"], hotpluggable'


def _settle(ref: ObjectRef, volumes: Sequence[str]) -> tuple[str, ...]:
    return (
        f"Unplug {join_names(volumes)}, if it is not needed: Virtual Machines → {ref.name} → Volumes → Detach Volume.",
        f"Or add it to the VM: Virtual Machines → {ref.name} → ⋮ → Edit Config → Volumes, then restart the VM.",
    )
