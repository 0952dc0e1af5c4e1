"""The scene: title, headings, rows from top to bottom, the cluster objects on the right, and the legend."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.escape import escape_text
from harvdiag.core.marks import SEVERE, SIGNS
from harvdiag.core.model import ObjectRef
from harvdiag.figures.drawing import DrawOptions
from harvdiag.figures.links.folds import draw_fold
from harvdiag.figures.links.hub import draw_cluster_column, draw_trunk
from harvdiag.figures.links.layout import INSET, Grid, fit_grid
from harvdiag.figures.links.paint import CAPTIONS, DrawnRow, RowOptions, draw_caption, draw_row, move_item
from harvdiag.figures.links.routes import Route
from harvdiag.figures.measure import distinct_names
from harvdiag.figures.parts import BODY, MARGIN, LegendEntry, assemble_scene, draw_head, draw_legend, draw_part
from harvdiag.figures.scene import Item, Path, Scene, Text
from harvdiag.graph.references import is_nameless
from harvdiag.status.links.captions import hub_findings, hub_place
from harvdiag.status.links.rows import Row
from harvdiag.status.links.view import LinkRows

__all__ = ["build_scene", "legend_entries"]

HEADINGS = ("Node", "Machine", "CustomMachine, RKEBootstrap", "plan Secret", "cluster objects")
BETWEEN = 6.0


def build_scene(view: LinkRows, options: DrawOptions) -> Scene:
    """Build the scene of the link graph."""
    grid = fit_grid(view.entries, options.labels)
    row_options = RowOptions(grid, options.labels, options.focus, options.finding, _shorten_names(view, grid))
    wide = row_options.grid.wide
    top, y = draw_head(view.title, view.source, wide)
    headings = _draw_headings(row_options.grid, y + 8, bool(view.model.cluster_boxes))
    y += 18
    rows, exits, end = _stack_rows(_draw_rows(view, row_options), y)
    ways, aims, below = draw_cluster_column(view.model, exits, y + 12, row_options)
    trunks = draw_trunk(view.model, exits, aims, row_options, _bundle_heights(rows, row_options))
    end = max(end, below + 12) + 10
    items = [*top, *headings, *trunks, *rows, *ways]
    keys, end = draw_legend(legend_entries(items), end, wide)
    if view.step:
        step, end = draw_part("Next step", view.step, end, wide)
        keys.append(step)
    return assemble_scene(view.title, view.alt, wide, end + 8, [*items, *keys])


def _shorten_names(view: LinkRows, grid: Grid) -> dict[ObjectRef, str]:
    """Return names of Nodes and Machines that fit their boxes and stay distinct."""
    short: dict[ObjectRef, str] = {}
    for column, kind in enumerate(("Node", "Machine")):
        refs = [
            thing.ref
            for row in view.entries
            if isinstance(row, Row)
            for thing in row.boxes
            if thing.ref.kind == kind and not thing.placeholder and not is_nameless(thing.ref)
        ]
        names = distinct_names(
            dict.fromkeys(escape_text(ref.name) for ref in refs), grid.widths[column] - 2 * INSET, BODY
        )
        short |= {ref: names[escape_text(ref.name)] for ref in refs}
    return short


def _draw_headings(grid: Grid, y: float, clustered: bool) -> list[Item]:
    names = HEADINGS if clustered else HEADINGS[:-1]
    rule = Path(((MARGIN, y + 7), (grid.right(4 if clustered else 3), y + 7)), stroke="rule", thick=1)
    texts = [Text(grid.left(column), y, name, size=BODY, ink="quiet") for column, name in enumerate(names)]
    return [Item((rule,)), *(Item((text,), role="heading") for text in texts)]


def _draw_rows(view: LinkRows, options: RowOptions) -> list[DrawnRow]:
    """Draw the rows and, below those with a broken link, the findings about cluster objects."""
    rows = [
        draw_row(entry, options) if isinstance(entry, Row) else draw_fold(entry, options, index)
        for index, entry in enumerate(view.entries)
    ]
    findings = hub_findings(view.model)
    below = hub_place(view.entries, findings)
    items, y = [], 8.0
    for finding in findings[:CAPTIONS]:
        item, y = draw_caption(finding, (MARGIN + 4, y), options.grid.right(3) - MARGIN - 26)
        items.append(item)
    return [*rows[:below], DrawnRow(tuple(items), y), *rows[below:]] if items else rows


def _stack_rows(rows: Sequence[DrawnRow], y: float) -> tuple[list[Item], list[Route], float]:
    items: list[Item] = []
    exits: list[Route] = []
    for row in rows:
        items += [move_item(item, y) for item in row.items]
        exits += [
            route._replace(pieces=tuple(((a, b + y), (c, d + y)) for (a, b), (c, d) in route.pieces))
            for route in row.exits
        ]
        y += row.height + BETWEEN
    return items, exits, y - BETWEEN if rows else y


def _bundle_heights(rows: Sequence[Item], options: RowOptions) -> list[float]:
    """Return the y at which the folded rows join the trunk."""
    touching = (shape for item in rows if item.role == "bundle" for shape in item.shapes if isinstance(shape, Path))
    return [path.points[-1][1] for path in touching if path.points[-1][0] == options.grid.trunk]


def legend_entries(items: Sequence[Item]) -> list[LegendEntry]:
    """Return a legend entry for each symbol that occurs."""
    words = {"error": "error", "warning": "warning", "info": "info"}
    states = {state for item in items for state in [item.state]}
    things = {item.state for item in items if item.role in {"object", "placeholder"}}
    keys = [LegendEntry(words[state], colour=state, sign=SIGNS[state]) for state in SEVERE if state in states]
    ends = [shape.ends for item in items if item.role == "link" and item.state in SEVERE for shape in _item_paths(item)]
    keys += [LegendEntry("broken or missing link", colour="error", thick=2.6, ends="bar")] if "bar" in ends else []
    keys += (
        [LegendEntry("references an object that references another", colour="error", thick=2.6, ends="arrow")]
        if "arrow" in ends
        else []
    )
    dashed = any(item.role == "link" and item.state == "absent" for item in items)
    keys += [LegendEntry("references what does not exist", colour="edge", dash="5 4", ends="bar")] if dashed else []
    keys += [LegendEntry("intact link", colour="link", ends="arrow")] if "good" in states else []
    hollow = "absent" in things or any(item.role == "placeholder" and item.state in SEVERE for item in items)
    keys += [LegendEntry("does not exist", colour="edge", fill="paper", dash="6 4")] if hollow else []
    keys += [LegendEntry("not seen", colour="unseen", sign=SIGNS["unseen"])] if "unseen" in states else []
    return keys


def _item_paths(item: Item) -> list[Path]:
    return [shape for shape in item.shapes if isinstance(shape, Path)]
