"""The explorer that a user gets: an interactive page where scripts run, a picture and text where they do not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from harvdiag.core.errors import UsageError
from harvdiag.figures.explore.page import Page
from harvdiag.figures.figure import Figure
from harvdiag.figures.save import write_file

__all__ = ["Explorer"]


class Explorer:
    """The interactive link graph: ``explorer.save("links.html")``, ``explorer.figure``."""

    def __init__(self, figure: Figure, page: Page) -> None:
        self.figure = figure
        self._page = page

    def __repr__(self) -> str:
        return self.figure.text

    def __dir__(self) -> list[str]:
        return sorted(name for name in vars(type(self)) | vars(self) if not name.startswith("_"))

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """The page, which holds the picture for viewers without scripts, and plain text for those without HTML."""
        return {"text/html": self.html, "text/plain": self.figure.text}

    @property
    def html(self) -> str:
        """The HTML fragment that a notebook shows; it can be embedded in any page, also more than once."""
        return self._page.fragment

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write it as a standalone page, which works without network access, and return its path.

        Raises UsageError where the name does not end in ``.html`` and where the file cannot be written.
        """
        return write_file(file, self._encode_page)

    def _encode_page(self, ending: str) -> bytes:
        if ending not in {".html", ".htm"}:
            raise UsageError(
                f"an interactive page is saved as .html, not {ending or 'nothing'}; hd.draw saves pictures"
            )
        return self._page.document.encode(errors="replace")
