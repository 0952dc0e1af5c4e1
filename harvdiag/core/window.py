"""A window of time, as a user gives it: absolute, or counted back from the time of collection."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.core.timestamps import Timestamp

__all__ = ["Moment", "Window", "parse_span", "parse_window"]

Moment = str | datetime | timedelta | None
"""``30m``, ``2025-05-07T10:00Z``, ``10:00``, a time, or how long before the collection; None or empty: no limit."""
UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# Compiled when they are first used: a check reads no window.
_SPAN = r"(?:\d{1,9}(?:\.\d{1,9})?(?:ms|s|m|h|d|w))+"
_PART = r"([\d.]+)(ms|s|m|h|d|w)"
_CLOCK = r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?Z?"
FORMS = "such as 30m, 2h or 3d before the collection, 2025-05-07T10:00Z, 2025-05-07 or 10:00 (UTC)"


class Window(NamedTuple):
    """What lies between two times, both included; None has no limit. False where nothing is limited."""

    since: datetime | None = None
    until: datetime | None = None

    def __bool__(self) -> bool:
        return self.since is not None or self.until is not None

    def holds(self, at: datetime) -> bool:
        """Whether a time lies within."""
        return (self.since is None or at >= self.since) and (self.until is None or at <= self.until)

    def touches(self, began: datetime, ended: datetime | None) -> bool:
        """Whether a span of time has a part within; None: it has not ended."""
        return (self.until is None or began <= self.until) and (
            self.since is None or ended is None or ended >= self.since
        )

    def __str__(self) -> str:
        """``since 2025-05-07 10:00:00 UTC``"""
        limits = {"since": self.since, "until": self.until}
        return " ".join(f"{word} {at:%Y-%m-%d %H:%M:%S} UTC" for word, at in limits.items() if at)


def parse_window(since: Moment, until: Moment, now: Timestamp) -> Window:
    """Return the window between two times; what is relative counts back from `now`, the time of collection.

    Raises UsageError for what is neither a time nor a duration, for a duration where `now` is unknown, and for a
    window that ends before it begins.
    """
    window = Window(_parse_moment("since", since, now), _parse_moment("until", until, now))
    if window.since and window.until and window.since > window.until:
        raise UsageError(f"nothing lies between {window}: give the earlier time as since")
    return window


def parse_span(text: str) -> timedelta | None:
    """Return a duration such as ``30m``, ``2h`` or ``1d12h``; None for another text. OverflowError for 10,000 years."""
    if not re.fullmatch(_SPAN, text, re.ASCII):
        return None
    parts = (timedelta(**{UNITS[unit]: float(number)}) for number, unit in re.findall(_PART, text, re.ASCII))
    return sum(parts, timedelta())


def _parse_moment(name: str, given: Moment, now: Timestamp) -> datetime | None:
    if given is None or given == "":
        return None
    try:
        if isinstance(given, datetime):
            return _in_utc(given)
        if isinstance(given, timedelta):
            return _before(name, given, now)
        return _parse_text(name, given.strip(), now)
    except (OverflowError, ValueError):
        raise UsageError(f"invalid time {name}={str(given)!r}: give one {FORMS}") from None


def _parse_text(name: str, text: str, now: Timestamp) -> datetime:
    span = parse_span(text)
    if span is not None:
        return _before(name, span, now)
    if clock := re.fullmatch(_CLOCK, text, re.ASCII):
        moment = _before(name, timedelta(), now)
        hour, minute, second = (int(part or 0) for part in clock.groups())
        at = moment.replace(hour=hour, minute=minute, second=second, microsecond=0)
        return at if at <= moment else at - timedelta(days=1)
    return _in_utc(datetime.fromisoformat(text))


def _before(name: str, span: timedelta, now: Timestamp) -> datetime:
    if now.at is None:
        raise UsageError(
            f"{name} cannot be counted back: the time of collection is not known; give a time such as 2025-05-07T10:00Z"
        )
    return now.at - span


def _in_utc(at: datetime) -> datetime:
    """A time in UTC; one without a zone is in UTC already."""
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
