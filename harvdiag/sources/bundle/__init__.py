"""Support bundles of rancher/support-bundle-kit: their paths, error log and damaged values."""

from __future__ import annotations

from pathlib import Path

from harvdiag.snapshot import Reader
from harvdiag.sources import OpenOptions, SourceType

__all__ = ["SOURCE"]


def _is_extracted(path: Path) -> bool:
    from harvdiag.sources.bundle.identify import is_extracted

    return is_extracted(path)


def _open(path: str, _: OpenOptions) -> Reader:
    from harvdiag.sources.bundle.identify import open_bundle

    return open_bundle(Path(path))


SOURCE = SourceType(
    name="bundle",
    title="support bundle",
    order=30,
    matches_path=_is_extracted,
    open=_open,
    fallback=True,
    own_kinds=frozenset({"Host"}),
)
