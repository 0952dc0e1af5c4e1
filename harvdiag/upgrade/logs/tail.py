"""The last lines of the log of whoever has the turn in an upgrade: a Job, a host's agent, Rancher, Harvester."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from harvdiag.core.errors import HarvdiagError
from harvdiag.core.model import ObjectRef
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.jobs import Job
from harvdiag.upgrade.logs.log import Log, open_log
from harvdiag.upgrade.logs.once import once
from harvdiag.upgrade.logs.pods import HARVESTER, SYSTEM, find_pod_logs, job_logs, open_logs
from harvdiag.upgrade.logs.quote import Quote, strip_time

__all__ = ["RANDOM", "quote_actor", "quote_job_tail"]

LINES = 3
"""Lines of a log's end that are quoted."""
RANDOM = "[bcdfghjklmnpqrstvwxz2456789]"
"""The letters of which Kubernetes makes the names of ReplicaSets."""


class _Pods(NamedTuple):
    """Where the logs of a controller are: by the word for it among the actors, and the shape of its pods' names."""

    actor: str
    namespace: str
    start: str
    shape: re.Pattern[str]


def _pods_of(actor: str, namespace: str, deployment: str) -> _Pods:
    return _Pods(actor, namespace, deployment, re.compile(rf"{deployment}-{RANDOM}{{5,10}}-[a-z0-9]{{5}}"))


CONTROLLERS = (
    _pods_of("system-upgrade-controller", "cattle-system", "system-upgrade-controller"),
    _pods_of("Rancher", "cattle-system", "rancher"),
    _Pods("Harvester", SYSTEM, "harvester-", HARVESTER),
)
HOSTS = ("agent", "the host")


@once
def quote_actor(snapshot: Snapshot, actor: str, job: Job | None = None, node: str = "") -> list[Quote]:
    """Quote the last lines of the log of whoever is to act, oldest first: the Job's, else the actor's, of the pod that
    wrote last. Empty where the source has no such log, or no one is to act.
    """
    logs = _logs_of(snapshot, actor, job, node)
    tails = [tail for log in logs if (tail := list(quote_tail(log)))]
    return max(tails, key=lambda tail: (tail[-1].at, tail[-1].file), default=[])


def _logs_of(snapshot: Snapshot, actor: str, job: Job | None, node: str) -> Iterator[Log]:
    if job and (own := list(job_logs(snapshot, job.ref))):
        yield from own
    elif node and any(word in actor for word in HOSTS):
        try:
            yield open_log(snapshot, f"nodes/{node}.zip/logs/rancher-system-agent.log")
        except HarvdiagError:
            return
    elif pods := next((pods for pods in CONTROLLERS if pods.actor in actor), None):
        yield from open_logs(snapshot, find_pod_logs(snapshot, pods.namespace, pods.start, pods.shape.fullmatch))


@once
def quote_job_tail(snapshot: Snapshot, job: ObjectRef) -> list[Quote]:
    """Quote the last lines of a Job's log, oldest first, of the pod that wrote last; empty where there is none."""
    tails = [tail for log in job_logs(snapshot, job) if (tail := list(quote_tail(log)))]
    return max(tails, key=lambda tail: (tail[-1].at, tail[-1].file), default=[])


def quote_tail(log: Log) -> Iterator[Quote]:
    """Quote the last lines that differ in more than their time, the oldest first."""
    said: dict[str, int] = {}
    for place in islice(log.line_places(), LINES * 10):
        said.setdefault(strip_time(log.line_at(place)), place)
        if len(said) == LINES:
            break
    return map(log.quote_at, reversed(said.values()))
