"""At which step of its join a host was lost, by its logs; the steps are those of docs/objects.md#join-steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from harvdiag.core.errors import HarvdiagError
from harvdiag.core.fields import text
from harvdiag.core.model import ObjectRef
from harvdiag.kinds import FLEET
from harvdiag.kinds.columns import condition_column
from harvdiag.snapshot import Snapshot
from harvdiag.sources.bundle.nodes import CATTLE_ID
from harvdiag.upgrade.logs.agent import DELETED, AgentStory, read_agent_story
from harvdiag.upgrade.logs.joinstep import JoinStep
from harvdiag.upgrade.logs.log import Log, LogMatch, LogPattern, open_log
from harvdiag.upgrade.logs.pods import SYSTEM, find_pod_logs
from harvdiag.upgrade.logs.quote import Quote

__all__ = ["JoinStory", "find_join_failure"]

BOOTSTRAPPED = LogPattern(
    "already bootstrapped",
    "rancherd found the stamp of an earlier install on the disk and did nothing, so that the host got no new identity",
    JoinStep.BOOTSTRAP_STAMP,
)
PLANNING = "failed to bootstrap system, will retry: generating plan"
TROUBLE = (
    LogPattern(
        PLANNING,
        "rancherd does not trust the server it was given: certificate or CA",
        JoinStep.JOIN_PLAN,
        also="x509|hash|certif",
    ),
    LogPattern(
        PLANNING,
        "the token that the host was given is refused (harvester/harvester#10685)",
        JoinStep.JOIN_PLAN,
        also="token|hmac",
    ),
    LogPattern(
        PLANNING,
        "rancherd does not reach the server it was given: the VIP, the network, DNS",
        JoinStep.JOIN_PLAN,
        also="timeout|timed out|deadline exceeded|refused|no route|no such host",
    ),
    LogPattern(PLANNING, "rancherd cannot make its plan to join (harvester/harvester#2892)", JoinStep.JOIN_PLAN),
    LogPattern(
        "You must select at least one role",
        "the installer of the agent was given no role (harvester/harvester#11341)",
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
    LogPattern("Generating Cattle ID", "the host has made its identity", JoinStep.HOST_IDENTITY),
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
        "Rancher made no Machine (harvester/harvester#11336)",
        JoinStep.MACHINE_CREATION,
    ),
    LogPattern(
        "node name not found in secret",
        "Rancher made no Machine (harvester/harvester#11336)",
        JoinStep.MACHINE_CREATION,
    ),
)
REJECTED = (
    LogPattern(
        "Node password rejected",
        "RKE2 refuses the host: a host of this name joined before with another one",
        JoinStep.PLAN_APPLICATION,
    ),
    LogPattern("is up and running", "RKE2 runs"),
)
PROMOTION = (
    LogPattern(
        "Waiting for custom machine label of",
        "Harvester waits to promote the node until Cluster API has named its Machine on it",
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
            return f"not known: {self.why}"
        step = self.step if self.step is JoinStep.MACHINE_REMOVED else f'join step "{self.step}"'
        return f"{step}: {self.why}"


def find_join_failure(snapshot: Snapshot, node: str) -> JoinStory:
    """Where a host that has no Machine was lost. Ask it of such a Node only: of others, old troubles would be told."""
    try:
        if not snapshot.logs(f"nodes/{node}.zip/"):
            return JoinStory(None, _why_no_archive(snapshot, node))
        rancherd = open_log(snapshot, f"nodes/{node}.zip/logs/rancherd.log")
    except HarvdiagError as error:
        return JoinStory(None, f"the logs of {node} cannot be read: {error}")
    return _find_failure(snapshot, node, rancherd, read_agent_story(snapshot, node))


def _find_failure(snapshot: Snapshot, node: str, rancherd: Log, told: AgentStory | None) -> JoinStory:
    """The first that tells, the surer evidence before the less sure."""
    looks = (
        _rancherd_failure(snapshot, node, rancherd),
        _host_evidence(snapshot, rancherd, told),
        _cluster_evidence(snapshot, node),
    )
    story = _machine_removed(told) or next((found for look in looks for found in look), None)
    return story or JoinStory(
        None, _inconclusive_reason(node, rancherd, told), _optional_quote(told.identity_line if told else None)
    )


def _machine_removed(told: AgentStory | None) -> JoinStory | None:
    """The host had joined, and its plan Secret went."""
    if told is None or told.error is None or told.recovered or DELETED not in told.error.line:
        return None
    return JoinStory(JoinStep.MACHINE_REMOVED, told.error.meaning, (told.error,))


def _rancherd_failure(snapshot: Snapshot, node: str, rancherd: Log) -> Iterator[JoinStory]:
    """What rancherd met last, if nothing better followed; Rancher's own log may know more of it."""
    if (hit := rancherd.find_last((*TROUBLE, *PROGRESS))) and hit.sign in TROUBLE:
        own = _build_story(rancherd, hit)
        more = next(_rancher_evidence(snapshot, node), None) if hit.sign.step == JoinStep.CONNECTION_REQUEST else None
        yield more._replace(quotes=(*own.quotes, *more.quotes)) if more else own


def _host_evidence(snapshot: Snapshot, rancherd: Log, told: AgentStory | None) -> Iterator[JoinStory]:
    """What rancherd left undone, and what the agent met."""
    machine = told.machine if told else ""
    lives = bool(machine) and not _is_missing(snapshot, machine)
    if (
        rancherd.whole
        and not rancherd.find_last(PROGRESS[1:])
        and not lives
        and (hit := rancherd.find_last([BOOTSTRAPPED]))
    ):
        quote = rancherd.quote_at(hit.place, hit.sign.text, hit.sign.meaning)
        yield JoinStory(
            JoinStep.BOOTSTRAP_STAMP,
            hit.sign.meaning,
            (quote, *_optional_quote((told.error or told.identity_line) if told else None)),
        )
    if told and told.error and not told.recovered and told.error.step:
        yield JoinStory(told.error.step, told.error.meaning, (told.error, *_optional_quote(told.identity_line)))
    if told and machine and _is_missing(snapshot, machine):
        yield JoinStory(
            JoinStep.MACHINE_REMOVED,
            f"the agent believes to be {machine}, a Machine that is gone",
            _optional_quote(told.identity_line),
        )


def _cluster_evidence(snapshot: Snapshot, node: str) -> Iterator[JoinStory]:
    """What RKE2, Rancher and Harvester say of the host."""
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
    """What Rancher says of the host's request, by the name of its Machine; else of any host's, unless `by_name`."""
    host = snapshot.host(node)
    machine = text(host, f'files["{CATTLE_ID}"].machine')
    late = LogPattern(
        f"timeout waiting for local/{machine}",
        "Rancher got the host's request, but no Machine in time",
        JoinStep.MACHINE_REQUEST,
    )
    signs = (*((late,) if machine else ()), *(() if by_name else RANCHER))
    for file in find_pod_logs(snapshot, "cattle-system", "rancher-", lambda pod: not pod.startswith("rancher-webhook")):
        if story := _last_match(snapshot, file, signs):
            yield story


def _last_match(snapshot: Snapshot, file: str, signs: tuple[LogPattern, ...]) -> JoinStory | None:
    """What the last of the signs in a log tells; None where it holds none or cannot be read."""
    try:
        log = open_log(snapshot, file)
    except HarvdiagError:
        return None
    hit = log.find_last(signs)
    return _build_story(log, hit) if hit else None


def _build_story(log: Log, hit: LogMatch) -> JoinStory:
    """What one line of a log tells."""
    return JoinStory(hit.sign.step, hit.sign.meaning, (log.quote_at(hit.place, hit.sign.text, hit.sign.meaning),))


def _is_missing(snapshot: Snapshot, machine: str) -> bool:
    """Whether there is surely no such Machine."""
    return snapshot.seen("Machine") and snapshot.get(ObjectRef("Machine", FLEET, machine)) is None


def _optional_quote(quote: Quote | None) -> tuple[Quote, ...]:
    return (quote,) if quote else ()


def _inconclusive_reason(node: str, rancherd: Log, told: AgentStory | None) -> str:
    if told and told.machine:
        return f"the logs of {node} show no fault: its agent works, and believes to be {told.machine}"
    if not rancherd.whole or rancherd.last_place() is None or not rancherd.find_last(PROGRESS):
        return f"the logs of {node} do not reach back to its join"
    return f"the logs of {node} show no fault"


def _why_no_archive(snapshot: Snapshot, node: str) -> str:
    """Why there are no logs of a host; see docs/objects.md#bundle-node-archives."""
    if snapshot.manifest.kind != "bundle":
        return "only a support bundle holds the logs of hosts"
    obj = snapshot.get(ObjectRef("Node", "", node))
    if obj and text(obj, f'metadata.labels["{MANAGED}"]') != "true":
        return f"the bundle has no archive of {node}: the collector leaves out Nodes without label {MANAGED}=true"
    if obj and READY.value(obj) != "True":
        return f"the bundle has no archive of {node}: the collector leaves out Nodes that are not Ready"
    return f"the bundle has no archive of {node}: the collector may have waited for it in vain"
