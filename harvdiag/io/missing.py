"""Targets that do not exist: an error that says what may have been meant."""

from __future__ import annotations

import os
import re
from itertools import islice
from pathlib import Path

from harvdiag.core.errors import SourceError
from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.core.target import CONTEXT
from harvdiag.io.archive.member import printable

__all__ = ["exists", "missing_error"]

ADDRESS = r"[a-z][a-z0-9+.-]*://"
FILE = "file://"
MOST = 2000
"""The most names of a folder that are compared."""


def missing_error(target: str, kubeconfig: str | os.PathLike[str] | None = None) -> SourceError:
    """Return the error for what does not exist: an address is to be downloaded, a name may be misspelt."""
    shown = printable(target)
    if target.lower().startswith(FILE):
        return SourceError(f"{shown}: give the path of the file, without {FILE}")
    if re.match(ADDRESS, target, re.IGNORECASE):
        return SourceError(f"{shown}: harvdiag reads files, not addresses: download it first, then give the file")
    path = Path(target).expanduser()
    first = next((part for part in (*reversed(path.parents), path) if not exists(part)), path)
    near = [other / path.relative_to(first) for other in _near_paths(first)]
    hint = did_you_mean([printable(str(other)) for other in near if exists(other)])
    return SourceError(
        f"{shown}: no such file or folder{_missing_folder(path, first)}{hint or _context_hint(target, kubeconfig)}"
    )


def _missing_folder(path: Path, first: Path) -> str:
    """Which folder on the way is missing, or is none."""
    if first.parent.is_file():
        return f": {printable(str(first.parent))} is a file"
    return f": there is no folder {printable(str(first))}" if first != path else ""


def _context_hint(target: str, kubeconfig: str | os.PathLike[str] | None) -> str:
    """A word alone may be the name of a context."""
    from harvdiag.io.api.kubeconfig import list_contexts

    if Path(target).name != target or Path(target).suffix:
        return ""
    contexts = list_contexts(kubeconfig)
    near = [] if target in contexts else suggest_names(target, contexts)
    exact = f"; a context of your kubeconfig is given as {CONTEXT}{printable(target) if target in contexts else 'NAME'}"
    return did_you_mean([f"{CONTEXT}{printable(name)}" for name in near]) or (exact if contexts else "")


def _near_paths(path: Path) -> list[Path]:
    """Paths in the same folder with a name like this one: the same letters and digits, else spelled similarly."""
    try:
        with os.scandir(path.parent) as entries:
            names = [entry.name for entry in islice(entries, MOST) if not entry.name.startswith(".")]
    except OSError:
        return []
    same = sorted(name for name in names if _bare(name) == _bare(path.name))
    return [path.with_name(name) for name in (same or suggest_names(path.name, names))[:3]]


def _bare(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def exists(path: Path) -> bool:
    """Whether there is such a file or folder; not where it cannot be one, such as a name that is too long."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
