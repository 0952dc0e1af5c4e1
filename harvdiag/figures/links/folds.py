"""Folded rows of the link graph: many rows drawn as one stack of boxes."""

from __future__ import annotations

from harvdiag.core.escape import escape_text
from harvdiag.core.listing import join_escaped
from harvdiag.core.marks import SEVERE
from harvdiag.figures.links.boxes import draw_stack
from harvdiag.figures.links.layout import HIGH, WELL, fold_texts
from harvdiag.figures.links.paint import PAD, DrawnRow, RowOptions
from harvdiag.figures.parts import BODY, MARGIN, SMALL, draw_paragraph, fit_names
from harvdiag.figures.scene import Area, Item, Path, Text
from harvdiag.status.links.folding import Fold

__all__ = ["draw_fold"]


def draw_fold(fold: Fold, options: RowOptions, number: int) -> DrawnRow:
    """Draw many rows as one."""
    return (
        _draw_other_fold(fold, options, number)
        if fold.more or fold.state != "good"
        else _draw_healthy_fold(fold, options, number)
    )


def _draw_healthy_fold(fold: Fold, options: RowOptions, number: int) -> DrawnRow:
    grid, high = options.grid, 2 * HIGH + 14
    middle = PAD + 6 + (high - HIGH) / 2
    (nodes,), (machines,), (customs, bootstraps), (secrets,) = fold_texts(fold)
    places = {
        "Node": (0, middle, nodes, WELL),
        "Machine": (1, middle, machines, ""),
        "CustomMachine": (2, PAD + 6.0, customs, ""),
        "RKEBootstrap": (2, PAD + 6 + HIGH + 14, bootstraps, ""),
        "Secret": (3, middle, secrets, ""),
    }
    areas = {
        kind: Area(grid.left(column), y, grid.widths[column] - 6, HIGH) for kind, (column, y, *_) in places.items()
    }
    ends = [("Node", "Machine"), ("Machine", "CustomMachine"), ("Machine", "RKEBootstrap")]
    ends += [("CustomMachine", "Secret"), ("RKEBootstrap", "Secret")]
    lines = [_draw_plain_line(areas[a], areas[b]) for a, b in ends]
    boxes = [
        shape for kind, (_, _, *texts) in places.items() for shape in draw_stack(areas[kind], (texts[0], texts[1]))
    ]
    y = middle + HIGH / 2
    out = Path(((areas["Secret"].right, y), (grid.trunk, y)), stroke="link", thick=1.2)
    hint = f"{fold.summary}: {join_escaped(fold.names, 400)}"
    item = Item((*lines, out, *boxes), key=f"bundle/{number}", role="bundle", state="good", hint=escape_text(hint))
    end = high + 2 * PAD + 8
    if not fold.is_held_up:
        return DrawnRow((item,), end, ())
    names = fit_names(fold.names, 320, BODY)
    texts, low = draw_paragraph(f"{fold.waits}: {names}", (MARGIN + 26, end + 4), grid.right(3) - MARGIN - 26, most=2)
    caption = Item(tuple(texts), role="caption", hint=escape_text(hint))
    return DrawnRow((item, caption), low, ())


def _draw_plain_line(a: Area, b: Area) -> Path:
    ends = ((a.right + 6, a.y + a.height / 2), (b.x, b.y + b.height / 2))
    return Path(ends, stroke="link", thick=1.2, curved=ends[0][1] != ends[1][1])


def _draw_other_fold(fold: Fold, options: RowOptions, number: int) -> DrawnRow:
    grid = options.grid
    area = Area(grid.left(0), PAD + 6, grid.widths[0] + 30, HIGH)
    summary = fold.summary
    x = area.right + 20
    first = Text(x, area.y + 15, escape_text(summary), size=BODY)
    names = fit_names(fold.names, grid.right(3) - x, SMALL)
    second = Text(x, area.y + 29, names, size=SMALL, ink="quiet")
    colour = fold.state if fold.state in (*SEVERE, "unseen") else "good"
    shapes = (*draw_stack(area, (f"{len(fold.rows)} more", ""), colour), first, second)
    hint = escape_text("\n".join([f"{summary}: {join_escaped(fold.names, 400)}", *fold.rules]))
    return DrawnRow(
        (Item(shapes, key=f"bundle/{number}", role="bundle", state=fold.state, hint=hint),), HIGH + 2 * PAD + 8
    )
