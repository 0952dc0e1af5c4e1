"""What a picture is made of before anybody asks for a format, and what one may wish of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from harvdiag.core.model import Finding, ObjectRef
from harvdiag.core.tabular import Record
from harvdiag.figures.scene import Scene

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["NO_EARLIER", "DrawOptions", "Drawing"]

NO_EARLIER = "the picture 'changes' needs the cluster as it was before: against=hd.open(…)"


class DrawOptions(NamedTuple):
    """What is wished of a picture: `focus` an object and the finding it stems from, `labels` the fields beside the
    links, `against` the cluster as it was before, `whole` that nothing is folded.
    """

    focus: ObjectRef | None = None
    finding: Finding | None = None
    labels: bool = False
    against: Cluster | None = None
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """One picture in every form that it has.

    `text` makes the same for a terminal of a given width; `rows` are the same facts as a table (dictionaries with the
    same keys in the same order), `columns` the dtype of each. `mermaid` and `dot` are None where the picture has no
    such form.
    """

    scene: Scene
    text: Callable[[int], str]
    columns: Mapping[str, str]
    rows: Sequence[Record]
    mermaid: Callable[[], str] | None = None
    """None, as `dot`, where the picture has no such form."""
    dot: Callable[[], str] | None = None
