"""The endings of files that kubectl's output stands in."""

from __future__ import annotations

__all__ = ["ENDINGS"]

ENDINGS = (".yaml", ".yml", ".json")
