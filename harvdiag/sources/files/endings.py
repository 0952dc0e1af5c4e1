"""The endings of files with kubectl output."""

from __future__ import annotations

__all__ = ["ENDINGS"]

ENDINGS = (".yaml", ".yml", ".json")
