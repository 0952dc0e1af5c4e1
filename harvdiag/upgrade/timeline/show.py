"""A timeline as a table and as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harvdiag.core.escape import escape_text
from harvdiag.core.frames import build_table
from harvdiag.upgrade.timeline.entries import Entry
from harvdiag.upgrade.timeline.span import Span

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PHASE_COLUMNS", "build_entry_frame", "build_phase_frame", "format_entries"]

COLUMNS = {"time": "datetime64[ns, UTC]", "what": "str", "node": "str", "object": "str", "field": "str"}
PHASE_COLUMNS = {
    "node": "str",
    "step": "str",
    "began": "datetime64[ns, UTC]",
    "ended": "datetime64[ns, UTC]",
    "duration": "timedelta64[ns]",
    "gap": "timedelta64[ns]",
}


def build_entry_frame(entries: Sequence[Entry]) -> pd.DataFrame:
    """Return one row per entry: `time` (datetime64[ns, UTC]), `what`, `node`, `object`, `field` (str).

    `node` is missing where the entry is about the cluster as a whole.
    """
    rows = [(e.time, e.what, e.node or None, str(e.object), e.field) for e in entries]
    return build_table(rows, COLUMNS)


def build_phase_frame(spans: Sequence[Span]) -> pd.DataFrame:
    """Return one row per span: `node`, `step` (str), `began`, `ended` (datetime64[ns, UTC]), `duration`, `gap`
    (timedelta64[ns]).

    `node` is missing for a phase of the whole upgrade, `ended` and `duration` for what is in progress.
    """
    rows = [(s.node or None, s.step, s.began, s.ended, s.duration, s.gap) for s in spans]
    return build_table(rows, PHASE_COLUMNS)


def format_entries(entries: Sequence[Entry]) -> list[str]:
    """Format one line per entry for a terminal: time, node (``-`` for the cluster), what, and its source."""
    wide = max((len(escape_text(entry.node)) for entry in entries), default=0) or 1
    return [f"{e.time:%Y-%m-%d %H:%M:%S} UTC  {escape_text(e.node) or '-':{wide}}  {_entry_text(e)}" for e in entries]


def _entry_text(entry: Entry) -> str:
    return f"{escape_text(entry.what)}  [{escape_text(f'{entry.object} {entry.field}')}]"
