"""An archive in several files: the others are found by their names beside the given one, and joined without a copy.

Support bundles are split for upload limits (harvester/harvester#4873). Two kinds have the same names: slices of bytes,
to be concatenated, and split sets (`zip -s`), whose directory counts from the start of each part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from harvdiag.core.errors import SourceError
from harvdiag.io.archive.directory import Directory, End, find_end
from harvdiag.io.archive.identify import identify_file
from harvdiag.io.archive.slices import Slices, open_slices

__all__ = ["Parts", "find_parts", "has_siblings"]

# X.zip.001, X.001.zip, X.1.zip, X.part1.zip, X-1.zip, X_2.zip, 01-X.zip, and the volumes X.z01 … X.zip
_NUMBERED = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<head>.+\.zip\.)(?P<number>\d{1,3})(?P<tail>)",
        r"(?P<head>.+[._\- ](?:part)?)(?P<number>\d{1,3})(?P<tail>\.zip)",
        r"(?P<head>)(?P<number>\d{1,3})(?P<tail>[._\- ].+\.zip)",
    )
)
_VOLUME = re.compile(r"(?P<head>.+)\.z(?:ip|\d{2,})", re.IGNORECASE)
_STARTS = (b"PK\3\4", b"PK\7\x08", b"PK00")


@dataclass(frozen=True)
class _Family:
    """How the parts of one archive are named: what is around the number, and the last name if it has none."""

    head: str
    tail: str
    last: str = ""
    width: int = 1

    def part_name(self, number: int) -> str:
        return f"{self.head}{number:0{self.width}}{self.tail}"

    def part_number(self, name: str) -> int | None:
        """The number in this name; None if it is not a part."""
        middle = name[len(self.head) : len(name) - len(self.tail)]
        fits = name.startswith(self.head) and name.endswith(self.tail) and re.fullmatch(r"[0-9]{1,3}", middle)
        return int(middle) if fits else None


@dataclass(frozen=True)
class Parts:
    """The files that make up one archive, in their order."""

    paths: tuple[Path, ...]
    family: _Family

    def find_joined_end(self, source: Slices) -> End:
        """Find the end record of the joined parts. Raises SourceError if they are not the parts of one archive."""
        first, last = self.paths[0], self.paths[-1]
        if not source.read(0, 4).startswith(_STARTS):
            raise SourceError(f"{first}: not the first part of a zip: it does not begin like one; copy the parts again")
        end = find_end(source)
        if end is None:
            after = (
                f"or {self.family.part_name(self._next_number())} is missing beside it"
                if not self.family.last
                else "or damaged"
            )
            raise SourceError(
                f"{last}: the archive does not end here: this part is truncated, {after}; copy the parts again"
            )
        if end.disk and end.disk + 1 != len(self.paths):
            raise self._incomplete_error(end.disk + 1)
        if end.shift or source.read(end.start, 4) != b"PK\1\2":
            raise self._misfit_error(end.shift)
        return end

    def check_order(self, source: Slices, directory: Directory) -> None:
        """Raise SourceError if the first member of a part is not there: parts are swapped or of another archive."""
        for part, entry in directory.first_in_each(source.starts):
            if source.read(entry.offset, 4) != b"PK\3\4":
                name = self.paths[max(part, 0)]
                raise SourceError(
                    f"{name}: not the part of the archive that its name says, or damaged; "
                    f"check the order of the parts, or join them: {self._join_command()}"
                )

    def _incomplete_error(self, count: int) -> SourceError:
        here = {path.name for path in self.paths}
        volumes = [self.family.part_name(number) for number in range(1, count)] if self.family.last else []
        gone = [name for name in volumes if name not in here]
        return SourceError(
            f"{self.paths[-1]}: the split archive has {count} parts, but {len(here)} are here"
            f"{f' ({_are_missing(gone)})' if gone else ''}; "
            f"put them all into one folder and join them: {self._join_command()}"
        )

    def _next_number(self) -> int:
        return (self.family.part_number(self.paths[-1].name) or 0) + 1

    def _misfit_error(self, shift: int) -> SourceError:
        much = (
            f"{abs(shift)} bytes are {'missing' if shift < 0 else 'too many'}"
            if shift
            else "the directory is elsewhere"
        )
        return SourceError(
            f"{self.paths[0]}: its parts up to {self.paths[-1].name} do not fit together: {much}; "
            f"copy the parts again, or join them: {self._join_command()}"
        )

    def _join_command(self) -> str:
        bare = self.family.head.rstrip("._- ").removesuffix(".zip") or self.family.tail.lstrip("._- ").removesuffix(
            ".zip"
        )
        return f"zip -s 0 {self.family.last or bare + '.zip'} --out whole.zip"


def has_siblings(path: Path) -> bool:
    """Whether other files beside it are, by their names, parts of the same archive."""
    family = _match_family(path)
    return family is not None and len(_find_parts_beside(path, family)) > 1


def find_parts(path: Path, end: End | None) -> Parts:
    """Find all parts of the archive of which `path` is one; `end` is the end record of that part, if any."""
    family = _match_family(path)
    parts = _find_parts_beside(path, family) if family else {}
    if len(parts) <= 1:
        _refuse_lone(path, end, family)
    if family is None:
        raise _truncated_error(path)
    return Parts(tuple(_order_parts(path, family, parts, end)), family)


def _match_family(path: Path) -> _Family | None:
    for pattern in _NUMBERED:
        match = pattern.fullmatch(path.name)
        if match:
            number = match["number"]
            return _Family(match["head"], match["tail"], width=len(number) if number[0] == "0" else 1)
    volume = _VOLUME.fullmatch(path.name)
    return _Family(f"{volume['head']}.z", "", f"{volume['head']}.zip", 2) if volume else None


def _find_parts_beside(path: Path, family: _Family) -> dict[int, Path]:
    """The parts in the folder by number; the unnumbered last one of a volume set is last."""
    parts: dict[int, Path] = {}
    for other in sorted(path.parent.iterdir()):
        number = family.part_number(other.name)
        if number is None or not other.is_file():
            continue
        if number in parts:
            raise SourceError(f"{path}: two files are part {number}: {parts[number].name} and {other.name}; remove one")
        parts[number] = other
    last = path.with_name(family.last) if family.last else path
    if family.last and last.is_file():
        parts[max(parts, default=0) + 1] = last
    return parts


def _refuse_lone(path: Path, end: End | None, family: _Family | None) -> None:
    """SourceError for a file that is neither a zip nor, by its name, one part of several."""
    source = open_slices([path])
    head = source.read(0, 512)
    source.close()
    what, remedy = identify_file(head)
    is_part = family is not None and (path.name != family.last or (end is not None and end.disk > 0))
    if end is None and not head.startswith(b"PK") and (what != "an unknown format" or not is_part):
        raise SourceError(f"{path}: not a zip archive: looks like {what}; {remedy}")
    if not is_part:
        raise _truncated_error(path)


def _truncated_error(path: Path) -> SourceError:
    return SourceError(
        f"{path}: this zip is truncated or damaged; download or copy it again "
        "(if it is one of several parts, put all of them into one folder)"
    )


def _order_parts(path: Path, family: _Family, parts: dict[int, Path], end: End | None) -> list[Path]:
    missing = _missing_volumes(path, family, end) if family.last else _missing_numbers(family, parts)
    if missing:
        raise SourceError(
            f"{path}: by its name one part of a zip, but {_are_missing(missing)} beside it; "
            "put all parts into one folder, or, if it never had parts, copy it again"
        )
    return [parts[number] for number in sorted(parts)]


def _missing_numbers(family: _Family, parts: dict[int, Path]) -> list[str]:
    numbers = sorted(parts)
    return [
        family.part_name(number) for number in range(0 if numbers[0] == 0 else 1, numbers[-1]) if number not in parts
    ]


def _missing_volumes(path: Path, family: _Family, end: End | None) -> list[str]:
    there = [number for other in path.parent.iterdir() if (number := family.part_number(other.name)) is not None]
    last = max([end.disk if end else 0, *there])
    names = [*(family.part_name(number) for number in range(1, last + 1)), family.last]
    return [name for name in names if not path.with_name(name).is_file()]


def _are_missing(names: list[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more} {'is' if len(names) == 1 else 'are'} missing"
