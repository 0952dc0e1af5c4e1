"""Tables of harvdiag as HTML: times and durations with their units, yes and no, a dash for what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from harvdiag.core.marks import SIGNS
from harvdiag.reports.notebook.grid import Cell, render_grid
from harvdiag.upgrade.wording import format_duration

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["frame_html"]

Formatter = Callable[[Any], Cell]
WORDS = {"true": "yes", "false": "no", "unknown": "unknown"}
"""What a column of truth values, whether of pandas or of Kubernetes, shows."""
DAY, MINUTE, SECOND = "%Y-%m-%d", "%H:%M", "%H:%M:%S"
UNBROKEN = "\u00a0"
"""The space between a number and its unit."""


def frame_html(frame: pd.DataFrame) -> str:
    """Return the HTML of a table; an index is shown where it has a name."""
    whole = frame.reset_index() if any(name is not None for name in frame.index.names) else frame
    columns = [_format_column(str(name), values) for name, values in whole.items()]
    return render_grid([head for head, _ in columns], list(zip(*(cells for _, cells in columns), strict=True)))


def _format_column(name: str, values: pd.Series[Any]) -> tuple[str, list[Cell]]:
    """The heading of a column and its cells."""
    missing = values.isna()
    known = list(values[~missing])
    kind = getattr(values.dtype, "kind", "O")
    head, form = _time_format(name, known) if kind == "M" else (name, _choose_format(kind, known))
    return head, [Cell("") if nothing else form(value) for value, nothing in zip(values, missing, strict=True)]


def _choose_format(kind: str, known: Iterable[Any]) -> Formatter:
    """The form of a column by its type; of one of text by what it holds."""
    if kind == "m":
        return _format_length
    words = {str(value).lower() for value in known}
    if words and words <= WORDS.keys():
        return lambda value: Cell(WORDS[str(value).lower()])
    if words and words <= SIGNS.keys():
        return lambda value: Cell(f"{SIGNS[value.lower()]} {value}")
    return lambda value: Cell(str(value))


def _format_length(value: Any) -> Cell:
    return Cell(format_duration(value, short=True).replace(" ", UNBROKEN), str(int(value.total_seconds())))


def _time_format(name: str, known: Iterable[Any]) -> tuple[str, Formatter]:
    """Minutes, or seconds where two times differ by these alone; a date that all share stands in the heading."""
    times = set(known)
    days = {time.strftime(DAY) for time in times}
    clock = MINUTE if len({time.strftime(DAY + MINUTE) for time in times}) == len(times) else SECOND
    if len(days) == 1:
        return f"{name}, {days.pop()}", lambda value: Cell(value.strftime(f"{clock}{UNBROKEN}UTC"), value.isoformat())
    return name, lambda value: Cell(value.strftime(f"{DAY} {clock}{UNBROKEN}UTC"), value.isoformat())
