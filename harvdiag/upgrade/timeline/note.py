"""Notes: single statements with a raw time, and the parser of such times."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache

from harvdiag.core.fields import Obj, name_of, namespace_of
from harvdiag.core.model import ObjectRef
from harvdiag.core.secrets import mask_secrets
from harvdiag.core.timestamps import Timestamp
from harvdiag.upgrade import logs

__all__ = ["EntryKind", "Note", "is_future", "mark_drain_error", "parse_time", "ref_of", "shorten_text"]

AHEAD = timedelta(minutes=5)
"""How far clocks may differ and a collection may last; a time later than that after it is wrong."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNIX_DATE = re.compile(r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d:\d\d:\d\d) (?:UTC|GMT) (\d{4})")
_DRAIN_ERROR = re.compile(
    r"(?!Normal ).*\bdrain\w*.*\b(?:error|fail|cannot|refus)|(?!Normal ).*\b(?:error|fail)\w*.*\bdrain"
)
_FIRST_YEAR = 2000  # Go's zero time, year 1, means that no time was set


class EntryKind(Enum):
    """What sort of thing happened, where it is a fault."""

    OTHER = "other"
    JOB_FAILED = "job-failed"
    NOT_READY = "node-not-ready"
    MACHINE_DELETED = "machine-deleted"
    DRAIN_ERROR = "drain-error"


@dataclass(frozen=True, kw_only=True)
class Note:
    """One thing with a time, if `time` is one; the other fields are those of `Entry`."""

    time: str
    what: str
    node: str
    object: ObjectRef
    field: str
    moves: bool = True
    kind: EntryKind = EntryKind.OTHER


def mark_drain_error(note: Note) -> Note:
    """Return the note, marked as a drain error where the text of an Event, condition or log line shows one."""
    is_drain_error = note.kind is EntryKind.OTHER and not note.moves and _DRAIN_ERROR.match(note.what)
    return replace(note, kind=EntryKind.DRAIN_ERROR) if is_drain_error else note


def parse_time(written: str) -> datetime | None:
    """The time of an object's field: RFC 3339, or Go's UnixDate in UTC; None for anything else."""
    if found := _UNIX_DATE.fullmatch(written):
        month = MONTHS.index(found[1]) + 1 if found[1] in MONTHS else 0
        written = f"{found[4]}-{month:02}-{int(found[2]):02}T{found[3]}Z"
    at = Timestamp(written).at
    return at if at and at.year >= _FIRST_YEAR else None


def is_future(at: datetime, now: datetime | None) -> bool:
    """Whether a time is after the collection, by more than clocks differ; False where that has no time."""
    return now is not None and at - now > AHEAD


def ref_of(kind: str, obj: Obj) -> ObjectRef:
    """The name of an object."""
    return ObjectRef(kind, namespace_of(obj), name_of(obj))


@lru_cache(maxsize=512)  # many conditions say the same
def shorten_text(value: str) -> str:
    """Return untrusted text on one line, masked, and not longer than a quote."""
    line = " ".join(mask_secrets(value).split())
    return line if len(line) <= logs.LONGEST else f"{line[: logs.LONGEST - 1]}…"
