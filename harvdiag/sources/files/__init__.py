"""kubectl output: YAML or JSON, a file, a folder or an archive of files, or standard input."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from harvdiag.core.errors import HarvdiagError, SourceError
from harvdiag.snapshot import Reader
from harvdiag.sources import OpenOptions, SourceType

__all__ = ["SOURCE"]

STDIN = "-"
_SAMPLE = 2000
_zip_name = re.compile(r".*\.(?:zip(?:\.\d{1,3})?|z\d{2,3})", re.IGNORECASE | re.DOTALL).fullmatch


def _is_ours(path: Path) -> bool:
    """Whether it is for this type to read or to refuse: any folder, and any file that is not a zip or a part of one."""
    if path.is_dir():
        return True
    with path.open("rb") as stream:
        return stream.read(2) != b"PK" and not _zip_name(path.name)


def _holds_objects(path: Path) -> bool:
    """Whether a file that was taken for a zip of another type holds objects, or is an archive of an upgrade's logs."""
    from harvdiag.io.archive.files import list_files
    from harvdiag.sources.files.intake import is_readable
    from harvdiag.sources.files.names import describe_upgrade_log, is_in_bundle

    if describe_upgrade_log([path.name]):
        return True
    names: list[str] = []
    try:
        for number, file in enumerate(list_files(path)):
            names.append(file.name)
            if is_in_bundle(file.name) is not None or number > _SAMPLE:
                return False
            if is_readable(file):
                return True
    except (OSError, HarvdiagError):
        return False
    return bool(describe_upgrade_log(names))


def _open(target: str, _: OpenOptions) -> Reader:
    from harvdiag.sources.files.reader import FilesReader

    return _read_stdin() if target == STDIN else FilesReader.from_path(Path(target))


def _read_stdin() -> Reader:
    from harvdiag.io.archive import Limits
    from harvdiag.sources.files.reader import FilesReader

    if sys.stdin is None:
        raise SourceError("stdin: is closed; give a file, or pipe what `kubectl get … -o yaml` writes")
    most = Limits().member
    data = sys.stdin.buffer.read(most + 1)
    if len(data) > most:
        raise SourceError(f"stdin: more than {most} bytes; save them to files, one a kind, and give the folder")
    return FilesReader.from_text("stdin", data)


SOURCE = SourceType(
    name="files",
    title="kubectl output",
    order=40,
    matches_name=lambda name: name == STDIN,
    matches_path=_is_ours,
    matches_content=_holds_objects,
    open=_open,
)
