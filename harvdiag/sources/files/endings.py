"""The endings of files with kubectl output."""

from __future__ import annotations

__all__ = ["ENDINGS"]

ENDINGS = (".yaml", ".yml", ".json")


def __dir__() -> list[str]:
    return __all__
