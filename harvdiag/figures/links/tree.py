"""The link graph for a terminal: a tree for each row, with the same symbols."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import MISSING
from harvdiag.core.model import Finding
from harvdiag.core.wrap import count_cells, truncate_text, wrap_text
from harvdiag.status.links.branches import Branch, list_branches
from harvdiag.status.links.folding import Fold
from harvdiag.status.links.outline import box_label, fold_label, format_faults, state_sign
from harvdiag.status.links.phrases import describe_consequences, describe_hidden
from harvdiag.status.links.rows import Box, Link, Row
from harvdiag.status.links.titles import short_clause
from harvdiag.status.links.view import LinkRows

__all__ = ["render_tree"]

NARROW = 40


def render_tree(view: LinkRows, width: int) -> str:
    """Render the title, a tree for each row with its findings below it, and the folded rows."""
    room = max(width, NARROW)
    lines = [*_wrap_line(view.title, room), *_wrap_line(view.source, room), ""]
    for entry in view.entries:
        if isinstance(entry, Fold):
            lines += _fold_lines(entry, room)
        else:
            lines += (
                _chain_lines(entry, room)
                if entry.state == "good" and not entry.findings and len(view.entries) > 1
                else _row_lines(entry, room)
            )
    lines += _cluster_lines(view, room)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _fold_lines(fold: Fold, room: int) -> list[str]:
    return _wrap_line(f"{state_sign(fold.state)} {fold_label(fold)} ({', '.join(fold.names)})", room, "  ", 3)


def _chain_lines(row: Row, room: int) -> list[str]:
    """Return a healthy row in one line: the Node, its Machine, and the kinds of its parts."""
    objects = [_object_line(thing, None)[2:] for thing in row.boxes if thing.ref.kind in {"Node", "Machine"}]
    parts = dict.fromkeys(thing.ref.kind for thing in row.boxes if thing.ref.kind not in {"Node", "Machine"})
    return _wrap_line(f"✓ {' ── '.join(filter(None, [*objects, ', '.join(parts)]))}", room, "  ")


def _row_lines(row: Row, room: int) -> Iterator[str]:
    for branch in list_branches(row):
        yield from _branch_lines(branch, room)
    roots = [finding for finding in row.findings if not finding.caused_by] or list(row.findings[:1])
    if row.is_held_up:
        yield from _wrap_line(f"   held up: {short_clause(row.findings[0])}", room, "     ", 2)
    else:
        for finding in roots:
            yield from _finding_lines(finding, room)
    rest = [finding for finding in row.findings if finding not in roots]
    for line in (describe_consequences(rest), describe_hidden(row)):
        yield from _wrap_line(f"   {line}", room, "     ", 3) if line else ()


def _branch_lines(branch: Branch, room: int) -> Iterator[str]:
    """Yield an object in its place of the tree, with the faults of its links beside it or, where too long, below."""
    if not branch.rails:
        yield truncate_text(_object_line(branch.box, None), room)
        return
    *above, follows = ("│  " if more else "   " for more in branch.rails)
    lead, known = f"{''.join(above)}{'├─' if branch.rails[-1] else '└─'} ", " (above)" if branch.known else ""
    line = f"{lead}{_object_line(branch.box, list(branch.ties))}{known}"
    if count_cells(line) <= room or "   " not in line.strip():
        yield truncate_text(line, room)
        return
    deeper = f"{''.join(above)}{follows}    "
    yield truncate_text(f"{lead}{_object_line(branch.box, None)}{known}", room)
    yield from wrap_text(f"{deeper}{format_faults(branch.ties)}", room, deeper, most=3)


def _object_line(thing: Box, ties: list[Link] | None) -> str:
    note = thing.note if thing.ref.kind in {"Node", "Machine"} else ""
    word = "" if thing.exists or thing.placeholder else MISSING[thing.state]
    facts = ", ".join(filter(None, (escape_text(note), word)))
    head = f"{state_sign(thing.state)} {box_label(thing)}{f' ({facts})' if facts else ''}"
    return f"{head}   {format_faults(ties)}" if ties and format_faults(ties) else head


def _finding_lines(finding: Finding, room: int) -> list[str]:
    return _wrap_line(
        f"   {state_sign(str(finding.severity))} {finding.message}", room, "     ", 1 if finding.caused_by else 3
    )


def _cluster_lines(view: LinkRows, room: int) -> Iterator[str]:
    """Yield the healthy cluster objects in one line, and each of the others with its findings."""
    healthy = [box_label(thing) for thing in view.model.cluster_boxes if thing.state == "good"]
    if healthy:
        yield from _wrap_line(f"✓ {', '.join(healthy)}", room, "  ")
    for thing in view.model.cluster_boxes:
        if thing.state != "good":
            calm = "   (no check finds that wrong)" if view.model.is_harmless_absence(thing) else ""
            yield truncate_text(f"{_object_line(thing, None)}{calm}", room)
            for finding in thing.findings[:3]:
                yield from _finding_lines(finding, room)


def _wrap_line(text: str, room: int, indent: str = "", most: int = 0) -> list[str]:
    lead = " " * (len(text) - len(text.lstrip(" ")))
    return wrap_text(lead + text.strip(), room, indent, most=most)
