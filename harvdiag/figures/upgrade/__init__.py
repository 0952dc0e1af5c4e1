"""The upgrade as a picture: its phases as a strip, its nodes as lanes, where it is stalled and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.core.marks import SIGNS
from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.parts import LegendEntry, assemble_scene, draw_head, draw_legend, draw_part
from harvdiag.figures.scene import Item, Scene
from harvdiag.figures.styles import STYLES
from harvdiag.figures.upgrade.lanes import draw_lanes
from harvdiag.figures.upgrade.narrow import draw_narrow_lanes, draw_narrow_strip
from harvdiag.figures.upgrade.strip import HIGH, draw_strip
from harvdiag.figures.upgrade.terminal import render_text
from harvdiag.status.source import source_line
from harvdiag.status.upgrade.headline import build_alt_text, build_title, select_parts
from harvdiag.status.upgrade.progress import UpgradeProgress

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]

WIDE, ONE_ROW, BESIDE = 1120.0, 960.0, 800.0
"""The width, from which on the phases are in one row, and from which on the names of nodes are beside their bars."""
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
        layout=lambda width: _build_scene(course, min(width or WIDE, WIDE)),
        text=lambda width: render_text(course, width),
        columns=course.dtypes,
        rows=course.records,
    )


def _build_scene(course: UpgradeProgress, wide: float) -> Scene:
    items, y = draw_head(build_title(course), source_line(course.diagnosis), wide)
    if course.cells:
        strip, y = _draw_phases(course, y, wide)
        items += strip
    if course.nodes:
        more, y = (draw_narrow_lanes if wide < BESIDE else draw_lanes)(course, y, wide)
        items += more
        y += 10
    for label, text in select_parts(course):
        item, y = draw_part(label, text, y, wide)
        items.append(item)
    more, y = draw_legend(_legend_entries(course, items), y + 10, wide)
    return assemble_scene(build_title(course), build_alt_text(course), wide, y + 8, [*items, *more])


def _draw_phases(course: UpgradeProgress, y: float, wide: float) -> tuple[list[Item], float]:
    if wide >= ONE_ROW:
        return list(draw_strip(course, y, wide)), y + HIGH + 14
    items, y = draw_narrow_strip(course, y, wide)
    return items, y + 8


def _legend_entries(course: UpgradeProgress, items: list[Item]) -> list[LegendEntry]:
    marks = {item.state for item in items if item.role in {"phase", "node", "group"}}
    entries = [LegendEntry(word, colour=mark, sign=SIGNS[mark]) for mark, word in LEGEND.items() if mark in marks]
    word = "pending" if course.running else "not upgraded"
    waits = course.upgrade is not None and any(way.mark == "wait" for way in course.nodes)
    return [*entries, LegendEntry(word, colour=STYLES["wait"].stroke, fill="paper")] if waits else entries
