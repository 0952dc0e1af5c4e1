"""The timeline for a terminal: one line for each phase and node, with its times and a bar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.listing import group_by
from harvdiag.core.marks import ERROR, SIGNS, TO_COME
from harvdiag.core.wrap import pad_text, wrap_text
from harvdiag.figures.measure import distinct_names
from harvdiag.figures.timeline.axis import Axis, build_axis
from harvdiag.status.upgrade.history import FaultMark, History, Row
from harvdiag.upgrade.wording import format_duration

__all__ = ["render_text"]

LABEL, TIMES, LEAST, EM = 30, 17, 20, 0.65


def render_text(history: History, under: str, wide: int) -> str:
    """Render the title, the phases and the nodes with their bars, and the time at which it stalled."""
    lines = [*wrap_text(history.title, wide, "  "), escape_text(under), ""]
    if history.has_times:
        room = max(wide - LABEL - TIMES - 6, LEAST)
        scale = build_axis(history.busy, history.end, 0, room, 3)
        days = dict.fromkeys(f"{stretch.began:%Y-%m-%d}" for stretch in scale.stretches)
        lines.append(f"{', '.join(days)}, all times UTC")
        labels = _row_labels([escape_text(name) for row in history.nodes for name in row.nodes])
        for row in history.phases:
            lines += _row_line(history, row, scale, (escape_text(row.label)[:LABEL], room))
        lines += [line for fault in _fault_lines(history.signs) for line in wrap_text(fault, wide, "  ")]
        for row in history.nodes:
            lines += _row_line(history, row, scale, (labels.get(escape_text(row.label), row.label), room))
            lines += [line for fault in _fault_lines(row.signs) for line in wrap_text(fault, wide, "  ")]
        silent = [s for s in scale.stretches if s.silent]
        lines += [f"/ nothing moved for {format_duration(s.duration)} from {s.began:%Y-%m-%d %H:%M} on" for s in silent]
        if stop := history.stop:
            where = f" ({stop.node})" if stop.node else ""
            lines += wrap_text(
                f"{SIGNS[ERROR]} last moved: {stop.time:%Y-%m-%d %H:%M} UTC {stop.what}{where}", wide, "  "
            )
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _row_labels(names: Sequence[str]) -> dict[str, str]:
    """Return each name shortened to the column's width, still distinct."""
    shortened = distinct_names(names, LABEL * EM, 1)
    return {
        n: s if len(s) <= LABEL else f"{s[: LABEL // 2]}…{s[1 - LABEL + LABEL // 2 :]}" for n, s in shortened.items()
    }


def _fault_lines(signs: Sequence[FaultMark]) -> Iterator[str]:
    """Yield a line for each fault; faults with the same text share one, with their number."""
    for (mark, text), same in group_by(sorted(signs), lambda sign: (sign.mark, sign.message)):
        times = f" ({len(same)} times, the last {same[-1].time:%H:%M})" if len(same) > 1 else ""
        yield f"  {SIGNS[mark]} {same[0].time:%H:%M} {text}{times}"


def _row_line(history: History, row: Row, scale: Axis, place: tuple[str, int]) -> Iterator[str]:
    label, room = place
    cells = ["/" if any(s.silent and s.left <= x < s.right for s in scale.stretches) else "·" for x in range(room)]
    for bar in row.bars:
        end = bar.ended or (history.stop.time if history.stop else history.end)
        left = min(int(scale.place(bar.began)), room - 1)
        right = min(max(int(scale.place(end)), left + 1), room)
        cells[left:right] = ["█" if bar.job else "▒"] * (right - left)
    ends = [bar.ended for bar in row.bars]
    last = f"{max(e for e in ends if e):%H:%M}" if ends and all(ends) else "now"
    when = f"{min(bar.began for bar in row.bars):%H:%M} … {last}" if row.bars else "time unknown"
    yield f"{SIGNS.get(row.mark, TO_COME)} {pad_text(label, LABEL)} {when:{TIMES - 4}} {''.join(cells)}"
