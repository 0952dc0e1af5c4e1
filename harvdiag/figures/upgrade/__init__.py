"""The upgrade as a picture: its phases as a strip, its nodes as lanes, where it stands still and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.core.escape import plain
from harvdiag.core.marks import SIGNS
from harvdiag.figures.drawing import Drawing, Wish
from harvdiag.figures.parts import BODY, MARGIN, Key, head, legend, paragraph, scene
from harvdiag.figures.scene import Item, Scene, Text
from harvdiag.figures.styles import LOOKS
from harvdiag.figures.upgrade.lanes import lanes
from harvdiag.figures.upgrade.others import others
from harvdiag.figures.upgrade.strip import HIGH, strip
from harvdiag.figures.upgrade.terminal import terminal
from harvdiag.status.source import source_line
from harvdiag.status.upgrade.headline import build_alt_text, build_title, select_parts
from harvdiag.status.upgrade.progress import UpgradeProgress

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]

WIDE, LABEL = 1120.0, 96.0
LEGEND = {
    "error": "broken: waiting does not mend it",
    "warning": "held up",
    "now": "at work",
    "good": "done",
    "unseen": "not known",
}


def draw(cluster: Cluster, wish: Wish) -> Drawing:
    """The picture of `cluster.upgrade.progress`, whose table it has. Nothing may be wished of it."""
    del wish
    course = cluster.upgrade.progress
    return Drawing(
        scene=_scene(course),
        text=lambda wide: terminal(course, wide),
        columns=course.dtypes,
        rows=course.records,
    )


def _scene(course: UpgradeProgress) -> Scene:
    items, y = head(build_title(course), source_line(course.diagnosis), WIDE)
    if course.cells:
        items += strip(course, y, WIDE)
        y += HIGH + 14
    if course.nodes:
        more, y = lanes(course, y, WIDE)
        items += more
        y += 10
    elif course.upgrade is None:
        more, y = others(course, y, WIDE)
        items += more
    for label, told in select_parts(course):
        item, y = _part(label, told, y)
        items.append(item)
    more, y = legend(_legend(course, items), y + 10, WIDE)
    return scene(build_title(course), build_alt_text(course), WIDE, y + 8, [*items, *more])


def _part(label: str, told: str, y: float) -> tuple[Item, float]:
    texts, low = paragraph(told, (MARGIN + LABEL, y + 16), WIDE - 2 * MARGIN - LABEL, most=4)
    return Item((Text(MARGIN, y + 16, label, size=BODY, bold=True), *texts), role="part", hint=plain(told)), low - 8


def _legend(course: UpgradeProgress, items: list[Item]) -> list[Key]:
    marks = {item.state for item in items if item.role in {"phase", "node", "group"}}
    found = [Key(word, colour=mark, sign=SIGNS[mark]) for mark, word in LEGEND.items() if mark in marks]
    word = "its turn is to come" if course.running else "not upgraded"
    waits = course.upgrade is not None and any(way.mark == "wait" for way in course.nodes)
    return [*found, Key(word, colour=LOOKS["wait"].stroke, fill="paper")] if waits else found
