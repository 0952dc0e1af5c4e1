"""The drain of one node in a narrow column: the steps one below the other, each with who asks whom."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SIGNS
from harvdiag.figures.drain.sequence import actor_key, actor_subtitle, step_hint
from harvdiag.figures.measure import fit_text, line_height, text_width, wrap_text
from harvdiag.figures.parts import BODY, MARGIN, SMALL
from harvdiag.figures.scene import Item, Rect, Shape, Text, draw_badge
from harvdiag.status.upgrade.drain.drain import Drain
from harvdiag.status.upgrade.drain.steps import ACTORS, StepState
from harvdiag.status.upgrade.labels import silence_word

__all__ = ["draw_steps"]

GUTTER, LINE = 46.0, 16.0
"""The width of symbol and number at the left, and the height of a line."""


def draw_steps(drain: Drain, y: float, wide: float) -> tuple[list[Item], float]:
    """Draw who takes part, then the steps from y down; also return their lower edge."""
    items: list[Item] = []
    for index, name in enumerate(ACTORS):
        under = fit_text(escape_text(actor_subtitle(drain, index)), wide - 2 * MARGIN - 110, SMALL)
        texts = (
            Text(MARGIN, y + 12, escape_text(name), size=SMALL, ink="quiet"),
            Text(MARGIN + 110, y + 12, under, size=SMALL),
        )
        items.append(Item(texts, key=actor_key(drain, index), role="actor"))
        y += LINE
    y += 8
    for move in drain.moves:
        item, y = _draw_step(drain, move, y, wide)
        items.append(item)
    return items, y


def _draw_step(drain: Drain, move: StepState, y: float, wide: float) -> tuple[Item, float]:
    strong = move.mark in {"now", "error"}
    fill = {"now": "now_box", "error": "error_box"}.get(move.mark, "")
    texts = list(_step_texts(drain, move, (y, wide), fill or "paper"))
    low = texts[-1].y + 6
    shapes: list[Shape] = []
    if fill:
        shapes.append(Rect(MARGIN - 8, y - 1, wide - 2 * MARGIN + 16, low - y, fill=fill, stroke="", radius=6))
    if move.mark in SIGNS:
        shapes += draw_badge(MARGIN + 8, y + 11, SIGNS[move.mark], move.mark)
    number, ink = str(move.step.name.number), "ink" if strong else "quiet"
    shapes.append(Text(MARGIN + 22, y + 15, number, size=SMALL, ink=ink, on=fill or "paper", bold=strong))
    hint = step_hint(move)
    return Item((*shapes, *texts), key=move.step.name.code, role="step", state=move.mark, hint=hint), low + 4


def _step_texts(drain: Drain, move: StepState, place: tuple[float, float], on: str) -> Iterator[Text]:
    """Yield who asks whom with the time, the action, the annotation that carries it, and who has not answered."""
    (y, wide), step, strong = place, move.step, move.mark in {"now", "error"}
    x, room, y = MARGIN + GUTTER, wide - 2 * MARGIN - GUTTER, y + 15
    time = f"{move.time} UTC" if move.time else ""
    who = f"{ACTORS[step.source]} → {ACTORS[step.target]}"
    free = room - text_width(time, SMALL) - 8
    yield Text(x, y, fit_text(who, free, SMALL), size=SMALL, ink="quiet", on=on)
    if time:
        yield Text(wide - MARGIN, y, time, size=SMALL, ink="quiet", on=on, anchor="end")
    for line in wrap_text(step.what, room / (1.2 if strong else 1), BODY, most=2):
        y += LINE
        yield Text(x, y, line, size=BODY, ink="ink", on=on, bold=strong)
    y += LINE
    yield Text(x, y, fit_text(step.carrier, room, SMALL, mono=True), size=SMALL, ink="quiet", on=on, mono=True)
    for line in wrap_text(silence_word(drain, move), room / 1.2, BODY, most=3) if strong else ():
        y += line_height(BODY)
        yield Text(x, y, line, size=BODY, on=on, bold=True)
