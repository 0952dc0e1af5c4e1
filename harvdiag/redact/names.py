"""The names that were found in a source, and the pseudonym of each."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from harvdiag.redact.key import Key
from harvdiag.redact.vocabulary import is_known_domain, is_ordinary, is_system_name, is_system_namespace

__all__ = ["GIVEN", "PART", "SHORTEST", "Entry", "Names", "Sort"]

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Without vowels, as the API server's own random names: no words come of it."""
LETTERS = 20
"""How many of them are letters."""
SHORTEST, LONGEST = 6, 40
PART = re.compile(r"[^\W_]+")
END = ".example"
"""The top-level domain of domains that are pseudonyms; reserved, so that none of them exists."""
BARE = frozenset({"local", "lan", "localdomain", "internal", "home", "corp", "intern", "intranet", "svc"})
"""Domains of one word, which are anyone's."""


class Sort(Enum):
    """What was replaced; the value is how its pseudonyms begin, or what it is called."""

    HOST = "host"
    CLUSTER = "cluster"
    NAMESPACE = "ns"
    VM = "vm"
    VOLUME = "vol"
    IMAGE = "img"
    NETWORK = "net"
    KEY = "key"
    USER = "user"
    UPGRADE = "upgrade"
    OBJECT = "obj"
    LABEL = "label"
    DOMAIN = "dom"
    SOURCE = "source"
    PATH = "path"
    WORD = "word"
    ADDRESS = "IP address"
    MAC = "MAC address"
    UUID = "UUID"
    MACHINE = "machine"
    HASH = "hash"
    JOB = "truncated name"

    def __str__(self) -> str:
        return self.value


class Entry(NamedTuple):
    """A name as it was found, and what stands for it."""

    sort: Sort
    original: str
    pseudonym: str
    ordinary: bool
    """Whether it is replaced only where it stands as a name."""


class Names:
    """Every original that is replaced, by what it is compared with: no matter how it is written.

    `parts` has, by the first part of each name, the number of parts of the longest that begins so: what a text is
    searched with. `version` grows whenever a text may give another result than before.
    """

    def __init__(self, key: Key) -> None:
        self.key = key
        self.version = 0
        self.taken = ""
        """The names of the system's own objects: what occurs in them belongs to no one alone."""
        self.parts: dict[str, int] = {}
        self.phrases: dict[str, Entry] = {}
        """Names with other characters than those of a host name, such as blanks."""
        self.domains: set[str] = set()
        self._entries: dict[str, Entry] = {}
        self._asked: set[tuple[Sort, str]] = set()
        self._placed: dict[tuple[Sort, str], Entry] = {}
        self._issued: dict[str, str] = {}
        self.made_parts: dict[str, int] = {}
        """As `parts`, of the pseudonyms."""
        self._sorted: list[str] | None = None

    # --- what is known ---------------------------------------------------------------------------------------------

    def __iter__(self) -> Iterator[Entry]:
        return iter(
            {**{id(e): e for e in self._entries.values()}, **{id(e): e for e in self._placed.values()}}.values()
        )

    def find(self, text: str) -> Entry | None:
        """Return the entry of a name that is replaced wherever it stands."""
        return self._entries.get(text.casefold())

    def placed(self, sort: Sort, text: str) -> Entry | None:
        """Return the entry of an ordinary word that is a name where it stands."""
        return self._placed.get((sort, text.casefold()))

    def original(self, pseudonym: str) -> str | None:
        """Return what a pseudonym stands for."""
        return self._issued.get(pseudonym)

    def is_issued(self, text: str) -> bool:
        """Whether a text is a pseudonym of this key, made by now."""
        return text in self._issued

    @property
    def has_ordinary(self) -> bool:
        """Whether any name is an ordinary word."""
        return bool(self._placed)

    @property
    def ordinary(self) -> list[Entry]:
        """The names that are ordinary words, but for the source's own."""
        return [entry for entry in self._placed.values() if entry.sort is not Sort.SOURCE]

    @property
    def issued(self) -> dict[str, str]:
        """Every pseudonym, and what it stands for."""
        return self._issued

    @property
    def counts(self) -> Counter[Sort]:
        """How many originals there are of each sort."""
        return Counter(entry.sort for entry in self)

    def begins(self, text: str) -> Entry | None:
        """Return the entry of a name that begins with a text and goes on: the text may be that name, truncated."""
        if self._sorted is None:
            self._sorted = sorted(name for name, entry in self._entries.items() if entry.sort in GIVEN)
        place = bisect_left(self._sorted, text)
        found = self._sorted[place] if place < len(self._sorted) else ""
        return self._entries[found] if found.startswith(text) and len(found) > len(text) else None

    # --- what is added ---------------------------------------------------------------------------------------------

    def add(self, text: str, sort: Sort) -> None:
        """Take a name in, unless it is one of the system."""
        if (sort, text) in self._asked:
            return
        self._asked.add((sort, text))
        name = text.strip()
        if not name or _is_kept(sort, name) or self.find(name) or self.placed(sort, name):
            return
        if sort is Sort.HOST and "." in name:
            self._add_fqdn(name)
        elif sort is Sort.DOMAIN:
            self.add_domain(name)
        else:
            self.enter(name, sort, self.make(sort, name))

    def take(self, text: str, sort: Sort) -> str:
        """Take in a name that shows by where it stands in a text; return its pseudonym there."""
        self.add(text, sort)
        entry = self.find(text) or self.placed(sort, text)
        return entry.pseudonym if entry else text

    def _add_fqdn(self, name: str) -> None:
        host, _, domain = name.partition(".")
        self.add(host, Sort.HOST)
        owner = _owner(domain.casefold().strip(".").split("."))
        if not owner.replace(".", "").isdigit() and not is_ordinary(owner):
            self.add_domain(owner)
        self.enter(name, Sort.HOST, f"{self.make(Sort.HOST, host)}.{self.domain(domain)}")

    def add_domain(self, name: str) -> None:
        """Take a domain in, and with it every name below it."""
        folded = name.casefold().strip(".")
        if folded and folded not in BARE and not is_known_domain(folded) and folded not in self.domains:
            self.domains.add(folded)
            self.enter(name.strip("."), Sort.DOMAIN, self.domain(name))

    def record(self, sort: Sort, original: str, pseudonym: str) -> str:
        """Note what was made for an original that shows by its form; return the pseudonym."""
        if original != pseudonym:
            self._entries.setdefault(original.casefold(), Entry(sort, original, pseudonym, ordinary=False))
            self._issue(pseudonym, original)
        return pseudonym

    def enter(self, name: str, sort: Sort, pseudonym: str) -> None:
        """Take a name in with the pseudonym that it is to have."""
        folded = name.casefold()
        entry = Entry(sort, name, pseudonym, sort is not Sort.WORD and is_ordinary(name, self.taken))
        self._issue(pseudonym, name)
        self.version += 1
        if entry.ordinary:
            self._placed[sort, folded] = entry
            return
        self._entries[folded] = entry
        self._sorted = None
        found = PART.findall(folded)
        if _PLAIN.fullmatch(folded) and found:
            self.parts[found[0]] = max(self.parts.get(found[0], 0), len(found))
        else:
            self.phrases[folded] = entry

    def _issue(self, pseudonym: str, original: str) -> None:
        self._issued.setdefault(pseudonym, original)
        first, *more = PART.findall(pseudonym)
        self.made_parts[first] = max(self.made_parts.get(first, 0), 1 + len(more))

    # --- pseudonyms ------------------------------------------------------------------------------------------------

    def make(self, sort: Sort, name: str) -> str:
        """Return the pseudonym of a name: the same for equal names, in any source, under one key."""
        for length in range(SHORTEST, LONGEST, 2):
            made = f"{sort}-{self.code(name.casefold(), length)}"
            if self._issued.get(made, name).casefold() == name.casefold():
                return made
        raise AssertionError("two names with one digest")

    def code(self, text: str, length: int, sort: str = "name") -> str:
        """Return letters and digits that stand for a text, a letter first."""
        number, found = int.from_bytes(self.key.digest(sort, text), "big"), ""
        while len(found) < length:
            number, place = divmod(number, len(ALPHABET) if found else LETTERS)
            found += ALPHABET[place]
        return found

    def domain(self, name: str) -> str:
        """Return the pseudonym of a domain, label by label: ``sub-….dom-….example``."""
        labels = name.casefold().strip(".").split(".")
        if len(labels) == 1 and labels[0] in BARE:
            return labels[0]
        if is_known_domain(".".join(labels)):
            return name
        owner = _owner(labels)
        above = [
            (known.pseudonym if (known := self.find(each)) else f"sub-{self.code(each, SHORTEST)}")
            for each in labels[: -(owner.count(".") + 1)]
        ]
        made = self.make(Sort.DOMAIN, owner) + END
        self._issue(made, owner)
        return ".".join((*above, made))


def _owner(labels: Sequence[str]) -> str:
    """The part of a domain that someone registered: ``quux.co.uk`` of ``dc1.quux.co.uk``."""
    keep = 3 if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND else 2
    return ".".join(labels[-keep:])


def _is_kept(sort: Sort, name: str) -> bool:
    """Whether a name is the system's own, and not the user's; a host may have any."""
    if sort in (Sort.WORD, Sort.HOST):
        return name == "localhost"
    return is_system_name(name) or (sort is Sort.NAMESPACE and is_system_namespace(name))


_PLAIN = re.compile(r"[\w.:/-]+")
_SECOND = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})
GIVEN = frozenset({Sort.HOST, Sort.VM, Sort.NAMESPACE, Sort.CLUSTER, Sort.OBJECT, Sort.VOLUME, Sort.UPGRADE, Sort.WORD})
"""Names that someone gave; they may stand at the end of names that are cut."""
