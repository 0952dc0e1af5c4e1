"""Figures: pictures that answer a question at first sight, drawn from a cluster's facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import either, near

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster
    from harvdiag.core.model import Finding, ObjectRef
    from harvdiag.figures.drawing import Drawing, DrawOptions
    from harvdiag.figures.figure import Figure

__all__ = ["PICTURES", "Picture", "default_picture", "draw"]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One sort of picture: the package below this one that has its `draw`, and what one sees in it, as README has it.

    `focus`: one may point at an object in it. `labels`: it has links that can be labelled. `against`: it shows what
    has changed since another cluster. `forms`: the endings that not every picture can be saved with.
    """

    module: str
    shows: str
    focus: bool = False
    labels: bool = False
    against: bool = False
    forms: tuple[str, ...] = ()


PICTURES = {
    "links": Picture(
        module="links",
        shows="every Node with its Machine, its parts and its plan, and which link is missing; what is well folds",
        focus=True,
        labels=True,
        forms=(".mmd", ".dot", ".html"),
    ),
    "upgrade": Picture(
        module="upgrade", shows="the phases, each node's way through them, and where it stands still and why"
    ),
    "handshake": Picture(
        module="drain",
        shows="how one node is drained: who has asked, who has answered, who has not",
        focus=True,
        forms=(".mmd",),
    ),
    "matrix": Picture(module="nodes", shows="every node against every question, trouble on top"),
    "timeline": Picture(module="timeline", shows="what happened when, and the moment at which it stopped"),
    "changes": Picture(
        module="changes",
        shows="what came, went and changed since another snapshot: `--against before.harvdiag.zip`",
        against=True,
    ),
}
"""The sorts of picture by name. Each has a package below this one; README, help and tests follow from its row."""


def draw(
    cluster: Cluster,
    picture: str = "",
    *,
    focus: Finding | ObjectRef | str | None = None,
    against: Cluster | None = None,
    labels: bool = False,
) -> Figure:
    """A picture of a cluster: ``hd.draw(cluster)``, ``hd.draw(cluster, "upgrade")``, ``hd.draw(cluster, focus="hv3")``.

    `picture` is a name in `harvdiag.figures.PICTURES`, such as ``upgrade``; the default is ``links``, or ``changes``
    where `against` is the cluster as it was before. `focus` is a finding, an object or its name: only its
    neighbourhood is shown. `labels` writes the field beside each link. Raises UsageError for an unknown picture or
    name.
    """
    from harvdiag.figures.checked import require_clusters
    from harvdiag.figures.drawing import DrawOptions
    from harvdiag.figures.figure import Figure
    from harvdiag.status.focus import found

    require_clusters(cluster, *([against] if against is not None else ()))
    name = picture or default_picture(against is not None)
    _check_options(name, focus is not None, against is not None, labels)
    ref, finding = found(cluster.check(), cluster.graph, focus)
    compose = cast(
        "Callable[[Cluster, DrawOptions], Drawing]", import_module(f"harvdiag.figures.{PICTURES[name].module}").draw
    )
    return Figure(name, compose(cluster, DrawOptions(ref, finding, labels, against)))


def default_picture(against: bool) -> str:
    """The picture that is drawn where none is named: the first row, or where another cluster is given the first of
    those that compare.
    """
    return next(name for name, picture in PICTURES.items() if picture.against == against)


def _check_options(name: str, focus: bool, against: bool, labels: bool) -> None:
    """UsageError for a picture that there is not, and for a wish that it cannot fulfil."""
    if str(name) not in PICTURES:
        raise UsageError(f"no picture {name!r}{either(near(str(name), PICTURES) or PICTURES)}")
    if labels and not PICTURES[name].labels:
        raise UsageError(f"the picture {name!r} has no links to label: leave out the labels")
    if focus and not PICTURES[name].focus:
        raise UsageError(f"the picture {name!r} shows the whole cluster: leave out the focus")
    if against and not PICTURES[name].against:
        raise UsageError(f"the picture {name!r} shows one cluster: leave out the other")
    if not against and PICTURES[name].against:
        from harvdiag.figures.drawing import NO_EARLIER

        raise UsageError(NO_EARLIER)
