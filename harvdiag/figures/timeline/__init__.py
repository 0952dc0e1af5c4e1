"""The timeline of an upgrade as a picture: what happened when, and when it stalled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.core.marks import SIGNS
from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.parts import MARGIN, SMALL, LegendEntry, assemble_scene, draw_head, draw_legend, draw_part
from harvdiag.figures.scene import Item, Scene, Text
from harvdiag.figures.timeline.axis import build_axis
from harvdiag.figures.timeline.chart import draw_chart, fit_layout
from harvdiag.figures.timeline.terminal import render_text
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
    "warning": "held up, or had a fault",
    "now": "in progress",
    "good": "done",
    "unseen": "unknown",
}


def draw(cluster: Cluster, options: DrawOptions) -> Drawing:
    """Draw `cluster.upgrade.history`, whose table it has: the last upgrade where none is in progress.

    It takes no options.
    """
    del options
    history, under = cluster.upgrade.history, source_line(cluster.upgrade)
    return Drawing(
        layout=lambda width: _build_scene(history, under, min(width or WIDE, WIDE)),
        text=lambda width: render_text(history, under, width),
        columns=history.dtypes,
        rows=history.records,
    )


def _build_scene(history: History, subtitle: str, wide: float) -> Scene:
    items, y = draw_head(history.title, subtitle, wide)
    if not history.has_times:
        return _build_text_scene(history, items, y, wide)
    layout = fit_layout(history, wide)
    left = MARGIN + layout.names
    scale = build_axis(history.busy, history.end, left, wide - MARGIN - left, layout.gap)
    if not layout.names:
        items.append(Item((Text(MARGIN, y + 12, "all times UTC", size=SMALL, ink="quiet"),), role="axis"))
        y += 14
    more, y = draw_chart(history, scale, y, layout)
    items += more
    if stop := history.stop:
        where = f" ({stop.node})" if stop.node else ""
        sentence = f"{stop.time:%Y-%m-%d %H:%M} UTC: {stop.what}{where}; {FUTILE}"
        item, y = draw_part("Last moved", sentence, y + 4, wide)
        items.append(item)
    more, y = draw_legend(_legend_entries(items, history), y + 16, wide)
    return assemble_scene(history.title, history.alt, wide, y + 8, [*items, *more])


def _build_text_scene(history: History, items: list[Item], y: float, wide: float) -> Scene:
    """Build the scene where nothing has a time: what is known, as text."""
    for label, text in select_parts(history.progress)[:4]:
        item, y = draw_part(label, text, y + 2, wide)
        items.append(item)
    return assemble_scene(history.title, history.alt, wide, y + 24, items)


def _legend_entries(items: list[Item], history: History) -> list[LegendEntry]:
    marks = {item.state for item in items if item.role in {"phase", "node", "group", "mark"}}
    entries = [LegendEntry(word, colour=mark, sign=SIGNS[mark]) for mark, word in LEGEND.items() if mark in marks]
    bars = [bar for row in history.nodes for bar in row.bars]
    entries += [LegendEntry("a Job", colour="edge", fill="lane")] if any(bar.job for bar in bars) else []
    between = any(not bar.job for bar in bars)
    return (
        [*entries, LegendEntry("thin: between two Jobs (drain, new RKE2, restart)", colour="edge", thick=5)]
        if between
        else entries
    )
