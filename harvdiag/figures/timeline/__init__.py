"""The timeline of an upgrade as a picture: what happened when, and when it stalled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SIGNS
from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.parts import BODY, MARGIN, LegendEntry, assemble_scene, draw_head, draw_legend, draw_paragraph
from harvdiag.figures.scene import Item, Scene, Text
from harvdiag.figures.timeline.axis import build_axis
from harvdiag.figures.timeline.chart import GAP, NAMES, draw_chart
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
        scene=_build_scene(history, under),
        text=lambda wide: render_text(history, under, wide),
        columns=history.dtypes,
        rows=history.records,
    )


def _build_scene(history: History, subtitle: str) -> Scene:
    items, y = draw_head(history.title, subtitle, WIDE)
    if not history.has_times:
        return _build_text_scene(history, items, y)
    left = MARGIN + NAMES
    scale = build_axis(history.busy, history.end, left, WIDE - MARGIN - left, GAP)
    more, y = draw_chart(history, scale, y)
    items += more
    if stop := history.stop:
        where = f" ({stop.node})" if stop.node else ""
        sentence = f"{stop.time:%Y-%m-%d %H:%M} UTC: {stop.what}{where}; {FUTILE}"
        texts, y = draw_paragraph(sentence, (MARGIN + 96, y + 20), WIDE - 2 * MARGIN - 96, most=4)
        items.append(Item((Text(MARGIN, texts[0].y, "Last moved", size=BODY, bold=True), *texts), role="part"))
    more, y = draw_legend(_legend_entries(items, history), y + 8, WIDE)
    return assemble_scene(history.title, history.alt, WIDE, y + 8, [*items, *more])


def _build_text_scene(history: History, items: list[Item], y: float) -> Scene:
    """Build the scene where nothing has a time: what is known, as text."""
    for label, text in select_parts(history.progress)[:4]:
        texts, low = draw_paragraph(text, (MARGIN + 96, y + 18), WIDE - 2 * MARGIN - 96, most=4)
        items.append(
            Item((Text(MARGIN, y + 18, label, size=BODY, bold=True), *texts), role="part", hint=escape_text(text))
        )
        y = low - 6
    return assemble_scene(history.title, history.alt, WIDE, y + 24, items)


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
