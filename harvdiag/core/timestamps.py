"""Moments: times as the objects write them, how long before the collection they were, and spans as people do."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from harvdiag.core.errors import UsageError

__all__ = ["Timestamp", "latest_time", "parse_duration"]

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h))+|\d+(?:\.\d+)?", re.ASCII)
LONGEST = 24 * 3600
EARLIEST = datetime.min.replace(tzinfo=UTC)


class Timestamp:
    """An RFC 3339 time of the API (``2025-05-08T10:00:00Z``); false where it is empty or no time at all.

    Times compare as moments, however each is written; one that is not known comes before all others.
    """

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = _parse_time(text)

    def __bool__(self) -> bool:
        return self.at is not None

    def since(self, earlier: Timestamp) -> timedelta | None:
        """The time from `earlier` to this moment, or None where either is unknown."""
        return self.at - earlier.at if self.at and earlier.at else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and self.at == other.at

    def __lt__(self, other: Timestamp) -> bool:
        return (self.at or EARLIEST) < (other.at or EARLIEST)

    def __hash__(self) -> int:
        return hash(self.at)

    def __str__(self) -> str:
        return self.at.strftime("%Y-%m-%d %H:%M UTC") if self.at else "unknown time"


def latest_time(*times: str) -> str:
    """The latest of times as the API writes them; empty where none is told."""
    return max(filter(None, map(Timestamp, times)), default=Timestamp("")).text


def parse_duration(given: str | float) -> float:
    """A time as kubectl takes it, in seconds: ``30``, ``30s``, ``1h30m``. Raises UsageError for what is none."""
    text = str(given).strip()
    if not SPAN.fullmatch(text):
        raise UsageError(f"{text!r} is no time above zero, such as 30s, 2m or 1h30m")
    parts = re.findall(r"([\d.]+)(ms|s|m|h)?", text)
    total = sum(float(number) * UNITS[unit or "s"] for number, unit in parts)
    if not total:
        raise UsageError(
            f"{text!r} is no time above zero: kubectl takes it as no limit, harvdiag needs one, such as 5m"
        )
    if total > LONGEST:
        raise UsageError(f"{text!r} is more than a day: give a time such as 30s, 2m or 1h30m")
    return total


def _parse_time(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
