"""The version to which one means to upgrade, as a person writes it."""

from __future__ import annotations

import re

from harvdiag.core.errors import UsageError
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.upgrade.paths import RELEASES
from harvdiag.upgrade.versions import MOST, NUMBER, is_build, read_version

__all__ = ["RELEASES", "parse_target"]

SERIES = re.compile(rf"[vV]?({NUMBER})\.({NUMBER})(?:\.[xX*])?", re.ASCII)


def parse_target(text: str) -> str:
    """Return a version as Harvester writes it: ``v1.5.0`` for ``1.5.0``; the name of a development build as it is.

    Raises UsageError, in one line, for what cannot be a version.
    """
    word = text.strip()
    if version := read_version(word):
        return str(version)
    if is_build(word):
        return word
    if series := SERIES.fullmatch(word) if len(word) <= MOST else None:
        known = [name for name in RELEASES if name.startswith(f"v{series[1]}.{series[2]}.")]
        newest = known[-1] if known else f"v{series[1]}.{series[2]}.0"
        raise UsageError(f"{word!r} is a series of releases: name one of them, such as {newest}")
    hint = did_you_mean(suggest_names(word, RELEASES)[:3]) if 0 < len(word) <= MOST else ""
    raise UsageError(f"{word[:MOST]!r} is not a version of Harvester, such as {RELEASES[-1]}{hint}")
