"""Writing of a support bundle in the kit's own layout, piece by piece; `sources.bundle.layout` has the paths.

What was not seen is in ``bundleGenerationError.log``, in the collector's words, so that it is not seen in the bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from harvdiag.core.fields import Obj
from harvdiag.io.yaml.kittext import write_item, write_list, write_mapping
from harvdiag.snapshot import Resource
from harvdiag.sources.bundle.nodes import CATTLE_ID, RKE2_CONFIG, write_cattle_id, write_config

__all__ = ["BundleWriter", "HostWriter"]

_SPOOL = 16 << 20
"""Bytes of the archive of a node that are held in memory; a larger one is put into a temporary file."""
_PIECE = 1 << 18
_DATE = (1980, 1, 1, 0, 0, 0)
_LINE = 2000


class BundleWriter:
    """Writes one bundle to a stream; `close` ends it. The same content gives the same bytes."""

    def __init__(self, stream: BinaryIO, root: str, comment: bytes = b"") -> None:
        self._zip = ZipFile(stream, "w", ZIP_DEFLATED)
        self._zip.comment = comment
        self._root = root
        self._errors: list[str] = []

    def add_list(self, resource: Resource, items: Iterable[Obj]) -> None:
        """Write the objects of a kind in one namespace; a list without any is written as such."""
        scope = f"namespaced/{resource.namespace}" if resource.namespace else "cluster"
        group = f"{resource.group}/" if resource.group else ""
        name = f"yamls/{scope}/{group}{resource.version}/{resource.plural}.yaml"
        self.add_pieces(name, write_list(map(write_item, items)))

    def add_unseen(self, resource: Resource, why: str) -> None:
        """Note that a list was not, or not completely, seen."""
        api = f"apis/{resource.group}" if resource.group else "api"
        space = f"namespaces/{resource.namespace}/" if resource.namespace else ""
        path = f"/{api}/{resource.version or 'v1'}/{space}{resource.plural}"
        self.add_error(f"Failed to get {path}: {why or 'not seen'}")

    def add_error(self, line: str) -> None:
        """Add a line to the log of the collector's errors."""
        self._errors.append(" ".join(line.split())[:_LINE])

    def add_pieces(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file, given piece by piece."""
        _write_pieces(self._zip, f"{self._root}/{name}", pieces)

    @contextmanager
    def host(self, node: str) -> Iterator[HostWriter]:
        """Within it, the archive of a node is written."""
        with SpooledTemporaryFile(_SPOOL) as stream:
            with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
                yield HostWriter(archive, node)
            stream.seek(0)
            pieces = iter(lambda: stream.read(_PIECE), b"")
            _write_pieces(self._zip, f"{self._root}/nodes/{node}.zip", pieces, ZIP_STORED)

    def close(self, metadata: Obj) -> None:
        """Write what is known of the collection, and end the archive."""
        self.add_pieces("metadata.yaml", [write_mapping(metadata)])
        self.add_pieces("bundleGenerationError.log", (f"{line}\n".encode() for line in self._errors))
        self._zip.close()


class HostWriter:
    """Writes the archive of one node: the identity of the host, and its logs."""

    def __init__(self, archive: ZipFile, node: str) -> None:
        self._archive = archive
        self._node = node

    def add_host(self, host: Obj) -> None:
        """Write the files that a Host was read from, with what was read."""
        files = host.get("files") or {}
        if CATTLE_ID in files:
            self.add_pieces(f"configs/{CATTLE_ID}", [write_cattle_id(files[CATTLE_ID])])
        if RKE2_CONFIG in files:
            self.add_pieces(f"configs/{RKE2_CONFIG}", [write_config(files[RKE2_CONFIG])])

    def add_pieces(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file, given piece by piece."""
        _write_pieces(self._archive, f"{self._node}/{name}", pieces)


def _write_pieces(archive: ZipFile, name: str, pieces: Iterable[bytes], method: int = ZIP_DEFLATED) -> None:
    info = ZipInfo(name, _DATE)
    info.compress_type, info.create_system, info.external_attr = method, 3, 0o600 << 16
    with archive.open(info, "w", force_zip64=True) as member:
        for piece in pieces:
            member.write(piece)
