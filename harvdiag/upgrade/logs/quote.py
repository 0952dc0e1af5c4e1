"""Quotes: single lines of logs, fit to be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harvdiag.core.secrets import mask_secrets
from harvdiag.core.timestamps import Timestamp
from harvdiag.upgrade.logs.joinstep import JoinStep

__all__ = ["LONGEST", "Quote", "build_quote", "find_timestamp", "strip_time"]

LONGEST = 300
"""Characters of a line that are quoted."""
_STAMPS = (
    re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d))"),  # of the API, before each line
    re.compile(r'\btime="?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))'),
    re.compile(r"^([A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)?) "),  # of journalctl, which has no year
)

_TIME = re.compile(r"^\S+Z |^[A-Z][a-z]{2} [ \d]\d [\d:.]+ |\btime=\"?[^\" ]*\"? ?")


@dataclass(frozen=True, kw_only=True)
class Quote:
    """One line of a log: its file, its own time stamp, its text and what it means.

    `time` is as the line writes it: RFC 3339, or ``May 06 10:00:00.123456`` where only the journal has it; empty
    where there is none. `line` is untrusted text, masked and cut to 300 characters.
    `step` is that of a join that the line is about, None where there is none. `number` is that of the line in its
    file, from 1; 0 where it is unknown, as only the end of the log was read.
    """

    file: str
    time: str
    line: str
    meaning: str = ""
    step: JoinStep | None = None
    number: int = 0

    @property
    def place(self) -> str:
        """Where it is: ``logs/cattle-system/rancher-…/rancher.log, line 120``."""
        return f"{self.file}, line {self.number}" if self.number else self.file

    @property
    def at(self) -> Timestamp:
        """The time as a Timestamp; false where it is missing or has no year."""
        return Timestamp(self.time)

    def __str__(self) -> str:
        return f"{self.file}: {self.line}"


def build_quote(file: str, line: str, focus: str = "", meaning: str = "") -> Quote:
    """Build the quote of a line; of a long one the part around `focus` is kept."""
    return Quote(file=file, time=find_timestamp(line), line=_shorten_line(mask_secrets(line), focus), meaning=meaning)


def find_timestamp(line: str) -> str:
    """Return the time stamp of a line; empty where it has none."""
    return next((found[1] for pattern in _STAMPS if (found := pattern.search(line[:LONGEST]))), "")


def strip_time(line: str) -> str:
    """Return the line without the time before it, so that repeated lines are alike."""
    return _TIME.sub("", line, count=1)


def _shorten_line(line: str, focus: str) -> str:
    if len(line) <= LONGEST:
        return line
    at = line.find(focus)
    if at + len(focus) < LONGEST:
        return f"{line[: LONGEST - 1]}…"
    start = min(at - LONGEST // 3, len(line) - LONGEST + 1)
    end = start + LONGEST - 2
    return f"…{line[start:end]}{'…' if end < len(line) else ''}"
