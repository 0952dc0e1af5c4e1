"""Which file of settings is meant: that of the working folder, else of the nearest folder above in the same project."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["NAMES", "SECTION", "find_config", "has_section"]

NAMES = ("harvdiag.toml", "pyproject.toml")
"""The names of the files; in one folder, the first counts."""
SECTION = ("tool", "harvdiag")
"""Where the settings are in a file of the project."""
REPOSITORY = ".git"
_SECTION = rb"tool[\"']?\s*\.\s*[\"']?harvdiag\b"
_INNER = rb"^\s*[\"']?harvdiag[\"']?\s*[.=]"
_TOOL = rb"^\s*\[\s*[\"']?tool[\"']?\s*\]|^\s*tool\s*="


def find_config(folder: Path, home: Path | None = None) -> Path | None:
    """Return the file that is meant in a folder; None where there is none.

    It is looked for in the folder, then in those above it up to the root of the repository, or up to `home`. Where
    neither lies above, only the folder itself is looked at: above it, anyone may have put one.
    """
    found: Path | None = None
    for place in (folder, *folder.parents):
        found = found or _find_in(place)
        if (place / REPOSITORY).exists() or place == home:
            return found
    return _find_in(folder)


def _find_in(folder: Path) -> Path | None:
    own, project = (folder / name for name in NAMES)
    if own.is_file():
        return own
    return project if project.is_file() and has_section(project) else None


def has_section(project: Path) -> bool:
    """Whether a project's file seems to have settings of harvdiag; one that cannot be read has none."""
    try:
        data = project.read_bytes()
    except OSError:
        return False
    if SECTION[1].encode() not in data:  # as in most projects: no expression need be made
        return False
    inner = re.search(_INNER, data, re.MULTILINE) and re.search(_TOOL, data, re.MULTILINE)
    return bool(inner or re.search(_SECTION, data))
