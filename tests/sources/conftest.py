"""The fixture `serve`: servers that end with the test."""

from __future__ import annotations

from tests.api.fixture import serve

__all__ = ["serve"]
