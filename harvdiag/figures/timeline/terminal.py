"""The timeline for a terminal: one line a phase and node, with its times and a bar."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from harvdiag.escape import plain
from harvdiag.figures.parts import SIGNS
from harvdiag.figures.timeline.axis import Axis, axis
from harvdiag.figures.timeline.history import History, Row
from harvdiag.upgrade.wording import span

__all__ = ["terminal"]

LABEL, TIMES, LEAST = 30, 17, 20


def __dir__() -> list[str]:
    return __all__


def terminal(history: History, under: str, wide: int) -> str:
    """The title, the phases and the nodes with their bars, and the moment at which it stopped."""
    lines = [*_folds(history.title, wide), plain(under), ""]
    if history.told:
        room = max(wide - LABEL - TIMES - 6, LEAST)
        scale = axis(history.busy, history.end, 0, room, 3)
        days = dict.fromkeys(f"{stretch.began:%Y-%m-%d}" for stretch in scale.stretches)
        lines.append(f"{', '.join(days)}, all times UTC")
        for row in (*history.phases, *history.nodes):
            lines += _row(history, row, scale, room)
        silent = [s for s in scale.stretches if s.silent]
        lines += [f"/ nothing moved for {span(s.lasts)} from {s.began:%Y-%m-%d %H:%M} on" for s in silent]
        if stop := history.stop:
            where = f" ({stop.node})" if stop.node else ""
            lines += _folds(f"✗ last moved: {stop.time:%Y-%m-%d %H:%M} UTC {stop.what}{where}", wide)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _folds(text: str, wide: int) -> list[str]:
    return wrap(plain(text), max(wide, 30), subsequent_indent="  ", break_on_hyphens=False) or [""]


def _row(history: History, row: Row, scale: Axis, room: int) -> Iterator[str]:
    cells = ["/" if any(s.silent and s.left <= x < s.right for s in scale.stretches) else "·" for x in range(room)]
    for bar in row.bars:
        end = bar.ended or (history.stop.time if history.stop else history.end)
        left = min(int(scale.place(bar.began)), room - 1)
        right = min(max(int(scale.place(end)), left + 1), room)
        cells[left:right] = ["█" if bar.job else "▒"] * (right - left)
    first = f"{min(bar.began for bar in row.bars):%H:%M}" if row.bars else "  ?  "
    ends = [bar.ended for bar in row.bars]
    last = f"{max(e for e in ends if e):%H:%M}" if ends and all(ends) else "now"
    label = plain(row.label)
    label = label if len(label) <= LABEL else f"{label[: LABEL - 1]}…"
    yield f"{SIGNS.get(row.mark, '·')} {label:{LABEL}} {f'{first} … {last}':{TIMES - 4}} {''.join(cells)}"
