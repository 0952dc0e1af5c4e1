"""The timeline of an upgrade: everything that has a time, in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from harvdiag.core.fields import get_text
from harvdiag.core.model import ObjectRef
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.run import UpgradeRun
from harvdiag.upgrade.timeline.note import EntryKind, Note, is_future, mark_drain_error, parse_time
from harvdiag.upgrade.timeline.objects import find_object_notes
from harvdiag.upgrade.timeline.said import find_event_notes

__all__ = ["Entry", "History", "build_timeline", "find_stop", "find_untimed"]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened; `kind` is the sort of fault, if it is one."""

    time: datetime
    """UTC."""
    what: str
    """May quote untrusted text."""
    node: str
    """Empty where it is about the cluster."""
    object: ObjectRef
    """Its source."""
    field: str
    """The field of `object`, or the log's name."""
    moves: bool = True
    """False for what is not a step of the upgrade: Events and lines of logs, plans that are run again, what breaks or
    flips on any day, and nodes that are done.
    """
    kind: EntryKind = EntryKind.OTHER


class History:
    """What happened in an upgrade. Its objects and its logs are read once, when first needed."""

    def __init__(self, run: UpgradeRun, snapshot: Snapshot) -> None:
        self._run = run
        self._snapshot = snapshot

    def entries(self, logs: bool = True) -> list[Entry]:
        """Return what happened since the Upgrade was created, the oldest first; without `logs` only what objects show,
        for `find_stop`: no log and no Event is read for that.

        Only the last change of a condition has a time; earlier ones are unknown. What has no time is left out and
        listed in `untimed`.
        """
        began = parse_time(get_text(self._run.upgrade.obj, "metadata.creationTimestamp"))
        notes = (*self._object_notes, *(self._event_notes if logs else ()))
        found = [_build_entry(at, mark_drain_error(note)) for note in notes if (at := parse_time(note.time))]
        return sorted(
            (entry for entry in found if began is None or entry.time >= began),
            key=lambda entry: (entry.time, entry.object, entry.field, entry.what),
        )

    @property
    def untimed(self) -> list[str]:
        """What is known without a time, or with one that cannot be read, and so is not an entry: a sentence each."""
        lost = [note for note in (*self._object_notes, *self._event_notes) if parse_time(note.time) is None]
        return [f"{note.object}: {note.what}, {_unknown_time(note.time)}" for note in lost]

    @cached_property
    def _object_notes(self) -> tuple[Note, ...]:
        return tuple(find_object_notes(self._run, self._snapshot))

    @cached_property
    def _event_notes(self) -> tuple[Note, ...]:
        return tuple(find_event_notes(self._run, self._snapshot))


def build_timeline(run: UpgradeRun, snapshot: Snapshot, logs: bool = True) -> list[Entry]:
    """Return `History.entries`; for several calls keep a History."""
    return History(run, snapshot).entries(logs)


def find_untimed(run: UpgradeRun, snapshot: Snapshot) -> list[str]:
    """Return `History.untimed`."""
    return History(run, snapshot).untimed


def find_stop(entries: Sequence[Entry], now: datetime | None = None) -> Entry | None:
    """Return the last entry that is a step of the upgrade; None where there is none. Other entries may follow it.

    With `now`, the time of the collection, entries after it do not count: such a time is wrong.
    """
    return next((entry for entry in reversed(entries) if entry.moves and not is_future(entry.time, now)), None)


def _build_entry(at: datetime, note: Note) -> Entry:
    """A note whose time is known."""
    return Entry(
        time=at, what=note.what, node=note.node, object=note.object, field=note.field, moves=note.moves, kind=note.kind
    )


def _unknown_time(time: str) -> str:
    return f"at an invalid time ({time[:40]!r})" if time else "at an unknown time"
