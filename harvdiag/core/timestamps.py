"""Timestamps as Kubernetes objects contain them, and durations as users write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from harvdiag.core.errors import UsageError

__all__ = ["Timestamp", "format_time", "latest_time", "normalise_time", "parse_duration"]

UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h))+|\d+(?:\.\d+)?", re.ASCII)
LONGEST = 24 * 3600
EARLIEST = datetime.min.replace(tzinfo=UTC)


class Timestamp:
    """An RFC 3339 time of the API (``2025-05-08T10:00:00Z``); false if it is empty or invalid.

    Timestamps compare by the time they denote, whatever their format; unknown ones sort before all others.
    """

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = _parse_time(text)

    def __bool__(self) -> bool:
        return self.at is not None

    def since(self, earlier: Timestamp) -> timedelta | None:
        """Return the time since `earlier`, or None if either is unknown."""
        return self.at - earlier.at if self.at and earlier.at else None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and self.at == other.at

    def __lt__(self, other: Timestamp) -> bool:
        return (self.at or EARLIEST) < (other.at or EARLIEST)

    def __hash__(self) -> int:
        return hash(self.at)

    def __str__(self) -> str:
        return self.at.strftime("%Y-%m-%d %H:%M UTC") if self.at else "unknown time"


def format_time(at: datetime) -> str:
    """Return a time as every JSON document has it: RFC 3339, in UTC, with ``Z``; one without an offset is UTC."""
    utc = at.astimezone(UTC) if at.tzinfo else at
    return f"{utc.replace(tzinfo=None).isoformat()}Z"


def normalise_time(text: str) -> str:
    """Return a time of the API in the same spelling, whatever its offset; a text that is not a time as it is."""
    at = _parse_time(text)
    return format_time(at) if at else text


def latest_time(*times: str) -> str:
    """Return the latest of times in the API's format; empty if none is known."""
    return max(filter(None, map(Timestamp, times)), default=Timestamp("")).text


def parse_duration(given: str | float) -> float:
    """Return a duration in kubectl's format (``30``, ``30s``, ``1h30m``) in seconds. Raises UsageError if invalid."""
    text = str(given).strip()
    if not SPAN.fullmatch(text):
        raise UsageError(f"invalid duration {text!r}: give a time above zero, such as 30s, 2m or 1h30m")
    parts = re.findall(r"([\d.]+)(ms|s|m|h)?", text)
    total = sum(float(number) * UNITS[unit or "s"] for number, unit in parts)
    if not total:
        # kubectl's own meaning, no limit, would let a cluster that never answers block harvdiag
        raise UsageError(f"invalid duration {text!r}: harvdiag needs a limit, such as 5m (kubectl takes 0 as no limit)")
    if total > LONGEST:
        raise UsageError(f"invalid duration {text!r}: more than a day; give a time such as 30s, 2m or 1h30m")
    return total


def _parse_time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
