"""The link graph for a terminal: a tree for each row, with the same symbols."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.escape import plain
from harvdiag.core.marks import MISSING
from harvdiag.core.model import Finding
from harvdiag.core.wrap import count_cells, cut, wrap
from harvdiag.status.links.folding import Fold
from harvdiag.status.links.outline import called, sign, told
from harvdiag.status.links.phrases import follows, left
from harvdiag.status.links.rows import PLACE, Row, Thing, Tie, natural
from harvdiag.status.links.titles import clause
from harvdiag.status.links.view import Plot

__all__ = ["render_tree"]

NARROW = 40


def render_tree(view: Plot, width: int) -> str:
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
    return _wrap_line(f"{sign(fold.state)} {told(fold)} ({', '.join(fold.names)})", room, "  ", 3)


def _chain_lines(row: Row, room: int) -> list[str]:
    """Return a healthy row in one line: the Node, its Machine, and the kinds of its parts."""
    objects = [_object_line(thing, None)[2:] for thing in row.things if thing.ref.kind in {"Node", "Machine"}]
    parts = dict.fromkeys(thing.ref.kind for thing in row.things if thing.ref.kind not in {"Node", "Machine"})
    return _wrap_line(f"✓ {' ── '.join(filter(None, [*objects, ', '.join(parts)]))}", room, "  ")


def _row_lines(row: Row, room: int) -> Iterator[str]:
    seen: set[str] = set()
    for thing in sorted(row.things, key=lambda t: (PLACE[t.ref.kind], not t.real, natural(t.ref))):
        if thing.key not in seen:
            yield cut(_object_line(thing, None), room)
            yield from _child_lines(row, thing, "", seen, room)
    roots = [finding for finding in row.findings if not finding.caused_by] or list(row.findings[:1])
    if row.held:
        yield from _wrap_line(f"   held up: {clause(row.findings[0])}", room, "     ", 2)
    else:
        for finding in roots:
            yield from _finding_lines(finding, room)
    rest = [finding for finding in row.findings if finding not in roots]
    for line in (follows(rest), left(row)):
        yield from _wrap_line(f"   {line}", room, "     ", 3) if line else ()


def _child_lines(row: Row, thing: Thing, indent: str, seen: set[str], room: int) -> Iterator[str]:
    """Yield the objects linked to one in the columns to its right; one shown before has no children again."""
    seen.add(thing.key)
    neighbours: dict[str, tuple[Thing, list[Tie]]] = {}
    for tie in row.ties:
        other = tie.target if tie.source.key == thing.key else tie.source
        if thing.key in {tie.source.key, tie.target.key} and PLACE[other.ref.kind] > PLACE[thing.ref.kind]:
            neighbours.setdefault(other.key, (other, []))[1].append(tie)
    children = sorted(neighbours.values(), key=lambda pair: (PLACE[pair[0].ref.kind], natural(pair[0].ref)))
    children = [
        pair for pair in children if PLACE[pair[0].ref.kind] == PLACE[thing.ref.kind] + 1 or _lacks_parent(row, pair[0])
    ]
    for index, (other, ties) in enumerate(children):
        last = index == len(children) - 1
        known = " (above)" if other.key in seen else ""
        deeper = f"{indent}{'   ' if last else '│  '}"
        line = f"{indent}{'└─' if last else '├─'} {_object_line(other, ties)}{known}"
        if count_cells(line) <= room or "   " not in line.strip():
            yield cut(line, room)
        else:
            yield cut(f"{indent}{'└─' if last else '├─'} {_object_line(other, None)}{known}", room)
            yield from _wrap_line(_format_faults(ties), room, f"{deeper}    ", 3, f"{deeper}    ")
        if not known:
            yield from _child_lines(row, other, deeper, seen, room)


def _lacks_parent(row: Row, thing: Thing) -> bool:
    """Whether nothing in the column to its left is linked to it, so that it must be shown further left."""
    ends = [
        tie.source if tie.target.key == thing.key else tie.target
        for tie in row.ties
        if thing.key in {tie.source.key, tie.target.key}
    ]
    return not any(PLACE[end.ref.kind] == PLACE[thing.ref.kind] - 1 for end in ends)


def _object_line(thing: Thing, ties: list[Tie] | None) -> str:
    note = thing.note if thing.ref.kind in {"Node", "Machine"} else ""
    word = "" if thing.real or thing.slot else MISSING[thing.state]
    facts = ", ".join(filter(None, (plain(note), word)))
    head = f"{sign(thing.state)} {called(thing)}{f' ({facts})' if facts else ''}"
    return f"{head}   {_format_faults(ties)}" if ties and _format_faults(ties) else head


def _format_faults(ties: list[Tie]) -> str:
    """Return the broken fields, and how they are broken."""
    return "; ".join(f"{plain(tie.paths[0])}: {plain(tie.word)}" for tie in ties if tie.word)


def _finding_lines(finding: Finding, room: int) -> list[str]:
    return _wrap_line(
        f"   {sign(str(finding.severity))} {finding.message}", room, "     ", 1 if finding.caused_by else 3
    )


def _cluster_lines(view: Plot, room: int) -> Iterator[str]:
    """Yield the healthy cluster objects in one line, and each of the others with its findings."""
    healthy = [called(thing) for thing in view.web.hub if thing.state == "good"]
    if healthy:
        yield from _wrap_line(f"✓ {', '.join(healthy)}", room, "  ")
    for thing in view.web.hub:
        if thing.state != "good":
            yield cut(_object_line(thing, None), room)
            for finding in thing.told[:3]:
                yield from _finding_lines(finding, room)


def _wrap_line(text: str, room: int, indent: str = "", most: int = 0, lead: str = "") -> list[str]:
    lead = lead or " " * (len(text) - len(text.lstrip(" ")))
    return wrap(lead + text.strip(), room, indent, most=most)
