"""What a picture is made of before anybody asks for a format, and what one may wish of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from harvdiag.core.model import Finding, ObjectRef
from harvdiag.figures.scene import Scene

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster

__all__ = ["Drawing", "Wish"]


def __dir__() -> list[str]:
    return __all__


class Wish(NamedTuple):
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
    """One picture in every form that it has."""

    scene: Scene
    text: Callable[[int], str]
    """Makes the same for a terminal of a given width."""
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]
    """The same facts as a table: dictionaries with the keys of `columns`, in that order."""
    mermaid: Callable[[], str] | None = None
    """None, as `dot`, where the picture has no such form."""
    dot: Callable[[], str] | None = None
