"""The differences as shapes: for each host the earlier state on the left and the present one on the right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.keys import object_key
from harvdiag.core.listing import join_escaped
from harvdiag.core.marks import ABSENT, SEVERE, SIGNS, UNSEEN
from harvdiag.figures.measure import fit_text, line_height
from harvdiag.figures.parts import BODY, MARGIN, SMALL, LegendEntry, assemble_scene, draw_head, draw_legend
from harvdiag.figures.scene import Item, Path, Rect, Scene, Shape, Text, draw_badge
from harvdiag.status.changes.comparison import CHANGED, GONE, NEW, RECREATED, Comparison
from harvdiag.status.changes.grouping import Group, Step
from harvdiag.status.changes.titles import (
    CHANGE_SIGNS,
    build_alt_text,
    build_title,
    describe_sides,
    describe_sources,
    format_change,
    list_findings,
    list_notes,
    list_remarks,
)

__all__ = ["build_scene"]

WIDE, HIGH, BOX = 1120.0, 30.0, 24.0
WHAT, BEFORE, NOW = MARGIN + 30, 440.0, 790.0
ROOM = 310.0
FINDINGS = 12
CHANGE_WORDS = {NEW: "new", GONE: "gone", CHANGED: "changed", RECREATED: "recreated"}


def build_scene(comparison: Comparison, groups: Sequence[Group]) -> Scene:
    """Build the scene of the whole comparison."""
    items, y = draw_head(build_title(comparison), "   →   ".join(describe_sources(comparison)), WIDE)
    if groups:
        items += list(_draw_heads(y + 12))
        y += 22
    for number, group in enumerate(groups):
        drawn, y = _draw_group(group, f"group/{number}", y)
        items += drawn
    finding_items, y = _draw_findings(comparison, y + 8)
    items += finding_items
    remark_items, y = _draw_remarks(comparison, y)
    items += remark_items
    below, y = draw_legend(_legend_entries(comparison, groups), y + 4, WIDE)
    return assemble_scene(build_title(comparison), build_alt_text(comparison, groups), WIDE, y + 12, [*items, *below])


def _draw_heads(y: float) -> Iterator[Item]:
    for x, word in ((BEFORE, "before"), (NOW, "now")):
        yield Item((Text(x, y, word, size=SMALL, ink="quiet"),), key=f"column/{word}", role="head")
    yield Item((Path(((MARGIN, y + 7), (WIDE - MARGIN, y + 7)), stroke="rule"),), role="rule")


def _draw_group(group: Group, own: str, y: float) -> tuple[list[Item], float]:
    items = [_draw_group_head(group, own, y)]
    y += 26
    for index, step in enumerate(group.steps):
        items += _draw_change(step, f"{own}/{index}/{object_key(step.change.ref)}", y)
        y += HIGH
    if group.more:
        more = Text(WHAT, y + 14, f"and {group.more} more", size=BODY, ink="quiet")
        items.append(Item((more,), key=f"{own}/more", role="more"))
        y += 24
    under = Path(((MARGIN, y + 2), (WIDE - MARGIN, y + 2)), stroke="rule", thick=0.8)
    return [*items, Item((under,), role="rule")], y + 6


def _draw_group_head(group: Group, own: str, y: float) -> Item:
    """Draw the name of a host, or of the first of several with the same changes, and the names of the others."""
    shapes = [Text(MARGIN, y + 18, fit_text(escape_text(group.name), 400, BODY, bold=True), size=BODY, bold=True)]
    alike = join_escaped(group.alike)
    if group.alike:
        shapes.append(Text(BEFORE, y + 18, fit_text(alike, WIDE - MARGIN - BEFORE, BODY), size=BODY, ink="quiet"))
    return Item(tuple(shapes), key=own, role="group", hint=alike or escape_text(group.name))


def _draw_change(step: Step, own: str, y: float) -> list[Item]:
    change, (before, now) = step.change, describe_sides(step)
    what = fit_text(escape_text(format_change(change)), BEFORE - WHAT - 12, BODY)
    mark = (*_draw_mark(change.sort, MARGIN + 14, y + BOX / 2), Text(WHAT, y + BOX / 2 + 4, what, size=BODY))
    parts = f" with {', '.join(step.parts)}" if step.parts else ""
    hint = escape_text(f"{change.ref} {change.path}{parts}: {CHANGE_WORDS[change.sort]}: {before} → {now}")
    arrow = Path(((BEFORE + ROOM + 6, y + BOX / 2), (NOW - 6, y + BOX / 2)), stroke="link", thick=1.2, ends="arrow")
    return [
        Item(mark, key=own, role="change", state=change.sort, hint=hint),
        Item(
            (*_draw_box(before, BEFORE, y, _box_style(change.sort, False, before)), arrow),
            role="before",
            state=change.sort,
        ),
        Item(_draw_box(now, NOW, y, _box_style(change.sort, True, now)), role="now", state=change.sort),
    ]


def _box_style(sort: str, now: bool, words: str) -> tuple[str, str, float, str]:
    """Return fill, stroke, width and dash: dashed and not filled for what does not exist, bold for a change."""
    if sort == (GONE if now else NEW) or words == ABSENT:
        return "", "edge", 1.2, "5 3"
    if not now:
        return "box", "rule", 1.2, ""
    return {NEW: ("now_box", "now", 2.2, "")}.get(sort, ("info_box", "info", 2.0, ""))


def _draw_box(words: str, x: float, y: float, style: tuple[str, str, float, str]) -> tuple[Shape, ...]:
    fill, stroke, thick, dash = style
    ink = "quiet" if dash else "ink"
    text = Text(
        x + 9, y + BOX / 2 + 4, fit_text(escape_text(words), ROOM - 18, BODY), size=BODY, ink=ink, on=fill or "paper"
    )
    return (Rect(x, y, ROOM, BOX, fill=fill, stroke=stroke, thick=thick, dash=dash, radius=4), text)


def _draw_mark(sort: str, x: float, y: float) -> tuple[Shape, ...]:
    """Draw the symbol on its disc; not filled for what is gone."""
    if sort == GONE:
        ring = Rect(x - 8, y - 8, 16, 16, fill="", stroke="edge", thick=1.2, dash="3 2", radius=8)
        return (ring, Text(x, y + 4, CHANGE_SIGNS[GONE], size=SMALL, anchor="middle", bold=True))
    return draw_badge(x, y, CHANGE_SIGNS[sort], "now" if sort == NEW else "info")


def _draw_findings(comparison: Comparison, y: float) -> tuple[list[Item], float]:
    """Draw the findings that are gone, then the new ones."""
    rows = list_findings(comparison)
    items: list[Item] = []
    for index, (word, colour, subject) in enumerate(rows[:FINDINGS]):
        what, ink = ("No longer found", "quiet") if word == GONE else ("New finding", "ink")
        sentence = escape_text(f"{what}: {subject}")
        text = Text(WHAT, y + 14, fit_text(sentence, WIDE - MARGIN - WHAT, BODY), size=BODY, ink=ink)
        shapes = (*draw_badge(MARGIN + 14, y + 10, SIGNS[colour], colour), text)
        items.append(Item(shapes, key=f"finding/{index}", role="finding", state=word, hint=sentence))
        y += 24
    if more := max(len(rows) - FINDINGS, 0):
        text = Text(WHAT, y + 14, f"and {more} more kinds of findings", size=BODY, ink="quiet")
        items.append(Item((text,), role="more"))
        y += 24
    return items, y


def _draw_remarks(comparison: Comparison, y: float) -> tuple[list[Item], float]:
    """Draw the line on what is the same, and what could not be compared."""
    items = []
    for mark, words in list_remarks(comparison):
        shapes: list[Shape] = [
            Text(WHAT, y + 14, fit_text(escape_text(words), WIDE - MARGIN - WHAT, BODY), size=BODY, ink="quiet")
        ]
        if mark:
            shapes += draw_badge(MARGIN + 14, y + 10, mark, "unseen")
        items.append(Item(tuple(shapes), role="note" if mark else "same", state="unseen" if mark else "", hint=words))
        y += line_height(BODY) + 6
    return items, y + 6


def _legend_entries(comparison: Comparison, groups: Sequence[Group]) -> list[LegendEntry]:
    sorts = {step.change.sort for group in groups for step in group.steps}
    keys = [LegendEntry("new", colour="now", sign=CHANGE_SIGNS[NEW])] if NEW in sorts else []
    keys += (
        [LegendEntry("changed or recreated", colour="info", sign=CHANGE_SIGNS[CHANGED])]
        if sorts & {CHANGED, RECREATED}
        else []
    )
    hollow = f"{f'{CHANGE_SIGNS[GONE]} gone: ' if GONE in sorts else ''}does not exist, or is empty"
    empty = [side for group in groups for step in group.steps for side in describe_sides(step)]
    keys += (
        [LegendEntry(hollow, colour="edge", fill="paper", dash="5 3")] if sorts & {NEW, GONE} or ABSENT in empty else []
    )
    keys += [LegendEntry("finding gone", colour="good", sign=SIGNS["good"])] if comparison.gone else []
    severities = {finding.severity.value for finding in comparison.new}
    keys += [LegendEntry(f"new {state}", colour=state, sign=SIGNS[state]) for state in SEVERE if state in severities]
    return [
        *keys,
        *([LegendEntry("not comparable", colour=UNSEEN, sign=SIGNS[UNSEEN])] if list_notes(comparison) else []),
    ]
