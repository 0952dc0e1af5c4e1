"""Backups and snapshots of VMs that are in progress: they hold the volumes of the VM."""

from __future__ import annotations

from harvdiag.core.fields import Obj, field_path
from harvdiag.rules.facts import Facts

__all__ = ["BACKUP", "running_backups"]

BACKUP = "VirtualMachineBackup"


def running_backups(facts: Facts) -> list[Obj]:
    """Return those in progress, as Harvester's index of backups has it (pkg/backup/common, IsProcessing)."""
    return [obj for obj in facts.snapshot.objects(BACKUP) if _is_running(obj)]


def _is_running(obj: Obj) -> bool:
    ready, error = (field_path(f"status.{key}").get(obj) for key in ("readyToUse", "error"))
    return not isinstance(error, dict) and ready is not True  # the kit writes a null as a text
