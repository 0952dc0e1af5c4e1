"""The bound, as a process: inflate the members and parse the same objects from JSON with orjson. Less cannot be done.

usage: bound.py BUNDLE.zip JSON.zip < names. The bundle's own members are inflated, as any reader must; the objects come
from the second archive, whose files are stored under the same names.
"""

import gc

gc.disable()

import struct  # noqa: E402
import sys  # noqa: E402
import zlib  # noqa: E402
from io import BufferedReader  # noqa: E402

import orjson  # noqa: E402


def directory(file: BufferedReader) -> bytes:
    size = file.seek(0, 2)
    file.seek(max(0, size - 65557))
    tail = file.read()
    length, start = struct.unpack_from("<II", tail, tail.rfind(b"PK\5\6") + 12)
    file.seek(start)
    return file.read(length)


def member(file: BufferedReader, listed: bytes, name: bytes) -> bytes:
    at = listed.find(name)
    while struct.unpack_from("<H", listed, at - 18)[0] != len(name):
        at = listed.find(name, at + 1)
    (method,) = struct.unpack_from("<H", listed, at - 36)
    packed, full = struct.unpack_from("<II", listed, at - 26)
    file.seek(struct.unpack_from("<I", listed, at - 4)[0])
    head = file.read(30)
    file.seek(sum(struct.unpack_from("<HH", head, 26)), 1)
    raw = file.read(packed)
    return zlib.decompress(raw, -15, full) if method else raw


def main(bundle: str, objects: str) -> None:
    kept = []
    with open(bundle, "rb") as texts, open(objects, "rb") as lists:  # noqa: PTH123  (no imports that are not needed)
        in_texts, in_lists = directory(texts), directory(lists)
        for name in sys.stdin.buffer.read().split(b"\n"):
            member(texts, in_texts, name)
            kept.append(orjson.loads(member(lists, in_lists, name)))
    print(len(kept))


if __name__ == "__main__":
    main(*sys.argv[1:3])
