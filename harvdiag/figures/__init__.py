"""Figures: pictures of a cluster's facts, each of which answers one question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, cast

from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, suggest_names

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster
    from harvdiag.core.model import Finding, ObjectRef
    from harvdiag.cure.model import Simulation
    from harvdiag.figures.drawing import Drawing, DrawOptions
    from harvdiag.figures.figure import Figure
    from harvdiag.status.changes.comparison import Comparison

__all__ = ["PICTURES", "Picture", "default_picture", "draw"]


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One kind of picture: the package below this one that has its `draw`, and what it shows, as in the README.

    `focus`: it can be limited to the neighbourhood of an object. `labels`: it has links that can be labelled.
    `against`: it shows what has changed since another cluster. `forms`: the file name extensions that not every picture
    has.
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
        shows="every Node with its Machine, its parts and its plan, and which link is missing; healthy rows fold",
        focus=True,
        labels=True,
        forms=(".mmd", ".dot", ".html"),
    ),
    "upgrade": Picture(
        module="upgrade", shows="the phases, the progress of each node, and where it is stalled and why"
    ),
    "handshake": Picture(
        module="drain",
        shows="the drain of one node: each request, and whether it was answered",
        focus=True,
        forms=(".mmd",),
    ),
    "matrix": Picture(module="nodes", shows="every node against every check, problems first"),
    "timeline": Picture(module="timeline", shows="what happened when, and when it stalled"),
    "changes": Picture(
        module="changes",
        shows="what was added, removed or changed since another snapshot: `--against before.harvdiag.zip`",
        against=True,
    ),
}
"""The kinds of picture by name. Each has a package below this one; README, help and tests follow from its row."""


def draw(
    cluster: Cluster | Comparison | Simulation,
    picture: str = "",
    *,
    focus: Finding | ObjectRef | str | None = None,
    against: Cluster | None = None,
    labels: bool = False,
) -> Figure:
    """Draw a cluster: ``hd.draw(cluster)``, ``hd.draw(cluster, "upgrade")``, ``hd.draw(cluster, focus="hv3")``; or a
    comparison, as ``hd.compare`` returns it; or what a simulated action would change (``cluster.simulate(…)``).

    `picture` is a name in `harvdiag.figures.PICTURES`, such as ``upgrade``; the default is ``links``, or ``changes``
    where `against`, an earlier state of the cluster, is given. `focus` is a finding, an object or its name: only its
    neighbourhood is shown. `labels` writes the field beside each link. For a narrow column, such as that of a ticket:
    ``hd.draw(cluster).sized(640)``. Raises UsageError for an unknown picture or name.
    """
    from harvdiag.cluster import Cluster
    from harvdiag.figures.checked import require_clusters
    from harvdiag.figures.drawing import DrawOptions
    from harvdiag.figures.figure import Figure
    from harvdiag.status.changes.comparison import Comparison
    from harvdiag.status.focus import resolve_focus

    if not isinstance(cluster, Comparison | Cluster):
        cluster = _compare_simulated(cluster)
    if isinstance(cluster, Comparison):
        from harvdiag.figures.changes import draw_comparison

        _check_whole(picture, focus is not None or against is not None or labels)
        return Figure(default_picture(True), draw_comparison(cluster))
    require_clusters(cluster, *([against] if against is not None else ()))
    name = picture or default_picture(against is not None)
    _check_options(name, focus is not None, against is not None, labels)
    ref, finding = resolve_focus(cluster.check(), cluster.graph, focus)
    compose = cast(
        "Callable[[Cluster, DrawOptions], Drawing]", import_module(f"harvdiag.figures.{PICTURES[name].module}").draw
    )
    return Figure(name, compose(cluster, DrawOptions(ref, finding, labels, against)))


def _compare_simulated(given: object) -> Comparison:
    """Return a simulation as a comparison. Raises UsageError for what is neither that nor a cluster."""
    from harvdiag.cure.model import Simulation
    from harvdiag.figures.changes.simulated import compare_states
    from harvdiag.figures.checked import require_clusters

    if not isinstance(given, Simulation):
        require_clusters(given)
    return compare_states(cast("Simulation", given))


def _check_whole(picture: str, more: bool) -> None:
    """Raise UsageError for a picture that does not show a comparison, and for options, of which it has none."""
    name = default_picture(True)
    if picture not in ("", name) or more:
        raise UsageError(f"of a comparison there is the picture {name!r}, without focus, labels or another cluster")


def default_picture(against: bool) -> str:
    """Return the picture to draw where none is named: the first row, or with an earlier cluster the first row that
    compares.
    """
    return next(name for name, picture in PICTURES.items() if picture.against == against)


def _check_options(name: str, focus: bool, against: bool, labels: bool) -> None:
    """Raise UsageError for an unknown picture and for an option that it does not have."""
    if str(name) not in PICTURES:
        raise UsageError(f"no picture {name!r}{did_you_mean(suggest_names(str(name), PICTURES) or PICTURES)}")
    if labels and not PICTURES[name].labels:
        raise UsageError(f"the picture {name!r} has no links to label: leave out the labels")
    if focus and not PICTURES[name].focus:
        raise UsageError(f"the picture {name!r} shows the whole cluster: leave out the focus")
    if against and not PICTURES[name].against:
        raise UsageError(f"the picture {name!r} shows one cluster: leave out the other")
    if not against and PICTURES[name].against:
        from harvdiag.figures.drawing import NO_EARLIER

        raise UsageError(NO_EARLIER)
