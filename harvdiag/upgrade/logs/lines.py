"""Lines of the logs of one node or pod, searched and bounded, fit to be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from harvdiag.core.errors import HarvdiagError, UsageError
from harvdiag.core.escape import escape_text
from harvdiag.core.fields import name_of
from harvdiag.core.frames import build_frame
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.snapshot import Snapshot
from harvdiag.upgrade.logs.log import Log, open_log

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LogLine", "LogLines", "read_lines"]

COLUMNS = {"file": "str", "line": "Int64", "time": "datetime64[ns, UTC]", "text": "str"}


@dataclass(frozen=True, kw_only=True)
class LogLine:
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


class LogLines(Sequence[LogLine]):
    """Lines of logs, file by file, in the order of each; a sequence with a table. `more` counts those left out."""

    def __init__(self, lines: Sequence[LogLine], more: int = 0) -> None:
        self._lines = tuple(lines)
        self.more = more

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
        return "\n".join([*left, *map(str, self._lines)]) or "no line"

    @property
    def frame(self) -> pd.DataFrame:
        """One row a line: `file` (str), `line` (Int64), `time` (UTC; missing where it has none, or no year), `text`."""
        rows = [(line.file, line.number, line.time or None, line.text) for line in self._lines]
        return build_frame(rows, COLUMNS)


def read_lines(snapshot: Snapshot, of: str, grep: str = "", most: int = 200) -> LogLines:
    """Read the last lines, at most `most` of each log, of a node, or of a pod as ``name`` or ``namespace/name``.

    `grep` is a regular expression, in any case. Only the last 4 MiB of a log are read. Raises UsageError where the
    source has no log of it, for an expression that is not valid, and for a number below 1.
    """
    if most < 1:
        raise UsageError(f"most={most}: give the number of lines, 1 or more")
    try:
        wanted = re.compile(grep, re.IGNORECASE)
    except re.error as error:
        raise UsageError(f"grep={grep!r} is not a valid regular expression: {error}") from error
    lines: list[LogLine] = []
    more = 0
    for log in _open_logs(snapshot, _find_files(snapshot, of)):
        places = [at for at in log.line_places() if wanted.search(log.line_at(at))]
        lines += [_build_line(log, at, wanted) for at in reversed(places[:most])]
        more += len(places[most:])
    return LogLines(lines, more)


def _build_line(log: Log, at: int, wanted: re.Pattern[str]) -> LogLine:
    hit = wanted.search(log.line_at(at))
    quote = log.quote_at(at, hit[0] if hit else "")
    return LogLine(file=quote.file, number=quote.number or None, time=quote.time, text=quote.line)


def _open_logs(snapshot: Snapshot, files: Sequence[str]) -> Iterator[Log]:
    for file in files:
        try:
            yield open_log(snapshot, file)
        except HarvdiagError:
            continue


def _find_files(snapshot: Snapshot, of: str) -> list[str]:
    """The logs of a node or of a pod by its name. Raises UsageError where there are none."""
    pods = snapshot.logs("logs/")
    found = [file for file in pods if of in {_pod_of(file), _pod_of(file).rpartition("/")[2]}]
    found += [file for file in snapshot.logs(f"nodes/{of}.zip/logs/") if of and "/" not in of]
    if found:
        return sorted(found)
    nodes = [name_of(obj) for obj in snapshot.objects("Node")]
    if not pods and not any(snapshot.logs(f"nodes/{node}.zip/") for node in nodes):
        raise UsageError(f"{snapshot.manifest.name} has no logs: only a support bundle has")
    known = {*nodes, *(_pod_of(file).rpartition("/")[2] for file in pods)}
    alike = sorted(name for name in known if of and name.startswith(of))[:3] or suggest_names(of, known)
    raise UsageError(f"no log of a node or pod {of!r} in {snapshot.manifest.name}{did_you_mean(alike)}")


def _pod_of(file: str) -> str:
    """``cattle-system/rancher-…`` of ``logs/cattle-system/rancher-…/rancher.log``"""
    return "/".join(file.split("/")[1:3])
