"""Versions of Harvester as its own check of an upgrade reads them: releases, release candidates, development builds.

Harvester calls a version a release if it is a whole semantic version, and anything else a development build
(``v1.6-head``, a commit): harvester/go-common, version.
"""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["MOST", "NUMBER", "Version", "compare_text", "is_build", "read_version"]

NUMBER = r"(?:0|[1-9]\d{0,5})"
FORM = re.compile(
    rf"[vV]?({NUMBER})\.({NUMBER})\.({NUMBER})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?", re.ASCII
)
DIRTY = "(?:-dirty)?"
BUILD = re.compile(
    rf"(?:[0-9A-Za-z_.-]+-)?head|[0-9a-f]{{7,40}}{DIRTY}|[0-9A-Za-z_.]+-[0-9a-f]{{7,40}}{DIRTY}", re.ASCII
)
"""What development builds are called: by a branch (``v1.6-head``, ``master-1a2b3c-head``) or by a commit."""
MOST = 100
"""No version is longer."""


class Version(NamedTuple):
    """A release, or a candidate of one, which comes before it: ``rc2`` before ``rc10`` before the release."""

    major: int
    minor: int
    patch: int
    pre: str = ""

    def __str__(self) -> str:
        return f"v{self.major}.{self.minor}.{self.patch}{f'-{self.pre}' if self.pre else ''}"

    def __lt__(self, other: object) -> bool:
        return self._order < other._order if isinstance(other, Version) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._order > other._order if isinstance(other, Version) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self._order <= other._order if isinstance(other, Version) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self._order >= other._order if isinstance(other, Version) else NotImplemented

    @property
    def stable(self) -> Version:
        """The release of which it is a candidate; of a release itself."""
        return self._replace(pre="")

    @property
    def series(self) -> tuple[int, int]:
        """Major and minor."""
        return self.major, self.minor

    @property
    def _order(self) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...], str]:
        parts = re.findall(r"\d+|\D+", self.pre)
        return (self.major, self.minor, self.patch), not self.pre, tuple(map(_part_order, parts)), self.pre


def _part_order(part: str) -> tuple[bool, int, str]:
    return (False, int(part), "") if part.isdigit() else (True, 0, part)


def compare_text(one: Version, other: Version) -> bool:
    """Whether `one` is newer than `other` for Harvester, which compares the names of candidates as text.

    By that ``rc2`` is newer than ``rc10``; semver.org, 11.
    """
    return _text_order(one) > _text_order(other)


def _text_order(version: Version) -> tuple[tuple[int, int, int], bool, tuple[tuple[bool, int, str], ...]]:
    parts = version.pre.split(".") if version.pre else []
    order = tuple((not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts)
    return (version.major, version.minor, version.patch), not version.pre, order


def read_version(text: str) -> Version | None:
    """Return the release or candidate that a text names; None for a development build, and for anything else."""
    found = FORM.fullmatch(text.strip()) if len(text) <= MOST else None
    if found is None:
        return None
    major, minor, patch = (int(part) for part in found.groups()[:3])
    return Version(major, minor, patch, found[4] or "")


def is_build(text: str) -> bool:
    """Whether a text is what a development build is called."""
    return len(text) <= MOST and read_version(text) is None and BUILD.fullmatch(text) is not None
