"""The shapes of a box: an object, a missing object, a stack of many."""

from __future__ import annotations

from collections.abc import Iterator

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import MISSING, SEVERE, SIGNS
from harvdiag.figures.links.layout import HIGH, INSET
from harvdiag.figures.measure import fit_text, text_width, wrap_text
from harvdiag.figures.parts import BODY, SMALL
from harvdiag.figures.scene import Area, Item, Rect, Shape, Text, draw_badge
from harvdiag.status.links.rows import Box

__all__ = ["draw_box", "draw_stack"]


def draw_box(thing: Box, area: Area, lacking: str = "", chosen: bool = False, name: str = "") -> Item:
    """Draw one object or empty slot, labelled with the shorter `name` where one is given.

    `lacking` is the severity of the broken link whose target this missing object is.
    """
    blame = thing.state if thing.state in SEVERE else lacking
    frame = _draw_frame(thing, area, blame)
    on = frame.fill
    room = area.width - 2 * INSET
    note = thing.note if thing.exists else "" if thing.placeholder else _absence_note(thing, area)
    bold = bool(thing.placeholder) and blame in SEVERE
    y = area.y + (15 if note else area.height / 2 + 4)
    label = fit_text(name or escape_text(thing.name), room, BODY, bold=bold)
    shapes: list[Shape] = [frame, Text(area.x + INSET, y, label, size=BODY, ink="ink", on=on, bold=bold)]
    shapes += _draw_note(escape_text(note), area, on, wrapped=not thing.exists) if note else []
    if blame or thing.state == "unseen":
        colour = blame or "unseen"
        shapes += draw_badge(area.right - 3, area.y + 1, SIGNS[colour], colour)
    if chosen:
        ring = Rect(area.x - 4, area.y - 4, area.width + 8, area.height + 8, fill="", stroke="now", thick=1.6, radius=8)
        shapes.insert(0, ring)  # the first shape is painted first: the ring stays behind the box
    role = "placeholder" if thing.placeholder else "object"
    return Item(tuple(shapes), key=thing.key, role=role, state=thing.state, hint=_format_hint(thing))


def _draw_note(note: str, area: Area, on: str, *, wrapped: bool) -> list[Text]:
    """Draw what is known of an object below its name; `wrapped` in as many lines as a higher box has room for."""
    room = area.width - 2 * INSET
    lines = wrap_text(note, room, SMALL) if area.height > HIGH and wrapped else [note]
    rows = enumerate(fit_text(text, room, SMALL) for text in lines[: 1 + int((area.height - HIGH) // 13)])
    x, y = area.x + INSET, area.y + 29
    return [Text(x, y + index * 13, text, size=SMALL, ink="quiet", on=on) for index, text in rows]


def _draw_frame(thing: Box, area: Area, blame: str) -> Rect:
    if thing.exists:
        fill, stroke, thick = (f"{blame}_box", blame, 2.2) if blame else ("box", "edge", 1.1)
        return Rect(*area, fill=fill, stroke=stroke, thick=thick)
    if thing.state == "unseen":
        return Rect(*area, fill="unseen_box", stroke="unseen", thick=1.2, dash="2 3")
    return Rect(*area, fill="paper", stroke=blame or "edge", thick=2 if blame else 1.2, dash="6 4")


def _absence_note(thing: Box, area: Area | None = None) -> str:
    """Return the note of a missing object, with its kind where several kinds share a column and it fits."""
    state = MISSING.get(thing.state, "")
    whole = ", ".join(filter(None, (thing.note, state)))
    if area is None or area.height > HIGH or text_width(whole, SMALL) <= area.width - 2 * INSET:
        return whole
    return state


def _format_hint(thing: Box) -> str:
    """Return the tooltip: the full name, the note, and the findings."""
    if thing.placeholder:
        head = f"{thing.placeholder} of {thing.ref.name}"
    else:
        note = thing.note if thing.exists else _absence_note(thing)
        head = f"{thing.ref}{': ' if thing.note or not thing.exists else ''}{note}"
    return "\n".join(map(escape_text, [head, *(f"{SIGNS[str(f.severity)]} {f.message}" for f in thing.findings)]))


def draw_stack(area: Area, lines: tuple[str, str], state: str = "good") -> tuple[Shape, ...]:
    """Draw a stack of boxes, with two lines of text on the front one."""
    severe, unseen = state in SEVERE, state == "unseen"
    signed = severe or unseen
    fill, stroke = (f"{state}_box", state) if signed else ("box", "edge")
    dash = "2 3" if unseen else ""
    back = [Rect(area.x + n, area.y - n, area.width, area.height, fill=fill, stroke=stroke, thick=1) for n in (6, 3)]
    front = Rect(*area, fill=fill, stroke=stroke, thick=2 if severe else 1.1, dash=dash)
    texts = _draw_stack_texts(area, lines, fill, bold=bool(lines[1]) or signed)
    sign = draw_badge(area.right - 3, area.y + 1, SIGNS[state], state) if signed else ()
    return (*back, front, *texts, *sign)


def _draw_stack_texts(area: Area, lines: tuple[str, str], on: str, *, bold: bool) -> Iterator[Text]:
    """Draw the one or two lines of text of a stack; a single line is centred in its height."""
    first, second = map(escape_text, lines)
    x, room = area.x + INSET, area.width - 2 * INSET
    y = area.y + (15 if second else area.height / 2 + 4)
    yield Text(x, y, fit_text(first, room, BODY, bold=bold), size=BODY, ink="ink", on=on, bold=bold)
    if second:
        yield Text(x, area.y + 29, fit_text(second, room, SMALL), size=SMALL, ink="quiet", on=on)
