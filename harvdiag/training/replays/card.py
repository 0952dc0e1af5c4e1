"""Frames and replays in notebooks and exported pages: no script, shown without trust, light and dark."""

from __future__ import annotations

from collections.abc import Sequence

from harvdiag.core.escape import escape_html
from harvdiag.core.marks import ERROR, GOOD, INFO, NOW, SIGNS, TO_COME, WARNING
from harvdiag.reports.notebook.parts import EDGES, QUIET, fold, frame, labelled
from harvdiag.training.replays.frame import Frame, NodeShown

__all__ = ["fold_frames", "frame_card"]

MOST = 12
"""The most changes that are told."""


def frame_card(shown: Frame) -> str:
    """Return the moment in words, the state of each node, whose turn it is, what changed, and its picture."""
    return frame(_edge(shown), f"<div><b>{escape_html(shown.heading)}</b></div>{_words(shown)}") + shown.figure.html


def fold_frames(frames: Sequence[Frame]) -> str:
    """Return a line for each frame, which unfolds without a script to its words and its picture."""
    return "".join(
        fold(escape_html(each.heading), f"{frame(_edge(each), _words(each))}{each.figure.still}") for each in frames
    )


def _words(shown: Frame) -> str:
    """The lines below the title."""
    nodes = " &nbsp; ".join(map(_node, shown.nodes))
    states = f"<div style='margin:.3em 0'>{nodes}</div>" if nodes else ""
    lines = [("Whose turn", shown.turn), *(("Found", found) for found in shown.found)]
    return f"{states}{labelled(lines)}{_changes(shown.changed)}"


def _changes(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    told = "".join(f"<li>{escape_html(line)}</li>" for line in lines[:MOST])
    more = f"<li>and {len(lines) - MOST} more: <code>frame.changed</code></li>" if len(lines) > MOST else ""
    head = f"<div style='{QUIET}'>Changed since the frame before:</div>"
    return f"{head}<ul style='margin:.2em 0'>{told}{more}</ul>"


def _node(node: NodeShown) -> str:
    sign = SIGNS.get(node.mark, TO_COME)
    return f"<span style='white-space:nowrap'><b>{escape_html(node.name)}</b> {sign} {escape_html(node.state)}</span>"


def _edge(shown: Frame) -> str:
    """The colour of the worst that a node is at; in progress it is that of information."""
    marks = {node.mark for node in shown.nodes} | ({WARNING} if shown.found else set())
    worst = next((mark for mark in (ERROR, WARNING) if mark in marks), GOOD if marks <= {GOOD} else NOW)
    return EDGES.get(worst, EDGES[INFO])
