"""kubectl output: YAML or JSON, a file, a folder of files, or standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from harvdiag.core.errors import SourceError
from harvdiag.snapshot import Reader
from harvdiag.sources import OpenOptions, SourceType
from harvdiag.sources.files.endings import ENDINGS

__all__ = ["SOURCE"]

STDIN = "-"


def _has_text(path: Path) -> bool:
    """Whether it is kubectl output: a file, or a folder of such files."""
    if path.is_file():
        return path.name.lower().endswith(ENDINGS)
    return any(f.name.lower().endswith(ENDINGS) for f in path.rglob("*") if f.is_file())


def _open(target: str, _: OpenOptions) -> Reader:
    from harvdiag.sources.files.reader import FilesReader

    return _read_stdin() if target == STDIN else FilesReader.from_path(Path(target))


def _read_stdin() -> Reader:
    from harvdiag.io.archive import Limits
    from harvdiag.sources.files.reader import FilesReader

    most = Limits().member
    data = sys.stdin.buffer.read(most + 1)
    if len(data) > most:
        raise SourceError(f"stdin: more than {most} bytes; save them to files, one a kind, and give the folder")
    if data.startswith(b"PK"):
        raise SourceError("stdin: a support bundle cannot be read from a pipe; save it to a file first")
    return FilesReader.from_text("stdin", data)


SOURCE = SourceType(
    name="files",
    title="kubectl output",
    order=40,
    matches_name=lambda name: name == STDIN,
    matches_path=_has_text,
    open=_open,
)
