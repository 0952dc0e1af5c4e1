"""The upgrade for a terminal: the same symbols in lines of text."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SIGNS, TO_COME
from harvdiag.core.wrap import wrap_labelled, wrap_text
from harvdiag.status.source import source_line
from harvdiag.status.upgrade.folding import Lane, fold_nodes
from harvdiag.status.upgrade.headline import build_title, select_parts
from harvdiag.status.upgrade.progress import UpgradeProgress
from harvdiag.upgrade.wording import format_duration

__all__ = ["render_text"]

LABEL, INDENT = 14, "  "


def render_text(course: UpgradeProgress, wide: int) -> str:
    """Render the title, the phases, one line for each node or group, and the parts of the upgrade status."""
    lines = [*wrap_text(build_title(course), wide), escape_text(source_line(course.diagnosis)), ""]
    if course.cells:
        lines += [*_phase_lines(course, wide), ""]
    if course.nodes:
        lines += [line for lane in fold_nodes(course.nodes) for line in _lane_lines(course, lane, wide)]
        lines.append("")
    lines += wrap_labelled(select_parts(course), wide, LABEL)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _phase_lines(course: UpgradeProgress, wide: int) -> list[str]:
    phases = []
    for cell in course.cells:
        sign = SIGNS.get(cell.mark, TO_COME)
        took = f" ({format_duration(cell.took)})" if cell.took is not None else ""
        phases.append(f"{sign} {cell.number} {cell.label}{took}".replace(" ", "\xa0"))
    return [line.replace("\xa0", " ") for line in wrap_text("   ".join(phases), wide)]


def _lane_lines(course: UpgradeProgress, lane: Lane, wide: int) -> Iterator[str]:
    way, columns = lane.first, course.columns
    sign = SIGNS.get(way.mark, TO_COME)
    reached = columns.index(way.at) + 1 if way.at in columns else 0
    left = " " if not (way.never and way.mark == "error") else "╌"
    bar = "█" * reached * 2 + ("╌" if left == "╌" else "░") * (len(columns) - reached) * 2
    names = escape_text(way.name) if len(lane.nodes) == 1 else f"{len(lane.nodes)} nodes"
    yield from wrap_text(f"{sign} {bar}  {names}  {way.state or f'({way.state_word})'}", wide, INDENT)
    if len(lane.nodes) > 1:
        names_of_group = [w.name for w in lane.nodes]
        more = f" and {len(names_of_group) - 12} more" if len(names_of_group) > 12 else ""
        yield from wrap_text(f"{INDENT * 2}{', '.join(names_of_group[:12])}{more}", wide, INDENT * 2)
    if lane.says:
        yield from wrap_text(f"{INDENT * 2}{lane.says}", wide, INDENT * 2)
