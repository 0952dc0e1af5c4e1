"""Moments: times as the objects write them, and how long before the collection they were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["Moment"]


def __dir__() -> list[str]:
    return __all__


class Moment:
    """An RFC 3339 time of the API (``2025-05-08T10:00:00Z``); false where it is empty or no time at all."""

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = _parse(text)

    def __bool__(self) -> bool:
        return self.at is not None

    def since(self, earlier: Moment) -> timedelta | None:
        """The time from `earlier` to this moment, or None where either is unknown."""
        return self.at - earlier.at if self.at and earlier.at else None

    def __str__(self) -> str:
        return self.at.strftime("%Y-%m-%d %H:%M UTC") if self.at else "unknown time"


def _parse(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
