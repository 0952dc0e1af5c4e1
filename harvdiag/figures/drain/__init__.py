"""The drain of one node as a sequence diagram: each request, and whether it was answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harvdiag.core.marks import SIGNS
from harvdiag.figures.drain.narrow import draw_steps
from harvdiag.figures.drain.sequence import draw_sequence
from harvdiag.figures.drain.text import STATE_WORDS, render_mermaid, render_text
from harvdiag.figures.drawing import Drawing, DrawOptions
from harvdiag.figures.parts import LegendEntry, assemble_scene, draw_head, draw_legend, draw_part
from harvdiag.figures.scene import Scene
from harvdiag.status.source import source_line
from harvdiag.status.upgrade.drain.drain import Drain, build_drain, explain_drain

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]

WIDE = 1120.0
LEGEND = {
    "error": "blocked: needs intervention",
    "now": STATE_WORDS["now"],
    "good": "done",
    "unseen": "not seen",
}


def draw(cluster: Cluster, options: DrawOptions) -> Drawing:
    """Draw `cluster.upgrade.drain`, whose table it has, for the node of `options.focus`, which may also be its
    Machine or its plan Secret. Raises UsageError for another focus.
    """
    course = cluster.upgrade.progress
    drain_state, under = build_drain(course, options.focus, options.finding), source_line(cluster.upgrade)
    notes = list(explain_drain(course, drain_state))
    return Drawing(
        layout=lambda width: _build_scene(drain_state, notes, under, width),
        text=lambda wide: render_text(drain_state, notes, under, wide),
        columns=drain_state.dtypes,
        rows=drain_state.records,
        mermaid=lambda: render_mermaid(drain_state),
    )


def _build_scene(drain_state: Drain, notes: Sequence[tuple[str, str]], under: str, width: float) -> Scene:
    wide = width if 0 < width < WIDE else WIDE
    items, y = draw_head(drain_state.title, under, wide)
    if drain_state.moves:
        more, y = (draw_steps if wide < WIDE else draw_sequence)(drain_state, y, wide)
        items += more
    for label, text in notes:
        item, y = draw_part(label, text, y + 2, wide)
        items.append(item)
    marks = {move.mark for move in drain_state.moves}
    keys = [LegendEntry(word, colour=mark, sign=SIGNS[mark]) for mark, word in LEGEND.items() if mark in marks]
    keys += [LegendEntry("pending", colour="rule", ends="arrow")] if "wait" in marks else []
    keys += [LegendEntry(STATE_WORDS["absent"], colour="edge", dash="5 4")] if "absent" in marks else []
    more, y = draw_legend(keys, y + 12, wide)
    return assemble_scene(drain_state.title, drain_state.alt, wide, y + 8, [*items, *more])
