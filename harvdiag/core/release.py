"""Releases such as ``v1.6.0-rc5``: their order, and whether one is on an upgrade path."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["ANY", "Release", "on_path", "read_release"]

ANY = "any"
"""The path of what any upgrade may meet."""
FINAL = 10**6
"""Stands for the number of the release candidate in a final release, which comes after all of them."""
FORM = re.compile(r"v?(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?(?:-[a-z]*\.?(\d{0,6}))?", re.ASCII | re.IGNORECASE)


class Release(NamedTuple):
    """A release, in its order: candidates before the final release, ``rc2`` before ``rc10``."""

    major: int
    minor: int
    patch: int = 0
    candidate: int = FINAL


def read_release(text: str) -> Release | None:
    """Return the release that a version names; None for one without numbers, such as that of a development build."""
    found = FORM.match(text.strip())
    if found is None:
        return None
    major, minor, patch = (int(part or 0) for part in found.groups()[:3])
    return Release(major, minor, patch, FINAL if found[4] is None else int(found[4] or 0))


def on_path(path: str, start: str, end: str = "") -> bool:
    """Whether an upgrade from one version to another is on a path: ``1.5.x -> 1.6.x``, ``1.7.0, 1.7.1 -> any``.

    Without an end, whether one that begins there may be. An ``x`` or ``y`` is any number. A version without
    numbers is on no path but ``any``.
    """
    if path == ANY:
        return True
    froms, _, tos = path.partition(" -> ")
    return _fits(froms, start) and (not end or _fits(tos, end))


def _fits(series: str, version: str) -> bool:
    release = read_release(version)
    return release is not None and any(_is_of(part.strip(), release) for part in series.split(","))


def _is_of(pattern: str, release: Release) -> bool:
    if pattern == ANY:
        return True
    major, minor, patch = pattern.split(".")
    same_series = (release.major, release.minor) == (int(major), int(minor))
    return same_series and (not patch.isdigit() or release.patch == int(patch))
