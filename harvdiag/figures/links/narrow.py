"""The link graph in a narrow column: each row as a tree, its objects one below the other; healthy rows in one box."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.keys import object_key
from harvdiag.core.listing import join_escaped
from harvdiag.core.marks import SEVERE
from harvdiag.core.model import ObjectRef
from harvdiag.figures.drawing import DrawOptions
from harvdiag.figures.links.boxes import draw_box, draw_stack
from harvdiag.figures.links.layout import HIGH, INSET
from harvdiag.figures.links.paint import CAPTIONS, draw_caption, draw_captions, lacking_states
from harvdiag.figures.links.picture import legend_entries
from harvdiag.figures.measure import line_height, text_width, wrap_text
from harvdiag.figures.parts import (
    BODY,
    MARGIN,
    SMALL,
    assemble_scene,
    draw_head,
    draw_legend,
    draw_paragraph,
    draw_part,
    fit_names,
)
from harvdiag.figures.scene import Area, Item, Path, Scene, Text
from harvdiag.status.links.branches import Branch, list_branches
from harvdiag.status.links.captions import hub_findings
from harvdiag.status.links.folding import Fold
from harvdiag.status.links.outline import box_label, format_faults
from harvdiag.status.links.rows import Box, Row, worst_state
from harvdiag.status.links.view import LinkRows

__all__ = ["build_narrow_scene"]

INDENT, RAIL, GAP, WIDEST = 22.0, 10.0, 8.0, 500.0
"""How much further right each level is, where its line leaves the box above, the gap below a box, its widest."""


def build_narrow_scene(view: LinkRows, options: DrawOptions, wide: float) -> Scene:
    """Build the scene of the link graph for a column of this width."""
    items, y = draw_head(view.title, view.source, wide)
    for number, entry in enumerate(view.entries):
        if isinstance(entry, Fold):
            drawn, y = _draw_fold(entry, number, y, wide)
        elif entry.state == "good" and not entry.findings and len(view.entries) > 1:
            drawn, y = _draw_chain(entry, y, wide)
        else:
            drawn, y = _draw_tree(entry, options, y, wide)
        items += drawn
    drawn, y = _draw_cluster(view, y, wide)
    items += drawn
    keys, y = draw_legend(legend_entries(items), y + 6, wide)
    if view.step:
        step, y = draw_part("Next step", view.step, y, wide)
        keys.append(step)
    return assemble_scene(view.title, view.alt, wide, y + 8, [*items, *keys])


def _draw_tree(row: Row, options: DrawOptions, y: float, wide: float) -> tuple[list[Item], float]:
    """Draw the objects of a row and below them what is found; also return the lower edge."""
    items: list[Item] = []
    lacking = lacking_states(row)
    stems: dict[int, float] = {}  # by level: where the line to the next branch of that level begins
    for branch in list_branches(row):
        level = len(branch.rails)
        x = MARGIN + INDENT * level
        area = Area(x, y, min(wide - MARGIN - 6 - x, WIDEST), HIGH)
        if level:
            items.append(_draw_stem(branch, stems[level], area))
        drawn, y = _draw_branch(branch, area, lacking.get(branch.box.key, ""), options.focus)
        items += drawn
        stems[level + 1] = area.bottom
        if level:
            stems[level] = area.y + HIGH / 2
    captions, y = draw_captions(row, (), y, wide - 2 * MARGIN - 26, options.finding)
    return [*items, *captions], y + GAP


def _draw_stem(branch: Branch, begin: float, area: Area) -> Item:
    """Draw the line from the object above; bold where a link between the two is broken or missing."""
    state = worst_state([tie.state for tie in branch.ties])
    left, middle = area.x - INDENT + RAIL, area.y + HIGH / 2
    lost = state in SEVERE
    points = ((left, begin), (left, middle), (area.x, middle))
    path = Path(points, stroke=state if lost else "link", thick=2.6 if lost else 1.2, dash="" if lost else _dash(state))
    return Item((path,), role="link", state=state)


def _dash(state: str) -> str:
    return {"absent": "5 4", "unseen": "2 3"}.get(state, "")


def _draw_branch(branch: Branch, area: Area, lacking: str, focus: ObjectRef | None) -> tuple[list[Item], float]:
    """Draw an object, and below it what is wrong with its links; also return the lower edge."""
    box, items, y = branch.box, list[Item](), area.bottom + GAP
    if branch.known:
        text = Text(area.x + 6, area.y + HIGH / 2 + 4, _fit_label(box, area), size=BODY, ink="quiet")
        items.append(Item((text,), role="again", hint=escape_text(str(box.ref))))
    else:
        # The second line of a part says its kind; of a Node and a Machine it says more.
        name = box_label(box) if box.ref.kind in {"Node", "Machine"} else ""
        items.append(draw_box(box, area, lacking, box.ref == focus and not box.placeholder, name))
    if faults := format_faults(branch.ties):
        x, step = area.x + RAIL + 8, line_height(SMALL)
        lines = wrap_text(faults, area.right + 6 - x, SMALL, most=5)
        ink = "ink" if any(tie.broken for tie in branch.ties) else "quiet"
        texts = tuple(Text(x, y + 6 + at * step, line, size=SMALL, ink=ink) for at, line in enumerate(lines))
        items.append(Item(texts, role="caption", hint=faults))
        y += len(lines) * step + 4
    return items, y


def _fit_label(box: Box, area: Area) -> str:
    (line,) = wrap_text(f"{box_label(box)} (above)", area.width - 6, BODY, most=1)
    return line


def _draw_chain(row: Row, y: float, wide: float) -> tuple[list[Item], float]:
    """Draw a healthy row as one box: its Node, and below that what belongs to it."""
    head = row.head
    others = [box_label(box) for box in row.boxes if box is not head and box.ref.kind in {"Node", "Machine"}]
    parts = dict.fromkeys(box.ref.kind for box in row.boxes if box.ref.kind not in {"Node", "Machine"})
    area = Area(MARGIN, y, min(wide - 2 * MARGIN - 6, WIDEST), HIGH)
    whole, short = ", ".join([*others, *parts]), ", ".join(others or parts)
    note = whole if text_width(whole, SMALL) <= area.width - 2 * INSET else short
    return [draw_box(head._replace(note=note), area, name=box_label(head))], y + HIGH + GAP


def _draw_fold(fold: Fold, number: int, y: float, wide: float) -> tuple[list[Item], float]:
    area = Area(MARGIN, y + 8, min(wide - 2 * MARGIN, WIDEST) - 12, HIGH)
    label = f"{len(fold.rows)} more" if fold.more or fold.state != "good" else fold.noun
    names = fit_names(fold.names, area.width - 18, SMALL)
    hint = escape_text(f"{fold.summary}: {join_escaped(fold.names, 400)}")
    stack = draw_stack(area, (label, names), fold.state)
    items = [Item(stack, key=f"bundle/{number}", role="bundle", state=fold.state, hint=hint)]
    texts, low = draw_paragraph(fold.summary, (MARGIN + 8, area.bottom + 14), wide - 2 * MARGIN - 8, most=3)
    return [*items, Item(tuple(texts), role="caption", hint=hint)], low


def _draw_cluster(view: LinkRows, y: float, wide: float) -> tuple[list[Item], float]:
    """Draw the cluster objects: the healthy ones in one line, each of the others as a box, with what is found."""
    items: list[Item] = []
    if not view.model.cluster_boxes:
        return items, y
    items.append(Item((Text(MARGIN, y + 12, "cluster objects", size=BODY, ink="quiet"),), role="heading"))
    y += 22
    for box in view.model.cluster_boxes:
        if box.state != "good":
            area = Area(MARGIN, y, min(wide - 2 * MARGIN - 6, WIDEST), HIGH)
            items.append(draw_box(box, area, name=box_label(box)))
            y = area.bottom + GAP
    for finding in hub_findings(view.model)[:CAPTIONS]:
        item, y = draw_caption(finding, (MARGIN + 4, y), wide - 2 * MARGIN - 26, 4)
        items.append(item)
    if healthy := list(_healthy_labels(view.model.cluster_boxes)):
        texts, low = draw_paragraph(f"✓ {', '.join(healthy)}", (MARGIN, y + 12), wide - 2 * MARGIN)
        items.append(Item(tuple(texts), key=object_key(view.model.cluster_boxes[0].ref) + "/healthy", role="same"))
        y = low
    return items, y


def _healthy_labels(boxes: Sequence[Box]) -> Iterator[str]:
    return (box_label(box) for box in boxes if box.state == "good")
