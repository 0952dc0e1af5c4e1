"""Tables of HTML: left-aligned, breakable, a dash for nothing; where wished, long ones can be sorted and filtered.

A script does that; without it (a notebook that is not trusted, GitHub) the same table is there. Styles stand in the
elements, since notebooks that are not trusted drop style sheets; JupyterLab would align to the right.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from typing import NamedTuple

from harvdiag.core.escape import escape_html

__all__ = ["NOTHING", "Cell", "render_grid", "render_text_grid"]

NOTHING = "\u2013"
LONG = 12
"""A table with more rows than this scrolls, and can be sorted and filtered."""
MOST = 500
"""The most rows shown; the others are counted."""
SENTENCE = 40
"""A column with a text that is longer is one of sentences, and wraps early."""
WIDEST = 18
"""The most characters of a word that a column keeps in one line."""
LETTER, GAP = 0.62, 1.1
"""The width of a letter and of the space beside a column, in em."""
CELL = "text-align:left;vertical-align:top;padding:.2em .9em .2em 0;white-space:normal"
TABLE = "margin:.3em 0;overflow-wrap:anywhere"
WIDE = 'style="overflow-x:auto" tabindex="0" role="group" aria-label="table"'
"""The attributes of a box that scrolls where its table is too wide; scrolled by keyboard, it needs a name."""
BOX = "max-height:20em;overflow:auto"
BREAKS = re.compile(r"(?<=[/_@])(?=\w)|(?<=\.)(?=[a-z]{2})")
WORDS = re.compile(r"[ \n]+|(?<=-)")


class Cell(NamedTuple):
    """What a cell shows, and what it is sorted by where that is something else."""

    text: str
    sort: str = ""


def render_text_grid(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table of plain values; an empty one is shown as nothing."""
    cells = [[Cell("" if cell is None else str(cell)) for cell in row] for row in rows]
    return f"<div {WIDE}>{_render_table(list(head), cells)}</div>"


def render_grid(head: Iterable[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Return a table with a row of headings; a long one scrolls in height and has its script."""
    table, count = _render_table(list(head), rows[:MOST]), len(rows)
    if count <= LONG:
        return f"<div {WIDE}>{table}</div>"
    more = f"<div>… and {count - MOST} more rows: choose rows in Python to see them</div>" if count > MOST else ""
    box = f'<div class="hd-rows" tabindex="0" role="region" aria-label="{count} rows" style="{BOX}">{table}</div>'
    return f'<div class="hd-grid">{box}{more}<script>{_read_script()}</script></div>'


def _render_table(names: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    widths = [_column_width(name, [row[n].text for row in rows]) for n, name in enumerate(names)]
    top = "".join(
        f'<th scope="col" style="{CELL};min-width:{width:.1f}em">{_breakable(name)}</th>'
        for name, width in zip(names, widths, strict=True)
    )
    body = "".join(f"<tr>{''.join(map(_render_cell, row))}</tr>" for row in rows)
    body = body or f'<tr><td colspan="{len(names)}" style="{CELL}">no rows</td></tr>'
    return f'<table style="{TABLE}"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'


def _column_width(name: str, texts: Iterable[str]) -> float:
    """The least width of a column in em: its longest word, and more where it holds sentences."""
    known = [name, *texts]
    word = max(len(piece) for text in known for part in _pieces(text) for piece in WORDS.split(part))
    sentences = max(map(len, known)) > SENTENCE
    return max(min(word, WIDEST) * LETTER + GAP, 13 if sentences else 0)


def _render_cell(cell: Cell) -> str:
    sort = f' data-sort="{escape_html(cell.sort)}"' if cell.sort else ""
    return f'<td style="{CELL}"{sort}>{_breakable(cell.text) or NOTHING}</td>'


def _breakable(text: str) -> str:
    """Text that may wrap after the parts of a name, which browsers keep whole."""
    return "<wbr>".join(map(escape_html, _pieces(text)))


def _pieces(text: str) -> list[str]:
    return BREAKS.split(text)


def _read_script() -> str:
    return files("harvdiag.reports.notebook").joinpath("grid.js").read_text(encoding="utf-8")
