"""The sources that can be read, and how to open one.

A source is a package below this one that declares itself as ``SOURCE`` in its `__init__`; it is discovered. The
declaration is imported with the door, the reader only when something is opened.
"""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from harvdiag.core.errors import SourceError
from harvdiag.core.target import TIMEOUT, target_arguments
from harvdiag.io.progress import Progress
from harvdiag.snapshot import Reader, Snapshot

__all__ = ["OpenOptions", "SourceType", "open_source", "source_type", "source_types"]


class OpenOptions(NamedTuple):
    """How to reach a cluster: its kubeconfig, the seconds that a request may take, and where to show progress."""

    kubeconfig: str | os.PathLike[str] | None = None
    timeout: float = TIMEOUT
    progress: Progress | None = None


def _never(_: Any) -> bool:
    """What a type of source says of targets that are not asked of it."""
    return False


@dataclass(frozen=True, kw_only=True)
class SourceType:
    """One type of source, declared as ``SOURCE`` in the `__init__` of its package.

    `name` is what its reader gives as `Manifest.kind`, `title` what reports call it. Types are asked in ascending
    `order`, each number once: first by `matches_name` whether a target that is not a path is theirs, then by
    `matches_path` about an existing file or folder, by its name and first bytes. What none takes is opened by the one
    with `fallback`, whose error says what was expected. Where opening fails, `matches_content` is asked, which may look
    inside an archive. `open` takes the target or the path, and raises SourceError for what cannot be used.

    `own_kinds` are kinds that other types of source never hold, by their name in the catalogue; `hint` says how to see
    more where lists were not seen.
    """

    name: str
    title: str
    order: int
    open: Callable[[str, OpenOptions], Reader]
    matches_name: Callable[[str], bool] = _never
    matches_path: Callable[[Path], bool] = _never
    matches_content: Callable[[Path], bool] = _never
    fallback: bool = False
    own_kinds: frozenset[str] = frozenset()
    hint: str = ""


@cache
def source_types() -> tuple[SourceType, ...]:
    """Every type of source in the order in which they are asked."""
    places = (module.name for module in pkgutil.iter_modules(__path__, f"{__name__}.") if module.ispkg)
    found: list[SourceType] = [import_module(place).SOURCE for place in places]
    return tuple(sorted(found, key=lambda source: source.order))


def source_type(name: str) -> SourceType:
    """The type that a manifest names; one that holds nothing of its own where a later harvdiag wrote the name."""
    known = {source.name: source for source in source_types()}
    return known.get(name) or SourceType(name=name, title=name, order=0, open=_refuse_unknown)


def _refuse_unknown(target: str, _: OpenOptions) -> Reader:
    raise SourceError(f"{_printable_target(target)}: this harvdiag has no reader for it; update harvdiag")


def open_source(
    target: str | os.PathLike[str],
    *,
    kubeconfig: str | os.PathLike[str] | None = None,
    timeout: float = TIMEOUT,
    progress: Progress | None = None,
) -> Snapshot:
    """Open what `target` names: a support bundle (zip, part of one, or extracted), a snapshot file, kubectl output,
    or ``context:lab``: the cluster of that kubeconfig context (``context:`` is the current one).

    ``-`` is standard input, with documents as kubectl writes them. The options are those of a cluster: its kubeconfig,
    the seconds that a request may take, and where to show progress. Raises SourceError, in one line, for what cannot
    be used, AccessError for a cluster that cannot be reached.
    """
    options = OpenOptions(kubeconfig, timeout, progress)
    name, arguments = os.fspath(target), target_arguments(target, kubeconfig)
    for source in source_types():
        if source.matches_name(name):
            return Snapshot(source.open(name, options), arguments)
    try:
        return Snapshot(_open_path(_resolve_path(target, kubeconfig), options), arguments)
    except OSError as error:
        raise SourceError(
            f"{_printable_target(target)}: cannot be read: {error.strerror or 'not a readable file'}"
        ) from None


def _open_path(path: Path, options: OpenOptions) -> Reader:
    (fallback,) = (source for source in source_types() if source.fallback)
    first = next((source for source in source_types() if source.matches_path(path)), fallback)
    try:
        return first.open(str(path), options)
    except SourceError:
        for other in source_types():
            if other is not first and other.matches_content(path):
                return other.open(str(path), options)
        raise


def _resolve_path(target: str | os.PathLike[str], kubeconfig: str | os.PathLike[str] | None = None) -> Path:
    try:
        path = Path(target).expanduser()
    except RuntimeError:
        raise SourceError(f"{_printable_target(target)}: no such user, so there is no such folder") from None
    if not path.exists():
        from harvdiag.io.missing import missing_error

        raise missing_error(os.fspath(target), kubeconfig)
    if not path.is_file() and not path.is_dir():
        raise SourceError(
            f"{_printable_target(target)}: cannot be read from a pipe; save it to a file first "
            "(or give - for standard input)"
        )
    return path if path.name not in ("", "..") else path.resolve()


def _printable_target(target: str | os.PathLike[str]) -> str:
    from harvdiag.io.archive.member import printable

    return printable(os.fspath(target))
