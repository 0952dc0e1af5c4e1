"""What the Job apply-manifests waits for, by its log: which object, and since when it has got no further."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harvdiag.core.errors import HarvdiagError
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.jobs import Job
from harvdiag.upgrade.logs.log import LogPattern, open_log
from harvdiag.upgrade.logs.once import once
from harvdiag.upgrade.logs.pods import find_job_step, find_job_wait
from harvdiag.upgrade.logs.quote import Quote
from harvdiag.upgrade.logs.waits import HELM_BEGINS, ROLLOUT_BEGINS
from harvdiag.upgrade.services import ADDON, CHART, HELM, MANAGERS, ROLLOUT

__all__ = ["ServicesWait", "find_services_wait"]

HEADS = {
    HELM: (
        HELM_BEGINS,
        re.compile(HELM_BEGINS + r"(?P<namespace>\S+) (?P<name>\S+)(?: (?P<version>\S+))?"),
    ),
    ROLLOUT: (ROLLOUT_BEGINS, re.compile(ROLLOUT_BEGINS + r"(?P<namespace>\S+) (?P<kind>\S+) (?P<name>\S+)")),
    CHART: (
        "anaged",
        re.compile(r"(?:Waiting for ManagedChart|wait managedchart) (?:(?P<namespace>[\w-]+)/)?(?P<name>[\w.-]+)"),
    ),
    MANAGERS: ("on node ", re.compile(r"on node (?P<name>[\w.-]+)(?:, will retry| \.\.\.)")),
    ADDON: ("try to patch addon ", re.compile(r"patch addon (?P<name>\S+) in (?P<namespace>\S+)")),
}
"""How each wait for one object begins in the log; its later lines do not always name the object again."""
STATE = re.compile(r" in (?P<state>pending-\w+) state for (?P<minutes>\d+) minutes")
OTHER = re.compile(
    r"waiting for (?P<kind>statefulset|deployment) (?P<name>\S+) to be created in namespace (?P<namespace>[\w-]+)"
    r"|continue waiting rollout (?P<kind2>\w+) (?P<name2>[\w.-]+)"
)


@dataclass(frozen=True, kw_only=True)
class ServicesWait:
    """What it waits for: `meaning` is that of the line, `quote`; the others are empty where the log names no object.

    `step` is the time (RFC 3339) of the last line in which an earlier wait ended, `state` that of a Helm release.
    """

    meaning: str
    quote: Quote
    step: str
    namespace: str = ""
    kind: str = ""
    name: str = ""
    version: str = ""
    state: str = ""
    minutes: int = 0


@once
def find_services_wait(snapshot: Snapshot, job: Job) -> ServicesWait | None:
    """Find what the Job waits for; None where it is over, has no log, or its log ends with nothing known."""
    quote = find_job_wait(snapshot, job)
    if quote is None:
        return None
    step = find_job_step(snapshot, job)
    named = _find_object(snapshot, quote)
    state = STATE.search(quote.line)
    return ServicesWait(
        meaning=quote.meaning,
        quote=quote,
        step=step.time if step else "",
        **named,
        state=state["state"] if state else "",
        minutes=int(state["minutes"]) if state else 0,
    )


def _find_object(snapshot: Snapshot, quote: Quote) -> dict[str, str]:
    """The object that a line names, else the last line with which such a wait begins."""
    if found := OTHER.search(quote.line):
        return {key: found[key] or found[f"{key}2"] for key in ("kind", "name")} | {
            "namespace": found["namespace"] or ""
        }
    if quote.meaning not in HEADS:
        return {}
    head, shape = HEADS[quote.meaning]
    match = shape.search(quote.line) or shape.search(_last_head(snapshot, quote.file, head, shape))
    return {key: value or "" for key, value in match.groupdict().items()} if match else {}


def _last_head(snapshot: Snapshot, file: str, head: str, shape: re.Pattern[str]) -> str:
    try:
        log = open_log(snapshot, file)
    except HarvdiagError:
        return ""
    hit = log.find_last([LogPattern(head, "", also=shape.pattern)])
    return log.line_at(hit.place) if hit else ""
