"""The style of a bar or cell for each mark, the same in every picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["STYLES", "Style"]


class Style(NamedTuple):
    """Fill and stroke as keys of the palette (empty: none), the width of the border, and its dashes as in SVG."""

    fill: str
    stroke: str
    thick: float = 1.0
    dash: str = ""


STYLES: Mapping[str, Style] = {
    "good": Style("lane", "edge"),
    "wait": Style("", "edge"),  # not filled: pending must not look like done
    "now": Style("now_box", "now", 2.0),
    "warning": Style("warning_box", "warning", 2.2),
    "error": Style("error_box", "error", 2.6),
    "unseen": Style("", "unseen", 1.0, "4 3"),
}
