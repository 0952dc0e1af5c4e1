"""The explorer as one holds it in a notebook: a page where scripts run, a picture and text where they do not."""

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
    """The link graph to search, point at and open: ``explorer.save("links.html")``, ``explorer.figure``."""

    def __init__(self, figure: Figure, page: Page) -> None:
        self.figure = figure
        self._page = page

    def __repr__(self) -> str:
        return self.figure.text

    def __dir__(self) -> list[str]:
        return sorted(name for name in vars(type(self)) | vars(self) if not name.startswith("_"))

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """The page, and for viewers without HTML what the figure itself shows."""
        forms, words = self.figure._repr_mimebundle_()
        return {"text/html": self.html, **forms}, words

    @property
    def html(self) -> str:
        """The piece of HTML that a notebook shows; it may stand in any page, also more than once."""
        return self._page.fragment

    def save(self, file: str | os.PathLike[str]) -> Path:
        """Write it as a page of its own, which a browser opens without any network; returns its path.

        Raises UsageError where the name does not end in ``.html`` and where the file cannot be written.
        """
        return write_file(file, self._encode_page)

    def _encode_page(self, ending: str) -> bytes:
        if ending not in {".html", ".htm"}:
            raise UsageError(f"a page to explore ends in .html, not in {ending or 'nothing'}; hd.draw saves pictures")
        return self._page.document.encode(errors="replace")
