"""Explore: the link graph as an interactive page with search, tooltips, details and zoom, in one self-contained HTML.

It uses the SVG of `hd.draw` and plain JavaScript instead of a library: pyvis (last release 2023), ipycytoscape (2022),
gravis, ipyforcegraph and ipygany are abandoned; pyvis loads files from the network even when told not to; ipysigma
loses its picture in an offline export; yfiles-jupyter-graphs is not free. All of them use a force-directed layout,
which differs each time, and show nothing where scripts do not run. Here the picture is shown without scripts, and the
script only makes it interactive.
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
    """Open the link graph as a page: ``hd.explore(cluster)``, ``hd.explore(cluster).save("links.html")``.

    In JupyterLab, search it, hover an object for its facts, click it for its findings, links and YAML; zoom, and filter
    by kind or to broken parts only. Everything works from the keyboard and without network access. `focus`, a finding,
    an object or its name, shows only its neighbourhood; `labels` writes the field beside each link; `theme` is ``auto``
    (as JupyterLab, VS Code or the system), ``light`` or ``dark``. Raises UsageError for an unknown name or theme.
    """
    from harvdiag.figures.checked import require_clusters
    from harvdiag.figures.drawing import DrawOptions
    from harvdiag.figures.explore.explorer import Explorer
    from harvdiag.figures.explore.page import Page
    from harvdiag.figures.figure import Figure
    from harvdiag.figures.links import draw
    from harvdiag.status.focus import resolve_focus
    from harvdiag.status.glossary import meanings_of_kinds
    from harvdiag.status.links.view import select_rows
    from harvdiag.status.objects.record import build_record

    require_clusters(cluster)
    ref, finding = resolve_focus(cluster.check(), cluster.graph, focus)
    drawing = draw(cluster, DrawOptions(ref, finding, labels))
    drawn = {item.key for item in drawing.scene.items if item.key} if ref else None
    figure = Figure("links", drawing, theme)
    facts = build_record(
        cluster.upgrade, cluster.graph, select_rows(cluster.upgrade, cluster.graph, ref, finding), drawn
    )
    terms = meanings_of_kinds(dict.fromkeys(each["kind"] for each in facts["objects"]))
    return Explorer(figure, Page(drawing.scene, figure.text, {**facts, "terms": terms}, theme))
