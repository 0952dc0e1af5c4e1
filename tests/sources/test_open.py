"""The door: what may be given, and what is refused in one line."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import zipfile
from pathlib import Path

import pytest

import harvdiag as hd
from harvdiag.core.errors import SourceError
from tests.routes import HEALTHY
from tests.world import healthy, write_folder
from tests.world.kit import dump


def whole() -> dict[str, object]:
    """A healthy cluster as one list."""
    return {"apiVersion": "v1", "kind": "List", "items": healthy().objects, "metadata": {}}


def refusal(target: str | Path) -> str:
    """The one line with which a source is refused."""
    with pytest.raises(SourceError) as caught:
        hd.open(target)
    assert caught.value.__cause__ is None
    assert str(caught.value).isprintable()
    return str(caught.value)


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("x" * 5000, "x…: cannot be read: File name too long"),
        ("~no-such-user-here/x", "~no-such-user-here/x: no such user"),
        ("/dev/null", "/dev/null: cannot be read from a pipe; save it to a file first"),
        ("no/such", "no/such: no such file or folder"),
        ("a\0b", "no such file or folder"),
    ],
)
def test_strange_targets_are_one_line(target: str, says: str) -> None:
    """Names that no file has, and files that are none."""
    assert says in refusal(target)


@pytest.mark.parametrize("name", ["pipe", "pipe.yaml"])
def test_pipe_is_refused_and_not_waited_for(tmp_path: Path, name: str) -> None:
    """`harvdiag check <(kubectl …)` would hang, or find no end of a zip."""
    os.mkfifo(tmp_path / name)
    assert "cannot be read from a pipe; save it to a file first" in refusal(tmp_path / name)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["folder", "file.yaml", "file.zip"])
def test_what_may_not_be_read_is_one_line(tmp_path: Path, name: str) -> None:
    """Permissions: of the folder, or of the file."""
    (tmp_path / name).mkdir() if name == "folder" else (tmp_path / name).write_text("x")
    (tmp_path / name).chmod(0)
    assert "Permission denied" in refusal(tmp_path / name)


def test_permission_denied_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same for root, to whom nothing is denied."""

    def denied(_self: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    assert refusal(tmp_path) == f"{tmp_path}: cannot be read: Permission denied"


# --- standard input ------------------------------------------------------------------------------------------------


def pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Give these bytes to standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize("form", ["yaml", "json", "indented json", "utf-16", "gzip", "zip"])
def test_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """`kubectl get … -o yaml | harvdiag check -`; which form it is, its content tells."""
    text = {"yaml": dump(whole()), "json": json.dumps(whole()), "indented json": "\n  " + json.dumps(whole(), indent=2)}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/all.txt", text["yaml"])
    data = {
        "utf-16": text["yaml"].encode("utf-16"),
        "gzip": gzip.compress(text["json"].encode()),
        "zip": packed.getvalue(),
    }
    pipe(monkeypatch, data.get(form) or text[form].encode())
    cluster = hd.open("-")
    assert cluster.source.name == "stdin"
    assert len(cluster.nodes) == 3
    assert not cluster.check()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "stdin: is empty: the command that should write it failed"),
        (b"a: [", "stdin: is not valid YAML"),
        (b'{"a": 1', "stdin: is not valid JSON"),
        (b"PK\3\4", "stdin: a zip archive that is truncated or damaged; copy it again"),
        (HEALTHY.read_bytes(), "stdin: a support bundle cannot be read from a pipe; save it to a file first"),
    ],
)
def test_unusable_standard_input_is_one_line(monkeypatch: pytest.MonkeyPatch, data: bytes, says: str) -> None:
    """With the name that people know it by."""
    pipe(monkeypatch, data)
    assert says in refusal("-")


# --- folders -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dots", [".", "sub/.."])
def test_current_folder_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dots: str) -> None:
    """`harvdiag check .` names the folder, not the dot."""
    write_folder(tmp_path / "monday", healthy().objects)
    (tmp_path / "monday" / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "monday")
    assert hd.open(dots).source.name == "monday"


def test_link_to_a_file_is_followed(tmp_path: Path) -> None:
    """The user named it: that it lies elsewhere is no danger."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "data").write_text(json.dumps(whole()))
    (tmp_path / "link.json").symlink_to("real/data")
    cluster = hd.open(tmp_path / "link.json")
    assert cluster.source.name == "link.json"
    assert len(cluster.nodes) == 3


def test_folder_of_zips_names_them(tmp_path: Path) -> None:
    """A downloads folder: up to three are named."""
    for name in ("d.zip", "b.ZIP", "a.zip", "c.zip"):
        (tmp_path / name).write_bytes(b"PK\3\4")
    (tmp_path / "notes.txt").write_text("x")
    assert refusal(tmp_path) == f"{tmp_path.name}: holds several archives; give one of: a.zip, b.ZIP, c.zip, and 1 more"


def test_folder_called_yamls_is_no_bundle(tmp_path: Path) -> None:
    """Only cluster/ or namespaced/ below it make it one."""
    write_folder(tmp_path / "dump" / "yamls", healthy().objects)
    cluster = hd.open(tmp_path / "dump")
    assert cluster.source.kind == "files"
    assert len(cluster.nodes) == 3


@pytest.mark.parametrize("inside", ["", "supportbundle_x"])
@pytest.mark.parametrize("empty", [True, False])
def test_bundle_without_its_yamls(tmp_path: Path, inside: str, empty: bool) -> None:
    """metadata.yaml is not an object of kubectl: what it belongs to is told."""
    place = tmp_path / "b" / inside
    place.mkdir(parents=True)
    (place / "metadata.yaml").write_text('bundlename: bundle-x\nbundleversion: "0.1.0"\n')
    if empty:
        (place / "yamls").mkdir()
    assert "an extracted support bundle without its yamls folder" in refusal(tmp_path / "b")


def test_zip_that_holds_another_zip(tmp_path: Path) -> None:
    """As mail programs and upload pages wrap it."""
    with zipfile.ZipFile(tmp_path / "mail.zip", "w") as archive:
        archive.write(HEALTHY, "case/healthy.zip")
        archive.writestr("readme.txt", "x")
    line = refusal(tmp_path / "mail.zip")
    assert line == f"{tmp_path}/mail.zip: holds another zip: case/healthy.zip; extract that one"
