"""Sections: one table of the file, read key by key; what is wrong is noted, and reading goes on."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple, TypeVar

from harvdiag.core.suggest import did_you_mean, suggest_names
from harvdiag.core.window import parse_span

__all__ = ["SPAN", "Mistake", "Section", "as_span", "show_value"]

SPAN = 'a time, such as "2h" or "7d"'
"""What `as_span` takes."""
LONGEST = 60
"""Characters of a value that are shown."""
Value = TypeVar("Value")


class Mistake(NamedTuple):
    """What is wrong with one field: where it is in the file, and the text."""

    section: str
    number: int
    """Which entry of the section, from 1; 0 where there is one only."""
    key: str
    place: str
    """As people read it: ``ignore[2].expires``."""
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


def show_value(value: Any) -> str:
    """Return a value as the file has it, more or less; a long one is truncated."""
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def as_span(value: Any) -> timedelta | None:
    """Return a duration (``30m``, ``1d12h``); None for what is not one."""
    try:
        return parse_span(value) if isinstance(value, str) else None
    except OverflowError:
        return None


@dataclass(kw_only=True)
class Section:
    """One table: `read` takes one of its keys, `close` notes those that no one asked for."""

    table: Mapping[str, Any]
    mistakes: list[Mistake]
    name: str = ""
    """``ignore``; empty for the whole file."""
    number: int = 0
    place: str = ""
    """``ignore[2]``, or ``check[1].where``."""
    known: list[str] = field(default_factory=list)

    def fail(self, key: str, text: str) -> None:
        """Note a mistake in a key; an empty key is the table itself."""
        place = ".".join(filter(None, (self.place, key)))
        self.mistakes.append(Mistake(self.name, self.number, key, place, text))

    def inner(self, key: str) -> Section:
        """Return the table below a key; an empty one where there is none."""
        nothing: dict[str, Any] = {}
        table = self.read(key, lambda value: value if isinstance(value, dict) else None, "a table", nothing)
        place = ".".join(filter(None, (self.place, key)))
        return Section(table=table, mistakes=self.mistakes, name=self.name or key, number=self.number, place=place)

    def entries(self, key: str) -> list[Section]:
        """Return the tables of an array: ``[[ignore]]``; one ``[ignore]`` alone counts as the only entry."""
        nothing: list[dict[str, Any]] = []
        value = self.read(key, _as_tables, f"a list of tables, each under [[{key}]]", nothing)
        return [
            Section(table=table, mistakes=self.mistakes, name=key, number=number, place=f"{key}[{number}]")
            for number, table in enumerate(value, 1)
        ]

    def inners(self, key: str) -> list[Section]:
        """Return the tables of a list below a key, or the only one."""
        nothing: list[dict[str, Any]] = []
        tables = self.read(key, _as_tables, "a table, or a list of tables", nothing)
        places = [key] if len(tables) == 1 else [f"{key}[{number}]" for number in range(1, len(tables) + 1)]
        return [
            Section(table=t, mistakes=self.mistakes, name=self.name, number=self.number, place=f"{self.place}.{place}")
            for t, place in zip(tables, places, strict=True)
        ]

    def read(self, key: str, convert: Callable[[Any], Value | None], what: str, default: Value) -> Value:
        """Return the value of a key; the default where it is missing or, which is noted, `convert` returns None."""
        self.known.append(key)
        if key not in self.table:
            return default
        value = convert(self.table[key])
        if value is None:
            self.fail(key, f"{show_value(self.table[key])} is not {what}")
            return default
        return value

    def text(self, key: str, missing: str = "") -> str:
        """Return a text in one line or more. Where there is none, `missing` says what it is needed for, if it is."""
        value = self.read(key, lambda given: given.strip() if isinstance(given, str) else None, "a text", "")
        if missing and not value and not (key in self.table and not isinstance(self.table[key], str)):
            self.fail(key, f"is {'empty' if key in self.table else 'missing'}: {missing}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """Return one text or a list of them, none of them empty."""
        return self.read(key, _as_texts, "a text, or a list of texts", ())

    def choice(self, key: str, words: Collection[str], default: str) -> str:
        """Return one of several words."""
        value = self.text(key) or default
        if value not in words:
            near = did_you_mean(suggest_names(value, words))
            self.fail(key, f"{show_value(value)} is unknown: give {', '.join(words)}{near}")
            return default
        return value

    def close(self) -> None:
        """Note every key that was not read, with the one that may have been meant."""
        for key in self.table:
            if key not in self.known:
                known = f"; known are {', '.join(self.known)}" if self.known else ""
                self.fail(key, f"unknown key{did_you_mean(suggest_names(key, self.known)) or known}")


def _as_tables(value: Any) -> list[dict[str, Any]] | None:
    tables = [value] if isinstance(value, dict) else value
    return tables if isinstance(tables, list) and all(isinstance(table, dict) for table in tables) else None


def _as_texts(value: Any) -> tuple[str, ...] | None:
    texts = [value] if isinstance(value, str) else value
    fine = isinstance(texts, list) and all(isinstance(text, str) and text.strip() for text in texts)
    return tuple(text.strip() for text in texts) if fine else None
