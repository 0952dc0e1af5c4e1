"""Colours by their meaning, for the light and the dark theme.

The hues are those of Okabe and Ito, distinguishable with any colour vision. They only tint strokes and fills: no
meaning rests on a colour alone, and every text has a contrast of at least 4.5 to its background.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["DARK", "LIGHT", "contrast_ratio"]

LIGHT: Mapping[str, str] = {
    "paper": "#ffffff",  # background
    "ink": "#1a1a1a",  # text
    "quiet": "#595959",  # secondary text
    "rule": "#d4d4d4",  # grid lines, borders of secondary elements
    "lane": "#f4f4f4",  # a filled area on the background
    "box": "#fafafa",  # a healthy object
    "edge": "#8c8c8c",  # its border
    "link": "#bdbdbd",  # an intact link
    "error": "#d55e00",
    "error_box": "#fdeadf",
    "warning": "#e69f00",
    "warning_box": "#fff4d9",
    "info": "#56b4e9",
    "info_box": "#e6f4fc",
    "good": "#009e73",
    "good_box": "#e0f5ee",
    "now": "#0072b2",  # in progress
    "now_box": "#ddeffa",
    "unseen": "#8c8c8c",  # not collected, so unknown
    "unseen_box": "#eeeeee",
    "sign": "#000000",  # a symbol on one of the strong colours
}
DARK: Mapping[str, str] = {
    "paper": "#161a1d",
    "ink": "#ececec",
    "quiet": "#b4b4b4",
    "rule": "#3d4348",
    "lane": "#1f2428",
    "box": "#20262a",
    "edge": "#858c92",
    "link": "#565d63",
    "error": "#ff8a3d",
    "error_box": "#43230d",
    "warning": "#f0b429",
    "warning_box": "#3d2f08",
    "info": "#56b4e9",
    "info_box": "#10303f",
    "good": "#2fc39a",
    "good_box": "#0d352a",
    "now": "#5eb5ec",
    "now_box": "#0f3147",
    "unseen": "#858c92",
    "unseen_box": "#2a3035",
    "sign": "#000000",
}


def contrast_ratio(one: str, other: str) -> float:
    """Return the contrast ratio of two colours (``#rrggbb``) as WCAG 2 computes it: 1 to 21."""
    high, low = sorted((_relative_luminance(one), _relative_luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _relative_luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
