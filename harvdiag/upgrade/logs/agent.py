"""The log of one host's rancher-system-agent: the Machine it identifies as, and why it cannot connect.

The formats of its lines are those of rancher/system-agent, pkg/k8splan/watcher.go and pkg/applyinator/applyinator.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from harvdiag.core.errors import HarvdiagError
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.logs.joinstep import JoinStep
from harvdiag.upgrade.logs.log import Log, LogMatch, LogPattern, open_log
from harvdiag.upgrade.logs.once import once
from harvdiag.upgrade.logs.quote import Quote

__all__ = ["DELETED", "ERRORS", "LOOP", "AgentStory", "read_agent_story"]

LOOP = 3
"""Consecutive starts without work between them that count as a crash loop; a boot and an update are one start each."""
START = "Rancher System Agent version"
NAMED = re.compile(rb"(?:fleet-local/|Processing secret )(custom-[0-9a-f]{12})-machine-plan")
WORK = (
    LogPattern("with feedback", "the agent has reported its result to Rancher"),
    LogPattern("[Applyinator] Applying", "the agent is applying a plan"),
)
CONNECT = "error while connecting to Kubernetes cluster"
DELETED = "received nil secret that was nil"
CREDENTIALS = "the server has asked for the client to provide credentials"
ERRORS = (
    LogPattern(
        CREDENTIALS,
        "the agent's token is no longer valid: the ServiceAccount of its Machine, or the token, was deleted",
        JoinStep.AGENT_CONNECTION,
    ),
    LogPattern(
        CONNECT,
        "the agent does not trust Rancher's certificate, or the certificate does not name the address it uses "
        "(harvester/harvester#4543, harvester/harvester#10522)",
        JoinStep.AGENT_CONNECTION,
        also="x509",
    ),
    LogPattern(
        CONNECT,
        "the agent cannot reach Rancher: the VIP or the network",
        JoinStep.AGENT_CONNECTION,
        also="timeout|refused|no route|no such host|deadline exceeded",
    ),
    LogPattern(CONNECT, "the agent cannot connect to Rancher", JoinStep.AGENT_CONNECTION),
    LogPattern(
        "Initial connection to Kubernetes cluster failed",
        "the agent does not trust Rancher with the CA it was given, and tries without (harvester/harvester#4543)",
        JoinStep.AGENT_CONNECTION,
    ),
    LogPattern("received secret UID that differed", "its plan Secret was recreated: its Machine was recreated"),
    LogPattern(DELETED, "its plan Secret was deleted: its Machine was removed while the host ran on"),
    LogPattern(
        "secret received was too old",
        "the agent's cache is behind; if that lasts, restart rancher-system-agent (harvester/harvester#10713)",
    ),
    LogPattern(
        "older than the last secret operated on",
        "the agent's cache is behind; if that lasts, restart rancher-system-agent (harvester/harvester#10713)",
    ),
    LogPattern(
        "Maximum failure threshold exceeded",
        "its plan has failed permanently; see failed-output of its Secret",
        JoinStep.PLAN_APPLICATION,
    ),
    LogPattern(
        "error executing instruction",
        "the agent cannot get the image of its plan's installer: the registry or the network",
        also="timeout|refused|no route|no such host|deadline exceeded|x509|manifest unknown|not found",
    ),
    LogPattern("error executing instruction", "a step of the agent's plan ends with this error"),
    LogPattern("error syncing 'fleet-local/custom-", "the agent cannot handle its plan Secret, and retries"),
)
"""Errors of an agent, the specific before the general."""


@dataclass(frozen=True, kw_only=True)
class AgentStory:
    """What the log of one host's agent shows, by its last 4 MiB."""

    file: str
    whole: bool
    """Whether what was read is all of the log."""
    machine: str
    """The Machine that it mentioned last."""
    machines: tuple[str, ...]
    """All that it mentioned, that one last."""
    identity_line: Quote | None
    """The last line that mentions `machine`."""
    error: Quote | None
    """The last error."""
    recovered: bool
    """Whether the agent worked after that error."""
    worked: Quote | None
    """The last line that shows work."""
    starts: int
    idle_starts: int
    """The starts since it last worked."""
    began: str
    """The first start, as the log writes the time; `started` is the last."""
    started: str

    @property
    def is_looping(self) -> bool:
        """It restarts again and again without doing any work."""
        return self.idle_starts >= LOOP and self.error is not None and not self.recovered

    @property
    def changed(self) -> bool:
        """It has identified as more than one Machine."""
        return len(self.machines) > 1


@once
def read_agent_story(snapshot: Snapshot, node: str) -> AgentStory | None:
    """Read the log of a node's agent; None where the source has no log of it, or none that can be read."""
    try:
        return _build_story(open_log(snapshot, f"nodes/{node}.zip/logs/rancher-system-agent.log"))
    except HarvdiagError:
        return None


def _build_story(log: Log) -> AgentStory:
    named: dict[str, int] = {}
    for match in log.find_matches(NAMED):
        name = match[1].decode()
        named.pop(name, None)  # moves it to the end: the last in the dict is the last in the log
        named[name] = match.start()
    machine, place = next(reversed(named.items()), ("", -1))
    error, worked = log.find_last(ERRORS), log.find_last(WORK)
    at = worked.place if worked else 0
    starts = [log.quote_at(place).time for place in _outer_starts(log)]
    return AgentStory(
        file=log.file,
        whole=log.whole,
        machine=machine,
        machines=tuple(named),
        identity_line=log.quote_at(place, machine, "the Machine the agent identifies as") if machine else None,
        error=_quote_match(log, error),
        recovered=bool(error and worked and worked.place > error.place),
        worked=_quote_match(log, worked),
        starts=log.count(START),
        idle_starts=log.count(START, at),
        began=starts[0] if starts else "",
        started=starts[-1] if starts else "",
    )


def _outer_starts(log: Log) -> list[int]:
    """The places of the first and the last start."""
    places = [match.start() for match in log.find_matches(re.compile(re.escape(START.encode())))]
    return [places[0], places[-1]] if places else []


def _quote_match(log: Log, found: LogMatch | None) -> Quote | None:
    if found is None:
        return None
    return replace(log.quote_at(found.place, found.pattern.text, found.pattern.meaning), step=found.pattern.step)
