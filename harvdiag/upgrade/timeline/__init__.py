"""What happened when during an upgrade: as entries, as phases with their durations, as a table and as text."""

from harvdiag.upgrade.timeline.entries import Entry, History, build_timeline, find_stop, find_untimed
from harvdiag.upgrade.timeline.note import EntryKind, is_future
from harvdiag.upgrade.timeline.show import PHASE_COLUMNS, build_entry_frame, build_phase_frame, format_entries
from harvdiag.upgrade.timeline.span import Span
from harvdiag.upgrade.timeline.spans import find_phases

__all__ = [
    "PHASE_COLUMNS",
    "Entry",
    "EntryKind",
    "History",
    "Span",
    "build_entry_frame",
    "build_phase_frame",
    "build_timeline",
    "find_phases",
    "find_stop",
    "find_untimed",
    "format_entries",
    "is_future",
]
