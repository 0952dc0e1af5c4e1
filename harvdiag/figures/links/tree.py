"""The link graph for a terminal: a tree a row, with the same signs."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.escape import plain
from harvdiag.core.marks import MISSING
from harvdiag.core.model import Finding
from harvdiag.core.wrap import count_cells, cut, wrap
from harvdiag.status.links.folding import Fold
from harvdiag.status.links.outline import box_label, fold_label, state_sign
from harvdiag.status.links.phrases import describe_consequences, describe_hidden
from harvdiag.status.links.rows import PLACE, Box, Link, Row, natural_key
from harvdiag.status.links.titles import short_clause
from harvdiag.status.links.view import LinkRows

__all__ = ["text"]

NARROW = 40


def text(found: LinkRows, width: int) -> str:
    """The title, a tree for each row with what was found below it, and what is folded."""
    room = max(width, NARROW)
    lines = [*_wrapped(found.title, room), *_wrapped(found.source, room), ""]
    for entry in found.entries:
        if isinstance(entry, Fold):
            lines += _fold(entry, room)
        else:
            lines += (
                _chain(entry, room)
                if entry.state == "good" and not entry.findings and len(found.entries) > 1
                else _row(entry, room)
            )
    lines += _hub(found, room)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _fold(fold: Fold, room: int) -> list[str]:
    return _wrapped(f"{state_sign(fold.state)} {fold_label(fold)} ({', '.join(fold.names)})", room, "  ", 3)


def _chain(row: Row, room: int) -> list[str]:
    """All that is well in one line: the Node, its Machine, and what kinds of parts there are."""
    told_ = [_line(thing, None)[2:] for thing in row.boxes if thing.ref.kind in {"Node", "Machine"}]
    parts = dict.fromkeys(thing.ref.kind for thing in row.boxes if thing.ref.kind not in {"Node", "Machine"})
    return _wrapped(f"✓ {' ── '.join(filter(None, [*told_, ', '.join(parts)]))}", room, "  ")


def _row(row: Row, room: int) -> Iterator[str]:
    seen: set[str] = set()
    for thing in sorted(row.boxes, key=lambda t: (PLACE[t.ref.kind], not t.exists, natural_key(t.ref))):
        if thing.key not in seen:
            yield cut(_line(thing, None), room)
            yield from _below(row, thing, "", seen, room)
    roots = [finding for finding in row.findings if not finding.caused_by] or list(row.findings[:1])
    if row.is_held_up:
        yield from _wrapped(f"   held up: {short_clause(row.findings[0])}", room, "     ", 2)
    else:
        for finding in roots:
            yield from _finding(finding, room)
    rest = [finding for finding in row.findings if finding not in roots]
    for line in (describe_consequences(rest), describe_hidden(row)):
        yield from _wrapped(f"   {line}", room, "     ", 3) if line else ()


def _below(row: Row, thing: Box, indent: str, seen: set[str], room: int) -> Iterator[str]:
    """What is tied to a thing in the columns to its right; what was told before is named once more, if it matters."""
    seen.add(thing.key)
    near: dict[str, tuple[Box, list[Link]]] = {}
    for tie in row.links:
        other = tie.target if tie.source.key == thing.key else tie.source
        if thing.key in {tie.source.key, tie.target.key} and PLACE[other.ref.kind] > PLACE[thing.ref.kind]:
            near.setdefault(other.key, (other, []))[1].append(tie)
    rest = sorted(near.values(), key=lambda pair: (PLACE[pair[0].ref.kind], natural_key(pair[0].ref)))
    rest = [pair for pair in rest if PLACE[pair[0].ref.kind] == PLACE[thing.ref.kind] + 1 or _alone(row, pair[0])]
    for at, (other, ties) in enumerate(rest):
        last = at == len(rest) - 1
        known = " (above)" if other.key in seen else ""
        deeper = f"{indent}{'   ' if last else '│  '}"
        line = f"{indent}{'└─' if last else '├─'} {_line(other, ties)}{known}"
        if count_cells(line) <= room or "   " not in line.strip():
            yield cut(line, room)
        else:
            yield cut(f"{indent}{'└─' if last else '├─'} {_line(other, None)}{known}", room)
            yield from _wrapped(_faults(ties), room, f"{deeper}    ", 3, f"{deeper}    ")
        if not known:
            yield from _below(row, other, deeper, seen, room)


def _alone(row: Row, thing: Box) -> bool:
    """Whether nothing in the column to its left is tied to it, so that it must be told further left."""
    ends = [
        tie.source if tie.target.key == thing.key else tie.target
        for tie in row.links
        if thing.key in {tie.source.key, tie.target.key}
    ]
    return not any(PLACE[end.ref.kind] == PLACE[thing.ref.kind] - 1 for end in ends)


def _line(thing: Box, ties: list[Link] | None) -> str:
    note = thing.note if thing.ref.kind in {"Node", "Machine"} else ""
    word = "" if thing.exists or thing.placeholder else MISSING[thing.state]
    facts = ", ".join(filter(None, (plain(note), word)))
    head = f"{state_sign(thing.state)} {box_label(thing)}{f' ({facts})' if facts else ''}"
    return f"{head}   {_faults(ties)}" if ties and _faults(ties) else head


def _faults(ties: list[Link]) -> str:
    """The fields that are broken, and how."""
    return "; ".join(f"{plain(tie.paths[0])}: {plain(tie.word)}" for tie in ties if tie.word)


def _finding(finding: Finding, room: int) -> list[str]:
    return _wrapped(
        f"   {state_sign(str(finding.severity))} {finding.message}", room, "     ", 1 if finding.caused_by else 3
    )


def _hub(found: LinkRows, room: int) -> Iterator[str]:
    """The cluster objects in one line, but for those about which something was found."""
    well = [box_label(thing) for thing in found.model.cluster_boxes if thing.state == "good"]
    if well:
        yield from _wrapped(f"✓ {', '.join(well)}", room, "  ")
    for thing in found.model.cluster_boxes:
        if thing.state != "good":
            yield cut(_line(thing, None), room)
            for finding in thing.findings[:3]:
                yield from _finding(finding, room)


def _wrapped(told_: str, room: int, indent: str = "", most: int = 0, lead: str = "") -> list[str]:
    lead = lead or " " * (len(told_) - len(told_.lstrip(" ")))
    return wrap(lead + told_.strip(), room, indent, most=most)
