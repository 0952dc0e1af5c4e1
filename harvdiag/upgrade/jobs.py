"""The Jobs that carry an upgrade out (docs/objects.md#upgrade-jobs)."""

from __future__ import annotations

from dataclasses import dataclass

from harvdiag.core.conditions import conditions_of
from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef

__all__ = ["ACTIVE", "COMPLETE", "ENDS", "FAILED", "WAITING", "Job", "every_job", "jobs_of", "node_of", "step_of"]

ACTIVE, COMPLETE, FAILED, WAITING = "active", "complete", "failed", "waiting"
MANIFEST = "apply-manifests"
ENDS = frozenset({"Complete", "Failed"})
"""The conditions of a finished Job."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One Job of an upgrade."""

    ref: ObjectRef
    type: str
    """``pre-drain``, ``post-drain``, ``restore-vm``, ``single-node-upgrade`` or ``apply-manifests``."""
    node: str
    """Empty where it is for the cluster."""
    state: str
    """``active``, ``complete``, ``failed`` or ``waiting``."""
    reason: str
    began: str
    """RFC 3339, as `ended`; empty where it has none."""
    ended: str

    @property
    def pending(self) -> bool:
        """Whether it keeps every other hook Job of the upgrade from being created: no Pod of it has succeeded."""
        return self.state != COMPLETE


def jobs_of(objects: tuple[Obj, ...], upgrade: str) -> list[Job]:
    """Return the Jobs of an upgrade in harvester-system, the oldest first."""
    own_jobs = [obj for obj in objects if get_labels(obj).get("harvesterhci.io/upgrade") == upgrade]
    found = [_build_job(obj, step_of(obj, upgrade)) for obj in own_jobs if namespace_of(obj) == "harvester-system"]
    return sorted(found, key=lambda job: (job.began, job.ref))


def every_job(objects: tuple[Obj, ...], upgrade: str) -> list[Job]:
    """Return the same with the Jobs of its Plans, in any namespace, in the order of the source; see `step_of`."""
    return [_build_job(obj, step) for obj in objects if (step := step_of(obj, upgrade))]


def step_of(job: Obj, upgrade: str) -> str:
    """What a Job does for an upgrade: the type of its own Jobs; for the system-upgrade-controller's, which carry out
    its Plans, what these are named behind the upgrade, such as ``prepare``. Empty where it is none of its Jobs.
    """
    job_labels = get_labels(job)
    if job_labels.get("harvesterhci.io/upgrade") != upgrade:
        plan = str(job_labels.get("upgrade.cattle.io/plan", ""))
        return plan.removeprefix(f"{upgrade}-") if plan.startswith(f"{upgrade}-") else ""
    component = str(job_labels.get("harvesterhci.io/upgradeComponent", ""))
    return str(job_labels.get("harvesterhci.io/upgradeJobType") or (MANIFEST if component == "manifest" else component))


def node_of(job: Obj) -> str:
    """The node that a Job is for; empty where it is for the cluster."""
    job_labels = get_labels(job)
    return str(job_labels.get("harvesterhci.io/node") or job_labels.get("upgrade.cattle.io/node") or "")


def _build_job(obj: Obj, step: str) -> Job:
    state, reason = _job_state(obj)
    ref = ObjectRef("Job", namespace_of(obj), name_of(obj))
    began = get_text(obj, "status.startTime") or get_text(obj, "metadata.creationTimestamp")
    return Job(ref=ref, type=step, node=node_of(obj), state=state, reason=reason, began=began, ended=_end_time(obj))


def _job_state(obj: Obj) -> tuple[str, str]:
    for found in conditions_of(obj):
        if found.status == "True" and found.type in ENDS:
            return (COMPLETE if found.type == "Complete" else FAILED), found.why
    if field_path("status.succeeded").get(obj):
        return COMPLETE, ""
    return (ACTIVE if field_path("status.active").get(obj) else WAITING), ""


def _end_time(obj: Obj) -> str:
    last = (found.changed for found in conditions_of(obj) if found.type in ENDS)
    return get_text(obj, "status.completionTime") or next(last, "")
