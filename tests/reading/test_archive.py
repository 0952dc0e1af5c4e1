"""Archives read in place: right bytes or one line that says what is wrong, whatever the file holds."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harvdiag.core.errors import HarvdiagError, SourceError
from harvdiag.io.archive import Limits, MemberError, open_container
from harvdiag.io.archive.archive import Archive, open_archive
from harvdiag.io.archive.slices import Slices
from tests.reading.zips import FILES, change, entry_at, pack, write
from tests.sample import examples

NODES = "bundle/yamls/cluster/v1/nodes.yaml"
CUT_SHORT = (
    "this zip is truncated or damaged; download or copy it again "
    "(if it is one of several parts, put all of them into one folder)"
)
PODS = "bundle/yamls/namespaced/default/v1/pods.yaml"


def contents(path: Path, limits: Limits | None = None) -> dict[str, bytes]:
    with open_archive(path, limits) as archive:
        return {name: archive.read(name) for name in archive.names()}


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        open_container(path)
    return str(caught.value).replace(str(path.parent) + "/", "")


def member_error(path: Path, name: str = NODES, limits: Limits | None = None) -> str:
    with open_archive(path, limits) as archive, pytest.raises(MemberError) as caught:
        archive.read(name)
    return str(caught.value)


def patched(tmp_path: Path, offset: int, layout: str, value: int) -> Path:
    """The archive with one number of the directory's record of nodes.yaml replaced."""
    data = pack(FILES)
    return write(tmp_path / "b.zip", change(data, entry_at(data, NODES) + offset, layout, value))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize(
    ("before", "comment"), [(b"", b""), (b"#!/bin/sh\n" * 9, b"PK\5\6 made by hand"), (b"", b"c" * 65535)]
)
def test_reads_every_member(tmp_path: Path, method: int, before: bytes, comment: bytes) -> None:
    path = write(tmp_path / "b.zip", before + pack(FILES, method, comment))
    assert contents(path) == FILES


def test_names_are_files_that_hold_the_part_in_the_archives_order(tmp_path: Path) -> None:
    with open_archive(write(tmp_path / "b.zip", pack(FILES))) as archive:
        assert archive.names("yamls/") == (NODES, PODS)
        assert archive.names() == tuple(FILES)
        assert archive.names("yamls/yamls/") == ()
        assert archive.read("bundle/metadata.yaml") == FILES["bundle/metadata.yaml"]


def test_zip64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
    data = pack(FILES)
    assert b"PK\6\6" in data
    assert contents(write(tmp_path / "b.zip", data)) == FILES
    assert contents(write(tmp_path / "c.zip", b"before" + data)) == FILES


def test_names_beyond_ascii(tmp_path: Path) -> None:
    files = {"b/yamls/Knoten-ä.yaml": b"1", "b/logs/x.log": b"2"}
    assert contents(write(tmp_path / "b.zip", pack(files))) == files


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archive_in_an_archive(tmp_path: Path, method: int) -> None:
    outer = pack({"b/nodes/n1.zip": pack(FILES), "b/nodes/n2.zip": b"PK nothing"}, method)
    with open_archive(write(tmp_path / "b.zip", outer)) as archive:
        with archive.open_nested("b/nodes/n1.zip") as inner:
            assert inner.name.endswith("b.zip/b/nodes/n1.zip")
            assert inner.read(NODES) == FILES[NODES]
        with pytest.raises(MemberError, match=r"^b/nodes/n2.zip: not a complete zip archive$"):
            archive.open_nested("b/nodes/n2.zip")


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "not a zip archive: looks like an empty file; download or copy it again"),
        (
            gzip.compress(b"x"),
            "not a zip archive: looks like a gzip file; unpack it with `gzip -d` or `tar xzf` and give the result",
        ),
        (
            b"7z\xbc\xaf\x27\x1c\0\4",
            "not a zip archive: looks like a 7z archive; unpack it with `7z x` and give the folder",
        ),
        (_tar(), "not a zip archive: looks like a tar archive; unpack it with `tar xf` and give the folder"),
        (
            b"\n<!DOCTYPE html><html>",
            (
                "not a zip archive: looks like a web page; perhaps the error page of a failed download: "
                "get the support bundle again"
            ),
        ),
        (b'{"kind": "List"}', "not a zip archive: looks like JSON; name it .json, or give a folder of such files"),
        (b"apiVersion: v1\n", "not a zip archive: looks like YAML; name it .yaml, or give a folder of such files"),
        (bytes(3000), "not a zip archive: looks like a file of zeros; the download or the copy failed: get it again"),
        (
            b"hello",
            "not a zip archive: looks like an unknown format; give a Harvester support bundle (.zip), or a folder",
        ),
        (pack({}), "an empty zip archive; generate the support bundle again"),
        (
            pack(FILES)[:-30],
            CUT_SHORT,
        ),
        (
            b"PK\3\4" + pack(FILES)[400:],
            CUT_SHORT,
        ),
    ],
    ids=["empty", "gzip", "7z", "tar", "html", "json", "yaml", "zeros", "text", "no-members", "cut-end", "cut-start"],
)
def test_what_is_no_usable_zip(tmp_path: Path, data: bytes, text: str) -> None:
    assert refusal(write(tmp_path / "b.zip", data)) == f"b.zip: {text}"


def test_missing_and_strange_paths(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.zip") == "nothing.zip: no such file or folder"


@pytest.mark.parametrize("name", ["../evil", "b/../../evil", "/etc/passwd", "C:/evil", "b/.."])
def test_names_that_lead_out_refuse_the_whole(tmp_path: Path, name: str) -> None:
    data = pack({"a" * len(name): b"x", **FILES}).replace(b"a" * len(name), name.encode())
    assert refusal(write(tmp_path / "b.zip", data)) == (
        f"b.zip: contains the file name {name!r}, which points outside the archive; "
        "no support bundle has such a name, so none of it is read"
    )


@pytest.mark.parametrize(
    "name", ["..\\evil", "b\\..\\..\\evil", "b/..\\evil", "\\\\host\\evil", "\\evil", "C:\\evil", "b\\.."]
)
def test_names_that_lead_out_with_backslashes_refuse_the_whole(tmp_path: Path, name: str) -> None:
    data = pack({"a" * len(name): b"x", **FILES}).replace(b"a" * len(name), name.encode())
    assert "which points outside the archive" in refusal(write(tmp_path / "b.zip", data))


def test_backslashes_of_windows_are_slashes(tmp_path: Path) -> None:
    data = pack({"b/x/n.yaml": b"1", "b/m": b"2"}).replace(b"b/x/n.yaml", b"b\\x\\n.yaml")
    assert contents(write(tmp_path / "b.zip", data)) == {"b/x/n.yaml": b"1", "b/m": b"2"}
    twice = pack({"b/x": b"1", "b_x": b"2"}).replace(b"b_x", b"b\\x")
    with open_archive(write(tmp_path / "c.zip", twice)) as archive, pytest.raises(MemberError, match="duplicate"):
        archive.read("b/x")


def test_dots_inside_names_are_harmless(tmp_path: Path) -> None:
    files = {"b/a..b": b"1", "b/...": b"2", "b/..x": b"3", "c:d"[:1] + "/x": b"4"}
    assert contents(write(tmp_path / "b.zip", pack(files))) == files


def test_control_characters_of_a_name_are_not_shown(tmp_path: Path) -> None:
    data = pack({"b/x0y/z": b"1", **FILES}).replace(b"b/x0y/z", b"b/\x1b/../")
    assert refusal(write(tmp_path / "b.zip", data)).startswith("b.zip: contains the file name 'b/\\\\x1b/../'")


@pytest.mark.parametrize(
    ("offset", "layout", "value", "text"),
    [
        (8, "<H", 1, "encrypted; ask for the bundle without a password"),
        (10, "<H", 14, "compressed with lzma, which is not supported (only stored and deflated)"),
        (10, "<H", 77, "compressed with method 77, which is not supported (only stored and deflated)"),
        (10, "<H", 0, "damaged in the archive; download or copy the bundle again"),
        (16, "<I", 1, "damaged in the archive; download or copy the bundle again"),
        (20, "<I", 9, "damaged in the archive; download or copy the bundle again"),
        (24, "<I", 9, "damaged in the archive; download or copy the bundle again"),
        (24, "<I", 1 << 20, "damaged in the archive; download or copy the bundle again"),
        (24, "<I", 1 << 30, "unpacks to more than the limit of 256 MiB a file"),
        (34, "<H", 3, "is in part 4 of the archive, which is missing"),
        (42, "<I", 5, "damaged in the archive; download or copy the bundle again"),
    ],
)
def test_one_bad_member(tmp_path: Path, offset: int, layout: str, value: int, text: str) -> None:
    path = patched(tmp_path, offset, layout, value)
    assert member_error(path) == f"{NODES}: {text}"
    with open_archive(path) as archive:
        assert archive.read(PODS) == FILES[PODS]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo(NODES)
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    assert member_error(path) == f"{NODES}: a symbolic link, which is not followed"


def test_a_member_that_is_missing_or_double(tmp_path: Path) -> None:
    other = NODES.replace("nodes", "model")
    data = pack({**FILES, other: b"1"}).replace(other.encode(), NODES.encode())
    path = write(tmp_path / "b.zip", data)
    assert member_error(path) == f"{NODES}: duplicate entry (2 times in the archive), so it is not read"
    assert member_error(path, "b/none") == "b/none: not in the archive"
    with open_archive(path) as archive:
        assert archive.names("nodes.yaml") == (NODES,)


def test_limits(tmp_path: Path) -> None:
    path = write(tmp_path / "b.zip", pack(FILES))
    small = Limits(member=4096)
    assert member_error(path, limits=small) == f"{NODES}: unpacks to more than the limit of 4 KiB a file"
    with open_archive(path, Limits(total=80_000)) as archive:
        archive.read(PODS)
        with pytest.raises(MemberError) as caught:
            archive.read(NODES)
    assert str(caught.value) == f"{NODES}: not read, since all files read together unpack to more than 78.12 KiB"


def test_a_bomb_is_stopped_at_the_size_it_states(tmp_path: Path) -> None:
    data = pack({"b/bomb": bytes(50 << 20)})
    path = write(tmp_path / "b.zip", change(data, entry_at(data, "b/bomb") + 24, "<I", 1000))
    assert member_error(path, "b/bomb") == "b/bomb: damaged in the archive; download or copy the bundle again"


def test_limits_hold_inside_nested_archives(tmp_path: Path) -> None:
    outer = pack({"n.zip": pack(FILES)}, zipfile.ZIP_STORED)
    with open_archive(write(tmp_path / "b.zip", outer), Limits(total=len(outer) + 100)) as archive:
        inner = archive.open_nested("n.zip")
        with pytest.raises(MemberError, match=r"not read, since all files read together"):
            inner.read(PODS)


def test_nested_archives_do_not_use_up_what_is_left_for_the_lists(tmp_path: Path) -> None:
    """The archives of many nodes, each within the limits, leave the budget of the bundle as it was."""
    nodes = {f"nodes/n{number}.zip": pack({"etc/rancher/id": bytes(50_000)}) for number in range(9)}
    path = write(tmp_path / "b.zip", pack(FILES | nodes, zipfile.ZIP_STORED))
    with open_archive(path, Limits(total=sum(map(len, FILES.values())))) as archive:
        for name in nodes:
            with archive.open_nested(name) as inner:
                assert inner.read("etc/rancher/id") == bytes(50_000)
        assert {name: archive.read(name) for name in FILES} == FILES


def test_reads_across_very_many_slices() -> None:
    """As many parts as there may be, one after the other, some of them empty."""
    source = Slices([io.BytesIO(bytes([number % 251]) * (number % 3)) for number in range(3000)])
    whole = b"".join(bytes([number % 251]) * (number % 3) for number in range(3000))
    assert source.read(0, source.size) == whole
    assert source.read(1, 10**6) == whole[1:]
    assert source.read(100, 7) == whole[100:107]
    assert source.read(source.size, 1) == b""


@given(st.data())
@settings(max_examples=examples(400), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_damage_gives_right_bytes_or_an_error(tmp_path: Path, data: st.DataObject) -> None:
    whole = bytearray(pack(FILES, data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))))
    directory = whole.index(b"PK\1\2")
    places = st.integers(0, len(whole) - 1) | st.integers(directory, len(whole) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        whole[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del whole[data.draw(places) :]
    path = write(tmp_path / "b.zip", bytes(whole))
    try:
        archive = open_archive(path)
    except SourceError:
        return
    with archive:
        for name in archive.names():
            found, error = outcome(archive, name)
            assert "\n" not in error
            assert found in {b"", *FILES.values()}


def outcome(archive: Archive, name: str) -> tuple[bytes, str]:
    try:
        return archive.read(name), ""
    except HarvdiagError as error:
        return b"", str(error)
