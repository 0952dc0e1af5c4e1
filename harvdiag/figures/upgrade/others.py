"""Upgrade V2 in a picture: its nodes by state. Its phases are not a fixed list, so there is no strip."""

from __future__ import annotations

from dataclasses import replace

from harvdiag.core.escape import escape_text
from harvdiag.core.listing import join_escaped
from harvdiag.core.marks import SIGNS
from harvdiag.figures.measure import fit_text, text_width
from harvdiag.figures.parts import BODY, MARGIN, fit_names
from harvdiag.figures.scene import Item, Rect, Shape, Text, draw_badge
from harvdiag.status.upgrade.labels import plan_states
from harvdiag.status.upgrade.progress import UpgradeProgress

__all__ = ["draw_plan_states"]

NAMES, HIGH = 300.0, 30.0


def draw_plan_states(course: UpgradeProgress, y: float, wide: float) -> tuple[list[Item], float]:
    """Draw one row for each state of an UpgradePlan from y down; also return their lower edge. Else there are none."""
    items = []
    for index, (state, mark, names) in enumerate(plan_states(course)):
        items.append(_draw_row(Rect(MARGIN, y + index * HIGH, wide - 2 * MARGIN, HIGH - 6), state, mark, names))
    return items, y + len(items) * HIGH + (10 if items else 0)


def _draw_row(box: Rect, state: str, mark: str, names: list[str]) -> Item:
    broken = mark == "error"
    fill, stroke, thick = ("error_box", "error", 2.4) if broken else ("lane", "rule", 1.0)
    shapes: list[Shape] = [replace(box, fill=fill, stroke=stroke, thick=thick)]
    x = box.x + 12
    if broken:
        shapes += draw_badge(x + 8, box.y + box.height / 2, SIGNS[mark], mark)
        x += 26
    count = f"{len(names)} times " if len(names) > 1 else ""
    label = fit_text(escape_text(f"{count}{state}"), NAMES - 40, BODY)
    shapes.append(Text(x, box.y + 16, label, size=BODY, ink="ink" if broken else "quiet", on=fill))
    left = max(box.x + NAMES, x + text_width(label, BODY) + 12)
    shapes.append(Text(left, box.y + 16, fit_names(names, box.area.right - left - 8), size=BODY, ink="ink", on=fill))
    return Item(
        tuple(shapes),
        key=f"state-{state.replace(' ', '-')}",
        role="group",
        state=mark,
        hint=f"{escape_text(state)}: {join_escaped(names)}",
    )
