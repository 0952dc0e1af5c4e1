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
from harvdiag.sources.files.objects import Batch, collect_objects
from harvdiag.sources.files.recognise import SECRET, TEMPLATE, Foreign, begins_otherwise, describe_text, recognise_text
from harvdiag.sources.files.stock import Stock

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
        name = printable(file.name)
        try:
            return self._judge(file)._replace(name=name)
        except HarvdiagError as error:
            reason = str(error).removeprefix(f"{name}: ").removeprefix(f"{file.name}: ")
            return FileNote(name, FileState.UNUSABLE, reason)

    def _judge(self, file: CarriedFile) -> FileNote:
        if reason := describe_junk(file.name):
            return _passed(f"is {reason}")
        if file.problem:
            reason = f"is {file.problem}" if file.problem.startswith("a ") else file.problem
            return _passed(reason) if file.hidden else _unusable(reason)
        bundle = is_in_bundle(file.name)
        if bundle is not None:
            self.sources.setdefault(bundle or ".", BUNDLE)
            return _passed(f"is part of an extracted {BUNDLE}", "give that by itself")
        return self._judge_content(file)

    def _judge_content(self, file: CarriedFile) -> FileNote:
        if file.head.startswith(ZIP):
            return self._judge_archive(file)
        if is_packed(file.head):
            return self._judge_content(unpack_file(file))
        if not _is_text(file):
            what, remedy = identify_file(file.head[:512])
            return _passed(f"is {what}", remedy)
        return self._read_text(file)

    def _judge_archive(self, file: CarriedFile) -> FileNote:
        what = _kind_of_archive(file)
        if what == ARCHIVE and (log := describe_upgrade_log([file.name])):
            return _passed(log)
        self.sources[file.name] = what
        return _passed(f"is a {what}" if what != ARCHIVE else "is a zip archive", "give it by itself")

    def _read_text(self, file: CarriedFile) -> FileNote:
        start, whole = _peek(file.head) or file.head.decode("latin-1"), len(file.head) < HEAD
        likely = looks_like_objects(start) or (not whole and _is_named(file.name))
        if not likely or begins_otherwise(start):
            known = recognise_text(start)
            if known or not whole or not (file.alone or _is_named(file.name)):
                return _refused(known or describe_text(file.name))
        problem: TextError | None = None
        prose = file.name.lower().endswith(PROSE) and not file.alone
        try:
            framed = frame_text(self._load(file), fences=not prose)
        except TextError as error:
            problem = TextError(error.problem, error.line, error.detail)
        if problem is not None and "{{" in start:
            return _refused(TEMPLATE)
        if problem is not None and prose:
            return _refused(describe_text(file.name))
        if problem is not None:
            return _unusable(str(problem)) if likely else _passed(str(problem))
        return self._add(file.name, framed, start)

    def _load(self, file: CarriedFile) -> bytes:
        """The text of a file; MemberError where all of them, also what was packed, exceed the limits."""
        data = file.read()
        self.budget.check_size(file.name, len(data))
        self.budget.spend(len(data))
        return data

    def _add(self, name: str, framed: Framed, start: str) -> FileNote:
        batch = collect_objects(name, [value.value for value in framed.values], [value.line for value in framed.values])
        batch.add_cut(framed.cut)
        if framed.logs:  # of `kubectl cluster-info dump`: each list is of one namespace
            batch.drop_empty()
        if _is_secret_alone(batch):
            return _refused(SECRET)
        if not batch.has_objects:
            return _refused(
                batch.told[0] if batch.told else recognise_text(start if framed.noise else "") or describe_text(name)
            )
        self.stock.add(name, batch)
        return FileNote("", FileState.READ, "; ".join(_remarks(batch, framed)))


def _is_secret_alone(batch: Batch) -> bool:
    return bool(batch.found) and all(
        found.key[0] == "Secret" and found.single and "plan" not in str(found.obj.get("type")) for found in batch.found
    )


def _passed(reason: str, remedy: str = "") -> FileNote:
    return FileNote("", FileState.PASSED, reason, remedy)


def _unusable(reason: str, remedy: str = "") -> FileNote:
    return FileNote("", FileState.UNUSABLE, reason, remedy)


def _refused(foreign: Foreign) -> FileNote:
    note = _unusable if foreign.ours else _passed
    return note(f"is {foreign.what}", foreign.remedy)


def _remarks(batch: Batch, framed: Framed) -> Iterable[str]:
    """What else is in a file from which objects were read."""
    for foreign in dict.fromkeys(batch.told):
        count = batch.told.count(foreign)
        yield f"{'one document' if count == 1 else f'{count} documents'} in it {foreign}"
    if framed.broken:
        yield "breaks off at its end: write or copy it again"
    if framed.noise:
        lines = (
            "one line of another program was" if framed.lines == 1 else f"{framed.lines} lines of other programs were"
        )
        yield f"{lines} left out" + (f": {printable(framed.telling)}" if framed.telling else "")


def _kind_of_archive(file: CarriedFile) -> str:
    """What kind of source a zip archive is."""
    try:
        names: Sequence[str] = file.inner() if file.inner else ()
    except HarvdiagError:
        names = ()
    if any(is_in_bundle(name) is not None for name in names):
        return BUNDLE
    saved = "manifest.json" in names and any(name.startswith("kinds/") for name in names)
    return SNAPSHOT if saved else ARCHIVE


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
