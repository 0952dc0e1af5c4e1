"""Snapshot files: written by `harvdiag snapshot` and `cluster.save()`, read like any source."""

from __future__ import annotations

from pathlib import Path

from harvdiag.snapshot import Reader
from harvdiag.sources import OpenOptions, SourceType

__all__ = ["SOURCE"]


def _is_saved(path: Path) -> bool:
    from harvdiag.sources.saved.reader import looks_like_snapshot

    return looks_like_snapshot(path)


def _holds_saved(path: Path) -> bool:
    from harvdiag.sources.saved.reader import contains_snapshot

    return contains_snapshot(path)


def _open(path: str, _: OpenOptions) -> Reader:
    from harvdiag.sources.saved.reader import SavedReader

    return SavedReader(Path(path))


SOURCE = SourceType(
    name="snapshot",
    title="snapshot",
    order=20,
    matches_path=_is_saved,
    matches_content=_holds_saved,
    open=_open,
)
