"""The framing of a text: where each value in it begins, whatever a tool put around them.

One file may hold YAML documents, lists that were appended without ``---``, JSON values one after the other or one a
line, both forms, lines of other programs (warnings of kubectl, a prompt, the logs in `kubectl cluster-info dump`). A
text is read in full or not at all: one value that is damaged makes all of it unusable. Only JSON that breaks off at the
end is told, and the whole values before it are used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from harvdiag.io.documents import TruncatedError, parse_value
from harvdiag.io.yaml import ANCHORS, TextError, decode_text, load_documents

__all__ = ["Framed", "Value", "frame_text", "looks_like_objects"]

# What kubectl and shells write to the same terminal. A mapping in block style has no such line in column 0.
_SAYING = (
    r"[EWIF]\d{4} \d\d:\d\d:\d\d\.\d+ |Warning: |Error from server|[Ee]rror: |Unable to connect to the server"
    r"|The connection to the server |No resources found|Flag --\S+ has been deprecated"
)
# The prompts of shells, with a command or without. No key of a mapping looks so: its colon has a blank after it.
_PATH = r"[~/][^\n$#%>]{0,200}"
_PROMPT = (
    r"(?:\([\w.-]+\) )?(?:"
    r"PS [^\n>]{0,200}>|[A-Za-z]:\\[^\n>]{0,200}>"
    rf"|[\w.-]+(?:@[\w.-]+)?:{_PATH}[$#%>]|[\w.-]+@[\w.-]+(?: {_PATH})?[$#%>]"
    rf"|\[[\w.-]+@[^\]\n]{{0,200}}\][$#%]|{_PATH} [$#](?=\s|\Z)|(?:ba|z)?sh-[\d.]+[$#]|\$(?=\s|\Z)"
    r")"
)
_NOISE = rf"{_SAYING}|{_PROMPT}|%YAML |%TAG |Script (?:started|done)\b|[^#\s].*[$#>] *kubectl |[$>] *kubectl |kubectl "
_START = "==== START logs for "
_noise = re.compile(_NOISE).match
_prompt = re.compile(_PROMPT).match
_saying = re.compile(_SAYING).match
_boundary = re.compile(rf"^(?:---(?=\s|\Z)|\.\.\.(?=\s|\Z)|[{{\[]|{_START}|{_NOISE})", re.MULTILINE).search
_colour = re.compile(r"\x1b\[[0-9;]*[mK]").sub
_log_end = re.compile(r"^==== END logs for .*", re.MULTILINE).search
_blank = re.compile(r"(?:[\s\x1a\x1e]|(?m:^\.\.\.(?=\s|\Z)))*").match
_top = re.compile(r"^(apiVersion|kind):(?=\s)", re.MULTILINE).finditer
_object = re.compile(
    r"""^(?:-\ )?(?:apiVersion|kind|items|api_version):(?=\s) | "(?:kind|apiVersion|api_version)"\s*:""",
    re.MULTILINE | re.VERBOSE,
).search
_unquoted = re.compile(r"\{\s*[A-Za-z]").match
_fence = re.compile(r"^(```|~~~)[^\n`]*$", re.MULTILINE).finditer
# Lines that cannot be a part of a mapping, then an object. JSON ends words by itself.
_words = re.compile(
    r"(?:(?![\w\"'./-]+:(?:\s|\Z)|[\s\-?&!|>%@#{\[])[^\n]*\n\s*)+^(?=(?:- )?(?:apiVersion|kind|items):\s)", re.MULTILINE
).match
_letter = re.compile(r"[^\n]").sub
_typed = re.compile(r'\s*\{\s*"kind"\s*:\s*"(\w{1,99})"\s*,\s*"apiVersion"\s*:\s*"([^"\n]{1,99})"').match
_sorts = re.compile(r'"apiVersion"\s*:\s*"([^"\n]{1,99})"|"kind"\s*:\s*"(\w{1,99})"\s*,\s*"metadata"\s*:').finditer
_FLOW = 1 << 20
"""Up to how many letters a mapping with bare keys is read as YAML in flow style, as only people write it."""


class Value(NamedTuple):
    """One value of a text, and the line, from 1, where it begins."""

    line: int
    value: Any


@dataclass
class Framed:
    """What a text holds: its values in order, lines of other programs among them, and how many these are.

    `logs` tells that logs of containers are between the values, as `kubectl cluster-info dump` writes them; `broken`
    that JSON breaks off behind the last value, `cut` of which API versions and kinds that is.
    """

    values: list[Value] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)
    lines: int = 0
    logs: bool = False
    broken: bool = False
    cut: set[tuple[str, str]] = field(default_factory=set)
    words: list[Value] = field(default_factory=list)
    """Text that may stand beside values, each piece as a value; `problem` is why the first cannot be read."""
    problem: TextError | None = None

    @property
    def telling(self) -> str:
        """What kubectl said among the values, first the errors; empty where other lines alone are between them.

        Any other line is not told: it may hold a password.
        """
        said = [line for line in self.noise if _saying(line)]
        return next((line for line in said if "rror" in line), said[0] if said else "")

    def add_noise(self, text: str) -> None:
        """Count lines that are not part of a value; some are kept to be told."""
        for line in filter(None, map(str.strip, text.splitlines())):
            self.lines += 1
            if len(self.noise) < _KEPT:
                self.noise.append(line[:_LONGEST])

    def drop_words(self) -> None:
        """Count words beside values as noise; alone they are a value, or what is wrong. Raises TextError."""
        if not self.values and self.problem:
            raise self.problem
        if not self.values:
            self.values = self.words
            return
        for word in self.words:
            self.add_noise(word.value)


_KEPT, _LONGEST = 100, 160


def looks_like_objects(text: str) -> bool:
    """Whether a text has a line or a key as objects have them: it is worth parsing."""
    return _object(text) is not None


def frame_text(data: bytes, *, fences: bool = True) -> Framed:
    """Return the values of a text; without `fences`, those of Markdown are text as any other.

    Raises TextError, with the line, where a value cannot be read exactly.
    """
    text = decode_text(data).replace("\n\ufeff", "\n")  # a mark in between: files were put together
    text = _colour("", text) if "\x1b[" in text else text  # neither form allows them
    framed = Framed()
    for start, stop in _find_prose(text, fences):
        framed.add_noise(text[start:stop])
        text = text[:start] + _letter(" ", text[start:stop]) + text[stop:]
    place = _Place(text)
    at = _skip_blank(text, 0)
    while at < len(text):
        if text[at] == "{" or (text[at] == "[" and not _prompt(text, at)):
            at = _take_json(framed, place, at)
        elif text.startswith(_START, at):
            end = _log_end(text, at)
            framed.logs, at = True, end.end() if end else len(text)
        elif _noise(text, at) and _is_line_start(text, at):
            end_of_line = text.find("\n", at)
            stop = end_of_line if end_of_line >= 0 else len(text)
            framed.add_noise("" if text[at] == "%" else text[at:stop])
            at = stop
        else:
            at = _take_yaml(framed, place, at)
        at = _skip_blank(text, at)
    framed.drop_words()
    return framed


def _find_prose(text: str, fenced: bool) -> list[tuple[int, int]]:
    """Where prose is: around fences, which must be closed (else the text was cut), or in words before an object."""
    fences = [*_fence(text)] if fenced else []
    pairs = [*zip(fences[::2], fences[1::2], strict=False)]
    if not fences or len(fences) % 2 or any(first[1] != last[1] for first, last in pairs):
        words = _words(text)
        return [words.span()] if words else []
    edges = [0, *(edge for first, last in pairs for edge in (first.end(), last.start())), len(text)]
    return [*zip(edges[::2], edges[1::2], strict=True)]


def _skip_blank(text: str, at: int) -> int:
    match = _blank(text, at)
    return match.end() if match else at


class _Place:
    """Line numbers in one text, counted on from the last one asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._at, self._line = 0, 1

    def line(self, at: int) -> int:
        if at < self._at:
            return self.text.count("\n", 0, at) + 1
        self._line += self.text.count("\n", self._at, at)
        self._at = at
        return self._line


def _is_line_start(text: str, at: int) -> bool:
    return at == 0 or text[at - 1] == "\n"


def _take_json(framed: Framed, place: _Place, at: int) -> int:
    """Add the JSON value at this place; or all that follows, where it is YAML in flow style. Return where it ends."""
    problem: TextError | None = None
    try:
        value, end = parse_value(place.text, at)
    except TextError as error:
        problem = error
    if problem is None:
        framed.values.append(Value(place.line(at), value))
        return end
    if isinstance(problem, TruncatedError) and framed.values:
        framed.broken, framed.cut = True, _find_sorts(place.text[at:])
        return len(place.text)
    tried = _unquoted(place.text, at) and len(place.text) - at <= _FLOW
    flow = _flow_values(place.text[at:]) if tried else None
    if flow is None:
        raise problem
    framed.values += [Value(place.line(at), value) for value in flow]
    return len(place.text)


def _find_sorts(text: str) -> set[tuple[str, str]]:
    """The API versions and kinds of the objects in a piece of JSON, as kubectl orders their keys, or of its list."""
    typed, version = _typed(text), ""
    found = {(typed[2], typed[1].removesuffix("List"))} if typed else set()
    for match in _sorts(text):
        version = match[1] or version
        found.add((version, (match[2] or "").removesuffix("List")))
    return {(version, kind) for version, kind in found if kind}


def _flow_values(text: str) -> list[Any] | None:
    try:
        return load_documents(text.encode())
    except TextError:
        return None


def _take_yaml(framed: Framed, place: _Place, at: int) -> int:
    """Add the documents from this place to the next boundary, and return that."""
    text = place.text
    line_end = text.find("\n", at)
    after = _boundary(text, line_end + 1) if line_end >= 0 else None
    stop = after.start() if after else len(text)
    for start, end in _divide_appended(text, at, stop):
        _take_document(framed, place, start, end)
    return stop


def _take_document(framed: Framed, place: _Place, start: int, end: int) -> None:
    part = place.text[start:end]
    problem: TextError | None = None
    try:
        values = load_documents(part.encode())
    except TextError as error:
        problem = _advise(error.shift_lines(place.line(start) - 1))
    if problem is None:
        for value in values:
            if isinstance(value, str | int | float):
                framed.words.append(Value(place.line(start), part))
            elif value is not None:
                framed.values.append(Value(place.line(start), value))
    elif not part.startswith("---") and not looks_like_objects(part):
        framed.words.append(Value(place.line(start), part))
        framed.problem = framed.problem or problem
    else:
        raise problem


def _advise(error: TextError) -> TextError:
    """The error with what to do, where the usual cause of it is known."""
    if error.problem == ANCHORS:
        remedy = "; resolve them: `yq 'explode(.)' FILE`, or write it with -o json"
    elif error.problem in _AGAIN:
        remedy = ": does a second object begin there? Put `---` before it, or write one file a kind"
    else:
        remedy = ""
    return TextError(error.problem, error.line, error.detail + remedy)


_AGAIN = {f"duplicate key {key!r}" for key in ("apiVersion", "kind", "items", "metadata")}


def _divide_appended(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Where each object begins that was appended without ``---``: where a key of its top level comes again.

    Each must be an object by its keys. Else it is one text, in which the parser will find the duplicate key.
    """
    starts, keys = [start], [set[str]()]
    for match in _top(text, start, stop):
        if match[1] in keys[-1]:
            starts.append(match.start())
            keys.append(set())
        keys[-1].add(match[1])
    if len(starts) > 1 and all(len(found) == 2 for found in keys):
        yield from zip(starts, [*starts[1:], stop], strict=True)
    else:
        yield start, stop
