"""The last column: the cluster objects, and the trunk that joins the links to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from harvdiag.core.escape import escape_text
from harvdiag.figures.links.boxes import draw_box
from harvdiag.figures.links.labels import label_texts
from harvdiag.figures.links.layout import HIGH
from harvdiag.figures.links.paint import RowOptions, draw_link, trim_route
from harvdiag.figures.links.routes import Route
from harvdiag.figures.measure import fit_text
from harvdiag.figures.parts import SMALL
from harvdiag.figures.scene import Area, Item, Path, Text
from harvdiag.status.links.rows import Link, LinkModel

__all__ = ["draw_cluster_column", "draw_trunk"]

APART = 22.0


def draw_cluster_column(
    web: LinkModel, exits: Sequence[Route], top: float, options: RowOptions
) -> tuple[list[Item], dict[str, Area], float]:
    """Draw the cluster objects and the links among them; also return the area of each and their lower edge."""
    left, wide = options.grid.left(4), options.grid.widths[4]
    broken = [route.tie for route in exits if route.tie.broken]
    areas: dict[str, Area] = {}
    items: list[Item] = []
    y = top
    for thing in web.cluster_boxes:
        areas[thing.key] = area = Area(left, y, wide, HIGH if thing.exists else HIGH + 13)
        lacking = next((tie.state for tie in broken if tie.target.key == thing.key and not thing.exists), "")
        items.append(draw_box(thing, area, lacking, thing.ref == options.focus))
        labels, y = _draw_broken_labels([tie for tie in broken if tie.target.key == thing.key], area)
        items += labels
        y += APART
    ties = [
        draw_link(trim_route(Route(tie, _connect_boxes(areas[tie.source.key], areas[tie.target.key]))))
        for tie in web.cluster_links
    ]
    return [*ties, *items], areas, y - APART if web.cluster_boxes else top


def _connect_boxes(a: Area, b: Area) -> tuple[tuple[tuple[float, float], tuple[float, float]], ...]:
    """Return the segments of a link: straight to an adjacent box, around the right side to any other."""
    down = b.y > a.y
    if abs(b.y - a.y) <= (a if down else b).height + APART + 1:
        x = a.x + a.width * (0.35 if down else 0.65)
        return (((x, a.bottom if down else a.y), (x, b.y if down else b.bottom)),)
    side = a.right + (8 if down else 13)
    start, end = (a.right, a.y + a.height * 0.4), (b.right, b.y + b.height * (0.4 if down else 0.6))
    return ((start, (side, start[1])), ((side, start[1]), (side, end[1])), ((side, end[1]), end))


def _draw_broken_labels(broken: Sequence[Link], area: Area) -> tuple[list[Item], float]:
    """Draw the labels of the links to an object that does not exist; also return their lower edge."""
    y = area.bottom
    items = []
    for tie in broken[:1]:
        texts = tuple(
            Text(
                area.x + 2,
                y + 14 + index * 13,
                fit_text(escape_text(text), area.width - 4, SMALL),
                size=SMALL,
                ink="quiet",
            )
            for index, text in enumerate(label_texts(tie))
        )
        items.append(Item(texts, role="caption", state=tie.state))
        y += 30
    return items, y


def draw_trunk(
    web: LinkModel, exits: Sequence[Route], areas: dict[str, Area], options: RowOptions, hanging: Sequence[float]
) -> list[Item]:
    """Draw the links from the rows to the cluster objects: intact ones join one line, broken ones are drawn singly."""
    x = options.grid.trunk
    items = []
    good = [route for route in exits if route.tie.state in {"good", "unseen"} and route.tie.target.key in areas]
    heights = [route.pieces[-1][1][1] for route in good] + list(hanging)
    aims = {route.tie.target.key: areas[route.tie.target.key] for route in good}
    if hanging and not aims:
        target = next((tie.target.key for row in web.rows for tie in row.out if tie.target.key in areas), "")
        aims = {target: areas[target]} if target else {}
    for area in aims.values():
        y = area.y + area.height / 2
        points = [min([*heights, y]), max([*heights, y])]
        items.append(Item((Path(((x, points[0]), (x, points[1])), stroke="link", thick=2.4),), role="trunk"))
        items.append(Item((Path(((x, y), (area.x, y)), stroke="link", thick=2.4, ends="arrow"),), role="trunk"))
    items += [_draw_trunk_link(route) for route in good]
    return items + [
        _draw_single_link(route, areas) for route in exits if route not in good and route.tie.target.key in areas
    ]


def _draw_trunk_link(route: Route) -> Item:
    item = draw_link(trim_route(route))
    return replace(item, shapes=tuple(replace(s, ends="") if isinstance(s, Path) else s for s in item.shapes))


def _draw_single_link(route: Route, areas: dict[str, Area]) -> Item:
    x, y = route.pieces[-1][1]
    area = areas[route.tie.target.key]
    aim = area.y + area.height / 2 + 6
    more = (((x + 8, y), (x + 8, aim)), ((x + 8, aim), (area.x - 2, aim)))
    first = (*route.pieces[:-1], (route.pieces[-1][0], (x + 8, y)))
    return draw_link(trim_route(route._replace(pieces=(*first, *more))))
