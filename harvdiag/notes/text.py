"""Notes as YAML: a list with one block an entry, sorted. Two such lists, one after the other, are a list again.

    - note: 1f0c9d2ab47e
      finding: node-without-machine:Node::srv09
      status: acknowledged
      text: added by hand in March, see ticket
      done:
      - Move its replicas away
      author: Ann
      time: '2026-11-30T14:02:11.402Z'

The first and the last line of a block are like those of no other, so that tools that merge line by line keep blocks
whole, or leave one without its time, which is noticed. A note about the cluster has ``about: cluster`` instead of
``finding``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from harvdiag.core.errors import UsageError
from harvdiag.core.notes import CLUSTER, Note, NoteStatus
from harvdiag.core.timestamps import Timestamp, normalise_time

__all__ = ["Entry", "dump_entries", "merge_entries", "new_entry", "parse_entries", "split_conflict"]

HEAD = """\
# Notes on findings, kept by harvdiag. One block an entry, sorted; to merge two files, keep the blocks of both.
"""
ID, FINDING, ABOUT, STATUS, TEXT = "note", "finding", "about", "status", "text"
DONE, UNDONE, AUTHOR, TIME = "done", "undone", "author", "time"
KEYS = (ID, FINDING, ABOUT, STATUS, TEXT, DONE, UNDONE, AUTHOR, TIME)
ABOUT_CLUSTER = "cluster"
LISTS = (DONE, UNDONE)
DIGITS = 12
_MARKER = re.compile(rb"^(?:<{7}|\|{7}|={7}|>{7})(?: .*)?\r?$", re.MULTILINE)
_BLOCK = re.compile(rb"^- ", re.MULTILINE)
_RARE_BREAK = re.compile("[\x85\u2028\u2029]")
"""What ends a line for YAML, besides line feeds: a name or a text that was copied may have it."""


class Entry(NamedTuple):
    """One block: the note, and everything that stands in it, also what a later version of harvdiag wrote."""

    note: Note
    content: Mapping[str, Any]

    @property
    def identity(self) -> str:
        """What two entries of equal content share, whatever the name of the block."""
        from json import dumps

        return dumps({key: value for key, value in self.content.items() if key != ID}, sort_keys=True)


def new_entry(note: Note) -> Entry:
    """Return the block of a note, with a name made from its content."""
    note = note.with_texts(_end_lines, _end_lines)
    content: dict[str, Any] = {FINDING: note.fingerprint} if note.fingerprint != CLUSTER else {ABOUT: ABOUT_CLUSTER}
    content |= {STATUS: str(note.status)} if note.status else {}
    content |= {TEXT: note.text} if note.text else {}
    content |= {key: list(steps) for key, steps in ((DONE, note.done), (UNDONE, note.undone)) if steps}
    return _named(Entry(note, content | {AUTHOR: note.author, TIME: note.time}))


def _end_lines(text: str) -> str:
    """The text as YAML reads it again, whatever ends its lines: Windows writes two characters."""
    return text.replace("\r\n", "\n")


def _named(entry: Entry) -> Entry:
    if entry.content.get(ID):
        return entry
    from hashlib import sha256

    return entry._replace(content={ID: sha256(entry.identity.encode()).hexdigest()[:DIGITS], **entry.content})


def merge_entries(*files: Iterable[Entry]) -> list[Entry]:
    """Return the entries of all, each content once, sorted by finding, time and author."""
    found = {entry.identity: _named(entry) for entries in files for entry in entries}
    return sorted(found.values(), key=_sort_key)


def _sort_key(entry: Entry) -> tuple[str, str, str, str]:
    note = entry.note
    return note.fingerprint, normalise_time(note.time), note.author, entry.identity


# --- reading -------------------------------------------------------------------------------------------------------


def split_conflict(data: bytes) -> list[bytes]:
    """Return both versions of a file that git merged with conflicts; of any other file that file alone."""
    if not _MARKER.search(data):
        return [data]
    mine: list[bytes] = []
    theirs: list[bytes] = []
    sides = [mine, theirs]
    for line in data.splitlines(keepends=True):
        if _MARKER.match(line):
            sides = {b"<": [mine], b"|": [], b"=": [theirs], b">": [mine, theirs]}[line[:1]]
        else:
            for side in sides:
                side.append(line)
    return [b"".join(mine), b"".join(theirs)]


def parse_entries(data: bytes) -> list[Entry]:
    """Return the entries of a file. Raises UsageError, which names the line, for anything that is not a list of them.

    Nothing is guessed: a block that lacks something is an error.
    """
    from harvdiag.io.yaml import TextError, load_documents

    if conflict := _MARKER.search(data):
        line = data.count(b"\n", 0, conflict.start()) + 1
        raise UsageError(
            f"line {line}: two versions were merged with a conflict; `harvdiag note --notes FILE --merge FILE`, with "
            "this file as both, takes the notes of both"
        )
    try:
        documents = load_documents(data.removeprefix(b"\xef\xbb\xbf"))
    except TextError as error:
        raise UsageError(f"{f'line {error.line}: ' if error.line else ''}{error.problem}{error.detail}") from None
    rows = [row for document in documents for row in _rows_of(document)]
    places = [data.count(b"\n", 0, match.start()) + 1 for match in _BLOCK.finditer(data)]
    exact = len(places) == len(rows)
    return [
        _parse_entry(row, f"line {places[number]}" if exact else f"note {number + 1}")
        for number, row in enumerate(rows)
    ]


def _rows_of(document: Any) -> list[Any]:
    if document is None:
        return []
    if not isinstance(document, list):
        raise UsageError("does not hold a list of notes; a later version of harvdiag may have written it")
    return document


def _parse_entry(row: Any, line: str) -> Entry:
    if not isinstance(row, dict):
        raise UsageError(f"{line}: not a note: {str(row)[:60]!r}")
    try:
        return Entry(_parse_note(row), row)
    except UsageError as error:
        raise UsageError(f"{line}: {error}") from None


def _parse_note(row: Mapping[str, Any]) -> Note:
    texts = {key: _text_of(row, key) for key in KEYS if key not in LISTS}
    if bool(texts[FINDING]) == (texts[ABOUT] == ABOUT_CLUSTER):
        raise UsageError(f"this note must have either {FINDING}, or {ABOUT}: {ABOUT_CLUSTER}")
    if not Timestamp(texts[TIME]):
        given = f"{texts[TIME]!r} is not a time" if texts[TIME] else f"no {TIME} is given"
        raise UsageError(f"this note is incomplete, or two were mixed up: {given}")
    return Note(
        fingerprint=texts[FINDING] or CLUSTER,
        text=texts[TEXT],
        status=NoteStatus.parse(texts[STATUS]) if texts[STATUS] else None,
        author=texts[AUTHOR],
        time=texts[TIME],
        done=_steps_of(row, DONE),
        undone=_steps_of(row, UNDONE),
    )


def _text_of(row: Mapping[str, Any], key: str) -> str:
    """A text; YAML makes a number or a word of an unquoted one, and nothing of an empty one."""
    value = row.get(key)
    if isinstance(value, list | dict):
        raise UsageError(f"{key} is not a text")
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _steps_of(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    steps = row.get(key) or []
    if not isinstance(steps, list) or not all(isinstance(step, str) for step in steps):
        raise UsageError(f"{key} is not a list of steps")
    return tuple(steps)


# --- writing -------------------------------------------------------------------------------------------------------


def dump_entries(entries: Iterable[Entry]) -> bytes:
    """Return the text of a file, equal for equal entries. Raises UsageError where it could not be read again."""
    entries = [*entries]
    data = (HEAD + "".join(f"\n{block}" for block in map(_dump_entry, entries))).encode("utf-8", "surrogatepass")
    try:
        whole = [entry.note for entry in parse_entries(data)] == [entry.note for entry in entries]
    except UsageError:
        whole = False
    if not whole:
        raise UsageError("the note cannot be kept: there is half a character in it, or another that YAML cannot hold")
    return data


def _dump_entry(entry: Entry) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Several lines as a block, so that a person reads and git merges them line by line."""

    def represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
        plain = text[:1].isalpha()  # a number is a number by other rules, where it is read
        if _RARE_BREAK.search(text):
            style: str | None = '"'  # the one in which they are written as escapes, and so read again
        else:
            style = ("|" if _is_block(text) else '"') if "\n" in text else None if plain else "'"
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)

    Dumper.add_representer(str, represent_text)
    return yaml.dump(
        [{**dict(_ordered(entry.content))}],
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=float("inf"),
    )


def _ordered(content: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The known keys in their order, what a later version added before author and time, which end a block."""
    for key in KEYS:
        if key == AUTHOR:
            yield from ((other, value) for other, value in content.items() if other not in KEYS)
        if key in content:
            yield key, content[key]


def _is_block(text: str) -> bool:
    return all(line == line.rstrip() for line in text.split("\n"))
