"""Bytes from archives and folders, and YAML text to plain objects: exact, bounded and fast."""

from __future__ import annotations

from harvdiag.reading.container import Container, Limits, MemberError, open_container
from harvdiag.reading.lists import (
    TextError,
    engine,
    load_documents,
    load_kit_document,
    load_kit_list,
    paused_collector,
)
from harvdiag.reading.text import DEPTH

__all__ = [
    "DEPTH",
    "Container",
    "Limits",
    "MemberError",
    "TextError",
    "engine",
    "load_documents",
    "load_kit_document",
    "load_kit_list",
    "open_container",
    "paused_collector",
]


def __dir__() -> list[str]:
    return __all__
