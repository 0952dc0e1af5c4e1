"""What was written into a working copy, by digest: how to tell later which file the user has changed."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from harvdiag.io.whole import write_whole
from harvdiag.version import __version__

__all__ = ["HIDDEN", "Entry", "Record"]

HIDDEN = ".harvdiag-lab"
"""The folder in a working copy for what is not the user's: this record, and the settings of JupyterLab."""
ABOUT = "What `harvdiag lab` wrote into this folder, by digest: what differs from it is yours, and stays as it is."


class Entry(NamedTuple):
    """A file as it was written: digests of its content and of its outputs, and which SOURCE it got."""

    content: str
    outputs: str = ""
    source: str | None = None


class Record:
    """The entries of a working copy by path, with ``/`` between the parts, and the SOURCE that was last given."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / HIDDEN / "record.json"
        self.source: str | None = None
        self.entries: dict[str, Entry] = {}
        with suppress(OSError, ValueError, KeyError, TypeError):  # lost or damaged: every file counts as the user's
            known = json.loads(self._path.read_text(encoding="utf-8"))
            self.entries = {path: Entry(**entry) for path, entry in known["files"].items()}
            self.source = known["source"] if isinstance(known["source"], str) else None

    def save(self) -> None:
        """Write it. Raises OSError."""
        files = {path: entry._asdict() for path, entry in sorted(self.entries.items())}
        document = {"about": ABOUT, "harvdiag": __version__, "source": self.source, "files": files}
        self._path.parent.mkdir(exist_ok=True)
        write_whole(self._path, f"{json.dumps(document, indent=1)}\n".encode())
