"""The version to upgrade to, as a person names it."""

from __future__ import annotations

import re

from harvdiag.core.errors import UsageError
from harvdiag.core.escape import format_value

__all__ = ["list_targets", "read_target"]

KNOWN = "v1.9.0 v1.8.2 v1.8.1 v1.8.0 v1.7.2 v1.7.1 v1.7.0 v1.6.1 v1.6.0 v1.5.2 v1.5.1 v1.5.0 v1.4.3 v1.4.2"
"""Releases of Harvester to which one may upgrade, newest first."""
RELEASE = re.compile(r"v?(\d{1,6}\.\d{1,6}\.\d{1,6}(?:[-+][\w.+-]{1,60})?)", re.ASCII)
BUILD = re.compile(r"(?:v\d{1,6}\.\d{1,6}|master|main)(?:-[\w.]{1,60}){0,4}-head", re.ASCII)
"""A development build: ``master-3bd5c5e9-head``, ``v1.9-head``."""


def read_target(text: str) -> str:
    """Return a version as Harvester writes it: ``1.5.0`` is ``v1.5.0``; empty for an empty text.

    Raises UsageError, in one line, for what is not a version, such as ``1.5``: no Version of Harvester is called so.
    """
    word = text.strip()
    if not word or BUILD.fullmatch(word):
        return word
    found = RELEASE.fullmatch(word)
    if found is None:
        shown = format_value(word)
        raise UsageError(f"the target {shown} is not a version of Harvester: write it like v1.5.0 or v1.5.0-rc1")
    return f"v{found[1]}"


def list_targets() -> list[str]:
    """Return the releases that may be named as a target, newest first."""
    return KNOWN.split()
