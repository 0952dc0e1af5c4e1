"""One log, read from its end: texts found in it, and their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.logs.joinstep import JoinStep
from harvdiag.upgrade.logs.quote import Quote, build_quote

__all__ = ["MOST", "Log", "LogMatch", "LogPattern", "open_log"]

MOST = 4 << 20
"""Bytes of a log that are looked at, from its end: some 30,000 lines. Collectors cut the logs of units at 10 MB and
those of pods never."""
LINE = 1 << 16
"""Bytes of a line that are looked at."""


class LogPattern(NamedTuple):
    """A text in a log line, what it means, and the step of a join that it belongs to.

    Where `also` is given, the line must match that regular expression too (any case).
    """

    text: str
    meaning: str
    step: JoinStep | None = None
    also: str = ""

    def matches_line(self, line: str) -> bool:
        """Whether the line contains it."""
        return self.text in line and (not self.also or re.search(self.also, line, re.IGNORECASE) is not None)


class LogMatch(NamedTuple):
    """A match of a pattern, with its place in the log."""

    place: int
    pattern: LogPattern


class Log:
    """The last bytes of one log; `whole` says whether they are all of it, `size` how many were read.

    Places are offsets into these bytes.
    """

    def __init__(self, file: str, data: bytes, whole: bool) -> None:
        self.file = file
        # The first line may start anywhere, also in the middle of a password that could then not be masked.
        self._data = data if whole else data[data.find(b"\n") + 1 or len(data) :]
        self.whole = whole
        self.size = len(data)

    def find_places(self, text: str) -> Iterator[int]:
        """Find the places of a text, the last one first."""
        needle, at = text.encode(), len(self._data)
        while (at := self._data.rfind(needle, 0, at)) >= 0:
            yield at

    def count(self, text: str, after: int = 0) -> int:
        """Count how often a text occurs after a place."""
        return self._data.count(text.encode(), max(after, 0))

    def find_matches(self, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
        """Find every match of a regular expression, in the order of the log."""
        return pattern.finditer(self._data)

    def find_last(self, patterns: Sequence[LogPattern]) -> LogMatch | None:
        """Find the last line that a pattern matches: its place, and that pattern; of several the first given."""
        found = []
        for text in dict.fromkeys(pattern.text for pattern in patterns):
            alike = [pattern for pattern in patterns if pattern.text == text]
            found += [LogMatch(at, alike[-1]) for at in [self._last_place_of(alike)] if at >= 0]
        if not found:
            return None
        last = max(found, key=lambda one: one.place)
        line = self.line_at(last.place)
        return LogMatch(last.place, next((first for first in patterns if first.matches_line(line)), last.pattern))

    def _last_place_of(self, alike: Sequence[LogPattern]) -> int:
        """The last place that one of these patterns, which share their text, matches."""
        simple = any(not pattern.also for pattern in alike)
        places = self.find_places(alike[0].text)
        return next(
            (at for at in places if simple or any(pattern.matches_line(self.line_at(at)) for pattern in alike)), -1
        )

    def line_at(self, at: int) -> str:
        """The line around a place; bytes that are not UTF-8 are replaced."""
        start = self._data.rfind(b"\n", 0, at) + 1
        end = self._data.find(b"\n", at)
        end = len(self._data) if end < 0 else end
        return self._data[start : min(end, start + LINE)].decode(errors="replace").rstrip("\r")

    def quote_at(self, at: int, focus: str = "", meaning: str = "") -> Quote:
        """The line around a place as a quote."""
        number = self._data.count(b"\n", 0, at) + 1 if self.whole else 0
        return replace(build_quote(self.file, self.line_at(at), focus, meaning), number=number)

    def line_places(self) -> Iterator[int]:
        """A place in each line that is not empty, the last line first."""
        at = len(self._data)
        while at > 0:
            start = self._data.rfind(b"\n", 0, at) + 1
            if self._data[start:at].strip():
                yield start
            at = start - 1

    def lines(self) -> Iterator[tuple[int, str]]:
        """Each line that is not empty, the first one first, with its number; 0 where only the end was read."""
        for number, line in enumerate(self._data.split(b"\n"), 1):
            if line.strip():
                yield number if self.whole else 0, line[:LINE].decode(errors="replace").rstrip("\r")

    def last_place(self) -> int | None:
        """A place in the last line that is not empty; None where there is none."""
        length = len(self._data.rstrip())
        return length - 1 if length else None


def open_log(snapshot: Snapshot, file: str, most: int = MOST) -> Log:
    """Open the end of a log, at most so many bytes. Raises HarvdiagError where it is missing or cannot be read."""
    data = snapshot.tail(file, most)
    return Log(file, data, len(data) < most)
