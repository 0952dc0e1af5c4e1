"""Notes: single things that something tells with a time, raw, as it writes it; and what such a time is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.timestamps import Moment
from harvdiag.upgrade import logs

__all__ = ["Note", "late", "moment", "ref_of", "short"]

AHEAD = timedelta(minutes=5)
"""How far clocks may differ, and a collection take; what lies farther behind its time has not happened yet."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNIX_DATE = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d) (?:UTC|GMT) (\d{4})")
_FIRST_YEAR = 2000  # Go's zero time is the year 1, and stands where no time was set


def __dir__() -> list[str]:
    return __all__


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing with a time, if `time` is one; the other fields are those of `Entry`."""

    time: str
    what: str
    node: str
    object: ObjectRef
    field: str
    moves: bool = True


def moment(written: str) -> datetime | None:
    """The time of an object's field: RFC 3339, or Go's UnixDate in UTC; None for what is none."""
    if found := _UNIX_DATE.fullmatch(written):
        month = MONTHS.index(found[1]) + 1 if found[1] in MONTHS else 0
        written = f"{found[4]}-{month:02}-{int(found[2]):02}T{found[3]}Z"
    at = Moment(written).at
    return at if at and at.year >= _FIRST_YEAR else None


def late(at: datetime, now: datetime | None) -> bool:
    """Whether a time lies after the collection, by more than clocks differ; no where that has no time."""
    return now is not None and at - now > AHEAD


def ref_of(kind: str, obj: Obj) -> ObjectRef:
    """The name of an object."""
    return ObjectRef(kind, namespace_of(obj), name_of(obj))


def short(told: str) -> str:
    """Untrusted text on one line, masked, and not longer than a quote."""
    line = " ".join(logs.masked(told).split())
    return line if len(line) <= logs.LONGEST else f"{line[: logs.LONGEST - 1]}…"
