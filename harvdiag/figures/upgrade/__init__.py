"""The upgrade as a picture: its phases as a strip, its nodes as lanes, where it is stalled and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SIGNS
from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.parts import BODY, MARGIN, LegendEntry, assemble_scene, draw_head, draw_legend, draw_paragraph
from harvdiag.figures.scene import Item, Scene, Text
from harvdiag.figures.styles import STYLES
from harvdiag.figures.upgrade.lanes import draw_lanes
from harvdiag.figures.upgrade.strip import HIGH, draw_strip
from harvdiag.figures.upgrade.terminal import render_text
from harvdiag.status.source import source_line
from harvdiag.status.upgrade.headline import build_alt_text, build_title, select_parts
from harvdiag.status.upgrade.progress import UpgradeProgress

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]

WIDE, LABEL = 1120.0, 96.0
LEGEND = {
    "error": "broken: needs intervention",
    "warning": "held up",
    "now": "in progress",
    "good": "done",
    "unseen": "unknown",
}


def draw(cluster: Cluster, options: DrawOptions) -> Drawing:
    """Draw `cluster.upgrade.progress`, whose table it has. It takes no options."""
    del options
    course = cluster.upgrade.progress
    return Drawing(
        scene=_build_scene(course),
        text=lambda wide: render_text(course, wide),
        columns=course.dtypes,
        rows=course.records,
    )


def _build_scene(course: UpgradeProgress) -> Scene:
    items, y = draw_head(build_title(course), source_line(course.diagnosis), WIDE)
    if course.cells:
        items += draw_strip(course, y, WIDE)
        y += HIGH + 14
    if course.nodes:
        more, y = draw_lanes(course, y, WIDE)
        items += more
        y += 10
    for label, text in select_parts(course):
        item, y = _draw_part(label, text, y)
        items.append(item)
    more, y = draw_legend(_legend_entries(course, items), y + 10, WIDE)
    return assemble_scene(build_title(course), build_alt_text(course), WIDE, y + 8, [*items, *more])


def _draw_part(label: str, text: str, y: float) -> tuple[Item, float]:
    texts, low = draw_paragraph(text, (MARGIN + LABEL, y + 16), WIDE - 2 * MARGIN - LABEL, most=4)
    return Item(
        (Text(MARGIN, y + 16, label, size=BODY, bold=True), *texts), role="part", hint=escape_text(text)
    ), low - 8


def _legend_entries(course: UpgradeProgress, items: list[Item]) -> list[LegendEntry]:
    marks = {item.state for item in items if item.role in {"phase", "node", "group"}}
    entries = [LegendEntry(word, colour=mark, sign=SIGNS[mark]) for mark, word in LEGEND.items() if mark in marks]
    word = "pending" if course.running else "not upgraded"
    waits = course.upgrade is not None and any(way.mark == "wait" for way in course.nodes)
    return [*entries, LegendEntry(word, colour=STYLES["wait"].stroke, fill="paper")] if waits else entries
