"""The sign that goes with each mark, in pictures and in text alike: meaning is never told by colour alone."""

from __future__ import annotations

__all__ = ["SIGNS"]

SIGNS = {"error": "✗", "warning": "!", "info": "i", "good": "✓", "now": "▶", "unseen": "?"}
"""The sign of each mark."""


def __dir__() -> list[str]:
    return __all__
