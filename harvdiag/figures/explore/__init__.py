"""Explore: the link graph as a page to search, point at, open and zoom, in one piece of HTML that needs no other.

The means is a picture of our own (SVG) and a plain script, after a look at what there is: pyvis (last release 2023),
ipycytoscape (2022), gravis, ipyforcegraph and ipygany are abandoned; pyvis asks a network address even when told not
to; ipysigma loses its picture in an offline export; yfiles-jupyter-graphs is not free. All of them lay a graph out by
force, so that it looks another way each time, and show nothing where scripts do not run. Here the picture is the one
of `hd.draw`, which is there without any script, and the script only adds to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harvdiag.cluster import Cluster
    from harvdiag.core.model import Finding, ObjectRef
    from harvdiag.figures.explore.explorer import Explorer

__all__ = ["explore"]


def explore(
    cluster: Cluster, focus: Finding | ObjectRef | str | None = None, *, labels: bool = False, theme: str = "auto"
) -> Explorer:
    """The link graph to work with in JupyterLab: ``hd.explore(cluster)``, ``hd.explore(cluster).save("links.html")``.

    Search it, point at an object for its facts, click it for its findings, links and YAML; zoom, and show broken parts
    or some kinds alone. Everything can be done from the keyboard, and nothing asks the network. `focus`, a finding, an
    object or its name, shows its neighbourhood alone; `labels` writes the field beside each link; `theme` is ``auto``
    (as JupyterLab, VS Code or the system), ``light`` or ``dark``. Raises UsageError for an unknown name or theme.
    """
    from harvdiag.figures.checked import require_clusters
    from harvdiag.figures.drawing import DrawOptions
    from harvdiag.figures.explore.explorer import Explorer
    from harvdiag.figures.explore.page import Page
    from harvdiag.figures.figure import Figure
    from harvdiag.figures.links import draw
    from harvdiag.status.focus import found
    from harvdiag.status.links.view import plot
    from harvdiag.status.objects.record import record

    require_clusters(cluster)
    ref, finding = found(cluster.check(), cluster.graph, focus)
    drawing = draw(cluster, DrawOptions(ref, finding, labels))
    drawn = {item.key for item in drawing.scene.items if item.key} if ref else None
    figure = Figure("links", drawing, theme)
    facts = record(cluster.upgrade, cluster.graph, plot(cluster.upgrade, cluster.graph, ref, finding), drawn)
    return Explorer(figure, Page(drawing.scene, figure.text, facts, theme))
