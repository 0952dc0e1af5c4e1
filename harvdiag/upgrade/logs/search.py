"""All logs of a source, searched for several expressions in one pass, within bounds that no clock sets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import NamedTuple

from harvdiag.core.errors import HarvdiagError
from harvdiag.core.ignore import fits
from harvdiag.core.policy import Rewrite
from harvdiag.core.timestamps import Timestamp
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.logs.files import LogFile, list_files
from harvdiag.upgrade.logs.log import MOST, open_log
from harvdiag.upgrade.logs.moment import line_time
from harvdiag.upgrade.logs.once import once
from harvdiag.upgrade.logs.quote import Quote, build_quote

__all__ = ["BUDGET", "LINE", "LogHit", "LogSearch", "Wish", "search_logs"]

BUDGET = 128 << 20
"""Bytes of all logs together that are searched."""
LINE = 1_000
"""Characters of a line in which an expression is looked for: its time may grow with a power of this number."""
REACH = 200
"""Lines before one without a time that are looked at for its time."""
KEPT = 3
"""Lines that are kept of each owner, the last ones."""


class Wish(NamedTuple):
    """An expression that is looked for, in any case, and in which logs: patterns of each, none of them: in all."""

    pattern: str
    namespaces: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    newer_than: timedelta | None = None
    """How old a line may be when the source was collected; None: any, as is one whose time no line tells."""

    def covers(self, log: LogFile, reveal: Rewrite) -> bool:
        """Whether it is looked for in a log. A node has no namespace."""
        placed = fits(reveal(log.namespace), self.namespaces) and fits(reveal(log.name), self.names)
        return placed and fits(log.part, self.parts)


@dataclass(kw_only=True)
class LogHit:
    """The lines of one node or pod that match: how many, and the last of them."""

    log: LogFile
    """One of its logs."""
    count: int = 0
    quotes: list[Quote] = field(default_factory=list)


@dataclass(kw_only=True)
class LogSearch:
    """What was found for one expression: the owners by kind, namespace and name, and what was not searched."""

    hits: list[LogHit]
    logs: int
    """How many logs it is about."""
    searched: int
    errors: list[str]
    """Why logs could not be read, each with its file."""


@once
def search_logs(snapshot: Snapshot, wishes: tuple[Wish, ...], reveal: Rewrite = str) -> list[LogSearch]:
    """Search every log once for all expressions; return what was found for each of them.

    `reveal` gives the names as people know them, where the source is read with others.

    Of a log, the last `MOST` bytes are searched, of all of them `BUDGET`, of a line `LINE` characters.
    """
    searches = [_Search(wish, reveal) for wish in wishes]
    left = BUDGET
    for log in list_files(snapshot):
        concerned = [search for search in searches if search.wish.covers(log, reveal)]
        for search in concerned:
            search.found.logs += 1
        if not concerned or left <= 0:
            continue
        try:
            opened = open_log(snapshot, log.file, MOST)
        except HarvdiagError as error:
            for search in concerned:
                search.found.errors.append(f"{log.file}: {error}")
            continue
        left -= opened.size
        _search_lines(_Lines([*opened.lines()], snapshot.collected_at), log, concerned)
    return [search.found for search in searches]


class _Search:
    """One expression while the logs are read."""

    def __init__(self, wish: Wish, reveal: Rewrite) -> None:
        self.wish, self.reveal = wish, reveal
        self.look = re.compile(wish.pattern, re.IGNORECASE).search
        self.found = LogSearch(hits=[], logs=0, searched=0, errors=[])

    def keep(self, log: LogFile, number: int, line: str, focus: str) -> None:
        """Keep a line that matches; of each owner the last ones."""
        last = self.found.hits[-1] if self.found.hits else None
        if last is None or (last.log.kind, last.log.namespace, last.log.name) != (log.kind, log.namespace, log.name):
            last = LogHit(log=log)
            self.found.hits.append(last)
        last.count += 1
        last.quotes = [*last.quotes[1 - KEPT :], replace(build_quote(log.file, line, focus), number=number)]


class _Lines(NamedTuple):
    """The lines of a log with their numbers, and the time of the collection."""

    numbered: list[tuple[int, str]]
    now: Timestamp

    def is_newer(self, place: int, span: timedelta | None) -> bool:
        """Whether a line is not older than so; one without a time belongs to the line before it."""
        if span is None or self.now.at is None:
            return True
        before = (self.numbered[at][1] for at in range(place, max(place - REACH, -1), -1))
        at = next((time for line in before if (time := line_time(line, self.now))), None)
        return at is None or at >= self.now.at - span


def _search_lines(lines: _Lines, log: LogFile, searches: list[_Search]) -> None:
    for search in searches:
        search.found.searched += 1
    for place, (number, line) in enumerate(lines.numbered):
        part = searches[0].reveal(line[:LINE])
        for search in searches:
            if (match := search.look(part)) and lines.is_newer(place, search.wish.newer_than):
                search.keep(log, number, line, match[0])
