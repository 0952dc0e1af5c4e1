"""Text of an upgrade: its name with its versions, the states of its nodes, durations."""

from __future__ import annotations

from datetime import timedelta

from harvdiag.core.fields import get_text
from harvdiag.upgrade.phases import SERVICES
from harvdiag.upgrade.v1 import Upgrade
from harvdiag.upgrade.v2 import UpgradePlan

__all__ = [
    "FUTILE",
    "created_at",
    "failure_reason",
    "format_ago",
    "format_done",
    "format_duration",
    "format_idle",
    "format_unlisted",
    "image_of",
    "upgrade_title",
]

FUTILE = "it will not recover on its own"
"""The note on a stalled upgrade."""
INSTANT = ("less than a minute", "< 1 min")


def upgrade_title(of: Upgrade) -> str:
    """``Upgrade hvst-upgrade-abcde from v1.4.1 to v1.4.2``; of an UpgradePlan it says that it is Upgrade V2."""
    ways = (("from", of.previous_version), ("to", of.version), ("by image", "" if of.version else image_of(of)))
    told = "".join(f" {word} {version}" for word, version in ways if version)
    return f"{of.ref.kind} {of.ref.name}{told}{' (Upgrade V2)' if of.v2 else ''}"


def image_of(of: Upgrade) -> str:
    """Return the image that an UpgradePlan was made for; empty for one by version, and for an Upgrade."""
    return of.image if isinstance(of, UpgradePlan) else ""


def created_at(of: Upgrade) -> str:
    """Return when it was created, RFC 3339."""
    return get_text(of.obj, "metadata.creationTimestamp")


def format_unlisted(of: Upgrade) -> str:
    """Return what is said of a node without a state: ``not started``, from the nodes' turn on that it is not listed."""
    early = of.running and of.phase is not None and of.phase.place < SERVICES
    return "not started" if early else f"not in the {of.ref.kind}'s list"


def format_done(number: int, of: int) -> str:
    """``3 of 4 nodes are done``"""
    return f"{number} of {of} {'node is' if of == 1 else 'nodes are'} done"


def failure_reason(upgrade: Upgrade) -> str:
    """Return the reason of its failure by its conditions; empty where they have none."""
    wanted = {"Progressing"} if upgrade.v2 else set(upgrade.conditions) - {"LogReady"}
    rows = (c for c in upgrade.conditions.values() if c.status == "False" and c.type in wanted)
    return next((": ".join(filter(None, (c.reason, c.message))) for c in rows if c.reason or c.message), "")


def format_duration(age: timedelta, short: bool = False) -> str:
    """``3 h 20 min``; of less than a minute it says so, ``< 1 min`` where it is to be `short`."""
    hours, minutes = int(age.total_seconds()) // 3600, int(age.total_seconds()) // 60 % 60
    if hours >= 48:
        return f"{hours // 24} days"
    if hours and not minutes:
        return f"{hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else INSTANT[short]


def format_ago(age: timedelta) -> str:
    """``3 h 20 min before the collection``"""
    return f"{format_duration(age)} before the collection"


def format_idle(took: str) -> str:
    """``after 3 h in which no Job was at work``"""
    return f"after {took} in which no Job was at work"
