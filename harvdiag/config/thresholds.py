"""The thresholds in the file: ``[thresholds]``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from harvdiag.config.section import Section, as_span, show_value
from harvdiag.core.policy import Limit, Threshold, show_threshold

__all__ = ["read_thresholds"]


def read_thresholds(section: Section, limits: Mapping[str, Limit]) -> dict[str, Threshold]:
    """Return those that are given; what is wrong with them is noted in the section."""
    found: dict[str, Threshold] = {}
    for name, limit in limits.items():
        timed = isinstance(limit.default, timedelta)
        value = section.read(name, as_span if timed else _as_number, _describe(limit), None)
        if value is None:
            continue
        least, most = limit.bounds
        if not _number(least) <= _number(value) <= _number(most):
            bounds = f"{show_threshold(least)} to {show_threshold(most)}"
            section.fail(name, f"{show_value(section.table[name])} is out of bounds: {bounds}")
        found[name] = value
    section.close()
    return found


def _number(value: Threshold) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _describe(limit: Limit) -> str:
    shown = show_threshold(limit.default)
    return f"a whole number (of {limit.unit}), such as {shown}" if limit.unit else f'a time, such as "{shown}"'


def _as_number(value: Any) -> Threshold | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
