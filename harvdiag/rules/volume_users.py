"""Who uses a Longhorn volume, as Longhorn noted it."""

from __future__ import annotations

from harvdiag.core.fields import Obj, get_text, name_of
from harvdiag.core.suggest import join_names
from harvdiag.kinds.volumestate import workloads_of
from harvdiag.rules.volumes import volume_claim

__all__ = ["describe_users", "running_vms", "short_name"]

VMI = "VirtualMachineInstance"


def describe_users(obj: Obj) -> str:
    """Return the workloads of a volume, each with the state of its Pod: ``VM vm1 (Pod virt-launcher-vm1: Running)``."""
    return join_names(list(dict.fromkeys(map(_describe, workloads_of(obj)))))


def _describe(row: Obj) -> str:
    kind, name = get_text(row, "workloadType"), get_text(row, "workloadName")
    pod, phase = get_text(row, "podName") or "without a name", get_text(row, "podStatus") or "state unknown"
    return f"{'VM' if kind == VMI else kind} {name} (Pod {pod}: {phase})" if kind and name else f"Pod {pod}: {phase}"


def running_vms(obj: Obj) -> tuple[str, ...]:
    """Return the names of the VMs that use a volume now."""
    rows = [row for row in workloads_of(obj) if (row.get("workloadType"), row.get("podStatus")) == (VMI, "Running")]
    return tuple(dict.fromkeys(name for row in rows if (name := get_text(row, "workloadName"))))


def short_name(obj: Obj) -> str:
    """Return a volume's claim, as Harvester names it, else its name."""
    return volume_claim(obj) or name_of(obj)
