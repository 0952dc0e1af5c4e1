"""Figures: pictures that answer a question at first sight, drawn from a cluster's facts."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, cast

from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import either, near

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster
    from harvdiag.core.model import Finding, ObjectRef
    from harvdiag.figures.drawing import Drawing, Wish
    from harvdiag.figures.figure import Figure

__all__ = ["PICTURES", "Picture", "draw"]


class Picture(NamedTuple):
    """One sort of picture: where its `draw` is and what it shows.

    `focus`: one may point at an object in it. `labels`: it has links that can be labelled.
    """

    module: str
    shows: str
    focus: bool = False
    labels: bool = False


PICTURES = {
    "links": Picture(
        "links", "Nodes, Machines, their parts and the cluster, and every link between them", focus=True, labels=True
    ),
    "upgrade": Picture("upgrade", "the phases of the upgrade, each node's way through it, and where it stands still"),
    "handshake": Picture("drain", "who asked and who answered while one node is drained", focus=True),
    "matrix": Picture("nodes", "every node against every check, trouble on top"),
    "timeline": Picture("timeline", "what happened when"),
    "changes": Picture("changes", "which objects and links came, went or changed since another snapshot"),
}
"""The sorts of picture by name."""


def draw(
    cluster: Cluster,
    picture: str = "",
    *,
    focus: Finding | ObjectRef | str | None = None,
    against: Cluster | None = None,
    labels: bool = False,
) -> Figure:
    """A picture of a cluster: ``hd.draw(cluster)``, ``hd.draw(cluster, "upgrade")``, ``hd.draw(cluster, focus="hv3")``.

    `picture` is one of ``links`` (default), ``upgrade``, ``handshake``, ``matrix``, ``timeline``, ``changes`` (the
    default where `against` is the cluster as it was before). `focus` is a finding, an object or its name: only its
    neighbourhood is shown. `labels` writes the field beside each link. Raises UsageError for an unknown picture or
    name.
    """
    from harvdiag.figures.checked import checked
    from harvdiag.figures.drawing import Wish
    from harvdiag.figures.figure import Figure
    from harvdiag.status.focus import found

    checked(cluster, *([against] if against is not None else ()))
    name = picture or ("changes" if against is not None else "links")
    _refuse(name, focus is not None, against is not None, labels)
    ref, finding = found(cluster.check(), cluster.graph, focus)
    compose = cast(
        "Callable[[Cluster, Wish], Drawing]", import_module(f"harvdiag.figures.{PICTURES[name].module}").draw
    )
    return Figure(name, compose(cluster, Wish(ref, finding, labels, against)))


def _refuse(name: str, focus: bool, against: bool, labels: bool) -> None:
    """UsageError for a picture that there is not, and for a wish that it cannot fulfil."""
    if str(name) not in PICTURES:
        raise UsageError(f"no picture {name!r}{either(near(str(name), PICTURES) or PICTURES)}")
    if labels and not PICTURES[name].labels:
        raise UsageError(f"the picture {name!r} has no links to label: leave out the labels")
    if focus and not PICTURES[name].focus:
        raise UsageError(f"the picture {name!r} shows the whole cluster: leave out the focus")
    if against and name != "changes":
        raise UsageError(f"the picture {name!r} shows one cluster: leave out the other")
    if not against and name == "changes":
        from harvdiag.figures.drawing import NO_EARLIER

        raise UsageError(NO_EARLIER)
