"""Zip archives for the tests: whole, damaged at a chosen place, and cut into parts."""

from __future__ import annotations

import struct
import zipfile
from io import BytesIO
from pathlib import Path

FILES = {
    "bundle/metadata.yaml": b"bundleversion: 0.1.0\n",
    "bundle/yamls/cluster/v1/nodes.yaml": b"apiVersion: v1\nitems:\n" + b"- kind: Node\n" * 400,
    "bundle/yamls/namespaced/default/v1/pods.yaml": bytes(range(256)) * 300,
    "bundle/logs/default/pod/main.log": b"line\n" * 3000,
}


def pack(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b"") -> bytes:
    """A zip of the files, with the folder entries that `zip -r` writes."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.comment = comment
        for folder in sorted({f"{name.rpartition('/')[0]}/" for name in files if "/" in name}):
            archive.writestr(zipfile.ZipInfo(folder), b"")
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def entry_at(data: bytes, name: str) -> int:
    """Where the directory's record of this member begins."""
    at = data.rindex(name.encode()) - 46
    assert data[at : at + 4] == b"PK\1\2"
    return at


def change(data: bytes, offset: int, layout: str, value: int) -> bytes:
    """The bytes with one number replaced."""
    packed = struct.pack(layout, value)
    return data[:offset] + packed + data[offset + len(packed) :]


def slices(folder: Path, data: bytes, names: list[str], order: list[int] | None = None) -> list[Path]:
    """The bytes cut into equal parts and written under these names, in their order or another."""
    size = -(-len(data) // len(names))
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    places = order or list(range(len(pieces)))
    return [write(folder / name, pieces[place]) for name, place in zip(names, places, strict=True)]


def split_set(data: bytes, size: int) -> list[bytes]:
    """A split archive, as `zip -s` writes it: each record of the directory counts from the start of its own part."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        entries = archive.infolist()
        start = archive.start_dir
    body = b"PK\7\x08" + data[:start]
    directory = bytearray(data[start:])
    at = 0
    for entry in entries:
        offset = entry.header_offset + 4
        struct.pack_into("<H", directory, at + 34, offset // size)
        struct.pack_into("<I", directory, at + 42, offset % size)
        at += 46 + sum(struct.unpack_from("<HHH", directory, at + 28))
    last = (len(body) + len(directory) - 1) // size
    first, offset = divmod(len(body), size)
    struct.pack_into("<HHHHII", directory, at + 4, last, first, len(entries), len(entries), at, offset)
    whole = body + bytes(directory)
    return [whole[start : start + size] for start in range(0, len(whole), size)]
