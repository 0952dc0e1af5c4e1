"""Thresholds: the times and numbers from which on the rules call something a fault, as far as a person may set them.

What Kubernetes or Harvester fixes (the deadline of a Job, how often a controller looks) is not among them.
"""

from __future__ import annotations

from datetime import timedelta

from harvdiag.core.policy import Limit

__all__ = [
    "BROKEN",
    "DEGRADED",
    "DRAINING",
    "HELM_JOB",
    "JOINING",
    "LASTING",
    "LATE",
    "LIMITS",
    "NOT_READY",
    "PLAN",
    "PLANNER",
    "PRE_DRAIN_JOB",
    "PROMOTION",
    "PROVISIONING",
    "REBUILD",
    "REMOVAL",
    "RESTART",
    "STILL",
    "TRIES",
    "YOUNG",
]

BOUNDS = (timedelta(minutes=1), timedelta(days=30))


def _time(name: str, default: timedelta, meaning: str) -> Limit:
    return Limit(name=name, default=default, bounds=BOUNDS, meaning=meaning)


HOURS = timedelta(hours=2)
JOINING = _time(
    "join-time", timedelta(minutes=30), "how long a host may take to become a Node with its Machine; it takes minutes"
)
REMOVAL = _time(
    "removal-time",
    timedelta(hours=1),
    "how long a deletion may take, and what an upgrade has left may stay: Nodes are drained, volumes detached in turn",
)
YOUNG = _time(
    "passing-time", timedelta(minutes=10), "younger states may pass by themselves: pods restart, controllers retry"
)
DEGRADED = _time(
    "degraded-time",
    timedelta(minutes=10),
    "how long a volume may be degraded without being judged: a host that restarts takes that long",
)
REBUILD = _time("rebuild-time", HOURS, "how long the rebuild of a volume's replica may take")
LASTING = _time("upgrade-state-time", HOURS, "how long a state may last that an upgrade brings about for a while")
BROKEN = _time(
    "upgrade-broken-time",
    timedelta(minutes=30),
    "how long a step of an upgrade may wait for what has a fault of its own, such as a Pod that cannot start",
)
LATE = _time("upgrade-step-time", HOURS, "how long a step of an upgrade may take where only time tells")
STILL = _time("upgrade-standstill-time", HOURS, "how long nothing in an upgrade may move; each step takes minutes")
PLANNER = _time(
    "planner-time", HOURS, "how long Rancher's planner may wait for the same: what it waits for takes minutes"
)
PLAN = _time("plan-time", HOURS, "how long a host may take to apply its plan; it has a new Kubernetes after minutes")
DRAINING = _time("drain-time", HOURS, "how long Rancher may need to evict the pods of a node")
PRE_DRAIN_JOB = _time(
    "pre-drain-time", HOURS, "how long a node's pre-drain Job may run: VMs migrate in minutes, volumes take longer"
)
RESTART = _time(
    "restart-time", timedelta(hours=1), "how long a host may be away for its restart: large servers take half of that"
)
PROMOTION = _time("promotion-time", HOURS, "how long the promotion of a worker to a management node may take")
NOT_READY = _time(
    "infrastructure-time", HOURS, "how long the infrastructure of a joined Machine may be not ready without a reason"
)
PROVISIONING = _time("provisioning-time", HOURS, "how long the cluster may take to be Provisioned again in an upgrade")
HELM_JOB = _time("helm-job-time", HOURS, "how long the Job that installs a chart of RKE2 may retry")
TRIES = Limit(
    name="job-failures",
    default=3,
    bounds=(1, 1000),
    meaning="after how many failed pods a Job of an upgrade is not expected to succeed",
    unit="pods",
)
LIMITS = {limit.name: limit for limit in vars().copy().values() if isinstance(limit, Limit)}
"""Every threshold by name, in the order of this module."""
