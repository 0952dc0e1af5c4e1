"""One part of an explanation."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from harvdiag.core.timestamps import Moment
from harvdiag.rules.facts import Facts
from harvdiag.upgrade.logs import Quote
from harvdiag.upgrade.waiting import Wait
from harvdiag.upgrade.wording import span

__all__ = ["Part", "quoted", "since"]


def __dir__() -> list[str]:
    return __all__


class Part(NamedTuple):
    """One part of the explanation: its label (``Where``, ``Why``, …) and its text."""

    label: str
    text: str


def since(facts: Facts, told: Wait) -> str:
    """``; since 2025-05-08 06:40 UTC, 3 h 20 min before the collection``; empty where nobody tells."""
    moment = Moment(told.since)
    age = facts.now.since(moment)
    if not moment or age is None or age < timedelta(0):
        return ""
    return f"; since {moment}, {span(age)} before the collection"


def quoted(quote: Quote) -> str:
    """A line of a log with what it means and where it stands."""
    meaning = f" ({quote.meaning})" if quote.meaning else ""
    return f"{quote.line}{meaning}, in {quote.file}"
