"""One column of a table as kubectl prints it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from harvdiag.core.ages import format_age
from harvdiag.core.conditions import find_condition
from harvdiag.core.fields import Obj, field_path, get_text, name_of
from harvdiag.core.timestamps import Timestamp

__all__ = ["AGE", "NAME", "NONE", "PrintColumn", "computed", "condition", "field", "print_value"]

NONE = "<none>"
"""What kubectl prints where there is no value."""


class PrintColumn(NamedTuple):
    """A column: its header, the text of an object at the time of collection, and whether only ``-o wide`` has it.

    The text is untrusted; empty means that there is no value.
    """

    header: str
    text: Callable[[Obj, Timestamp], str]
    wide: bool = False


def field(header: str, *paths: str, wide: bool = False) -> PrintColumn:
    """Return a column with the first of `paths` that is set."""
    fields = [field_path(path) for path in paths]

    def text(obj: Obj, _: Timestamp) -> str:
        return next((shown for path in fields if (shown := print_value(path.get(obj)))), "")

    return PrintColumn(header, text, wide)


def computed(header: str, text: Callable[[Obj], str], wide: bool = False) -> PrintColumn:
    """Return a column whose text needs no time."""
    return PrintColumn(header, lambda obj, _: text(obj), wide)


def condition(header: str, kind: str, wide: bool = False) -> PrintColumn:
    """Return a column with the status of a condition."""
    return computed(header, lambda obj: find_condition(obj, kind).status, wide)


def print_value(value: Any) -> str:
    """Return a value as kubectl prints it in a cell; empty for none."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(map(print_value, value))
    return str(value)


NAME = computed("NAME", name_of)
AGE = PrintColumn("AGE", lambda obj, now: format_age(get_text(obj, "metadata.creationTimestamp"), now))
