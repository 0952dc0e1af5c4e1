"""One row of the picture: its boxes, its links with their labels, and below them the findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SEVERE, SIGNS
from harvdiag.core.model import Finding, ObjectRef
from harvdiag.figures.links.boxes import draw_box
from harvdiag.figures.links.labels import label_texts, place_label, stroke_areas
from harvdiag.figures.links.layout import Grid, place_boxes
from harvdiag.figures.links.routes import Route, route_between, route_links
from harvdiag.figures.measure import fit_text
from harvdiag.figures.parts import MARGIN, NARROW, SMALL, draw_paragraph
from harvdiag.figures.scene import Area, Item, Path, Rect, Shape, Text, draw_badge
from harvdiag.status.links.captions import findings_below, group_hub_links, list_remarks
from harvdiag.status.links.phrases import describe_hidden
from harvdiag.status.links.rows import PLACE, Box, Link, Row, worst_state

__all__ = [
    "CAPTIONS",
    "PAD",
    "DrawnRow",
    "RowOptions",
    "draw_caption",
    "draw_captions",
    "draw_link",
    "draw_row",
    "lacking_states",
    "move_item",
    "trim_route",
]

PAD, CAPTIONS, SHORT = 10.0, 3, 9.0


class RowOptions(NamedTuple):
    """How to draw rows: the grid, whether every link is labelled, and the object and finding in focus.

    `names` are shorter, still distinct names.
    """

    grid: Grid
    labels: bool = False
    focus: ObjectRef | None = None
    finding: Finding | None = None
    names: Mapping[ObjectRef, str] = MappingProxyType({})


class DrawnRow(NamedTuple):
    """A drawn row from y 0 down: links, boxes and captions; its height; the routes to the cluster objects."""

    items: tuple[Item, ...]
    height: float
    exits: tuple[Route, ...] = ()


def draw_row(row: Row, options: RowOptions) -> DrawnRow:
    """Draw a row: links, boxes, captions, stripe."""
    areas, high = place_boxes(row, options.grid, _label_heights(row, options))
    areas = {name: area._replace(y=area.y + PAD) for name, area in areas.items()}
    paths = [trim_route(route) for route in route_links(row.links, areas, options.grid)]
    lacking = lacking_states(row)
    labels, unplaced = _place_labels(paths, areas, lacking, options)
    lines = [draw_link(route, labels.get(route.tie.key, ())) for route in paths]
    # What is painted last lies on top: a broken link is never hidden by an intact one.
    lines.sort(key=lambda item: item.state in SEVERE)
    boxes = [
        draw_box(
            thing,
            areas[thing.key],
            lacking.get(thing.key, ""),
            thing.ref == options.focus and not thing.placeholder,
            "" if thing.placeholder else options.names.get(thing.ref, ""),
        )
        for thing in row.boxes
    ]
    room = options.grid.right(3) - MARGIN - 26
    caption_items, end = draw_captions(row, unplaced, high + 2 * PAD, room, options.finding)
    stripe = _draw_stripe(row, end)
    return DrawnRow((*stripe, *lines, *boxes, *caption_items), end, _route_exits(row, areas, options.grid))


def lacking_states(row: Row) -> dict[str, str]:
    """Return by its key each missing object to which a broken link leads, with the severity of that."""
    broken = [tie for tie in row.links if tie.broken and not tie.target.exists]
    return {tie.target.key: worst_state([t.state for t in broken if t.target == tie.target]) for tie in broken}


def _label_heights(row: Row, options: RowOptions) -> dict[str, float]:
    """Return the space below boxes for labels of broken links that reach them through too narrow a gap."""
    return {tie.target.key: 30.0 for tie in row.links if _is_labelled_below(tie, options)}


def _is_labelled_below(tie: Link, options: RowOptions) -> bool:
    first, last = PLACE[tie.source.ref.kind], PLACE[tie.target.ref.kind]
    narrow = options.grid.rooms[0] > 2 * options.grid.rooms[1] and min(first, last) > 0
    return tie.broken and narrow


def _place_labels(
    paths: list[Route], areas: dict[str, Area], lacking: dict[str, str], options: RowOptions
) -> tuple[dict[str, tuple[Shape, ...]], list[Link]]:
    """Place the label of each link that has one, broken ones first; also return the broken ones without a place.

    A labelled link gets a horizontal part for its label: `paths` is updated with the new routes.
    """
    taken = [Area(a.x - 2, a.y - 2, a.width + 4, a.height + 4) for a in areas.values()]
    extra = _label_heights(Row((), tuple(route.tie for route in paths)), options)
    low = max(area.bottom + extra.get(name, 0) for name, area in areas.items())
    # Labels stay within the row: the space above and below it belongs to other rows.
    taken += [Area(0, -99, options.grid.wide, 99), Area(0, low + PAD, options.grid.wide, 99)]
    alone = [r.tie.state == "absent" and r.tie.target.key not in lacking for r in paths]
    labelled = [index for index, r in enumerate(paths) if r.tie.broken or alone[index] or options.labels]
    if labelled:
        paths[:] = [route._replace(level=_preferred_sides(route)[0]) for route in paths]
    strokes = [stroke_areas(route) for route in paths]
    labels: dict[str, tuple[Shape, ...]] = {}
    unplaced = []
    there: list[Area] = []
    # Broken links choose first: theirs are the labels that must not be left out.
    for index in sorted(labelled, key=lambda index: not paths[index].tie.broken):
        tie = paths[index].tie
        if _is_labelled_below(tie, options):
            shapes = _place_below(tie, areas[tie.target.key], taken)
        else:
            others = [*taken, *there, *(mark for n, each in enumerate(strokes) if n != index for mark in each)]
            paths[index], shapes = _place_beside(paths[index], others, there, options)
            strokes[index] = stroke_areas(paths[index])
            there += [shape.area for shape in shapes if isinstance(shape, Text)]
        if shapes:
            labels[tie.key] = shapes
        elif tie.broken or alone[index]:
            unplaced.append(tie)
    labelled_targets = {route.tie.target.key for route in paths if route.tie.key in labels}
    return labels, [tie for tie in unplaced if tie.target.key not in labelled_targets]


def _preferred_sides(route: Route) -> tuple[str, str]:
    """Return the sides for the horizontal part of a link, the better first: at Nodes and parts, boxes are apart."""
    column = min(PLACE[route.tie.source.ref.kind], PLACE[route.tie.target.ref.kind])
    return ("right", "left") if column == 1 else ("left", "right")


def _place_beside(
    route: Route, taken: Sequence[Area], words_there: Sequence[Area], options: RowOptions
) -> tuple[Route, tuple[Shape, ...]]:
    """Place a label beside its link; also return the route, which may bend on its other side to make room."""
    for side in _preferred_sides(route):
        other = route._replace(level=side)
        if any(mark.overlaps(text, 0) for mark in stroke_areas(other) for text in words_there):
            continue
        if shapes := place_label(other, options.names, [*taken, *stroke_areas(other)]):
            return other, shapes
    return route, ()


def _place_below(tie: Link, area: Area, taken: list[Area]) -> tuple[Shape, ...]:
    """Place a label below the box that the link leads to; return nothing where it would overlap something."""
    where = Area(area.x, area.bottom + 2, area.width, 28)
    if any(where.overlaps(other, 0) for other in taken if other.y > area.y + 1):
        return ()
    taken.append(where)
    lines = [fit_text(escape_text(text), area.width - 8, SMALL) for text in label_texts(tie)]
    y = area.bottom + 13
    texts = [
        Text(area.x + 4, y + index * 13, text, size=SMALL, ink="ink" if index else "quiet")
        for index, text in enumerate(lines)
    ]
    backs = [Rect(area.x + 2, t.area.y, t.area.width + 4, t.area.height, fill="paper", stroke="") for t in texts]
    return (*backs, *texts)


def draw_link(route: Route, label: tuple[Shape, ...] = ()) -> Item:
    """Draw a link with its label: thin where it is intact, thick and with a bar where it is broken."""
    tie = route.tie
    stroke, thick, dash, ends = _link_style(tie)
    pieces = tuple(route.strokes)
    last = len(pieces) - 1
    shapes = [
        Path(piece, stroke=stroke, thick=thick, dash=dash, curved=_is_curved(piece), ends=ends if index == last else "")
        for index, piece in enumerate(pieces)
    ]
    return Item(
        (*shapes, *label),
        key=tie.key,
        role="link",
        state=tie.state,
        hint=_link_hint(tie),
        of=(tie.source.key, tie.target.key),
    )


def trim_route(route: Route) -> Route:
    """Return the route, which stops short of its target where that does not exist."""
    if _link_style(route.tie)[3] != "bar":
        return route
    return route._replace(pieces=(*route.pieces[:-1], _trim_piece(route.pieces[-1])))


def _is_curved(piece: tuple[tuple[float, float], tuple[float, float]]) -> bool:
    return piece[0][0] != piece[1][0] and piece[0][1] != piece[1][1]


def _trim_piece(
    piece: tuple[tuple[float, float], tuple[float, float]],
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return the last segment of a route, shortened."""
    (x, y), (a, b) = piece
    return ((x, y), (a - (SHORT if a > x else -SHORT), b))


def _link_style(tie: Link) -> tuple[str, float, str, str]:
    if tie.broken:
        return tie.state, 2.6, "", "arrow" if tie.target.exists and tie.word != "missing" else "bar"
    if tie.state == "absent":
        return "edge", 1.2, "5 4", "bar"
    if tie.state == "unseen":
        return "unseen", 1.2, "2 3", "arrow"
    far = abs(PLACE.get(tie.source.ref.kind, 4) - PLACE.get(tie.target.ref.kind, 4)) > 1
    return "rule" if far else "link", 1 if far else 1.2, "", "arrow"


def _link_hint(tie: Link) -> str:
    verb = f"{tie.word}: " if tie.word else ""
    return escape_text(f"{tie.source.ref} → {_display_name(tie.target)}: {verb}{', '.join(tie.paths)}")


def _display_name(thing: Box) -> str:
    return thing.placeholder or str(thing.ref)


# --- below a row ---------------------------------------------------------------------------------------------------


def draw_captions(
    row: Row, unplaced: Sequence[Link], y: float, room: float, focus: Finding | None
) -> tuple[list[Item], float]:
    """Draw the findings, that in focus and root causes first, and the labels that found no place at their link.

    Each is at most so wide as `room`, and has two lines, in a narrow picture four; also return their lower edge.
    """
    lines = 4 if room < NARROW else 2
    meant = [focus] if focus and focus in row.findings else []
    shown = findings_below(row, meant)
    items, at = [], y + (4 if shown else 0)
    for finding in shown[:CAPTIONS]:
        item, at = draw_caption(
            finding, (MARGIN + 4, at), room, 1 if finding.caused_by and finding not in meant else lines
        )
        items.append(item)
    after = [finding for finding in row.findings if finding not in shown]
    hints = [f"{finding.rule}: {finding.message}" for finding in after]
    rest = list_remarks(row, shown, bool(meant), CAPTIONS)
    rest += [f"{tie.source.name} → {_display_name(tie.target)}: {' '.join(label_texts(tie))}" for tie in unplaced]
    rest += [describe_hidden(row)] if row.left else []
    for text in rest:
        shapes, at = draw_paragraph(text, (MARGIN + 26, at + 9), room, most=lines, ink="quiet")
        items.append(
            Item(tuple(shapes), role="caption", hint=escape_text("\n".join([text, *hints])).replace("\\n", "\n"))
        )
        at -= 9
    return items, at + (8 if items else 0)


def draw_caption(finding: Finding, at: tuple[float, float], room: float, most: int = 2) -> tuple[Item, float]:
    """Draw a finding in lines after its badge; also return their lower edge."""
    (x, y), colour = at, str(finding.severity)
    ink = "ink" if most > 1 else "quiet"
    texts, end = draw_paragraph(finding.message, (x + 22, y + 11), room, most=most, ink=ink)
    sign = draw_badge(x + 8, y + 7, SIGNS[colour], colour)
    hint = escape_text(f"{finding.rule}: {finding.message}")
    return Item((*sign, *texts), role="caption", state=colour, hint=hint), end - 11 + 4


def _draw_stripe(row: Row, high: float) -> list[Item]:
    """Draw a stripe beside a row in which a link is broken."""
    if not row.broken:
        return []
    state = worst_state([t.state for t in row.boxes if t.state in SEVERE] + [t.state for t in row.links if t.broken])
    if state not in SEVERE:
        return []
    return [Item((Rect(MARGIN - 12, 4, 4, high - 8, fill=state, stroke="", radius=2),), role="stripe", state=state)]


# --- to the cluster objects ----------------------------------------------------------------------------------------


def _route_exits(row: Row, areas: dict[str, Area], grid: Grid) -> tuple[Route, ...]:
    """Return one route to the trunk for all intact links of a row, and one for each broken link."""
    exits = []
    for ties in group_hub_links(row):
        tie = ties[0]
        area = areas[tie.source.key]
        y = area.y + area.height / 2 + (6 if tie.broken else 0)
        pieces = route_between((area.right, y), (grid.trunk, y), (PLACE[tie.source.ref.kind], 4), (areas, grid))
        paths = tuple(dict.fromkeys(path for other in ties for path in other.paths))
        exits.append(Route(tie._replace(paths=paths), pieces))
    return tuple(exits)


def move_item(item: Item, down: float) -> Item:
    """Return the item moved down."""
    return replace(item, shapes=tuple(_move_shape(shape, down) for shape in item.shapes))


def _move_shape(shape: Shape, by: float) -> Shape:
    if isinstance(shape, Path):
        return replace(shape, points=tuple((x, y + by) for x, y in shape.points))
    return replace(shape, y=shape.y + by)
