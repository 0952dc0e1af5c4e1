"""A picture before its output format is chosen, and the options it can be drawn with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.tabular import Record
from harvdiag.figures.scene import Scene

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["NO_EARLIER", "DrawOptions", "Drawing"]

NO_EARLIER = "the picture 'changes' needs an earlier state of the cluster: against=hd.open(…)"


class DrawOptions(NamedTuple):
    """How to draw a picture: `focus` is an object and `finding` the finding it was taken from, `labels` writes the
    field beside each link, `against` is an earlier state of the cluster, `whole` folds nothing.
    """

    focus: ObjectRef | None = None
    finding: Finding | None = None
    labels: bool = False
    against: Cluster | None = None
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """One picture in all its output formats.

    `layout` lays it out: for 0 as wide as it needs, else for a column of so many units, below which it may have to
    stack its parts. `text` renders it for a terminal of a given width; `rows` are the same facts as a table
    (dictionaries with the same keys in the same order), `columns` the dtype of each. `mermaid` and `dot` are None where
    the picture has no such format.
    """

    layout: Callable[[float], Scene]
    text: Callable[[int], str]
    columns: Mapping[str, str]
    rows: Sequence[Record]
    mermaid: Callable[[], str] | None = None
    """None, like `dot`, where the picture has no such format."""
    dot: Callable[[], str] | None = None

    @cached_property
    def scene(self) -> Scene:
        """The picture in the width that it needs."""
        return self.layout(0)
