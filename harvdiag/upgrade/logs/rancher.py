"""What Rancher's own log says of a drain or of a chart that does not come to its end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import NamedTuple

from harvdiag.core.timestamps import Timestamp
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.logs.log import Log, LogPattern
from harvdiag.upgrade.logs.once import once
from harvdiag.upgrade.logs.pods import find_pod_logs, open_logs
from harvdiag.upgrade.logs.quote import Quote
from harvdiag.upgrade.logs.tail import RANDOM

__all__ = ["RefusedPod", "find_chart_error", "find_refused_pods"]

NAMESPACE = "cattle-system"
POD = re.compile(rf"rancher-(?:{RANDOM}{{5,10}}-)?[a-z0-9]{{5}}")
EVICTING = 'error when evicting pods/"'
REFUSED = re.compile(EVICTING + r'(?P<name>[^"]+)" -n "(?P<namespace>[^"]+)"(?P<rest>.*)')
BUDGET = "disruption budget"
LINES = 500
"""Lines of one log that are looked at, from its end: a drain tries each pod again every five seconds."""
AT_ONCE = timedelta(minutes=15)
"""How far the last tries of pods may be apart that are refused at the same time: one drain tries for ten minutes."""


class RefusedPod(NamedTuple):
    """A pod that a drain cannot evict: the last line that says so, and whether a PodDisruptionBudget forbids it."""

    namespace: str
    name: str
    quote: Quote
    by_budget: bool


@once
def find_refused_pods(snapshot: Snapshot, since: str) -> list[RefusedPod]:
    """Find the pods that Rancher has tried to evict since a time (RFC 3339), and still cannot; by their names."""
    began = Timestamp(since)
    found: dict[tuple[str, str], RefusedPod] = {}
    for log in _rancher_logs(snapshot):
        for pod in _refusals_in(log):
            known = found.get((pod.namespace, pod.name))
            if _is_since(pod, began) and (known is None or str(known.quote.at) < str(pod.quote.at)):
                found[pod.namespace, pod.name] = pod
    newest = max((pod.quote.at for pod in found.values()), default=None, key=str)
    lasting = [pod for pod in found.values() if newest and (newest.since(pod.quote.at) or timedelta(0)) <= AT_ONCE]
    return sorted(lasting, key=lambda pod: (pod.namespace, pod.name))


@once
def find_chart_error(snapshot: Snapshot, name: str, since: str) -> Quote | None:
    """Find the last error that Rancher reports of a chart or Helm release since a time; None without one."""
    began = Timestamp(since)
    patterns = [LogPattern("[ERROR]", "", also=rf"(?:chart|release|install\w*|upgrad\w*) (?:for )?{re.escape(name)}\b")]
    quotes = [
        log.quote_at(hit.place, name, f"Rancher reports an error of {name}")
        for log in _rancher_logs(snapshot)
        if (hit := log.find_last(patterns))
    ]
    recent = [quote for quote in quotes if quote.at.at and not (began.at and quote.at.at < began.at)]
    return max(recent, key=lambda quote: (quote.time, quote.file), default=None)


def _rancher_logs(snapshot: Snapshot) -> Iterator[Log]:
    yield from open_logs(snapshot, find_pod_logs(snapshot, NAMESPACE, "rancher-", POD.fullmatch))


def _refusals_in(log: Log) -> Iterator[RefusedPod]:
    """The last refusal of each pod that was not evicted after it."""
    told: set[tuple[str, str]] = set()
    for at in islice(log.find_places(EVICTING), LINES):
        found = REFUSED.search(log.line_at(at))
        if found is None or (found["namespace"], found["name"]) in told:
            continue
        told.add((found["namespace"], found["name"]))
        if not log.count(f"pod/{found['name']} evicted", at):
            quote = log.quote_at(at, EVICTING, "its eviction is refused")
            yield RefusedPod(found["namespace"], found["name"], quote, BUDGET in found["rest"])


def _is_since(pod: RefusedPod, began: Timestamp) -> bool:
    """Whether a line is of this drain; one without a time may be of an earlier one."""
    return bool(pod.quote.at.at and began.at and pod.quote.at.at >= began.at)
