"""Pickers: a list to choose from and what is chosen. A widget where a kernel runs and has ipywidgets, else text."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from harvdiag.cluster import Cluster
from harvdiag.config import load_policy
from harvdiag.core.errors import HarvdiagError, UsageError
from harvdiag.core.escape import escape_html, escape_text
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.figures import draw
from harvdiag.io.progress import default_progress
from harvdiag.notebook.answer import check_anyway, cluster_card
from harvdiag.reports.notebook.cards import finding_card, node_card
from harvdiag.reports.notebook.parts import fold
from harvdiag.reports.notebook.tables import frame_html
from harvdiag.reports.notebook.widget import widget_form
from harvdiag.rules import known_names
from harvdiag.sources import open_source

__all__ = ["Picker", "pick", "pick_source"]

FEW = 12
"""The most choices that the text names."""
ROOMY = {"width": "max-content", "max_width": "100%"}
Show = Callable[[], str]


class Picker:
    """A choice: `chosen` is what is shown, `choices` are all that can be. ``picker.choose("srv08")`` shows another."""

    def __init__(self, noun: str, choices: Mapping[str, Show], chosen: str = "", empty: str = "") -> None:
        """`empty` says why there is nothing to choose from."""
        if chosen and chosen not in choices:
            hint = did_you_mean(suggest_names(chosen, choices) or list(choices)[:FEW])
            raise UsageError(f"no {noun} {escape_text(chosen)!r} to choose{hint}")
        self.noun = noun
        self.chosen = chosen or next(iter(choices), "")
        self._shows = dict(choices)
        self._empty = empty or f"no {noun} to choose"

    def __repr__(self) -> str:
        return escape_text(self._describe())

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be chosen, by name."""
        return tuple(self._shows)

    def choose(self, name: str) -> Picker:
        """Return the same picker with another choice. Raises UsageError for one that there is not."""
        return Picker(self.noun, self._shows, name)

    @property
    def html(self) -> str:
        """What is chosen, and the names of the others."""
        return f"<div>{escape_html(self._describe())}</div>{self._show(self.chosen)}"

    def _describe(self) -> str:
        others = [name for name in self._shows if name != self.chosen]
        if not self.chosen:
            return self._empty
        folder = self.chosen[: len(self.chosen) - len(Path(self.chosen).name)]  # sources lie beside one another
        names = [name.removeprefix(folder) for name in others[:FEW]]
        more = f" and {len(others) - FEW} more" if len(others) > FEW else ""
        return f"{self.noun} {self.chosen}" + (f"; others: {', '.join(names)}{more}" if others else "")

    def _show(self, name: str) -> str:
        try:
            return self._shows[name]() if name in self._shows else ""
        except HarvdiagError as error:
            return f"<div>! {escape_html(error)}</div>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The widget if there can be one; HTML and text for where it does not live: pages, files, other kernels."""
        forms: dict[str, Any] = {"text/html": self.html, "text/plain": repr(self)}
        return {**forms, **widget_form(self.widget)} if len(self._shows) > 1 else forms

    def widget(self) -> Any:
        """Return the list as a widget of ipywidgets, with what is chosen below it."""
        ipywidgets = import_module("ipywidgets")
        choice = ipywidgets.Dropdown(options=list(self._shows), value=self.chosen, description=self.noun, layout=ROOMY)
        below = ipywidgets.HTML(self._show(self.chosen))

        def follow(change: Mapping[str, Any]) -> None:
            self.chosen = str(change["new"])
            below.value = self._show(self.chosen)

        choice.observe(follow, names="value")
        return ipywidgets.VBox([choice, below])


def pick_source(source: str | os.PathLike[str]) -> Picker:
    """Return a picker of sources: the one given, and the zip archives beside it. Each shows its answer.

    Raises SourceError and AccessError, as `open`, for the one given.
    """
    chosen = os.fspath(source)
    beside = Path(chosen).parent.glob("*.zip") if Path(chosen).exists() else ()
    first = _open(chosen)
    choices: dict[str, Show] = {name: partial(_show_source, name) for name in sorted(map(str, beside))}
    return Picker("source", choices | {chosen: lambda: cluster_card(first)}, chosen)


def _show_source(name: str) -> str:
    return cluster_card(_open(name))


def _open(name: str) -> Cluster:
    return Cluster(open_source(name, progress=default_progress()), policy=load_policy(None, known_names))


def pick(cluster: Cluster, what: str = "node", chosen: str = "") -> Picker:
    """Return a picker of the nodes of a cluster, those in trouble first, or of its findings: ``hd.pick(cluster)``.

    `what` is ``node`` (its picture, state and links) or ``finding`` (its card); `chosen` is shown first. Raises
    UsageError for another word, and for a name that is not there.
    """
    kinds = {"node": _pick_node, "finding": _pick_finding}
    if what not in kinds:
        raise UsageError(f"nothing called {what!r} to pick{did_you_mean(suggest_names(str(what), kinds) or kinds)}")
    return kinds[what](cluster, chosen)


def _pick_node(cluster: Cluster, chosen: str) -> Picker:
    choices = {row.name: partial(_show_node, cluster, row.name) for row in cluster.node_status.nodes}
    gap = cluster.snapshot.gap("Node")
    return Picker("node", choices, chosen, f"nothing to choose: {gap}" if gap else "")


def _show_node(cluster: Cluster, name: str) -> str:
    picture = fold("Its links as a picture", draw(cluster, focus=f"node/{name}").html)
    state = fold("Its state in the upgrade", node_card(cluster.upgrade.show(name)))
    return f"{frame_html(cluster.links('Node', name))}{picture}{state}"


def _pick_finding(cluster: Cluster, chosen: str) -> Picker:
    findings = check_anyway(cluster)
    choices = {
        f"{f.rule} {f.subject}": partial(finding_card, f, findings.story(f), True, findings.notes) for f in findings
    }
    return Picker("finding", choices, chosen, "no finding")
