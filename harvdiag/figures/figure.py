"""A figure as one holds it in a notebook: it shows itself, tells itself as text and as a table, and saves itself."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harvdiag.core.errors import UsageError
from harvdiag.core.frames import build_frame
from harvdiag.core.suggest import either, near
from harvdiag.figures.drawing import Drawing
from harvdiag.figures.save import write_file
from harvdiag.figures.svg import THEMES, render_svg

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ENDINGS", "Figure"]

ENDINGS = {".svg": "svg", ".png": "png", ".mmd": "mermaid", ".dot": "dot", ".txt": "text"}
"""How a file ends, and which form of the figure it then holds."""
WIDE = 100


class Figure:
    """One picture: ``figure.save("links.svg")``, ``figure.table``, ``figure.text``, ``figure.alt``."""

    def __init__(self, name: str, drawing: Drawing, theme: str = "auto") -> None:
        if theme not in THEMES:
            raise UsageError(f"no theme {theme!r}{either(near(str(theme), THEMES) or THEMES)}")
        self.name = name
        self.theme = theme
        self._drawing = drawing

    def __repr__(self) -> str:
        return self.text

    def __dir__(self) -> list[str]:
        return sorted(name for name in vars(type(self)) | vars(self) if not name.startswith("_"))

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """As SVG where it can be shown, else as text; with words for those who cannot see it."""
        return {"image/svg+xml": self.svg, "text/plain": self.text}, {"image/svg+xml": {"alt": self.alt}}

    def themed(self, theme: str) -> Figure:
        """The same in ``light`` or ``dark``, whatever the reader's system is; ``auto`` follows it."""
        return Figure(self.name, self._drawing, theme)

    @property
    def title(self) -> str:
        """The answer that it gives, in one line."""
        return self._drawing.scene.title

    @property
    def alt(self) -> str:
        """What it shows, in words, made from the same data."""
        return self._drawing.scene.alt

    @cached_property
    def svg(self) -> str:
        """As SVG."""
        return render_svg(self._drawing.scene, self.theme)

    @property
    def png(self) -> bytes:
        """As PNG, twice as many pixels as the SVG has units. Needs matplotlib (the extra ``notebook``)."""
        from harvdiag.figures.png import render_png

        return render_png(self._drawing.scene, "light" if self.theme == "auto" else self.theme)

    @cached_property
    def text(self) -> str:
        """For a terminal of 100 columns."""
        return self.lines(WIDE)

    def lines(self, width: int) -> str:
        """For a terminal of this many columns."""
        return self._drawing.text(width)

    @property
    def mermaid(self) -> str:
        """As Mermaid. Raises UsageError where this picture has no such form."""
        if self._drawing.mermaid is None:
            raise UsageError(f"the picture {self.name!r} has no form in Mermaid: save it as .svg, .png or .txt")
        return self._drawing.mermaid()

    @property
    def dot(self) -> str:
        """As DOT for Graphviz. Raises UsageError where this picture has no such form."""
        if self._drawing.dot is None:
            raise UsageError(f"the picture {self.name!r} has no form in DOT: save it as .svg, .png or .txt")
        return self._drawing.dot()

    @cached_property
    def table(self) -> pd.DataFrame:
        """The same facts as a table."""
        rows = [tuple(row.values()) for row in self._drawing.rows]
        return build_frame(rows, self._drawing.columns)

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write it; the ending says how: ``.svg``, ``.png``, ``.mmd``, ``.dot``, ``.txt``. Returns the path.

        Raises UsageError for another ending, and where the file cannot be written.
        """
        return write_file(file, self.to)

    def to(self, ending: str) -> bytes:
        """The bytes of the format with this ending."""
        if ending not in ENDINGS:
            raise UsageError(f"no picture format {ending or 'without an ending'!r}: choose {', '.join(ENDINGS)}")
        content: str | bytes = getattr(self, ENDINGS[ending])
        return content if isinstance(content, bytes) else content.encode()
