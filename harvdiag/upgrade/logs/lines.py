"""Lines of the logs of one node or pod, searched, within a window of time, fit to be shown."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypedDict, overload

from harvdiag.core.errors import HarvdiagError, UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.frames import build_frame
from harvdiag.core.secrets import MASK, mask_secrets
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.core.timestamps import Timestamp
from harvdiag.core.window import Moment, Window, parse_window
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.logs.files import NODE, LogFile, find_files
from harvdiag.upgrade.logs.log import MOST, Log, open_log
from harvdiag.upgrade.logs.moment import line_time
from harvdiag.upgrade.logs.quote import build_quote, find_timestamp

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LogLine", "LogLines", "LogOptions", "LogQuestion", "LogRead", "read_lines"]

COLUMNS = {"file": "str", "line": "Int64", "time": "datetime64[ns, UTC]", "text": "str"}
REACH = 64 << 20
"""Bytes of a log that are read, from its end, where the whole of it or a window of time is asked for."""
_LONGEST_BLOCK = 400
"""Lines of a key or certificate at most."""
Numbered = tuple[int, str]


class LogOptions(TypedDict, total=False):
    """The rest of a `LogQuestion`, whose fields have the same names."""

    since: Moment
    until: Moment
    namespace: str
    container: str
    previous: bool | None
    whole: bool


@dataclass(frozen=True, kw_only=True)
class LogQuestion:
    """Which lines are asked for."""

    of: str
    """``srv09``, ``node/srv09``, ``pod/NAME``, ``NAMESPACE/NAME``, ``deploy/NAME``."""
    grep: str = ""
    """A regular expression, in any case."""
    most: int | None = None
    """The last lines of each log that fit; None: all."""
    since: Moment = None
    until: Moment = None
    namespace: str = ""
    container: str = ""
    """The container of a pod, the unit of a node."""
    previous: bool | None = None
    """Of pods, only the logs of previous containers, or none of them; None: both."""
    whole: bool = False
    """Lines as long as they are, not cut to 300 characters."""


class LogLine(NamedTuple):
    """One line: its file in the bundle, its number from 1, its own time and its text.

    `number` is None where only the end of the log was read; `time` is as the line writes it, empty where it has none.
    `text` is untrusted; the values of passwords and tokens are masked in it, and it has at most 300 characters.
    """

    file: str
    number: int | None
    time: str
    text: str

    def __str__(self) -> str:
        return escape_text(f"{self.file}:{self.number or '?'}: {self.text}")


@dataclass(frozen=True, kw_only=True)
class LogRead:
    """What was read of one log: how many lines, how many of them fit, and what may be missing."""

    log: LogFile
    lines: int = 0
    fit: int = 0
    whole: bool = True
    """False where only the end was read."""
    timed: bool = True
    """False where no line has a time, so that a window of time does not apply."""
    error: str = ""
    """Why it could not be read."""


class LogLines(Sequence[LogLine]):
    """Lines of logs, file by file, in the order of each; a sequence with a table.

    `more` counts those that fit and were left out, `read` says what was read of each log.
    """

    def __init__(self, lines: Sequence[LogLine], more: int = 0, read: Sequence[LogRead] = ()) -> None:
        self._lines = tuple(lines)
        self.more = more
        self.read = tuple(read)

    @overload
    def __getitem__(self, index: int) -> LogLine: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[LogLine]: ...
    def __getitem__(self, index: int | slice) -> LogLine | Sequence[LogLine]:
        return self._lines[index]

    def __len__(self) -> int:
        return len(self._lines)

    def __repr__(self) -> str:
        left = [f"… {self.more} earlier lines left out"] if self.more else []
        failed = [escape_text(f"{read.log.file}: {read.error}") for read in self.read if read.error]
        return "\n".join([*failed, *left, *map(str, self._lines)]) or "no line"

    @property
    def frame(self) -> pd.DataFrame:
        """One row a line: `file` (str), `line` (Int64), `time` (UTC; missing where it has none, or no year), `text`."""
        rows = [(line.file, line.number, line.time or None, line.text) for line in self._lines]
        return build_frame(rows, COLUMNS)


def read_lines(snapshot: Snapshot, question: LogQuestion) -> LogLines:
    """Read the lines that are asked for, file by file.

    Of a log, the last 4 MiB are read, or 64 MiB where a window of time or the whole is asked for. A line without a
    time belongs to the line before it. Raises UsageError where the source has no such log, for an expression or a time
    that is not valid, and for a number below 1.
    """
    if question.most is not None and question.most < 1:
        raise UsageError(f"most={question.most}: give the number of lines, 1 or more")
    wanted = _compile_pattern(question.grep)
    window = parse_window(question.since, question.until, snapshot.collected_at)
    lines: list[LogLine] = []
    reads: list[LogRead] = []
    more = 0
    for file in _choose_files(find_files(snapshot, question.of, question.namespace), question):
        try:
            log = open_log(snapshot, file.file, REACH if question.whole or window else MOST)
        except HarvdiagError as error:
            reads.append(LogRead(log=file, error=str(error)))
            continue
        every = _mask_blocks(log.lines())
        within, timed = _select_window(every, window, snapshot.collected_at)
        fit = [(number, line) for number, line in within if wanted.search(line)]
        shown = deque(fit, question.most)
        lines += [_build_line(log, numbered, wanted, question.whole) for numbered in shown]
        more += len(fit) - len(shown)
        reads.append(LogRead(log=file, lines=len(every), fit=len(fit), whole=log.whole, timed=timed))
    return LogLines(lines, more, reads)


def _mask_blocks(lines: Iterable[Numbered]) -> list[Numbered]:
    """The lines, those of a key or certificate masked: alone none of them shows what it is."""
    made, left = [], 0
    for number, line in lines:
        inside = left > 0
        if "-----BEGIN " in line and "-----END " not in line:
            left = _LONGEST_BLOCK
        else:
            left = 0 if "-----END " in line else max(left - 1, 0)
        made.append((number, MASK if inside else line))
    return made


def _compile_pattern(grep: str) -> re.Pattern[str]:
    try:
        return re.compile(grep, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"grep={grep!r} is not a valid regular expression: {error}") from error


def _choose_files(files: Sequence[LogFile], question: LogQuestion) -> list[LogFile]:
    """The files of the container or unit, current or previous."""
    parts = {file.part for file in files}
    if question.container and question.container not in parts:
        raise UsageError(
            f"no container or unit {question.container!r} of {question.of}"
            f"{did_you_mean(suggest_names(question.container, parts) or sorted(parts))}"
        )
    chosen = [file for file in files if question.container in {"", file.part}]
    kept = [file for file in chosen if question.previous in {None, file.old > 0} or file.kind == NODE]
    if not kept:
        raise UsageError(
            f"no log of a previous container of {question.of} in the bundle: the collector keeps one only where the "
            "container was restarted"
        )
    return kept


def _select_window(lines: Iterable[Numbered], window: Window, now: Timestamp) -> tuple[Iterable[Numbered], bool]:
    """The lines within a window, and whether any line has a time; where none of some has, all of them.

    A line without a time belongs to the one before it, those at the beginning to the first that has one.
    """
    if not window:
        return lines, True
    found: list[Numbered] = []
    first: list[Numbered] = []
    inside: bool | None = None
    for numbered in lines:
        at = line_time(numbered[1], now)
        if at is not None:
            inside = window.holds(at)
            found += first if inside else []
            first = []
        if inside is None:
            first.append(numbered)
        elif inside:
            found.append(numbered)
    return (first, not first) if inside is None else (found, True)


def _build_line(log: Log, numbered: Numbered, wanted: re.Pattern[str], whole: bool) -> LogLine:
    number, line = numbered
    if whole:
        return LogLine(file=log.file, number=number or None, time=find_timestamp(line), text=mask_secrets(line))
    hit = wanted.search(line)
    quote = build_quote(log.file, line, hit[0] if hit else "")
    return LogLine(file=log.file, number=number or None, time=quote.time, text=quote.line)
