"""The end of members, by streams: the same bytes as reading the whole, and little memory."""

from __future__ import annotations

import hashlib
import tracemalloc
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest

from harvdiag.io.archive import Limits, MemberError, open_container
from harvdiag.io.archive.archive import Archive, open_archive
from harvdiag.io.archive.directory import Directory, find_end
from harvdiag.io.archive.member import MIB, Budget
from harvdiag.io.archive.slices import Slices
from harvdiag.io.archive.stream import Unpacked, last_bytes
from tests.reading.zips import FILES, change, entry_at, pack, write

LOG = "bundle/logs/default/pod/main.log"
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]
BIG = b"".join(hashlib.sha256(b"%d" % i).hexdigest().encode() + b"\n" for i in range(20_000))


class Counting(BytesIO):
    """Remembers the longest single read, and how much was read altogether."""

    longest = total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.longest, self.total = max(self.longest, len(data)), self.total + len(data)
        return data


def whole(source: Slices, limits: Limits | None = None) -> Archive:
    end = find_end(source)
    assert end is not None
    return Archive("a.zip", source, Directory("a.zip", source, end), Budget(limits or Limits()))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("most", [1, 7, 14_999, 15_000, 15_001, 1 << 20])
def test_tail_is_the_end_of_what_read_gives(tmp_path: Path, method: int, most: int) -> None:
    path = write(tmp_path / "b.zip", pack(FILES, method))
    with open_container(path) as box:
        assert box.tail(LOG, most) == FILES[LOG][-most:]


@pytest.mark.parametrize("most", [1, 100, MIB, 2 * MIB])
@pytest.mark.parametrize("outer", METHODS)
@pytest.mark.parametrize("inner", METHODS)
def test_tail_within_an_archive_within_an_archive(tmp_path: Path, outer: int, inner: int, most: int) -> None:
    files = {"hv01/logs/a.log": BIG, "hv01/logs/b.log": BIG[::-1], "hv01/logs/empty.log": b""}
    path = write(tmp_path / "b.zip", pack({"nodes/hv01.zip": pack(files, inner)}, outer))
    with open_archive(path) as box, box.open_streamed("nodes/hv01.zip") as node:
        assert node.names("logs/") == tuple(files)
        for name in ("hv01/logs/b.log", "hv01/logs/a.log", "hv01/logs/empty.log"):
            assert node.tail(name, most) == files[name][-most:]
            assert node.read(name) == files[name]


def test_folder_gives_the_end_of_a_file_without_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(BIG)
    (tmp_path / "hv01.zip").write_bytes(pack({"hv01/logs/a.log": BIG}))
    with open_container(tmp_path, Limits(member=10)) as box:
        assert box.tail("a.log", 99) == BIG[-99:]
        assert box.tail("a.log", 2 * MIB) == BIG
        with box.open_streamed("hv01.zip") as node:
            assert node.tail("hv01/logs/a.log", 99) == BIG[-99:]
        with pytest.raises(MemberError, match="not in the folder"):
            box.tail("b.log", 9)


def test_huge_log_takes_little_memory() -> None:
    """40 MB of text in the archive of a node, of which some 20 MB are left packed."""
    block = BIG[:MIB]
    packer = BytesIO()
    deflated = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(packer, "w", deflated, compresslevel=1) as node, node.open("hv01/logs/agent.log", "w") as log:
        for _ in range(40):
            log.write(block)
        log.write(b"the end\n")
    counted = Counting(pack({"nodes/hv01.zip": packer.getvalue()}))
    packed = len(packer.getvalue())
    assert packed > 10 * MIB
    box = whole(Slices([counted]))
    counted.longest = counted.total = 0
    tracemalloc.start()
    try:
        with box.open_streamed("nodes/hv01.zip") as node_box:
            found = node_box.tail("hv01/logs/agent.log", 4 * MIB)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) == 4 * MIB
    assert found.endswith(b"the end\n")
    assert peak < 16 * MIB
    assert counted.longest <= MIB
    assert counted.total < 3 * packed, "unpacked twice: for the directory at its end, and for the log"


def test_limits_of_reading_do_not_hold_for_the_end_of_a_log(tmp_path: Path) -> None:
    path = write(tmp_path / "b.zip", pack(FILES))
    with open_archive(path, Limits(member=100, total=100)) as box:
        assert box.tail(LOG, 9) == FILES[LOG][-9:]
    with open_archive(path, Limits(stream=14_999)) as box, pytest.raises(MemberError) as caught:
        box.tail(LOG, 9)
    assert str(caught.value) == f"{LOG}: not searched, since it unpacks to more than 14.65 KiB"


@pytest.mark.parametrize(
    ("offset", "layout", "value"),
    [(16, "<I", 7), (24, "<I", 14_999), (24, "<I", 15_001), (10, "<H", 12), (8, "<H", 1)],
    ids=["checksum", "shorter", "longer", "bzip2", "encrypted"],
)
def test_damage_is_told(tmp_path: Path, offset: int, layout: str, value: int) -> None:
    data = pack(FILES)
    path = write(tmp_path / "b.zip", change(data, entry_at(data, LOG) + offset, layout, value))
    with open_archive(path) as box, pytest.raises(MemberError, match=r"damaged|compressed with|encrypted"):
        box.tail(LOG, 99)


def test_archive_within_that_is_none(tmp_path: Path) -> None:
    inner = pack({"hv01/logs/a.log": BIG})
    path = write(tmp_path / "b.zip", pack({"cut.zip": inner[:-30], "text.zip": b"text", "empty.zip": b""}))
    with open_archive(path) as box:
        for name in ("cut.zip", "text.zip", "empty.zip"):
            with pytest.raises(MemberError, match="not a complete zip archive"):
                box.open_streamed(name)
        with pytest.raises(MemberError, match="not in the archive"):
            box.open_streamed("none.zip")


def test_stream_reads_like_a_file() -> None:
    stream = Unpacked(lambda: (BIG[i : i + 1000] for i in range(0, len(BIG), 1000)), len(BIG))
    assert len(BIG) > MIB
    for at, length in ((0, 10), (5, 10_000), (len(BIG) - 10, 100), (17, 1), (100_000, 5), (len(BIG) - MIB - 5, 10)):
        stream.seek(at)
        assert stream.read(length) == BIG[at : at + length]
    stream.seek(0)
    assert zlib.crc32(stream.read()) == zlib.crc32(BIG)
    stream.close()


def test_last_of_pieces() -> None:
    for size in (1, 3, 10):
        pieces = [BIG[i : i + size] for i in range(0, 100, size)]
        for most in (1, 2, 9, 10, 99, 100, 1000):
            assert last_bytes(iter(pieces), most) == b"".join(pieces)[-most:]
    assert last_bytes(iter(()), 5) == b""
