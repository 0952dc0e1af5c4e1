"""The timeline of an upgrade as a picture: what happened when, and at which moment all stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.core.escape import plain
from harvdiag.core.marks import SIGNS
from harvdiag.figures.drawing import Drawing, Wish
from harvdiag.figures.parts import BODY, MARGIN, Key, head, legend, paragraph, scene
from harvdiag.figures.scene import Item, Scene, Text
from harvdiag.figures.timeline.axis import axis
from harvdiag.figures.timeline.chart import GAP, NAMES, chart
from harvdiag.figures.timeline.terminal import terminal
from harvdiag.status.source import source_line
from harvdiag.status.upgrade.headline import select_parts
from harvdiag.status.upgrade.history import History
from harvdiag.upgrade.wording import FUTILE

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]

WIDE = 1120.0
LEGEND = {
    "error": "broken, or failed",
    "warning": "held up, or a fault on the way",
    "now": "at work",
    "good": "done",
    "unseen": "not known",
}


def draw(cluster: Cluster, wish: Wish) -> Drawing:
    """The picture of `cluster.upgrade.history`, whose table it has.

    Where no upgrade is under way, it is that of the last. Nothing may be wished of it.
    """
    del wish
    history, under = cluster.upgrade.history, source_line(cluster.upgrade)
    return Drawing(
        scene=_scene(history, under),
        text=lambda wide: terminal(history, under, wide),
        columns=history.dtypes,
        rows=history.records,
    )


def _scene(history: History, under: str) -> Scene:
    items, y = head(history.title, under, WIDE)
    if not history.has_times:
        return _words(history, items, y)
    left = MARGIN + NAMES
    scale = axis(history.busy, history.end, left, WIDE - MARGIN - left, GAP)
    more, y = chart(history, scale, y)
    items += more
    if stop := history.stop:
        where = f" ({stop.node})" if stop.node else ""
        told = f"{stop.time:%Y-%m-%d %H:%M} UTC: {stop.what}{where}; {FUTILE}"
        texts, y = paragraph(told, (MARGIN + 96, y + 20), WIDE - 2 * MARGIN - 96, most=4)
        items.append(Item((Text(MARGIN, texts[0].y, "Last moved", size=BODY, bold=True), *texts), role="part"))
    more, y = legend(_legend(items, history), y + 8, WIDE)
    return scene(history.title, history.alt, WIDE, y + 8, [*items, *more])


def _words(history: History, items: list[Item], y: float) -> Scene:
    """Where nothing has a time: what is known, in words."""
    for label, told in select_parts(history.progress)[:4]:
        texts, low = paragraph(told, (MARGIN + 96, y + 18), WIDE - 2 * MARGIN - 96, most=4)
        items.append(Item((Text(MARGIN, y + 18, label, size=BODY, bold=True), *texts), role="part", hint=plain(told)))
        y = low - 6
    return scene(history.title, history.alt, WIDE, y + 24, items)


def _legend(items: list[Item], history: History) -> list[Key]:
    marks = {item.state for item in items if item.role in {"phase", "node", "group", "mark"}}
    found = [Key(word, colour=mark, sign=SIGNS[mark]) for mark, word in LEGEND.items() if mark in marks]
    bars = [bar for row in history.nodes for bar in row.bars]
    found += [Key("a Job", colour="edge", fill="lane")] if any(bar.job for bar in bars) else []
    between = any(not bar.job for bar in bars)
    return (
        [*found, Key("thin: between two Jobs (drain, new RKE2, restart)", colour="edge", thick=5)] if between else found
    )
