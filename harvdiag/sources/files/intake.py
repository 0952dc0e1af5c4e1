"""The way of one file: told by its name and first bytes what it is, read if it may hold objects, and accounted for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from harvdiag.core.errors import HarvdiagError, SourceError
from harvdiag.core.model import FileNote, FileState
from harvdiag.io.archive.files import HEAD, CarriedFile, unpack_file
from harvdiag.io.archive.identify import identify_file
from harvdiag.io.archive.member import Budget, Limits, MemberError, printable
from harvdiag.io.archive.packed import is_packed
from harvdiag.io.yaml import TextError, decode_text
from harvdiag.sources.files.endings import ENDINGS
from harvdiag.sources.files.framing import Framed, frame_text, looks_like_objects
from harvdiag.sources.files.names import describe_junk, describe_upgrade_log, is_in_bundle
from harvdiag.sources.files.objects import Batch, Stock, collect_objects
from harvdiag.sources.files.recognise import SECRET, TEMPLATE, Foreign, describe_text, recognise_text

__all__ = ["Intake", "is_readable"]

ZIP = b"PK\3\4"
PROSE = (".md", ".rst", ".html", ".log", ".sh", ".py", ".ps1", ".adoc", ".csv", ".svg", ".tf")
"""Endings of files that may quote an object, but are not kubectl output."""
BUNDLE, SNAPSHOT, ARCHIVE = "support bundle", "snapshot", "archive"


@dataclass
class Intake:
    """What all files hold: the objects, one note a file, and the sources among them that are to be given themselves."""

    stock: Stock
    notes: list[FileNote] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    budget: Budget = field(default_factory=lambda: Budget(Limits()))

    def take_all(self, files: Iterable[CarriedFile]) -> None:
        """Read the files one after the other. Raises SourceError where what carries them is damaged."""
        try:
            self.notes += map(self._take, files)
        except MemberError as error:
            raise SourceError(str(error)) from None
        self._drop_inner_sources()

    def _drop_inner_sources(self) -> None:
        """What lies in an extracted bundle, such as the archives of its nodes, is given with it."""
        roots = ["" if place == "." else f"{place}/" for place, what in self.sources.items() if what == BUNDLE]
        for place in [*self.sources]:
            if any(place.startswith(root) and place not in (root[:-1], ".") for root in roots):
                del self.sources[place]

    def _take(self, file: CarriedFile) -> FileNote:
        try:
            state, reason = self._judge(file)
        except HarvdiagError as error:
            state, reason = FileState.UNUSABLE, str(error).removeprefix(f"{printable(file.name)}: ")
        return FileNote(printable(file.name), state, reason.removeprefix(f"{file.name}: "))

    def _judge(self, file: CarriedFile) -> tuple[FileState, str]:
        if reason := describe_junk(file.name):
            return FileState.PASSED, f"is {reason}"
        if file.problem:
            return (FileState.PASSED if file.hidden else FileState.UNUSABLE), f"is {file.problem}"
        bundle = is_in_bundle(file.name)
        if bundle is not None:
            self.sources.setdefault(bundle or ".", BUNDLE)
            return FileState.PASSED, f"is part of an extracted {BUNDLE}"
        return self._judge_content(file)

    def _judge_content(self, file: CarriedFile) -> tuple[FileState, str]:
        if file.head.startswith(ZIP):
            return self._judge_archive(file)
        if is_packed(file.head):
            return self._judge_content(unpack_file(file))
        if not _is_text(file):
            what, remedy = identify_file(file.head[:512])
            return FileState.PASSED, f"is {what}: {remedy}"
        return self._read_text(file)

    def _judge_archive(self, file: CarriedFile) -> tuple[FileState, str]:
        what, reason = _describe_archive(file)
        if what:
            self.sources[file.name] = what
        return FileState.PASSED, reason

    def _read_text(self, file: CarriedFile) -> tuple[FileState, str]:
        start, whole = _peek(file.head) or file.head.decode("latin-1"), len(file.head) < HEAD
        likely = looks_like_objects(start) or (not whole and _is_named(file.name))
        if not likely or start.lstrip().startswith("<"):
            known = recognise_text(start)
            if known or not whole or not (file.alone or _is_named(file.name)):
                return _refused(known or describe_text(file.name))
        problem: TextError | None = None
        try:
            framed = frame_text(self._load(file))
        except TextError as error:
            problem = TextError(error.problem, error.line, error.detail)
        if problem is not None and "{{" in start:
            return _refused(TEMPLATE)
        if problem is not None and file.name.lower().endswith(PROSE) and not file.alone:
            return _refused(describe_text(file.name))
        if problem is not None:
            return (FileState.UNUSABLE if likely else FileState.PASSED), str(problem)
        return self._add(file.name, framed, start)

    def _load(self, file: CarriedFile) -> bytes:
        """The text of a file; MemberError where all of them, also what was packed, exceed the limits."""
        data = file.read()
        self.budget.check_size(file.name, len(data))
        self.budget.spend(len(data))
        return data

    def _add(self, name: str, framed: Framed, start: str) -> tuple[FileState, str]:
        batch = collect_objects(name, (value.value for value in framed.values))
        if framed.logs:  # of `kubectl cluster-info dump`: each list is of one namespace
            batch.drop_empty()
        if _is_secret_alone(batch):
            return _refused(SECRET)
        if not batch.has_objects:
            return _refused(
                batch.told[0] if batch.told else recognise_text(start if framed.noise else "") or describe_text(name)
            )
        self.stock.add(name, batch)
        return FileState.READ, "; ".join(_remarks(batch, framed))


def _is_secret_alone(batch: Batch) -> bool:
    return bool(batch.found) and all(
        found.key[0] == "Secret" and found.single and "plan" not in str(found.obj.get("type")) for found in batch.found
    )


def _refused(foreign: Foreign) -> tuple[FileState, str]:
    return (FileState.UNUSABLE if foreign.ours else FileState.PASSED), str(foreign)


def _remarks(batch: Batch, framed: Framed) -> Iterable[str]:
    """What else is in a file from which objects were read."""
    for foreign in dict.fromkeys(batch.told):
        count = batch.told.count(foreign)
        yield f"{'one document' if count == 1 else f'{count} documents'} in it {foreign}"
    if framed.noise:
        yield f"{framed.lines} lines of other programs in it were left out, such as {printable(framed.telling)}"


def _describe_archive(file: CarriedFile) -> tuple[str, str]:
    """What kind of source a zip archive is (empty: none that could be given), and the reason to pass it over."""
    try:
        names: Sequence[str] = file.inner() if file.inner else ()
    except HarvdiagError:
        names = ()
    if any(is_in_bundle(name) is not None for name in names):
        return BUNDLE, f"is a {BUNDLE}: give it by itself"
    if "manifest.json" in names and any(name.startswith("kinds/") for name in names):
        return SNAPSHOT, f"is a {SNAPSHOT}: give it by itself"
    if log := describe_upgrade_log([file.name]):
        return "", log
    return ARCHIVE, "is a zip archive: give it by itself"


def _is_named(name: str) -> bool:
    return name.lower().endswith(ENDINGS)


def _is_text(file: CarriedFile) -> bool:
    """Whether it is text, or was text before it was damaged: by its name, or a line of an object in it."""
    if _peek(file.head) is not None or _is_named(file.name):
        return True
    return looks_like_objects(file.head.decode("latin-1"))


def _peek(head: bytes) -> str | None:
    """The first bytes as text, of which the last sign may be incomplete; None for what is not text."""
    for cut in range(4 if len(head) == HEAD else 1):
        try:
            text = decode_text(head[: len(head) - cut])
        except TextError:
            continue
        controls = sum(letter < " " and letter not in "\t\r\n\f\x1b\b\x1e" for letter in text[:4096])
        return None if controls > 8 else text
    return None


def is_readable(file: CarriedFile) -> bool:
    """Whether a file may hold objects, by its first bytes; for archives that might be anything."""
    if describe_junk(file.name) or file.problem or not file.head:
        return False
    if is_packed(file.head):
        try:
            return is_readable(unpack_file(file))
        except (MemberError, SourceError):
            return False
    return looks_like_objects(_peek(file.head) or "")
