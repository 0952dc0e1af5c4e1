"""The sequence diagram as shapes: a column for each actor, and an arrow for each step."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.escape import escape_text
from harvdiag.core.keys import object_key
from harvdiag.core.marks import SIGNS
from harvdiag.core.model import ObjectRef
from harvdiag.figures.measure import fit_text, name_width
from harvdiag.figures.parts import BODY, MARGIN, SMALL
from harvdiag.figures.scene import Item, Path, Rect, Shape, Text, draw_badge
from harvdiag.status.upgrade.drain.drain import Drain
from harvdiag.status.upgrade.drain.steps import ACTORS, StepState
from harvdiag.status.upgrade.labels import silence_word

__all__ = ["actor_key", "actor_subtitle", "draw_sequence", "step_hint"]

HEAD, ROW, BOX = 44.0, 42.0, 200.0
PLACES = (0.155, 0.44, 0.70, 0.885)
"""The centre of each column, as a fraction of the width."""
MOST = (190.0, 300.0, 180.0, 226.0)
"""The greatest width of the box of each actor: without overlapping that of the next."""
SECRET = 1
LINE_STYLES = {
    "good": ("edge", 1.4, ""),
    "now": ("now", 2.4, ""),
    "error": ("error", 2.6, "7 4"),
    "wait": ("rule", 1.2, ""),
    "absent": ("edge", 1.2, "5 4"),
    "unseen": ("unseen", 1.2, "2 4"),
}


def draw_sequence(drain: Drain, y: float, wide: float) -> tuple[list[Item], float]:
    """Draw the columns and arrows from y down; also return their lower edge."""
    places = [wide * part for part in PLACES]
    # Known in advance, as the lifelines are drawn before the arrows that lie on them.
    low = y + HEAD + ROW * len(drain.moves) + 10
    items = [*_draw_actors(drain, places, y, low)]
    for index, move in enumerate(drain.moves):
        items.append(_draw_step(drain, move, places, y + HEAD + 8 + ROW * index))
    return items, low


def _draw_actors(drain: Drain, places: list[float], y: float, low: float) -> Iterator[Item]:
    for index, (name, x) in enumerate(zip(ACTORS, places, strict=True)):
        missing = index == SECRET and not drain.secret
        unseen = missing and any(move.mark == "unseen" for move in drain.moves)
        stroke, dash = ("unseen", "2 4") if unseen else ("error", "5 4") if missing else ("edge", "")
        fill, thick = ("", 1.6) if missing else ("box", 1.2)
        lifeline = "error" if missing and not unseen else "rule"
        under = escape_text(actor_subtitle(drain, index))
        box = min(max(BOX - 20, name_width(under, SMALL) + 14), MOST[index])
        shapes: tuple[Shape, ...] = (
            Path(((x, y + HEAD - 4), (x, low)), stroke=lifeline, thick=1.2, dash=dash),
            Rect(x - box / 2, y, box, HEAD - 4, fill=fill, stroke=stroke, thick=thick, dash=dash),
            *_draw_actor_texts(name, fit_text(under, box - 12, SMALL), (x, y), fill or "paper"),
        )
        state = "unseen" if unseen else "absent" if missing else "good"
        hint = f"{escape_text(name)}: {under}"
        yield Item(shapes, key=actor_key(drain, index), role="actor", state=state, hint=hint)


def _draw_actor_texts(name: str, under: str, top: tuple[float, float], on: str) -> Iterator[Text]:
    """Draw the name of an actor and its subtitle, both centred below `top`."""
    x, y = top
    yield Text(x, y + 16, name, size=BODY, ink="ink", on=on, anchor="middle", bold=True)
    yield Text(x, y + 32, under, size=SMALL, ink="quiet", on=on, anchor="middle")


def actor_subtitle(drain: Drain, index: int) -> str:
    """Return what is said of an actor below its name: which Secret, on which node."""
    node = drain.node.name if drain.node else ""
    unseen = any(move.mark == "unseen" for move in drain.moves)
    secret = drain.secret or ("? not seen" if unseen else "does not exist")
    return ("in Rancher", secret, "upgrade controller", f"on {node}")[index]


def actor_key(drain: Drain, index: int) -> str:
    """Return the key of an actor: that of its object, where it has one."""
    if index == SECRET and drain.node and drain.node.secret:
        return object_key(drain.node.secret)
    if index == len(ACTORS) - 1 and drain.node:
        return object_key(drain.node.ref)
    return object_key(ObjectRef("Actor", "", ACTORS[index].split()[0]))


def _draw_step(drain: Drain, move: StepState, places: list[float], y: float) -> Item:
    """Draw one arrow, with the action above it and the annotation that carries it below."""
    step, (stroke, thick, dash) = move.step, LINE_STYLES[move.mark]
    begin, end = places[step.source], places[step.target]
    strong, line = move.mark in {"now", "error"}, y + 19
    ahead = 1 if end > begin else -1
    shapes: list[Shape] = []
    fill = {"now": "now_box", "error": "error_box"}.get(move.mark, "")
    if fill:
        right = places[-1] / PLACES[-1] - MARGIN + 8
        shapes.append(Rect(MARGIN - 8, y - 1, right - MARGIN + 8, ROW - 2, fill=fill, stroke="", radius=6))
    shapes.append(
        Path(((begin, line), (end - ahead * 2, line)), stroke=stroke, thick=thick, dash=dash, ends=_line_end(move))
    )
    on = fill or "paper"
    shapes += _draw_step_texts(move, (begin, end), line, on)
    shapes += _draw_gutter(move, line, on)
    if strong:
        shapes.append(_draw_silence(drain, move, places, line))
    return Item(tuple(shapes), key=step.name.code, role="step", state=move.mark, hint=step_hint(move))


def step_hint(move: StepState) -> str:
    """Return the tooltip of a step."""
    step = move.step
    return escape_text(f"step {step.name.number}: {ACTORS[step.source]} {step.what} ({step.carrier})")


def _draw_step_texts(move: StepState, ends: tuple[float, float], line: float, on: str) -> Iterator[Text]:
    """Draw the action of a step above its arrow, and the annotation that carries it below."""
    strong, room = move.mark in {"now", "error"}, abs(ends[1] - ends[0]) - 16
    x, ink = sum(ends) / 2, "ink" if strong else "quiet"
    what = fit_text(move.step.what, room / (1.2 if strong else 1), SMALL)  # bold letters are up to a fifth wider
    yield Text(x, line - 5, what, size=SMALL, ink=ink, on=on, anchor="middle", bold=strong)
    carrier = fit_text(move.step.carrier, room, SMALL, mono=True)
    yield Text(x, line + 14, carrier, size=SMALL, ink="quiet", on=on, anchor="middle", mono=True)


def _draw_gutter(move: StepState, line: float, on: str) -> Iterator[Shape]:
    """Draw the symbol, the step's number and its time at the left."""
    if move.mark in SIGNS:
        yield from draw_badge(MARGIN + 8, line, SIGNS[move.mark], move.mark)
    strong = move.mark in {"now", "error"}
    number, ink = str(move.step.name.number), "ink" if strong else "quiet"
    yield Text(MARGIN + 22, line + 4, number, size=SMALL, ink=ink, on=on, bold=strong)
    if move.time:
        yield Text(MARGIN + 50, line - 2, move.time, size=SMALL, ink="quiet", on=on)
        yield Text(MARGIN + 50, line + 12, "UTC", size=SMALL, ink="quiet", on=on)


def _draw_silence(drain: Drain, move: StepState, places: list[float], line: float) -> Text:
    """Draw who has not answered, and for how long, in the part of the row without an arrow."""
    free = 1 if move.step.source == 0 else 0  # Rancher's arrows alone are between the first two
    x, room, on = places[free] + 10, places[free + 1] - places[free] - 20, f"{move.mark}_box"
    return Text(
        x, line + 4, fit_text(silence_word(drain, move), room / 1.2, BODY), size=BODY, ink="ink", on=on, bold=True
    )


def _line_end(move: StepState) -> str:
    return "bar" if move.mark in {"error", "absent"} else "arrow"
