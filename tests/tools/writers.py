"""The picture of who writes which field of a Node and its Machine, and when; for docs/training.md and notebook 90.

`make docs` writes it. The steps are those of docs/objects.md#join-steps, under the numbers of the glossary.
"""

from __future__ import annotations

from typing import NamedTuple

from harvdiag.figures.measure import text_width
from harvdiag.figures.scene import Item, Path, Rect, Scene, Shape, Text
from harvdiag.figures.svg import render_svg
from tests.tools.rooms import ROOT

__all__ = ["PICTURE", "WRITINGS", "drawn", "scene"]

PICTURE = ROOT / "docs" / "writers.svg"
TITLE = "Who writes which field, and when: a host joins"
UNDER = "from above to below in time; J5 to J16 are the steps of a join"
HOST, MACHINE, NODE = "on the host", "in fleet-local: the Machine and its parts", "the Node"
LANES = {HOST: 196.0, MACHINE: 340.0, NODE: 634.0}
WIDE, HEAD, ROW, HIGH = 900.0, 92.0, 46.0, 36.0
GAP, EDGE = 10.0, 20.0


class Writing(NamedTuple):
    """A step: its number, who writes, and in which lanes which two lines."""

    step: str
    actor: str
    written: tuple[tuple[str, str, str], ...]


WRITINGS = (
    Writing("J5", "install script", ((HOST, "cattle ID", "/etc/rancher/agent"),)),
    Writing("J8", "Rancher", ((MACHINE, "Machine custom-…", "with CustomMachine and RKEBootstrap"),)),
    Writing("J9", "Rancher", ((MACHINE, "plan Secret", "custom-…-machine-plan"),)),
    Writing("J11", "Rancher's planner", ((MACHINE, "plan Secret: the plan", "with the labels of the Node"),)),
    Writing("J12", "system-agent", ((HOST, "RKE2 starts", "as the plan says"),)),
    Writing("J13", "kubelet", ((NODE, "Node: spec.providerID", "labels rke.cattle.io/machine, managed"),)),
    Writing("J14", "Rancher", ((MACHINE, "CustomMachine: spec.providerID", "that of the Node with its UID"),)),
    Writing(
        "J15",
        "Cluster API",
        (
            (MACHINE, "Machine: status.nodeRef", "and spec.providerID, copied"),
            (NODE, "annotation", "cluster.x-k8s.io/machine"),
        ),
    ),
    Writing("J16", "Harvester", ((NODE, "roles of a management node", "until there are three"),)),
)  # fmt: skip


def scene() -> Scene:
    """A row for each step, a lane for each place in which something is written."""
    items = [
        Item((Text(EDGE, 30, TITLE, size=17, bold=True),), role="title"),
        Item((Text(EDGE, 50, UNDER, size=11, ink="quiet"),), role="source"),
        Item(tuple(Text(x, HEAD - 16, lane, size=11, ink="quiet") for lane, x in LANES.items()), role="legend"),
    ]
    items += [_draw_row(writing, HEAD + number * ROW) for number, writing in enumerate(WRITINGS)]
    high = HEAD + len(WRITINGS) * ROW + GAP
    return Scene(TITLE, f"In this order: {'; '.join(map(_tell, WRITINGS))}.", WIDE, high, tuple(items))


def _draw_row(writing: Writing, y: float) -> Item:
    last = max(LANES[lane] for lane, _, _ in writing.written)
    shapes: list[Shape] = [
        Rect(EDGE, y, WIDE - 2 * EDGE, HIGH, fill="lane", stroke="", radius=4),
        Text(EDGE + GAP, y + 22, writing.step, size=12, ink="now", on="lane", bold=True),
        Text(EDGE + 46, y + 22, writing.actor, size=12, on="lane", bold=True),
        Path((
            (EDGE + 54 + text_width(writing.actor, 12, bold=True) * 1.1, y + 18), (last - 4, y + 18)
        ), stroke="edge", ends="arrow"),
    ]  # fmt: skip
    for lane, first, second in writing.written:
        shapes += _draw_box(LANES[lane], y, first, second)
    return Item(tuple(shapes), key=writing.step, role="step")


def _draw_box(x: float, y: float, first: str, second: str) -> tuple[Shape, ...]:
    width = 2 * GAP + max(text_width(first, 11, bold=True), text_width(second, 10))
    return (
        Rect(x, y + 1, width, HIGH - 2, fill="box", stroke="edge", radius=4),
        Text(x + GAP, y + 15, first, size=11, on="box", bold=True),
        Text(x + GAP, y + 29, second, size=10, ink="quiet", on="box"),
    )


def _tell(writing: Writing) -> str:
    told = " and ".join(f"{first} ({second})" for _, first, second in writing.written)
    return f"{writing.step} {writing.actor}: {told}"


def drawn() -> str:
    """The picture as SVG."""
    return render_svg(scene())
