"""The picture of who writes which field while a host joins, for docs/training.md; `make docs` writes it."""

from __future__ import annotations

from harvdiag.figures.figure import Figure
from harvdiag.figures.joining import draw_joining
from harvdiag.status.joining import Joining
from tests.tools.rooms import ROOT

__all__ = ["PICTURE", "drawn"]

PICTURE = ROOT / "docs" / "writers.svg"


def drawn() -> str:
    """The picture as SVG."""
    return Figure("joining", draw_joining(Joining())).svg
