"""Why RKE2 does not start on a host, by its own log."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.errors import HarvdiagError
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.logs.join import REJECTED
from harvdiag.upgrade.logs.log import Log, LogMatch, LogPattern, open_log
from harvdiag.upgrade.logs.once import once
from harvdiag.upgrade.logs.quote import Quote

__all__ = ["find_rke2_error"]

UNITS = ("rke2-server", "rke2-agent")
FATAL = "level=fatal"
ERRORS = (
    LogPattern(
        FATAL,
        "the token of this server is not the one with which the cluster's bootstrap data is encrypted",
        also="encrypted with different token",
    ),
    LogPattern(FATAL, "RKE2 does not trust a certificate, or one has expired", also="x509"),
    LogPattern(FATAL, "a disk of the host is full", also="no space"),
    LogPattern(
        FATAL, "RKE2 cannot reach the server that it joins", also="timeout|refused|no route|no such host|deadline"
    ),
    LogPattern(FATAL, "RKE2 ends with this error, and is started again"),
    REJECTED[0],
    LogPattern("Failed with result", "RKE2's unit has failed", also=r"rke2-(?:server|agent)\.service"),
)
"""Errors that end RKE2, the specific before the general."""
RUNS = REJECTED[1].text


@once
def find_rke2_error(snapshot: Snapshot, node: str) -> Quote | None:
    """Find the last error that ended RKE2 on a host, if it has not run since; None without one or without a log."""
    return next(filter(None, (_last_error(log) for log in _open_units(snapshot, node))), None)


def _open_units(snapshot: Snapshot, node: str) -> Iterator[Log]:
    for unit in UNITS:
        try:
            yield open_log(snapshot, f"nodes/{node}.zip/logs/{unit}.log")
        except HarvdiagError:
            continue


def _last_error(log: Log) -> Quote | None:
    hit = log.find_last(ERRORS)
    if hit is None or log.count(RUNS, hit.place):
        return None
    told = _said_before(log, hit) if hit.pattern is ERRORS[-1] else hit
    return log.quote_at(told.place, told.pattern.text, told.pattern.meaning)


def _said_before(log: Log, ended: LogMatch) -> LogMatch:
    """What RKE2 itself said before systemd noted its end; the note where it said nothing."""
    own = log.find_last(ERRORS[:-1])
    return own if own and not log.count(RUNS, own.place) else ended
