"""The link graph for a terminal: a tree for each row, with the same symbols."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import MISSING
from harvdiag.core.model import Finding
from harvdiag.core.wrap import count_cells, truncate_text, wrap_text
from harvdiag.status.links.folding import Fold
from harvdiag.status.links.outline import box_label, fold_label, state_sign
from harvdiag.status.links.phrases import describe_consequences, describe_hidden
from harvdiag.status.links.rows import PLACE, Box, Link, Row, natural_key
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
    seen: set[str] = set()
    for thing in sorted(row.boxes, key=lambda t: (PLACE[t.ref.kind], not t.exists, natural_key(t.ref))):
        if thing.key not in seen:
            yield truncate_text(_object_line(thing, None), room)
            yield from _child_lines(row, thing, "", seen, room)
    roots = [finding for finding in row.findings if not finding.caused_by] or list(row.findings[:1])
    if row.is_held_up:
        yield from _wrap_line(f"   held up: {short_clause(row.findings[0])}", room, "     ", 2)
    else:
        for finding in roots:
            yield from _finding_lines(finding, room)
    rest = [finding for finding in row.findings if finding not in roots]
    for line in (describe_consequences(rest), describe_hidden(row)):
        yield from _wrap_line(f"   {line}", room, "     ", 3) if line else ()


def _child_lines(row: Row, thing: Box, indent: str, seen: set[str], room: int) -> Iterator[str]:
    """Yield the objects linked to one in the columns to its right; one shown before has no children again."""
    # Links run in circles (Node to Machine and back): what was shown must not be entered again.
    seen.add(thing.key)
    neighbours: dict[str, tuple[Box, list[Link]]] = {}
    for tie in row.links:
        other = tie.target if tie.source.key == thing.key else tie.source
        if thing.key in {tie.source.key, tie.target.key} and PLACE[other.ref.kind] > PLACE[thing.ref.kind]:
            neighbours.setdefault(other.key, (other, []))[1].append(tie)
    children = sorted(neighbours.values(), key=lambda pair: (PLACE[pair[0].ref.kind], natural_key(pair[0].ref)))
    children = [
        pair for pair in children if PLACE[pair[0].ref.kind] == PLACE[thing.ref.kind] + 1 or _lacks_parent(row, pair[0])
    ]
    for index, (other, ties) in enumerate(children):
        last = index == len(children) - 1
        known = " (above)" if other.key in seen else ""
        deeper = f"{indent}{'   ' if last else '│  '}"
        line = f"{indent}{'└─' if last else '├─'} {_object_line(other, ties)}{known}"
        if count_cells(line) <= room or "   " not in line.strip():
            yield truncate_text(line, room)
        else:
            yield truncate_text(f"{indent}{'└─' if last else '├─'} {_object_line(other, None)}{known}", room)
            yield from wrap_text(f"{deeper}    {_format_faults(ties)}", room, f"{deeper}    ", most=3)
        if not known:
            yield from _child_lines(row, other, deeper, seen, room)


def _lacks_parent(row: Row, thing: Box) -> bool:
    """Whether nothing in the column to its left is linked to it, so that it must be shown further left."""
    ends = [
        tie.source if tie.target.key == thing.key else tie.target
        for tie in row.links
        if thing.key in {tie.source.key, tie.target.key}
    ]
    return not any(PLACE[end.ref.kind] == PLACE[thing.ref.kind] - 1 for end in ends)


def _object_line(thing: Box, ties: list[Link] | None) -> str:
    note = thing.note if thing.ref.kind in {"Node", "Machine"} else ""
    word = "" if thing.exists or thing.placeholder else MISSING[thing.state]
    facts = ", ".join(filter(None, (escape_text(note), word)))
    head = f"{state_sign(thing.state)} {box_label(thing)}{f' ({facts})' if facts else ''}"
    return f"{head}   {_format_faults(ties)}" if ties and _format_faults(ties) else head


def _format_faults(ties: list[Link]) -> str:
    """Return the broken fields, and how they are broken."""
    return "; ".join(f"{escape_text(tie.paths[0])}: {escape_text(tie.word)}" for tie in ties if tie.word)


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
            yield truncate_text(_object_line(thing, None), room)
            for finding in thing.findings[:3]:
                yield from _finding_lines(finding, room)


def _wrap_line(text: str, room: int, indent: str = "", most: int = 0) -> list[str]:
    lead = " " * (len(text) - len(text.lstrip(" ")))
    return wrap_text(lead + text.strip(), room, indent, most=most)
