"""The rows of the timeline as shapes: bars with their texts where they fit, symbols, and the marked time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SIGNS
from harvdiag.figures.measure import distinct_names, fit_text, name_width, text_width
from harvdiag.figures.parts import BODY, MARGIN, NARROW, SMALL, fit_distinct_names
from harvdiag.figures.scene import Item, Path, Rect, Shape, Text, draw_badge
from harvdiag.figures.styles import STYLES
from harvdiag.figures.timeline.axis import Axis
from harvdiag.status.upgrade.history import Bar, FaultMark, History, Row
from harvdiag.upgrade.wording import format_duration
from harvdiag.upgrade.wording import format_idle as idle_for

__all__ = ["Layout", "draw_chart", "fit_layout"]

TOP, PHASE_BAR, INDENT = 56.0, 14.0, 22.0


class Layout(NamedTuple):
    """Where the parts of the chart are: how wide the names at the left are and how much of a row is above its bar, for
    names that have no room beside it; the height of a row of a phase and of a node; the width of a silence.
    """

    names: float
    above: float = 0.0
    phase: float = 22.0
    node: float = 34.0
    gap: float = 104.0


NARROW_LAYOUT = Layout(0.0, 17.0, 36.0, 38.0, 100.0)


def fit_layout(history: History, wide: float) -> Layout:
    """Return the layout for a picture of this width: names beside the bars, in a narrow one above them."""
    if wide < NARROW:
        return NARROW_LAYOUT
    nodes = [name_width(escape_text(row.label), BODY, bold=True) for row in history.nodes]
    phases = [name_width(escape_text(row.label), SMALL, bold=True) for row in history.phases]
    return Layout(max([120.0, *nodes, *phases, *(168 for row in history.nodes if len(row.nodes) > 1)]) + INDENT + 14)


def draw_chart(history: History, axis: Axis, y: float, layout: Layout) -> tuple[list[Item], float]:
    """Draw the axis, the phases and the nodes from y down; also return their lower edge."""
    top = y + TOP
    middle = top + layout.phase * len(history.phases) + 12
    low = middle + layout.node * len(history.nodes) + 4
    room = (layout.names or axis.right - MARGIN) - INDENT - 14
    names = distinct_names([escape_text(name) for row in history.nodes for name in row.nodes], room, BODY, bold=True)
    items = [*_draw_silences(axis, y, low), *_draw_ticks(axis, y, low, layout)]
    for index, row in enumerate(history.phases):
        items.append(_draw_row(history, row, axis, Place(top + layout.phase * index, layout.phase, room, layout.above)))
    items.append(Item((Path(((MARGIN, middle - 6), (axis.right, middle - 6)), stroke="rule", thick=1.0),)))
    for index, row in enumerate(history.nodes):
        place = Place(middle + layout.node * index, layout.node, room, layout.above, names)
        items.append(_draw_row(history, row, axis, place))
    items += _draw_marks(history, axis, (top, middle), layout)
    items += _draw_moment(history, axis, y, low)
    return items, low


class Place(NamedTuple):
    """Where a row is drawn: its top, height, the room for its label, and how much of it is above its bar."""

    y: float
    high: float
    room: float
    above: float
    names: Mapping[str, str] = MappingProxyType({})

    @property
    def middle(self) -> float:
        """The height of its bars."""
        return self.y + self.above + (self.high - self.above) / 2


def _draw_silences(axis: Axis, y: float, low: float) -> Iterator[Item]:
    """Draw the silences: grey, with their duration."""
    for stretch in axis.stretches:
        if stretch.silent:
            box = Rect(
                stretch.left, y + 20, stretch.right - stretch.left, low - y - 20, fill="lane", stroke="", radius=0
            )
            x, room = (stretch.left + stretch.right) / 2, box.width - 6
            duration = Text(
                x,
                y + 34,
                fit_text(format_duration(stretch.duration), room, SMALL),
                size=SMALL,
                ink="ink",
                on="lane",
                anchor="middle",
            )
            label = Text(
                x, y + 48, fit_text("nothing moved", room, SMALL), size=SMALL, ink="quiet", on="lane", anchor="middle"
            )
            hint = f"{stretch.began:%Y-%m-%d %H:%M} to {stretch.ended:%Y-%m-%d %H:%M} UTC"
            yield Item((box, duration, label), role="gap", state="silent", hint=hint)


def _draw_ticks(axis: Axis, y: float, low: float, layout: Layout) -> Iterator[Item]:
    day = None
    if layout.names:
        yield Item((Text(MARGIN, y + 48, "UTC", size=SMALL, ink="quiet"),), role="axis")
    before = axis.left - 100
    for tick in axis.ticks():
        x = axis.place(tick)
        line = Path(((x, y + 52), (x, low)), stroke="rule", thick=1.0)
        if (
            x - before < 40
            or x + 24 > axis.right
            or any(s.silent and s.left - 20 < x < s.right + 20 for s in axis.stretches)
        ):
            yield Item((line,), role="tick")
            continue
        texts = [Text(x, y + 48, f"{tick:%H:%M}", size=SMALL, ink="quiet", anchor="middle")]
        free = not any(s.silent and s.left - 40 < x < s.right + 40 for s in axis.stretches)
        if tick.date() != day and free and x - 36 > max(axis.left - 40, 0) and x + 36 < axis.right:
            texts.append(Text(x, y + 34, f"{tick:%Y-%m-%d}", size=SMALL, ink="quiet", anchor="middle"))
            day = tick.date()
        before = x
        yield Item((line, *texts), role="tick")


def _draw_row(history: History, row: Row, axis: Axis, place: Place) -> Item:
    shapes: list[Shape] = list(_draw_label(row, place))
    taken: list[tuple[float, float]] = []
    is_phase = row.key.startswith("phase-")
    signs = [(axis.place(s.time) - 10, axis.place(s.time) + 10) for s in row.signs]
    for bar in row.bars:
        ends = _bar_ends(history, bar, axis)
        named = not is_phase and not any(left < ends[1] and ends[0] < right for left, right in signs)
        shapes += _draw_bar(history, bar, axis, (place.middle, PHASE_BAR if is_phase else 16), named)
        taken.append(ends)
    # Texts go where neither a bar nor a symbol nor the label of a silence is.
    taken += signs
    taken += [(s.left, s.right) for s in axis.stretches if s.silent]
    shapes += _draw_bar_texts(row, axis, taken, place.middle)
    hints = [f"{escape_text(row.label)}: {escape_text(row.under)}".rstrip(": "), *(_bar_hint(bar) for bar in row.bars)]
    hints += [f"{row.rest} Events, log lines and similar"] if row.rest else []
    role = "phase" if is_phase else "node" if len(row.nodes) == 1 else "group"
    return Item(tuple(shapes), key=row.key, role=role, state=row.mark, hint=escape_text("; ".join(hints)))


def _bar_hint(bar: Bar) -> str:
    ended = f"{bar.ended:%H:%M}" if bar.ended else "in progress"
    idle = f", {idle_for(bar.idle)}" if bar.idle else ""
    return f"{bar.step} {bar.began:%H:%M} to {ended}{f' ({bar.took})' if bar.took else ''}{idle}"


def _draw_label(row: Row, place: Place) -> Iterator[Shape]:
    strong, room = row.mark in {"error", "warning", "now"}, place.room
    if row.mark in SIGNS:
        yield from draw_badge(MARGIN + 8, place.y + 9 if place.above else place.middle, SIGNS[row.mark], row.mark)
    size = BODY if row.under else SMALL
    strong = strong and (bool(row.under) or text_width(escape_text(row.label), size, bold=True) <= room)
    label = place.names.get(escape_text(row.label), escape_text(row.label))
    many = len(row.nodes) > 1
    if place.above:
        label = f"{label}: {escape_text(row.under)}" if row.under and not many else label
        low = place.y + 13
    else:
        low = place.middle + (-2 if row.under else 4)
    shown = fit_text(label, room + 0.2, size, bold=strong)
    yield Text(MARGIN + INDENT, low, shown, size=size, ink="ink" if strong else "quiet", bold=strong)
    under = fit_distinct_names(row.nodes, room) if many else fit_text(escape_text(row.under), room, SMALL)
    if row.under and not place.above:
        yield Text(MARGIN + INDENT, low + 13, under, size=SMALL, ink="quiet")


def _bar_ends(history: History, bar: Bar, axis: Axis) -> tuple[float, float]:
    left = axis.place(bar.began)
    right = axis.place(bar.ended or (history.stop.time if history.stop else history.end))
    # A Job of a few seconds would be invisible at the scale of hours.
    return left, min(max(right, left + 3), axis.right)


def _draw_bar(history: History, bar: Bar, axis: Axis, place: tuple[float, float], named: bool) -> Iterator[Shape]:
    middle, high = place
    left, right = _bar_ends(history, bar, axis)
    fill, stroke, thick, dash = STYLES[bar.mark]
    thin = high if bar.job else high / 2
    yield Rect(left, middle - thin / 2, right - left, thin, fill=fill, stroke=stroke, thick=thick, dash=dash, radius=2)
    if bar.ended is None and history.stop and right < axis.right - 4:
        yield Path(((right, middle), (axis.right - 2, middle)), stroke=stroke, thick=1.6, dash="5 4")
    if bar.job and named and text_width(bar.step, SMALL) <= right - left - 8:
        yield Text(
            (left + right) / 2,
            middle + 4,
            escape_text(bar.step),
            size=SMALL,
            ink="quiet",
            on=fill or "paper",
            anchor="middle",
        )


def _draw_bar_texts(row: Row, axis: Axis, taken: Sequence[tuple[float, float]], middle: float) -> Iterator[Text]:
    """Draw steps and durations after the last bar, before it, or apart from all; the tooltip always has them."""
    bars = taken[: len(row.bars)]
    last = max((right for _, right in bars), default=axis.left)
    begin = max((left for left, _ in bars), default=axis.left)
    for words in _bar_texts(row):
        free = _free_places(axis, taken, text_width(words, SMALL) + 18)
        if after := next((left for left, _ in free if left >= last - 1), None):
            yield Text(after + 8, middle + 4, words, size=SMALL, ink="quiet")
            return
        if any(abs(right - begin) < 1 for _, right in free):
            yield Text(begin - 10, middle + 4, words, size=SMALL, ink="quiet", anchor="end")
            return
        if free:  # directly before another bar they would seem to be about that one
            yield Text(free[-1][0] + 8, middle + 4, words, size=SMALL, ink="quiet")
            return


def _bar_texts(row: Row) -> Iterator[str]:
    """Yield the possible texts beside the bars of a row, the longest first."""
    if not row.bars:
        yield "time unknown"
        return
    if row.key.startswith("phase-"):
        last = row.bars[-1]
        how = last.took or ("" if last.ended else "stalled" if row.mark == "error" else "in progress")
        yield f"{how}, after {last.idle} idle" if last.idle and how else how
        return
    bars = [_format_bar(bar) for bar in row.bars]
    yield " · ".join(bars[-4:])
    yield " · ".join(bars[-2:])


def _format_bar(bar: Bar) -> str:
    idle = f"{bar.idle} idle, " if bar.idle and bar.step == "pre-drain" else ""
    return f"{idle}{escape_text(bar.step)}{f' {bar.took}' if bar.took else ''}{'' if bar.ended else ' …'}"


def _free_places(axis: Axis, taken: Sequence[tuple[float, float]], need: float) -> list[tuple[float, float]]:
    """Return the free ranges of a row that are wide enough, from left to right."""
    places, reach = [], axis.left
    for left, right in sorted([*taken, (axis.right, axis.right)]):
        if left - reach >= need:
            places.append((reach, left))
        reach = max(reach, right)
    return places


def _draw_marks(history: History, axis: Axis, tops: tuple[float, float], layout: Layout) -> Iterator[Item]:
    """Draw the faults: of a node in its row, of the cluster in the row of the last phase. `tops` are those of the rows
    of phases and of nodes.
    """
    rows: list[tuple[str, float, Sequence[FaultMark]]] = []
    if history.phases and history.signs:
        y = tops[0] + layout.phase * (len(history.phases) - 1)
        rows.append(("cluster", Place(y, layout.phase, 0, layout.above).middle, history.signs))
    for index, row in enumerate(history.nodes):
        middle = Place(tops[1] + layout.node * index, layout.node, 0, layout.above).middle
        rows.append((row.key, middle, row.signs))
    for name, y, signs in rows:
        for index, group in enumerate(_group_close_signs(signs, axis)):
            mark = min((s.mark for s in group), key=list(SIGNS).index)
            x = min(max(axis.place(group[0].time), axis.left + 8), axis.right - 8)
            hint = escape_text("; ".join(f"{s.time:%H:%M} {s.message}" for s in group[:6]))
            yield Item(
                draw_badge(x, y, SIGNS[mark], mark), key=f"{name}/sign-{index}", role="mark", state=mark, hint=hint
            )


def _group_close_signs(signs: Sequence[FaultMark], axis: Axis) -> list[list[FaultMark]]:
    """Group the faults whose badges would overlap."""
    groups: list[list[FaultMark]] = []
    for sign in sorted(signs):
        if groups and axis.place(sign.time) - axis.place(groups[-1][0].time) < 18:
            groups[-1].append(sign)
        else:
            groups.append([sign])
    return groups


def _draw_moment(history: History, axis: Axis, y: float, low: float) -> Iterator[Item]:
    """Draw the time at which it stalled, or that of the collection, as a line with a label."""
    if history.stop:
        words = f"{history.stop.time:%H:%M} UTC: nothing has moved since"
        yield _draw_marker(axis, (history.stop.time, "error"), words, (y, low))
    elif history.progress.running and (now := history.progress.facts.now.at):
        yield _draw_marker(axis, (now, "now"), f"{now:%H:%M} UTC: collected", (y, low))


def _draw_marker(axis: Axis, moment: tuple[datetime, str], words: str, span_: tuple[float, float]) -> Item:
    (time, colour), (y, low) = moment, span_
    x, wide = axis.place(time), text_width(words, BODY, bold=True)
    anchor = "start" if x + wide + 4 < axis.right else "end"
    begin = x + 4 if anchor == "start" else max(x, MARGIN + wide)
    text = Text(begin, y + 14, words, size=BODY, ink="ink", anchor=anchor, bold=True)
    return Item(
        (Path(((x, y + 18), (x, low)), stroke=colour, thick=2.2, dash="6 3"), text),
        key="moment",
        role="mark",
        state=colour,
        hint=words,
    )
