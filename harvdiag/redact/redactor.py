"""The redactor: one key, the names of one or more sources, and the redaction of everything that is made of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from harvdiag.core.errors import UsageError
from harvdiag.core.fields import Obj
from harvdiag.kinds.kind import Kind
from harvdiag.redact.identity import collect_names, collect_taken
from harvdiag.redact.key import Key
from harvdiag.redact.ledger import Ledger
from harvdiag.redact.names import Names, Sort
from harvdiag.redact.objects import ObjectRedactor
from harvdiag.redact.reveal import reveal_text
from harvdiag.redact.scan import Leak, Scan
from harvdiag.redact.text import TextRedactor

__all__ = ["Redactor"]

_ENDINGS = frozenset({"zip", "harvdiag.zip", "json", "yaml", "yml", "txt", "tar", "tar.gz", "tgz"})


class Redactor:
    """Redacts objects and texts under a key; `words` and `patterns` are what the user wants replaced besides.

    Equal originals have equal pseudonyms, in every source under one key. Raises UsageError for a pattern that is not
    a regular expression, or that matches the empty text.
    """

    def __init__(self, key: Key, words: Iterable[str] = (), patterns: Sequence[str] = ()) -> None:
        self.key = key
        self.names = Names(key)
        self.unnoted = ""
        """Why the originals could not be noted for the way back; empty where they were."""
        self._text = TextRedactor(self.names, [_compile(pattern) for pattern in patterns])
        self._object = ObjectRedactor(self.names, self._text)
        for word in words:
            self.names.add(word, Sort.WORD)

    @property
    def removed(self) -> Counter[str]:
        """How often something was taken out, by what it is."""
        return self._text.removed

    def learn(self, objects: Iterable[tuple[Kind, Obj]]) -> None:
        """Take in the names that objects tell."""
        found = list(objects)
        self.names.taken = "\n".join((self.names.taken, collect_taken(found)))
        for kind, obj in found:
            collect_names(self.names, kind, obj)

    def text(self, text: str) -> str:
        """Return a text without what identifies, and without credentials."""
        return self._text(text)

    def line(self, text: str) -> str:
        """Return the same of a line of a log, of which there are too many to remember what became of each."""
        return self._text.once(text)

    def source(self, name: str) -> str:
        """Return what stands for the name of a source, with its ending where that is of a format."""
        _, dot, ending = name.partition(".")
        named = self.names.make(Sort.SOURCE, name) + (f".{ending}" if dot and ending in _ENDINGS else "")
        self.names.enter(name, Sort.SOURCE, named)
        return named

    def person(self, name: str) -> str:
        """Return what stands for the name of a person, whatever it looks like."""
        return self.names.take(name, Sort.USER) if name else ""

    def reveal(self, text: str) -> str:
        """Return a text with the originals instead of the pseudonyms that were made by now."""
        return reveal_text(text, self.names.issued, self.names.made_parts)

    def reveal_prefix(self, text: str) -> str:
        """Return how the originals begin whose pseudonyms begin so; where that cannot be told, a shorter beginning."""
        alike = [original for made, original in self.names.issued.items() if made.startswith(text) and made != text]
        if len(text) > 20 and alike:
            return _common_start([original[: len(text)] for original in alike])
        whole = reveal_text(text, self.names.issued, self.names.made_parts)
        # The last word may be the beginning of a longer pseudonym.
        return (
            whole
            if whole.endswith("-") or self.names.original(text)
            else whole[: whole.rfind("-") + 1]
            if whole != text
            else whole
        )

    def vet(self, members: Mapping[str, bytes]) -> None:
        """Look through what is to be written, by its names; note what the pseudonyms in it stand for.

        Raises LeakError if an original or a secret is left.
        """
        Scan(self.names).check(members)
        try:
            Ledger(self.key).add(self.names.issued)
        except OSError as error:
            self.unnoted = (error.strerror or "it failed").lower()

    def admit(self, leaks: Iterable[Leak]) -> None:
        """Take in what a last look found, so that all can be redacted once more."""
        for leak in leaks:
            self.names.add(leak.word, Sort.WORD)
        self.names.version += 1

    def object(self, kind: Kind, obj: Obj) -> Obj:
        """Return a copy of an object of a kind without what identifies, and without credentials."""
        return self._object(kind, obj)


def _common_start(texts: Sequence[str]) -> str:
    """The letters with which all of some texts begin."""
    low, high = min(texts), max(texts)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(low, high, strict=False))
    return "".join(letter for letter, _ in same)


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        made = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"--pattern {pattern!r} is not a regular expression: {error}") from None
    if made.match(""):
        raise UsageError(f"--pattern {pattern!r} also matches the empty text: give one that does not")
    return made
