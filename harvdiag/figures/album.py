"""Several pictures in little room: their titles, each of which unfolds to its picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import escape_html
from harvdiag.figures import PICTURES, draw
from harvdiag.figures.figure import Figure

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["Album", "album"]


class Album:
    """Pictures whose titles are the answers: ``hd.album(cluster)``, ``album.figures``. In a notebook each unfolds."""

    def __init__(self, figures: Iterable[Figure]) -> None:
        self.figures = tuple(figures)

    def __repr__(self) -> str:
        return "\n\n".join(figure.text for figure in self.figures)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """A line for each picture, which unfolds without a script, and plain text."""
        return {"text/html": self.html, "text/plain": repr(self)}

    @property
    def html(self) -> str:
        """The titles, each of which unfolds to its picture."""
        return "".join(map(_fold_figure, self.figures))


def _fold_figure(figure: Figure) -> str:
    head = f"<b>{escape_html(figure.title)}</b> ({escape_html(figure.name)})"
    return f"<details><summary style='cursor:pointer;padding:.2em 0'>{head}</summary>{figure.still}</details>"


def album(*shown: Cluster | Figure) -> Album:
    """Collect pictures: of a cluster all that show it alone, and figures as they are.

    Raises UsageError for anything else.
    """
    return Album([figure for each in shown for figure in _figures_of(each)])


def _figures_of(shown: Cluster | Figure) -> list[Figure]:
    from harvdiag.cluster import Cluster

    if isinstance(shown, Figure):
        return [shown]
    if not isinstance(shown, Cluster):
        raise UsageError(
            f"an album is made of clusters and figures, as hd.open and hd.draw return them, not {type(shown).__name__}"
        )
    return [draw(shown, name) for name, picture in PICTURES.items() if not picture.against]
