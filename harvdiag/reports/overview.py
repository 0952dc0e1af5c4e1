"""Several clusters at a glance: one line each, with name, verdict, root cause and release, in columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple

from harvdiag.core.escape import escape_markdown, escape_text, format_code
from harvdiag.core.marks import SIGNS, UNSEEN
from harvdiag.core.wrap import count_cells, pad_text, truncate_text, wrap_text
from harvdiag.reports.paint import Paint
from harvdiag.reports.several import ClusterAnswer
from harvdiag.status.overview import NOT_READ, UNDETERMINED, Overview, build_overview

__all__ = ["render_markdown_overview", "render_overview", "shorten_names"]

GAP, INDENT = "  ", "    "
SHARE, ROOM, REASON = 0.32, 24, 3
"""The part of the width that names may take, the least cells for a root cause beside them, the lines of a reason."""
HEADS = ("source", "verdict", "root cause", "version")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One answer as it is shown: all texts are escaped; `reason` is why there is no other answer."""

    name: str
    mark: str
    verdict: str
    causes: tuple[str, ...]
    """The root cause, as long as may be, then shorter."""
    more: str
    version: str
    reason: str = ""


class Columns(NamedTuple):
    """The cells of the columns; no `name`: it is in a line of its own."""

    name: int
    verdict: int
    cause: int
    version: int


def render_overview(answers: Sequence[ClusterAnswer], width: int = 100, colour: bool = False) -> str:
    """Return one line for each below a heading; names too long for a column are in a line of their own. Ends with a
    newline.
    """
    folder, names = shorten_names([answer.name for answer in answers])
    rows = [_build_row(answer, name) for answer, name in zip(answers, names, strict=True)]
    columns, rows = _fit_columns(rows, width)
    paint = Paint(colour)
    lines = [paint.dim(line) for line in _head_lines(folder, columns)]
    lines += [line for row in rows for line in _row_lines(row, columns, paint)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def render_markdown_overview(answers: Sequence[ClusterAnswer]) -> str:
    """Return the same as a table of Markdown. Ends with a newline."""
    _, names = shorten_names([answer.name for answer in answers])
    rows = [_markdown_row(answer, name) for answer, name in zip(answers, names, strict=True)]
    return "\n".join([f"| {' | '.join(HEADS)} |", "| --- | --- | --- | --- |", *rows]) + "\n"


def shorten_names(names: Sequence[str]) -> tuple[str, list[str]]:
    """Return the folder that all paths have in common, with its slash, and the rest of each path.

    ``data/a.zip`` and ``data/old/b.zip``: ``data/``, ``a.zip`` and ``old/b.zip``. A context has no folder.
    """
    folders = [name.replace("\\", "/").split("/")[:-1] for name in names]
    alike = [parts[0] for parts in takewhile(lambda parts: len(set(parts)) == 1, zip(*folders, strict=False))]
    skip = sum(len(part) + 1 for part in alike)
    return names[0][:skip], [name[skip:] for name in names]


def _build_row(answer: ClusterAnswer, name: str) -> Row:
    line = None if answer.findings is None else build_overview(answer.findings)
    reason = escape_text(answer.error.removeprefix(f"{answer.name}: "))
    if line is None or reason:
        version = escape_text(line.version) if line else ""
        verdict = UNDETERMINED if line else NOT_READ
        blank = Row(name=escape_text(name), mark=UNSEEN, verdict=verdict, causes=(), more="", version=version)
        return replace(blank, reason=reason)
    return Row(
        name=escape_text(name),
        mark=line.mark,
        verdict=line.verdict,
        causes=tuple(_list_causes(line)),
        more=f" (+{line.more})" if line.more else "",
        version=escape_text(line.version),
    )


def _list_causes(line: Overview) -> Iterator[str]:
    """The root cause in full, with its object, with the name of that alone, and by its rule alone."""
    subject = _format_subject(line)
    yield escape_text(GAP.join(filter(None, (line.rule, subject, line.what))))
    if line.subject:
        yield escape_text(f"{line.rule}{GAP}{subject}")
        yield escape_text(f"{line.rule}{GAP}{line.subject.name}")
        yield line.rule


def _fit_cause(row: Row, room: int) -> str:
    """The longest form of the root cause that fits; what is wrong is truncated where the object can be read."""
    whole, *shorter = row.causes or ("",)
    fits = next((cause for cause in row.causes if count_cells(cause) <= room), "")
    if not fits or (shorter and fits == shorter[0]):
        return truncate_text(whole, room)
    return fits


def _format_subject(line: Overview) -> str:
    return f"{line.subject.kind} {line.subject.name}" if line.subject else ""


# --- columns -------------------------------------------------------------------------------------------------------


def _fit_columns(rows: list[Row], width: int) -> tuple[Columns, list[Row]]:
    """The widths of the columns, and the rows with names that fit: truncated in their middle where they stay apart,
    else in a line of their own.
    """
    verdict = max(count_cells(row.verdict) for row in rows) + 2
    version = max(count_cells(text) for text in (HEADS[-1], *(row.version for row in rows)))
    most = max(int(width * SHARE), 1)
    name = min(max(len(HEADS[0]), *(count_cells(row.name) for row in rows)), most)
    cause = width - name - verdict - version - 3 * len(GAP)
    short = [_truncate_middle(row.name, name) for row in rows]
    if cause >= ROOM and len(set(short)) == len({row.name for row in rows}):
        fitted = [replace(row, name=text) for row, text in zip(rows, short, strict=True)]
        return Columns(name, verdict, cause, version), fitted
    return Columns(0, verdict, max(width - len(INDENT) - verdict - version - 2 * len(GAP), ROOM), version), rows


def _truncate_middle(text: str, most: int) -> str:
    """The text with ``…`` in its middle if it is wider: names of bundles differ at their ends."""
    if count_cells(text) <= most:
        return text
    begin = truncate_text(text, max(most // 2, 2))
    end = text
    while count_cells(begin) + count_cells(end) > most and end:
        end = end[1:]
    return f"{begin}{end}"


def _head_lines(folder: str, columns: Columns) -> Iterator[str]:
    name = escape_text(folder) or HEADS[0]
    if columns.name and count_cells(name) <= columns.name:
        lead = pad_text(name, columns.name) + GAP
    else:
        yield name
        lead = " " * columns.name + GAP if columns.name else INDENT
    cells = pad_text(HEADS[1], columns.verdict), pad_text(HEADS[2], columns.cause), HEADS[3]
    yield lead + GAP.join(cells)


def _row_lines(row: Row, columns: Columns, paint: Paint) -> Iterator[str]:
    """One line, or two where the name has one of its own; a reason may take some more."""
    if not columns.name:
        yield row.name
    lead = pad_text(row.name, columns.name) + GAP if columns.name else INDENT
    verdict = f"{paint.sign(SIGNS[row.mark])} {pad_text(row.verdict, columns.verdict - 2)}"
    cause = _fit_cause(row, columns.cause - count_cells(row.more)) + row.more
    reasons = wrap_text(row.reason, columns.cause, most=REASON) if row.reason else []
    first = reasons[0] if reasons else cause
    yield f"{lead}{verdict}{GAP}{pad_text(first, columns.cause)}{GAP}{row.version}"
    yield from (f"{' ' * (count_cells(lead) + columns.verdict)}{GAP}{line}" for line in reasons[1:])


# --- Markdown ------------------------------------------------------------------------------------------------------


def _markdown_row(answer: ClusterAnswer, name: str) -> str:
    row = _build_row(answer, name)
    line = None if answer.findings is None or row.reason else build_overview(answer.findings)
    told = row.reason
    if line is not None:
        told = " ".join(filter(None, (_format_subject(line), line.what))) + row.more
    rule = f"{format_code(line.rule)} " if line and line.rule else ""
    cells = f"{SIGNS[row.mark]} {row.verdict}", rule + escape_markdown(told), escape_markdown(row.version)
    return f"| {' | '.join((format_code(name), *cells))} |"
