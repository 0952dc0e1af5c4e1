"""What happened when during an upgrade: as entries, as phases with their durations, as a table and as text."""

from harvdiag.upgrade.timeline.entries import Entry, History, stopped, timeline, untimed
from harvdiag.upgrade.timeline.note import EntryKind
from harvdiag.upgrade.timeline.show import PHASE_COLUMNS, frame, lines, phase_frame
from harvdiag.upgrade.timeline.span import Span
from harvdiag.upgrade.timeline.spans import phases

__all__ = [
    "PHASE_COLUMNS",
    "Entry",
    "EntryKind",
    "History",
    "Span",
    "frame",
    "lines",
    "phase_frame",
    "phases",
    "stopped",
    "timeline",
    "untimed",
]
