"""The drain of one node as a sequence: who asked, who has answered, who has not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from harvdiag.core.escape import plain
from harvdiag.core.marks import SIGNS
from harvdiag.figures.drain.sequence import sequence
from harvdiag.figures.drain.text import mermaid, terminal
from harvdiag.figures.drawing import Drawing, Wish
from harvdiag.figures.parts import BODY, MARGIN, Key, head, legend, paragraph, scene
from harvdiag.figures.scene import Item, Scene, Text
from harvdiag.status.drain.drain import Drain, drain, told
from harvdiag.status.drain.steps import ACTORS
from harvdiag.status.source import source_line
from harvdiag.status.summary import counted
from harvdiag.status.upgrade.progress import Course

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
COLUMNS = ("node", "step", "mark", "from", "to", "what", "carried_by", "time", "waits_for", "since")


def __dir__() -> list[str]:
    return __all__


def draw(cluster: Cluster, wish: Wish) -> Drawing:
    """The picture, of the node of `wish.focus` (also a Machine or a plan Secret of it).

    Rows, one a step: `node`, `step`, `mark`, `from`, `to`, `what`, `carried_by`, `time`, `waits_for`, `since`; the last
    two for the step that is waited for. Raises UsageError for a focus that is none of these.
    """
    course = Course(cluster.upgrade)
    of, under = drain(course, wish.focus, wish.finding), source_line(cluster.upgrade)
    said = list(told(course, of))
    return Drawing(
        scene=_scene(of, said, under),
        text=lambda wide: terminal(of, said, under, wide),
        columns=COLUMNS,
        rows=list(_rows(of)),
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
    return scene(of.title, _alt(of), WIDE, y + 8, [*items, *more])


def _alt(of: Drain) -> str:
    done = [move.step.name for move in of.moves if move.mark == "good"]
    words = [f"{of.title}.", f"{counted(len(done), 'step')} of {len(of.moves)} done." if of.moves else of.why]
    if step := of.next:
        actor = ACTORS[step.step.source]
        words.append(f"Next is {step.step.name}: {actor} {step.step.what}, written as {step.step.carrier}.")
    if of.moves and not of.secret:
        words.append("No plan Secret is seen, on which the steps would be written.")
    return " ".join([*words, of.why if of.moves else ""])


def _rows(of: Drain) -> Iterator[dict[str, Any]]:
    for move in of.moves:
        step, waited = move.step, of.wait if move == of.next else None
        told = (of.node.name if of.node else None, step.name, move.mark, ACTORS[step.source], ACTORS[step.target])
        rest = (step.what, step.carrier, move.time or None)
        more = (f"{waited.actor}: {waited.what}", waited.since or None) if waited else (None, None)
        yield dict(zip(COLUMNS, (*told, *rest, *more), strict=True))
