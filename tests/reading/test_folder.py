"""A folder stands in for an archive; links do not lead out of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harvdiag.core.errors import SourceError
from harvdiag.io.archive import Container, Limits, MemberError, open_container
from harvdiag.io.archive.folder import open_folder
from tests.reading.zips import FILES, pack, write


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    top = tmp_path / "top"
    for name, data in FILES.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return top


def refused(container: Container, name: str) -> str:
    with pytest.raises(MemberError) as caught:
        container.read(name)
    return str(caught.value)


def test_reads_as_the_archive_does(folder: Path, tmp_path: Path) -> None:
    with open_container(folder) as here, open_container(write(tmp_path / "b.zip", pack(FILES))) as zipped:
        assert here.names() == tuple(sorted(zipped.names()))
        assert here.names("yamls/") == zipped.names("yamls/")
        assert {name: here.read(name) for name in here.names()} == FILES


def test_a_zip_inside(folder: Path) -> None:
    write(folder / "n.zip", pack(FILES))
    write(folder / "bad.zip", b"no")
    with open_folder(folder) as here:
        with here.open_nested("n.zip") as inner:
            assert inner.names() == tuple(FILES)
        with pytest.raises(MemberError, match=r"bad.zip: not a zip archive: looks like an unknown format"):
            here.open_nested("bad.zip")


def test_links_that_leave_are_refused(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "secret.yaml", b"password")
    (folder / "out.yaml").symlink_to(tmp_path / "secret.yaml")
    (folder / "in.yaml").symlink_to(folder / "bundle/metadata.yaml")
    (folder / "loop.yaml").symlink_to("loop.yaml")
    with open_folder(folder) as here:
        assert "out.yaml" in here.names()
        assert refused(here, "out.yaml") == "out.yaml: a link that points outside the folder, which is not followed"
        assert (
            refused(here, "../secret.yaml")
            == "../secret.yaml: a link that points outside the folder, which is not followed"
        )
        assert refused(here, "loop.yaml") == "loop.yaml: a broken link"
        assert here.read("in.yaml") == FILES["bundle/metadata.yaml"]


def test_a_linked_folder_outside_is_refused_and_inside_not_entered(folder: Path, tmp_path: Path) -> None:
    (folder / "again").symlink_to(folder / "bundle")
    assert open_folder(folder).names() == tuple(sorted(FILES))
    (folder / "away").symlink_to(tmp_path)
    with pytest.raises(
        SourceError, match=r"top: away is a link to a folder outside, which is not followed; give the real"
    ):
        open_folder(folder).names()


def test_missing_files_and_limits(folder: Path) -> None:
    with open_folder(folder, Limits(member=1000)) as here:
        assert refused(here, "none") == "none: not in the folder, or not a regular file"
        assert refused(here, "bundle/yamls/cluster/v1/nodes.yaml") == (
            "bundle/yamls/cluster/v1/nodes.yaml: unpacks to more than the limit of 1000 bytes a file"
        )
    with pytest.raises(SourceError, match=r"none: not a folder$"):
        open_folder(folder / "none")
