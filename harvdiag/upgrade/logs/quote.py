"""Quotes: single lines of logs, fit to be shown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harvdiag.core.timestamps import Timestamp
from harvdiag.upgrade.logs.joinstep import JoinStep

__all__ = ["LONGEST", "Quote", "build_quote", "find_timestamp", "mask_secrets", "strip_time"]

LONGEST = 300
"""Characters of a line that are quoted."""
# The end of a key: what stands before it, as in CATTLE_TOKEN, is kept in any case, so that no word is read twice.
_KEY = r"(?:password|passwd|secret|token|api[_-]?key)"
_WORDS = ("passw", "secret", "token", "api")
_SECRETS = (
    # key: value, key=value, "key": "value", also within an escaped text (\"key\":\"value\")
    (
        _WORDS,
        re.compile(rf"(?i)({_KEY}(?:\\{{0,15}}[\"'])?\s*[:=]\s*)(\\{{0,15}}[\"'])(?:(?!\2).)*(\2|$)"),
        r"\1\2***\3",
    ),
    (_WORDS, re.compile(rf"(?i)({_KEY}\s*[:=]\s*)(?![\"'\\\s]|\*\*\*)[^\s\"'\\,;&)}}\]]+"), r"\1***"),
    (("--",), re.compile(r"(?i)((?<![\w-])--[\w-]*(?:password|secret|token)\s+)(?!-)[^\s\"'\\]+"), r"\1***"),
    (("bearer", "basic"), re.compile(r"(?i)\b((?:bearer|basic)\s+)[\w.~+/=:-]{8,}"), r"\1***"),
    (("k10",), re.compile(r"\bK10[0-9a-fA-F]{16,}[\w:.-]*"), "***"),  # a join token of RKE2
    (("eyj",), re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*)*"), "***"),  # a JSON web token
    (("://",), re.compile(r"(://[^/\s:@\"']*:)[^/\s@\"']+@"), r"\1***@"),
)
"""What is masked: words of which one is in every such text, which is quick to tell, the expression, and the result."""
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


def mask_secrets(line: str) -> str:
    """Return the line with the values of keys such as token and password masked, as the collector does in files."""
    plain = line.casefold()
    for words, pattern, instead in _SECRETS:
        if any(word in plain for word in words):
            line = pattern.sub(instead, line)
    return line


def _shorten_line(line: str, focus: str) -> str:
    if len(line) <= LONGEST:
        return line
    at = line.find(focus)
    if at + len(focus) < LONGEST:
        return f"{line[: LONGEST - 1]}…"
    start = min(at - LONGEST // 3, len(line) - LONGEST + 1)
    end = start + LONGEST - 2
    return f"…{line[start:end]}{'…' if end < len(line) else ''}"
