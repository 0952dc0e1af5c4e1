"""Archives in several files, under the names that people give them."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harvdiag.core.errors import SourceError
from harvdiag.io.archive.archive import open_archive
from tests.reading.zips import FILES, pack, slices, split_set, write
from tests.sample import examples

# enough bytes that do not pack, so that every part holds some
MANY = {**FILES, **{f"bundle/logs/{n}.log": bytes((n * k * k) % 251 for k in range(2000)) for n in range(1, 9)}}
FAMILIES = [
    ["X.zip.001", "X.zip.002", "X.zip.003"],
    ["X.001.zip", "X.002.zip", "X.003.zip"],
    ["X.1.zip", "X.2.zip", "X.3.zip"],
    ["X-1.zip", "X-2.zip", "X-3.zip"],
    ["X_0.zip", "X_1.zip", "X_2.zip"],
    ["X.part1.zip", "X.part2.zip", "X.part3.zip"],
    ["01-X.zip", "02-X.zip", "03-X.zip"],
    [f"X.{n}.zip" for n in range(1, 13)],
]


def contents(path: Path) -> dict[str, bytes]:
    with open_archive(path) as archive:
        return {name: archive.read(name) for name in archive.names()}


def refusal(path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        open_archive(path)
    return str(caught.value).replace(str(path.parent) + "/", "")


@pytest.mark.parametrize("names", FAMILIES, ids=lambda names: names[0])
def test_slices_are_joined_from_any_part(tmp_path: Path, names: list[str]) -> None:
    write(tmp_path / "other.1.zip", pack(FILES))
    for path in slices(tmp_path, pack(MANY), names):
        assert contents(path) == MANY


@pytest.mark.parametrize(
    "names", [["X.z01", "X.z02", "X.zip"], ["X.1.zip", "X.2.zip", "X.3.zip"]], ids=["z01", "renamed"]
)
def test_split_sets_are_joined_from_any_part(tmp_path: Path, names: list[str]) -> None:
    data = pack(MANY)
    pieces = split_set(data, len(data) // 3 + 10)
    assert len(pieces) == 3
    for name, piece in zip(names, pieces, strict=True):
        write(tmp_path / name, piece)
    for name in names:
        assert contents(tmp_path / name) == MANY


@pytest.mark.parametrize("names", [["X.zip.001", "X.zip.002"], ["X.z01", "X.zip"]], ids=["slices", "volumes"])
def test_a_zip_within_the_first_part_is_not_taken_for_the_whole(tmp_path: Path, names: list[str]) -> None:
    """The archive of a node, stored and not packed again, ends just before the part does."""
    inner = pack({"etc/id": b"x"})
    files = {"bundle/a.log": bytes(500_000), "bundle/nodes/n1.zip": inner, **MANY}
    data = pack(files, zipfile.ZIP_STORED)
    size = data.index(inner) + len(inner) + 100
    pieces = split_set(data, size) if names[0] == "X.z01" else [data[:size], data[size:]]
    for name, piece in zip(names, pieces, strict=True):
        write(tmp_path / name, piece)
    for name in names:
        assert contents(tmp_path / name) == files


def test_a_complete_zip_is_read_alone_whatever_stands_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "X.2.zip", b"junk")
    assert contents(write(tmp_path / "X.1.zip", pack(MANY))) == MANY


@given(st.integers(2, 60))
@settings(max_examples=examples(30), deadline=None)
def test_any_number_of_slices(tmp_path_factory: pytest.TempPathFactory, count: int) -> None:
    folder = tmp_path_factory.mktemp("parts")
    data = pack(FILES)
    count = -(-len(data) // -(-len(data) // count))
    parts = slices(folder, data, [f"X.zip.{n:03}" for n in range(1, count + 1)])
    assert contents(parts[count // 2]) == FILES


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    parts = slices(tmp_path, pack(MANY), FAMILIES[1])
    parts[1].unlink()
    assert refusal(parts[0]) == (
        "X.001.zip: by its name one part of a zip, but X.002.zip is missing beside it; "
        "put all parts into one folder, or, if it never had parts, copy it again"
    )
    parts[0].unlink()
    assert refusal(parts[2]).startswith(
        "X.003.zip: by its name one part of a zip, but X.001.zip, X.002.zip are missing"
    )


def test_a_missing_last_part(tmp_path: Path) -> None:
    parts = slices(tmp_path, pack(MANY), FAMILIES[2])
    parts[2].unlink()
    assert refusal(parts[0]) == (
        "X.2.zip: the archive does not end here: this part is truncated, or X.3.zip is missing beside it; "
        "copy the parts again"
    )


def test_missing_volumes_are_named(tmp_path: Path) -> None:
    data = pack(MANY)
    first, _, last = split_set(data, len(data) // 3 + 10)
    path = write(tmp_path / "X.zip", last)
    assert "but X.z01, X.z02 are missing beside it" in refusal(path)
    assert refusal(write(tmp_path / "X.z01", first)) == (
        "X.zip: the split archive has 3 parts, but 2 are here (X.z02 is missing); "
        "put them all into one folder and join them: zip -s 0 X.zip --out whole.zip"
    )


def test_a_renamed_split_set_with_too_few_parts(tmp_path: Path) -> None:
    data = pack(MANY)
    first, _, last = split_set(data, len(data) // 3 + 10)
    write(tmp_path / "X.1.zip", first)
    assert refusal(write(tmp_path / "X.2.zip", last)) == (
        "X.2.zip: the split archive has 3 parts, but 2 are here; "
        "put them all into one folder and join them: zip -s 0 X.zip --out whole.zip"
    )


def test_parts_in_the_wrong_order(tmp_path: Path) -> None:
    names = [f"X.{n}.zip" for n in range(1, 5)]
    parts = slices(tmp_path, pack(MANY), names, [0, 2, 1, 3])
    assert refusal(parts[0]) == (
        "X.2.zip: not the part of the archive that its name says, or damaged; "
        "check the order of the parts, or join them: zip -s 0 X.zip --out whole.zip"
    )
    swapped = slices(tmp_path, pack(MANY), names, [1, 0, 2, 3])
    assert refusal(swapped[1]) == (
        "X.1.zip: not the first part of a zip: it does not begin like one; copy the parts again"
    )


def test_parts_that_do_not_fit(tmp_path: Path) -> None:
    parts = slices(tmp_path, pack(MANY), FAMILIES[0])
    parts[1].write_bytes(parts[1].read_bytes()[:-7])
    assert refusal(parts[2]) == (
        "X.zip.001: its parts up to X.zip.003 do not fit together: 7 bytes are missing; "
        "copy the parts again, or join them: zip -s 0 X.zip --out whole.zip"
    )


def test_two_files_for_one_part(tmp_path: Path) -> None:
    parts = slices(tmp_path, pack(MANY), FAMILIES[2])
    write(tmp_path / "X.02.zip", b"")
    assert refusal(parts[0]) == "X.1.zip: two files are part 2: X.02.zip and X.2.zip; remove one"
