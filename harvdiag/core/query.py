"""Queries: field paths that may select items of lists, as checks of one's own have them.

Besides keys, ``["keys.with/dots"]`` and ``[0]``, as in every field path, a step may be ``[*]`` (each item of a list) or
``[type=Ready]`` (the items in which that key has that value).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

__all__ = ["Each", "FieldQuery", "Found", "Step", "parse_query"]

_STEP = re.compile(
    r'\["(?P<quoted>[^"]+)"\]'
    r"|\[(?P<index>\d{1,6})\]"
    r"|(?P<each>\[\*\])"
    r'|\[(?P<key>[\w./-]+)=(?:"(?P<text>[^"]*)"|(?P<value>[^\[\]"]*))\]'
    r"|(?P<dot>\.?)(?P<plain>[^.\[\]\s\"]+)"
)
LONGEST = 1_000


class Each(NamedTuple):
    """Items of a list: all of them, or those in which `key` has `value`."""

    key: str = ""
    value: str = ""


Step = str | int | Each


class Found(NamedTuple):
    """One place in an object: the path without a choice in it, and the value; None where there is nothing."""

    path: str
    value: Any


class FieldQuery(NamedTuple):
    """A parsed path; `find` returns every place that it leads to."""

    text: str
    steps: tuple[Step, ...]

    def find(self, obj: Any) -> list[Found]:
        """Return the places in the order of the object; one with the value None where a step is missing.

        ``[*]`` leads to no place in an empty or absent list, ``[type=Ready]`` to one with None where no item fits.
        """
        return list(_follow(obj, self.steps, ""))


def parse_query(text: str) -> FieldQuery | None:
    """Return the parsed path; None for a text that is not one."""
    steps: list[Step] = []
    at = 0
    while at < len(text) <= LONGEST:
        found = _STEP.match(text, at)
        if found is None or (found["plain"] and bool(found["dot"]) is (at == 0)):
            return None
        steps.append(_read_step(found))
        at = found.end()
    return FieldQuery(text, tuple(steps)) if steps and at == len(text) and isinstance(steps[0], str) else None


def _read_step(found: re.Match[str]) -> Step:
    if found["each"]:
        return Each()
    if found["key"]:
        return Each(found["key"], found["value"] if found["text"] is None else found["text"])
    return int(found["index"]) if found["index"] else found["quoted"] or found["plain"]


def _follow(value: Any, steps: tuple[Step, ...], path: str) -> Iterator[Found]:
    """Yield where the steps lead from a value at a path."""
    if not steps:
        yield Found(path, value)
        return
    step, rest = steps[0], steps[1:]
    if isinstance(step, Each):
        yield from _follow_items(value, step, rest, path)
        return
    inner = None
    if isinstance(step, str):
        inner = value.get(step) if isinstance(value, dict) else None
        path += _write_key(step) if path else step
    else:
        inner = value[step] if isinstance(value, list) and step < len(value) else None
        path += f"[{step}]"
    yield from _follow(inner, rest, path)


def _follow_items(value: Any, step: Each, rest: tuple[Step, ...], path: str) -> Iterator[Found]:
    items = list(enumerate(value)) if isinstance(value, list) else []
    if step.key:
        items = [(at, item) for at, item in items if isinstance(item, dict) and _text(item.get(step.key)) == step.value]
        if not items:
            yield from _follow(None, rest, f"{path}[{step.key}={step.value}]")
    for at, item in items:
        shown = f"{step.key}={step.value}" if step.key else at
        yield from _follow(item, rest, f"{path}[{shown}]")


def _text(value: Any) -> str:
    """The value as YAML writes it: ``true``, not ``True``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _write_key(key: str) -> str:
    return f'["{key}"]' if re.search(r"[.\[\]/]", key) else f".{key}"
