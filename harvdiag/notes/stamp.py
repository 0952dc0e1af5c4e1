"""Who writes a note, and when: the only place that asks for the user's name and the clock."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

from harvdiag.core.timestamps import Timestamp

__all__ = ["choose_author", "choose_time"]

AUTHOR = "HARVDIAG_AUTHOR"
FIXED = "SOURCE_DATE_EPOCH"
"""By custom, the variable that fixes the time of what a program makes."""
UNKNOWN = "unknown"
MOMENT = timedelta(seconds=1)


def choose_author() -> str:
    """Return the name in HARVDIAG_AUTHOR, else that of the user of this machine, else ``unknown``."""
    import getpass

    try:
        return os.environ.get(AUTHOR, "").strip() or getpass.getuser()
    except (OSError, KeyError, ImportError):
        return UNKNOWN


def choose_time(before: Timestamp | None = None) -> str:
    """Return the time of now in UTC, to a thousandth of a second; after `before`, if that is a moment ago.

    SOURCE_DATE_EPOCH (seconds since 1970) is the time of now where a result has to be the same in each run.
    """
    now = _fixed_time() or datetime.now(UTC)
    if before is not None and before.at and now - MOMENT < before.at < now + MOMENT:
        now = max(now, before.at + timedelta(milliseconds=1))
    return f"{now.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _fixed_time() -> datetime | None:
    try:
        return datetime.fromtimestamp(int(os.environ.get(FIXED, "")), UTC)
    except (ValueError, OverflowError, OSError):
        return None
