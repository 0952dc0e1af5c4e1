"""The Jobs that carry an upgrade out (docs/objects.md#upgrade-jobs)."""

from __future__ import annotations

from dataclasses import dataclass

from harvdiag.core.conditions import conditions_of
from harvdiag.core.fields import Obj, field_path, get_labels, get_text, name_of, namespace_of
from harvdiag.core.model import ObjectRef
from harvdiag.upgrade.v1 import Upgrade

__all__ = [
    "ACTIVE",
    "COMPLETE",
    "ENDS",
    "FAILED",
    "WAITING",
    "Job",
    "every_job",
    "job_selector",
    "jobs_of",
    "node_of",
    "step_of",
]

ACTIVE, COMPLETE, FAILED, WAITING = "active", "complete", "failed", "waiting"
MANIFEST = "apply-manifests"
V2_PLAN, V2_COMPONENT = "management.harvesterhci.io/upgrade-plan", "management.harvesterhci.io/upgrade-component"
V2_TYPE, V2_NODE = "management.harvesterhci.io/job-type", "management.harvesterhci.io/node"
HOOKS = ("pre-drain", "post-drain", "single-node-upgrade")
ENDS = frozenset({"Complete", "Failed"})
"""The conditions of a finished Job."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """One Job of an upgrade."""

    ref: ObjectRef
    type: str
    """``pre-drain``, ``post-drain``, ``restore-vm``, ``single-node-upgrade`` or ``apply-manifests``; of an UpgradePlan
    also ``image-preload``, ``cluster-upgrade`` and ``image-cleanup``.
    """
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
    """Return the Jobs of an upgrade, the oldest first; those of an Upgrade are in harvester-system."""
    names = ("harvesterhci.io/upgrade", V2_PLAN)
    own_jobs = [obj for obj in objects if any(get_labels(obj).get(name) == upgrade for name in names)]
    homes = [obj for obj in own_jobs if namespace_of(obj) == "harvester-system" or V2_PLAN in get_labels(obj)]
    found = [_build_job(obj, step_of(obj, upgrade)) for obj in homes]
    return sorted(found, key=lambda job: (job.began, job.ref))


def every_job(objects: tuple[Obj, ...], upgrade: str) -> list[Job]:
    """Return the same with the Jobs of its Plans, in any namespace, in the order of the source; see `step_of`."""
    return [_build_job(obj, step) for obj in objects if (step := step_of(obj, upgrade))]


def job_selector(upgrade: Upgrade, node: str = "") -> str:
    """The labels of the Jobs of an upgrade, or of those of one node, for ``kubectl get jobs -l``."""
    of, on = (V2_PLAN, V2_NODE) if upgrade.v2 else ("harvesterhci.io/upgrade", "harvesterhci.io/node")
    return f"{of}={upgrade.ref.name}" + (f",{on}={node}" if node else "")


def step_of(job: Obj, upgrade: str) -> str:
    """What a Job does for an upgrade: the type of its own Jobs; for the system-upgrade-controller's, which carry out
    its Plans, what these are named behind the upgrade, such as ``prepare``. Empty where it is none of its Jobs.
    """
    job_labels = get_labels(job)
    if job_labels.get(V2_PLAN) == upgrade:
        return _step_of_v2(job, str(job_labels.get(V2_TYPE) or ""), str(job_labels.get(V2_COMPONENT) or ""))
    if job_labels.get("harvesterhci.io/upgrade") != upgrade:
        plan = str(job_labels.get("upgrade.cattle.io/plan", ""))
        return plan.removeprefix(f"{upgrade}-") if plan.startswith(f"{upgrade}-") else ""
    component = str(job_labels.get("harvesterhci.io/upgradeComponent", ""))
    return str(job_labels.get("harvesterhci.io/upgradeJobType") or (MANIFEST if component == "manifest" else component))


def _step_of_v2(job: Obj, kind: str, component: str) -> str:
    """What a Job of an UpgradePlan does: its type, which some builds have in its name only, else its component."""
    return kind or next((hook for hook in HOOKS if f"-{hook}" in name_of(job)), component)


def node_of(job: Obj) -> str:
    """The node that a Job is for; empty where it is for the cluster."""
    job_labels = get_labels(job)
    names = (V2_NODE, "harvesterhci.io/node", "upgrade.cattle.io/node")
    return next((str(job_labels[name]) for name in names if job_labels.get(name)), "")


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
