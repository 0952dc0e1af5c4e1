"""Looks: how a bar or a cell is drawn by how it stands, in every picture the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["STYLES", "Style"]


class Style(NamedTuple):
    """Its colours by their meaning (empty: none), how thick its border is, and its dashes."""

    fill: str
    stroke: str
    thick: float = 1.0
    dash: str = ""


STYLES: Mapping[str, Style] = {
    "good": Style("lane", "edge"),
    "wait": Style("", "edge"),  # hollow: what is still to come must not look like what is done
    "now": Style("now_box", "now", 2.0),
    "warning": Style("warning_box", "warning", 2.2),
    "error": Style("error_box", "error", 2.6),
    "unseen": Style("", "unseen", 1.0, "4 3"),
}
