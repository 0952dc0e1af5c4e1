"""The contact sheet: every frame of a replay as a row, with its moment in words and the state of each node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SIGNS, TO_COME
from harvdiag.core.tabular import Record
from harvdiag.figures.drawing import Drawing
from harvdiag.figures.figure import Figure
from harvdiag.figures.measure import fit_end, fit_text, text_width
from harvdiag.figures.parts import BODY, MARGIN, SMALL, LegendEntry, assemble_scene, draw_head, draw_legend
from harvdiag.figures.scene import Item, Path, Rect, Scene, Shape, Text, draw_badge
from harvdiag.figures.styles import STYLES
from harvdiag.training.replays.frame import Frame, NodeShown

__all__ = ["Course", "draw_sheet"]

WIDE, ROW, CLOCK = 1120.0, 24.0, 82.0
WORD, SHORT, BADGE = 138.0, 84.0, 34.0
"""The width of a node's column with its state, the least in which that can be read, and with the sign alone."""
SHARE = 0.55
"""The part of the picture that the nodes may take."""
LEGEND = {"error": "stuck", "warning": "held up", "now": "in progress", "good": "done"}


class Course:
    """What the sheet tells beside its frames: title, what stands below it, and where the healthy course is left."""

    def __init__(self, title: str, under: str, leaves: int | None) -> None:
        self.title, self.under, self.leaves = title, under, leaves


def draw_sheet(frames: Sequence[Frame], course: Course, columns: dict[str, str], rows: Sequence[Record]) -> Figure:
    """Return the sheet of these frames, whose table is that of the replay."""
    drawing = Drawing(
        layout=lambda width: _build_scene(frames, course, min(width or WIDE, WIDE)),
        text=lambda width: "\n".join(_lines(frames, course, width)),
        columns=columns,
        rows=rows,
    )
    return Figure("replay", drawing)


def _lines(frames: Sequence[Frame], course: Course, width: int) -> Iterator[str]:
    yield escape_text(course.title)
    for each in frames:
        signs = "".join(_sign(node) for node in each.nodes)
        mark = "◀" if each.number == course.leaves else " "
        line = f"{each.number:>3} {each.clock:>8} {signs:<4} {escape_text(each.title)} {mark}".rstrip()
        yield line if len(line) <= width else f"{line[: width - 1]}…"


def _build_scene(frames: Sequence[Frame], course: Course, wide: float) -> Scene:
    items, y = draw_head(course.title, course.under, wide)
    names = list(dict.fromkeys(node.name for each in frames for node in each.nodes))
    column = _column(len(names), wide)
    left = wide - MARGIN - column * len(names)
    items += _heads(names, left, column, y + 8)
    y += 16
    for before, each in pairwise([None, *frames]):
        if each is not None:
            items += _row(each, before, course, (left, column, y, wide))
            y += ROW
    marks = {node.mark for each in frames for node in each.nodes}
    keys = [LegendEntry(word, colour=mark, sign=SIGNS[mark]) for mark, word in LEGEND.items() if mark in marks]
    below, y = draw_legend(keys, y + 12, wide)
    return assemble_scene(course.title, _alt(frames, course), wide, y + 8, [*items, *below])


def _column(count: int, wide: float) -> float:
    """The width of a node's column: with its state where there is room for all, else its sign alone."""
    room = min(WORD, (wide - 2 * MARGIN) * SHARE / max(count, 1))
    return room if room >= SHORT else BADGE


def _heads(names: Sequence[str], left: float, column: float, y: float) -> Iterator[Item]:
    for at, name in enumerate(names):
        short = fit_text(escape_text(name), column - 2, SMALL)
        yield Item((Text(left + at * column + 2, y, short, size=SMALL, ink="quiet"),), key=f"head/{name}", role="head")


def _row(each: Frame, before: Frame | None, course: Course, place: tuple[float, float, float, float]) -> Iterator[Item]:
    left, column, y, wide = place
    known = {node.name: node for node in before.nodes} if before else {}
    leaves = each.number == course.leaves
    if leaves:
        band = Rect(MARGIN - 6, y + 1, wide - 2 * MARGIN + 12, ROW - 2, fill="warning_box", stroke="warning", radius=4)
        yield Item((band,), key=f"leaves/{each.number}", role="band", state="warning")
    on, base = ("warning_box" if leaves else "paper"), y + ROW / 2 + 4
    clock, x = CLOCK if wide >= 700 else 0.0, MARGIN + 28
    shapes: list[Shape] = [Text(MARGIN, base, str(each.number), size=SMALL, ink="quiet", on=on)]
    if clock:
        shapes.append(Text(x, base, each.clock, size=SMALL, ink="quiet", on=on))
    room = left - x - clock - 10
    told = fit_end(escape_text(each.title), room, BODY if clock else SMALL)
    shapes.append(Text(x + clock, base, told, size=BODY if clock else SMALL, on=on, bold=False))
    yield Item(tuple(shapes), key=f"frame/{each.number}", role="frame", hint=escape_text(f"{each.title}: {each.turn}"))
    for at, node in enumerate(each.nodes):
        yield _cell(node, known.get(node.name) == node, (left + at * column, y, column), f"{each.number}/{node.name}")
    rule = Path(((MARGIN, y + ROW), (wide - MARGIN, y + ROW)), stroke="rule", thick=0.6)
    yield Item((rule,), role="rule")


def _cell(node: NodeShown, same: bool, place: tuple[float, float, float], key: str) -> Item:
    """A node's state: its sign always, the word where it changed."""
    x, y, column = place
    shapes: list[Shape] = []
    fill = STYLES[node.mark].fill if node.mark in STYLES and node.mark != "good" else ""
    if fill and column > BADGE:
        shapes.append(Rect(x, y + 2, column - 4, ROW - 4, fill=fill, stroke="", radius=4))
    if node.mark in SIGNS:
        shapes += draw_badge(x + 12, y + ROW / 2, SIGNS[node.mark], node.mark)
    else:
        shapes.append(Text(x + 12, y + ROW / 2 + 4, TO_COME, size=SMALL, ink="quiet", anchor="middle"))
    if column > BADGE and node.state and not same:
        room = column - 30
        word = fit_text(escape_text(node.state), room, SMALL) if text_width(node.state, SMALL) > room else node.state
        shapes.append(Text(x + 24, y + ROW / 2 + 4, escape_text(word), size=SMALL, on=fill or "paper"))
    return Item(tuple(shapes), key=key, role="cell", state=node.mark, hint=escape_text(f"{node.name}: {node.state}"))


def _alt(frames: Sequence[Frame], course: Course) -> str:
    told = ". ".join(f"{each.number}: {each.title}" for each in frames)
    return f"{course.title}. {told}."


def _sign(node: NodeShown) -> str:
    return SIGNS.get(node.mark, TO_COME)
