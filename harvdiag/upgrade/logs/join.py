"""The step at which the join of a host failed, by its logs; the steps are those of docs/objects.md#join-steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.errors import HarvdiagError
from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.kinds import FLEET
from harvdiag.kinds.columns import condition_column
from harvdiag.snapshot import Snapshot
from harvdiag.sources.bundle.nodes import CATTLE_ID
from harvdiag.upgrade.logs.agent import DELETED, AgentStory, read_agent_story
from harvdiag.upgrade.logs.joinstep import JoinStep
from harvdiag.upgrade.logs.log import Log, LogMatch, LogPattern, open_log
from harvdiag.upgrade.logs.once import once
from harvdiag.upgrade.logs.pods import SYSTEM, find_pod_logs
from harvdiag.upgrade.logs.quote import Quote

__all__ = ["REJECTED", "JoinStory", "find_join_failure"]

BOOTSTRAPPED = LogPattern(
    "already bootstrapped",
    "rancherd found the stamp of an earlier install on the disk and did nothing, so the host was not re-registered",
    JoinStep.BOOTSTRAP_STAMP,
)
PLANNING = "failed to bootstrap system, will retry: generating plan"
TROUBLE = (
    LogPattern(
        PLANNING,
        "rancherd does not trust the configured server: certificate or CA",
        JoinStep.JOIN_PLAN,
        also="x509|hash|certif",
    ),
    LogPattern(
        PLANNING,
        "the join token of the host is rejected (harvester/harvester#10685)",
        JoinStep.JOIN_PLAN,
        also="token|hmac",
    ),
    LogPattern(
        PLANNING,
        "rancherd cannot reach the configured server: the VIP, the network, DNS",
        JoinStep.JOIN_PLAN,
        also="timeout|timed out|deadline exceeded|refused|no route|no such host",
    ),
    LogPattern(PLANNING, "rancherd cannot generate its join plan (harvester/harvester#2892)", JoinStep.JOIN_PLAN),
    LogPattern(
        "You must select at least one role",
        "the agent's installer was given no role (harvester/harvester#11341)",
        JoinStep.AGENT_INSTALLER,
    ),
    LogPattern(
        "received while downloading Rancher connection information",
        "Rancher does not answer the host with the connection information of a Machine",
        JoinStep.CONNECTION_REQUEST,
    ),
)
PROGRESS = (
    BOOTSTRAPPED,
    LogPattern("Generating Cattle ID", "the host has created its identity", JoinStep.HOST_IDENTITY),
    LogPattern(
        "Cattle ID was already detected as",
        "the host has kept the identity of an earlier install",
        JoinStep.HOST_IDENTITY,
    ),
    LogPattern(
        "Successfully downloaded Rancher connection information",
        "Rancher has answered the host",
        JoinStep.AGENT_CONNECTION,
    ),
)
RANCHER = (
    LogPattern(
        "expected exactly one machine, but got 0",
        "Rancher did not create a Machine (harvester/harvester#11336)",
        JoinStep.MACHINE_CREATION,
    ),
    LogPattern(
        "node name not found in secret",
        "Rancher did not create a Machine (harvester/harvester#11336)",
        JoinStep.MACHINE_CREATION,
    ),
)
REJECTED = (
    LogPattern(
        "Node password rejected",
        "RKE2 rejects the host: a host of this name joined before with another password",
        JoinStep.PLAN_APPLICATION,
    ),
    LogPattern("is up and running", "RKE2 runs"),
)
PROMOTION = (
    LogPattern(
        "Waiting for custom machine label of",
        "Harvester waits to promote the node until Cluster API has written its Machine's name to it",
        JoinStep.PROMOTION,
    ),
)
READY = condition_column("ready", "Ready")
MANAGED = "harvesterhci.io/managed"


class JoinStory(NamedTuple):
    """Where the join of a host ended. `step` is None where the logs do not show it; `why` says it in a sentence,
    `quotes` are the lines that show it.
    """

    step: JoinStep | None
    why: str
    quotes: tuple[Quote, ...] = ()

    @property
    def text(self) -> str:
        """``join step "bootstrap stamp": rancherd found …``"""
        if self.step is None:
            return f"unknown: {self.why}"
        step = self.step if self.step is JoinStep.MACHINE_REMOVED else f'join step "{self.step}"'
        return f"{step}: {self.why}"


@once
def find_join_failure(snapshot: Snapshot, node: str) -> JoinStory:
    """Find where the join of a host without Machine failed. For other Nodes it would report old problems."""
    try:
        if not snapshot.logs(f"nodes/{node}.zip/"):
            return JoinStory(None, _why_no_archive(snapshot, node))
        rancherd = open_log(snapshot, f"nodes/{node}.zip/logs/rancherd.log")
    except HarvdiagError as error:
        return JoinStory(None, f"the logs of {node} cannot be read: {error}")
    return _find_failure(snapshot, node, rancherd, read_agent_story(snapshot, node))


def _find_failure(snapshot: Snapshot, node: str, rancherd: Log, agent_story: AgentStory | None) -> JoinStory:
    """Return the first evidence found, the stronger before the weaker."""
    looks = (
        _rancherd_failure(snapshot, node, rancherd),
        _host_evidence(snapshot, rancherd, agent_story),
        _cluster_evidence(snapshot, node),
    )
    story = _machine_removed(agent_story) or next((found for look in looks for found in look), None)
    return story or JoinStory(
        None,
        _inconclusive_reason(node, rancherd, agent_story),
        _optional_quote(agent_story.identity_line if agent_story else None),
    )


def _machine_removed(agent_story: AgentStory | None) -> JoinStory | None:
    """The host had joined, and its plan Secret was deleted."""
    if (
        agent_story is None
        or agent_story.error is None
        or agent_story.recovered
        or DELETED not in agent_story.error.line
    ):
        return None
    return JoinStory(JoinStep.MACHINE_REMOVED, agent_story.error.meaning, (agent_story.error,))


def _rancherd_failure(snapshot: Snapshot, node: str, rancherd: Log) -> Iterator[JoinStory]:
    """The last error of rancherd, if no progress followed; Rancher's own log may have more on it."""
    if (hit := rancherd.find_last((*TROUBLE, *PROGRESS))) and hit.pattern in TROUBLE:
        own = _build_story(rancherd, hit)
        more = (
            next(_rancher_evidence(snapshot, node), None) if hit.pattern.step == JoinStep.CONNECTION_REQUEST else None
        )
        yield more._replace(quotes=(*own.quotes, *more.quotes)) if more else own


def _host_evidence(snapshot: Snapshot, rancherd: Log, agent_story: AgentStory | None) -> Iterator[JoinStory]:
    """What rancherd did not do, and the errors of the agent."""
    machine = agent_story.machine if agent_story else ""
    gone = bool(machine) and _is_missing(snapshot, machine)
    if story := _bootstrap_stamp(rancherd, agent_story, lives=bool(machine) and not gone):
        yield story
    if agent_story and agent_story.error and not agent_story.recovered and agent_story.error.step:
        yield JoinStory(
            agent_story.error.step,
            agent_story.error.meaning,
            (agent_story.error, *_optional_quote(agent_story.identity_line)),
        )
    if agent_story and gone:
        yield JoinStory(
            JoinStep.MACHINE_REMOVED,
            f"the agent identifies as {machine}, a Machine that no longer exists",
            _optional_quote(agent_story.identity_line),
        )


def _bootstrap_stamp(rancherd: Log, agent_story: AgentStory | None, *, lives: bool) -> JoinStory | None:
    """Rancherd found the stamp of an earlier bootstrap and did nothing; None where the agent's Machine lives."""
    # A truncated log may have lost the progress at its beginning: only a whole one shows that there was none.
    if (
        rancherd.whole
        and not rancherd.find_last(PROGRESS[1:])
        and not lives
        and (hit := rancherd.find_last([BOOTSTRAPPED]))
    ):
        quote = rancherd.quote_at(hit.place, hit.pattern.text, hit.pattern.meaning)
        more = _optional_quote((agent_story.error or agent_story.identity_line) if agent_story else None)
        return JoinStory(JoinStep.BOOTSTRAP_STAMP, hit.pattern.meaning, (quote, *more))
    return None


def _cluster_evidence(snapshot: Snapshot, node: str) -> Iterator[JoinStory]:
    """What the logs of RKE2, Rancher and Harvester show of the host."""
    for unit in ("rke2-server", "rke2-agent"):
        story = _last_match(snapshot, f"nodes/{node}.zip/logs/{unit}.log", REJECTED)
        if story and story.step:
            yield story
    yield from _rancher_evidence(snapshot, node, by_name=True)
    start = f"harvester-promote-{node}-"
    for file in find_pod_logs(snapshot, SYSTEM, start, lambda pod: len(pod) == len(start) + 5):
        if story := _last_match(snapshot, file, PROMOTION):
            yield story


def _rancher_evidence(snapshot: Snapshot, node: str, by_name: bool = False) -> Iterator[JoinStory]:
    """What Rancher's log shows of the host's request, by its Machine's name; else of any host's, unless `by_name`."""
    host = snapshot.host(node)
    machine = get_text(host, f'files["{CATTLE_ID}"].machine')
    late = LogPattern(
        f"timeout waiting for local/{machine}",
        "Rancher got the host's request, but no Machine in time",
        JoinStep.MACHINE_REQUEST,
    )
    patterns = (*((late,) if machine else ()), *(() if by_name else RANCHER))
    for file in find_pod_logs(snapshot, "cattle-system", "rancher-", lambda pod: not pod.startswith("rancher-webhook")):
        if story := _last_match(snapshot, file, patterns):
            yield story


def _last_match(snapshot: Snapshot, file: str, patterns: tuple[LogPattern, ...]) -> JoinStory | None:
    """The story of the last match of the patterns in a log; None where there is none or it cannot be read."""
    try:
        log = open_log(snapshot, file)
    except HarvdiagError:
        return None
    hit = log.find_last(patterns)
    return _build_story(log, hit) if hit else None


def _build_story(log: Log, hit: LogMatch) -> JoinStory:
    """Build the story of one line of a log."""
    return JoinStory(
        hit.pattern.step, hit.pattern.meaning, (log.quote_at(hit.place, hit.pattern.text, hit.pattern.meaning),)
    )


def _is_missing(snapshot: Snapshot, machine: str) -> bool:
    """Whether the Machine is known not to exist; False where Machines were not seen."""
    return snapshot.seen("Machine") and snapshot.get(ObjectRef("Machine", FLEET, machine)) is None


def _optional_quote(quote: Quote | None) -> tuple[Quote, ...]:
    return (quote,) if quote else ()


def _inconclusive_reason(node: str, rancherd: Log, agent_story: AgentStory | None) -> str:
    if agent_story and agent_story.machine:
        return f"the logs of {node} show no fault: its agent works, and identifies as {agent_story.machine}"
    if not rancherd.whole or rancherd.last_place() is None or not rancherd.find_last(PROGRESS):
        return f"the logs of {node} do not reach back to its join"
    return f"the logs of {node} show no fault"


def _why_no_archive(snapshot: Snapshot, node: str) -> str:
    """Why there are no logs of a host; see docs/objects.md#bundle-node-archives."""
    if snapshot.manifest.kind != "bundle":
        return "only a support bundle contains the logs of hosts"
    obj = snapshot.get(ObjectRef("Node", "", node))
    if obj and get_text(obj, f'metadata.labels["{MANAGED}"]') != "true":
        return f"the bundle has no archive of {node}: the collector leaves out Nodes without label {MANAGED}=true"
    if obj and READY.value(obj) != "True":
        return f"the bundle has no archive of {node}: the collector leaves out Nodes that are not Ready"
    return f"the bundle has no archive of {node}: the collector may have timed out waiting for it"
