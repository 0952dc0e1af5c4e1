"""The time of a line in a log, in any form that the programs of a host write."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from harvdiag.core.timestamps import Timestamp
from harvdiag.upgrade.logs.quote import find_timestamp

__all__ = ["line_time"]

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
AHEAD = timedelta(days=1)
"""How far the clock of a host may be ahead of the collection, before its time is taken for that of the year before."""
# Compiled when they are first used: most checks read no log.
_KLOG = r"^[IWEF](\d\d)(\d\d) (\d\d:\d\d:\d\d)"
_JOURNAL = r"^([A-Z][a-z]{2}) ([ \d]\d) (\d\d:\d\d:\d\d)"
_SLASHES = r"^(\d{4})[/-](\d\d)[/-](\d\d)[ T](\d\d:\d\d:\d\d)"


def line_time(line: str, now: Timestamp) -> datetime | None:
    """Return the time of a line in UTC; None where it has none.

    The journal and klog write no year: it is the last one in which their time was before the collection. A time
    without a zone is taken as UTC, in which Harvester's hosts write.
    """
    written = find_timestamp(line)
    if at := Timestamp(written).at:
        return at
    if found := re.match(_SLASHES, line, re.ASCII):
        return _build_time(found[1], found[2], found[3], found[4])
    if found := re.match(_JOURNAL, line, re.ASCII):
        month = MONTHS.index(found[1]) + 1 if found[1] in MONTHS else 0
        return _last_before(str(month), found[2], found[3], now)
    if found := re.match(_KLOG, line, re.ASCII):
        return _last_before(found[1], found[2], found[3], now)
    return None


def _last_before(month: str, day: str, clock: str, now: Timestamp) -> datetime | None:
    if now.at is None:
        return None
    latest = now.at + AHEAD
    years = (latest.year, latest.year - 1, latest.year - 2, latest.year - 3, latest.year - 4)  # for a 29th of February
    times = (_build_time(str(year), month, day, clock) for year in years)
    return next((at for at in times if at and at <= latest), None)


def _build_time(year: str, month: str, day: str, clock: str) -> datetime | None:
    try:
        return datetime.fromisoformat(f"{int(year):04}-{int(month):02}-{int(day):02}T{clock}").replace(tzinfo=UTC)
    except ValueError:
        return None
