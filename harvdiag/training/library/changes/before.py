"""Changes for which an upgrade would be refused, or would not finish."""

from __future__ import annotations

from typing import Any

from harvdiag.training.library.stage import Finds, Stage, change
from harvdiag.training.world.longhorn import NS
from harvdiag.training.world.objects import condition, new
from harvdiag.training.world.world import World

__all__ = [
    "bind_vm_to_host",
    "keep_one_replica",
    "leave_charts_paused",
    "let_schedule_run",
    "poll_backups_without_pause",
]


@change
def keep_one_replica(stage: Stage) -> Finds:
    """A volume in use has a single replica."""
    name = stage.volume(1)

    def keep(world: World) -> None:
        world.change("Volume.longhorn.io", name, {"spec": {"numberOfReplicas": 1}})
        replicas = [obj for obj in world.find("Replica") if obj["spec"]["volumeName"] == name]
        for replica in replicas[1:]:
            world.remove("Replica", replica["metadata"]["name"], NS)

    stage.then(keep)
    yield f"preflight-single-replica-volume Volume.longhorn.io/{name}"


@change
def bind_vm_to_host(stage: Stage, node: str) -> Finds:
    """A VM may run on one node only, by a selector."""
    rows = [condition("Ready"), condition("LiveMigratable")]
    spec = {"nodeSelector": {"kubernetes.io/hostname": node}}
    status: dict[str, Any] = {"phase": "Running", "nodeName": node, "conditions": rows}
    stage.world.add(new("kubevirt.io/v1", "VirtualMachineInstance", "ledger", "default", spec=spec, status=status))
    yield "preflight-vm-not-migratable VirtualMachineInstance/ledger"


@change
def let_schedule_run(stage: Stage) -> Finds:
    """A schedule of backups is active."""
    vmbackup = {"type": "backup", "source": {"name": "ledger"}}
    spec = {"cron": "0 1 * * *", "suspend": False, "vmbackup": vmbackup}
    stage.world.add(new("harvesterhci.io/v1beta1", "ScheduleVMBackup", "nightly", "default", spec=spec, status={}))
    yield "preflight-backup-schedule-active ScheduleVMBackup/nightly"


@change
def poll_backups_without_pause(stage: Stage) -> Finds:
    """The backup target is polled without a pause."""
    value = '{"type":"nfs","endpoint":"nfs://10.0.0.90:/backups","refreshIntervalInSeconds":0}'
    stage.then(lambda world: _set(world, "backup-target", value))
    yield "backup-target-refresh-interval Setting/backup-target"


@change
def leave_charts_paused(stage: Stage) -> Finds:
    """An upgrade was deleted while its charts were paused, and they are so still."""

    def pause(world: World) -> None:
        for chart in world.find("ManagedChart"):
            if chart["metadata"]["name"] == "harvester":
                chart["spec"]["paused"] = True

    stage.then(pause)
    yield "chart-left-paused ManagedChart/harvester"


def _set(world: World, name: str, value: str) -> None:
    for obj in world.find("Setting.harvesterhci.io", name):
        obj["value"] = value
