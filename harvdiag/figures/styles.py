"""Looks: how a bar or a cell is drawn by how it stands, in every picture the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["LOOKS", "Look"]


class Look(NamedTuple):
    """Its colours by their meaning (empty: none), how thick its border is, and its dashes."""

    fill: str
    stroke: str
    thick: float = 1.0
    dash: str = ""


LOOKS: Mapping[str, Look] = {
    "good": Look("lane", "edge"),
    "wait": Look("", "edge"),  # hollow: what is still to come must not look like what is done
    "now": Look("now_box", "now", 2.0),
    "warning": Look("warning_box", "warning", 2.2),
    "error": Look("error_box", "error", 2.6),
    "unseen": Look("", "unseen", 1.0, "4 3"),
}
