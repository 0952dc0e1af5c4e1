"""Ages and durations in the form of kubectl's tables: ``45s``, ``3m20s``, ``26h``, ``5d3h``, ``2y40d``."""

from __future__ import annotations

from datetime import timedelta

from harvdiag.core.timestamps import Timestamp

__all__ = ["INVALID", "UNKNOWN", "format_age", "format_span"]

UNKNOWN, INVALID = "<unknown>", "<invalid>"
"""An age without a time, or without a time to compare with; an age below zero."""
SKEW = timedelta(seconds=2)
"""How far two clocks may differ before a time counts as one that has not come yet."""
MINUTE, HOUR, DAY, YEAR = 60, 3600, 86400, 365 * 86400
STEPS = (
    (2 * MINUTE, 1, "s", 0, ""),
    (10 * MINUTE, MINUTE, "m", 1, "s"),
    (3 * HOUR, MINUTE, "m", 0, ""),
    (8 * HOUR, HOUR, "h", MINUTE, "m"),
    (2 * DAY, HOUR, "h", 0, ""),
    (8 * DAY, DAY, "d", HOUR, "h"),
    (2 * YEAR, DAY, "d", 0, ""),
    (8 * YEAR, YEAR, "y", DAY, "d"),
)
"""Below which seconds which unit is shown, and which second one beside it; each step has its own precision."""


def format_span(span: timedelta) -> str:
    """Return a duration in kubectl's form, rounded down; ``<invalid>`` for one below zero."""
    if span <= -SKEW:
        return INVALID
    seconds = max(int(span.total_seconds()), 0)
    for limit, unit, sign, small, small_sign in STEPS:
        if seconds < limit:
            rest = seconds % unit // small if small else 0
            return f"{seconds // unit}{sign}{f'{rest}{small_sign}' if rest else ''}"
    return f"{seconds // YEAR}y"


def format_age(since: str, now: Timestamp) -> str:
    """Return how long before `now` a time of the API was; ``<unknown>`` where one of both is not known."""
    age = now.since(Timestamp(since))
    return UNKNOWN if age is None else format_span(age)
