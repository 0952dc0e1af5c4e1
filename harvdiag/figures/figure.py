"""The figure that a user gets: shown in a notebook, as text and as a table, and saved to a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harvdiag.core.errors import UsageError
from harvdiag.core.frames import build_table
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.core.tabular import Record
from harvdiag.figures.drawing import Drawing
from harvdiag.figures.embed import embed_either, embed_svg
from harvdiag.figures.save import write_file
from harvdiag.figures.scene import Scene
from harvdiag.figures.svg import THEMES, render_svg

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ENDINGS", "LEAST", "Figure", "check_width"]

ENDINGS = {".svg": "svg", ".png": "png", ".mmd": "mermaid", ".dot": "dot", ".txt": "text"}
"""The file name extension of each format, and the property of Figure that renders it."""
WIDE = 100
NARROW = 560
"""The width in pixels for which the narrow form in notebooks is laid out."""
LEAST = 320
"""The narrowest column for which a picture is laid out, in its units (CSS pixels)."""


class Figure:
    """One picture: ``figure.save("links.svg")``, ``figure.table``, ``figure.text``, ``figure.alt``.

    `width` is that of the column in which it is shown, 0 for as wide as it needs; see `sized`.
    """

    def __init__(self, name: str, drawing: Drawing, theme: str = "auto", width: int = 0) -> None:
        if theme not in THEMES:
            raise UsageError(f"no theme {theme!r}{did_you_mean(suggest_names(str(theme), THEMES) or THEMES)}")
        self.name = name
        self.theme = theme
        self.width = width
        self._drawing = drawing

    def __repr__(self) -> str:
        return self.text

    def __dir__(self) -> list[str]:
        return sorted(name for name in vars(type(self)) | vars(self) if not name.startswith("_"))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """The picture as HTML with its alternative text, and plain text for front ends without HTML."""
        return {"text/html": self.html, "text/plain": self.text}

    def themed(self, theme: str) -> Figure:
        """Return the same figure in the theme ``light`` or ``dark``; ``auto`` follows the reader's system."""
        return Figure(self.name, self._drawing, theme, self.width)

    def sized(self, width: int) -> Figure:
        """Return the same figure laid out for a column of so many CSS pixels: never wider, and its texts as large.

        Where the column is too narrow for the picture as it is, its parts are stacked. 0: as wide as it needs. Raises
        UsageError for less than 320.
        """
        return Figure(self.name, self._drawing, self.theme, check_width(width))

    @cached_property
    def _scene(self) -> Scene:
        return self._drawing.layout(self.width) if self.width else self._drawing.scene

    @property
    def title(self) -> str:
        """The answer of the picture, in one line."""
        return self._drawing.scene.title

    @property
    def alt(self) -> str:
        """The alternative text: what the picture shows, in words, made from the same data."""
        return self._drawing.scene.alt

    @cached_property
    def svg(self) -> str:
        """The picture as SVG."""
        return render_svg(self._scene, self.theme)

    @property
    def html(self) -> str:
        """The picture as HTML that can stand in any page: the SVG with its alternative text.

        In a column of less than 700 pixels its narrow form is shown, unless the figure was `sized`.
        """
        if self.width or self._scene.width <= NARROW:
            return self.still
        narrow = self.sized(NARROW)
        return embed_either(self.still, embed_svg(narrow.svg, "", NARROW))

    @property
    def still(self) -> str:
        """The picture as one HTML element, in one form: half as many bytes."""
        return embed_svg(self.svg, self.alt, self._scene.width)

    @property
    def png(self) -> bytes:
        """The picture as PNG, twice as many pixels as the SVG has units. Needs matplotlib (the extra ``notebook``)."""
        from harvdiag.figures.png import render_png

        return render_png(self._scene, "light" if self.theme == "auto" else self.theme)

    @cached_property
    def text(self) -> str:
        """The picture as text for a terminal of 100 columns."""
        return self.lines(WIDE)

    def lines(self, width: int) -> str:
        """Return the picture as text for a terminal of this many columns."""
        return self._drawing.text(width)

    @property
    def mermaid(self) -> str:
        """The picture as Mermaid. Raises UsageError where it has no such format."""
        if self._drawing.mermaid is None:
            raise UsageError(f"the picture {self.name!r} has no Mermaid format: save it as .svg, .png or .txt")
        return self._drawing.mermaid()

    @property
    def dot(self) -> str:
        """The picture as DOT for Graphviz. Raises UsageError where it has no such format."""
        if self._drawing.dot is None:
            raise UsageError(f"the picture {self.name!r} has no DOT format: save it as .svg, .png or .txt")
        return self._drawing.dot()

    @property
    def size(self) -> tuple[float, float]:
        """The width and the height of the picture in CSS pixels."""
        return self._scene.width, self._scene.height

    @property
    def records(self) -> Sequence[Record]:
        """The facts of the picture as dictionaries; None where a value is missing."""
        return self._drawing.rows

    @cached_property
    def table(self) -> pd.DataFrame:
        """The facts of the picture as a table."""
        rows = [tuple(row.values()) for row in self._drawing.rows]
        return build_table(rows, self._drawing.columns)

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Save it as its file name extension says: ``.svg``, ``.png``, ``.mmd``, ``.dot``, ``.txt``. Returns the path.

        Raises UsageError for another extension, and where the file cannot be written.
        """
        return write_file(file, self.to)

    def to(self, ending: str) -> bytes:
        """Return the bytes of the format with this file name extension."""
        if ending not in ENDINGS:
            near = did_you_mean(suggest_names(ending, ENDINGS)) if ending else ""
            what = ending or "without an extension"
            raise UsageError(f"no picture format {what!r}: choose {', '.join(ENDINGS)}{near}")
        content: str | bytes = getattr(self, ENDINGS[ending])
        return content if isinstance(content, bytes) else content.encode()


def check_width(width: int) -> int:
    """Return the width of a column, 0 for none. Raises UsageError where no picture fits it."""
    if type(width) is not int:
        raise UsageError(f"the width of a picture is a number of pixels, not {type(width).__name__}")
    if width and width < LEAST:
        raise UsageError(f"no picture fits {width} pixels: give a width of {LEAST} or more")
    return width
