"""Backups and snapshots of VMs before an upgrade: those in progress, and the schedules that may begin one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from harvdiag.core.fields import Obj, field_path, get_text, name_of, namespace_of
from harvdiag.core.model import Evidence, ObjectRef, Severity
from harvdiag.core.release import Release, read_release
from harvdiag.core.timestamps import Timestamp
from harvdiag.rules import actions
from harvdiag.rules.engine import Hit, rule
from harvdiag.rules.facts import Facts
from harvdiag.rules.many import tell_few
from harvdiag.rules.namespaces import require_everywhere
from harvdiag.rules.vm_backups import BACKUP, running_backups

SCHEDULE = "ScheduleVMBackup"
ASKED = Release(1, 4, 0, 0)
"""The first release whose webhook asks."""
RESOURCES = {BACKUP: "virtualmachinebackups.harvesterhci.io", SCHEDULE: "schedulevmbackups.harvesterhci.io"}


@rule(
    "preflight-vm-backup-running",
    needs={"Setting"},
    optional={BACKUP, "Node"},
    links=["harvester/harvester#6754", "harvester/harvester#8065"],
)
def preflight_vm_backup_running(facts: Facts) -> Iterator[Hit]:
    """A backup or a snapshot of a VM is in progress.

    It holds the VM's volumes, so the VM can neither migrate nor be stopped, and its host is not drained. For Harvester
    it is in progress as long as it is neither ready nor has an error, also one that has hung for days.
    """
    running = running_backups(facts)
    if not running:
        require_everywhere(facts, BACKUP)
    yield from _tell(facts, running, _backup_hit)


def _tell(facts: Facts, objs: Sequence[Obj], one: Callable[[Facts, Obj], Hit]) -> Iterator[Hit]:
    """Yield the hits; of a release that does not ask, as warnings."""
    release = read_release(facts.harvester_version)
    severity = Severity.WARNING if release is not None and release < ASKED else None
    hits = [replace(one(facts, obj), severity=severity) for obj in objs]
    yield from tell_few(hits, [f"{namespace_of(obj)}/{name_of(obj)}" for obj in objs])


def _ref(obj: Obj) -> ObjectRef:
    return ObjectRef(SCHEDULE if get_text(obj, "spec.cron") else BACKUP, namespace_of(obj), name_of(obj))


def _look(ref: ObjectRef) -> str:
    place = f"-n {actions.quote_argument(ref.namespace)} {actions.quote_argument(ref.name)}"
    return f"`kubectl get {RESOURCES[ref.kind]} {place} -o yaml`"


def _backup_hit(facts: Facts, obj: Obj) -> Hit:
    ref = _ref(obj)
    what = "snapshot" if get_text(obj, "spec.type") == "snapshot" else "backup"
    vm, begun = get_text(obj, "spec.source.name"), Timestamp(get_text(obj, "metadata.creationTimestamp"))
    old = (age := facts.now.since(begun)) is not None and age.days >= 1
    return Hit(
        subject=ref,
        message=f"The {what} {ref.namespace}/{ref.name}{f' of VM {vm}' if vm else ''} is under way"
        f"{f' since {begun}' if begun else ''}{', which is long' if old else ''}: an upgrade is refused "
        '("please wait until all vmbackups are stopped")',
        evidence=tuple(
            Evidence(ref, path, field_path(path).get(obj)) for path in ("status.readyToUse", "status.error")
        ),
        next=(
            f"Wait until it is ready: {_look(ref)} (status.readyToUse, conditions).",
            *(
                (f"If it hangs: Backup and Snapshot → Virtual Machine {what.title()}s → {ref.name} → ⋮ → Delete.",)
                if old
                else ()
            ),
        ),
        caution=f"Delete no {what} that you may need: its data goes with it." if old else "",
    )


@rule(
    "preflight-backup-schedule-active",
    needs={"Setting"},
    optional={SCHEDULE, "Node"},
    links=["harvester/harvester#6848"],
)
def preflight_backup_schedule_active(facts: Facts) -> Iterator[Hit]:
    """A schedule of backups or snapshots is not suspended.

    It may begin a backup in the midst of the upgrade. Harvester refuses for each that is not suspended, however long it
    is until its next run; it looks at the status, which follows the wish in the spec.
    """
    active = [obj for obj in facts.snapshot.objects(SCHEDULE) if field_path("status.suspended").get(obj) is not True]
    if not active:
        require_everywhere(facts, SCHEDULE)
    yield from _tell(facts, active, _schedule_hit)


def _schedule_hit(_facts: Facts, obj: Obj) -> Hit:
    ref = ObjectRef(SCHEDULE, namespace_of(obj), name_of(obj))
    wished = field_path("spec.suspend").get(obj) is True
    vm = get_text(obj, "spec.vmbackup.source.name")
    name = f"{ref.namespace}/{ref.name}{f' of VM {vm}' if vm else ''}"
    told = "is to be suspended, and is not yet" if wished else "is not suspended"
    return Hit(
        subject=ref,
        message=f'The schedule {name} {told}: an upgrade is refused ("please suspend all backup/snapshot schedule")',
        evidence=tuple(
            Evidence(ref, path, field_path(path).get(obj)) for path in ("status.suspended", "spec.suspend", "spec.cron")
        ),
        next=(
            f"Suspend it: Backup and Snapshot → Virtual Machine Schedules → {ref.name} → ⋮ → Suspend.",
            f"Verify: {_look(ref)}, status.suspended true. Resume it after the upgrade.",
        ),
    )
