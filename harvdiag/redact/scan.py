"""The last look at what is to be written: whether any original, or anything secret, is left in it, and where.

It shares no step with the redaction but escapes and encodings: texts are taken apart into words of its own, and names
are also looked for within words, and in base64 at any offset.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from harvdiag.core.errors import SourceError
from harvdiag.redact.encoded import decode_word
from harvdiag.redact.forms import ESCAPE
from harvdiag.redact.names import Entry, Names, Sort
from harvdiag.redact.reveal import MADE
from harvdiag.redact.vocabulary import package_words

__all__ = ["Leak", "LeakError", "Scan"]

WORD = re.compile(r"[\w.:@/+%~=-]+")
RUN = re.compile(r"(?=[a-f]*\d)[0-9a-f]{12,}|\d+|[^\W\d_]+")
"""A digest, digits, or letters."""
_APART = re.compile(r"[.:@%~]")
_ESCAPE = re.compile(ESCAPE)
_HEX = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|custom-[0-9a-f]{12}"
    r"|(?<![0-9a-z])(?:0x)?([0-9a-f]{16,}|[0-9a-f]{12})(?![0-9a-z])"
)
_ADDRESS = re.compile(
    r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?![\d.]*\d)|(?<![0-9a-f:])[0-9a-f]*(?::[0-9a-f]*){2,7}"
    r"|(?<![0-9a-f])(?:[0-9a-f]{2}-){5}[0-9a-f]{2}(?![0-9a-f])|(?<![0-9a-z])(?:\d{1,3}-){3}\d{1,3}(?![0-9a-z])"
    r"|(?<![0-9a-z])(?:\d{1,3}_){3}\d{1,3}(?![0-9a-z])"
)
_SECRETS = (
    ("a private key or certificate", ("-----BEGIN ",), re.compile(r"-----BEGIN [A-Z0-9 ]+-----")),
    ("a join token", ("K10",), re.compile(r"\bK10[0-9a-f]{16,}", re.IGNORECASE)),
    ("a web token", ("eyJ",), re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}")),
    ("a password in a URL", ("://",), re.compile(r"://[^/\s:@\"'\\]*:(?!\*\*\*)[^/\s@\"'\\*]+@")),
    ("a key of SSH", ("AAAAB3", "AAAAC3", "AAAAE2"), re.compile(r"\bAAAA[BCE][0-9A-Za-z+/]{24,}")),
    ("a key of a cloud", ("AKIA", "ASIA"), re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("the hash of a password", ("$",), re.compile(r"\$(?:2[abxy]?|[56y])\$[\w./$=,+-]{16,}")),
)
"""What it is, texts of which one is in each, and how it looks."""
_TOKEN = re.compile(r"[bcdfghjklmnpqrstvwxz2456789]{54}")
SHORTEST = 6
"""Letters of a name that is looked for in base64 at any offset: of fewer too little is left."""
DISTINCT = 8
"""Letters of a name that is also looked for within a word, where digits follow letters."""
DEEPEST = 6
IN_NAME = "the name of "
MOST = 20
"""Places that are told."""
_FORMED = frozenset({Sort.ADDRESS, Sort.MAC, Sort.UUID, Sort.HASH, Sort.MACHINE})


class Leak(NamedTuple):
    """Something that was left: where, what it is, and the word in which it stands."""

    place: str
    what: str
    word: str

    def __str__(self) -> str:
        return f"{self.what} ({_shorten(self.word)}) in {self.place}"


class LeakError(SourceError):
    """Nothing is written, as something that identifies, or is secret, was left. `leaks` tells where."""

    def __init__(self, leaks: Collection[Leak], count: int) -> None:
        self.leaks = tuple(leaks)
        shown = "; ".join(map(str, self.leaks[:3]))
        more = f" and {count - 3} more" if count > 3 else ""
        named = any(leak.place.startswith(IN_NAME) for leak in self.leaks)
        way = "give the file another name" if named else "put it in a file of --words (--debug shows it), and report it"
        super().__init__(f"nothing is written, for {shown}{more} would be left: {way}")

    @property
    def words(self) -> tuple[str, ...]:
        """What was left, for the user alone."""
        return tuple(leak.word for leak in self.leaks)


class Scan:
    """Looks for the originals of some names in what is to be written."""

    def __init__(self, names: Names) -> None:
        self._names = names
        entries = [entry for entry in names if not entry.ordinary and not names.is_issued(entry.original)]
        self._formed = {
            form: entry for entry in entries if entry.sort in _FORMED for form in _forms(entry.original.casefold())
        }
        self._spelled = {entry.original.casefold(): entry for entry in entries if entry.sort not in _FORMED}
        self._runs: dict[str, int] = {}
        for name in self._spelled:
            runs = RUN.findall(name)
            if runs:
                self._runs[runs[0]] = max(self._runs.get(runs[0], 0), len(runs))

    def check(self, members: Mapping[str, bytes]) -> None:
        """Raise LeakError if anything is left in what is to be written, or in its names."""
        texts = {name: data.decode("utf-8", "surrogateescape") for name, data in members.items()}
        found = dict.fromkeys(self.find([*texts, *texts.values()]))
        if found:
            located = [Leak(_locate(texts, word), what, word) for what, word in [*found][:MOST]]
            raise LeakError(located, len(found))

    def find(self, texts: Iterable[str], depth: int = 0) -> Iterator[tuple[str, str]]:
        """Find what is left in some texts: what it is, and the word in which it stands."""
        # Of a file in JSON most strings occur many times: each is looked at once.
        strings = {string for text in texts for string in text.split('"')}
        text = "\n".join(strings)
        yield from _find_secrets(text)
        words = set(WORD.findall(_ESCAPE.sub(" ", text)))
        plain = MADE.sub(lambda match: " " if self._names.is_issued(match[0]) else match[0], "\n".join(words))
        words = {*plain.split()}
        for word in words:
            if len(word) >= 54 and (token := _TOKEN.search(word)):
                yield "a token of Rancher", token[0]
        yield from self._find_formed(plain.casefold())
        for word in words:
            yield from self._find_spelled(word)
        if depth < DEEPEST:
            yield from self._find_encoded(words, depth)

    def _find_formed(self, text: str) -> Iterator[tuple[str, str]]:
        """Addresses and identifiers, which show by their form."""
        for word in {match[1] or match[0] for match in _HEX.finditer(text)}:
            yield from self._known(word)
        for line in text.splitlines():
            if line.count(".") > 2 or line.count(":") > 1 or line.count("-") > 2 or line.count("_") > 2:
                for word in _ADDRESS.findall(line):
                    yield from self._known(word)

    def _known(self, word: str) -> Iterator[tuple[str, str]]:
        if entry := self._formed.get(word):
            yield str(entry.sort), entry.original

    def _find_spelled(self, word: str) -> Iterator[tuple[str, str]]:
        """Names, also where digits follow letters: what is compared begins and ends where one turns into the other."""
        folded, starts = word.casefold(), self._runs
        runs = list(RUN.finditer(folded))
        for at, run in enumerate(runs):
            most = starts.get(run[0])
            for last in range(at, min(at + most, len(runs))) if most else ():
                start, end = run.start(), runs[last].end()
                entry = self._spelled.get(folded[start:end])
                if entry and _is_whole(folded, start, end) and not _is_said(run[0], entry):
                    yield str(entry.sort), word

    def _find_encoded(self, words: Iterable[str], depth: int) -> Iterator[tuple[str, str]]:
        """What is in words that encode text, and in those that may hold base64 at any offset."""
        opaque: list[str] = []
        decoded: dict[str, str] = {}
        for word in words:
            for piece in _APART.split(word) if len(word) >= 16 else ():
                if len(piece) >= 16 and not (piece.islower() or piece.isupper() or piece.isdigit()):
                    text = decode_word(piece)
                    if text is None:
                        opaque.append(piece)
                    else:
                        decoded[piece] = text
        if decoded and any(
            True for _ in self.find(decoded.values(), depth + 1)
        ):  # seldom: then each is looked at alone
            for piece, text in decoded.items():
                yield from ((f"{what}, in base64", piece) for what, _ in self.find([text], depth + 1))
        held = "\n".join(opaque)
        for name, entry in self._spelled.items() if held else ():
            if len(name) >= SHORTEST and any(core in held for core in _cores(entry.original)):
                yield f"{entry.sort}, in base64", entry.original


def _find_secrets(text: str) -> Iterator[tuple[str, str]]:
    for what, hints, pattern in _SECRETS:
        if any(hint in text for hint in hints) and (match := pattern.search(text)):
            yield what, match[0]


def _forms(text: str) -> Iterator[str]:
    """How an address or identifier may be written, itself among them."""
    yield text
    if text.count(".") == 3 and text.replace(".", "").isdigit():
        yield from (text.replace(".", "-"), text.replace(".", "_"))
    if text.count(":") == 5 and len(text) == 17:
        yield text.replace(":", "")


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a part of a word stands alone, or is distinct enough to be a name within it, too."""
    return end - start >= DISTINCT or not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())


def _is_said(word: str, entry: Entry) -> bool:
    """Whether a name is a word that harvdiag itself may say."""
    return word == entry.original.casefold() and word in package_words()


def _cores(name: str) -> Iterator[str]:
    """The base64 of a name, at each of three offsets, without what depends on its neighbours."""
    data = name.encode()
    for offset in range(3):
        made = binascii.b2a_base64(b"\0" * offset + data, newline=False).decode().rstrip("=")
        start = (0, 2, 3)[offset]
        spare = 1 if (offset + len(data)) % 3 else 0
        yield made[start : len(made) - spare]


def _shorten(word: str) -> str:
    """Enough of a word to find it, and no more."""
    return f"{word[:2]}…, {len(word)} characters"


def _locate(texts: Mapping[str, str], word: str) -> str:
    """The member in which a word stands, and of JSON lines the object and the field."""
    folded = word.casefold()
    name = next((name for name, text in texts.items() if folded in text.casefold()), "")
    if not name:
        named = next((name for name in texts if folded in name.casefold()), "")
        return f"{IN_NAME}{named}" if named else "what is encoded in it"
    text = texts[name]
    at = text.casefold().find(folded)
    line = text[text.rfind("\n", 0, at) + 1 :].partition("\n")[0]
    path = ""
    if line.startswith("{"):
        with suppress(ValueError):
            path = next(_paths(json.loads(line), folded, ""), "")
    return f"{name}, line {text.count(chr(10), 0, at) + 1}{f', {path}' if path else ''}"


def _paths(value: Any, word: str, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            if word in key.casefold():
                yield f"a key of {path or 'the object'}"
            yield from _paths(part, word, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _paths(part, word, f"{path}[{number}]")
    elif isinstance(value, str) and word in value.casefold():
        yield path
