"""The drain of one node as a sequence: who asked, who has answered, who has not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harvdiag.core.escape import plain
from harvdiag.core.marks import SIGNS
from harvdiag.figures.drain.sequence import sequence
from harvdiag.figures.drain.text import mermaid, terminal
from harvdiag.figures.drawing import Drawing, Wish
from harvdiag.figures.parts import BODY, MARGIN, Key, head, legend, paragraph, scene
from harvdiag.figures.scene import Item, Scene, Text
from harvdiag.status.source import source_line
from harvdiag.status.upgrade.drain.drain import Drain, build_drain, explain_drain

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["draw"]

WIDE, LABEL = 1060.0, 96.0
LEGEND = {
    "error": "does not come by itself",
    "now": "waited for",
    "good": "done",
    "unseen": "not seen",
}


def draw(cluster: Cluster, wish: Wish) -> Drawing:
    """The picture of `cluster.upgrade.drain`, whose table it has: of the node of `wish.focus`, also where that is a
    Machine or a plan Secret of it. Raises UsageError for a focus that is none of these.
    """
    course = cluster.upgrade.progress
    of, under = build_drain(course, wish.focus, wish.finding), source_line(cluster.upgrade)
    said = list(explain_drain(course, of))
    return Drawing(
        scene=_scene(of, said, under),
        text=lambda wide: terminal(of, said, under, wide),
        columns=of.dtypes,
        rows=of.records,
        mermaid=lambda: mermaid(of),
    )


def _scene(of: Drain, said: Sequence[tuple[str, str]], under: str) -> Scene:
    items, y = head(of.title, under, WIDE)
    if of.moves:
        more, y = sequence(of, y, WIDE)
        items += more
    for label, text in said:
        texts, low = paragraph(text, (MARGIN + LABEL, y + 18), WIDE - 2 * MARGIN - LABEL, most=4)
        items.append(Item((Text(MARGIN, y + 18, label, size=BODY, bold=True), *texts), role="part", hint=plain(text)))
        y = low - 6
    marks = {move.mark for move in of.moves}
    keys = [Key(word, colour=mark, sign=SIGNS[mark]) for mark, word in LEGEND.items() if mark in marks]
    keys += [Key("to come", colour="rule", ends="arrow")] if "wait" in marks else []
    keys += [Key("can never come", colour="edge", dash="5 4")] if "absent" in marks else []
    more, y = legend(keys, y + 12, WIDE)
    return scene(of.title, of.alt, WIDE, y + 8, [*items, *more])
