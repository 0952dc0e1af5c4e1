"""The logs of an upgrade's pods: the wait loops of its Jobs, and why Harvester starts no Job or answers no hook.

The texts are those of harvester/harvester, package/upgrade/upgrade_manifests.sh and upgrade_node.sh, and of
pkg/controller/master/upgrade/{secret,job,node}_controller.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice, takewhile

from harvdiag.core.errors import HarvdiagError, UsageError
from harvdiag.core.fields import Obj, get_text, name_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds import kind_for_resource
from harvdiag.kinds.wanted import Wanted
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade import Upgrade
from harvdiag.upgrade.jobs import COMPLETE, Job
from harvdiag.upgrade.logs.log import Log, LogMatch, LogPattern, open_log
from harvdiag.upgrade.logs.once import once
from harvdiag.upgrade.logs.quote import Quote, strip_time
from harvdiag.upgrade.logs.waits import OF_SERVICES, OVER_SERVICES
from harvdiag.upgrade.services import CAPI, CHART, FLEET_AGENT, MANAGERS, PLAN, RKE2_WAIT, ROLLOUT

__all__ = [
    "HARVESTER",
    "SYSTEM",
    "core_objects",
    "find_job_step",
    "find_job_wait",
    "find_pod_logs",
    "find_refusals",
    "job_logs",
    "open_logs",
]

SYSTEM = "harvester-system"
LONGHORN = "a Longhorn volume is not healthy, and the node is not drained before it is"
IMPORTED = "Fleet has not imported the cluster local again"
KUBEVIRT = "KubeVirt is not upgraded yet"
EVACUATION = "KubeVirt still protects a VM that is leaving the node"
WAITS = (
    LogPattern("is not healthy.", LONGHORN),
    LogPattern("does not have enough healthy replicas", LONGHORN),
    LogPattern("Waiting for volume ", LONGHORN, also="to be healthy"),
    LogPattern("Waiting for all Longhorn volumes to be healthy", LONGHORN),
    LogPattern("Waiting for VM live-migration or shutdown", "VMs are still on the node: they must leave it or stop"),
    LogPattern("Waiting for VM shutdown", "VMs are still on the node: they must stop"),
    LogPattern("Waiting for evacuation PDB gone", EVACUATION),
    LogPattern("kubevirt-migration-pdb-kubevirt-evacuation-", EVACUATION),
    LogPattern(RKE2_WAIT, "the node's kubelet does not have the new version yet"),
    *OF_SERVICES,
    LogPattern("Waiting for CAPI cluster fleet-local/local to be provisioned", CAPI),
    LogPattern("rollout to finish", ROLLOUT),
    LogPattern("wait until cluster.fleet local is Imported", IMPORTED),
    LogPattern("cluster.fleet -n fleet-local local condition Imported is not", IMPORTED),
    LogPattern("fleet-agent is old", FLEET_AGENT),
    LogPattern("fleet-agent pod is not found", FLEET_AGENT),
    LogPattern("Waiting for ManagedChart", CHART),
    LogPattern("Current version: ", CHART, also="current state: .*current generation: "),
    LogPattern("Waiting for KubeVirt to upgrade", KUBEVIRT),
    LogPattern("KubeVirt current version: ", KUBEVIRT),
    LogPattern(
        "Waiting for longhorn-manager to be upgraded", "the new longhorn-manager does not run on every node yet"
    ),
    LogPattern("instance-manager (aio) (image=", MANAGERS, also="will retry"),
    LogPattern("Checking instance-manager (aio)", MANAGERS),
    LogPattern("Waiting for plan", PLAN, also="to complete"),
)
"""What an upgrade's Jobs wait for in a loop, by the text they write before it or in each iteration; of those with the
same meaning the more specific first."""
OVER = (
    r"successfully rolled out|volumes are healthy\.|have been live-migrated or shutdown|all VMs are down"
    r"|is provisioned \(|fleet-agent is new,|Z cluster\.fleet local is Imported$|instance-manager .* OK\.$"
    r"|Z Plan \S+ completes\." + OVER_SERVICES
)
"""What they write when they have waited long enough; made an expression where there is a log of a Job."""
TURN = 5
"""Lines at the end of a Job's log in which what it waits for now is found: no loop writes more in one iteration."""
ASIDE = re.compile(r"(?:\S+Z )?(?:\++ |Checking running engine )")
"""Lines that do not count among them: what the shell traces, and one a volume."""
DIGRESSION = 1_000
"""Lines that are looked at for these."""
UPGRADERS = "handler harvester-upgrade-(?:job|node)-controller"
REFUSALS = (
    LogPattern(
        "is not allowed to run any kind of job",
        "Harvester starts no Job for a node while another one is between Pre-draining and Succeeded, paused or failed",
    ),
    LogPattern("there are pending jobs: (", "Harvester starts no Job before the named one has succeeded"),
    LogPattern(
        "cannot be fulfilled on secrets",
        "Harvester could not write its answer to the drain's hook into the plan Secret, and does not retry",
        also=UPGRADERS,
    ),
    LogPattern(
        "plan secret for machine",
        "Harvester did not find exactly one plan Secret of the node's Machine, and so does not answer the drain's hook",
        also=UPGRADERS,
    ),
)
"""Why Harvester starts no hook Job, and why it does not answer a hook; docs/objects.md#drain-hazards."""
PODS = 12
"""Logs of Harvester's pods, or of one Job's, that are read; there are three and one in a cluster that works."""
# ReplicaSets are named without vowels and 0, 1, 3, so no other Deployment's pod is taken for one of `harvester`.
HARVESTER = re.compile(r"harvester-(?:[bcdfghjklmnpqrstvwxz2456789]{5,10}-)?[a-z0-9]{5}")
EPOCH = datetime.fromtimestamp(0, UTC)
CUT = 57  # a Job's pod is named like it, cut here so that five characters and a dash fit behind


@once
def find_job_wait(snapshot: Snapshot, job: Job) -> Quote | None:
    """Find what an unfinished Job waits for by the last lines in the log of its youngest pod, else the last of them.

    None for a Job that is complete, and where no log of it is there.
    """
    if job.state == COMPLETE:
        return None
    waits = [found for log in job_logs(snapshot, job.ref) if (found := _find_wait_line(log))]
    return max(waits, key=_quote_order, default=None)


@once
def find_job_step(snapshot: Snapshot, job: Job) -> Quote | None:
    """Find the last line in which a Job said for the first time that a wait was over; None where no log shows one.

    A loop over several objects says of the same ones again and again that they are ready: only the first counts.
    """
    firsts = [quote for log in job_logs(snapshot, job.ref) for quote in _first_ends(log) if quote.at]
    return max(firsts, key=_quote_order, default=None)


def _first_ends(log: Log) -> Iterator[Quote]:
    said: dict[str, int] = {}
    for match in log.find_matches(re.compile(OVER.encode(), re.MULTILINE)):
        said.setdefault(strip_time(log.line_at(match.start())), match.start())
    return map(log.quote_at, said.values())


@once
def find_refusals(snapshot: Snapshot, upgrade: Upgrade) -> list[Quote]:
    """Find the last line of each kind, since the Upgrade was created, in which Harvester says why it stops."""
    began = Timestamp(get_text(upgrade.obj, "metadata.creationTimestamp"))
    quotes: dict[str, Quote] = {}
    for log in open_logs(snapshot, find_pod_logs(snapshot, SYSTEM, "harvester-", HARVESTER.fullmatch)):
        for pattern in REFUSALS:
            if hit := log.find_last([pattern]):
                quote = log.quote_at(hit.place, pattern.text, pattern.meaning)
                if not (began.at and quote.at.at and quote.at.at < began.at):
                    quotes[pattern.text] = max(quotes.get(pattern.text, quote), quote, key=_quote_order)
    return [quotes[pattern.text] for pattern in REFUSALS if pattern.text in quotes]


def find_pod_logs(snapshot: Snapshot, namespace: str, start: str, fits: Callable[[str], object]) -> Iterator[str]:
    """Find the logs of the pods whose name starts so and fits; not those of terminated containers."""
    for file in snapshot.logs(f"logs/{namespace}/{start}"):
        if file.endswith(".log") and fits(file.split("/")[2]):
            yield file


def job_logs(snapshot: Snapshot, job: ObjectRef) -> Iterator[Log]:
    """Open the logs of a Job's pods, one after the other."""
    start = job.name[:CUT]
    shape = re.compile(rf"{re.escape(start)}{'-' if len(job.name) <= CUT else '[a-z0-9.-]'}[a-z0-9]{{5}}")
    files = list(find_pod_logs(snapshot, job.namespace, start, shape.fullmatch))
    if (
        len(job.name) > CUT
    ):  # the names of pods are truncated, which removes what distinguishes the Jobs of two nodes with long names
        pods = _pods_of_job(snapshot, job)
        files = [file for file in files if file.split("/")[2] in pods]
    return open_logs(snapshot, files)


def _pods_of_job(snapshot: Snapshot, job: ObjectRef) -> set[str]:
    """The pods of a Job by their label."""
    labels = tuple(f"{key}={job.name}" for key in ("job-name", "batch.kubernetes.io/job-name"))
    pods = snapshot.find("Pod", Wanted(namespace=job.namespace, labels=labels)).objects
    return {name_of(pod) for pod in pods}


def core_objects(snapshot: Snapshot, plural: str) -> tuple[Obj, ...]:
    """Return the objects of a kind of the core group that is not in the catalogue; none where the source has none."""
    try:
        return snapshot.objects(kind_for_resource("", plural).name)
    except UsageError:
        return ()


def open_logs(snapshot: Snapshot, files: Iterable[str]) -> Iterator[Log]:
    """Open the first `PODS` logs that can be read, one after the other: only one is in memory."""
    return islice(_open_readable(snapshot, files), PODS)


def _open_readable(snapshot: Snapshot, files: Iterable[str]) -> Iterator[Log]:
    for file in files:
        try:
            yield open_log(snapshot, file)
        except HarvdiagError:
            continue


def _find_wait_line(log: Log) -> Quote | None:
    """Find what the last lines say that a Job waits for; earlier waits are over."""
    last = [at for at in islice(log.line_places(), DIGRESSION) if not ASIDE.match(log.line_at(at))][:TURN]
    since = takewhile(lambda at: not re.search(OVER, log.line_at(at)), last)
    hits = [
        LogMatch(at, pattern)
        for at in since
        if (pattern := next((s for s in WAITS if s.matches_line(log.line_at(at))), None))
    ]
    if hits:
        alike = (hit for hit in hits if hit.pattern.meaning == hits[0].pattern.meaning)
        at, pattern = min(alike, key=lambda hit: WAITS.index(hit.pattern))
        return log.quote_at(at, pattern.text, pattern.meaning)
    end = next(iter(last), log.last_place())
    return None if end is None else log.quote_at(end, meaning="the last line that the Job has written")


def _quote_order(quote: Quote) -> tuple[datetime, str]:
    """The sort key of quotes from pods."""
    return quote.at.at or EPOCH, quote.file
