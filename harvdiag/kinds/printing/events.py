"""Events in a table: when they were last seen, and about what."""

from __future__ import annotations

from harvdiag.core.ages import UNKNOWN, format_age
from harvdiag.core.fields import Obj, field_path, get_text
from harvdiag.core.timestamps import Timestamp
from harvdiag.kinds.pods import LAST_SEEN
from harvdiag.kinds.printing.column import NAME, PrintColumn, computed, field

__all__ = ["EVENTS", "EVENT_LIST", "event_subject", "last_seen"]

FIRST = ("firstTimestamp", "eventTime", "metadata.creationTimestamp")
SUBJECTS = ("involvedObject", "regarding")
"""The field with the object that an Event is about, in the core group and in events.k8s.io."""


def last_seen(obj: Obj) -> Timestamp:
    """Return when an Event was last seen; false where it has no time."""
    return next((at for path in LAST_SEEN if (at := Timestamp(get_text(obj, path)))), Timestamp(""))


def event_subject(obj: Obj) -> tuple[str, str]:
    """Return kind and name of the object that an Event is about."""
    subject = next((path for path in SUBJECTS if field_path(path).get(obj)), SUBJECTS[0])
    return get_text(obj, f"{subject}.kind"), get_text(obj, f"{subject}.name")


def _format_last(obj: Obj, now: Timestamp) -> str:
    return format_age(last_seen(obj).text, now)


def _format_counted(obj: Obj, now: Timestamp) -> str:
    """``3m (x12 over 40m)``, as `kubectl events` has it."""
    count = field_path("count").get(obj) or field_path("series.count").get(obj)
    began = next((at for path in FIRST if (at := Timestamp(get_text(obj, path)))), Timestamp(""))
    age = _format_last(obj, now)
    if not isinstance(count, int) or count < 2 or age == UNKNOWN:
        return age
    return f"{age} (x{count} over {format_age(began.text, now)})"


def _format_first(obj: Obj, now: Timestamp) -> str:
    return next((format_age(get_text(obj, path), now) for path in FIRST if get_text(obj, path)), UNKNOWN)


def _format_subject(obj: Obj) -> str:
    kind, name = event_subject(obj)
    return f"{kind.lower()}/{name}" if kind or name else ""


def _format_message(obj: Obj) -> str:
    return (get_text(obj, "message") or get_text(obj, "note")).strip()


_REST = (
    field("TYPE", "type"),
    field("REASON", "reason"),
    computed("OBJECT", _format_subject),
    field("SUBOBJECT", "involvedObject.fieldPath", wide=True),
    field("SOURCE", "source.component", "reportingComponent", "reportingController", wide=True),
    computed("MESSAGE", _format_message),
    PrintColumn("FIRST SEEN", _format_first, wide=True),
    field("COUNT", "count", "series.count", wide=True),
    NAME._replace(wide=True),
)
EVENTS = (PrintColumn("LAST SEEN", _format_last), *_REST)
EVENT_LIST = (PrintColumn("LAST SEEN", _format_counted), *_REST)
"""The columns of `kubectl events`, which counts repetitions beside the age."""
